"""Requests, answers, routes, and the gate that every request to a route goes through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import store
import tokens
from store import User
from switches import on

BASE = "/api"
COOKIE = "sid"
BODY_LIMIT = 256 * 1024  # bytes; the longest ticket so far had 9,000
FIELD_LIMIT = 10_000  # characters

SECURITY_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
]


class Refused(Exception):
    """The request is understood and turned down; the client reads why in `error`. The status stays 200."""


class LoginNeeded(Exception):
    """Nobody is logged in: off to the login page."""


@dataclass
class Answer:
    body: str = ""
    status: str = "200 OK"
    kind: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)


def ok(http_status: str = "200 OK", /, headers: Iterable[tuple[str, str]] = (), **content: Any) -> Answer:
    return Answer(json.dumps({"ok": True, **content}), http_status, headers=list(headers))


def refusal(error: str, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()) -> Answer:
    return Answer(json.dumps({"ok": False, "error": error}), status, headers=list(headers))


class Request:
    """One request; `args` is where its parameters belong: the form for a POST, else the query string."""

    def __init__(self, environ: dict[str, Any], body: bytes = b"") -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        self.form: dict[str, str] = {}
        self.query = _parse(environ.get("QUERY_STRING", ""))
        if self.method == "POST":
            self.form = self._parse_form(body)
        self.args = self.form if self.method == "POST" else self.query
        self.sid = self._cookie(COOKIE)
        self.claims = tokens.read(self.sid) if self.sid else None
        self.user: User | None = store.users.get(self.claims["sub"]) if self.claims else None

    def _parse_form(self, body: bytes) -> dict[str, str]:
        if len(body) > BODY_LIMIT:
            raise Refused("that is too long")
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if body and kind != "application/x-www-form-urlencoded":
            raise Refused("please send a form")
        return _parse(body.decode("utf-8", "replace"))

    def _cookie(self, name: str) -> str:
        for pair in self.environ.get("HTTP_COOKIE", "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value.strip('"')
        return ""

    @property
    def is_https(self) -> bool:
        return self.environ.get("wsgi.url_scheme") == "https"

    def text(self, name: str, default: str = "") -> str:
        return self.args.get(name, default).strip()

    def number(self, name: str) -> int:
        """An id from the parameters; -1, which nothing has, if it is not a number."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else -1

    def me(self) -> User:
        if self.user is None:
            raise LoginNeeded
        return self.user


def read_body(environ: dict[str, Any]) -> bytes:
    """The body, of any method: a client whose body is left unread sees a broken connection, no answer."""
    try:
        length = max(0, int(environ.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return b""
    try:
        return environ["wsgi.input"].read(min(length, 16 * BODY_LIMIT))
    except OSError:  # it announced more than it sent
        return b""


def _parse(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=200)
    except ValueError:
        raise Refused("too many fields") from None
    if any(len(value) > FIELD_LIMIT for _, value in pairs):
        raise Refused("that is too long")
    return dict(pairs)


Handler = Callable[[Request], Answer]
Test = Callable[[Request], bool]


def anyone(request: Request) -> bool:
    return True


def signed_in(request: Request) -> bool:
    return request.user is not None


def has_cookie(request: Request) -> bool:
    return bool(request.sid)


def csrf_header(request: Request) -> bool:
    """The token of this very user came in a header, which another site's page cannot send."""
    return request.claims is not None and tokens.csrf_matches(
        request.claims, request.environ.get("HTTP_X_CSRF_TOKEN", "")
    )


def either(switch: str, flawed: Test, sound: Test) -> Test:
    """`flawed` while the switch is on, else `sound`."""
    return lambda request: flawed(request) if on(switch) else sound(request)


@dataclass(frozen=True)
class Route:
    handler: Handler
    login: Test
    csrf: Test
    check: Callable[[Request], object] | None


ROUTES: dict[tuple[str, str], Route] = {}


def get(path: str, login: Test = signed_in, check: Callable[[Request], object] | None = None) -> Any:
    return _route("GET", path, login, anyone, check)


def post(
    path: str,
    login: Test = signed_in,
    csrf: Test = csrf_header,
    check: Callable[[Request], object] | None = None,
) -> Any:
    return _route("POST", path, login, csrf, check)


def delete(path: str, check: Callable[[Request], object]) -> Any:
    return _route("DELETE", path, signed_in, csrf_header, check)


def _route(method: str, path: str, login: Test, csrf: Test, check: Callable[[Request], object] | None) -> Any:
    def register(handler: Handler) -> Handler:
        ROUTES[method, BASE + path] = Route(handler, login, csrf, check)
        return handler

    return register


def gate(route: Route, request: Request) -> None:
    """Login, then CSRF, then the route's own check of the object; raises at the first that fails."""
    if not route.login(request):
        raise LoginNeeded
    if not route.csrf(request):
        raise Refused("this form has expired, please try again")
    if route.check is not None:
        route.check(request)


def staff_only(request: Request) -> None:
    if request.me().role != "staff":
        raise Refused("staff only")
