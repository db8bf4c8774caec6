"""SF101: a peer reads an object that is its owner's alone.

The owner makes an object with canaries in it and reads it; a peer sends the same read. A canary (or the same telling
values) in the peer's answer proves whose object it is. Controls: the owner's own read works before and after, a made-up
identifier is answered differently, anonymous callers are refused, and the object is private at all (`privacy`).
"""

from __future__ import annotations

from dataclasses import replace

from specfuzz.contract import Action, Confidence, Contract, Level, Location, OperationContract, Parameter
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.contract.fields import is_owner_field
from specfuzz.http import Exchange, Flow, Request
from specfuzz.oracles import alike, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import Leak, judge_privacy, leak_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.variants import named
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import Resource

RULE = Rule(
    id="SF101",
    name="cross-user-read",
    category=Category.CROSS_USER,
    severity=Severity.HIGH,
    cwe=("CWE-639",),
    owasp=("API1:2023",),
    promise="an object that is its owner's alone is read by nobody else",
    remediation=(
        "Look the object up through its owner (`Note.query.filter_by(id=id, owner_id=current_user.id)`), and answer a "
        "stranger exactly as for an id that does not exist."
    ),
)
NEEDS_PEER = True

MAX_VARIANTS = 3
"""Optional parameters added one at a time where the plain read was refused."""

_ACTIONS = (Action.READ, Action.OTHER, Action.LIST, Action.SEARCH)

