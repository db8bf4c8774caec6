"""Request bodies and parameters for one operation: drafted, told what a server refused, drafted again.

The first draft fills every documented property (documents often forget `required`); later ones take fewer, take the
document's own examples, or follow what the server's error said (`feedback`).
"""

from __future__ import annotations

import copy
import enum
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract import Action, Body, Contract, Location, OperationContract, Schema
from specfuzz.contract.actions import identifier_noun
from specfuzz.contract.schemas import Property
from specfuzz.contract.words import noun_of, split_words
from specfuzz.generation import values
from specfuzz.generation.encoding import BOUNDARY, FILE_MARK, JSON, MULTIPART, encode
from specfuzz.generation.meanings import asks_privacy, names_user
from specfuzz.generation.randomness import stream

MAX_NESTING = 5
"""Levels of nested objects that are filled; deeper ones only where the document insists."""


class Style(enum.Enum):
    """How much of a body is filled."""

    FULL = "every documented property"
    REQUIRED = "required properties only"
    EXAMPLES = "the document's own examples"
    TEXT = "free-text properties only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustments:
    """What earlier refusals taught us: properties to leave out, values to force, others to make anew."""

    drop: frozenset[str] = frozenset()
    force: Mapping[str, Any] = field(default_factory=dict)
    once: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 0

    def lasting(self) -> Adjustments:
        """What holds for every further draft: not the values in `once`, made anew because the last ones were taken."""
        return Adjustments(drop=self.drop, force=self.force)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A body ready to be sent. Dotted paths name properties; `secrets` are values that must never be printed."""

    media_type: str
    value: Any
    canaries: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    missing_references: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        return encode(self.value, self.media_type)

    @property
    def content_type(self) -> str:
        return f"{MULTIPART}; boundary={BOUNDARY}" if self.media_type == MULTIPART else self.media_type

    def with_value(self, value: Any) -> Draft:
        return replace(self, value=value)

    def naming(self, named: Mapping[str, Any]) -> Draft:
        """The same body with other values at dotted paths."""
        value = copy.deepcopy(self.value)
        for path, item in named.items():
            _put(value, path, item)
        return self.with_value(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A place in a request that wants the identifier of another object."""

    location: Location
    name: str
    resource: str
    required: bool
    schema: Schema = field(default_factory=dict)


