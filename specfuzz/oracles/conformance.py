"""Does an answer's body fit what the document declares for it?

openapi-core validates through openapi-schema-validator, which is used here directly: openapi-core itself reads no Swagger
2.0, and prepares a whole document before it looks at the first answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from specfuzz.contract import Document, Schema
from specfuzz.contract.schemas import ENVELOPE_NAMES, Property, Schemas

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
    value: Any = field(repr=False)


def undeclared(schemas: Schemas, schema: Schema, pointer: str, body: Any) -> Iterator[Undeclared]:
    """The properties of a body that its schema does not declare, each path once; items are written `lines[].price`.

    A schema without properties declares nothing, one with `additionalProperties` takes any, and one with a
    `discriminator` stands for those that extend it, with properties of their own; all are passed over.
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
        elif share and value is not None and not _takes_any(schemas, node, pointer) and not _is_envelope(str(name)):
            yield Undeclared(
                path=where, pointer=pointer, share=share, forbidden=schemas.forbids_extra(node), value=value
            )


_OPENING = (
    "patternProperties",
    "propertyNames",
    "discriminator",
    "if",
    "dependentSchemas",
    "$dynamicRef",
    "$recursiveRef",
)
"""Keywords by which a schema says more about an object's properties than their list, and than is worked out here."""


