"""SF201: a field that the contract does not let a client write keeps the value that a client sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated_api import FLAG, NUMBER, TEXT, Call, Handler, NotesApi, Stage, decide, document, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.probes import Broken, Held, Inconclusive, Role
from specfuzz.probes.registry import probes

UPDATE, CREATE, SIGN_UP, CHANGE_USER = "PATCH /notes/{id}", "POST /notes", "POST /register", "PATCH /users/{id}"
READ = "GET /notes/{id}"

Keep = Callable[[Mapping[str, Any]], dict[str, Any]]


def storing(*names: str, keep: Keep | None = None) -> NotesApi:
    """A server that stores these further fields of a note, by `keep` where they are changed on the way."""
    api = NotesApi()
    api.note_fields |= set(names)
    if keep is not None:
        plain = api.stored
        api.stored = lambda body: keep(plain(body))  # type: ignore[method-assign]
    return api


def fields_of(verdict: Any) -> dict[str, Confidence]:
    return {item.field: item.confidence for item in verdict.breaks} if isinstance(verdict, Broken) else {}


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_a_stored_field_that_no_request_takes_is_found(label: str) -> None:
    """Guards `_sticks`: the read-back has the sent value and had another one before."""
    found = only_break(decide("SF201", label, storing("is_featured")))
    assert (found.rule, found.field, found.owner, found.actor) == (None, "is_featured", "alice", "alice")
    assert found.confidence >= Confidence.FIRM
    assert "is_featured" in found.expectation.source
    roles = [step.role for step in found.steps]
    assert Role.CONTROL in roles[: roles.index(Role.ATTACK)]
    assert Role.READ_BACK in roles[roles.index(Role.ATTACK) :]


def test_an_account_that_makes_itself_admin_is_found_at_sign_up() -> None:
    api = NotesApi()

    def greedy(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status == 201:
            api.users[max(api.users)]["is_admin"] = call.body.get("is_admin", False)
        return answer

    found = only_break(decide("SF201", SIGN_UP, api.during(SIGN_UP, greedy)))
    assert found.field == "is_admin"
    assert found.owner not in ("alice", "bob")
    assert found.confidence >= Confidence.FIRM


def test_an_account_is_changed_only_where_the_probe_made_it() -> None:
    api = NotesApi()
    api.user_fields |= {"is_admin", "plan"}
    verdict = decide("SF201", CHANGE_USER, api)
    assert set(fields_of(verdict)) == {"is_admin", "plan"}
    assert all(item.owner not in ("alice", "bob") for item in verdict.breaks)
    assert {(who, label) for who, label, _ in api.log if label == CHANGE_USER}.isdisjoint(
        {("alice", CHANGE_USER), ("bob", CHANGE_USER)}
    )


@pytest.mark.parametrize("label", [UPDATE, CREATE, SIGN_UP, CHANGE_USER])
def test_a_server_that_takes_only_what_it_documents_keeps_the_promise(label: str) -> None:
    assert isinstance(decide("SF201", label, NotesApi()), Held)


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_an_echo_without_storing_is_no_finding(label: str) -> None:
    """Guards the source of the verdict: the owner's read-back and never the echo of the write."""
    api = NotesApi()

    def echo(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        return reply(answer.status, {**answer.json, **call.body}) if answer.status < 300 else answer

    assert isinstance(decide("SF201", label, api.during(label, echo)), Held)


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_storing_without_echoing_is_found(label: str) -> None:
    api = storing("is_featured")

    def silent(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        return reply(answer.status, {"id": answer.json["id"]}) if answer.status < 300 else answer

    assert set(fields_of(decide("SF201", label, api.during(label, silent)))) == {"is_featured"}


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_a_privileged_field_that_comes_back_with_its_old_value_is_no_finding(label: str) -> None:
    """Guards `same_value(sent, after)`: the field is there, with the server's own value."""
    api = storing(
        "is_featured", keep=lambda body: {**body, **({"is_featured": False} if "is_featured" in body else {})}
    )
    assert isinstance(decide("SF201", label, api), Held)


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_a_server_default_that_is_already_the_sent_value_is_no_finding(label: str) -> None:
    """Every note turns out featured and scored the same, whatever is sent."""
    api = NotesApi()

    def always(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        return (
            reply(answer.status, {**answer.json, "is_featured": True, "score": 8_000})
            if answer.status < 300
            else answer
        )

    for operation in (READ, UPDATE, CREATE):
        api.during(operation, always)
    assert isinstance(decide("SF201", label, api), Held)


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_a_store_that_keeps_whatever_it_is_sent_grants_nothing_by_a_guessed_name(label: str) -> None:
    """Guards the nonsense field: where it sticks too, `is_admin` on a note is nothing but a word."""
    api = NotesApi()
    api.stored = lambda body: {k: v for k, v in body.items() if k not in ("id", "owner_id", "is_featured", "score")}  # type: ignore[method-assign]
    assert fields_of(decide("SF201", label, api)) == {}


def test_a_guessed_privileged_field_that_sticks_alone_is_found() -> None:
    """The other side of the nonsense field: this store keeps `is_admin` and no unknown name."""
    found = only_break(decide("SF201", UPDATE, storing("is_admin")))
    assert (found.field, found.confidence) == ("is_admin", Confidence.FIRM)


NORMALISED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a number as text": ("score", str),
    "a flag as text": ("is_featured", str),
    "a flag as a number": ("is_featured", int),
    "a text in capitals": ("plan", str.upper),
    "a text in lower case": ("plan", str.lower),
    "a text with blanks": ("plan", lambda value: f" {value} "),
}


@pytest.mark.parametrize(("name", "change"), NORMALISED.values(), ids=NORMALISED)
def test_a_value_that_the_server_writes_differently_still_stuck(name: str, change: Callable[[Any], Any]) -> None:
    def with_plan(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"]["plan"] = TEXT

    api = storing(name, keep=lambda body: {k: change(v) if k == name else v for k, v in body.items()})
    api.note_defaults["plan"] = "free"
    assert set(fields_of(decide("SF201", UPDATE, api, document(with_plan)))) == {name}


def test_a_write_that_shows_late_is_waited_for() -> None:
    api = storing("is_featured")

    def queued(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if note is None or call.user is None or note["owner_id"] != call.user["id"]:
            return ordinary(call)
        stored = api.stored(call.body)
        api.later.append((api.now + 0.3, lambda: note.update(stored)))
        return reply(202, {"status": "queued"})

    assert set(fields_of(decide("SF201", UPDATE, api.during(UPDATE, queued)))) == {"is_featured"}


def test_a_strict_server_that_names_the_unknown_fields_keeps_the_promise() -> None:
    api = NotesApi()

    def strict(call: Call, ordinary: Handler) -> Any:
        extra = [name for name in call.body if name not in api.note_fields]
        return reply(422, {"error": {name: ["Unknown field."] for name in extra}}) if extra else ordinary(call)

    assert isinstance(decide("SF201", UPDATE, api.during(UPDATE, strict)), Held)


def test_one_refused_field_does_not_hide_the_one_that_sticks() -> None:
    api = storing("is_featured")

    def picky(call: Call, ordinary: Handler) -> Any:
        return reply(400, {"error": "bad request"}) if "score" in call.body else ordinary(call)

    assert set(fields_of(decide("SF201", UPDATE, api.during(UPDATE, picky)))) == {"is_featured"}


def test_fields_that_no_read_shows_are_inconclusive() -> None:
    api = NotesApi()

    def shown(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        hidden = ("is_featured", "score")
        kept = {k: v for k, v in (answer.json or {}).items() if k not in hidden}
        return reply(answer.status, kept) if answer.status < 300 else answer

    for label in (READ, UPDATE, CREATE):
        api.during(label, shown)
    verdict = decide("SF201", UPDATE, api)
    assert isinstance(verdict, Inconclusive)
    assert "no read of the owner shows any" in verdict.reason


def test_an_owners_write_without_effect_fails_the_control() -> None:
    """Guards the control write: an endpoint that stores nothing at all says nothing about extra fields."""
    api = NotesApi().during(UPDATE, lambda call, _: reply(200, {"ok": True}))
    verdict = decide("SF201", UPDATE, api)
    assert isinstance(verdict, Inconclusive)
    assert "no visible effect" in verdict.reason


def test_an_owner_who_cannot_read_the_object_proves_nothing() -> None:
    api = NotesApi()
    for label in (READ, "GET /notes"):
        api.during(label, lambda call, _: reply(403, {"error": "forbidden"}))
    verdict = decide("SF201", UPDATE, api)
    assert isinstance(verdict, Inconclusive)
    assert "cannot read" in verdict.reason


def test_a_field_that_has_only_one_value_cannot_stick() -> None:
    """Guards `not same_value(sent, before)`: the only value that may be sent is the one that was there before."""

    def one_plan(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"]["plan"] = {"type": "string", "enum": ["free"]}

    api = NotesApi()
    api.note_defaults["plan"] = "free"
    assert isinstance(decide("SF201", UPDATE, api, document(one_plan)), Held)


@pytest.mark.parametrize("status", [429, 500, 502])
def test_a_limiters_or_gateways_answer_to_the_attack_decides_nothing(status: int) -> None:
    api = NotesApi()

    def failing(call: Call, ordinary: Handler) -> Any:
        return reply(status) if set(call.body) - api.note_fields else ordinary(call)

    assert isinstance(decide("SF201", UPDATE, api.during(UPDATE, failing)), Inconclusive)


def test_what_stuck_is_written_back() -> None:
    api = storing("is_featured")
    decide("SF201", UPDATE, api)
    assert [note["is_featured"] for note in api.notes.values()] == [False]


def test_a_field_that_sticks_once_and_follows_no_second_write_is_a_hint_only() -> None:
    api = storing("is_featured")
    seen: list[int] = []

    def once(call: Call, ordinary: Handler) -> Any:
        if "is_featured" not in call.body:
            return ordinary(call)
        seen.append(1)
        return ordinary(call) if len(seen) == 1 else reply(409, {"error": "already set"})

    assert fields_of(decide("SF201", UPDATE, api.during(UPDATE, once))) == {"is_featured": Confidence.TENTATIVE}


def test_the_owners_own_field_is_another_rules() -> None:
    assert isinstance(decide("SF201", UPDATE, storing("owner_id")), Held)


def test_a_read_only_field_is_another_rules() -> None:
    def read_only(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"]["score"] = {"type": "integer", "readOnly": True}

    assert isinstance(decide("SF201", UPDATE, storing("score"), document(read_only)), Held)


def test_a_field_that_only_the_api_shows_is_tried_too() -> None:
    def undocumented(raw: dict[str, Any]) -> None:
        del raw["components"]["schemas"]["Note"]["properties"]["is_featured"]

    found = only_break(decide("SF201", UPDATE, storing("is_featured"), document(undocumented)))
    assert (found.field, found.expectation.source) == ("is_featured", "behaviour:seen-in-a-response")


def test_the_value_of_a_secret_field_is_not_told() -> None:
    def hashed(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"]["api_token"] = TEXT

    api = storing("api_token")
    api.note_defaults["api_token"] = "the-old-secret-token"
    found = only_break(decide("SF201", UPDATE, api, document(hashed)))
    assert found.field == "api_token"
    assert "the-old-secret-token" not in found.detail


@pytest.mark.parametrize("label", ["GET /notes/{id}", "DELETE /notes/{id}", "POST /login", "POST /notes/{id}/archive"])
def test_operations_that_store_no_fields_are_not_tried(label: str) -> None:
    stage = Stage(NotesApi())
    assert probes()["SF201"].why_not(stage.contract, stage.target(label)) is not None


# Any server ---------------------------------------------------------------------------------------------------------

CANDIDATES: dict[str, tuple[dict[str, Any], Any]] = {
    "is_featured": (FLAG, False),
    "score": (NUMBER, 0),
    "plan": (TEXT, "free"),
    "badge": (TEXT, ""),
    "credit_limit": (NUMBER, 100),
    "approved": (FLAG, False),
    "tier": (TEXT, "basic"),
}
NORMALISERS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda value: value,
    "lower": lambda value: value.lower() if isinstance(value, str) else value,
    "upper": lambda value: value.upper() if isinstance(value, str) else value,
    "trimmed": lambda value: value.strip() if isinstance(value, str) else value,
    "padded": lambda value: f" {value} " if isinstance(value, str) else value,
    "text": str,
}
SOME = st.sets(st.sampled_from(sorted(CANDIDATES)))


def wide(raw: dict[str, Any]) -> None:
    """The note shows seven fields that no request takes."""
    properties = raw["components"]["schemas"]["Note"]["properties"]
    del properties["owner_id"]
    properties.update({name: schema for name, (schema, _) in CANDIDATES.items()})


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stored=SOME,
    echoed=SOME,
    hidden=SOME,
    normalised=st.dictionaries(st.sampled_from(sorted(CANDIDATES)), st.sampled_from(sorted(NORMALISERS))),
    label=st.sampled_from([UPDATE, CREATE]),
    seed=st.integers(0, 5),
)
def test_exactly_the_stored_fields_that_a_read_shows_are_found(
    stored: set[str], echoed: set[str], hidden: set[str], normalised: dict[str, str], label: str, seed: int
) -> None:
    """Guards `_sticks` against servers that store, echo, hide and normalise any of the fields."""

    def keep(body: Mapping[str, Any]) -> dict[str, Any]:
        return {name: NORMALISERS[normalised.get(name, "as it is")](value) for name, value in body.items()}

    api = storing(*stored, keep=keep)
    api.note_defaults = {name: default for name, (_, default) in CANDIDATES.items()}

    def echo(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status >= 300:
            return answer
        sent = {name: value for name, value in call.body.items() if name in echoed}
        return reply(answer.status, {**answer.json, **sent})

    def hide(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status >= 300:
            return answer
        return reply(answer.status, {name: value for name, value in answer.json.items() if name not in hidden})

    api.during(label, echo).during(READ, hide)
    verdict = decide("SF201", label, api, document(wide), seed=seed)
    assert set(fields_of(verdict)) == stored - hidden
