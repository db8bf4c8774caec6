"""What is in a response: canaries in whatever disguise, an object among others, the same object twice, what changed."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from specfuzz.http import Response

Leaves = dict[str, Any]
"""An object's scalar values by dotted path; array items by index (`lines.0.price`)."""

MAX_LEAVES = 5_000
"""Values looked at in one body; a larger one is a bulk export, where the canary search still reads everything."""

_VOLATILE = re.compile(
    r"(?:^|[._])(?:etag|_?ts|now|timestamp|server_?time|request_?id|trace_?id|last_?seen\w*|updated_?at|modified(?:_?at)?"
    r"|last_?(?:modified|login|active|accessed)\w*|accessed_?at|views?|view_?count|hits|expires?_?(?:at|in)?|nonce|csrf\w*"
    r"|access_?token|refresh_?token|signature)$",
    re.IGNORECASE,
)


def contains(response: Response, canary: str) -> bool:
    """Whether a canary is in a response: headers or body; in any case, percent-encoded, escaped or base64."""
    wanted = canary.lower()
    if any(wanted in value.lower() for _, value in response.headers):
        return True
    return any(wanted in reading for reading in _readings(response.body)) or _is_in_base64(response.text, canary)


@lru_cache(maxsize=16)
def _readings(body: bytes) -> tuple[str, ...]:
    """A body as it is and with each kind of escape undone, in lower case, since some servers fold it.

    Kept for a few bodies: one is asked about every canary of an object in a row.
    """
    text = body.decode("utf-8", errors="replace")
    found = [text]
    if "%" in text:
        found.append(unquote_plus(text))
    if "\\u00" in text:
        found.append(_JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text))
    if "&#" in text:
        found.append(html.unescape(text))
    return tuple(reading.lower() for reading in found)


_JSON_ESCAPE = re.compile(r"\\+u00([2-7][0-9A-Fa-f])")
"""A printable ASCII character as JSON may escape it; with more backslashes where JSON was put into a JSON string."""


def _is_in_base64(text: str, canary: str) -> bool:
    """Whether a canary is in base64 within a text, at any of the three offsets it can have.

    What depends on the canary alone is searched for. It lacks some bits of the first and the last letter, so that
    another canary may share it: the place is decoded before it counts.
    """
    raw = canary.encode()
    for offset, start in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        core = encoded[start : len(encoded) - (1 if (len(raw) + offset) % 3 else 0)]
        for form in {core, core.replace("+", "-").replace("/", "_")}:
            at = text.find(form)
            while at >= 0:
                if _decodes_to(text[max(0, at - start) : at - start + len(encoded)], raw, offset):
                    return True
                at = text.find(form, at + 1)
    return False


def _decodes_to(window: str, raw: bytes, offset: int) -> bool:
    padded = window.translate(_URL_SAFE) + "=" * (-len(window) % 4)
    try:
        return base64.b64decode(padded, validate=True)[offset : offset + len(raw)] == raw
    except (binascii.Error, ValueError):  # it is cut off, or not base64 at all
        return False


_URL_SAFE = str.maketrans("-_", "+/")


def found_canaries(response: Response, canaries: Mapping[str, str]) -> dict[str, str]:
    """Those of an object's canaries (by field) that a response holds."""
    return {field: canary for field, canary in canaries.items() if contains(response, canary)}


def leaves(value: Any) -> Leaves:
    """All scalar values of a parsed body by dotted path."""
    found: Leaves = {}
    for path, item in _iter_leaves(value, ""):
        found[path] = item
        if len(found) >= MAX_LEAVES:
            break
    return found


