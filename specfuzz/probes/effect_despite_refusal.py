"""SF304: the answer refuses a write, and it happened all the same.

No request of its own: every rule that lets somebody write what they must not (another user's object, a field, a privileged
operation, a write without credentials or from another site) reads the object back whatever the answer was, and reports
under this rule where a refusal had an effect.
"""

from __future__ import annotations

from specfuzz.contract import Contract, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Inconclusive, Verdict

RULE = Rule(
    id="SF304",
    name="effect-despite-refusal",
    category=Category.TOKENLESS,
    severity=Severity.HIGH,
    cwe=("CWE-841",),
    owasp=("API1:2023", "API2:2023"),
    promise="a refused write has no effect",
    remediation="Check who asks before anything is written, or roll the transaction back when the check fails.",
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """It never runs by itself."""
    return "noticed by the rules about writes (SF102, SF103, SF106, SF201 to SF203, SF301, SF306, SF311 to SF313)"


def flow(case: Case) -> Flow[Verdict]:
    """Not planned, see `why_not`."""
    yield from ()
    return Inconclusive(reason="noticed by other rules")
