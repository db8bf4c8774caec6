"""What the rules about properties in answers share: how a property is named in a report."""

from __future__ import annotations

import re

_INDEX = re.compile(r"(^|\.)\d+(?=\.|$)")


def plain_path(path: str) -> str:
    """A dotted path with array indexes as `[]`: `items.0.pin` is `items[].pin`, so that a list gives one finding."""
    return _INDEX.sub("[]", path)


def leaf_name(path: str) -> str:
    """The name of the property itself, without where it lies."""
    return plain_path(path).replace("[]", "").rsplit(".", 1)[-1]
