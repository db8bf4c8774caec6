"""Commands run in this process, on documents in a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from specfuzz.cli import app


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Ran]


def library() -> dict[str, Any]:
    """A small document with something of everything: accounts, objects of one's own, a role, danger."""
    text = {"type": "string"}
    user = {"type": "object", "properties": {"id": {"type": "integer", "readOnly": True}, "name": text, "role": text}}
    book = {"type": "object", "properties": {"id": {"type": "integer"}, "title": text, "owner_id": {"type": "integer"}}}
    new_book = {"type": "object", "properties": {"title": text}, "required": ["title"]}
    account = {"type": "object", "properties": {"name": text, "password": text}, "required": ["name", "password"]}
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}

    def answers(schema: Any, status: str = "200") -> dict[str, Any]:
        return {status: {"description": "Fine", "content": {"application/json": {"schema": schema}}}}

    def takes(schema: Any) -> dict[str, Any]:
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    return {
        "openapi": "3.0.3",
        "info": {"title": "Library", "version": "1"},
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"User": user, "Book": book},
        },
        "paths": {
            "/register": {
                "post": {
                    "operationId": "register",
                    "security": [],
                    "requestBody": takes(account),
                    "responses": answers({"$ref": "#/components/schemas/User"}, "201"),
                }
            },
            "/login": {
                "post": {
                    "operationId": "login",
                    "security": [],
                    "requestBody": takes(account),
                    "responses": answers({"type": "object", "properties": {"token": text}}),
                }
            },
            "/books": {
                "get": {
                    "operationId": "listBooks",
                    "tags": ["books"],
                    "responses": answers({"type": "array", "items": {"$ref": "#/components/schemas/Book"}}),
                },
                "post": {
                    "operationId": "addBook",
                    "tags": ["books"],
                    "requestBody": takes(new_book),
                    "responses": answers({"$ref": "#/components/schemas/Book"}, "201"),
                },
            },
            "/books/{id}": {
                "parameters": [identifier],
                "get": {
                    "operationId": "readBook",
                    "tags": ["books"],
                    "description": "Only the owner may read it.",
                    "responses": answers({"$ref": "#/components/schemas/Book"}),
                },
                "patch": {
                    "operationId": "changeBook",
                    "tags": ["books"],
                    "description": "Only the owner may change it.",
                    "requestBody": takes(new_book),
                    "responses": answers({"$ref": "#/components/schemas/Book"}),
                },
            },
            "/admin/books/{id}": {
                "delete": {
                    "operationId": "removeBook",
                    "parameters": [identifier],
                    "responses": {"204": {"description": "Gone"}},
                }
            },
            "/reset": {"post": {"operationId": "reset", "responses": {"204": {"description": "All gone"}}}},
            "/broken/{id}": {"get": {"parameters": [{"$ref": "#/nowhere"}], "responses": {}}},
        },
    }


@pytest.fixture
def raw_library() -> dict[str, Any]:
    """The library, to be changed before it is written."""
    return library()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the command, with `library.json` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "library.json").write_text(json.dumps(library()), encoding="utf-8")
    return tmp_path


@pytest.fixture
def specfuzz(folder: Path) -> Command:
    """Run the command in the folder."""

    def run(*arguments: str) -> Ran:
        result = CliRunner().invoke(app, arguments, env={"NO_COLOR": "1"})
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run
