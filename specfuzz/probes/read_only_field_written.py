"""SF202: a field that the document marks `readOnly` keeps the value that a client sent.

Decided as SF201 is: the same write without and with the field, the owner's read-back, a second write that must be followed.
"""

from __future__ import annotations

from specfuzz.contract import Contract, FieldReason, ForbiddenField, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.extra_field_accepted import verdict_of
from specfuzz.probes.extra_fields import takes_fields, try_fields
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Verdict

RULE = Rule(
    id="SF202",
    name="read-only-field-written",
    category=Category.EXTRA_FIELD,
    severity=Severity.MEDIUM,
    cwe=("CWE-915",),
    owasp=("API3:2023",),
    promise="a client does not write what the document marks readOnly",
    remediation="Mark the field read-only in the serializer or schema too, so that a client's value is dropped or refused.",
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if not any(_is_mine(item) for item in target.forbidden_fields):
        return takes_fields(target) or "no property of the object is readOnly"
    return takes_fields(target)


def _is_mine(item: ForbiddenField) -> bool:
    return item.reason is FieldReason.READ_ONLY and not item.is_owner


def flow(case: Case) -> Flow[Verdict]:
    """Yields the control write, the writes with read-only fields and the read-backs between them."""
    attempt = yield from try_fields(case, _is_mine)
    return verdict_of(case, attempt, RULE)
