"""Places in a body by name: `role`, `profile.role` inside an object, `lines[].price` in every item of an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING = object()


def value_at(value: Any, place: str) -> Any:
    """What stands at a place; None where nothing does. Of an array the first item, with or without `[]`."""
    found = _look(value, place)
    return None if found is _NOTHING else found


def has_at(value: Any, place: str) -> bool:
    """Whether a body has anything at a place, null included."""
    return _look(value, place) is not _NOTHING


def _look(value: Any, place: str) -> Any:
    if isinstance(value, Mapping) and place in value:
        return value[place]
    for part in place.split("."):
        value = _first(value).get(part.removesuffix("[]"), _NOTHING) if isinstance(_first(value), Mapping) else _NOTHING
        if value is _NOTHING:
            return _NOTHING
    return value


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def merged(value: Any, extra: Mapping[str, Any]) -> Any:
    """A body with extra fields: at top level, or inside the lone wrapper object that the document uses.

    A place inside an object or in an array's items is filled only where the body has that object or those items; in a
    bulk body every item gets the fields.
    """
    if isinstance(value, list):
        return [merged(item, extra) for item in value]
    if not isinstance(value, Mapping):
        return dict(extra)
    wrappers = [key for key, item in value.items() if isinstance(item, Mapping)]
    if len(wrappers) == 1 and len(value) == 1 and not any(place.startswith(f"{wrappers[0]}.") for place in extra):
        return {wrappers[0]: merged(value[wrappers[0]], extra)}
    made = dict(value)
    for place, item in extra.items():
        head, dot, rest = place.partition(".")
        if not dot:
            made[place] = item
        elif isinstance(made.get(head.removesuffix("[]")), Mapping | list):
            made[head.removesuffix("[]")] = _inside(made[head.removesuffix("[]")], rest, item)
    return made


def _inside(value: Any, place: str, item: Any) -> Any:
    if isinstance(value, list):
        return [_inside(each, place, item) for each in value]
    if not isinstance(value, Mapping):
        return value
    head, dot, rest = place.partition(".")
    name = head.removesuffix("[]")
    if not dot:
        return {**value, name: item}
    return {**value, name: _inside(value[name], rest, item)} if name in value else value
