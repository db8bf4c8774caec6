"""Keys worth trying: printed samples, names derived from the API's own, published lists; the likeliest first.

Where they come from: `data/sample_keys.txt` (written for this project from documentation and templates),
the package `flask-unsign-wordlist` (55,982 `SECRET_KEY`s found in public repositories and answers, MIT), and what
`derived` makes of a title and a host.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

MAX_CANDIDATES = 100_000
"""Keys tried by default: under two seconds on one core even where a key is derived first (two HMACs, about 2 µs each)."""

MAX_KEY_CHARS = 512
"""A longer line of a word list is no key that anybody typed."""

_AROUND = (
    "{}", "{}-secret", "{}_secret", "{}secret", "{} secret", "{}-secret-key", "{}_secret_key", "{}secretkey", "{}-key",
    "{}_key", "{}key", "{}-jwt", "{}_jwt", "{}jwt", "{}-jwt-secret", "{}_jwt_secret", "{}jwtsecret", "{}-session",
    "{}-session-secret", "{}_session_secret", "{}-dev", "{}_dev", "{}-dev-secret", "{}-prod", "{}-test", "{}-api", "{}_api",
    "{}api", "{}-api-secret", "{}_api_secret", "{}-app", "{}app", "{}-token", "{}_token", "{}-token-secret", "{}-auth",
    "{}-auth-secret", "{}-cookie", "{}-cookie-secret", "{}-hmac", "{}-signing-key", "{}-change-me", "{}-changeme",
    "{}-insecure", "{}-super-secret", "{}-password", "{}password", "{}1", "{}12", "{}123", "{}1234", "{}12345", "{}123!",
    "{}!", "{}1!", "{}@123", "{}#1", "{}2020", "{}2021", "{}2022", "{}2023", "{}2024", "{}2025", "{}2026", "{}-2024",
    "{}-2025", "{}-2026", "secret-{}", "secret_{}", "secret{}", "secret-key-{}", "secret_key_{}", "my-{}", "my{}", "my_{}",
    "my-{}-secret", "my{}secret", "my_{}_secret", "the-{}-secret", "jwt-{}", "jwt_{}", "dev-{}", "dev_{}", "super-secret-{}",
    "super_secret_{}", "supersecret{}", "django-insecure-{}", "changeme-{}", "test-{}", "key-{}", "{0}{0}", "{0}-{0}",
)  # fmt: skip
_PLACES = frozenset("www api app dev staging test localhost com org net io co example local internal".split())
_DULL = frozenset(
    "the a an api rest service services server backend web app application openapi swagger http v1 v2".split()
)
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|[nrt\\'\"0])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One key to try, and where it comes from in words: `sample_keys.txt, entry 3`."""

    key: bytes
    origin: str


@cache
def samples() -> tuple[Candidate, ...]:
    """The keys of `data/sample_keys.txt`, and those with escapes also as the bytes that the escapes stand for."""
    text = (files("specfuzz.sessions.data") / "sample_keys.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[bytes, Candidate] = {}
    for number, line in enumerate(lines, start=1):
        for key in _readings(line):
            found.setdefault(key, Candidate(key=key, origin=f"a printed sample key, entry {number}"))
    return tuple(found.values())


def _readings(line: str) -> Iterator[bytes]:
    yield line.encode("utf-8", "replace")
    if _ESCAPE.search(line):
        try:
            yield line.encode("latin-1").decode("unicode_escape").encode("latin-1")
        except (UnicodeError, ValueError):
            return


@cache
def published() -> tuple[Candidate, ...]:
    """The keys of flask-unsign-wordlist, whose lines are Python literals."""
    import flask_unsign_wordlist

    found: dict[bytes, Candidate] = {}
    text = Path(flask_unsign_wordlist.get("all")).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        key = _literal(line.strip())
        if key:
            found.setdefault(key, Candidate(key=key, origin=f"flask-unsign-wordlist, line {number}"))
    return tuple(found.values())


def _literal(line: str) -> bytes | None:
    """The bytes of a Python literal; a plain one is only unquoted, since parsing 56,000 of them takes a second."""
    if not 2 < len(line) <= MAX_KEY_CHARS:
        return None
    if "\\" not in line and line[0] == line[-1] and line[0] in "\"'":
        return line[1:-1].encode("utf-8", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # people's regular expressions: invalid escapes, taken as they stand
            value = ast.literal_eval(line)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace") if isinstance(value, str) else None


def derived(hints: Iterable[str]) -> tuple[Candidate, ...]:
    """Keys made of names: an API's title (`Garden Tools API`), its host (`garden.example.test`), an issuer."""
    found: dict[bytes, Candidate] = {}
    for hint in hints:
        for base in _bases(hint):
            for pattern in _AROUND:
                key = pattern.format(base).encode("utf-8", "replace")
                found.setdefault(key, Candidate(key=key, origin="derived from the API's name"))
    return tuple(found.values())


def _bases(hint: str) -> Iterator[str]:
    """`Garden Tools API` as people write names into keys: garden-tools, gardentools, GardenTools, garden, tools."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", hint[:80]) if word]
    useful = [word for word in words if word.lower() not in _DULL | _PLACES and not word.isdecimal()] or words
    bases = [hint[:80].strip()]
    for chosen in dict.fromkeys((tuple(useful), tuple(words))):
        lower = [word.lower() for word in chosen]
        bases += ["-".join(lower), "_".join(lower), "".join(lower), " ".join(lower), ".".join(lower)]
        bases += [
            "".join(word.capitalize() for word in lower),
            " ".join(chosen),
            "_".join(lower).upper(),
            "-".join(chosen),
        ]
    bases += [form for word in useful[:4] if len(word) > 2 for form in (word.lower(), word.capitalize(), word.upper())]
    return iter(dict.fromkeys(base for base in bases if base))


def default_candidates(hints: Iterable[str] = ()) -> Iterator[Candidate]:
    """All of them, the likeliest first."""
    yield from samples()
    yield from derived(hints)
    yield from published()


def from_file(path: Path) -> Iterator[Candidate]:
    """The lines of a user's word list, as many as it has. Raises `OSError`."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            key = line.rstrip(b"\r\n")
            if key:
                yield Candidate(key=key, origin=f"{path.name}, line {number}")
