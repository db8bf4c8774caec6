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
from specfuzz.contract.schemas import ENVELOPE_NAMES, Property, Schemas
from specfuzz.contract.words import is_listed, rename_like, split_words, word_list

MAX_GUESSED_FIELDS = 12
"""Privileged names tried although the document never mentions them; the list is ordered, so the likeliest come first."""

MAX_NESTING = 3
"""Levels of objects inside a body whose fields are compared."""

_SERVER_MANAGED = frozenset("id uuid guid _id pk href self url links _links etag revision version".split())
_NO_FIELDS = frozenset(
    name for name in ENVELOPE_NAMES if "token" in name or name in ("ok", "success", "error", "errors")
)
"""What an answer says beside the object: never a field of it. (`status` and `code` may well be one.)"""

_MANAGED_SUFFIXES = ("at", "on", "timestamp", "count", "url", "uri", "href")


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

    def forbidden(
        self, contract: OperationContract, siblings: Iterable[OperationContract]
    ) -> tuple[ForbiddenField, ...]:
        """What the client of a write may not send, surest first. `siblings` deal with the same kind of object."""
        if not contract.operation.bodies:
            return ()
        body = contract.operation.bodies[0]
        request = self._request_properties(body)
        taken = set(self.writable(body))
        others = [other for other in siblings if other.label != contract.label]
        found: dict[str, ForbiddenField] = {}
        for item in self._candidates(contract, request, taken, others):
            found.setdefault(item.name, item)
        return tuple(sorted(found.values(), key=lambda item: -item.confidence))

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
        for other in (contract, *others):
            for name, item in self.shown(other).items():
                shown.setdefault(name, item)
        for name, item in shown.items():
            if name in taken or name in identifiers or name.lower() in _SERVER_MANAGED | _NO_FIELDS:
                continue
            if item.is_read_only:
                yield self._field(item, FieldReason.READ_ONLY, Confidence.CERTAIN)
            elif name in privileged and name not in ordinary:
                yield self._field(privileged[name], FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)
            elif name in ordinary:
                yield self._field(item, FieldReason.IMMUTABLE, Confidence.TENTATIVE)
            else:
                yield self._field(item, FieldReason.RESPONSE_ONLY, Confidence.FIRM)
        yield from self._nested(request, shown, "", 0)
        for name, item in privileged.items():
            if name not in taken and name not in ordinary and name not in shown:
                yield self._field(item, FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)
        known = taken | ordinary | set(shown) | set(privileged)
        yield from self._guessed(contract, known)

    def _nested(
        self, request: Mapping[str, Property], shown: Mapping[str, Property], prefix: str, depth: int
    ) -> Iterator[ForbiddenField]:
        """What the objects inside a body may not hold: shown in an answer's object of that name, and taken in no request."""
        for name, item in request.items():
            answer = shown.get(name)
            if answer is None or depth >= MAX_NESTING:
                continue
            taken, mark = self._inside(item)
            seen, _ = self._inside(answer)
            if not taken or not seen:
                continue
            where = f"{prefix}{name}{mark}."
            for inner, found in seen.items():
                is_read_only = found.is_read_only or (inner in taken and taken[inner].is_read_only)
                if (inner in taken and not is_read_only) or is_server_managed(inner) or inner.lower().endswith("id"):
                    continue
                reason = FieldReason.READ_ONLY if is_read_only else FieldReason.RESPONSE_ONLY
                confidence = Confidence.CERTAIN if is_read_only else Confidence.FIRM
                made = self._field(found, reason, confidence)
                yield replace(made, name=f"{where}{inner}")
            yield from self._nested(taken, seen, where, depth + 1)

    def _inside(self, item: Property) -> tuple[Mapping[str, Property], str]:
        """The properties of an object or of an array's items, and how that is written: nothing, or `[]`."""
        items = self._schemas.items(item.schema, item.pointer)
        if items is not None:
            return self._schemas.properties(*items), "[]"
        return self._schemas.properties(item.schema, item.pointer), ""

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
        for name, item in self.shown(contract).items():
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
