"""Which fields are tried, in which groups, with which values: shared by the rules about extra fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from specfuzz.contract import Confidence, FieldReason, ForbiddenField
from specfuzz.contract.fields import is_owner_field, is_privileged, is_server_managed
from specfuzz.contract.words import split_words
from specfuzz.generation import different_value
from specfuzz.oracles import is_volatile, same_value
from specfuzz.probes.case import Case
from specfuzz.resources.places import has_at, value_at

ValueFor = Callable[[ForbiddenField, Any], Any]

_LOCKING = frozenset(
    [
        "password",
        "hash",
        "salt",
        "active",
        "enabled",
        "disabled",
        "locked",
        "banned",
        "blocked",
        "deleted",
        "status",
        "state",
        "verified",
    ]
)


def typed_values(case: Case) -> ValueFor:
    """Values of the field's type, unlike the present one; where another account holds one, that is known to be valid."""

    def value_for(item: ForbiddenField, present: Any) -> Any:
        kind = case.contract.resource(case.target.resource or "")
        others = case.workshop.accounts.values_of(item.name) if kind is not None and kind.is_user else ()
        real = [
            value for value in others if value != present and isinstance(value, str) and not item.schema.get("enum")
        ]
        if real and item.is_privileged and all(len(value) < 24 for value in real):
            return real[-1]  # the admin's, where there is one: it is introduced last
        return different_value(item, present, case.source("field", item.name))

    return value_for


def candidates(case: Case, seen: Mapping[str, Any]) -> list[ForbiddenField]:
    """What the contract forbids, then what the API itself showed although no request of the document takes it."""
    forbidden = list(case.target.forbidden_fields)
    known = {item.name for item in forbidden} | case.request_fields() | set(case.target.writable_fields)
    identifiers = {identifier.name for identifier in case.target.identifiers}
    for name in seen:
        if name in known or name in identifiers:
            continue
        if not is_owner_field(name) and (is_server_managed(name) or name.lower().endswith("id")):
            continue
        forbidden.append(
            ForbiddenField(
                name=name,
                reason=FieldReason.RESPONSE_ONLY,
                confidence=Confidence.FIRM if is_privileged(name) or is_owner_field(name) else Confidence.TENTATIVE,
                source="behaviour:seen-in-a-response",
                is_privileged=is_privileged(name),
                is_owner=is_owner_field(name),
            )
        )
    return [item for item in forbidden if not is_volatile(item.name) or item.reason is FieldReason.READ_ONLY]


def groups_of(fields: Iterable[ForbiddenField]) -> list[list[ForbiddenField]]:
    """What the document or the API told; what locks the account out if it sticks; what was only guessed.

    A strict server refuses guesses whole, and a log-in fails once a password hash stuck: neither may hide the others.
    """
    told: list[ForbiddenField] = []
    locking: list[ForbiddenField] = []
    guessed: list[ForbiddenField] = []
    for item in fields:
        if item.reason is FieldReason.PRIVILEGED_NAME:
            guessed.append(item)
        else:
            (locking if _LOCKING & set(split_words(item.name)) else told).append(item)
    return [group for group in (told, guessed, locking) if group]


def sticks(item: ForbiddenField, sent: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the read-back has the sent value, and did not have it without being asked."""
    if not has_at(after, item.name):
        return False
    return same_value(sent, value_at(after, item.name)) and not same_value(sent, value_at(before, item.name))
