"""SF301: a write works without credentials.

The write is sent without any credentials about an object that the owner made; the owner's read-back decides. Controls:
the owner reads the object before, the owner's own write of the same shape is accepted and shows. A refusal that wrote all
the same is SF304.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import needs_credentials
from specfuzz.generation import Draft
from specfuzz.http import ANONYMOUS, Exchange, Flow
from specfuzz.oracles import read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import Effect, attempt
from specfuzz.probes.privacy import leak_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import Resource, find_by_canary, view_of
from specfuzz.resources.workshop import SETTLE_S

RULE = Rule(
    id="SF301",
    name="tokenless-write",
    category=Category.TOKENLESS,
    severity=Severity.CRITICAL,
    cwe=("CWE-306",),
    owasp=("API2:2023",),
    promise="a write without credentials has no effect",
    remediation=(
        "Require a login on this operation as on its neighbours, best in one place for all of them (a before-request "
        "hook or a router dependency) with the few open operations listed by name."
    ),
)
NEEDS_PEER = False

_NOT_THESE = {
    Action.LOGIN: "logging in is for callers without credentials",
    Action.SIGN_UP: "signing up is for callers without credentials",
    Action.REFRESH: "it carries its credentials in the request itself",
    Action.LOGOUT: "a caller without credentials has no session to end",
}


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if not target.state_changing:
        return "it changes nothing"
    if target.action in _NOT_THESE:
        return _NOT_THESE[target.action]
    if target.resource is None:
        return "the document does not say which object it changes"
    if not target.identifiers and (
        target.action is Action.SELF or target.access.reason.startswith("the path is the caller's")
    ):
        return "it changes the caller's own account, and a caller without credentials has none"
    if target.access.level is Level.PUBLIC and not _siblings_are_protected(contract, target):
        return f"open on purpose: {target.access.reason}"
    return None


def _siblings_are_protected(contract: Contract, target: OperationContract) -> bool:
    """Whether the document leaves this write open and protects the others on the same kind of object."""
    if target.access.confidence > Confidence.TENTATIVE or target.action is Action.CREATE or not target.identifiers:
        return False
    kind = contract.resource(target.resource or "")
    others = [
        item
        for item in (kind.operations if kind is not None else contract.operations)
        if item.resource == target.resource and item.state_changing and item.label != target.label
    ]
    return bool(others) and all(needs_credentials(item.access) for item in others)


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the same write without credentials, and the owner's read-back."""
    expectation = yield from _expectation(case)
    if expectation is None:
        return Held(reason="callers without credentials may use this API: their reads are answered too")
    if case.target.action is Action.CREATE or (not case.target.identifiers and case.target.action is not Action.ACT):
        return (yield from _create(case, expectation))
    resource, effect = yield from attempt(case, ANONYMOUS)
    if not effect.happened:
        return Held(reason=f"without credentials: {effect.reason}, and the owner's read shows no change")
    return broken(_finding(case, expectation, resource, effect))


def _expectation(case: Case) -> Flow[Expectation | None]:
    """What says that anonymous callers are refused: the document, or how the API treats them on the same object."""
    access = case.target.access
    if needs_credentials(access):
        return access.credentials.expectation()
    if access.level is Level.PUBLIC:
        return Expectation(
            statement="needs credentials, as every other write on the same object does",
            source=access.source,
            confidence=Confidence.TENTATIVE,
        )
    resource = yield from case.shared_resource_or_none()
    if resource is None:
        raise Stop("the document does not say who may write here, and no object could be made to find out")
    for reader in case.workshop.readers(resource):
        own = yield case.workshop.request(reader, resource.owner, resource)
        if not read_reply(own).accepted or leak_in(own, own, resource) is None:
            continue
        other = conclusive((yield case.workshop.request(reader, ANONYMOUS, resource)), "an anonymous caller")
        if leak_in(other, own, resource) is not None:
            return None
        return Expectation(
            statement="needs credentials: the API shows this object to nobody without them",
            source=f"behaviour:{reader.label}",
            confidence=Confidence.FIRM,
        )
    raise Stop("the document does not say who may write here, and no read shows how the API treats strangers")


