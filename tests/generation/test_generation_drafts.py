"""Bodies and parameters that a picky server accepts, with canaries where they say they are."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from specfuzz.contract import Contract, Location, derive, from_raw
from specfuzz.generation import Adjustments, Draft, Drafter, Style
from specfuzz.generation.drafts import encode


def contract_of(
    schema: Any,
    *,
    media_type: str = "application/json",
    schemas: dict[str, Any] | None = None,
    example: Any = None,
    parameters: list[dict[str, Any]] | None = None,
    paths: dict[str, Any] | None = None,
) -> Contract:
    """A contract whose one operation is `POST /things`."""
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    post = {
        "parameters": parameters or [],
        "requestBody": {"content": {media_type: media}},
        "responses": {"201": {"description": "Made"}},
    }
    raw = {
        "openapi": "3.1.0",
        "paths": {"/things": {"post": post}, **(paths or {})},
        "components": {"schemas": schemas or {}},
    }
    return derive(from_raw(raw, "test.json"))


def draft(schema: Any, *, seed: int = 1, style: Style = Style.FULL, **more: Any) -> Draft:
    """The draft for `POST /things` with a body of this schema."""
    keywords = {key: more.pop(key) for key in ("references", "adjustments", "private") if key in more}
    contract = contract_of(schema, **more)
    operation = contract.get("POST /things")
    assert operation is not None
    made = Drafter(contract, seed).draft(operation, "test", style=style, **keywords)
    assert made is not None
    return made


def complaints(value: Any, schema: dict[str, Any], schemas: dict[str, Any] | None = None) -> list[str]:
    """What a validator with format checks says against a value."""
    validator = Draft202012Validator(
        {**schema, "components": {"schemas": schemas or {}}}, format_checker=FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


PICKY: dict[str, dict[str, Any]] = {
    "short": {"type": "string", "maxLength": 3},
    "long": {"type": "string", "minLength": 40},
    "exact": {"type": "string", "minLength": 10, "maxLength": 10},
    "empty": {"type": "string", "maxLength": 0},
    "pattern": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
    "open_pattern": {"type": "string", "pattern": "[0-9]+x"},
    "pattern_and_length": {"type": "string", "pattern": "^[a-z0-9_]+$", "minLength": 30, "maxLength": 32},
    "phone_pattern": {"type": "string", "pattern": r"^\+?[1-9]\d{6,14}$"},
    "slug_pattern": {"type": "string", "pattern": "^[a-z0-9]+(?:-[a-z0-9]+)*$"},
    "email": {"type": "string", "format": "email"},
    "short_email": {"type": "string", "format": "email", "maxLength": 30},
    "website": {"type": "string", "format": "uri"},
    "key": {"type": "string", "format": "uuid"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "clock": {"type": "string", "format": "time"},
    "span": {"type": "string", "format": "duration"},
    "address4": {"type": "string", "format": "ipv4"},
    "address6": {"type": "string", "format": "ipv6"},
    "machine": {"type": "string", "format": "hostname"},
    "kind": {"type": "string", "enum": ["b", "a"]},
    "level": {"type": "integer", "enum": [3, 5]},
    "fixed": {"const": "fixed"},
    "bounded": {"type": "integer", "minimum": 100, "maximum": 101},
    "negative": {"type": "integer", "maximum": -5},
    "exclusive": {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
    "fraction": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "small_fraction": {"type": "number", "minimum": 0.1, "maximum": 0.2},
    "fraction_for_integer": {"type": "integer", "minimum": 1.5, "maximum": 2.5},
    "step": {"type": "integer", "minimum": 10, "multipleOf": 7},
    "step_below": {"type": "integer", "maximum": 3, "multipleOf": 3},
    "price": {"type": "number", "minimum": 0, "multipleOf": 0.01},
    "stars": {"type": "integer", "minimum": 1, "maximum": 5},
    "year": {"type": "integer", "minimum": 1900, "maximum": 2025},
    "flag": {"type": "boolean"},
    "always": {"type": "boolean", "const": True},
    "list": {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    "distinct": {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
    "distinct_choices": {
        "type": "array",
        "items": {"type": "string", "enum": ["a", "b", "c"]},
        "minItems": 2,
        "uniqueItems": True,
    },
    "none_allowed": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    "nullable": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 5}]},
    "type_list": {"type": ["null", "integer"], "minimum": 50},
    "either": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    "merged": {"allOf": [{"type": "string"}, {"maxLength": 4}]},
    "nested": {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}},
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "nothing": {"type": "null"},
    "username": {"type": "string", "minLength": 3, "maxLength": 10, "pattern": "^[a-z]+$"},
    "password": {"type": "string", "minLength": 12, "maxLength": 64},
    "long_password": {"type": "string", "minLength": 30},
    "short_password": {"type": "string", "maxLength": 8},
    "zip_code": {"type": "string", "pattern": "^[0-9]{5}$"},
    "country": {"type": "string", "minLength": 3, "maxLength": 3},
    "currency": {"type": "string", "enum": ["EUR", "GBP"]},
    "date_by_pattern": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
}


@pytest.mark.parametrize("name", PICKY)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_picky_property_is_satisfied(name: str, seed: int) -> None:
    schema = {"type": "object", "required": [name], "properties": {name: PICKY[name]}}
    value = draft(schema, seed=seed).value
    assert name in value
    assert complaints(value, schema) == []


@pytest.mark.parametrize("style", [Style.FULL, Style.REQUIRED, Style.EXAMPLES])
def test_a_body_of_all_picky_properties_is_satisfied(style: Style) -> None:
    schema = {
        "type": "object",
        "required": list(PICKY)[::2],
        "properties": PICKY,
        "additionalProperties": False,
    }
    assert complaints(draft(schema, style=style).value, schema) == []


CARD = {
    "type": "object",
    "required": ["type", "number"],
    "properties": {"type": {"const": "card"}, "number": {"type": "string"}},
    "additionalProperties": False,
}
TRANSFER = {
    "type": "object",
    "required": ["type", "iban"],
    "properties": {"type": {"const": "transfer"}, "iban": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize("style", [Style.FULL, Style.REQUIRED])
def test_of_alternative_bodies_one_is_satisfied(keyword: str, style: Style) -> None:
    schema = {keyword: [CARD, TRANSFER]}
    assert complaints(draft(schema, style=style).value, schema) == []


@pytest.mark.parametrize("style", [Style.FULL, Style.REQUIRED])
def test_of_alternative_parts_one_is_satisfied(style: Style) -> None:
    schema = {"type": "object", "required": ["payment"], "properties": {"payment": {"oneOf": [CARD, TRANSFER]}}}
    assert complaints(draft(schema, style=style).value, schema) == []


def test_all_parts_of_an_object_are_filled() -> None:
    parts = [{"type": "object", "properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]
    value = draft({"type": "object", "properties": {"whole": {"allOf": parts}}}).value
    assert set(value["whole"]) == {"a", "b"}


TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]},
    },
}


def test_an_object_in_itself_is_filled_once() -> None:
    value = draft({"$ref": "#/components/schemas/Tree"}, schemas={"Tree": TREE}).value
    assert set(value) == {"name"}


def test_an_object_that_insists_on_itself_ends() -> None:
    tree = {**TREE, "required": ["name", "children", "parent"]}
    assert draft({"$ref": "#/components/schemas/Tree"}, schemas={"Tree": tree}).value["name"]


def test_a_string_of_monstrous_length_is_not_made() -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "minLength": 10**30}}}
    assert len(draft(schema).content) < 1_000_000


def test_read_only_properties_are_never_sent() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
    }
    assert set(draft(schema).value) == {"name"}


def test_a_body_that_is_a_list_has_an_item() -> None:
    schema = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    value = draft(schema).value
    assert [set(item) for item in value] == [{"name"}]


# Styles -----------------------------------------------------------------------------------------------------------

MIXED = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "example": "Rex"},
        "note": {"type": "string"},
        "age": {"type": "integer", "default": 3},
        "kind": {"type": "string", "enum": ["cat", "dog"]},
    },
}


@pytest.mark.parametrize(
    ("style", "names"),
    [
        (Style.FULL, {"name", "note", "age", "kind"}),
        (Style.REQUIRED, {"name"}),
        (Style.TEXT, {"name", "note"}),
        (Style.EXAMPLES, {"name", "note", "age", "kind"}),
    ],
)
def test_a_style_says_how_much_is_filled(style: Style, names: set[str]) -> None:
    assert set(draft(MIXED, style=style).value) == names


def test_free_text_carries_a_canary_although_the_document_has_an_example() -> None:
    assert draft(MIXED).value["name"] != "Rex"


def test_the_style_of_examples_keeps_the_documents_own() -> None:
    assert draft(MIXED, style=Style.EXAMPLES).value["name"] == "Rex"


def test_a_body_of_no_known_properties_follows_its_example() -> None:
    made = draft({"type": "object"}, example={"title": "Milk", "count": 2})
    assert made.value["count"] == 2
    assert made.value["title"] == made.canaries["title"] != "Milk"


@pytest.mark.parametrize("values", [["admin", "user"], ["owner", "admin", "guest"], ["root", "plain"]])
def test_an_ordinary_choice_grants_nothing(values: list[str]) -> None:
    made = draft({"type": "object", "properties": {"role": {"type": "string", "enum": values}}})
    assert made.value["role"] == values[-1]


# Canaries and secrets ---------------------------------------------------------------------------------------------


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path, through the first item of a list."""
    for part in path.split("."):
        value = value[0] if isinstance(value, list) else value
        value = value[part]
    return value[0] if isinstance(value, list) else value


