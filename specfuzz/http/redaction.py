"""The one door through which anything of an exchange leaves towards a report, a log or a terminal.

Two nets: every secret that the run knows (passwords, tokens, cookie values) is replaced wherever it stands, in plain,
URL-encoded, JSON- or HTML-escaped and base64 form; and values under names that carry secrets by convention are masked
even when nobody told us about them.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[redacted]"

MIN_SECRET_CHARS = 4
"""A shorter secret would blank out half of every report; specfuzz's own secrets are far longer."""

_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase|code|key)?|pwd|secret|token|(api|private|access|auth|signing|encryption)[_-]?key|credential"
    r"|session[_-]?id|cookie|jwt|authorization|csrf|xsrf|otp|pin[_-]?code|cvv|cvc|hash)",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"(token[_-]?(type|count|expir\w*|ttl|lifetime)|(type|expires)[_-]?token|\w+_(at|in|count|type|enabled|required)$"
    r"|allow-credentials|password_?(changed|updated|expires|reset_?required)"
    r"|hashtags?|passenger|passive|passage|passing|bypass|compass|footprint|secretar(y|iat))",
    re.IGNORECASE,
)
"""Words that only look like the above. They are blanked out, not believed: `bypass_token` is a token all the same."""


def is_secret_name(name: str) -> bool:
    """Whether a field or parameter of this name carries a secret by convention."""
    return bool(_SECRET_NAME.search(_HARMLESS_NAME.sub(" ", name)))


def is_unmistakable(value: str) -> bool:
    """Whether a text is so long, or so mixed, that it stands nowhere by accident."""
    text = value.strip()
    if len(text) >= MIN_UNMISTAKABLE_CHARS:
        return True
    return len(text) >= MIN_MIXED_CHARS and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


MIN_UNMISTAKABLE_CHARS, MIN_MIXED_CHARS = 14, 8
"""Longer than nearly all words and numbers; and with letters and digits mixed, as short as passwords are."""


class Redactor:
    """Knows the run's secrets and masks them. One object for a run; `learn` as they come up."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._names: set[str] = set()
        self._forms: set[str] = set()
        self._lengths: dict[str, list[int]] = {}  # of forms, by their first characters, the longest first
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a secret in every form in which it could turn up again."""
        if len(secret) < MIN_SECRET_CHARS or secret in self._secrets:
            return
        self._secrets.add(secret)
        for form in {secret, *_escaped_forms(secret), *_base64_forms(secret)}:
            self._forms.add(form)
            lengths = self._lengths.setdefault(form[:MIN_SECRET_CHARS], [])
            if len(form) not in lengths:
                lengths.append(len(form))
                lengths.sort(reverse=True)

    def learn_property(self, name: str, value: str) -> None:
        """Remember that the properties of a name hold a secret, and the secret itself where it cannot be taken for a word.

        A PIN of 1234 or a join code of `garden` would otherwise blank out ids, ports and prose all over the report.
        """
        self._names.add(name.lower())
        if is_unmistakable(value):
            self.learn(value)

    def _is_secret_name(self, name: str) -> bool:
        return name.lower() in self._names or is_secret_name(name)

    def text(self, text: str) -> str:
        """`text` with every known secret masked; of secrets that overlap, nothing is left either.

        Looked up at each position, without a regular expression: a server that rotates its cookies with every answer
        makes tens of thousands of secrets, all of which may begin alike.
        """
        shown: list[str] = []
        end = 0  # of what is shown or masked so far
        for index in range(len(text) - MIN_SECRET_CHARS + 1):
            for length in self._lengths.get(text[index : index + MIN_SECRET_CHARS], ()):
                if text[index : index + length] in self._forms:
                    if index >= end:
                        shown.extend((text[end:index], MASK))
                    end = max(end, index + length)
                    break
        return "".join((*shown, text[end:]))

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
        if self._is_secret_name(name):
            return MASK
        return self.text(value)

    def value(self, value: Any) -> Any:
        """Parsed JSON with secrets masked, by value and by name.

        A name that carries secrets masks all that is below it: `{"credentials": [{"type": "password", "value": …}]}`.
        """
        return self._value(value, is_secret=False)

    def _value(self, value: Any, *, is_secret: bool) -> Any:
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self._value(item, is_secret=is_secret or self._is_secret_name(str(key)))
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._value(item, is_secret=is_secret) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if is_secret:
            return MASK
        clean = self.text(str(value))
        return value if clean == str(value) else clean

    def query(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Query parameters, or the fields of a form, masked by value and by name."""
        return [(self.text(name), MASK if self._is_secret_name(name) else self.text(value)) for name, value in pairs]


def _mask_cookies(value: str, *, whole: bool) -> str:
    """`a=1; b=2` as `a=[redacted]; b=[redacted]`; of a Set-Cookie only its first pair is the cookie."""

    def masked(part: str) -> str:
        name, separator, _ = part.partition("=")
        return f"{name}={MASK}" if separator else MASK  # a cookie may have no name (RFC 6265bis, 5.6)

    first, *others = value.split(";")
    return ";".join((masked(first), *(masked(part) if whole else part for part in others)))


def _escaped_forms(secret: str) -> set[str]:
    """The secret as it stands in a URL, in JSON (`\\/` is PHP's) and in HTML, whichever way that was written."""
    percent = {quote(secret, safe=safe, errors="surrogatepass") for safe in ("", "/")}
    percent.add(quote_plus(secret, errors="surrogatepass"))
    percent |= {re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in percent}
    quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    quoted |= {form.replace("/", "\\/") for form in quoted}
    quoted |= {re.sub(r"\\u[0-9a-f]{4}", lambda code: "\\u" + code[0][2:].upper(), form) for form in quoted}
    marked = {html.escape(secret), html.escape(secret, quote=False), html.escape(secret).replace("&#x27;", "&#39;")}
    once = percent | quoted | marked
    return once | {quote(form, safe=safe, errors="surrogatepass") for form in once for safe in ("", "/")}


def _base64_forms(secret: str) -> set[str]:
    """Base64 of the secret by itself and at each of the three offsets it can have inside a longer encoded text.

    Only the characters that depend on the secret alone are kept, so `user:secret` in Basic credentials is found too;
    of a secret of four bytes too few are left to tell it from chance.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(encoded) - (1 if (len(raw) + offset) % 3 else 0)
        core = encoded[start:end]
        if len(core) >= MIN_SECRET_CHARS + 2:
            forms.update({core, core.replace("+", "-").replace("/", "_")})
    return forms
