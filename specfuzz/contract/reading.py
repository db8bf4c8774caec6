"""From a document's text to its parsed value, safely: whatever the text is, this ends soon with a value or one clear line.

JSON is tried first, then YAML in the sense of its core schema (a date is a text, `on` is no boolean, every key is a text).
A YAML text whose aliases stand for far more than was written ("billion laughs") is refused before it is unfolded.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, ClassVar, Final

from specfuzz.contract.errors import DocumentError

MAX_DOCUMENT_BYTES: Final = 100_000_000
"""The largest public documents (GitHub's with every reference replaced) have 78 MB; a larger text is no document."""

MAX_NESTING: Final = 400
"""Levels of a YAML text. JSON's parser stops by itself near 1,000; tools write some thirty."""

MAX_UNFOLDED: Final = 5_000_000
"""Values that a YAML text may stand for once its aliases are replaced; the largest real documents have a tenth."""

_SAME_AGAIN_CHARS: Final = 2_000_000
"""A text of this size that begins like JSON and is none is not tried as YAML, whose parser takes a second a megabyte."""

_LONE_SURROGATE = re.compile(r"(\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE)
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_ALIAS = re.compile(r"(?:^|[\s,:\[{-])\*[^\s*,\]}]", re.MULTILINE)


def read_text(text: str, location: str) -> Any:
    """The value that a JSON or YAML text stands for. Raises `DocumentError` where there is none, or no sane one."""
    if len(text) > MAX_DOCUMENT_BYTES:
        raise too_large(location)
    if not text.strip():
        raise DocumentError("the document is empty", where=location)
    start = text.lstrip()[:1]
    if start == "<":
        raise DocumentError(
            "this is an HTML or XML page, not an OpenAPI document",
            where=location,
            hint="point to the JSON or YAML itself, often /openapi.json or /swagger.json",
        )
    try:
        return _read_json(text)
    except RecursionError as error:
        raise _too_deep(location) from error
    except json.JSONDecodeError as error:
        if start in "{[" and len(text) > _SAME_AGAIN_CHARS:
            raise DocumentError(f"not JSON: {error}", where=location) from error
        return _read_yaml(text, location)
    except ValueError as error:  # a number of more digits than Python converts
        raise DocumentError(f"not an OpenAPI document: {_first_line(error)}", where=location) from error


def too_large(location: str) -> DocumentError:
    megabytes = MAX_DOCUMENT_BYTES // 1_000_000
    return DocumentError(f"the document is larger than {megabytes} MB: this is no OpenAPI document", where=location)


def _read_json(text: str) -> Any:
    if _SURROGATE.search(text):  # half a surrogate pair is no text: it cannot be printed, sent or written to a report
        text = _LONE_SURROGATE.sub(lambda found: found[1] or "\\ufffd", text)
    return json.loads(text)


def _read_yaml(text: str, location: str) -> Any:
    import yaml

    try:
        _check_nesting(text, location)
        value: Any = yaml.load(text, _loader())  # a safe loader: see there
    except RecursionError as error:
        raise _too_deep(location) from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        detail = next((line.strip() for line in str(error).splitlines() if "line " in line), "")
        first = getattr(error, "problem", None) or _first_line(error)
        raise DocumentError(f"neither JSON nor YAML: {first}{f' ({detail})' if detail else ''}", where=location) from (
            error
        )
    return value


def _check_nesting(text: str, location: str) -> None:
    """Refuse a text that is nested too deeply or whose aliases stand for too much, without unfolding it."""
    import yaml

    if not _ALIAS.search(text) and text.count("[") + text.count("{") < MAX_NESTING:
        return  # block style needs a line's indentation a level: what fits into memory is read
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []  # the anchor of each open collection and what it holds so far

    def close(anchor: str | None, size: int) -> None:
        if anchor is not None:
            sizes[anchor] = size
        if open_nodes:
            above, held = open_nodes[-1]
            open_nodes[-1] = (above, held + size)

    for event in yaml.parse(text, Loader=_base_loader()):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise DocumentError(
                    f"the YAML anchor {event.anchor!r} stands for itself, or for nothing", where=location
                )
            close(None, sizes[event.anchor])
        elif isinstance(event, yaml.ScalarEvent):
            close(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            close(*open_nodes.pop())
        if len(open_nodes) > MAX_NESTING:
            raise _too_deep(location)
        if open_nodes and open_nodes[-1][1] > MAX_UNFOLDED:
            raise DocumentError(
                f"the YAML aliases stand for more than {MAX_UNFOLDED:,} values: this is no OpenAPI document",
                where=location,
            )


def _too_deep(location: str) -> DocumentError:
    return DocumentError("the document is nested too deeply", where=location)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _base_loader() -> Any:
    """PyYAML's safe loader on libyaml, which is ten times as fast, where it was built with it."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _loader() -> Any:
    """A safe loader (it makes no objects but JSON's) that reads YAML 1.2's core schema instead of YAML 1.1."""
    import yaml

    class Loader(_base_loader()):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # PyYAML's own name; empty, so that YAML 1.1's are gone

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
            """`200:` and `on:` are keys as they are written."""
            if isinstance(node, yaml.MappingNode):
                self.flatten_mapping(node)  # `<<: *base`
            return {
                key.value if isinstance(key, yaml.ScalarNode) else "": self.construct_object(value, deep=deep)
                for key, value in node.value
            }

    for tag, pattern, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?(?:0|[1-9][0-9]{0,1000})|0x[0-9a-fA-F]{1,64}", list("-+0123456789")),
        (
            "float",
            r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)"
            r"|\.(?:nan|NaN|NAN)",
            list("-+.0123456789"),
        ),
        ("merge", "<<", ["<"]),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)
    for tag in ("binary", "timestamp", "set", "omap", "pairs"):  # JSON has none of these
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", _plain)
    return Loader


def _plain(loader: Any, node: Any) -> Any:
    """The text or object as it is written, whatever its tag would make of it."""
    import yaml

    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None
