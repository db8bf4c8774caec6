"""Sign other data with a key that was found, exactly as the framework would: through its own library where that is here."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

from specfuzz.sessions.decode import to_base64url
from specfuzz.sessions.decoded import Decoded, Form
from specfuzz.sessions.guess import Key

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class NotForgeable(Exception):
    """This form cannot carry other data: what is signed is an id, or cannot be read."""


def forge(decoded: Decoded, data: Any, key: Key, now: Callable[[], float] = time.time) -> str:
    """The value with `data` in the place of its own, signed with `key`. Raises `NotForgeable`.

    A Flask or Django session gets the time `now`; a token keeps the times in its claims.
    """
    if decoded.form in (Form.FLASK, Form.STARLETTE):
        return _itsdangerous(decoded, data, key, now)
    if decoded.form is Form.DJANGO:
        return _django(decoded, data, key, now)
    if decoded.form is Form.JWT:
        return _jwt(decoded, data, key)
    if decoded.form is Form.COOKIE_SESSION:
        return base64.b64encode(_compact(data)).decode()  # its signature travels in the cookie beside it
    if decoded.form is Form.RAILS_SIGNED and "_rails" not in _rails_envelope(decoded):
        payload = base64.b64encode(_compact(data)).decode()
        return f"{payload}--{key.scheme.signature(key.secret, payload.encode()).hex()}"
    if decoded.form is Form.REMEMBER and isinstance(data, dict) and "user_id" in data:
        user = str(data["user_id"])
        return f"{user}|{key.scheme.signature(key.secret, user.encode()).hex()}"
    raise NotForgeable(f"a {decoded.form} holds nothing that could be changed")


def companion(decoded: Decoded, value: str, key: Key) -> str:
    """The signature cookie that goes beside a forged cookie-session value (`NAME.sig`)."""
    return to_base64url(key.scheme.signature(key.secret, f"{decoded.name}={value}".encode()))


def confirms(decoded: Decoded, key: Key) -> bool:
    """Whether the framework's own library, given the key, takes the value as its own."""
    if decoded.form not in (Form.FLASK, Form.STARLETTE):
        return key.scheme.signature(key.secret, decoded.signed) == decoded.signature
    return bool(_signer(key).validate(decoded.text))


def _compact(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), default=str).encode()


def _signer(key: Key, now: Callable[[], float] = time.time) -> Any:
    """itsdangerous' signer with the salt, derivation and digest that were found."""
    from itsdangerous import TimestampSigner

    class At(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(now())

    digest = getattr(hashlib, key.scheme.digest)
    return At(key.secret, salt=key.scheme.salt, key_derivation=key.scheme.derivation, digest_method=digest)


def _itsdangerous(decoded: Decoded, data: Any, key: Key, now: Callable[[], float]) -> str:
    raw = _compact(data)
    if decoded.form is Form.STARLETTE:
        payload = base64.b64encode(raw).decode()
    elif decoded.is_compressed:
        payload = "." + to_base64url(zlib.compress(raw))
    else:
        payload = to_base64url(raw)
    signed: bytes = _signer(key, now).sign(payload)
    return signed.decode()


def _django(decoded: Decoded, data: Any, key: Key, now: Callable[[], float]) -> str:
    raw = _compact(data)
    payload = "." + to_base64url(zlib.compress(raw)) if decoded.is_compressed else to_base64url(raw)
    moment, stamp = int(now()), ""
    while moment:
        moment, rest = divmod(moment, 62)
        stamp = _BASE62[rest] + stamp
    signed = f"{payload}:{stamp}"
    return f"{signed}:{to_base64url(key.scheme.signature(key.secret, signed.encode()))}"


def _jwt(decoded: Decoded, claims: Any, key: Key) -> str:
    """By PyJWT's algorithm, whose `encode` would refuse the very keys that this is about: too short, or empty."""
    from jwt.algorithms import get_default_algorithms

    algorithm = get_default_algorithms()[decoded.algorithm.upper()]
    signed = f"{to_base64url(_compact(dict(decoded.header)))}.{to_base64url(_compact(claims))}"
    return f"{signed}.{to_base64url(algorithm.sign(signed.encode(), key.secret))}"


def _rails_envelope(decoded: Decoded) -> str:
    """The signed payload as text: Rails' envelope names the purpose, and is not rebuilt here."""
    from specfuzz.sessions.decode import from_base64

    return (from_base64(decoded.signed.decode("latin-1")) or b"").decode("utf-8", "replace")
