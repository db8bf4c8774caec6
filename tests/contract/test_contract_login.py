"""The log-in as documents describe it, and how its token travels."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract import Contract, derive, from_raw
from specfuzz.contract.login import Carrier, find_carrier, find_login

TEXT = {"type": "string"}


def shaped(*names: str, **inner: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**dict.fromkeys(names, TEXT), **inner}}


def contract(body: Any, answer: Any, **root: Any) -> Contract:
    operation = {
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}},
    }
    raw = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/login": {"post": operation}}}
    return derive(from_raw({**raw, **root}, "t.json"))


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        (shaped("token"), "/token"),
        (shaped("refresh_token", "access_token"), "/access_token"),
        (shaped("token_type", "accessToken"), "/accessToken"),
        (shaped(data=shaped(session=shaped("jwt"))), "/data/session/jwt"),
        (shaped("token", data=shaped("token")), "/token"),
        (shaped(**{"a/b": shaped("token")}), "/a~1b/token"),
        (shaped("message"), None),
        ({"type": "string"}, None),
    ],
)
def test_the_token_is_found_where_the_answer_has_it(answer: Any, pointer: str | None) -> None:
    found = find_login(contract(shaped("email", "password"), answer))
    assert found is not None
    assert (found.user_field, found.password_field, found.token) == ("email", "password", pointer)


def test_a_log_in_without_a_password_is_none() -> None:
    assert find_login(contract(shaped("email"), shaped("token"))) is None


def test_a_circular_answer_ends() -> None:
    loop = {
        "components": {"schemas": {"A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}}}
    }
    found = find_login(contract(shaped("email", "password"), {"$ref": "#/components/schemas/A"}, **loop))
    assert found is not None
    assert found.token is None


def test_the_scheme_that_most_operations_ask_for_carries() -> None:
    schemes = {
        "rare": {"type": "apiKey", "in": "query", "name": "key"},
        "usual": {"type": "apiKey", "in": "header", "name": "Authorization"},
    }
    found = contract(shaped(), shaped(), components={"securitySchemes": schemes}, security=[{"usual": []}])
    assert find_carrier(found) == Carrier(place="header", name="Authorization", prefix="Bearer ")


def test_without_a_scheme_a_bearer_header_is_taken() -> None:
    assert find_carrier(contract(shaped(), shaped())) == Carrier()
