"""Take a cookie or token apart without any key. What cannot be read is None, never an error, and never takes long.

Each reader below names the code that writes what it reads. Nothing is deserialised but JSON.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from specfuzz.sessions.decoded import Decoded, Form

MAX_VALUE_CHARS = 65_536
"""A longer value is not looked at: a cookie has 4,096 bytes (RFC 6265, 6.1), a request's headers 64 KiB at most servers."""

MAX_UNPACKED_BYTES = 262_144
"""What a compressed session may become, in bytes: sixty-four full cookies. A longer one is a decompression bomb."""

_ITSDANGEROUS = re.compile(r"(\.?[A-Za-z0-9_\-+/]*={0,2})\.([A-Za-z0-9_-]{4,11})\.([A-Za-z0-9_-]{27,86})")
_DJANGO = re.compile(r"(\.?[A-Za-z0-9_-]+):([A-Za-z0-9]{4,8}):([A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{43})")
_RAILS = re.compile(r"([A-Za-z0-9+/]+={0,2})--([0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})")
_RAILS_SEALED = re.compile(r"[A-Za-z0-9+/]+={0,2}--[A-Za-z0-9+/]{16}(?:={0,2})?--[A-Za-z0-9+/]{22}==")
_REMEMBER = re.compile(r"([^|]{1,256})\|([0-9a-f]{128})")
_EXPRESS = re.compile(r"s:([^\s]+)\.([A-Za-z0-9+/]{43})=?")
_PHP = re.compile(r'(?:a:\d+:\{|O:\d+:"\w|[\w.]+\|(?:[aO]:\d+:|s:\d+:"|[ibd]:\d))')
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def decode(value: str, *, name: str = "", signature: str | None = None) -> Decoded | None:
    """What `value` is; None where it is nothing that this room knows: most likely a random id.

    `name` is its cookie's, and `signature` the value of the cookie beside it (Express' `NAME.sig`).
    """
    if not 0 < len(value) <= MAX_VALUE_CHARS:
        return None
    text = _cleaned(value)
    if signature is not None:
        found = _cookie_session(text, name, signature)
        if found is not None:
            return found
    for reader in _READERS:
        found = reader(text, name)
        if found is not None:
            return found
    return None


def _cleaned(value: str) -> str:
    """Without the quotes and escapes of the cookie (Werkzeug and Django write `\\054` for a comma), percent-decoded."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\([0-3][0-7]{2})", lambda code: chr(int(code[1], 8)), text[1:-1]).replace('\\"', '"')
    return unquote(text) if "%" in text else text


# Parts ------------------------------------------------------------------------------------------------------------


def from_base64(text: str) -> bytes | None:
    """The bytes of base64 in either alphabet, padded or not; None where it is none."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def to_base64url(raw: bytes) -> str:
    """Base64 for URLs without padding (RFC 7515, 2), as itsdangerous, Django and JOSE write it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_json(raw: bytes | str) -> Any:
    """The JSON value, or None where there is none (`null` is nothing to look at either)."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def unpacked(raw: bytes) -> bytes | None:
    """What zlib packed, bounded; None where it is none, or a bomb."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(raw, MAX_UNPACKED_BYTES)
    except zlib.error:
        return None
    return found if unpacker.eof else None


def _payload(text: str) -> tuple[Any, bool]:
    """The JSON in an itsdangerous or Django payload, and whether it was compressed: then it begins with a dot."""
    is_compressed = text.startswith(".")
    raw = from_base64(text[1:] if is_compressed else text)
    if raw is not None and is_compressed:
        raw = unpacked(raw)
    return (None, is_compressed) if raw is None else (read_json(raw), is_compressed)


# Readers ----------------------------------------------------------------------------------------------------------


def _jwt(text: str, name: str) -> Decoded | None:
    """RFC 7519, in the compact form of RFC 7515 (signed) or RFC 7516 (encrypted)."""
    parts = text.split(".")
    if len(parts) not in (3, 5):
        return None
    head = from_base64(parts[0])
    header = read_json(head) if head is not None else None
    if not isinstance(header, Mapping) or "alg" not in header:
        return None
    if len(parts) == 5:
        return Decoded(form=Form.JWE, text=text, header=header, name=name)
    body = from_base64(parts[1])
    claims = read_json(body) if body is not None else None
    issued: Any = claims.get("iat") if isinstance(claims, Mapping) else None
    return Decoded(
        form=Form.JWT,
        text=text,
        data=claims,
        header=header,
        signed=f"{parts[0]}.{parts[1]}".encode("utf-8", "replace"),
        signature=from_base64(parts[2]) or b"",
        issued_at=float(issued) if _is_time(issued) else None,
        name=name,
    )


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11


def _itsdangerous(text: str, name: str) -> Decoded | None:
    """Flask's `SecureCookieSessionInterface` (the payload is base64url) and Starlette's `SessionMiddleware` (base64)."""
    match = _ITSDANGEROUS.fullmatch(text)
    if match is None:
        return None
    data, is_compressed = _payload(match[1])
    moment, signature = from_base64(match[2]), from_base64(match[3])
    if data is None or moment is None or signature is None:
        return None
    # Starlette keeps base64's padding; Flask strips it. Without any the two look alike, and Flask is the likelier.
    starlette = not is_compressed and ("=" in match[1] or "+" in match[1] or "/" in match[1])
    return Decoded(
        form=Form.STARLETTE if starlette else Form.FLASK,
        text=text,
        data=data,
        signed=f"{match[1]}.{match[2]}".encode(),
        signature=signature,
        issued_at=float(int.from_bytes(moment, "big")),
        is_compressed=is_compressed,
        name=name,
    )


def _django(text: str, name: str) -> Decoded | None:
    """`django.core.signing`: the signed-cookies session engine, `signing.dumps`, the messages cookie."""
    match = _DJANGO.fullmatch(text)
    if match is None:
        return None
    data, is_compressed = _payload(match[1])
    signature = from_base64(match[3])
    if signature is None or (data is None and from_base64(match[1].lstrip(".")) is None):
        return None
    moment = 0
    for letter in match[2]:
        moment = moment * 62 + _BASE62.index(letter)
    return Decoded(
        form=Form.DJANGO,
        text=text,
        data=data,
        signed=f"{match[1]}:{match[2]}".encode(),
        signature=signature,
        issued_at=float(moment),
        is_compressed=is_compressed,
        name=name,
    )


def _cookie_session(text: str, name: str, signature: str) -> Decoded | None:
    """Express' cookie-session: base64 JSON, with Keygrip's signature over `name=value` in a cookie beside it."""
    data, raw = _payload(text)[0], from_base64(signature.strip('"'))
    if not isinstance(data, Mapping | list) or raw is None:
        return None
    return Decoded(
        form=Form.COOKIE_SESSION,
        text=text,
        data=data,
        signed=f"{name}={text}".encode("utf-8", "replace"),
        signature=raw,
        name=name,
    )


def _express(text: str, name: str) -> Decoded | None:
    """Express' cookie-signature (`s:value.signature`); express-session signs its ids so, `res.cookie` JSON as `j:{…}`."""
    match = _EXPRESS.fullmatch(text)
    if match is None:
        return None
    data = read_json(match[1][2:]) if match[1].startswith("j:") else None
    signed = match[1].encode("utf-8", "replace")
    signature = from_base64(match[2]) or b""
    return Decoded(form=Form.EXPRESS_SIGNED, text=text, data=data, signed=signed, signature=signature, name=name)


