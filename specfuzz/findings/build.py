"""From exchanges to evidence, curl lines and fingerprints. Everything passes the redactor here, and only here."""

from __future__ import annotations

import hashlib
import json
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
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def evidence_of(role: str, note: str, exchange: Exchange, redactor: Redactor) -> Evidence:
    """One exchange as a report shows it."""
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
            "body": _body(request.body, request.header("content-type") or "", redactor),
        },
        response={
            "status": exchange.response.status,
            "headers": dict(redactor.headers(answered)),
            "body": _body(exchange.response.body, exchange.response.media_type, redactor),
        },
    )


def redact_url(url: str, redactor: Redactor) -> str:
    """A URL with user information and secret query values masked."""
    parts = urlsplit(url)
    netloc = parts.netloc.rsplit("@", 1)[-1]
    query = urlencode(redactor.query(parse_qsl(parts.query, keep_blank_values=True)), safe="[]") if parts.query else ""
    return redactor.text(urlunsplit((parts.scheme, netloc, parts.path, query, "")))


def _body(raw: bytes, media_type: str, redactor: Redactor) -> Any:
    """A body for a report: JSON as JSON, text as text, cut at the limit; None where there is none."""
    if not raw:
        return None
    text = raw.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        if "x-www-form-urlencoded" in media_type:
            return urlencode(redactor.query(parse_qsl(text, keep_blank_values=True)), safe="[]")
        clean = redactor.text(text)
        return clean if len(clean) <= MAX_BODY_CHARS else f"{clean[:MAX_BODY_CHARS]} … ({len(text)} characters)"
    clean = redactor.value(parsed)
    shown = json.dumps(clean, ensure_ascii=False)
    return clean if len(shown) <= MAX_BODY_CHARS else f"{shown[:MAX_BODY_CHARS]} … ({len(text)} characters)"


def curl(exchange: Exchange, redactor: Redactor) -> str:
    """A command that sends the same request again; credentials come from environment variables named after the identity."""
    request = exchange.request
    who = re.sub(r"\W+", "_", request.identity).upper()
    parts = ["curl", "-i", "-X", request.method, shlex.quote(redact_url(exchange.url or request.target, redactor))]
    for name, value in exchange.sent_headers or request.headers:
        lowered = name.lower()
        if lowered in _DULL_HEADERS:
            continue
        if lowered == "cookie":
            pairs = [pair.split("=", 1)[0].strip() for pair in value.split(";")]
            shown = "; ".join(f"{pair}=${{{who}_{re.sub(r'[^A-Za-z0-9]+', '_', pair).upper()}}}" for pair in pairs)
            parts.extend(("-H", f'"Cookie: {shown}"'))
        elif lowered == "authorization" and request.identity != ANONYMOUS:
            scheme, _, rest = value.partition(" ")
            parts.extend(("-H", f'"{name}: {scheme + " " if rest else ""}${{{who}_TOKEN}}"'))
        elif is_secret_name(name) and request.identity != ANONYMOUS:
            parts.extend(("-H", f'"{name}: ${{{who}_{re.sub(r"[^A-Za-z0-9]+", "_", name).upper()}}}"'))
        else:
            parts.extend(("-H", shlex.quote(f"{name}: {redactor.text(value)}")))
    if request.body:
        shown_body = _body(request.body, request.header("content-type") or "", redactor)
        text = shown_body if isinstance(shown_body, str) else json.dumps(shown_body, ensure_ascii=False)
        parts.extend(("--data", shlex.quote(text)))
    return " ".join(parts)


def keep_steps(steps: Iterable[tuple[str, str, Exchange]]) -> list[tuple[str, str, Exchange]]:
    """The steps that tell the story: the last ones of a long proof, and always its set-up and its attack."""
    listed = list(steps)
    if len(listed) <= MAX_STEPS:
        return listed
    first = [step for step in listed if step[0] == "set-up"][:1]
    return [*first, *[step for step in listed if step not in first][-(MAX_STEPS - len(first)) :]]


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
