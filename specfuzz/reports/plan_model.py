"""A plan as the reports show it: plain frozen values, filled by the command, apart from how the contract holds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAccess:
    """Who may use an operation; `reason` is the thought behind the confidence."""

    level: str
    role: str | None
    confidence: str
    source: str
    statement: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedIdentifier:
    location: str
    name: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedField:
    """A property with why it is forbidden or sensitive; `statement` says the promise in words."""

    name: str
    reason: str
    confidence: str
    source: str
    statement: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProbe:
    """One rule at one operation; `reason` says why it would not run, None if it would."""

    rule: str
    name: str
    reason: str | None

    @property
    def runs(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOperation:
    """Everything derived for one operation. `considered` are the other hints about access, the chosen one excluded.

    `danger` says what is dangerous and what a run does about it.
    """

    method: str
    path: str
    operation_id: str | None
    access: PlannedAccess
    considered: tuple[PlannedAccess, ...]
    resource: str | None
    action: str
    identifiers: tuple[PlannedIdentifier, ...]
    owner_field: str | None
    state_changing: bool
    state_changing_confidence: str
    state_changing_why: str
    dangerous: bool
    danger: str | None
    forbidden_fields: tuple[PlannedField, ...]
    sensitive_fields: tuple[PlannedField, ...]
    probes: tuple[PlannedProbe, ...]

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """What a run would try. `total` counts the document's operations, those that were not selected included."""

    tool_version: str
    spec: str
    operations: tuple[PlannedOperation, ...]
    total: int
    unreadable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
