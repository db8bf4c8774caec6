"""Other forms of a request that was refused plainly, for which checks in real APIs are known to be blind.

A gateway's rule matches `/notes/7` and not `/notes/7/`; a check reads the id from the path and the handler takes the one in
the body; a router serves `/notes/7.json` by another route. Each form is tried once for an operation, after a refusal, while
the run has requests to spare. It proves nothing by itself: the same evidence counts as for the plain attempt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from specfuzz.contract import Document, Identifier, Location
from specfuzz.http import Request

MAX_VARIANTS = 6
"""Forms tried for one operation and rule: with the plain attempt and its controls this stays at about twelve requests."""

_VERSION = re.compile(r"/v\d+(?=/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One other form, and what it is in a few words."""

    name: str
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a request names: the identifier of the owner's object, its value, and that of one of the peer's own."""

    identifier: Identifier
    value: Any
    own: Any = None

    @property
    def segment(self) -> str:
        return quote(str(self.value), safe="")


def variants(plain: Request, subject: Subject, document: Document, base_url: str = "") -> Iterator[Variant]:
    """Other forms of a request, the likeliest to be let through first.

    A request that changes something is only sent in forms that cannot mean another object than the owner's, or the
    peer's own: `010` is eight to some servers.
    """
    by_place = {Location.PATH: _in_path, Location.QUERY: _in_query, Location.BODY: _in_body}
    forms = by_place.get(subject.identifier.location)
    if forms is not None:
        yield from forms(plain, subject)
    yield from _by_header(plain)
    yield from _as_other_content(plain)
    yield from _elsewhere(plain, document, base_url)
    if plain.method == "GET":
        yield Variant(name="HEAD", request=replace(plain, method="HEAD"))


# Ids in the path --------------------------------------------------------------------------------------------------


def _in_path(plain: Request, subject: Subject) -> Iterator[Variant]:
    segment = subject.segment
    if subject.own is not None:
        own = _with_segment(plain, segment, quote(str(subject.own), safe=""))
        if plain.body:
            body = _with_property(plain.body, subject.identifier.name, subject.value)
            yield from _only(
                f"the peer's own id in the path, the owner's as `{subject.identifier.name}` in the body", own, body
            )
        else:
            query = (*plain.query, (subject.identifier.name, str(subject.value)))
            yield Variant(
                name=f"the peer's own id in the path, the owner's as `{subject.identifier.name}` in the query",
                request=replace(own, query=query),
            )
    yield Variant(name="`.json` behind the id", request=_with_segment(plain, segment, f"{segment}.json"))
    yield Variant(name="a slash behind the path", request=replace(plain, path=f"{plain.path}/"))
    if segment.upper() != segment and _is_hexadecimal(segment):
        yield Variant(name="the id in upper case", request=_with_segment(plain, segment, segment.upper()))
    if _is_number(segment) and plain.is_safe:
        yield Variant(name="a zero before the id", request=_with_segment(plain, segment, f"0{segment}"))
    if segment[:1].isascii() and segment[:1].isalnum():
        yield Variant(
            name="the id percent-encoded", request=_with_segment(plain, segment, f"%{ord(segment[0]):02X}{segment[1:]}")
        )
    first = plain.path.split("/")[1] if plain.path.startswith("/") else ""
    if first:
        yield Variant(name="`..;/` in the path", request=replace(plain, path=f"/{first}/..;{plain.path}"))


def _with_segment(plain: Request, old: str, new: str) -> Request:
    """The request with the last path segment that is `old` replaced."""
    head, found, tail = plain.path.rpartition(f"/{old}")
    return replace(plain, path=f"{head}/{new}{tail}") if found else plain


def _is_number(text: str) -> bool:
    """Whether a text is a whole number that a server would read as one (a superscript two is none)."""
    return text.isascii() and text.isdigit() and len(text) < 16


def _is_hexadecimal(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8,}(?:-[0-9a-f]+)*", text))


# Ids in the query and the body ------------------------------------------------------------------------------------


def _in_query(plain: Request, subject: Subject) -> Iterator[Variant]:
    name, value = subject.identifier.name, str(subject.value)
    rest = tuple(pair for pair in plain.query if pair[0] != name)
    if subject.own is not None:
        own = (name, str(subject.own))
        yield Variant(
            name=f"`{name}` twice, the owner's last", request=replace(plain, query=(*rest, own, (name, value)))
        )
        yield Variant(
            name=f"`{name}` twice, the owner's first", request=replace(plain, query=(*rest, (name, value), own))
        )
    yield Variant(name=f"`{name}[]`", request=replace(plain, query=(*rest, (f"{name}[]", value))))
    if _is_number(value) and plain.is_safe:
        yield Variant(name="a zero before the id", request=replace(plain, query=(*rest, (name, f"0{value}"))))
    yield Variant(name="a slash behind the path", request=replace(plain, path=f"{plain.path}/"))


def _in_body(plain: Request, subject: Subject) -> Iterator[Variant]:
    name, value = subject.identifier.name, subject.value
    if subject.own is not None:
        both = replace(plain, query=(*plain.query, (name, str(value))))
        yield from _only(
            f"the peer's own `{name}` in the body, the owner's in the query",
            both,
            _with_property(plain.body, name, subject.own),
        )
        yield from _only(f"`{name}` twice in the body", plain, _twice(plain.body, name, subject.own, value))
    form: Any = str(value) if isinstance(value, int) else None
    if form is None and _is_number(str(value)):
        form = int(value)
    if form is not None:
        yield from _only(
            f"`{name}` as a {'text' if isinstance(form, str) else 'number'}",
            plain,
            _with_property(plain.body, name, form),
        )
    yield from _only(f"`{name}` as an array", plain, _with_property(plain.body, name, [value]))
    yield from _only(f"`{name}` inside an object", plain, _with_property(plain.body, name, {name: value}))


def _only(name: str, plain: Request, body: bytes | None) -> Iterator[Variant]:
    """The request with another body; nothing where its body cannot be written so."""
    if body is not None and body != plain.body:
        yield Variant(name=name, request=replace(plain, body=body))


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _with_property(body: bytes, name: str, value: Any) -> bytes | None:
    parsed = _parsed(body)
    return json.dumps({**parsed, name: value}).encode() if parsed is not None else None


def _twice(body: bytes, name: str, first: Any, second: Any) -> bytes | None:
    """A JSON object with one key twice, which parsers read differently (RFC 8259, 4)."""
    parsed = _parsed(body)
    if parsed is None:
        return None
    rest = {key: value for key, value in parsed.items() if key != name}
    parts = [
        json.dumps({name: first})[1:-1],
        *([json.dumps(rest)[1:-1]] if rest else []),
        json.dumps({name: second})[1:-1],
    ]
    return ("{" + ", ".join(parts) + "}").encode()


# The request as a whole -------------------------------------------------------------------------------------------


def _by_header(plain: Request) -> Iterator[Variant]:
    """The path in a header that some proxies and frameworks put in place of the real one. Headers that override the
    method are SF306's."""
    if plain.method == "GET":
        headers = (*plain.headers, ("X-Original-URL", plain.target))
        yield Variant(name="`X-Original-URL`", request=replace(plain, path="/", query=(), headers=headers))


