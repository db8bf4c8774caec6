"""Which fields stick although a client may not write them? Shared by the rules about extra fields.

The control is the same write without the fields; the owner's read-back decides, never the echo of the write. Fields are
sent in groups, split only where a group is refused; what stuck is written back, which proves it a second time and leaves
the object as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract import Action, FieldReason, ForbiddenField, OperationContract
from specfuzz.contract.fields import is_owner_field
from specfuzz.contract.words import split_words
from specfuzz.generation import Draft, options_named
from specfuzz.generation.changes import another_option, different_from
from specfuzz.generation.values import new_canary
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import read_reply, same_value
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import accepted_update
from specfuzz.probes.field_behaviour import opened_gate
from specfuzz.probes.field_candidates import ValueFor, candidates, groups_of, sticks, typed_values
from specfuzz.probes.verdict import Role, Step
from specfuzz.resources import NotMade, Resource, View
from specfuzz.resources.places import has_at, merged, value_at
from specfuzz.resources.workshop import SETTLE_S

MAX_REFUSED_GROUPS = 6
"""Refused groups that are split again, so that a server which dislikes one field in thirty costs few requests."""

NONSENSE = "sfzUnknownField"
"""A field that no application has: where it sticks too, the store keeps whatever it is sent, which grants nothing."""

Choose = Callable[[ForbiddenField], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A field that kept a value which it must not take from a client."""

    field: ForbiddenField
    sent: Any
    before: Any
    steps: tuple[Step, ...]
    confirmed: bool
    put_back: bool = True
    opened: str | None = None
    """The privileged operation that the field opened, where no read shows it."""
    refused: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What trying the fields of one operation led to."""

    owner: str
    stuck: list[Stuck] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def note_candidates(self, fields: Iterable[ForbiddenField]) -> None:
        """What will be tried; `told` are the fields that the document or the API itself showed."""
        self.told.extend(item.name for item in fields if item.reason is not FieldReason.PRIVILEGED_NAME)

    def note_seen(self, sent: Mapping[str, Any], view: View) -> None:
        """A write with these fields was accepted, and this is what its owner saw afterwards."""
        self.sent.update(sent)
        self.seen.update(name for name in sent if has_at(view.fields, name))

    @property
    def is_telling(self) -> bool:
        """Whether the server's treatment of the fields is known: it refused them all, or a read shows at least one."""
        return not self.sent or bool(self.seen)


def takes_fields(target: OperationContract) -> str | None:
    """Why no extra field can be sent to an operation; None where it can."""
    if not target.state_changing:
        return "it changes nothing"
    if not target.operation.bodies:
        return "it takes no body"
    if target.action not in (
        Action.CREATE, Action.UPDATE, Action.REPLACE, Action.SIGN_UP, Action.ACT, Action.SELF,
    ):  # fmt: skip
        return f"a {target.action.value} stores no fields"
    if target.resource is None:
        return "the document does not say which object it changes"
    return None


def try_fields(case: Case, choose: Choose, value_for: ValueFor | None = None) -> Flow[Attempt]:
    """Send the chosen forbidden fields and see which stick. Raises `Stop` where a control fails."""
    value_for = value_for or typed_values(case)
    if case.target.action in (Action.CREATE, Action.SIGN_UP):
        return (yield from _at_creation(case, choose, value_for))
    return (yield from _at_update(case, choose, value_for))


# Updates ----------------------------------------------------------------------------------------------------------


