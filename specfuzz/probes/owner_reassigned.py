"""SF203: a client sets the field that names the owner, and the object moves to or from somebody else.

The field is sent with a peer's identifier. The owner's read-back must show the peer there, or the object gone from the
owner and found by the peer. Creating an object on a peer's behalf counts likewise.
"""

from __future__ import annotations

from typing import Any

from specfuzz.contract import Contract, ForbiddenField, OperationContract
from specfuzz.contract.fields import is_owner_field
from specfuzz.contract.words import split_words
from specfuzz.http import Flow
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.extra_field_accepted import verdict_of
from specfuzz.probes.extra_fields import takes_fields, try_fields
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Verdict

RULE = Rule(
    id="SF203",
    name="owner-reassigned",
    category=Category.EXTRA_FIELD,
    severity=Severity.HIGH,
    cwe=("CWE-915",),
    owasp=("API3:2023",),
    promise="a client does not choose whose an object is",
    remediation="Set the owner from the session when the object is made, and take the field in no request.",
)
NEEDS_PEER = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    reason = takes_fields(target)
    if reason is not None:
        return reason
    if target.resource is not None and contract.is_user_kind(target.resource):
        return "an account is its own owner"
    if any(item.is_owner for item in target.forbidden_fields) or target.owner_field:
        return None
    described = any(reply.schema is not None for reply in target.operation.replies if reply.is_success)
    return "no property names the object's owner" if described else None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the control write, the write that names a peer as the owner, and the read-backs."""
    peer = case.peer
    if peer is None or case.workshop.accounts.key_of(peer) is None:
        raise Stop("it is not known what identifies the peer, so the owner cannot be set to him")

    def value_for(item: ForbiddenField, present: Any) -> Any:
        name = item.name.rsplit(".", 1)[-1]
        words = split_words(name)
        by_id = isinstance(present, int) or words[-1:] == ("id",)
        return case.workshop.accounts.key_of(peer, "id" if by_id else "username")

    attempt = yield from try_fields(case, lambda item: item.is_owner or is_owner_field(item.name), value_for)
    return verdict_of(case, attempt, RULE)
