"""SF105: objects reached through one's own parent, attached by their id, put into somebody else's; on a small API."""

from __future__ import annotations

from typing import Any

import pytest
from folders_api import PAGE, FoldersApi, folders_document
from simulated_api import Call, Handler, decide, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.probes import Held, Inconclusive

READ, UPDATE, DELETE = f"GET {PAGE}", f"PATCH {PAGE}", f"DELETE {PAGE}"
NEW_PAGE, NEW_LABEL = "POST /folders/{folder_id}/pages", "POST /labels"


def verdict_at(label: str, api: FoldersApi, raw: dict[str, Any] | None = None) -> Any:
    return decide("SF105", label, api, raw or folders_document())


def weak(**switches: bool) -> FoldersApi:
    api = FoldersApi()
    for name, value in switches.items():
        setattr(api, name, value)
    return api


@pytest.mark.parametrize("label", [READ, UPDATE, DELETE])
def test_the_owners_object_through_the_peers_own_parent_is_found(label: str) -> None:
    """Guards the mixes of two paths: the folder is checked, the page is not asked whose it is."""
    found = only_break(verdict_at(label, weak(open_parents=True)))
    assert (found.rule, found.actor, found.owner, found.confidence) == (None, "bob", "alice", Confidence.FIRM)


@pytest.mark.parametrize("label", [READ, UPDATE, DELETE, NEW_PAGE, NEW_LABEL])
def test_a_sound_api_holds(label: str) -> None:
    assert isinstance(verdict_at(label, FoldersApi()), Held)


def test_what_works_with_the_owners_own_parent_is_another_rules() -> None:
    """Guards the plain attempt: a read without any check is SF101, and not found twice."""
    api = FoldersApi()

    def anybody(call: Call, ordinary: Handler) -> Any:
        found = [page for page in api.pages.values() if call.request.path.endswith(f"/{page['id']}")]
        return reply(200, found[0]) if found and call.user else ordinary(call)

    assert isinstance(verdict_at(READ, api.during(READ, anybody)), Held)


def test_a_write_that_works_plainly_is_another_rules() -> None:
    api = FoldersApi()

    def anybody(call: Call, ordinary: Handler) -> Any:
        found = [page for page in api.pages.values() if call.request.path.endswith(f"/{page['id']}")]
        if not found or call.is_anonymous:
            return ordinary(call)
        found[0].update(text=call.body.get("text"))
        return reply(200, found[0])

    assert isinstance(verdict_at(UPDATE, api.during(UPDATE, anybody)), Held)


def test_an_answer_for_any_page_decides_nothing() -> None:
    """Guards the made-up id: a page that is served for whatever is asked for is no proof."""
    api = weak(open_parents=True)

    def catch_all(call: Call, ordinary: Handler) -> Any:
        if call.request.identity != "bob" or not api.pages:
            return ordinary(call)
        own = [item for item in api.folders.values() if call.user and item["owner_id"] == call.user["id"]]
        through_own = any(f"/folders/{item['id']}/" in call.request.path for item in own)
        first = next(iter(api.pages.values()))
        return reply(200, first) if through_own else ordinary(call)

    assert isinstance(verdict_at(READ, api.during(READ, catch_all)), Inconclusive)


def test_a_peer_without_an_object_of_their_own_decides_nothing() -> None:
    api = FoldersApi()
    api.during("POST /folders", lambda call, ordinary: reply(403) if call.request.identity == "bob" else ordinary(call))
    assert isinstance(verdict_at(READ, api), Inconclusive)


@pytest.mark.parametrize("label", [READ, NEW_LABEL])
def test_a_limiters_answer_decides_nothing(label: str) -> None:
    api = FoldersApi()
    api.during(label, lambda call, ordinary: reply(429) if call.request.identity == "bob" else ordinary(call))
    assert isinstance(verdict_at(label, api), Inconclusive)


# Attached ---------------------------------------------------------------------------------------------------------


