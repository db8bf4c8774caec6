"""The one door through which anything of an exchange leaves towards a report, a log or a terminal.

Two nets: every secret that the run knows (passwords, tokens, cookie values) is replaced wherever it stands, in plain,
URL-encoded, JSON-escaped and base64 form; and values under names that carry secrets by convention are masked even when
nobody told us about them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[redacted]"

MIN_SECRET_CHARS = 4
"""A shorter secret would blank out half of every report; specfuzz's own secrets are far longer."""

_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "apikey",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
        "x-csrftoken",
        "x-xsrf-token",
    }
)
_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|private[_-]?key|credential|session[_-]?id|cookie|jwt"
    r"|authorization|csrf|xsrf|otp|pin[_-]?code|cvv|hash)",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"(token[_-]?(type|count|expir\w*|ttl|lifetime)|(type|expires)[_-]?token|\w+_(at|in|count|type|enabled|required)$"
    r"|hashtags?|password_?(changed|updated|expires|reset_?required)\w*)",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a field or parameter of this name carries a secret by convention."""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


class Redactor:
    """Knows the run's secrets and masks them. One object for a run; `learn` as they come up."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a secret in every form in which it could turn up again."""
        if len(secret) < MIN_SECRET_CHARS:
            return
        forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
        forms.update(_base64_forms(secret))
        if not forms <= self._forms:
            self._forms |= forms
            self._pattern = None

    def text(self, text: str) -> str:
        """`text` with every known secret masked."""
        if not self._forms:
            return text
        if self._pattern is None:
            ordered = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
        return self._pattern.sub(MASK, text)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Header fields with credentials masked; the scheme and cookie names stay, since they are evidence."""
        return [(name, self._header(name, value)) for name, value in pairs]

    def _header(self, name: str, value: str) -> str:
        lowered = name.lower()
        if lowered in ("cookie", "set-cookie"):
            return self.text(_mask_cookies(value, whole=lowered == "cookie"))
        if lowered in ("authorization", "proxy-authorization"):
            scheme, _, rest = value.partition(" ")
            return f"{self.text(scheme)} {MASK}" if rest else MASK
        if lowered in _SECRET_HEADERS or is_secret_name(name):
            return MASK
        return self.text(value)

    def value(self, value: Any) -> Any:
        """Parsed JSON with secrets masked, by value and by name."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK
                if is_secret_name(str(key)) and isinstance(item, str | int | float) and not isinstance(item, bool)
                else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def query(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, MASK if is_secret_name(name) else self.text(value)) for name, value in pairs]


def _mask_cookies(value: str, *, whole: bool) -> str:
    """`a=1; b=2` as `a=[redacted]; b=[redacted]`; of a Set-Cookie only its first pair is the cookie."""
    parts = value.split(";")
    masked = [
        re.sub(r"=.*", f"={MASK}", part, count=1, flags=re.DOTALL) if whole or index == 0 else part
        for index, part in enumerate(parts)
    ]
    return ";".join(masked)


def _base64_forms(secret: str) -> set[str]:
    """Base64 of the secret at each of the three offsets it can have inside a longer encoded text.

    Only the characters that depend on the secret alone are kept, so `user:secret` in Basic credentials is found too.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    forms: set[str] = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(encoded) - (1 if (len(raw) + offset) % 3 else 0)
        core = encoded[start:end]
        if len(core) >= MIN_SECRET_CHARS + 2:
            forms.update({core, core.replace("+", "-").replace("/", "_")})
    return forms
