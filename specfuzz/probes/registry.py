"""Find the rules: every module of this package with a `RULE` is one. Nothing is registered anywhere else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import Protocol, cast, runtime_checkable

import specfuzz.probes as package
from specfuzz.contract import Contract, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Rule
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break, Verdict


class Probe(Protocol):
    """What every rule's module offers; beside it, it attacks (`Attack`) or looks (`Watcher`), or both."""

    RULE: Rule
    NEEDS_PEER: bool

    def why_not(self, contract: Contract, target: OperationContract) -> str | None: ...


@runtime_checkable
class Attack(Probe, Protocol):
    """A rule that has requests of its own."""

    def flow(self, case: Case) -> Flow[Verdict]: ...


@runtime_checkable
class Watcher(Probe, Protocol):
    """A rule that looks at every answer of the run."""

    def look(self, sight: Sight) -> Iterable[Break]: ...


@cache
def probes() -> dict[str, Probe]:
    """All rules by id, in the order of their ids."""
    found: dict[str, Probe] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"specfuzz.probes.{module_info.name}")
        if hasattr(module, "RULE"):
            found[module.RULE.id] = cast(Probe, module)
    return dict(sorted(found.items()))


def attack(rule: str) -> Attack | None:
    """The rule's module, if it has requests of its own."""
    probe = probes()[rule]
    return probe if isinstance(probe, Attack) else None


@cache
def watchers() -> dict[str, Watcher]:
    """The rules that look at every answer, by id."""
    return {rule: probe for rule, probe in probes().items() if isinstance(probe, Watcher)}
