"""Learn from a refused draft: what the server's error says about which property, and what to send instead."""

from __future__ import annotations

import json
import random
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
    r"(?:one of(?: the following)?(?: values)?|choices? (?:are|is)|(?:must|should) be|permitted|allowed(?: values)?(?: are)?"
    r"|valid (?:values|choices|options)(?: are)?|expected)\W{0,4}:?\s*"
    r"(?P<list>[\[({]?\s*[\"'`]?[\w.-]+[\"'`]?(?:\s*(?:,|\bor\b|\||\band\b)\s*[\"'`]?[\w.-]+[\"'`]?)+)",
    re.IGNORECASE,
)
_GIVEN = re.compile(r",?\s*(?:but )?(?:received|got|was given)\b.*", re.IGNORECASE | re.DOTALL)
"""What Zod and Pydantic say they were sent; it is no choice."""

_N = r"\W{0,3}?(-?\d+)"
_LENGTH = r"(?:imum)?(?: length| value| size)?(?: of| is|:)?"
_BETWEEN = re.compile(rf"between{_N} and{_N}", re.IGNORECASE)
_BOUNDS: tuple[tuple[re.Pattern[str], bool, int], ...] = tuple(
    (re.compile(pattern + _N, re.IGNORECASE), is_low, by)
    for pattern, is_low, by in (
        (rf"(?:at least|\bmin{_LENGTH}|(?:greater|longer|more|larger) than or equal to|>=)", True, 0),
        (r"(?:no|not be|n't be|cannot be) (?:less|fewer|shorter|smaller|lower) than", True, 0),
        (
            rf"(?:at most|up to|exceed|\bmax{_LENGTH}|(?:less|shorter|fewer|smaller|lower) than or equal to|<=)",
            False,
            0,
        ),
        (r"(?:no|not be|n't be|cannot be) (?:greater|longer|more|larger|higher) than", False, 0),
        (r"(?:longer than)", False, 0),
        (r"(?:(?:greater|more|larger|higher) than|>)", True, 1),
        (r"(?:(?:less|fewer|smaller|lower|shorter) than|<)", False, -1),
    )
)
"""Phrases before a number, whether it is the least or the greatest allowed, and by how much a strict one is off.

The first that fits a side wins, so `not be greater than 10` is read before `greater than 10`.
"""

