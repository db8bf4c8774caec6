"""From a document to its contract: every operation with its action, resource, access and fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from specfuzz.contract.access import derive_access
from specfuzz.contract.actions import Shape, Shapes, is_plural, is_user_noun, normalized_path
from specfuzz.contract.document import Document
from specfuzz.contract.fields import FieldReader, is_owner_field
from specfuzz.contract.model import (
    Action,
    Confidence,
    Level,
    Link,
    Operation,
    OperationContract,
    ResourceKind,
)
from specfuzz.contract.users import find_user_kinds
from specfuzz.contract.words import split_words

_READ_VERBS = frozenset("get list search find read view show export query lookup preview validate check".split())
_COMPUTING_VERBS = frozenset("analyse analyze calculate classify compute detect predict translate".split())
_SAID_READS = frozenset(
    "get gets list lists return returns retrieve retrieves search searches find finds fetch fetches read reads query queries"
    " look lookup check checks validate validates calculate calculates compute computes analyze analyzes perform performs"
    " detect detects classify predict preview download downloads export exports render count".split()
)
_SAID_CHANGES = frozenset(
    "create creates add adds update updates delete deletes remove removes set sets mark marks send sends register registers"
    " submit submits assign assigns cancel cancels save saves upload uploads change changes enable disable start stop move"
    " moves copy copies replace replaces edit approve reject close open publish invite".split()
)
_CHANGE_VERBS = frozenset(
    "delete remove reset purge wipe drop clear create update cancel approve logout enable disable activate".split()
)
_DANGEROUS = frozenset("drop reset purge wipe truncate shutdown restart reboot nuke flush migrate seed".split())
_FIELD_ACTIONS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.SIGN_UP, Action.SELF, Action.ACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a document promises. `links` say which operation's response feeds which other's request."""

    document: Document
    operations: tuple[OperationContract, ...]
    resources: tuple[ResourceKind, ...]
    links: tuple[Link, ...] = ()
    _by_label: dict[str, OperationContract] = field(init=False, repr=False, compare=False, default_factory=dict)
    _by_name: dict[str, ResourceKind] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.operations:
            self._by_label.setdefault(item.label, item)
        for kind in self.resources:
            self._by_name.setdefault(kind.name, kind)

    def get(self, label: str) -> OperationContract | None:
        return self._by_label.get(label)

    def resource(self, name: str) -> ResourceKind | None:
        return self._by_name.get(name)

    def with_action(self, action: Action) -> tuple[OperationContract, ...]:
        return tuple(item for item in self.operations if item.action is action)

    def is_user_kind(self, name: str) -> bool:
        """Whether objects of this kind are accounts of people."""
        kind = self.resource(name)
        return kind.is_user if kind is not None else is_user_noun(name)

    @property
    def protects_something(self) -> bool:
        """Whether the document declares credentials anywhere; where it does not, its silence says nothing."""
        return self.document.asks_for_credentials


def derive(document: Document, links: Iterable[Link] = ()) -> Contract:
    """The contract of a document. Pure: the same document gives the same contract."""
    shapes = Shapes(document)
    plain = [
        _without_fields(document, operation, shapes.read(operation), has_items=shapes.has_items(operation))
        for operation in document.operations
    ]
    plain = _settle_parts(plain)
    users = find_user_kinds(document, plain)
    plain = [_about_users(item, users) for item in plain]
    reader = FieldReader(document.schemas, _sample_names(document))
    by_resource: dict[str, list[OperationContract]] = {}
    for item in plain:
        if item.resource is not None:
            by_resource.setdefault(item.resource, []).append(item)
    operations = tuple(_with_fields(reader, item, by_resource.get(item.resource or "", [])) for item in plain)
    return Contract(document=document, operations=operations, resources=_kinds(operations, users), links=tuple(links))


def _without_fields(document: Document, operation: Operation, shape: Shape, *, has_items: bool) -> OperationContract:
    changing, confidence = _changes_state(operation, shape, has_items=has_items)
    return OperationContract(
        operation=operation,
        action=shape.action,
        resource=shape.resource,
        identifiers=shape.identifiers,
        access=derive_access(document, operation, shape.action),
        state_changing=changing,
        state_changing_confidence=confidence,
        dangerous=_is_dangerous(operation, shape),
    )


def _settle_parts(operations: list[OperationContract]) -> list[OperationContract]:
    """`GET /orders/{id}/invoice` reads a part: it is no read of the order itself where `GET /orders/{id}` exists."""
    whole = {
        normalized_path(item.operation.path)
        for item in operations
        if item.action is Action.READ and item.operation.path.rstrip("/").endswith("}")
    }
    settled = []
    for item in operations:
        path = item.operation.path.rstrip("/")
        is_part = item.action is Action.READ and item.identifiers and "{" in path and not path.endswith("}")
        if is_part and normalized_path(path.rsplit("}", 1)[0] + "}") in whole:
            item = replace(item, action=Action.OTHER)
        settled.append(item)
    return settled


