"""Who is calling: sign-up, login, refresh and logout, and the dependencies that guard the other routes."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select

from . import schemas, tokens
from .models import Customer, DbSession, RefreshToken, now
from .switches import on

HASH_ROUNDS = 600  # far too few for a real bank; the sandbox has to start quickly
Model = TypeVar("Model", bound=BaseModel)
STAFF = frozenset({"teller", "admin"})

_REFUSALS = {
    400: "The body could not be read, or a value has no meaning here.",
    401: "No access token, or one that is malformed, expired or revoked.",
    403: "The caller's role does not allow this.",
    404: "There is no such thing, or it is not the caller's. The answer is the same for both.",
    409: "Not possible in the present state.",
    503: "Not at the moment; `Retry-After` says when to ask again.",
}


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The documented refusals of an operation."""
    return {code: {"model": schemas.Problem, "description": _REFUSALS[code]} for code in codes}


def unauthenticated(detail: str = "Not authenticated") -> HTTPException:
    return HTTPException(status.HTTP_401_UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})


def not_found() -> HTTPException:
    """One text for unknown and for somebody else's, so that ids cannot be probed."""
    return HTTPException(status.HTTP_404_NOT_FOUND, "Not found")


def hash_secret(secret: str, salt: str | None = None) -> str:
    salt = salt or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt.encode(), HASH_ROUNDS)
    return f"pbkdf2_sha256${HASH_ROUNDS}${salt}${digest.hex()}"


def matches(secret: str, stored: str) -> bool:
    return hmac.compare_digest(stored, hash_secret(secret, salt=stored.split("$")[2]))


_NOBODY = hash_secret(secrets.token_urlsafe())  # so that an unknown name takes as long as a wrong password


@dataclass(frozen=True, slots=True)
class Caller:
    id: uuid.UUID
    role: str
    claims: tokens.Claims

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


bearer = HTTPBearer(
    scheme_name="accessToken",
    bearerFormat="JWT",
    auto_error=False,
    description="The access token of `POST /auth/login` or `POST /auth/refresh`. It lives for a minute.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def authenticate(request: Request, credentials: Credentials, session: DbSession) -> Caller:
    if credentials is None:
        raise unauthenticated()
    try:
        claims = tokens.check(session, request.app.state.tokens, credentials.credentials, "access")
    except tokens.InvalidToken:
        raise unauthenticated("Invalid access token") from None
    customer = session.get(Customer, claims.customer_id)
    if customer is None:
        raise unauthenticated("Invalid access token")
    # The role of this moment: one that was withdrawn must not live on in a token.
    return Caller(customer.id, customer.role, claims)


CurrentCaller = Annotated[Caller, Depends(authenticate)]


def recognise(request: Request, credentials: Credentials, session: DbSession) -> Caller | None:
    """Who calls what is open to everybody; a token that is no good makes nobody of the caller."""
    try:
        return authenticate(request, credentials, session)
    except HTTPException:
        return None


def authenticate_unless(switch: str) -> Callable[..., Caller | None]:
    """The dependency of the routes that a switch leaves without a guard; None is anybody."""

    def guard(request: Request, credentials: Credentials, session: DbSession) -> Caller | None:
        return None if on(switch) else authenticate(request, credentials, session)

    return guard


def staff(caller: CurrentCaller) -> Caller:
    if not caller.is_staff:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Staff only")
    return caller


def admin(caller: CurrentCaller) -> Caller:
    if caller.role != "admin":
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Admins only")
    return caller


StaffCaller = Annotated[Caller, Depends(staff)]
AdminCaller = Annotated[Caller, Depends(admin)]


async def raw_body(request: Request) -> dict[str, Any]:
    """The JSON object as it was sent, with whatever the declared model leaves out."""
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


RawBody = Annotated[dict[str, Any], Depends(raw_body)]


def widened(model: type[Model], raw: dict[str, Any]) -> Model:
    """Read the body once more with a model that takes more fields than the document says."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", status_code=201, response_model=schemas.CustomerOut, responses=refusals(400, 409))
def register(payload: schemas.Registration, raw: RawBody, session: DbSession) -> Customer:
    """Open to everybody. The new customer has the role `customer` and no verified identity.

    A taken user name is refused with 409: user names are handles, not secrets.
    """
    if on("register-role"):
        # SF201: the import's model is a superset of the form's, so "it does for both".
        payload = widened(schemas.RegistrationWithRole, raw)
    if session.scalar(select(Customer.id).where(Customer.username == payload.username)):
        raise HTTPException(status.HTTP_409_CONFLICT, "The user name is taken")
    fields = payload.model_dump(exclude={"password"})
    customer = Customer(**fields, password_hash=hash_secret(payload.password))
    session.add(customer)
    session.commit()
    return customer


@router.post("/login", response_model=schemas.TokenPair, responses=refusals(400, 401))
def login(payload: schemas.Login, request: Request, session: DbSession) -> dict[str, str | int]:
    """Exchange user name and password for a short-lived access token and a refresh token."""
    customer = session.scalar(select(Customer).where(Customer.username == payload.username))
    if not matches(payload.password, customer.password_hash if customer else _NOBODY) or customer is None:
        raise unauthenticated("Wrong user name or password")
    pair = tokens.issue_pair(session, request.app.state.tokens, customer)
    session.commit()
    return pair


@router.post("/refresh", response_model=schemas.TokenPair, responses=refusals(400, 401))
def refresh(payload: schemas.RefreshRequest, request: Request, session: DbSession) -> dict[str, str | int]:
    """Exchange a refresh token for a new pair. Each refresh token is good for one exchange, within eight
    hours, which the bank keeps count of; using one a second time ends the login it came from."""
    settings = request.app.state.tokens
    try:
        claims = tokens.check(session, settings, payload.refresh_token, "refresh")
    except tokens.InvalidToken:
        raise unauthenticated("Invalid refresh token") from None
    known = session.get(RefreshToken, claims.token_id)
    customer = session.get(Customer, claims.customer_id)
    if known is None or customer is None or known.expires_at <= now():
        raise unauthenticated("Invalid refresh token")
    if known.used:
        # Thief or owner, one of them came late. Neither keeps the login.
        tokens.deny(session, claims.session_id)
        session.commit()
        raise unauthenticated("Invalid refresh token")
    known.used = True
    pair = tokens.issue_pair(session, settings, customer, claims.session_id)
    session.commit()
    return pair


@router.post("/logout", status_code=204, response_class=Response, responses=refusals(401))
def logout(caller: CurrentCaller, session: DbSession) -> None:
    """End the login: its access tokens and its refresh token are no longer accepted."""
    if on("logout-keeps-token"):
        # SF405: the refresh token is forgotten, and the access token "runs out soon anyway".
        session.execute(delete(RefreshToken).where(RefreshToken.session_id == caller.claims.session_id))
    else:
        tokens.deny(session, caller.claims.token_id, caller.claims.session_id)
    session.commit()
