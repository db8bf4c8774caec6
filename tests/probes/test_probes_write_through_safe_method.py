"""SF314: a GET changes something."""

from __future__ import annotations

from typing import Any

import pytest
from cookie_notes import CookieNotes, cookies
from simulated_api import NUMBER, OWNER_ONLY, Call, Handler, decide, document, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.engine.plan import plan
from specfuzz.http import Response
from specfuzz.probes import Held, Inconclusive, Role, Severity

_ID = [{"name": "id", "in": "path", "required": True, "schema": NUMBER}]


def with_get(name: str, **more: Any) -> dict[str, Any]:
    """A document with `GET /notes/{id}/<name>`."""

    def edit(raw: dict[str, Any]) -> None:
        cookies(raw)
        operation = {"description": OWNER_ONLY, "responses": {"200": {"description": "a page"}}, **more}
        raw["paths"][f"/notes/{{id}}/{name}"] = {"parameters": _ID, "get": operation}

    return document(edit)


def api_with(name: str, answer: Any, same_site: str | None = "Lax") -> CookieNotes:
    """`answer` gets the caller's own note."""
    api = CookieNotes(same_site)

    def handle(call: Call) -> Response:
        note = api._own(call)
        return note if isinstance(note, Response) else answer(api, call, note)

    api._handlers[f"GET /notes/{{id}}/{name}"] = handle
    return api


def deletes(api: CookieNotes, call: Call, note: dict[str, Any]) -> Response:
    del api.notes[note["id"]]
    return reply(200, {"ok": True})


def marks(api: CookieNotes, call: Call, note: dict[str, Any]) -> Response:
    note["priority"] = 9
    return reply(200, {"ok": True})


def adds_another(api: CookieNotes, call: Call, note: dict[str, Any]) -> Response:
    api.new_note(note["owner_id"], {"title": note["title"]})
    return reply(200, {"ok": True})


def shows(api: CookieNotes, call: Call, note: dict[str, Any]) -> Response:
    return reply(200, {"subject": note["title"]})


@pytest.mark.parametrize(
    ("name", "effect"), [("delete", deletes), ("publish", marks), ("duplicate", adds_another), ("confirm", marks)]
)
def test_a_get_that_does_what_it_says_is_found(name: str, effect: Any) -> None:
    found = only_break(decide("SF314", f"GET /notes/{{id}}/{name}", api_with(name, effect), with_get(name)))
    assert (found.confidence, found.severity) == (Confidence.FIRM, Severity.MEDIUM)
    assert found.owner == found.actor
    assert [step.role for step in found.steps].count(Role.ATTACK) == 1
    assert found.steps[-1].role is Role.READ_BACK
    attack = next(step.exchange.request for step in found.steps if step.role is Role.ATTACK)
    assert attack.header("origin") is None  # a click on a link sends none
    assert attack.header("sec-fetch-site") == "cross-site"


@pytest.mark.parametrize("name", ["send", "delete", "checkout", "reorder"])
def test_a_get_that_only_shows_holds(name: str) -> None:
    verdict = decide("SF314", f"GET /notes/{{id}}/{name}", api_with(name, shows), with_get(name))
    assert isinstance(verdict, Held)
    assert "no change" in verdict.reason


def test_strict_cookies_leave_little() -> None:
    found = only_break(
        decide("SF314", "GET /notes/{id}/delete", api_with("delete", deletes, "Strict"), with_get("delete"))
    )
    assert found.severity is Severity.LOW


def test_what_changes_at_every_read_is_no_effect() -> None:
    """The lookalike: a counter that every read moves."""
    api = api_with("send", shows)

    def counting(call: Call, ordinary: Handler) -> Response:
        note = api.note_of(call)
        if note is not None:
            note["score"] += 1
        return ordinary(call)

    api.during("GET /notes/{id}", counting)
    assert isinstance(decide("SF314", "GET /notes/{id}/send", api, with_get("send")), Held)


def test_a_get_that_refuses_other_sites_holds() -> None:
    def same_site_only(api: CookieNotes, call: Call, note: dict[str, Any]) -> Response:
        if call.request.header("sec-fetch-site") == "cross-site":
            return reply(403, {"error": "not from there"})
        return deletes(api, call, note)

    verdict = decide("SF314", "GET /notes/{id}/delete", api_with("delete", same_site_only), with_get("delete"))
    assert isinstance(verdict, Held)


def test_a_gateways_answer_decides_nothing() -> None:
    verdict = decide("SF314", "GET /notes/{id}/delete", api_with("delete", lambda *_: reply(502)), with_get("delete"))
    assert isinstance(verdict, Inconclusive)


def test_without_an_object_nothing_can_be_said() -> None:
    api = api_with("delete", deletes).during("POST /notes", lambda call, ordinary: reply(422))
    assert isinstance(decide("SF314", "GET /notes/{id}/delete", api, with_get("delete")), Inconclusive)


@pytest.mark.parametrize("name", ["comments", "history", "read-mark", "status", "orders", "sharing"])
def test_a_get_that_sounds_like_a_read_is_not_tried(name: str) -> None:
    rows = plan(derive(from_raw(with_get(name), "notes.json")))
    row = next(item for item in rows if (item.rule, item.target.label) == ("SF314", f"GET /notes/{{id}}/{name}"))
    assert row.reason == "it sounds like a read"


def test_an_open_get_borrows_no_session() -> None:
    rows = plan(derive(from_raw(with_get("unsubscribe", security=[], description=""), "notes.json")))
    row = next(item for item in rows if (item.rule, item.target.label) == ("SF314", "GET /notes/{id}/unsubscribe"))
    assert "no session" in (row.reason or "")
