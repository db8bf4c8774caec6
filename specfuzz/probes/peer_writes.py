"""A peer's write about somebody else's object: shared by the rules for changing and deleting.

The effect on the owner's object is proven by the owner's read-back (`effects`). Whether it is wrong, this module says: what
the document promises, then what the API itself shows about whose the object is.
"""

from __future__ import annotations

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.contract.actions import normalized_path
from specfuzz.http import Flow
from specfuzz.oracles import Outcome, read_reply
from specfuzz.probes.case import Case
from specfuzz.probes.effects import Effect, attempt
from specfuzz.probes.privacy import by_lists, refused_alone
from specfuzz.probes.refused_writes import in_other_forms
from specfuzz.probes.rule import Severity
from specfuzz.probes.variants import named
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import Resource

_PRIVATE = (Level.OWNER, Level.MEMBERS)


def why_not_by_peer(target: OperationContract, actions: tuple[Action, ...]) -> str | None:
    """Why no peer's write is tried at an operation; None where it is."""
    if not target.state_changing or target.action not in actions:
        return "another rule's operation" if target.state_changing else "it changes nothing"
    if not target.identifiers or target.resource is None:
        return "it names no object of somebody else"
    if is_shared_on_purpose(target.access):
        return f"open on purpose: {target.access.reason}"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    return None


def try_as_peer(case: Case, did: str) -> Flow[Verdict]:
    """The peer writes; the owner's read-back and what says whose the object is decide. `did` is what the write does."""
    resource, effect = yield from attempt(case)
    if not effect.happened:
        tried: list[str] = []
        found = (yield from in_other_forms(case, effect.actor, resource, tried)) if effect.refused else None
        if found is None:
            reason = f"{effect.actor}: {effect.reason}, and the owner's read shows no change"
            return Held(reason=reason + named(tried))
        effect = found
    expectation, confidence = yield from _whose(case, resource, effect.actor)
    return broken(_finding(case, resource, effect, expectation, confidence, did))


def _whose(case: Case, resource: Resource, peer: str) -> Flow[tuple[Expectation, Confidence]]:
    """What says that only its owner may write the object, and how surely."""
    access = case.target.access
    if access.level in _PRIVATE and access.confidence >= Confidence.FIRM:
        return access.expectation(), Confidence.CERTAIN
    sibling = _promised_by_sibling(case.contract, case.target)
    if sibling is not None:
        said = Expectation(
            statement=f"only the owner may deal with a {resource.kind}, as {sibling.label} says",
            source=sibling.access.source,
            confidence=Confidence.FIRM,
        )
        return said, Confidence.FIRM
    if case.contract.is_user_kind(resource.kind) and case.target.access.credentials.level is not Level.PUBLIC:
        said = Expectation(
            statement="an account is changed by the person whose it is, or by a privileged role",
            source="inference:somebody-else's-account",
            confidence=Confidence.FIRM,
        )
        return said, Confidence.FIRM
    shown = yield from _shown_by_another(case, peer)
    if shown is not None:
        return shown, Confidence.FIRM
    if case.target.action is Action.DELETE:
        refused = yield from _refused_change(case, peer)
        if refused is not None:
            return refused, Confidence.FIRM
    said = Expectation(
        statement=f"a {resource.kind} is its owner's to write", source=access.source, confidence=Confidence.TENTATIVE
    )
    return said, Confidence.TENTATIVE


def _shown_by_another(case: Case, peer: str) -> Flow[Expectation | None]:
    """How the API treats the peer on another object of the same kind and owner, which no attack has touched."""
    other = yield from case.shared_resource_or_none()
    if other is None or peer in other.insiders:
        return None
    refused = yield from refused_alone(case, other, peer)
    if refused is not None:
        return refused
    listed = yield from by_lists(case, other, peer)
    return listed.expectation if listed is not None and listed.private else None


def _refused_change(case: Case, peer: str) -> Flow[Expectation | None]:
    """Whether the API refuses the peer to change what it lets him delete: whoever may not do the one may not do the other.

    The reverse proves nothing: a page that everybody may edit is deleted by its owner alone.
    """
    kind = case.contract.resource(case.target.resource or "")
    change = next((item for item in (kind.updates if kind is not None else ()) if _is_plain_change(item)), None)
    if change is None or case.target.resource is None or case.contract.is_user_kind(case.target.resource):
        return None
    other = yield from case.made_by(case.owner, case.target.resource, "change", target=change)
    if peer in other.insiders or case.workshop.identifiers(change, other) is None:
        return None
    references = yield from case.workshop.references(change, other)
    draft = case.drafter.draft(change, f"{case.purpose}/change", references=references)
    request = case.workshop.request(change, peer, other, draft=draft)
    answer = yield from case.ask(Role.CONTROL, request, f"{peer} is refused to change one")
    if read_reply(answer).outcome is not Outcome.DENIED:
        case.steps.pop()
        return None
    return Expectation(
        statement=f"{change.label} refuses {peer} a {other.kind} of {other.owner}",
        source=f"behaviour:{change.label}",
        confidence=Confidence.FIRM,
    )


def _is_plain_change(item: OperationContract) -> bool:
    return item.access.level is not Level.ROLE and item.own_identifier is not None and not item.dangerous


def _promised_by_sibling(contract: Contract, target: OperationContract) -> OperationContract | None:
    """Another operation on the same kind of object that the document keeps for the owner: reading or writing it."""
    for item in contract.operations:
        if item.resource != target.resource or item.label == target.label or not _says_private(item):
            continue
        if item.identifiers or (item.action is Action.LIST and _is_collection_of(item, target)):
            return item
    return None


def _says_private(item: OperationContract) -> bool:
    return item.access.level in _PRIVATE and item.access.confidence >= Confidence.FIRM


def _is_collection_of(listing: OperationContract, target: OperationContract) -> bool:
    """Whether a list in words the caller's own is the collection that the target's objects lie in (not `/me/...`)."""
    return normalized_path(target.operation.path).startswith(normalized_path(listing.operation.path) + "/")


def _finding(
    case: Case, resource: Resource, effect: Effect, expectation: Expectation, confidence: Confidence, did: str
) -> Break:
    return Break(
        title=f"{effect.actor} can {did} {resource.owner}'s {resource.kind}"
        + (", though the answer is a refusal" if effect.refused else ""),
        detail=f"{case.target.label} as {effect.actor} answered {effect.reason}; afterwards {resource.owner}'s read shows: "
        f"{effect.shown}." + case.on_guessing(resource),
        expectation=expectation,
        confidence=confidence,
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=effect.actor,
        rule="SF304" if effect.refused else ("SF105" if effect.through_own else None),
        severity=Severity.HIGH if effect.refused else None,
    )
