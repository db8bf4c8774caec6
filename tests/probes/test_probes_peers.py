"""SF102 to SF104, SF302: what a peer, or nobody, may not change, delete, list or read; the same API as for SF101 and SF301."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import TEXT, Call, Handler, NotesApi, decide, document, only_break, reply, silent_on

from specfuzz.contract import Confidence
from specfuzz.http import ANONYMOUS
from specfuzz.probes import Broken, Held, Inconclusive

UPDATE, DELETE, READ, LIST = "PATCH /notes/{id}", "DELETE /notes/{id}", "GET /notes/{id}", "GET /notes"


def without_owner_check(label: str, status: int = 200) -> NotesApi:
    """Any logged-in caller is served at `label` as the owner would be; `status` is what the answer says."""
    api = NotesApi()

    def answer(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous or (note is None and label != LIST):
            return ordinary(call)
        if label == LIST:
            return reply(200, list(api.notes.values()))
        if label == UPDATE:
            note.update(api.stored(call.body))
        elif label == DELETE:
            del api.notes[note["id"]]
        return reply(status, note)

    return api.during(label, answer)


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_peers_write_that_the_owner_sees_is_found(rule: str, label: str) -> None:
    """Guards `effect.happened` of `try_as_peer`: the owner's read-back decides."""
    found = only_break(decide(rule, label, without_owner_check(label)))
    assert (found.rule, found.actor, found.owner, found.confidence) == (None, "bob", "alice", Confidence.CERTAIN)


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_refusal_that_wrote_all_the_same_is_its_own_rule(rule: str, label: str) -> None:
    """Guards `effect.refused`: the status refuses and the read-back shows the effect."""
    found = only_break(decide(rule, label, without_owner_check(label, status=403)))
    assert (found.rule, found.actor) == ("SF304", "bob")


