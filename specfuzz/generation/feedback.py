"""Learn from a refused draft: what the server's error says about which property, and what to send instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from specfuzz.contract.words import split_words
from specfuzz.generation import values
from specfuzz.generation.drafts import Adjustments, Draft
from specfuzz.generation.randomness import stream

MAX_PROSE_CHARS = 4000
"""A longer body that is no JSON is a page, not a message; nothing is read out of it."""

_UNKNOWN = re.compile(
    r"unknown field|extra (?:fields?|inputs?)|not (?:a )?(?:permitted|allowed|recognized|recognised|expected)"
    r"|additional propert|unexpected (?:field|property|key)|unrecognized|should not exist|read[- ]?only|must not be (?:set|sent)",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"required|missing|must be (?:present|provided|given|set)|(?:may|can|must) ?not be (?:blank|null|empty)"
    r"|can't be blank|is needed",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"already|taken|exists|in use|duplicate|unique|conflict", re.IGNORECASE)
_CHOICES = re.compile(
    r"(?:one of|choices? (?:are|is)|(?:must|should) be|permitted|allowed(?: values)?(?: are)?|valid (?:values|choices|options)(?: are)?"
    r"|expected)\W{0,4}:?\s*(?P<list>[\[({]?\s*[\"'`]?[\w.-]+[\"'`]?(?:\s*(?:,|\bor\b|\||\band\b)\s*[\"'`]?[\w.-]+[\"'`]?)+)",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(r"(?:at least|minimum(?: of| is)?|greater than or equal to|no less than|>=)\s*(\d+)", re.IGNORECASE)
_AT_MOST = re.compile(r"(?:at most|maximum(?: of| is)?|less than or equal to|no more than|longer than|<=)\s*(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"valid (?:integer|number|float|decimal)|must be (?:an? )?(?:integer|number|numeric|float)", re.IGNORECASE)
_DATE = re.compile(r"date", re.IGNORECASE)
_FUTURE_OR_PAST = re.compile(r"in the (past|future)", re.IGNORECASE)


def adjust(draft: Draft, refusal: str, known: tuple[str, ...], earlier: Adjustments, seed: int) -> Adjustments:
    """Adjustments for the next draft after the response body `refusal` refused this one.

    `known` are property names that the operation documents. What the message does not name stays as it is.
    """
    drop, force, once = set(earlier.drop), dict(earlier.force), dict(earlier.once)
    sent = dict(_leaves(draft.value))
    source = stream(seed, "feedback", str(earlier.attempt), draft.media_type)
    for name, text in _complaints(refusal, tuple(sent), known):
        path = next((path for path in sent if path == name or path.rsplit(".", 1)[-1] == name), name)
        present = sent.get(path)
        if _UNKNOWN.search(text) and path in sent:
            drop.add(path)
            force.pop(path, None)
        elif _TAKEN.search(text) and path in sent:
            once[path] = _fresh(present, path, source)
        else:
            made = _corrected(path, present, text, source)
            if made is not None:
                force[path] = made
                drop.discard(path)
            elif path in sent and not _MISSING.search(text):
                drop.add(path)
    return Adjustments(drop=frozenset(drop), force=force, once=once, attempt=earlier.attempt + 1)


def options_named(refusal: str, name: str) -> tuple[str, ...]:
    """The values that a refusal says a property takes (`role` must be one of: user, admin); empty if it says none.

    A server that validates a property which its document does not take has just told that it reads it.
    """
    for found, text in _complaints(refusal, (name,), ()):
        if found == name:
            choices = _CHOICES.search(text)
            if choices:
                return tuple(_listed(choices["list"]))
    return ()


def _listed(text: str) -> list[str]:
    return [word for word in re.findall(r"[\w.-]+", re.sub(r"\b(?:or|and)\b", " ", text)) if word]


def _corrected(path: str, present: Any, text: str, source: Any) -> Any:
    """A value that follows the message, or None where it gives no lead."""
    name = path.rsplit(".", 1)[-1]
    choices = _CHOICES.search(text)
    if choices:
        options = _listed(choices["list"])
        if options and not options[0].isdigit():
            return options[0]
    low, high = _AT_LEAST.search(text), _AT_MOST.search(text)
    if low or high:
        schema: dict[str, Any] = {}
        is_text = isinstance(present, str)
        if low:
            schema["minLength" if is_text else "minimum"] = int(low[1])
        if high:
            schema["maxLength" if is_text else "maximum"] = int(high[1])
        if is_text:
            return values.string_for(name, schema, source).value
        return values.number_for(name, schema, source, integer=True)
    if _NUMBER.search(text):
        return values.number_for(name, {}, source, integer=True)
    moment = _FUTURE_OR_PAST.search(text)
    if moment:
        year = "2040" if (moment[1] == "future") is ("must" in text or "should" in text) else "2001"
        return f"{year}{present[4:]}" if isinstance(present, str) and present[:4].isdigit() else None
    if _MISSING.search(text) and present in (None, "", [], {}):
        words = split_words(name)
        if words and words[-1] in ("id", "count", "quantity", "amount", "price", "number"):
            return values.number_for(name, {}, source, integer=True)
        return values.string_for(name, {}, source).value
    if _DATE.search(text) and isinstance(present, str):
        return present[:10] if "T" in present else f"{present[:10]}T09:30:00Z"
    return None


def _fresh(present: Any, path: str, source: Any) -> Any:
    if isinstance(present, int) and not isinstance(present, bool):
        return present + source.randrange(1000, 100_000)
    return values.string_for(path.rsplit(".", 1)[-1], {}, source).value


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{prefix}{name}." if isinstance(item, Mapping) else f"{prefix}{name}")
    elif isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            yield from _leaves(value[0], f"{prefix}.")
        else:
            yield prefix.rstrip("."), value
    else:
        yield prefix.rstrip("."), value


def _complaints(refusal: str, sent: tuple[str, ...], known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(property, message) pairs that a refusal states, from the usual shapes of error bodies.

    FastAPI's `detail[].loc/msg`, Django's and Laravel's `{"field": ["..."]}`, `errors[].field`, and plain sentences
    that name a property.
    """
    names = {path.rsplit(".", 1)[-1]: path for path in (*known, *sent)}
    seen: set[tuple[str, str]] = set()
    parsed = _parsed(refusal)
    for name, text in _walk(parsed, None, 0):
        for found in _named(name, text, names):
            if (found, text) not in seen:
                seen.add((found, text))
                yield found, text
    if parsed is None and len(refusal) < MAX_PROSE_CHARS:
        for found in _named(None, refusal, names):
            yield found, refusal


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _named(name: str | None, text: str, names: Mapping[str, str]) -> Iterator[str]:
    if name in names:
        yield names[name]
        return
    for candidate, path in names.items():
        if re.search(rf"(?<![\w]){re.escape(candidate)}(?![\w])", text):
            yield path


_FIELD_KEYS = ("field", "param", "parameter", "path", "property", "name", "pointer", "attribute", "key", "source", "loc")
_TEXT_KEYS = ("message", "msg", "detail", "error", "reason", "description", "title", "code", "type")


def _walk(node: Any, name: str | None, depth: int) -> Iterator[tuple[str | None, str]]:
    if depth > 6:
        return
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item, name, depth + 1)
    elif isinstance(node, Mapping):
        field = next((_last_part(node[key]) for key in _FIELD_KEYS if key in node and node[key]), None)
        texts = [str(node[key]) for key in _TEXT_KEYS if isinstance(node.get(key), str)]
        if field is not None and texts:
            yield field, " ".join(texts)
            return
        for key, item in node.items():
            is_text_key = key in _TEXT_KEYS or key in ("errors", "non_field_errors", "details", "violations")
            yield from _walk(item, name if is_text_key else str(key), depth + 1)


def _last_part(value: Any) -> str | None:
    if isinstance(value, list):
        return next((str(part) for part in reversed(value) if isinstance(part, str)), None)
    if isinstance(value, Mapping):
        return _last_part(value.get("pointer"))
    return re.split(r"[./]", str(value))[-1] if isinstance(value, str) else None
