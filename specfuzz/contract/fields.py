"""Which properties a client may not write, and which no client should be handed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

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
from specfuzz.contract.nested import nested_fields, parts_of
from specfuzz.contract.schemas import ENVELOPE_NAMES, Property, Schemas
from specfuzz.contract.words import is_listed, rename_like, split_words, word_list

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

_MANAGED_SUFFIXES = ("at", "on", "timestamp", "count", "url", "uri", "href")


def _takes_fields(body: Body) -> bool:
    """Whether a body holds an object's fields: no file, no plain text, and no list of changes (RFC 6902)."""
    media = body.media_type.lower()
    return "json-patch" not in media and any(word in media for word in ("json", "form", "xml", "yaml", "*"))


def is_privileged(name: str) -> bool:
    return is_listed(name, "privileged_fields")


def is_owner_field(name: str) -> bool:
    """Whether a property names the account that its object belongs to."""
    return is_listed(name, "owner_fields")


def is_server_managed(name: str) -> bool:
    """Identifiers, timestamps, counters and links: a server sets them; a client's value there is seldom a privilege."""
    words = split_words(name)
    return name.lower() in _SERVER_MANAGED or (len(words) > 1 and words[-1] in _MANAGED_SUFFIXES)


class FieldReader:
    """Derives the fields of one document's operations, resource by resource."""

    def __init__(self, schemas: Schemas, sample_names: tuple[str, ...]) -> None:
        self._schemas = schemas
        self._samples = sample_names
        self._guesses = tuple(rename_like(entry, sample_names) for entry in word_list("privileged_fields"))

    def writable(self, body: Body) -> dict[str, Property]:
        """What a request body takes: its properties without the read-only ones, behind a lone wrapper object."""
        return {name: item for name, item in self._request_properties(body).items() if not item.is_read_only}

    def _request_properties(self, body: Body) -> Mapping[str, Property]:
        schema, pointer, _ = self._schemas.represented(body.schema, body.pointer)
        return self._schemas.properties(schema, pointer)

    def shown(self, contract: OperationContract) -> dict[str, Property]:
        """The properties of the object that an operation's successful responses carry."""
        found: dict[str, Property] = {}
        for reply in contract.operation.replies:
            if reply.is_success and reply.schema is not None:
                schema, pointer, _ = self._schemas.represented(reply.schema, reply.pointer)
                properties = self._schemas.properties(schema, pointer)
                if all(name.lower() in ENVELOPE_NAMES for name in properties):
                    continue  # `{"status": "success", "message": "It was added."}` shows nothing of the object
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
        taken = set(self.writable(body))
        others = [other for other in siblings if other.label != contract.label]
        found: dict[str, ForbiddenField] = {}
        for item in (*self._candidates(contract, request, taken, others), *self._nested(contract, others)):
            found.setdefault(item.name, item)
        return tuple(sorted(found.values(), key=lambda item: -item.confidence))

    def _nested(self, contract: OperationContract, others: list[OperationContract]) -> Iterator[ForbiddenField]:
        """What the client of a write may not send inside of what it does send (`profile.role`, `lines[].price`)."""
        body = contract.operation.bodies[0]
        request = parts_of(self._schemas, self._request_properties(body))
        if not request or self._is_open(body):
            return
        shown = (
            parts_of(self._schemas, self.shown(item))
            for item in (contract, *(other for other in others if other.action in _SHOWING))
        )
        ordinary = (
            parts_of(self._schemas, self.writable(body))
            for other in others
            for body in other.operation.bodies[:1]
            if other.access.level is not Level.ROLE
        )
        for item in nested_fields(request, shown, ordinary):
            leaf = item.name.rsplit(".", 1)[-1]
            if not is_server_managed(leaf) and not leaf.lower().endswith("id") and leaf.lower() not in _NO_FIELDS:
                yield replace(item, is_privileged=is_privileged(leaf), is_owner=is_owner_field(leaf))

    def _candidates(
        self,
        contract: OperationContract,
        request: Mapping[str, Property],
        taken: set[str],
        others: list[OperationContract],
    ) -> Iterator[ForbiddenField]:
        for name, item in request.items():
            if item.is_read_only:
                yield self._field(item, FieldReason.READ_ONLY, Confidence.CERTAIN)
            elif is_owner_field(name) and contract.action is Action.CREATE and self._must_be_caller(contract, item):
                yield self._field(item, FieldReason.OWNER, Confidence.FIRM)
        ordinary: set[str] = set()
        privileged: dict[str, Property] = {}
        for other in others:
            for body in other.operation.bodies[:1]:
                writable = self.writable(body)
                if other.access.level is Level.ROLE:
                    privileged.update(writable)
                else:
                    ordinary.update(writable)
        identifiers = {identifier.name for identifier in contract.identifiers}
        shown: dict[str, Property] = {}
        for other in (contract, *(other for other in others if other.action in _SHOWING)):
            for name, item in self.shown(other).items():
                shown.setdefault(name, item)
        body = contract.operation.bodies[0]
        strict = self._strict_at(body)
        unlisted = Confidence.TENTATIVE if self._is_open(body) else Confidence.FIRM
        for name, item in shown.items():
            if name in taken or name in identifiers or name.lower() in _SERVER_MANAGED | _NO_FIELDS:
                continue
            if item.is_read_only:
                yield self._field(item, FieldReason.READ_ONLY, Confidence.CERTAIN)
            elif name in privileged and name not in ordinary:
                yield self._field(privileged[name], FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)
            elif strict is not None:
                yield replace(self._field(item, FieldReason.NOT_ADDITIONAL, Confidence.CERTAIN), source=strict)
            elif name in ordinary:
                yield self._field(item, FieldReason.IMMUTABLE, Confidence.TENTATIVE)
            else:
                yield self._field(item, FieldReason.RESPONSE_ONLY, unlisted)
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
