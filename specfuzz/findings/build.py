"""From exchanges to evidence, curl lines and fingerprints. Everything passes the redactor here, and only here."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from specfuzz.findings.model import Evidence, Finding
from specfuzz.http import ANONYMOUS, Exchange
from specfuzz.http.redaction import MASK, Redactor, is_secret_name

MAX_BODY_CHARS = 4_000
"""Characters of a body kept as evidence; the rest is cut with a note, so that a report stays readable."""

MAX_ARGUMENT_CHARS = 100_000
"""Characters of a body in a curl line: Linux takes 128 KiB for one argument."""

MAX_STEPS = 8
"""Exchanges kept for one finding: set-up, controls, attack, read-backs."""

_DULL_HEADERS = frozenset(
    [
        "accept",
        "user-agent",
        "host",
        "connection",
        "date",
        "server",
        "content-length",
        "accept-encoding",
        "vary",
        "keep-alive",
        "transfer-encoding",
    ]
)


def fingerprint(rule: str, method: str, path: str, field: str | None) -> str:
    """Sixteen hex digits that name a finding for good.

    Made of the rule, the method, the path template with its parameter names blanked, and the field: it survives other
    identities, seeds, renamed path parameters and unrelated changes to the document.
    """
    blanked = re.sub(r"{[^}]*}", "{}", path)
    text = "\x1f".join((rule, method.upper(), blanked, field or ""))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def evidence_of(
    role: str, note: str, exchange: Exchange, redactor: Redactor, max_chars: int = MAX_BODY_CHARS
) -> Evidence:
    """One exchange as a report shows it, its bodies cut after `max_chars`."""
    request = exchange.request
    headers = [pair for pair in exchange.sent_headers or request.headers if pair[0].lower() not in _DULL_HEADERS]
    answered = [pair for pair in exchange.response.headers if pair[0].lower() not in _DULL_HEADERS]
    return Evidence(
        role=role,
        identity=request.identity,
        note=redactor.text(note),
        request={
            "method": request.method,
            "url": redact_url(exchange.url or request.target, redactor),
            "headers": dict(redactor.headers(headers)),
            "body": _body(request.body, request.header("content-type") or "", redactor, max_chars),
        },
        response={
            "status": exchange.response.status,
            "headers": dict(redactor.headers(answered)),
            "body": _body(exchange.response.body, exchange.response.media_type, redactor, max_chars),
        },
    )


def redact_url(url: str, redactor: Redactor) -> str:
    """A URL with user information and secret query values masked."""
    parts = urlsplit(url)
    netloc = parts.netloc.rsplit("@", 1)[-1]
    query = urlencode(redactor.query(parse_qsl(parts.query, keep_blank_values=True)), safe="[]") if parts.query else ""
    return redactor.text(urlunsplit((parts.scheme, netloc, parts.path, query, "")))


def _body(raw: bytes, media_type: str, redactor: Redactor, max_chars: int) -> Any:
    """A body for a report: JSON as JSON, text as text, cut at the limit; None where there is none."""
    if not raw:
        return None
    clean, shown = _masked(raw, media_type, redactor)
    return clean if len(shown) <= max_chars else _cut(shown, max_chars, raw)


def _masked(raw: bytes, media_type: str, redactor: Redactor) -> tuple[Any, str]:
    """A body without its secrets, as a value (JSON) or text, and as the text that would be sent."""
    text = raw.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text, parse_constant=_no_json, parse_float=_finite)
        if not isinstance(parsed, dict | list) and redactor.text(text) != text:
            raise ValueError("a lone JSON text is shown with its quotation marks, and they may be part of the secret")
        clean = redactor.value(parsed)
        return clean, json.dumps(clean, ensure_ascii=False)
    except (ValueError, RecursionError):  # no JSON, or JSON that only Python reads, or nested too deep to be shown
        if "x-www-form-urlencoded" in media_type:
            clean = urlencode(redactor.query(parse_qsl(text, keep_blank_values=True)), safe="[]")
        else:
            clean = redactor.text(text)
        return clean, clean


def _cut(shown: str, limit: int, raw: bytes) -> str:
    return shown if len(shown) <= limit else f"{shown[:limit]} … ({len(raw)} bytes)"


def _no_json(constant: str) -> Any:
    """`NaN` and `Infinity` are Python's own; a report that repeated them would be no JSON (RFC 8259, 6)."""
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_json(digits)


