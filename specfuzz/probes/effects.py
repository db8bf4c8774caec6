"""Did a write by somebody who must not write take effect? Shared by every rule that asks this, whoever the actor is.

The owner's read-back decides, never the status: an API may refuse and write, accept and not write, write later. An
update is first tried by the owner, so that a body which the server accepts is known, and how long a write takes to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from specfuzz.contract import Action, OperationContract
from specfuzz.contract.words import split_words
from specfuzz.generation import Adjustments, Draft, Style, adjust
from specfuzz.generation.changes import different_from
from specfuzz.http import ANONYMOUS, Exchange, Flow
from specfuzz.identities import LoginFailed
from specfuzz.oracles import Change, Outcome, alike, changes, contains, leaves, read_reply, same_value
from specfuzz.probes.account_effects import attempt_password, sets_password
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.verdict import Role, Step
from specfuzz.resources import Resource, View
from specfuzz.resources.workshop import SETTLE_S

MAX_GUEST_READS = 6
"""Reads tried as somebody who may be let in: the object's own, its lists, its parent's."""

_STYLES = (Style.FULL, Style.TEXT, Style.REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a write by a stranger did: `shown` is the proof in words, empty where it did nothing."""

    attack: Exchange
    refused: bool
    reason: str
    shown: str = ""
    through_own: bool = False
    """Whether it needed the attacker's own object beside the owner's in the request, and left the owner's where it lies."""

    @property
    def actor(self) -> str:
        return self.attack.identity

    @property
    def happened(self) -> bool:
        return bool(self.shown)


def attempt(case: Case, actor: str | None = None) -> Flow[tuple[Resource, Effect]]:
    """Let `actor` (a stranger to the object, if None) send the target about a fresh object; say what its owner then sees.

    Raises `Stop` where a control fails, so that nothing can be said.
    """
    resource = yield from case.fresh_resource()
    effect = yield from attempt_on(case, resource, actor)
    return resource, effect


def attempt_on(case: Case, resource: Resource, actor: str | None = None) -> Flow[Effect]:
    """The same about an object that is there already: made for this case, and not yet changed by an attack."""
    before = yield from case.first_view(resource)
    if not before.found:
        raise Stop(why_unseen(before, resource))
    actor = actor or (yield from case.stranger_to(resource))
    if sets_password(case, resource):
        changed = yield from attempt_password(case, actor, resource)
        if changed is not None:
            attack, shown = changed
            reply = read_reply(attack)
            if shown or reply.outcome is Outcome.DENIED:
                return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)
    return (yield from attempt_seen(case, actor, resource, before))


def attempt_seen(case: Case, actor: str, resource: Resource, before: View) -> Flow[Effect]:
    """The same about an object that its owner was just seen to read."""
    if case.target.action is Action.DELETE:
        return (yield from _delete(case, actor, resource, before))
    if case.drafter.body_of(case.target) is not None and case.target.action is not Action.ACT:
        return (yield from _update(case, actor, resource, before))
    return (yield from _act(case, actor, resource, before))


def why_unseen(view: View, resource: Resource) -> str:
    """Why nothing can be said about an effect on an object, in words."""
    if view.exchange is None:
        return f"the document has no operation that shows a {resource.kind} to its owner"
    return f"the owner cannot read the {resource.kind} back: {read_reply(view.exchange).reason}"


# Deleting ---------------------------------------------------------------------------------------------------------


def _delete(case: Case, actor: str, resource: Resource, before: View) -> Flow[Effect]:
    draft = yield from case.draft("attack", resource, Style.REQUIRED)
    case.workshop.ledger.expect_gone(resource)
    attack = yield from case.ask(Role.ATTACK, case.attack(actor, resource, draft=draft), f"{actor} deletes it")
    reply = read_reply(conclusive(attack, actor))
    shown = ""
    for wait_s in SETTLE_S if reply.accepted else SETTLE_S[:1]:
        try:
            after = yield from case.read_back(resource, "after: the owner reads it", wait_s=wait_s)
        except LoginFailed:
            if not case.contract.is_user_kind(resource.kind):
                raise
            # A deleted account cannot log in any more, which is what its own read would do first.
            shown = f"{resource.owner} can no longer log in"
            case.workshop.ledger.mark_gone(resource)
            break
        shown = yield from gone(case, before, after, resource)
        if shown:
            case.note(shown)
            case.workshop.ledger.mark_gone(resource)
            break
        _drop_repeated(case)
    return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)


