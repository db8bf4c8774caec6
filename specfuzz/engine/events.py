"""What a run tells whoever watches it: frozen values, one kind for each thing that happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something a person should know now: who the users are, what could not be made."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The run knows what it will try."""

    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One rule at one operation has its verdict."""

    label: str
    rule: str
    verdict: str
    requests: int


Event = Noted | Planned | Decided
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Nobody watches."""
