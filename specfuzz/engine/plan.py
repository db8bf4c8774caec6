"""What will be tried: every rule at every operation, or the reason why not. Cheap, repeatable, no request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from specfuzz.contract import Contract, OperationContract
from specfuzz.probes.registry import probes

NOT_SELECTED = "not selected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One rule at one operation. `reason` says why it does not run; None if it does.

    `applies` is false where the rule has nothing to try there, whatever the user selects.
    """

    target: OperationContract
    rule: str
    reason: str | None = None
    applies: bool = True

    @property
    def runs(self) -> bool:
        return self.reason is None

    @property
    def purpose(self) -> str:
        return f"{self.rule} {self.target.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the user narrowed the run to; empty means everything."""

    rules: Collection[str] = ()
    operations: Collection[str] = ()
    tags: Collection[str] = ()
    include_dangerous: bool = False
    cases: Collection[tuple[str, str]] = ()
    """Pairs of operation and rule; empty means all of them."""

    def skips(self, target: OperationContract, rule: str) -> str | None:
        """Why the user's selection leaves it out; None if it does not."""
        if self.cases and (target.label, rule) not in self.cases:
            return "not selected"
        if self.rules and rule not in self.rules:
            return f"{NOT_SELECTED} (--rule)"
        if (
            self.operations
            and target.label not in self.operations
            and target.operation.operation_id not in self.operations
        ):
            return f"{NOT_SELECTED} (--operation)"
        if self.tags and not set(self.tags) & set(target.operation.tags):
            return f"{NOT_SELECTED} (--tag)"
        if target.dangerous and not self.include_dangerous:
            return "it may destroy what the run did not make (--include-dangerous runs it)"
        return None


def plan(contract: Contract, selection: Selection | None = None) -> tuple[Planned, ...]:
    """Every rule at every operation, in the document's order; what moves money or sends mail, then danger, comes last."""
    selection = selection or Selection()
    found = []
    for target in sorted(contract.operations, key=lambda item: (item.dangerous, item.reaches_out is not None)):
        for rule, probe in probes().items():
            nothing_to_try = probe.why_not(contract, target)
            reason = selection.skips(target, rule) or nothing_to_try
            found.append(Planned(target=target, rule=rule, reason=reason, applies=nothing_to_try is None))
    return tuple(found)


def needs_requests(rule: str) -> bool:
    """Whether a rule sends anything; one that reads the document alone needs no target and nobody to log in as."""
    return getattr(probes()[rule], "NEEDS_REQUESTS", True)


def needs_cookies(rule: str) -> bool:
    """Whether a rule is about what browsers do by themselves, and so about credentials in cookies alone."""
    return getattr(probes()[rule], "NEEDS_COOKIES", False)
