"""The notes API behind session cookies with anti-CSRF tokens: sound as it stands, each test leaves one check out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from simulated_api import Call, NotesApi, document, reply

from specfuzz.http import SAFE_METHODS, Exchange, Request, Response

OPEN = ("POST /login", "POST /register")
HEADER = "X-CSRF-Token"


class CookieNotes(NotesApi):
    """`exempt` operations ask for no token; `shared` ones take anybody's; `any_text` ones only want something there;
    `lenient` ones read JSON whatever the content type says."""

    def __init__(self, same_site: str | None = "Lax", *, asks: bool = True, checks_origin: bool = False) -> None:
        super().__init__()
        self.same_site = same_site
        self.asks = asks
        self.checks_origin = checks_origin
        self.wants_header: str | None = None
        self.exempt: set[str] = set()
        self.shared: set[str] = set()
        self.any_text: set[str] = set()
        self.lenient: set[str] = set()

    def csrf_of(self, token: str) -> str:
        return f"anti-{token[::-1]}-forgery"

    def send(self, request: Request) -> Exchange:
        session = dict(request.cookies).get("session")
        if session is None:
            exchange = super().send(request)
        else:
            exchange = super().send(
                replace(request, headers=(*request.headers, ("authorization", f"Bearer {session}")))
            )
        return replace(exchange, request=request, sent_headers=request.headers)

    def _login(self, call: Call) -> Response:
        answer = super()._login(call)
        if answer.status != 200:
            return answer
        token = answer.json["access_token"]
        attribute = f"; SameSite={self.same_site}" if self.same_site else ""
        told = {"csrf_token": self.csrf_of(token)} if self.asks else {"welcome": True}
        return reply(200, told, Set_Cookie=f"session={token}; HttpOnly{attribute}")

    def _answer(self, call: Call) -> Response:
        refused = self._refusal(call) if call.label not in OPEN else None
        return refused if refused is not None else super()._answer(self._as_json(call))

    def _refusal(self, call: Call) -> Response | None:
        request = call.request
        if request.method in SAFE_METHODS or call.user is None:
            return None
        kind = (request.header("content-type") or "").split(";")[0]
        if request.body and kind != "application/json" and call.label not in self.lenient:
            return reply(415, {"error": "send JSON"})
        if self.checks_origin and request.header("origin") is not None:
            return reply(403, {"error": "another origin"})
        if self.wants_header is not None and request.header(self.wants_header) is None:
            return reply(403, {"error": "who are you?"})
        if not self.asks or call.label in self.exempt:
            return None
        if call.label in self.lenient and kind != "application/json":
            return None
        sent = request.header(HEADER) or ""
        if call.label in self.any_text and sent:
            return None
        session = (request.header("authorization") or "").removeprefix("Bearer ")
        known = self.tokens if call.label in self.shared else (session,)
        return None if sent in map(self.csrf_of, known) else reply(403, {"error": "CSRF token missing or wrong"})

    def _as_json(self, call: Call) -> Call:
        """A form's fields as JSON, where such an operation takes forms at all."""
        kind = (call.request.header("content-type") or "").split(";")[0]
        if kind != "application/x-www-form-urlencoded":
            return call
        import json

        return replace(
            call, request=replace(call.request, body=json.dumps(dict(parse_qsl(call.request.body.decode()))).encode())
        )


def cookies(raw: dict[str, Any]) -> None:
    """An edit: the session is a cookie, and the document says nothing about tokens."""
    raw["components"]["securitySchemes"] = {"bearer": {"type": "apiKey", "in": "cookie", "name": "session"}}


def tokens_on(*labels: str, required: bool = True) -> Callable[[dict[str, Any]], None]:
    """An edit: the session is a cookie, and these operations want the token in a header."""

    def edit(raw: dict[str, Any]) -> None:
        cookies(raw)
        for label in labels:
            method, _, path = label.partition(" ")
            operation = raw["paths"][path][method.lower()]
            parameter = {"name": HEADER, "in": "header", "required": required, "schema": {"type": "string"}}
            operation["parameters"] = [*operation.get("parameters", ()), parameter]

    return edit


WRITES = ("PATCH /notes/{id}", "DELETE /notes/{id}", "POST /notes/{id}/archive", "POST /notes")


def declared(*labels: str, required: bool = True) -> dict[str, Any]:
    return document(tokens_on(*(labels or WRITES), required=required))


def undeclared() -> dict[str, Any]:
    return document(cookies)