def _at_update(case: Case, choose: Choose, value_for: ValueFor) -> Flow[Attempt]:
    resource = yield from case.fresh_resource()
    before = yield from case.first_view(resource)
    if not before.found:
        raise Stop(f"the owner cannot read the {resource.kind} back, so nothing that sticks would show")
    accepted = yield from accepted_update(case, resource, before)
    base = accepted.draft
    attempt = Attempt(owner=resource.owner)
    present = (yield from _with_admins_view(case, resource, accepted.after)).fields
    fields = [item for item in candidates(case, present) if choose(item)]

    def write(extra: Mapping[str, Any], role: Role, note: str) -> Flow[Exchange]:
        draft = base.with_value(merged(base.value, extra))
        request = case.request(case.writer or resource.owner, resource, draft=draft)
        return (yield from case.ask(role, request, note))

    attempt.note_candidates(fields)
    for group in groups_of(fields):
        wanted = {item.name: value_for(item, value_at(present, item.name)) for item in group}
        sent = yield from _send_group(case, write, wanted, present)
        after = yield from case.read_back(resource, "the owner reads it", wait_s=accepted.settle_s)
        if not after.found:
            after = yield from _seen_by_peer(case, resource, group, after)
        if any(not has_at(after.fields, name) for name in sent):
            after = yield from _with_admins_view(case, resource, after)
        attempt.tried.extend(wanted)
        stuck = [item for item in group if item.name in sent and sticks(item, sent[item.name], present, after.fields)]
        attempt.note_seen(sent, after)
        if not sent:  # an accepted write may change a counter to what was refused
            _note_despite_refusal(case, attempt, group, wanted, present, after)
        for item in stuck:
            case.note(f"`{item.name}` is now what was sent")
        if stuck:
            yield from _confirm_update(case, attempt, resource, write, stuck, sent, present, accepted.settle_s)
    yield from _by_behaviour(case, attempt, resource, fields, base)
    return attempt


def _by_behaviour(
    case: Case, attempt: Attempt, account: Resource, fields: list[ForbiddenField], base: Draft | None
) -> Flow[None]:
    """Fields that no read shows may show in what their account is let through to."""
    hidden = [item for item in fields if item.name in attempt.sent and item.name not in attempt.seen]
    try:
        opened = yield from opened_gate(case, account, hidden, attempt.sent, base)
    except Stop:
        return  # a further account cannot be made: what the reads showed counts all the same
    if opened is None:
        return
    item, value, steps = opened
    gate = steps[-1].exchange.request.operation
    attempt.stuck.append(
        Stuck(field=item, sent=value, before=None, steps=steps, confirmed=True, put_back=False, opened=gate)
    )


def _with_admins_view(case: Case, resource: Resource, view: View) -> Flow[View]:
    """The view with what only the admin sees of the object beside it, where there is an admin."""
    if case.admin is None or not view.found or case.admin == resource.owner:
        return view
    theirs = yield from case.workshop.read_as(resource, case.admin)
    if theirs.exchange is None or not theirs.fields.keys() - view.fields.keys():
        return view
    case.steps.append(Step(role=Role.READ_BACK, exchange=theirs.exchange, note=f"{case.admin} sees more of it"))
    return replace(view, fields={**theirs.fields, **view.fields})


def _note_despite_refusal(
    case: Case,
    attempt: Attempt,
    group: Iterable[ForbiddenField],
    wanted: Mapping[str, Any],
    present: Mapping[str, Any],
    after: View,
) -> None:
    """Fields that only refused writes carried and that are now what these sent: the refusal came after the write."""
    for item in group:
        if sticks(item, wanted[item.name], present, after.fields):
            case.note(f"`{item.name}` is now what was refused")
            stuck = Stuck(
                field=item,
                sent=wanted[item.name],
                before=value_at(present, item.name),
                steps=tuple(case.steps),
                confirmed=not isinstance(wanted[item.name], bool),
                refused=True,
            )
            attempt.stuck.append(stuck)


def _seen_by_peer(case: Case, resource: Resource, group: Iterable[ForbiddenField], after: View) -> Flow[View]:
    """The peer's view of an object that its owner no longer finds, where the owner's field was among what was sent."""
    if case.peer is None or not any(item.is_owner or is_owner_field(item.name) for item in group):
        return after
    view = yield from case.workshop.read_back(resource, case.peer)
    if view.exchange is not None:
        case.steps.append(Step(role=Role.READ_BACK, exchange=view.exchange, note=f"{case.peer} reads it"))
    return view if view.found else after


