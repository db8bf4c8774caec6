"""SF414: a token never expires, or so late that a stolen one is as good as that.

Decided offline, from the claims of the token that the log-in hands out. An API may end a token's life on its server as
well; what a token says about itself is what every other verifier of it goes by.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.carried import Carried, show_login, tokens
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken
from specfuzz.probes.whoami import login_place, not_at
from specfuzz.sessions import MAX_LIFETIME_S, in_words, lifetime_s

RULE = Rule(
    id="SF414",
    name="jwt-no-expiry",
    category=Category.SESSION,
    severity=Severity.LOW,
    cwe=("CWE-613",),
    owasp=(),
    promise="a token expires, and not in the far future",
    remediation=(
        "Give access tokens an `exp` of minutes to hours and require the claim when verifying; let a refresh token that the "
        "server can revoke carry the long login."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing: the token is here already."""
    credentials = yield from case.session_of(case.owner)
    kept = [item for item in tokens(credentials) if isinstance(item.decoded.data, Mapping)]
    if not kept:
        return Held(reason="the credentials are no JSON Web Token")
    show_login(case, credentials, "hands out the token, whose claims were then read offline")
    lives = []
    for carried in kept:
        lifetime = lifetime_s(carried.decoded, time.time())
        if lifetime is None or lifetime > MAX_LIFETIME_S:
            return broken(_finding(case, carried, lifetime))
        lives.append(f"the token works for {in_words(lifetime)}")
    return Held(reason="; ".join(lives))


def _finding(case: Case, carried: Carried, lifetime: float | None) -> Break:
    said = "has no `exp`" if lifetime is None else f"works for {in_words(lifetime)}"
    return Break(
        title="a token never expires" if lifetime is None else f"a token expires only after {in_words(lifetime)}",
        detail=f"The token in {carried.where} {said}; more than {in_words(MAX_LIFETIME_S)} is hardly an expiry. Whoever gets "
        "hold of one stays logged in.",
        expectation=Expectation(
            statement=f"a token expires within {in_words(MAX_LIFETIME_S)} (OWASP ASVS 4.0.3, 3.3.2)",
            source="inference:jwt",
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
        field="exp",
    )
