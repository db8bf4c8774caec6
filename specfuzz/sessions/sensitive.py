"""Which of a session's readable data should not be readable: by the key's name, and by what the value looks like.

The names come from whoever asks, as a predicate: the lists of sensitive fields belong to the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_LEAVES = 2_000
"""Values looked at in one session; a cookie of 4 KiB holds a few hundred."""

_FRAMEWORKS_OWN = frozenset(
    "_auth_user_hash _auth_user_id _auth_user_backend _csrftoken csrf_token _csrf_token csrf _csrf csrfsecret _token "
    "_id _fresh _user_id at_hash c_hash s_hash nonce jti sid session_id _session_expiry _permanent flash _flashes".split()
)
"""Keys that frameworks keep in every session by design: identifiers, flags, and hashes that open nothing.

Django's auth, Flask-WTF and Flask-Login, csurf, Laravel and Rails; OpenID Connect Core 3.1.3.6 for `at_hash`.
"""

_SECRET_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a password hash", re.compile(r"\$(?:2[abxy]|argon2(?:id|i|d)|5|6|1|scrypt|pbkdf2[\w-]*)\$[^\s]{8,}")),
    ("a password hash", re.compile(r"(?:pbkdf2(?:_sha\d+|:sha\d+)|bcrypt_sha256|argon2|scrypt)[:$][^\s]*\$[^\s]{16,}")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")),
    ("a JSON Web Token", re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")),
    ("an access key", re.compile(r"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{36,}|sk_(?:live|test)_\w{16,}|xox[bpas]-[\w-]{10,}")),
)  # fmt: skip
_PERSONAL_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an e-mail address", re.compile(r"[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+")),
    ("a phone number", re.compile(r"\+\d[\d ()/.-]{7,18}\d")),
    ("an IBAN", re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")),
)
_PASSWORD_NAME = re.compile(r"(?:^|[^a-z])(?:pw|pwd|pass|passwd|password|passphrase)(?:[^a-z]|$)", re.IGNORECASE)
_PASSWORD_NEWS = re.compile(r"chang|exp|updat|reset|must|requir|_at$|count|valid|age|set$|is_|has_", re.IGNORECASE)
_PERSONAL_NAME = re.compile(
    r"(?:^|_)(?:ssn|tax_?(?:id|number|no)|national_?id|passport(?:_?(?:no|number))?|social_security(?:_number)?"
    r"|date_of_birth|dob|birth_?date|iban|account_number|driving_licence|drivers?_license(?:_number)?|salary)$",
    re.IGNORECASE,
)
_INTERNAL_NAME = re.compile(
    r"(?:^|_)(?:internal|private|staff|support|admin|moderator)_(?:notes?|comments?|remarks?|flags?)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitive:
    """One readable value that should not be: its dotted key, why, and whether that is a secret or personal data."""

    key: str
    reason: str
    is_secret: bool


def sensitive(data: Any, is_sensitive_name: Callable[[str], bool]) -> tuple[Sensitive, ...]:
    """What is sensitive in a session's data, secrets first. Only keys and reasons: no value is in the answer."""
    found = [item for path, value in _leaves(data) if (item := _judge(path, value, is_sensitive_name)) is not None]
    return tuple(sorted(found, key=lambda item: not item.is_secret))


def _leaves(data: Any) -> Iterator[tuple[str, Any]]:
    stack: list[tuple[str, Any]] = [("", data)]
    seen = 0
    while stack and seen < MAX_LEAVES:  # no recursion: a session may be nested as deep as JSON lets it
        path, node = stack.pop()
        if isinstance(node, Mapping):
            stack.extend((f"{path}.{key}" if path else str(key), item) for key, item in node.items())
        elif isinstance(node, list):
            stack.extend((path, item) for item in node)
        else:
            seen += 1
            yield path, node


def _judge(path: str, value: Any, is_sensitive_name: Callable[[str], bool]) -> Sensitive | None:
    name = path.rsplit(".", 1)[-1]
    if name.lower() in _FRAMEWORKS_OWN or value in (None, "", 0) or isinstance(value, bool):
        return None
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_")
    if is_sensitive_name(name):
        return Sensitive(key=path, reason="named like a credential, a secret or an internal", is_secret=True)
    if _PASSWORD_NAME.search(snake) and not _PASSWORD_NEWS.search(snake) and isinstance(value, str):
        return Sensitive(key=path, reason="named like a password or its hash", is_secret=True)
    if _INTERNAL_NAME.search(snake):
        return Sensitive(key=path, reason="named like an internal note", is_secret=True)
    if _PERSONAL_NAME.search(snake):
        return Sensitive(key=path, reason="named like a number that identifies a person", is_secret=True)
    if not isinstance(value, str):
        return None
    for reason, pattern in _SECRET_FORMS:
        if pattern.search(value):
            return Sensitive(key=path, reason=f"looks like {reason}", is_secret=True)
    if _is_card_number(value):
        return Sensitive(key=path, reason="looks like a card number", is_secret=True)
    for reason, pattern in _PERSONAL_FORMS:
        if pattern.fullmatch(value.strip()):
            return Sensitive(key=path, reason=f"looks like {reason}", is_secret=False)
    return None


def _is_card_number(value: str) -> bool:
    """Sixteen digits that a payment network could have issued and whose check digit is right (ISO/IEC 7812, Luhn)."""
    digits = value.replace(" ", "").replace("-", "")
    if len(digits) != 16 or not (digits.isascii() and digits.isdecimal()) or digits[0] not in "23456":
        return False
    doubled = (int(digit) * (2 if index % 2 == 0 else 1) for index, digit in enumerate(digits))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
