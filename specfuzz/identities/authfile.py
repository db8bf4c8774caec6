"""Read an authentication document in the Web Fuzzing Commons format (schema `wfc/schemas/auth.yaml`), in YAML, JSON or TOML.

Beside the format's own keys an entry may have `role`. `${NAME}` in any value is the environment variable of that name.
Unknown keys are errors with the nearest known one, since a misspelt `fixedHeader` would silently test as nobody.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from specfuzz.http import ANONYMOUS
from specfuzz.identities import documents
from specfuzz.identities.errors import AuthFileError
from specfuzz.identities.identity import DEFAULT_ROLE, Identity, Login, Secret, Token, secret_headers
from specfuzz.identities.payload import secrets_in

_TOP = ("schemaVersion", "auth", "authTemplate", "configs")
_ENTRY = ("name", "requireMockHandling", "fixedHeaders", "loginEndpointAuth", "role")
_LOGIN = (
    "endpoint", "externalEndpointURL", "payloadRaw", "payloadUserPwd", "headers", "verb", "contentType", "token",
    "expectCookies",
)  # fmt: skip
_TOKEN = ("extractFromField", "httpHeaderName", "headerPrefix")
_PAYLOAD = ("username", "password", "usernameField", "passwordField")
_VERBS = ("POST", "GET", "PATCH", "DELETE", "PUT")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_auth_file(path: str | Path, environment: Mapping[str, str] | None = None) -> tuple[Identity, ...]:
    """The identities of an authentication document. Raises `AuthFileError`."""
    path = Path(path)
    text = documents.read_text(path)
    reader = _Reader(str(path), text, os.environ if environment is None else environment)
    return reader.identities(documents.parse(text, path))


class _Reader:
    def __init__(self, file: str, text: str, environment: Mapping[str, str]) -> None:
        self._file = file
        self._lines = text.splitlines()
        self._environment = environment
        self._at = file

    def identities(self, document: Any) -> tuple[Identity, ...]:
        top = self._object(document, "the document", _TOP)
        entries = top.get("auth")
        if not isinstance(entries, list) or not entries:
            raise self._error(
                "`auth` must be a list with at least one entry", "write `auth:` with entries that have a `name`"
            )
        template = self._object(top.get("authTemplate") or {}, "authTemplate", _ENTRY)
        found: list[Identity] = []
        for index, entry in enumerate(entries):
            self._at = self._file
            node = self._object(entry, f"auth[{index}]", _ENTRY)
            name = node.get("name")
            if not isinstance(name, str) or not name:
                raise self._error(f"auth[{index}] has no `name`", "give every entry a name (a text), such as alice")
            self._at = self._line_of(name)
            if name == ANONYMOUS:
                raise self._error(f"the name {ANONYMOUS!r} is taken by the built-in identity", "choose another name")
            if any(identity.name == name for identity in found):
                raise self._error(f"the name {name!r} occurs twice", "names must be unique")
            found.append(self._identity(name, _merged(template, node)))
        return tuple(found)

    def _identity(self, name: str, node: Mapping[str, Any]) -> Identity:
        headers = self._headers(node.get("fixedHeaders"), f"{name}.fixedHeaders")
        login = node.get("loginEndpointAuth")
        if not headers and login is None:
            raise self._error(
                f"{name!r} has no credentials", "give it `fixedHeaders` or `loginEndpointAuth` (or use no entry at all)"
            )
        return Identity(
            name=name,
            role=self._optional(node, "role", name, DEFAULT_ROLE),
            headers=headers,
            login=self._login(login, name) if login is not None else None,
            where=self._at,
        )

    def _login(self, value: Any, name: str) -> Login:
        where = f"{name}.loginEndpointAuth"
        node = self._object(value, where, _LOGIN)
        verb = self._optional(node, "verb", where, "POST").upper()
        if verb not in _VERBS:
            raise self._error(f"{where}.verb is {node['verb']!r}", f"one of {', '.join(_VERBS)}")
        content_type = self._optional(node, "contentType", where, "application/json")
        payload, secrets = self._payload(node, where, content_type)
        headers = self._headers(node.get("headers"), f"{where}.headers")
        expects_cookies = node.get("expectCookies", False)
        if not isinstance(expects_cookies, bool):
            raise self._error(f"{where}.expectCookies must be true or false, not {expects_cookies!r}", "without quotes")
        token = node.get("token")
        return Login(
            method=verb,
            path=self._path(node, where),
            payload=Secret(payload),
            content_type=content_type,
            headers=headers,
            token=self._token(token, f"{where}.token") if token is not None else None,
            expects_cookies=expects_cookies,
            secrets=(*secrets, *secret_headers(headers)),
        )

    def _path(self, node: Mapping[str, Any], where: str) -> str:
        key = "externalEndpointURL" if node.get("externalEndpointURL") else "endpoint"
        written = node.get(key)
        if not isinstance(written, str) or not written:
            raise self._error(
                f"{where} has neither `endpoint` nor `externalEndpointURL`", "for example: endpoint: /login"
            )
        path = self._filled(written, f"{where}.{key}")
        if key == "externalEndpointURL" and not path.startswith(("http://", "https://")):
            raise self._error(f"{where}.{key} is no http(s) URL: {written!r}", "write the whole URL")
        try:
            urlsplit(path).port  # noqa: B018  # the property raises where the port is no number
        except ValueError:
            raise self._error(f"{where}.{key} is no URL: {written!r}", "for example: endpoint: /login") from None
        return path

    def _payload(self, node: Mapping[str, Any], where: str, content_type: str) -> tuple[str, tuple[Secret, ...]]:
        raw = node.get("payloadRaw")
        if raw is not None:
            text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
            text = self._filled(text, f"{where}.payloadRaw", _escaper(text, content_type))
            return text, tuple(Secret(value) for value in secrets_in(text))
        if node.get("payloadUserPwd") is None:
            return "", ()
        where = f"{where}.payloadUserPwd"
        pair = self._object(node["payloadUserPwd"], where, _PAYLOAD)
        username, password, username_field, password_field = (self._required(pair, key, where) for key in _PAYLOAD)
        values = {username_field: username, password_field: password}
        text = urlencode(values) if "form" in content_type else json.dumps(values)
        return text, (Secret(password),)

    def _token(self, value: Any, where: str) -> Token:
        node = self._object(value, where, _TOKEN)
        pointer = node.get("extractFromField")
        if not isinstance(pointer, str) or not pointer.startswith("/"):
            raise self._error(
                f"{where}.extractFromField must be a JSON Pointer, not {pointer!r}", "for example: /access_token"
            )
        return Token(
            pointer=pointer,
            name=self._optional(node, "httpHeaderName", where, "Authorization"),
            prefix=self._optional(node, "headerPrefix", where, ""),
        )

    def _headers(self, value: Any, where: str) -> tuple[tuple[str, Secret], ...]:
        if value is not None and not isinstance(value, list):
            raise self._error(
                f"{where} must be a list of name and value", "for example: - {name: X-Api-Key, value: ...}"
            )
        found = []
        for index, item in enumerate(value or ()):
            here = f"{where}[{index}]"
            node = self._object(item, here, ("name", "value"))
            found.append((self._required(node, "name", here), Secret(self._required(node, "value", here))))
        return tuple(found)

    def _required(self, node: Mapping[str, Any], key: str, where: str) -> str:
        """A text, or a whole number as the digits that were written; anything else has no one spelling."""
        value = node.get(key)
        if value is None:
            raise self._error(f"{where} has no `{key}`", f"add `{key}: ...` there")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._error(f"{where}.{key} must be a text, not {type(value).__name__}", "put it in quotes")
        return self._filled(str(value), f"{where}.{key}")

    def _optional(self, node: Mapping[str, Any], key: str, where: str, default: str) -> str:
        return default if node.get(key) is None else self._required(node, key, where)

    def _filled(self, text: str, where: str, escape: Callable[[str], str] = str) -> str:
        """`text` with the environment's values in place of `${NAME}`."""

        def replace(match: re.Match[str]) -> str:
            if match[1] not in self._environment:
                near = difflib.get_close_matches(match[1], self._environment, n=1, cutoff=0.8)
                hint = f"did you mean ${{{near[0]}}}?" if near else f"export {match[1]}=... and run again"
                raise self._error(f"the environment variable {match[1]} ({where}) is not set", hint)
            return escape(self._environment[match[1]])

        return _VARIABLE.sub(replace, text)

    def _object(self, value: Any, where: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._error(
                f"{where} must be an object, not {type(value).__name__}", f"with keys from {', '.join(known)}"
            )
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(known)}"
                raise self._error(f"unknown key `{key}` in {where}", hint)
        return value

    def _line_of(self, name: str) -> str:
        pattern = re.compile(rf"name[\"']?\s*[:=]\s*[\"']?{re.escape(name)}[\"']?\s*[,}}]?\s*(#.*)?$")
        for number, line in enumerate(self._lines, 1):
            if pattern.search(line):
                return f"{self._file}:{number}"
        return self._file

    def _error(self, message: str, hint: str) -> AuthFileError:
        return AuthFileError(message, where=self._at, hint=hint)


def _escaper(text: str, content_type: str) -> Callable[[str], str]:
    """How a value must be written to stand in the payload: a password may hold quotes, an ampersand, a line break."""
    if "form" in content_type:
        return quote_plus
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return str
    return lambda value: json.dumps(value)[1:-1]


def _merged(template: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The template's values where the entry has none; objects are merged key by key (WFC: avoids duplication)."""
    merged = dict(template)
    for key, value in entry.items():
        inherited = merged.get(key)
        merged[key] = (
            _merged(inherited, value) if isinstance(inherited, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
