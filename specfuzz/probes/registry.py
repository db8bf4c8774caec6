"""Find the probes: every module of this package with a `RULE` is one. Nothing is registered anywhere else."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

import specfuzz.probes as package
from specfuzz.contract import Contract, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Rule
from specfuzz.probes.verdict import Verdict


class Probe(Protocol):
    """What a probe's module offers."""

    RULE: Rule
    NEEDS_PEER: bool

    def why_not(self, contract: Contract, target: OperationContract) -> str | None: ...

    def flow(self, case: Case) -> Flow[Verdict]: ...


@cache
def probes() -> dict[str, Probe]:
    """All probes by rule id, in the order of their ids."""
    found: dict[str, Probe] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"specfuzz.probes.{module_info.name}")
        if hasattr(module, "RULE"):
            found[module.RULE.id] = cast(Probe, module)
    return dict(sorted(found.items()))
