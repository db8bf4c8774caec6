"""SF412: a token is believed although the API's key did not sign it.

Bob's token, its claims changed to alice's, under the old signature; where there is no second user, the owner's own claims
under a made-up one. Then: the signature cut off, a key that the header brings along (`jwk`), a `kid` that leads to a key we
know, and the published public key used as an HMAC secret. `jku` and `x5u` would need another origin and are not tried.
Controls: the token works by itself; callers without credentials and with a made-up value see nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import ANONYMOUS, Flow, Request, TransportError
from specfuzz.oracles import read_reply
from specfuzz.probes.carried import Carried, check_alone, tokens
from specfuzz.probes.case import Case, conclusive
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.probes.whoami import Sight, ask_as, first_look, home, not_at
from specfuzz.sessions import impersonated
from specfuzz.sessions.token_forgeries import (
    Forgery,
    is_asymmetric,
    with_claims,
    with_own_key,
    with_public_key_as_secret,
    with_random_signature,
    with_tricked_kid,
    without_signature,
)

RULE = Rule(
    id="SF412",
    name="jwt-signature-ignored",
    category=Category.SESSION,
    severity=Severity.CRITICAL,
    cwe=("CWE-347",),
    owasp=(),
    promise="a token that the API's key did not sign is refused",
    remediation=(
        "Verify every token with the API's own key and one fixed algorithm; take neither the key (`jwk`, `jku`, `x5u`, a "
        "`kid` that is a path or part of a query) nor the algorithm from the token. Decoding is not verifying."
    ),
)
NEEDS_PEER = False

_KEY_SETS = ("/.well-known/jwks.json", "/jwks.json", "/.well-known/jwks", "/oauth/jwks", "/api/jwks.json")
"""Where APIs publish their public keys; RFC 8414 leaves the place to a metadata document, and these are the usual ones."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(home(contract), target, "read that shows whom the API takes a caller for")


def flow(case: Case) -> Flow[Verdict]:
    """Yields the controls, then one forged token after the other."""
    sight = yield from first_look(case, case.owner, case.peer)
    carried = next(iter(tokens((yield from case.session_of(case.owner)))), None)
    if carried is None:
        return Held(reason="the credentials are no JSON Web Token")
    yield from check_alone(case, sight, carried)
    found = yield from _as_somebody_else(case, sight, carried)
    if found is not None:
        return broken(found)
    keys = (yield from _public_keys(case, sight)) if is_asymmetric(carried.decoded) else None
    for forgery in _forgeries(case, carried, keys):
        if (yield from ask_as(case, sight, carried.substitute("forged", forgery.token), f"a token {forgery.how}")):
            case.note(f"the answer shows {case.owner}'s {sight.telling}")
            return broken(_finding(case, sight, carried, forgery, case.owner))
    again = yield from case.ask(Role.CONTROL, sight.request, f"{case.owner} still reads it")
    if not read_reply(conclusive(again, case.owner)).accepted:
        return Inconclusive(reason=f"{case.owner}'s own read answered {read_reply(again).reason} afterwards")
    return Held(reason="tokens that the API's key did not sign are refused, whatever their header says")


def _as_somebody_else(case: Case, victim: Sight, carried: Carried) -> Flow[Break | None]:
    """The peer's token that says it is the owner's, under the peer's signature."""
    theirs = next(iter(tokens((yield from case.session_of(case.peer)))), None) if case.peer is not None else None
    if theirs is None:
        return None
    claims, changed = impersonated(theirs.decoded.data, carried.decoded.data)
    if not changed or not isinstance(claims, Mapping):
        return None
    forgery = with_claims(theirs.decoded, claims)
    note = f"{case.peer}'s token, its claims changed to {case.owner}'s"
    if not (yield from ask_as(case, victim, theirs.substitute("forged", forgery.token), note, who=case.peer)):
        return None
    case.note(f"the answer shows {case.owner}'s {victim.telling}")
    return _finding(case, victim, theirs, forgery, case.peer or case.owner)


def _forgeries(case: Case, carried: Carried, keys: Any) -> Iterator[Forgery]:
    decoded = carried.decoded
    yield with_random_signature(decoded, case.source("signature"))
    yield without_signature(decoded)
    yield with_own_key(decoded)
    yield from with_tricked_kid(decoded)
    if keys is not None:
        yield from with_public_key_as_secret(decoded, keys)


def _public_keys(case: Case, sight: Sight) -> Flow[Any]:
    """The key set that the API publishes on its own origin; None where it does not."""
    own = next(step.exchange for step in case.steps if step.exchange.request.operation == sight.request.operation)
    parts = urlsplit(own.url)
    documented = [
        item.operation.path
        for item in case.contract.operations
        if "jwks" in item.operation.path.lower() and "{" not in item.operation.path
    ]
    for path in (*documented, *(f"{parts.scheme}://{parts.netloc}{place}" for place in _KEY_SETS)):
        try:
            exchange = yield Request(method="GET", path=path, identity=ANONYMOUS)
        except TransportError:
            continue  # no answer there
        body = exchange.response.json
        if exchange.status == 200 and isinstance(body, Mapping) and isinstance(body.get("keys"), list):
            return body
    return None


def _finding(case: Case, sight: Sight, carried: Carried, forgery: Forgery, actor: str) -> Break:
    return Break(
        title=f"a token {forgery.how} is accepted",
        detail=f"{actor}'s token in {carried.where} was sent as one {forgery.how}, and {case.target.label} answered with "
        f"{case.owner}'s {sight.telling}. A made-up value in its place is refused. Anybody can write a token for anybody.",
        expectation=Expectation(
            statement="a token is verified with the algorithm and key of the API (RFC 8725, 3.1)",
            source=case.target.access.source or "inference:jwt",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=actor,
    )
