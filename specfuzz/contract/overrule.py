"""What the user says, applied: a policy's words replace what was derived, and are `certain`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from specfuzz.contract.fields import is_owner_field, is_privileged
from specfuzz.contract.model import (
    Access,
    Confidence,
    FieldReason,
    ForbiddenField,
    Level,
    OperationContract,
)
from specfuzz.contract.policy import Policy, PolicyError, PolicyLine
from specfuzz.contract.schemas import Property
from specfuzz.contract.words import noun_of, split_words

BY_USER = "the policy says so"


def overrule_access(item: OperationContract, policy: Policy) -> OperationContract:
    """The operation with the access and the danger that the last fitting line names."""
    for line in _lines_about(item, policy):
        said = line.rulings
        if said.access is not None:
            access = Access(
                level=said.access,
                role=said.role,
                confidence=Confidence.CERTAIN,
                source=said.source("access"),
                reason=BY_USER,
                declared=item.access.declared,
                by_user=True,
            )
            item = replace(item, access=access)
        if said.dangerous is not None:
            item = replace(item, dangerous=said.dangerous, reaches_out=None)
    return item


def overrule_shared(operations: Iterable[OperationContract], policy: Policy) -> list[OperationContract]:
    """Operations on kinds that are there for every user: what was taken for the owner's is every user's.

    Roles, open operations and what a policy line says about one operation stay. Where the document does not say that
    credentials are needed, sharing does not say so either. Raises `PolicyError` for a kind that the document does not have.
    """
    found = list(operations)
    sources = {noun_of(shared.name): shared.source for shared in policy.shared}
    known = {item.resource for item in found if item.resource}
    for shared in policy.shared:
        if noun_of(shared.name) not in known and not policy.lenient:
            near = difflib.get_close_matches(noun_of(shared.name), sorted(known), n=3, cutoff=0.4)
            raise PolicyError(
                f"the document has no resource {shared.name!r}",
                where=shared.source,
                hint=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(sorted(known)[:5])}",
            )
    return [_shared(item, sources[item.resource]) if item.resource in sources else item for item in found]


def _shared(item: OperationContract, source: str) -> OperationContract:
    access = item.access
    if access.by_user or access.level in (Level.ROLE, Level.PUBLIC):
        return item
    declared = access.declared
    silent = declared is None or declared.level in (Level.UNKNOWN, Level.PUBLIC)
    shared = Access(
        level=Level.PUBLIC if silent else Level.AUTHENTICATED,
        role=None,
        confidence=Confidence.TENTATIVE if silent else Confidence.CERTAIN,
        source=source,
        reason=f"the policy says that every {item.resource} is shared",
        declared=declared,
        by_user=True,
    )
    return replace(item, access=shared)


def overrule_fields(item: OperationContract, policy: Policy, shown: Mapping[str, Property]) -> OperationContract:
    """The operation with the fields that lines forbid and without those that they let the client write.

    `shown` are the known properties of the object, for the type of what is forbidden.
    """
    for line in _lines_about(item, policy):
        said = line.rulings
        if said.forbidden and item.operation.bodies and item.state_changing:
            fields = tuple(_forbidden(name, said.source("forbidden"), shown) for name in said.forbidden)
            kept = tuple(field for field in item.forbidden_fields if not _is_named(field.name, said.forbidden))
            writable = tuple(name for name in item.writable_fields if not _is_named(name, said.forbidden))
            item = replace(item, forbidden_fields=(*fields, *kept), writable_fields=writable)
        if said.writable:
            kept = tuple(field for field in item.forbidden_fields if not _is_named(field.name, said.writable))
            item = replace(
                item,
                forbidden_fields=kept,
                writable_fields=(*item.writable_fields, *said.writable),
            )
    return item


def _forbidden(name: str, source: str, shown: Mapping[str, Property]) -> ForbiddenField:
    known = next((item for item in shown.values() if _is_named(item.name, (name,))), None)
    return ForbiddenField(
        name=known.name if known is not None else name,
        reason=FieldReason.POLICY,
        confidence=Confidence.CERTAIN,
        source=source,
        schema=known.schema if known is not None else {},
        is_privileged=is_privileged(name),
        is_owner=is_owner_field(name),
    )


def _is_named(field: str, names: Iterable[str]) -> bool:
    """Whether a field is one of these, in whatever naming style they are written."""
    return any(field == name or split_words(field) == split_words(name) for name in names)


def _lines_about(item: OperationContract, policy: Policy) -> list[PolicyLine]:
    return [line for line in policy.lines if line.selector.matches(item.operation)]
