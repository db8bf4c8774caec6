"""Is this value a credential by its form? Hashes of passwords, private keys, keys with a published prefix.

detect-secrets (Yelp's, maintained) knows the providers' key formats; its entropy and keyword detectors are left out, since
any identifier looks like a secret to them. It has no patterns for password hashes: theirs are the formats' own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

MIN_CHARS = 16
"""A shorter text is no hash and no key."""

MAX_CHARS = 20_000
"""Characters of one value that are looked at: the largest keys have some 13,000 (RSA 16384 in PEM)."""

_HASHES = (
    ("bcrypt hash", re.compile(r"^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$")),
    ("argon2 hash", re.compile(r"^(?:argon2)?\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[^$\s]+\$[^$\s]+$")),
    (
        "PBKDF2 hash",
        re.compile(r"^(?:\$pbkdf2(?:-sha\d+)?\$\d+\$|pbkdf2[_:]sha\d+(?::\d+)?\$)[^\s$]*\$[^\s$]*(?:\$[^\s$]*)?$"),
    ),
    ("scrypt hash", re.compile(r"^(?:\$scrypt\$|scrypt:\d+:\d+:\d+\$)\S{20,}$")),
    ("crypt hash", re.compile(r"^\$(?:1|5|6|y|apr1)\$(?:rounds=\d+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{20,}$")),
    (
        "salted SHA hash",
        re.compile(r"^(?:\{SSHA\d*\}[A-Za-z0-9+/=]{28,}|(?:sha1|md5|sha256)\$[A-Za-z0-9]{1,24}\$[0-9a-f]{32,64})$"),
    ),
)
"""PHC strings, crypt(3), and what passlib, Django and Werkzeug write (their documentation)."""


class _Detector(Protocol):
    @property
    def secret_type(self) -> str: ...

    @property
    def denylist(self) -> Iterable[re.Pattern[str]]: ...


@cache
def _detectors() -> tuple[_Detector, ...]:
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.npm import NpmDetector
    from detect_secrets.plugins.openai import OpenAIDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.stripe import StripeDetector

    kinds = (
        AWSKeyDetector, GitHubTokenDetector, GitLabTokenDetector, NpmDetector, OpenAIDetector, PypiTokenDetector,
        SendGridDetector, SlackDetector, StripeDetector,
    )  # fmt: skip
    return tuple(kind() for kind in kinds)


def secret_form(value: Any) -> str | None:
    """What credential a text is by its form (`bcrypt hash`, `AWS Access Key`); None for anything else."""
    if not isinstance(value, str) or not MIN_CHARS <= len(value) <= MAX_CHARS:
        return None
    return password_hash_form(value) or _key_form(value)


def password_hash_form(value: str) -> str | None:
    """Which kind of password hash a text is; None if it is none."""
    text = value.strip()
    return next((name for name, pattern in _HASHES if pattern.match(text)), None)


_WORTH_ASKING = re.compile(
    r"A3T|A[KSBC][ICA]A|gh[pousr]_|gl[a-z]*-|_authToken|sk-|PRIVATE KEY|PuTTY|pypi-|SG\.|xox|[rs]k_live"
)
"""What every key that the detectors know contains: asked first, since most texts are prose and the detectors are slow."""


def _key_form(value: str) -> str | None:
    """A text that is a key and nothing else: a signed URL names the key's id, and prose may quote a key."""
    text = value.strip()
    if not _WORTH_ASKING.search(text):
        return None
    if "PRIVATE KEY" in text or "PuTTY" in text:
        return "private key" if _PRIVATE_KEY.match(text) else None
    if re.search(r"\s|://", text):
        return None
    return next(
        (item.secret_type for item in _detectors() if any(form.fullmatch(text) for form in item.denylist)), None
    )


_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-")


def passes_luhn(value: str) -> bool:
    """Whether the digits of a text are a payment card's number by length and check digit (ISO/IEC 7812-1)."""
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[1-9][0-9]{12,18}", digits):
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(map(int, digits[-1::-2])) + sum(number - 9 if number > 9 else number for number in doubled)
    return total % 10 == 0


def is_masked(value: Any) -> bool:
    """Whether a value only stands for a secret: empty, stars, `[redacted]`, or its last digits behind stars."""
    if value is None or isinstance(value, bool) or value in ("", 0):
        return True
    text = str(value).strip()
    return len(text) <= MAX_MASK_CHARS and _MASK.fullmatch(text) is not None


_MASK = re.compile(
    r"[*•·xX#.]{3,}[*•·xX#.\s-]*\w{0,4}|\W*(?:redacted|hidden|masked|secret|filtered|none|null)\W*", re.IGNORECASE
)

MAX_MASK_CHARS = 200
"""Characters of the longest mask: one star for each letter of a long key."""
