"""Looking into a document's schemas: references, compositions, properties. Circular ones end where they repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from specfuzz.contract.errors import ContractError
from specfuzz.contract.model import Schema
from specfuzz.contract.words import split_words

MAX_DEPTH = 12
"""Levels of nesting looked into; documents made by tools stay below it, hostile ones do not."""

ENVELOPE_NAMES = frozenset(
    "ok error errors success status message msg code data result results items total count page pages size limit offset next"
    " previous prev meta links token access_token refresh_token token_type expires_in csrf_token timestamp request_id".split()
)
"""Property names of envelopes, as JSON:API, JSend, Django REST framework and OAuth 2.0 write them."""

_COMPOSITIONS = ("allOf", "oneOf", "anyOf")
_MAPPINGS = (dict, Mapping)  # asking for a plain dict first is ten times as fast as asking the abstract class


_ERROR_WORDS = frozenset(("error", "errors"))
_PAGING_WORDS = frozenset(
    "total count number page pages size per limit offset next previous prev first last current has more link cursor length"
    " pagination paging results result items records status reason message odata".split()
)


def is_envelope_name(name: str) -> bool:
    """Whether a property is an envelope's: one of the known names, or made of the words of paging (`NextPageLink`)."""
    return (
        name.lower() in ENVELOPE_NAMES
        or name.lower() == "totalnumber"
        or bool(set(split_words(name)) <= _PAGING_WORDS or set(split_words(name)) & _ERROR_WORDS)
    )


MAX_SUBTYPES = 40
"""Subtypes of a discriminator looked into. A base type of everything (a graph's `entity`) has hundreds, and says nothing."""


class UnresolvedReference(ContractError):
    """A `$ref` that leads nowhere, or out of this document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property of an object schema, with where it is declared."""

    name: str
    schema: Schema
    pointer: str
    required: bool

    @property
    def is_read_only(self) -> bool:
        return self.schema.get("readOnly") is True

    @property
    def is_write_only(self) -> bool:
        return self.schema.get("writeOnly") is True


