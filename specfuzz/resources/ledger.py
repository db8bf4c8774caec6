"""What the run made and what became of it, why an object could not be made, what one creation needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract import Identifier, Location
from specfuzz.generation import Reference
from specfuzz.http import Exchange
from specfuzz.resources.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """Why an object could not be made, in words for the report, with the server's last answer; `hint` is what would help."""

    kind: str
    reason: str
    exchange: Exchange | None = None
    hint: str = ""


@dataclass(slots=True, kw_only=True)
class Needs:
    """What one creation's request names: identifiers in its path, related objects in its body, people given access."""

    identifiers: dict[Identifier, Any] = field(default_factory=dict)
    references: dict[str, Any] = field(default_factory=dict)
    parents: list[Resource] = field(default_factory=list)
    granted: set[str] = field(default_factory=set)
    objects: dict[str, Resource] = field(default_factory=dict)

    def align(self, wanted: tuple[Reference, ...]) -> None:
        """Name what an object lies in where its own request names both: `{"board": ..., "thread": ...}` means a thread of
        that very board."""
        for inner in self.objects.values():
            lies_in = {parent.kind: parent for parent in inner.parents}
            for item in wanted:
                parent = lies_in.get(item.resource)
                if parent is None or item.name not in self.objects:
                    continue
                leaf = item.name.rsplit(".", 1)[-1]
                value = parent.identifier(Identifier(location=Location.BODY, name=leaf, resource=parent.kind))
                value = value if value is not None else parent.key
                if value is not None:
                    self.references[item.name] = value

    def required(self, wanted: tuple[Reference, ...]) -> dict[str, Any]:
        """The related objects that the body must name, without those that it may."""
        names = {item.name for item in wanted if item.required}
        return {name: value for name, value in self.references.items() if name in names}

    def add_parent(self, parent: Resource) -> None:
        self.parents.extend(item for item in (*parent.parents, parent) if item not in self.parents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an object is to be made, if not among its maker's own: identifiers of the path and what these name, and
    identifiers for properties of the body by dotted name. `once` if only one body is to be sent."""

    identifiers: Mapping[Identifier, Any] = field(default_factory=dict)
    parents: tuple[Resource, ...] = ()
    references: Mapping[str, Any] = field(default_factory=dict)
    once: bool = True

    def applied_to(self, needs: Needs) -> Needs:
        return replace(
            needs,
            identifiers={**needs.identifiers, **self.identifiers},
            references={**needs.references, **self.references},
            parents=list(self.parents) or needs.parents,
        )


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that the run made, in order, and what of it is gone again."""

    made: list[Resource] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    _doomed: set[tuple[Any, ...]] = field(default_factory=set)

    def expect_gone(self, resource: Resource) -> None:
        """Somebody tries to delete it now: from here on, its identifier may turn up again as that of a new object."""
        self._doomed.add(resource.name)

    def standing(self) -> set[tuple[Any, ...]]:
        """The names of all objects whose identifiers cannot be anybody else's. (SQLite gives a deleted row's id again.)"""
        return {item.name for item in self.left()} - self._doomed

    def add(self, resource: Resource) -> None:
        self.made.append(resource)

    def mark_gone(self, resource: Resource) -> None:
        self.gone.update(index for index, item in enumerate(self.made) if is_same(item, resource))

    def mark_refused(self, resource: Resource) -> None:
        """Removing it was tried and refused."""
        self.refused.update(index for index, item in enumerate(self.made) if is_same(item, resource))

    def was_refused(self, resource: Resource) -> bool:
        return any(is_same(self.made[index], resource) for index in self.refused)

    def hand_over(self, resource: Resource, owner: str) -> None:
        """An object belongs to whom it was made for: an account to its identity, not to whoever sent the sign-up."""
        self.made = [replace(item, owner=owner) if is_same(item, resource) else item for item in self.made]

    def given_to(self, resource: Resource, owner: str) -> Resource:
        """The object in the hands of `owner`, for whom somebody else made it, who may also remove it."""
        given = replace(resource, owner=owner, made_by=resource.owner)
        self.made = [given if is_same(item, resource) else item for item in self.made]
        return given

    def left(self) -> list[Resource]:
        """What still stands, newest first: children before their parents."""
        return [item for index, item in reversed(list(enumerate(self.made))) if index not in self.gone]


def is_same(one: Resource, other: Resource) -> bool:
    return one.kind == other.kind and one.exchange is other.exchange and one.key == other.key
