"""Can an identifier be guessed? Whoever reads of a missing check asks this next: must an attacker be handed the id first?"""

from __future__ import annotations

import re
import uuid
from typing import Any

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_SINCE_S, _UNTIL_S = 1_262_304_000, 4_102_444_800
"""2010 and 2100, in seconds since 1970: a time outside is no time, and the identifier only looks like one that holds it."""


def why_guessable(value: Any) -> str | None:
    """What makes an identifier easy to guess, in words that follow “its id is”; None where nothing does."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value)
    if text.isascii() and text.isdigit():
        if len(text) <= 9:
            return "a small number, so its neighbours can be counted through"
        return "a number made of the time (a snowflake)" if 17 <= len(text) <= 19 else None
    if _OBJECT_ID.fullmatch(text) and _SINCE_S <= int(text[:8], 16) < _UNTIL_S:
        return "an ObjectId: a time in seconds and a counter"
    if _ULID.fullmatch(text) and _SINCE_S <= _ulid_time_s(text) < _UNTIL_S:
        return "a ULID: it begins with the time"
    return _of_uuid(text)


def _ulid_time_s(text: str) -> float:
    milliseconds = 0
    for character in text[:10].upper():
        milliseconds = milliseconds * 32 + _CROCKFORD.index(character)
    return milliseconds / 1000


def _of_uuid(text: str) -> str | None:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    if parsed.variant != uuid.RFC_4122:
        return None
    if parsed.version in (1, 6):
        return f"a UUID of version {parsed.version}: the time and the machine (RFC 9562), little of it unknown"
    if parsed.version == 7:
        return "a UUID of version 7: it begins with the time (RFC 9562)"
    return None
