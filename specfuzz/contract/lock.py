"""The promises of a document as a value that can be kept and compared: `specfuzz.lock.json`.

Only what is firm is kept: a guess from the word list is no promise, and would make every lock long. What a document
calls its path parameters and in which order it says things is no promise either, so the document is put in one order
before anything is derived from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract.access import lets_anonymous_in, needs_credentials
from specfuzz.contract.actions import normalized_path
from specfuzz.contract.derive import derive
from specfuzz.contract.document import Document, template_names
from specfuzz.contract.errors import ContractError
from specfuzz.contract.fields import FieldReader
from specfuzz.contract.model import Access, Confidence, Level, Location, Operation, OperationContract
from specfuzz.contract.policy import Policy

LOCK_VERSION = "1"


class LockError(ContractError):
    """A file that says it is a lock and is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What one operation promises. `forbidden` and `sensitive` hold the reason for each field.

    `is_strict` if its requests say that they take no other property; `credentials` if a caller needs any, `scopes` which
    of them every way in needs.
    """

    access: Level
    role: str | None
    credentials: bool
    action: str
    resource: str | None
    state_changing: bool
    dangerous: bool
    forbidden: Mapping[str, str] = field(default_factory=dict)
    sensitive: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[str, ...] = ()
    is_strict: bool = False
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The promises of every operation, by its label as the document writes it."""

    operations: Mapping[str, Promises]
    unreadable: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(label.partition(" ")[2] for label in self.operations)


def lock(document: Document, policy: Policy | None = None, *, like: Iterable[str] = ()) -> Lock:
    """What a document promises. `like` are paths whose parameter names are taken where only those names differ."""
    ordered = _ordered(_renamed(document, like))
    contract = derive(ordered, (), policy)
    reader = FieldReader(ordered.schemas, ())
    return Lock(
        operations={item.label: _promises(ordered, reader, item) for item in contract.operations},
        unreadable=tuple(sorted(item.label for item in document.unreadable)),
    )


def _promises(document: Document, reader: FieldReader, item: OperationContract) -> Promises:
    access = item.access
    credentials = _asks_for_credentials(access)
    bodies = item.operation.bodies
    forbidden = {
        found.name: found.reason.value for found in item.forbidden_fields if found.confidence >= Confidence.FIRM
    }
    taken = {name for body in bodies for name in reader.writable(body)} | set(item.writable_fields)
    level, role = access.level, access.role
    if access.confidence < Confidence.FIRM:  # a hint does not narrow what is surely said
        level, role = (Level.AUTHENTICATED, None) if credentials else (Level.UNKNOWN, None)
    return Promises(
        access=level,
        role=role,
        credentials=credentials,
        action=item.action.value,
        resource=item.resource,
        state_changing=item.state_changing,
        dangerous=item.dangerous or item.reaches_out is not None,
        forbidden=dict(sorted(forbidden.items())),
        sensitive=dict(sorted((found.name, found.reason) for found in item.sensitive_fields)),
        writable=tuple(sorted(taken - set(forbidden))) if item.state_changing else (),
        is_strict=bool(bodies) and all(document.schemas.forbids_extra(body.schema) for body in bodies),
        scopes=item.operation.scopes,
    )


def _asks_for_credentials(access: Access) -> bool:
    surest = access.credentials
    return needs_credentials(surest) and surest.confidence >= Confidence.FIRM and not lets_anonymous_in(access)


# One order, one name ------------------------------------------------------------------------------------------------


def _renamed(document: Document, like: Iterable[str]) -> Document:
    """The document with the path parameters of those paths that are the same but for these names."""
    known = set(like)
    names = {normalized_path(path): path for path in sorted(known)}
    operations = tuple(
        operation
        if operation.path in known
        else _with_path(operation, names.get(normalized_path(operation.path), operation.path))
        for operation in document.operations
    )
    return replace(document, operations=operations)