def gone(case: Case, before: View, after: View, resource: Resource) -> Flow[str]:
    """What shows that the object is gone, in words; empty if it is still there. Raises `Stop` where that is not known."""
    if after.found:
        # A soft delete may leave the object readable and only mark it.
        marks = [change for change in changes(before.fields, after.fields) if "delet" in change.path.lower()]
        marks += [c for c in changes(before.fields, after.fields) if str(c.after).lower() in ("deleted", "removed")]
        return f"`{marks[0].path}` is now {marks[0].after!r}" if marks else ""
    if after.exchange is None or after.reader is None:
        return ""
    reply = read_reply(after.exchange)
    gone = f"{resource.owner} no longer finds it ({reply.reason})"
    if reply.outcome is Outcome.MISSING or (reply.accepted and not after.found):
        return gone
    if reply.refused and after.reader.identifiers:
        # Some APIs answer 403 for what is not there: what do they say of an object that never was?
        made_up = case.made_up_for(after.reader, resource)
        request = case.workshop.request(after.reader, resource.owner, resource, overrides=made_up)
        never = yield from case.ask(Role.CONTROL, request, "an object that never was")
        if alike(never.response, after.exchange.response) and (yield from _reads_another(case, resource)):
            return gone
    raise Stop(f"the owner's read-back answered {reply.reason}, which says neither there nor gone")


def _reads_another(case: Case, resource: Resource) -> Flow[bool]:
    """Whether the owner can still read something: a session that broke refuses what is there and what never was alike."""
    other = yield from case.shared_resource_or_none()
    if other is None or other.owner != resource.owner:
        return False
    view = yield from case.read_back(other, "another object of the owner's", role=Role.CONTROL)
    return view.found


# Changing ---------------------------------------------------------------------------------------------------------


def _update(case: Case, actor: str, resource: Resource, before: View) -> Flow[Effect]:
    first = yield from _refused_outright(case, actor, resource, before)
    if first is not None:
        return first
    accepted = yield from accepted_update(case, resource, before)
    effect: Effect | None = None
    for whose in _whose_references(case, actor):
        draft = yield from accepted.redraft(case, f"attack-{whose}", resource, whose)
        effect = yield from _attack_update(case, actor, resource, draft, accepted)
        if effect.happened:
            through = whose is not None and _lies_in_named(case, resource) and not _moved(case, effect.shown)
            effect = replace(effect, through_own=through)
            break
    assert effect is not None
    return effect


def _whose_references(case: Case, actor: str) -> tuple[str | None, ...]:
    """Whose related objects the body names: the owner's, and then the attacker's own, since some checks look only there."""
    if actor not in (ANONYMOUS, case.owner) and case.drafter.references(case.target):
        return None, actor
    return (None,)


def _lies_in_named(case: Case, resource: Resource) -> bool:
    """Whether the request names what the object lies in (the ticket of a reply) beside the object."""
    kind = case.contract.resource(resource.kind)
    places = {
        item.resource
        for listing in (kind.lists if kind is not None else ())
        for item in case.workshop.places_in(listing)
    }
    places.update(parent.kind for parent in resource.parents)
    return any(item.resource in places for item in case.drafter.references(case.target))


def _moved(case: Case, shown: str) -> bool:
    """Whether what shows is the reference itself: the object was moved to the attacker's."""
    return any(shown.startswith(f"`{item.name}`") for item in case.drafter.references(case.target))


