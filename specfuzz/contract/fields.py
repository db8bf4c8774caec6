"""Which properties a client may not write, and which no client should be handed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from specfuzz.contract.access import says_own
from specfuzz.contract.model import (
    Action,
    Body,
    Confidence,
    FieldReason,
    ForbiddenField,
    Level,
    OperationContract,
    SensitiveField,
)
from specfuzz.contract.nested import Parts, nested_fields, parts_of
from specfuzz.contract.schemas import ENVELOPE_NAMES, Property, Schemas, is_envelope_name
from specfuzz.contract.words import is_listed, noun_of, rename_like, split_words, word_list

MAX_GUESSED_FIELDS = 12
"""Privileged names tried although the document never mentions them; the list is ordered, so the likeliest come first."""

_SHOWING = (
    Action.CREATE, Action.SIGN_UP, Action.READ, Action.LIST, Action.SEARCH, Action.SELF, Action.UPDATE, Action.REPLACE,
)  # fmt: skip
"""Actions whose answers are the object. A log-in answers with tokens, and paying an order with a payment."""

_SERVER_MANAGED = frozenset("id uuid guid _id pk href self url links _links etag revision version".split())
_NO_FIELDS = frozenset(
    name
    for name in ENVELOPE_NAMES
    if "token" in name or name in ("ok", "success", "error", "errors", "expires_in", "message", "msg")
)
"""What an answer says beside the object: never a field of it. (`status` and `code` may well be one.)"""

_JSON_PATCH = frozenset(("op", "path", "from", "value"))
"""What a step of a JSON Patch has (RFC 6902): such a body names the fields that it writes in its values."""

_SHOWING_ACTIONS = frozenset(Action) - {Action.ACT, Action.OTHER, Action.LOGIN, Action.LOGOUT, Action.REFRESH}
"""Operations whose answer shows the object; of an action on it, the answer is often about the action."""

_READING_ACTIONS = frozenset((Action.READ, Action.LIST, Action.SEARCH, Action.SELF))

_MANAGED_SUFFIXES = ("at", "on", "timestamp", "count", "url", "uri", "href")


def _takes_fields(body: Body) -> bool:
    """Whether a body holds an object's fields: no file, no plain text, and no list of changes (RFC 6902)."""
    media = body.media_type.lower()
    return "json-patch" not in media and any(word in media for word in ("json", "form", "xml", "yaml", "*"))


@lru_cache(maxsize=8192)
def is_privileged(name: str) -> bool:
    return is_listed(name, "privileged_fields")


@lru_cache(maxsize=8192)
def is_owner_field(name: str) -> bool:
    """Whether a property names the account that its object belongs to."""
    return is_listed(name, "owner_fields")


def is_server_managed(name: str) -> bool:
    """Identifiers, timestamps, counters and links: a server sets them; a client's value there is seldom a privilege."""
    words = split_words(name)
    return name.lower() in _SERVER_MANAGED or (len(words) > 1 and words[-1] in _MANAGED_SUFFIXES)


