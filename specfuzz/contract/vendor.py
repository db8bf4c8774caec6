"""What widely used vendor extensions say about access: required roles and permissions, switches, cloud gateways.

The keys were seen in public documents. A list of roles that has one which every user holds (`user`, `member`) asks for
a login and for no more; a permission asks for a login, since no document says which users hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from specfuzz.contract.model import Confidence, Level
from specfuzz.contract.schemas import escape_pointer
from specfuzz.contract.words import split_words

_ROLES = frozenset(
    "required-roles required-role roles role allowed-roles allowed-role role-required roles-required security-roles".split()
)
_PERMISSIONS = frozenset(
    "required-permissions required-permission permissions permission permission-required required-scopes scopes"
    " required-authorities authorities required-privileges".split()
)
_OPEN = frozenset("public is-public anonymous allow-anonymous no-auth skip-auth unauthenticated auth-optional".split())
_CLOSED = frozenset(
    "auth-required requires-auth require-auth requires-authentication authentication-required requires-login"
    " login-required authenticated".split()
)
_ADMIN_ONLY = frozenset("admin admin-only requires-admin admin-required is-admin".split())
_OWNER_ONLY = frozenset("owner-only requires-owner requires-ownership ownership-required".split())
_KONG = frozenset("jwt key-auth oauth2 basic-auth openid-connect hmac-auth ldap-auth acl".split())

EVERYBODY = frozenset(
    "user member customer client authenticated login basic standard regular default subscriber".split()
)
"""Roles that every account holds, as lists of roles name them."""

_NOBODY_IN_PARTICULAR = frozenset("guest anonymous public everyone everybody all any none unauthenticated".split())
_PRIVILEGED = frozenset("admin admins administrator superadmin superuser root moderator staff sysadmin".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorHint:
    """What one extension says. `source` is its JSON pointer."""

    level: Level
    source: str
    reason: str
    role: str | None = None
    confidence: Confidence = Confidence.FIRM


def vendor_hints(extensions: Mapping[str, Any], pointer: str) -> Iterator[VendorHint]:
    """The hints in the extensions of an operation, or of a whole document; those that say nothing about access are none."""
    for key, value in extensions.items():
        name = _kebab(key)
        hint = _read(name, value)
        if hint is not None:
            level, role, reason = hint
            yield VendorHint(
                level=level, role=role, source=f"{pointer}/{escape_pointer(key)}", reason=f"`{key}` {reason}"
            )


def _read(name: str, value: Any) -> tuple[Level, str | None, str] | None:
    if name in _ROLES:
        return _from_roles(_names(value))
    if name in _PERMISSIONS:
        return _from_permissions(_names(value))
    if isinstance(value, bool):
        return _from_switch(name, value)
    if name == "amazon-apigateway-auth" and isinstance(value, Mapping):
        kind = str(value.get("type", "")).upper()
        if kind == "NONE":
            return Level.PUBLIC, None, "asks for no credentials"
        return (Level.AUTHENTICATED, None, f"asks for {kind}") if kind else None
    plugin = name.removeprefix("kong-plugin-")
    if plugin != name and plugin in _KONG and isinstance(value, Mapping) and value.get("enabled") is not False:
        config = value.get("config")
        if not (isinstance(config, Mapping) and config.get("anonymous")):
            return Level.AUTHENTICATED, None, "makes the gateway ask for credentials"
    return None


def _from_switch(name: str, value: bool) -> tuple[Level, str | None, str] | None:
    said = f"is {str(value).lower()}"
    if name in _CLOSED or name in _OPEN:
        is_open = value is (name in _OPEN)
        if name in _OPEN and not value:
            return None  # `x-public: false` also means "not in the public documentation"
        return (Level.PUBLIC if is_open else Level.AUTHENTICATED), None, said
    if value and name in _ADMIN_ONLY:
        return Level.ROLE, "admin", said
    if value and name in _OWNER_ONLY:
        return Level.OWNER, None, said
    return None


def _from_roles(roles: list[str]) -> tuple[Level, str | None, str] | None:
    words = [frozenset(split_words(role)) for role in roles]
    if not roles or any(entry & _NOBODY_IN_PARTICULAR for entry in words):
        return None
    named = ", ".join(roles)
    if any(entry & EVERYBODY and not entry & _PRIVILEGED for entry in words):
        return Level.AUTHENTICATED, None, f"lists {named}, one of which every user is"
    return Level.ROLE, " or ".join(roles), f"lists {named}"


def _from_permissions(permissions: list[str]) -> tuple[Level, str | None, str] | None:
    if not permissions:
        return None
    if all(entry.lower().startswith("role:") for entry in permissions):
        return _from_roles([entry[5:].strip() for entry in permissions])
    return Level.AUTHENTICATED, None, f"lists {', '.join(permissions)}"


def _names(value: Any) -> list[str]:
    """The names in a list, in a text with commas, or in the keys `roles` and `anyOf` of an object."""
    if isinstance(value, str):
        value = re.split(r"[,|]", value)
    if isinstance(value, Mapping):
        value = next(
            (value[key] for key in ("roles", "permissions", "anyOf", "any", "allOf", "all") if key in value), []
        )
    if not isinstance(value, list):
        return []
    names = [str(entry).strip() for entry in value if isinstance(entry, str | int) and not isinstance(entry, bool)]
    return [re.sub(r"^ROLE_", "", name) for name in names if name]


def _kebab(key: str) -> str:
    """`x-requiredRoles` and `x-required_roles` are "required-roles"."""
    return "-".join(split_words(re.sub(r"^x-", "", key, flags=re.IGNORECASE)))
