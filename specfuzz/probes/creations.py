"""Did a creation in an unusual shape take effect? For rules whose attack makes an object and whose actor is its owner.

The same operation makes one in the ordinary way first. The attack's object is then looked for by its own canaries.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from specfuzz.generation import Draft
from specfuzz.http import Exchange, Flow, Request
from specfuzz.oracles import contains, read_reply
from specfuzz.probes.case import Case, Shape, Stop, conclusive
from specfuzz.probes.effects import Effect
from specfuzz.probes.verdict import Role, Step
from specfuzz.resources import NotMade, Resource, View
from specfuzz.resources.workshop import SETTLE_S


def ordinary_creation(case: Case) -> Flow[Resource]:
    """An object made by the target as the contract says, which its owner then sees. Raises `Stop` where that fails."""
    made = yield from case.make_with_target("control", {})
    if isinstance(made, NotMade):
        raise Stop(f"none could be made in the ordinary way: {made.reason}")
    if made.exchange is not None:
        case.steps.append(Step(role=Role.CONTROL, exchange=made.exchange, note="the owner makes one"))
    view = yield from case.first_view(made)
    if not view.found or (made.key is None and not _shows(view, made)):
        raise Stop(f"the owner does not see the {made.kind} that was made, so another one would not show either")
    if not _shows(view, made):
        # Nothing of what was sent comes back: then only an identifier of its own tells another one from this.
        return replace(made, canaries={})
    return made


def attempt_creation(case: Case, control: Resource, shape: Shape, label: str) -> Flow[Effect]:
    """Make one more with `shape`, and say whether it shows: by its canaries, or by an identifier of its own."""
    drafts: list[Draft] = []
    sent: list[Request] = []

    def remember(request: Request, draft: Draft | None) -> Request:
        sent.append(request)
        drafts.extend([draft] if draft is not None else [])
        return shape(request, draft)

    made = yield from case.workshop.make_with(
        case.target, control.kind, control.owner, f"{case.purpose}/{label}", shape=remember
    )
    attack = made.exchange
    if attack is None or not sent:
        raise Stop(f"the attack could not be sent: {made.reason if isinstance(made, NotMade) else 'no answer'}")
    case.steps.append(Step(role=Role.ATTACK, exchange=attack, note=f"{control.owner}'s browser sends it"))
    reply = read_reply(conclusive(attack, control.owner))
    canaries = drafts[-1].canaries if drafts else {}
    if not control.canaries and isinstance(made, Resource):
        made = replace(made, canaries={})
    wanted = made if isinstance(made, Resource) else _stranger(case, control, canaries, attack)
    shown = ""
    for wait_s in SETTLE_S if reply.accepted else SETTLE_S[:1]:
        view = yield from case.read_back(wanted, "after: the owner looks for it", wait_s=wait_s)
        if view.found and _is_new(view, wanted, control):
            shown = f"a {control.kind} with what was sent"
            case.note(f"{control.owner} now sees {shown}")
            break
        if view.exchange is not None:
            case.steps.pop()
    return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)


def _stranger(case: Case, control: Resource, canaries: Any, exchange: Exchange) -> Resource:
    """What a refused creation would have made: known by its canaries alone."""
    return Resource(
        kind=control.kind,
        owner=control.owner,
        creation=case.target,
        canaries=canaries,
        parents=control.parents,
        exchange=exchange,
    )


def _is_new(view: View, wanted: Resource, control: Resource) -> bool:
    """Whether a read shows the attack's own object: nothing else holds its canaries, or answers to its identifier."""
    if wanted.canaries:
        return _shows(view, wanted)
    return wanted.key is not None and wanted.key != control.key


def _shows(view: View, resource: Resource) -> bool:
    if view.exchange is None:
        return False
    if not resource.canaries:
        return resource.key is not None
    response = view.exchange.response
    return any(contains(response, canary) for canary in resource.canaries.values())
