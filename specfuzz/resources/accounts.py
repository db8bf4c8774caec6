"""Accounts as objects: who each identity is to the API, and which accounts the run made itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.contract import Action, Contract, Identifier, Location
from specfuzz.http import Exchange, Flow, Request
from specfuzz.resources.resource import Resource
from specfuzz.resources.views import view_of

Facts = Callable[[str], Mapping[str, Any]]
"""What an identity's log-in told about its account: the response's object, the claims of its token."""

_CLAIMS = ("sub", "user_id", "userId", "uid", "id")


@dataclass(slots=True, kw_only=True)
class Accounts:
    """The accounts behind the identities. `facts` comes from whoever logs in."""

    contract: Contract
    facts: Facts
    accept: Callable[[Exchange], bool]
    _known: dict[str, Resource] = field(default_factory=dict, init=False)

    def add(self, identity: str, resource: Resource) -> None:
        """Remember the account that the run made for an identity."""
        self._known[identity] = resource

    def made_for(self, identity: str) -> Resource | None:
        return self._known.get(identity)

    def identify(self, identity: str) -> Flow[Resource]:
        """The identity's own account as a resource: as made, as its log-in said, as its own read shows it."""
        known = self._known.get(identity)
        body: dict[str, Any] = dict(known.body) if known is not None else {}
        told = view_of(self.facts(identity))
        body = {**{key: value for key, value in told.items() if key not in body}, **body}
        for reader in self.contract.with_action(Action.SELF):
            if reader.operation.method != "GET" or reader.identifiers:
                continue
            exchange = yield Request(
                method="GET", path=reader.operation.path, identity=identity, operation=reader.label
            )
            if self.accept(exchange):
                body = {**body, **view_of(exchange.response.json)}
                break
        if known is not None:
            account = known.with_body(body)
        else:
            account = Resource(kind="user", owner=identity, creation=None, body=body, made=False)
        self._known[identity] = account
        return account

    def as_resource(self, kind: str, owner: str) -> Flow[Resource | None]:
        """The owner's account seen as an object of `kind`; None if nothing is known about it."""
        known = self._known.get(owner)
        if known is None:
            known = yield from self.identify(owner)
        if not known.body:
            return None
        from dataclasses import replace

        return replace(known, kind=kind)

    def key_of(self, identity: str, name: str = "id") -> Any:
        """The identity's user identifier under the name that a parameter gives it; None if it is not known."""
        known = self._known.get(identity)
        if known is None:
            return None
        value = known.identifier(Identifier(location=Location.PATH, name=name, resource=known.kind))
        if value is not None:
            return value
        return next((known.body[claim] for claim in _CLAIMS if claim in known.body), None)

    def other_user_key(self, identity: str) -> Any:
        """The user identifier of somebody else (a recipient, an invitee)."""
        keys = (self.key_of(name) for name in self._known if name != identity)
        return next((key for key in keys if key is not None), None)
