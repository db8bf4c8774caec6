"""SF314: a GET changes something, so that a link or an image on another site does it with the reader's cookies.

Only for GETs that sound like an action, by the verb in their path or what the contract says. The owner's reads are compared
before and after; what changes by itself is known from reading twice before. The GET is sent as a click on another site sends
it. Reads are the object's own, and those of the owner that need no identifier (a cart, a list, the account).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.http import Exchange, Flow
from specfuzz.oracles import Outcome, changes, read_reply
from specfuzz.probes.action_names import sounds_like_an_action
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.cross_site import as_another_site, cookies_of, same_site_of, severity_for
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Role, Verdict, broken
from specfuzz.resources import NotMade, Resource

RULE = Rule(
    id="SF314",
    name="write-through-safe-method",
    category=Category.CSRF,
    severity=Severity.MEDIUM,
    cwe=("CWE-650",),
    owasp=("API2:2023",),
    promise="a GET or HEAD changes nothing that somebody would miss",
    remediation=(
        "Let the GET show what would happen, and a POST with the anti-CSRF token do it; browsers, mail scanners and "
        "prefetching follow every link."
    ),
)
NEEDS_PEER = False
NEEDS_COOKIES = True

MAX_READS = 8
"""Reads compared for one operation, the object's own first: a cart, a list, the account."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.operation.method not in ("GET", "HEAD"):
        return "it is no GET"
    if target.resource is None or not target.identifiers:
        return "it names no object of the caller's own"
    if target.access.level is Level.PUBLIC:
        return f"it needs no session that another site could borrow: {target.access.reason}"
    if target.access.level is Level.ROLE:
        return "kept for a role"
    if not (target.state_changing or sounds_like_an_action(target)):
        return "it sounds like a read"
    return None


@dataclass(slots=True)
class Snapshot:
    """What the owner's reads show at one moment, by the label of the read; None where the object is missing."""

    seen: dict[str, Any] = field(default_factory=dict)
    exchanges: dict[str, Exchange] = field(default_factory=dict)


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the reads twice, the GET as from another site, and the reads again."""
    resource = yield from _own_object(case)
    mine = cookies_of(case, resource.owner)
    readers = _readers(case, resource)
    first = yield from _snapshot(case, resource, readers)
    second = yield from _snapshot(case, resource, readers)
    if not second.seen:
        raise Stop("the owner has no read that could show a change")
    request = as_another_site(case.request(resource.owner, resource), mine, "another site's link")
    attack = yield from case.ask(Role.ATTACK, request, "a click on another site's link")
    reply = read_reply(conclusive(attack, resource.owner))
    third = yield from _snapshot(case, resource, readers)
    found = _difference(first, second, third)
    if found is None:
        return Held(reason=f"it answered {reply.reason}, and {len(second.seen)} reads of the owner show no change")
    label, shown = found
    for snapshot, role, note in ((second, Role.CONTROL, "before"), (third, Role.READ_BACK, f"after: {shown}")):
        case.steps.append(_step(role, snapshot.exchanges[label], note))
    case.steps.sort(key=lambda step: list(Role).index(step.role))
    return broken(_finding(case, resource, label, shown, reply.reason))


def _step(role: Role, exchange: Exchange, note: str) -> Any:
    from specfuzz.probes.verdict import Step

    return Step(role=role, exchange=exchange, note=note)


def _own_object(case: Case) -> Flow[Resource]:
    """An object of a user made for this case, whose cart and lists nobody else touches; else of the run's owner."""
    kind = case.contract.resource(case.target.identifiers[-1].resource)
    if case.new_account is not None and kind is not None and not kind.is_user:
        name = yield from case.new_account(f"{case.purpose}/user")
        if not isinstance(name, NotMade):
            made = yield from case.workshop.make(kind.name, name, f"{case.purpose}/fresh")
            if isinstance(made, Resource) and case.workshop.identifiers(case.target, made) is not None:
                if made.exchange is not None:
                    case.steps.append(_step(Role.SET_UP, made.exchange, f"{name} makes a {kind.name}"))
                return made
    named = case.target.identifiers[-1].resource
    made = yield from case.workshop.make(named, case.owner, f"{case.purpose}/fresh")
    if isinstance(made, NotMade):
        raise Stop(f"no {named} to try it on: {made.reason}")
    if case.workshop.identifiers(case.target, made) is None:
        raise Stop(f"the {named} that was made does not tell the identifier that {case.target.label} needs")
    if not made.made:
        raise Stop(f"the {named} was there before the run, and only what it made is attacked")
    return made


def _readers(case: Case, resource: Resource) -> list[OperationContract]:
    """Reads of the object, then those of the caller's own things that need no identifier."""
    own = [item for item in case.workshop.readers(resource) if item.operation.method == "GET"]
    others = [
        item
        for item in case.contract.operations
        if item.operation.method == "GET"
        and not item.identifiers
        and not item.state_changing
        and "{" not in item.operation.path
        and item.action in (Action.LIST, Action.OTHER, Action.SELF, Action.READ)
        and item.access.level not in (Level.PUBLIC, Level.ROLE)
        and not sounds_like_an_action(item)
    ]
    others.sort(key=lambda item: item.action is Action.LIST)
    labels: dict[str, OperationContract] = {}
    for item in (*own, *others):
        if item.label != case.target.label:
            labels.setdefault(item.label, item)
    return list(labels.values())[:MAX_READS]


def _snapshot(case: Case, resource: Resource, readers: list[OperationContract]) -> Flow[Snapshot]:
    taken = Snapshot()
    for reader in readers:
        exchange = yield case.workshop.request(reader, resource.owner, resource)
        reply = read_reply(exchange)
        if reply.accepted and isinstance(exchange.response.json, Mapping | list):
            taken.seen[reader.label] = exchange.response.json
            taken.exchanges[reader.label] = exchange
        elif reply.outcome is Outcome.MISSING:
            taken.seen[reader.label] = None
            taken.exchanges[reader.label] = exchange
    return taken


def _difference(first: Snapshot, second: Snapshot, third: Snapshot) -> tuple[str, str] | None:
    """The first read that shows a change, of those that were at rest before: (its label, the change in words)."""
    for label, before in second.seen.items():
        if label not in third.seen or label not in first.seen or before is None:
            continue
        after = third.seen[label]
        if after is None:
            return label, "the object is gone"
        if changes(first.seen[label], before):
            continue  # it changes by itself
        found = changes(before, after)
        if found:
            return label, f"`{found[0].path}` was {_short(found[0].before)} and is {_short(found[0].after)}"
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _finding(case: Case, resource: Resource, label: str, shown: str, answered: str) -> Break:
    same_site = same_site_of(cookies_of(case, resource.owner))
    return Break(
        title=f"{case.target.label} changes something",
        detail=f"{case.target.label} was sent as a link on another site has it sent, with {resource.owner}'s cookies, and "
        f"answered {answered}. Before and after, {label} shows a difference: {shown}. Note that {same_site.describe()}.",
        expectation=Expectation(
            statement="a GET is safe: it changes nothing (RFC 9110, 9.2.1)",
            source="inference:safe-method",
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=resource.owner,
        severity=severity_for(same_site, RULE.severity),
    )