def _attack_update(case: Case, actor: str, resource: Resource, draft: Draft, accepted: AcceptedUpdate) -> Flow[Effect]:
    attack = yield from case.ask(Role.ATTACK, case.attack(actor, resource, draft=draft), f"{actor} changes it")
    reply = read_reply(conclusive(attack, actor))
    shown = ""
    waits = [wait for wait in SETTLE_S if wait <= accepted.settle_s] if reply.refused else list(SETTLE_S)
    for wait_s in waits:
        after = yield from case.read_back(resource, "after: the owner reads it", wait_s=wait_s)
        shown = written(draft, accepted.after, after)
        shown = shown or (_lost(after, resource) if reply.accepted else "")
        if shown:
            case.note(f"the owner now sees {shown}")
            break
        _drop_repeated(case)
    if not shown and reply.outcome is Outcome.INVALID:
        yield from _same_by_owner(case, resource, draft, f"{actor} got {reply.reason}")
    return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)


def _same_by_owner(case: Case, resource: Resource, draft: Draft, refused: str) -> Flow[None]:
    """Was the body refused, or who sent it? Raises `Stop` where its owner's is refused as well."""
    request = case.request(case.writer or resource.owner, resource, draft=draft)
    own = yield from case.ask(Role.CONTROL, request, "the same body by the owner")
    if not read_reply(conclusive(own, resource.owner)).accepted:
        raise Stop(f"{refused}, and so does the owner with the same body: that says nothing about who may")


def _refused_outright(case: Case, actor: str, resource: Resource, before: View) -> Flow[Effect | None]:
    """Try the likeliest body at once: where it is refused for who sends it, its shape does not matter, and the owner's
    read-back alone decides. None where the answer says anything else: then the owner goes first."""
    draft = yield from case.draft("first", resource)
    if draft is None:
        return None
    attack = yield from case.ask(Role.ATTACK, case.attack(actor, resource, draft=draft), f"{actor} changes it")
    reply = read_reply(conclusive(attack, actor))
    after = yield from case.read_back(resource, "after: the owner reads it")
    shown = written(draft, before, after)
    if shown:
        case.note(f"the owner now sees {shown}")
        # Booleans of the draft and the like may have changed as well: the story is complete as it stands.
        return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)
    if reply.outcome is Outcome.DENIED and _applies_late(case):
        after = yield from case.read_back(resource, "after: the owner reads it", wait_s=SETTLE_S[-1])
        _drop_repeated(case)
        shown = written(draft, before, after)
        if shown:
            case.note(f"the owner now sees {shown}")
            return Effect(attack=attack, refused=True, reason=reply.reason, shown=shown)
    if reply.outcome is Outcome.DENIED and after.found and len(_whose_references(case, actor)) == 1:
        return Effect(attack=attack, refused=True, reason=reply.reason)
    del case.steps[-2:]
    return None


def _applies_late(case: Case) -> bool:
    """Whether this API is known to answer before it writes: it did so before, or the document declares a 202 here."""
    return case.workshop.is_late or any(reply.status == "202" for reply in case.target.operation.replies)


def _lost(after: View, resource: Resource) -> str:
    """An accepted write after which the owner no longer finds the object: it was moved away from its owner."""
    if after.found or after.exchange is None or read_reply(after.exchange).outcome is not Outcome.MISSING:
        return ""
    return f"{resource.owner} no longer finds it ({read_reply(after.exchange).reason})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedUpdate:
    """The owner's own write: the shape of a body that the server takes, what it led to, how long that took."""

    style: Style
    adjustments: Adjustments
    draft: Draft
    after: View
    settle_s: float

    def redraft(self, case: Case, label: str, resource: Resource, whose: str | None = None) -> Flow[Draft]:
        """Another body of the same shape with other values, naming `whose` related objects."""
        made = yield from case.draft(label, resource, self.style, self.adjustments.lasting(), whose)
        if made is None:
            raise Stop("the operation takes no body")
        return made if made.canaries else _unlike(case, made, self.after)


