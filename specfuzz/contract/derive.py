"""From a document to its contract: every operation with its action, resource, access and fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from specfuzz.contract import extensions
from specfuzz.contract.access import derive_access
from specfuzz.contract.actions import Shape, Shapes, is_user_noun, normalized_path
from specfuzz.contract.document import Document
from specfuzz.contract.effects import changes_state, is_destructive, reaches_out
from specfuzz.contract.fields import FieldReader, is_owner_field
from specfuzz.contract.model import (
    Action,
    Level,
    Link,
    Operation,
    OperationContract,
    ResourceKind,
)
from specfuzz.contract.overrule import overrule_access, overrule_fields, overrule_shared
from specfuzz.contract.policy import Policy
from specfuzz.contract.users import find_user_kinds

_FIELD_ACTIONS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.SIGN_UP, Action.SELF, Action.ACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a document promises. `links` say which operation's response feeds which other's request."""

    document: Document
    operations: tuple[OperationContract, ...]
    resources: tuple[ResourceKind, ...]
    links: tuple[Link, ...] = ()
    policy: Policy = field(default_factory=Policy)
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


def derive(document: Document, links: Iterable[Link] = (), policy: Policy | None = None) -> Contract:
    """The contract of a document. Pure: the same document and policy give the same contract.

    What `policy` says, or the document's own extensions, overrules what is inferred. Raises `PolicyError` for a line that
    is about nothing in the document.
    """
    said = _said(document, policy or Policy())
    shapes = Shapes(document)
    written = {operation.path for operation in document.operations if not operation.is_safe}
    twins = written & {operation.path for operation in document.operations if operation.method == "GET"}
    plain = [
        _without_fields(document, operation, shapes.read(operation), twins, has_items=shapes.has_items(operation))
        for operation in document.operations
    ]
    plain = [overrule_access(item, said) for item in _settle_parts(plain)]
    users = find_user_kinds(document, plain)
    plain = overrule_shared((_about_users(item, users) for item in plain), said)
    reader = FieldReader(document.schemas, _sample_names(document))
    by_resource: dict[str, list[OperationContract]] = {}
    for item in plain:
        if item.resource is not None:
            by_resource.setdefault(item.resource, []).append(item)
    operations = tuple(
        _with_fields(reader, item, by_resource.get(item.resource or "", []), said, users) for item in plain
    )
    return Contract(
        document=document,
        operations=operations,
        resources=_kinds(operations, users),
        links=tuple(links),
        policy=said,
    )


def _said(document: Document, policy: Policy) -> Policy:
    """The document's extensions, then the policy: the later word wins."""
    policy.check(document.operations)
    own = extensions.policy_of(document)
    return Policy(
        lines=(*own.lines, *policy.lines),
        shared=(*own.shared, *policy.shared),
        ignores=(*own.ignores, *policy.ignores),
        lenient=policy.lenient,
    )


def _without_fields(
    document: Document, operation: Operation, shape: Shape, twins: set[str], *, has_items: bool
) -> OperationContract:
    changing, confidence, why = changes_state(operation, shape, has_twin=operation.path in twins, has_items=has_items)
    return OperationContract(
        operation=operation,
        action=shape.action,
        resource=shape.resource,
        identifiers=shape.identifiers,
        access=derive_access(document, operation, shape.action),
        state_changing=changing,
        state_changing_confidence=confidence,
        state_changing_reason=why,
        dangerous=is_destructive(operation, shape, changing),
        reaches_out=reaches_out(operation, shape, changing),
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
    reader: FieldReader,
    contract: OperationContract,
    siblings: list[OperationContract],
    policy: Policy,
    users: tuple[str, ...],
) -> OperationContract:
    is_account = contract.resource in users  # an account is its own owner: its `username` names nobody else
    owner = None if is_account else next((name for name in reader.shown(contract) if is_owner_field(name)), None)
    takes_fields = contract.action in _FIELD_ACTIONS and contract.state_changing
    derived = replace(
        contract,
        owner_field=owner,
        forbidden_fields=reader.forbidden(contract, siblings) if takes_fields else (),
        sensitive_fields=reader.sensitive(contract),
    )
    return overrule_fields(derived, policy, reader.known(contract, siblings)) if policy.lines else derived


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
