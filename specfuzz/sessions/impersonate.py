"""Make one account's session say that it is another's, with what an attacker can know: names, numbers, addresses.

Both sessions are at hand, so what differs between them is what tells the accounts apart. Random ids of the sessions
themselves and hashes differ as well, but nobody could know another's: these stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SAYS_WHO = re.compile(
    r"(?:^|_)(?:id|uid|pk|sub|subject|user|userid|user_id|username|user_name|login|email|mail|account|account_id|member"
    r"|member_id|customer|customer_id|principal|identity|preferred_username|upn|unique_name|nameid|name|u|auth_user_id)$",
    re.IGNORECASE,
)
_SESSIONS_OWN = re.compile(
    r"(?:^|_)(?:sid|session|session_id|sessionid|jti|nonce|csrf\w*|token|token_id|hash|key|secret|signature|salt)$",
    re.IGNORECASE,
)
_FLASK_LOGIN_PROTECTION = "_id"
"""Flask-Login's session protection: a hash of the caller's address and browser, the same for whoever copies it."""

MAX_DEPTH = 12
"""Levels of nesting that are looked into."""


def impersonated(mine: Any, theirs: Any) -> tuple[Any, tuple[str, ...]]:
    """My session's data with what tells the accounts apart taken from theirs; the dotted keys that changed, maybe none."""
    changed: list[str] = []
    return _swapped(mine, theirs, "", changed, 0), tuple(changed)


def _swapped(mine: Any, theirs: Any, path: str, changed: list[str], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return mine
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        return {
            key: _swapped(value, theirs[key], f"{path}.{key}" if path else str(key), changed, depth + 1)
            if key in theirs
            else value
            for key, value in mine.items()
        }
    if type(mine) is type(theirs) and mine != theirs and _tells_who(path) and _can_be_known(theirs):
        changed.append(path)
        return theirs
    return mine


def _tells_who(path: str) -> bool:
    # Flask's tagged JSON puts a UUID into an object of its own: `{"user_id": {" u": "…"}}`.
    names = [name for name in path.split(".") if not name.startswith(" ")]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", names[-1]).replace("-", "_") if names else ""
    if name == _FLASK_LOGIN_PROTECTION or _SESSIONS_OWN.search(name):
        return False
    return bool(_SAYS_WHO.search(name))


def _can_be_known(value: Any) -> bool:
    """Whether an attacker can learn it: a number, a name, an address, a UUID; not a long random text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    text = str(value)
    is_uuid = bool(re.fullmatch(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", text))
    return is_uuid or "@" in text or len(text) < 32