_TYPE = re.compile(
    r"(?:valid|must be(?: an?| of type)?|should be(?: an?)?|expected(?: type)?|(?:is )?not an?|not of type)\W{0,3}"
    r"(?P<type>integer|int|number|numeric|float|decimal|bool(?:ean)?|list|array|string|str|dict(?:ionary)?|object)\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"date", re.IGNORECASE)
_MOMENT = re.compile(r"\b(?P<when>past|future|after|later|before|earlier)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|cannot|can't)\b", re.IGNORECASE)
_PAGE_PARTS = re.compile(r"<(title|h1|style|script)\b.*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL)


def adjust(draft: Draft, refusal: str, known: tuple[str, ...], earlier: Adjustments, seed: int) -> Adjustments:
    """Adjustments for the next draft after the response body `refusal` refused this one.

    `known` are property names that the operation documents. What the message does not name stays as it is.
    """
    drop, force, once = set(earlier.drop), dict(earlier.force), dict(earlier.once)
    sent = dict(_leaves(draft.value))
    corrected: set[str] = set()
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
                corrected.add(path)
                drop.discard(path)
            elif path in sent and path not in corrected and not _MISSING.search(text):
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
    words = re.findall(r"[\w.-]+", re.sub(r"\b(?:or|and)\b", " ", text))
    return [word.rstrip(".") for word in words if word.rstrip(".")]


def _corrected(path: str, present: Any, text: str, source: random.Random) -> Any:
    """A value that follows the message, or None where it gives no lead."""
    name = path.rsplit(".", 1)[-1]
    choices = _CHOICES.search(_GIVEN.sub("", text))
    options = _listed(choices["list"]) if choices else []
    if options and not options[0].isdigit():
        return options[0]
    low, high = _bounds_named(text)
    if low is not None or high is not None:
        return _inside(name, present, low, high, source)
    kind = _TYPE.search(text)
    if kind:
        return _of_type(kind["type"].lower(), name, present, source)
    if "accepted" in text:
        return True  # Laravel: terms of use
    if isinstance(present, str) and re.match(r"\d{4}-\d\d", present):
        return _other_moment(present, text)
    if _MISSING.search(text) and present in (None, "", [], {}):
        words = split_words(name)
        if words and words[-1] in ("id", "count", "quantity", "amount", "price", "number"):
            return values.number_for(name, {}, source, integer=True)
        return values.string_for(name, {}, source).value
    return None


def _bounds_named(text: str) -> tuple[int | None, int | None]:
    """The least and the greatest number (or length) that a message allows."""
    both = _BETWEEN.search(text)
    if both:
        return int(both[1]), int(both[2])
    bounds: dict[bool, int] = {}
    for pattern, is_low, by in _BOUNDS:
        found = pattern.search(text)
        if found:
            bounds.setdefault(is_low, int(found[1]) + by)
            text = text.replace(found[0], " ")  # `not be greater than 10` is not `greater than 10` as well
    return bounds.get(True), bounds.get(False)


def _inside(name: str, present: Any, low: int | None, high: int | None, source: random.Random) -> Any:
    if isinstance(present, list):
        return (present * max(1, low or 1))[: max(low or 1, 1)] if low is not None else present[:high]
    names = ("minLength", "maxLength") if isinstance(present, str) else ("minimum", "maximum")
    schema = {key: bound for key, bound in zip(names, (low, high), strict=True) if bound is not None}
    if isinstance(present, str):
        return values.string_for(name, schema, source).value
    return values.number_for(name, schema, source, integer=True)


def _of_type(kind: str, name: str, present: Any, source: random.Random) -> Any:
    if kind.startswith("bool"):
        return False
    if kind in ("list", "array"):
        return present if isinstance(present, list) else [present]
    if kind in ("string", "str"):
        return str(present) if isinstance(present, int | float) else values.string_for(name, {}, source).value
    if kind.startswith(("dict", "object")):
        return {}
    return values.number_for(name, {}, source, integer=True)


def _other_moment(present: str, text: str) -> str | None:
    """A date moved to the side that the message asks for, or written the other way (day only, or with a time)."""
    moment = _MOMENT.search(text)
    if moment:
        is_later = (moment["when"].lower() in ("future", "after", "later")) is not bool(_NEGATED.search(text))
        return f"{'2040' if is_later else '2001'}{present[4:]}"
    if _DATE.search(text):
        return present[:10] if "T" in present else f"{present[:10]}T09:30:00Z"
    return None


def _fresh(present: Any, path: str, source: random.Random) -> Any:
    if isinstance(present, int) and not isinstance(present, bool):
        return present + source.randrange(1000, 100_000)
    return values.string_for(path.rsplit(".", 1)[-1], {}, source).value


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{prefix}{name}." if isinstance(item, Mapping) else f"{prefix}{name}")
    elif isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            yield from _leaves(value[0], f"{prefix}." if prefix else "")
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
    if parsed is not None:
        told = _walk(parsed, None, frozenset(names), 0)
    else:
        page = _PAGE_PARTS.sub(" ", refusal)  # Flask's and Werkzeug's pages, whose own `<title>` is no property
        told = iter([(None, page)] if len(page) < MAX_PROSE_CHARS else [])
    for name, text in told:
        for found in _named(name, text, names):
            if text == found:
                text = "unknown field" if name in ("additionalProperty", "unevaluatedProperty") else ""  # Ajv
            if text and (found, text) not in seen:
                seen.add((found, text))
                yield found, text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _named(name: str | None, text: str, names: Mapping[str, str]) -> Iterator[str]:
    """The properties that a message is about: the one it stands under, else those it mentions."""
    folded = {_fold(candidate): path for candidate, path in names.items()}
    if name is not None:
        # Laravel's `lines.0.qty`, ASP.NET's `Title`, Rails' `due_on` for `dueOn`
        last = next((part for part in reversed(re.split(r"[./\[\]]+", name)) if part and not part.isdigit()), name)
        found = names.get(last) or folded.get(_fold(last))
        if found is not None:
            yield found
            return
    for candidate, path in names.items():
        human = r"[ _-]?".join(map(re.escape, split_words(candidate))) or re.escape(candidate)
        if re.search(rf"(?<![\w]){re.escape(candidate)}(?![\w])", text) or re.match(
            rf"\W*{human}\b", text, re.IGNORECASE
        ):
            yield path


def _fold(name: str) -> str:
    return "".join(split_words(name))


_FIELD_KEYS = (
    "field",
    "param",
    "parameter",
    "path",
    "property",
    "name",
    "pointer",
    "attribute",
    "key",
    "source",
    "loc",
    "instancePath",
    "propertyPath",
    "propertyName",
)
_TEXT_KEYS = (
    "message",
    "msg",
    "detail",
    "error",
    "reason",
    "description",
    "title",
    "code",
    "type",
    "defaultMessage",
    "errorMessage",
    "error_message",
)
_BY_FIELD = ("errors", "fieldErrors", "field_errors", "validationErrors", "non_field_errors", "details", "violations")


def _walk(
    node: Any, name: str | None, names: frozenset[str], depth: int, *, by_field: bool = False
) -> Iterator[tuple[str | None, str]]:
    """(what it stands under, message) of every text; `by_field` where an object's keys are properties for certain."""
    if depth > 6:
        return
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item, name, names, depth + 1)
    elif isinstance(node, Mapping):
        field = next((_last_part(node[key]) for key in _FIELD_KEYS if node.get(key)), None)
        texts = [str(node[key]) for key in _TEXT_KEYS if isinstance(node.get(key), str)]
        # Spring says the request's `path` beside a list of errors: it is no property.
        is_complaint = not by_field and not any(isinstance(node.get(key), list | Mapping) for key in _BY_FIELD)
        if field is not None and texts and is_complaint:
            yield field, " ".join(texts)
            return
        for key, item in node.items():
            # Django writes `{"title": ["..."]}`, RFC 9457 `{"title": "Bad Request"}`.
            is_field = key in names and (by_field or isinstance(item, list | Mapping))
            is_text_key = key in _TEXT_KEYS or key in _BY_FIELD
            under = str(key) if is_field or not is_text_key else name
            yield from _walk(item, under, names, depth + 1, by_field=key in _BY_FIELD)


def _last_part(value: Any) -> str | None:
    if isinstance(value, list):
        return next((str(part) for part in reversed(value) if isinstance(part, str)), None)
    if isinstance(value, Mapping):
        return _last_part(value.get("pointer"))
    return re.split(r"[./]", str(value))[-1] if isinstance(value, str) else None