def test_an_attached_note_whose_canary_comes_back_is_found() -> None:
    """Guards `_leak`: the document keeps notes for their owner, and the label shows one."""
    found = only_break(verdict_at(NEW_LABEL, weak(open_labels=True)))
    assert (found.field, found.actor, found.owner, found.confidence) == ("note_id", "bob", "alice", Confidence.CERTAIN)


def test_an_attached_note_that_changes_is_found() -> None:
    """Guards `_changed`: the owner's read-back decides."""
    api = weak(open_labels=True, label_shows_note=False)

    def marks(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status == 201:
            api.notes[call.body["note_id"]]["title"] = "labelled"
        return answer

    found = only_break(verdict_at(NEW_LABEL, api.during(NEW_LABEL, marks)))
    assert "`title`" in found.detail


def test_a_number_that_only_grew_is_no_harm() -> None:
    """Guards `_grew`: a payment that arrives, a counter of references."""
    api = weak(open_labels=True, label_shows_note=False)

    def counts(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        if answer.status == 201:
            api.notes[call.body["note_id"]]["score"] += 1
        return answer

    found = only_break(verdict_at(NEW_LABEL, api.during(NEW_LABEL, counts)))
    assert found.confidence is Confidence.TENTATIVE  # only that bob's label holds the id


def test_an_id_that_is_only_held_is_a_hint() -> None:
    found = only_break(verdict_at(NEW_LABEL, weak(open_labels=True, label_shows_note=False)))
    assert found.confidence is Confidence.TENTATIVE


def test_an_id_that_is_held_is_firm_where_the_document_says_own() -> None:
    raw = folders_document()
    body = raw["paths"]["/labels"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["note_id"] = {"type": "integer", "description": "One of your own notes."}
    found = only_break(verdict_at(NEW_LABEL, weak(open_labels=True, label_shows_note=False), raw))
    assert found.confidence is Confidence.FIRM


def test_a_property_that_takes_any_number_holds() -> None:
    """Guards the made-up id in the body: what stores whatever it is given attaches nothing."""
    api = FoldersApi()

    def stores_anything(call: Call, ordinary: Handler) -> Any:
        if call.user is None:
            return ordinary(call)
        return reply(201, api._new(api.labels, 1300, call, text=call.body.get("text"), note_id=call.body["note_id"]))

    api.label_shows_note = False
    assert isinstance(verdict_at(NEW_LABEL, api.during(NEW_LABEL, stores_anything)), Held)


def test_a_note_that_everybody_may_read_is_nobodys_secret() -> None:
    """Guards the ladder: a label on a public note shows the note, as it should."""
    raw = folders_document()
    api = weak(open_labels=True)

    def open_notes(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        return reply(200, note) if note is not None else ordinary(call)

    for label in ("get", "patch", "delete"):
        del raw["paths"]["/notes/{id}"][label]["description"]
    del raw["paths"]["/notes/{id}/archive"]["post"]["description"]
    del raw["paths"]["/notes"]["get"]["description"]
    api.during("GET /notes/{id}", open_notes)
    api.during("GET /notes", lambda call, ordinary: reply(200, list(api.notes.values())))
    assert isinstance(verdict_at(NEW_LABEL, api, raw), Inconclusive)


# Put into somebody's ----------------------------------------------------------------------------------------------


def test_an_object_that_the_peer_puts_into_the_owners_is_found() -> None:
    """Guards `settle_under`: alice finds bob's page in her folder, which he may not even read."""
    found = only_break(verdict_at(NEW_PAGE, weak(open_folders=True)))
    assert (found.actor, found.owner, found.confidence) == ("bob", "alice", Confidence.FIRM)


def test_a_polite_answer_without_a_page_is_no_finding() -> None:
    api = FoldersApi()

    def polite(call: Call, ordinary: Handler) -> Any:
        answer = ordinary(call)
        return reply(201, {"id": 4711, **call.body}) if answer.status == 404 else answer

    assert isinstance(verdict_at(NEW_PAGE, api.during(NEW_PAGE, polite)), Held)
