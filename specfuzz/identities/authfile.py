"""Read an authentication document in the Web Fuzzing Commons format (schema `wfc/schemas/auth.yaml`), in YAML, JSON or TOML.

Beside the format's own keys an entry may have `role`. `${NAME}` in any value is the environment variable of that name.
Unknown keys are errors with the nearest known one, since a misspelt `fixedHeader` would silently test as nobody.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from specfuzz.http import ANONYMOUS
from specfuzz.identities.errors import AuthFileError
from specfuzz.identities.identity import DEFAULT_ROLE, Identity, Login, Secret, Token

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
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AuthFileError(f"no such file: {path}", where=str(path), hint="check the path given to --auth") from None
    except (OSError, UnicodeDecodeError) as error:
        raise AuthFileError(f"cannot read {path}: {error}", where=str(path)) from error
    reader = _Reader(str(path), text, os.environ if environment is None else environment)
    return reader.identities(_parse(text, path))


def _parse(text: str, path: Path) -> Any:
    try:
        if path.suffix.lower() == ".toml":
            return tomllib.loads(text)
        if path.suffix.lower() == ".json":
            return json.loads(text)
        return yaml.safe_load(text)
    except (yaml.YAMLError, json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        first = " ".join(str(error).split())
        raise AuthFileError(f"cannot be parsed: {first}", where=str(path)) from error


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
            raise self._error("`auth` must be a list with at least one entry", "write `auth:` with entries that have a `name`")
        template = self._object(top.get("authTemplate", {}), "authTemplate", _ENTRY)
        found: list[Identity] = []
        for index, entry in enumerate(entries):
            self._at = self._file
            node = self._object(entry, f"auth[{index}]", _ENTRY)
            name = node.get("name")
            if not isinstance(name, str) or not name:
                raise self._error(f"auth[{index}] has no `name`", "give every entry a name, such as alice")
            self._at = self._line_of(name)
            if name == ANONYMOUS:
                raise self._error(f"the name {ANONYMOUS!r} is taken by the built-in identity", "choose another name")
            if any(identity.name == name for identity in found):
                raise self._error(f"the name {name!r} occurs twice", "names must be unique")
            found.append(self._identity(name, _merged(template, node)))
        return tuple(found)

    def _identity(self, name: str, node: Mapping[str, Any]) -> Identity:
        headers = self._headers(node.get("fixedHeaders", []), f"{name}.fixedHeaders")
        login = node.get("loginEndpointAuth")
        if not headers and login is None:
            raise self._error(
                f"{name!r} has no credentials", "give it `fixedHeaders` or `loginEndpointAuth` (or use no entry at all)"
            )
        role = node.get("role", DEFAULT_ROLE)
        if not isinstance(role, str):
            raise self._error(f"{name}.role must be a text, not {role!r}", "for example: role: admin")
        return Identity(
            name=name,
            role=role,
            headers=headers,
            login=self._login(login, name) if login is not None else None,
            where=self._at,
        )

    def _login(self, value: Any, name: str) -> Login:
        where = f"{name}.loginEndpointAuth"
        node = self._object(value, where, _LOGIN)
        path = node.get("externalEndpointURL") or node.get("endpoint")
        if not isinstance(path, str) or not path:
            raise self._error(f"{where} has neither `endpoint` nor `externalEndpointURL`", "for example: endpoint: /login")
        path = self._text(path, where)
        if "externalEndpointURL" in node and urlsplit(path).scheme not in ("http", "https"):
            raise self._error(f"{where}.externalEndpointURL is no http(s) URL: {path!r}", "write the whole URL")
        verb = str(node.get("verb", "POST")).upper()
        if verb not in _VERBS:
            raise self._error(f"{where}.verb is {node['verb']!r}", f"one of {', '.join(_VERBS)}")
        content_type = str(node.get("contentType", "application/json"))
        payload, secrets = self._payload(node, where, content_type)
        headers = self._headers(node.get("headers", []), f"{where}.headers")
        token = node.get("token")
        return Login(
            method=verb,
            path=path,
            payload=Secret(payload),
            content_type=content_type,
            headers=headers,
            token=self._token(token, f"{where}.token") if token is not None else None,
            expects_cookies=bool(node.get("expectCookies", False)),
            secrets=(*secrets, *(value for _, value in headers)),
        )

    def _payload(self, node: Mapping[str, Any], where: str, content_type: str) -> tuple[str, tuple[Secret, ...]]:
        if "payloadRaw" in node:
            raw = node["payloadRaw"]
            text = self._text(raw if isinstance(raw, str) else json.dumps(raw), f"{where}.payloadRaw")
            return text, tuple(Secret(value) for value in _secrets_in(text))
        if "payloadUserPwd" not in node:
            return "", ()
        pair = self._object(node["payloadUserPwd"], f"{where}.payloadUserPwd", _PAYLOAD)
        missing = [key for key in _PAYLOAD if not isinstance(pair.get(key), str | int)]
        if missing:
            raise self._error(f"{where}.payloadUserPwd has no `{missing[0]}`", f"it needs {', '.join(_PAYLOAD)}")
        password = self._text(str(pair["password"]), f"{where}.payloadUserPwd.password")
        values = {
            str(pair["usernameField"]): self._text(str(pair["username"]), f"{where}.payloadUserPwd.username"),
            str(pair["passwordField"]): password,
        }
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
            name=str(node.get("httpHeaderName", "Authorization")),
            prefix=str(node.get("headerPrefix", "")),
        )

    def _headers(self, value: Any, where: str) -> tuple[tuple[str, Secret], ...]:
        if not isinstance(value, list):
            raise self._error(f"{where} must be a list of name and value", "for example: - {name: X-Api-Key, value: ...}")
        found = []
        for index, item in enumerate(value):
            node = self._object(item, f"{where}[{index}]", ("name", "value"))
            if not isinstance(node.get("name"), str) or "value" not in node:
                raise self._error(f"{where}[{index}] needs `name` and `value`", "for example: name: Authorization")
            found.append((node["name"], Secret(self._text(str(node["value"]), f"{where}[{index}].value"))))
        return tuple(found)

    def _text(self, text: str, where: str) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[1] not in self._environment:
                raise self._error(
                    f"the environment variable {match[1]} ({where}) is not set", f"export {match[1]}=... and run again"
                )
            return self._environment[match[1]]

        return _VARIABLE.sub(replace, text)

    def _object(self, value: Any, where: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._error(f"{where} must be an object, not {type(value).__name__}", f"with keys from {', '.join(known)}")
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


def _merged(template: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The template's values where the entry has none; objects are merged key by key (WFC: avoids duplication)."""
    merged = dict(template)
    for key, value in entry.items():
        inherited = merged.get(key)
        merged[key] = _merged(inherited, value) if isinstance(inherited, Mapping) and isinstance(value, Mapping) else value
    return merged


def _secrets_in(payload: str) -> list[str]:
    """All longer strings of a raw payload: which of them is the password, only the API knows."""
    try:
        parsed = json.loads(payload)
    except ValueError:
        return [part.split("=", 1)[1] for part in payload.split("&") if "=" in part]
    return [value for key, value in parsed.items() if isinstance(value, str) and "pass" in str(key).lower()] if isinstance(
        parsed, dict
    ) else [payload]