NESTED = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "mail": {"type": "string", "format": "email"},
        "profile": {"type": "object", "properties": {"bio": {"type": "string"}}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}},
    },
}


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_every_canary_is_where_it_is_recorded(seed: int) -> None:
    made = draft(NESTED, seed=seed)
    assert set(made.canaries) == {"title", "mail", "profile.bio", "lines.text"}
    for path, canary in made.canaries.items():
        assert canary in at(made.value, path)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_canaries_of_a_body_differ_from_each_other(seed: int) -> None:
    canaries = list(draft(NESTED, seed=seed).canaries.values())
    assert len(set(canaries)) == len(canaries)


def test_a_text_too_short_to_be_unique_is_no_canary() -> None:
    made = draft({"type": "object", "properties": {"code2": {"type": "string", "maxLength": 4}}})
    assert made.canaries == {}


def test_a_password_is_a_secret_and_its_confirmation_repeats_it() -> None:
    text = {"type": "string"}
    made = draft({"type": "object", "properties": {"password": text, "password_confirmation": text}})
    assert made.value["password"] == made.value["password_confirmation"]
    assert set(made.secrets) == {made.value["password"]}
    assert made.canaries == {}


@pytest.mark.parametrize("style", list(Style))
def test_one_seed_gives_one_draft(style: Style) -> None:
    assert draft(NESTED, seed=7, style=style) == draft(NESTED, seed=7, style=style)


