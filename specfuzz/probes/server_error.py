"""SF503: a request makes the server fail.

Looks at every answer of the run for a 500, and sends a few malformed requests itself: query parameters that are no number,
date or known word, a body with a property left out, of another type or far too large. What fails is sent again: a server
that fails once is having a bad moment, and that is a hint. Other 5xx are a gateway's, or say what the API has not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, Location, OperationContract
from specfuzz.generation import Draft, Style
from specfuzz.http import Exchange, Flow, Request
from specfuzz.oracles import read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import Resource, view_of
from specfuzz.resources.resource import identifier_in_location

RULE = Rule(
    id="SF503",
    name="server-error",
    category=Category.CONTRACT,
    severity=Severity.MEDIUM,
    cwe=("CWE-755",),
    owasp=(),
    promise="no request makes the server fail",
    remediation="Validate what a request holds before it is used, and answer 400 or 422 where it does not fit.",
)
NEEDS_PEER = False

MALFORMED = "sfz'none"
"""No number, date, UUID, enumerated word or column; the apostrophe ends a string in SQL that was glued together."""

TOO_LARGE = 10**12
"""A number that fits no 32-bit integer and no account, and that a double holds exactly."""

MAX_PARAMETERS = 4
"""Query parameters that are tried, each alone."""

MAX_PROPERTIES = 5
"""Properties of a body that are left out, and as many that get another type, each alone."""

_WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ACT})


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Every answer is looked at."""
    return None


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break where any request of the run was answered with a failure."""
    if is_failure(sight.exchange):
        yield _break(sight, "a request of this run", Confidence.FIRM if sight.is_repeat else Confidence.TENTATIVE)


def is_failure(exchange: Exchange) -> bool:
    """Whether the API itself failed. 501 says that there is no such thing yet; 502 to 504 and 52x are a gateway's."""
    return exchange.status == 500


def _break(sight: Sight, what: str, confidence: Confidence) -> Break:
    return sight.broken(
        title=f"{sight.target.label} fails with {sight.exchange.status}",
        detail=f"{what} was answered {sight.exchange.status} ({sight.exchange.identity}).",
        expectation=Expectation(
            statement="a request is answered, or refused with 4xx (RFC 9110, 15.6)",
            source="inference:server-error",
            confidence=confidence,
        ),
        note=f"{sight.exchange.status}",
    )


def flow(case: Case) -> Flow[Verdict]:
    """Yields the plain request, then malformed ones, each a second time where it failed."""
    target = case.target
    if target.state_changing and (target.action not in _WRITES or not target.operation.bodies):
        return Held(
            reason="only the run's other requests were looked at: malformed ones could do harm here", tried=False
        )
    who = (case.admin if target.access.level is Level.ROLE else None) or case.owner
    resource = yield from _object(case)
    if resource is not None and target.state_changing:
        yield from case.first_view(resource)  # not there yet is not malformed
    draft = (yield from case.draft("base", resource, Style.FULL)) if target.state_changing else None
    plain = yield from case.ask(Role.CONTROL, case.request(who, resource, draft=draft), "the plain request")
    _note_made(case, resource, draft, plain)
    if not is_failure(plain) and read_reply(conclusive(plain, who)).outcome.is_refusal:
        raise Stop(f"the plain request is refused already: {read_reply(plain).reason}")
    if is_failure(plain):  # whatever is wrong with the malformed ones would be blamed for it
        found = yield from _again(case, resource, draft, plain.request, "The plain request")
        return broken(found) if found is not None else Held(reason="the plain request failed once, and not again")
    tried = 0
    for what, request in _malformed(case, plain.request, draft):
        told = len(case.steps)
        attack = yield from case.ask(Role.ATTACK, request, what)
        _note_made(case, resource, draft, attack)
        tried += 1
        if is_failure(attack):
            found = yield from _again(case, resource, draft, request, f"A request with {what}")
            if found is not None:
                return broken(found)
        del case.steps[told:]
    if not tried:
        return Held(reason="the request has nothing that could be malformed", tried=False)
    return Held(reason=f"{tried} malformed requests were answered")


def _again(
    case: Case, resource: Resource | None, draft: Draft | None, request: Request, what: str
) -> Flow[Break | None]:
    """The break, if a request that failed fails once more."""
    again = yield from case.ask(Role.ATTACK, request, "the same again")
    _note_made(case, resource, draft, again)
    if not is_failure(again):
        return None
    sight = Sight(contract=case.contract, target=case.target, exchange=again)
    return replace(_break(sight, what, Confidence.FIRM), steps=tuple(case.steps))


def _object(case: Case) -> Flow[Resource | None]:
    if not case.target.identifiers:
        return None
    if case.target.state_changing:
        return (yield from case.fresh_resource())
    return (yield from case.shared_resource())


def _note_made(case: Case, resource: Resource | None, draft: Draft | None, exchange: Exchange) -> None:
    """What a creation made all the same is the run's to remove."""
    if case.target.action is not Action.CREATE or not read_reply(exchange).accepted:
        return
    made = Resource(
        kind=case.target.resource or "",
        owner=exchange.identity,
        creation=case.target,
        body=view_of(exchange.response.json),
        canaries=draft.canaries if draft is not None else {},
        parents=resource.parents if resource is not None else (),
        location=identifier_in_location(exchange),
        exchange=exchange,
    )
    case.workshop.ledger.add(made)


def _malformed(case: Case, plain: Request, draft: Draft | None) -> Iterator[tuple[str, Request]]:
    """Requests like the plain one with one thing wrong, each with what that is."""
    operation = case.target.operation
    named = [item for item in operation.parameters if item.location is Location.QUERY]
    for parameter in named[:MAX_PARAMETERS]:
        query = (*((name, value) for name, value in plain.query if name != parameter.name), (parameter.name, MALFORMED))
        yield f"`{parameter.name}` = {MALFORMED}", replace(plain, query=query)
    if draft is None or not isinstance(draft.value, Mapping):
        return
    body = draft.value
    for name in list(body)[:MAX_PROPERTIES]:
        yield f"no `{name}`", _with_body(plain, draft, {key: value for key, value in body.items() if key != name})
    for name, value in [pair for pair in body.items() if not isinstance(pair[1], str)][:MAX_PROPERTIES]:
        others: list[Any] = [7] if isinstance(value, Mapping | list) else [MALFORMED]
        if isinstance(value, int | float) and not isinstance(value, bool):
            others.append(TOO_LARGE)
        for other in others:
            yield f"`{name}` = {other}", _with_body(plain, draft, {**body, name: other})


def _with_body(plain: Request, draft: Draft, value: Mapping[str, Any]) -> Request:
    return replace(plain, body=draft.with_value(value).content)
