"""SF201 where the field lies deeper, or shows in no read of its owner: items, the admin's view, what the field opens."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import FLAG, NUMBER, TEXT, Call, Handler, NotesApi, Stage, decide, document, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.probes import Broken, Held, Role

UPDATE, CREATE, SIGN_UP, CHANGE_USER = "PATCH /notes/{id}", "POST /notes", "POST /register", "PATCH /users/{id}"
READ, ALL_USERS = "GET /notes/{id}", "GET /admin/users"


# In an array's items ------------------------------------------------------------------------------------------------


def with_lines(raw: dict[str, Any]) -> None:
    """A note has lines: a client writes their text, an answer shows their rating too."""
    line = {"type": "object", "properties": {"text": TEXT}}
    shown = {"type": "object", "properties": {"text": TEXT, "rating": NUMBER}}
    for path, method in (("/notes", "post"), ("/notes/{id}", "patch")):
        body = raw["paths"][path][method]["requestBody"]["content"]["application/json"]
        body["schema"] = {**body["schema"], "properties": {**body["schema"]["properties"]}}
        body["schema"]["properties"]["lines"] = {"type": "array", "items": line}
    note = raw["components"]["schemas"]["Note"]
    note["properties"]["lines"] = {"type": "array", "items": shown}


class Lined(NotesApi):
    """Keeps a note's lines; of each its text, and its rating only where `keeps_rating`."""

    def __init__(self, *, keeps_rating: bool) -> None:
        super().__init__()
        self.keeps_rating = keeps_rating

    def stored(self, body: Any) -> dict[str, Any]:
        found = super().stored(body)
        if "lines" in body:
            found["lines"] = [self.line(item) for item in body["lines"]]
        return found

    def line(self, item: dict[str, Any]) -> dict[str, Any]:
        rating = item.get("rating", 0) if self.keeps_rating else 0
        return {"text": item.get("text"), "rating": rating}


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_a_field_that_is_stored_inside_an_item_is_found(label: str) -> None:
    found = only_break(decide("SF201", label, Lined(keeps_rating=True), document(with_lines)))
    assert (found.field, found.confidence) == ("lines[].rating", Confidence.FIRM)


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_items_that_keep_only_what_is_documented_hold(label: str) -> None:
    assert isinstance(decide("SF201", label, Lined(keeps_rating=False), document(with_lines)), Held)


# Behind the field ---------------------------------------------------------------------------------------------------


