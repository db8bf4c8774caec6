"""SF107: somebody else's object and a made-up id refused differently; on the small notes API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, only_break, reply, silent_on

from specfuzz.engine.plan import plan
from specfuzz.http import Response
from specfuzz.probes import Held, Inconclusive
from specfuzz.probes.existence_disclosure import refusal
from specfuzz.probes.rule import Severity

READ, UPDATE, LIST = "GET /notes/{id}", "PATCH /notes/{id}", "GET /notes"


def refusing(real: Any, never: Any, label: str = READ) -> NotesApi:
    """Strangers get `real(call)` for somebody's note and `never(call)` for one that is not there."""
    api = NotesApi()

    def answer(call: Call, ordinary: Handler) -> Response:
        note = api.note_of(call)
        if call.user is None or (note is not None and note["owner_id"] == call.user["id"]):
            return ordinary(call)
        found: Response = real(call) if note is not None else never(call)
        return found

    return api.during(label, answer)


def missing(call: Call) -> Response:
    return reply(404, {"error": "no such note"})


@pytest.mark.parametrize(
    "real",
    [
        lambda call: reply(403, {"error": "no such note"}),
        lambda call: reply(404, {"error": "not your note"}),
        lambda call: reply(404, {"error": "no such note", "code": "E-17"}),
        lambda call: reply(200, {"error": "forbidden"}),
    ],
    ids=["another status", "other words", "another code", "a refusal as 200"],
)
def test_a_refusal_that_differs_is_found(real: Any) -> None:
    """Guards the comparison of the two refusals."""
    found = only_break(decide("SF107", READ, refusing(real, missing)))
    assert (found.actor, found.owner, found.severity) == ("bob", "alice", None)
    assert found.target is not None and found.target.label == READ


def test_it_is_information() -> None:
    from specfuzz.probes.existence_disclosure import RULE

    assert RULE.severity is Severity.INFO


def test_a_write_that_tells_is_found_where_the_read_does_not() -> None:
    """Guards the other operations on the kind: the finding stands at the one that tells."""
    found = only_break(decide("SF107", READ, refusing(lambda call: reply(403), missing, UPDATE)))
    assert found.target is not None and found.target.label == UPDATE


def test_a_sound_api_holds() -> None:
    assert isinstance(decide("SF107", READ, NotesApi()), Held)


@pytest.mark.parametrize(
    "words",
    [
        lambda call: {"error": f"no note {call.key}"},
        lambda call: {"error": "no such note", "request_id": f"r{len(call.request.path)}-{call.key}"},
        lambda call: {"error": "no such note", "timestamp": call.key},
        lambda call: {"error": "no such note", "instance": call.request.path},
        lambda call: {"error": f"no such note (incident 0123456789abcdef{int(call.key or 0):016x})"},
    ],
    ids=["the id", "a request id", "a time", "the path", "an incident"],
)
def test_what_an_answer_repeats_or_counts_is_no_difference(words: Any) -> None:
    """Guards `refusal`: only what the object itself changes counts."""
    api = refusing(lambda call: reply(404, words(call)), lambda call: reply(404, words(call)))
    assert isinstance(decide("SF107", READ, api), Held)


def test_words_that_are_new_each_time_are_no_difference() -> None:
    """Guards the second made-up id: an API that refuses in a poem each time tells nothing."""
    verse: list[int] = []

    def poem(call: Call) -> Response:
        verse.append(1)
        return reply(404, {"error": "roses are red " + "and red " * len(verse)})

    assert isinstance(decide("SF107", READ, refusing(poem, poem)), Held)


def test_a_note_that_everybody_reads_is_no_secret() -> None:
    """Guards the ladder: 403 for changing somebody's public note and 404 for none gives nothing away."""
    api = refusing(lambda call: reply(403), missing, UPDATE)
    api.during(READ, lambda call, ordinary: reply(200, api.note_of(call)) if api.note_of(call) else ordinary(call))
    assert isinstance(decide("SF107", READ, api, document(silent_on(READ, UPDATE))), Held)


def test_a_note_that_a_list_shows_to_everybody_is_no_secret() -> None:
    api = refusing(lambda call: reply(403), missing)
    api.during(LIST, lambda call, ordinary: reply(200, list(api.notes.values())) if call.user else ordinary(call))
    silent = document(silent_on(READ, UPDATE, LIST, "DELETE /notes/{id}", "POST /notes/{id}/archive"))
    assert isinstance(decide("SF107", READ, api, silent), Held)


def test_an_id_that_is_refused_for_its_form_tells_nothing() -> None:
    """Guards `_is_about_form`: a made-up id with a wrong check digit."""
    api = refusing(missing, lambda call: reply(422, {"error": "the check digit is wrong"}))
    assert isinstance(decide("SF107", READ, api), Held)


@pytest.mark.parametrize("status", [429, 503])
def test_a_limiter_or_a_gateway_decides_nothing(status: int) -> None:
    api = NotesApi()
    api.during(READ, lambda call, ordinary: reply(status) if call.request.identity == "bob" else ordinary(call))
    assert isinstance(decide("SF107", READ, api), Inconclusive)


def test_an_object_that_its_owner_cannot_read_decides_nothing() -> None:
    api = NotesApi()
    for label in (READ, LIST):
        api.during(label, lambda call, ordinary: reply(404, {"error": "no such note"}))
    assert isinstance(decide("SF107", READ, api), Inconclusive)


def test_there_is_one_summary_for_each_kind() -> None:
    stage = Stage(NotesApi())
    kinds = [item.target.resource for item in plan(stage.contract) if item.rule == "SF107" and item.runs]
    assert len(kinds) == len(set(kinds))


@given(st.integers(10, 10**9), st.integers(10, 10**9))
def test_refusals_that_only_repeat_the_id_are_equal(one: int, other: int) -> None:
    answers = [reply(404, {"detail": f"note {key} of /notes/{key} not found"}) for key in (one, other)]
    ids = [str(one), str(other)]
    assert refusal(answers[0], ids) == refusal(answers[1], ids)
