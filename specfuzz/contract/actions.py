"""What an operation does and to which kind of object: from its method, its path, its names, its body.

REST paths say it by their shape (`POST /orders`, `GET /orders/{id}`); RPC-styled ones (`POST /getOrder`,
`POST /order/update`) by a verb in their last segment or operationId.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from specfuzz.contract.document import Document
from specfuzz.contract.model import Action, Body, Identifier, Location, Operation
from specfuzz.contract.schemas import Schemas
from specfuzz.contract.words import noun_of, singular, split_words

_LOGIN = {("login",), ("log", "in"), ("signin",), ("sign", "in"), ("authenticate",), ("logon",), ("auth",), ("token",)}
_LOGIN |= {("session",), ("sessions",), ("obtain", "token"), ("access", "token"), ("authorize",), ("authentication",)}
_SIGN_UP = {("signup",), ("sign", "up"), ("register",), ("registration",), ("registrations",), ("enroll",), ("join",)}
_SIGN_UP |= {("create", "account"), ("create", "user"), ("register", "user"), ("new", "user")}
_LOGOUT = {("logout",), ("log", "out"), ("signout",), ("sign", "out"), ("logoff",), ("sign", "off")}
_REFRESH = {("refresh",), ("refresh", "token"), ("token", "refresh"), ("renew",), ("renew", "token")}
_SELF = {("me",), ("self",), ("whoami",), ("myself",), ("current",), ("current", "user"), ("my", "profile")}
_SELF |= {("my", "account"), ("userinfo",), ("me", "profile")}
_USERS = {"user", "customer", "member", "person", "employee", "patient", "player", "student", "author", "driver"}
_USERS |= {"subscriber", "account", "profile", "client", "owner"}

_VERBS: dict[str, Action] = {
    **dict.fromkeys(("get", "fetch", "show", "view", "read", "retrieve", "describe", "load"), Action.READ),
    **dict.fromkeys(("list", "all", "index", "browse"), Action.LIST),
    **dict.fromkeys(("search", "find", "query", "lookup", "filter", "export"), Action.SEARCH),
    **dict.fromkeys(("create", "add", "new", "make", "insert", "open", "post", "submit", "place"), Action.CREATE),
    **dict.fromkeys(("update", "edit", "modify", "change", "set", "save", "patch", "rename"), Action.UPDATE),
    **dict.fromkeys(("replace", "put", "overwrite"), Action.REPLACE),
    **dict.fromkeys(("delete", "remove", "destroy", "drop", "erase", "del"), Action.DELETE),
}
_STRONG_VERBS = frozenset(_VERBS) - {"all", "new", "open", "post", "set", "place", "index", "put", "view", "show"}

_ID_WORDS = ("id", "uuid", "guid", "slug", "key", "code", "number", "no", "ref", "reference", "handle", "uid", "pk")
_CREDENTIALS_IN_PATH = (("access", "token"), ("api", "key"), ("apikey",), ("auth", "token"), ("accesstoken",))
_EXTENSION = re.compile(r"\.(?:php|json|xml|do|action|aspx?|jsp|cgi)$", re.IGNORECASE)
_CUSTOM_METHOD = re.compile(r"^({[^}]+}|[A-Za-z][\w-]*):([A-Za-z]\w*)$")
_KEY_IN_BRACKETS = re.compile(r"^([A-Za-z]\w*)\(['\"]?({[^}]+})['\"]?\)$")
_DOTTED = re.compile(
    r"^([A-Za-z][a-zA-Z_]*)\.(?!html?$|txt$|csv$|pdf$|ya?ml$|ics$|rss$|png$|svg$|js$)([A-Za-z][a-zA-Z_]*)$"
)
_VERSION = re.compile(r"^v\d+(\.\d+)*$", re.IGNORECASE)
_PREFIX = re.compile(r"^(api|rest|v\d+(\.\d+)?|public|internal|admin|manage|management)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the path and names of one operation say."""

    action: Action
    resource: str | None
    identifiers: tuple[Identifier, ...]


def is_plural(segment: str) -> bool:
    words = split_words(segment)
    return bool(words) and singular(words[-1]) != words[-1]


def is_user_noun(noun: str) -> bool:
    """Whether a noun may name the account of a person; which of them does here, `derive` settles by what it holds."""
    return noun.split("_")[-1] in _USERS


