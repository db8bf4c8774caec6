"""SF105: an object of the owner is reached through the peer's own parent, or attached by its id in the peer's request.

The check is often made on the first object that a request names: on the shop in `/shops/{shop}/orders/{order}`, on the
peer's own order whose body names somebody's address. So each object that a request names is exchanged alone for the
owner's, and what shows decides: the owner's canary in an answer, a change of the owner's object, or the peer's object that
now holds it. Controls: the peer's own request of the same shape works, the plain attempt on the owner's object is refused,
a made-up id is answered differently, and what was reached is private (`privacy.established`).
"""

from __future__ import annotations

from specfuzz.contract import Action, Confidence, Contract, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.http import Flow
from specfuzz.probes.attached import attach, wanted_references
from specfuzz.probes.case import Case
from specfuzz.probes.exchanged_parents import reach_through, settle_under
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Broken, Held, Inconclusive, Verdict

RULE = Rule(
    id="SF105",
    name="cross-user-reference",
    category=Category.CROSS_USER,
    severity=Severity.HIGH,
    cwe=("CWE-639",),
    owasp=("API1:2023",),
    promise="an object that is its owner's alone is reached through nobody else's parent and attached to nobody else's object",
    remediation=(
        "Check every object that a request names, not only the first: look the inner one up through the outer "
        "(`shop.orders.filter_by(id=...)`), and ids in a body among the caller's own objects."
    ),
)
NEEDS_PEER = True

_NESTED = (
    Action.READ,
    Action.LIST,
    Action.SEARCH,
    Action.OTHER,
    Action.UPDATE,
    Action.REPLACE,
    Action.DELETE,
    Action.ACT,
)
_ATTACHING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ACT)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.resource is None:
        return "the document does not say which object it is about"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    if not (is_nested(contract, target) or settles(contract, target) or wanted_references(contract, target)):
        return "it names no second object that could be somebody else's"
    return None


def is_nested(contract: Contract, target: OperationContract) -> bool:
    """Whether it reaches an object through another that people make for themselves."""
    if target.action not in _NESTED or len(target.identifiers) < 2 or target.operation.method == "HEAD":
        return False
    if target.access.level is Level.PUBLIC and target.access.confidence is Confidence.CERTAIN:
        return False
    return any(made_by_people(contract, item.resource) for item in target.identifiers[:-1])


def settles(contract: Contract, target: OperationContract) -> bool:
    """Whether it makes an object inside another that people make for themselves."""
    if target.action is not Action.CREATE or not target.identifiers or is_shared_on_purpose(target.access):
        return False
    return made_by_people(contract, target.identifiers[-1].resource)


def made_by_people(contract: Contract, kind: str) -> bool:
    """Whether ordinary users make such objects, so that two of them have one each; accounts aside."""
    found = contract.resource(kind)
    return (
        found is not None
        and not found.is_user
        and any(item.access.level is not Level.ROLE for item in (*found.creates, *found.updates))
    )


def flow(case: Case) -> Flow[Verdict]:
    """Yields the set-up of both, then each object that the request names exchanged alone, then the controls."""
    verdicts: list[Verdict] = []
    if is_nested(case.contract, case.target):
        verdicts.append((yield from reach_through(case)))
    elif settles(case.contract, case.target):
        verdicts.append((yield from settle_under(case)))
    if not any(isinstance(item, Broken) for item in verdicts) and case.target.action in _ATTACHING:
        for reference in wanted_references(case.contract, case.target, case.drafter):
            verdicts.append((yield from attach(case, reference)))
    return _together(verdicts)


def _together(verdicts: list[Verdict]) -> Verdict:
    """One verdict for all that was exchanged: what broke, else what could not be tried, else that all held."""
    breaks = tuple(item for verdict in verdicts if isinstance(verdict, Broken) for item in verdict.breaks)
    if breaks:
        return Broken(breaks=breaks)
    doubts = [verdict for verdict in verdicts if isinstance(verdict, Inconclusive)]
    if doubts:
        return doubts[0]
    return Held(reason="; ".join(dict.fromkeys(verdict.reason for verdict in verdicts if isinstance(verdict, Held))))
