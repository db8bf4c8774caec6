"""A rule's metadata, as `rules.md` of the design fixes it, and the closed vocabularies it uses."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.IntEnum):
    """How bad, least first."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    def __str__(self) -> str:
        return self.name.lower()


class Category(enum.StrEnum):
    CROSS_USER = "cross-user"
    EXTRA_FIELD = "extra-field"
    TOKENLESS = "tokenless"
    CSRF = "csrf"
    SESSION = "session"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `remediation` is what a developer does about a finding, in one or two sentences."""

    id: str
    name: str
    category: Category
    severity: Severity
    cwe: tuple[str, ...]
    owasp: tuple[str, ...]
    promise: str
    remediation: str
