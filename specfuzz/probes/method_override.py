"""SF306: a request whose method is overridden, or a method that the document does not know, gets past the check.

Frameworks and proxies let a POST stand for a DELETE: `X-HTTP-Method-Override`, `_method`. A guard that judges the method on the
wire then judges another one than what runs. Controls: the plain method is refused for the same caller and does nothing, the
owner reads the object before; the owner's read-back decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from specfuzz.contract import Access, Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import lets_anonymous_in, needs_credentials
from specfuzz.generation import Draft
from specfuzz.generation.encoding import FORM, encode
from specfuzz.http import ANONYMOUS, Exchange, Flow, Request
from specfuzz.oracles import read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import gone, written
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.undeclared_methods import try_undeclared, undeclared_methods
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import Resource, View

RULE = Rule(
    id="SF306",
    name="method-override",
    category=Category.TOKENLESS,
    severity=Severity.HIGH,
    cwe=("CWE-650",),
    owasp=("API2:2023",),
    promise="the check judges the method that runs, whatever the request line says",
    remediation=(
        "Remove the method override, or apply it before anything judges the request, and only to a POST; let every route "
        "refuse the methods that it does not declare."
    ),
)
NEEDS_PEER = False

OVERRIDE_HEADERS = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
"""Google's, Microsoft's and IBM's header, as Rack, Symfony, Express and Django packages read them."""

OVERRIDE_FIELD = "_method"
"""The field that Rails, Laravel, Symfony and Express's method-override read, in a form or the query."""