class Drafter:
    """Makes drafts for the operations of one contract from one seed. The same purpose gives the same draft.

    `learn` is told every password and the like that a draft holds, before anybody sends it.
    """

    def __init__(self, contract: Contract, seed: int, learn: Callable[[str], None] | None = None) -> None:
        self.contract = contract
        self.seed = seed
        self._learn = learn or (lambda secret: None)
        self._schemas = contract.document.schemas
        self._kinds = {kind.name for kind in contract.resources}
        # A link that carries a name or a list of tags repeats data; only one that carries an identifier is a reference.
        self._linked = {
            (link.consumer, link.location, link.name.rsplit("/", 1)[-1]): link.producer
            for link in contract.links
            if identifier_noun(link.pointer.rsplit("/", 1)[-1]) is not None
        }

    def stream(self, *purpose: str) -> random.Random:
        return stream(self.seed, *purpose)

    # References -------------------------------------------------------------------------------------------------

    def references(self, contract: OperationContract) -> tuple[Reference, ...]:
        """The other objects that a request of this operation must name, in the order in which it names them."""
        own = {(item.location, item.name) for item in contract.identifiers}
        found = []
        for parameter in contract.operation.parameters:
            if parameter.location is Location.QUERY and parameter.required:
                kind = self._kind_named(contract, Location.QUERY, parameter.name)
                if kind and (Location.QUERY, parameter.name) not in own:
                    found.append(Reference(location=Location.QUERY, name=parameter.name, resource=kind, required=True))
        body = self.body_of(contract)
        for path, leaf in self._leaves(body.schema, body.pointer, "", 0) if body is not None else ():
            name = path.rsplit(".", 1)[-1]
            kind = self._kind_named(contract, Location.BODY, name) or self._kind_meant(contract, name, leaf.schema)
            if kind and (Location.BODY, path) not in own:
                found.append(
                    Reference(
                        location=Location.BODY, name=path, resource=kind, required=leaf.required, schema=leaf.schema
                    )
                )
        return tuple(found)

    def _kind_meant(self, contract: OperationContract, name: str, schema: Schema) -> str | None:
        """The kind that a property means without saying `id`: `thread` names a thread, `recipient` a person."""
        if schema.get("enum") or self._schemas.type_of(schema) not in ("string", "integer"):
            return None
        noun = noun_of(name)
        if noun in self._kinds and noun != contract.resource and self._is_item_kind(noun):
            return noun
        if (
            (names_user(name) or self._names_a_member(contract, name))
            and contract.action is not Action.SIGN_UP
            and not self.contract.is_user_kind(contract.resource or "")
        ):
            return next((kind.name for kind in self.contract.resources if kind.is_user), None)
        return None

    @staticmethod
    def _names_a_member(contract: OperationContract, name: str) -> bool:
        """Whether `email` or `username` is that of somebody who is already there: what `POST /projects/{id}/members` takes."""
        is_of_people = names_user(contract.resource or "") and bool(contract.identifiers)
        return is_of_people and split_words(name)[-1:] in (("email",), ("username",), ("login",), ("handle",))

    def _is_item_kind(self, noun: str) -> bool:
        """Whether objects of the kind are named one by one: `/search` and `/status` are kinds of nothing."""
        kind = self.contract.resource(noun)
        return kind is not None and any(item.own_identifier for item in (*kind.reads, *kind.updates, *kind.deletes))

    def _kind_named(self, contract: OperationContract, location: Location, name: str) -> str | None:
        return self.kind_by_name(name) or self._kind_by_link(contract, location, name)

    def _kind_by_link(self, contract: OperationContract, location: Location, name: str) -> str | None:
        producer = self._linked.get((contract.label, location, name))
        made_by = self.contract.get(producer) if producer is not None else None
        if made_by is None or made_by.resource == contract.resource or made_by.resource not in self._kinds:
            return None
        return made_by.resource

    def kind_by_name(self, name: str) -> str | None:
        """The kind of object that a property or parameter names (`ticket_id`); None where it names none."""
        noun = identifier_noun(name.removesuffix("s") if name.lower().endswith("ids") else name)
        if not noun:
            return None
        if noun in self._kinds:
            return noun
        tail = noun.split("_")[-1]
        if tail in self._kinds:
            return tail
        matches = sorted(kind for kind in self._kinds if kind.split("_")[-1] == tail)
        return matches[0] if len(matches) == 1 else None

    def _leaves(
        self, schema: Schema, pointer: str, prefix: str, depth: int, inside: tuple[str, ...] = ()
    ) -> list[tuple[str, Property]]:
        """All scalar properties by dotted path; what an object holds of its own kind is left out."""
        properties = self._schemas.properties(schema, pointer)
        if depth > MAX_NESTING or _mark(properties) in inside:
            return []
        inside = (*inside, _mark(properties))
        found: list[tuple[str, Property]] = []
        for name, item in properties.items():
            path = f"{prefix}{name}"
            inner = self._schemas.items(item.schema, item.pointer)
            target, where = inner if inner is not None else (item.schema, item.pointer)
            if self._schemas.properties(target, where):
                found.extend(self._leaves(target, where, f"{path}.", depth + 1, inside))
            else:
                found.append((path, item))
        return found

    def takes_privacy(self, contract: OperationContract) -> bool:
        """Whether a body of the operation can say that the object is to be private."""
        body = self.body_of(contract)
        if body is None:
            return False
        leaves = self._leaves(body.schema, body.pointer, "", 0)
        return any(
            asks_privacy(path.rsplit(".", 1)[-1]) is not None or "private" in (item.schema.get("enum") or ())
            for path, item in leaves
        )

    # Bodies -----------------------------------------------------------------------------------------------------

    def body_of(self, contract: OperationContract) -> Body | None:
        """The body alternative to use: JSON if it is offered, then forms, then whatever there is."""
        bodies = contract.operation.bodies
        for wanted in ("json", "x-www-form-urlencoded", "form-data"):
            for body in bodies:
                if wanted in body.media_type and "json-patch" not in body.media_type:
                    return body
        return bodies[0] if bodies else None

    def draft(
        self,
        contract: OperationContract,
        purpose: str,
        *,
        style: Style = Style.FULL,
        references: Mapping[str, Any] | None = None,
        adjustments: Adjustments | None = None,
        private: bool = False,
    ) -> Draft | None:
        """A body for the operation; None where it takes none. `references` maps dotted paths to identifiers; `private`
        sets what makes the object its owner's alone (`is_private`, `visibility`), where it has such a property."""
        body = self.body_of(contract)
        if body is None:
            return None
        work = _Work(
            source=self.stream("body", contract.label, purpose),
            style=style,
            references=references or {},
            adjustments=adjustments or Adjustments(),
            private=private,
        )
        example = next((entry for entry in body.examples if isinstance(entry, Mapping)), {})
        schema, pointer = self._flatten(body.schema, body.pointer)
        if self._schemas.type_of(schema) == "array":
            inner = self._schemas.items(schema, pointer) or ({}, pointer)
            value: Any = [self._value("items", inner[0], inner[1], work, "", None, 0)]
        elif self._schemas.properties(schema, pointer) or not example:
            value = self._object(schema, pointer, work, "", example, 0)
        else:
            value = self._from_example(example, work)
        for path, forced in (*work.adjustments.force.items(), *work.adjustments.once.items()):
            _put(value, path, forced)
            if work.canaries.get(path, "") not in str(forced):
                del work.canaries[path]  # what is not sent can be found nowhere
        for secret in work.secrets:
            self._learn(secret)
        media_type = body.media_type if "*" not in body.media_type else JSON
        return Draft(
            media_type=media_type,
            value=value,
            canaries=work.canaries,
            secrets=tuple(work.secrets),
            missing_references=tuple(work.missing),
        )

    def _from_example(self, example: Mapping[str, Any], work: _Work) -> dict[str, Any]:
        """A body whose schema says nothing, by the document's example: texts become canaries, the rest stays."""
        made: dict[str, Any] = {}
        for name, value in example.items():
            if name in work.references:
                made[name] = work.references[name]
            elif isinstance(value, str):
                made[name] = self._value(str(name), {"type": "string"}, "#", work, str(name), None, 1)
            else:
                made[name] = value
        return made

    def _object(
        self, schema: Schema, pointer: str, work: _Work, prefix: str, example: Any, depth: int
    ) -> dict[str, Any]:
        made: dict[str, Any] = {}
        examples = example if isinstance(example, Mapping) else {}
        properties = self._schemas.properties(schema, pointer)
        if depth > 2 * MAX_NESTING:
            return made  # a document that insists on an object in itself cannot be satisfied
        work.inside.append(_mark(properties))
        for name, item in properties.items():
            path = f"{prefix}{name}"
            if item.is_read_only or path in work.adjustments.drop:
                continue
            if not item.required and not self._is_wanted(name, item, path, work, depth):
                continue
            if work.needs_reference(path):
                made[name] = work.references[path]
                continue
            noun = identifier_noun(name)
            if noun and noun in self._kinds and path not in work.references:
                work.missing.append(path)
                if not item.required:
                    continue
            made[name] = self._value(name, item.schema, item.pointer, work, path, examples.get(name), depth)
        work.inside.pop()
        return made

    def _is_wanted(self, name: str, item: Property, path: str, work: _Work, depth: int) -> bool:
        if path in work.adjustments.force or path in work.references:
            return True
        if work.style is Style.REQUIRED or depth > MAX_NESTING:
            return False
        if work.style is Style.TEXT:
            return self._schemas.type_of(item.schema) in ("string", None) and not item.schema.get("enum")
        inner = self._schemas.items(item.schema, item.pointer) or (item.schema, item.pointer)
        return _mark(self._schemas.properties(*self._flatten(*inner))) not in work.inside

    def _value(self, name: str, schema: Schema, pointer: str, work: _Work, path: str, example: Any, depth: int) -> Any:
        kind = self._schemas.type_of(schema)
        schema, pointer = self._flatten(schema, pointer)
        given = example if example is not None else _example_of(schema)
        if "const" in schema or kind == "null":
            return schema.get("const")
        if kind == "object" or (kind is None and self._schemas.properties(schema, pointer)):
            if self._schemas.properties(schema, pointer):
                return self._object(schema, pointer, work, f"{path}.", given, depth + 1)
            return given if isinstance(given, Mapping) else {}
        if kind == "array":
            return self._array(name, schema, pointer, work, path, given, depth)
        if kind == "boolean":
            private = asks_privacy(name)
            if private is not None:
                # Else as open as it goes: what is `published: false` shows to nobody, and so proves nothing.
                return private if work.private else not private
            return given if isinstance(given, bool) else bool(schema.get("default", False))
        if kind in ("integer", "number"):
            return self._number(name, schema, work, given, integer=kind == "integer")
        return self._string(name, schema, work, path, given)

    def _flatten(self, schema: Schema, pointer: str) -> tuple[Schema, str]:
        """The first branch that says something, of alternatives (`anyOf: [string, null]`); all parts of a leaf's `allOf`."""
        if "type" in schema or "properties" in schema:
            return schema, pointer
        for keyword in ("anyOf", "oneOf", "allOf"):
            branches = schema.get(keyword)
            if not isinstance(branches, list) or (keyword == "allOf" and self._schemas.properties(schema, pointer)):
                continue
            extra = {key: value for key, value in schema.items() if key != keyword}
            told = [
                self._schemas.resolve_leniently(branch, f"{pointer}/{keyword}/{index}")
                for index, branch in enumerate(branches)
            ]
            told = [(branch, where) for branch, where in told if branch.get("type") != "null"]
            if keyword == "allOf":
                return {key: value for branch, _ in told for key, value in branch.items()} | extra, pointer
            if told:
                return {**told[0][0], **extra}, told[0][1]
        return schema, pointer

    def _array(
        self, name: str, schema: Schema, pointer: str, work: _Work, path: str, given: Any, depth: int
    ) -> list[Any]:
        inner = self._schemas.items(schema, pointer) or ({}, f"{pointer}/items")
        if depth > MAX_NESTING:
            return []
        low, high = schema.get("minItems"), schema.get("maxItems")
        count = max(1, low if isinstance(low, int) and low < 20 else 1)
        count = min(count, high) if isinstance(high, int) and high >= 0 else count
        example = given[0] if isinstance(given, list) and given else None
        if self._schemas.type_of(inner[0]) is None and not self._schemas.properties(*inner) and example is not None:
            return list(given)
        made: list[Any] = []
        options = inner[0].get("enum")
        if schema.get("uniqueItems") is True and count > 1 and isinstance(options, list):
            return options[:count]
        for _ in range(count):
            item = self._value(name, inner[0], inner[1], work, path, example, depth + 1)
            for _ in range(20 if schema.get("uniqueItems") is True else 0):
                if item not in made:
                    break
                item = self._value(name, inner[0], inner[1], work, path, None, depth + 1)
            made.append(item)
        return made

    @staticmethod
    def _number(name: str, schema: Schema, work: _Work, given: Any, *, integer: bool) -> Any:
        is_id = bool(split_words(name)) and split_words(name)[-1] in ("id", "ids")
        if isinstance(given, int | float) and not isinstance(given, bool) and not is_id:
            return given
        default = schema.get("default")
        if work.style is Style.EXAMPLES and isinstance(default, int | float) and not isinstance(default, bool):
            return default
        return 1 if is_id else values.number_for(name, schema, work.source, integer=integer)

    @staticmethod
    def _string(name: str, schema: Schema, work: _Work, path: str, given: Any) -> Any:
        if schema.get("format") == "binary" or schema.get("type") == "file":
            canary = values.new_canary(work.source)
            work.canaries[path] = canary
            return f"{FILE_MARK}{canary}\n"
        options = schema.get("enum")
        if isinstance(options, list) and "private" in options and work.private:
            return "private"
        made = values.string_for(name, schema, work.source)
        keep_example = isinstance(given, str) and given and not made.is_unique and not made.is_secret
        if keep_example and (made.canary is None or work.style is Style.EXAMPLES):
            return given
        if made.canary is not None:
            work.canaries[path] = made.canary
        if made.is_secret:
            # Confirmations must repeat the password: one secret for all of a body's password fields that take it.
            repeated = next((secret for secret in work.secrets if values.satisfies(secret, schema)), str(made.value))
            work.secrets.append(repeated)
            return repeated
        return made.value

    # Parameters -------------------------------------------------------------------------------------------------

    def parameters(
        self, contract: OperationContract, purpose: str, references: Mapping[str, Any] | None = None
    ) -> tuple[tuple[Location, str, str], ...]:
        """Values for the required query, header and cookie parameters that are no identifiers and no credentials."""
        source = self.stream("parameters", contract.label, purpose)
        own = {(item.location, item.name) for item in contract.identifiers}
        found = []
        for parameter in contract.operation.parameters:
            place = parameter.location
            if place is Location.PATH or (place, parameter.name) in own or _is_credential(parameter.name):
                continue
            given = (references or {}).get(parameter.name)
            if given is None and not parameter.required:
                continue
            value = given if given is not None else self._parameter_value(parameter.name, parameter, source)
            found.append((place, parameter.name, _as_text(value)))
        return tuple(found)

    def _parameter_value(self, name: str, parameter: Any, source: random.Random) -> Any:
        if parameter.examples:
            return parameter.examples[0]
        if "default" in parameter.schema:
            return parameter.schema["default"]
        work = _Work(source=source, style=Style.FULL, references={}, adjustments=Adjustments())
        return self._value(name, parameter.schema, parameter.pointer, work, name, None, 1)