_CARRIED = (Location.HEADER, Location.COOKIE)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.state_changing or target.action not in _ACTIONS:
        return "it reads no object"
    if not target.identifiers or target.resource is None:
        return "it names no object"
    if target.operation.method == "HEAD":
        return "a HEAD shows nothing"
    if is_shared_on_purpose(target.access):
        return f"open on purpose: {target.access.reason}"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's read, the peer's, then the controls; the verdict needs them all."""
    resource = yield from case.shared_resource(private=True)
    peer = yield from case.stranger_to(resource)
    own = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner reads it")
    reply = read_reply(conclusive(own, resource.owner))
    if not reply.accepted:
        raise Stop(f"the owner's own read answered {reply.reason}")
    if leak_in(own, own, resource) is None:
        raise Stop("the owner's own read does not show what was planted in the object")

    attack = yield from case.ask(Role.ATTACK, case.request(peer, resource), "a peer sends the same read")
    reply = read_reply(conclusive(attack, peer))
    leak = None if reply.refused else leak_in(attack, own, resource)
    tried: list[str] = []
    if leak is None:
        attack, leak = yield from _with_parameters(case, resource, peer, own, attack)
    if leak is None and reply.refused:
        attack, leak = yield from _in_other_forms(case, resource, peer, own, attack, tried)
    if leak is None:
        yield from _still_readable(case, resource)
        if reply.refused:
            return Held(reason=f"{peer} was refused: {reply.reason}{named(tried)}")
        return Held(reason=f"{peer}'s answer does not hold {resource.owner}'s object")
    case.note(f"the answer holds {resource.owner}'s {leak.shown}")
    return (yield from _judge(case, resource, peer, own, attack, leak, is_refused=reply.refused))


def _with_parameters(
    case: Case, resource: Resource, peer: str, own: Exchange, refused: Exchange
) -> Flow[tuple[Exchange, Leak | None]]:
    """Once more with each optional parameter behind which a check is easily forgotten: one that names the owner, one that
    asks for more of the object (an enum, a flag)."""
    plain = case.request(peer, resource)
    for parameter in _optional(case.target)[:MAX_VARIANTS]:
        value = _telling_value(parameter, case.workshop.accounts.key_of(resource.owner))
        if value is None:
            continue
        request = _adding(plain, parameter, value)
        attack = yield from case.ask(Role.ATTACK, request, f"a peer adds `{parameter.name}`")
        leak = leak_in(attack, own, resource) if read_reply(conclusive(attack, peer)).accepted else None
        if leak is not None:
            return attack, leak
        case.steps.pop()
    return refused, None


def _in_other_forms(
    case: Case, resource: Resource, peer: str, own: Exchange, refused: Exchange, tried: list[str]
) -> Flow[tuple[Exchange, Leak | None]]:
    """Once more in forms for which checks are known to be blind; `tried` gathers their names."""
    for variant in (yield from case.other_forms(case.request(peer, resource), resource)):
        attack = yield from case.ask(Role.ATTACK, variant.request, f"a peer tries {variant.name}")
        tried.append(variant.name)
        leak = leak_in(attack, own, resource) if read_reply(attack).accepted else None
        if leak is not None:
            return attack, leak
        case.steps.pop()
    return refused, None


def _optional(target: OperationContract) -> list[Parameter]:
    """Optional query parameters, and headers and cookies that name an owner (`X-User-Id`); the latter first."""
    found = [
        item
        for item in target.operation.parameters
        if not item.required and (item.location is Location.QUERY or (item.location in _CARRIED and _names_owner(item)))
    ]
    return sorted(found, key=lambda item: not _names_owner(item))


def _names_owner(parameter: Parameter) -> bool:
    return is_owner_field(parameter.name.removeprefix("X-").removeprefix("x-"))


def _adding(plain: Request, parameter: Parameter, value: str) -> Request:
    pair = (parameter.name, value)
    if parameter.location is Location.HEADER:
        return replace(plain, headers=(*plain.headers, pair))
    if parameter.location is Location.COOKIE:
        return replace(plain, cookies=(*plain.cookies, pair))
    return replace(plain, query=(*plain.query, pair))


def _telling_value(parameter: Parameter, owner_key: object) -> str | None:
    if _names_owner(parameter):
        return str(owner_key) if owner_key is not None else None
    options = parameter.schema.get("enum")
    if isinstance(options, list) and options:
        return str(options[-1])
    return "true" if parameter.schema.get("type") == "boolean" else None


def _judge(
    case: Case, resource: Resource, peer: str, own: Exchange, attack: Exchange, leak: Leak, *, is_refused: bool
) -> Flow[Verdict]:
    """The peer got the object: is that wrong? The controls that tell. `is_refused` if the plain attempt was."""
    made_up = case.made_up(resource)
    control = yield from case.ask(Role.CONTROL, case.request(peer, resource, overrides=made_up), "a made-up id")
    conclusive(control, peer)
    if alike(control.response, attack.response):
        raise Stop("a made-up identifier is answered the same")
    anonymous = yield from case.ask(Role.CONTROL, case.anonymous_request(resource), "no credentials")
    conclusive(anonymous, "an anonymous caller")
    rung = yield from judge_privacy(case, resource, peer, own, attack, is_refused=is_refused)
    everybody = read_reply(anonymous).accepted and leak_in(anonymous, own, resource) is not None
    if everybody and not (rung.private and case.target.access.level in (Level.OWNER, Level.MEMBERS)):
        return Inconclusive(reason="anonymous callers get it as well: see SF302, or it is public")
    if not rung.private:
        if rung.confidence >= Confidence.FIRM:
            return Held(reason=f"shared on purpose: {rung.reason}")
        return Inconclusive(
            reason=f"{peer} can read it; {rung.reason}", hint=f"say who may: a policy line for {case.target.label}"
        )
    yield from _still_readable(case, resource)
    confidence = rung.confidence
    if leak.canaries and confidence is Confidence.FIRM and rung.expectation.source.startswith("#"):
        confidence = Confidence.CERTAIN  # the document says whose it is, and the canary proves that it was the owner's
    return broken(
        Break(
            title=f"{peer} can read {resource.owner}'s {resource.kind}",
            detail=f"{case.target.label} gave {peer} the {resource.kind} of {resource.owner}: the answer holds "
            f"{leak.shown}, which {resource.owner} planted. {rung.reason[:1].upper()}{rung.reason[1:]}."
            + case.on_guessing(resource),
            expectation=rung.expectation,
            confidence=confidence,
            steps=tuple(case.steps),
            owner=resource.owner,
            actor=peer,
        )
    )


def _still_readable(case: Case, resource: Resource) -> Flow[None]:
    """The owner reads the object afterwards too: it was there all the time. Raises `Stop` where it was not."""
    again = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner still reads it")
    if not read_reply(conclusive(again, resource.owner)).accepted:
        raise Stop(f"the owner's own read answered {read_reply(again).reason} afterwards")
