"""Looking into schemas: references, compositions, envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract.schemas import Schemas, UnresolvedReference, escape_pointer

USER = {"type": "object", "required": ["name"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
ROOT: dict[str, Any] = {
    "components": {
        "schemas": {
            "User": USER,
            "Alias": {"$ref": "#/components/schemas/User"},
            "Circle": {"$ref": "#/components/schemas/Circle"},
            "a/b~c": {"type": "string"},
            "Tree": {"properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
        }
    },
    "list": [{"type": "number"}],
}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS = Schemas(ROOT)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("#", ROOT),
        ("#/components/schemas/User", USER),
        ("#/components/schemas/a~1b~0c", {"type": "string"}),
        ("#/components/schemas/a%2Fb~0c", {"type": "string"}),
        ("#/list/0", {"type": "number"}),
    ],
    ids=["root", "plain", "escaped", "percent-encoded", "in a list"],
)
def test_a_pointer_leads_to_what_stands_there(pointer: str, expected: Any) -> None:
    assert SCHEMAS.lookup(pointer) == expected


@pytest.mark.parametrize("pointer", ["#/nowhere", "#/list/9", "#/list/x", "#/components/schemas/User/type/a"])
def test_a_pointer_to_nowhere_is_an_error_that_names_it(pointer: str) -> None:
    with pytest.raises(UnresolvedReference, match="leads nowhere") as caught:
        SCHEMAS.lookup(pointer)
    assert caught.value.where == pointer


@pytest.mark.parametrize("pointer", ["other.json", "https://evil.example/a.json#/b", "file:///etc/passwd", ""])
def test_a_reference_out_of_the_document_is_never_followed(pointer: str) -> None:
    with pytest.raises(UnresolvedReference, match="out of the document"):
        SCHEMAS.lookup(pointer)


def test_a_chain_of_references_ends_at_the_object_and_its_place() -> None:
    assert SCHEMAS.resolve(ref("Alias"), "#/x") == (USER, "#/components/schemas/User")


def test_a_circle_of_references_says_nothing() -> None:
    assert SCHEMAS.resolve(ref("Circle"), "#/x")[0] == {}


def test_keywords_beside_a_reference_are_kept() -> None:
    found, _ = SCHEMAS.resolve({**ref("User"), "readOnly": True}, "#/x")
    assert found["readOnly"] is True
    assert found["properties"] == USER["properties"]


@pytest.mark.parametrize("node", [None, 7, "text", [], True])
def test_what_is_no_object_says_nothing(node: Any) -> None:
    assert SCHEMAS.resolve(node, "#/x") == ({}, "#/x")


def test_parts_of_all_of_are_merged_in_order_with_what_each_requires() -> None:
    schema = {"allOf": [ref("User"), {"required": ["age"], "properties": {"age": {"type": "integer"}}}]}
    found = SCHEMAS.properties(schema)
    assert list(found) == ["id", "name", "age"]
    assert [name for name, item in found.items() if item.required] == ["name", "age"]


def test_required_beside_the_composition_that_declares_the_property_counts() -> None:
    schema = {"required": ["id"], "allOf": [ref("User")]}
    assert SCHEMAS.properties(schema)["id"].required


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_what_one_alternative_requires_is_optional(keyword: str) -> None:
    found = SCHEMAS.properties({keyword: [ref("User"), {"properties": {"age": {}}}]})
    assert set(found) == {"id", "name", "age"}
    assert not any(item.required for item in found.values())


@pytest.mark.parametrize("first", ["oneOf", "allOf"])
def test_a_schema_that_is_alternative_here_and_insisted_on_there_is_required(first: str) -> None:
    schema = {"allOf": [{"oneOf": [ref("User")]}, {"allOf": [ref("User")]}]}
    if first == "allOf":
        schema["allOf"].reverse()
    assert SCHEMAS.properties(schema)["name"].required


def test_a_property_points_to_where_it_is_declared() -> None:
    found = SCHEMAS.properties(ref("Alias"))
    assert found["name"].pointer == "#/components/schemas/User/properties/name"


def test_a_schema_in_itself_is_read_once() -> None:
    assert list(SCHEMAS.properties(ref("Tree"))) == ["children"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["null", "integer"]}, "integer"),
        ({"properties": {}}, "object"),
        ({"items": {}}, "array"),
        ({"enum": [None, "a"]}, "string"),
        ({"enum": [True]}, "boolean"),
        ({"enum": [1.5]}, "number"),
        ({"anyOf": [{"type": "null"}, {"type": "number"}]}, "number"),
        ({"anyOf": [ref("User"), {"type": "null"}]}, "object"),
        ({"allOf": [ref("User")]}, "object"),
        (ref("Alias"), "object"),
        ({}, None),
        ({"type": {}}, None),
        ({"type": []}, None),
        ({"anyOf": True}, None),
        ({"enum": []}, None),
    ],
)
def test_the_type_that_a_schema_asks_for(schema: Any, kind: str | None) -> None:
    assert SCHEMAS.type_of(schema) == kind


@pytest.mark.parametrize(
    ("schema", "listed"),
    [
        (ref("User"), False),
        ({"type": "array", "items": ref("User")}, True),
        ({"properties": {"data": ref("User")}}, False),
        ({"properties": {"user": ref("User"), "message": {"type": "string"}}}, False),
        ({"properties": {"items": {"type": "array", "items": ref("User")}, "total": {"type": "integer"}}}, True),
    ],
    ids=["plain", "array", "data", "named", "page"],
)
def test_an_envelope_is_opened(schema: Any, listed: bool) -> None:
    found, pointer, is_list = SCHEMAS.represented(schema, "#/x")
    assert (set(SCHEMAS.properties(found, pointer)), is_list) == ({"id", "name"}, listed)


def test_an_object_that_holds_another_is_no_envelope() -> None:
    order = {"properties": {"id": {"type": "integer"}, "total": {"type": "number"}, "customer": ref("User")}}
    found, pointer, _ = SCHEMAS.represented(order, "#/x")
    assert set(SCHEMAS.properties(found, pointer)) == {"id", "total", "customer"}


@pytest.mark.parametrize(
    ("schema", "forbids"),
    [
        ({"additionalProperties": False}, True),
        ({"unevaluatedProperties": False}, True),
        ({"additionalProperties": {}}, False),
        ({}, False),
    ],
)
def test_whether_a_schema_forbids_extra_properties(schema: Any, forbids: bool) -> None:
    assert SCHEMAS.forbids_extra(schema) is forbids


@pytest.mark.parametrize("name", ["a/b", "a~b", "~1", "/~0/", "plain"])
def test_an_escaped_name_is_found_again(name: str) -> None:
    assert Schemas({name: {"here": 1}}).lookup(f"#/{escape_pointer(name)}") == {"here": 1}
