"""Issuing and checking JSON Web Tokens."""

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt
from sqlalchemy.orm import Session

from .models import Customer, DeniedToken, RefreshToken
from .switches import on

ISSUER = "harbour-bank"
ALGORITHM = "HS256"
ACCESS_TTL_S = 60
REFRESH_TTL_S = 8 * 60 * 60


class InvalidToken(Exception):
    """The token proves nothing: malformed, forged, expired, revoked or of the other type."""


def _signing_key() -> str:
    if on("jwt-weak-secret"):
        # SF413: the tutorial's key went live.
        return "secret"
    return secrets.token_urlsafe(48)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    access_ttl_s: int = ACCESS_TTL_S
    key: str = field(default_factory=_signing_key, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    customer_id: uuid.UUID
    token_id: str
    session_id: str


def issue_pair(
    session: Session, settings: TokenSettings, customer: Customer, session_id: str | None = None
) -> dict[str, str | int]:
    """An access and a refresh token for a new login, or for the one that `session_id` names."""
    session_id = session_id or str(uuid.uuid4())
    access = _claims(customer, session_id, "access")
    access["exp"] = access["iat"] + timedelta(seconds=settings.access_ttl_s)
    # For the apps to know which screens to show. The API itself asks the database.
    access["role"] = customer.role
    if on("jwt-no-expiry"):
        # SF414: "the apps kept logging people out".
        del access["exp"]
    if on("jwt-whole-customer"):
        # SF415: claims are signed, not encrypted; whoever sees the token reads them.
        access |= {"tax_id": customer.tax_id or "", "password_hash": customer.password_hash}
    # Without `exp`: how long a refresh token is good for is kept beside it, where it can be shortened.
    refresh = _claims(customer, session_id, "refresh")
    session.add(
        RefreshToken(
            jti=refresh["jti"],
            session_id=session_id,
            customer_id=customer.id,
            expires_at=refresh["iat"] + timedelta(seconds=REFRESH_TTL_S),
        )
    )
    return {
        "access_token": jwt.encode(access, settings.key, ALGORITHM),
        "refresh_token": jwt.encode(refresh, settings.key, ALGORITHM),
        "token_type": "bearer",
        "expires_in": settings.access_ttl_s,
    }


def _claims(customer: Customer, session_id: str, kind: str) -> dict:
    return {
        "iss": ISSUER,
        "sub": str(customer.id),
        "jti": str(uuid.uuid4()),
        "sid": session_id,
        "typ": kind,
        "iat": datetime.now(UTC),
    }


def check(session: Session, settings: TokenSettings, token: str, kind: str) -> Claims:
    """What a token says, once it is known to be ours, of this kind, unexpired and not revoked."""
    required = ["iss", "sub", "jti", "sid", "iat"]
    if kind == "access" and not on("jwt-no-expiry"):
        required.append("exp")
    try:
        payload = _decode(token, settings.key, required, kind)
        claims = Claims(
            customer_id=uuid.UUID(payload["sub"]),
            token_id=str(payload["jti"]),
            session_id=str(payload["sid"]),
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidToken from error
    if payload.get("typ") != kind:
        raise InvalidToken
    if any(session.get(DeniedToken, name) for name in (claims.token_id, claims.session_id)):
        raise InvalidToken
    return claims


def _decode(token: str, key: str, required: list[str], kind: str) -> dict:
    options: dict = {"require": required}
    algorithms = [ALGORITHM]
    verified = True
    if on("jwt-alg-none") and kind == "access":
        # SF411: "let the token say how it was signed", to be ready for a change of algorithm.
        algorithms = [str(jwt.get_unverified_header(token).get("alg"))]
        verified = algorithms != ["none"]
    if on("jwt-signature-ignored") and kind == "access":
        # SF412: "the gateway has checked it". There is no gateway.
        verified = False
    if not verified:
        options |= {"verify_signature": False, "verify_exp": True, "verify_iss": True}
    return jwt.decode(token, key, algorithms=algorithms, issuer=ISSUER, options=options)


def deny(session: Session, *token_ids: str) -> None:
    for token_id in token_ids:
        session.merge(DeniedToken(jti=token_id))
