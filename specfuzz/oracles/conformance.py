"""Does an answer's body fit what the document declares for it?

openapi-core validates through openapi-schema-validator, which is used here directly: openapi-core itself reads no Swagger
2.0, and prepares a whole document before it looks at the first answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from specfuzz.contract import Document, Schema
from specfuzz.contract.schemas import ENVELOPE_NAMES, Schemas

MAX_ITEMS = 20
"""Items of one array that are looked at: a list's items have one shape."""

MAX_DEPTH = 8
"""Levels of nesting looked into; deeper parts of a body are somebody's free-form data."""

MAX_VIOLATIONS = 20
"""Violations read from one body: an answer that is something else altogether has thousands."""


_BASE = "urn:document"
"""What the document is called for the validator: a name, no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclared:
    """A property that a body has and its schema does not. `forbidden` where the schema allows no others at all.

    `share` is how much of what the schema declares stands beside it, from 0 to 1: whether it is that schema's object at all.
    """

    path: str
    pointer: str
    share: float
    forbidden: bool


def undeclared(schemas: Schemas, schema: Schema, pointer: str, body: Any) -> Iterator[Undeclared]:
    """The properties of a body that its schema does not declare, each path once; items are written `lines[].price`.

    A schema without properties declares nothing, and one with `additionalProperties` takes any; both are passed over.
    """
    seen: set[str] = set()
    for item in _undeclared(schemas, schema, pointer, body, "", 0):
        if item.path not in seen:
            seen.add(item.path)
            yield item


def _undeclared(
    schemas: Schemas, schema: Schema, pointer: str, body: Any, path: str, depth: int
) -> Iterator[Undeclared]:
    if depth > MAX_DEPTH:
        return
    node, pointer = schemas.resolve_leniently(schema, pointer)
    if isinstance(body, list):
        items = schemas.items(node, pointer)
        for item in body[:MAX_ITEMS] if items is not None else ():
            assert items is not None
            yield from _undeclared(schemas, items[0], items[1], item, f"{path}[]", depth + 1)
        return
    declared = schemas.properties(node, pointer)
    if not isinstance(body, Mapping) or not declared:
        return
    share = sum(name in body for name in declared) / len(declared)
    for name, value in body.items():
        where = f"{path}.{name}" if path else str(name)
        known = declared.get(str(name))
        if known is not None:
            yield from _undeclared(schemas, known.schema, known.pointer, value, where, depth + 1)
        elif share and value is not None and not _takes_any(node) and not _is_envelope(str(name)):
            yield Undeclared(path=where, pointer=pointer, share=share, forbidden=schemas.forbids_extra(node))


def _takes_any(node: Schema) -> bool:
    more = node.get("additionalProperties")
    return more is True or isinstance(more, Mapping) or "patternProperties" in node


def _is_envelope(name: str) -> bool:
    """What frameworks add around an object: HAL's `_links`, JSON-LD's `@id`, paging, status."""
    return name[:1] in "_@$" or name.lower() in ENVELOPE_NAMES


_OTHERS = frozenset({"additionalProperties", "unevaluatedProperties", "readOnly", "writeOnly"})
"""Keywords about which properties there are: other rules' business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Where a body breaks its schema: a dotted path (empty for the body itself), the keyword, and in a few words how."""

    path: str
    keyword: str
    message: str
    is_null: bool


def violations(document: Document, pointer: str, body: Any) -> tuple[Violation, ...]:
    """What in a body breaks the schema at a JSON pointer of the document, each path and keyword once.

    Properties that are not declared are no violation here: `undeclared` finds them. A schema that cannot be used (a
    reference to nowhere, a pattern that is no regular expression) has none.
    """
    from jsonschema.exceptions import SchemaError
    from referencing.exceptions import Unresolvable

    found: dict[tuple[str, str], Violation] = {}
    try:
        for error in _validator(_Key(document)).evolve(schema={"$ref": f"{_BASE}{pointer}"}).iter_errors(body):
            for leaf in _causes(error):
                path = re.sub(r"(^|\.)\d+(?=\.|$)", "[]", ".".join(map(str, leaf.absolute_path)))
                if leaf.validator in _OTHERS or (leaf.validator == "required" and not _missing(leaf)):
                    continue
                found.setdefault(
                    (path, str(leaf.validator)),
                    Violation(
                        path=path,
                        keyword=str(leaf.validator),
                        message=_message(leaf),
                        is_null=leaf.instance is None,
                    ),
                )
                if len(found) >= MAX_VIOLATIONS:
                    return tuple(found.values())
    except (SchemaError, Unresolvable, RecursionError, re.error, TypeError, ValueError, KeyError, AttributeError):
        # A document's own schema may be no schema at all; the validator then fails in whatever way it does.
        return ()
    return tuple(found.values())


def _causes(error: Any) -> Iterator[Any]:
    """An error itself; of an `allOf` what is inside; of a choice only that none fits (its branches contradict each other)."""
    if error.validator in ("allOf", "$ref") and error.context:
        for inner in error.context:
            yield from _causes(inner)
    else:
        yield error


def _missing(error: Any) -> list[str]:
    """The required properties that are not there; a write-only one belongs to requests alone (OpenAPI 3.0, 4.7.24.2)."""
    declared = error.schema.get("properties") if isinstance(error.schema, Mapping) else None
    declared = declared if isinstance(declared, Mapping) else {}
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return [name for name in wanted if name not in error.instance and not _is_write_only(declared.get(name))]


def _is_write_only(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("writeOnly") is True


def _message(error: Any) -> str:
    """How the value breaks the keyword, without the value: it may be a secret."""
    if error.validator == "type":
        kind = {"str": "text", "bool": "a boolean", "NoneType": "null", "dict": "an object", "list": "an array"}
        wanted = error.validator_value
        shown = " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
        return f"it is {kind.get(type(error.instance).__name__, 'a number')}, declared as {shown}"
    if error.validator == "required":
        return f"without {', '.join(f'`{name}`' for name in _missing(error)[:4])}"
    if error.validator in ("enum", "const"):
        return "it is none of the declared values"
    return f"it does not keep `{error.validator}`"


class _Key:
    """A document as a cache key: by identity, kept alive by the cache."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.document is self.document

    def __hash__(self) -> int:
        return id(self.document)


@lru_cache(maxsize=4)
def _validator(key: _Key) -> Any:
    """A validator whose references lead into the document (and nowhere else: nothing is fetched)."""
    from openapi_schema_validator import OAS30ReadValidator, OAS31Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT4, DRAFT202012

    is_new = key.document.version.startswith("3.1")
    specification = DRAFT202012 if is_new else DRAFT4
    registry: Registry[Any] = Registry().with_resource(_BASE, specification.create_resource(key.document.raw))
    kind = OAS31Validator if is_new else OAS30ReadValidator
    return kind({"$ref": f"{_BASE}#"}, registry=registry)