@pytest.mark.parametrize(
    ("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE), ("SF104", LIST), ("SF302", READ), ("SF302", LIST)]
)
def test_a_sound_api_holds(rule: str, label: str) -> None:
    assert isinstance(decide(rule, label, NotesApi()), Held)


@pytest.mark.parametrize("label", [UPDATE, DELETE])
def test_a_success_that_did_nothing_is_no_finding(label: str) -> None:
    """An idempotent delete and an update that only echoes: both answer a stranger kindly and leave the note alone."""
    api = NotesApi()

    def polite(call: Call, ordinary: Handler) -> Any:
        return reply(200, {"id": 1, **call.body}) if call.request.identity == "bob" else ordinary(call)

    verdict = decide("SF102" if label == UPDATE else "SF103", label, api.during(label, polite))
    assert isinstance(verdict, Held)


@pytest.mark.parametrize("status", [429, 502])
def test_a_limiter_or_a_gateway_decides_nothing(status: int) -> None:
    api = NotesApi()
    api.during(DELETE, lambda call, ordinary: reply(status) if call.request.identity == "bob" else ordinary(call))
    assert isinstance(decide("SF103", DELETE, api), Inconclusive)


def test_somebody_elses_canary_in_a_list_is_found() -> None:
    """Guards `found_canaries` in the list's flow."""
    found = only_break(decide("SF104", LIST, without_owner_check(LIST)))
    assert (found.actor, found.owner, found.confidence) == ("bob", "alice", Confidence.CERTAIN)


@pytest.mark.parametrize("label", [READ, LIST])
def test_the_owners_data_without_credentials_is_found(label: str) -> None:
    """Guards `leak_in` on the answer to a caller without credentials."""
    api = NotesApi()

    def open_to_all(call: Call, ordinary: Handler) -> Any:
        if label == LIST:
            return reply(200, list(api.notes.values()))
        note = api.note_of(call)
        return reply(200, note) if note is not None else reply(404)

    found = only_break(decide("SF302", label, api.during(label, open_to_all)))
    assert (found.actor, found.owner) == (ANONYMOUS, "alice")
    assert found.confidence >= Confidence.FIRM


LIKE = "POST /notes/{id}/archive"


@pytest.mark.parametrize(
    ("field", "before", "after", "expected"),
    [
        ("likes_count", 0, 1, Held | Inconclusive),
        ("favoritesCount", 3, 4, Held | Inconclusive),
        ("token", "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjF9.aa", "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjJ9.bb", Held | Inconclusive),
        ("archived", False, True, Broken),
        ("stage", 1, 2, Broken),
    ],
)
def test_a_peers_action_that_only_counts_or_renews_changes_nothing_of_the_owners(
    field: str, before: Any, after: Any, expected: Any
) -> None:
    """Guards `_counts_others` and `_is_reissued`: a like is a stranger's to give; archiving the note is not."""
    api = NotesApi()
    api.note_defaults[field] = before

    def act(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous or note is None:
            return ordinary(call)
        note[field] = after
        return reply(200, note)

    assert isinstance(decide("SF102", LIKE, api.during(LIKE, act)), expected)


@pytest.mark.parametrize(("rule", "label"), [("SF101", READ), ("SF102", UPDATE), ("SF103", DELETE)])
def test_an_id_that_counts_up_is_noted_on_the_finding(rule: str, label: str) -> None:
    """Guards `on_guessing`: the notes of this API are numbered."""
    found = only_break(decide(rule, label, without_owner_check(label)))
    assert found.detail.endswith("Its id is a small number, so its neighbours can be counted through.")


def unsaid_and_public() -> dict[str, Any]:
    """Nothing says whose a note is, and everybody's list and read show it: an article, not a diary."""
    return document(silent_on("GET /notes/{id}", "PATCH /notes/{id}", "DELETE /notes/{id}", "GET /notes", LIKE))


def everybody_reads(api: NotesApi) -> NotesApi:
    def read(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        return reply(200, note) if note is not None and not call.is_anonymous else ordinary(call)

    def listed(call: Call, ordinary: Handler) -> Any:
        return ordinary(call) if call.is_anonymous else reply(200, list(api.notes.values()))

    def refused(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if note is not None and call.user is not None and note["owner_id"] != call.user["id"]:
            return reply(403, {"error": "not yours"})
        return ordinary(call)

    return api.during(READ, read).during(LIST, listed).during(UPDATE, refused)


@pytest.mark.parametrize(
    ("label", "rule", "confidence"), [(DELETE, "SF103", Confidence.FIRM), (UPDATE, "SF102", Confidence.TENTATIVE)]
)
def test_what_a_peer_may_not_change_he_may_not_delete_and_not_the_reverse(
    label: str, rule: str, confidence: Confidence
) -> None:
    """Guards `_refused_change`: a wiki's page is everybody's to edit and its owner's to delete."""
    api = everybody_reads(NotesApi())

    def anybody(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous or note is None:
            return ordinary(call)
        if label == DELETE:
            del api.notes[note["id"]]
            return reply(204)
        note.update(api.stored(call.body))
        return reply(200, note)

    found = only_break(decide(rule, label, api.during(label, anybody), unsaid_and_public()))
    assert found.confidence is confidence


def test_a_list_of_titles_does_not_make_the_rest_public() -> None:
    """Guards the leak beside the list: everybody sees which notes there are, and a stranger gets what stands in one."""
    api = NotesApi()
    api.note_fields |= {"secret"}

    def secret(raw: dict[str, Any]) -> None:
        silent_on("GET /notes/{id}", "GET /notes", "PATCH /notes/{id}", "DELETE /notes/{id}", LIKE)(raw)
        for path, method in (("/notes", "post"), ("/notes/{id}", "patch")):
            body = raw["paths"][path][method]["requestBody"]["content"]["application/json"]
            body["schema"] = {"type": "object", "properties": {"title": TEXT, "secret": TEXT}}
        raw["components"]["schemas"]["Note"]["properties"]["secret"] = TEXT

    everybody_reads(api).during(
        LIST,
        lambda call, ordinary: (
            ordinary(call)
            if call.is_anonymous
            else reply(200, [{"id": note["id"], "title": note["title"]} for note in api.notes.values()])
        ),
    )
    found = only_break(decide("SF101", READ, api, document(secret)))
    assert (found.actor, found.confidence) == ("bob", Confidence.TENTATIVE)
