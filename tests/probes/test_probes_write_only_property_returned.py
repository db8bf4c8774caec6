"""SF206: write-only properties that come back, and what only has their name."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import JSON, answers, document, exchange, fields, list_of, look, object_of

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
PIN = {"type": "string", "writeOnly": True}
LABEL = "POST /cards"


def seen(gives: Any, body: Any, *, takes: Any = None, status: int = 201) -> dict[str | None, str]:
    raw = document({"201": answers(gives)}, label=LABEL, takes=takes or object_of(name=TEXT, pin=PIN))
    return fields(look("SF206", raw, exchange(LABEL, body, status=status, sent={"pin": "1234"})))


def test_a_write_only_property_that_comes_back_is_certain() -> None:
    raw = document({"201": answers(object_of(id=NUMBER))}, label=LABEL, takes=object_of(pin=PIN))
    (found,) = look("SF206", raw, exchange(LABEL, {"id": 1, "pin": "1234"}, status=201))
    assert (found.field, str(found.confidence), found.actor) == ("pin", "certain", "alice")
    assert found.secrets == (("pin", "1234"),)
    assert found.expectation.source.endswith("/properties/pin")
    assert "1234" not in found.title + found.detail


def test_a_schema_for_requests_and_answers_alike_is_read_right() -> None:
    card = object_of(id=NUMBER, pin=PIN)
    assert seen(card, {"id": 1, "pin": "1234"}, takes=card) == {"pin": "certain"}
    assert seen(card, {"id": 1}, takes=card) == {}


@pytest.mark.parametrize(
    ("gives", "body", "path"),
    [
        (list_of(object_of(id=NUMBER)), [{"id": 1, "pin": "1234"}], "[].pin"),
        (object_of(data=object_of(id=NUMBER)), {"data": {"id": 1, "pin": "1234"}}, "data.pin"),
        (object_of(id=NUMBER), {"id": 1, "pin": {"value": "1234"}}, "pin.value"),
        (object_of(id=NUMBER), {"id": 1, "pin": 1234}, "pin"),
    ],
)
def test_it_is_found_in_lists_envelopes_and_objects(gives: Any, body: Any, path: str) -> None:
    assert seen(gives, body) == {path: "certain"}


@pytest.mark.parametrize("value", [None, "", "****", "••••", "[redacted]", "********1234", True, False])
def test_a_value_that_only_stands_for_the_secret_is_no_finding(value: Any) -> None:
    assert seen(object_of(id=NUMBER), {"id": 1, "pin": value}) == {}


def test_another_property_of_the_same_name_that_the_answer_declares_is_no_finding() -> None:
    gives = object_of(id=NUMBER, address=object_of(pin=TEXT))
    assert seen(gives, {"id": 1, "address": {"pin": "560001"}}) == {}
    assert seen(gives, {"id": 1, "address": {"pin": "560001"}, "pin": "1234"}) == {"pin": "certain"}


def test_a_property_that_an_answer_declares_readable_is_no_finding() -> None:
    assert seen(object_of(id=NUMBER, pin=TEXT), {"id": 1, "pin": "1234"}) == {}
    assert seen(object_of(id=NUMBER, pin=TEXT), {"data": {"id": 1, "pin": "1234"}}) == {}


def test_a_refusal_that_repeats_the_request_is_no_finding() -> None:
    raw = document({"201": answers(object_of(id=NUMBER)), "422": answers({})}, label=LABEL, takes=object_of(pin=PIN))
    body = {"detail": [{"loc": ["body", "name"], "input": {"pin": "1234"}}]}
    assert look("SF206", raw, exchange(LABEL, body, status=422)) == []


def test_a_document_without_write_only_properties_is_not_looked_at() -> None:
    raw = document({"201": answers(object_of(id=NUMBER))}, label=LABEL, takes=object_of(pin=TEXT))
    assert look("SF206", raw, exchange(LABEL, {"pin": "1234"}, status=201)) == []


@pytest.mark.parametrize("body", ["<p>pin</p>", None, "1234"])
def test_an_answer_without_properties_is_no_finding(body: Any) -> None:
    raw = document({"201": {"description": "made"}}, label=LABEL, takes=object_of(pin=PIN))
    assert look("SF206", raw, exchange(LABEL, body, status=201, media_type=JSON)) == []
