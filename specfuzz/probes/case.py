"""What a probe is given: an operation with its contract, the identities, and ways to make, read and change objects."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from specfuzz.contract import Action, Contract, Identifier, Level, Location, OperationContract
from specfuzz.generation import Adjustments, Draft, Drafter, Style, made_up_identifier
from specfuzz.http import ANONYMOUS, Exchange, Flow, Request
from specfuzz.identities import Credentials, LoginFailed
from specfuzz.oracles import read_reply, why_guessable
from specfuzz.probes.action_names import sounds_like_an_action
from specfuzz.probes.variants import MAX_VARIANTS, Subject, Variant, variants
from specfuzz.probes.verdict import Role, Step
from specfuzz.resources import NotMade, Resource, View, Workshop
from specfuzz.resources.workshop import SETTLE_S


class NewAccount(Protocol):
    """Signs up a further account for a probe, with `extra` fields in its body; the identity's name, or why there is none."""

    def __call__(self, purpose: str, extra: Mapping[str, Any] | None = None) -> Flow[str | NotMade]: ...


Shape = Callable[[Request, Draft | None], Request]
"""What an attack makes of an ordinary request and the body it was built from: another site's form, an override header."""


class Keys(Protocol):
    """What a probe may know of the identities' sessions; the keyring is one."""

    def credentials(self, name: str) -> Credentials | None: ...

    def log_in_anew(self, name: str, cookies: Mapping[str, str] | None = None) -> Flow[Credentials]: ...

    def log_in_with(self, name: str, password: str | None = None) -> Flow[bool]: ...

    def change_password(self, name: str, password: str) -> None: ...


