"""`specfuzz plan`: what is shown, in which form, and what wrong names are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from specfuzz.reports import plan_json

AUTH_OF_ONE = "auth:\n  - name: alice\n    fixedHeaders: [{name: Authorization, value: Bearer one}]\n"


@pytest.fixture
def plan(specfuzz: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The plan of the library as the shipped schema describes it."""

    def run(*arguments: str) -> dict[str, Any]:
        ran = specfuzz("plan", "library.json", "--format", "json", *arguments)
        assert (ran.returncode, ran.stderr) == (0, "")
        document: dict[str, Any] = json.loads(ran.stdout)
        jsonschema.validate(document, plan_json.schema(), cls=jsonschema.Draft202012Validator)
        return document

    return run


def labels(document: dict[str, Any]) -> list[str]:
    return [f"{item['method']} {item['path']}" for item in document["operations"]]


def test_the_json_plan_holds_every_operation_in_the_promised_form(plan: Callable[..., dict[str, Any]]) -> None:
    document = plan()
    assert labels(document) == [
        "POST /register", "POST /login", "GET /books", "POST /books", "GET /books/{id}", "PATCH /books/{id}",
        "DELETE /admin/books/{id}", "POST /reset",
    ]  # fmt: skip
    change = document["operations"][5]
    assert {key: change[key] for key in ("operation_id", "resource", "action", "identifiers", "owner_field")} == {
        "operation_id": "changeBook",
        "resource": "Book",
        "action": "update",
        "identifiers": [{"in": "path", "name": "id", "resource": "Book"}],
        "owner_field": "owner_id",
    }
    assert change["access"]["level"] == "owner"
    assert change["access"]["source"] == "#/paths/~1books~1{id}/patch/description"
    assert change["state_changing"] == {"value": True, "confidence": "certain"}
    assert {
        "name": "owner_id",
        "reason": "response-only",
        "confidence": "firm",
        "source": "#/components/schemas/Book/properties/owner_id",
    } in change["forbidden_fields"]
    assert {"rule": "SF102", "runs": True, "reason": None} in change["probes"]
    assert document["unreadable"][0].startswith("GET /broken/{id}: ")


def test_the_same_document_gives_the_same_plan(plan: Callable[..., dict[str, Any]]) -> None:
    assert plan() == plan()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("--operation", "GET /books/{id}"), ["GET /books/{id}"], id="by label"),
        pytest.param(
            ("--operation", "readBook", "--operation", "reset"), ["GET /books/{id}", "POST /reset"], id="by id"
        ),
        pytest.param(("--tag", "books", "--operation", "addBook"), ["POST /books"], id="both"),
        pytest.param(("--explain", "get /books/{book}"), ["GET /books/{id}"], id="explained"),
    ],
)
def test_a_selection_narrows_the_plan(
    plan: Callable[..., dict[str, Any]], arguments: tuple[str, ...], expected: list[str]
) -> None:
    assert labels(plan(*arguments)) == expected


def test_a_dangerous_operation_is_marked_and_planned_only_when_asked_for(plan: Callable[..., dict[str, Any]]) -> None:
    def reset(*arguments: str) -> dict[str, Any]:
        return plan("--operation", "reset", *arguments)["operations"][0]

    assert reset()["dangerous"] is True
    assert all("--include-dangerous" in probe["reason"] for probe in reset()["probes"])
    assert not any("--include-dangerous" in (item["reason"] or "") for item in reset("--include-dangerous")["probes"])


def test_what_is_missing_is_said_for_the_users_that_are_given(
    plan: Callable[..., dict[str, Any]], folder: Path
) -> None:
    (folder / "auth.yaml").write_text(AUTH_OF_ONE, encoding="utf-8")
    probes = plan("--auth", "auth.yaml", "--operation", "readBook")["operations"][0]["probes"]
    reasons = {probe["rule"]: probe["reason"] for probe in probes}
    assert reasons["SF101"] == "it needs a second user of the same role: add one to --auth"
    assert reasons["SF302"] is None


def test_a_plan_needs_no_secrets(plan: Callable[..., dict[str, Any]], folder: Path) -> None:
    (folder / "auth.yaml").write_text(AUTH_OF_ONE.replace("Bearer one", '"${NOT_SET_ANYWHERE}"'), encoding="utf-8")
    assert labels(plan("--auth", "auth.yaml", "--operation", "readBook")) == ["GET /books/{id}"]


def test_an_auth_file_that_is_not_there_is_an_error(specfuzz: Callable[..., Any]) -> None:
    ran = specfuzz("plan", "library.json", "--auth", "nobody.yaml")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "nobody.yaml" in ran.stderr


def test_a_role_that_nobody_has_is_missing(plan: Callable[..., dict[str, Any]]) -> None:
    probes = plan("--operation", "removeBook")["operations"][0]["probes"]
    assert "no identity has that role" in {probe["rule"]: probe["reason"] for probe in probes}["SF301"]


def test_the_terminal_shows_a_block_for_each_operation(specfuzz: Callable[..., Any]) -> None:
    shown = specfuzz("plan", "library.json", "--operation", "changeBook").stdout
    for words in (
        "PATCH /books/{id}  changeBook",
        "access        owner (firm: it says “Only the owner may change it.”)",
        "object        update Book, by path id; owner in `owner_id`",
        "not writable  owner_id (firm: response-only)",
        "probes        SF102 ",
        ": it reads no object",
        "not readable  GET /broken/{id}",
        "1 of 8 operations: 1 owner;",
        "no request was sent",
    ):
        assert words in shown


def test_an_explanation_gives_each_expectation_its_source_and_reasoning(specfuzz: Callable[..., Any]) -> None:
    shown = " ".join(specfuzz("plan", "library.json", "--explain", "PATCH /books/{id}").stdout.split())
    for words in (
        "owner: only the owner may use this operation on an object",
        "firm, since it says “Only the owner may change it.” #/paths/~1books~1{id}/patch/description",
        "also seen authenticated (certain): the document declares a security requirement #/security",
        "it changes state (certain: the method is PATCH)",
        "`owner_id` is not writable: the document shows it in responses and takes it in no request",
        "(firm, since the document lists what requests about this kind take, and it is not among them)",
        "#/components/schemas/Book/properties/owner_id",
        "SF102 cross-user-update runs",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--operation", "GET /book/{id}"), "no operation 'GET /book/{id}'", "GET /books/{id}"),
        (("--tag", "boks"), "no tag 'boks'", "did you mean books?"),
        (("--explain", "PATCH /bokos/{id}"), "no operation 'PATCH /bokos/{id}'", "PATCH /books/{id}"),
        (("--explain", "changeBok"), "no operation 'changeBok'", "changeBook"),
        (("--format", "xml"), "unknown format 'xml'", "console, json"),
    ],
)
def test_a_wrong_name_is_an_error_with_the_nearest_one(
    specfuzz: Callable[..., Any], arguments: tuple[str, ...], message: str, hint: str
) -> None:
    ran = specfuzz("plan", "library.json", *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert hint in ran.stderr


@pytest.mark.parametrize("form", ["console", "json"])
def test_the_plan_can_be_written_to_a_file(specfuzz: Callable[..., Any], folder: Path, form: str) -> None:
    printed = specfuzz("plan", "library.json", "--format", form).stdout
    ran = specfuzz("plan", "library.json", "--format", form, "--output", "plan.out")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (folder / "plan.out").read_text(encoding="utf-8") == printed
