"""A write that was refused plainly, once more in other forms: the owner's read-back decides, as for the plain attempt."""

from __future__ import annotations

from specfuzz.contract import Action
from specfuzz.generation import Draft, Style
from specfuzz.http import Flow
from specfuzz.oracles import changes, read_reply
from specfuzz.probes.case import Case
from specfuzz.probes.effects import Effect, gone, written
from specfuzz.probes.verdict import Role
from specfuzz.resources import Resource, View


def in_other_forms(case: Case, actor: str, resource: Resource, tried: list[str]) -> Flow[Effect | None]:
    """The first form whose write the owner sees; None where there is none. `tried` gathers their names.

    An accepted answer is looked into at once; after the last form the owner reads once more, whatever the answers were.
    """
    if case.target.action is Action.ACT:
        resource = yield from case.fresh_resource("other-forms")  # the owner's own call has used the first one up
    draft = yield from _draft(case, resource)
    forms = yield from case.other_forms(case.attack(actor, resource, draft=draft), resource)
    if not forms:
        return None
    before = yield from case.workshop.read_back(resource)
    if not before.found:
        return None
    for number, variant in enumerate(forms, 1):
        attack = yield from case.ask(Role.ATTACK, variant.request, f"{actor} tries {variant.name}")
        tried.append(variant.name)
        reply = read_reply(attack)
        if reply.accepted or number == len(forms):
            after = yield from case.read_back(resource, "after: the owner reads it")
            shown = yield from _shown(case, resource, draft, before, after)
            if shown:
                case.note(f"the owner now sees {shown}")
                return Effect(attack=attack, refused=reply.refused, reason=reply.reason, shown=shown)
            case.steps.pop()
        case.steps.pop()
    return None


def _draft(case: Case, resource: Resource) -> Flow[Draft | None]:
    if case.target.action is Action.DELETE:
        return (yield from case.draft("other-forms", resource, Style.REQUIRED))
    return (yield from case.draft("other-forms", resource))


def _shown(case: Case, resource: Resource, draft: Draft | None, before: View, after: View) -> Flow[str]:
    if case.target.action is Action.DELETE:
        lost = yield from gone(case, before, after, resource)
        if lost:
            case.workshop.ledger.mark_gone(resource)
        return lost
    if draft is not None and case.target.action is not Action.ACT:
        return written(draft, before, after)
    found = changes(before.fields, after.fields) if after.found else ()
    return f"`{found[0].path}` = {found[0].after!r}" if found else ""