def identifier_noun(name: str) -> str | None:
    """The noun that a parameter names an object of: `order_id` and `orderId` are "order", `id` is "" (the object's own).

    None where the name does not identify anything.
    """
    words = split_words(name)
    if not words or words[-1] not in _ID_WORDS:
        return None
    return "_".join((*words[:-2], singular(words[-2]))) if len(words) > 1 else ""


class Shapes:
    """Reads the shape of every operation of a document; kinds of objects are found first, then used for the rest."""

    def __init__(self, document: Document) -> None:
        self._schemas: Schemas = document.schemas
        self._nouns = self._collect_nouns(document.operations)
        read = {operation.path for operation in document.operations if operation.method == "GET"}
        self._read_and_written = {item.path for item in document.operations if not item.is_safe} & read
        self._collections = {
            _without_parameters(operation.path.rsplit("/{", 1)[0])
            for operation in document.operations
            if operation.path.rstrip("/").endswith("}")
        }

    @staticmethod
    def _collect_nouns(operations: Iterable[Operation]) -> frozenset[str]:
        """Nouns that certainly are kinds of objects: literals followed by a parameter, and what RPC verbs act upon."""
        found: set[str] = set()
        for operation in operations:
            segments = _segments(operation.path)
            verb, noun = Shapes._verb_and_noun(operation)
            if noun and verb in (Action.READ, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.CREATE):
                found.add(noun)
            found.update(
                noun_of(before)
                for before, after in pairwise(segments)
                if _is_parameter(after) and not _is_parameter(before)
            )
        return frozenset(found)

    def read(self, operation: Operation) -> Shape:
        """The shape of one operation."""
        account = self._account_action(operation)
        path_ids = self._path_identifiers(operation)
        if account is not None:
            return Shape(action=account, resource="user", identifiers=path_ids)
        segments = _segments(operation.path)
        verb, noun = self._verb_and_noun(operation)
        own_account = verb in (Action.UPDATE, Action.REPLACE) and noun is not None and is_user_noun(noun)
        if own_account and not path_ids and not self._own_identifiers(operation, noun):
            return Shape(action=Action.SELF, resource="user", identifiers=())
        is_item = bool(segments) and _is_parameter(segments[-1])
        if verb is not None and not self._is_collection_of_verbs(operation, segments):
            return self._rpc_shape(operation, verb, noun, path_ids)
        if not path_ids and not is_item:
            part = self._part_of_known(operation, segments)
            if part is not None:
                return part
        return self._rest_shape(operation, segments, path_ids, is_item)

    # REST -------------------------------------------------------------------------------------------------------

    def _rest_shape(
        self, operation: Operation, segments: tuple[str, ...], path_ids: tuple[Identifier, ...], is_item: bool
    ) -> Shape:
        literals = [segment for segment in segments if not _is_parameter(segment)]
        last = noun_of(literals[-1]) if literals else None
        method = operation.method
        if is_item:
            resource = path_ids[-1].resource if path_ids else last
            action = {
                "GET": Action.READ,
                "HEAD": Action.READ,
                "PUT": Action.REPLACE,
                "PATCH": Action.UPDATE,
                "DELETE": Action.DELETE,
                "POST": Action.UPDATE,
            }.get(method, Action.OTHER)
            return Shape(action=action, resource=resource, identifiers=path_ids)
        query_ids = self._query_identifiers(operation, last) or (
            () if path_ids else self._carried_identifiers(operation, last)
        )
        if path_ids and not self._is_collection(operation, segments):
            if method in ("POST", "PUT", "PATCH", "DELETE"):
                return Shape(action=Action.ACT, resource=path_ids[-1].resource, identifiers=path_ids)
            # GET /orders/{id}/invoice: a part of the parent, read through it
            return Shape(action=Action.READ, resource=path_ids[-1].resource, identifiers=path_ids)
        if method == "GET" and query_ids and not self._returns_list(operation) and not self.has_items(operation):
            return Shape(action=Action.READ, resource=last, identifiers=(*path_ids, *query_ids))
        if method in ("PUT", "PATCH", "DELETE", "POST"):
            own = query_ids or self._body_identifiers(operation, last)
            if method != "POST" and own:
                action = {"PUT": Action.REPLACE, "PATCH": Action.UPDATE}.get(method, Action.DELETE)
                return Shape(action=action, resource=last, identifiers=(*path_ids, *own))
        action = {"GET": Action.LIST, "HEAD": Action.LIST, "POST": Action.CREATE}.get(method, Action.OTHER)
        if action is Action.LIST and not self._returns_list(operation) and self._returns_object(operation):
            is_collection = bool(segments) and is_plural(segments[-1]) and self.has_items(operation)
            action = Action.LIST if is_collection else Action.OTHER
        if method in ("PUT", "PATCH", "DELETE"):
            action = Action.ACT if path_ids else Action.OTHER
        return Shape(action=action, resource=last, identifiers=path_ids)

    def _is_collection(self, operation: Operation, segments: tuple[str, ...]) -> bool:
        """Whether a path that ends in a literal names a collection rather than an action on the object before it."""
        if _without_parameters(operation.path) in self._collections:
            return True
        if operation.method == "GET":
            return self._returns_list(operation)
        return operation.method == "POST" and is_plural(segments[-1]) and bool(operation.bodies)

    # RPC --------------------------------------------------------------------------------------------------------

    def _part_of_known(self, operation: Operation, segments: tuple[str, ...]) -> Shape | None:
        """`POST /invoice/void` and `GET /invoice/print`: something else done with a kind that other operations deal with."""
        literals = [segment for segment in segments if not _PREFIX.match(segment)]
        if len(literals) < 2 or noun_of(literals[-1]) in self._nouns or is_plural(literals[-1]):
            return None
        noun = noun_of(literals[-2])
        if noun not in self._nouns:
            return None
        own = self._own_identifiers(operation, noun)
        if operation.method in ("GET", "HEAD"):
            return Shape(action=Action.OTHER, resource=noun, identifiers=own) if own else None
        return Shape(action=Action.ACT if own else Action.OTHER, resource=noun, identifiers=own)

    def _is_collection_of_verbs(self, operation: Operation, segments: tuple[str, ...]) -> bool:
        """Whether a path like `/change-requests` is a collection: it has items, and its name is a plural.

        And whether one like `/threads/{id}/read-mark` is a thing: it is both read and written.
        """
        if operation.path in self._read_and_written and len(split_words(segments[-1])) > 1:
            return True
        return is_plural(segments[-1]) and _without_parameters(operation.path) in self._collections

    def has_items(self, operation: Operation) -> bool:
        """Whether other operations deal with the items of what this path names: `/orders/{id}` beside `/orders`."""
        return _without_parameters(operation.path) in self._collections

    def _own_identifiers(self, operation: Operation, noun: str | None) -> tuple[Identifier, ...]:
        return self._query_identifiers(operation, noun) or self._body_identifiers(operation, noun)

    @staticmethod
    def _verb_and_noun(operation: Operation) -> tuple[Action | None, str | None]:
        """A verb in the last literal segment (`/getOrder`, `/order/update/{id}`), with the noun it acts upon."""
        segments = _segments(operation.path)
        literals = [segment for segment in segments if not _is_parameter(segment)]
        is_item = bool(segments) and _is_parameter(segments[-1])
        return _acted_upon(literals, is_item=is_item, is_post=operation.method == "POST")

    def _rpc_shape(
        self, operation: Operation, verb: Action, noun: str | None, path_ids: tuple[Identifier, ...]
    ) -> Shape:
        if verb in (Action.CREATE, Action.LIST, Action.SEARCH):
            return Shape(action=verb, resource=noun, identifiers=path_ids)
        own = self._own_identifiers(operation, noun)
        if path_ids and not own:
            resource = path_ids[-1].resource
            return Shape(action=verb, resource=resource, identifiers=path_ids)
        return Shape(action=verb, resource=noun, identifiers=(*path_ids, *own))

    # Identifiers ------------------------------------------------------------------------------------------------

    def _path_identifiers(self, operation: Operation) -> tuple[Identifier, ...]:
        found = []
        literals: list[str] = []
        before: str | None = None
        collection: str | None = None
        for segment in _segments(operation.path):
            if not _is_parameter(segment):
                literals.append(segment)
                before = collection = _acted_upon(literals, is_item=True)[1] or segment
                continue
            for name in re.findall(r"{([^}]+)}", segment):
                # `/files/{bucket}/{key}`: a name that says nothing by itself is the second half of a composite key.
                noun = collection if before is None and identifier_noun(name) == "" else before
                found.append(Identifier(location=Location.PATH, name=name, resource=self._path_noun(name, noun)))
            before = None
        return tuple(found)

    def _path_noun(self, name: str, before: str | None) -> str:
        """The kind that a path parameter names: the collection before it, unless its own name says another known one."""
        own = identifier_noun(name)
        if before is not None:
            literal = noun_of(before)
            if own and own != literal and own in self._nouns and literal not in self._nouns:
                return own
            return literal
        return own or noun_of(name)

    def _query_identifiers(self, operation: Operation, noun: str | None) -> tuple[Identifier, ...]:
        return tuple(
            Identifier(location=Location.QUERY, name=parameter.name, resource=noun or "")
            for parameter in operation.parameters
            if parameter.location is Location.QUERY and self._names(parameter.name, noun)
        )[:1]

    @staticmethod
    def _carried_identifiers(operation: Operation, noun: str | None) -> tuple[Identifier, ...]:
        """An object named in a header or a cookie (`X-Account-Id`); a bare `id` there is the session's or the request's."""
        return tuple(
            Identifier(location=parameter.location, name=parameter.name, resource=noun or "")
            for parameter in operation.parameters
            if parameter.location in (Location.HEADER, Location.COOKIE)
            and noun is not None
            and identifier_noun(parameter.name.removeprefix("X-").removeprefix("x-")) == noun
        )[:1]

    def _body_identifiers(self, operation: Operation, noun: str | None) -> tuple[Identifier, ...]:
        for body in operation.bodies:
            for name in self._schemas.properties(body.schema, body.pointer):
                if self._names(name, noun) and not is_password_field(name):
                    return (Identifier(location=Location.BODY, name=name, resource=noun or ""),)
        return ()

    def _written(self, body: Body) -> Iterable[str]:
        """The properties of what a body is about, inside the lone wrapper that some documents use (`{"user": {...}}`)."""
        schema, pointer, _ = self._schemas.represented(body.schema, body.pointer)
        return self._schemas.properties(schema, pointer)

    @staticmethod
    def _names(parameter: str, noun: str | None) -> bool:
        """Whether a parameter of this name identifies an object of kind `noun` itself."""
        words = split_words(parameter)
        if len(words) == 1:
            return words[0] in ("id", "uuid", "guid", "slug") or words[0] == noun or words[0] == f"{noun}id"
        named = identifier_noun(parameter)
        return bool(named) and noun is not None and (named == noun or noun.endswith(f"_{named}"))

    # Responses --------------------------------------------------------------------------------------------------

    def _returns_list(self, operation: Operation) -> bool:
        return any(
            self._schemas.represented(reply.schema, reply.pointer)[2]
            for reply in operation.success_replies
            if reply.schema is not None
        )

    def _returns_object(self, operation: Operation) -> bool:
        return any(
            bool(self._schemas.properties(reply.schema, reply.pointer))
            for reply in operation.success_replies
            if reply.schema is not None
        )

    def _returns_token(self, operation: Operation) -> bool:
        names = {
            split_words(name)
            for reply in operation.success_replies
            if reply.schema is not None
            for name in self._schemas.properties(reply.schema, reply.pointer)
        }
        return bool(names & {("access", "token"), ("token",), ("id", "token"), ("jwt",)})

    # Accounts ---------------------------------------------------------------------------------------------------

    def _account_action(self, operation: Operation) -> Action | None:
        literals = [segment for segment in _segments(operation.path) if not _is_parameter(segment)]
        if not literals:
            return None
        last = split_words(literals[-1].split(".")[0])
        named = split_words(operation.operation_id or "")
        templated = "{" in operation.path
        if last in _LOGOUT or (
            operation.method == "DELETE" and not templated and last in (("session",), ("sessions",))
        ):
            return Action.LOGOUT
        if templated:
            return None
        if last in _SELF or (last[-1:] == ("profile",) and operation.method != "POST" and len(last) == 1):
            return Action.SELF
        if operation.method != "POST" and last in (("account",), ("user",)) and not self._returns_list(operation):
            return Action.SELF if not any(p.location is Location.QUERY for p in operation.parameters) else None
        if last[:1] == ("me",) or "me" in literals[:-1]:
            return Action.SELF if literals[-1] == "me" else None
        if operation.method == "GET" and last in (("auth",), ("token",), ("login",)) and self._returns_token(operation):
            return Action.LOGIN  # with HTTP basic credentials, as container registries do
        if operation.method != "POST" or any(segment.lower() == "admin" for segment in literals):
            return None
        return self._sign_in_or_up(operation, last, named)

    def _sign_in_or_up(self, operation: Operation, last: tuple[str, ...], named: tuple[str, ...]) -> Action | None:
        fields = [name for body in operation.bodies for name in self._written(body)]
        has_secret = any(is_password_field(name) for name in fields)
        names_account = any(is_login_field(name) for name in fields)
        if last in _REFRESH or named in _REFRESH or ("refresh" in last and not has_secret):
            return Action.REFRESH
        if last in _SIGN_UP or (has_secret and named in _SIGN_UP):
            return Action.SIGN_UP if has_secret or names_account or not fields else None
        if has_secret and names_account:
            if last in _LOGIN or named in _LOGIN:
                return Action.LOGIN
            if is_user_noun(noun_of("_".join(last))):
                return Action.SIGN_UP
        return None


