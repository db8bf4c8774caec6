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
class Recorded:
    """One exchange of the whole run, redacted, with when it was sent (seconds after the start) and how long it took."""

    at_s: float
    elapsed_s: float
    operation: str | None
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the document says what was broken: a JSON pointer, and its line and column, both from 1, if they are known."""

    pointer: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRef:
    """A rule that the run knew, as a reader of its report needs it. `attacks` is false where it only looks at answers."""

    id: str
    name: str
    category: str
    severity: str
    promise: str
    remediation: str
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    attacks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationRef:
    statement: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Why a reviewer accepted a finding, and until when (an ISO date, or None for good)."""

    reason: str
    expires: str | None = None
    expired: bool = False


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
    place: Place | None = None
    accepted: Acceptance | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the baseline takes the finding as known: it is shown and fails nothing."""
        return self.accepted is not None and not self.accepted.expired

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
    `not_run` tells apart why it did not run: `inapplicable` (the rule has nothing to try there), `deselected` (the user
    left it out) or `unable` (it should have run and could not). None where it ran.
    """

    operation: OperationRef
    rule: str
    verdict: str
    reason: str | None = None
    only_looked: bool = False
    not_run: str | None = None


ALLOWED, REFUSED, OWN, OPEN = "allowed", "refused", "own-only", "unsaid"
"""What the contract expects of an identity at an operation; `own-only`: it may, and gets to see nothing but its own."""

GOT_THROUGH, ANSWERED, UNCLEAR, UNTRIED = "got-through", "answered", "unclear", "not-tried"
"""What was seen, beside `allowed` and `refused`: an attack that worked; one that was answered, and nothing was broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One identity at one operation: what the contract expects, what the run saw, and the statuses that it saw."""

    part: str
    expected: str
    seen: str
    statuses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """One operation of the document with what was derived for it: a row of the authorization matrix."""

    operation: OperationRef
    operation_id: str | None
    tags: tuple[str, ...]
    level: str
    role: str | None
    confidence: str
    source: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """An accepted finding that is no longer there. `proven` if the rule ran at its operation and held."""

    fingerprint: str
    label: str
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A result held against a baseline: what of it is gone. What is accepted stands at each finding."""

    file: str
    gone: tuple[Fixed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a run. `problems` are reasons why the target could not be tested as asked; `notes` are for people.

    `parts` says who played the owner, the peer and the admin. `exchanges` is filled where every exchange was asked for.
    """

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
    started_at: str | None = None
    parts: Mapping[str, str | None] = field(default_factory=dict)
    rules: tuple[RuleRef, ...] = ()
    operations: tuple[OperationRow, ...] = ()
    exchanges: tuple[Recorded, ...] = ()
    baseline: Comparison | None = None

    @property
    def decided_percent(self) -> int:
        """Of the promises that the user asked to try, how many were decided; not tried for lack of something counts.

        Rules that only look at answers try nothing, and are not counted.
        """
        looking = {rule.id for rule in self.rules if not rule.attacks}
        due = [row for row in self.coverage if row.rule not in looking and not row.only_looked]
        wanted = [row for row in due if row.verdict != "not-run" or row.not_run == "unable"]
        decided = sum(1 for row in wanted if row.verdict in ("held", "broken"))
        return 100 * decided // len(wanted) if wanted else 0

    def count(self, severity: str) -> int:
        return sum(1 for finding in self.findings if finding.severity == severity)
