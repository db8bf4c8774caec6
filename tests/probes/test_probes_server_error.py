"""SF503: malformed requests that make the server fail, twice; and failures that anybody's request met."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import document as one_operation
from looked_at import exchange, look
from simulated_api import NUMBER, Call, Handler, NotesApi, Stage, decide, document, only_break, reply

from specfuzz.probes import Held, Inconclusive

CREATE, UPDATE, READ, LIST = "POST /notes", "PATCH /notes/{id}", "GET /notes/{id}", "GET /notes"


def with_limit(raw: dict[str, Any]) -> None:
    """An edit: the list takes a query parameter."""
    raw["paths"]["/notes"]["get"]["parameters"] = [{"name": "limit", "in": "query", "schema": NUMBER}]


def failing_if(label: str, is_bad: Any, status: int = 500) -> NotesApi:
    """A server that answers `status` at `label` for requests of a kind."""
    return NotesApi().during(
        label, lambda call, ordinary: reply(status, {"error": "x"}) if is_bad(call) else ordinary(call)
    )


def has_bad_limit(call: Call) -> bool:
    return any(name == "limit" and not value.isdigit() for name, value in call.request.query)


def test_a_malformed_query_that_fails_twice_is_firm() -> None:
    found = only_break(decide("SF503", LIST, failing_if(LIST, has_bad_limit), document(with_limit)))
    assert (found.actor, str(found.confidence), found.field) == ("alice", "firm", None)
    assert "`limit`" in found.detail
    assert [str(step.role) for step in found.steps] == ["control", "attack", "attack"]


@pytest.mark.parametrize("label", [CREATE, UPDATE])
@pytest.mark.parametrize(
    ("is_bad", "words"),
    [
        (lambda call: "title" not in call.body, "no `title`"),
        (lambda call: isinstance(call.body.get("priority"), str), "`priority` = "),
        (lambda call: call.body.get("priority") == 10**12, "`priority` = 1000000000000"),
    ],
    ids=["left out", "another type", "too large"],
)
def test_a_malformed_body_that_fails_twice_is_firm(label: str, is_bad: Any, words: str) -> None:
    found = only_break(decide("SF503", label, failing_if(label, is_bad)))
    assert (found.actor, str(found.confidence)) == ("alice", "firm")
    assert words in found.detail


@pytest.mark.parametrize("label", [CREATE, UPDATE, READ, LIST])
def test_a_sound_api_holds(label: str) -> None:
    assert isinstance(decide("SF503", label, NotesApi(), document(with_limit)), Held)


@pytest.mark.parametrize("status", [400, 422, 501, 502, 503, 504])
def test_a_refusal_or_a_gateways_answer_is_no_failure(status: int) -> None:
    assert isinstance(decide("SF503", LIST, failing_if(LIST, has_bad_limit, status), document(with_limit)), Held)


def test_a_server_that_fails_once_is_having_a_bad_moment() -> None:
    failed: list[Call] = []

    def once(call: Call) -> bool:
        if failed or not has_bad_limit(call):
            return False
        failed.append(call)
        return True

    assert isinstance(decide("SF503", LIST, failing_if(LIST, once), document(with_limit)), Held)
    assert failed


def test_a_plain_request_that_fails_twice_is_found_as_what_it_is() -> None:
    found = only_break(decide("SF503", LIST, failing_if(LIST, lambda call: True), document(with_limit)))
    assert found.detail.startswith("The plain request")


def test_a_plain_request_that_is_refused_decides_nothing() -> None:
    assert isinstance(decide("SF503", LIST, failing_if(LIST, lambda call: True, 403)), Inconclusive)


def test_what_a_malformed_creation_made_all_the_same_is_removed() -> None:
    failed: list[Call] = []

    def stored_and_failed_once(call: Call, ordinary: Handler) -> Any:
        if "title" not in call.body and not failed:
            failed.append(call)
            return reply(500)
        return ordinary(call)

    stage = Stage(NotesApi().during(CREATE, stored_and_failed_once))
    assert isinstance(stage.decide("SF503", CREATE).verdict, Held)
    assert failed
    for resource in stage.scenario.workshop.ledger.left():
        stage.drive(stage.scenario.workshop.remove(resource))
    assert stage.api.notes == {}


def test_nothing_malformed_is_sent_to_what_could_do_harm() -> None:
    stage = Stage(NotesApi())
    assert isinstance(stage.decide("SF503", "DELETE /notes/{id}").verdict, Held)
    assert stage.api.calls("alice", "DELETE /notes/{id}") == 0


# Looking ----------------------------------------------------------------------------------------------------------


def seen(status: int, **sight: Any) -> list[str]:
    raw = one_operation({"200": {"description": "done"}})
    return [str(item.confidence) for item in look("SF503", raw, exchange("GET /things", None, status=status), **sight)]


def test_one_failure_is_a_hint_and_the_same_request_failing_again_is_firm() -> None:
    assert seen(500) == ["tentative"]
    assert seen(500, is_repeat=True) == ["firm"]


@pytest.mark.parametrize("status", [200, 404, 429, 501, 502, 503, 504, 520])
def test_no_other_answer_is_a_failure(status: int) -> None:
    assert seen(status, is_repeat=True) == []
