"""SF204: properties that no schema has, and what only looks like them."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import answers, document, exchange, fields, list_of, look, object_of

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
THING = object_of(id=NUMBER, title=TEXT)
LABEL = "GET /things"


def seen(schema: Any, body: Any, *, status: int = 200, declared: str = "200", **options: Any) -> dict[str | None, str]:
    components = options.pop("components", None)
    raw = document({declared: answers(schema)}, components=components)
    return fields(look("SF204", raw, exchange(LABEL, body, status=status), **options))


def test_a_property_that_no_schema_has_is_found_with_its_operation_and_actor() -> None:
    raw = document({"200": answers(THING)})
    (found,) = look("SF204", raw, exchange(LABEL, {"id": 1, "title": "a", "shelf": "B7"}))
    assert (found.field, str(found.confidence), found.actor) == ("shelf", "firm", "alice")
    assert LABEL in found.title


def test_a_property_that_the_schema_forbids_is_certain() -> None:
    assert seen({**THING, "additionalProperties": False}, {"id": 1, "title": "a", "shelf": "B7"}) == {
        "shelf": "certain"
    }


def test_a_property_of_a_nested_object_and_of_items_is_named_by_its_path() -> None:
    schema = object_of(items=list_of(object_of(id=NUMBER, box=object_of(size=NUMBER))))
    body = {"items": [{"id": 1, "box": {"size": 1, "colour": "red"}}, {"id": 2, "box": {"size": 1}, "shelf": "B7"}]}
    assert seen(schema, body) == {"items[].box.colour": "firm", "items[].shelf": "firm"}


def test_an_object_that_has_little_of_its_schema_is_a_hint() -> None:
    schema = object_of(id=NUMBER, a=TEXT, b=TEXT, c=TEXT)
    assert seen(schema, {"id": 1, "shelf": "B7"}) == {"shelf": "tentative"}
    assert seen(schema, {"id": 1, "a": "x", "shelf": "B7"}) == {"shelf": "firm"}


def test_an_answer_with_many_undeclared_properties_is_one_hint() -> None:
    body = {"id": 1, "title": "a", **{f"extra{number}": number for number in range(6)}}
    assert seen(THING, body) == {None: "tentative"}
    assert len(seen(THING, {key: body[key] for key in list(body)[:-1]})) == 5


def test_a_secret_is_left_to_its_own_rule() -> None:
    assert seen(THING, {"id": 1, "title": "a", "password_hash": "0f" * 16}) == {}


def test_what_is_named_like_a_secret_and_is_none_is_found_here() -> None:
    assert seen(THING, {"id": 1, "title": "a", "salt": "a pinch"}) == {"salt": "firm"}


BASE = {
    "Base": object_of(id=NUMBER),
    "Cat": {"allOf": [{"$ref": "#/components/schemas/Base"}, object_of(claws=NUMBER)]},
}
OPEN_PART = {"allOf": [object_of(id=NUMBER), {"type": "object", "additionalProperties": TEXT}]}


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (THING, {"id": 1, "title": "a"}),
        (THING, {"id": 1, "title": "a", "shelf": None}),
        ({"$ref": "#/components/schemas/Cat"}, {"id": 1, "claws": 4}),
        ({"oneOf": [object_of(id=NUMBER, a=TEXT), object_of(id=NUMBER, b=TEXT)]}, {"id": 1, "b": "x"}),
        ({"anyOf": [object_of(id=NUMBER), {"type": "null"}]}, {"id": 1}),
        ({**THING, "additionalProperties": True}, {"id": 1, "title": "a", "shelf": "B7"}),
        ({**THING, "additionalProperties": {"type": "string"}}, {"id": 1, "title": "a", "shelf": "B7"}),
        ({**THING, "patternProperties": {"^x": {}}}, {"id": 1, "title": "a", "xy": "B7"}),
        (OPEN_PART, {"id": 1, "shelf": "B7"}),
        ({**object_of(kind=TEXT, id=NUMBER), "discriminator": {"propertyName": "kind"}}, {"kind": "cat", "id": 1, "claws": 4}),
        ({"type": "object", "additionalProperties": NUMBER}, {"EUR": 1, "USD": 2}),
        ({"type": "object"}, {"id": 1, "anything": 2}),
        (object_of(id=NUMBER, meta={"type": "object"}), {"id": 1, "meta": {"anything": 2}}),
        (THING, {"id": 1, "title": "a", "_links": {"self": {"href": "/things/1"}}, "_embedded": {}}),
        (THING, {"id": 1, "title": "a", "@id": "/things/1", "@context": "/contexts/Thing", "$schema": "x"}),
        (object_of(data=THING), {"data": {"id": 1}, "jsonapi": {"version": "1.0"}, "included": [], "links": {}}),
        (object_of(results=list_of(THING)), {"count": 1, "next": "x", "previous": "y", "results": [{"id": 1}]}),
        (object_of(data=THING), {"data": {"id": 1}, "status": "success", "message": "ok", "code": 200}),
        (THING, {"detail": "nothing that the schema describes", "path": "/x"}),
        (THING, "no JSON"),
        (THING, []),
        (list_of(THING), []),
        (list_of(TEXT), [{"id": 1}]),
    ],
    ids=["declared", "null", "allOf", "oneOf", "anyOf", "open", "typed dictionary and properties", "patterns"]
    + ["an open part", "discriminator", "dictionary", "free form", "nested free form", "HAL", "JSON-LD", "JSON:API"]
    + ["pages", "JSend", "something else", "text", "list", "empty list", "scalars"],
)  # fmt: skip
def test_what_the_document_allows_is_no_finding(schema: Any, body: Any) -> None:
    assert seen(schema, body, components=BASE) == {}


@pytest.mark.parametrize(("declared", "status"), [("201", 200), ("default", 200), ("200", 404), ("4XX", 404)], ids=str)
def test_an_answer_that_is_not_the_declared_success_is_not_compared(declared: str, status: int) -> None:
    assert seen(THING, {"id": 1, "title": "a", "shelf": "B7"}, status=status, declared=declared) == {}


def test_a_range_of_statuses_is_a_declaration() -> None:
    assert seen(THING, {"id": 1, "title": "a", "shelf": "B7"}, status=201, declared="2XX") == {"shelf": "firm"}


def test_a_refusal_with_status_200_is_not_compared() -> None:
    assert seen(object_of(message=TEXT), {"message": "x", "success": False, "trace_id": "a"}) == {}


def test_json_is_not_compared_with_the_schema_of_a_table() -> None:
    raw = document({"200": answers(THING, "text/csv")})
    assert look("SF204", raw, exchange(LABEL, {"id": 1, "title": "a", "shelf": "B7"})) == []


@pytest.mark.parametrize(
    "media_type", ["*/*", "application/*", "application/hal+json", "application/json; charset=utf-8"]
)
def test_a_range_of_media_types_and_other_json_is_a_declaration(media_type: str) -> None:
    raw = document({"200": answers(THING, media_type)})
    found = look("SF204", raw, exchange(LABEL, {"id": 1, "title": "a", "shelf": "B7"}))
    assert fields(found) == {"shelf": "firm"}


def test_a_property_that_this_run_sent_as_an_extra_is_no_finding_with_that_value_only() -> None:
    body = {"id": 1, "title": "a", "is_admin": True}
    assert seen(THING, body, extras={"is_admin": {"true"}}) == {}
    assert seen(THING, body, extras={"is_admin": {"false"}}) == {"is_admin": "firm"}
