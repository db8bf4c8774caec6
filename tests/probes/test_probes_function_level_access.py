"""SF106 at a creation that no read lists: what it changes in the object that it is made in decides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from simulated_api import Call, NotesApi, decide, document, only_break, reply

from specfuzz.http import Response
from specfuzz.probes import Held, Inconclusive

BOOST = "POST /notes/{id}/boosts"


def document_with_boosts() -> dict[str, Any]:
    raw = document()
    body = {"type": "object", "properties": {"reason": {"type": "string"}}}
    raw["paths"]["/notes/{id}/boosts"] = {
        "parameters": raw["paths"]["/notes/{id}"]["parameters"],
        "post": {
            "description": "Admins only.",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"201": {"description": "boosted"}},
        },
    }
    return raw


def api_with_boosts(*, is_open: bool, has_effect: bool = True) -> NotesApi:
    api = NotesApi()

    def boost(call: Call) -> Response:
        if call.user is None:
            return reply(401)
        if not is_open:
            return reply(403, {"error": "admins only"})
        found = re.search(r"\d+", call.request.path)
        note = api.notes.get(int(found[0])) if found else None
        if note is None:
            return reply(404)
        if has_effect:
            note["score"] += 7
        return reply(201, {"id": 7000 + len(api.sent)})

    api._handlers[BOOST] = boost
    return api


def test_a_privileged_creation_that_shows_in_its_parent_is_found() -> None:
    """Guards `_changed_parent`: no read lists boosts, and each moves the note's score."""
    found = only_break(decide("SF106", BOOST, api_with_boosts(is_open=True), document_with_boosts()))
    assert (found.actor, "`score`" in found.detail) == ("bob", True)


def test_a_polite_answer_that_shows_nowhere_decides_nothing() -> None:
    api = api_with_boosts(is_open=True, has_effect=False)
    assert isinstance(decide("SF106", BOOST, api, document_with_boosts()), Inconclusive)


def test_a_refused_creation_is_a_kept_promise() -> None:
    assert isinstance(decide("SF106", BOOST, api_with_boosts(is_open=False), document_with_boosts()), Held)


@pytest.mark.parametrize("status", [429, 503])
def test_a_limiters_answer_decides_nothing(status: int) -> None:
    api = api_with_boosts(is_open=True)
    api.during(BOOST, lambda call, ordinary: reply(status))
    assert isinstance(decide("SF106", BOOST, api, document_with_boosts()), Inconclusive)
