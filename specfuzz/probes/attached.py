"""The owner's object attached by its id in the peer's own request: in a body, or as a query parameter.

Three things count as an effect, in this order: the owner's canary comes back to the peer; the owner's object changed; the
peer's object now holds the id, while a made-up id is refused there and the peer is refused the object itself. A reference
that rightly names somebody else's (the target of a transfer) is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Identifier, Level, Location, OperationContract
from specfuzz.contract.access import is_shared_on_purpose, says_own
from specfuzz.contract.words import split_words
from specfuzz.generation import Draft, Drafter, Reference, made_up_identifier
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import Change, Outcome, as_text, changes, found_canaries, leaves, read_reply, same_value
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import accepted_update
from specfuzz.probes.exchanged_parents import is_outreach
from specfuzz.probes.privacy import established, refused_alone
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import NotMade, Place, Resource, View
from specfuzz.resources.workshop import SETTLE_S

MAX_REFERENCES = 3
"""Properties of one body that are exchanged; further ones mostly name what everybody may (a currency, a category)."""

_TOWARDS = frozenset("to recipient payee beneficiary target destination dest receiver invitee creditor".split())
"""Words of a reference that names whom something is for: it rightly names somebody else's."""


# Which --------------------------------------------------------------------------------------------------------------


class _Same:
    """A contract as a key by identity: it is large, and one run has one."""

    __slots__ = ("contract",)

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __hash__(self) -> int:
        return id(self.contract)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.contract is self.contract


@lru_cache(maxsize=1)
def _drafter_of(key: _Same) -> Drafter:
    return Drafter(key.contract, 0)


def wanted_references(
    contract: Contract, target: OperationContract, drafter: Drafter | None = None
) -> tuple[Reference, ...]:
    """The references of a request that name objects which people make for themselves, and keep to themselves."""
    if not target.state_changing or target.action not in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ACT):
        return ()
    if target.action is not Action.CREATE and not target.identifiers:
        return ()
    drafter = drafter or _drafter_of(_Same(contract))
    found = [item for item in drafter.references(target) if _is_somebodys(contract, item)]
    # What lies deepest is named last, and what it lies in is exchanged along with it.
    return tuple(reversed(found))[:MAX_REFERENCES]


def _is_somebodys(contract: Contract, reference: Reference) -> bool:
    kind = contract.resource(reference.resource)
    if kind is None or kind.is_user or _TOWARDS & set(split_words(reference.name.rsplit(".", 1)[-1])):
        return False
    if not any(item.access.level is not Level.ROLE for item in (*kind.creates, *kind.updates)):
        return False
    return not kind.reads or not all(is_shared_on_purpose(item.access) for item in kind.reads)


# Trying -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """The peer's request with an exchanged reference, its answer, and the peer's object that it was about."""

    answer: Exchange
    mine: Resource | None

    @property
    def accepted(self) -> bool:
        return read_reply(self.answer).accepted


def attach(case: Case, reference: Reference) -> Flow[Verdict]:
    """The owner's object named in the peer's request, with the effect and the controls."""
    hers = yield from case.made_by(case.owner, reference.resource, f"{reference.name}/hers", private=True)
    before = yield from case.first_view(hers)
    peer = yield from case.stranger_to(hers)
    named = _naming(case, reference, hers)
    if named is None:
        raise Stop(f"the {hers.kind} that was made does not tell what `{reference.name}` names it by")
    sender = yield from _sender(case, peer)
    sent = yield from sender.send(
        f"{reference.name}/attack", named, Role.ATTACK, f"{peer} names {hers.owner}'s {hers.kind}"
    )
    if not sent.accepted:
        yield from _refused_for_whose_it_is(case, sender, sent, hers, named)
        return Held(
            reason=f"`{reference.name}`: {peer} was refused {hers.owner}'s {hers.kind}: {read_reply(sent.answer).reason}"
        )
    leak = _leak(sent.answer, hers)
    shown = f"the answer holds {hers.owner}'s {_listed(leak)}" if leak else ""
    if not shown and sent.mine is not None:
        view = yield from case.workshop.read_back(sent.mine, peer)
        leak = _leak(view.exchange, hers) if view.exchange is not None else {}
        if leak and view.exchange is not None:
            case.record(Role.READ_BACK, view.exchange, f"{peer} reads their own {sent.mine.kind}")
            shown = f"{peer}'s own {sent.mine.kind} now shows {hers.owner}'s {_listed(leak)}"
    changed = "" if shown else (yield from _changed(case, hers, before))
    if shown or changed:
        return (yield from _judge(case, reference, hers, peer, shown or changed, leaked=bool(leak)))
    return (yield from _holds(case, reference, sender, sent, hers, peer, named))