def is_password_field(name: str) -> bool:
    """Whether a body field takes the password to log in with (not its confirmation)."""
    words = split_words(name)
    return bool(words) and words[-1] in ("password", "passwd", "pwd", "passphrase", "passcode", "pass", "pin")


def is_login_field(name: str) -> bool:
    """Whether a body field takes the name to log in with."""
    words = split_words(name)
    joined = "".join(words)
    return joined in (
        "username", "user", "login", "email", "emailaddress", "mail", "handle", "nickname", "account", "accountname",
        "phone", "phonenumber", "userid", "loginname", "name", "identifier",
    )  # fmt: skip


@lru_cache(maxsize=65536)
def _segments(path: str) -> tuple[str, ...]:
    """The segments of a path that say what it is about.

    Without the extension that PHP and Rails put at the end (`/orders/{id}.json`), versions wherever they stand
    (`/users/v1/{name}`), credentials (`/films/{apiKey}/{id}`) and the words that only say which parameter follows
    (`/films/byTitle/{title}`). `/users/{id}:activate` (Google's custom methods), `/orders.cancel` (Slack's) and
    `/Orders({id})` (OData) say in one segment what others say in two.
    """
    found: list[str] = []
    for segment in path.split("/"):
        plain = _EXTENSION.sub("", segment)
        split = _CUSTOM_METHOD.match(plain) or _KEY_IN_BRACKETS.match(plain) or _DOTTED.match(plain)
        found.extend(split.groups() if split else [plain] if plain else [])
    unversioned = [segment for segment in found if not _VERSION.match(segment)] or found
    kept = [segment for segment in unversioned if split_words(segment) not in _CREDENTIALS_IN_PATH]
    return tuple(
        segment
        for index, segment in enumerate(kept)
        if not (split_words(segment)[:1] == ("by",) and 0 < index < len(kept) - 1 and not _is_parameter(segment))
    )


