"""Visitors for a forum in this process; in the secure twin every answer to them must keep the contract."""

from __future__ import annotations

import importlib
import itertools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agora import config, switches

SPEC: dict[str, Any] = json.loads((Path(__file__).parent / "openapi.json").read_text())
_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A text that turns up nowhere else."""
    return f"{word}-{next(_numbers)}-qzx"


class Visitor:
    """A browser: keeps cookies and sends the CSRF token along, unless told otherwise."""

    def __init__(self, name: str | None = None) -> None:
        from django.test import Client

        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.name = name
        if name:
            from agora.seed import PASSWORDS

            assert self.login(name, PASSWORDS[name]).status_code == 200

    def login(self, name: str, password: str) -> Any:
        return self.send("POST", "/auth/login", {"username": name, "password": password})

    def cookie(self, name: str) -> str:
        return self.client.cookies[name].value

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        csrf: str | None = "own",
        **headers: str,
    ) -> Any:
        """`csrf` is a token, None for none, or "own" for the one in the visitor's cookie."""
        if csrf == "own":
            csrf = self.cookie("csrftoken") if "csrftoken" in self.client.cookies else None
        if csrf is not None and method != "GET":
            headers["X-CSRFToken"] = csrf
        data = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        response = self.client.generic(method, path, data, content_type, headers=headers)
        if not switches._active:
            keeps_contract(method, path, response)
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def make(self, path: str, **body: Any) -> Any:
        response = self.send("POST", path, body)
        assert response.status_code in (200, 201), response.content
        return response.json()


def template_of(path: str) -> str | None:
    """The contract's template for a path; the one with the fewest parameters if several fit."""
    fitting = [
        template
        for template in SPEC["paths"]
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path.partition("?")[0])
    ]
    return min(fitting, key=lambda template: template.count("{"), default=None)


def keeps_contract(method: str, path: str, response: Any) -> None:
    """The status is declared, the body fits its schema, and no property comes without being declared."""
    operation = SPEC["paths"].get(template_of(path) or "", {}).get(method.lower())
    if operation is None:
        return
    declared = operation["responses"].get(str(response.status_code))
    assert declared, f"{method} {path} answered {response.status_code}: {response.content!r}"
    if "content" not in declared:
        assert response.content == b""
        return
    from openapi_schema_validator import OAS30ReadValidator

    schema = {**declared["content"]["application/json"]["schema"], "components": SPEC["components"]}
    errors = list(OAS30ReadValidator(schema).iter_errors(response.json()))
    assert not errors, f"{method} {path}: {errors[0].message}"
    assert not list(undeclared(schema, response.json())), f"{method} {path}: {response.content!r}"


def undeclared(schema: dict[str, Any], value: Any) -> Iterable[str]:
    if "$ref" in schema:
        schema = SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict) and "properties" in schema:
        yield from value.keys() - schema["properties"].keys()
        for name, inner in schema["properties"].items():
            yield from undeclared(inner, value.get(name))
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from undeclared(schema["items"], item)


def switch_to(names: Iterable[str]) -> None:
    """Turn the running forum into the one that --on would have started."""
    from django.conf import settings
    from django.urls import clear_url_caches

    switches.activate(names)
    for name, value in config.switched_settings().items():
        setattr(settings, name, value)
    importlib.reload(importlib.import_module("agora.urls"))
    clear_url_caches()
