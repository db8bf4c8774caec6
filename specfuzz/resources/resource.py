"""A resource: an object that the run made, who owns it, how to name it in a request, what was planted in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from specfuzz.contract import Identifier, OperationContract
from specfuzz.contract.words import singular, split_words
from specfuzz.http import Exchange

_GENERIC = (
    "id",
    "_id",
    "uuid",
    "guid",
    "slug",
    "key",
    "code",
    "number",
    "ref",
    "reference",
    "name",
    "username",
    "handle",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An object made by the run. `body` is what its creation returned (behind any envelope); `sent` what was asked for.

    `made` is False for what was there before and only handed to us (an account named in an auth file): it is never
    attacked with writes. `path_values` are the identifiers in its creation's request, as `kind:parameter`;
    `made_by` is who made it where that is not its owner (an admin who opens an account for a customer);
    `granted` are the identities that its making gave access to (a recipient, a member): no strangers to it.
    """

    kind: str
    owner: str
    creation: OperationContract | None
    body: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)
    canaries: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[Resource, ...] = ()
    location: str | None = None
    path_values: Mapping[str, Any] = field(default_factory=dict)
    exchange: Exchange | None = None
    made: bool = True
    granted: frozenset[str] = frozenset()
    made_by: str | None = None

    @property
    def key(self) -> Any:
        """The value that most likely identifies it, for finding it again in a list; None if there is none."""
        return self._own_value("id")

    def identifier(self, wanted: Identifier) -> Any:
        """The value for an identifier of a request about this object (or one of its parents); None if unknown."""
        if wanted.resource == self.kind or not wanted.resource:
            chosen = self.path_values.get(f"{self.kind}:{wanted.name}")
            if chosen is not None:
                return chosen  # the client itself chose it (`PUT /pages/{slug}`)
            value = self._own_value(wanted.name)
            if value is not None:
                return value
        for parent in reversed(self.parents):
            if parent.kind == wanted.resource:
                return parent.identifier(wanted)
        given = self.path_values.get(f"{wanted.resource}:{wanted.name}")
        return given if given is not None else self._field(wanted.name)

    def with_body(self, body: Mapping[str, Any]) -> Resource:
        """The same object after it was read: what the read shows completes what creation returned."""
        return replace(self, body={**self.body, **body})

    @property
    def name(self) -> tuple[Any, ...]:
        """What tells it from every other object: its kind and identifier, those that its path named, and its parents'."""
        chosen = tuple(str(value) for name, value in self.path_values.items() if name.startswith(f"{self.kind}:"))
        return (self.kind, self.key, *chosen, *(parent.key for parent in self.parents))

    @property
    def insiders(self) -> frozenset[str]:
        """Everybody who may rightly deal with the object: its owner, and whom it or what it lies in was shared with."""
        return frozenset({self.owner}).union(self.granted, *(parent.granted for parent in self.parents))

    def _field(self, name: str) -> Any:
        wanted = split_words(name)
        for source in (self.body, self.sent):
            for key, value in source.items():
                if split_words(key) == wanted and _is_scalar(value):
                    return value
        return None

    def _own_value(self, name: str) -> Any:
        """By the parameter's own name, then `<kind>_id`, then the usual names, then `Location`, then a lone id-like field."""
        words = split_words(name)
        exact = self._field(name)
        if exact is not None and (words[-1:] != ("id",) or len(words) > 1 or "id" in self.body):
            return exact
        kind_words = tuple(self.kind.split("_"))
        last = words[-1] if words else "id"
        for candidate in (
            (*kind_words, last),
            (kind_words[-1], last),
            (last,),
            (*kind_words, "id"),
            (kind_words[-1], "id"),
        ):
            for source in (self.body, self.sent):
                value = _by_words(source, candidate)
                if value is not None:
                    return value
        if self.location is not None:
            return self.location
        for generic in _GENERIC:
            if _is_scalar(self.body.get(generic)):
                return self.body[generic]
        ids = [
            value
            for key, value in self.body.items()
            if split_words(key)[-1:] in (("id",), ("uuid",)) and _is_scalar(value)
        ]
        return ids[0] if len(ids) == 1 else None


def _by_words(source: Mapping[str, Any], wanted: tuple[str, ...]) -> Any:
    for key, value in source.items():
        words = split_words(key)
        if _is_scalar(value) and (words == wanted or tuple(map(singular, words)) == wanted):
            return value
    return None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def identifier_in_location(exchange: Exchange) -> str | None:
    """The identifier that a server gave only in `Location` (RFC 9110, 10.2.2): its last segment, or a lone query value."""
    location = exchange.response.header("location") or exchange.response.header("content-location")
    if not location:
        return None
    parts = urlsplit(location)
    values = re.findall(r"(?:^|&)[\w.-]*(?:id|uuid|slug|key|ref|no|number)=([^&]+)", parts.query, re.IGNORECASE)
    if len(values) == 1:
        return unquote(values[0])
    segments = [segment for segment in parts.path.split("/") if segment]
    last = unquote(segments[-1]) if segments else ""
    requested = exchange.request.path.rstrip("/").rsplit("/", 1)[-1]
    return last if last and last != unquote(requested) else None
