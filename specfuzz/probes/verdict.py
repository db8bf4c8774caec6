"""What a probe returns: held, broken with evidence, or inconclusive with the reason."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

from specfuzz.contract import Confidence, Expectation, OperationContract
from specfuzz.http import Exchange
from specfuzz.probes.rule import Severity


class Role(enum.StrEnum):
    """What an exchange is in the story that proves a finding."""

    SET_UP = "set-up"
    CONTROL = "control"
    ATTACK = "attack"
    READ_BACK = "read-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One exchange of the proof, with what it shows in a few words."""

    role: Role
    exchange: Exchange
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The promise was tried and kept; or, where it was not `tried`, nothing spoke against it."""

    reason: str = ""
    tried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconclusive:
    """The promise could not be tried properly; `hint` says what would help."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One broken promise with its proof. `field` for rules about fields; `rule` and `target` where it proves another rule
    than asked, or shows at another operation than the one that was asked about."""

    title: str
    detail: str
    expectation: Expectation
    confidence: Confidence
    steps: tuple[Step, ...]
    owner: str | None = None
    actor: str | None = None
    field: str | None = None
    severity: Severity | None = None
    rule: str | None = None
    target: OperationContract | None = None
    secrets: tuple[tuple[str, str], ...] = dataclass_field(default=(), repr=False)

    def with_secret(self, name: str, value: str) -> Break:
        """The same break, with a value in its proof, and the name of its property, that no report may show."""
        return replace(self, secrets=(*self.secrets, (name, value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """At least one promise was broken."""

    breaks: tuple[Break, ...]


Verdict = Held | Inconclusive | Broken


def broken(one: Break) -> Broken:
    return Broken(breaks=(one,))
