"""Make a resource as an identity. All flows: nothing here sends by itself.

Creation is where scanners fail, so it is tried again: with what the server's error says, with fewer fields, with the
document's own examples. What could not be made is a value (`NotMade`) with the server's last answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from specfuzz.contract import Action, Contract, Identifier, Level, Location, OperationContract, ResourceKind
from specfuzz.contract.actions import identifier_noun, normalized_path
from specfuzz.contract.fields import is_owner_field
from specfuzz.contract.words import split_words
from specfuzz.generation import Adjustments, Draft, Drafter, Reference, Style, adjust
from specfuzz.generation.meanings import names_user
from specfuzz.http import Exchange, Flow, Request, Response
from specfuzz.resources.accounts import Accounts
from specfuzz.resources.advice import what_would_help
from specfuzz.resources.bench import Bench
from specfuzz.resources.ledger import Ledger, Needs, NotMade, Place
from specfuzz.resources.places import merged, value_at
from specfuzz.resources.requests import build_request
from specfuzz.resources.resource import Resource, identifier_in_location
from specfuzz.resources.views import view_of

MAX_ATTEMPTS = 6
"""Drafts sent for one creation: two full ones steered by the errors, required only, examples, two more steered."""

MAX_CHAIN = 5
"""Parents and references followed for one object (category, product, cart, order, payment)."""

SETTLE_S = (0.0, 0.15, 0.4, 0.8)
"""Waits, in seconds, before a write must show: servers with queues or replicas apply them late."""

_STYLES = (Style.FULL, Style.FULL, Style.FULL, Style.REQUIRED, Style.EXAMPLES, Style.REQUIRED)


class Workshop(Bench):
    """Makes resources of one contract, and does with them what a `Bench` does. Shared by all probes of a run."""

    def __init__(
        self,
        contract: Contract,
        drafter: Drafter,
        accounts: Accounts,
        accept: Callable[[Exchange], bool],
        *,
        public: Workshop | None = None,
    ) -> None:
        super().__init__(contract, drafter, accounts, accept, public.ledger if public is not None else Ledger())
        self.is_late = False
        self.maker: str | None = None
        """Who makes what only a privileged role may make, for the others: the admin, if there is one."""
        self._public = public
        self._private: Workshop | None = None
        self._shared: dict[tuple[str, str], Resource | NotMade] = {}
        self._recipes: dict[str, Adjustments] = {}
        self._styles: dict[str, Style] = {}

    # Making -----------------------------------------------------------------------------------------------------

    @property
    def private(self) -> Workshop:
        """The same workshop, which makes objects private where their creation has a word for it.

        A private object shows best whether strangers can read; for writes the ordinary one is better, since on a private
        one the check that hides it comes before the one that may be missing.
        """
        if self._private is None:
            self._private = Workshop(self.contract, self.drafter, self.accounts, self._accepts, public=self)
        return self._private

    def _knows_privacy(self, kind: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether the kind, or one that it lies in, can be made private by a field of its creation."""
        found = self.contract.resource(kind)
        if found is None or kind in seen:
            return False
        for creation in found.creates:
            if self.drafter.takes_privacy(creation):
                return True
            above = {item.resource for item in creation.identifiers} | {
                item.resource for item in self.drafter.references(creation)
            }
            if any(self._knows_privacy(name, seen | {kind}) for name in above - {kind}):
                return True
        return False

    def shared(self, kind: str, owner: str, target: OperationContract | None = None) -> Flow[Resource | NotMade]:
        """An object of the kind that several probes may read, made at the first call.

        `target` is the operation that it is wanted for: lines of a cart and lines of an order are two things of one name.
        """
        if self._public is not None and not self._knows_privacy(kind):
            return (yield from self._public.shared(kind, owner, target))
        usual = next(iter(self._creations_of(kind)), None)
        wanted = next(iter(self._creations_of(kind, target)), None)
        key = (kind if wanted is usual or wanted is None else f"{kind} {wanted.label}", owner)
        if key not in self._shared:
            self._shared[key] = yield from self.make(kind, owner, self._common, target=target)
        return self._shared[key]

    def _creations_of(self, kind: str, target: OperationContract | None = None) -> list[OperationContract]:
        found = self.contract.resource(kind)
        return self._creations(found, target) if found is not None else []

    @property
    def _common(self) -> str:
        """The purpose of what several probes share: another one for private objects, so that their canaries differ."""
        return "shared" if self._public is None else "shared/private"

    def make(
        self,
        kind: str,
        owner: str,
        purpose: str,
        chain: tuple[str, ...] = (),
        target: OperationContract | None = None,
    ) -> Flow[Resource | NotMade]:
        """A new object of the kind, owned by `owner`, with canaries in its free-text fields; one that `target` is about."""
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
        for creation in self._creations(resource_kind, target):
            result = yield from self.make_with(creation, kind, owner, purpose, chain)
            if isinstance(result, Resource):
                return result
            last = result
        handed = yield from self._handed_over(resource_kind, owner, purpose, chain, target)
        return handed or last

    def _handed_over(
        self, kind: ResourceKind, owner: str, purpose: str, chain: tuple[str, ...], target: OperationContract | None
    ) -> Flow[Resource | None]:
        """An object that the owner may not make, made by the admin, whose body says for whom it is; None where it cannot."""
        maker = self._public.maker if self._public is not None else self.maker
        if maker is None or maker == owner:
            return None
        for creation in self._creations(kind, target):
            for item in self.drafter.references(creation):
                if item.location is not Location.BODY or not self.contract.is_user_kind(item.resource):
                    continue
                key = self.accounts.key_of(owner, self._user_form(item.name.rsplit(".", 1)[-1], item))
                if key is None:
                    continue
                place = Place(references={item.name: key}, once=False)
                made = yield from self.make_with(
                    creation, kind.name, maker, f"{purpose}/for-{owner}", chain, place=place
                )
                if isinstance(made, Resource):
                    return self.ledger.given_to(made, owner)
        return None

    def _creations(self, kind: ResourceKind, target: OperationContract | None = None) -> list[OperationContract]:
        """Operations that make one, likeliest first: ordinary ones, on the collection that the item's path begins with;
        before them the one on the very collection that `target` is about."""
        collections = {
            normalized_path(item.operation.path).rsplit("/{}", 1)[0]
            for item in (*kind.reads, *kind.updates, *kind.deletes)
        }

        about = normalized_path(target.operation.path) if target is not None else ""

        def rank(creation: OperationContract) -> tuple[bool, bool, bool, int]:
            path = normalized_path(creation.operation.path)
            elsewhere = not (about == path or about.startswith(f"{path}/"))
            return creation.access.level is Level.ROLE, elsewhere, path not in collections, path.count("{}")

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
        alone: bool = False,
        place: Place | None = None,
        shape: Callable[[Request, Draft | None], Request] | None = None,
        patient: bool = False,
    ) -> Flow[Resource | NotMade]:
        """A new object by one certain operation, with `extra` fields in its body, its request changed by `shape`.

        `place` says what it lies in and refers to where that is not the maker's own.

        `alone` makes whatever it lies in or refers to anew as well: for an API that answers a second subscription to
        the same thread with the first one.

        With any of the three only one body is sent, of the form that was accepted before: another one's success would say
        nothing about the fields, the place or the change. `patient` sends others all the same.
        """
        needs = yield from self._gather(creation, kind, owner, purpose, (*chain, kind), alone)
        if isinstance(needs, NotMade):
            return needs
        if place is not None:
            needs = place.applied_to(needs)
        identifiers, references = needs.identifiers, needs.references
        adjustments = self._recipes.get(creation.label, Adjustments())
        exchange: Exchange | None = None
        first = self._styles.get(creation.label)
        for attempt in range(MAX_ATTEMPTS):
            style = first if first is not None and attempt == 0 else _STYLES[attempt]
            given = references if style is not Style.REQUIRED else needs.required(self.drafter.references(creation))
            if place is not None:
                given = {**given, **place.references}
            draft = self.drafter.draft(
                creation,
                f"{purpose}/{owner}/{attempt}",
                style=style,
                references=given,
                adjustments=adjustments,
                private=self._public is not None,
            )
            plain = draft
            if extra and draft is not None:
                draft = draft.with_value(merged(draft.value, extra))
            parameters = self.drafter.parameters(creation, purpose, references)
            request = build_request(creation, owner, identifiers, draft=draft, parameters=parameters)
            exchange = yield (shape(request, draft) if shape is not None else request)
            if self._accepts(exchange):
                self._recipes[creation.label] = adjustments.lasting()
                self._styles[creation.label] = style
                known = self.ledger.standing()
                # What an extra `order_id` says is no identifier of the order, whatever it looks like.
                resource = self._note(creation, kind, owner, exchange, plain, needs)
                is_again = resource.key is not None and resource.name in known
                if is_again and creation.action is not Action.REPLACE:  # an upsert writes all of it anew
                    self.ledger.made.pop()
                    if alone or place is not None or not (needs.parents or needs.references):
                        said = f"{creation.label} gives the same {kind} each time"
                        return NotMade(kind=kind, reason=said, exchange=exchange)
                    return (
                        yield from self.make_with(creation, kind, owner, purpose, chain, extra, alone=True, shape=shape)
                    )
                if resource.key is None:
                    resource = yield from self._find_key(resource)
                if exchange.status == 202:
                    yield from self._wait_for(resource)
                return resource
            only_one = (extra or place is not None or shape is not None) and not patient
            if exchange.status in (401, 403, 404, 405, 501) or draft is None or only_one:
                break
            adjustments = adjust(draft, exchange.response.text, self._known(creation), adjustments, self.drafter.seed)
        said = f"{exchange.status} {_first_line(exchange.response)}".strip() if exchange is not None else "nothing"
        reason = f"{creation.label} as {owner} answered {said}"
        return NotMade(kind=kind, reason=reason, exchange=exchange, hint=what_would_help(creation, exchange))

    def _wait_for(self, resource: Resource) -> Flow[None]:
        """A creation that was only accepted (202): until its owner finds it, or the waits are used up."""
        self.is_late = True
        for wait_s in SETTLE_S:
            view = yield from self.read_back(resource, wait_s=wait_s)
            if view.found or not view.is_readable:
                return

    def _known(self, creation: OperationContract) -> tuple[str, ...]:
        body = self.drafter.body_of(creation)
        if body is None:
            return ()
        return tuple(self.contract.document.schemas.properties(body.schema, body.pointer))

    def _gather(
        self,
        creation: OperationContract,
        kind: str,
        owner: str,
        purpose: str,
        chain: tuple[str, ...],
        alone: bool = False,
    ) -> Flow[Needs | NotMade]:
        """What a creation needs first: its path's parents, the objects and people that its body names."""
        needs = Needs()
        wanted = self.drafter.references(creation)
        # Whoever is made a member or a recipient is no stranger any more: such a thing gets a parent of its own, so that
        # the objects which other probes share stay their owner's alone.
        grants = any(names_user(item.name) for item in creation.identifiers if item.resource == kind) or any(
            self.contract.is_user_kind(item.resource) and not is_owner_field(item.name) for item in wanted
        )
        for identifier in creation.identifiers:
            if identifier.resource == kind:
                existing = yield from self._existing_identifier(identifier, kind, owner, purpose)
                if existing is None:
                    existing = self._chosen_identifier(creation, identifier, owner, purpose, needs)
                needs.identifiers[identifier] = existing
                continue
            apart = f"{purpose}/{kind}" if alone or (grants and identifier.location is Location.PATH) else None
            parent = yield from self._parent(identifier.resource, owner, chain, apart)
            if isinstance(parent, NotMade):
                reason = f"it needs a {identifier.resource}: {parent.reason}"
                return NotMade(kind=kind, reason=reason, exchange=parent.exchange, hint=parent.hint)
            value = parent.identifier(identifier)
            if value is None:
                return NotMade(kind=kind, reason=f"the made {identifier.resource} shows no `{identifier.name}`")
            needs.identifiers[identifier] = value
            needs.add_parent(parent)
        for reference in wanted:
            if reference.resource == kind or (not reference.required and reference.resource in chain):
                continue
            # A membership names whom it is given to, even where the property is called like an owner's.
            gives = names_user(kind) and bool(creation.identifiers)
            yield from self._refer(reference, owner, chain, needs, f"{purpose}/{kind}" if alone else None, gives=gives)
        needs.align(wanted)
        return needs

    def references(
        self, contract: OperationContract, resource: Resource, whose: str | None = None
    ) -> Flow[dict[str, Any]]:
        """What a request about an existing object names beside it: as it was made with, else objects and people at hand;
        with `whose`, that identity's own objects, as an attacker would name them."""
        needs = Needs(parents=[] if whose is not None else [*resource.parents, resource])
        for reference in self.drafter.references(contract):
            given = value_at(resource.sent, reference.name) if whose is None else None
            if given is not None:
                needs.references[reference.name] = given
            elif reference.resource != resource.kind:
                # Whoever acts on an object of theirs and names a person names somebody else: to share it, to assign it.
                acts = contract.action is Action.ACT
                yield from self._refer(reference, whose or resource.owner, (resource.kind,), needs, gives=acts)
        return needs.references

    def _existing_identifier(self, identifier: Identifier, kind: str, owner: str, purpose: str) -> Flow[Any]:
        """Of `PUT /wishlist/{product_id}`: a product that there is, another one for each purpose; None for a name to choose."""
        noun = identifier_noun(identifier.name)
        other = self.contract.resource(noun) if noun and noun != kind and not kind.endswith(f"_{noun}") else None
        if other is None or other.is_user:
            return None
        found = yield from self._listed_all(other.name, owner)
        wanted = Identifier(location=identifier.location, name=identifier.name, resource=other.name)
        values = [item.identifier(wanted) for item in found]
        taken = {item.path_values.get(f"{kind}:{identifier.name}") for item in self.ledger.made}
        values = [value for value in values if value is not None]
        values = [value for value in values if value not in taken] or values
        return self.drafter.stream("existing", kind, purpose).choice(values) if values else None

    def _chosen_identifier(
        self, creation: OperationContract, identifier: Identifier, owner: str, purpose: str, needs: Needs
    ) -> Any:
        """An identifier that the client chooses (`PUT /pages/{slug}`), or somebody else's (`PUT .../members/{username}`)."""
        from specfuzz.generation.values import string_for

        if names_user(identifier.name) and len(creation.identifiers) > 1:
            other = self.accounts.other_user(owner, identifier.name)
            if other is not None:
                needs.granted.add(other[0])
                return other[1]
        parameter = creation.operation.parameter(identifier.name, identifier.location)
        schema = parameter.schema if parameter is not None else {}
        source = self.drafter.stream("identifier", creation.label, purpose)
        if schema.get("type") == "integer":
            return 100_000 + source.randrange(800_000)
        return string_for(identifier.name, schema, source).value

    def _parent(
        self, kind: str, owner: str, chain: tuple[str, ...], alone: str | None = None
    ) -> Flow[Resource | NotMade]:
        """The object that a path goes through: made by the owner, else an existing one that the owner can list.

        Shared with other probes, unless `alone` names the purpose that it is made for.
        """
        if alone is not None:
            return (yield from self.make(kind, owner, alone, chain))
        if self._public is not None and not self._knows_privacy(kind):
            return (yield from self._public._parent(kind, owner, chain))
        key = (kind, owner)
        known = self._shared.get(key)
        if known is None:
            known = yield from self.make(kind, owner, self._common, chain)
            self._shared[key] = known
        if isinstance(known, Resource):
            return known
        listed = yield from self.existing(kind, owner)
        return listed if listed is not None else known

    def _refer(
        self,
        reference: Reference,
        owner: str,
        chain: tuple[str, ...],
        needs: Needs,
        apart: str | None = None,
        *,
        gives: bool = False,
    ) -> Flow[None]:
        """Find the identifier for a reference in a body: of an object made, of a person, or of what was there before us."""
        leaf = reference.name.rsplit(".", 1)[-1]
        wanted = Identifier(location=Location.BODY, name=leaf, resource=reference.resource)
        value: Any = None
        if self.contract.is_user_kind(reference.resource) and (gives or not is_owner_field(leaf)):
            other = self.accounts.other_user(owner, self._user_form(leaf, reference))
            if other is not None:
                needs.granted.add(other[0])
                value = other[1]
        else:
            found = next((parent for parent in needs.parents if parent.kind == reference.resource), None)
            made = found or (yield from self._parent(reference.resource, owner, chain, apart))
            if isinstance(made, Resource) and made.identifier(wanted) in needs.references.values():
                # `from_account` and `to_account` are two, and most APIs insist that they are.
                made = yield from self._second(reference.resource, owner, chain)
            if isinstance(made, Resource):
                needs.objects[reference.name] = made
                value = made.identifier(wanted)
                value = value if value is not None else made.key
        if value is not None:
            needs.references[reference.name] = [value] if leaf.lower().endswith("ids") else value

    def _second(self, kind: str, owner: str, chain: tuple[str, ...]) -> Flow[Resource | NotMade]:
        """Another object of a kind of which the owner has one already."""
        key = (f"{kind}#2", owner)
        if key not in self._shared:
            self._shared[key] = yield from self.make(kind, owner, f"{self._common}/second", chain)
        return self._shared[key]

    def _user_form(self, name: str, reference: Reference) -> str:
        """Which of a person's fields a property wants: an id where its type or name says so, else what users are named by."""
        kind = self.contract.document.schemas.type_of(reference.schema)
        words = split_words(name)
        if kind == "integer" or reference.schema.get("format") == "uuid" or words[-1:] in (("id",), ("uuid",)):
            return "id"
        if reference.schema.get("format") == "email" or "email" in words:
            return "email"
        users = self.contract.resource(reference.resource)
        own = [item.own_identifier for item in users.reads if item.own_identifier is not None] if users else []
        return own[0].name if own and words[-1:] != ("username",) else "username"

    def _note(
        self,
        creation: OperationContract,
        kind: str,
        owner: str,
        exchange: Exchange,
        draft: Draft | None,
        needs: Needs,
    ) -> Resource:
        body = view_of(exchange.response.json)
        resource = Resource(
            kind=kind,
            owner=owner,
            creation=creation,
            body=body,
            sent=draft.value if draft is not None and isinstance(draft.value, Mapping) else {},
            canaries=draft.canaries if draft is not None else {},
            parents=tuple(needs.parents),
            location=identifier_in_location(exchange),
            path_values={f"{item.resource}:{item.name}": value for item, value in needs.identifiers.items()},
            granted=frozenset(needs.granted),
            exchange=exchange,
        )
        self.ledger.add(resource)
        return resource

    def _find_key(self, resource: Resource) -> Flow[Resource]:
        """A creation that told no identifier: look for the object's canary in the owner's lists."""
        from specfuzz.resources.views import find_by_canary

        kind = self.contract.resource(resource.kind)
        for listing in kind.lists if kind is not None and resource.canaries else ():
            if self.identifiers(listing, resource) is None:
                continue
            exchange = yield self.request(listing, resource.owner, resource)
            found = find_by_canary(exchange.response.json, resource.canaries.values())
            if found is not None:
                completed = resource.with_body(found)
                self.ledger.made[self.ledger.made.index(resource)] = completed
                return completed
        return resource


def _first_line(response: Response) -> str:
    text = " ".join(response.text.split())
    return text if len(text) <= 160 else text[:157] + "..."
