"""Objects within objects: the owner's reached through the peer's own parent, and the peer's put under the owner's.

Each level of a path is exchanged alone, since the level that is checked is rarely the one that is used. What the attack
reached is private by behaviour already: the plain attempt, with the owner's own parent, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from specfuzz.contract import Confidence, Expectation, Identifier, Level
from specfuzz.contract.words import split_words
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import alike, found_canaries, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import attempt_seen, why_unseen
from specfuzz.probes.privacy import Leak, established, leak_in
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import NotMade, Place, Resource
from specfuzz.resources.workshop import SETTLE_S

MAX_MIXES = 3
"""Ways to mix two paths that are tried: two levels allow two, three levels would allow six."""

OUTREACH = frozenset(
    "join invite invitation request application apply report follow follower subscribe subscription subscriber bid offer"
    " vote rsvp donation payment pay feedback contact inquiry enquiry claim referral like reaction".split()
)
"""Objects by which a stranger rightly turns to somebody: a request to join a private group names that group."""

Mix = Mapping[Identifier, Any]


def is_outreach(case: Case) -> bool:
    """Whether the operation is one by which strangers turn to an owner on purpose."""
    words = {*split_words(case.target.resource or ""), *split_words(case.target.operation.path.rsplit("/", 1)[-1])}
    return bool(words & OUTREACH)


def mixes(case: Case, hers: Resource, mine: Resource) -> Iterator[tuple[Mix, str]]:
    """What to name in place of the path to the owner's object: her object under the peer's parents, the likeliest first.

    Nothing where both lie in the same parent: that is a parent for everybody.
    """
    owners = case.workshop.identifiers(case.target, hers) or {}
    peers = case.workshop.identifiers(case.target, mine) or {}
    *parents, last = owners
    differing = [item for item in parents if str(owners[item]) != str(peers[item])]
    if len(differing) > 1:
        yield {item: peers[item] for item in differing}, "the peer's own " + " and ".join(i.resource for i in differing)
    for item in differing:
        yield {item: peers[item]}, f"the peer's own {item.resource}"
    if len(differing) == 1 and str(owners[last]) != str(peers[last]):
        yield {last: peers[last]}, f"the peer's own {last.resource} under the owner's {differing[0].resource}"


def reach_through(case: Case) -> Flow[Verdict]:
    """The owner's object through the peer's own parent: read, listed, changed or deleted."""
    if case.target.state_changing:
        return (yield from _write_through(case))
    return (yield from _read_through(case))


# Reading ----------------------------------------------------------------------------------------------------------


def _read_through(case: Case) -> Flow[Verdict]:
    hers = yield from case.shared_resource(private=True)
    peer = yield from case.stranger_to(hers)
    mine = yield from _own(case, peer)
    own = yield from case.ask(Role.CONTROL, case.request(hers.owner, hers), "the owner reads it")
    if not read_reply(conclusive(own, hers.owner)).accepted or leak_in(own, own, hers) is None:
        raise Stop(f"the owner's own read answered {read_reply(own).reason} and does not show what was planted")
    theirs = yield from case.ask(Role.CONTROL, case.request(peer, mine), "the peer reads one of their own")
    if not read_reply(conclusive(theirs, peer)).accepted:
        raise Stop(f"{peer}'s read of an own {mine.kind} answered {read_reply(theirs).reason}")
    tried: list[str] = []
    for mix, how in list(mixes(case, hers, mine))[:MAX_MIXES]:
        attack = yield from case.ask(Role.ATTACK, case.request(peer, hers, overrides=mix), f"through {how}")
        leak = leak_in(attack, own, hers) if read_reply(conclusive(attack, peer)).accepted else None
        if leak is not None:
            case.note(f"through {how}: the answer holds {hers.owner}'s {leak.shown}")
            return (yield from _judge_read(case, hers, peer, own, attack, leak, mix, how))
        tried.append(how)
        case.steps.pop()
    if not tried:
        return Inconclusive(
            reason=f"both lie in the same {case.target.identifiers[0].resource}, so none could be exchanged"
        )
    return Held(reason=f"{peer} gets nothing of {hers.owner}'s through {', '.join(tried)}")


def _own(case: Case, peer: str) -> Flow[Resource]:
    """An object of the peer's own, of the target's kind."""
    made = yield from case.workshop.shared(case.target.resource or "", peer, case.target)
    if isinstance(made, NotMade):
        raise Stop(f"{peer} has no {made.kind}, so no parent could be exchanged: {made.reason}", made.hint)
    if case.workshop.identifiers(case.target, made) is None:
        raise Stop(f"the {made.kind} that {peer} made does not tell the identifier that {case.target.label} needs")
    return made


def _judge_read(
    case: Case, hers: Resource, peer: str, own: Exchange, attack: Exchange, leak: Leak, mix: Mix, how: str
) -> Flow[Verdict]:
    plain = yield from case.ask(
        Role.CONTROL, case.request(peer, hers), "the plain attempt, with the owner's own parent"
    )
    if read_reply(conclusive(plain, peer)).accepted and leak_in(plain, own, hers) is not None:
        return Held(reason=f"{peer} gets it with {hers.owner}'s own parent as well: see SF101, or it is public")
    case.note(f"the plain attempt is refused: {read_reply(plain).reason}")
    made_up = {**mix, **case.made_up(hers)}
    control = yield from case.ask(Role.CONTROL, case.request(peer, hers, overrides=made_up), "a made-up id")
    if alike(conclusive(control, peer).response, attack.response):
        raise Stop("a made-up identifier is answered the same")
    expectation, certain = _promise(case, hers, peer)
    proof = f"the answer holds {leak.shown}, which {hers.owner} planted" if leak.canaries else f"it shows {leak.shown}"
    return broken(
        Break(
            title=f"{peer} reaches {hers.owner}'s {hers.kind} through {how}",
            detail=f"{case.target.label} refused {peer} the {hers.kind} of {hers.owner} plainly, and gave it through {how}: "
            f"{proof}." + case.on_guessing(hers),
            expectation=expectation,
            confidence=Confidence.CERTAIN if certain and leak.canaries else Confidence.FIRM,
            steps=tuple(case.steps),
            owner=hers.owner,
            actor=peer,
        )
    )


def _promise(case: Case, hers: Resource, peer: str) -> tuple[Expectation, bool]:
    """What says that the object is private: the document, else that the plain attempt was refused."""
    access = case.target.access
    if access.level in (Level.OWNER, Level.MEMBERS) and access.confidence >= Confidence.FIRM:
        return access.expectation(), access.source.startswith("#")
    said = Expectation(
        statement=f"{case.target.label} refuses {peer} a {hers.kind} of {hers.owner}",
        source=f"behaviour:{case.target.label}",
        confidence=Confidence.FIRM,
    )
    return said, False


# Writing ----------------------------------------------------------------------------------------------------------


def _write_through(case: Case) -> Flow[Verdict]:
    """Each mix of the two paths about an object of the owner's; the plain attempt only where one had an effect."""
    hers = yield from case.fresh_resource()
    before = yield from case.first_view(hers)
    if not before.found:
        raise Stop(why_unseen(before, hers))
    peer = yield from case.stranger_to(hers)
    mine = yield from _own(case, peer)
    tried: list[str] = []
    for mix, how in list(mixes(case, hers, mine)):
        if case.target.identifiers[-1] in mix or len(tried) >= MAX_MIXES - 1:
            continue  # a write to the peer's own object changes nothing of the owner's
        case.disguise = mix
        effect = yield from attempt_seen(case, peer, hers, before)
        case.disguise = {}
        if effect.happened:
            story = tuple(case.steps)
            plainly = yield from _works_plainly(case, peer)
            if plainly:
                return Held(reason=f"it works with {hers.owner}'s own parent as well: see SF102, SF103")
            expectation, certain = _promise(case, hers, peer)
            return broken(
                Break(
                    title=f"{peer} changes {hers.owner}'s {hers.kind} through {how}"
                    + (", though the answer is a refusal" if effect.refused else ""),
                    detail=f"{case.target.label} as {peer} about the {hers.kind} of {hers.owner}, through {how}, answered "
                    f"{effect.reason}; afterwards: {effect.shown}. With {hers.owner}'s own parent nothing happened."
                    + case.on_guessing(hers),
                    expectation=expectation,
                    confidence=Confidence.CERTAIN if certain else Confidence.FIRM,
                    steps=story,
                    owner=hers.owner,
                    actor=peer,
                )
            )
        tried.append(how)
    if not tried:
        return Inconclusive(
            reason=f"both lie in the same {case.target.identifiers[0].resource}, so none could be exchanged"
        )
    return Held(reason=f"{peer} changes nothing of {hers.owner}'s through {', '.join(tried)}")


