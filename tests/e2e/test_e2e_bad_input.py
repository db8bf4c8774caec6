"""What people get wrong: one clear message on stderr, no traceback, exit code 2 (3 where nothing could be tested)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps.notebook import Notebook
from typer.testing import CliRunner

from specfuzz.cli import app as command_line

NOWHERE = "http://127.0.0.1:1"
"""Port 1 (tcpmux) is served by nobody."""


def refused(*arguments: str, code: int = 2) -> str:
    """The message that the command refuses these arguments with."""
    result = CliRunner().invoke(command_line, ["run", *arguments], env={"NO_COLOR": "1", "COLUMNS": "200"})
    assert result.exit_code == code, result.stdout + result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "bug in specfuzz" not in result.stderr
    assert result.stderr.lower().count("error") >= 1
    return result.stderr


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., str]:
    """Write a document; its path."""

    def write(content: Any, name: str = "openapi.json") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


# The document ------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_and_its_near_miss(document: Callable[..., str]) -> None:
    path = document({}, "openapi.json")
    said = refused(path.replace("openapi.json", "openpai.json"), "--url", NOWHERE)
    assert "no such file" in said
    assert "openapi.json" in said


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("paths: [unclosed", "openapi.yaml"),
        ("{'openapi': ", "openapi.json"),
        ("<!doctype html><html><body>Swagger UI</body></html>", "openapi.json"),
        ("", "openapi.yaml"),
        ("just a text", "openapi.yaml"),
        ([1, 2], "openapi.json"),
        ({"swagger": "1.2", "apis": []}, "openapi.json"),
        ({"hello": "world"}, "openapi.json"),
        ({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}}, "openapi.json"),
        ({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}, "openapi.json"),
        ({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": []}, "openapi.json"),
        ({"openapi": 3, "paths": {"/x": "y"}}, "openapi.json"),
    ],
    ids=["broken-yaml", "broken-json", "html", "empty", "prose", "list", "swagger-1", "not-openapi", "no-paths",
         "empty-paths", "paths-is-a-list", "path-is-a-text"],
)  # fmt: skip
def test_what_is_no_document(document: Callable[..., str], content: Any, name: str) -> None:
    path = document(content, name)
    assert Path(path).name in refused(path, "--url", NOWHERE)


def test_binary_and_directory(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    assert "image.png" in refused(str(tmp_path / "image.png"), "--url", NOWHERE)
    assert "directory" in refused(str(tmp_path), "--url", NOWHERE)


def test_references_to_nowhere_are_named_and_nothing_passes(
    document: Callable[..., str], serve: Callable[..., Any]
) -> None:
    broken = Notebook().document()
    broken["components"]["schemas"] = {}
    served = serve(Notebook(weakness="read"))
    result = CliRunner().invoke(command_line, ["run", document(broken), "--url", served.url], env={"COLUMNS": "200"})
    assert result.exit_code == 3, result.stderr
    assert "#/components/schemas/NoteInput" in result.stdout + result.stderr


def test_one_reference_to_nowhere_costs_one_operation(document: Callable[..., str], serve: Callable[..., Any]) -> None:
    broken = Notebook().document()
    del broken["components"]["schemas"]["NotePatch"]
    served = serve(Notebook(weakness="read"))
    result = CliRunner().invoke(command_line, ["run", document(broken), "--url", served.url, "--format", "json"])
    assert result.exit_code == 1, result.stderr
    report = json.loads(result.stdout)
    assert [item["rule"] for item in report["findings"]] == ["SF101"]
    assert any("PATCH /notes/{id}" in line and "NotePatch" in line for line in report["unreadable"])


def test_a_circular_reference_works(document: Callable[..., str], serve: Callable[..., Any]) -> None:
    circular = Notebook().document()
    note = circular["components"]["schemas"]["Note"]
    note["properties"]["replies"] = {"type": "array", "items": {"$ref": "#/components/schemas/Note"}}
    circular["components"]["schemas"]["NoteInput"]["properties"]["reply"] = {"$ref": "#/components/schemas/NoteInput"}
    served = serve(Notebook(weakness="read"))
    result = CliRunner().invoke(command_line, ["run", document(circular), "--url", served.url, "--format", "json"])
    assert result.exit_code == 1, result.stderr
    assert [item["rule"] for item in json.loads(result.stdout)["findings"]] == ["SF101"]


def test_an_address_that_serves_no_document(serve: Callable[..., Any]) -> None:
    from apps.notebook import Habits

    served = serve(Notebook(Habits(refusal="page")))
    said = refused(f"{served.url}/docs")
    assert "HTML" in said or "html" in said
    assert "404" in refused(f"{serve(Notebook()).url}/nothing")


def test_nobody_answers(document: Callable[..., str]) -> None:
    assert NOWHERE in refused(f"{NOWHERE}/openapi.json", code=3)


def test_nobody_answers_at_the_base_url_and_a_report_says_so(document: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    arguments = ["run", document(Notebook().document()), "--url", NOWHERE, "--format", "json", "--output", str(path)]
    result = CliRunner().invoke(command_line, arguments)
    assert result.exit_code == 3
    assert NOWHERE in json.loads(path.read_text())["problems"][0]


# The options -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "127.0.0.1:8000", "file:///etc/passwd", "http://", "http://h:99999"]
)
def test_a_base_url_that_is_none(document: Callable[..., str], url: str) -> None:
    assert url in refused(document(Notebook().document()), "--url", url)


def test_a_document_that_names_no_server_of_ours(document: Callable[..., str]) -> None:
    named = {**Notebook().document(), "servers": [{"url": "https://api.example.com/v1"}]}
    said = refused(document(named))
    assert "--url" in said
    assert "https://api.example.com/v1" in said


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--format", "xml", "json"),
        ("--fail-on", "hihg", "high"),
        ("--min-confidence", "sure", "firm"),
        ("--max-time", "soon", "10m"),
        ("--max-time", "0s", "10m"),
        ("--max-requests", "0", "--max-requests"),
        ("--concurrency", "99", "--concurrency"),
        ("--min-coverage", "101", "--min-coverage"),
        ("--rate-limit", "0", "--rate-limit"),
        ("--timeout", "0", "--timeout"),
        ("--timeout", "-3", "--timeout"),
        ("--seed", "x", "--seed"),
        ("--rule", "SF1O1", "SF101"),
        ("--rule", "cross-user-raed", "did you mean SF101"),
        ("--operation", "GET /note/{id}", "GET /notes/{id}"),
        ("--tag", "notes", "tag"),
        ("--no-such-option", "x", "--no-such-option"),
    ],
)
def test_a_wrong_option_value_is_named_with_what_is_right(
    document: Callable[..., str], option: str, value: str, wanted: str
) -> None:
    said = refused(document(Notebook().document()), "--url", NOWHERE, option, value)
    assert wanted in said


@pytest.mark.parametrize(
    "place", ["missing/report.json", "", "file/report.json"], ids=["no-folder", "a-folder", "in-a-file"]
)
def test_an_output_that_cannot_be_written_is_told_before_the_run(
    document: Callable[..., str], serve: Callable[..., Any], tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    notebook = Notebook()
    served = serve(notebook)
    said = refused(document(notebook.document()), "--url", served.url, "--output", str(tmp_path / place))
    assert str(tmp_path) in said
    assert notebook.requests == 0


def test_a_report_to_a_link_or_a_device_replaces_neither(serve: Callable[..., Any], tmp_path: Path) -> None:
    served = serve(Notebook())
    real, link, null = tmp_path / "real.json", tmp_path / "link.json", tmp_path / "null"
    link.symlink_to(real)
    null.symlink_to("/dev/null")
    for path in (link, null):
        arguments = ["run", served.document, "--format", "json", "--output", str(path), "--rule", "SF101"]
        assert CliRunner().invoke(command_line, arguments).exit_code == 0
        assert path.is_symlink()
    assert json.loads(real.read_text())["schema_version"] == "1"
    assert Path("/dev/null").is_char_device()


# The auth file -----------------------------------------------------------------------------------------------------

FIXED = "auth:\n- name: ada\n  fixedHeaders:\n  - {name: Authorization, value: '%s'}\n"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (FIXED % "Bearer ${SPECFUZZ_TEST_UNSET}", "SPECFUZZ_TEST_UNSET"),
        ("auth: [", "auth.yaml"),
        ("", "auth"),
        ("auth: []", "auth"),
        ("auth:\n- fixedHeaders: []\n", "name"),
        ("auth:\n- name: ada\n  fixedHeader: []\n", "fixedHeaders"),
        ((FIXED + FIXED.removeprefix("auth:\n")) % ("a", "b"), "twice"),
    ],
    ids=["unset-variable", "broken-yaml", "empty", "nobody", "no-name", "near-miss", "twice"],
)
def test_a_wrong_auth_file_is_told_with_its_place(
    document: Callable[..., str], monkeypatch: pytest.MonkeyPatch, content: str, wanted: str
) -> None:
    monkeypatch.delenv("SPECFUZZ_TEST_UNSET", raising=False)
    auth = document(content, "auth.yaml")
    said = refused(document(Notebook().document()), "--url", NOWHERE, "--auth", auth)
    assert wanted in said
    assert "auth.yaml" in said


def test_an_auth_file_that_is_not_there(document: Callable[..., str]) -> None:
    assert "nowhere.yaml" in refused(document(Notebook().document()), "--url", NOWHERE, "--auth", "nowhere.yaml")
