"""A score from 0 to 100 and a grade from A to F: what was found, and how much was really tried. See `docs/grading.md`."""

from __future__ import annotations

from collections.abc import Iterable

from specfuzz.findings.model import Coverage, Finding

_COST = {"critical": 40, "high": 25, "medium": 10, "low": 3, "info": 0}
"""Points that one finding costs; a tentative one costs a quarter."""

_GRADES = ((90, "A"), (80, "B"), (65, "C"), (50, "D"), (0, "F"))


def score(findings: Iterable[Finding], coverage: Iterable[Coverage], unreadable: int = 0) -> int:
    """100 less the cost of every finding, capped by how many of the API's promises were really decided.

    `unreadable` counts operations of the document that could not be read: a promise each, at least, that nobody tried.
    """
    cost = sum(_COST[item.severity] / (4 if item.confidence == "tentative" else 1) for item in findings)
    return max(0, min(round(100 - cost), _cap(coverage, unreadable)))


def grade(points: int) -> str:
    """The letter for a score."""
    return next(letter for floor, letter in _GRADES if points >= floor)


def _cap(coverage: Iterable[Coverage], unreadable: int) -> int:
    """A run that decided little cannot be graded well: 100 from nine tenths decided, 45 where nothing was.

    What the user left out counts as undecided here: a run of one rule says little about the API, however well it went.
    """
    tried = ("held", "broken", "inconclusive")
    due = [item for item in coverage if item.verdict in tried or item.not_run in ("deselected", "unable")]
    decided = sum(1 for item in due if item.verdict in ("held", "broken"))
    share = decided / (len(due) + unreadable) if due else 0.0
    return 100 if share >= 0.9 else round(45 + share * 55)
