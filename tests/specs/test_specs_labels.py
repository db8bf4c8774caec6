"""The labelled operations: whole, small, drawn as the script says, and the derivation is as right as it must be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specfuzz.contract import Confidence
from specs.labels.__main__ import FOLDER, SURE, between_markers, main, render
from specs.labels.sample import excerpt
from specs.labels.score import Judged, Label, judge, precision, read_labels, recall

ROOT = Path(__file__).parents[2]
FACTS = judge(ROOT / FOLDER)


def test_every_operation_of_the_sample_is_labelled_and_no_other() -> None:
    sample = json.loads((ROOT / FOLDER / "sample.json").read_text(encoding="utf-8"))
    drawn = {(file, operation) for file, entry in sample.items() for operation in entry["operations"]}
    labelled = {(label.document, label.operation) for label in read_labels(ROOT / FOLDER)}
    assert drawn == labelled
    assert len(labelled) >= 150
    assert len({document for document, _ in labelled}) >= 12


def test_what_is_certain_or_firm_is_right_98_times_in_100() -> None:
    sure = precision(FACTS, at_least=Confidence.FIRM)
    assert sure.whole > 300
    assert sure.part >= SURE * sure.whole


def test_so_it_is_for_what_was_set_aside() -> None:
    sure = precision([fact for fact in FACTS if fact.label.held_out], at_least=Confidence.FIRM)
    assert sure.whole > 100
    assert sure.part >= SURE * sure.whole


def test_the_page_shows_the_figures_of_today() -> None:
    page = (ROOT / "docs" / "derivation.md").read_text(encoding="utf-8")
    assert between_markers(page, render(FACTS)) == page


def fact(claimed: str | None, *wanted: str, sure: Confidence | None = None, coarse: bool = False) -> Judged:
    label = Label(document="d", operation="GET /x", held_out=False, answers={})
    return Judged(
        kind="access", label=label, wanted=frozenset(wanted), claimed=claimed, confidence=sure, is_coarse=coarse
    )


def test_precision_is_of_claims_and_recall_of_labels() -> None:
    facts = [fact("a", "a", "b"), fact("c", "a"), fact(None, "a"), fact(None, "-"), fact("x", "y", coarse=True)]
    assert str(precision(facts)) == "2/3 (67 %)"
    assert str(recall(facts)) == "1/4 (25 %)"


def test_precision_is_told_by_confidence() -> None:
    facts = [fact("a", "a", sure=Confidence.CERTAIN), fact("a", "b", sure=Confidence.FIRM), fact("a", "a")]
    assert str(precision(facts, only=Confidence.CERTAIN)) == "1/1 (100 %)"
    assert str(precision(facts, at_least=Confidence.FIRM)) == "1/2 (50 %)"
    assert str(precision([], only=Confidence.FIRM)) == "–"


def test_wrong_labels_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.toml").write_text('["a.json"]\nheld_out = true\n"GET /x" = "public; read"\n', encoding="utf-8")
    assert main(["--folder", str(tmp_path)]) == 2
    assert "2 columns instead of 8" in capsys.readouterr().err


def test_an_excerpt_keeps_the_neighbours_and_the_schemas_of_an_operation_and_nothing_else() -> None:
    reply = {
        "200": {
            "description": "x" * 500,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
        }
    }
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {path: {"get": {"responses": reply}} for path in ("/a", "/a/{id}", "/z")},
        "components": {"schemas": {"A": {"properties": {"b": {"type": "string", "example": "long"}}}, "Z": {}}},
    }
    cut = excerpt(raw, [("/a/{id}", "get")])
    assert list(cut["paths"]) == ["/a", "/a/{id}"]
    assert cut["components"]["schemas"] == {"A": {"properties": {"b": {"type": "string"}}}}
    assert len(cut["paths"]["/a"]["get"]["responses"]["200"]["description"]) <= 120
