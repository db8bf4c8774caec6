"""`specfuzz session`: one cookie or token, offline. The value itself is never printed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specfuzz.cli.errors import FINDINGS, UsageError
from specfuzz.cli.output import make_console
from specfuzz.contract.words import is_listed
from specfuzz.http.redaction import MASK, is_secret_name
from specfuzz.sessions import (
    Decoded,
    Issue,
    Key,
    NotGuessed,
    Pasted,
    analyse,
    default_candidates,
    from_file,
    guess,
    read_pasted,
    sensitive,
)
from specfuzz.sessions.analysis import in_words, seconds

MAX_SHOWN_CHARS = 60
"""Characters of one readable value that are shown."""

MAX_SHOWN_KEYS = 40
"""Readable keys that are shown."""

_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What `specfuzz session` was asked."""

    value: str
    name: str = ""
    hints: tuple[str, ...] = ()
    wordlist: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """One pasted value with what was found out about it."""

    pasted: Pasted
    decoded: Decoded
    key: Key | NotGuessed
    issues: tuple[Issue, ...]


def session(options: SessionOptions) -> int:
    """Take the value apart, guess its key, say what is wrong; the exit code. Raises `UsageError`."""
    text = sys.stdin.read() if options.value == "-" else options.value
    if not text.strip():
        hint = "give a cookie or token, - for standard input, or set SPECFUZZ_SESSION"
        raise UsageError("there is no value to look at", hint=hint)
    if options.wordlist is not None and not options.wordlist.is_file():
        raise UsageError(f"there is no word list {options.wordlist}", hint="one key a line, as plain text")
    pasted = read_pasted(text, options.name)
    found = [_analysed(item, item.decoded, options) for item in pasted if item.decoded is not None]
    if not found:
        raise UsageError(
            f"this is no session that can be read: {len(text.strip())} characters that look like a random id",
            hint="a random id is kept on the server, and nothing can be told from it; was the value pasted whole?",
        )
    if options.as_json:
        print(json.dumps({"schema_version": "1", "sessions": [_as_json(item) for item in found]}, indent=2))
    else:
        for item in found:
            _print(item)
    return FINDINGS if any(item.issues for item in found) else 0


def _analysed(pasted: Pasted, decoded: Decoded, options: SessionOptions) -> Analysed:
    key = _guessed(decoded, options)
    return Analysed(pasted=pasted, decoded=decoded, key=key, issues=analyse(decoded, key, _is_sensitive, time.time()))


def _guessed(decoded: Decoded, options: SessionOptions) -> Key | NotGuessed:
    """The key: from the user's list, of which every line is tried, or from specfuzz's own."""
    tried = 0
    if options.wordlist is not None:
        try:
            own = guess(decoded, from_file(options.wordlist), limit=None)
        except OSError as error:
            raise UsageError(f"cannot read the word list {options.wordlist}: {error.strerror}") from error
        if isinstance(own, Key):
            return own
        tried = own.tried
    claims = decoded.data if isinstance(decoded.data, Mapping) else {}
    issuer = [claims[name] for name in ("iss", "aud") if isinstance(claims.get(name), str)]
    found = guess(decoded, default_candidates([*options.hints, *issuer]))
    if isinstance(found, NotGuessed) and tried:
        return NotGuessed(
            reason=f"none of {tried:,} keys of the word list, and none of {found.tried:,} likely ones, made the signature",
            tried=tried + found.tried,
        )
    return found


def _is_sensitive(name: str) -> bool:
    return is_listed(name, "sensitive_fields")


# What is shown ----------------------------------------------------------------------------------------------------


def _readable(decoded: Decoded) -> dict[str, Any]:
    """The data by key, shortened, with what is sensitive masked."""
    if not isinstance(decoded.data, Mapping):
        return {} if decoded.data is None else {"(value)": _shortened(decoded.data)}
    masked = {item.key.split(".", 1)[0] for item in sensitive(decoded.data, _is_sensitive)}
    return {
        _harmless(str(key))[:MAX_SHOWN_CHARS]: MASK if key in masked or is_secret_name(str(key)) else _shortened(value)
        for key, value in list(decoded.data.items())[:MAX_SHOWN_KEYS]
    }


def _shortened(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _harmless(text[: MAX_SHOWN_CHARS + 1])
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 1]}…"


def _harmless(text: str) -> str:
    """Without control characters: what a token says must not move the cursor or set a title (CWE-150)."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _as_json(item: Analysed) -> dict[str, Any]:
    key = item.key
    return {
        "name": item.pasted.name or None,
        "form": str(item.decoded.form),
        "signed": item.decoded.is_signed,
        "algorithm": item.decoded.algorithm or None,
        "issued_at": item.decoded.issued_at,
        "data": _readable(item.decoded),
        "key": {
            "guessed": isinstance(key, Key),
            "tried": key.tried,
            "shown": key.shown if isinstance(key, Key) else None,
            "origin": key.origin if isinstance(key, Key) else None,
            "reason": key.reason if isinstance(key, NotGuessed) else None,
        },
        "issues": [{"rule": issue.rule, "severity": issue.severity, "text": issue.text} for issue in item.issues],
    }


def _print(item: Analysed) -> None:
    from rich.markup import escape

    console = make_console()
    decoded = item.decoded
    title = f"{decoded.form}" + (f" in the cookie {item.pasted.name}" if item.pasted.name else "")
    console.print(f"[bold]{escape(title)}[/], {len(item.pasted.value)} characters")
    for label, text in _facts(item):
        console.print(f"  {label:<10} {escape(text)}")
    for key, value in _readable(decoded).items():
        shown = value if isinstance(value, str) else json.dumps(value)
        console.print(f"    {escape(key)} = {escape(shown)}{escape(_as_moment(key, value))}")
    console.print()
    if not item.issues:
        console.print("  nothing wrong with it that can be told without its server")
    for issue in item.issues:
        console.print(
            f"  [{_COLOURS[issue.severity]}]{issue.severity:<8}[/] {issue.rule}  {escape(_harmless(issue.text))}"
        )
    console.print()


def _facts(item: Analysed) -> Iterator[tuple[str, str]]:
    decoded, key = item.decoded, item.key
    if decoded.header:
        yield (
            "header",
            ", ".join(f"{_harmless(name)}={_shortened(value)}" for name, value in list(decoded.header.items())[:8]),
        )
    if decoded.issued_at:
        yield "issued", _moment(decoded.issued_at)
    yield "signature", "yes" if decoded.is_signed else "none"
    if isinstance(key, Key):
        yield "key", f"found after {key.tried:,} of the likely ones: {key.origin}"
    else:
        yield "key", key.reason
    if decoded.data is not None:
        yield "readable", "without the key:"


def _as_moment(key: str, value: Any) -> str:
    at = seconds(value) if key in ("exp", "iat", "nbf", "auth_time") else None
    if at is None:
        return ""
    ahead = at - time.time()
    return f"  ({_moment(at)}, {'in ' + in_words(ahead) if ahead > 0 else in_words(-ahead) + ' ago'})"


def _moment(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
    except (OverflowError, ValueError, OSError):
        return "at no date that exists"
