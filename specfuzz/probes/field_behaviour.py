"""The proof behind a field that no read shows: what its owner may do with it that was refused before.

An account that was sent `is_admin` and now reads what the document keeps for administrators has become one, whether or not
any answer says so. Tried with one field at a time, each on an account of its own: refused before, accepted after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from specfuzz.contract import Action, Confidence, ForbiddenField, Level, OperationContract
from specfuzz.generation import Draft
from specfuzz.http import Exchange, Flow, Request
from specfuzz.oracles import Outcome, read_reply
from specfuzz.probes.case import Case
from specfuzz.probes.verdict import Role, Step
from specfuzz.resources import NotMade, Resource
from specfuzz.resources.places import merged

MAX_FIELDS = 6
"""Fields that are tried alone once some of them opened a gate: the first that opens it is enough for a finding."""

Opened = tuple[ForbiddenField, Any, tuple[Step, ...]]


def opened_gate(
    case: Case, account: Resource, hidden: Iterable[ForbiddenField], sent: Mapping[str, Any], base: Draft | None
) -> Flow[Opened | None]:
    """The field that opened a privileged operation to the account, what was sent in it, and the proof; None if none did.

    `account` has taken a write with all of `hidden`, which no read shows; `base` is the body of an accepted update, None
    where the fields were sent at sign-up.
    """
    privileged = [item for item in hidden if item.is_privileged and item.name in sent]
    gate = _gate(case)
    if gate is None or not privileged or not case.contract.is_user_kind(account.kind):
        return None
    opened = yield case.workshop.request(gate, account.owner)
    if not _is_open(opened):
        return None
    for item in privileged[:MAX_FIELDS]:
        first = len(case.steps)
        proven = yield from _proven(case, gate, item, sent[item.name], base)
        if proven:
            return item, sent[item.name], tuple(case.steps[first:])
        del case.steps[first:]
    return None


def _gate(case: Case) -> OperationContract | None:
    """A read without identifiers that the document keeps for a role: harmless to ask, and telling."""
    found = [
        item
        for item in case.contract.operations
        if item.access.level is Level.ROLE
        and item.access.confidence >= Confidence.FIRM
        and item.operation.method == "GET"
        and item.action in (Action.LIST, Action.READ, Action.SEARCH, Action.OTHER)
        and not item.identifiers
        and "{" not in item.operation.path
    ]
    return found[0] if found else None


def _is_open(exchange: Exchange) -> bool:
    return read_reply(exchange).outcome is Outcome.ACCEPTED and exchange.status < 300


def _proven(case: Case, gate: OperationContract, item: ForbiddenField, value: Any, base: Draft | None) -> Flow[bool]:
    """Whether a new account is refused at the gate without the field, and let through with it."""
    label = f"gate/{item.name}"
    if base is None:
        plain = yield from case.make_with_target(f"{label}/plain", {})
        if isinstance(plain, NotMade):
            return False
        yield from case.ask(Role.CONTROL, case.workshop.request(gate, plain.owner), "an account without the field")
        refused = case.steps[-1].exchange
        made = yield from case.make_with_target(label, {item.name: value})
        if isinstance(made, NotMade) or made.exchange is None:
            return False
        case.steps.append(Step(role=Role.ATTACK, exchange=made.exchange, note=f"signs up with `{item.name}`"))
    else:
        made = yield from case.fresh_resource(label)
        refused = yield from case.ask(Role.CONTROL, case.workshop.request(gate, made.owner), "refused before")
        if _is_open(refused):
            return False
        request = _write(case, made, base, {item.name: value})
        yield from case.ask(Role.ATTACK, request, f"the write with `{item.name}`")
    if not read_reply(refused).refused:
        return False
    opened = yield from case.ask(
        Role.READ_BACK, case.workshop.request(gate, made.owner), f"with `{item.name}` it works"
    )
    return _is_open(opened)


def _write(case: Case, account: Resource, base: Draft, extra: Mapping[str, Any]) -> Request:
    return case.request(case.writer or account.owner, account, draft=base.with_value(merged(base.value, extra)))