class Stop(Exception):
    """A control or the set-up failed: the probe cannot judge. Becomes an inconclusive verdict."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(slots=True, kw_only=True)
class Case:
    """One rule at one operation. Its flows yield requests; `steps` gathers what may become evidence.

    `purpose` is unique in the run and keeps this case's random choices apart from every other's.
    """

    contract: Contract
    target: OperationContract
    owner: str
    peer: str | None
    admin: str | None
    purpose: str
    workshop: Workshop
    drafter: Drafter
    new_account: NewAccount | None = None
    keys: Keys | None = None
    shape: Shape | None = None
    anonymous_refused: Callable[[], bool] = lambda: False
    steps: list[Step] = field(default_factory=list)
    asked: list[Step] = field(default_factory=list)
    """Everything that `ask` sent, also what a story then leaves out."""
    base_url: str = ""
    has_spare: Callable[[], bool] = lambda: True
    """Whether the run has requests to spare for what is only worth a try."""
    disguise: Mapping[Identifier, Any] = field(default_factory=dict)
    """Identifiers that an attack names in place of the object's own: another parent in the path, say."""

    # Recording --------------------------------------------------------------------------------------------------

    def ask(self, role: Role, request: Request, note: str = "") -> Flow[Exchange]:
        """Send a request and keep the exchange as a step of the story."""
        exchange = yield request
        step = Step(role=role, exchange=exchange, note=note)
        self.steps.append(step)
        self.asked.append(step)
        return exchange

    def record(self, role: Role, exchange: Exchange, note: str = "") -> None:
        """Keep an exchange that another flow had as a step of the story."""
        self.steps.append(Step(role=role, exchange=exchange, note=note))

    def note(self, text: str) -> None:
        """Say what the last step shows."""
        self.steps[-1] = replace(self.steps[-1], note=text)

    def source(self, *purpose: str) -> random.Random:
        return self.drafter.stream(self.purpose, *purpose)

    # Objects ----------------------------------------------------------------------------------------------------

    def shared_resource(self, *, private: bool = False) -> Flow[Resource]:
        """An object of the target's kind that belongs to the owner, shared with other probes that only read.

        `private` asks for one that was made as private as the API lets its owner make it.
        """
        kind = self._kind()
        workshop = self.workshop.private if private else self.workshop
        made = yield from workshop.shared(kind, self.owner, self.target)
        return self._usable(made)

    def shared_private(self, kind: str) -> Flow[Resource]:
        """An object of another kind than the target's, shared and as private as its owner can make it."""
        made = yield from self.workshop.private.shared(kind, self.owner)
        if isinstance(made, NotMade):
            raise Stop(f"no {kind} to look for: {made.reason}", made.hint)
        return made

    def shared_resource_or_none(self) -> Flow[Resource | None]:
        """Like `shared_resource`, where a probe can do without."""
        made = yield from self.workshop.shared(self._kind(), self.owner, self.target)
        return made if isinstance(made, Resource) else None

    def fresh_resource(self, label: str = "fresh") -> Flow[Resource]:
        """A new object of the target's kind for this probe alone; a new account where the kind is an account."""
        kind = self._kind()
        found = self.contract.resource(kind)
        if found is not None and found.is_user:
            resource = yield from self._fresh_account(kind, f"{self.purpose}/{label}")
        else:
            resource = yield from self.workshop.make(kind, self.owner, f"{self.purpose}/{label}", target=self.target)
        usable = self._usable(resource)
        if usable.exchange is not None:
            self.steps.append(Step(role=Role.SET_UP, exchange=usable.exchange, note=f"{usable.owner} makes a {kind}"))
        return usable

    def made_by(
        self, who: str, kind: str, label: str, *, private: bool = False, target: OperationContract | None = None
    ) -> Flow[Resource]:
        """A new object of any kind, made by anybody, for this probe alone. Raises `Stop` where none can be made."""
        workshop = self.workshop.private if private else self.workshop
        made = yield from workshop.make(kind, who, f"{self.purpose}/{label}", target=target)
        if isinstance(made, NotMade):
            raise Stop(f"{who} has no {kind} to try it with: {made.reason}", made.hint)
        if made.exchange is not None:
            self.steps.append(Step(role=Role.SET_UP, exchange=made.exchange, note=f"{who} makes a {kind}"))
        return made

    def make_with_target(self, label: str, extra: Mapping[str, Any]) -> Flow[Resource | NotMade]:
        """An object made by the target operation itself, with extra fields in its body."""
        kind = self._kind()
        if self.target.action is Action.SIGN_UP:
            return (yield from self._fresh_account(kind, f"{self.purpose}/{label}", extra))
        return (
            yield from self.workshop.make_with(self.target, kind, self.owner, f"{self.purpose}/{label}", extra=extra)
        )

    def request_fields(self) -> set[str]:
        """The properties that some request about this kind documents: an ordinary one, unless the target is privileged."""
        names: set[str] = set()
        for item in self.contract.operations:
            body = self.drafter.body_of(item) if item.resource == self.target.resource else None
            if body is not None and (item.access.level is not Level.ROLE or self.target.access.level is Level.ROLE):
                schema, pointer, _ = self.contract.document.schemas.represented(body.schema, body.pointer)
                names.update(self.contract.document.schemas.properties(schema, pointer))
        return names

    def _fresh_account(
        self, kind: str, purpose: str, extra: Mapping[str, Any] | None = None
    ) -> Flow[Resource | NotMade]:
        if self.new_account is None:
            return NotMade(
                kind=kind, reason="accounts are changed only where the run can sign up its own, and it cannot"
            )
        name = yield from self.new_account(purpose, extra)
        if isinstance(name, NotMade):
            return name
        try:
            account = yield from self.workshop.accounts.identify(name)
        except LoginFailed as error:
            return NotMade(kind=kind, reason=str(error), exchange=error.exchange)
        return replace(account, kind=kind)

    def _kind(self) -> str:
        if self.target.resource is None:
            raise Stop("the document does not say which object this operation is about")
        return self.target.resource

    def _usable(self, made: Resource | NotMade) -> Resource:
        if isinstance(made, NotMade):
            raise Stop(f"no {made.kind} to try it on: {made.reason}", made.hint)
        if self.workshop.identifiers(self.target, made) is None:
            raise Stop(f"the {made.kind} that was made does not tell the identifier that {self.target.label} needs")
        return made

    def stranger_to(self, resource: Resource) -> Flow[str]:
        """An identity of the owner's role that the object was not shared with: the peer, or a further account.

        Raises `Stop` where there is none.
        """
        if self.peer is not None and self.peer not in resource.insiders:
            return self.peer
        if self.new_account is not None:
            name = yield from self.new_account(f"{self.purpose}/stranger")
            if isinstance(name, str):
                return name
        raise Stop(
            f"making the {resource.kind} gave {self.peer} access to it, and there is nobody else to try it as",
            "add a third user of the same role to --auth",
        )

    @property
    def ordinary(self) -> str:
        """An identity without privileges: the peer of whoever makes the objects, so that nothing is rightly its own."""
        return self.peer or self.owner

    def make_as(self, identity: str, label: str) -> Flow[Resource | NotMade]:
        """An object made by the target operation itself, by an identity that may not be allowed to."""
        made = yield from self.workshop.make_with(self.target, self._kind(), identity, f"{self.purpose}/{label}")
        exchange = made.exchange
        if exchange is not None:
            self.steps.append(Step(role=Role.ATTACK, exchange=exchange, note=f"{identity} makes one"))
        return made

    @property
    def writer(self) -> str | None:
        """Who may write where the operation is kept for a role; None where the object's owner does."""
        return self.admin if self.target.access.level is Level.ROLE else None

    # Requests ---------------------------------------------------------------------------------------------------

    def request(
        self,
        identity: str,
        resource: Resource | None,
        *,
        draft: Draft | None = None,
        overrides: Mapping[Identifier, Any] | None = None,
    ) -> Request:
        """The target operation by `identity` about the resource."""
        return self.workshop.request(self.target, identity, resource, draft=draft, overrides=overrides)

    def other_forms(self, plain: Request, resource: Resource) -> Flow[tuple[Variant, ...]]:
        """Other forms of a refused request about the owner's object, at most `MAX_VARIANTS`; none on a tight budget."""
        last = self.target.identifiers[-1] if self.target.identifiers else None
        if last is None or not self.has_spare():
            return ()
        kind = self.target.resource or ""
        own: Any = None
        # One of the peer's own is named beside it only where that does no more than change it: others use it too.
        spares_own = not self.target.state_changing or self.target.action in (Action.UPDATE, Action.REPLACE)
        if spares_own and plain.identity != ANONYMOUS and not self.contract.is_user_kind(kind):
            mine = yield from self.workshop.shared(kind, plain.identity, self.target)
            found = (self.workshop.identifiers(self.target, mine) or {}) if isinstance(mine, Resource) else {}
            own = found.get(last)
        value = (self.workshop.identifiers(self.target, resource) or {}).get(last)
        subject = Subject(identifier=last, value=value, own=own)
        return tuple(islice(variants(plain, subject, self.contract.document, self.base_url), MAX_VARIANTS))

    def attack(self, actor: str, resource: Resource | None, *, draft: Draft | None = None) -> Request:
        """The target operation about the resource as an attacker sends it: plainly, in disguise, or in another `shape`."""
        request = self.request(actor, resource, draft=draft, overrides=self.disguise)
        return self.shape(request, draft) if self.shape is not None else request

    def draft(
        self,
        label: str,
        resource: Resource | None = None,
        style: Style = Style.FULL,
        adjustments: Adjustments | None = None,
        whose: str | None = None,
    ) -> Flow[Draft | None]:
        """A body for the target with new canaries, naming the same related objects as the resource does, or `whose`."""
        references = {}
        if resource is not None:
            references = yield from self.workshop.references(self.target, resource, whose)
        if style is not Style.FULL:
            # An optional reference (an assignee who must be a member) is the first thing that a refusal may be about.
            optional = {item.name for item in self.drafter.references(self.target) if not item.required}
            references = {name: value for name, value in references.items() if name not in optional}
        return self.drafter.draft(
            self.target, f"{self.purpose}/{label}", style=style, references=references, adjustments=adjustments
        )

    def on_guessing(self, resource: Resource) -> str:
        """A sentence for a finding where the object's identifier can be guessed; empty where it cannot."""
        found = self.workshop.identifiers(self.target, resource) or {}
        named = [value for item, value in found.items() if item.resource == resource.kind] or [resource.key]
        why = why_guessable(named[-1])
        return f" Its id is {why}." if why else ""

    def made_up(self, resource: Resource) -> dict[Identifier, Any]:
        """The same identifiers with the object's own one replaced by one that nothing has."""
        return self.made_up_for(self.target, resource)

    def made_up_for(self, contract: OperationContract, resource: Resource) -> dict[Identifier, Any]:
        """The same for another operation about the object."""
        found = self.workshop.identifiers(contract, resource) or {}
        if not found:
            return {}
        last = list(found)[-1]
        return {last: made_up_identifier(found[last], self.source("made-up"))}

    # Credentials ------------------------------------------------------------------------------------------------

    def credentials(self, identity: str) -> Credentials:
        """What the identity's session carries. Raises `Stop` where it is not logged in or carries nothing."""
        found = self.keys.credentials(identity) if self.keys is not None else None
        if found is None or not found.items:
            raise Stop(f"{identity}'s requests carry no credentials that could be looked at")
        return found

    def session_of(self, identity: str) -> Flow[Credentials]:
        """The same, after a first request that logs the identity in where nothing has yet."""
        if self.keys is not None and self.keys.credentials(identity) is None:
            yield Request(method="GET", path="/", identity=identity)
        return self.credentials(identity)

    def log_in_anew(self, identity: str, cookies: Mapping[str, str] | None = None) -> Flow[Credentials]:
        """A further session of the identity, for this probe alone; nothing that happens to it disturbs another case."""
        if self.keys is None:
            raise Stop("this host does not let a probe log in")
        return (yield from self.keys.log_in_anew(identity, cookies))

    # Reading ----------------------------------------------------------------------------------------------------

    def read_back(
        self, resource: Resource, note: str = "", *, role: Role = Role.READ_BACK, wait_s: float = 0.0
    ) -> Flow[View]:
        """The owner's view of the object now; of its part that the target is about, where that can be read."""
        part = self._part()
        if part is None:
            view = yield from self.workshop.read_back(resource, wait_s=wait_s)
        else:
            view = yield from self.workshop.read_part(part, resource, wait_s=wait_s)
        if view.exchange is not None:
            self.steps.append(Step(role=role, exchange=view.exchange, note=note))
        return view

    def _part(self) -> OperationContract | None:
        """The read on the very path of an action: `GET /threads/{id}/read-mark` shows what a POST there does."""
        if self.target.action is not Action.ACT or self.target.operation.path.rstrip("/").endswith("}"):
            return None
        read = self.contract.get(f"GET {self.target.operation.path}")
        return read if read is not None and not (read.state_changing or sounds_like_an_action(read)) else None

    def first_view(self, resource: Resource) -> Flow[View]:
        """The owner's view of an object that was just made; waits where the server needs a moment to show it."""
        view = View(found=False)
        for wait_s in SETTLE_S:
            view = yield from self.read_back(resource, "before: the owner reads it", role=Role.CONTROL, wait_s=wait_s)
            if view.found or not view.is_readable:
                break
            self.steps.pop()
        return view

    def anonymous_request(self, resource: Resource | None, draft: Draft | None = None) -> Request:
        return self.request(ANONYMOUS, resource, draft=draft)

    @property
    def needs_body_identifier(self) -> bool:
        return any(item.location is Location.BODY for item in self.target.identifiers)

    def is_own_account(self) -> bool:
        return self.target.action is Action.SELF


def conclusive(exchange: Exchange, who: str) -> Exchange:
    """The exchange, if the API itself answered; raises `Stop` for a limiter's or a gateway's answer."""
    reply = read_reply(exchange)
    if not reply.outcome.is_conclusive:
        raise Stop(f"{who} got no usable answer: {reply.reason}")
    return exchange
