"""How callers log in, as far as the document says: the operation, its fields, where the token stands and how it travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specfuzz.contract.actions import is_login_field, is_password_field
from specfuzz.contract.derive import Contract
from specfuzz.contract.model import Action, OperationContract
from specfuzz.contract.schemas import Schemas, escape_pointer

_TOKENS = ("access_token", "accesstoken", "id_token", "jwt", "token", "auth_token", "authtoken", "sessiontoken", "key")
"""Names of a token in a log-in's answer, the likeliest first (OAuth 2.0, Django REST framework, Devise, NestJS)."""

_DEPTH = 3
"""Levels of an answer looked into: `data.session.token` is the deepest seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """How credentials travel: `place` is header, query or cookie; `prefix` stands before them."""

    place: str = "header"
    name: str = "Authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginShape:
    """A log-in operation. `token` is a JSON Pointer into its answer, None where cookies or nothing is described."""

    method: str
    path: str
    media_type: str
    user_field: str
    password_field: str
    token: str | None


def find_login(contract: Contract) -> LoginShape | None:
    """The document's log-in, the first with a user and a password; None where there is none."""
    for item in contract.with_action(Action.LOGIN):
        schemas = contract.document.schemas
        for body in item.operation.bodies:
            schema, pointer, _ = schemas.represented(body.schema, body.pointer)
            names = list(schemas.properties(schema, pointer))
            user = next((name for name in names if is_login_field(name)), None)
            password = next((name for name in names if is_password_field(name)), None)
            if user and password:
                return LoginShape(
                    method=item.operation.method,
                    path=item.operation.path,
                    media_type=body.media_type,
                    user_field=user,
                    password_field=password,
                    token=_token(schemas, item),
                )
    return None


def _token(schemas: Schemas, item: OperationContract) -> str | None:
    for reply in item.operation.replies:
        if reply.is_success and reply.schema is not None:
            found = {name.lower(): at for name, at in reversed(_texts(schemas, reply.schema, reply.pointer, "", 0))}
            named = next((found[name] for name in _TOKENS if name in found), None)
            if named is not None:
                return named
    return None


def _texts(schemas: Schemas, schema: Any, pointer: str, at: str, depth: int) -> list[tuple[str, str]]:
    """The text properties of an answer by name, with their JSON Pointers, the outermost first."""
    found: list[tuple[str, str]] = []
    inner: list[tuple[str, str]] = []
    for name, item in schemas.properties(schema, pointer).items():
        where = f"{at}/{escape_pointer(name)}"
        kind = schemas.type_of(item.schema)
        if kind in ("string", None):
            found.append((name, where))
        elif kind == "object" and depth < _DEPTH:
            inner.extend(_texts(schemas, item.schema, item.pointer, where, depth + 1))
    return [*found, *inner]


def find_carrier(contract: Contract) -> Carrier:
    """How the scheme that most operations ask for carries its credentials; a bearer header where none is described."""
    counted: dict[str, int] = {}
    for operation in contract.document.operations:
        for alternative in operation.security or ():
            for name in alternative:
                counted[name] = counted.get(name, 0) + 1
    schemes = contract.document.security_schemes
    used = sorted((name for name in counted if name in schemes), key=lambda name: -counted[name])
    for name in (*used, *schemes):
        found = _carrier(schemes[name])
        if found is not None:
            return found
    return Carrier()


def _carrier(scheme: Mapping[str, Any]) -> Carrier | None:
    kind = str(scheme.get("type", "")).lower()
    if kind == "apikey" and isinstance(scheme.get("name"), str):
        place, name = str(scheme.get("in", "header")), str(scheme["name"])
        # Swagger 2.0 has no bearer scheme: documents write one as the header itself.
        return Carrier(place=place, name=name, prefix="Bearer " if name.lower() == "authorization" else "")
    if kind == "http" and str(scheme.get("scheme", "")).lower() == "basic":
        return Carrier(prefix="Basic ")
    return Carrier() if kind in ("http", "oauth2", "openidconnect") else None
