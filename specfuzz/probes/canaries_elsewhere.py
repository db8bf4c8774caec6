"""Whose canaries turn up in answers that somebody else gets, in the whole run and not only where a rule aims (SF104).

Pure bookkeeping over the exchanges of a run. An alarm needs more than a canary: an object may be public, or shared on
purpose. What counts is that the API refused this very caller this very object, by its own read, and shows its canary
elsewhere. That is the strongest rung that needs no request; whatever the document says comes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote_plus

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.generation.values import CANARY_PREFIX
from specfuzz.http import ANONYMOUS, Exchange, Flow
from specfuzz.oracles import Outcome, read_reply
from specfuzz.probes.verdict import Break, Role, Step
from specfuzz.resources import Resource

_BY_BODY = frozenset({Action.LOGIN, Action.SIGN_UP, Action.REFRESH})
"""Operations whose caller is who the request's body says."""


MAX_CONFIRMED = 12
"""Suspicious sightings that are asked again, four requests each."""


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
    """Whose canaries an accepted answer holds: of objects of which the caller is no insider, without what was sent.

    Callers without credentials are SF302's: that a read asks for a login says nothing about what a list shows them.
    """
    if exchange.identity == ANONYMOUS or not read_reply(exchange).accepted:
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
        """A plain read of one object: was this caller refused it, or shown it?

        What a role alone may read, a user may well see elsewhere (`/admin/products/7` and the catalogue). Other methods
        are sent under an operation's name by rules that try these.
        """
        target = self.contract.get(exchange.request.operation or "")
        if target is None or target.action is not Action.READ or not target.identifiers:
            return
        if target.access.level is Level.ROLE or target.operation.method != exchange.request.method:
            return
        key = (exchange.identity, exchange.request.target)
        reply = read_reply(exchange)
        if reply.outcome in (Outcome.DENIED, Outcome.MISSING) and exchange.status not in (401, 405):
            self._refusals.setdefault(key, (target, exchange))
        elif reply.accepted:
            self._shown.add(key)

    def alarms(self) -> Iterator[tuple[OperationContract, Break]]:
        """Each sighting that is wrong on the evidence at hand, at the operation where it was seen."""
        for target, sighting, (reader, refusal) in self._suspects():
            yield target, _break(target, sighting, reader, refusal)

    def confirmed(self) -> Flow[tuple[tuple[OperationContract, Break], ...]]:
        """The alarms that hold when all is asked again, with nothing else going on.

        Between a sighting and a refusal an object may have been published, deleted, or its identifier given to another.
        """
        found: list[tuple[OperationContract, Break]] = []
        for target, sighting, (reader, refusal) in islice(self._suspects(), MAX_CONFIRMED):
            if not sighting.exchange.request.is_safe or target.label in {known.label for known, _ in found}:
                continue
            own = yield replace(refusal.request, identity=sighting.resource.owner)
            if not _holds(own, sighting):
                continue
            before = yield refusal.request
            again = yield sighting.exchange.request
            after = yield refusal.request
            if _refuses(before) and _holds(again, sighting) and _refuses(after):
                found.append((target, _break(target, replace(sighting, exchange=again), reader, after)))
        return tuple(found)

    def _suspects(self) -> Iterator[tuple[OperationContract, Sighting, tuple[OperationContract, Exchange]]]:
        for (label, actor, _), sighting in self._seen.items():
            target = self.contract.get(label)
            refused = self._refused(actor, sighting.resource)
            if target is None or refused is None or target.access.level is Level.ROLE:
                continue
            if target.action in _BY_BODY:
                continue  # sent without credentials, and answered to whoever the body says
            yield target, sighting, refused

    def _refused(self, actor: str, resource: Resource) -> tuple[OperationContract, Exchange] | None:
        """Where the API refused the object to the caller by its own read, and never showed it there."""
        for (who, path), (target, exchange) in self._refusals.items():
            if who == actor and target.resource == resource.kind and path == _path_to(target, resource):
                return None if (who, path) in self._shown else (target, exchange)
        return None


def _holds(exchange: Exchange, sighting: Sighting) -> bool:
    said = _said(exchange) if read_reply(exchange).accepted else ""
    return any(sighting.resource.canaries[name] in said for name in sighting.fields)


def _refuses(exchange: Exchange) -> bool:
    return read_reply(exchange).outcome in (Outcome.DENIED, Outcome.MISSING)


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
