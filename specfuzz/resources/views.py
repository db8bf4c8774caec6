"""What a read shows of one object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.contract import Action, OperationContract
from specfuzz.http import Exchange
from specfuzz.resources.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One read of one object: whether it was found, and its fields as the reader shows them.

    `exchange` is None where the document has no operation that could show it.
    """

    found: bool
    fields: Mapping[str, Any] = field(default_factory=dict)
    exchange: Exchange | None = None
    reader: OperationContract | None = None

    @property
    def is_readable(self) -> bool:
        return self.exchange is not None

    @classmethod
    def unreadable(cls, resource: Resource) -> View:
        return cls(found=False)

    @classmethod
    def of(cls, exchange: Exchange, reader: OperationContract, resource: Resource, *, accepted: bool) -> View:
        """The object in an answer: named by its identifier or a canary, or the answer itself where it is about one."""
        if not accepted:
            return cls(found=False, exchange=exchange, reader=reader)
        body = exchange.response.json
        found = find_by_key(body, resource.key) or find_by_canary(body, resource.canaries.values())
        is_about_it = reader.action is Action.SELF or (
            reader.action is Action.READ and reader.resource == resource.kind
        )
        if found is None and is_about_it and isinstance(body, Mapping):
            found = view_of(body) or None  # (a parent's read is about the parent, whatever it shows of its children)
        if found is None and body is None and resource.canaries:
            text = exchange.response.text
            found = {"": text} if any(canary in text for canary in resource.canaries.values()) else None
        return cls(found=found is not None, fields=found or {}, exchange=exchange, reader=reader)


def view_of(body: Any) -> Mapping[str, Any]:
    """The object that a parsed body is about, behind a lone envelope; empty where it is none."""
    if isinstance(body, list):
        return view_of(body[0]) if len(body) == 1 else {}
    if not isinstance(body, Mapping):
        return {}
    objects = {key: item for key, item in body.items() if isinstance(item, Mapping)}
    scalars = [key for key, item in body.items() if not isinstance(item, Mapping | list)]
    has_identifier = any(
        key.lower() in ("id", "_id", "uuid", "slug") or key.lower().endswith(("_id", "id")) for key in scalars
    )
    if len(objects) == 1 and not has_identifier and len(scalars) <= 3:
        return next(iter(objects.values()))
    if "data" in objects and not has_identifier:
        return objects["data"]
    return body


def find_by_key(body: Any, key: Any) -> Mapping[str, Any] | None:
    """The object in a parsed body whose identifier is `key`."""
    if key is None:
        return None
    for node in objects_in(body):
        for name, value in node.items():
            if _is_key_name(name) and not isinstance(value, bool | Mapping | list) and str(value) == str(key):
                return node
    return None


def find_by_canary(body: Any, canaries: Iterable[str]) -> Mapping[str, Any] | None:
    """The innermost object in a parsed body that holds one of the canaries in a field of its own."""
    wanted = set(canaries)
    for node in objects_in(body):
        if any(isinstance(value, str) and value in wanted for value in node.values()):
            return node
    return None


def objects_in(body: Any) -> Iterable[Mapping[str, Any]]:
    """All objects in a parsed body, outermost first, at most 5,000."""
    queue: list[Any] = [body]
    for count, node in enumerate(queue):
        if count >= 5_000:
            return
        if isinstance(node, Mapping):
            yield node
            queue.extend(item for item in node.values() if isinstance(item, Mapping | list))
        elif isinstance(node, list):
            queue.extend(item for item in node if isinstance(item, Mapping | list))


def _is_key_name(name: str) -> bool:
    lowered = name.lower()
    return lowered in (
        "_id",
        "pk",
        "slug",
        "uuid",
        "guid",
        "key",
        "code",
        "number",
        "username",
        "name",
        "handle",
    ) or lowered.endswith("id")
