"""SF303: credentials that nobody was given work where none do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cookie_notes import CookieNotes, undeclared
from hypothesis import given
from hypothesis import strategies as st
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, no_security, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.engine.plan import plan
from specfuzz.http import Request, Response
from specfuzz.probes import Held, Inconclusive, Role
from specfuzz.probes.invalid_credentials_accepted import MIN_TAMPERED_CHARS, altered, truncated
from specfuzz.probes.registry import probes

READ, LIST, ME = "GET /notes/{id}", "GET /notes", "GET /me"


def carried(request: Request) -> str | None:
    return request.header("authorization")


def lets_in(accepts: Callable[[str], bool], label: str = READ) -> NotesApi:
    """Whoever sends a header that `accepts` likes gets whatever is asked for."""
    api = NotesApi()

    def careless(call: Call, ordinary: Handler) -> Response:
        sent = carried(call.request)
        if call.user is None and sent is not None and accepts(sent):
            return reply(200, api.note_of(call) if label == READ else list(api.notes.values()))
        return ordinary(call)

    return api.during(label, careless)


CARELESS = {
    "any header": (lambda sent: True, "made-up credentials"),
    "null": (lambda sent: sent == "Bearer null", "`null` as credentials"),
    "another scheme": (lambda sent: sent.startswith("Basic "), "credentials of another scheme"),
    "an empty token": (lambda sent: sent.strip() == "Bearer", "empty credentials"),
}


@pytest.mark.parametrize(("accepts", "named"), CARELESS.values(), ids=CARELESS)
@pytest.mark.parametrize("label", [READ, LIST])
def test_what_is_no_credential_and_opens_the_object_is_found(label: str, accepts: Any, named: str) -> None:
    found = only_break(decide("SF303", label, lets_in(accepts, label), document()))
    assert (found.rule, found.owner, found.actor) == (None, "alice", "alice")
    assert found.confidence in (Confidence.FIRM, Confidence.CERTAIN)
    assert named in found.title
    assert found.steps[-1].note == "no credentials"  # the control afterwards
    assert [step.role for step in found.steps].count(Role.ATTACK) == 1


@pytest.mark.parametrize("change", [truncated, altered], ids=["truncated", "altered"])
def test_a_token_whose_signature_is_not_looked_at_is_found(change: Callable[[str], str]) -> None:
    """A long token of which only the front is read."""
    api = NotesApi()
    ordinary_login = api._handlers["POST /login"]
    long = {}

    def login(call: Call) -> Response:
        answer = ordinary_login(call)
        token = answer.json["access_token"]
        long[f"{token}.{'s' * 64}"] = token
        api.tokens[f"{token}.{'s' * 64}"] = api.tokens[token]
        return reply(200, {"access_token": f"{token}.{'s' * 64}"})

    api._handlers["POST /login"] = login

    def reads_the_front(call: Call, ordinary: Handler) -> Response:
        sent = (carried(call.request) or "").removeprefix("Bearer ")
        wanted = {change(token) for token in long}
        return reply(200, api.note_of(call)) if sent in wanted else ordinary(call)

    found = only_break(decide("SF303", READ, api.during(READ, reads_the_front), document()))
    assert change.__name__ in found.title


@pytest.mark.parametrize("label", [READ, LIST, ME])
def test_an_api_that_knows_its_credentials_holds(label: str) -> None:
    verdict = decide("SF303", label, NotesApi(), document())
    assert isinstance(verdict, Held)
    assert "`null` as credentials: 401" in verdict.reason


REFUSALS = {
    "as 200 with an error body": lambda call: reply(200, {"error": "invalid token"}),
    "as 404": lambda call: reply(404, {"error": "no such note"}),
    "as a redirect to the login": lambda call: reply(302, None, Location="/login"),
    "as an empty list": lambda call: reply(200, []),
    "as a guest's view": lambda call: reply(200, {"id": int(call.key or 0), "is_featured": False}),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_in_whatever_shape_is_none(answer: Any) -> None:
    api = NotesApi().during(READ, lambda call, ordinary: answer(call) if call.is_anonymous else ordinary(call))
    assert isinstance(decide("SF303", READ, api, document()), Held)


def test_where_callers_without_credentials_get_it_too_it_is_another_rules() -> None:
    api = NotesApi()
    api.during(READ, lambda call, ordinary: reply(200, api.note_of(call)))
    verdict = decide("SF303", READ, api, document())
    assert isinstance(verdict, Inconclusive)
    assert "SF302" in verdict.reason


def test_where_the_owners_own_read_fails_nothing_can_be_said() -> None:
    api = NotesApi().during(READ, lambda call, ordinary: reply(403))
    assert isinstance(decide("SF303", READ, api, document()), Inconclusive)


def test_a_limiter_decides_nothing() -> None:
    def limited(call: Call, ordinary: Handler) -> Response:
        return reply(429) if call.is_anonymous and carried(call.request) else ordinary(call)

    assert isinstance(decide("SF303", READ, NotesApi().during(READ, limited), document()), Inconclusive)


def test_a_silent_document_is_judged_by_how_nobody_is_treated() -> None:
    found = only_break(decide("SF303", READ, lets_in(lambda sent: True), document(no_security)))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source == f"behaviour:{READ}"


def test_a_session_cookie_that_only_has_to_be_there_is_found() -> None:
    api = CookieNotes()

    def only_presence(call: Call, ordinary: Handler) -> Response:
        return reply(200, api.note_of(call)) if dict(call.request.cookies).get("session") else ordinary(call)

    found = only_break(decide("SF303", READ, api.during(READ, only_presence), undeclared()))
    assert "made-up credentials" in found.title


@pytest.mark.parametrize(
    ("label", "words"), [("PATCH /notes/{id}", "reads no object"), ("POST /login", "reads no object")]
)
def test_what_the_rule_is_not_about_says_why(label: str, words: str) -> None:
    rows = plan(derive(from_raw(document(), "notes.json")))
    row = next(item for item in rows if (item.rule, item.target.label) == ("SF303", label))
    assert words in (row.reason or "")


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=MIN_TAMPERED_CHARS))
def test_an_altered_credential_differs_in_more_than_its_case_and_not_at_its_end(value: str) -> None:
    changed = altered(value)
    assert len(changed) == len(value)
    assert changed.lower() != value.lower()
    assert changed[-3:] == value[-3:]


@given(st.text(min_size=MIN_TAMPERED_CHARS))
def test_a_truncated_credential_is_a_shorter_beginning(value: str) -> None:
    assert value.startswith(truncated(value))
    assert 0 < len(truncated(value)) <= len(value) - 4


def test_the_callers_own_account_is_tried_too() -> None:
    """A made-up token that opens somebody's `/me` is the plainest case; without any there is nobody whose it could be."""
    stage = Stage(NotesApi())
    assert probes()["SF303"].why_not(stage.contract, stage.target("GET /me")) is None
    assert probes()["SF302"].why_not(stage.contract, stage.target("GET /me")) is not None
