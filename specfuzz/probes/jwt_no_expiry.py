"""SF414: a token never expires, or so late that a stolen one is as good as that.

Decided offline, from the claims of the token that the log-in hands out. An API may end a token's life on its server as
well; what a token says about itself is what every other verifier of it goes by. Where the key can be guessed (SF413), a
token that expired yesterday is signed with it and sent once: an `exp` that nobody looks at is none.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.identities import Credentials
from specfuzz.probes.carried import Carried, check_alone, guessed_key, show_login, tokens
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.probes.whoami import ask_as, first_look, login_place, not_at
from specfuzz.sessions import MAX_LIFETIME_S, Key, forge, in_words, lifetime_s

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

DAY_S = 86_400
"""How long ago the tried token expired, in seconds: past any leeway for clocks that differ."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing, unless the key is known: then a token that has expired."""
    credentials = yield from case.session_of(case.owner)
    kept = [item for item in tokens(credentials) if isinstance(item.decoded.data, Mapping)]
    if not kept:
        return Held(reason="the credentials are no JSON Web Token")
    show_login(case, credentials, "hands out the token, whose claims were then read offline")
    lives = []
    for carried in kept:
        lifetime = lifetime_s(carried.decoded, _server_time(credentials))
        if lifetime is None or lifetime > MAX_LIFETIME_S:
            return broken(_finding(case, carried, lifetime))
        expired = yield from _expired_works(case, carried)
        if expired is not None:
            return broken(expired)
        lives.append(f"the token works for {in_words(lifetime)}")
    return Held(reason="; ".join(lives))


def _server_time(credentials: Credentials) -> float:
    """When the token was handed out, by the server's own clock, which is also what an `exp` is compared with."""
    for exchange in reversed(credentials.answers):
        try:
            return parsedate_to_datetime(exchange.response.header("date") or "").timestamp()
        except ValueError:
            break
    return time.time()


def _expired_works(case: Case, carried: Carried) -> Flow[Break | None]:
    """The finding, if a token is believed that the API's own key signed and that expired a day ago."""
    key = guessed_key(case, carried.decoded, carried.credentials.answers)
    if not isinstance(key, Key):
        return None
    moment = int(_server_time(carried.credentials)) - DAY_S
    claims = {**carried.decoded.data, "exp": moment, **({"iat": moment - 60} if "iat" in carried.decoded.data else {})}
    current = {**carried.decoded.data, "specfuzz": "control"}
    try:
        sight = yield from first_look(case, case.owner)
        yield from check_alone(case, sight, carried)
        genuine = carried.substitute("forged", forge(carried.decoded, current, key))
        if not (yield from ask_as(case, sight, genuine, "a current token, signed with the guessed key", Role.CONTROL)):
            return None
        old = carried.substitute("expired", forge(carried.decoded, claims, key))
        if not (yield from ask_as(case, sight, old, "a token that expired a day ago, signed with the guessed key")):
            return None
    except Stop:
        return None
    case.note(f"the answer shows {case.owner}'s {sight.telling}")
    return Break(
        title="an expired token is accepted",
        detail=f"A token like the one in {carried.where}, but with an `exp` of yesterday, was signed with the key that SF413 "
        f"found, and {sight.request.operation} answered with {case.owner}'s {sight.telling}.",
        expectation=Expectation(
            statement="an expired token is refused (RFC 7519, 4.1.4)",
            source="inference:jwt",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
        field="exp",
    )


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
