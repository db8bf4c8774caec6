"""SF402: the key that signs the session is one that anybody can think of.

Decided offline: a key from the word lists makes the very signature that the log-in's cookie has, and the framework's own
signer agrees. Whether a forged session is believed is SF403. Keys of tokens are SF413.
"""

from __future__ import annotations

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.identities import Credentials
from specfuzz.probes.carried import client_sessions, guessed_key, nothing_kept, show_login
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken
from specfuzz.probes.whoami import login_place, not_at
from specfuzz.sessions import Decoded, Key, decode

RULE = Rule(
    id="SF402",
    name="session-secret-guessed",
    category=Category.SESSION,
    severity=Severity.CRITICAL,
    cwe=("CWE-1391",),
    owasp=(),
    promise="nobody can guess the key that signs sessions",
    remediation=(
        "Make a new random key of at least 32 bytes (`python -c 'import secrets; print(secrets.token_hex(32))'`), keep it "
        "out of the code, and let the application refuse to start without one. Every session signed so far is void."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing: the signature is here already."""
    credentials = yield from case.session_of(case.owner)
    signed = _signed(credentials)
    if not signed:
        return Held(reason=nothing_kept(credentials))
    show_login(case, credentials, "its signed cookie was tried against word lists, offline")
    reasons = []
    for what, decoded in signed:
        key = guessed_key(case, decoded, credentials.answers)
        if isinstance(key, Key):
            return broken(_finding(case, what, decoded, key))
        reasons.append(f"{what}: {key.reason}")
    return Held(reason="; ".join(reasons))


def _signed(credentials: Credentials) -> list[tuple[str, Decoded]]:
    """What the session's key signed, by name: its cookies, and an anti-CSRF token that is signed with the same key."""
    found = [(f"the cookie {item.item.name}", item.decoded) for item in client_sessions(credentials)]
    for name, value in (*credentials.cookies, *credentials.anti_csrf):
        decoded = decode(value, name=name)
        if decoded is not None:
            found.append((f"the anti-CSRF token {name}", decoded))
    return [(what, decoded) for what, decoded in found if decoded.is_signed]


def _finding(case: Case, what: str, decoded: Decoded, key: Key) -> Break:
    return Break(
        title=f"the key that signs {what} is in a word list",
        detail=f"{what[:1].upper()}{what[1:]} is a {decoded.form}. Its signature was made with {key.origin}: {key.shown}. "
        f"It was found offline after {key.tried:,} tries. Whoever has the key can sign sessions for everybody.",
        expectation=Expectation(
            statement="a signing key cannot be guessed",
            source="inference:signed-session",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
    )
