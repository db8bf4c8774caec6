"""The authorization matrix: what the contract expects of each identity at each operation, and what the run saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from specfuzz.contract import Contract, Level, OperationContract
from specfuzz.contract.access import is_shared_on_purpose
from specfuzz.findings.model import (
    ALLOWED,
    ANSWERED,
    GOT_THROUGH,
    OPEN,
    OWN,
    REFUSED,
    UNCLEAR,
    UNTRIED,
    Cell,
    OperationRef,
    OperationRow,
)
from specfuzz.http import ANONYMOUS
from specfuzz.oracles import read_reply
from specfuzz.probes import Broken, Case, Category, Inconclusive, Role, Verdict

PARTS = ("owner", "peer", "admin", ANONYMOUS)
"""The columns: who owns the objects, another user of the same role, a privileged one, nobody."""

_TELLING = (GOT_THROUGH, ALLOWED, ANSWERED, REFUSED, UNCLEAR)
"""What is shown of several cases at one operation: the first of these that was seen."""

_ATTACKING = (Category.CROSS_USER, Category.TOKENLESS)
"""Categories whose attack is the target operation itself by somebody who may not use it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One exchange at a case's own operation, boiled down: who sent it, as an attack or a control, and what it answered.

    `is_proof` if a finding rests on it.
    """

    part: str
    is_attack: bool
    is_proof: bool
    outcome: str
    status: int


def sightings(case: Case, category: Category, verdict: Verdict) -> tuple[Sighting, ...]:
    """What the steps of a case show about its operation; made-up ids and extra fields say nothing about access."""
    found = []
    steps = {id(step.exchange): step for step in (*case.asked, *case.steps)}
    proofs = _proofs(verdict)
    for step in steps.values():
        exchange = step.exchange
        is_attack = step.role is Role.ATTACK
        if exchange.request.operation != case.target.label or (is_attack and category not in _ATTACKING):
            continue
        part = _part(case, exchange.identity, is_attack=is_attack)
        if step.role is Role.CONTROL and part == "peer":
            continue
        reply = read_reply(exchange)
        outcome = ALLOWED if reply.accepted else REFUSED if reply.refused else UNCLEAR
        is_proof = is_attack and id(exchange) in proofs
        found.append(
            Sighting(part=part, is_attack=is_attack, is_proof=is_proof, outcome=outcome, status=exchange.status)
        )
    return tuple(found)


def _proofs(verdict: Verdict) -> set[int]:
    """The exchanges of the actors that the findings of a verdict name."""
    breaks = verdict.breaks if isinstance(verdict, Broken) else ()
    return {
        id(step.exchange)
        for item in breaks
        for step in item.steps
        if step.exchange.identity == (item.actor or ANONYMOUS)
    }


def _part(case: Case, identity: str, *, is_attack: bool) -> str:
    """Which column an identity belongs to; accounts that a probe made for itself play the owner, or the peer."""
    if identity == ANONYMOUS:
        return ANONYMOUS
    if identity == case.admin:
        return "admin"
    if identity == case.peer:
        return "peer"
    return "owner" if identity == case.owner or not is_attack else "peer"


def _words(found: Iterable[Sighting], verdict: Verdict) -> Iterator[tuple[str, str, int]]:
    """Part, word and status of each sighting of a case. An attack may be told with the attempts before it that failed."""
    listed = list(found)
    proofs = [item for item in listed if item.is_proof] if isinstance(verdict, Broken) else []
    through = [item for item in proofs if item.outcome == ALLOWED] or proofs
    for item in listed:
        word = item.outcome
        if item in through:
            word = GOT_THROUGH
        elif item.is_attack and word == ALLOWED:
            word = UNCLEAR if isinstance(verdict, Inconclusive) else ANSWERED
        yield item.part, word, item.status


def expected(target: OperationContract, part: str) -> str:
    """What the contract expects of an identity at somebody else's object; of the owner at its own."""
    access = target.access
    if access.level is Level.PUBLIC:
        return ALLOWED
    if part == ANONYMOUS:
        needs = access.credentials.level is not Level.UNKNOWN
        return REFUSED if needs else OPEN
    if access.level is Level.ROLE:
        return ALLOWED if part == "admin" else REFUSED
    if access.level in (Level.OWNER, Level.MEMBERS):
        if part == "owner":
            return ALLOWED
        if part == "admin":
            return OPEN
        return REFUSED if target.identifiers else OWN
    if access.level is not Level.AUTHENTICATED:
        return OPEN
    # To ask for credentials says nothing about somebody else's object.
    needs_no_word = part == "owner" or not target.identifiers or is_shared_on_purpose(access)
    return ALLOWED if needs_no_word else OPEN


def matrix(
    contract: Contract, parts: Iterable[str], outcomes: Iterable[tuple[str, Verdict, tuple[Sighting, ...]]]
) -> tuple[OperationRow, ...]:
    """A row for each operation, in the document's order, with a cell for each part that somebody played."""
    seen: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for label, verdict, found in outcomes:
        for part, word, status in _words(found, verdict):
            seen.setdefault((label, part), []).append((word, status))
    played = tuple(parts)
    return tuple(_row(item, played, seen) for item in contract.operations)


def _row(
    target: OperationContract, parts: tuple[str, ...], seen: Mapping[tuple[str, str], list[tuple[str, int]]]
) -> OperationRow:
    cells = []
    for part in parts:
        found = seen.get((target.label, part), [])
        words = {word for word, _ in found}
        word = next((word for word in _TELLING if word in words), UNTRIED)
        statuses = tuple(sorted({status for one, status in found if one == word}))
        cells.append(Cell(part=part, expected=expected(target, part), seen=word, statuses=statuses))
    operation = target.operation
    return OperationRow(
        operation=OperationRef(method=operation.method, path=operation.path),
        operation_id=operation.operation_id,
        tags=operation.tags,
        level=target.access.level.value,
        role=target.access.role,
        confidence=str(target.access.confidence),
        source=target.access.source,
        cells=tuple(cells),
    )