def _confirm_update(
    case: Case,
    attempt: Attempt,
    resource: Resource,
    write: Callable[[Mapping[str, Any], Role, str], Flow[Exchange]],
    stuck: list[ForbiddenField],
    sent: Mapping[str, Any],
    present: Mapping[str, Any],
    settle_s: float,
) -> Flow[None]:
    """Write each stuck field back to what it was (or to a third value, where it was not there): it must follow again."""
    proof = tuple(case.steps)
    back = {
        item.name: value_at(present, item.name)
        if value_at(present, item.name) is not None
        else different_from(sent[item.name], case.source("again", item.name))
        for item in stuck
    }
    guessed = any(item.reason is FieldReason.PRIVILEGED_NAME for item in stuck)
    extra = {**back, NONSENSE: new_canary(case.source("nonsense"))} if guessed else back
    restored = yield from write(extra, Role.CONTROL, "the field is written back")
    if guessed and not read_reply(restored).accepted:
        restored = yield from write(back, Role.CONTROL, "the field is written back")
    view = yield from case.read_back(resource, "and follows", role=Role.CONTROL, wait_s=settle_s)
    if any(not has_at(view.fields, item.name) for item in stuck):
        view = yield from _with_admins_view(case, resource, view)
    keeps_anything = NONSENSE in view.fields
    for item in stuck:
        if item.reason is FieldReason.PRIVILEGED_NAME and keeps_anything:
            continue
        follows = same_value(back[item.name], value_at(view.fields, item.name))
        # Whoever gave an object away and may not take it back has lost it: that is the proof for an owner's field.
        answered = read_reply(restored)
        lost = item.is_owner and answered.outcome.is_conclusive and not (answered.accepted and view.found)
        steps = tuple(case.steps) if follows or lost else proof
        attempt.stuck.append(
            Stuck(
                field=item,
                sent=sent[item.name],
                before=value_at(present, item.name),
                steps=steps,
                confirmed=follows or lost,
                put_back=follows and value_at(present, item.name) is not None,
            )
        )


def _send_group(
    case: Case,
    write: Callable[[Mapping[str, Any], Role, str], Flow[Exchange]],
    wanted: Mapping[str, Any],
    present: Mapping[str, Any],
) -> Flow[dict[str, Any]]:
    """Send a group of fields; where it is refused, leave out what the answer names, then halve. Returns what got through.

    Several halves may get through one after the other: all of them have been sent by then.
    """
    queue: list[dict[str, Any]] = [dict(wanted)]
    through: dict[str, Any] = {}
    last_refused: Step | None = None
    refused = 0
    while queue:
        group = queue.pop(0)
        names = ", ".join(f"`{name}`" for name in list(group)[:4]) + (" …" if len(group) > 4 else "")
        exchange = yield from write(group, Role.ATTACK, f"the same write with {names}")
        reply = read_reply(conclusive(exchange, case.owner))
        if reply.accepted:
            through.update(group)
            continue
        last_refused = case.steps.pop()
        refused += 1
        if refused <= MAX_REFUSED_GROUPS:
            queue.extend(_smaller(group, exchange.response.text, present))
    if not through and last_refused is not None:
        case.steps.append(last_refused)
    return through


# Creation ---------------------------------------------------------------------------------------------------------


def _at_creation(case: Case, choose: Choose, value_for: ValueFor) -> Flow[Attempt]:
    """Two objects side by side: one made without the fields, one with them."""
    control = yield from _made_and_read(case, "control", {})
    if isinstance(control, NotMade):
        raise Stop(f"no {control.kind} to compare with: {control.reason}")
    resource, view = control
    if not view.found:
        raise Stop(f"the owner cannot read the {resource.kind} back, so nothing that sticks would show")
    attempt = Attempt(owner=resource.owner)
    fields = [item for item in candidates(case, view.fields) if choose(item)]
    if case.target.action is Action.SIGN_UP:
        # The password sets its own hash, and an account that nobody can log in to proves and cleans up nothing.
        fields = [item for item in fields if not {"password", "hash", "salt"} & set(split_words(item.name))]
    attempt.note_candidates(fields)
    made_last: Resource | None = None
    for number, group in enumerate(groups_of(fields)):
        wanted = {item.name: value_for(item, value_at(view.fields, item.name)) for item in group}
        attempt.tried.extend(wanted)
        for made, sent, seen in (yield from _create_with(case, f"attack-{number}", wanted, view.fields)):
            made_last = made
            attempt.note_seen(sent, seen)
            stuck = [
                item for item in group if item.name in sent and sticks(item, sent[item.name], view.fields, seen.fields)
            ]
            for item in stuck:
                case.note(f"`{item.name}` is what was sent; without it, it is not")
            if stuck:
                yield from _confirm_creation(case, attempt, stuck, sent, view.fields, number)
    if made_last is not None:
        yield from _by_behaviour(case, attempt, made_last, fields, None)
    return attempt


