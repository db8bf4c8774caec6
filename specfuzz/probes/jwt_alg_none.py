"""SF411: a token that says it is not signed is believed.

The owner's own token, its claims unchanged, under `alg: none` in several spellings and without a signature. Controls: the
token works by itself; callers without credentials and with a made-up value see nothing (otherwise see SF302, SF303). The
owner's account in the answer decides. Whether the API checks signatures at all is asked too, and said: that is SF412.
"""

from __future__ import annotations

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.oracles import read_reply
from specfuzz.probes.carried import Carried, check_alone, tokens
from specfuzz.probes.case import Case, conclusive
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.probes.whoami import Sight, ask_as, first_look, home, not_at
from specfuzz.sessions.token_forgeries import Forgery, unsigned, with_random_signature

RULE = Rule(
    id="SF411",
    name="jwt-alg-none",
    category=Category.SESSION,
    severity=Severity.CRITICAL,
    cwe=("CWE-347",),
    owasp=(),
    promise="a token without a signature is refused",
    remediation=(
        "Name the one algorithm that the API uses when it verifies (`jwt.decode(token, key, algorithms=['HS256'])`), and "
        "never take it from the token's own header."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(home(contract), target, "read that shows whom the API takes a caller for")


def flow(case: Case) -> Flow[Verdict]:
    """Yields the controls, then the unsigned tokens."""
    sight = yield from first_look(case, case.owner)
    carried = next(iter(tokens((yield from case.session_of(case.owner)))), None)
    if carried is None:
        return Held(reason="the credentials are no JSON Web Token")
    yield from check_alone(case, sight, carried)
    made_up = with_random_signature(carried.decoded, case.source("signature"))
    forged = carried.substitute("made-up", made_up.token)
    checks = not (yield from ask_as(case, sight, forged, f"a token {made_up.how}", Role.CONTROL))
    for forgery in unsigned(carried.decoded):
        if (yield from ask_as(case, sight, carried.substitute("unsigned", forgery.token), f"a token {forgery.how}")):
            case.note(f"the answer shows {case.owner}'s {sight.telling}")
            return broken(_finding(case, sight, carried, forgery, checks=checks))
    again = yield from case.ask(Role.CONTROL, sight.request, f"{case.owner} still reads it")
    if not read_reply(conclusive(again, case.owner)).accepted:
        return Inconclusive(reason=f"{case.owner}'s own read answered {read_reply(again).reason} afterwards")
    return Held(reason="tokens under alg none, in several spellings, are refused")


def _finding(case: Case, sight: Sight, carried: Carried, forgery: Forgery, *, checks: bool) -> Break:
    control = "is refused" if checks else "is accepted as well: see SF412"
    return Break(
        title="a token without a signature is accepted",
        detail=f"{case.owner}'s token in {carried.where} was sent as one {forgery.how}, and {case.target.label} answered with "
        f"{case.owner}'s {sight.telling}. The same token under a made-up signature {control}. Anybody can write a "
        "token for anybody.",
        expectation=Expectation(
            statement="a token is verified with the algorithm and key of the API (RFC 8725, 3.1)",
            source=case.target.access.source or "inference:jwt",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
    )