def _acted_upon(
    literals: list[str], *, is_item: bool = False, is_post: bool = False
) -> tuple[Action | None, str | None]:
    """The verb in the last of some literal segments and the noun it acts upon; (None, None) where there is no verb.

    Words that are nouns as well count only where nothing follows them. `/exportJob/{id}` exports a job, while
    `/export-jobs/{id}` is one of a collection.
    """
    last = literals[-1] if literals else ""
    words = split_words(last.split(".")[-1])
    if not words or (is_item and len(words) > 1 and is_plural(last)):
        return None, None
    before = [segment for segment in literals[:-1] if not _PREFIX.match(segment)]
    if words[0] in _VERBS and len(words) > 1 and (words[0] in _STRONG_VERBS or (is_post and not is_item)):
        action, rest = _VERBS[words[0]], words[1:]
        rest = rest[: rest.index("by")] if "by" in rest else rest  # `getUserById`, `/pets/findByStatus`
        if not rest:
            return (action, noun_of(before[-1])) if before else (None, None)
        if action is Action.READ and singular(rest[-1]) != rest[-1]:
            action = Action.LIST
        return action, "_".join((*rest[:-1], singular(rest[-1])))
    verb = words[0] if len(words) == 1 else None
    if verb in _VERBS and before and (verb in _STRONG_VERBS or not is_item):
        return _VERBS[verb], noun_of(before[-1])
    if "." in last and words[-1] in _VERBS:
        return _VERBS[words[-1]], noun_of(last.split(".")[0])
    return None, None


def _is_parameter(segment: str) -> bool:
    return "{" in segment


def _without_parameters(path: str) -> str:
    """A path template with its parameter names blanked, so that `/a/{id}` and `/a/{a_id}` are one."""
    return re.sub(r"{[^}]+}", "{}", path).rstrip("/")


normalized_path = _without_parameters
