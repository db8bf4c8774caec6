"""What the rules about properties in answers share: how a property is named in a report, and what was only echoed."""

from __future__ import annotations

import json
import re
from typing import Any

from specfuzz.http import Request, Response
from specfuzz.oracles import leaves

_INDEX = re.compile(r"(^|\.)\d+(?=\.|$)")


def plain_path(path: str) -> str:
    """A dotted path with array indexes as `[]`: `items.0.pin` is `items[].pin`, so that a list gives one finding."""
    return _INDEX.sub("[]", path)


def leaf_name(path: str) -> str:
    """The name of the property itself, without where it lies."""
    return plain_path(path).replace("[]", "").rsplit(".", 1)[-1]


def as_json(value: Any) -> str:
    """A value to compare with: 1, true and "1" differ."""
    return json.dumps(value, sort_keys=True, default=str)


def values_in(request: Request) -> frozenset[str]:
    """What a request's JSON body holds: an answer that repeats it tells its sender nothing."""
    if not request.body:
        return frozenset()
    return frozenset(as_json(value) for value in leaves(Response(status=0, body=request.body).json).values())
