"""A password that a stranger sets: the log-in before and after is the read-back."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import NUMBER, OWNER_ONLY, TEXT, Call, NotesApi, decide, document, only_break, reply

from specfuzz.http import ANONYMOUS, Response
from specfuzz.probes import Held, Inconclusive
from specfuzz.probes.account_effects import new_password_in

LABEL = "POST /users/{id}/password"


def with_password(raw: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"new_password": TEXT}, "required": ["new_password"]}
    raw["paths"]["/users/{id}/password"] = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": NUMBER}],
        "post": {
            "description": OWNER_ONLY,
            "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"204": {"description": "done"}},
        },
    }
    raw["paths"]["/users/{id}"]["get"] = {
        "description": OWNER_ONLY,
        "responses": {
            "200": {
                "description": "the account",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}},
            }
        },
    }


def api_where(may: Any, *, stores: bool = True, answer: int = 204) -> NotesApi:
    """`may(call, user)` says who sets whose password."""
    api = NotesApi()

    def change(call: Call) -> Response:
        user = api.users.get(int(call.key) if (call.key or "").isdigit() else 0)
        if user is None or not may(call, user):
            return reply(403 if call.user else 401, {"error": "forbidden"})
        if stores:
            user["password"] = call.body["new_password"]
        return reply(answer)

    def show(call: Call) -> Response:
        user = api._own_user(call)
        return reply(200, api.show_user(user)) if user is not None else reply(404)

    api._handlers[LABEL] = change
    api._handlers["GET /users/{id}"] = show
    return api


def everybody(call: Call, user: dict[str, Any]) -> bool:
    return True


def owner_only(call: Call, user: dict[str, Any]) -> bool:
    return call.user is user


def anybody_logged_in(call: Call, user: dict[str, Any]) -> bool:
    return call.user is not None


def test_a_password_set_without_credentials_is_found() -> None:
    found = only_break(decide("SF301", LABEL, api_where(everybody), document(with_password)))
    assert (found.rule, found.actor) == (None, ANONYMOUS)
    assert found.owner not in ("alice", "bob")  # an account made for this
    assert "no longer logs in" in found.detail


def test_a_password_set_by_a_peer_is_found() -> None:
    found = only_break(decide("SF102", LABEL, api_where(anybody_logged_in), document(with_password)))
    assert found.actor == "bob"
    assert "no longer logs in" in found.detail


@pytest.mark.parametrize("rule", ["SF301", "SF102"])
def test_a_refused_stranger_is_a_kept_promise(rule: str) -> None:
    assert isinstance(decide(rule, LABEL, api_where(owner_only), document(with_password)), Held)


@pytest.mark.parametrize("rule", ["SF301", "SF102"])
def test_an_accepted_answer_that_changes_no_password_is_no_finding(rule: str) -> None:
    """The lookalike: 204 for everybody, and the old password still logs in."""
    verdict = decide(rule, LABEL, api_where(everybody, stores=False), document(with_password))
    assert isinstance(verdict, Held | Inconclusive)


def test_a_refusal_that_set_it_all_the_same_is_a_rule_of_its_own() -> None:
    found = only_break(decide("SF301", LABEL, api_where(everybody, answer=403), document(with_password)))
    assert found.rule == "SF304"


def test_an_api_that_lets_any_password_in_proves_nothing() -> None:
    api = api_where(everybody, stores=False)
    ordinary = api._handlers["POST /login"]

    def careless(call: Call) -> Response:
        user = next((user for user in api.users.values() if user["username"] == call.body["username"]), None)
        if user is None:
            return ordinary(call)
        token = f"token-of-{user['id']}-{len(api.tokens)}"
        api.tokens[token] = user["id"]
        return reply(200, {"access_token": token})

    api._handlers["POST /login"] = careless
    assert not hasattr(decide("SF301", LABEL, api, document(with_password)), "breaks")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"new_password": "a"}, "a"),
        ({"current_password": "a", "password": "b"}, "b"),
        ({"user": {"password": "c"}}, "c"),
        ({"old_password": "a"}, None),
        ({"title": "a"}, None),
        ([], None),
    ],
)
def test_the_password_that_a_body_sets(body: Any, expected: str | None) -> None:
    assert new_password_in(body) == expected
