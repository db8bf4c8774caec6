"""The rules that only look: shows them every exchange of the run, and gathers what they see."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from specfuzz.contract import Confidence, Contract, OperationContract, Schema
from specfuzz.contract.actions import normalized_path
from specfuzz.contract.schemas import Schemas
from specfuzz.engine.plan import Planned
from specfuzz.http import Exchange, Request, Response
from specfuzz.oracles import leaves
from specfuzz.probes import Break, Broken, Held, Inconclusive, Verdict
from specfuzz.probes.registry import Watcher, watchers
from specfuzz.probes.response_properties import as_json, leaf_name
from specfuzz.probes.sight import Sight


@dataclass(slots=True)
class Watch:
    """What the looking rules saw, by operation and rule. Of each field the surest sighting is kept, and of equals the one
    whose words come first: the order of the answers, which concurrency changes, changes no finding.

    `passwords` gives those that the run's own accounts have by now.
    """

    contract: Contract
    passwords: Callable[[], Collection[str]] = frozenset
    _seen: set[str] = field(default_factory=set)
    _failed: set[Hashable] = field(default_factory=set)
    _extras: dict[str, set[str]] = field(default_factory=dict)
    _breaks: dict[tuple[str, str], dict[str | None, Break]] = field(default_factory=dict)
    _defects: dict[tuple[str, str], str] = field(default_factory=dict)
    _taken: dict[str, set[str]] = field(default_factory=dict)
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
        self._seen.add(target.label)
        self._note_extras(target, exchange.request)
        sight = Sight(
            contract=self.contract,
            target=target,
            exchange=exchange,
            passwords=self.passwords(),
            extras=self._extras,
            is_repeat=self._is_repeated_failure(exchange),
        )
        for rule, watcher in self._looking_at(target):
            key = (target.label, rule)
            try:
                for found in watcher.look(sight):
                    self._keep(key, found)
            except Exception as error:  # a crash of ours is visible and never a pass; the rest of the run goes on
                self._defects.setdefault(key, "".join(traceback.format_exception(error)))

    def _keep(self, key: tuple[str, str], found: Break) -> None:
        known = self._breaks.setdefault(key, {})
        if found.field not in known or _rank(found) < _rank(known[found.field]):
            known[found.field] = found

    def _is_repeated_failure(self, exchange: Exchange) -> bool:
        """Whether a server error answers what was answered with one before: not just a bad moment."""
        if exchange.status < 500:
            return False
        request = exchange.request
        key = (request.method, request.target, request.body, request.identity)
        is_known = key in self._failed
        self._failed.add(key)
        return is_known

    def _note_extras(self, target: OperationContract, request: Request) -> None:
        """Remember what is sent under names that the request's schema does not have."""
        if not request.body or not target.operation.bodies:
            return
        sent = leaves(Response(status=0, body=request.body).json)
        if target.label not in self._taken:
            schemas = self.contract.document.schemas
            self._taken[target.label] = {
                name for body in target.operation.bodies for name in _names(schemas, body.schema, body.pointer)
            }
        for path, value in sent.items():
            name = leaf_name(path)
            if name not in self._taken[target.label]:
                self._extras.setdefault(name, set()).add(as_json(value))

    def failures(self) -> list[Request]:
        """Plain reads that failed, each to be sent once more: one failure may be a bad moment."""
        found = []
        for (_, rule), breaks in sorted(self._breaks.items()):
            for item in breaks.values():
                request = item.steps[-1].exchange.request
                if rule == "SF503" and item.confidence is Confidence.TENTATIVE and request.is_safe:
                    found.append(request)
        return found

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
                verdict = Held(reason="its answers were looked at", tried=False)
            found.append((case, verdict, defect))
        return found


def _rank(found: Break) -> tuple[int, str]:
    return -found.confidence, found.detail


def _names(schemas: Schemas, schema: Schema, pointer: str, depth: int = 0) -> Iterator[str]:
    """The names of a request body's properties, at whatever depth an envelope or a nested object puts them."""
    node, where = schemas.resolve_leniently(schema, pointer)
    items = schemas.items(node, where)
    if items is not None:
        node, where = items
    for name, item in schemas.properties(node, where).items():
        yield name
        if depth < MAX_DEPTH:
            yield from _names(schemas, item.schema, item.pointer, depth + 1)


MAX_DEPTH = 3
"""Levels of a request's schema whose names are taken for declared."""