def test_another_seed_gives_other_canaries() -> None:
    assert draft(NESTED, seed=7).canaries != draft(NESTED, seed=8).canaries


def test_another_purpose_gives_other_canaries() -> None:
    contract = contract_of(NESTED)
    drafter = Drafter(contract, 1)
    one, other = (drafter.draft(contract.operations[0], purpose) for purpose in ("alice", "bob"))
    assert one is not None and other is not None
    assert not set(one.canaries.values()) & set(other.canaries.values())


# References -------------------------------------------------------------------------------------------------------

CATEGORIES = {
    "/categories": {"post": {"responses": {"201": {"description": "Made"}}}},
    "/categories/{id}": {"get": {"responses": {"200": {"description": "Fine"}}}},
}
IN_CATEGORY = {
    "type": "object",
    "required": ["category_id"],
    "properties": {"category_id": {"type": "integer"}, "title": {"type": "string"}},
}


def test_a_property_that_names_another_kind_is_a_reference() -> None:
    contract = contract_of(IN_CATEGORY, paths=CATEGORIES)
    operation = contract.get("POST /things")
    assert operation is not None
    found = [
        (item.location, item.name, item.resource, item.required) for item in Drafter(contract, 1).references(operation)
    ]
    assert found == [(Location.BODY, "category_id", "category", True)]


