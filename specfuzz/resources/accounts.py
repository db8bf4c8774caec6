"""Accounts as objects: who each identity is to the API, and which accounts the run made itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.contract import Action, Contract, Identifier, Location
from specfuzz.contract.words import split_words
from specfuzz.http import Exchange, Flow, Request
from specfuzz.resources.resource import Resource
from specfuzz.resources.views import view_of

Facts = Callable[[str], Mapping[str, Any]]
"""What an identity's log-in told about its account: the response's object, the claims of its token."""

_NAMED_BY = {
    **dict.fromkeys(("email", "mail"), ("email", "mail")),
    **dict.fromkeys(("username", "login", "handle", "nickname"), ("username", "login", "handle", "nickname")),
}
"""Which of an account's fields a parameter wants that is no id."""

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

    def values_of(self, field_name: str) -> tuple[Any, ...]:
        """What the accounts known so far hold in a field, in the order in which they were met."""
        return tuple(account.body[field_name] for account in self._known.values() if field_name in account.body)

    def key_of(self, identity: str, name: str = "id") -> Any:
        """The identity's user identifier under the name that a parameter gives it; None if it is not known."""
        known = self._known.get(identity)
        if known is None:
            return None
        words = split_words(name)
        for source in (known.body, known.sent):
            for key in _NAMED_BY.get(words[-1] if words else "", ()):
                if isinstance(source.get(key), str | int):
                    return source[key]
        value = known.identifier(Identifier(location=Location.PATH, name=name, resource=known.kind))
        if value is not None:
            return value
        return next((known.body[claim] for claim in _CLAIMS if claim in known.body), None)

    def other_user(self, identity: str, name: str = "id") -> tuple[str, Any] | None:
        """Somebody else (a recipient, an invitee): the identity, and what names it in a field of this name."""
        found = ((other, self.key_of(other, name)) for other in self._known if other != identity)
        return next(((other, key) for other, key in found if key is not None), None)

    def named_by(self, values: Collection[str], owner: str) -> str | None:
        """Who else of the known accounts is named by one of `values`: by an identifier, a name or an address."""
        for identity in self._known:
            forms = [self.key_of(identity, name) for name in ("id", "username", "email")]
            if identity != owner and any(form is not None and str(form) in values for form in forms):
                return identity
        return None
