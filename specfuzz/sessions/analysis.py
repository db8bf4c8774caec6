"""What is wrong with one session or token, as far as it can be told without asking its server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from specfuzz.sessions.decoded import Decoded, Form
from specfuzz.sessions.guess import Key, NotGuessed
from specfuzz.sessions.sensitive import sensitive

MAX_LIFETIME_S = 30 * 86_400
"""A token that works for longer, in seconds, hardly expires: thirty days is the longest that OWASP ASVS 4.0.3, 3.3.2, lets
anybody stay logged in without logging in again (its lowest level)."""

_MOMENT_S = 1e11
"""A time beyond this is in milliseconds, as JavaScript's `Date.now()` gives it: 1e11 seconds are the year 5138."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong: the rule that it belongs to, and a sentence. No value of the session is in it."""

    rule: str
    severity: str
    text: str


def seconds(claim: Any) -> float | None:
    """A time claim in seconds since 1970; milliseconds and digits in a text are understood. None where it is no time."""
    if isinstance(claim, str) and claim.isascii() and claim.isdecimal() and len(claim) <= 16:
        claim = int(claim)
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not 0 < claim < 1e15:
        return None
    return claim / 1_000 if claim > _MOMENT_S else float(claim)


def lifetime_s(decoded: Decoded, now: float) -> float | None:
    """How long a token works, in seconds, from its issue or else from now; None where it never expires."""
    claims = decoded.data if isinstance(decoded.data, Mapping) else {}
    expires = seconds(claims.get("exp"))
    if expires is None:
        return None
    issued = seconds(claims.get("iat"))
    return expires - (issued if issued is not None and issued < expires else now)


def in_words(duration_s: float) -> str:
    """A duration as a person says it: `15 minutes`, `90 days`."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if duration_s >= size:
            count = round(duration_s / size)
            return f"{count} {word}{'s' if count != 1 else ''}"
    return "less than a second"


def analyse(
    decoded: Decoded, key: Key | NotGuessed, is_sensitive_name: Callable[[str], bool], now: float
) -> tuple[Issue, ...]:
    """Everything that is wrong with it, worst first."""
    is_token = decoded.form is Form.JWT
    found: list[Issue] = []
    if isinstance(key, Key):
        found.append(
            Issue(
                rule="SF413" if is_token else "SF402",
                severity="critical",
                text=f"its signing key is {key.origin}: {key.shown}. Whoever has the key makes sessions for everybody",
            )
        )
    if is_token and decoded.algorithm.lower() == "none":
        found.append(
            Issue(rule="SF411", severity="critical", text="it is not signed (alg none): anybody can write one")
        )
    elif not decoded.is_signed and not decoded.form.is_encrypted and not decoded.form.is_serialised:
        found.append(Issue(rule="SF403", severity="high", text="it is not signed: whoever has it can change it"))
    if decoded.form.is_serialised:
        text = f"it holds {decoded.form}, which its server deserialises (CWE-502); it was not read"
        found.append(Issue(rule="SF401", severity="high", text=text))
    for item in sensitive(decoded.data, is_sensitive_name):
        rule, severity = ("SF415", "medium") if is_token else ("SF401", "high" if item.is_secret else "low")
        if item.is_secret or not is_token:
            found.append(
                Issue(rule=rule, severity=severity, text=f"`{item.key}` can be read without the key: {item.reason}")
            )
    if is_token:
        found.extend(_expiry(decoded, now))
    return tuple(found)


def _expiry(decoded: Decoded, now: float) -> list[Issue]:
    lifetime = lifetime_s(decoded, now)
    if lifetime is None:
        return [Issue(rule="SF414", severity="low", text="it has no `exp`: a stolen copy works for good")]
    if lifetime > MAX_LIFETIME_S:
        text = f"it works for {in_words(lifetime)}; more than {in_words(MAX_LIFETIME_S)} is hardly an expiry"
        return [Issue(rule="SF414", severity="low", text=text)]
    return []
