"""Any document loads, level and complete, or raises an error that names what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specfuzz.contract import ContractError, Document, DocumentError, Location, derive, from_raw, parse
from specfuzz.contract.document import template_names
from specfuzz.contract.schemas import Schemas

NOTE: dict[str, Any] = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "title": {"type": "string", "maxLength": 20, "minLength": 2, "example": "Milk"},
        "rank": {"type": "number", "minimum": 1, "maximum": 9},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "children": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Note"}},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Note"}, {"type": "null"}]},
        "owner": {"allOf": [{"$ref": "#/components/schemas/User"}]},
    },
}
MODERN: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "servers": [{"url": "https://{host}/v1", "variables": {"host": {"default": "api.example"}}}, {"url": "/v2"}],
    "security": [{"bearer": ["read"]}],
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        "schemas": {"Note": NOTE, "User": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
    "paths": {
        "/notes": {
            "summary": "All notes",
            "parameters": [{"$ref": "#/components/parameters/Page"}],
            "get": {"responses": {"200": {"description": "Fine"}}, "security": []},
            "post": {
                "summary": "Make a note",
                "description": "Only for you.",
                "tags": ["notes"],
                "operationId": "makeNote",
                "x-internal": True,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Note"},
                            "examples": {"one": {"value": {"title": "Bread"}}},
                        }
                    },
                },
                "responses": {
                    "201": {
                        "description": "Made",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                        "links": {"read": {"operationId": "readNote", "parameters": {"id": "$response.body#/id"}}},
                    }
                },
            },
        },
        "/notes/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "readNote", "responses": {"200": {"description": "Fine"}}},
            "delete": {"responses": {"204": {"description": "Gone"}, "404": {"description": "Not yours"}}},
        },
    },
}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Old", "version": "1"},
    "host": "old.example",
    "basePath": "/api",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "securityDefinitions": {
        "basic": {"type": "basic"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    },
    "definitions": {"Pet": {"type": "object", "properties": {"name": {"type": "string", "x-example": "Rex"}}}},
    "paths": {
        "/pets": {
            "post": {
                "parameters": [{"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}],
                "responses": {"200": {"description": "Fine", "schema": {"$ref": "#/definitions/Pet"}}},
            },
        },
        "/pets/{id}/photo": {
            "post": {
                "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [
                    {"in": "path", "name": "id", "type": "integer", "required": True},
                    {"in": "formData", "name": "caption", "type": "string", "required": True, "maxLength": 9},
                    {"in": "formData", "name": "file", "type": "file"},
                ],
                "responses": {"200": {"description": "Fine"}},
            },
            "put": {
                "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [{"in": "formData", "name": "caption", "type": "string"}],
                "responses": {"200": {"description": "Fine"}},
            },
        },
    },
}


def modern() -> Document:
    return from_raw(copy.deepcopy(MODERN), "notes.json")


def swagger() -> Document:
    return from_raw(copy.deepcopy(SWAGGER), "old.json")


# What a good document says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [MODERN, {**MODERN, "openapi": "3.1.0"}, SWAGGER], ids=["3.0", "3.1", "2.0"])
def test_json_text_is_parsed(raw: dict[str, Any]) -> None:
    document = parse(json.dumps(raw), "x.json")
    assert {item.label for item in document.operations} == {
        f"{method.upper()} {path}"
        for path, item in raw["paths"].items()
        for method in item
        if method in ("get", "post", "put", "delete")
    }
    assert document.unreadable == ()


def test_yaml_text_is_parsed_and_unquoted_status_codes_are_text() -> None:
    text = """
openapi: 3.0.0
info: {title: Yaml, version: 1.0.0}
paths:
  /a/{b}:
    get:
      description: |
        First.
        Only the owner may read it.
      responses:
        200: {description: Fine}
        404: {description: Not yours}
