"""Which kinds of objects are accounts of people? `/accounts` may hold customers or bank accounts, `/members` people or rows.

The noun alone does not tell. A kind is an account if one signs up to its collection, if it has the shape of what `/me`
shows, or if it is named like one, stands at the top, and nobody makes one with an ordinary request.
"""

from __future__ import annotations

from collections.abc import Iterable

from specfuzz.contract.actions import is_user_noun, normalized_path
from specfuzz.contract.document import Document
from specfuzz.contract.model import Action, Level, OperationContract

ALIKE_SHARE = 0.7
"""Share of the properties of `/me` that a kind must show to be the same thing; views for others leave some out."""


def find_user_kinds(document: Document, operations: Iterable[OperationContract]) -> tuple[str, ...]:
    """The kinds that are accounts, the one that the document is most about first; `user` where none is found."""
    by_kind: dict[str, list[OperationContract]] = {}
    sign_ups, selves = [], []
    for item in operations:
        if item.action is Action.SIGN_UP:
            sign_ups.append(item)
        elif item.action is Action.SELF:
            selves.append(item)
        elif item.resource is not None and item.action not in (Action.LOGIN, Action.LOGOUT, Action.REFRESH):
            by_kind.setdefault(item.resource, []).append(item)
    collections = {normalized_path(item.operation.path) for item in sign_ups}
    own_properties = set().union(*(_shown(document, item) for item in selves))
    scored = []
    for order, (kind, items) in enumerate(by_kind.items()):
        rank = _rank(document, kind, items, collections, own_properties)
        if rank is not None:
            scored.append((rank, order, kind))
    found = tuple(kind for _, _, kind in sorted(scored))
    return found or ("user",)


def _rank(
    document: Document, kind: str, items: list[OperationContract], sign_ups: set[str], own_properties: set[str]
) -> int | None:
    """How surely a kind is an account, 0 the surest; None if it is none."""
    top = [item for item in items if item.own_identifier is not None and len(item.identifiers) == 1]
    if any(normalized_path(item.operation.path).rsplit("/{}", 1)[0] in sign_ups for item in items):
        return 0
    if not is_user_noun(kind):
        return None
    if any(item.action is Action.CREATE and item.access.level is not Level.ROLE for item in items):
        return None
    shown = set().union(*(_shown(document, item) for item in items))
    if own_properties and shown and len(own_properties & shown) >= ALIKE_SHARE * min(len(own_properties), len(shown)):
        return 1
    if kind == "user":
        return 2
    return 3 if top else None


def _shown(document: Document, item: OperationContract) -> set[str]:
    names: set[str] = set()
    for reply in item.operation.success_replies:
        if reply.schema is not None:
            schema, pointer, _ = document.schemas.represented(reply.schema, reply.pointer)
            names.update(document.schemas.properties(schema, pointer))
    return names
