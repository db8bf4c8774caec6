"""The rules that only look: shows them every exchange of the run, and gathers what they see."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from specfuzz.contract import Contract, OperationContract
from specfuzz.contract.actions import normalized_path
from specfuzz.engine.plan import Planned
from specfuzz.http import Exchange
from specfuzz.probes import Break, Broken, Held, Inconclusive, Verdict
from specfuzz.probes.registry import Watcher, watchers
from specfuzz.probes.sight import Sight


@dataclass(slots=True)
class Watch:
    """What the looking rules saw, by operation and rule. The first sighting of each field is kept.

    `passwords` gives those that the run's own accounts have by now.
    """

    contract: Contract
    passwords: Callable[[], Collection[str]] = frozenset
    _seen: dict[str, int] = field(default_factory=dict)
    _breaks: dict[tuple[str, str], dict[str | None, Break]] = field(default_factory=dict)
    _defects: dict[tuple[str, str], str] = field(default_factory=dict)
    _rules: dict[str, list[tuple[str, Watcher]]] = field(default_factory=dict)
    _by_label: dict[str, OperationContract] = field(init=False)
    _by_path: dict[tuple[str, str], OperationContract] = field(init=False)

    def __post_init__(self) -> None:
        self._by_label = {item.label: item for item in self.contract.operations}
        self._by_path = {
            (item.operation.method, normalized_path(item.operation.path)): item
            for item in self.contract.operations
            if "{" not in item.operation.path
        }

    def see(self, exchange: Exchange) -> None:
        """Show an exchange to every rule that looks at its operation; one that belongs to none is passed over."""
        target = self._target(exchange)
        if target is None:
            return
        self._seen[target.label] = self._seen.get(target.label, 0) + 1
        sight = Sight(contract=self.contract, target=target, exchange=exchange, passwords=self.passwords())
        for rule, watcher in self._looking_at(target):
            key = (target.label, rule)
            try:
                for found in watcher.look(sight):
                    self._keep(key, found)
            except Exception as error:  # a crash of ours is visible and never a pass; the rest of the run goes on
                self._defects.setdefault(key, "".join(traceback.format_exception(error)))

    def _keep(self, key: tuple[str, str], found: Break) -> None:
        known = self._breaks.setdefault(key, {})
        if found.field not in known or known[found.field].confidence < found.confidence:
            known[found.field] = found

    def _target(self, exchange: Exchange) -> OperationContract | None:
        request = exchange.request
        if request.operation is not None:
            found = self._by_label.get(request.operation)
            return found if found is not None and found.operation.method == request.method else None
        return self._by_path.get((request.method, normalized_path(request.path)))

    def _looking_at(self, target: OperationContract) -> list[tuple[str, Watcher]]:
        if target.label not in self._rules:
            self._rules[target.label] = [
                (rule, watcher)
                for rule, watcher in watchers().items()
                if watcher.why_not(self.contract, target) is None
            ]
        return self._rules[target.label]

    def has_seen(self, label: str) -> bool:
        return label in self._seen

    def settle(self, planned: Iterable[Planned]) -> list[tuple[Planned, Verdict, str | None]]:
        """The verdict of every planned case of a looking rule whose operation answered, with the defect if it crashed."""
        found: list[tuple[Planned, Verdict, str | None]] = []
        for case in planned:
            label = case.target.label
            if not case.runs or case.rule not in watchers() or label not in self._seen:
                continue
            defect = self._defects.get((label, case.rule))
            breaks = tuple(self._breaks.get((label, case.rule), {}).values())
            verdict: Verdict
            if breaks:
                verdict = Broken(breaks=breaks)
            elif defect is not None:
                verdict = Inconclusive(reason="specfuzz failed here, which is our bug")
            else:
                count = self._seen[label]
                verdict = Held(reason=f"{count} answer{'s' if count > 1 else ''} looked at")
            found.append((case, verdict, defect))
        return found