def with_admins(raw: dict[str, Any]) -> None:
    """No answer shows who is an admin, and one list is kept for them."""
    user = raw["components"]["schemas"]["User"]["properties"]
    del user["is_admin"]
    users = {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
    raw["paths"]["/admin/users"] = {
        "get": {
            "description": "Admins only.",
            "responses": {"200": {"description": "all", "content": {"application/json": {"schema": users}}}},
        }
    }


class Guarded(NotesApi):
    """Keeps `/admin/users` for admins and never says who is one. `takes` are further fields that an account's owner sets."""

    def __init__(self, *takes: str, always_open: bool = False) -> None:
        super().__init__()
        self.user_fields |= set(takes)
        self._takes = takes
        self._always_open = always_open
        self._handlers[ALL_USERS] = self._all_users
        self.during(SIGN_UP, self._sign_up)

    def _sign_up(self, call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status == 201:
            self.users[max(self.users)].update({name: call.body[name] for name in self._takes if name in call.body})
        return answer

    def _all_users(self, call: Call) -> Any:
        if call.user is None or not (self._always_open or call.user.get("is_admin") is True):
            return reply(403, {"error": "admins only"})
        return reply(200, [self.show_user(user) for user in self.users.values()])

    @staticmethod
    def show_user(user: Any) -> dict[str, Any]:
        return {name: user[name] for name in ("id", "username", "bio", "plan")}


@pytest.mark.parametrize("label", [CHANGE_USER, SIGN_UP])
def test_a_hidden_field_that_opens_what_is_kept_for_admins_is_found(label: str) -> None:
    found = only_break(decide("SF201", label, Guarded("is_admin"), document(with_admins)))
    assert found.field == "is_admin"
    assert found.confidence >= Confidence.FIRM
    assert ALL_USERS in found.detail
    assert [step.role for step in found.steps][-3:] == [Role.CONTROL, Role.ATTACK, Role.READ_BACK]
    refused, _, opened = found.steps[-3:]
    assert (refused.exchange.status, opened.exchange.status) == (403, 200)


@pytest.mark.parametrize("label", [CHANGE_USER, SIGN_UP])
def test_fields_that_open_nothing_are_no_finding(label: str) -> None:
    assert not isinstance(decide("SF201", label, Guarded(), document(with_admins)), Broken)


@pytest.mark.parametrize("label", [CHANGE_USER, SIGN_UP])
def test_an_operation_that_is_open_to_everybody_proves_nothing_about_a_field(label: str) -> None:
    """Guards the control: refused before. Whoever is let through anyway owes that to no field."""
    api = Guarded("is_admin", always_open=True)
    assert not isinstance(decide("SF201", label, api, document(with_admins)), Broken)


# What only the admin sees --------------------------------------------------------------------------------------------


def test_a_field_that_only_the_admin_sees_is_read_by_the_admin() -> None:
    api = NotesApi()
    api.note_fields |= {"is_featured"}

    def shown(call: Call, ordinary: Handler) -> Any:
        if call.user and call.user["username"] == api.users[2]["username"]:
            note = api.note_of(call)
            return reply(200, note) if note else reply(404)
        answer = ordinary(call)
        if answer.status >= 300:
            return answer
        return reply(answer.status, {name: value for name, value in answer.json.items() if name != "is_featured"})

    for label in (READ, UPDATE):
        api.during(label, shown if label == READ else hides_featured)
    stage = Stage(api)
    from dataclasses import replace

    stage.scenario.cast = replace(stage.scenario.cast, peer=None, admin="bob")
    found = only_break(stage.decide("SF201", UPDATE).verdict)
    assert found.field == "is_featured"
    assert found.confidence >= Confidence.FIRM


def hides_featured(call: Call, ordinary: Handler) -> Any:
    answer = ordinary(call)
    if answer.status >= 300:
        return answer
    return reply(answer.status, {name: value for name, value in answer.json.items() if name != "is_featured"})


# Cost and confusion -------------------------------------------------------------------------------------------------


def test_what_was_sent_as_an_identifier_does_not_name_the_object() -> None:
    """An extra `note_id` is tried like any other field; the note that was made is still read by its own id."""

    def with_note_id(raw: dict[str, Any]) -> None:
        for item in raw["paths"].values():
            for parameter in item.get("parameters", ()):
                parameter["name"] = "note_id"
        raw["components"]["schemas"]["Note"]["properties"]["note_id"] = NUMBER
        raw["paths"] = {path.replace("{id}", "{note_id}"): item for path, item in raw["paths"].items()}

    api = NotesApi()
    api.note_fields |= {"is_featured"}
    found = only_break(decide("SF201", CREATE, api, document(with_note_id)))
    assert found.field == "is_featured"


WIDE = [f"flag_{number}" for number in range(60)]


def test_sixty_fields_of_which_three_stick_cost_at_most_25_requests() -> None:
    def wide(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"].update(dict.fromkeys(WIDE, FLAG))

    api = NotesApi()
    api.note_fields |= {"flag_3", "flag_31", "flag_59"}
    api.note_defaults |= dict.fromkeys(WIDE, False)
    stage = Stage(api, document(wide))
    before = len(api.log)
    verdict = stage.decide("SF201", UPDATE).verdict
    assert isinstance(verdict, Broken)
    assert {item.field for item in verdict.breaks} == {"flag_3", "flag_31", "flag_59"}
    assert len(api.log) - before <= 25


def test_a_strict_server_that_refuses_every_unknown_field_costs_few_requests_too() -> None:
    def wide(raw: dict[str, Any]) -> None:
        raw["components"]["schemas"]["Note"]["properties"].update(dict.fromkeys(WIDE, FLAG))

    api = NotesApi()
    api.note_defaults |= dict.fromkeys(WIDE, False)

    def strict(call: Call, ordinary: Handler) -> Any:
        unknown = set(call.body) - api.note_fields
        return reply(422, {"error": "unknown fields"}) if unknown else ordinary(call)

    stage = Stage(api.during(UPDATE, strict), document(wide))
    before = len(api.log)
    assert isinstance(stage.decide("SF201", UPDATE).verdict, Held)
    assert len(api.log) - before <= 40
