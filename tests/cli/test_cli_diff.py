"""`specfuzz plan --lock` and `specfuzz diff`: files, forms and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def changed(folder: Path, raw_library: dict[str, Any]) -> Path:
    """`new.json`: the library with a promise weakened and an operation gone."""
    raw = raw_library
    raw["paths"]["/books/{book}"] = raw["paths"].pop("/books/{id}")
    raw["paths"]["/books/{book}"]["parameters"] = [{"name": "book", "in": "path", "required": True, "schema": {}}]
    raw["paths"]["/books/{book}"]["get"]["description"] = ""
    del raw["paths"]["/reset"]
    (folder / "new.json").write_text(json.dumps(raw), encoding="utf-8")
    return folder / "new.json"


WEAKER = "more open: it was for the owner only, and is now for any authenticated caller"


def test_a_lock_is_written_and_compared_with_a_document(specfuzz: Command, folder: Path, changed: Path) -> None:
    assert specfuzz("plan", "library.json", "--lock").returncode == 0
    assert specfuzz("diff", "specfuzz.lock.json", "library.json") == (0, "No promise changed.\n", "")
    ran = specfuzz("diff", "specfuzz.lock.json", "new.json")
    assert ran.returncode == 1
    assert ran.stdout == (
        f"Weakened\n  GET /books/{{id}}: {WEAKER}\n\n"
        "Gone\n  POST /reset: is gone; it was for any authenticated caller\n\n"
        "1 promise weakened, 1 gone\n"
    )


def test_documents_and_locks_compare_alike(specfuzz: Command, folder: Path, changed: Path) -> None:
    specfuzz("plan", "library.json", "--lock", "--output", "old.lock.json")
    specfuzz("plan", "new.json", "--lock", "--output", "new.lock.json")
    pairs = [(old, new) for old in ("library.json", "old.lock.json") for new in ("new.json", "new.lock.json")]
    ran = [specfuzz("diff", *pair, "--format", "json") for pair in pairs]
    assert {item.returncode for item in ran} == {1}
    told = [[(item["kind"], item["text"]) for item in json.loads(found.stdout)["changes"]] for found in ran]
    assert told == [told[0]] * 4


def test_what_got_stricter_exits_with_0(specfuzz: Command, changed: Path) -> None:
    ran = specfuzz("diff", "new.json", "library.json")
    assert ran.returncode == 0
    assert "Strengthened\n  GET /books/{book}: less open" in ran.stdout


def test_the_json_form_names_operation_and_field(specfuzz: Command, changed: Path) -> None:
    document = json.loads(specfuzz("diff", "library.json", "new.json", "--format", "json").stdout)
    assert document["weakened"] == 1
    assert document["changes"][0] == {
        "kind": "weakened",
        "aspect": "access",
        "operation": {"method": "GET", "path": "/books/{id}"},
        "field": None,
        "text": WEAKER,
    }


def test_the_markdown_form_is_a_comment(specfuzz: Command, changed: Path, folder: Path) -> None:
    ran = specfuzz("diff", "library.json", "new.json", "--format", "markdown", "--output", "comment.md")
    assert (ran.returncode, ran.stdout) == (1, "")
    text = (folder / "comment.md").read_text(encoding="utf-8")
    assert text.startswith(
        "### API promises\n\n1 promise weakened, 1 gone\n\n#### Weakened\n\n| operation | change |\n"
    )
    assert f"| `GET /books/{{id}}` | {WEAKER} |" in text
    assert "<details><summary>Gone (1)</summary>" in text


def test_a_policy_about_one_version_alone_is_no_error(specfuzz: Command, changed: Path, folder: Path) -> None:
    text = '[[policy]]\npath = "/reset"\naccess = "role:admin"\n[[policy]]\npath = "/books/*"\naccess = "owner"\n'
    (folder / "specfuzz.toml").write_text(text, encoding="utf-8")
    ran = specfuzz("diff", "library.json", "new.json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "POST /reset: is gone; it was for the role admin only" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("diff", "library.json", "nothing.json"), "no such file: nothing.json"),
        (("diff", "library.json", "library.json", "--format", "xml"), "one of text, markdown, json"),
        (("diff", "broken.lock.json", "library.json"), "not a lock"),
        (("plan", "library.json", "--lock", "--tag", "books"), "a lock is of the whole document"),
    ],
)
def test_wrong_usage_exits_with_2(specfuzz: Command, folder: Path, arguments: tuple[str, ...], words: str) -> None:
    (folder / "broken.lock.json").write_text('{"lock_version": "1", ', encoding="utf-8")
    ran = specfuzz(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert words in ran.stderr
