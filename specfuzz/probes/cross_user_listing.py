"""SF104: another identity's object turns up in a list, a search or an export.

The owner makes an object with canaries; a peer sends the list, plain and with optional parameters that filters are
forgotten behind (a search for the canary, the owner's identifier, `all=true`). A canary in the peer's answer proves it.
Controls: the owner's own list or read shows the object now, and the contract makes such objects their owner's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, Location, OperationContract, Parameter
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.contract.fields import is_owner_field
from specfuzz.contract.words import noun_of, singular, split_words
from specfuzz.http import Exchange, Flow, Request
from specfuzz.oracles import found_canaries, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import asked_for_privacy, promised_for, refused_alone
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import Resource, find_by_canary

RULE = Rule(
    id="SF104",
    name="cross-user-listing",
    category=Category.CROSS_USER,
    severity=Severity.HIGH,
    cwe=("CWE-639",),
    owasp=("API1:2023",),
    promise="a list, search or export shows no object that is somebody else's alone",
    remediation=(
        "Start every query from the caller's own objects (`current_user.notes.filter(...)`), so that no filter parameter "
        "can widen it."
    ),
)
NEEDS_PEER = True

MAX_VARIANTS = 6
"""Optional parameters tried one at a time; the likeliest to widen a query come first."""

MAX_SEARCHES = 3
"""Canaries searched for: which of an object's texts a search looks through is not known."""

MAX_KINDS = 2
"""Kinds of private object that are looked for in one open list or search."""

_SEARCH = frozenset("q query search term keyword keywords text filter name title subject tag tags".split())
_WIDEN = frozenset("all include deleted archived everyone every full scope any global".split())


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.state_changing or target.action not in (Action.LIST, Action.SEARCH) or target.resource is None:
        return "it lists nothing"
    if any(identifier.resource == target.resource for identifier in target.identifiers):
        return "it is about one object: see SF101"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    if is_shared_on_purpose(target.access):
        return None if private_kinds(contract, target) else f"open on purpose: {target.access.reason}"
    reads = any(item.action is Action.READ and item.resource == target.resource for item in contract.operations)
    if _expectation(contract, target) is None and not reads:
        return "neither the document nor a read of one such object tells whose it is"
    return None


def private_kinds(contract: Contract, target: OperationContract) -> tuple[str, ...]:
    """The kinds of object that an open list or search shows beside what is open, and that the document keeps for their
    owners: a search that is for everybody and finds drafts, published ones for everybody and others for their authors.

    A kind is shown if the list is one of it, or a parameter (`include_drafts`) or a property of the answer names it.
    """
    words = {singular(word) for item in target.operation.parameters for word in split_words(item.name)}
    schemas = contract.document.schemas
    for reply in target.operation.replies:
        if reply.is_success and reply.schema is not None:
            words.update(noun_of(name) for name in schemas.properties(reply.schema, reply.pointer))
    shown = [kind.name for kind in contract.resources if kind.name == target.resource or kind.name in words]
    own = [identifier.resource for identifier in target.identifiers]
    return tuple(
        kind
        for kind in shown
        if kind not in own
        and any(
            item.resource == kind and item.action is Action.READ and item.identifiers and _is_private(item)
            for item in contract.operations
        )
    )


def _expectation(contract: Contract, target: OperationContract) -> Expectation | None:
    """What makes such objects private: the list's own promise, or that of reading one."""
    if _is_private(target):
        return target.access.expectation()
    kind = contract.resource(target.resource or "")
    for item in kind.reads if kind is not None else ():
        if item.identifiers and _is_private(item):
            return Expectation(
                statement=f"a {target.resource} is its owner's alone, as {item.label} says",
                source=item.access.source,
                confidence=Confidence.FIRM,
            )
    return None