def _with_path(operation: Operation, path: str) -> Operation:
    renames = dict(zip(template_names(operation.path), template_names(path), strict=False))
    parameters = tuple(
        replace(item, name=renames.get(item.name, item.name)) if item.location is Location.PATH else item
        for item in operation.parameters
    )
    return replace(operation, path=path, parameters=parameters)


def _ordered(document: Document) -> Document:
    operations = sorted(document.operations, key=lambda item: (item.path, item.method))
    return replace(document, operations=tuple(_ordered_operation(item) for item in operations))


def _ordered_operation(operation: Operation) -> Operation:
    security = operation.security
    if security is not None:
        alternatives = [{name: tuple(sorted(scopes)) for name, scopes in entry.items()} for entry in security]
        security = tuple(sorted(alternatives, key=lambda entry: sorted(entry.items())))
    return replace(
        operation,
        tags=tuple(sorted(operation.tags)),
        parameters=tuple(sorted(operation.parameters, key=lambda item: (item.location.value, item.name))),
        bodies=tuple(sorted(operation.bodies, key=lambda item: ("json" not in item.media_type, item.media_type))),
        replies=tuple(sorted(operation.replies, key=lambda item: (item.status, item.media_type or ""))),
        security=security,
    )


# Keeping it ---------------------------------------------------------------------------------------------------------


def render_lock(found: Lock) -> str:
    """The lock as text: sorted, one thing a line, so that a changed promise is a changed line."""
    document = {
        "lock_version": LOCK_VERSION,
        "operations": {label: _to_json(promises) for label, promises in sorted(found.operations.items(), key=_by_path)},
        "unreadable": list(found.unreadable),
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _by_path(entry: tuple[str, Promises]) -> tuple[str, str]:
    method, _, path = entry[0].partition(" ")
    return path, method


def _to_json(promises: Promises) -> dict[str, Any]:
    access = f"role:{promises.role or ''}" if promises.access is Level.ROLE else promises.access.value
    return {
        "access": access,
        "credentials": promises.credentials,
        "action": promises.action,
        "resource": promises.resource,
        "state_changing": promises.state_changing,
        "dangerous": promises.dangerous,
        "forbidden": dict(promises.forbidden),
        "sensitive": dict(promises.sensitive),
        "writable": list(promises.writable),
        "strict": promises.is_strict,
        "scopes": list(promises.scopes),
    }


def is_lock(text: str) -> bool:
    """Whether a text is a lock and no OpenAPI document."""
    return '"lock_version"' in text[:200]


def read_lock(text: str, location: str) -> Lock:
    """The lock in a text. Raises `LockError`."""
    try:
        document = json.loads(text)
        version = document["lock_version"]
        if version != LOCK_VERSION:
            raise LockError(
                f"the lock has version {version!r}, and this specfuzz reads version {LOCK_VERSION}",
                where=location,
                hint="write it anew: specfuzz plan SPEC --lock",
            )
        operations = {str(label): _from_json(node) for label, node in document["operations"].items()}
        return Lock(operations=operations, unreadable=tuple(map(str, document.get("unreadable", ()))))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LockError(
            f"not a lock: {type(error).__name__}: {error}", where=location, hint="write it: specfuzz plan SPEC --lock"
        ) from error


def _from_json(node: Mapping[str, Any]) -> Promises:
    level, _, role = str(node["access"]).partition(":")
    return Promises(
        access=Level(level),
        role=role or None,
        credentials=bool(node["credentials"]),
        action=str(node["action"]),
        resource=node["resource"],
        state_changing=bool(node["state_changing"]),
        dangerous=bool(node["dangerous"]),
        forbidden={str(name): str(reason) for name, reason in node["forbidden"].items()},
        sensitive={str(name): str(reason) for name, reason in node["sensitive"].items()},
        writable=tuple(map(str, node["writable"])),
        is_strict=bool(node["strict"]),
        scopes=tuple(map(str, node["scopes"])),
    )
