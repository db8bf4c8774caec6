"""The grade: what was found, and how much was really tried."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from specfuzz.findings import grade, score


def found(severity: str, confidence: str = "firm") -> Any:
    return SimpleNamespace(severity=severity, confidence=confidence)


def tried(**counts: int) -> list[Any]:
    return [
        SimpleNamespace(verdict=name.replace("_", "-"), not_run=None)
        for name, count in counts.items()
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("findings", "points"),
    [
        ([], 100),
        ([found("info")], 100),
        ([found("low")], 97),
        ([found("medium")], 90),
        ([found("high")], 75),
        ([found("critical")], 60),
        ([found("critical", "tentative")], 90),
        ([found("high"), found("medium"), found("low")], 62),
        ([found("critical")] * 5, 0),
    ],
    ids=lambda value: (
        "+".join(f"{item.severity}/{item.confidence}" for item in value) if isinstance(value, list) else ""
    ),
)
def test_each_finding_costs_by_its_severity(findings: list[Any], points: int) -> None:
    assert score(findings, tried(held=10)) == points


@pytest.mark.parametrize(
    ("counts", "points"),
    [
        ({}, 45),
        ({"not_run": 50}, 45),
        ({"inconclusive": 10}, 45),
        ({"held": 5, "inconclusive": 5}, 72),
        ({"held": 9, "inconclusive": 1}, 100),
        ({"held": 1, "not_run": 99}, 100),
    ],
    ids=str,
)
def test_a_run_that_decided_little_is_not_graded_well(counts: dict[str, int], points: int) -> None:
    assert score([], tried(**counts)) == points


@pytest.mark.parametrize(
    ("why", "points", "letter"),
    [("inapplicable", 100, "A"), ("deselected", 50, "D"), ("unable", 50, "D")],
    ids=["inapplicable", "deselected", "unable"],
)
def test_what_could_have_been_tried_and_was_not_lowers_the_grade(why: str, points: int, letter: str) -> None:
    left_out = [SimpleNamespace(verdict="not-run", not_run=why) for _ in range(90)]
    assert score([], (*tried(held=10), *left_out)) == points
    assert grade(score([], (*tried(held=10), *left_out))) == letter


def test_operations_that_could_not_be_read_lower_the_grade() -> None:
    assert score([], tried(held=10), unreadable=10) == 72


@pytest.mark.parametrize(
    ("points", "letter"),
    [(100, "A"), (90, "A"), (89, "B"), (80, "B"), (79, "C"), (65, "C"), (64, "D"), (50, "D"), (49, "F"), (0, "F")],
)
def test_a_score_has_its_letter(points: int, letter: str) -> None:
    assert grade(points) == letter
