"""Documents made to hang, to fill the memory or to read what is none of theirs: one clear line, soon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specfuzz.cli import app as command_line

OPERATION = {"responses": {"200": {"description": "x"}}}
LAUGHS = "\n".join(
    ["openapi: 3.0.3", "a0: &a0 [lol, lol]"]
    + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 40)]
    + ["paths: {/a: {get: {responses: {}}}}"]
)
DEEP = '{"openapi": "3.0.3", "paths": {"/a": {"get": {"responses": ' + '{"a": ' * 50_000 + "1" + "}" * 50_003


def refused(path: Path | str) -> str:
    result = CliRunner().invoke(
        command_line, ["run", str(path), "--url", "http://127.0.0.1:1"], env={"NO_COLOR": "1", "COLUMNS": "200"}
    )
    assert result.exit_code == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert "bug in specfuzz" not in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [(LAUGHS, "aliases stand for more than"), (DEEP, "nested too deeply"), ("a: &a {b: *a}", "stands for itself")],
    ids=["billion-laughs", "deep", "circle"],
)
def test_a_hostile_text_is_refused_with_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    assert said in refused(path)


def test_a_file_of_200_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # it takes no space on disk
    assert "larger than 100 MB" in refused(path)


def test_a_file_without_an_end_is_refused() -> None:
    assert "larger than 100 MB" in refused("/dev/zero")


def test_a_document_whose_every_operation_leads_out_of_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    body = {"content": {"application/json": {"schema": {"$ref": "file:///etc/passwd"}}}}
    raw = {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}}
    path.write_text(
        json.dumps({**raw, "paths": {"/a": {"post": {"requestBody": body, **OPERATION}}}}), encoding="utf-8"
    )
    said = refused(path)
    assert "file:///etc/passwd" in said
    assert "not followed" in said
    assert "root:" not in said