class Schemas:
    """Resolves references within one document. Raises `UnresolvedReference` from `resolve`; the rest is lenient."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        # Answers are kept with the schema that they are about: an id is unique only while its object lives.
        self._properties: dict[int, tuple[Schema, dict[str, Property]]] = {}
        self._children: dict[str, list[str]] | None = None
        self._represented: dict[int, tuple[Schema, tuple[Schema, str, bool]]] = {}
        self._types: dict[int, tuple[Schema, str | None]] = {}
        self._merged: dict[int, tuple[Schema, tuple[Schema, str]]] = {}

    def __getstate__(self) -> Mapping[str, Any]:
        return self._root  # the answers are found again; their keys are good for this process only

    def __setstate__(self, root: Mapping[str, Any]) -> None:
        Schemas.__init__(self, root)

    def lookup(self, pointer: str) -> Any:
        """What stands at a JSON pointer in fragment form (`#/components/schemas/Pet`, RFC 6901)."""
        if not pointer.startswith("#"):
            raise UnresolvedReference(
                f"the reference {pointer!r} leads out of the document, which is not followed", where=pointer
            )
        node: Any = self._root
        for part in pointer[1:].split("/")[1:]:
            key = _unescape(part)
            try:
                node = node[int(key)] if isinstance(node, list) else node[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise UnresolvedReference(f"the reference {pointer!r} leads nowhere", where=pointer) from None
        return node

    def resolve(self, node: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
        """Follow `$ref`s from `node`; return the object and where it stands. A circle or non-object is empty."""
        if not isinstance(node, _MAPPINGS):
            return {}, pointer
        if "$ref" not in node or not isinstance(node["$ref"], str):
            return node, pointer
        cached = self._merged.get(id(node))
        if cached is None:
            cached = self._merged[id(node)] = (node, self._follow(node, pointer))
        return cached[1]

    def _follow(self, node: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
        seen: set[str] = set()
        while isinstance(node, _MAPPINGS) and isinstance(node.get("$ref"), str):
            reference: str = node["$ref"]
            if reference in seen:
                return {}, pointer
            seen.add(reference)
            siblings = {key: value for key, value in node.items() if key != "$ref"}
            node, pointer = self.lookup(reference), reference
            if siblings and isinstance(node, _MAPPINGS) and "$ref" not in node:
                node = {**node, **siblings}  # OpenAPI 3.1 lets `$ref` have siblings; 3.0 tools write them all the same
        return (node, pointer) if isinstance(node, _MAPPINGS) else ({}, pointer)

    def resolve_leniently(self, node: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
        """Like `resolve`, but a reference to nowhere is a schema that says nothing."""
        try:
            return self.resolve(node, pointer)
        except UnresolvedReference:
            return {}, pointer

    def properties(self, schema: Schema, pointer: str = "#") -> dict[str, Property]:
        """All properties that an object of this schema may have, compositions merged, in document order."""
        cached = self._properties.get(id(schema))
        if cached is None:
            found: dict[str, Property] = {}
            required: set[str] = set()
            self._collect(schema, pointer, set(), found, required, optional=False)
            found = {name: replace(item, required=True) if name in required else item for name, item in found.items()}
            cached = self._properties[id(schema)] = (schema, found)
        return cached[1]

    def _collect(
        self,
        schema: Any,
        pointer: str,
        seen: set[tuple[str, bool]],
        found: dict[str, Property],
        required: set[str],
        *,
        optional: bool,
        depth: int = 0,
    ) -> None:
        """Add a schema's properties to `found` and what every branch of it insists on to `required`.

        A schema is entered once as optional and once as not, so that many alternatives that name each other cost no more
        than their number. `required` may stand beside the composition that declares the property.
        """
        node, pointer = self.resolve_leniently(schema, pointer)
        if (pointer, optional) in seen or depth > MAX_DEPTH:
            return
        seen.add((pointer, optional))
        names = node.get("required")
        if isinstance(names, list) and not optional:
            required.update(filter(_is_text, names))
        declared = node.get("properties")
        for name, child in declared.items() if isinstance(declared, Mapping) else ():
            where = f"{pointer}/properties/{_escape(str(name))}"
            resolved, _ = self.resolve_leniently(child, where)
            found.setdefault(str(name), Property(name=str(name), schema=resolved, pointer=where, required=False))
        for keyword in _COMPOSITIONS:
            for index, branch in enumerate(_branches(node, keyword)):
                where = f"{pointer}/{keyword}/{index}"
                is_choice = optional or keyword != "allOf"
                self._collect(branch, where, seen, found, required, optional=is_choice, depth=depth + 1)
        for reference in self._subtypes(node, pointer):
            self._collect({"$ref": reference}, reference, seen, found, required, optional=True, depth=depth + 1)

    def _subtypes(self, node: Schema, pointer: str) -> list[str]:
        """Where the subtypes of a schema with a discriminator stand: those of its mapping, and those that extend it.

        OpenAPI 3 has an object with `propertyName` and perhaps `mapping`, Swagger 2.0 the property's name.
        """
        discriminator = node.get("discriminator")
        if isinstance(discriminator, Mapping):
            mapping = discriminator.get("mapping")
            named = [_reference(value) for value in mapping.values()] if isinstance(mapping, Mapping) else []
        elif isinstance(discriminator, str):
            named = []
        else:
            return []
        found = list(dict.fromkeys((*filter(None, named), *self._extending(pointer))))
        return found if len(found) <= MAX_SUBTYPES else []

    def _extending(self, pointer: str) -> list[str]:
        """The named schemas whose `allOf` refers to the one at `pointer`."""
        if self._children is None:
            self._children = {}
            for where, node in self._named():
                for branch in _branches(node, "allOf"):
                    if isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str):
                        self._children.setdefault(branch["$ref"], []).append(where)
        return self._children.get(pointer, [])

    def _named(self) -> Iterator[tuple[str, Schema]]:
        components = self._root.get("components")
        homes = (
            ("#/components/schemas", components.get("schemas") if isinstance(components, Mapping) else None),
            ("#/definitions", self._root.get("definitions")),
        )
        for home, schemas in homes:
            for name, node in schemas.items() if isinstance(schemas, Mapping) else ():
                if isinstance(node, Mapping):
                    yield f"{home}/{_escape(str(name))}", node

    def forbids_extra(self, schema: Schema) -> bool:
        """Whether the schema itself says `additionalProperties: false`."""
        node, _ = self.resolve_leniently(schema, "#")
        return node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False

    def type_of(self, schema: Schema) -> str | None:
        """The JSON type that a schema asks for, `null` aside; None where it does not say."""
        cached = self._types.get(id(schema))
        if cached is None:
            cached = self._types[id(schema)] = (schema, self._type_of(schema))
        return cached[1]

    def _type_of(self, schema: Schema) -> str | None:
        node, _ = self.resolve_leniently(schema, "#")
        kind = node.get("type")
        if isinstance(kind, list):
            kind = next((item for item in kind if item != "null"), None)
        if isinstance(kind, str):
            return kind
        if isinstance(node.get("properties"), Mapping):
            return "object"
        if "items" in node:
            return "array"
        values = node.get("enum")
        if isinstance(values, list) and values:
            return _type_name(next((value for value in values if value is not None), None))
        for keyword in _COMPOSITIONS:
            for branch in _branches(node, keyword):
                if isinstance(branch, Mapping) and branch is not schema and branch.get("type") != "null":
                    found = self._branch_type(branch)
                    if found:
                        return found
        return None

    def _branch_type(self, branch: Schema) -> str | None:
        node, _ = self.resolve_leniently(branch, "#")
        kind = node.get("type")
        if isinstance(kind, str):
            return kind
        return "object" if "properties" in node or "allOf" in node else None

    def items(self, schema: Schema, pointer: str) -> tuple[Schema, str] | None:
        """The item schema of an array schema, or None where it is no array."""
        node, where = self.resolve_leniently(schema, pointer)
        if self.type_of(node) != "array":
            return None
        return self.resolve_leniently(node.get("items", {}), f"{where}/items")

    def represented(self, schema: Schema, pointer: str) -> tuple[Schema, str, bool]:
        """The object that a response is about, behind its envelope: (schema, where, is a list of them).

        `{"data": {...}}`, `{"user": {...}}` and `{"items": [...], "total": 3}` are envelopes: their one object or
        one array of objects is what they carry.
        """
        cached = self._represented.get(id(schema))
        if cached is None:
            cached = self._represented[id(schema)] = (schema, self._carried(schema, pointer))
        return cached[1]

    def _carried(self, schema: Schema, pointer: str) -> tuple[Schema, str, bool]:
        node, where = self.resolve_leniently(schema, pointer)
        listed = self.items(node, where)
        if listed is not None:
            return listed[0], listed[1], True
        properties = self.properties(node, where)
        arrays, objects = [], []
        for name, item in properties.items():
            if set(split_words(name)) & _ERROR_WORDS:
                continue
            kind = self.type_of(item.schema)
            if kind == "array":
                inner = self.items(item.schema, item.pointer)
                if inner is not None and self.properties(inner[0], inner[1]):
                    arrays.append(inner)
            elif kind == "object" and self.properties(item.schema, item.pointer):
                objects.append((item.schema, item.pointer))
        if len(arrays) == 1 and not objects and not self._is_entity(properties):
            return arrays[0][0], arrays[0][1], True
        if len(objects) == 1 and not arrays and not self._is_entity(properties):
            return objects[0][0], objects[0][1], False
        return node, where, False

    @staticmethod
    def _is_entity(properties: Mapping[str, Property]) -> bool:
        """Whether these are an object's own properties and not those of an envelope (`ok`, `error`, `token`, `total`)."""
        names = {name.lower() for name in properties}
        if any(name in ("id", "uuid", "_id", "slug", "key") or name.endswith(("_id", "uuid")) for name in names):
            return True
        return sum(1 for name in properties if not is_envelope_name(name)) > 1


def _reference(value: object) -> str | None:
    """A mapping's value: a reference, or the bare name of a schema."""
    if not isinstance(value, str):
        return None
    return value if value.startswith("#") else f"#/components/schemas/{value}" if "/" not in value else None


def _branches(node: Schema, keyword: str) -> list[Any]:
    branches = node.get(keyword)
    return branches if isinstance(branches, list) else []


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _unescape(part: str) -> str:
    return unquote(part).replace("~1", "/").replace("~0", "~")


def _type_name(value: object) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else None


escape_pointer = _escape
