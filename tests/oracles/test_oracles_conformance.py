"""Does a body fit its schema: undeclared properties and violations, whatever the document and the body are."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specfuzz.contract import Document, from_raw
from specfuzz.oracles.conformance import (
    MAX_ITEMS,
    MAX_VIOLATIONS,
    Undeclared,
    Violation,
    declaration,
    undeclared,
    violations,
)

POINTER = "#/components/schemas/Root"
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def document(root: Any, *, version: str = "3.0.3", **others: Any) -> Document:
    return from_raw(
        {
            "openapi": version,
            "info": {"title": "x", "version": "1"},
            "paths": {"/x": {"get": {"responses": {"200": {"description": "x"}}}}},
            "components": {"schemas": {"Root": root, **others}},
        },
        "x.json",
    )


def broken(root: Any, body: Any, **options: Any) -> tuple[Violation, ...]:
    return violations(document(root, **options), POINTER, body)


def more(root: Any, body: Any, **options: Any) -> list[Undeclared]:
    return list(undeclared(document(root, **options).schemas, root, POINTER, body))


# Generated schemas, with bodies that keep and break them ------------------------------------------------------------

NAMES = st.sampled_from(["id", "title", "price", "tags", "owner", "kind"])
SCALARS: dict[str, tuple[Any, Any]] = {
    "string": (st.text(max_size=5), 7),
    "integer": (st.integers(-99, 99), "7"),
    "number": (st.floats(-9, 9), "7.5"),
    "boolean": (st.booleans(), "true"),
}


@st.composite
def schema_and_bodies(draw: Any, depth: int = 2) -> tuple[dict[str, Any], Any, Any]:
    """A schema, a body that conforms, and one of another type somewhere."""
    kind = draw(st.sampled_from(["object", "array", *SCALARS] if depth else list(SCALARS)))
    if kind == "array":
        item, good, bad = draw(schema_and_bodies(depth - 1))
        return {"type": "array", "items": item}, [good] * draw(st.integers(0, 2)), [good, bad]
    if kind != "object":
        values, wrong = SCALARS[kind]
        schema = {"type": kind, **draw(st.sampled_from([{}, {"nullable": True}, {"description": "x"}]))}
        return schema, None if schema.get("nullable") and draw(st.booleans()) else draw(values), wrong
    parts = {
        name: draw(schema_and_bodies(depth - 1)) for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    }
    schema = {"type": "object", "properties": {name: part[0] for name, part in parts.items()}, "required": list(parts)}
    if draw(st.booleans()):
        schema = {"allOf": [schema, {"type": "object", "properties": {"more": TEXT}}]}
    good = {name: part[1] for name, part in parts.items()}
    spoilt = draw(st.sampled_from(list(parts)))
    is_missing = draw(st.booleans())
    bad = {name: value for name, value in good.items() if name != spoilt}
    return schema, good, bad if is_missing else {**bad, spoilt: parts[spoilt][2]}


@given(schema_and_bodies())
@settings(max_examples=150, deadline=None)
def test_a_conforming_body_never_violates_and_has_nothing_undeclared(made: tuple[Any, Any, Any]) -> None:
    schema, good, _ = made
    assert broken(schema, good) == ()
    assert more(schema, good) == []


@given(schema_and_bodies())
@settings(max_examples=150, deadline=None)
def test_a_body_with_a_wrong_type_or_without_a_required_property_violates(made: tuple[Any, Any, Any]) -> None:
    schema, _, bad = made
    found = broken(schema, bad)
    assert found
    assert not any(item.slight for item in found)


@given(schema_and_bodies())
@settings(max_examples=100, deadline=None)
def test_a_property_more_is_found_wherever_objects_have_properties(made: tuple[Any, Any, Any]) -> None:
    schema, good, _ = made
    if isinstance(good, dict):
        assert [item.path for item in more(schema, {**good, "sfz_more": 1})] == ["sfz_more"]
        assert broken(schema, {**good, "sfz_more": 1}) == ()


# Hostile ones -------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | NAMES, inner, max_size=4),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(
    "type properties items allOf oneOf anyOf not required enum additionalProperties patternProperties nullable format "
    "minLength pattern discriminator $ref readOnly writeOnly maximum multipleOf if then const prefixItems".split()
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**400), st.text(max_size=4),
    st.sampled_from(["object", "array", "string", "integer", "file", "[", "(a+)+$", POINTER, "#/nowhere", "http://x/y#z"]),
)  # fmt: skip
SCHEMAS = st.recursive(
    VALUES | st.dictionaries(KEYWORDS, VALUES, max_size=3),
    lambda inner: (
        st.dictionaries(KEYWORDS, inner, max_size=4)
        | st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"properties": st.dictionaries(NAMES, inner, max_size=3)})
        | st.fixed_dictionaries({"allOf": st.lists(inner, max_size=2)})
    ),
    max_leaves=15,
)


@given(SCHEMAS, JSON, st.sampled_from(["3.0.3", "3.1.0"]))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_schema_and_no_body_makes_us_fail(schema: Any, body: Any, version: str) -> None:
    for item in broken(schema, body, version=version):
        assert item.message
    root = schema if isinstance(schema, dict) else {}
    for extra in more(root, body, version=version):
        assert 0 < extra.share <= 1


def deep(levels: int, inner: Any) -> Any:
    value = inner
    for level in range(levels):
        value = {"child": value} if level % 2 else [value]
    return value


NODE = {
    "type": "object",
    "properties": {"child": {"$ref": POINTER}, "children": {"type": "array", "items": {"$ref": POINTER}}},
}
HOSTILE = {
    "long list": ({"type": "array", "items": {"type": "object", "properties": {"a": NUMBER}}}, [{"a": "x"}] * 200_000),
    "many properties": (
        {"type": "object", "additionalProperties": NUMBER},
        {f"k{number}": "x" for number in range(50_000)},
    ),
    "deep body": (NODE, deep(400, 1)),
    "circle": ({"$ref": POINTER}, {"a": 1}),
    "circle of parts": ({"allOf": [{"$ref": POINTER}, {"$ref": POINTER}]}, {"a": 1}),
    "circle of choices": ({"oneOf": [{"$ref": POINTER}, {"$ref": POINTER}]}, {"a": 1}),
    "pattern": ({"type": "string", "pattern": "^(a|a)*$"}, "a" * 60 + "b"),
    "no pattern": ({"type": "string", "pattern": "("}, "a"),
    "unique": ({"type": "array", "uniqueItems": True}, [{"a": number} for number in range(20_000)]),
    "long text": (TEXT, "x" * 2_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_nothing_takes_long(name: str, version: str) -> None:
    schema, body = HOSTILE[name]
    started = time.perf_counter()
    assert len(broken(schema, body, version=version)) <= MAX_VIOLATIONS
    assert more(schema, body, version=version) == []
    assert time.perf_counter() - started < 3.0


# What is found ------------------------------------------------------------------------------------------------------


def test_a_violation_names_path_keyword_and_type_but_not_the_value() -> None:
    lines = {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}}
    found = broken({"type": "object", "properties": {"lines": lines}}, {"lines": [{"price": 1}, {"price": "secret"}]})
    assert found == (
        Violation(path="lines[].price", keyword="type", message="it is text, declared as number", slight=False),
    )


def test_the_same_violation_of_many_items_is_one() -> None:
    assert len(broken({"type": "array", "items": NUMBER}, ["a", "b", "c"])) == 1


def test_only_the_first_items_of_a_list_are_looked_at() -> None:
    schema = {"type": "array", "items": NUMBER}
    assert broken(schema, [1] * MAX_ITEMS + ["x"]) == ()
    assert broken(schema, [1] * (MAX_ITEMS - 1) + ["x"]) != ()


def test_a_missing_property_is_named() -> None:
    (found,) = broken({"type": "object", "required": ["a", "b", "c"]}, {"b": 1})
    assert (found.path, found.keyword) == ("", "required")
    assert "`a`" in found.message
    assert "`b`" not in found.message


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "declared",
    [{"type": "string", "writeOnly": True}, {"$ref": "#/components/schemas/Secret"}, {"allOf": [{"$ref": "#/components/schemas/Secret"}]}],
    ids=["itself", "by reference", "by allOf"],
)  # fmt: skip
def test_a_required_write_only_property_may_be_missing_wherever_it_is_declared(declared: Any, version: str) -> None:
    part = {"type": "object", "properties": {"password": declared, "id": NUMBER}}
    schema = {"allOf": [part], "required": ["password", "id"]}
    secret = {"type": "string", "writeOnly": True}
    assert broken(schema, {"id": 1}, version=version, Secret=secret) == ()
    assert [item.keyword for item in broken(schema, {"password": "x"}, version=version, Secret=secret)] == ["required"]


@pytest.mark.parametrize(
    ("schema", "body", "slight"),
    [
        (TEXT, None, True),
        (TEXT, 1, False),
        ({**TEXT, "minLength": 2}, "a", True),
        ({**NUMBER, "minimum": 2}, 1, True),
        ({"enum": ["a"]}, "b", False),
        ({"anyOf": [TEXT, NUMBER]}, [], False),
        ({"anyOf": [TEXT, {"type": "object", "properties": {"a": TEXT}}]}, {"a": None}, True),
        ({"anyOf": [TEXT, {"type": "object", "properties": {"a": TEXT}}]}, {"a": 1}, False),
        ({"oneOf": [TEXT, {"type": "string", "maxLength": 9}]}, "fits both", True),
        ({"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object", "additionalProperties": False}]}, {"b": 1}, True),
    ],
)  # fmt: skip
def test_what_documents_commonly_forget_is_slight(schema: Any, body: Any, slight: bool) -> None:
    assert [item.slight for item in broken(schema, body)] == [slight]


def test_a_body_is_left_as_it_is() -> None:
    body = {"a": [{"b": number} for number in range(50)]}
    kept = copy.deepcopy(body)
    broken({"type": "object"}, body)
    assert body == kept


# Undeclared properties ----------------------------------------------------------------------------------------------


def test_an_undeclared_property_comes_with_its_value_and_how_alike_its_object_is() -> None:
    schema = {"type": "object", "properties": {"a": TEXT, "b": TEXT, "c": TEXT, "d": TEXT}}
    (found,) = more(schema, {"a": "x", "shelf": "B7"})
    assert (found.path, found.share, found.forbidden, found.value) == ("shelf", 0.25, False, "B7")
    assert found.pointer == POINTER


def test_the_same_path_in_many_items_is_one() -> None:
    schema = {"type": "array", "items": {"type": "object", "properties": {"a": TEXT}}}
    assert [item.path for item in more(schema, [{"a": "x", "b": 1}] * 3)] == ["[].b"]


def test_a_circular_schema_ends_where_the_body_does() -> None:
    assert [item.path for item in more(NODE, {"child": {"child": {"child": None, "b": 1}}})] == ["child.child.b"]


@pytest.mark.parametrize(
    ("path", "is_declared"),
    [("items[].box.size", True), ("items[].box.colour", False), ("items", True), ("items.box", False), ("[].a", False), ("", False)],
)  # fmt: skip
def test_a_declaration_is_found_by_its_path(path: str, is_declared: bool) -> None:
    box = {"type": "object", "properties": {"size": NUMBER}}
    item = {"type": "object", "properties": {"box": box}}
    root = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    assert (declaration(document(root).schemas, root, POINTER, path) is not None) is is_declared


def test_a_declaration_in_a_list_of_objects_is_found() -> None:
    root = {"type": "array", "items": {"type": "object", "properties": {"a": TEXT}}}
    found = declaration(document(root).schemas, root, POINTER, "[].a")
    assert found is not None
    assert json.loads(json.dumps(found.schema)) == TEXT
