"""What the user says about access and fields, and to which operations it applies. It is `certain` and overrules inference."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from specfuzz.contract.errors import ContractError
from specfuzz.contract.model import Level, Operation

ACCESS_WORDS = ("owner", "members", "public", "authenticated")
"""The words for access beside `role:NAME`."""


class PolicyError(ContractError):
    """A policy that cannot be meant: an unknown key, a wrong value, a line that matches no operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which operations a line is about: those for which everything that it names holds."""

    methods: tuple[str, ...] = ()
    path: str | None = None
    tag: str | None = None
    operation_id: str | None = None

    def matches(self, operation: Operation) -> bool:
        return (
            (not self.methods or operation.method in self.methods)
            and (self.path is None or matches_path(self.path, operation.path))
            and (self.tag is None or self.tag in operation.tags)
            and (self.operation_id is None or self.operation_id == operation.operation_id)
        )

    def __str__(self) -> str:
        words = ["/".join(self.methods), self.path or ""]
        words.extend([f"tag {self.tag!r}"] if self.tag is not None else [])
        words.extend([f"operationId {self.operation_id!r}"] if self.operation_id is not None else [])
        return " ".join(word for word in words if word) or "every operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What is said about some operations; None and empty mean that nothing is said. `sources` names each word's place."""

    access: Level | None = None
    role: str | None = None
    writable: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    dangerous: bool | None = None
    sources: tuple[tuple[str, str], ...] = ()

    def source(self, key: str) -> str:
        return dict(self.sources)[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLine:
    """One `[[policy]]` entry."""

    selector: Selector
    rulings: Rulings
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedResource:
    """A kind of object that is there for every user."""

    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Findings that are known and accepted until a day. `rule`, `field` and `fingerprint` narrow it down further."""

    selector: Selector
    reason: str
    expires: datetime.date
    source: str
    rule: str | None = None
    field: str | None = None
    fingerprint: str | None = None

    def has_expired(self, today: datetime.date) -> bool:
        """Whether it counts no more; it still counts on the day itself."""
        return today > self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that the user says. Of two lines about one operation the later one wins, word by word.

    `lenient` passes over lines about nothing: of two versions of a document, each may lack what the other has.
    """

    lines: tuple[PolicyLine, ...] = ()
    shared: tuple[SharedResource, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    lenient: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.lines or self.shared or self.ignores)

    def check(self, operations: Iterable[Operation]) -> None:
        """Raises `PolicyError` for a line that matches no operation, with the nearest candidates."""
        if self.lenient:
            return
        known = tuple(operations)
        entries = [(line.selector, line.source, "policy") for line in self.lines]
        entries.extend((ignore.selector, ignore.source, "ignore") for ignore in self.ignores)
        for selector, source, what in entries:
            if not any(selector.matches(operation) for operation in known):
                raise PolicyError(
                    f"this {what} matches no operation: {selector}", where=source, hint=_candidates(selector, known)
                )


def parse_access(text: str) -> tuple[Level, str | None]:
    """`owner`, `members`, `public`, `authenticated` or `role:NAME`. Raises `ValueError` for anything else."""
    level, _, role = text.partition(":")
    if level == "role" and role.strip():
        return Level.ROLE, role.strip()
    if text in ACCESS_WORDS:
        return Level(text), None
    raise ValueError(text)


def matches_path(pattern: str, path: str) -> bool:
    """Whether a path template fits a pattern: `*` is a part of one segment, `**` any number of segments.

    What a path parameter is called does not count: `/users/{id}` fits `/users/{user_id}`.
    """
    expression = ""
    for part in re.split(r"(/\*\*|\*\*|\*)", _anonymous(pattern)):
        expression += {"/**": "(?:/.*)?", "**": ".*", "*": "[^/]*"}.get(part) or re.escape(part)
    return re.fullmatch(expression, _anonymous(path)) is not None


def _anonymous(path: str) -> str:
    blank = re.sub(r"{[^{}]*}", "{}", path)
    return blank.rstrip("/") or "/"


def _candidates(selector: Selector, known: tuple[Operation, ...]) -> str:
    """What may have been meant, by the first word that alone matches nothing."""
    labels = {operation.label for operation in known}
    if selector.operation_id is not None and not any(selector.operation_id == item.operation_id for item in known):
        return _near("operationId", selector.operation_id, {item.operation_id for item in known if item.operation_id})
    if selector.tag is not None and not any(selector.tag in item.tags for item in known):
        return _near("tag", selector.tag, {tag for item in known for tag in item.tags})
    if selector.path is not None:
        there = [item.method for item in known if matches_path(selector.path, item.path)]
        if not there:
            return _near("path", selector.path, {item.path for item in known})
        return f"{selector.path} has {', '.join(sorted(set(there)))}"
    return f"the document has {', '.join(sorted(labels)[:3])}"


def _near(what: str, value: str, known: set[str]) -> str:
    near = difflib.get_close_matches(value, sorted(known), n=3, cutoff=0.4)
    if near:
        return f"did you mean the {what} {' or '.join(near)}?"
    return f"the document has no such {what}" + (f"; it has {', '.join(sorted(known)[:3])}" if known else "")
