"""The ladder of evidence, rung by rung: what `docs/evidence.md` says of reads and writes, where no other test has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from simulated_api import Call, Handler, NotesApi, decide, document, no_security, only_break, reply, silent_on

from specfuzz.contract import Confidence
from specfuzz.probes import Held, Inconclusive

READ, UPDATE, DELETE, LIST = "GET /notes/{id}", "PATCH /notes/{id}", "DELETE /notes/{id}", "GET /notes"
ALL = (READ, UPDATE, DELETE, LIST, "POST /notes/{id}/archive")


def serving_everybody(*labels: str) -> NotesApi:
    """No operation of `labels` asks whose the note is."""
    api = NotesApi()
    does: dict[str, Callable[[dict[str, Any], Call], Any]] = {
        READ: lambda note, call: reply(200, note),
        UPDATE: lambda note, call: (note.update(api.stored(call.body)), reply(200, note))[1],
        DELETE: lambda note, call: (api.notes.pop(note["id"]), reply(204))[1],
    }

    def answer(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        return ordinary(call) if call.user is None or note is None else does[call.label](note, call)

    for label in labels:
        api.during(label, answer)
    return api


def with_privacy(raw: dict[str, Any]) -> None:
    """An edit: a note can be made private in so many words."""
    properties = raw["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    properties["is_private"] = {"type": "boolean"}


def test_an_object_that_was_made_private_is_private() -> None:
    """The document says nothing and no list tells: `is_private: true` does."""
    raw = document(silent_on(*ALL))
    with_privacy(raw)
    api = serving_everybody(READ)
    api.note_fields = {*api.note_fields, "is_private"}
    api.during(LIST, lambda call, ordinary: reply(501))
    found = only_break(decide("SF101", READ, api, raw))
    assert (found.confidence, found.expectation.source) == (Confidence.FIRM, "request:is_private")


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_write_that_the_document_keeps_for_the_owner_is_certain(rule: str, label: str) -> None:
    assert only_break(decide(rule, label, serving_everybody(label))).confidence is Confidence.CERTAIN


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_write_whose_siblings_the_document_keeps_for_the_owner_is_firm(rule: str, label: str) -> None:
    found = only_break(decide(rule, label, serving_everybody(label), document(silent_on(label))))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source.startswith("#/paths/")


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_write_on_what_the_api_refuses_to_show_is_firm(rule: str, label: str) -> None:
    found = only_break(decide(rule, label, serving_everybody(label), document(silent_on(*ALL))))
    assert (found.confidence, found.expectation.source) == (Confidence.FIRM, f"behaviour:{READ}")


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_write_on_what_everybody_sees_is_a_hint(rule: str, label: str) -> None:
    """A wiki page: collaborative as far as the document and the API tell."""
    api = serving_everybody(READ, label)
    api.during(LIST, lambda call, ordinary: reply(200, list(api.notes.values())) if call.user else ordinary(call))
    found = only_break(decide(rule, label, api, document(silent_on(*ALL))))
    assert found.confidence is Confidence.TENTATIVE


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_write_that_the_document_opens_to_every_user_is_not_tried(rule: str, label: str) -> None:
    from specfuzz.contract import derive, from_raw
    from specfuzz.probes.registry import probes

    raw = document()
    method, path = label.split(" ")
    raw["paths"][path][method.lower()]["description"] = "Every user may edit every note."
    contract = derive(from_raw(raw, "notes.json"))
    target = contract.get(label)
    assert target is not None
    assert "open on purpose" in (probes()[rule].why_not(contract, target) or "")


def test_a_silent_document_and_a_readable_note_are_no_finding() -> None:
    api = serving_everybody(READ)
    api.during(LIST, lambda call, ordinary: reply(501))
    assert isinstance(decide("SF101", READ, api, document(silent_on(*ALL))), Inconclusive)


def test_a_document_without_any_security_still_lets_behaviour_decide() -> None:
    found = only_break(decide("SF102", UPDATE, serving_everybody(UPDATE), document(no_security)))
    assert found.confidence is Confidence.FIRM


def test_a_peer_who_is_listed_the_note_was_meant_to_have_it() -> None:
    api = serving_everybody(READ)
    api.during(LIST, lambda call, ordinary: reply(200, list(api.notes.values())) if call.user else ordinary(call))
    assert isinstance(decide("SF101", READ, api, document(silent_on(*ALL))), Held)
