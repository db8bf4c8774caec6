"""Find out, offline, whether a signature was made with a key that anybody could think of.

Each scheme says how a framework gets from its secret to the signature. The inner loop is `hmac.digest`, which is C; what
matches is signed again by `specfuzz.sessions.forge` through the framework's own library before anybody hears of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from specfuzz.sessions.candidates import MAX_CANDIDATES, Candidate
from specfuzz.sessions.decoded import Decoded, Form

MAX_SIDE_CANDIDATES = 8_000
"""Keys tried with each scheme beyond a form's own (other salts, other digests): the likeliest ones come first."""

MAX_SLOW_CANDIDATES = 200
"""Keys tried where Rails stretches each one with a thousand rounds of PBKDF2: about 2 ms apiece."""

_RAILS_ROUNDS = 1_000
"""Iterations of ActiveSupport's key generator (`key_generator_hash_digest_class` decides on the digest)."""

JWT_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
"""RFC 7518, 3.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a secret becomes a signature: which salt and digest, and how the signing key is derived from the secret.

    `derivation` is one of itsdangerous' (`hmac`, `django-concat`), `none`, or `rails`.
    """

    digest: str
    salt: bytes = b""
    derivation: str = "none"
    signed_as: str = ""
    limit: int = MAX_CANDIDATES

    def key(self, secret: bytes) -> bytes:
        """The signing key."""
        if self.derivation == "hmac":
            return hmac.digest(secret, self.salt, self.digest)
        if self.derivation == "django-concat":
            return hashlib.new(self.digest, self.salt + b"signer" + secret).digest()
        if self.derivation == "rails":
            return hashlib.pbkdf2_hmac(self.digest, secret, self.salt, _RAILS_ROUNDS, 64)
        return secret

    def signature(self, secret: bytes, signed: bytes) -> bytes:
        return hmac.digest(self.key(secret), signed, self.signed_as or self.digest)

    def test(self, decoded: Decoded) -> Callable[[bytes], bool]:
        """Whether a secret made the signature of `decoded`. The usual derivations are written out: this is the hot loop."""
        signed, wanted, digest, salt = decoded.signed, decoded.signature, self.digest, self.salt
        make = hmac.digest
        if self.signed_as:
            return lambda secret: self.signature(secret, signed) == wanted
        if self.derivation == "none":
            return lambda secret: make(secret, signed, digest) == wanted
        if self.derivation == "hmac":
            return lambda secret: make(make(secret, salt, digest), signed, digest) == wanted
        return lambda secret: self.signature(secret, signed) == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key that signed something, the scheme that it signed with, and which of the candidates it was."""

    secret: bytes = field(repr=False)
    scheme: Scheme
    origin: str
    tried: int

    @property
    def shown(self) -> str:
        """Enough of the key to recognise it by, not enough to use it."""
        text = self.secret.decode("utf-8", "replace")
        edge = text[:1] if text[:1].isprintable() else "?"
        return f"{edge}… ({len(text)} characters)" if text else "the empty key"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotGuessed:
    """No candidate was the key; `reason` says what was tried, or why nothing could be."""

    reason: str
    tried: int = 0


def guess(decoded: Decoded, candidates: Iterable[Candidate], *, limit: int | None = MAX_CANDIDATES) -> Key | NotGuessed:
    """The key behind a signature, if it is among the candidates. `limit` bounds how many are tried; None tries all."""
    schemes = schemes_for(decoded)
    if not decoded.is_signed:
        return NotGuessed(reason=f"a {decoded.form} without a signature has no key")
    if not schemes:
        algorithm = f" ({decoded.algorithm})" if decoded.algorithm else ""
        return NotGuessed(reason=f"the signature of this {decoded.form}{algorithm} has no key that could be guessed")
    tests = [(scheme, scheme.test(decoded), limit if limit is None else scheme.limit) for scheme in schemes]
    tried = 0
    for tried, candidate in enumerate(islice(candidates, limit), start=1):
        for scheme, test, most in tests:
            if (most is None or tried <= most) and test(candidate.key):
                return Key(secret=candidate.key, scheme=scheme, origin=candidate.origin, tried=tried)
    return NotGuessed(reason=f"none of {tried:,} likely keys made the signature", tried=tried)


def schemes_for(decoded: Decoded) -> tuple[Scheme, ...]:
    """The ways in which this form may have been signed, the usual one first; those whose digest has another size are out."""
    size = len(decoded.signature)
    return tuple(scheme for scheme in _schemes(decoded) if _size(scheme) == size)


def _size(scheme: Scheme) -> int:
    return hashlib.new(scheme.signed_as or scheme.digest).digest_size


def _schemes(decoded: Decoded) -> Iterator[Scheme]:
    form = decoded.form
    if form is Form.JWT:
        digest = JWT_DIGESTS.get(decoded.algorithm.upper())
        if digest is not None:
            yield Scheme(digest=digest)
    elif form in (Form.FLASK, Form.STARLETTE):
        yield from _itsdangerous(first=form)
    elif form is Form.DJANGO:
        yield from _django(decoded.name)
    elif form is Form.COOKIE_SESSION:
        yield from (Scheme(digest=digest) for digest in ("sha1", "sha256", "sha512"))
    elif form is Form.EXPRESS_SIGNED:
        yield Scheme(digest="sha256")
    elif form is Form.REMEMBER:
        yield Scheme(digest="sha512")
    elif form in (Form.RAILS_SIGNED, Form.MARSHAL):
        for digest in ("sha1", "sha256"):
            yield Scheme(digest=digest)
            yield Scheme(
                digest=digest, salt=b"signed cookie", derivation="rails", signed_as="sha1", limit=MAX_SLOW_CANDIDATES
            )
            yield Scheme(
                digest=digest, salt=b"signed cookie", derivation="rails", signed_as="sha256", limit=MAX_SLOW_CANDIDATES
            )


def _itsdangerous(first: Form) -> Iterator[Scheme]:
    """Flask's `cookie-session` (HMAC, SHA-1), Starlette's default signer, then what else is signed so.

    Salts: itsdangerous' own defaults, Flask-WTF's anti-CSRF token. Digests: what `SESSION_COOKIE` code often changes.
    """
    flask = Scheme(digest="sha1", salt=b"cookie-session", derivation="hmac")
    starlette = Scheme(digest="sha1", salt=b"itsdangerous.Signer", derivation="django-concat")
    yield from (flask, starlette) if first is Form.FLASK else (starlette, flask)
    for digest in ("sha256", "sha512"):
        yield Scheme(digest=digest, salt=b"cookie-session", derivation="hmac", limit=MAX_SIDE_CANDIDATES)
        yield Scheme(digest=digest, salt=b"itsdangerous.Signer", derivation="django-concat", limit=MAX_SIDE_CANDIDATES)
    for salt, derivation in ((b"wtf-csrf-token", "django-concat"), (b"itsdangerous", "django-concat")):
        yield Scheme(digest="sha1", salt=salt, derivation=derivation, limit=MAX_SIDE_CANDIDATES)


def _django(cookie: str) -> Iterator[Scheme]:
    """The session engine, `signing.dumps`, the messages cookie and `set_signed_cookie`; SHA-256 since Django 3.1."""
    salts = [
        "django.contrib.sessions.backends.signed_cookies",
        "django.core.signing",
        "django.contrib.messages",
        cookie,
    ]
    for number, salt in enumerate(salts):
        for digest in ("sha256", "sha1"):
            limit = MAX_CANDIDATES if number == 0 else MAX_SIDE_CANDIDATES
            yield Scheme(digest=digest, salt=salt.encode(), derivation="django-concat", limit=limit)
