"""What makes a run fail: severity, confidence, coverage and grade, and what a baseline accepts."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.cli.gate import Gate, exit_code, say_why
from specfuzz.findings import Acceptance, Coverage, ExpectationRef, Finding, OperationRef, Result

READ = OperationRef(method="GET", path="/notes/{id}")


def finding(severity: str = "high", confidence: str = "firm", accepted: Acceptance | None = None) -> Finding:
    return Finding(
        rule="SF101", name="n", category="cross-user", severity=severity, confidence=confidence, operation=READ,
        title="t", detail="d", remediation="r", expectation=ExpectationRef(statement="s", source="x", confidence="firm"),
        evidence=(), reproduce="", fingerprint="0" * 16, accepted=accepted,
    )  # fmt: skip


def result(*findings: Finding, **changes: Any) -> Result:
    values: dict[str, Any] = {
        "tool_version": "0", "spec": "s", "url": "u", "requests": 1, "duration_s": 1.0, "operations_total": 1,
        "operations_exercised": 1, "findings": findings, "grade": "C",
        "coverage": (
            Coverage(operation=READ, rule="SF101", verdict="held"),
            Coverage(operation=READ, rule="SF102", verdict="inconclusive"),
            Coverage(operation=READ, rule="SF103", verdict="not-run", not_run="inapplicable"),
            Coverage(operation=READ, rule="SF104", verdict="not-run", not_run="deselected"),
        ),
    }  # fmt: skip
    return Result(**{**values, **changes})


@pytest.mark.parametrize(
    ("made", "gate", "code"),
    [
        (result(), Gate(), 0),
        (result(finding()), Gate(), 1),
        (result(finding("high")), Gate(fail_on="high"), 1),
        (result(finding("medium")), Gate(fail_on="high"), 0),
        (result(finding("info")), Gate(), 0),
        (result(finding(confidence="tentative")), Gate(), 0),
        (result(finding(confidence="tentative")), Gate(min_confidence="tentative"), 1),
        (result(finding(accepted=Acceptance(reason="r"))), Gate(), 0),
        (result(finding(accepted=Acceptance(reason="r", expires="2020-01-01", expired=True))), Gate(), 1),
        (result(), Gate(fail_below="C"), 0),
        (result(), Gate(fail_below="B"), 1),
        (result(), Gate(min_coverage=50), 0),
        (result(), Gate(min_coverage=51), 3),
        (result(finding(), problems=("gone",)), Gate(), 3),
        (result(finding(), problems=("gone",), interrupted=True), Gate(), 130),
    ],
    ids=[
        "nothing", "a finding", "severe enough", "not severe enough", "info", "not sure enough", "sure enough",
        "accepted", "no longer accepted", "grade reached", "grade missed", "coverage reached", "coverage missed",
        "not testable", "interrupted",
    ],
)  # fmt: skip
def test_the_exit_code_follows_from_result_and_thresholds(made: Result, gate: Gate, code: int) -> None:
    assert exit_code(made, gate) == code


def test_a_threshold_that_no_finding_explains_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    say_why(result(), Gate(min_coverage=80, fail_below="A"))
    said = capsys.readouterr().err
    assert "50 % of the promises were decided, --min-coverage asks for 80 %" in said
    assert "the grade is C, --fail-below asks for A" in said


def test_what_could_not_run_counts_against_the_coverage() -> None:
    unable = Coverage(operation=READ, rule="SF105", verdict="not-run", not_run="unable")
    made = result()
    assert made.decided_percent == 50
    assert result(coverage=(*made.coverage, unable, unable)).decided_percent == 25
