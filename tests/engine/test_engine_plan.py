"""What will be tried, and the reason wherever something will not."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_api import document

from specfuzz.contract import Contract, derive, from_raw
from specfuzz.engine import Selection, plan
from specfuzz.engine.plan import Planned
from specfuzz.probes.registry import probes


def contract(edit: Any = None) -> Contract:
    return derive(from_raw(document(edit), "n.json"))


def row(rule: str, label: str, selection: Selection | None = None, edit: Any = None) -> Planned:
    return next(item for item in plan(contract(edit), selection) if (item.rule, item.target.label) == (rule, label))


def test_every_rule_has_a_row_at_every_operation() -> None:
    api = contract()
    rows = [(item.rule, item.target.label) for item in plan(api)]
    assert len(rows) == len(set(rows)) == len(probes()) * len(api.operations)


def test_the_plan_is_the_same_each_time() -> None:
    assert plan(contract()) == plan(contract())


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ("SF101", "GET /notes/{id}"),
        ("SF201", "PATCH /notes/{id}"),
        ("SF201", "POST /notes"),
        ("SF201", "POST /register"),
        ("SF301", "PATCH /notes/{id}"),
        ("SF301", "DELETE /notes/{id}"),
        ("SF301", "POST /notes/{id}/archive"),
    ],
)
def test_what_a_rule_is_about_runs(rule: str, label: str) -> None:
    assert row(rule, label).reason is None


@pytest.mark.parametrize(
    ("rule", "label", "words"),
    [
        ("SF101", "DELETE /notes/{id}", "reads no object"),
        ("SF101", "GET /me", "reads no object"),
        ("SF101", "GET /notes", "names no object"),
        ("SF201", "GET /notes/{id}", "changes nothing"),
        ("SF201", "POST /notes/{id}/archive", "no body"),
        ("SF301", "GET /notes/{id}", "changes nothing"),
        ("SF301", "POST /login", "logging in"),
        ("SF301", "POST /register", "signing up"),
    ],
)
def test_what_a_rule_is_not_about_says_why(rule: str, label: str, words: str) -> None:
    assert words in (row(rule, label).reason or "")


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(rules=("SF201",)), "--rule"),
        (Selection(operations=("POST /notes",)), "--operation"),
        (Selection(tags=("billing",)), "--tag"),
    ],
    ids=["rule", "operation", "tag"],
)
def test_what_was_not_selected_says_by_which_option(selection: Selection, words: str) -> None:
    assert words in (row("SF101", "GET /notes/{id}", selection).reason or "")


def test_an_operation_is_selected_by_its_label_or_its_id() -> None:
    def named(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}"]["get"]["operationId"] = "readNote"

    for name in ("GET /notes/{id}", "readNote"):
        assert row("SF101", "GET /notes/{id}", Selection(operations=(name,)), named).runs


def test_an_operation_is_selected_by_its_tag() -> None:
    def tagged(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}"]["get"]["tags"] = ["notes", "reading"]

    assert row("SF101", "GET /notes/{id}", Selection(tags=("reading",)), tagged).runs


def with_reset(raw: dict[str, Any]) -> None:
    raw["paths"]["/notes"]["delete"] = {"responses": {"204": {"description": "all gone"}}}


def test_a_dangerous_operation_runs_only_when_asked_for_and_last() -> None:
    refused = row("SF301", "DELETE /notes", None, with_reset)
    assert "--include-dangerous" in (refused.reason or "")
    assert "--include-dangerous" not in (
        row("SF301", "DELETE /notes", Selection(include_dangerous=True), with_reset).reason or ""
    )
    assert plan(contract(with_reset))[-1].target.label == "DELETE /notes"