def _finding(case: Case, expectation: Expectation, resource: Resource, effect: Effect) -> Break:
    did = {Action.DELETE: "deleted", Action.ACT: "acted upon"}.get(case.target.action, "changed")
    return Break(
        title=f"{resource.owner}'s {resource.kind} can be {did} without credentials"
        + (", though the answer is a refusal" if effect.refused else ""),
        detail=f"{case.target.label} was sent without credentials and answered {effect.reason}; afterwards "
        f"{_sentence(effect.shown)}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=tuple(case.steps),
        owner=resource.owner,
        actor=ANONYMOUS,
        rule="SF304" if effect.refused else None,
        severity=Severity.HIGH if effect.refused else None,
    )


def _sentence(shown: str) -> str:
    return shown if " " in shown and not shown.startswith("`") else f"the owner sees {shown}"


# Creating ---------------------------------------------------------------------------------------------------------


def _create(case: Case, expectation: Expectation) -> Flow[Verdict]:
    """Nobody owns what nobody made: the effect is an object that some later read shows, with the attack's canary."""
    control = yield from case.fresh_resource("control")
    draft = yield from case.draft("attack", control)
    if draft is None or not draft.canaries:
        return Inconclusive(reason="nothing in its body could be recognised later")
    identifiers = case.workshop.identifiers(case.target, control)
    if identifiers is None:
        raise Stop("an object that the path goes through is not known")
    request = case.request(ANONYMOUS, control, draft=draft)
    attack = yield from case.ask(Role.ATTACK, request, "the same creation without credentials")
    reply = read_reply(conclusive(attack, ANONYMOUS))
    if reply.refused:
        found = yield from _look_for(case, control, draft, attack, with_item=False)
        if found is None:
            return Held(reason=f"without credentials: {reply.reason}")
        return broken(_created(case, expectation, found, refused=True))
    found = yield from _look_for(case, control, draft, attack, with_item=True)
    if found is not None:
        return broken(_created(case, expectation, found, refused=False))
    made = view_of(attack.response.json)
    if not _looks_created(made, view_of(control.exchange.response.json) if control.exchange else {}, draft.value):
        return Held(reason=f"without credentials: {reply.reason}, and no read shows a new object")
    weak = Expectation(statement=expectation.statement, source=expectation.source, confidence=Confidence.TENTATIVE)
    return broken(_created(case, weak, "no read shows it, but the answer is that of a creation", refused=False))


def _looks_created(made: Mapping[str, Any], control: Mapping[str, Any], sent: Any) -> bool:
    """Whether an answer names a new object: an identifier that was not sent and is not the control's."""
    keys = [key for key in control if key.lower() in ("id", "uuid", "_id") or key.lower().endswith("_id")]
    given = sent if isinstance(sent, Mapping) else {}
    return any(key in made and made[key] and made[key] != control[key] and key not in given for key in keys)


def _look_for(case: Case, control: Resource, draft: Draft, attack: Exchange, *, with_item: bool) -> Flow[str | None]:
    """Where the attack's canary turns up again, in words: read by its id, or in a list, by the owner or by nobody."""
    body = view_of(attack.response.json) if with_item else {}
    stranger = Resource(
        kind=control.kind,
        owner=control.owner,
        creation=case.target,
        body=body,
        canaries=draft.canaries,
        parents=control.parents,
        exchange=attack,
    )
    for wait_s in SETTLE_S[:3:2]:
        for reader in list(case.workshop.readers(stranger)):
            for who in (control.owner, ANONYMOUS):
                exchange = yield from case.ask(
                    Role.READ_BACK, _later(case.workshop.request(reader, who, stranger), wait_s), f"{who} looks for it"
                )
                wait_s = 0.0
                if read_reply(exchange).accepted and find_by_canary(exchange.response.json, draft.canaries.values()):
                    case.note(f"{who} sees the new object")
                    if with_item:
                        case.workshop.ledger.add(stranger)
                    return f"{reader.label} shows it to {who}"
                case.steps.pop()
    return None


def _later(request: Any, wait_s: float) -> Any:
    from dataclasses import replace

    return replace(request, wait_s=wait_s) if wait_s else request


def _created(case: Case, expectation: Expectation, shown: str, *, refused: bool) -> Break:
    return Break(
        title=f"a {case.target.resource} can be made without credentials"
        + (", though the answer is a refusal" if refused else ""),
        detail=f"{case.target.label} was sent without credentials and made an object: {shown}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=tuple(case.steps),
        owner=None,
        actor=ANONYMOUS,
        rule="SF304" if refused else None,
        severity=Severity.HIGH if refused else None,
    )
