"""A logged-in identity: what its requests carry, kept up to date from what comes back."""

from __future__ import annotations

import base64
import email.utils
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from specfuzz.http import Exchange, Request, Response
from specfuzz.identities.forms import token_in_page, with_token
from specfuzz.identities.identity import CsrfRules, Secret, secret_headers

_CSRF_NAME = re.compile(r"csrf|xsrf|authenticity[_-]?token|requestverificationtoken", re.IGNORECASE)
_COOKIE_HEADERS = {"csrftoken": "X-CSRFToken", "xsrf-token": "X-XSRF-TOKEN", "_xsrf": "X-XSRFToken"}
"""Which header repeats which cookie: Django, Angular and Laravel, Tornado (each framework's documentation)."""

_CONVENTIONAL_HEADERS = ("X-CSRFToken", "X-CSRF-Token")
"""Flask-WTF and Django take the first, Rails and most Node middleware the second; a server ignores the other."""

_BARE_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,}")
"""The characters of a bearer token (RFC 6750, 2.1), too many for a word such as `unauthorized`."""

_EPOCH_S = 86_400
"""A cookie that expires within a day of 1970 is being removed, whatever the clocks of the two machines say."""

_LOGIN_PATH = re.compile(r"(^|/)(user_?)?(log|sign)[-_]?(in|on)(/|\.\w+|$)", re.IGNORECASE)
"""A last or inner segment such as `login`, `sign_in` or `login.php`; not the word in `/blogin` or `?next=/login`."""

_TOKEN_NAME = re.compile(
    r"^(?:access_?token|token|jwt|id_?token|auth_?token|session_?token|bearer_?token|api_?token|api_?key|key|access|authtoken)$",
    re.IGNORECASE,
)


@dataclass(slots=True, kw_only=True)
class Session:
    """The credentials of one log-in. `generation` counts log-ins, so that two expiries at once renew only once.

    `answers` are the exchanges of the log-in: where its cookies and tokens come from.
    `same_site` has the attribute of each cookie, lower case, "" where none was set. `csrf_field` is the hidden field in
    which a page gave its token.
    """

    identity: str
    generation: int = 0
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    same_site: dict[str, str] = field(default_factory=dict)
    csrf_token: str | None = field(default=None, repr=False)
    csrf_field: str | None = None
    csrf: CsrfRules = field(default_factory=CsrfRules)
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answers: tuple[Exchange, ...] = field(default=(), repr=False)

    def authorize(self, request: Request) -> Request:
        """The request with this session's credentials. What the request itself says wins: forged ones are a probe's."""
        own = {name.lower() for name, _ in request.headers}
        headers = [(name, value) for name, value in self.headers if name.lower() not in own]
        if request.with_csrf_token and not request.is_safe:
            headers.extend((name, value) for name, value in self.csrf_headers() if name.lower() not in own)
        named = {name for name, _ in request.cookies}
        asked = {name for name, _ in request.query}
        cookies = tuple((name, value) for name, value in self.cookies.items() if name not in named)
        token = self.current_csrf_token() if request.with_csrf_token and not request.is_safe else None
        return replace(
            with_token(request, token, self.csrf_field) if token is not None else request,
            headers=(*request.headers, *headers),
            cookies=(*cookies, *request.cookies),
            query=(*request.query, *((name, value) for name, value in self.query if name not in asked)),
        )

    def current_csrf_token(self) -> str | None:
        """The token that a write carries in a header or its body; None where none is known."""
        if self.csrf_token is not None:
            return self.csrf_token
        cookie = next((value for name, value in self.cookies.items() if _CSRF_NAME.search(name)), None)
        return unquote(cookie.strip('"')) if cookie is not None else None

    def csrf_headers(self) -> Iterator[tuple[str, str]]:
        """The headers that repeat the anti-CSRF token, as frameworks and the document name them."""
        for name, value in self.cookies.items():
            if _CSRF_NAME.search(name):
                conventional = _COOKIE_HEADERS.get(name.lower())
                for header in self.csrf.headers or ((conventional,) if conventional else _CONVENTIONAL_HEADERS):
                    yield header, self.current_csrf_token() or unquote(value.strip('"'))
                return
        if self.csrf_token is not None:
            for header in self.csrf.headers or _CONVENTIONAL_HEADERS:
                yield header, self.csrf_token

    def absorb(self, response: Response) -> None:
        """Take over what an accepted response sets: cookies (RFC 6265, 5.2), a new anti-CSRF token in a header."""
        if response.status >= 400:
            return
        for name, value, gone in set_cookies(response):
            if _CSRF_NAME.search(name) and self.cookies.get(name) != value:
                self.csrf_token = None  # it belonged to the cookie's old value
            if gone:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        self.same_site.update(same_site_of(response))
        for name, value in response.headers:
            if _CSRF_NAME.search(name) and value:
                self.csrf_token = value
        self.absorb_page(response)

    def absorb_page(self, response: Response) -> None:
        """Take over the token that a page holds in a form of its own, or in a `<meta>` for scripts."""
        found = token_in_page(response)
        if found is not None:
            self.csrf_token, self.csrf_field = found.value, found.field or self.csrf_field

    def secrets(self) -> Iterator[str]:
        """Every value in this session that must not be printed; a scheme such as `Bearer` is none."""
        headers = secret_headers((name, Secret(value)) for name, value in self.headers)
        for value in (*(header.reveal() for header in headers), *(value for _, value in self.query)):
            yield value
            yield value.rsplit(" ", 1)[-1]
        for value in self.cookies.values():
            yield value.strip('"')
        if self.csrf_token:
            yield self.csrf_token


