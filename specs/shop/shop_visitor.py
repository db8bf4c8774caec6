"""Visitors of a shop in this process; in the secure twin every answer to them must keep the contract."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from cornershop.application import create_app
from cornershop.seed import PASSWORDS, email_of
from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
SPEC: dict[str, Any] = json.loads((HERE / "openapi.json").read_text())
#: A host on loopback, as the benchmark uses; not loopback: the cookie is to be Secure there.
LOCAL, PUBLIC = "http://127.0.0.1", "https://shop.example"

_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A text that turns up nowhere else."""
    return f"{word}-{next(_numbers)}-qzx"


def _strict(schema: Any) -> Any:
    """The schema as JSON Schema: OpenAPI 3.0's `nullable` spelt out, undeclared properties refused."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items() if key not in ("nullable", "example")}
    if schema.get("nullable"):
        strict["type"] = [schema["type"], "null"]
    if isinstance(schema.get("properties"), dict):
        strict["additionalProperties"] = False
    return strict


_COMPONENTS = {"schemas": _strict(SPEC["components"]["schemas"])}
# Most literal path first: /orders/search before /orders/{order_id}.
_PATHS = [
    (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), item)
    for path, item in sorted(SPEC["paths"].items(), key=lambda pair: pair[0].count("{"))
]


def check_contract(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail unless the document declares this answer."""
    assert status < 500, (method, path, body)
    operation = next(
        (item[method.lower()] for pattern, item in _PATHS if pattern.fullmatch(path) and method.lower() in item),
        None,
    )
    if operation is None:
        assert status in (404, 405), (method, path, status)
        return
    assert str(status) in operation["responses"], (method, path, status, body)
    validator = _validator(operation["operationId"], str(status))
    if validator is None:
        assert body == b"", (method, path, body)
        return
    assert content_type == "application/json"
    validator.validate(json.loads(body))


@cache
def _validator(operation_id: str, status: str) -> Draft202012Validator | None:
    operations = (operation for item in SPEC["paths"].values() for operation in item.values())
    response = next(o for o in operations if o["operationId"] == operation_id)["responses"][status]
    if "$ref" in response:
        response = SPEC["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if "content" not in response:
        return None
    schema = _strict(response["content"]["application/json"]["schema"])
    return Draft202012Validator({**schema, "components": _COMPONENTS})


class Shop:
    """A shop with these switches on."""

    def __init__(self, switches: frozenset[str], directory: Path) -> None:
        self.app = create_app(switches, directory=directory)
        self.is_secure = not switches

    def visitor(self, name: str | None = None, base_url: str = LOCAL) -> Visitor:
        """A guest, or somebody who has logged in."""
        return Visitor(self, name, base_url)


class Visitor:
    """A browser: keeps cookies and sends the CSRF token along, unless told otherwise."""

    def __init__(self, shop: Shop, name: str | None = None, base_url: str = LOCAL) -> None:
        self.shop = shop
        self.client = shop.app.test_client()
        self.base_url = base_url
        self._token: tuple[str | None, str] = (None, "")
        if name:
            assert self.login(name).status_code == 200
            self.id: int = self.read("/me")["id"]

    def login(self, name: str) -> Any:
        """Log in as one of the seeded people."""
        return self.send("POST", "/auth/login", {"email": email_of(name), "password": PASSWORDS[name]})

    @property
    def cookie(self) -> str | None:
        """The session cookie's value."""
        found = self.client.get_cookie("session", domain=self.base_url.partition("//")[2])
        return found.value if found else None

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.set_cookie("session", value, domain=self.base_url.partition("//")[2])

    def csrf(self) -> str:
        """This session's token, asked for once."""
        if self._token[0] is None or self._token[0] != self.cookie:
            token = self.read("/csrf-token")["csrf_token"]
            self._token = self.cookie, token  # in this order: a session in a cookie changes with its token
        return self._token[1]

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str | None = "application/json",
        csrf: str | None = "own",
    ) -> Any:
        """Send a request. `csrf` is a token, None for none, or "own"; a body of bytes goes as it is."""
        headers = {}
        if method != "GET" and csrf is not None and (csrf != "own" or self.cookie):
            headers["X-CSRFToken"] = self.csrf() if csrf == "own" else csrf
        if body is None:
            content_type = None
        response = self.client.open(
            path,
            method=method,
            base_url=self.base_url,
            headers=headers,
            data=body if isinstance(body, bytes) or body is None else json.dumps(body),
            content_type=content_type,
        )
        if self.shop.is_secure:
            check_contract(method, path.partition("?")[0], response.status_code, response.mimetype, response.data)
        return response

    def read(self, path: str) -> Any:
        """What a GET shows, which must work."""
        response = self.send("GET", path)
        assert response.status_code == 200, (path, response.data)
        return response.json

    def status(self, path: str) -> int:
        """How a GET is answered."""
        code: int = self.send("GET", path).status_code
        return code

    def make(self, path: str, **body: Any) -> Any:
        """What a POST makes, which must work."""
        response = self.send("POST", path, body)
        assert response.status_code in (200, 201), (path, response.data)
        return response.json

    def address(self, **more: Any) -> Any:
        """A new address, with a street that nobody else has."""
        return self.make("/addresses", **(self.address_body() | more))

    @staticmethod
    def address_body() -> dict[str, Any]:
        """An address to be sent."""
        return {
            "recipient": "R. Esident",
            "street": unique("street"),
            "postcode": "1011 AB",
            "city": "Amsterdam",
            "country": "NL",
        }

    def order(self, **more: Any) -> Any:
        """A new order, with a note and an engraving that nobody else has."""
        body = {
            "address_id": self.address()["id"],
            "items": [{"product_id": 3, "quantity": 2, "engraving": unique("engraving")}],
            "note": unique("note"),
            "gift_message": unique("gift"),
        }
        return self.make("/orders", **(body | more))

    def review(self, **more: Any) -> Any:
        """A new review."""
        return self.make("/products/1/reviews", **({"rating": 4, "text": unique("review")} | more))