def test_a_given_reference_is_sent() -> None:
    made = draft(IN_CATEGORY, paths=CATEGORIES, references={"category_id": 42})
    assert made.value["category_id"] == 42
    assert made.missing_references == ()


def test_a_reference_that_is_not_given_is_reported_as_missing() -> None:
    assert draft(IN_CATEGORY, paths=CATEGORIES).missing_references == ("category_id",)


def test_an_optional_reference_that_is_not_given_is_left_out() -> None:
    schema = {**IN_CATEGORY, "required": []}
    assert set(draft(schema, paths=CATEGORIES).value) == {"title"}


# Adjustments ------------------------------------------------------------------------------------------------------


def test_a_dropped_property_is_left_out() -> None:
    made = draft(NESTED, adjustments=Adjustments(drop=frozenset({"mail", "profile.bio"})))
    assert "mail" not in made.value
    assert made.value["profile"] == {}


@pytest.mark.parametrize("path", ["title", "profile.bio", "lines.text", "new", "profile.new", "brand.new"])
def test_a_forced_value_is_sent_wherever_it_stands(path: str) -> None:
    made = draft(NESTED, adjustments=Adjustments(force={path: "forced"}))
    assert at(made.value, path) == "forced"


def test_a_forced_value_takes_the_place_of_the_canary() -> None:
    made = draft(NESTED, adjustments=Adjustments(force={"title": "forced"}))
    assert "title" not in made.canaries


def test_a_forced_value_that_is_no_object_is_no_reason_to_fail() -> None:
    made = draft({"type": "array", "items": {"type": "string"}}, adjustments=Adjustments(force={"a.b": 1}))
    assert isinstance(made.value, list)


# Encoding ---------------------------------------------------------------------------------------------------------

FLAT = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "on": {"type": "boolean"}}}


def test_a_json_body_is_json() -> None:
    made = draft(FLAT)
    assert json.loads(made.content) == made.value
    assert made.content_type == "application/json"


def test_a_form_body_is_url_encoded() -> None:
    made = draft(FLAT, media_type="application/x-www-form-urlencoded")
    assert dict(parse_qsl(made.content.decode())) == {"a": made.value["a"], "n": str(made.value["n"]), "on": "false"}
    assert made.content_type == "application/x-www-form-urlencoded"


def test_a_multipart_body_has_every_field_and_its_boundary() -> None:
    made = draft(FLAT, media_type="multipart/form-data")
    boundary = made.content_type.split("boundary=")[1]
    parts = made.content.decode().split(f"--{boundary}")
    assert parts[0] == ""
    assert parts[-1] == "--\r\n"
    assert [part.split('name="')[1].split('"')[0] for part in parts[1:-1]] == ["a", "n", "on"]


def test_a_file_travels_as_a_file_with_a_canary_in_it() -> None:
    schema = {"type": "object", "properties": {"photo": {"type": "string", "format": "binary"}}}
    made = draft(schema, media_type="multipart/form-data")
    text = made.content.decode()
    assert 'filename="' in text
    assert made.canaries["photo"] in text
    assert "\x00" not in text


@pytest.mark.parametrize("media_type", ["*/*", "application/*"])
def test_any_media_type_is_taken_for_json(media_type: str) -> None:
    assert draft(FLAT, media_type=media_type).content_type == "application/json"