def curl(exchange: Exchange, redactor: Redactor) -> str:
    """A command that sends the same request again; credentials come from environment variables named after the identity.

    Those of a substitute are named after it too: `ALICE_FORGED_TOKEN`. One that is no secret stands there as it is.

    Names of cookies and headers come from the target: whatever they hold, the shell runs none of it.
    """
    request = exchange.request
    carried = request.substitute
    who = request.identity if carried is None else f"{request.identity} {carried.name}"
    shown = () if carried is None or carried.is_secret else carried.headers
    url = redact_url(exchange.url or request.target, redactor)
    parts = ["curl", "-i", *(["-g"] if re.search(r"[\[\]{}]", url) else []), "-X", request.method, shlex.quote(url)]
    for name, value in exchange.sent_headers or request.headers:
        if (name, value) in shown:
            parts.extend(("-H", shlex.quote(f"{name}: {redactor.text(value)}")))
        elif name.lower() not in _DULL_HEADERS:
            parts.extend(("-H", _header_argument(name, value, who, redactor)))
    if request.body:
        _, text = _masked(request.body, request.header("content-type") or "", redactor)
        # `--data` would read a file for a body that begins with @.
        parts.extend(("--data-raw", shlex.quote(_cut(text, MAX_ARGUMENT_CHARS, request.body))))
    return " ".join(parts)


def _header_argument(name: str, value: str, identity: str, redactor: Redactor) -> str:
    """One header for a shell: what is secret as a variable, all else as it is."""
    lowered = name.lower()
    if lowered == "cookie":
        cookies = [pair.split("=", 1)[0].strip() for pair in value.split(";")]
        pieces: list[tuple[str, str]] = []
        for cookie in cookies:
            pieces.append((f"{'; ' if pieces else 'Cookie: '}{cookie}=", _variable(identity, cookie)))
        return _expanding(pieces)
    if identity != ANONYMOUS and lowered == "authorization":
        scheme, _, rest = value.partition(" ")
        return _expanding([(f"{name}: {redactor.text(scheme) + ' ' if rest else ''}", _variable(identity, "token"))])
    if identity != ANONYMOUS and is_secret_name(name):
        return _expanding([(f"{name}: ", _variable(identity, name))])
    return shlex.quote(f"{name}: {redactor.text(value)}")


def _variable(identity: str, name: str) -> str:
    """The environment variable for a secret: `ALICE_SESSION`; a name that a shell takes, whatever the identity's is."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", f"{identity}_{name}").upper()
    return f"_{words}" if words[:1].isdigit() else words


def _expanding(pieces: Iterable[tuple[str, str]]) -> str:
    """One shell word of texts, each followed by a variable: only the variables are expanded."""
    listed = list(pieces)
    if all(re.fullmatch(r"[\w .:;=/-]*", text) for text, _ in listed):
        return '"' + "".join(f"{text}${{{variable}}}" for text, variable in listed) + '"'
    return "".join(f'{shlex.quote(text)}"${{{variable}}}"' for text, variable in listed)


def keep_steps(steps: Iterable[tuple[str, str, Exchange]]) -> list[tuple[str, str, Exchange]]:
    """The steps that tell the story: the last ones of a long proof, and always its set-up and its attack."""
    listed = list(steps)
    if len(listed) <= MAX_STEPS:
        return listed
    set_up = next((index for index, step in enumerate(listed) if step[0] == "set-up"), None)
    attack = max((index for index, step in enumerate(listed) if step[0] == "attack"), default=None)
    always = {index for index in (set_up, attack) if index is not None}
    last = [index for index in range(len(listed)) if index not in always][-(MAX_STEPS - len(always)) :]
    return [listed[index] for index in sorted({*always, *last})]


def deduplicate(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each fingerprint, the surest; sorted by severity, confidence, rule and operation."""
    best: dict[str, Finding] = {}
    for finding in findings:
        known = best.get(finding.fingerprint)
        if known is None or finding.sort_key < known.sort_key:
            best[finding.fingerprint] = finding
    return tuple(sorted(best.values(), key=lambda finding: finding.sort_key))


def mask_mapping(values: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """A mapping for a person's eyes: secrets masked by value and by name."""
    masked = redactor.value(dict(values))
    return masked if isinstance(masked, dict) else {"value": MASK}