def _naming(case: Case, reference: Reference, hers: Resource) -> dict[str, Any] | None:
    """What to put into the request: the id of the owner's object, and of what it lies in where the request names that too
    (`{"board": ..., "thread": ...}`)."""
    found: dict[str, Any] = {}
    lies_in = {parent.kind: parent for parent in hers.parents}
    for item in case.drafter.references(case.target):
        holder = hers if item.name == reference.name else lies_in.get(item.resource)
        if holder is None:
            continue
        leaf = item.name.rsplit(".", 1)[-1]
        value = holder.identifier(Identifier(location=Location.BODY, name=leaf, resource=item.resource))
        value = value if value is not None else holder.key
        if value is None:
            return None
        found[item.name] = [value] if leaf.lower().endswith("ids") else value
    return found if reference.name in found else None


@dataclass(slots=True)
class _Sender:
    """How the peer sends the operation with other references: making an object, or writing to one of the peer's own."""

    case: Case
    peer: str
    mine: Resource | None = None
    draft: Draft | None = None

    def send(self, label: str, named: Mapping[str, Any], role: Role, note: str) -> Flow[_Sent]:
        case = self.case
        if self.mine is None:
            place = Place(references=named)
            made = yield from case.workshop.make_with(
                case.target, case.target.resource or "", self.peer, f"{case.purpose}/{label}", place=place
            )
            if made.exchange is None:
                raise Stop(f"{self.peer} cannot send it: {made.reason if isinstance(made, NotMade) else 'no answer'}")
            case.record(role, made.exchange, note)
            return _Sent(answer=conclusive(made.exchange, self.peer), mine=made if isinstance(made, Resource) else None)
        draft = self.draft
        draft = draft.naming(named) if draft is not None else None
        answer = yield from case.ask(role, case.request(self.peer, self.mine, draft=draft), note)
        return _Sent(answer=conclusive(answer, self.peer), mine=self.mine)

    def send_own(self) -> Flow[bool]:
        """The same request with the peer's own references: whether it is accepted."""
        if self.mine is None:
            return True  # making one of their own was the first thing that the peer did
        request = self.case.request(self.peer, self.mine, draft=self.draft)
        own = yield from self.case.ask(Role.CONTROL, request, f"{self.peer} names their own")
        return read_reply(conclusive(own, self.peer)).accepted


def _sender(case: Case, peer: str) -> Flow[_Sender]:
    """The peer's own request works first, so that its shape is known. Raises `Stop` where it does not."""
    kind = case.target.resource or ""
    if case.target.action is Action.CREATE:
        made = yield from case.workshop.make_with(case.target, kind, peer, f"{case.purpose}/control")
        if isinstance(made, NotMade):
            raise Stop(f"{peer} cannot make a {kind} of their own either: {made.reason}", made.hint)
        if made.exchange is not None:
            case.record(Role.CONTROL, made.exchange, f"{peer} makes one with their own")
        return _Sender(case, peer)
    mine = yield from case.made_by(peer, kind, "mine", target=case.target)
    if case.target.action is Action.ACT:
        draft = yield from case.draft("mine", mine)
        return _Sender(case, peer, mine, draft)
    before = yield from case.first_view(mine)
    accepted = yield from accepted_update(case, mine, before)
    draft = yield from accepted.redraft(case, "attack", mine)
    return _Sender(case, peer, mine, draft)


def _refused_for_whose_it_is(
    case: Case, sender: _Sender, sent: _Sent, hers: Resource, named: Mapping[str, Any]
) -> Flow[None]:
    """Raises `Stop` where the refusal may be about anything else: the peer's own request is refused as well."""
    if read_reply(sent.answer).outcome is Outcome.INVALID and not (yield from sender.send_own()):
        raise Stop(f"{sender.peer} is refused their own as well: {read_reply(sent.answer).reason}")


def _leak(answer: Exchange | None, hers: Resource) -> dict[str, str]:
    """The owner's canaries in an answer, without those that the id itself is made of (a slug of the title)."""
    if answer is None:
        return {}
    sent = f"{answer.request.target} {answer.request.body.decode(errors='replace')} {hers.key}"
    return found_canaries(answer.response, {name: item for name, item in hers.canaries.items() if item not in sent})


