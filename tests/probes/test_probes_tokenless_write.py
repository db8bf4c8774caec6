"""SF301: a write works without credentials; SF304: it is refused, and written all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from simulated_api import NUMBER, Call, Handler, NotesApi, Stage, decide, document, no_security, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.http import ANONYMOUS
from specfuzz.probes import Held, Inconclusive, Role, Severity
from specfuzz.probes.registry import probes

UPDATE, CREATE, DELETE, ACT = "PATCH /notes/{id}", "POST /notes", "DELETE /notes/{id}", "POST /notes/{id}/archive"
READ = "GET /notes/{id}"
WRITES = [UPDATE, DELETE, ACT]


def write(api: NotesApi, call: Call) -> Any:
    """Do what a write asks, whoever asks; the note afterwards, None where there is none."""
    note = api.note_of(call)
    if call.label == CREATE:
        return api.new_note(0, api.stored(call.body))
    if note is None:
        return None
    if call.label == UPDATE:
        note.update(api.stored(call.body))
    elif call.label == DELETE:
        del api.notes[note["id"]]
    else:
        note["archived"] = True
    return note


def for_strangers(label: str, answer: Callable[[NotesApi, Call], Any]) -> NotesApi:
    """Callers without credentials are answered by `answer`; all others as ever."""
    api = NotesApi()
    return api.during(label, lambda call, ordinary: answer(api, call) if call.is_anonymous else ordinary(call))


def forgot_the_login(label: str) -> NotesApi:
    def unguarded(api: NotesApi, call: Call) -> Any:
        note = write(api, call)
        return reply(200, note) if note is not None else reply(404)

    return for_strangers(label, unguarded)


@pytest.mark.parametrize("label", WRITES)
def test_a_write_without_credentials_that_the_owner_sees_is_found(label: str) -> None:
    """Guards `effect.happened`: the owner's read-back shows the attack's values, the mark, or nothing any more."""
    found = only_break(decide("SF301", label, forgot_the_login(label)))
    assert (found.rule, found.actor, found.owner, found.field) == (None, ANONYMOUS, "alice", None)
    assert found.confidence is Confidence.FIRM or found.confidence is Confidence.CERTAIN
    assert found.severity is None  # the rule's own: critical
    attack = next(step.exchange for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert (attack.identity, attack.request.operation) == (ANONYMOUS, label)
    assert attack.request.header("authorization") is None
    assert found.steps[-1].role is Role.READ_BACK


@pytest.mark.parametrize("label", [*WRITES, CREATE])
def test_a_refused_stranger_is_a_kept_promise(label: str) -> None:
    verdict = decide("SF301", label, NotesApi())
    assert isinstance(verdict, Held)
    assert "401" in verdict.reason


REFUSALS = {
    "as 200 with an error body": lambda api, call: reply(200, {"error": "log in first"}),
    "as 403": lambda api, call: reply(403, {"detail": "CSRF token missing"}),
    "as 404": lambda api, call: reply(404, {"error": "not found"}),
    "as a redirect to the login": lambda api, call: reply(302, None, Location="/login"),
    "as a login page": lambda api, call: reply(200, '<form><input type="password" name="p"></form>'),
    "as a page for any path": lambda api, call: reply(200, "<html>Welcome</html>"),
    "as no content and does nothing": lambda api, call: reply(204),
    "as 202 and does nothing": lambda api, call: reply(202, {"status": "queued"}),
    "with an echo and stores nothing": lambda api, call: reply(200, {"id": int(call.key or 0), **call.body}),
}


@pytest.mark.parametrize("label", WRITES)
@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_an_answer_without_an_effect_is_no_finding(label: str, answer: Any) -> None:
    """Guards the read-back: an idempotent delete's 204, an echo, a queue that throws away are no effect."""
    verdict = decide("SF301", label, for_strangers(label, answer))
    assert isinstance(verdict, Held), verdict


@pytest.mark.parametrize("label", WRITES)
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_that_wrote_all_the_same_is_a_rule_of_its_own(label: str, status: int) -> None:
    """Guards `effect.refused`: the status says no, the owner's read says yes."""

    def late_check(api: NotesApi, call: Call) -> Any:
        write(api, call)
        return reply(status, {"error": "unauthorized"})

    found = only_break(decide("SF301", label, for_strangers(label, late_check)))
    assert (found.rule, found.severity, found.actor) == ("SF304", Severity.HIGH, ANONYMOUS)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("label", [*WRITES, CREATE])
