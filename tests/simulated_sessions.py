"""The notes API of `simulated_api` with real tokens and real cookies: what the rules about sessions are tried on.

`JwtApi` hands out JSON Web Tokens, `CookieApi` cookies; both can log out. Each is the secure twin of itself, and a test
makes one thing wrong: the key, the claims, how a token is verified, what the cookie holds, when a session begins and ends.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jwt
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from simulated_api import Call, NotesApi, document, reply

from specfuzz.http import Exchange, Request, Response

STRONG = "kJ3-p0Zq_8vR2xW6yB1nT5mC9sD4fG7h"
START_S = 1_800_000_000


class _Known(dict[str, int]):
    """What `NotesApi` looks tokens up in: an account's number for whatever `check` takes for a session."""

    def __init__(self, check: Callable[[str], int]) -> None:
        super().__init__()
        self._check = check

    def get(self, key: str, default: Any = None) -> Any:
        return self._check(key) or default


class _LoggingOut(NotesApi):
    def __init__(self) -> None:
        super().__init__()
        self._handlers["POST /logout"] = self._logout

    def _logout(self, call: Call) -> Response:
        raise NotImplementedError

    def _whoever(self, call: Call) -> tuple[int, dict[str, Any]] | None:
        for key, user in self.users.items():
            if (user["username"], user["password"]) == (call.body["username"], call.body["password"]):
                return key, user
        return None


class JwtApi(_LoggingOut):
    """`verify` turns a token into claims, or None; `extra` are claims beyond who it is and until when."""

    def __init__(self, key: str = STRONG, algorithm: str = "HS256") -> None:
        super().__init__()
        self.key: Any = key
        self.algorithm = algorithm
        self.lifetime_s: int | None = 900
        self.extra: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda user: {}
        self.verify: Callable[[str], Mapping[str, Any] | None] = self.genuine
        self.revoked: set[str] = set()
        self.issued = 0
        self.tokens = _Known(self._account)

    def genuine(self, token: str, key: Any = None, algorithms: list[str] | None = None) -> Mapping[str, Any] | None:
        """The claims of a token that this API signed."""
        options = {"verify_exp": False, "verify_iat": False}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyJWT warns of short keys
                return jwt.decode(token, key or self.key, algorithms=algorithms or [self.algorithm], options=options)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            return None

    def _account(self, token: str) -> int:
        claims = self.verify(token)
        if not isinstance(claims, Mapping) or claims.get("jti") in self.revoked:
            return 0
        return int(claims.get("sub", 0))

    def _login(self, call: Call) -> Response:
        found = self._whoever(call)
        if found is None:
            return reply(401, {"error": "wrong password"})
        key, user = found
        self.issued += 1
        claims = {"sub": str(key), "jti": f"jti-{self.issued}", "iat": START_S, **self.extra(user)}
        if self.lifetime_s is not None:
            claims["exp"] = START_S + self.lifetime_s
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reply(200, {"access_token": jwt.encode(claims, self.key, self.algorithm)})

    def _logout(self, call: Call) -> Response:
        if call.user is None:
            return reply(401)
        claims = self.verify((call.request.header("authorization") or "").removeprefix("Bearer ")) or {}
        self.revoked.add(str(claims.get("jti")))
        return reply(204)


class CookieApi(_LoggingOut):
    """Sessions in the cookie `session`: random ids by default, with `keep_in_cookie` Flask's own signed ones.

    `attributes` follow the cookie; `who` says which account a session's data names; `visitors` gives one to every visitor.
    """

    def __init__(self, key: str = STRONG, *, keep_in_cookie: bool = False) -> None:
        super().__init__()
        application = Flask("notes")
        application.secret_key = key
        self.serializer: Any = SecureCookieSessionInterface().get_signing_serializer(application)
        self.keep_in_cookie = keep_in_cookie
        self.attributes = "HttpOnly; SameSite=Lax; Path=/"
        self.sessions: dict[str, dict[str, Any]] = {}
        self.extra: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda user: {}
        self.read: Callable[[str], Mapping[str, Any] | None] = self.genuine
        self.rotates = True
        self.adopts = False
        self.visitors = False
        self.ended: set[str] = set()
        self.made = 0
        self.tokens = _Known(lambda value: int((self.read(value) or {}).get("user_id", 0)))

    def genuine(self, value: str) -> Mapping[str, Any] | None:
        """The data of a session that this API began."""
        if not self.keep_in_cookie:
            return self.sessions.get(value)
        try:
            data = self.serializer.loads(value)
        except BadSignature:
            return None
        return data if data.get("sid") not in self.ended else None

    def send(self, request: Request) -> Exchange:
        cookies = dict(request.cookies)
        inner = replace(request, headers=(*request.headers, ("Authorization", f"Bearer {cookies.get('session', '')}")))
        exchange = super().send(inner)
        response = exchange.response
        if self.visitors and request.path == "/notes" and "session" not in cookies:
            self.made += 1
            visitor = f"visitor-{self.made}-0123456789abcdef"
            self.sessions[visitor] = {}
            response = replace(response, headers=(*response.headers, self._set(visitor)))
        sent = (*request.headers, ("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        return replace(exchange, request=request, response=response, sent_headers=sent)

    def _set(self, value: str) -> tuple[str, str]:
        return "Set-Cookie", f"session={value}; {self.attributes}"

    def _login(self, call: Call) -> Response:
        found = self._whoever(call)
        if found is None:
            return reply(401, {"error": "wrong password"})
        key, user = found
        self.made += 1
        data = {"user_id": key, "sid": f"sid-{self.made}-0f1e2d3c4b5a6978", **self.extra(user)}
        body = reply(200, {"id": key})
        old = dict(call.request.cookies).get("session")
        if old and not self.rotates and (self.adopts or old in self.sessions):
            self.sessions[old] = data
            return body
        value = str(self.serializer.dumps(data)) if self.keep_in_cookie else f"session-{self.made}-fedcba9876543210"
        self.sessions[value] = data
        return replace(body, headers=(*body.headers, self._set(value)))

    def _logout(self, call: Call) -> Response:
        value = dict(call.request.cookies).get("session", "")
        data = self.read(value)
        if data is None:
            return reply(401)
        self.ended.add(str(data.get("sid")))
        self.sessions.pop(value, None)
        return reply(204, None, Set_Cookie="session=; Max-Age=0")


def sessions_document(scheme: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The document with a log-out; `scheme` takes the place of its bearer token."""

    def edit(raw: dict[str, Any]) -> None:
        raw["paths"]["/logout"] = {"post": {"summary": "Log out", "responses": {"204": {"description": "done"}}}}
        if scheme is not None:
            raw["components"]["securitySchemes"]["bearer"] = dict(scheme)

    return document(edit)


JWT_DOCUMENT = sessions_document()
COOKIE_DOCUMENT = sessions_document({"type": "apiKey", "in": "cookie", "name": "session"})


def unverified(token: str) -> Mapping[str, Any] | None:
    """The claims of any token, whoever signed it; None for what is none."""
    try:
        found = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return found if isinstance(found, dict) else None


def header_of(token: str) -> Mapping[str, Any]:
    """The header of any token; empty for what is none."""
    try:
        return jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        return {}


def shown(found: Any) -> str:
    """All that a break says in words."""
    return json.dumps([found.title, found.detail, *(step.note for step in found.steps)])
