"""Where in a document's text a JSON pointer leads: line and column, for documents in JSON and in YAML."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")


class Positions:
    """The places of one text. `at` answers with line and column, both from 1, of the key that a pointer leads to.

    A pointer that leads nowhere (behind a `$ref`, into a part that was inferred) is answered for the deepest part of it
    that is there; a text that cannot be read, with None.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._ends: dict[int, int] = {}

    def at(self, pointer: str) -> tuple[int, int] | None:
        tokens = [_unescape(part) for part in pointer.removeprefix("#").split("/")[1:]]
        if not self._text.strip():
            return None
        try:
            return self._in_json(tokens) if self._is_json else self._in_yaml(tokens)
        except (ValueError, IndexError, RecursionError):
            return None

    @cached_property
    def _is_json(self) -> bool:
        """YAML reads most JSON as well, but not its escaped surrogate pairs, and it is slower by far."""
        try:
            json.loads(self._text)
        except (ValueError, RecursionError):
            return False
        return True

    # JSON -------------------------------------------------------------------------------------------------------

    def _in_json(self, tokens: list[str]) -> tuple[int, int]:
        value = self._skip(0)
        place = value
        for token in tokens:
            found = self._member(value, token)
            if found is None:
                break
            place, value = found
        return self._line_and_column(place)

    def _member(self, start: int, token: str) -> tuple[int, int] | None:
        """Where a member's key (an item's value) and its value begin; None if it is not in the container at `start`."""
        opening = self._text[start]
        if opening not in "{[":
            return None
        index, at, last = 0, self._skip(start + 1), None
        while self._text[at] not in "}]":
            place = at
            if opening == "{":
                key, at = self._decoder.raw_decode(self._text, at)
                at = self._skip(self._skip(at) + 1)  # the colon
            else:
                key = str(index)
            if key == token:
                last = (place, at)  # of a key that is there twice, parsers take the last
            index += 1
            at = self._skip(self._end(at))
            if self._text[at] == ",":
                at = self._skip(at + 1)
        return last

    def _end(self, start: int) -> int:
        """Where the value at `start` ends; remembered, since every pointer passes the same siblings."""
        if start not in self._ends:
            _, self._ends[start] = self._decoder.raw_decode(self._text, start)
        return self._ends[start]

    def _skip(self, index: int) -> int:
        found = _SPACE.match(self._text, index)
        return found.end() if found is not None else index

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(r"\n", self._text))]

    def _line_and_column(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, index)
        return line, index - self._line_starts[line - 1] + 1

    # YAML -------------------------------------------------------------------------------------------------------

    @cached_property
    def _tree(self) -> _Node | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            return _built(yaml.parse(self._text, Loader=loader))
        except yaml.YAMLError:
            return None

    def _in_yaml(self, tokens: list[str]) -> tuple[int, int] | None:
        node = self._tree
        if node is None:
            return None
        place = node.place
        for token in tokens:
            found = node.member(token)
            if found is None:
                break
            key, node = found
            place = key.place
        return place


@dataclass(slots=True)
class _Node:
    """A YAML node: where it begins, its text if it is a scalar, what is in it (keys and values by turns) if it is none."""

    place: tuple[int, int]
    text: str | None = None
    inside: list[_Node] = field(default_factory=list)
    is_mapping: bool = False

    def member(self, token: str) -> tuple[_Node, _Node] | None:
        if self.is_mapping:
            pairs = zip(self.inside[::2], self.inside[1::2], strict=False)
            return next((pair for pair in pairs if pair[0].text == token), None)
        if self.text is None and token.isdecimal() and int(token) < len(self.inside):
            return self.inside[int(token)], self.inside[int(token)]
        return None


def _built(events: Iterable[Any]) -> _Node | None:
    """The first document's tree, from a parser's events: PyYAML's own composer is recursive, and in C it dies of depth."""
    import yaml

    root: _Node | None = None
    anchors: dict[str, _Node] = {}
    open_ones: list[_Node] = []
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            open_ones.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            node = anchors.get(event.anchor or "", _Node((mark.line + 1, mark.column + 1)))
        else:
            node = _Node((mark.line + 1, mark.column + 1), getattr(event, "value", None))
            node.is_mapping = isinstance(event, yaml.MappingStartEvent)
            if event.anchor is not None:
                anchors[event.anchor] = node
        if open_ones:
            open_ones[-1].inside.append(node)
        root = root or node
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append(node)
    return root


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
