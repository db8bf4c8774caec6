"""SF101: a peer reads an object that is its owner's alone.

The owner makes an object with canaries in it and reads it; a peer sends the same read. A canary (or the same telling
values) in the peer's answer proves whose object it is. Controls: the owner's own read works before and after, a made-up
identifier is answered differently, anonymous callers are refused, and the object is private at all (`privacy`).
"""

from __future__ import annotations

from specfuzz.contract import Action, Confidence, Contract, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.http import Flow
from specfuzz.oracles import alike, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import judge_privacy, leak_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken

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

_ACTIONS = (Action.READ, Action.OTHER, Action.LIST, Action.SEARCH)


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
    if case.peer is None:
        return Inconclusive(reason="there is no second identity of the same role", hint="give --auth two users")
    resource = yield from case.shared_resource()
    own = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner reads it")
    reply = read_reply(conclusive(own, resource.owner))
    if not reply.accepted:
        raise Stop(f"the owner's own read answered {reply.reason}")
    if leak_in(own, own, resource) is None:
        raise Stop("the owner's own read does not show what was planted in the object")

    attack = yield from case.ask(Role.ATTACK, case.request(case.peer, resource), "a peer sends the same read")
    reply = read_reply(conclusive(attack, case.peer))
    if reply.refused:
        return Held(reason=f"{case.peer} was refused: {reply.reason}")
    leak = leak_in(attack, own, resource)
    if leak is None:
        return Held(reason=f"{case.peer}'s answer does not hold {resource.owner}'s object")
    case.note(f"the answer holds {resource.owner}'s {leak.shown}")

    made_up = case.made_up(resource)
    control = yield from case.ask(Role.CONTROL, case.request(case.peer, resource, overrides=made_up), "a made-up id")
    if alike(control.response, attack.response):
        raise Stop("a made-up identifier is answered the same")
    anonymous = yield from case.ask(Role.CONTROL, case.anonymous_request(resource), "no credentials")
    if read_reply(anonymous).accepted and leak_in(anonymous, own, resource) is not None:
        return Inconclusive(reason="anonymous callers get it as well: see SF302, or it is public")
    rung = yield from judge_privacy(case, resource, own, attack)
    if not rung.private:
        if rung.confidence >= Confidence.FIRM:
            return Held(reason=f"shared on purpose: {rung.reason}")
        return Inconclusive(
            reason=f"{case.peer} can read it; {rung.reason}",
            hint=f"say who may: a policy line for {case.target.label}",
        )
    again = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner still reads it")
    if not read_reply(again).accepted:
        raise Stop("the owner's own read failed afterwards")
    confidence = (
        rung.confidence if not leak.canaries else max(rung.confidence, min(rung.confidence, Confidence.CERTAIN))
    )
    if leak.canaries and rung.confidence is Confidence.FIRM and rung.expectation.source.startswith("#"):
        confidence = Confidence.CERTAIN  # the document says whose it is, and the canary proves that it was his
    return broken(
        Break(
            title=f"{case.peer} can read {resource.owner}'s {resource.kind}",
            detail=f"{case.target.label} gave {case.peer} the {resource.kind} of {resource.owner}: the answer holds "
            f"{leak.shown}, which {resource.owner} planted. {rung.reason[:1].upper()}{rung.reason[1:]}.",
            expectation=rung.expectation,
            confidence=confidence,
            steps=tuple(case.steps),
            owner=resource.owner,
            actor=case.peer,
        )
    )