def _unlike(case: Case, draft: Draft, present: View) -> Draft:
    """The same body with numbers, dates and booleans unlike what the object holds: without free text nothing else shows.

    Properties that name other objects stay as they are.
    """
    if not isinstance(draft.value, Mapping):
        return draft
    named = {reference.name for reference in case.drafter.references(case.target)}
    source = case.source("unlike")
    changed = {
        name: different_from(value, source)
        if name not in named and not isinstance(value, Mapping | list) and same_value(value, present.fields.get(name))
        else value
        for name, value in draft.value.items()
    }
    return draft.with_value(changed)


def accepted_update(case: Case, resource: Resource, before: View) -> Flow[AcceptedUpdate]:
    """Find a body that the owner may write and that shows on read-back. Raises `Stop` where there is none."""
    adjustments = Adjustments()
    last = "nothing was sent"
    waits: tuple[float, ...] = SETTLE_S
    tries = (*_STYLES[:1], *_STYLES)
    for attempt_number, style in enumerate(tries):
        label = f"control-{attempt_number}"
        draft = yield from case.draft(label, resource, style, adjustments)
        if draft is None:
            raise Stop("the operation takes no body")
        request = case.request(case.writer or resource.owner, resource, draft=draft)
        exchange = yield from case.ask(Role.CONTROL, request, "the owner's own write is accepted")
        reply = read_reply(conclusive(exchange, resource.owner))
        if not reply.accepted:
            last = f"{reply.reason} {exchange.response.text[:120]}".strip()
            case.steps.pop()
            known = tuple(draft.value) if isinstance(draft.value, Mapping) else ()
            adjustments = adjust(draft, exchange.response.text, known, adjustments, case.drafter.seed)
            continue
        for wait_s in waits:
            after = yield from case.read_back(resource, "and shows", role=Role.CONTROL, wait_s=wait_s)
            if written(draft, before, after):
                case.workshop.is_late = case.workshop.is_late or wait_s > 0
                return AcceptedUpdate(style=style, adjustments=adjustments, draft=draft, after=after, settle_s=wait_s)
            case.steps.pop()
        last = "it was accepted and changed nothing that the owner can see"
        waits = SETTLE_S[:1]  # a write that did not show after all the waits is not late
    raise Stop(f"the owner's own {case.target.label} has no visible effect: {last}")


def written(draft: Draft, before: View, after: View) -> str:
    """Which of a body's values the object now has and had not before, in words; empty if none that proves anything.

    A canary proves it alone; other values only if they changed to what was sent.
    """
    if not after.found or after.exchange is None:
        return ""
    for path, canary in draft.canaries.items():
        if contains(after.exchange.response, canary) and not (
            before.exchange is not None and contains(before.exchange.response, canary)
        ):
            return f"`{path}` = {canary}"
    first, second = leaves(before.fields), leaves(after.fields)
    for path, sent in leaves(draft.value).items():
        if sent is None or path not in second or (isinstance(sent, bool) and path not in first):
            continue
        if same_value(sent, second[path]) and not same_value(sent, first.get(path)):
            return f"`{path}` = {sent!r}"
    return ""


# Acting -----------------------------------------------------------------------------------------------------------


