"""Whose canaries turn up in answers that somebody else gets, in the whole run and not only where a rule aims (SF104).

Pure bookkeeping over the exchanges of a run. An alarm needs more than a canary: an object may be public, or shared on
purpose. What counts is that the API refused this very caller this very object, by its own read, and shows its canary
elsewhere. That is the strongest rung that needs no request; whatever the document says comes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.generation.values import CANARY_PREFIX
from specfuzz.http import Exchange
from specfuzz.oracles import Outcome, read_reply
from specfuzz.probes.verdict import Break, Role, Step
from specfuzz.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Fields of somebody's object in an answer that another identity got."""

    resource: Resource
    fields: tuple[str, ...]
    exchange: Exchange

    @property
    def actor(self) -> str:
        return self.exchange.identity


def sightings(exchange: Exchange, made: Iterable[Resource]) -> tuple[Sighting, ...]:
    """Whose canaries an accepted answer holds: of objects of which the caller is no insider, without what was sent."""
    if not read_reply(exchange).accepted:
        return ()
    said = _said(exchange)
    if CANARY_PREFIX not in said:
        return ()
    sent = unquote_plus(exchange.request.target) + exchange.request.body.decode(errors="replace")
    shown = []
    for resource in made:
        if exchange.identity in resource.insiders or resource.exchange is exchange:
            continue
        fields = tuple(name for name, canary in resource.canaries.items() if canary in said and canary not in sent)
        if fields:
            shown.append(Sighting(resource=resource, fields=fields, exchange=exchange))
    return tuple(shown)


def _said(exchange: Exchange) -> str:
    response = exchange.response
    return "\n".join((*(value for _, value in response.headers), response.text))


@dataclass(slots=True, kw_only=True)
class Elsewhere:
    """What the run saw of its objects in other hands, and to whom each was refused."""

    contract: Contract
    _refusals: dict[tuple[str, str], tuple[OperationContract, Exchange]] = field(default_factory=dict)
    _shown: set[tuple[str, str]] = field(default_factory=set)
    _seen: dict[tuple[str, str, str], Sighting] = field(default_factory=dict)

    def see(self, exchange: Exchange, made: Iterable[Resource]) -> None:
        """Take an exchange in; `made` are the objects of the run so far."""
        self._note_read(exchange)
        for sighting in sightings(exchange, made):
            label = exchange.request.operation or f"{exchange.request.method} {exchange.request.path}"
            self._seen.setdefault((label, sighting.actor, str(sighting.resource.name)), sighting)

    def _note_read(self, exchange: Exchange) -> None:
        """A plain read of one object: was this caller refused it, or shown it?"""
        target = self.contract.get(exchange.request.operation or "")
        if target is None or target.action is not Action.READ or not target.identifiers:
            return
        key = (exchange.identity, exchange.request.target)
        reply = read_reply(exchange)
        if reply.outcome in (Outcome.DENIED, Outcome.MISSING):
            self._refusals.setdefault(key, (target, exchange))
        elif reply.accepted:
            self._shown.add(key)

    def alarms(self) -> Iterator[tuple[OperationContract, Break]]:
        """Each sighting that is wrong on the evidence at hand, at the operation where it was seen."""
        for (label, actor, _), sighting in self._seen.items():
            target = self.contract.get(label)
            refused = self._refused(actor, sighting.resource)
            if target is None or refused is None or target.access.level is Level.ROLE:
                continue
            yield target, _break(target, sighting, *refused)

    def _refused(self, actor: str, resource: Resource) -> tuple[OperationContract, Exchange] | None:
        """Where the API refused the object to the caller by its own read, and never showed it there."""
        for (who, path), (target, exchange) in self._refusals.items():
            if who == actor and target.resource == resource.kind and path == _path_to(target, resource):
                return None if (who, path) in self._shown else (target, exchange)
        return None


def _path_to(target: OperationContract, resource: Resource) -> str | None:
    """The path at which an operation finds the object; None where it is not known, or not named in the path alone."""
    path = target.operation.path
    for identifier in target.identifiers:
        value: Any = resource.identifier(identifier)
        if value is None or f"{{{identifier.name}}}" not in path:
            return None
        path = path.replace(f"{{{identifier.name}}}", quote(str(value), safe=""))
    return path


def _break(target: OperationContract, sighting: Sighting, reader: OperationContract, refusal: Exchange) -> Break:
    resource, actor = sighting.resource, sighting.actor
    fields = ", ".join(f"`{name}`" for name in sighting.fields)
    promised = reader.access
    if promised.level in (Level.OWNER, Level.MEMBERS) and promised.confidence >= Confidence.FIRM:
        expectation = promised.expectation()
    else:
        expectation = Expectation(
            statement=f"{reader.label} refuses {actor} a {resource.kind} of {resource.owner}",
            source=f"behaviour:{reader.label}",
            confidence=Confidence.FIRM,
        )
    return Break(
        title=f"{actor} gets {resource.owner}'s {resource.kind} from {target.label}",
        detail=f"{target.label} answered {actor} with {fields} of the {resource.kind} that {resource.owner} made, and "
        f"{reader.label} refuses {actor} that very {resource.kind}.",
        expectation=expectation,
        confidence=Confidence.FIRM,
        steps=(
            Step(role=Role.CONTROL, exchange=refusal, note=f"{actor} is refused the {resource.kind} itself"),
            Step(role=Role.ATTACK, exchange=sighting.exchange, note=f"the answer holds {resource.owner}'s {fields}"),
        ),
        owner=resource.owner,
        actor=actor,
    )
