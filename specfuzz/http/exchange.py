"""Requests as probes say them, and exchanges as they come back."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

ANONYMOUS = "anonymous"
"""The built-in identity that carries no credentials."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that promise not to change anything (RFC 9110, section 9.2.1)."""

MIN_SUBSTITUTE_CHARS = 12
"""A shorter value in a substitute is a word such as `undefined`; to mask it everywhere would blank out reports."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """What a request carries in the place of its identity's credentials: a tampered token, a forged or an older session.

    It is everything that is carried: what is not in it is left out. `name` says in a word or two what it is; a `curl`
    line calls its variables after it. `anti_csrf` are headers that go along with a write. Whoever sends it tells the
    redaction, unless `is_secret` is false: `Bearer null` is nobody's secret, and a report is clearer with it.
    """

    name: str
    headers: Pairs = field(default=(), repr=False)
    cookies: Pairs = field(default=(), repr=False)
    query: Pairs = field(default=(), repr=False)
    anti_csrf: Pairs = field(default=(), repr=False)
    is_secret: bool = True

    def secrets(self) -> tuple[str, ...]:
        """Every value that must not be printed, in whole and without its scheme."""
        if not self.is_secret:
            return ()
        pairs = (*self.headers, *self.cookies, *self.query, *self.anti_csrf)
        values = [form for _, value in pairs for form in (value, value.rsplit(" ", 1)[-1], value.strip('"'))]
        return tuple(dict.fromkeys(value for value in values if len(value) >= MIN_SUBSTITUTE_CHARS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as an identity would send it, without that identity's credentials.

    `path` is percent-encoded and relative to the API's base URL; `operation` is the label (`GET /books/{id}`) that
    reports use. Whoever sends the request adds the credentials of `identity`, so a probe need not hold a secret;
    `with_csrf_token` false leaves only the anti-CSRF token out. With a `substitute` that is carried instead, and the
    identity's session neither learns from the answer nor is renewed because of it. `wait_s` seconds pass before it is
    sent: how a probe, which never sleeps, asks for a later look at a server that applies writes late.
    """

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    cookies: Pairs = ()
    body: bytes = b""
    identity: str = ANONYMOUS
    operation: str | None = None
    with_csrf_token: bool = True
    substitute: Substitute | None = None
    wait_s: float = 0.0

    @property
    def target(self) -> str:
        """Path and query as one string, as it stands in the request line."""
        # A lone surrogate goes out as the bytes it stands for, as in `json_body`: some servers choke on them.
        return f"{self.path}?{urlencode(self.query, errors='surrogatepass')}" if self.query else self.path

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE_METHODS

    def header(self, name: str) -> str | None:
        return _first(self.headers, name)

    def with_substitute(self) -> Request:
        """The request as it goes out with its substitute; the request itself where it has none."""
        carried = self.substitute
        if carried is None:
            return self
        tokens = () if self.is_safe or not self.with_csrf_token else carried.anti_csrf
        return replace(
            self,
            headers=(*self.headers, *carried.headers, *tokens),
            cookies=(*carried.cookies, *self.cookies),
            query=(*self.query, *carried.query),
            substitute=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back: status, headers in order, and the whole body (cut at the driver's limit)."""

    status: int
    headers: Pairs = ()
    body: bytes = b""
    _json: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    def header(self, name: str) -> str | None:
        return _first(self.headers, name)

    def header_all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    @property
    def media_type(self) -> str:
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self) -> Any:
        """The body as JSON, or None where it is none (a body of `null` is None too)."""
        if not self._json:
            self._json.append(_parse(self.body))
        return self._json[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its response, the identity that sent it and how long it took, in seconds.

    `sent_headers` are those that really went out, credentials included: they pass through `redaction` before anybody
    sees them.
    """

    request: Request
    response: Response
    url: str = ""
    sent_headers: Pairs = field(default=(), repr=False)
    elapsed_s: float = 0.0

    @property
    def identity(self) -> str:
        return self.request.identity

    @property
    def status(self) -> int:
        return self.response.status


T = TypeVar("T")
Flow = Generator[Request, Exchange, T]
"""A conversation without a socket: yields requests, receives exchanges, returns its result (httpx's `auth_flow`)."""


def json_body(value: Any) -> bytes:
    """`value` as compact JSON. Lone surrogates survive as escapes, since some servers choke on them and we must see."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def _first(pairs: Pairs, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in pairs if key.lower() == wanted), None)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
