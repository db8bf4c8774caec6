"""Name a resource in a request, read it back as its owner, remove it. All flows: nothing here sends by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from specfuzz.contract import Action, Contract, Identifier, Level, Location, OperationContract
from specfuzz.contract.actions import normalized_path
from specfuzz.generation import Draft, Drafter, Reference, Style
from specfuzz.http import Exchange, Flow, Request
from specfuzz.resources.accounts import Accounts
from specfuzz.resources.ledger import Ledger
from specfuzz.resources.places import value_at
from specfuzz.resources.requests import Unnameable, build_request
from specfuzz.resources.resource import Resource
from specfuzz.resources.views import View, view_of


class Bench:
    """What is done with resources that are there: named, read and removed. The workshop, which makes them, is one.

    `accept` tells an acceptance from a refusal (an oracle, handed in because this room may not import it).
    """

    def __init__(
        self,
        contract: Contract,
        drafter: Drafter,
        accounts: Accounts,
        accept: Callable[[Exchange], bool],
        ledger: Ledger,
    ) -> None:
        self.contract = contract
        self.drafter = drafter
        self.accounts = accounts
        self.ledger = ledger
        self._accepts = accept

    # Requests ---------------------------------------------------------------------------------------------------

    def identifiers(self, contract: OperationContract, resource: Resource | None) -> dict[Identifier, Any] | None:
        """Values for all identifiers of an operation about the resource; None if one of them is unknown."""
        found: dict[Identifier, Any] = {}
        for identifier in contract.identifiers:
            value = resource.identifier(identifier) if resource is not None else None
            if value is None and resource is not None and self.contract.is_user_kind(identifier.resource):
                value = self.accounts.key_of(resource.owner, identifier.name)
            if value is None:
                return None
            found[identifier] = value
        return found

    def request(
        self,
        contract: OperationContract,
        identity: str,
        resource: Resource | None = None,
        *,
        draft: Draft | None = None,
        overrides: Mapping[Identifier, Any] | None = None,
    ) -> Request:
        """The operation's request by `identity` about the resource.

        Raises `Unnameable` if the resource does not tell an identifier that the request needs.
        """
        identifiers = self.identifiers(contract, resource)
        if identifiers is None:
            raise Unnameable(f"the {contract.resource} made does not tell what {contract.label} needs to name it")
        identifiers.update(overrides or {})
        parameters = self.drafter.parameters(contract, "probe")
        if draft is None and any(item.location is Location.BODY for item in identifiers):
            draft = Draft(media_type=self._media_type(contract), value={})
        return build_request(contract, identity, identifiers, draft=draft, parameters=parameters)

    def _media_type(self, contract: OperationContract) -> str:
        body = self.drafter.body_of(contract)
        return body.media_type if body is not None and "*" not in body.media_type else "application/json"

    # Reading back -----------------------------------------------------------------------------------------------

    def readers(self, resource: Resource) -> Iterator[OperationContract]:
        """Operations that show the resource to its owner: its own read, then lists, then a parent's read."""
        kind = self.contract.resource(resource.kind)
        if kind is None:
            return
        if kind.is_user:
            # What `/me` shows its owner, a profile for others may leave out.
            yield from (item for item in self.contract.with_action(Action.SELF) if item.operation.method == "GET")
        usable = [item for item in kind.reads if self._applies(item, resource)]
        yield from sorted(
            usable,
            key=lambda item: (
                item.access.level is Level.ROLE,
                not _is_home(item, resource),
                item.operation.path.count("/"),
            ),
        )
        yield from (
            item for item in kind.lists if self._applies(item, resource) and item.access.level is not Level.ROLE
        )
        for parent in reversed(resource.parents):
            above = self.contract.resource(parent.kind)
            yield from (item for item in (above.reads if above else ()) if self._applies(item, resource))

    def _applies(self, contract: OperationContract, resource: Resource) -> bool:
        return self.identifiers(contract, resource) is not None and not contract.state_changing

    def read_back(self, resource: Resource, identity: str | None = None, *, wait_s: float = 0.0) -> Flow[View]:
        """The owner's view of the object now: the first reader that answers with it.

        A reader that answered for this operation before is asked alone, so a deleted object costs one request.
        """
        last: View | None = None
        for reader in self.readers(resource):
            if reader.operation.method not in ("GET", "POST"):
                continue
            request = self.request(reader, identity or resource.owner, resource)
            exchange = yield (request if not wait_s else _delayed(request, wait_s))
            view = View.of(exchange, reader, resource, accepted=self._accepts(exchange))
            narrowed = None if view.found else self._narrowed(reader, request, resource)
            if narrowed is not None:
                exchange = yield narrowed
                view = View.of(exchange, reader, resource, accepted=self._accepts(exchange))
            wait_s = 0.0
            if view.found or (last is None and reader.action in (Action.READ, Action.SELF)):
                last = view
            if view.found or (last is not None and reader.action in (Action.READ, Action.SELF)):
                return view
            last = last or view
        return last or View.unreadable(resource)

    def _narrowed(self, reader: OperationContract, request: Request, resource: Resource) -> Request | None:
        """A list once more, with what the object lies in: `/replies?ticket_id=7`, where the document forgets `required`."""
        if reader.action is not Action.LIST:
            return None
        given = {
            item.name: value
            for item in self.places_in(reader)
            if (value := value_at(resource.sent, item.name)) is not None
        }
        pairs = tuple((name, str(value)) for name, value in given.items() if not isinstance(value, list | Mapping))
        return replace(request, query=(*request.query, *pairs)) if pairs else None

    def places_in(self, listing: OperationContract) -> tuple[Reference, ...]:
        """The optional query parameters of a list that name another object, among whose own the list then looks."""
        own = {item.name for item in listing.identifiers}
        return tuple(
            Reference(location=Location.QUERY, name=item.name, resource=kind, required=False)
            for item in listing.operation.parameters
            if item.location is Location.QUERY and not item.required and item.name not in own
            if (kind := self.drafter.kind_by_name(item.name)) is not None and kind != listing.resource
        )

    def read_as(self, resource: Resource, identity: str) -> Flow[View]:
        """The object as somebody else may see it: by its identifier or in a list, and never as that identity's own account."""
        kind = self.contract.resource(resource.kind)
        shown_by = (*kind.reads, *kind.lists) if kind is not None else ()
        readers = [item for item in shown_by if item.operation.method == "GET" and self._applies(item, resource)]
        for reader in sorted(readers, key=lambda item: (item.access.level is not Level.ROLE, not item.identifiers)):
            exchange = yield self.request(reader, identity, resource)
            view = View.of(exchange, reader, resource, accepted=self._accepts(exchange))
            if view.found:
                return view
        return View.unreadable(resource)

    def read_part(self, reader: OperationContract, resource: Resource, *, wait_s: float = 0.0) -> Flow[View]:
        """The owner's view of a part of the object that has a path of its own and, it may be, no identifier in it."""
        request = self.request(reader, resource.owner, resource)
        exchange = yield (request if not wait_s else _delayed(request, wait_s))
        found = self._accepts(exchange)
        fields = view_of(exchange.response.json) if found else {}
        return View(found=found, fields=fields, exchange=exchange, reader=reader)

    def existing(self, kind: str, identity: str) -> Flow[Resource | None]:
        """An object that was there before us, to be referred to and never to be attacked."""
        found = yield from self._listed_all(kind, identity)
        return found[0] if found else None

    def _listed_all(self, kind: str, identity: str) -> Flow[list[Resource]]:
        """The same, all that the first list with something in it shows."""
        resource_kind = self.contract.resource(kind)
        for listing in resource_kind.lists if resource_kind is not None else ():
            if (
                listing.identifiers
                or listing.operation.method not in ("GET", "POST")
                or listing.access.level is Level.ROLE
            ):
                continue
            exchange = yield self.request(listing, identity)
            if not self._accepts(exchange):
                continue
            items = _listed_objects(exchange.response.json)
            if items:
                return [
                    Resource(kind=kind, owner=identity, creation=None, body=item, exchange=exchange, made=False)
                    for item in items
                ]
        return []

    # Cleaning up ------------------------------------------------------------------------------------------------

    def remover(self, resource: Resource) -> OperationContract | None:
        """The operation that removes such an object, if the document has one."""
        kind = self.contract.resource(resource.kind)
        deletes = kind.deletes if kind is not None else ()
        for item in sorted(deletes, key=lambda item: not _is_home(item, resource)):
            if self.identifiers(item, resource) and item.own_identifier is not None and not item.dangerous:
                return item
        return None

    def remove(self, resource: Resource) -> Flow[bool]:
        """Remove what the run made, as its owner; whether the server agreed (or it was gone already)."""
        remover = self.remover(resource)
        if remover is None:
            return False
        draft = self.drafter.draft(remover, "cleanup", style=Style.REQUIRED)
        exchange = yield self.request(remover, resource.made_by or resource.owner, resource, draft=draft)
        gone = self._accepts(exchange) or exchange.status in (404, 410)
        if gone:
            self.ledger.mark_gone(resource)
        else:
            self.ledger.mark_refused(resource)
        return gone


def _delayed(request: Request, wait_s: float) -> Request:
    return replace(request, wait_s=wait_s)


def _is_home(operation: OperationContract, resource: Resource) -> bool:
    """Whether an operation is on the very collection in which the object was made."""
    if resource.creation is None:
        return False
    made_at = normalized_path(resource.creation.operation.path)
    path = normalized_path(operation.operation.path)
    return path == made_at or path.startswith(f"{made_at}/")


def _listed_objects(body: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, or of the first list with objects in an envelope."""
    if isinstance(body, list):
        return [item for item in body if isinstance(item, Mapping)]
    if isinstance(body, Mapping):
        return next(
            (found for item in body.values() if isinstance(item, list) and (found := _listed_objects(item))), []
        )
    return []
