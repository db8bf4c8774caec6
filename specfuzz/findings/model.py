"""A finding and everything else that a run's result holds, as plain frozen values that every report is fed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("critical", "high", "medium", "low", "info")
CONFIDENCES = ("certain", "firm", "tentative")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRef:
    """An operation as the document writes it: `path` is the template, without any base path."""

    method: str
    path: str

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One exchange of a proof, already redacted. `request` and `response` are what the JSON report shows."""

    role: str
    identity: str
    note: str
    request: Mapping[str, Any]
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationRef:
    statement: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken promise with its proof."""

    rule: str
    name: str
    category: str
    severity: str
    confidence: str
    operation: OperationRef
    title: str
    detail: str
    remediation: str
    expectation: ExpectationRef
    evidence: tuple[Evidence, ...]
    reproduce: str
    fingerprint: str
    field: str | None = None
    owner: str | None = None
    actor: str | None = None
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()

    @property
    def sort_key(self) -> tuple[int, int, str, str, str, str]:
        return (
            SEVERITIES.index(self.severity),
            CONFIDENCES.index(self.confidence),
            self.rule,
            self.operation.path,
            self.operation.method,
            self.field or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What became of one rule at one operation: `held`, `broken`, `inconclusive` or `not-run`, and why.

    `only_looked` where nothing was tried and the answers to other rules' requests were looked at: that alone tests nothing.
    """

    operation: OperationRef
    rule: str
    verdict: str
    reason: str | None = None
    only_looked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a run. `problems` are reasons why the target could not be tested as asked; `notes` are for people."""

    tool_version: str
    spec: str
    url: str
    requests: int
    duration_s: float
    operations_total: int
    operations_exercised: int
    coverage: tuple[Coverage, ...]
    findings: tuple[Finding, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    interrupted: bool = False
    seed: int = 0
    identities: tuple[str, ...] = ()
    grade: str = "A"
    score: int = 100
    unreadable: tuple[str, ...] = field(default=())

    def count(self, severity: str) -> int:
        return sum(1 for finding in self.findings if finding.severity == severity)
