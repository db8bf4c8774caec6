"""Which texts of a log-in's payload are secrets, so that a report never shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from specfuzz.http.redaction import is_secret_name


def secrets_in(payload: str) -> tuple[str, ...]:
    """The values under names that carry secrets; all of them where no name says so, since only the API knows.

    JSON at any depth, or a form; of anything else the whole payload.
    """
    try:
        leaves = list(_leaves("", json.loads(payload), is_secret=False))
    except (ValueError, RecursionError):
        leaves = [(value, is_secret_name(name)) for name, value in parse_qsl(payload)]
    if not leaves:
        return (payload,) if payload else ()
    return tuple(value for value, is_secret in leaves if is_secret) or tuple(value for value, _ in leaves)


def _leaves(name: str, node: Any, *, is_secret: bool) -> Iterator[tuple[str, bool]]:
    """(text, whether it stands under a secret name) of every leaf that is text or a number."""
    is_secret = is_secret or is_secret_name(name)
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(str(key), value, is_secret=is_secret)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves("", value, is_secret=is_secret)
    elif isinstance(node, str) or (isinstance(node, int | float) and not isinstance(node, bool)):
        yield str(node), is_secret


def with_value(payload: str, old: str, new: str) -> str | None:
    """A log-in's payload with another value (a changed password) wherever the old one stands; None if it does not.

    JSON at any depth, or a form.
    """
    try:
        parsed = json.loads(payload)
    except (ValueError, RecursionError):
        pairs = parse_qsl(payload, keep_blank_values=True)
        if not any(value == old for _, value in pairs):
            return None
        return urlencode([(name, new if value == old else value) for name, value in pairs])
    changed = _exchanged(parsed, old, new)
    return json.dumps(changed) if changed != parsed else None


def _exchanged(node: Any, old: str, new: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _exchanged(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_exchanged(value, old, new) for value in node]
    return new if node == old else node