def _takes_any(schemas: Schemas, node: Schema, pointer: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a schema, or a part that it is composed of, takes properties beyond those that it lists."""
    more = node.get("additionalProperties", node.get("unevaluatedProperties"))
    if more is True or isinstance(more, Mapping) or any(keyword in node for keyword in _OPENING):
        return True
    for keyword in ("allOf", "oneOf", "anyOf"):
        branches = node.get(keyword)
        for index, branch in enumerate(branches if isinstance(branches, list) else ()):
            part, where = schemas.resolve_leniently(branch, f"{pointer}/{keyword}/{index}")
            if where not in seen and len(seen) < MAX_PARTS and _takes_any(schemas, part, where, seen | {where}):
                return True
    return False


MAX_PARTS = 12
"""Schemas that one is composed of, one inside another, that are looked into."""


def _is_envelope(name: str) -> bool:
    """What frameworks add around an object: HAL's `_links`, JSON-LD's `@id`, JSON:API's `included`, paging, status."""
    return name[:1] in "_@$" or name.lower() in ENVELOPE_NAMES or name.lower() in _HYPERMEDIA


_HYPERMEDIA = frozenset("jsonapi included relationships href self rel kind etag".split())
"""What JSON:API, Collection+JSON and Google's APIs put beside an object's own properties."""


def declaration(schemas: Schemas, schema: Schema, pointer: str, path: str) -> Property | None:
    """The property that a schema declares at a plain path (`items[].pin`); None where it does not."""
    found: Property | None = None
    node, where = schemas.resolve_leniently(schema, pointer)
    for part in path.split("."):
        name = part.replace("[]", "")
        if name:
            found = schemas.properties(node, where).get(name)
            if found is None:
                return None
            node, where = schemas.resolve_leniently(found.schema, found.pointer)
        for _ in range(part.count("[]")):
            items = schemas.items(node, where)
            if items is None:
                return None
            node, where = items
    return found


_OTHERS = frozenset({"additionalProperties", "unevaluatedProperties", "readOnly", "writeOnly"})
"""Keywords about which properties there are: other rules' business."""


_LIMITS = frozenset(
    "minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems "
    "uniqueItems minProperties maxProperties contains".split()
)
"""Keywords about what a value may be beyond its type: documents often reuse the request's schema, limits and all, for
answers about objects that are older than the limit or were made without the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Where a body breaks its schema: a dotted path (empty for the body itself), the keyword, and in a few words how.

    A `slight` one is among the commonest slips of documents, and harms no client that expects the unexpected: a null that
    nobody mentioned, a limit, alternatives of which several fit.
    """

    path: str
    keyword: str
    message: str
    slight: bool


def violations(document: Document, pointer: str, body: Any) -> tuple[Violation, ...]:
    """What in a body breaks the schema at a JSON pointer of the document, each path and keyword once.

    Properties that are not declared are no violation here: `undeclared` finds them. A schema that cannot be used (a
    reference to nowhere, a type that does not exist) has none.
    """
    from jsonschema.exceptions import SchemaError, UndefinedTypeCheck, UnknownType
    from referencing.exceptions import CannotDetermineSpecification, Unresolvable, Unretrievable

    found: dict[tuple[str, str], Violation] = {}
    try:
        validator = _validator(_Key(document))
        writable = _write_only_names(_Key(document))
        for error in validator.evolve(schema={"$ref": f"{_BASE}{pointer}"}).iter_errors(_sample(body, 0)):
            for leaf in _causes(error):
                if _is_excused(leaf, writable):
                    continue
                path = re.sub(r"(^|\.)\d+(?=\.|$)", r"\1[]", ".".join(map(str, leaf.absolute_path))).replace(
                    ".[]", "[]"
                )
                found.setdefault(
                    (path, str(leaf.validator)),
                    Violation(
                        path=path,
                        keyword=str(leaf.validator),
                        message=_message(leaf, writable),
                        slight=_is_slight(leaf, writable),
                    ),
                )
                if len(found) >= MAX_VIOLATIONS:
                    return tuple(found.values())
    except (SchemaError, UnknownType, UndefinedTypeCheck, Unresolvable, Unretrievable, CannotDetermineSpecification):
        return ()
    except (RecursionError, re.error, TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError):
        # A document's own schema may be no schema at all; the validator then fails in whatever way it does.
        return ()
    return tuple(found.values())


def _sample(body: Any, depth: int) -> Any:
    """A body with the first items of its arrays only: those of a list have one shape, and an export has many."""
    if depth > MAX_SAMPLE_DEPTH:
        return body
    if isinstance(body, list):
        return [_sample(item, depth + 1) for item in body[:MAX_ITEMS]]
    if isinstance(body, Mapping):
        return {key: _sample(value, depth + 1) for key, value in body.items()}
    return body


MAX_SAMPLE_DEPTH = 40
"""Levels of nesting whose arrays are shortened; what lies deeper is no list that an API answers with."""


def _causes(error: Any) -> Iterator[Any]:
    """An error itself; of an `allOf` what is inside; of a choice only that none fits (its branches contradict each other)."""
    if error.validator in ("allOf", "$ref") and error.context:
        for inner in error.context:
            yield from _causes(inner)
    else:
        yield error


def _is_excused(error: Any, write_only: frozenset[str]) -> bool:
    """Whether an error is none: another rule's business, a null or a whole number as other toolchains write them."""
    if error.validator in _OTHERS:
        return True
    if error.validator == "required":
        return not _missing(error, write_only)
    if error.validator != "type":
        return False
    if error.instance is None:  # 3.0's keyword is often left in 3.1, and Swagger 2.0 never had one
        return any(error.schema.get(word) is True for word in ("nullable", "x-nullable", "x-isnullable"))
    return isinstance(error.instance, float) and error.validator_value == "integer" and error.instance.is_integer()


def _is_slight(error: Any, write_only: frozenset[str]) -> bool:
    if error.instance is None or error.validator in _LIMITS or error.validator == "not":
        return True
    if error.validator not in ("oneOf", "anyOf", "allOf"):
        return False
    # Without a context several alternatives fit, since none forbids what the others have; or the discriminator led nowhere.
    branches: dict[Any, list[Any]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).extend(_causes(inner))
    return not branches or any(
        all(_is_excused(leaf, write_only) or _is_slight(leaf, write_only) for leaf in leaves)
        for leaves in branches.values()
    )


def _missing(error: Any, write_only: frozenset[str]) -> list[str]:
    """The required properties that are not there; a write-only one belongs to requests alone (OpenAPI 3.0, 4.7.24.2)."""
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return [name for name in wanted if name not in error.instance and name not in write_only]


def _message(error: Any, write_only: frozenset[str]) -> str:
    """How the value breaks the keyword, without the value: it may be a secret."""
    if error.validator == "type":
        kind = {"str": "text", "bool": "a boolean", "NoneType": "null", "dict": "an object", "list": "an array"}
        wanted = error.validator_value
        shown = " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
        return f"it is {kind.get(type(error.instance).__name__, 'a number')}, declared as {shown}"
    if error.validator == "required":
        return f"without {', '.join(f'`{name}`' for name in _missing(error, write_only)[:4])}"
    if error.validator in ("enum", "const"):
        return "it is none of the declared values"
    if error.validator in ("oneOf", "anyOf"):
        return (
            "it fits none of the alternatives" if error.context else "it does not fit exactly one of the alternatives"
        )
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
def _write_only_names(key: _Key) -> frozenset[str]:
    """The names of all properties that a document marks write-only somewhere.

    `required` may stand in another part of a composition than the property, so where it stands is not asked.
    """
    schemas, found = key.document.schemas, set()
    stack: list[Any] = [key.document.raw]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, Mapping):
            stack.extend(node.values())
            declared = node.get("properties")
            for name, child in declared.items() if isinstance(declared, Mapping) else ():
                resolved, _ = schemas.resolve_leniently(child, "#")
                parts = resolved.get("allOf")
                for part in (resolved, *(parts if isinstance(parts, list) else ())):
                    if schemas.resolve_leniently(part, "#")[0].get("writeOnly") is True:
                        found.add(str(name))
    return frozenset(found)


def _passes(*_: object) -> None:
    """A keyword that everything keeps."""


@lru_cache(maxsize=4)
def _validator(key: _Key) -> Any:
    """A validator whose references lead into the document (and nowhere else: nothing is fetched)."""
    from jsonschema.validators import extend
    from openapi_schema_validator import OAS30ReadValidator, OAS31Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT4, DRAFT202012

    is_new = key.document.version.startswith("3.1")
    specification = DRAFT202012 if is_new else DRAFT4
    registry: Registry[Any] = Registry().with_resource(_BASE, specification.create_resource(key.document.raw))
    # A pattern is a limit, and some take exponential time on a text that an attacker, or a fuzzer, chose.
    made: Any = extend  # (its stub has no types)
    kind = made(OAS31Validator if is_new else OAS30ReadValidator, {"pattern": _passes})
    return kind({"$ref": f"{_BASE}#"}, registry=registry)