def test_a_limiters_or_gateways_answer_decides_nothing(label: str, status: int) -> None:
    assert isinstance(decide("SF301", label, for_strangers(label, lambda api, call: reply(status))), Inconclusive)


@pytest.mark.parametrize("label", [UPDATE, DELETE])
def test_a_write_that_is_applied_late_is_waited_for(label: str) -> None:
    api = NotesApi()

    def queued(call: Call, ordinary: Handler) -> Any:
        api.later.append((api.now + 0.3, lambda: write(api, call)))
        return reply(202, {"status": "queued"})

    found = only_break(decide("SF301", label, api.during(label, queued)))
    assert (found.rule, found.actor) == (None, ANONYMOUS)


@pytest.mark.parametrize(
    "mark", [{"deleted_at": "2030-01-01T00:00:00Z"}, {"is_deleted": True}, {"status": "deleted"}], ids=str
)
def test_a_soft_delete_that_only_marks_the_object_is_an_effect(mark: dict[str, Any]) -> None:
    def soft(api: NotesApi, call: Call) -> Any:
        api.notes[int(call.key or 0)].update(mark)
        return reply(204)

    found = only_break(decide("SF301", DELETE, for_strangers(DELETE, soft)))
    assert (found.rule, found.actor) == (None, ANONYMOUS)


