"""SF101 where the object is named in a query, a header, a cookie or a body: the same read of the same note."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from simulated_api import Call, NotesApi, decide, document, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.http import Response
from specfuzz.probes import Held

PLACES = {
    "query": ("GET /note", "id"),
    "header": ("GET /note", "X-Note-Id"),
    "cookie": ("GET /note", "note_id"),
    "body": ("POST /getNote", "id"),
}


def key_in(call: Call, place: str, name: str) -> str:
    if place == "query":
        return parse_qs(call.request.target.partition("?")[2]).get(name, [""])[0]
    if place == "header":
        return call.request.header(name) or ""
    if place == "cookie":
        return dict(call.request.cookies).get(name, "")
    sends_json = "json" in (call.request.header("content-type") or "")
    return str(json.loads(call.request.body or b"{}").get(name, "")) if sends_json else ""


def api_reading_from(place: str, *, is_open: bool) -> NotesApi:
    label, name = PLACES[place]
    api = NotesApi()

    def read(call: Call) -> Response:
        key = key_in(call, place, name)
        note = api.notes.get(int(key)) if key.isdigit() else None
        if call.user is None:
            return reply(401)
        if note is None or not (is_open or note["owner_id"] == call.user["id"]):
            return reply(404, {"error": "no such note"})
        return reply(200, note)

    api._handlers[label] = read
    return api


def document_with(place: str) -> dict[str, Any]:
    """The notes' document with one more read, which says whose the notes are."""
    label, name = PLACES[place]
    method, path = label.split(" ")
    raw = document()
    note = raw["paths"]["/notes/{id}"]["get"]["responses"]
    node: dict[str, Any] = {"description": "Only the owner may read it.", "responses": note}
    if place == "body":
        schema = {"type": "object", "properties": {name: {"type": "integer"}}, "required": [name]}
        node["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    else:
        node["parameters"] = [{"name": name, "in": place, "required": True, "schema": {"type": "integer"}}]
    raw["paths"][path] = {method.lower(): node}
    return raw


@pytest.mark.parametrize("place", PLACES)
def test_the_identifier_is_found_where_it_travels(place: str) -> None:
    label, name = PLACES[place]
    found = derive(from_raw(document_with(place), "notes.json")).get(label)
    assert found is not None
    assert [(item.location.value, item.name, item.resource) for item in found.identifiers] == [(place, name, "note")]


@pytest.mark.parametrize("place", PLACES)
def test_somebody_elses_note_is_found(place: str) -> None:
    api = api_reading_from(place, is_open=True)
    found = only_break(decide("SF101", PLACES[place][0], api, document_with(place)))
    assert (found.actor, found.confidence) == ("bob", Confidence.CERTAIN)


@pytest.mark.parametrize("place", PLACES)
def test_a_sound_read_holds(place: str) -> None:
    api = api_reading_from(place, is_open=False)
    assert isinstance(decide("SF101", PLACES[place][0], api, document_with(place)), Held)


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Session-Id", "id"])
def test_other_ids_in_headers_name_no_object(name: str) -> None:
    raw = document_with("header")
    raw["paths"]["/note"]["get"]["parameters"][0]["name"] = name
    found = derive(from_raw(raw, "notes.json")).get("GET /note")
    assert found is not None
    assert found.identifiers == ()
