"""Fields inside of what a request takes: `profile.role` where it takes `profile`, `lines[].price` where it takes `lines`.

A part that the request does not take at all is forbidden as a whole, and is not looked into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from specfuzz.contract.model import Confidence, FieldReason, ForbiddenField
from specfuzz.contract.schemas import Property, Schemas

MAX_LEVELS = 2
"""Levels below the object itself: `a.b.c` is the deepest. Deeper parts are structures of their own."""

MAX_NESTED = 60
"""Fields told of one request; a document with more has nested its whole world."""

Parts = Mapping[str, Mapping[str, Property]]
"""The properties of every part of an object, by the part's dotted name."""


def parts_of(schemas: Schemas, properties: Mapping[str, Property]) -> Parts:
    """The parts of an object that are objects or lists of objects, each with its properties."""
    found: dict[str, Mapping[str, Property]] = {}
    level = {"": properties}
    for _ in range(MAX_LEVELS):
        deeper: dict[str, Mapping[str, Property]] = {}
        for prefix, inner in level.items():
            for name, item in inner.items():
                part = _part(schemas, item)
                if part is not None:
                    suffix, below = part
                    deeper[f"{prefix}.{name}{suffix}".removeprefix(".")] = below
        found.update(deeper)
        level = deeper
    return found


def _part(schemas: Schemas, item: Property) -> tuple[str, Mapping[str, Property]] | None:
    """The properties below a property, and `[]` where it is a list."""
    kind = schemas.type_of(item.schema)
    if kind == "object":
        below = schemas.properties(item.schema, item.pointer)
        return ("", below) if below else None
    items = schemas.items(item.schema, item.pointer) if kind == "array" else None
    if items is None:
        return None
    below = schemas.properties(items[0], items[1])
    return ("[]", below) if below else None


def nested_fields(request: Parts, shown: Iterable[Parts], others: Iterable[Parts]) -> Iterator[ForbiddenField]:
    """What a request may not send inside of what it takes.

    `shown` are the parts of the answers, `others` those of other ordinary requests about the kind.
    """
    elsewhere = {(part, name) for parts in others for part, names in parts.items() for name in names}
    told: set[str] = set()
    for source in (request, *shown):
        for part, properties in source.items():
            taken = request.get(part)
            if taken is None:
                continue
            for name, item in properties.items():
                full = f"{part}.{name}"
                reason = _reason(item, name, taken, (part, name) in elsewhere)
                if reason is None or full in told or len(told) >= MAX_NESTED:
                    continue
                told.add(full)
                yield _field(replace(item, name=full), *reason)


def _reason(
    item: Property, name: str, taken: Mapping[str, Property], elsewhere: bool
) -> tuple[FieldReason, Confidence] | None:
    if item.is_read_only:
        return FieldReason.READ_ONLY, Confidence.CERTAIN
    if name in taken:
        return (FieldReason.READ_ONLY, Confidence.CERTAIN) if taken[name].is_read_only else None
    if elsewhere:
        return FieldReason.IMMUTABLE, Confidence.TENTATIVE
    return FieldReason.RESPONSE_ONLY, Confidence.FIRM


def _field(item: Property, reason: FieldReason, confidence: Confidence) -> ForbiddenField:
    return ForbiddenField(name=item.name, reason=reason, confidence=confidence, source=item.pointer, schema=item.schema)