def _is_private(item: OperationContract) -> bool:
    return item.access.level in (Level.OWNER, Level.MEMBERS) and item.access.confidence >= Confidence.FIRM


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's list, then the peer's: plain, and with parameters that may widen it."""
    if not is_shared_on_purpose(case.target.access):
        resource = yield from case.shared_resource(private=True)
        return (yield from _search(case, resource, _expectation(case.contract, case.target)))
    verdict: Verdict = Held()
    for kind in private_kinds(case.contract, case.target)[:MAX_KINDS]:
        # Where the list is open, only an object that was made private, or that the API refuses the peer, is a secret.
        verdict = yield from _search(case, (yield from case.shared_private(kind)), None)
        if not isinstance(verdict, Held):
            break
    return verdict


def _search(case: Case, resource: Resource, promised: Expectation | None) -> Flow[Verdict]:
    peer = yield from case.stranger_to(resource)
    if not resource.canaries:
        raise Stop("nothing could be planted in the object that would be recognised in a list")
    seen = yield from _shown_to_owner(case, resource)
    tried = 0
    for request, how in _variants(case, resource, peer, seen):
        answer = yield from case.ask(Role.ATTACK, request, f"{peer} lists {how}")
        reply = read_reply(conclusive(answer, peer))
        tried += 1
        found = found_canaries(answer.response, _not_sent(resource, request)) if reply.accepted else {}
        if found:
            case.note(f"the answer holds {resource.owner}'s {', '.join(f'`{name}`' for name in found)}")
            expectation = promised or (yield from _secret(case, resource, request, peer))
            if expectation is None:
                return Held(reason=f"listed to {peer} as well, and nothing says that it should not be")
            return broken(_finding(case, resource, answer, how, tuple(found), expectation))
        case.steps.pop()
    return Held(reason=f"{tried} ways to list show {peer} nothing of {resource.owner}'s")


def _secret(case: Case, resource: Resource, request: Request, peer: str) -> Flow[Expectation | None]:
    """What makes an object private that an open list shows: it was made so, the API refuses it to the peer, or the document
    promises it and this very list shows it only where a parameter asks for more."""
    asked = asked_for_privacy(resource)
    if asked is not None:
        return asked.expectation
    refused = yield from refused_alone(case, resource, peer)
    if refused is not None:
        return refused
    flags = {
        item.name
        for item in case.target.operation.parameters
        if item.schema.get("type") == "boolean" or _WIDEN & set(split_words(item.name))
    }
    plain = replace(request, query=tuple(pair for pair in request.query if pair[0] not in flags))
    promised = promised_for(case, resource.kind)
    if promised is None or plain.query == request.query:
        return None
    control = yield from case.ask(Role.CONTROL, plain, "the same without asking for more")
    return None if found_canaries(conclusive(control, peer).response, resource.canaries) else promised


def _shown_to_owner(case: Case, resource: Resource) -> Flow[Mapping[str, Any]]:
    """The object is there and can be seen: as its owner sees it. Raises `Stop` where its owner sees it nowhere."""
    own = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner's own list")
    if read_reply(conclusive(own, resource.owner)).accepted and found_canaries(own.response, resource.canaries):
        return find_by_canary(own.response.json, resource.canaries.values()) or resource.body
    view = yield from case.read_back(resource, "the owner reads it", role=Role.CONTROL)
    if not view.found:
        raise Stop(f"the owner's own list answered {read_reply(own).reason} and shows nothing of the object")
    return view.fields


def _not_sent(resource: Resource, request: Request) -> dict[str, str]:
    """The canaries that the request does not itself hold: an echo of the search term proves nothing."""
    return {name: canary for name, canary in resource.canaries.items() if canary not in request.target}


def _variants(case: Case, resource: Resource, peer: str, seen: Mapping[str, Any]) -> Iterator[tuple[Request, str]]:
    plain = case.request(peer, resource)
    yield plain, "plainly"
    key = case.workshop.accounts.key_of(resource.owner)
    options = [item for item in case.target.operation.parameters if item.location is Location.QUERY]
    canaries = tuple(resource.canaries.values())
    yield from _together(plain, options, canaries)
    for parameter in sorted(options, key=_rank)[:MAX_VARIANTS]:
        for value in _values(parameter, seen, canaries, key):
            rest = tuple(pair for pair in plain.query if pair[0] != parameter.name)
            yield replace(plain, query=(*rest, (parameter.name, value))), f"with `{parameter.name}`"


def _together(plain: Request, options: list[Parameter], canaries: tuple[str, ...]) -> Iterator[tuple[Request, str]]:
    """A search for the object with everything that widens it: alone, either may show a first page without it."""
    flags = [item for item in options if item.schema.get("type") == "boolean" and not _is_search(item)]
    search = next((item for item in options if _is_search(item)), None)
    if search is None or not flags:
        return
    names = {search.name, *(item.name for item in flags)}
    rest = tuple(pair for pair in plain.query if pair[0] not in names)
    for canary in canaries[:MAX_SEARCHES]:
        pairs = (*((item.name, "true") for item in flags), (search.name, canary[:-3]))
        yield replace(plain, query=(*rest, *pairs)), "with " + " and ".join(f"`{name}`" for name, _ in pairs)


def _is_search(parameter: Parameter) -> bool:
    return not is_owner_field(parameter.name) and bool(_SEARCH & set(split_words(parameter.name)))


def _rank(parameter: Parameter) -> int:
    words = set(split_words(parameter.name))
    if is_owner_field(parameter.name):
        return 0
    return 1 if words & _WIDEN else (2 if words & _SEARCH else 3)


def _values(
    parameter: Parameter, seen: Mapping[str, Any], canaries: tuple[str, ...], owner_key: object
) -> tuple[str, ...]:
    """What to send in a parameter so that a query which forgets the owner shows the object.

    A search takes the beginning of a canary: the whole canary in the answer is then the object and no echo.
    """
    own = _own_value(parameter, seen)
    if own is not None:
        return (own,)
    if _is_search(parameter):
        return tuple(canary[:-3] for canary in canaries[:MAX_SEARCHES])
    widening = _widening_value(parameter, owner_key)
    return () if widening is None else (widening,)


def _widening_value(parameter: Parameter, owner_key: object) -> str | None:
    """A value that widens a filter; None for paging and sorting."""
    words = set(split_words(parameter.name))
    if is_owner_field(parameter.name):
        return str(owner_key) if owner_key is not None else None
    if parameter.schema.get("type") == "boolean" or words & _WIDEN:
        return "all" if "all" in (parameter.schema.get("enum") or ()) else "true"
    options = parameter.schema.get("enum")
    return str(options[0]) if isinstance(options, list) and options and not words & {"sort", "order"} else None


def _own_value(parameter: Parameter, seen: Mapping[str, Any]) -> str | None:
    """What the object itself holds in a field of the parameter's name: a filter by it must keep the object."""
    wanted = noun_of(parameter.name)
    for name, value in seen.items():
        first = value[0] if isinstance(value, list) and value else value
        if noun_of(name) == wanted and isinstance(first, str | int):
            return str(first).lower() if isinstance(first, bool) else str(first)
    return None


def _finding(
    case: Case, resource: Resource, answer: Exchange, how: str, fields: tuple[str, ...], expectation: Expectation
) -> Break:
    peer = answer.identity
    return Break(
        title=f"{peer} sees {resource.owner}'s {resource.kind} in a list",
        detail=f"{case.target.label}, sent by {peer} {how}, answered with {resource.owner}'s {resource.kind}: it holds "
        f"{', '.join(f'`{name}`' for name in fields)}, which {resource.owner} planted.",
        expectation=expectation,
        confidence=max(
            expectation.confidence, Confidence.CERTAIN if expectation.source.startswith("#") else Confidence.FIRM
        ),
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=peer,
    )
