"""Hold a report against the truth. Pure: the same report and truth give the same judgement.

A finding counts when rule, method, path template and field (where the truth names one) all match a weakness whose
switch is on. One that matches a consequence of an on switch counts neither way. Everything else is a false alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from specs.runner.rules import RESPONSE_PROPERTY, SESSION_WIDE
from specs.runner.truth import Trap, Truth, Weakness

CONFIDENCES: Final = ("certain", "firm", "tentative")
FIRM: Final = frozenset({"certain", "firm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the judgement needs of a finding in specfuzz's JSON report."""

    rule: str
    method: str
    path: str
    field: str | None
    confidence: str
    title: str = ""
    detail: str = ""

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.field})" if self.field else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A coverage row of the report: what became of one rule at one operation."""

    rule: str
    method: str
    path: str
    verdict: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run's report, as far as it is judged. `failure` says why there is none, or why it says nothing."""

    findings: tuple[Finding, ...] = ()
    coverage: tuple[Row, ...] = ()
    requests: int = 0
    operations: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    weakness: Weakness
    confidence: str

    @property
    def firm(self) -> bool:
        return self.confidence in FIRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    weakness: Weakness
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A false alarm, and the trap that it fell for, if there is one."""

    finding: Finding
    trap: Trap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    found: tuple[Found, ...]
    missed: tuple[Missed, ...]
    alarms: tuple[Alarm, ...]
    neither: tuple[Finding, ...] = ()

    @property
    def wanted(self) -> int:
        return len(self.found) + len(self.missed)


def read_report(document: Mapping[str, Any]) -> Report:
    """The report that `specfuzz run --format json` wrote. Raises `KeyError` or `TypeError` if it is none."""
    findings = [
        Finding(
            rule=entry["rule"],
            method=entry["operation"]["method"],
            path=entry["operation"]["path"],
            field=entry["field"],
            confidence=entry["confidence"],
            title=entry.get("title") or "",
            detail=entry.get("detail") or "",
        )
        for entry in document["findings"]
    ]
    coverage = [
        Row(
            rule=entry["rule"],
            method=entry["operation"]["method"],
            path=entry["operation"]["path"],
            verdict=entry["verdict"],
            reason=entry["reason"],
        )
        for entry in document["coverage"]
    ]
    problems = document.get("problems") or []
    return Report(
        findings=tuple(findings),
        coverage=tuple(coverage),
        requests=document["summary"]["requests"],
        operations=document["summary"]["operations"]["exercised"],
        failure="; ".join(map(str, problems)) or None,
    )


def judge(
    report: Report, truth: Truth, *, on: Collection[str], wanted: Collection[str] | None = None, served: bool = False
) -> Judgement:
    """Judge the report of a run with the switches `on`.

    `wanted` are the switches whose weaknesses have to be found; those of the others that are on (because a wanted one
    needs them) may be reported and need not be. `served` says that the run read the served document.
    """
    wanted = on if wanted is None else wanted
    weaknesses = [item for item in truth.weaknesses if is_on(item, on)]
    consequences = [item for item in truth.consequences if is_on(item, on)]
    best: dict[Weakness, str] = {}
    alarms: list[Alarm] = []
    neither: list[Finding] = []
    for finding in report.findings:
        hits = [item for item in weaknesses if matches(finding, item)]
        for item in hits:
            best[item] = min(best.get(item, finding.confidence), finding.confidence, key=_rank)
        if not any(item.switch in wanted for item in hits):
            if hits or any(matches(finding, item) for item in consequences):
                neither.append(finding)
            else:
                alarms.append(Alarm(finding=finding, trap=_trap(finding, truth.traps)))
    due = [item for item in weaknesses if item.switch in wanted and (served or not item.served)]
    return Judgement(
        found=tuple(Found(weakness=item, confidence=best[item]) for item in due if item in best),
        missed=tuple(Missed(weakness=item, reason=why_missed(item, report)) for item in due if item not in best),
        alarms=tuple(alarms),
        neither=tuple(neither),
    )


def is_on(item: Weakness, on: Collection[str]) -> bool:
    return item.switch in on and all(name in on for name in item.needs)


def matches(finding: Finding, item: Weakness) -> bool:
    """Whether the finding is this weakness. About a session or token as a whole, the operation is where it was seen."""
    if finding.rule != item.rule:
        return False
    if item.rule in SESSION_WIDE:
        return True
    return (finding.method, finding.path) == (item.method, item.path) and _same_field(finding, item)


def _same_field(finding: Finding, item: Weakness) -> bool:
    if item.field is None or finding.field == item.field:
        return True
    if item.rule not in RESPONSE_PROPERTY or finding.field is None:
        return False
    # The truth names the property; a response may have it in an envelope: `items[].pin`.
    return finding.field.replace("[]", "").rpartition(".")[2] == item.field


def why_missed(item: Weakness, report: Report) -> str:
    """The verdict and reason that the report's own coverage states for the missed weakness."""
    if report.failure is not None and not report.coverage:
        return f"the run failed: {report.failure}"
    rows = [row for row in report.coverage if row.rule == item.rule]
    if not rows:
        return f"specfuzz has no rule {item.rule}"
    if item.rule not in SESSION_WIDE:
        rows = [row for row in rows if (row.method, row.path) == (item.method, item.path)]
        if not rows:
            return "the report says nothing of this operation"
    row = min(rows, key=_telling)
    others = sorted({other.label for other in report.findings if other.rule == item.rule and _at(other, item)})
    said = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
    return f"{said}; reported is {', '.join(others)}" if others else said


def _at(finding: Finding, item: Weakness) -> bool:
    return (finding.method, finding.path) == (item.method, item.path)


def _telling(row: Row) -> tuple[int, str]:
    """Of many rows of a session-wide rule the one that got furthest says most."""
    order = ("broken", "inconclusive", "held", "not-run")
    return (order.index(row.verdict) if row.verdict in order else len(order), row.reason or "")


def _trap(finding: Finding, traps: Iterable[Trap]) -> Trap | None:
    """The trap at the finding's operation, before others the one of its rule."""
    here = [trap for trap in traps if (trap.method, trap.path) == (finding.method, finding.path)]
    return min(here, key=lambda trap: trap.rule != finding.rule, default=None)


def _rank(confidence: str) -> int:
    return CONFIDENCES.index(confidence) if confidence in CONFIDENCES else len(CONFIDENCES)