"""
    document = parse(text, "x.yaml")
    operation = document.operations[0]
    assert [reply.status for reply in operation.replies] == ["200", "404"]
    assert document.title == "Yaml"
    assert operation.description.endswith("Only the owner may read it.")


def test_an_operation_keeps_what_the_document_says_about_it() -> None:
    operation = modern().operation("POST /notes")
    assert operation is not None
    assert (operation.operation_id, operation.summary, operation.description) == (
        "makeNote",
        "Make a note",
        "Only for you.",
    )
    assert (operation.tags, operation.pointer) == (("notes",), "#/paths/~1notes/post")
    assert operation.extensions == {"x-internal": True}


def test_an_operation_without_a_summary_has_that_of_its_path() -> None:
    operation = modern().operation("GET /notes")
    assert operation is not None
    assert operation.summary == "All notes"


def test_parameters_of_the_path_belong_to_each_of_its_operations() -> None:
    document = modern()
    for label in ("GET /notes/{id}", "DELETE /notes/{id}"):
        operation = document.operation(label)
        assert operation is not None
        found = operation.parameter("id", Location.PATH)
        assert found is not None
        assert found.schema == {"type": "integer"}


def test_a_parameter_of_the_operation_replaces_that_of_its_path() -> None:
    raw = copy.deepcopy(MODERN)
    raw["paths"]["/notes"]["get"]["parameters"] = [{"name": "page", "in": "query", "schema": {"type": "string"}}]
    operation = from_raw(raw, "x").operation("GET /notes")
    assert operation is not None
    assert [parameter.schema["type"] for parameter in operation.parameters] == ["string"]


def test_a_path_parameter_that_nobody_declared_is_added() -> None:
    raw = {"openapi": "3.0.0", "paths": {"/a/{b}/c/{d}": {"get": {"responses": {}}}}}
    operation = from_raw(raw, "x").operations[0]
    assert [(item.name, item.location, item.required) for item in operation.parameters] == [
        ("b", Location.PATH, True),
        ("d", Location.PATH, True),
    ]


def test_examples_come_in_the_authors_order() -> None:
    operation = modern().operation("POST /notes")
    assert operation is not None
    assert operation.bodies[0].examples == ({"title": "Bread"},)


def test_a_body_points_to_the_schema_it_refers_to() -> None:
    operation = modern().operation("POST /notes")
    assert operation is not None
    assert operation.bodies[0].pointer == "#/components/schemas/Note"


def test_the_links_of_a_response_are_kept() -> None:
    operation = modern().operation("POST /notes")
    assert operation is not None
    assert set(operation.replies[0].links) == {"read"}


def test_security_of_the_operation_replaces_that_of_the_document() -> None:
    document = modern()
    open_one, guarded = document.operation("GET /notes"), document.operation("POST /notes")
    assert open_one is not None and guarded is not None
    assert (open_one.security, open_one.security_pointer) == ((), "#/paths/~1notes/get/security")
    assert (guarded.security, guarded.security_pointer) == (({"bearer": ("read",)},), "#/security")


def test_servers_have_their_variables_filled_in() -> None:
    assert modern().servers == ("https://api.example/v1", "/v2")


# Swagger 2.0, levelled --------------------------------------------------------------------------------------------


def test_host_and_base_path_of_swagger_are_a_server() -> None:
    assert swagger().servers == ("https://old.example/api",)


def test_a_base_path_without_a_host_is_a_relative_server() -> None:
    raw = {key: value for key, value in SWAGGER.items() if key != "host"}
    assert from_raw(raw, "x").servers == ("/api",)


def test_basic_security_of_swagger_is_an_http_scheme() -> None:
    assert swagger().security_schemes["basic"] == {"type": "http", "scheme": "basic"}
    assert swagger().security_schemes["key"]["name"] == "X-Key"


def test_the_body_parameter_of_swagger_is_a_body_and_no_parameter() -> None:
    operation = swagger().operation("POST /pets")
    assert operation is not None
    assert operation.parameters == ()
    assert [(body.media_type, body.pointer) for body in operation.bodies] == [("application/json", "#/definitions/Pet")]


def test_form_data_of_swagger_is_one_body() -> None:
    operation = swagger().operation("PUT /pets/{id}/photo")
    assert operation is not None
    assert [body.media_type for body in operation.bodies] == ["application/x-www-form-urlencoded"]
    assert operation.bodies[0].schema["properties"] == {"caption": {"type": "string"}}


def test_form_data_with_a_file_is_multipart_and_keeps_constraints() -> None:
    operation = swagger().operation("POST /pets/{id}/photo")
    assert operation is not None
    body = operation.bodies[0]
    assert body.media_type == "multipart/form-data"
    assert body.schema["properties"]["caption"]["maxLength"] == 9
    assert body.schema["required"] == ["caption"]
    assert body.required


def test_a_response_schema_of_swagger_is_read() -> None:
    operation = swagger().operation("POST /pets")
    assert operation is not None
    assert operation.replies[0].pointer == "#/definitions/Pet"


# Bad documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("<!doctype html><html></html>", "HTML"),
        ("<?xml version='1.0'?><a/>", "HTML or XML"),
        ("hello", "not an OpenAPI document"),
        ("{}", "not an OpenAPI document"),
        ("[]", "not an OpenAPI document"),
        ("null", "not an OpenAPI document"),
        ("17", "not an OpenAPI document"),
        ('{"asyncapi": "2.0.0"}', "not an OpenAPI document"),
        ('{"info": {"_postman_id": "x"}, "item": []}', "not an OpenAPI document"),
        ('{"openapi": "4.0.0", "paths": {"/a": {}}}', "not an OpenAPI document"),
        ('{"openapi": true, "paths": {"/a": {}}}', "not an OpenAPI document"),
        ('{"swagger": null, "paths": {"/a": {}}}', "not an OpenAPI document"),
        ("a: [1", "neither JSON nor YAML"),
        ('{"openapi": "3.0.0", ', "neither JSON nor YAML"),
        ('{"openapi": "3.0.0"}', "no `paths`"),
        ('{"openapi": "3.0.0", "paths": {}}', "no `paths`"),
        ('{"openapi": "3.0.0", "paths": []}', "no `paths`"),
        ('{"openapi": "3.0.0", "paths": {"/a": null}}', "no operation that can be read"),
        ('{"openapi": "3.0.0", "paths": {"/a": [{}]}}', "no operation that can be read"),
        ('{"openapi": "3.0.0", "paths": {"a": {"get": {}}}}', "no operation that can be read"),
    ],
)
def test_what_is_no_usable_document_is_refused_with_the_reason(text: str, part: str) -> None:
    with pytest.raises(DocumentError, match=part) as caught:
        parse(text, "the/file.json")
    assert caught.value.where == "the/file.json"
    assert "\n" not in str(caught.value)


def test_a_page_in_place_of_a_document_comes_with_a_hint() -> None:
    with pytest.raises(DocumentError) as caught:
        parse("<html></html>", "http://x/docs")
    assert "/openapi.json" in (caught.value.hint or "")


def test_nesting_beyond_any_parser_is_refused() -> None:
    with pytest.raises(DocumentError):
        parse("[" * 100_000, "x")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "not an object"),
        ([], "not an object"),
        (7, "not an object"),
        ({"$ref": "#/nowhere"}, "leads nowhere"),
        ({"$ref": "other.yaml#/a"}, "leads out of the document"),
    ],
    ids=["null", "list", "number", "nowhere", "elsewhere"],
)
def test_a_path_that_cannot_be_read_is_named_and_the_others_go_on(item: Any, reason: str) -> None:
    raw = copy.deepcopy(MODERN)
    raw["paths"]["/odd"] = item
    document = from_raw(raw, "x")
    assert [(entry.label, reason in entry.reason) for entry in document.unreadable] == [("/odd", True)]
    assert len(document.operations) == 4


def test_an_operation_whose_body_leads_nowhere_is_named_and_the_others_go_on() -> None:
    raw = copy.deepcopy(MODERN)
    raw["paths"]["/notes"]["post"]["requestBody"] = {"$ref": "#/components/requestBodies/Lost"}
    document = from_raw(raw, "x")
    assert [entry.label for entry in document.unreadable] == ["POST /notes"]
    assert document.operation("GET /notes") is not None


def test_a_response_that_leads_nowhere_does_not_cost_the_operation() -> None:
    raw = copy.deepcopy(MODERN)
    raw["paths"]["/notes"]["post"]["responses"]["201"] = {"$ref": "#/components/responses/Lost"}
    assert from_raw(raw, "x").unreadable == ()


def test_extensions_beside_paths_are_no_operations() -> None:
    raw = copy.deepcopy(MODERN)
    raw["paths"]["x-notes"] = {"get": {}}
    document = from_raw(raw, "x")
    assert document.unreadable == ()
    assert len(document.operations) == 4


@pytest.mark.parametrize("length", [1, 2, 5])
def test_references_in_a_circle_end(length: int) -> None:
    raw = copy.deepcopy(MODERN)
    schemas = raw["components"]["schemas"]
    for index in range(length):
        schemas[f"C{index}"] = {"$ref": f"#/components/schemas/C{(index + 1) % length}"}
    raw["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        "$ref": "#/components/schemas/C0"
    }
    assert derive(from_raw(raw, "x")).get("POST /notes") is not None


@pytest.mark.parametrize("keyword", ["allOf", "oneOf", "anyOf"])
def test_many_schemas_that_all_name_each_other_are_read_in_time(keyword: str) -> None:
    names = [f"S{index}" for index in range(40)]
    schemas = {
        name: {
            "required": ["id"],
            "properties": {name.lower(): {"type": "string"}},
            keyword: [{"$ref": f"#/components/schemas/{other}"} for other in names],
        }
        for name in names
    }
    found = Schemas({"components": {"schemas": schemas}}).properties(schemas["S0"])
    assert len(found) == len(names)


def test_a_schema_nested_a_thousand_deep_is_read() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(1000):
        schema = {"type": "object", "properties": {"a": schema}, "allOf": [schema]}
    raw = copy.deepcopy(MODERN)
    raw["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"] = schema
    assert derive(from_raw(raw, "x")).get("POST /notes") is not None


# Any document -----------------------------------------------------------------------------------------------------

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "#/", "$ref", [], [None], ["x"], [[]], [{}], {}, {"": None}, {"x": 1},
    {"$ref": "#/components/schemas/Note"}, {"$ref": 7}, {"$ref": ""}, {"$ref": "#/paths"}, {"type": ["string", "null"]},
    {"type": {}}, {"type": [{}]}, {"allOf": [None]}, {"properties": {"a": None}}, {"items": []},
)  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every node below the root."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def with_junk(raw: dict[str, Any], place: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(raw)
    node: Any = made
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = junk
    return made


@pytest.mark.parametrize("raw", [MODERN, SWAGGER], ids=["3.0", "2.0"])
def test_a_document_with_something_else_anywhere_loads_or_raises_our_error(raw: dict[str, Any]) -> None:
    for place in places(raw):
        for junk in JUNK:
            try:
                derive(from_raw(with_junk(raw, place, junk), "x"))
            except ContractError:
                continue
            except Exception as error:
                raise AssertionError(f"{junk!r} at {'/'.join(map(str, place))}") from error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["openapi", "swagger", "paths", "/a/{b}", "get", "post", "parameters", "in", "name", "schema", "$ref"]
                + [
                    "properties",
                    "items",
                    "allOf",
                    "type",
                    "responses",
                    "200",
                    "content",
                    "application/json",
                    "security",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_any_json_loads_or_raises_our_error(value: Any) -> None:
    try:
        derive(from_raw(value, "x"))
    except ContractError:
        return


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([MODERN, SWAGGER]), st.data())
def test_any_operation_loads_or_raises_our_error(raw: dict[str, Any], data: st.DataObject) -> None:
    value = data.draw(JSON)
    try:
        derive(parse(json.dumps({**raw, "paths": {"/a/{b}": {"post": value}}}), "x"))
    except ContractError:
        return


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_loads_or_raises_our_error(text: str) -> None:
    with pytest.raises(DocumentError):
        parse(text, "x")


@pytest.mark.parametrize("raw", [MODERN, SWAGGER], ids=["3.0", "2.0"])
def test_every_source_points_to_something_in_the_document(raw: dict[str, Any]) -> None:
    document = from_raw(copy.deepcopy(raw), "x")
    contract = derive(document)
    sources = [item.access.source for item in contract.operations]
    for item in contract.operations:
        sources += [field.source for field in (*item.forbidden_fields, *item.sensitive_fields)]
        sources += [reply.pointer for reply in item.operation.replies]
        sources += [parameter.pointer for parameter in item.operation.parameters]
    for source in sources:
        if not source.startswith("inference:"):
            document.schemas.lookup(source)


@pytest.mark.parametrize(
    ("path", "names"),
    [("/a", []), ("/a/{b}", ["b"]), ("/{a}/{b}", ["a", "b"]), ("/{a}-{b}.pdf", ["a", "b"]), ("/a{", []), ("/}{", [])],
)
def test_the_names_in_a_path_template_come_in_order(path: str, names: list[str]) -> None:
    assert template_names(path) == names
