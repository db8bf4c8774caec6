"""SF302: the owner's data comes back without credentials.

The owner makes an object with canaries and reads it; the same read is sent without credentials. Controls: the owner's own
read works before and after, a made-up identifier is answered differently, and the contract asks for credentials (the
document says so; where it says nothing, another read of the same kind refuses anonymous callers).
"""

from __future__ import annotations

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import lets_anonymous_in, needs_credentials
from specfuzz.http import ANONYMOUS, Flow
from specfuzz.oracles import alike, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import leak_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import Resource

RULE = Rule(
    id="SF302",
    name="tokenless-read",
    category=Category.TOKENLESS,
    severity=Severity.HIGH,
    cwe=("CWE-306",),
    owasp=("API2:2023",),
    promise="nobody's data comes back without credentials",
    remediation=(
        "Require a login on this operation as on its neighbours, best in one place for all of them, with the few open "
        "operations listed by name."
    ),
)
NEEDS_PEER = False

_ACTIONS = (Action.READ, Action.OTHER, Action.LIST, Action.SEARCH)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.state_changing or target.action not in _ACTIONS or target.resource is None:
        return "it reads no object"
    if target.operation.method == "HEAD":
        return "a HEAD shows nothing"
    if not target.identifiers and target.action is Action.OTHER:
        return "it names no object"
    silent = target.access.level is Level.UNKNOWN
    if not silent and (not needs_credentials(target.access) or lets_anonymous_in(target.access)):
        return f"the document asks for no credentials: {target.access.reason}"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's read, the same without credentials, then the controls."""
    resource = yield from case.shared_resource()
    own = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner reads it")
    reply = read_reply(conclusive(own, resource.owner))
    if not reply.accepted:
        raise Stop(f"the owner's own read answered {reply.reason}")
    if leak_in(own, own, resource) is None:
        raise Stop("the owner's own read does not show what was planted in the object")
    attack = yield from case.ask(Role.ATTACK, case.anonymous_request(resource), "the same without credentials")
    reply = read_reply(conclusive(attack, ANONYMOUS))
    leak = None if reply.refused else leak_in(attack, own, resource)
    if leak is None:
        again = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner still reads it")
        if not read_reply(conclusive(again, resource.owner)).accepted:
            raise Stop(f"the owner's own read answered {read_reply(again).reason} afterwards")
        return Held(reason=f"without credentials: {reply.reason}" + ("" if reply.refused else ", without the object"))
    case.note(f"the answer holds {resource.owner}'s {leak.shown}")
    if case.target.identifiers:
        control = yield from case.ask(
            Role.CONTROL, case.request(ANONYMOUS, resource, overrides=case.made_up(resource)), "a made-up id"
        )
        if alike(conclusive(control, ANONYMOUS).response, attack.response):
            raise Stop("a made-up identifier is answered the same")
    expectation = yield from _expectation(case, resource)
    if expectation is None:
        return Inconclusive(reason="callers without credentials can read it, and nothing says that they may not")
    return broken(
        Break(
            title=f"{resource.owner}'s {resource.kind} can be read without credentials",
            detail=f"{case.target.label} answered a caller without credentials with {resource.owner}'s {resource.kind}: "
            f"the answer holds {leak.shown}, which {resource.owner} planted.",
            expectation=expectation,
            confidence=expectation.confidence if leak.canaries else min(expectation.confidence, Confidence.FIRM),
            steps=tuple(case.steps),
            owner=resource.owner,
            actor=ANONYMOUS,
        )
    )


def _expectation(case: Case, resource: Resource) -> Flow[Expectation | None]:
    """What says that credentials are needed: the document, or another read of the same kind that asks for them."""
    if case.target.access.level is not Level.UNKNOWN:
        return case.target.access.credentials.expectation()
    for reader in case.workshop.readers(resource):
        if reader.label == case.target.label or reader.resource != resource.kind:
            continue
        own = yield case.workshop.request(reader, resource.owner, resource)
        if not read_reply(own).accepted or leak_in(own, own, resource) is None:
            continue
        other = conclusive((yield case.workshop.request(reader, ANONYMOUS, resource)), ANONYMOUS)
        if leak_in(other, own, resource) is None:
            return Expectation(
                statement=f"needs credentials: {reader.label} shows a {resource.kind} to nobody without them",
                source=f"behaviour:{reader.label}",
                confidence=Confidence.FIRM,
            )
    return None
