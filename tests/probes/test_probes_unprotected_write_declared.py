"""SF305: the document alone leaves a write open whose siblings it protects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from simulated_api import FLAG, NUMBER, OWNER_ONLY, TEXT, NotesApi, Stage, decide, document, no_security, only_break

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.engine.plan import Planned, Selection, plan
from specfuzz.engine.scenario import Scenario
from specfuzz.http.driver import run_flow
from specfuzz.probes import Broken, Held

Edit = Callable[[dict[str, Any]], None]
UPDATE, CREATE, DELETE, ACT = "PATCH /notes/{id}", "POST /notes", "DELETE /notes/{id}", "POST /notes/{id}/archive"


def opened(*labels: str, **more: Any) -> Edit:
    """The document asks for no credentials at these operations, in so many words."""

    def edit(raw: dict[str, Any]) -> None:
        for label in labels:
            method, _, path = label.partition(" ")
            operation = raw["paths"][path][method.lower()]
            operation["security"] = []
            operation.pop("description", None)
            operation.update(more)

    return edit


def forgotten(*labels: str) -> Edit:
    """Every operation has its own requirement, and these were left out."""

    def edit(raw: dict[str, Any]) -> None:
        required = raw.pop("security")
        for path, item in raw["paths"].items():
            for method, operation in item.items():
                if method != "parameters" and f"{method.upper()} {path}" not in labels:
                    operation.setdefault("security", required)
                elif method != "parameters":
                    operation.pop("description", None)

    return edit


def why_not(label: str, edit: Edit) -> str | None:
    rows = plan(derive(from_raw(document(edit), "notes.json")))
    return next(row.reason for row in rows if (row.rule, row.target.label) == ("SF305", label))


@pytest.mark.parametrize("label", [UPDATE, DELETE, ACT, CREATE])
@pytest.mark.parametrize("leave", [opened, forgotten], ids=["opened", "forgotten"])
def test_a_lone_open_write_among_the_owners_operations_is_found(label: str, leave: Any) -> None:
    found = only_break(decide("SF305", label, NotesApi(), document(leave(label))))
    assert found.confidence is Confidence.FIRM
    assert (found.owner, found.actor, found.steps) == (None, None, ())
    assert label in found.title
    assert "asks for credentials at" in found.detail


def test_nothing_is_sent() -> None:
    api = NotesApi()
    stage = Stage(api, document(opened(UPDATE)))
    before = len(api.log)
    assert isinstance(stage.decide("SF305", UPDATE).verdict, Broken)
    assert len(api.log) == before


def test_it_needs_nobody_to_log_in_as() -> None:
    contract = derive(from_raw(document(opened(UPDATE)), "notes.json"))
    scenario = Scenario(contract, "http://api.test")
    target = contract.get(UPDATE)
    assert target is not None
    planned = Planned(target=target, rule="SF305")
    assert scenario.why_not_now(planned) is None

    def nothing(request: object) -> Any:
        raise AssertionError(f"sent {request}")

    outcome = run_flow(scenario.run_case(planned), nothing)
    assert isinstance(outcome.verdict, Broken)


def test_a_protected_write_is_not_judged() -> None:
    assert "asks for credentials" in (why_not(UPDATE, lambda raw: None) or "")


def test_a_document_that_protects_nothing_is_not_judged() -> None:
    assert "says nothing anywhere" in (why_not(UPDATE, no_security) or "")


@pytest.mark.parametrize(
    "path",
    ["/password/reset", "/contact", "/webhooks/payments", "/newsletter/subscribe", "/auth/verify", "/quote"],
)
def test_what_is_open_by_its_nature_is_left_alone(path: str) -> None:
    def edit(raw: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"text": TEXT}}}}}
        raw["paths"][path] = {
            "get": {"responses": {"200": {"description": "the list"}}},
            "post": {"security": [], "requestBody": body, "responses": {"201": {"description": "done"}}},
        }

    assert why_not(f"POST {path}", edit) is not None


@pytest.mark.parametrize("label", ["POST /register", "POST /login"])
def test_signing_up_and_logging_in_are_left_alone(label: str) -> None:
    assert why_not(label, lambda raw: None) is not None


@pytest.mark.parametrize(
    "prose", ["Anyone may change a note.", "No authentication is required.", "Guests may use it without logging in."]
)
def test_a_write_that_prose_opens_is_open_on_purpose(prose: str) -> None:
    """`security: []` alone may be an oversight; a sentence is none."""
    assert "open on purpose" in (why_not(UPDATE, opened(UPDATE, summary=prose)) or "")


@pytest.mark.parametrize("name", ["X-Hub-Signature", "token", "X-Api-Key"])
def test_a_request_that_carries_its_own_proof_is_left_alone(name: str) -> None:
    parameter = {"name": name, "in": "header", "required": True, "schema": TEXT}
    assert "proves who sends it" in (why_not(UPDATE, opened(UPDATE, parameters=[parameter])) or "")


def test_a_csrf_header_is_no_proof_of_who_sends_it() -> None:
    parameter = {"name": "X-CSRF-Token", "in": "header", "required": True, "schema": TEXT}
    assert why_not(UPDATE, opened(UPDATE, parameters=[parameter])) is None


def test_two_open_writes_are_a_policy_and_no_oversight() -> None:
    verdict = decide("SF305", UPDATE, NotesApi(), document(opened(UPDATE, DELETE)))
    assert isinstance(verdict, Held)
    assert "is open too" in verdict.reason


def test_an_open_collection_of_other_peoples_objects_is_no_finding() -> None:
    """Guards `MIN_SIBLINGS`: one protected operation may itself be the exception."""

    def edit(raw: dict[str, Any]) -> None:
        opened(CREATE)(raw)
        raw["paths"]["/notes/{id}"] = {"parameters": raw["paths"]["/notes/{id}"]["parameters"]}
        del raw["paths"]["/notes/{id}/archive"]

    assert isinstance(decide("SF305", CREATE, NotesApi(), document(edit)), Held)


def test_a_creation_among_operations_that_only_need_a_login_is_a_hint() -> None:
    """Guests order and apply in many an API: the lookalike of an open creation."""

    def edit(raw: dict[str, Any]) -> None:
        opened(CREATE)(raw)
        for path in ("/notes", "/notes/{id}", "/notes/{id}/archive"):
            for operation in raw["paths"][path].values():
                if isinstance(operation, dict):
                    operation.pop("description", None)

    found = only_break(decide("SF305", CREATE, NotesApi(), document(edit)))
    assert found.confidence is Confidence.TENTATIVE


def test_an_action_on_what_everybody_reads_is_no_finding() -> None:
    """Whoever has a payment link pays it."""

    def edit(raw: dict[str, Any]) -> None:
        opened(ACT)(raw)
        raw["paths"]["/notes/{id}"]["get"] = {"security": [], "responses": {"200": {"description": "the note"}}}
        raw["paths"]["/notes"]["get"]["security"] = []

    assert isinstance(decide("SF305", ACT, NotesApi(), document(edit)), Held)


def test_another_kinds_operations_are_no_siblings() -> None:
    """`/users/{id}` is protected, which says nothing about `/flags/{id}`."""

    def edit(raw: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"on": FLAG}}}}}
        identifier = [{"name": "id", "in": "path", "required": True, "schema": NUMBER}]
        raw["paths"]["/flags/{id}"] = {
            "parameters": identifier,
            "put": {"security": [], "requestBody": body, "responses": {"200": {"description": "done"}}},
            "get": {"description": OWNER_ONLY, "responses": {"200": {"description": "the flag"}}},
        }

    assert isinstance(decide("SF305", "PUT /flags/{id}", NotesApi(), document(edit)), Held)


def test_the_rule_can_be_deselected() -> None:
    contract = derive(from_raw(document(opened(UPDATE)), "notes.json"))
    rows = plan(contract, Selection(rules=("SF301",)))
    assert next(row for row in rows if (row.rule, row.target.label) == ("SF305", UPDATE)).reason == (
        "not selected (--rule)"
    )
