"""SF502: bodies that break their schema, and documents that merely forgot something."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import answers, document, exchange, list_of, look, object_of

TEXT, NUMBER = {"type": "string"}, {"type": "number"}
RATE = {**object_of(currency=TEXT, rate=NUMBER), "required": ["currency"]}
LABEL = "GET /things"


def seen(schema: Any, body: Any, *, status: int = 200, declared: str = "200", **options: Any) -> list[str]:
    media_type, came = options.pop("media_type", "application/json"), options.pop("came", "application/json")
    raw = document({declared: answers(schema, media_type)}, **options)
    return [str(item.confidence) for item in look("SF502", raw, exchange(LABEL, body, status=status, media_type=came))]


def test_a_violation_is_found_with_its_place_and_without_the_value() -> None:
    raw = document({"200": answers(list_of(RATE))})
    (found,) = look("SF502", raw, exchange(LABEL, [{"currency": "EUR", "rate": "1.0234"}]))
    assert (str(found.confidence), found.actor, found.field) == ("firm", "alice", None)
    assert "`[].rate`: it is text, declared as number" in found.detail
    assert "1.0234" not in found.title + found.detail
    assert found.expectation.source.endswith("/schema")


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (RATE, {"rate": 1}),
        (RATE, {"currency": "EUR", "rate": True}),
        (RATE, [{"currency": "EUR"}]),
        (list_of(RATE), {"items": [{"currency": "EUR"}]}),
        (object_of(state={"type": "string", "enum": ["on", "off"]}), {"state": "up"}),
        (object_of(tags=list_of(TEXT)), {"tags": "a,b"}),
        ({"allOf": [RATE, object_of(id=NUMBER)]}, {"currency": "EUR", "id": "7"}),
        ({"type": "object", "additionalProperties": NUMBER}, {"EUR": "1"}),
        (object_of(rate={"anyOf": [NUMBER, {"type": "boolean"}]}), {"rate": "1"}),
        (object_of(a=TEXT, rate=NUMBER), {"a": None, "rate": "1"}),
    ],
    ids=["missing", "boolean", "list", "page", "enumeration", "text for list", "allOf", "dictionary", "no alternative"]
    + ["beside a null"],
)
def test_what_breaks_a_client_is_firm(schema: Any, body: Any) -> None:
    assert seen(schema, body) == ["firm"]


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (RATE, {"currency": "EUR", "rate": None}),
        (list_of(RATE), [{"currency": None}]),
        (object_of(a={"type": "string", "enum": ["x"]}), {"a": None}),
        (object_of(a={"type": "string", "minLength": 1}), {"a": ""}),
        (object_of(a={"type": "integer", "maximum": 5}), {"a": 6}),
        (object_of(a={**list_of(TEXT), "minItems": 1}), {"a": []}),
        ({"oneOf": [object_of(a=TEXT), object_of(b=TEXT)]}, {"a": "x", "b": "y"}),
        ({"oneOf": [object_of(a=NUMBER), object_of(a={**NUMBER, "maximum": 1})]}, {"a": None}),
        ({"not": {"type": "object"}}, {"a": 1}),
        (RATE, []),
        (RATE, {}),
        (RATE, "null"),
    ],
    ids=["null", "null in a list", "null and enum", "minLength", "maximum", "minItems", "two alternatives fit"]
    + ["a null in each alternative", "not", "empty list for object", "empty object", "a lone null"],
)
def test_the_commonest_slips_of_documents_are_hints(schema: Any, body: Any) -> None:
    assert seen(schema, body) == ["tentative"]


WRITE_ONLY = {
    "allOf": [object_of(id=NUMBER, password={"type": "string", "writeOnly": True})],
    "required": ["id", "password"],
}
PETS = {
    "Cat": {**object_of(kind=TEXT, claws=NUMBER), "required": ["kind", "claws"]},
    "Dog": {**object_of(kind=TEXT, bark=TEXT), "required": ["kind", "bark"]},
}
PET = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "kind"},
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (RATE, {"currency": "EUR", "rate": 1}),
        (RATE, {"currency": "EUR", "rate": 1.5, "more": 1}),
        ({**RATE, "additionalProperties": False}, {"currency": "EUR", "more": 1}),
        (object_of(a={"type": "string", "nullable": True}), {"a": None}),
        (object_of(a={"type": "string", "x-nullable": True}), {"a": None}),
        (object_of(a={"type": "integer"}), {"a": 1.0}),
        (object_of(a={"type": "string", "format": "date-time"}), {"a": "2026-01-02T03:04:05.123456"}),
        (object_of(a={"type": "string", "format": "uuid"}), {"a": "not one"}),
        (object_of(a={"type": "string", "pattern": "^(a+)+$"}), {"a": "a" * 40 + "b"}),
        (WRITE_ONLY, {"id": 1}),
        ({**object_of(id={**NUMBER, "readOnly": True}), "required": ["id"]}, {"id": 1}),
        (PET, {"kind": "Dog", "bark": "loud"}),
        (object_of(a={"$ref": "#/components/schemas/Nowhere"}), {"a": 1}),
        (object_of(a={"type": "file"}), {"a": 1}),
        ({}, {"a": 1}),
    ],
    ids=[
        "fits",
        "more properties",
        "more than allowed",
        "nullable",
        "x-nullable",
        "1.0",
        "time without a zone",
        "format",
    ]
    + ["pattern", "write-only and required", "read-only", "discriminator", "reference to nowhere", "no type of JSON"]
    + ["no schema"],
)
def test_a_sound_answer_is_no_finding(schema: Any, body: Any, version: str) -> None:
    assert seen(schema, body, components=PETS, version=version) == []


def test_a_wrong_object_behind_a_discriminator_is_firm() -> None:
    assert seen(PET, {"kind": "Dog", "bark": 5}, components=PETS) == ["firm"]


def test_an_unknown_kind_behind_a_discriminator_is_a_hint() -> None:
    assert seen(PET, {"kind": "Fish"}, components=PETS) == ["tentative"]


def test_null_as_a_type_of_3_1_is_read() -> None:
    assert seen(object_of(a={"type": ["string", "null"]}), {"a": None}, version="3.1.0") == []


def test_a_refusals_body_is_a_hint() -> None:
    error = {**object_of(detail=TEXT), "required": ["detail"]}
    assert seen(error, {"detail": [{"loc": ["body"], "msg": "x"}]}, status=422, declared="422") == ["tentative"]
    assert seen(RATE, {"error": "Forbidden"}) == ["tentative"]


def test_a_success_that_only_default_covers_is_a_hint() -> None:
    assert seen(RATE, {"rate": "x", "currency": "EUR"}, declared="default") == ["tentative"]


@pytest.mark.parametrize("declared", ["2XX", "2xx"])
def test_a_range_of_statuses_is_a_declaration(declared: str) -> None:
    assert seen(RATE, {"rate": 1}, declared=declared) == ["firm"]


@pytest.mark.parametrize(
    ("body", "status", "came"),
    [
        (None, 200, "application/json"),
        (None, 204, ""),
        ("<p>page</p>", 200, "text/html"),
        ("{cut", 200, "application/json"),
        ({"rate": "x"}, 201, "application/json"),
        ({"rate": "x"}, 500, "application/json"),
        ({"rate": "x"}, 404, "application/problem+json"),
    ],
    ids=["HEAD", "204", "page", "cut off", "another status", "failure", "problem"],
)
def test_what_the_schema_is_not_about_is_not_compared(body: Any, status: int, came: str) -> None:
    assert seen(RATE, body, status=status, came=came) == []


def test_a_failure_is_not_compared_although_it_is_declared() -> None:
    assert seen(RATE, {"rate": "x"}, status=500, declared="500") == []


def test_json_is_not_compared_with_the_schema_of_a_table() -> None:
    assert seen(TEXT, {"rate": 1}, media_type="text/csv") == []


@pytest.mark.parametrize("media_type", ["*/*", "application/*", "application/vnd.rates+json"])
def test_a_range_of_media_types_and_other_json_is_a_declaration(media_type: str) -> None:
    assert seen(RATE, {"currency": "EUR", "rate": "x"}, media_type=media_type) == ["firm"]


def test_a_document_of_swagger_2_is_read() -> None:
    raw = {
        "swagger": "2.0",
        "info": {"title": "Rates", "version": "1"},
        "paths": {
            "/things": {"get": {"responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/R"}}}}}
        },
        "definitions": {"R": object_of(rate=NUMBER, note={"type": "string", "x-nullable": True})},
    }
    assert look("SF502", raw, exchange(LABEL, {"rate": 1, "note": None})) == []
    assert [str(item.confidence) for item in look("SF502", raw, exchange(LABEL, {"rate": "1"}))] == ["firm"]