def test_of_several_media_types_json_is_chosen() -> None:
    raw = {
        "openapi": "3.1.0",
        "paths": {
            "/things": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/xml": {"schema": FLAT},
                            "application/x-www-form-urlencoded": {"schema": FLAT},
                            "application/json-patch+json": {"schema": {}},
                            "application/vnd.api+json": {"schema": FLAT},
                        }
                    },
                    "responses": {},
                }
            }
        },
    }
    contract = derive(from_raw(raw, "x"))
    body = Drafter(contract, 1).body_of(contract.operations[0])
    assert body is not None
    assert body.media_type == "application/vnd.api+json"


def test_an_operation_without_a_body_has_no_draft() -> None:
    contract = derive(from_raw({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}}, "x"))
    assert Drafter(contract, 1).draft(contract.operations[0], "x") is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    VALUES,
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "x/y"]
    ),
)
@settings(max_examples=100, deadline=None)
def test_any_value_has_an_encoding_in_any_media_type(value: Any, media_type: str) -> None:
    assert isinstance(encode(value, media_type), bytes)


# Parameters -------------------------------------------------------------------------------------------------------


def test_required_parameters_have_values_and_optional_ones_are_left_out() -> None:
    parameters = [
        {"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}},
        {"name": "sort", "in": "query", "required": True, "schema": {"type": "string", "enum": ["up", "down"]}},
        {"name": "wanted", "in": "query", "required": True, "example": "this", "schema": {"type": "string"}},
        {"name": "X-Lang", "in": "header", "required": True, "schema": {"type": "string", "default": "en"}},
        {"name": "text", "in": "query", "schema": {"type": "string"}},
        {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "X-CSRF-Token", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    contract = contract_of(FLAT, parameters=parameters)
    found = {
        name: (place, value) for place, name, value in Drafter(contract, 1).parameters(contract.operations[0], "x")
    }
    assert set(found) == {"page", "sort", "wanted", "X-Lang"}
    assert int(found["page"][1]) >= 1
    assert found["sort"] == (Location.QUERY, "up")
    assert found["wanted"] == (Location.QUERY, "this")
    assert found["X-Lang"] == (Location.HEADER, "en")


# Any schema -------------------------------------------------------------------------------------------------------

STRINGS = st.builds(
    lambda low, extra: {"type": "string", "minLength": low, "maxLength": low + extra},
    st.integers(0, 40),
    st.integers(0, 40),
)
INTEGERS = st.builds(
    lambda low, extra: {"type": "integer", "minimum": low, "maximum": low + extra},
    st.integers(-10_000, 10_000),
    st.integers(0, 500),
)
STEPS = st.builds(
    lambda low, step, extra: {"type": "integer", "minimum": low, "maximum": low + step + extra, "multipleOf": step},
    st.integers(-500, 500),
    st.integers(1, 50),
    st.integers(0, 50),
)
NUMBERS = st.builds(
    lambda low, extra: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + extra},
    st.floats(-1000, 1000, allow_nan=False),
    st.floats(0.01, 100),
)
CHOICES = st.lists(st.text(max_size=6), min_size=1, max_size=4, unique=True).map(lambda values: {"enum": values})
FORMATS = st.sampled_from(["email", "uuid", "date", "date-time", "uri", "ipv4", "ipv6", "time"]).map(
    lambda name: {"type": "string", "format": name}
)
NAMES = st.sampled_from(
    ["title", "email", "price", "age", "year", "count", "code", "phone", "url", "created_at", "date", "username", "zip"]
    + ["password", "rating", "quantity", "color", "slug", "latitude", "state", "amount", "name", "x"]
)
LEAVES = STRINGS | INTEGERS | STEPS | NUMBERS | CHOICES | FORMATS | st.just({"type": "boolean"})
OBJECTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(NAMES, inner, min_size=1, max_size=4).map(
            lambda found: {
                "type": "object",
                "properties": found,
                "required": sorted(found),
                "additionalProperties": False,
            }
        )
        | st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low}, inner, st.integers(0, 3))
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, OBJECTS, min_size=1, max_size=4), st.integers(0, 1000))
def test_any_satisfiable_schema_is_satisfied(properties: dict[str, Any], seed: int) -> None:
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}
    assert complaints(draft(schema, seed=seed).value, schema) == []
