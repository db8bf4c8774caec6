"""SF107: somebody else's object and a made-up id are refused differently, so ids can be tried until one exists.

A peer asks for the owner's private object and for an id that nothing has, by each operation on one object of the kind. Both
must be refused; then status and words are compared, without what an answer rightly repeats or changes by itself: the id,
times, request ids. One summary for each kind of object. Controls: the owner reads the object, two made-up ids are refused
alike, and so is the owner's object twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.generation import made_up_identifier
from specfuzz.generation.drafts import Style
from specfuzz.http import Exchange, Flow, Request, Response
from specfuzz.oracles import leaves, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import by_lists, promised_for
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import Resource

RULE = Rule(
    id="SF107",
    name="existence-disclosure",
    category=Category.CROSS_USER,
    severity=Severity.INFO,
    cwe=("CWE-204",),
    owasp=(),
    promise="whether somebody else's private object exists cannot be told from a refusal",
    remediation=(
        "Answer a stranger exactly as for an id that does not exist: look the object up through its owner, so that both "
        "take the same way through the code."
    ),
)
NEEDS_PEER = True

MAX_OPERATIONS = 4
"""Operations on one kind of object that are compared; reads first. Each costs two requests."""

_ITEM_ACTIONS = (Action.READ, Action.OTHER, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ACT)

_CHANGING = re.compile(
    r"(?:^|[._-])(?:request|trace|correlation|span|incident|error|event|log)[_-]?(?:id|ref|uuid)$|requestid$|traceid$"
    r"|(?:^|[._-])(?:time|timestamp|date|datetime|now|instance|path|url|uri|href|nonce|ts)$",
    re.IGNORECASE,
)
"""Properties of an error body that differ between any two answers (RFC 9457's `instance`, Spring's `timestamp` and `path`)."""

_TOKENS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b[0-9a-f]{16,}\b|\b\d{6,}(?:\.\d+)?\b",
    re.IGNORECASE,
)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.resource is None or target.own_identifier is None or target.action not in _ITEM_ACTIONS:
        return "it is not about one object"
    first = next(iter(_operations(contract, target.resource)), None)
    if first is None or first.label != target.label:
        return "one summary for each kind of object" + (f": see {first.label}" if first is not None else "")
    return None


def _operations(contract: Contract, kind: str) -> Iterator[OperationContract]:
    """The operations on one object of a kind that may be compared, reads first."""
    usable = [
        item
        for item in contract.operations
        if item.resource == kind
        and item.own_identifier is not None
        and item.action in _ITEM_ACTIONS
        and item.operation.method != "HEAD"
        and item.access.level is not Level.ROLE
        and not item.dangerous
        and not is_shared_on_purpose(item.access)
    ]
    return iter(sorted(usable, key=lambda item: (item.state_changing, item.action is not Action.READ)))


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's read, then for each operation the owner's object and a made-up one as the peer, compared."""
    resource = yield from case.shared_resource(private=True)
    peer = yield from case.stranger_to(resource)
    view = yield from case.read_back(resource, "the owner reads it", role=Role.CONTROL)
    if not view.found:
        raise Stop(f"the owner cannot read the {resource.kind} back, so it may not exist")
    expectation = yield from _privacy(case, resource, peer)
    if expectation is None:
        return Held(reason=f"nothing says that a {resource.kind} is its owner's alone, so that it exists is no secret")
    compared: list[str] = []
    spare: Resource | None = None
    for operation in list(_operations(case.contract, resource.kind))[:MAX_OPERATIONS]:
        target = resource
        if operation.state_changing:
            # One that nobody else needs: the write may work, which is another rule's finding.
            spare = spare or (
                yield from case.made_by(case.owner, resource.kind, "spare", private=True, target=case.target)
            )
            target = spare
        if not case.workshop.identifiers(operation, target):
            continue
        differs = yield from _differs(case, operation, target, peer)
        if differs:
            return broken(_finding(case, operation, resource, peer, differs, expectation))
        compared.append(operation.label)
    if not compared:
        raise Stop(f"no operation refuses {peer} both the object and a made-up one")
    return Held(reason=f"refused alike by {', '.join(compared)}")