def _as_other_content(plain: Request) -> Iterator[Variant]:
    """A JSON body as a form, or with a media type that a middleware which reads JSON passes over."""
    parsed = _parsed(plain.body)
    if parsed is None or "json" not in (plain.header("content-type") or ""):
        return
    rest = tuple(pair for pair in plain.headers if pair[0].lower() != "content-type")
    if all(isinstance(value, str | int | float) for value in parsed.values()):
        form = urlencode({key: _as_text(value) for key, value in parsed.items()}).encode()
        headers = (*rest, ("Content-Type", "application/x-www-form-urlencoded"))
        yield Variant(name="the body as a form", request=replace(plain, body=form, headers=headers))
    else:
        yield Variant(
            name="the body as text/plain", request=replace(plain, headers=(*rest, ("Content-Type", "text/plain")))
        )


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _elsewhere(plain: Request, document: Document, base_url: str) -> Iterator[Variant]:
    """The same path under another version or prefix that the document declares on the same origin."""
    if not base_url or not plain.path.startswith("/"):
        return
    base = urlsplit(base_url)
    origin, here = f"{base.scheme}://{base.netloc}", base.path.rstrip("/")
    prefixes = {urlsplit(server).path.rstrip("/") for server in document.servers}
    versions = {found[0] for item in document.operations for found in _VERSION.finditer(item.path)}
    versions |= {found[0] for prefix in prefixes for found in _VERSION.finditer(prefix)}
    full = f"{here}{plain.path}"
    others = [f"{prefix}{plain.path}" for prefix in sorted(prefixes - {here})]
    others += [_VERSION.sub(version, full, count=1) for version in sorted(versions)] if _VERSION.search(full) else []
    for path in dict.fromkeys(others):
        if path != full:
            yield Variant(
                name=f"as {path[: len(path) - len(plain.path)] or path}", request=replace(plain, path=f"{origin}{path}")
            )


def named(tried: Sequence[str]) -> str:
    """The forms that were tried, as a verdict's reason lists them."""
    return f"; also tried: {', '.join(tried)}" if tried else ""
