"""Make a resource as an identity, read it back as its owner, clean it up. All flows: nothing here sends by itself.

Creation is where scanners fail, so it is tried again: with what the server's error says, with fewer fields, with the
document's own examples. What could not be made is a value (`NotMade`) with the server's last answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract import Action, Contract, Identifier, Level, Location, OperationContract, ResourceKind
from specfuzz.contract.actions import is_user_noun, normalized_path
from specfuzz.contract.fields import is_owner_field
from specfuzz.generation import Adjustments, Draft, Drafter, Style, adjust
from specfuzz.http import Exchange, Flow, Request, Response
from specfuzz.resources.accounts import Accounts
from specfuzz.resources.requests import build_request
from specfuzz.resources.resource import Resource, identifier_in_location
from specfuzz.resources.views import View, view_of

MAX_ATTEMPTS = 6
"""Drafts sent for one creation: two full ones steered by the errors, required only, examples, two more steered."""

MAX_CHAIN = 5
"""Parents and references followed for one object (category, product, cart, order, payment)."""

_STYLES = (Style.FULL, Style.FULL, Style.FULL, Style.REQUIRED, Style.EXAMPLES, Style.REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """Why an object could not be made, in words for the report, with the server's last answer."""

    kind: str
    reason: str
    exchange: Exchange | None = None


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that the run made, in order, and what of it is gone again."""

    made: list[Resource] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def add(self, resource: Resource) -> None:
        self.made.append(resource)

    def mark_gone(self, resource: Resource) -> None:
        self.gone.update(index for index, item in enumerate(self.made) if is_same(item, resource))

    def hand_over(self, resource: Resource, owner: str) -> None:
        """An account belongs to the identity that was made with it, not to whoever sent the sign-up."""
        self.made = [replace(item, owner=owner) if is_same(item, resource) else item for item in self.made]

    def left(self) -> list[Resource]:
        """What still stands, newest first: children before their parents."""
        return [item for index, item in reversed(list(enumerate(self.made))) if index not in self.gone]


def is_same(one: Resource, other: Resource) -> bool:
    return one.kind == other.kind and one.exchange is other.exchange and one.key == other.key


class Workshop:
    """Makes, reads and removes resources of one contract. Shared by all probes of a run; holds no connection.

    `accept` tells an acceptance from a refusal (an oracle, handed in because this room may not import it).
    """

    def __init__(self, contract: Contract, drafter: Drafter, accounts: Accounts, accept: Any) -> None:
        self.contract = contract
        self.drafter = drafter
        self.accounts = accounts
        self.ledger = Ledger()
        self._accepts = accept
        self._shared: dict[tuple[str, str], Resource | NotMade] = {}
        self._recipes: dict[str, Adjustments] = {}
        self._styles: dict[str, Style] = {}

    # Making -----------------------------------------------------------------------------------------------------

    def shared(self, kind: str, owner: str) -> Flow[Resource | NotMade]:
        """An object of the kind that several probes may read, made at the first call."""
        key = (kind, owner)
        if key not in self._shared:
            self._shared[key] = yield from self.make(kind, owner, "shared")
        return self._shared[key]

    def make(self, kind: str, owner: str, purpose: str, chain: tuple[str, ...] = ()) -> Flow[Resource | NotMade]:
        """A new object of the kind, owned by `owner`, with canaries in its free-text fields."""
        resource_kind = self.contract.resource(kind)
        if resource_kind is None:
            return NotMade(kind=kind, reason=f"the document has no operation about a {kind}")
        if resource_kind.is_user:
            account = yield from self.accounts.as_resource(kind, owner)
            if account is not None:
                return account
        if kind in chain or len(chain) >= MAX_CHAIN:
            return NotMade(kind=kind, reason=f"making a {kind} needs a {kind}: {' → '.join((*chain, kind))}")
        last = NotMade(kind=kind, reason=f"no operation of the document makes a {kind}")
        for creation in self._creations(resource_kind):
            result = yield from self.make_with(creation, kind, owner, purpose, chain)
            if isinstance(result, Resource):
                return result
            last = result
        return last

    def _creations(self, kind: ResourceKind) -> list[OperationContract]:
        """Operations that make one, likeliest first: ordinary ones, on the collection that the item's path begins with."""
        collections = {
            normalized_path(item.operation.path).rsplit("/{}", 1)[0]
            for item in (*kind.reads, *kind.updates, *kind.deletes)
        }

        def rank(creation: OperationContract) -> tuple[bool, bool, int]:
            path = normalized_path(creation.operation.path)
            return creation.access.level is Level.ROLE, path not in collections, path.count("{}")

        usual = [item for item in kind.creates if item.action is Action.CREATE and not item.dangerous]
        upserts = [item for item in kind.updates if item.action is Action.REPLACE and not usual and item.identifiers]
        return [*sorted(usual, key=rank), *upserts][:3]

    def make_with(
        self,
        creation: OperationContract,
        kind: str,
        owner: str,
        purpose: str,
        chain: tuple[str, ...] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> Flow[Resource | NotMade]:
        """A new object by one certain operation, with `extra` fields in its body.

        With extra fields only one body is sent, of the shape that was accepted before: another one's success would
        say nothing about the fields.
        """
        gathered = yield from self._gather(creation, kind, owner, purpose, (*chain, kind))
        if isinstance(gathered, NotMade):
            return gathered
        identifiers, parents, references = gathered
        adjustments = self._recipes.get(creation.label, Adjustments())
        exchange: Exchange | None = None
        first = self._styles.get(creation.label)
        for attempt in range(MAX_ATTEMPTS):
            style = first if first is not None and attempt == 0 else _STYLES[attempt]
            draft = self.drafter.draft(
                creation, f"{purpose}/{owner}/{attempt}", style=style, references=references, adjustments=adjustments
            )
            if extra and draft is not None:
                draft = draft.with_value(merged(draft.value, extra))
            parameters = self.drafter.parameters(creation, purpose, references)
            request = build_request(creation, owner, identifiers, draft=draft, parameters=parameters)
            exchange = yield request
            if self._accepts(exchange):
                # A forced value that was made to be unique must not be forced again.
                self._recipes[creation.label] = Adjustments(drop=adjustments.drop)
                self._styles[creation.label] = style
                resource = self._note(creation, kind, owner, exchange, draft, parents, identifiers)
                if resource.key is None:
                    resource = yield from self._find_key(resource)
                return resource
            if exchange.status in (401, 403, 404, 405, 501) or draft is None or extra:
                break
            adjustments = adjust(draft, exchange.response.text, self._known(creation), adjustments, self.drafter.seed)
        said = f"{exchange.status} {_first_line(exchange.response)}".strip() if exchange is not None else "nothing"
        return NotMade(kind=kind, reason=f"{creation.label} as {owner} answered {said}", exchange=exchange)

    def _known(self, creation: OperationContract) -> tuple[str, ...]:
        body = self.drafter.body_of(creation)
        if body is None:
            return ()
        return tuple(self.contract.document.schemas.properties(body.schema, body.pointer))

    def _gather(
        self, creation: OperationContract, kind: str, owner: str, purpose: str, chain: tuple[str, ...]
    ) -> Flow[tuple[dict[Identifier, Any], tuple[Resource, ...], dict[str, Any]] | NotMade]:
        """What a creation needs first: its path's parents, the objects that its body names."""
        identifiers: dict[Identifier, Any] = {}
        parents: list[Resource] = []
        for identifier in creation.identifiers:
            if identifier.resource == kind:
                identifiers[identifier] = self._chosen_identifier(creation, identifier, purpose)
                continue
            parent = yield from self._parent(identifier.resource, owner, chain)
            if isinstance(parent, NotMade):
                return NotMade(
                    kind=kind, reason=f"it needs a {identifier.resource}: {parent.reason}", exchange=parent.exchange
                )
            value = parent.identifier(identifier)
            if value is None:
                return NotMade(kind=kind, reason=f"the made {identifier.resource} shows no `{identifier.name}`")
            identifiers[identifier] = value
            parents.extend(item for item in (*parent.parents, parent) if item not in parents)
        references: dict[str, Any] = {}
        for reference in self.drafter.references(creation):
            if reference.resource == kind or (not reference.required and reference.resource in chain):
                continue
            value = yield from self._referenced(reference.resource, reference.name, owner, chain, parents)
            if value is not None:
                references[reference.name] = value
        return identifiers, tuple(parents), references

    def _chosen_identifier(self, creation: OperationContract, identifier: Identifier, purpose: str) -> Any:
        """An identifier that the client chooses (`PUT /pages/{slug}`)."""
        from specfuzz.generation.values import string_for

        parameter = creation.operation.parameter(identifier.name, identifier.location)
        schema = parameter.schema if parameter is not None else {}
        source = self.drafter.stream("identifier", creation.label, purpose)
        if schema.get("type") == "integer":
            return 100_000 + source.randrange(800_000)
        return string_for(identifier.name, schema, source).value

    def _parent(self, kind: str, owner: str, chain: tuple[str, ...]) -> Flow[Resource | NotMade]:
        """The object that a path goes through: made by the owner, else an existing one that the owner can list."""
        key = (kind, owner)
        known = self._shared.get(key)
        if known is None:
            known = yield from self.make(kind, owner, "shared", chain)
            self._shared[key] = known
        if isinstance(known, Resource):
            return known
        listed = yield from self._listed(kind, owner)
        return listed if listed is not None else known

    def _referenced(
        self, kind: str, name: str, owner: str, chain: tuple[str, ...], parents: list[Resource]
    ) -> Flow[Any]:
        """The identifier for a reference in a body: of an object made, or of one that was there before us."""
        leaf = name.rsplit(".", 1)[-1]
        wanted = Identifier(location=Location.BODY, name=leaf, resource=kind)
        for parent in parents:
            if parent.kind == kind:
                return parent.identifier(wanted)
        if is_user_noun(kind) and not is_owner_field(leaf):
            return self.accounts.other_user_key(owner)
        found = yield from self._parent(kind, owner, chain)
        if isinstance(found, NotMade):
            return None
        value = found.identifier(wanted)
        value = value if value is not None else found.key
        return [value] if leaf.lower().endswith("ids") and value is not None else value

    def _listed(self, kind: str, identity: str) -> Flow[Resource | None]:
        """An object that was there before us, to be referred to and never to be attacked."""
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
            item = _first_object(exchange.response.json)
            if item is not None:
                return Resource(kind=kind, owner=identity, creation=None, body=item, exchange=exchange, made=False)
        return None

    def _note(
        self,
        creation: OperationContract,
        kind: str,
        owner: str,
        exchange: Exchange,
        draft: Draft | None,
        parents: tuple[Resource, ...],
        identifiers: Mapping[Identifier, Any],
    ) -> Resource:
        body = view_of(exchange.response.json)
        resource = Resource(
            kind=kind,
            owner=owner,
            creation=creation,
            body=body,
            sent=draft.value if draft is not None and isinstance(draft.value, Mapping) else {},
            canaries=draft.canaries if draft is not None else {},
            parents=parents,
            location=identifier_in_location(exchange),
            path_values={item.name: value for item, value in identifiers.items()},
            exchange=exchange,
        )
        self.ledger.add(resource)
        return resource

    def _find_key(self, resource: Resource) -> Flow[Resource]:
        """A creation that told no identifier: look for the object's canary in the owner's lists."""
        from specfuzz.resources.views import find_by_canary

        kind = self.contract.resource(resource.kind)
        for listing in kind.lists if kind is not None and resource.canaries else ():
            request = self.request(listing, resource.owner, resource)
            if request is None:
                continue
            exchange = yield request
            found = find_by_canary(exchange.response.json, resource.canaries.values())
            if found is not None:
                completed = resource.with_body(found)
                self.ledger.made[self.ledger.made.index(resource)] = completed
                return completed
        return resource

    # Requests ---------------------------------------------------------------------------------------------------

    def identifiers(self, contract: OperationContract, resource: Resource | None) -> dict[Identifier, Any] | None:
        """Values for all identifiers of an operation about the resource; None if one of them is unknown."""
        found: dict[Identifier, Any] = {}
        for identifier in contract.identifiers:
            value = resource.identifier(identifier) if resource is not None else None
            if value is None and is_user_noun(identifier.resource) and resource is not None:
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

        Raises `ValueError` if the resource does not tell an identifier that the request needs.
        """
        identifiers = self.identifiers(contract, resource)
        if identifiers is None:
            raise ValueError(f"the {contract.resource} made does not tell what {contract.label} needs to name it")
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
        usable = [item for item in kind.reads if self._applies(item, resource)]
        yield from sorted(usable, key=lambda item: (item.access.level is Level.ROLE, item.operation.path.count("/")))
        if kind.is_user:
            yield from self.contract.with_action(Action.SELF)
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
            wait_s = 0.0
            if view.found or (last is None and reader.action in (Action.READ, Action.SELF)):
                last = view
            if view.found or (last is not None and reader.action in (Action.READ, Action.SELF)):
                return view
            last = last or view
        return last or View.unreadable(resource)

    # Cleaning up ------------------------------------------------------------------------------------------------

    def remover(self, resource: Resource) -> OperationContract | None:
        """The operation that removes such an object, if the document has one."""
        kind = self.contract.resource(resource.kind)
        for item in kind.deletes if kind is not None else ():
            if self.identifiers(item, resource) and item.own_identifier is not None and not item.dangerous:
                return item
        return None

    def remove(self, resource: Resource) -> Flow[bool]:
        """Remove what the run made, as its owner; whether the server agreed (or it was gone already)."""
        remover = self.remover(resource)
        if remover is None:
            return False
        draft = self.drafter.draft(remover, "cleanup", style=Style.REQUIRED)
        exchange = yield self.request(remover, resource.owner, resource, draft=draft)
        gone = self._accepts(exchange) or exchange.status in (404, 410)
        if gone:
            self.ledger.mark_gone(resource)
        return gone


def merged(value: Any, extra: Mapping[str, Any]) -> Any:
    """A body with extra fields: at top level, or inside the lone wrapper object that the document uses."""
    if isinstance(value, list):
        return [merged(item, extra) for item in value]
    if not isinstance(value, Mapping):
        return dict(extra)
    wrappers = [key for key, item in value.items() if isinstance(item, Mapping)]
    if len(wrappers) == 1 and len(value) == 1:
        return {wrappers[0]: {**value[wrappers[0]], **extra}}
    return {**value, **extra}


def _delayed(request: Request, wait_s: float) -> Request:
    return replace(request, wait_s=wait_s)


def _first_object(body: Any) -> Mapping[str, Any] | None:
    if isinstance(body, list):
        return next((item for item in body if isinstance(item, Mapping)), None)
    if isinstance(body, Mapping):
        return next(
            (found for item in body.values() if isinstance(item, list) and (found := _first_object(item))), None
        )
    return None


def _first_line(response: Response) -> str:
    text = " ".join(response.text.split())
    return text if len(text) <= 160 else text[:157] + "..."