def test_a_counter_of_views_that_moves_by_itself_is_no_effect() -> None:
    api = for_strangers(ACT, lambda api, call: reply(200, {"ok": True}))

    def counting(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if note is not None:
            note["view_count"] = note.get("view_count", 0) + 1
        return ordinary(call)

    assert isinstance(decide("SF301", ACT, api.during(READ, counting)), Held)


@pytest.mark.parametrize("status", [403, 404, 500])
@pytest.mark.parametrize("label", WRITES)
def test_an_owner_who_cannot_read_the_object_proves_nothing(label: str, status: int) -> None:
    """Guards the control `before.found`: otherwise a delete would seem to have worked."""
    api = for_strangers(label, lambda api, call: reply(204))
    for reader in (READ, "GET /notes"):
        api.during(reader, lambda call, _: reply(status, {"error": "no"}))
    assert isinstance(decide("SF301", label, api), Inconclusive)


@pytest.mark.parametrize("status", [403, 429, 502])
def test_an_owners_read_that_breaks_after_the_delete_is_no_effect(status: int) -> None:
    """Guards `_gone`: only a missing object is gone, not one whose read fails otherwise."""
    api = NotesApi()

    def breaking(call: Call, ordinary: Handler) -> Any:
        return reply(status) if api.calls(ANONYMOUS, DELETE) else ordinary(call)

    for reader in (READ, "GET /notes"):
        api.during(reader, breaking)
    assert isinstance(decide("SF301", DELETE, api), Inconclusive)


def test_an_owners_update_without_effect_fails_the_control() -> None:
    api = NotesApi().during(UPDATE, lambda call, _: reply(200, {"ok": True}))
    verdict = decide("SF301", UPDATE, api)
    assert isinstance(verdict, Inconclusive)
    assert "no visible effect" in verdict.reason


def test_a_call_whose_effect_no_read_shows_is_inconclusive() -> None:
    api = NotesApi().during(ACT, lambda call, _: reply(200, {"ok": True}))
    assert isinstance(decide("SF301", ACT, api), Inconclusive)


# Creating -----------------------------------------------------------------------------------------------------------


def test_an_object_that_anybody_can_make_and_somebody_sees_is_found() -> None:
    """Guards the canary in the later read."""
    api = forgot_the_login(CREATE)
    api.during(READ, lambda call, _: reply(200, note) if (note := api.note_of(call)) else reply(404))
    found = only_break(decide("SF301", CREATE, api))
    assert (found.rule, found.actor, found.owner) == (None, ANONYMOUS, None)
    assert found.confidence >= Confidence.FIRM


def test_a_creation_that_no_read_shows_is_a_hint_only() -> None:
    found = only_break(decide("SF301", CREATE, forgot_the_login(CREATE)))
    assert (found.actor, found.confidence) == (ANONYMOUS, Confidence.TENTATIVE)


@pytest.mark.parametrize(
    "answer",
    [
        lambda api, call: reply(200, {"ok": True}),
        lambda api, call: reply(201, call.body),
        lambda api, call: reply(200, {"id": None, **call.body}),
        lambda api, call: reply(204),
    ],
    ids=["thanks", "echo", "echo without an id", "no content"],
)
def test_an_accepted_creation_that_makes_nothing_is_no_finding(answer: Any) -> None:
    """Guards `_looks_created`: an echo is no new object."""
    assert isinstance(decide("SF301", CREATE, for_strangers(CREATE, answer)), Held)


def test_a_refused_creation_that_made_the_object_is_a_rule_of_its_own() -> None:
    api = NotesApi()

    def late_check(call: Call, ordinary: Handler) -> Any:
        if call.user is not None:
            return ordinary(call)
        api.new_note(1, api.stored(call.body))  # alice's list shows it
        return reply(401, {"error": "log in first"})

    found = only_break(decide("SF301", CREATE, api.during(CREATE, late_check)))
    assert (found.rule, found.severity) == ("SF304", Severity.HIGH)


# What promises it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", WRITES)
def test_an_api_that_shows_the_object_to_anybody_promises_nothing(label: str) -> None:
    """Guards the promise by behaviour: the document is silent, and anonymous reads are answered too."""
    api = forgot_the_login(label)
    api.during(READ, lambda call, _: reply(200, note) if (note := api.note_of(call)) else reply(404))
    assert isinstance(decide("SF301", label, api, document(no_security)), Held)


@pytest.mark.parametrize("label", WRITES)
def test_an_api_that_refuses_anonymous_reads_promises_it_by_behaviour(label: str) -> None:
    found = only_break(decide("SF301", label, forgot_the_login(label), document(no_security)))
    assert found.expectation.source.startswith("behaviour:GET /notes")
    assert found.confidence is Confidence.FIRM


@pytest.mark.parametrize("status", [429, 502])
def test_a_limiters_answer_to_an_anonymous_read_is_no_promise(status: int) -> None:
    api = forgot_the_login(UPDATE)
    for reader in (READ, "GET /notes"):
        api.during(reader, lambda call, ordinary: reply(status) if call.is_anonymous else ordinary(call))
    assert isinstance(decide("SF301", UPDATE, api, document(no_security)), Inconclusive | Held)


def test_an_open_api_whose_objects_hold_numbers_only_promises_nothing() -> None:
    def numbers(raw: dict[str, Any]) -> None:
        no_security(raw)
        raw["components"]["schemas"]["Note"]["properties"] = {"id": NUMBER, "priority": NUMBER}
        for method, path in (("post", "/notes"), ("patch", "/notes/{id}")):
            body = raw["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
            body["properties"] = {"priority": NUMBER}

    api = forgot_the_login(UPDATE)
    api.during(READ, lambda call, _: reply(200, note) if (note := api.note_of(call)) else reply(404))
    api.during("GET /notes", lambda call, _: reply(200, list(api.notes.values())))
    assert isinstance(decide("SF301", UPDATE, api, document(numbers)), Held | Inconclusive)


@pytest.mark.parametrize("label", ["POST /login", "POST /register", READ, "GET /notes"])
def test_operations_for_callers_without_credentials_are_not_tried(label: str) -> None:
    stage = Stage(NotesApi())
    assert probes()["SF301"].why_not(stage.contract, stage.target(label)) is not None


def test_a_write_that_the_document_leaves_open_is_not_tried() -> None:
    def open_archive(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}/archive"]["post"].update(security=[], description="Anyone may archive it.")

    stage = Stage(NotesApi(), document(open_archive))
    assert "open on purpose" in (probes()["SF301"].why_not(stage.contract, stage.target(ACT)) or "")


def test_an_account_is_attacked_only_where_the_probe_made_it() -> None:
    api = NotesApi()

    def unguarded(call: Call, ordinary: Handler) -> Any:
        user = api.users.get(int(call.key or 0))
        if user is None:
            return reply(404)
        user.update({name: value for name, value in call.body.items() if name == "bio"})
        return reply(200, api.show_user(user))

    found = only_break(decide("SF301", "PATCH /users/{id}", api.during("PATCH /users/{id}", unguarded)))
    assert found.owner not in ("alice", "bob")
    attacked = {request.path for request in api.sent if request.method == "PATCH"}
    assert not attacked & {"/users/1", "/users/2"}
