"""The corpus runner on documents of its own: what is tallied, and that a document that hangs costs no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from specs.corpus.__main__ import main
from specs.corpus.report import render
from specs.corpus.worker import Outcome, Worker, examine

OPERATION = {"responses": {"200": {"description": "x"}}}


def write(folder: Path, name: str, paths: object) -> Path:
    file = folder / name
    file.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}))
    return file


def test_a_contract_a_refusal_and_an_unreadable_operation_are_told_apart(tmp_path: Path) -> None:
    broken = {"requestBody": {"$ref": "#/nowhere"}, **OPERATION}
    whole = examine("whole", write(tmp_path, "a.json", {"/a": {"get": OPERATION, "post": broken}}))
    assert (whole.operations, whole.refused, whole.defect) == (1, None, None)
    assert whole.unreadable == ("POST /a: the reference '#/nowhere' leads nowhere",)
    assert set(whole.seconds) == {"read", "links", "derive", "plan"}
    refused = examine("refused", write(tmp_path, "b.json", {}))
    assert refused.refused == "the document has no `paths`"
    assert refused.defect is None


def test_a_document_that_hangs_is_a_defect_and_the_next_one_is_read(tmp_path: Path) -> None:
    good = write(tmp_path, "a.json", {"/a": {"get": OPERATION}})
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)  # nobody writes to it: reading it never ends
    worker = Worker(60.0)
    try:
        assert worker.read("good", good).operations == 1
        worker.limit_s = 0.05
        assert worker.read("hangs", pipe).defect == "over 0 s"
        worker.limit_s = 60.0
        assert worker.read("good", good).operations == 1
    finally:
        worker.close()


def test_the_report_tallies_and_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path, "a.json", {"/a": {"get": OPERATION}}), write(tmp_path, "b.json", {})]
    output = tmp_path / "CORPUS.md"
    assert main([*map(str, files), "--output", str(output)]) == 0
    text = output.read_text(encoding="utf-8")
    assert "| documents | 2 |" in text
    assert "| refused with one line | 1 |" in text
    assert "b.json | the document has no `paths` |" in text
    assert capsys.readouterr().out.strip() == text.strip()


def test_a_defect_is_shown_first() -> None:
    text = render([Outcome(name="x", defect="KeyError at y.py:3: 'z'"), Outcome(name="y", operations=3)])
    assert text.index("Defects of ours") < text.index("The slowest documents")
    assert "| crash, hang or dead process | 1 |" in text