def _works_plainly(case: Case, peer: str) -> Flow[bool]:
    """Whether the same write, on another object, works with the owner's own parent: then no parent is the weakness."""
    other = yield from case.fresh_resource("plain")
    before = yield from case.first_view(other)
    if not before.found:
        raise Stop(why_unseen(before, other))
    effect = yield from attempt_seen(case, peer, other, before)
    return effect.happened


# Making one inside the owner's ------------------------------------------------------------------------------------


def settle_under(case: Case) -> Flow[Verdict]:
    """The peer makes an object under the owner's parent; the owner's own view of that parent decides."""
    if is_outreach(case):
        return Held(reason="by such objects strangers turn to an owner on purpose")
    kind = case.target.resource or ""
    inner = case.target.identifiers[-1]
    parent = yield from case.made_by(case.owner, inner.resource, "parent", private=True)
    peer = yield from case.stranger_to(parent)
    control = yield from case.workshop.make_with(case.target, kind, peer, f"{case.purpose}/control")
    if isinstance(control, NotMade):
        raise Stop(f"{peer} cannot make a {kind} of their own either: {control.reason}", control.hint)
    path = {item: parent.identifier(item) for item in case.target.identifiers}
    if None in path.values():
        raise Stop(f"the {parent.kind} that was made does not tell what {case.target.label} needs to name it")
    place = Place(identifiers=path, parents=(*parent.parents, parent))
    made = yield from case.workshop.make_with(case.target, kind, peer, f"{case.purpose}/attack", place=place)
    if made.exchange is not None:
        case.record(Role.ATTACK, made.exchange, f"{peer} makes one under {parent.owner}'s {parent.kind}")
        conclusive(made.exchange, peer)
    if isinstance(made, NotMade):
        return Held(reason=f"{peer} cannot make a {kind} under {parent.owner}'s {parent.kind}: {made.reason}")
    if not made.canaries:
        return Inconclusive(reason=f"a {kind} holds nothing that could be recognised in {parent.owner}'s {parent.kind}")
    for wait_s in SETTLE_S:
        view = yield from case.workshop.read_back(made, parent.owner, wait_s=wait_s)
        if view.exchange is not None and found_canaries(view.exchange.response, made.canaries):
            case.record(Role.READ_BACK, view.exchange, f"{parent.owner} finds it there")
            expectation = yield from established(case, parent, peer)
            if expectation is None:
                return Inconclusive(reason=f"{peer} can, and nothing says that a {parent.kind} is its owner's alone")
            return broken(_settled(case, parent, made, peer, expectation))
    return Held(reason=f"{peer} was answered like an accepted request, and {parent.owner} finds nothing there")


def _settled(case: Case, parent: Resource, made: Resource, peer: str, expectation: Expectation) -> Break:
    return Break(
        title=f"{peer} can put a {made.kind} into {parent.owner}'s {parent.kind}",
        detail=f"{case.target.label} let {peer} make a {made.kind} under the {parent.kind} of {parent.owner}, who finds it "
        "there afterwards." + case.on_guessing(parent),
        expectation=expectation,
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=parent.owner,
        actor=peer,
    )
