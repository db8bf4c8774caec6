"""Read the text of a YAML, JSON or TOML document into plain values, without ever showing a line of it.

An authentication document holds passwords: an error names the place and what is wrong there, not what stands there.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from specfuzz.identities.errors import AuthFileError


class _PlainLoader(yaml.SafeLoader):
    """YAML as JSON would have it (YAML 1.2, core schema): the password `012345`, `yes` or `2024-01-01` stays that text.

    PyYAML follows YAML 1.1, where these are the number 5349, true, and a day.
    """


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    _PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^{_pattern}$"), _first)


def read_text(path: Path) -> str:
    """The text of the file. Raises `AuthFileError`."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows' editors write a byte order mark
    except FileNotFoundError:
        raise AuthFileError(f"no such file: {path}", where=str(path), hint="check the path given to --auth") from None
    except (OSError, ValueError) as error:
        raise AuthFileError(f"cannot read {path}: {_reason(error)}", where=str(path)) from None


def parse(text: str, path: Path) -> Any:
    """The values in `text`, by the file's suffix: `.toml`, `.json`, else YAML. Raises `AuthFileError`."""
    try:
        if path.suffix.lower() == ".toml":
            return tomllib.loads(text)
        if path.suffix.lower() == ".json":
            return json.loads(text)
        return yaml.load(text, _PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        # The cause is cut off as well: its text quotes the line.
        raise AuthFileError(f"cannot be parsed: {_without_quotes(error.problem)}", where=where) from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise AuthFileError(f"cannot be parsed: {_reason(error)}", where=str(path)) from None


def _reason(error: Exception) -> str:
    """What is wrong, in the parser's words where those cannot quote the document."""
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} (line {error.lineno}, column {error.colno})"
        case tomllib.TOMLDecodeError():
            place = re.search(r"\((at [^()]*)\)$", str(error))
            return f"this is no TOML{', ' + place[1] if place else ''}"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return "it is not a document of this kind"


def _without_quotes(problem: str | None) -> str:
    """PyYAML's description without the names and characters of the document that it quotes."""
    return re.sub(r"(['\"]).*\1", "…", problem or "it is no YAML", flags=re.DOTALL)