_METHODS = ("PUT", "PATCH", "DELETE")
_WIRE = ("POST", "GET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One way to say another method than the one on the wire."""

    wire: str
    headers: tuple[str, ...] = ()
    in_query: bool = False
    in_form: bool = False

    def apply(self, request: Request, draft: Draft | None) -> Request:
        """The request with its method said in this way."""
        meant = request.method
        headers = (*request.headers, *((name, meant) for name in self.headers))
        query = (*request.query, (OVERRIDE_FIELD, meant)) if self.in_query else request.query
        body = request.body
        if self.in_form:
            # What belongs in the query of a DELETE, a POST's handler may look for in its form.
            fields = [*request.query, (OVERRIDE_FIELD, meant)]
            content = encode(draft.value, FORM) if draft is not None else b""
            body = b"&".join(part for part in (urlencode(fields).encode(), content) if part)
            headers = (*((n, v) for n, v in headers if n.lower() != "content-type"), ("Content-Type", FORM))
        return replace(request, method=self.wire, headers=headers, query=query, body=body)

    @property
    def words(self) -> str:
        said = [*self.headers]
        if self.in_query:
            said.append(f"`{OVERRIDE_FIELD}` in the query")
        if self.in_form:
            said.append(f"`{OVERRIDE_FIELD}` in the form")
        return f"{self.wire} with {', '.join(said)}" if said else self.wire

    def parts(self) -> Iterator[Override]:
        """Each of its ways alone, to find out which one counts."""
        for name in self.headers:
            yield Override(wire=self.wire, headers=(name,))
        if self.in_query:
            yield Override(wire=self.wire, in_query=True)
        if self.in_form:
            yield Override(wire=self.wire, in_form=True)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    method = target.operation.method
    if undeclared_methods(contract, target):
        return None
    if target.resource is None or not target.identifiers:
        return "it names no object"
    if target.access.level is not Level.UNKNOWN and not needs_credentials(target.access):
        return f"the document asks for no credentials: {target.access.reason}"
    if lets_anonymous_in(target.access):
        return f"the document lets callers come without credentials: {target.access.reason}"
    if method in _METHODS and target.action in (Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ACT):
        return None
    return "nothing is overridden to it" if target.state_changing else "it changes nothing"


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the plain method without credentials, and each override with the owner's read-back."""
    resource = yield from case.fresh_resource()
    before = yield from case.first_view(resource)
    if not before.found:
        raise Stop(f"the owner cannot read the {resource.kind} back")
    if not case.target.state_changing:
        return (yield from try_undeclared(case, resource, before))
    actors = [ANONYMOUS]
    if (
        case.peer is not None
        and case.peer not in resource.insiders
        and case.target.access.level is not Level.AUTHENTICATED
    ):
        actors.append(case.peer)
    reasons = []
    story = tuple(case.steps)
    for actor in actors:
        case.steps[:] = story
        plain, shown = yield from _try(case, resource, before, actor, None)
        reply = read_reply(plain)
        if shown or not reply.refused:
            reasons.append(f"the plain {case.target.operation.method} is not refused for {actor}: {reply.reason}")
            if shown:
                return Inconclusive(reason=f"the plain method takes effect for {actor}: see SF301, SF102 and SF103")
            continue
        controlled = tuple(case.steps[:-1])
        for override in _overrides(case):
            case.steps[:] = controlled
            attack, shown = yield from _try(case, resource, before, actor, override)
            if shown:
                return broken((yield from _finding(case, resource, actor, override, attack, shown)))
            reasons.append(f"{override.words} as {actor}: {read_reply(attack).reason}")
    return Held(reason="; ".join(reasons))


def _overrides(case: Case) -> Iterator[Override]:
    """Every way at once for each wire method, then the form, which cannot carry a JSON body beside it."""
    for wire in _WIRE:
        yield Override(wire=wire, headers=OVERRIDE_HEADERS, in_query=True)
    yield Override(wire="POST", in_form=True)


def _try(
    case: Case, resource: Resource, before: View, actor: str, override: Override | None
) -> Flow[tuple[Exchange, str]]:
    """Send it once and look at the object: (the exchange, what the owner sees of it in words)."""
    label = override.words if override is not None else "plain"
    draft = yield from case.draft(f"{actor}/{label}", resource)
    request = case.request(actor, resource, draft=draft)
    role, note = Role.CONTROL, f"the plain {request.method} as {actor}"
    if override is not None:
        request = override.apply(request, draft)
        role, note = Role.ATTACK, f"{override.words}, meaning {case.target.operation.method}"
    exchange = yield from case.ask(role, request, note)
    conclusive(exchange, actor)
    after = yield from case.read_back(resource, "after: the owner reads it")
    shown = ""
    if case.target.action is Action.DELETE:
        shown = yield from gone(case, before, after, resource)
        if shown:
            case.workshop.ledger.mark_gone(resource)
    elif draft is not None:
        shown = written(draft, before, after)
    if shown:
        case.note(shown)
    return exchange, shown


def _finding(
    case: Case, resource: Resource, actor: str, override: Override, attack: Exchange, shown: str
) -> Flow[Break]:
    """The break, with the one way that counts where it can be told."""
    story = tuple(case.steps)
    alone = yield from _which(case, actor, override)
    case.steps[:] = story
    words = (alone or override).words
    expectation = _expectation(case.target.access, actor)
    who = "without credentials" if actor == ANONYMOUS else f"as {actor}"
    reply = read_reply(attack)
    return Break(
        title=f"{words} reaches {case.target.label} {who}",
        detail=f"The plain {case.target.operation.method} is refused {who}. {words} on the same path answered "
        f"{reply.reason}; afterwards {shown if not shown.startswith('`') else f'the owner sees {shown}'}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=story,
        owner=resource.owner,
        actor=actor,
        rule="SF304" if reply.refused else None,
    )


def _expectation(access: Access, actor: str) -> Expectation:
    """What the document promises; where it is not sure, that the API refuses the plain method to the same caller."""
    said = access.credentials.expectation() if actor == ANONYMOUS else access.expectation()
    if access.level is not Level.UNKNOWN and said.confidence >= Confidence.FIRM:
        return said
    return Expectation(
        statement=f"refused to {actor}, as the plain method is",
        source="behaviour:plain-method",
        confidence=Confidence.FIRM,
    )


def _which(case: Case, actor: str, override: Override) -> Flow[Override | None]:
    """Which of several ways counts, tried on another object; None where that cannot be told."""
    parts = list(override.parts())
    if len(parts) == 1:
        return parts[0]
    resource = yield from case.fresh_resource("which")
    before = yield from case.first_view(resource)
    for part in parts if before.found else ():
        _, shown = yield from _try(case, resource, before, actor, part)
        if shown:
            return part
    return None
