"""The cache of contracts: the same contract at once, and nothing that others could have written is believed."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from specfuzz.cli import cache
from specfuzz.cli.target import load_contract
from specfuzz.contract import Contract, derive, parse

RAW: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/notes/{id}": {
            "patch": {
                "description": "Only the owner may do this.",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                "responses": {"200": {"description": "It"}},
            },
            "get": {
                "responses": {
                    "200": {
                        "description": "It",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                    }
                }
            },
        },
        "/notes": {"post": {"requestBody": {"$ref": "#/nowhere"}, "responses": {"201": {"description": "Made"}}}},
    },
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Note": {
                "type": "object",
                "properties": {"id": {"type": "integer", "readOnly": True}, "title": {"type": "string"}},
            }
        },
    },
}
TEXT = json.dumps(RAW)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    yield tmp_path / "cache" / "contracts"


def contract(text: str = TEXT) -> Contract:
    return derive(parse(text, "notes.json"))


def the_file(folder: Path) -> Path:
    [file] = folder.iterdir()
    return file


def test_what_was_kept_is_recalled_whole(folder: Path) -> None:
    made = contract()
    assert cache.keep(TEXT, made)
    found = cache.recall(TEXT, "elsewhere.json")
    assert found is not None
    assert found.operations == made.operations
    assert found.resources == made.resources
    assert found.links == made.links
    assert found.document == replace(made.document, location="elsewhere.json", schemas=found.document.schemas)
    assert found.document.location == "elsewhere.json"
    target = found.get("PATCH /notes/{id}")
    assert target is not None
    assert "id" in [field.name for field in target.forbidden_fields]
    body = target.operation.bodies[0]
    assert list(found.document.schemas.properties(body.schema, body.pointer)) == ["id", "title"]


def test_another_text_is_not_recalled(folder: Path) -> None:
    cache.keep(TEXT, contract())
    assert cache.recall(TEXT + " ", "x") is None


def test_other_code_makes_other_contracts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.keep(TEXT, contract())
    monkeypatch.setattr(cache, "_code_digest", lambda: b"later")
    assert cache.recall(TEXT, "x") is None


def test_folder_and_file_are_private(folder: Path) -> None:
    cache.keep(TEXT, contract())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert the_file(folder).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o750, 0o701])
def test_a_folder_that_others_get_into_is_not_used(folder: Path, mode: int) -> None:
    cache.keep(TEXT, contract())
    folder.chmod(mode)
    assert cache.recall(TEXT, "x") is None
    assert not cache.keep(TEXT, contract())


@pytest.mark.parametrize("mode", [0o660, 0o606, 0o644])
def test_a_file_that_others_get_at_is_not_believed(folder: Path, mode: int) -> None:
    cache.keep(TEXT, contract())
    the_file(folder).chmod(mode)
    assert cache.recall(TEXT, "x") is None


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    cache.keep(TEXT, contract())
    file = the_file(folder)
    file.rename(tmp_path / "moved")
    file.symlink_to(tmp_path / "moved")
    assert cache.recall(TEXT, "x") is None
    folder.rename(tmp_path / "real")
    folder.symlink_to(tmp_path / "real")
    assert not cache.keep(TEXT, contract())


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-5], lambda data: data[:30], lambda data: b"x" + data, lambda data: data[:-3] + b"abc"],
    ids=["empty", "cut", "cut-early", "shifted", "changed"],
)  # fmt: skip
def test_a_broken_file_is_ignored_and_replaced(folder: Path, damage: Any, tmp_path: Path) -> None:
    document = tmp_path / "notes.json"
    document.write_text(TEXT, encoding="utf-8")
    load_contract(str(document))
    file = the_file(folder)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert cache.recall(TEXT, "x") is None
    assert load_contract(str(document)).operations == contract().operations
    assert cache.recall(TEXT, "x") is not None


class Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def planted(folder: Path, payload: bytes) -> None:
    """A cache file with a right digest, as somebody who knows the format would write it."""
    import hashlib

    cache.keep(TEXT, contract())
    file = the_file(folder)
    file.write_bytes(cache._MAGIC + hashlib.sha256(payload).digest() + payload)


def test_a_pickle_that_names_another_class_runs_nothing(folder: Path, tmp_path: Path) -> None:
    planted(folder, pickle.dumps(Evil(str(tmp_path / "made"))))
    assert cache.recall(TEXT, "x") is None
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["cspecfuzz.contract.document\nre\n.", "cspecfuzz.contract.derive\nderive\n."])
def test_functions_and_modules_that_a_contract_module_imports_are_out_of_reach(folder: Path, name: str) -> None:
    planted(folder, name.encode())
    assert cache.recall(TEXT, "x") is None


def test_a_pickle_of_something_else_is_ignored(folder: Path) -> None:
    planted(folder, pickle.dumps({"a": 1}))
    assert cache.recall(TEXT, "x") is None


def test_without_the_cache_nothing_is_written_or_read(folder: Path, tmp_path: Path) -> None:
    document = tmp_path / "notes.json"
    document.write_text(TEXT, encoding="utf-8")
    load_contract(str(document), use_cache=False)
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "file"))
    assert not cache.keep(TEXT, contract())
    assert cache.recall(TEXT, "x") is None


def test_the_oldest_files_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_FILES", 2)
    texts = [TEXT + " " * number for number in range(4)]
    for number, text in enumerate(texts):
        cache.keep(text, contract())
        os.utime(folder / cache._name(text), (number + 1, number + 1))
    cache.keep(TEXT + "\n", contract())
    assert [cache.recall(text, "x") is not None for text in (*texts, TEXT + "\n")] == [False, False, False, True, True]
