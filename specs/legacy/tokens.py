"""Session tokens: JSON Web Tokens signed with HMAC-SHA256 (draft-ietf-oauth-json-web-token), made by hand.

There is no package for this that we would trust in production yet, and it is forty lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from store import User
from switches import on

LIFETIME_S = 3600

_secret = b""
_csrf_secret = b""
_denied: dict[str, float] = {}  # jti of a session that was logged out -> when it would have expired anyway


def new_secrets() -> None:
    """Fresh keys: whatever was signed before is worthless from here on."""
    global _secret, _csrf_secret
    # SF413: the value from the sample configuration
    _secret = b"changeme" if on("jwt-weak-secret") else secrets.token_bytes(32)
    _csrf_secret = secrets.token_bytes(32)
    _denied.clear()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(part: str) -> Any:
    """The JSON value in one part of a token; None if it holds none."""
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _signature(signed: str) -> str:
    return _encode(hmac.new(_secret, signed.encode("utf-8", "replace"), hashlib.sha256).digest())


def issue(user: User) -> tuple[str, dict[str, Any]]:
    """A new session: its token, and the claims in it."""
    claims: dict[str, Any] = {"sub": user.username, "jti": secrets.token_hex(16), "iat": int(time.time())}
    if not on("jwt-without-exp"):  # SF414: sessions that last until the cookie is lost
        claims["exp"] = claims["iat"] + LIFETIME_S
    if on("jwt-carries-hash"):
        # SF415: kept in the token so that a changed password ends the session; anybody can decode it
        claims["pw_hash"] = user.pw_hash
    signed = _encode(b'{"alg":"HS256","typ":"JWT"}') + "." + _encode(json.dumps(claims).encode())
    return signed + "." + _signature(signed), claims


def read(token: str) -> dict[str, Any] | None:
    """The claims of a session token that is genuine, current and not logged out; else None."""
    signed, _, signature = token.rpartition(".")
    head, _, body = signed.partition(".")
    if not _is_genuine(head, signed, signature):
        return None
    claims = _decode(body)
    if not isinstance(claims, dict):
        return None
    expires = claims.get("exp", time.time() + LIFETIME_S if on("jwt-without-exp") else None)
    if isinstance(expires, bool) or not isinstance(expires, (int, float)) or not expires > time.time():
        return None
    if not isinstance(claims.get("sub"), str) or not isinstance(claims.get("jti"), str):
        return None
    return None if claims["jti"] in _denied else claims


def _is_genuine(head: str, signed: str, signature: str) -> bool:
    header = _decode(head)
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if on("jwt-none-accepted") and str(algorithm).lower() == "none":
        return True  # SF411: the token itself says that nothing needs checking
    if algorithm != "HS256":
        return False
    if on("jwt-signature-unchecked"):
        return bool(signature)  # SF412: a signature is there, but nobody compares it
    # Compared as text: the last base64 character has spare bits, so several texts decode to the same bytes.
    return hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(signed).encode())


def csrf_token(claims: dict[str, Any]) -> str:
    """The anti-CSRF token of one user: the same in all their sessions, so that a form that was open while the
    session ran out can still be sent after the next login. Nothing to store."""
    return hmac.new(_csrf_secret, claims["sub"].encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:40]


def csrf_matches(claims: dict[str, Any], sent: str) -> bool:
    return hmac.compare_digest(csrf_token(claims).encode(), sent.encode("utf-8", "replace"))


def revoke(claims: dict[str, Any]) -> None:
    """End a session before its time."""
    now = time.time()
    for jti in [jti for jti, expires in _denied.items() if expires < now]:
        del _denied[jti]
    _denied[claims["jti"]] = claims.get("exp", now + 10 * 365 * 86400)
