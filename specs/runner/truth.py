"""What is true of a benchmark API: `truth.toml`, read and checked, so that a slip of the pen is no missed weakness."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from specs.runner.rules import RULES, UNDECLARED

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class TruthError(Exception):
    """A `truth.toml` that cannot be used: where, what is wrong, and what was probably meant."""

    def __init__(self, where: str, message: str, *, near: Collection[str] = ()) -> None:
        self.near = tuple(near)
        hint = f" (did you mean {' or '.join(map(repr, self.near))}?)" if self.near else ""
        super().__init__(f"{where}: {message}{hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """What a switch makes weak; as a `[[consequence]]`, what may be reported because of it, and need not be.

    `served` is one that only the document shows which the running API serves, not the file beside it.
    """

    switch: str
    rule: str
    method: str
    path: str
    why: str
    field: str | None = None
    needs: frozenset[str] = frozenset()
    served: bool = False

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.field})" if self.field else "")

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells it from the others of its API."""
        return (self.rule, self.switch, self.method, self.path, self.field or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Intended behaviour that a naive check takes for a weakness."""

    name: str
    rule: str
    method: str
    path: str
    why: str


@dataclass(frozen=True)
class Truth:
    """One API: how it is started, where it is weak, where it only looks so."""

    folder: Path
    name: str
    stack: str
    command: tuple[str, ...]
    ready: str
    spec: str
    base_path: str
    auth: str | None
    weaknesses: tuple[Weakness, ...]
    consequences: tuple[Weakness, ...]
    traps: tuple[Trap, ...]

    @cached_property
    def switches(self) -> tuple[str, ...]:
        """Every switch, in the order of the file."""
        return tuple(dict.fromkeys(item.switch for item in self.weaknesses))

    def needed_by(self, switch: str) -> frozenset[str]:
        """The switches that have to be on besides, for this one to show; theirs as well."""
        found: set[str] = set()
        waiting = [switch]
        while waiting:
            name = waiting.pop()
            for item in self.weaknesses:
                if item.switch == name:
                    new = item.needs - found - {switch}
                    found |= new
                    waiting.extend(new)
        return frozenset(found)

    def wants_served(self, switch: str) -> bool:
        return any(item.served for item in self.weaknesses if item.switch == switch)


def load(folder: Path) -> Truth:
    """Read and check `folder/truth.toml`. Raises `TruthError`."""
    file = folder / "truth.toml"
    where = f"{folder.name}/truth.toml"
    if not file.is_file():
        raise TruthError(where, "there is no such file")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TruthError(where, f"no TOML: {error}") from None
    _known(raw, ("api", "weakness", "consequence", "trap"), where)
    truth = _api(folder, where, raw)
    _check(truth, where)
    return truth


def _api(folder: Path, where: str, raw: Mapping[str, Any]) -> Truth:
    at = f"{where} [api]"
    api = raw.get("api")
    if not isinstance(api, dict):
        raise TruthError(where, "there is no [api]")
    _known(api, ("name", "stack", "command", "ready", "spec", "base_path", "auth"), at)
    command = api.get("command")
    if not isinstance(command, list) or not command or not all(isinstance(part, str) for part in command):
        raise TruthError(at, "`command` is a list of texts")
    for needed in ("{port}", "{switches}"):
        if not any(needed in part for part in command):
            raise TruthError(at, f"`command` has no {needed}")
    truth = Truth(
        folder=folder,
        name=_text(api, "name", at),
        stack=_text(api, "stack", at),
        command=tuple(command),
        ready=_text(api, "ready", at),
        spec=_text(api, "spec", at),
        base_path=str(api.get("base_path", "")).rstrip("/"),
        auth=_text(api, "auth", at) if "auth" in api else None,
        weaknesses=tuple(_weakness(entry, at) for entry, at in _entries(raw, "weakness", where)),
        consequences=tuple(_weakness(entry, at) for entry, at in _entries(raw, "consequence", where)),
        traps=tuple(_trap(entry, at) for entry, at in _entries(raw, "trap", where)),
    )
    for name in (truth.spec, truth.auth):
        if name is not None and not (folder / name).is_file():
            raise TruthError(at, f"there is no file {name!r} in the folder")
    return truth


def _entries(raw: Mapping[str, Any], kind: str, where: str) -> list[tuple[Mapping[str, Any], str]]:
    entries = raw.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TruthError(where, f"write [[{kind}]], with two brackets")
    named = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("switch") or entry.get("name")
        named.append((entry, f"{where} [[{kind}]] {number}" + (f" ({name})" if name else "")))
    return named


def _weakness(entry: Mapping[str, Any], at: str) -> Weakness:
    _known(entry, ("switch", "rule", "method", "path", "field", "why", "needs", "document"), at)
    needs = entry.get("needs", [])
    if not isinstance(needs, list) or not all(isinstance(name, str) for name in needs):
        raise TruthError(at, "`needs` is a list of switches")
    document = entry.get("document", "file")
    if document not in ("file", "served"):
        raise TruthError(at, f"`document` is {document!r}, not 'file' or 'served'")
    return Weakness(
        switch=_text(entry, "switch", at),
        rule=_rule(entry, at),
        method=_method(entry, at),
        path=_text(entry, "path", at),
        why=_text(entry, "why", at),
        field=_text(entry, "field", at) if "field" in entry else None,
        needs=frozenset(needs),
        served=document == "served",
    )


def _trap(entry: Mapping[str, Any], at: str) -> Trap:
    _known(entry, ("name", "rule", "method", "path", "why"), at)
    return Trap(
        name=_text(entry, "name", at),
        rule=_rule(entry, at),
        method=_method(entry, at),
        path=_text(entry, "path", at),
        why=_text(entry, "why", at),
    )


def _check(truth: Truth, where: str) -> None:
    """What only the whole file shows: switches, operations and doubles."""
    if not truth.weaknesses:
        raise TruthError(where, "there is no [[weakness]]")
    for item in (*truth.weaknesses, *truth.consequences):
        for name in (item.switch, *sorted(item.needs)):
            if name not in truth.switches:
                raise TruthError(where, f"no [[weakness]] has the switch {name!r}", near=_near(name, truth.switches))
    seen: set[tuple[str, ...]] = set()
    for item in truth.weaknesses:
        if item.key in seen:
            raise TruthError(where, f"{item.switch!r} has {item.rule} at {item.label} twice")
        seen.add(item.key)
    declared = _operations(truth, where)
    entries: tuple[Weakness | Trap, ...] = (*truth.weaknesses, *truth.consequences, *truth.traps)
    for entry in entries:
        label = f"{entry.method} {entry.path}"
        if entry.rule not in UNDECLARED and label not in declared:
            raise TruthError(where, f"{truth.spec} has no operation {label!r}", near=_near(label, declared))


def _operations(truth: Truth, where: str) -> frozenset[str]:
    """The operations of the document, as `METHOD /template`."""
    text = (truth.folder / truth.spec).read_text(encoding="utf-8")
    try:
        document = json.loads(text) if truth.spec.endswith(".json") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise TruthError(where, f"{truth.spec} cannot be read: {error}") from None
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        raise TruthError(where, f"{truth.spec} has no paths")
    return frozenset(
        f"{method.upper()} {path}"
        for path, item in paths.items()
        if isinstance(item, dict)
        for method in item
        if isinstance(method, str) and method.upper() in METHODS
    )


def _text(entry: Mapping[str, Any], key: str, at: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise TruthError(at, f"`{key}` is missing" if value is None else f"`{key}` is {value!r}, not a text")
    return value


def _rule(entry: Mapping[str, Any], at: str) -> str:
    rule = _text(entry, "rule", at)
    if rule not in RULES:
        raise TruthError(at, f"there is no rule {rule!r}", near=_near(rule, RULES))
    return rule


def _method(entry: Mapping[str, Any], at: str) -> str:
    method = _text(entry, "method", at)
    if method not in METHODS:
        raise TruthError(at, f"`method` is {method!r}", near=_near(method.upper(), METHODS))
    return method


def _known(entry: Mapping[str, Any], known: Collection[str], at: str) -> None:
    """A key that is nearly a known one is a slip; any other is a note of the author's, and left alone."""
    for key in entry:
        near = _near(key, known, cutoff=0.75) if key not in known else []
        if near:
            raise TruthError(at, f"unknown key {key!r}", near=near)


def _near(value: str, known: Collection[str], *, cutoff: float = 0.6) -> list[str]:
    return difflib.get_close_matches(value, sorted(known), n=2, cutoff=cutoff)
