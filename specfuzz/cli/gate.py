"""What makes a result fail: the thresholds of the command line, and the exit code that follows from them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specfuzz.cli.errors import FINDINGS, INTERRUPTED, UNTESTED

if TYPE_CHECKING:
    from specfuzz.findings import Finding, Result

GRADES = ("A", "B", "C", "D", "F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`--fail-on`, `--min-confidence`, `--min-coverage` (percent) and `--fail-below`."""

    fail_on: str = "low"
    min_confidence: str = "firm"
    min_coverage: int = 0
    fail_below: str | None = None
    counts_contract: bool = False
    """Whether findings about how answers fit the document fail the run as well: they are not what the tool is for."""

    def counts(self, finding: Finding) -> bool:
        """Whether a finding fails the run: bad enough, sure enough, about access, and not accepted in the baseline."""
        from specfuzz.findings.model import CONFIDENCES, SEVERITIES

        return (
            not finding.is_accepted
            and (finding.category != "contract" or self.counts_contract)
            and SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.fail_on)
            and CONFIDENCES.index(finding.confidence) <= CONFIDENCES.index(self.min_confidence)
        )

    def is_below(self, grade: str) -> bool:
        return self.fail_below is not None and GRADES.index(grade) > GRADES.index(self.fail_below)


def exit_code(result: Result, gate: Gate) -> int:
    """130 interrupted, 3 not testable, 1 findings or a grade beyond the thresholds, else 0."""
    if result.interrupted:
        return INTERRUPTED
    if result.problems or result.decided_percent < gate.min_coverage:
        return UNTESTED
    failed = gate.is_below(result.grade) or any(gate.counts(item) for item in result.findings)
    return FINDINGS if failed else 0


def say_why(result: Result, gate: Gate) -> None:
    """What the reports do not show: that a threshold was missed which is no finding."""
    if result.decided_percent < gate.min_coverage:
        print(
            f"not enough was tested: {result.decided_percent} % of the promises were decided, "
            f"--min-coverage asks for {gate.min_coverage} %",
            file=sys.stderr,
        )
    if gate.is_below(result.grade):
        print(f"the grade is {result.grade}, --fail-below asks for {gate.fail_below}", file=sys.stderr)