def _with_fields(
    reader: FieldReader, contract: OperationContract, siblings: list[OperationContract]
) -> OperationContract:
    shown = reader.shown(contract)
    owner = next((name for name in shown if is_owner_field(name)), None)
    forbidden = reader.forbidden(contract, siblings) if contract.action in _FIELD_ACTIONS else ()
    return replace(
        contract,
        owner_field=owner,
        forbidden_fields=forbidden if contract.state_changing else (),
        sensitive_fields=reader.sensitive(contract),
    )


def _changes_state(operation: Operation, shape: Shape, *, has_items: bool) -> tuple[bool, Confidence]:
    literals = [segment for segment in operation.path.split("/") if segment and "{" not in segment]
    words = split_words(literals[-1]) if literals else ()
    first = (words or split_words(operation.operation_id or "") or ("",))[0]
    if operation.is_safe:
        if first in _CHANGE_VERBS:
            return True, Confidence.TENTATIVE
        return False, Confidence.CERTAIN
    says = (*split_words(operation.summary), "")[0]
    reads = shape.action in (Action.READ, Action.LIST, Action.SEARCH) or first in _READ_VERBS | _COMPUTING_VERBS
    if reads and operation.method not in ("DELETE", "PATCH"):
        if has_items or says in _SAID_CHANGES:
            return True, Confidence.TENTATIVE  # `POST /checks` makes a check; "Mark as read" is no reading
        return False, Confidence.FIRM
    return True, _certainty_of_change(operation, shape, has_items=has_items)


def _certainty_of_change(operation: Operation, shape: Shape, *, has_items: bool) -> Confidence:
    """How sure it is that a write changes something: many a POST only computes an answer (`POST /text/review`)."""
    if operation.method in ("DELETE", "PATCH") or (operation.method == "PUT" and shape.identifiers):
        return Confidence.CERTAIN
    said = (*split_words(operation.summary), "")[0]
    if said in _SAID_READS:
        return Confidence.TENTATIVE
    if said in _SAID_CHANGES:
        return Confidence.FIRM if shape.action is Action.OTHER else Confidence.CERTAIN
    if shape.action is Action.CREATE:
        statuses = {reply.status for reply in operation.replies}
        if has_items or ("201" in statuses and "200" not in statuses):  # some tools declare both everywhere
            return Confidence.CERTAIN
        return Confidence.FIRM if is_plural(operation.path.rsplit("/", 1)[-1]) else Confidence.TENTATIVE
    return Confidence.TENTATIVE if shape.action is Action.OTHER else Confidence.FIRM


def _is_dangerous(operation: Operation, shape: Shape) -> bool:
    """Whether one call may destroy what the run did not make: a reset, or a delete that names no object."""
    if operation.is_safe:
        return False
    if operation.method == "DELETE" and not shape.identifiers and shape.action is not Action.SELF:
        return True
    words = set(split_words(operation.path)) | set(split_words(operation.operation_id or ""))
    return bool(words & _DANGEROUS) and "password" not in words and shape.action is not Action.LOGIN


def _about_users(item: OperationContract, users: tuple[str, ...]) -> OperationContract:
    """Sign-up, log-in and `/me` are about the document's own kind of account, whatever it calls it."""
    account_actions = (Action.SIGN_UP, Action.LOGIN, Action.LOGOUT, Action.REFRESH, Action.SELF)
    return replace(item, resource=users[0]) if item.action in account_actions and users else item


def _kinds(operations: tuple[OperationContract, ...], users: tuple[str, ...]) -> tuple[ResourceKind, ...]:
    grouped: dict[str, list[OperationContract]] = {}
    for item in operations:
        if item.resource:
            grouped.setdefault(item.resource, []).append(item)

    def pick(items: list[OperationContract], *actions: Action) -> tuple[OperationContract, ...]:
        return tuple(item for item in items if item.action in actions)

    return tuple(
        ResourceKind(
            name=name,
            is_user=name in users,
            operations=tuple(items),
            creates=pick(items, Action.CREATE, Action.SIGN_UP),
            lists=pick(items, Action.LIST, Action.SEARCH),
            reads=pick(items, Action.READ),
            updates=pick(items, Action.UPDATE, Action.REPLACE),
            deletes=pick(items, Action.DELETE),
            acts=pick(items, Action.ACT),
        )
        for name, items in grouped.items()
    )


def _sample_names(document: Document) -> tuple[str, ...]:
    """Names as this document writes them, enough to tell its style."""
    names: list[str] = []
    for operation in document.operations[:60]:
        for body in operation.bodies[:1]:
            names.extend(document.schemas.properties(body.schema, body.pointer))
        for reply in operation.success_replies:
            if reply.schema is not None:
                schema, pointer, _ = document.schemas.represented(reply.schema, reply.pointer)
                names.extend(document.schemas.properties(schema, pointer))
    return tuple(dict.fromkeys(names))


def declares_protection(contract: Contract, operation: OperationContract) -> bool:
    """Whether the document says that an anonymous caller is refused here."""
    return operation.access.level not in (Level.PUBLIC, Level.UNKNOWN)