def _iter_leaves(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    stack: list[tuple[str, Any]] = [(prefix, value)]
    while stack:  # no recursion: a hostile body may be nested as deep as it likes
        path, node = stack.pop()
        if isinstance(node, Mapping):
            stack.extend((f"{path}.{key}" if path else str(key), item) for key, item in reversed(list(node.items())))
        elif isinstance(node, list):
            stack.extend((f"{path}.{index}", item) for index, item in reversed(list(enumerate(node))))
        else:
            yield path, node


def is_volatile(path: str) -> bool:
    """Whether a field of this name changes by itself: timestamps of access, counters of views, tokens."""
    return bool(_VOLATILE.search(path))


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two views of the same object."""

    path: str
    before: Any
    after: Any


MISSING = "(absent)"


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """What differs between two parsed views of one object, volatile fields aside."""
    first, second = leaves(before), leaves(after)
    return tuple(
        Change(path, first.get(path, MISSING), second.get(path, MISSING))
        for path in dict.fromkeys((*first, *second))
        if not is_volatile(path)
        and not _equal(first.get(path, MISSING), second.get(path, MISSING))
        and not _is_reissued(first.get(path, MISSING), second.get(path, MISSING))
    )


_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


def _is_reissued(before: Any, after: Any) -> bool:
    """Whether both are tokens that a server signs anew with every answer (RFC 7519: `iat` and `exp` move on)."""
    return all(isinstance(value, str) and bool(_JWT.fullmatch(value)) for value in (before, after))


def _equal(one: Any, other: Any) -> bool:
    return (
        type(one) is type(other) and one == other if isinstance(one, bool) or isinstance(other, bool) else one == other
    )


def same_value(sent: Any, seen: Any) -> bool:
    """Whether a value read back is the one sent: `"5"` is 5, `"a@B.example"` is `"a@b.example"`, but 1 is not true."""
    if isinstance(sent, bool) or isinstance(seen, bool):
        if isinstance(sent, bool) and isinstance(seen, bool):
            return sent == seen
        return isinstance(sent, bool) and seen in ((1, "true", "True", "1") if sent else (0, "false", "False", "0"))
    if isinstance(sent, int | float) and isinstance(seen, int | float):
        return _same_number(sent, seen)
    if isinstance(sent, Mapping) and isinstance(seen, Mapping):
        return all(key in seen and same_value(item, seen[key]) for key, item in sent.items())
    if isinstance(sent, list) and isinstance(seen, list):
        return len(sent) == len(seen) and all(map(same_value, sent, seen))
    if isinstance(sent, Mapping | list) or isinstance(seen, Mapping | list):
        return False
    if sent is None or seen is None:
        return sent is seen
    one, other = str(sent).strip(), str(seen).strip()
    if one.lower() == other.lower():
        return True
    if isinstance(sent, int | float) or isinstance(seen, int | float):  # decimals are often written as texts
        return bool(_DECIMAL.fullmatch(one) and _DECIMAL.fullmatch(other)) and _same_number(float(one), float(other))
    return one[:19] == other[:19] and bool(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", one))


_DECIMAL = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?")


def _same_number(one: float, other: float) -> bool:
    try:
        return one == other or abs(one - other) < 1e-9 * max(1.0, abs(one))
    except OverflowError:  # an integer beyond any float: only its equal is the same
        return False


def same_fields(owner: Any, other: Any) -> tuple[float, tuple[str, ...]]:
    """How much of the owner's view another view shares: (share from 0 to 1, the paths that are equal and telling).

    A value is telling when it could not be equal by accident: not a boolean, not empty, not a small number.
    """
    first, second = leaves(owner), leaves(other)
    telling = {path: value for path, value in first.items() if not is_volatile(path) and _is_telling(value)}
    if not telling:
        return 0.0, ()
    equal = tuple(path for path, value in telling.items() if path in second and _equal(value, second[path]))
    return len(equal) / len(telling), equal


def _is_telling(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return abs(value) > 100
    return len(str(value)) >= 4


def alike(one: Response, other: Response) -> bool:
    """Whether two responses say the same, apart from what changes by itself: status, and body without volatile parts."""
    if one.status != other.status:
        return False
    if one.json is not None and other.json is not None:
        return _kind(one.json) is _kind(other.json) and not changes(one.json, other.json)
    return one.body == other.body


def _kind(value: Any) -> type:
    """An empty list and an empty object have the same values, none, and are not the same."""
    return list if isinstance(value, list) else Mapping if isinstance(value, Mapping) else object


def as_text(value: Any) -> str:
    """A value as evidence shows it, in one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "..."
