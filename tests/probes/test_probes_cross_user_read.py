"""SF101: a peer reads an object that is its owner's alone."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, no_security, only_break, reply, silent_on

from specfuzz.contract import Confidence
from specfuzz.engine import plan
from specfuzz.http import ANONYMOUS
from specfuzz.probes import Held, Inconclusive, Role
from specfuzz.probes.registry import probes

READ = "GET /notes/{id}"


def open_to_users(api: NotesApi) -> NotesApi:
    """Whoever is logged in reads every note."""

    def change(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous:
            return reply(401)
        return reply(200, note) if note else reply(404)

    return api.during(READ, change)


def answering_peer(answer: Any) -> NotesApi:
    """Bob's reads are answered by `answer(api, call)`; the owner's are as ever."""
    api = NotesApi()

    def change(call: Call, ordinary: Handler) -> Any:
        return answer(api, call) if call.request.identity == "bob" else ordinary(call)

    return api.during(READ, change)


def test_a_peer_who_gets_the_owners_canary_proves_the_rule_broken() -> None:
    """Guards the leak's comparison: a canary that the owner sees and the peer gets."""
    found = only_break(decide("SF101", READ, open_to_users(NotesApi())))
    assert (found.rule, found.owner, found.actor, found.field) == (None, "alice", "bob", None)
    assert found.confidence is Confidence.CERTAIN
    assert found.expectation.source.startswith("#/paths/~1notes~1{id}/get")
    attacks = [step.exchange for step in found.steps if step.role is Role.ATTACK]
    assert [(item.identity, item.request.operation, item.status) for item in attacks] == [("bob", READ, 200)]


def test_the_attacked_object_is_one_that_the_run_made_as_the_owner() -> None:
    api = NotesApi()
    stranger = api.new_note(owner_id=99, fields={"title": "somebody's own"})
    stage = Stage(open_to_users(api))
    found = only_break(stage.decide("SF101", READ).verdict)
    assert all(not step.exchange.request.path.endswith(f"/{stranger['id']}") for step in found.steps)


def test_a_refused_peer_is_a_kept_promise() -> None:
    """Guards the reading of refusals: the peer's 404 is one."""
    verdict = decide("SF101", READ, NotesApi())
    assert isinstance(verdict, Held)
    assert "bob was refused" in verdict.reason


