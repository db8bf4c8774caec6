"""SF304, as the rules about fields and functions notice it: refused, and written all the same."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.http import Response
from specfuzz.probes import Broken, Held

UPDATE = "PATCH /notes/{id}"


def refusing_after_the_write(*names: str, status: int = 400) -> NotesApi:
    """Stores these fields of a note, and then refuses a body that has one of them."""
    api = NotesApi()
    api.note_fields |= set(names)

    def late(call: Call, ordinary: Handler) -> Response:
        answer = ordinary(call)
        return answer if set(call.body) <= {"title", "body", "priority"} else reply(status, {"error": "not allowed"})

    return api.during(UPDATE, late)


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_field_that_a_refused_write_stored_is_found(status: int) -> None:
    verdict = decide("SF201", UPDATE, refusing_after_the_write("score", "is_featured", status=status))
    assert isinstance(verdict, Broken)
    found = {item.field: (item.rule, item.confidence >= Confidence.FIRM) for item in verdict.breaks}
    assert found["score"] == ("SF304", True)
    assert found["is_featured"] == ("SF304", False)  # a flag may change for being refused: `locked`, `suspicious`


def test_a_refused_field_that_was_not_stored_is_no_finding() -> None:
    """The lookalike: the same refusals by a server that checks first."""
    assert isinstance(decide("SF201", UPDATE, refusing_after_the_write()), Held)


def test_a_version_that_counts_accepted_writes_is_no_refused_field() -> None:
    api = NotesApi()
    api.note_defaults["score"] = 1

    def counting(call: Call, ordinary: Handler) -> Response:
        if not set(call.body) <= {"title", "body", "priority"}:
            return reply(400, {"error": "not allowed"})
        note = api.note_of(call)
        if note is not None:
            note["score"] += 1
        return ordinary(call)

    assert isinstance(decide("SF201", UPDATE, api.during(UPDATE, counting)), Held)


def for_admins(raw: dict[str, Any]) -> None:
    raw["paths"]["/notes/{id}"]["patch"]["description"] = "Administrators only."


def test_a_privileged_write_that_is_refused_and_written_is_found() -> None:
    api = NotesApi()

    def late(call: Call, ordinary: Handler) -> Response:
        note = api.note_of(call)
        if note is not None and call.user is not None:
            note.update(api.stored(call.body))
        return reply(403, {"error": "administrators only"})

    stage = Stage(api.during(UPDATE, late), document(for_admins))
    found = only_break(stage.decide("SF106", UPDATE).verdict)
    assert (found.rule, found.actor) == ("SF304", "bob")
    assert "though the answer is a refusal" in found.title
