"""SF104 at a search that is open to everybody and may show more than what is open."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from simulated_api import Call, NotesApi, decide, document, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.http import Response
from specfuzz.probes import Held
from specfuzz.probes.registry import probes

SEARCH, READ = "GET /search", "GET /notes/{id}"


def raw_with_search(*, open_to_all: bool = True) -> dict[str, Any]:
    """The notes' document with a search for everybody; notes themselves are kept for their owner."""
    raw = document()
    note = raw["paths"]["/notes/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    found = {"type": "object", "properties": {"notes": {"type": "array", "items": note}}}
    raw["paths"]["/search"] = {
        "get": {
            **({"security": []} if open_to_all else {}),
            "parameters": [
                {"name": "q", "in": "query", "schema": {"type": "string"}},
                {"name": "include_notes", "in": "query", "schema": {"type": "boolean"}},
            ],
            "responses": {"200": {"description": "found", "content": {"application/json": {"schema": found}}}},
        }
    }
    return raw


def api_with_search(*, shows_all: bool = False, needs_flag: bool = True) -> NotesApi:
    """A search over the caller's own notes, or over everybody's where it is weak."""
    api = NotesApi()

    def search(call: Call) -> Response:
        query = parse_qs(call.request.target.partition("?")[2])
        asked = not needs_flag or query.get("include_notes") == ["true"]
        own = call.user["id"] if call.user else None
        hits = [
            note
            for note in api.notes.values()
            if asked
            and (shows_all or note["owner_id"] == own)
            and query.get("q", [""])[0] in note["title"] + note["body"]
        ]
        return reply(200, {"notes": hits})

    api._handlers[SEARCH] = search
    return api


def test_the_rule_runs_at_an_open_search_that_may_show_private_objects() -> None:
    contract = derive(from_raw(raw_with_search(), "notes.json"))
    target = contract.get(SEARCH)
    assert target is not None
    assert probes()["SF104"].why_not(contract, target) is None


def test_somebodys_note_in_an_open_search_is_found() -> None:
    """Guards `_secret`: the API refuses bob the note by itself."""
    found = only_break(decide("SF104", SEARCH, api_with_search(shows_all=True), raw_with_search()))
    assert (found.actor, found.owner, found.confidence) == ("bob", "alice", Confidence.FIRM)
    assert "`include_notes`" in found.detail


def test_a_search_that_shows_everybodys_only_when_asked_for_more_is_found() -> None:
    """Guards the plain search as a control: bob reads the note by itself too, which is another weakness."""
    api = api_with_search(shows_all=True)
    api.during(READ, lambda call, ordinary: reply(200, api.note_of(call)) if api.note_of(call) else ordinary(call))
    found = only_break(decide("SF104", SEARCH, api, raw_with_search()))
    assert found.confidence >= Confidence.FIRM


def test_a_search_that_shows_open_notes_anyway_holds() -> None:
    """A note that bob reads and finds without asking for more is an open one, whatever the document says of others."""
    api = api_with_search(shows_all=True, needs_flag=False)
    api.during(READ, lambda call, ordinary: reply(200, api.note_of(call)) if api.note_of(call) else ordinary(call))
    assert isinstance(decide("SF104", SEARCH, api, raw_with_search()), Held)


@pytest.mark.parametrize("needs_flag", [True, False])
def test_a_search_over_ones_own_notes_holds(needs_flag: bool) -> None:
    assert isinstance(decide("SF104", SEARCH, api_with_search(needs_flag=needs_flag), raw_with_search()), Held)