def _is_bare_envelope(properties: Mapping[str, Property], resource: str | None) -> bool:
    """Whether an answer says how it went and leaves open what the object in it looks like (`ok`, `message`, `order`)."""
    left = [name for name in properties if not is_envelope_name(name)]
    if len(properties) > len(left) and len(left) == 1 and resource is not None:
        kept = "".join(split_words(noun_of(left[0])))
        return kept == "".join(split_words(resource))
    return bool(properties) and not left


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the operations on one kind of object take, those kept for a role apart, and what they and its reads show."""

    ordinary: set[str] = field(default_factory=set)
    privileged: dict[str, Property] = field(default_factory=dict)
    shown: dict[str, Property] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    shown_parts: list[Parts] = field(default_factory=list)
    ordinary_parts: list[Parts] = field(default_factory=list)


def _add_parts(known: list[Parts], parts: Parts) -> None:
    """Remember the parts of another answer or request, unless one with the same parts was there before."""
    if parts and parts not in known:
        known.append(parts)


class FieldReader:
    """Derives the fields of one document's operations, resource by resource."""

    def __init__(self, schemas: Schemas, sample_names: tuple[str, ...]) -> None:
        self._schemas = schemas
        self._samples = sample_names
        self._guesses = tuple(rename_like(entry, sample_names) for entry in word_list("privileged_fields"))
        self._shown: dict[str, dict[str, Property]] = {}
        self._kinds: dict[str, _Kind] = {}

    def writable(self, body: Body) -> dict[str, Property]:
        """What a request body takes: its properties without the read-only ones, behind a lone wrapper object."""
        return {name: item for name, item in self._request_properties(body).items() if not item.is_read_only}

    def _request_properties(self, body: Body) -> Mapping[str, Property]:
        schema, pointer, _ = self._schemas.represented(body.schema, body.pointer)
        return self._schemas.properties(schema, pointer)

    def shown(self, contract: OperationContract) -> dict[str, Property]:
        """The properties of the object that an operation's successful responses carry."""
        cached = self._shown.get(contract.label)
        if cached is None:
            cached = self._shown[contract.label] = self._carried(contract)
        return cached

    def _carried(self, contract: OperationContract) -> dict[str, Property]:
        found: dict[str, Property] = {}
        for reply in contract.operation.success_replies:
            if reply.schema is not None:
                schema, pointer, _ = self._schemas.represented(reply.schema, reply.pointer)
                properties = self._schemas.properties(schema, pointer)
                if not _is_bare_envelope(properties, contract.resource):
                    for name, item in properties.items():
                        found.setdefault(name, item)
        return found

    def known(self, contract: OperationContract, siblings: Iterable[OperationContract]) -> dict[str, Property]:
        """Every property that requests and responses about a kind of object have."""
        found: dict[str, Property] = {}
        for item in (contract, *siblings):
            for body in item.operation.bodies[:1]:
                found = {**self._request_properties(body), **found}
            found = {**self.shown(item), **found}
        return found

    def forbidden(
        self, contract: OperationContract, siblings: Iterable[OperationContract]
    ) -> tuple[ForbiddenField, ...]:
        """What the client of a write may not send, surest first. `siblings` deal with the same kind of object."""
        if not contract.operation.bodies:
            return ()
        body = contract.operation.bodies[0]
        if not _takes_fields(body):
            return ()
        request = self._request_properties(body)
        is_patch = {"op", "path"} <= set(request) <= _JSON_PATCH
        taken = set(self.writable(body))
        found: dict[str, ForbiddenField] = {}
        kind = self._kind(contract, siblings)
        for item in (*self._candidates(contract, request, taken, kind), *self._nested(contract, kind)):
            if item.reason is FieldReason.READ_ONLY or not is_patch:
                found.setdefault(item.name, item)
        return tuple(sorted(found.values(), key=lambda item: -item.confidence))

    def _kind(self, contract: OperationContract, siblings: Iterable[OperationContract]) -> _Kind:
        """What all operations on one kind of object take and show, read once: large documents have hundreds of one."""
        key = contract.resource or contract.label
        cached = self._kinds.get(key)
        if cached is None:
            cached = self._kinds[key] = _Kind()
            for item in siblings:
                for body in item.operation.bodies[:1]:
                    writable = self.writable(body)
                    if item.access.level is Level.ROLE:
                        cached.privileged.update(writable)
                    else:
                        cached.ordinary.update(writable)
                        _add_parts(cached.ordinary_parts, parts_of(self._schemas, writable))
                if item.action in _SHOWING_ACTIONS and self._shows_objects(item):
                    for name, shown in self.shown(item).items():
                        cached.shown.setdefault(name, shown)
                    if item.action in _READING_ACTIONS:
                        cached.read.update(self.shown(item))
                    _add_parts(cached.shown_parts, parts_of(self._schemas, self.shown(item)))
        return cached

    def _nested(self, contract: OperationContract, kind: _Kind) -> Iterator[ForbiddenField]:
        """What the client of a write may not send inside of what it does send (`profile.role`, `lines[].price`)."""
        body = contract.operation.bodies[0]
        request = parts_of(self._schemas, self._request_properties(body))
        if not request or self._is_open(body):
            return
        own = parts_of(self._schemas, self.shown(contract))
        for item in nested_fields(request, (own, *kind.shown_parts), kind.ordinary_parts):
            leaf = item.name.rsplit(".", 1)[-1]
            if not is_server_managed(leaf) and not leaf.lower().endswith("id") and leaf.lower() not in _NO_FIELDS:
                yield replace(item, is_privileged=is_privileged(leaf), is_owner=is_owner_field(leaf))

    def _shows_objects(self, contract: OperationContract) -> bool:
        """Whether an answer is the object, or a list of them: a list in an envelope that we cannot open tells nothing."""
        if contract.action not in (Action.LIST, Action.SEARCH):
            return True
        return any(
            self._schemas.represented(reply.schema, reply.pointer)[2]
            for reply in contract.operation.success_replies
            if reply.schema is not None
        )

    def _candidates(
        self, contract: OperationContract, request: Mapping[str, Property], taken: set[str], kind: _Kind
    ) -> Iterator[ForbiddenField]:
        for name, item in request.items():
            if item.is_read_only:
                yield self._field(item, FieldReason.READ_ONLY, Confidence.CERTAIN)
            elif is_owner_field(name) and contract.action is Action.CREATE and self._must_be_caller(contract, item):
                yield self._field(item, FieldReason.OWNER, Confidence.FIRM)
        ordinary, privileged = kind.ordinary, kind.privileged
        # What only computes an answer keeps no object whose fields could be written.
        changes = min(Confidence.FIRM, contract.state_changing_confidence)
        identifiers = {identifier.name for identifier in contract.identifiers}
        shown = {**self.shown(contract)}
        for name, item in kind.shown.items():
            shown.setdefault(name, item)
        body = contract.operation.bodies[0]
        strict = self._strict_at(body)
        unlisted = min(changes, Confidence.TENTATIVE if self._is_open(body) else Confidence.FIRM)
        for name, item in shown.items():
            if name in taken or name in identifiers or name.lower() in _SERVER_MANAGED | _NO_FIELDS:
                continue
            if item.is_read_only:
                yield self._field(item, FieldReason.READ_ONLY, Confidence.CERTAIN)
            elif name in privileged and name not in ordinary:
                yield self._field(privileged[name], FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)
            elif strict is not None and (name in kind.read or not kind.read):
                yield replace(self._field(item, FieldReason.NOT_ADDITIONAL, Confidence.CERTAIN), source=strict)
            elif name in ordinary:
                yield self._field(item, FieldReason.IMMUTABLE, Confidence.TENTATIVE)
            else:
                # A write's own answer may be about the writing; where reads show the object, they say what it has.
                is_of_object = name in kind.read or not kind.read
                yield self._field(item, FieldReason.RESPONSE_ONLY, unlisted if is_of_object else Confidence.TENTATIVE)
        for name, item in privileged.items():
            if name not in taken and name not in ordinary and name not in shown:
                yield self._field(item, FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)
        known = taken | ordinary | set(shown) | set(privileged)
        yield from self._guessed(contract, known)

    def _is_open(self, body: Body) -> bool:
        """Whether a request lists nothing, or says that it takes more than it lists: what it leaves out is no promise."""
        schema, _, _ = self._schemas.represented(body.schema, body.pointer)
        more = schema.get("additionalProperties")
        return not self._request_properties(body) or more is True or isinstance(more, Mapping)

    def _strict_at(self, body: Body) -> str | None:
        """Where a request says that it takes nothing that it does not list; None where it does not say so."""
        schema, pointer, _ = self._schemas.represented(body.schema, body.pointer)
        if not self._schemas.forbids_extra(schema):
            return None
        keyword = "additionalProperties" if "additionalProperties" in schema else "unevaluatedProperties"
        return f"{pointer}/{keyword}"

    def _guessed(self, contract: OperationContract, known: set[str]) -> Iterator[ForbiddenField]:
        words_known = {split_words(name) for name in known}
        left = [name for name in self._guesses if split_words(name) not in words_known]
        for name in left[:MAX_GUESSED_FIELDS]:
            yield ForbiddenField(
                name=name,
                reason=FieldReason.PRIVILEGED_NAME,
                confidence=Confidence.TENTATIVE,
                source="inference:privileged-name",
                schema={"type": "boolean"} if split_words(name)[0] == "is" else {},
                is_privileged=True,
            )

    @staticmethod
    def _must_be_caller(contract: OperationContract, item: Property) -> bool:
        """Whether a request takes the owner's identifier and the document says that it is the caller's own."""
        description = item.schema.get("description")
        told = isinstance(description, str) and says_own(description)
        return told or (contract.access.level is Level.OWNER and contract.access.confidence >= Confidence.FIRM)

    @staticmethod
    def _field(item: Property, reason: FieldReason, confidence: Confidence) -> ForbiddenField:
        return ForbiddenField(
            name=item.name,
            reason=reason,
            confidence=confidence,
            source=item.pointer,
            schema=item.schema,
            is_privileged=is_privileged(item.name),
            is_owner=is_owner_field(item.name),
        )

    def sensitive(self, contract: OperationContract) -> tuple[SensitiveField, ...]:
        """Properties that should reach no client although the document shows them, and write-only ones."""
        found = []
        hands_out = contract.action in (Action.LOGIN, Action.REFRESH, Action.SIGN_UP)
        for name, item in self.shown(contract).items():
            if hands_out and "token" in split_words(name):
                continue  # the caller's own new credentials are what it asked for
            if item.is_write_only:
                found.append(
                    SensitiveField(name=name, reason="writeOnly", confidence=Confidence.CERTAIN, source=item.pointer)
                )
            elif is_listed(name, "sensitive_fields"):
                found.append(
                    SensitiveField(
                        name=name,
                        reason="named like a credential, secret or internal",
                        confidence=Confidence.TENTATIVE,
                        source=item.pointer,
                    )
                )
        return tuple(found)