def _listed(leak: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`" for name in leak)


def _changed(case: Case, hers: Resource, before: View) -> Flow[str]:
    """What of the owner's object changed, in words; numbers that only grew were given something, or count."""
    if not before.found:
        return ""
    for wait_s in SETTLE_S[:2]:
        after = yield from case.read_back(hers, "the owner reads it afterwards", wait_s=wait_s)
        found = [item for item in changes(before.fields, after.fields) if not _grew(item)] if after.found else []
        if found:
            return f"{hers.owner}'s {hers.kind} now has `{found[0].path}` = {as_text(found[0].after)}"
        case.steps.pop()
    return ""


def _grew(change: Change) -> bool:
    numbers = [item for item in (_number(change.before), _number(change.after)) if item is not None]
    return len(numbers) == 2 and numbers[1] > numbers[0]


def _number(value: Any) -> float | None:
    """A number, also one that is written as a text, as amounts of money are."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


# Judging ------------------------------------------------------------------------------------------------------------


def _judge(case: Case, reference: Reference, hers: Resource, peer: str, shown: str, *, leaked: bool) -> Flow[Verdict]:
    own = says_it_is_own(case, reference)
    expectation = own or (yield from established(case, hers, peer))
    if expectation is None:
        return Inconclusive(
            reason=f"{peer} can name {hers.owner}'s {hers.kind}, and nothing says that it is {hers.owner}'s alone",
            hint=f"say who may: a policy line for reading a {hers.kind}",
        )
    promised = expectation.source.startswith("#") and expectation.confidence >= Confidence.FIRM
    confidence = Confidence.CERTAIN if promised and (leaked or own is not None) else Confidence.FIRM
    return broken(_finding(case, reference, hers, peer, shown, expectation, confidence))


def _holds(
    case: Case, reference: Reference, sender: _Sender, sent: _Sent, hers: Resource, peer: str, named: Mapping[str, Any]
) -> Flow[Verdict]:
    """The weakest effect: the peer's object holds the id of an object that the peer is refused."""
    view = yield from case.workshop.read_back(sent.mine, peer) if sent.mine is not None else _nothing()
    wanted = named[reference.name]
    held = view is not None and any(same_value(wanted, value) for value in leaves(view.fields).values())
    if not held or view is None or view.exchange is None:
        return Held(reason=f"`{reference.name}`: accepted, and nothing of {hers.owner}'s {hers.kind} shows")
    case.record(Role.READ_BACK, view.exchange, f"{peer}'s own object holds the id")
    if is_outreach(case):
        return Held(reason="by such objects strangers turn to an owner on purpose")
    unknown = {**named, reference.name: made_up_identifier(wanted, case.source("made-up"))}
    control = yield from sender.send(f"{reference.name}/made-up", unknown, Role.CONTROL, "a made-up id")
    if control.accepted:
        return Held(reason=f"`{reference.name}`: any id is taken, also one that nothing has")
    alone = yield from refused_alone(case, hers, peer)
    if alone is None:
        return Held(reason=f"`{reference.name}`: {peer} may read that {hers.kind}, so naming it takes nothing")
    own = says_it_is_own(case, reference)
    shown = f"{peer}'s {case.target.resource} now holds the id, where a made-up one is refused"
    return broken(
        _finding(
            case,
            reference,
            hers,
            peer,
            shown,
            own or Expectation(statement=alone.statement, source=alone.source, confidence=Confidence.TENTATIVE),
            Confidence.FIRM if own is not None else Confidence.TENTATIVE,
        )
    )


def _nothing() -> Flow[View | None]:
    yield from ()
    return None


def says_it_is_own(case: Case, reference: Reference) -> Expectation | None:
    """The description of the property itself: “one of your own addresses”."""
    text = reference.schema.get("description")
    if not isinstance(text, str) or not says_own(text):
        return None
    body = case.drafter.body_of(case.target)
    return Expectation(
        statement=f"`{reference.name}` names one of the caller's own, as its description says",
        source=body.pointer if body is not None else case.target.operation.pointer,
        confidence=Confidence.FIRM,
    )


def _finding(
    case: Case,
    reference: Reference,
    hers: Resource,
    peer: str,
    shown: str,
    expectation: Expectation,
    confidence: Confidence,
) -> Break:
    return Break(
        title=f"{peer} can name {hers.owner}'s {hers.kind} in `{reference.name}`",
        detail=f"{case.target.label}, sent by {peer} with the id of {hers.owner}'s {hers.kind} as `{reference.name}`, was "
        f"accepted: {shown}." + case.on_guessing(hers),
        expectation=expectation,
        confidence=confidence,
        steps=tuple(case.steps),
        owner=hers.owner,
        actor=peer,
        field=reference.name,
    )
