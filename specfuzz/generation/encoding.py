"""A body in its media type: JSON, forms, multipart (RFC 7578), text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def encode(value: Any, media_type: str) -> bytes:
    """A body in its media type. Forms are flat; JSON is what everything else is taken for."""
    if media_type == FORM:
        return urlencode(_flat(value), doseq=True).encode()
    if media_type == MULTIPART:
        return _multipart(_flat(value))
    if media_type.startswith("text/") and isinstance(value, str):
        return value.encode()
    return json.dumps(value, separators=(",", ":"), default=str).encode()


BOUNDARY = "specfuzz-boundary-7d1f"


def _flat(value: Any) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, item in value.items() if isinstance(value, Mapping) else ():
        for entry in item if isinstance(item, list) else [item]:
            if isinstance(entry, bool):
                pairs.append((name, "true" if entry else "false"))
            elif entry is not None:
                pairs.append((name, str(entry)))
    return pairs


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    """RFC 7578; a value that begins with the file mark travels as a small text file."""
    parts = []
    for name, text in pairs:
        is_file = text.startswith(FILE_MARK)
        extra = '; filename="specfuzz.txt"\r\nContent-Type: text/plain' if is_file else ""
        content = text.removeprefix(FILE_MARK)
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{content}\r\n')
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


FILE_MARK = "\x00file:"
