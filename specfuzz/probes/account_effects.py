"""Did a stranger change somebody's password? No read shows one: the log-in does, before and after.

Only on an account that the run signed up for this, so that its password is known and nobody else's log-in breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specfuzz.contract.actions import is_password_field
from specfuzz.contract.words import split_words
from specfuzz.generation import Draft
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import read_reply
from specfuzz.probes.case import Case, conclusive
from specfuzz.probes.verdict import Role
from specfuzz.resources import Resource

_PRESENT = frozenset({"current", "old", "present", "previous", "existing"})
"""Words of a field that wants the password as it is."""


def new_password_in(value: Any) -> str | None:
    """The password that a body would set; None where it sets none."""
    for name, item in value.items() if isinstance(value, Mapping) else ():
        if isinstance(item, Mapping):
            found = new_password_in(item)
            if found is not None:
                return found
        elif isinstance(item, str) and is_password_field(str(name)) and not _PRESENT & set(split_words(str(name))):
            return item
    return None


def sets_password(case: Case, resource: Resource) -> bool:
    """Whether the target can set a password, and the object is an account that the run made."""
    if case.keys is None or not resource.made or not case.contract.is_user_kind(resource.kind):
        return False
    body = case.drafter.body_of(case.target)
    names = case.contract.document.schemas.properties(body.schema, body.pointer) if body is not None else {}
    return any(is_password_field(name) and not _PRESENT & set(split_words(name)) for name in names)


def attempt_password(case: Case, actor: str, resource: Resource) -> Flow[tuple[Exchange, str] | None]:
    """Send it as `actor`, and see which password logs in: (the exchange, the effect in words, empty if there is none).

    None where nothing could be sent or told.
    """
    assert case.keys is not None
    draft: Draft | None = yield from case.draft("password", resource)
    password = new_password_in(draft.value) if draft is not None else None
    if password is None or not (yield from case.keys.log_in_with(resource.owner)):
        return None
    attack = yield from case.ask(
        Role.ATTACK, case.attack(actor, resource, draft=draft), f"{actor} sets {resource.owner}'s password"
    )
    read_reply(conclusive(attack, actor))
    if not (yield from case.keys.log_in_with(resource.owner, password)):
        return attack, ""
    if (yield from case.keys.log_in_with(resource.owner)):
        return attack, ""  # any password logs in, or the change has not come through
    case.keys.change_password(resource.owner, password)
    return attack, f"{resource.owner}'s own password no longer logs in, and the one that {actor} sent does"
