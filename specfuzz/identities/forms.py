"""Anti-CSRF tokens in bodies: hidden fields of pages, fields of forms and of JSON, as Django, Rails, Laravel, Flask-WTF,
ASP.NET and csurf name them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

from specfuzz.http import Request, Response

_FIELD_NAME = re.compile(
    r"csrf|xsrf|authenticity[_-]?token|requestverificationtoken|^_token$|^_wpnonce$", re.IGNORECASE
)
"""`csrfmiddlewaretoken`, `csrf_token`, `authenticity_token`, `_token`, `__RequestVerificationToken`, `_csrf`, `_wpnonce`."""

_PART = re.compile(rb'(Content-Disposition: form-data; name="([^"]*)"\r\n\r\n)(.*?)(\r\n--)', re.DOTALL | re.IGNORECASE)
"""One field of a multipart body (RFC 7578) that is no file."""

MAX_PAGE_CHARS = 500_000
"""Characters of a page that are looked through for a form: a token stands near its beginning."""

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToken:
    """An anti-CSRF token that a page holds; `field` is the hidden field it stands in, None for a `<meta>` of its own."""

    value: str
    field: str | None = None


def is_token_field(name: str) -> bool:
    """Whether a body field of this name carries an anti-CSRF token by convention."""
    return bool(_FIELD_NAME.search(name))


def media_type_of(request: Request) -> str:
    return (request.header("content-type") or "").split(";")[0].strip().lower()


def has_token_field(request: Request) -> bool:
    """Whether the request's body has a field for an anti-CSRF token."""
    return _changed(request, None) is not None


def with_token(request: Request, token: str | None, field: str | None = None) -> Request:
    """The request with `token` in the fields that carry one; left out for None. `field` is added to a form without one."""
    changed = _changed(request, token)
    if changed is not None:
        return replace(request, body=changed)
    if token is not None and field is not None and media_type_of(request) == FORM:
        pair = urlencode([(field, token)]).encode()
        return replace(request, body=request.body + b"&" + pair if request.body else pair)
    return request


def _changed(request: Request, token: str | None) -> bytes | None:
    """The body with its token fields set or left out; None where it has none."""
    kind = media_type_of(request)
    if not request.body:
        return None
    if kind == FORM:
        return _in_form(request.body, token)
    if kind == MULTIPART:
        return _in_parts(request.body, token)
    return _in_json(request.body, token) if kind.endswith("json") else None


def _in_form(body: bytes, token: str | None) -> bytes | None:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if not any(is_token_field(name) for name, _ in pairs):
        return None
    made = [(name, token if is_token_field(name) else value) for name, value in pairs]
    return urlencode([(name, value) for name, value in made if value is not None]).encode()


def _in_parts(body: bytes, token: str | None) -> bytes | None:
    found = False

    def change(part: re.Match[bytes]) -> bytes:
        nonlocal found
        if not is_token_field(part[2].decode("utf-8", "replace")):
            return part[0]
        found = True
        # An empty part is as good as none, and keeps the boundaries as they are.
        return part[1] + (token or "").encode() + part[4]

    changed = _PART.sub(change, body)
    return changed if found else None


def _in_json(body: bytes, token: str | None) -> bytes | None:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, Mapping) or not any(is_token_field(str(name)) for name in value):
        return None
    made = {name: token if is_token_field(str(name)) else item for name, item in value.items()}
    kept = {name: item for name, item in made.items() if item is not None or not is_token_field(str(name))}
    return json.dumps(kept, separators=(",", ":")).encode()


class _Page(HTMLParser):
    """Looks for `<input type=hidden name=csrf_token value=…>` and `<meta name=csrf-token content=…>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: PageToken | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if not is_token_field(name) or (self.found is not None and self.found.field is not None):
            return
        if tag == "input" and given.get("value"):
            self.found = PageToken(value=given["value"], field=name)
        elif tag == "meta" and given.get("content") and "param" not in name.lower():
            self.found = self.found or PageToken(value=given["content"])


def token_in_page(response: Response) -> PageToken | None:
    """The anti-CSRF token in an HTML page: in a hidden field, else in a `<meta>`."""
    if "html" not in response.media_type:
        return None
    text = response.text[:MAX_PAGE_CHARS]
    if not re.search(r"csrf|xsrf|token|nonce", text, re.IGNORECASE):
        return None
    page = _Page()
    page.feed(text)
    return page.found
