"""Text that a target may have chosen, for eyes and for strict readers: nothing in it is obeyed, everything is encodable."""

from __future__ import annotations

import json
import re
from typing import Any

from specfuzz.findings import Evidence

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters but tab and line feed, what turns the direction of writing, lone surrogates, and what is no XML."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` with what a terminal would obey, XML forbids or UTF-8 cannot encode written as an escape."""
    return _UNPRINTABLE.sub(_escaped, text)


def encodable(text: str) -> str:
    """`text` with lone surrogates written as escapes: for JSON, where a strict reader would stumble over nothing else."""
    return _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode()


def encodable_value(value: Any) -> Any:
    """The same all through parsed JSON."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(str(key)): encodable_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable_value(item) for item in value]
    return value


def to_json(document: Any) -> str:
    """A document as indented JSON in ASCII."""
    return json.dumps(encodable_value(document), indent=2, ensure_ascii=True) + "\n"


def body_text(body: Any, *, indent: int | None = None) -> str:
    """A body as one would read it; nothing where there is none."""
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=indent)


def short(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def path_of(url: str) -> str:
    """A URL without scheme and host."""
    return "/" + url.split("/", 3)[3] if url.count("/") >= 3 else url


def exchange_line(item: Evidence, limit: int = 100) -> str:
    """`bob: GET /notes/3 → 200 {"body": …}  ← the answer holds alice's `body``"""
    sent = f" {short(body_text(item.request['body']), limit)}" if item.request["body"] is not None else ""
    answer = short(body_text(item.response["body"]), limit)
    note = f"  ← {item.note}" if item.note else ""
    path = path_of(str(item.request["url"]))
    return f"{item.identity}: {item.request['method']} {path}{sent} → {item.response['status']} {answer}{note}"