REFUSALS = {
    "as 200 with an error body": lambda api, call: reply(200, {"error": "not your note"}),
    "as 200 with a flag": lambda api, call: reply(200, {"success": False, "message": "forbidden"}),
    "as 403": lambda api, call: reply(403, {"detail": "forbidden"}),
    "as a redirect to the login": lambda api, call: reply(302, None, Location="/login?next=/notes"),
    "as an empty object": lambda api, call: reply(200, {}),
    "as an empty list": lambda api, call: reply(200, []),
    "as a page for any path": lambda api, call: reply(200, "<html><body>Welcome to Notes</body></html>"),
    "as no content": lambda api, call: reply(204),
    "with the bob's own note instead": lambda api, call: reply(200, api.new_note(2, {"title": "bob's own note"})),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_an_answer_without_the_owners_values_is_no_leak(answer: Any) -> None:
    verdict = decide("SF101", READ, answering_peer(answer))
    assert isinstance(verdict, Held), verdict


BROKEN_ANSWERS = {
    "throttled": lambda api, call: reply(429, {"error": "slow down"}),
    "bad gateway": lambda api, call: reply(502, "<html>bad gateway</html>"),
    "overloaded": lambda api, call: reply(503),
    "crashed": lambda api, call: reply(500, {"error": "internal"}),
}


@pytest.mark.parametrize("answer", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
def test_a_limiters_or_gateways_answer_to_the_peer_decides_nothing(answer: Any) -> None:
    assert isinstance(decide("SF101", READ, answering_peer(answer)), Inconclusive)


def test_without_a_peer_nothing_is_tried() -> None:
    stage = Stage(NotesApi(), alone=True)
    planned = next(item for item in plan(stage.contract) if item.rule == "SF101" and item.target.label == READ)
    assert "second user" in (stage.scenario.why_not_now(planned) or "")


@pytest.mark.parametrize("status", [403, 404, 429, 500, 502])
def test_a_failing_read_of_the_owner_makes_it_inconclusive(status: int) -> None:
    """Guards the first control: without it the peer's 404 would count as a refusal."""
    api = NotesApi().during(READ, lambda call, ordinary: reply(status, {"error": "no"}))
    verdict = decide("SF101", READ, api)
    assert isinstance(verdict, Inconclusive)
    assert str(status) in verdict.reason


def test_an_object_that_vanished_in_the_meantime_is_no_kept_promise() -> None:
    """Guards the last control: the owner still reads it after the peer was refused."""
    api = NotesApi()

    def once(call: Call, ordinary: Handler) -> Any:
        return reply(404) if api.calls("alice", READ) else ordinary(call)

    assert isinstance(decide("SF101", READ, api.during(READ, once)), Inconclusive)


def test_a_made_up_identifier_that_is_answered_the_same_fails_the_control() -> None:
    """Guards the made-up control: an API that shows one note whatever the id proves nothing about this id."""
    api = NotesApi()
    api.during(READ, lambda call, ordinary: reply(200, api.notes[max(api.notes)]))
    verdict = decide("SF101", READ, api)
    assert isinstance(verdict, Inconclusive)
    assert "made-up" in verdict.reason


def everybody(api: NotesApi) -> NotesApi:
    """The note is shown to all, with or without credentials."""
    return api.during(READ, lambda call, _: reply(200, note) if (note := api.note_of(call)) else reply(404))


def test_what_anonymous_callers_get_too_is_not_reported_where_nothing_says_it_is_private() -> None:
    """Guards the anonymous control: the document says only that a login is needed."""
    verdict = decide("SF101", READ, everybody(NotesApi()), document(silent_on(READ)))
    assert isinstance(verdict, Inconclusive)
    assert "anonymous" in verdict.reason


def test_a_document_that_says_public_is_believed() -> None:
    def public(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}"]["get"].update(security=[], description="Public.")

    stage = Stage(NotesApi(), document(public))
    reason = probes()["SF101"].why_not(stage.contract, stage.target(READ))
    assert reason is not None
    assert reason.startswith("open on purpose")


def test_a_document_that_says_every_user_may_read_is_believed() -> None:
    def shared(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}"]["get"]["description"] = "Any logged-in user may read it."

    stage = Stage(open_to_users(NotesApi()), document(shared))
    assert "open on purpose" in (probes()["SF101"].why_not(stage.contract, stage.target(READ)) or "")


def test_lists_that_show_it_to_its_owner_alone_make_it_private() -> None:
    """Guards the rung of the lists: the document is silent, the API's own behaviour tells."""
    found = only_break(decide("SF101", READ, open_to_users(NotesApi()), document(silent_on(READ, "GET /notes"))))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source == "behaviour:GET /notes"
    assert (found.owner, found.actor) == ("alice", "bob")


def test_what_the_peers_list_shows_is_shared_on_purpose() -> None:
    """Guards the same rung the other way round."""
    api = open_to_users(NotesApi())
    api.during("GET /notes", lambda call, _: reply(200, list(api.notes.values())) if call.user else reply(401))
    verdict = decide("SF101", READ, api, document(silent_on(READ, "GET /notes")))
    assert isinstance(verdict, Held)
    assert "shared on purpose" in verdict.reason


def test_a_projection_with_fewer_fields_is_meant_for_strangers() -> None:
    api = NotesApi()

    def change(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous or note is None or note["owner_id"] == call.user["id"]:
            return ordinary(call)
        return reply(200, {name: note[name] for name in ("id", "title")})

    def without_lists(raw: dict[str, Any]) -> None:
        silent_on(READ)(raw)
        del raw["paths"]["/notes"]["get"]

    verdict = decide("SF101", READ, api.during(READ, change), document(without_lists))
    assert isinstance(verdict, Held)
    assert "projection" in verdict.reason


def test_a_readable_object_that_nothing_calls_private_asks_for_a_policy() -> None:
    def without_lists(raw: dict[str, Any]) -> None:
        silent_on(READ)(raw)
        del raw["paths"]["/notes"]["get"]

    verdict = decide("SF101", READ, open_to_users(NotesApi()), document(without_lists))
    assert isinstance(verdict, Inconclusive)
    assert READ in verdict.hint


def test_personal_data_that_nothing_calls_private_is_a_hint_for_a_person() -> None:
    def personal(raw: dict[str, Any]) -> None:
        silent_on(READ)(raw)
        del raw["paths"]["/notes"]["get"]
        raw["components"]["schemas"]["Note"]["properties"]["salary"] = {"type": "integer"}

    api = NotesApi()
    api.note_defaults["salary"] = 71234
    found = only_break(decide("SF101", READ, open_to_users(api), document(personal)))
    assert found.confidence is Confidence.TENTATIVE


def test_an_object_without_text_is_recognised_by_its_telling_values() -> None:
    """Guards the share of equal values: no canary, and yet the same object."""
    numbers = {"total": {"type": "integer"}, "reference_number": {"type": "string", "pattern": "^[0-9]{8}$"}}
    stage = numeric_stage(numbers)
    found = only_break(stage.decide("SF101", READ).verdict)
    assert found.confidence is Confidence.FIRM


def test_another_object_without_text_is_not_taken_for_the_owners() -> None:
    numbers = {"total": {"type": "integer"}, "reference_number": {"type": "string", "pattern": "^[0-9]{8}$"}}
    stage = numeric_stage(numbers)
    other = {"id": 7, "total": 91234, "reference_number": "99999999", "owner_id": 4711}
    stage.api.during(
        READ, lambda call, ordinary: reply(200, other) if call.request.identity == "bob" else ordinary(call)
    )
    assert isinstance(stage.decide("SF101", READ).verdict, Held)


def numeric_stage(numbers: dict[str, Any]) -> Stage:
    """Notes made of numbers alone, readable by every user although the document says by their owner."""

    def edit(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"] = {"id": {"type": "integer"}, **numbers}
        body = raw["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        body["properties"] = numbers

    api = NotesApi()
    api.note_fields = set(numbers)
    api.note_defaults = {"checksum": 1_234_567}
    return Stage(open_to_users(api), document(edit))


def test_a_peer_who_only_gets_the_identifier_has_not_read_it() -> None:
    verdict = decide("SF101", READ, answering_peer(lambda api, call: reply(200, {"id": int(call.key)})))
    assert isinstance(verdict, Held)


def test_an_object_that_its_own_read_does_not_show_proves_nothing() -> None:
    def hollow(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        return reply(200, {"id": int(call.key)}) if answer.status == 200 else answer

    verdict = decide("SF101", READ, NotesApi().during(READ, hollow))
    assert isinstance(verdict, Inconclusive)
    assert "planted" in verdict.reason


def test_an_object_that_cannot_be_made_says_what_the_server_answered() -> None:
    api = NotesApi().during("POST /notes", lambda call, _: reply(422, {"error": "the moon is not full"}))
    verdict = decide("SF101", READ, api)
    assert isinstance(verdict, Inconclusive)
    assert "the moon is not full" in verdict.reason


def test_no_request_of_the_probe_changes_anything_but_making_its_object() -> None:
    api = open_to_users(NotesApi())
    decide("SF101", READ, api)
    written = {label for _, label, _ in api.log if not label.startswith("GET")}
    assert written == {"POST /register", "POST /login", "POST /notes"}
    assert api.calls(ANONYMOUS, READ) == 1


@pytest.mark.parametrize("label", ["POST /notes", "PATCH /notes/{id}", "DELETE /notes/{id}", "GET /me", "GET /notes"])
def test_operations_that_read_no_named_object_are_not_tried(label: str) -> None:
    stage = Stage(NotesApi())
    assert probes()["SF101"].why_not(stage.contract, stage.target(label)) is not None


def test_a_document_that_says_nothing_still_lets_the_lists_decide() -> None:
    found = only_break(decide("SF101", READ, open_to_users(NotesApi()), document(no_security)))
    assert (found.expectation.source, found.confidence) == ("behaviour:GET /notes", Confidence.FIRM)


@pytest.mark.parametrize("status", [429, 502])
def test_an_anonymous_control_that_got_no_answer_proves_no_secrecy(status: int) -> None:
    """A limiter's answer to the caller without credentials does not say that such callers are refused."""
    api = everybody(NotesApi())
    api.during(READ, lambda call, ordinary: reply(status) if call.is_anonymous else ordinary(call))
    verdict = decide("SF101", READ, api, document(silent_on(READ)))
    assert isinstance(verdict, Inconclusive), verdict
