"""Where each key of a TOML document stands. `tomllib` reads values and forgets lines; a policy names its lines.

tomlkit, the round-trip library, keeps every blank but offers no position either, so the statements are told apart here.
Only text that `tomllib` has accepted is looked at: what is no statement never has to be recognised.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_PARTS = re.compile(_PART)
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'  # a text may end in one or two quotes of its own
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[{]|[\]}]|\n|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)

Key = tuple[str | int, ...]


class TomlLines:
    """The lines of one document's keys: `("policy", 0, "access")` is the key `access` of the first `[[policy]]`."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        self._arrays: dict[Key, int] = {}
        self._read(text.replace("\r\n", "\n"))

    def line(self, key: Key) -> int:
        """The line of a key, counted from 1; of an entry that stands inline, the line where its statement begins."""
        for length in range(len(key), 0, -1):
            found = self._lines.get(key[:length])
            if found is not None:
                return found
        return 1

    def _read(self, text: str) -> None:
        at, table = 0, Key()
        while at < len(text):
            blank = _BLANK.match(text, at)
            if blank:
                at = blank.end()
                continue
            line = text.count("\n", 0, at) + 1
            header = re.compile(r"\[\[?[ \t]*").match(text, at)
            key = _KEY.match(text, header.end() if header else at)
            if key is None:
                return  # nothing that tomllib accepts
            names = _names(key[0])
            if header:
                table = self._table(names, is_array=header[0].startswith("[["), line=line)
                end = text.find("\n", key.end())
                at = len(text) if end < 0 else end
                continue
            for length in range(1, len(names) + 1):
                self._lines.setdefault((*table, *names[:length]), line)
            at = _after_value(text, text.index("=", key.end()) + 1)

    def _table(self, names: tuple[str, ...], *, is_array: bool, line: int) -> Key:
        """Note a header and return its key: the last element, where a name on the way is an array of tables."""
        path: Key = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        path = (*path, names[-1])
        self._lines.setdefault(path, line)
        if is_array:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
            self._lines[path] = line
        return path


def _names(key: str) -> tuple[str, ...]:
    """The parts of a dotted key, quoted ones read by the TOML parser itself."""
    return tuple(_name(part) for part in _PARTS.findall(key))


def _name(part: str) -> str:
    if part[0] not in "\"'":
        return part
    parsed: dict[str, Any] = tomllib.loads(f"name = {part}")
    return str(parsed["name"])


def _after_value(text: str, at: int) -> int:
    """Where the value that begins at `at` ends: at the end of its line, or of the line that closes its last bracket."""
    depth = 0
    while at < len(text):
        token = _VALUE.match(text, at)
        if token is None:
            return len(text)
        at = token.end()
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return at
    return at