def set_cookies(response: Response) -> Iterator[tuple[str, str, bool]]:
    """(name, value, whether it is removed) of each `Set-Cookie`. Quotes are part of the value (RFC 6265, 5.2)."""
    for line in response.header_all("set-cookie"):
        pair, *attributes = line.split(";")
        name, separator, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if separator and name:
            yield name, value, not value.strip('"') or _is_removal(attributes)


def same_site_of(response: Response) -> Iterator[tuple[str, str]]:
    """(name, `SameSite` in lower case or "") of each cookie that is set (RFC 6265bis, 5.4.7)."""
    for line in response.header_all("set-cookie"):
        pair, *attributes = line.split(";")
        settings = dict(attribute.strip().lower().partition("=")[::2] for attribute in attributes)
        if "=" in pair:
            yield pair.partition("=")[0].strip(), settings.get("samesite", "").strip()


def _is_removal(attributes: Iterable[str]) -> bool:
    """Whether a cookie with these attributes is to be forgotten: `Max-Age`, which wins, or `Expires` (RFC 6265, 5.3)."""
    settings = {
        name.strip().lower(): value.strip() for name, _, value in (attribute.partition("=") for attribute in attributes)
    }
    if re.fullmatch(r"-?[0-9]{1,18}", settings.get("max-age", "")):
        return int(settings["max-age"]) <= 0
    try:
        expires = email.utils.parsedate_tz(settings.get("expires", ""))
        return expires is not None and email.utils.mktime_tz(expires) <= _EPOCH_S
    except (ValueError, OverflowError):
        return False


def find_token(response: Response) -> str | None:
    """The access token in a log-in's response: under a usual name, at most three levels deep; the body; a header."""
    queue: list[tuple[int, Any]] = [(0, response.json)]
    for depth, node in queue:
        if isinstance(node, str) and depth == 0 and len(node) >= 16:
            return node
        if not isinstance(node, Mapping):
            continue
        for name, value in node.items():
            if isinstance(value, str) and len(value) >= 8 and _TOKEN_NAME.match(str(name)):
                return value
        if depth < 3:
            queue.extend((depth + 1, value) for value in node.values())
    if response.media_type == "text/plain" and _BARE_TOKEN.fullmatch(response.text.strip()):
        return response.text.strip()
    header = response.header("authorization") or response.header("x-auth-token")
    return header.rsplit(" ", 1)[-1] if header else None


def find_csrf_token(exchange: Exchange) -> str | None:
    """An anti-CSRF token in a response: under a name that says so, in its body or a header; a dedicated path's body."""
    queue: list[tuple[int, Any]] = [(0, exchange.response.json)]
    is_dedicated = bool(_CSRF_NAME.search(exchange.request.path))
    for depth, node in queue:
        if is_dedicated and depth == 0 and isinstance(node, str) and len(node) >= 8:
            return node
        if not isinstance(node, Mapping):
            continue
        for name, value in node.items():
            named = _CSRF_NAME.search(str(name)) or (is_dedicated and "token" in str(name).lower())
            if named and isinstance(value, str) and len(value) >= 8:
                return value
        if depth < 2:
            queue.extend((depth + 1, value) for value in node.values())
    return next((value for name, value in exchange.response.headers if _CSRF_NAME.search(name) and value), None)


def token_claims(token: str) -> Mapping[str, Any]:
    """The claims of a JSON Web Token, unverified: only to learn who we are (RFC 7519); empty if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def is_csrf_name(name: str) -> bool:
    """Whether a cookie, field or header of this name carries an anti-CSRF token by convention."""
    return bool(_CSRF_NAME.search(name))


def leads_to_login(response: Response) -> bool:
    """Whether this is a redirect to a page for logging in, as browsers get it instead of a 401."""
    path = re.split(r"[?#]", response.header("location") or "", maxsplit=1)[0]
    return response.status in (302, 303, 307) and bool(_LOGIN_PATH.search(path))
