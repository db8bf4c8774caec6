"""The contract's vocabulary: operations, resources and expectations, all frozen values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
"""A JSON Schema object as the document has it; narrowed by `Schemas` before anybody looks inside."""


class Confidence(enum.IntEnum):
    """How sure we are, weakest first, so that `min` and `>=` read as they should."""

    TENTATIVE = 1
    FIRM = 2
    CERTAIN = 3

    def __str__(self) -> str:
        return self.name.lower()


class Level(enum.StrEnum):
    """Who may use an operation."""

    PUBLIC = "public"
    AUTHENTICATED = "authenticated"
    OWNER = "owner"
    MEMBERS = "members"
    ROLE = "role"
    UNKNOWN = "unknown"


class Action(enum.StrEnum):
    """What an operation does to its resource."""

    CREATE = "create"
    LIST = "list"
    READ = "read"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ACT = "act"
    SEARCH = "search"
    LOGIN = "login"
    LOGOUT = "logout"
    SIGN_UP = "sign-up"
    REFRESH = "refresh"
    SELF = "self"
    OTHER = "other"


class Location(enum.StrEnum):
    """Where a parameter travels."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One promise, where it comes from (a JSON pointer, a policy line or a named inference) and how sure it is."""

    statement: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    location: Location
    schema: Schema
    required: bool
    pointer: str
    description: str = ""
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request body in one media type; form fields of Swagger 2.0 are one too."""

    media_type: str
    schema: Schema
    required: bool
    pointer: str
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A declared response in one media type (or none)."""

    status: str
    description: str
    media_type: str | None
    schema: Schema | None
    pointer: str
    links: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        return self.status.startswith("2") or self.status in ("default", "302", "303")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path template, as the document says it."""

    method: str
    path: str
    pointer: str
    operation_id: str | None
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    bodies: tuple[Body, ...]
    replies: tuple[Reply, ...]
    security: tuple[Mapping[str, tuple[str, ...]], ...] | None
    security_pointer: str
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that every way in needs, sorted."""
        needed = [{scope for scopes in entry.values() for scope in scopes} for entry in self.security or ()]
        return tuple(sorted(set.intersection(*needed))) if needed else ()

    @property
    def is_safe(self) -> bool:
        return self.method in ("GET", "HEAD", "OPTIONS", "TRACE")

    @property
    def success_replies(self) -> tuple[Reply, ...]:
        """The declared successes; `default` is one only where no other is, for most documents describe errors there."""
        found = tuple(reply for reply in self.replies if reply.is_success)
        declared = tuple(reply for reply in found if reply.status != "default")
        return declared or found

    @property
    def prose(self) -> str:
        return f"{self.summary}\n{self.description}".strip()

    def parameter(self, name: str, location: Location) -> Parameter | None:
        return next((item for item in self.parameters if item.name == name and item.location is location), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A place in an operation's request that names an object; `resource` is the noun of its kind."""

    location: Location
    name: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use an operation. `declared` is what `security` alone says, before prose and path made it finer.

    `by_user` if a policy says so and not the document.
    """

    level: Level
    role: str | None
    confidence: Confidence
    source: str
    reason: str = ""
    declared: Access | None = None
    by_user: bool = False

    @property
    def credentials(self) -> Access:
        """The surest statement that credentials are needed at all."""
        declared = self.declared
        if declared is not None and declared.level is Level.AUTHENTICATED and declared.confidence > self.confidence:
            return declared
        return self

    def expectation(self) -> Expectation:
        who = {
            Level.PUBLIC: "anyone may use this operation",
            Level.AUTHENTICATED: "only an authenticated caller may use this operation",
            Level.OWNER: "only the owner may use this operation on an object",
            Level.MEMBERS: "only members may use this operation on an object",
            Level.ROLE: f"only the role {self.role or 'with privileges'} may use this operation",
            Level.UNKNOWN: "the document does not say who may use this operation",
        }[self.level]
        return Expectation(statement=who, source=self.source, confidence=self.confidence)


class FieldReason(enum.StrEnum):
    """Why a client may not write a field."""

    READ_ONLY = "readOnly"
    RESPONSE_ONLY = "response-only"
    PRIVILEGED_REQUEST_ONLY = "privileged-request-only"
    IMMUTABLE = "not-in-this-request"
    OWNER = "names-the-owner"
    NOT_ADDITIONAL = "additional-properties"
    PRIVILEGED_NAME = "privileged-name"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenField:
    """A field that this operation's client may not write; dotted where it is nested (`profile.role`)."""

    name: str
    reason: FieldReason
    confidence: Confidence
    source: str
    schema: Schema = field(default_factory=dict)
    is_privileged: bool = False
    is_owner: bool = False

    @property
    def reasoning(self) -> str:
        """What the confidence rests on."""
        return {
            FieldReason.READ_ONLY: "`readOnly` is the document's own word for it",
            FieldReason.RESPONSE_ONLY: "the document lists what requests about this kind take, and it is not among them",
            FieldReason.PRIVILEGED_REQUEST_ONLY: "an operation that is kept for a role takes it, no ordinary one does",
            FieldReason.IMMUTABLE: "it may have been left out of this request by mistake as well as on purpose",
            FieldReason.OWNER: "the document says whose the object is to be, or that only the owner may do this",
            FieldReason.NOT_ADDITIONAL: "`additionalProperties: false` is the document's own word for it",
            FieldReason.POLICY: "the policy is the user's own word for it",
            FieldReason.PRIVILEGED_NAME: "nothing but the name speaks for it: the document does not mention it",
        }[self.reason]

    def expectation(self) -> Expectation:
        why = {
            FieldReason.READ_ONLY: "the document marks it readOnly",
            FieldReason.RESPONSE_ONLY: "the document shows it in responses and takes it in no request",
            FieldReason.PRIVILEGED_REQUEST_ONLY: "only a privileged operation takes it",
            FieldReason.IMMUTABLE: "another operation takes it, this one does not",
            FieldReason.OWNER: "it names the owner, who is the caller",
            FieldReason.NOT_ADDITIONAL: "this request takes no property that it does not list",
            FieldReason.POLICY: "the policy forbids it",
            FieldReason.PRIVILEGED_NAME: "its name grants rights and no request of this document takes it",
        }[self.reason]
        return Expectation(
            statement=f"`{self.name}` is not writable: {why}", source=self.source, confidence=self.confidence
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveField:
    name: str
    reason: str
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationContract:
    """Everything derived for one operation.

    `dangerous` if a call may destroy what a run did not make; `reaches_out` says what it does to the world outside the API.
    `writable_fields` are those that a policy lets the client write.
    """

    operation: Operation
    action: Action
    resource: str | None
    identifiers: tuple[Identifier, ...]
    access: Access
    state_changing: bool
    state_changing_confidence: Confidence
    dangerous: bool
    state_changing_reason: str = ""
    reaches_out: str | None = None
    owner_field: str | None = None
    forbidden_fields: tuple[ForbiddenField, ...] = ()
    sensitive_fields: tuple[SensitiveField, ...] = ()
    writable_fields: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.operation.label

    @property
    def own_identifier(self) -> Identifier | None:
        """The identifier of the object itself: the innermost one, if it names this operation's resource."""
        last = self.identifiers[-1] if self.identifiers else None
        return last if last is not None and last.resource == self.resource else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """The operations that deal with one kind of object: all of them, and by what they do."""

    name: str
    is_user: bool
    operations: tuple[OperationContract, ...] = ()
    creates: tuple[OperationContract, ...] = ()
    lists: tuple[OperationContract, ...] = ()
    reads: tuple[OperationContract, ...] = ()
    updates: tuple[OperationContract, ...] = ()
    deletes: tuple[OperationContract, ...] = ()
    acts: tuple[OperationContract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`consumer`'s parameter takes what `producer` returned: at `pointer` in its response body.

    Operations are labels. `location` and `name` say where the value goes (a dotted name for a nested body field).
    """

    producer: str
    consumer: str
    location: Location
    name: str
    pointer: str
