"""Whom does the API take a caller for? One read that tells, and what in it is the owner's alone.

The read of the caller's own account serves best; where the document has none, the read of an object that only its owner
sees. Credentials count as accepted when an answer shows the owner's marks, and not by any status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from specfuzz.contract import Action, Contract, Level, OperationContract
from specfuzz.contract.access import lets_anonymous_in, needs_credentials
from specfuzz.http import ANONYMOUS, Exchange, Flow, Request, Substitute
from specfuzz.oracles import is_volatile, leaves, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.verdict import Role
from specfuzz.resources import Resource, view_of

MARKS_SHARE = 0.6
"""Share of the owner's marks that an answer must show: an account may change a counter or a date meanwhile."""


def home(contract: Contract) -> OperationContract | None:
    """The read at which the API shows whom it takes the caller for; None where no read tells."""
    selves = [item for item in contract.with_action(Action.SELF) if _is_plain_get(item) and not item.identifiers]
    closed = [item for item in selves if needs_credentials(item.access)]
    if closed or selves:
        return (closed or selves)[0]
    return next((item for item in contract.operations if _shows_ones_own(contract, item)), None)


def _shows_ones_own(contract: Contract, item: OperationContract) -> bool:
    """Whether it reads an object that a user can make, and that nobody sees without credentials."""
    kind = contract.resource(item.resource or "")
    if kind is None or not kind.creates or kind.is_user or item.action is not Action.READ or len(item.identifiers) != 1:
        return False
    private = needs_credentials(item.access) and not lets_anonymous_in(item.access)
    return private and _is_plain_get(item) and item.access.level is not Level.ROLE


def _is_plain_get(item: OperationContract) -> bool:
    return item.operation.method == "GET"


def login_place(contract: Contract) -> OperationContract | None:
    """Where sessions come from, and findings about one are reported: the log-in, else the read that tells who one is."""
    return next(iter(contract.with_action(Action.LOGIN)), None) or home(contract)


def not_at(place: OperationContract | None, target: OperationContract, what: str) -> str | None:
    """Why a rule about the session as a whole does not run at `target`: it is judged once, at its place."""
    if place is None:
        return f"the document has no {what}"
    return None if target.label == place.label else f"judged once for the API, at {place.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the read shows of one identity: the request, and by path the values that no other caller sees."""

    identity: str
    request: Request
    marks: Mapping[str, Any]

    def shown_in(self, exchange: Exchange) -> bool:
        """Whether an answer shows this identity's own."""
        if not read_reply(exchange).accepted:
            return False
        seen = leaves(view_of(exchange.response.json))
        same = [path for path, value in self.marks.items() if path in seen and seen[path] == value]
        return bool(same) and len(same) >= MARKS_SHARE * len(self.marks)

    @property
    def telling(self) -> str:
        """The marks' names, in words: those first that say who it is."""
        named = sorted(self.marks, key=lambda path: not _SAYS_WHO.search(path))
        return ", ".join(f"`{path}`" for path in named[:3])


_SAYS_WHO = re.compile(r"(?:^|[._])(?:id|sub|user_?name|login|email|handle|name)$", re.IGNORECASE)


def first_look(case: Case, identity: str, other: str | None = None) -> Flow[Sight]:
    """The identity's own read, with the controls: it works, `other` sees something else, nobody sees it without credentials.

    Raises `Stop` where one of them fails.
    """
    reader = home(case.contract)
    if reader is None:
        raise Stop("the document has no read that shows whom the API takes a caller for")
    resource = None if reader.action is Action.SELF else (yield from _object(case, reader, identity))
    request = case.workshop.request(reader, identity, resource)
    own = conclusive((yield from case.ask(Role.CONTROL, request, f"{identity} reads it")), identity)
    if not read_reply(own).accepted:
        raise Stop(f"{identity}'s own read answered {read_reply(own).reason}")
    marks = {path: value for path, value in leaves(view_of(own.response.json)).items() if _marks(path, value)}
    if other is not None and resource is None:
        theirs = conclusive((yield replace(request, identity=other)), other)
        seen = leaves(view_of(theirs.response.json))
        marks = {path: value for path, value in marks.items() if seen.get(path) != value}
    if not marks:
        raise Stop(f"{reader.label} shows nothing that is {identity}'s alone")
    sight = Sight(identity=identity, request=request, marks=marks)
    nobody = yield from case.ask(Role.CONTROL, replace(request, identity=ANONYMOUS), "without credentials")
    if sight.shown_in(conclusive(nobody, ANONYMOUS)):
        raise Stop(f"callers without credentials see {identity}'s {sight.telling} too: see SF302")
    return sight


def _object(case: Case, reader: OperationContract, identity: str) -> Flow[Resource]:
    made = yield from case.workshop.private.shared(reader.resource or "", identity)
    if not isinstance(made, Resource):
        raise Stop(f"no {made.kind} to read: {made.reason}")
    if case.workshop.identifiers(reader, made) is None:
        raise Stop(f"the {made.kind} that was made does not tell the identifier that {reader.label} needs")
    return made


def _marks(path: str, value: Any) -> bool:
    """Whether a value can tell accounts apart: an id, a name, an address; no flag, and nothing that changes by itself."""
    if is_volatile(path) or value is None or isinstance(value, bool | float):
        return False
    return value != "" and (isinstance(value, int) or len(str(value)) >= 2)


def ask_as(
    case: Case, sight: Sight, carried: Substitute, note: str, role: Role = Role.ATTACK, who: str | None = None
) -> Flow[bool]:
    """Send the read with other credentials, as `who` if they were somebody else's; whether the answer shows its owner."""
    request = replace(sight.request, substitute=carried, identity=who or sight.identity)
    exchange = yield from case.ask(role, request, note)
    return sight.shown_in(conclusive(exchange, f"the request with {note}"))