def _act(case: Case, actor: str, resource: Resource, before: View) -> Flow[Effect]:
    """An action may work only once (archive, cancel), so the stranger goes first and the owner's own is the control."""
    draft = yield from case.draft("attack", resource)
    guests = yield from _guests(case, resource, draft)
    attack = yield from case.ask(Role.ATTACK, case.attack(actor, resource, draft=draft), f"{actor} calls it")
    reply = read_reply(conclusive(attack, actor))
    waits = SETTLE_S if reply.accepted else SETTLE_S[:1]
    shown, after = yield from _wait_for_change(case, actor, resource, before, draft, waits)
    shown = shown or (yield from _let_in(case, resource, guests))
    if shown:
        case.note(f"the owner now sees {shown}")
        return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)
    own_draft = yield from case.draft("control", resource)
    own = yield from case.ask(
        Role.CONTROL, case.request(case.writer or resource.owner, resource, draft=own_draft), "the owner's own call"
    )
    own_reply = read_reply(conclusive(own, resource.owner))
    if not own_reply.accepted and reply.outcome is not Outcome.DENIED:
        raise Stop(f"the owner's own call answered {own_reply.reason}, so {actor}'s says nothing")
    if own_reply.accepted and reply.accepted:
        visible, _ = yield from _wait_for_change(case, ANONYMOUS, resource, after, own_draft, SETTLE_S)
        visible = visible or (yield from _let_in(case, resource, guests))
        if not visible:
            raise Stop(f"{actor} got {reply.reason}, and what the call does shows in no read of the owner")
    return Effect(attack=attack, refused=reply.refused, reason=reply.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guest:
    """Somebody whom a body names, and a read that does not show them the object so far."""

    identity: str
    reader: OperationContract


def _guests(case: Case, resource: Resource, draft: Draft | None) -> Flow[tuple[_Guest, ...]]:
    """Whom the body names, so that they may be let in (`POST /tickets/{id}/share`), with the reads that would show it."""
    sent = {str(value) for value in leaves(draft.value).values()} if draft is not None else set()
    other = case.workshop.accounts.named_by(sent, resource.owner) if sent else None
    found = []
    if other is None:
        return ()
    for reader in islice(case.workshop.readers(resource), MAX_GUEST_READS):
        if not (yield from _sees(case, resource, other, reader)):
            found.append(_Guest(identity=other, reader=reader))
    return tuple(found)


def _let_in(case: Case, resource: Resource, guests: tuple[_Guest, ...]) -> Flow[str]:
    """What shows that somebody was let in, in words: they read now what they could not read before."""
    for guest in guests:
        seen = yield from _sees(case, resource, guest.identity, guest.reader)
        if seen is not None:
            case.steps.append(Step(role=Role.READ_BACK, exchange=seen, note=f"{guest.identity} reads it now"))
            return f"{guest.identity} let in: {guest.reader.label} shows it, and did not before"
    return ""


def _sees(case: Case, resource: Resource, identity: str, reader: OperationContract) -> Flow[Exchange | None]:
    """The read that shows somebody else the object itself, by its canaries where it has any; None if it does not."""
    exchange = yield case.workshop.request(reader, identity, resource)
    view = View.of(exchange, reader, resource, accepted=read_reply(exchange).accepted)
    planted = any(contains(exchange.response, canary) for canary in resource.canaries.values())
    return exchange if view.found and (planted or not resource.canaries) else None


def _wait_for_change(
    case: Case, actor: str, resource: Resource, before: View, draft: Draft | None, waits: tuple[float, ...]
) -> Flow[tuple[str, View]]:
    after = before
    for wait_s in waits:
        after = yield from case.read_back(resource, "after: the owner reads it", wait_s=wait_s)
        if draft is not None:
            shown = written(draft, before, after)
            if shown:
                return shown, after
        if after.found:
            found = [
                change
                for change in changes(before.fields, after.fields)
                if actor == ANONYMOUS or not _counts_others(change)
            ]
            if found:
                return f"`{found[0].path}` = {_short(found[0].after)}", after
        elif after.exchange is not None and read_reply(after.exchange).outcome is Outcome.MISSING:
            return "the object gone", after
        _drop_repeated(case)
    return "", after


_COUNTERS = frozenset(
    "count counts counter likes votes upvotes downvotes score karma rating ratings favorites favourites followers following"
    " stars reactions views shares claps bookmarks subscribers members participants comments replies total".split()
)


def _counts_others(change: Change) -> bool:
    """Whether a change is a number that counts what other people do with an object: likes, votes, followers."""
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in (change.before, change.after)
    )
    return numbers and bool(_COUNTERS & set(split_words(change.path.rsplit(".", 1)[-1])))


def _drop_repeated(case: Case) -> None:
    """Keep only the last of several waits in the story."""
    reads = [step for step in case.steps if step.role is Role.READ_BACK]
    if len(reads) > 1:
        case.steps.remove(reads[0])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


__all__ = [
    "AcceptedUpdate",
    "Effect",
    "Step",
    "accepted_update",
    "attempt",
    "attempt_on",
    "attempt_seen",
    "gone",
    "why_unseen",
    "written",
]