def _create_with(
    case: Case, label: str, wanted: dict[str, Any], present: Mapping[str, Any]
) -> Flow[list[tuple[Resource, dict[str, Any], View]]]:
    """Objects made with the fields: with all at once, or, where that is refused, without those that the answer names,
    then with either half. Each with what was sent, and its owner's view of it."""
    queue = [wanted]
    made_with: list[tuple[Resource, dict[str, Any], View]] = []
    refused = 0
    while queue:
        group = queue.pop(0)
        made = yield from _made_and_read(case, f"{label}-{refused}-{len(made_with)}", group)
        if not isinstance(made, NotMade):
            made_with.append((made[0], group, made[1]))
            continue
        refused += 1
        if refused <= MAX_REFUSED_GROUPS:
            queue.extend(_smaller(group, made.exchange.response.text if made.exchange is not None else "", present))
    return made_with


def _smaller(group: dict[str, Any], refusal: str, present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to try after a group was refused: with the values that the refusal says a field takes, else without the fields
    that it names, else its two halves."""
    corrected = {}
    for name in group:
        option = another_option(options_named(refusal, name), value_at(present, name))
        if option is not None and option != group[name]:
            corrected[name] = option
    if corrected:
        return [{**group, **corrected}]
    named = [name for name in group if name in refusal]
    if named:
        rest = {name: value for name, value in group.items() if name not in named}
        return [rest] if rest else []
    if len(group) < 2:
        return []
    items = list(group.items())
    half = len(items) // 2
    return [dict(items[:half]), dict(items[half:])]


def _confirm_creation(
    case: Case,
    attempt: Attempt,
    stuck: list[ForbiddenField],
    sent: Mapping[str, Any],
    plain: Mapping[str, Any],
    number: int,
) -> Flow[None]:
    """A second object with other values (booleans with the same one), so that no default can pass for a stuck value."""
    proof = tuple(case.steps)
    again = {
        item.name: sent[item.name]
        if isinstance(sent[item.name], bool)
        else different_from(sent[item.name], case.source("again", item.name))
        for item in stuck
    }
    # An enum takes few other values, and an object given to a made-up owner is seen by nobody.
    enums = {item.name for item in stuck if item.schema.get("enum") or is_owner_field(item.name)}
    again.update({name: sent[name] for name in enums})
    guessed = any(item.reason is FieldReason.PRIVILEGED_NAME for item in stuck)
    extra = {**again, NONSENSE: new_canary(case.source("nonsense"))} if guessed else again
    made = yield from _made_and_read(case, f"again-{number}", extra)
    if isinstance(made, NotMade):
        # It takes the sent value and not this other one (an enum that the document does not tell): the same once more.
        again = {item.name: sent[item.name] for item in stuck}
        made = yield from _made_and_read(case, f"again-{number}-same", again)
    seen = {} if isinstance(made, NotMade) else made[1].fields
    for item in stuck:
        if item.reason is FieldReason.PRIVILEGED_NAME and NONSENSE in seen:
            continue
        follows = same_value(again[item.name], value_at(seen, item.name))
        attempt.stuck.append(
            Stuck(
                field=item,
                sent=sent[item.name],
                before=value_at(plain, item.name),
                steps=(*proof, *case.steps[len(proof) :]) if follows else proof,
                confirmed=follows,
            )
        )


def _made_and_read(case: Case, label: str, extra: Mapping[str, Any]) -> Flow[tuple[Resource, View] | NotMade]:
    """An object made by the target with extra fields, and its owner's view of it."""
    first = len(case.steps)
    role = Role.ATTACK if extra else Role.CONTROL
    made = yield from case.make_with_target(label, extra)
    if isinstance(made, NotMade):
        return made
    names = ", ".join(f"`{name}`" for name in list(extra)[:4]) + (" …" if len(extra) > 4 else "")
    note = f"made with {names}" if extra else "made without the fields"
    if made.exchange is not None:
        case.steps.insert(first, Step(role=role, exchange=made.exchange, note=note))
    view = yield from case.read_back(made, "its owner reads it", role=Role.READ_BACK if extra else Role.CONTROL)
    if not view.found and view.exchange is not None:
        case.steps.pop()
        view = yield from case.read_back(made, "its owner reads it", wait_s=SETTLE_S[2])
    if not view.found and case.peer is not None and any(is_owner_field(name) for name in extra):
        other = yield from case.workshop.read_back(made, case.peer)
        if other.found and other.exchange is not None:
            case.steps.append(Step(role=Role.READ_BACK, exchange=other.exchange, note=f"{case.peer} reads it"))
            view = other
    return made, view