def _privacy(case: Case, resource: Resource, peer: str) -> Flow[Expectation | None]:
    """What makes the object private: a read refuses the peer, and no list shows it to them; the document says why, or that
    refusal does. Where no read could refuse it, the document alone."""
    promised = promised_for(case, resource.kind)
    for reader in case.workshop.readers(resource):
        if reader.resource != resource.kind or reader.action is not Action.READ or not reader.identifiers:
            continue
        answer = yield case.workshop.request(reader, peer, resource)
        if not read_reply(conclusive(answer, peer)).refused:
            return None
        if promised is not None:
            return promised
        listed = yield from by_lists(case, resource, peer)
        if listed is not None and not listed.private:
            return None
        return Expectation(
            statement=f"{peer} may not read a {resource.kind} of {resource.owner}",
            source=f"behaviour:{reader.label}",
            confidence=Confidence.FIRM,
        )
    return promised


# Comparing --------------------------------------------------------------------------------------------------------


def _differs(case: Case, operation: OperationContract, resource: Resource, peer: str) -> Flow[str]:
    """How the two refusals differ, in words; empty where they do not, or are no refusals."""
    made_up = case.made_up_for(operation, resource)
    draft = (
        case.drafter.draft(operation, f"{case.purpose}/empty", style=Style.REQUIRED)
        if operation.state_changing
        else None
    )

    def asked(overrides: dict[Any, Any]) -> Request:
        return case.workshop.request(operation, peer, resource, draft=draft, overrides=overrides)

    real = conclusive((yield asked({})), peer)
    never = conclusive((yield asked(made_up)), peer)
    said, unsaid = read_reply(real), read_reply(never)
    if not said.refused or not unsaid.refused or _is_about_form(never, real):
        return ""
    ids = [str(item) for item in (*made_up.values(), *(case.workshop.identifiers(operation, resource) or {}).values())]
    if refusal(real.response, ids) == refusal(never.response, ids):
        return ""
    # Is that because of the object, or does this API refuse in other words each time?
    another = {
        item: made_up_identifier(value, case.source("another", operation.label)) for item, value in made_up.items()
    }
    ids += [str(item) for item in another.values()]
    second = conclusive((yield asked(another)), peer)
    again = conclusive((yield asked({})), peer)
    if refusal(second.response, ids) != refusal(never.response, ids):
        return ""
    if refusal(again.response, ids) != refusal(real.response, ids):
        return ""
    case.record(Role.CONTROL, never, f"{peer} asks for an id that nothing has")
    case.record(Role.ATTACK, real, f"{peer} asks for {resource.owner}'s")
    return f"{said.reason} for {resource.owner}'s, {unsaid.reason} for an id that nothing has" + (
        "" if real.status != never.status else ", in other words"
    )


def _is_about_form(never: Exchange, real: Exchange) -> bool:
    """Whether the made-up id was refused for its form (a check digit): that says nothing about what exists."""
    return never.status in (400, 422) and real.status not in (400, 422)


def refusal(response: Response, ids: list[str]) -> tuple[int, tuple[tuple[str, str], ...]]:
    """What a refusal says: its status and its words, without ids that it repeats and what changes by itself."""
    body = response.json
    if body is None:
        return response.status, (("", _plain(response.text, ids)),)
    found = {path: value for path, value in leaves(body).items() if not _CHANGING.search(path)}
    return response.status, tuple(sorted((path, _plain(str(value), ids)) for path, value in found.items()))


def _plain(text: str, ids: list[str]) -> str:
    for item in sorted({item for item in ids if item}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(item)}(?![\w-])", "{id}", text, flags=re.IGNORECASE)
    return _TOKENS.sub("{…}", text)


def _finding(
    case: Case, operation: OperationContract, resource: Resource, peer: str, differs: str, expectation: Expectation
) -> Break:
    return Break(
        title=f"a refusal tells {peer} whether a {resource.kind} exists",
        detail=f"{operation.label} refused {peer} differently: {differs}. So ids can be tried until one exists.",
        expectation=expectation,
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=peer,
        target=operation,
    )
