"""SF413: the key that signs tokens is one that anybody can think of.

Decided offline: a key from the word lists makes the very signature that the log-in's token has. Where a second user and a
read that tells who one is are at hand, a token signed with that key is sent once, so that the report can say what it opens.
"""

from __future__ import annotations

from collections.abc import Mapping

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.carried import Carried, guessed_key, show_login, tokens
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken
from specfuzz.probes.whoami import ask_as, first_look, login_place, not_at
from specfuzz.sessions import Key, forge, impersonated

RULE = Rule(
    id="SF413",
    name="jwt-secret-guessed",
    category=Category.SESSION,
    severity=Severity.CRITICAL,
    cwe=("CWE-1391",),
    owasp=(),
    promise="nobody can guess the key that signs tokens",
    remediation=(
        "Make a new random key of at least 32 bytes for HS256 (RFC 7518, 3.2), keep it out of the code, and let the "
        "application refuse to start without one. Every token signed so far is void."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields a read with a forged token, once the key is known."""
    credentials = yield from case.session_of(case.owner)
    kept = tokens(credentials)
    if not kept:
        return Held(reason="the credentials are no JSON Web Token")
    show_login(case, credentials, "hands out the token, whose key was then guessed offline")
    reasons = []
    for carried in kept:
        key = guessed_key(case, carried.decoded, credentials.answers)
        if isinstance(key, Key):
            opens = yield from _what_it_opens(case, carried, key)
            return broken(_finding(case, carried, key, opens))
        reasons.append(key.reason)
    return Held(reason="; ".join(reasons))


def _what_it_opens(case: Case, carried: Carried, key: Key) -> Flow[str]:
    """What a forged token did, as a sentence; empty where none could be tried. The finding stands without it."""
    theirs = next(iter(tokens((yield from case.session_of(case.peer)))), None) if case.peer is not None else None
    if theirs is None:
        return ""
    claims, changed = impersonated(theirs.decoded.data, carried.decoded.data)
    if not changed or not isinstance(claims, Mapping):
        return ""
    try:
        victim = yield from first_look(case, case.owner, case.peer)
        forged = theirs.substitute("forged", forge(theirs.decoded, claims, key))
        note = f"{case.peer}'s token, made {case.owner}'s with the key"
        worked = yield from ask_as(case, victim, forged, note, who=case.peer)
    except Stop:
        return ""
    if not worked:
        return f" A token forged with it for {case.owner} was refused all the same."
    case.note(f"the answer shows {case.owner}'s {victim.telling}")
    return f" A token forged with it made {case.peer} into {case.owner}: {victim.request.operation} showed {victim.telling}."


def _finding(case: Case, carried: Carried, key: Key, opens: str) -> Break:
    return Break(
        title="the key that signs tokens is in a word list",
        detail=f"The {carried.decoded.algorithm} signature of the token in {carried.where} was made with {key.origin}: "
        f"{key.shown}. It was found offline after {key.tried:,} tries.{opens}",
        expectation=Expectation(
            statement="a signing key cannot be guessed (RFC 8725, 3.5)",
            source="inference:jwt",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.peer if " made " in opens else case.owner,
    )
