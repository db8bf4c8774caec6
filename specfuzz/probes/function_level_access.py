"""SF106: an operation that the contract keeps for a privileged role works for an ordinary identity.

An ordinary user sends it; the data in the answer or the effect on read-back proves that it worked. Where an identity of
that role is configured, its own success is the control: the answers must be of the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Level, OperationContract
from specfuzz.http import ANONYMOUS, Exchange, Flow
from specfuzz.oracles import alike, as_text, changes, leaves, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.effects import attempt
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import NotMade, Resource, objects_in

RULE = Rule(
    id="SF106",
    name="function-level-access",
    category=Category.CROSS_USER,
    severity=Severity.HIGH,
    cwe=("CWE-285",),
    owasp=("API5:2023",),
    promise="an operation that is kept for a role works for nobody else",
    remediation=(
        "Check the role on the server for every operation of this area, best where the routes are grouped (a router "
        "dependency, a blueprint's before-request hook), from the database and not from what the client sends."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.access.level is not Level.ROLE:
        return "the contract keeps it for no role"
    if target.access.confidence < Confidence.FIRM:
        return f"only a hint says that it is kept for a role: {target.access.reason}"
    if target.resource is None:
        return "the document does not say which object it is about"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the privileged operation as an ordinary user, with the controls that tell success from politeness."""
    if not case.target.state_changing:
        return (yield from _read(case))
    if case.target.action is Action.CREATE:
        return (yield from _create(case))
    if not case.target.identifiers:
        return Inconclusive(reason="it names no object, so an effect could not be told")
    resource, effect = yield from attempt(case, case.ordinary)
    if not effect.happened:
        return Held(reason=f"{effect.actor}: {effect.reason}, and a read shows no change")
    return broken(_finding(case, f"afterwards a read shows {effect.shown}", resource.owner, refused=effect.refused))


def _read(case: Case) -> Flow[Verdict]:
    resource = yield from case.shared_resource_or_none() if case.target.identifiers else _nothing()
    if case.target.identifiers and (resource is None or case.workshop.identifiers(case.target, resource) is None):
        raise Stop(f"no {case.target.resource} is known to try it on")
    expected: Exchange | None = None
    if case.admin is not None:
        expected = yield from case.ask(Role.CONTROL, case.request(case.admin, resource), f"{case.admin} may")
        if not read_reply(conclusive(expected, case.admin)).accepted:
            raise Stop(f"{case.admin}'s own call answered {read_reply(expected).reason}")
    attack = yield from case.ask(Role.ATTACK, case.request(case.ordinary, resource), f"{case.ordinary} calls it")
    reply = read_reply(conclusive(attack, case.ordinary))
    if reply.refused:
        return Held(reason=f"{case.ordinary} was refused: {reply.reason}")
    if not _has_data(attack.response.json):
        return Inconclusive(reason=f"{case.ordinary} got {reply.reason} without any data in it")
    if expected is not None and not _same_kind(expected.response.json, attack.response.json):
        return Held(reason=f"{case.ordinary} gets an answer of another kind than {case.admin}")
    anonymous = yield from case.ask(Role.CONTROL, case.request(ANONYMOUS, resource), "no credentials")
    if alike(conclusive(anonymous, ANONYMOUS).response, attack.response):
        raise Stop("anonymous callers get the same answer: a page for everybody, or a missing login (SF302)")
    return broken(_finding(case, f"{case.ordinary} got {reply.reason} with data", None))


def _nothing() -> Flow[None]:
    yield from ()
    return None


def _has_data(body: Any) -> bool:
    """Whether an answer holds objects, and not only an empty envelope."""
    found = [node for node in objects_in(body) if leaves(node)]
    if isinstance(body, Mapping):
        found = found[1:] or ([body] if len(leaves(body)) >= 3 else [])
    return bool(found)


def _same_kind(one: Any, other: Any) -> bool:
    """Whether two answers have the same shape: the properties of what the privileged identity gets."""
    wanted = {key for node in objects_in(one) for key in node}
    got = {key for node in objects_in(other) for key in node}
    return bool(wanted) and len(wanted & got) >= 0.7 * len(wanted)


def _create(case: Case) -> Flow[Verdict]:
    """The ordinary user makes one; whoever may read such things must find it."""
    made = yield from case.make_as(case.ordinary, "attack")
    if isinstance(made, NotMade):
        answered = made.exchange
        if answered is None:
            raise Stop(made.reason)
        reply = read_reply(conclusive(answered, case.ordinary))
        if reply.refused and answered.status in (401, 403, 404):
            return Held(reason=f"{case.ordinary} was refused: {reply.reason}")
        return Inconclusive(reason=f"{case.ordinary} was not let through, but not for who it is: {made.reason}")
    view = yield from case.read_back(made, "a read shows it")
    if not view.found and case.admin is not None:
        view = yield from case.workshop.read_back(made, case.admin)
    if not view.found and (changed := (yield from _changed_parent(case, made))):
        return broken(_finding(case, f"each time it is sent, a read shows another {changed}", None))
    if not view.found:
        return Inconclusive(
            reason=f"{case.ordinary} was answered like an accepted request, and no read shows the object"
        )
    return broken(_finding(case, "a later read shows the object that it made", None))


def _changed_parent(case: Case, made: Resource) -> Flow[str]:
    """What another such object changes in what it lies in, in words: a booking that no read lists moves the balance."""
    if not made.parents:
        return ""
    parent = made.parents[-1]
    before = yield from case.read_back(parent, f"the {parent.kind} before", role=Role.CONTROL)
    again = yield from case.make_as(case.ordinary, "again")
    if isinstance(again, NotMade) or not before.found or again.parents[-1].name != parent.name:
        return ""
    after = yield from case.read_back(parent, f"the {parent.kind} afterwards")
    found = changes(before.fields, after.fields) if after.found else ()
    return f"`{found[0].path}` of the {parent.kind}: {as_text(found[0].after)}" if found else ""


def _finding(case: Case, proof: str, owner: str | None, *, refused: bool = False) -> Break:
    expectation = case.target.access.expectation()
    return Break(
        title=f"{case.ordinary} can use {case.target.label}, which is kept for {case.target.access.role}"
        + (", though the answer is a refusal" if refused else ""),
        detail=f"{case.target.label} worked for {case.ordinary}, an ordinary user: {proof}. "
        f"{case.target.access.reason[:1].upper()}{case.target.access.reason[1:]}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=tuple(case.steps),
        owner=owner,
        actor=case.ordinary,
        rule="SF304" if refused else None,
    )