def _remember(text: str, name: str) -> Decoded | None:
    """Flask-Login's `encode_cookie`: the user's id and an HMAC-SHA512 of it."""
    match = _REMEMBER.fullmatch(text)
    if match is None:
        return None
    return Decoded(
        form=Form.REMEMBER,
        text=text,
        data={"user_id": match[1]},
        signed=match[1].encode("utf-8", "replace"),
        signature=bytes.fromhex(match[2]),
        name=name,
    )


def _rails(text: str, name: str) -> Decoded | None:
    """ActiveSupport's MessageVerifier and MessageEncryptor; Rails 5.2 puts the value into an envelope of its own."""
    if _RAILS_SEALED.fullmatch(text):
        return Decoded(form=Form.RAILS_ENCRYPTED, text=text, name=name)
    match = _RAILS.fullmatch(text)
    raw = from_base64(match[1]) if match is not None else None
    if match is None or raw is None:
        return None
    if raw.startswith(b"\x04\x08"):
        form, data = Form.MARSHAL, None
    else:
        form, data = Form.RAILS_SIGNED, read_json(raw)
    if isinstance(data, Mapping) and isinstance(data.get("_rails"), Mapping):
        inner = from_base64(str(data["_rails"].get("message", "")))
        data = read_json(inner) if inner is not None else None
    return Decoded(
        form=form, text=text, data=data, signed=match[1].encode(), signature=bytes.fromhex(match[2]), name=name
    )


def _plain(text: str, name: str) -> Decoded | None:
    """JSON as it stands, Express' unsigned `j:`, base64 of JSON, and what Laravel encrypts."""
    bare = text[2:] if text.startswith("j:") else text
    if bare[:1] in "{[":
        data = read_json(bare)
        return Decoded(form=Form.JSON, text=text, data=data, name=name) if isinstance(data, Mapping | list) else None
    raw = from_base64(text) if len(text) >= 8 else None
    if raw is None:
        return None
    data = read_json(raw) if raw[:1] in (b"{", b"[") else None
    if isinstance(data, Mapping) and {"iv", "value", "mac"} <= set(data):
        return Decoded(form=Form.LARAVEL, text=text, name=name)
    return Decoded(form=Form.BASE64_JSON, text=text, data=data, name=name) if isinstance(data, Mapping | list) else None


def _serialised(text: str, name: str) -> Decoded | None:
    """Formats whose readers build objects as the client says. They are named by their first bytes and not read.

    PHP's `serialize` and session files; Java's stream magic (`AC ED 00 05`); pickle from protocol 2; Ruby's Marshal 4.8.
    """
    raw = from_base64(text) if len(text) >= 8 else None
    start = raw or b""
    if _PHP.match(text) or _PHP.match(start[:64].decode("latin-1")):
        return Decoded(form=Form.PHP, text=text, name=name)
    if start.startswith(b"\xac\xed\x00\x05") or text.lower().startswith("aced0005"):
        return Decoded(form=Form.JAVA, text=text, name=name)
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and start.endswith(b"."):
        return Decoded(form=Form.PICKLE, text=text, name=name)
    if start.startswith(b"\x04\x08") and start[2:3] in (b"{", b"[", b"o", b"I", b'"'):
        return Decoded(form=Form.MARSHAL, text=text, name=name)
    return None


_READERS: tuple[Callable[[str, str], Decoded | None], ...] = (
    _jwt, _itsdangerous, _django, _express, _remember, _rails, _plain, _serialised,
)  # fmt: skip
"""From the form that is hardest to mistake to the one that is easiest."""
