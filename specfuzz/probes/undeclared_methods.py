"""Methods that the document does not declare on the path of an object: frameworks route more than anybody wrote down.

Part of SF306. They are sent without credentials; the owner's read-back decides, as always.
"""

from __future__ import annotations

from dataclasses import replace

from specfuzz.contract import Action, Confidence, Contract, Expectation, OperationContract
from specfuzz.contract.access import needs_credentials
from specfuzz.contract.actions import normalized_path
from specfuzz.generation import Draft
from specfuzz.http import ANONYMOUS, Exchange, Flow, Request
from specfuzz.oracles import read_reply
from specfuzz.probes.case import Case, conclusive
from specfuzz.probes.effects import gone, written
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import Resource, View

_METHODS = ("PATCH", "PUT", "POST", "DELETE")
"""In this order: what only changes the object comes before what removes it."""


def undeclared_methods(contract: Contract, target: OperationContract) -> tuple[str, ...]:
    """The methods that would write the object which the target reads, and that the document does not have on its path."""
    if target.operation.method != "GET" or target.action is not Action.READ or target.own_identifier is None:
        return ()
    path = normalized_path(target.operation.path)
    if not path.endswith("/{}"):
        return ()
    kind = [item for item in contract.operations if item.resource == target.resource]
    if not any(needs_credentials(item.access) for item in kind if item.state_changing or item.label == target.label):
        return ()
    declared = {item.operation.method for item in contract.operations if normalized_path(item.operation.path) == path}
    return tuple(method for method in _METHODS if method not in declared)


def try_undeclared(case: Case, resource: Resource, before: View) -> Flow[Verdict]:
    """Send each undeclared method without credentials, and look at the object."""
    reasons = []
    sent: list[tuple[Exchange, Draft | None]] = []
    story = tuple(case.steps)
    for method in undeclared_methods(case.contract, case.target):
        draft = _body(case, method) if method != "DELETE" else None
        request = _request(case, resource, method, draft)
        case.steps[:] = story
        attack = yield from case.ask(Role.ATTACK, request, f"{method}, which the document does not declare here")
        reply = read_reply(conclusive(attack, ANONYMOUS))
        reasons.append(f"{method}: {reply.reason}")
        sent.append((attack, draft))
        if reply.accepted or method == "DELETE":
            found = yield from _look(case, resource, before, [(attack, draft)])
            if found is not None:
                return broken(found)
    case.steps[:] = story
    found = yield from _look(case, resource, before, sent)
    return (
        broken(found)
        if found is not None
        else Held(reason=f"undeclared methods without credentials: {', '.join(reasons)}")
    )


def _body(case: Case, method: str) -> Draft | None:
    """A body as the kind's own writes take it."""
    kind = case.contract.resource(case.target.resource or "")
    writes = (*kind.updates, *kind.creates) if kind is not None else ()
    return case.drafter.draft(writes[0], f"{case.purpose}/{method}") if writes else None


def _request(case: Case, resource: Resource, method: str, draft: Draft | None) -> Request:
    request = replace(case.request(ANONYMOUS, resource), method=method)
    if draft is None:
        return request
    return replace(request, headers=(*request.headers, ("Content-Type", draft.content_type)), body=draft.content)


def _look(
    case: Case, resource: Resource, before: View, sent: list[tuple[Exchange, Draft | None]]
) -> Flow[Break | None]:
    """The owner's read-back, and which of the requests it shows."""
    after = yield from case.read_back(resource, "after: the owner reads it")
    for attack, draft in sent:
        if draft is not None:
            shown = written(draft, before, after)
        else:
            shown = yield from gone(case, before, after, resource)
            if shown:
                case.workshop.ledger.mark_gone(resource)
        if shown:
            case.note(shown)
            return _finding(case, resource, attack, shown)
    return None


def _finding(case: Case, resource: Resource, attack: Exchange, shown: str) -> Break:
    method, path = attack.request.method, case.target.operation.path
    reply = read_reply(attack)
    access = case.target.access
    expectation = Expectation(
        statement="needs credentials: the document has no such method here, and asks for them to write such an object",
        source=access.credentials.source if needs_credentials(access) else case.target.operation.pointer,
        confidence=Confidence.FIRM,
    )
    return Break(
        title=f"{method} {path}, which the document does not declare, works without credentials",
        detail=f"{method} {path} was sent without credentials and answered {reply.reason}; afterwards "
        f"{shown if not shown.startswith('`') else f'the owner sees {shown}'}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=ANONYMOUS,
        rule="SF304" if reply.refused else None,
    )