@dataclass(slots=True, kw_only=True)
class _Work:
    """What one draft gathers on the way."""

    source: random.Random
    style: Style
    references: Mapping[str, Any]
    adjustments: Adjustments
    private: bool = False
    canaries: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    """The marks of the objects that are being filled, outermost first."""

    def needs_reference(self, path: str) -> bool:
        return path in self.references


def _mark(properties: Mapping[str, Property]) -> str:
    """What tells one kind of object from another, whatever refers to it: where its first property is declared."""
    return next((item.pointer for item in properties.values()), "")


def _example_of(schema: Schema) -> Any:
    if "example" in schema:
        return schema["example"]
    several = schema.get("examples")
    if isinstance(several, list) and several:
        return several[0]
    return None


def _is_credential(name: str) -> bool:
    """Parameters that whoever sends the request fills in: credentials and anti-CSRF tokens."""
    words = split_words(name)
    return name.lower() in ("authorization", "cookie") or bool({"csrf", "xsrf", "csrftoken"} & set(words))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    return str(value)


def _put(value: Any, path: str, item: Any) -> None:
    """Set a dotted path in nested objects, through the first item of an array."""
    parts = path.split(".")
    for part in parts[:-1]:
        if isinstance(value, list):
            value = value[0] if value else {}
        value = value.setdefault(part, {}) if isinstance(value, dict) else {}
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value[parts[-1]] = item
