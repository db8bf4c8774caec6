"""Is this object private at all? The evidence ladder for reads, strongest rung first.

A peer who can read an object is no intruder where the object is public or shared on purpose. What decides, in order: what
the document or the user says; what the API's own lists show; whether the answer holds what no stranger should get. See
`docs/evidence.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from specfuzz.contract import Action, Confidence, Expectation, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.contract.words import is_listed, split_words
from specfuzz.generation.meanings import asks_privacy
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import Outcome, found_canaries, leaves, read_reply, same_fields
from specfuzz.probes.case import Case
from specfuzz.probes.verdict import Role
from specfuzz.resources import Resource, find_by_key, view_of

SAME_OBJECT_SHARE = 0.9
"""Share of the owner's telling values that an answer must repeat to be the owner's object, where no canary proves it."""

_PERSONAL = frozenset(
    [
        "email",
        "phone",
        "mobile",
        "address",
        "birth",
        "birthday",
        "dob",
        "ssn",
        "iban",
        "passport",
        "salary",
        "diagnosis",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What of the owner's object an answer holds: its canaries by field, or that its telling values are the same."""

    canaries: dict[str, str]
    paths: tuple[str, ...]

    @property
    def shown(self) -> str:
        names = tuple(self.canaries) or self.paths
        listed = ", ".join(f"`{name}`" for name in names[:4])
        return listed + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def leak_in(answer: Exchange, own: Exchange, resource: Resource) -> Leak | None:
    """What of the owner's object (as the owner reads it in `own`) another identity's answer holds; None for nothing."""
    canaries = found_canaries(answer.response, resource.canaries)
    visible = found_canaries(own.response, resource.canaries)
    proven = {field: canary for field, canary in canaries.items() if field in visible}
    if proven:
        return Leak(canaries=proven, paths=())
    if visible or own.response.json is None:
        return None  # the owner's own read shows canaries and this answer none: not the same object
    share, paths = same_fields(view_of(own.response.json), view_of(answer.response.json))
    return Leak(canaries={}, paths=paths) if share >= SAME_OBJECT_SHARE and len(paths) >= 2 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Why an object counts as private (or not), and how sure that is."""

    private: bool
    confidence: Confidence
    expectation: Expectation
    reason: str


def judge_privacy(
    case: Case, resource: Resource, peer: str, own: Exchange, answer: Exchange, *, is_refused: bool = False
) -> Flow[Rung]:
    """The rung of the ladder on which a peer's successful read stands. `is_refused` if it succeeded only in another form
    than the plain one, which the API refused."""
    access = case.target.access
    expectation = access.expectation()
    if is_shared_on_purpose(access):
        return Rung(private=False, confidence=access.confidence, expectation=expectation, reason=access.reason)
    if access.level in (Level.OWNER, Level.MEMBERS, Level.ROLE) and access.confidence >= Confidence.FIRM:
        return Rung(private=True, confidence=access.confidence, expectation=expectation, reason=access.reason)
    asked = asked_for_privacy(resource)
    if asked is not None:
        return asked
    listed = yield from by_lists(case, resource, peer, found_canaries(answer.response, resource.canaries))
    if listed is not None:
        return listed
    if is_refused:
        said = Expectation(
            statement=f"{case.target.label} refuses {peer} a {resource.kind} of {resource.owner} when asked plainly",
            source=f"behaviour:{case.target.label}",
            confidence=Confidence.FIRM,
        )
        reason = "the plain attempt was refused"
        return Rung(private=True, confidence=Confidence.FIRM, expectation=said, reason=reason)
    mine, theirs = leaves(view_of(own.response.json)), leaves(view_of(answer.response.json))
    hidden = [path for path in mine if path not in theirs]
    if hidden:
        return Rung(
            private=False,
            confidence=Confidence.FIRM,
            expectation=expectation,
            reason=f"a stranger gets a projection without {', '.join(hidden[:3])}",
        )
    personal = [path for path in theirs if is_listed(path, "sensitive_fields") or _PERSONAL & set(split_words(path))]
    if access.level is Level.OWNER or personal or _declares_refusal(case):
        why = f"it holds {', '.join(f'`{path}`' for path in personal[:3])}" if personal else access.reason
        statement = Expectation(
            statement=f"a {resource.kind} is its owner's alone",
            source="inference:personal-data",
            confidence=Confidence.TENTATIVE,
        )
        return Rung(private=True, confidence=Confidence.TENTATIVE, expectation=statement, reason=why)
    return Rung(
        private=False,
        confidence=Confidence.TENTATIVE,
        expectation=expectation,
        reason="neither the document nor the API's behaviour says that it is private",
    )


def asked_for_privacy(resource: Resource) -> Rung | None:
    """The owner made it `private` in so many words, and the API took the word."""
    for name, value in resource.sent.items():
        wanted = value == "private" or (isinstance(value, bool) and asks_privacy(name) is value)
        if wanted and resource.body.get(name, value) == value:
            said = Expectation(
                statement=f"a {resource.kind} made with `{name}` = {str(value).lower()} is its owner's alone",
                source=f"request:{name}",
                confidence=Confidence.FIRM,
            )
            return Rung(
                private=True, confidence=Confidence.FIRM, expectation=said, reason=f"it was made with `{name}`: {value}"
            )
    return None


def _declares_refusal(case: Case) -> bool:
    """Whether the document declares 403 here and not everywhere: then somebody is to be refused."""
    has = [any(reply.status == "403" for reply in item.operation.replies) for item in case.contract.operations]
    mine = any(reply.status == "403" for reply in case.target.operation.replies)
    return mine and sum(has) <= len(has) * 0.6


def by_lists(case: Case, resource: Resource, peer: str, leaked: Mapping[str, str] | None = None) -> Flow[Rung | None]:
    """Private by behaviour: the owner's list of the collection shows the object, the peer's list does not.

    A list of titles that everybody sees says nothing about what else an answer `leaked` of the object.
    """
    kind = case.contract.resource(resource.kind)
    if kind is None:
        return None
    for listing in kind.lists:
        if not _is_plain_list(case, listing, resource):
            continue
        own = yield from case.ask(Role.CONTROL, case.workshop.request(listing, resource.owner, resource))
        if not (read_reply(own).accepted and shows(own, resource)):
            continue
        case.note("the owner's list shows it")
        other = yield from case.ask(Role.CONTROL, case.workshop.request(listing, peer, resource))
        source = f"behaviour:{listing.label}"
        if read_reply(other).outcome in (Outcome.DENIED, Outcome.MISSING):
            case.note("the peer is refused the list")
            said = Expectation(
                statement=f"{peer} may not even list what the {resource.kind} lies among",
                source=source,
                confidence=Confidence.FIRM,
            )
            return Rung(
                private=True, confidence=Confidence.FIRM, expectation=said, reason=f"{listing.label} refuses {peer}"
            )
        if not read_reply(other).accepted:
            continue
        if shows(other, resource):
            case.note("the peer's list shows it as well")
            if set(leaked or ()) - set(found_canaries(other.response, leaked or {})):
                continue
            said = Expectation(statement="listed to every user", source=source, confidence=Confidence.FIRM)
            return Rung(
                private=False, confidence=Confidence.FIRM, expectation=said, reason="the peer's list shows it too"
            )
        case.note("the peer's list does not")
        said = Expectation(
            statement=f"a {resource.kind} is shown to its owner alone", source=source, confidence=Confidence.FIRM
        )
        return Rung(
            private=True,
            confidence=Confidence.FIRM,
            expectation=said,
            reason=f"{listing.label} shows it to its owner and not to {peer}",
        )
    return None


def _is_plain_list(case: Case, listing: OperationContract, resource: Resource) -> bool:
    return (
        listing.action is Action.LIST
        and listing.operation.method == "GET"
        and listing.access.level is not Level.ROLE
        and listing.label != case.target.label
        and case.workshop.identifiers(listing, resource) is not None
    )


def shows(exchange: Exchange, resource: Resource) -> bool:
    """Whether an answer shows the object: one of its canaries, or its identifier in a list of objects."""
    if resource.canaries:
        return bool(found_canaries(exchange.response, resource.canaries))
    return find_by_key(exchange.response.json, resource.key) is not None


def refused_alone(case: Case, resource: Resource, peer: str) -> Flow[Expectation | None]:
    """Whether the API refuses the peer the object by itself while its owner reads it: then it is meant to be private."""
    for reader in case.workshop.readers(resource):
        if not reader.identifiers or reader.resource != resource.kind or reader.action is not Action.READ:
            continue
        own = yield case.workshop.request(reader, resource.owner, resource)
        if not read_reply(own).accepted or leak_in(own, own, resource) is None:
            continue
        answer = yield case.workshop.request(reader, peer, resource)
        if read_reply(answer).outcome.is_conclusive and leak_in(answer, own, resource) is None:
            return Expectation(
                statement=f"{peer} may not read a {resource.kind} of {resource.owner}",
                source=f"behaviour:{reader.label}",
                confidence=Confidence.FIRM,
            )
        return None
    return None


def promised_for(case: Case, kind: str) -> Expectation | None:
    """What the document promises about reading objects of a kind: the first read, else list, that is kept for the owner
    or for members. None where it promises nothing, or opens reading to everybody."""
    found = case.contract.resource(kind)
    if found is None:
        return None
    for item in (*found.reads, *found.lists):
        access = item.access
        if item in found.reads and is_shared_on_purpose(access) and access.confidence >= Confidence.FIRM:
            return None
        if access.level in (Level.OWNER, Level.MEMBERS) and access.confidence >= Confidence.FIRM:
            return Expectation(
                statement=f"a {kind} is for its owner, as {item.label} says",
                source=access.source,
                confidence=access.confidence,
            )
    return None


def established(case: Case, resource: Resource, peer: str) -> Flow[Expectation | None]:
    """What makes an object private that a request only names beside its own: the same ladder as for reads, without the
    rungs that need a peer's successful read. None where nothing does."""
    promised = promised_for(case, resource.kind)
    if promised is not None:
        return promised
    asked = asked_for_privacy(resource)
    if asked is not None:
        return asked.expectation
    refused = yield from refused_alone(case, resource, peer)
    if refused is not None:
        return refused
    listed = yield from by_lists(case, resource, peer)
    return listed.expectation if listed is not None and listed.private else None
