"""SF102: a peer changes an object that is its owner's alone.

The owner makes an object and reads it; a peer sends the write; the owner's read-back decides. Controls: the owner's own write
of the same shape is accepted and shows. What says that the object is the owner's to write: `peer_writes`. A refusal that
wrote all the same is SF304.
"""

from __future__ import annotations

from specfuzz.contract import Action, Contract, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.peer_writes import try_as_peer, why_not_by_peer
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Verdict

RULE = Rule(
    id="SF102",
    name="cross-user-update",
    category=Category.CROSS_USER,
    severity=Severity.HIGH,
    cwe=("CWE-639",),
    owasp=("API1:2023",),
    promise="an object that is its owner's alone is changed by nobody else",
    remediation=(
        "Check the owner before the write, in the query that loads the object, not only where it is read: one ownership "
        "decorator or dependency for every operation on the object."
    ),
)
NEEDS_PEER = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return why_not_by_peer(target, (Action.UPDATE, Action.REPLACE, Action.ACT))


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the peer's write and the owner's read-back."""
    return (yield from try_as_peer(case, "change"))
