"""The caller's own profile and preferences, and customers by id."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy import select

from . import schemas
from .auth import CurrentCaller, RawBody, not_found, refusals, widened
from .models import Customer, DbSession, Preference
from .switches import on

router = APIRouter()
CLEARABLE = frozenset({"phone", "address"})


@router.get("/me", tags=["profile"], response_model=schemas.CustomerOut, responses=refusals(401))
def read_profile(caller: CurrentCaller, session: DbSession) -> Customer | JSONResponse:
    """The caller's own profile."""
    customer = session.get_one(Customer, caller.id)
    if on("me-password-hash"):
        # SF205: the row as it is; "it is the customer's own data, after all".
        shown = schemas.CustomerOut.model_validate(customer).model_dump()
        return JSONResponse(jsonable_encoder(shown | {"password_hash": customer.password_hash}))
    return customer


@router.patch("/me", tags=["profile"], response_model=schemas.CustomerOut, responses=refusals(400, 401))
def update_profile(payload: schemas.ProfileUpdate, raw: RawBody, caller: CurrentCaller, session: DbSession) -> Customer:
    """Change name, phone or address. `null` clears phone and address."""
    customer = session.get_one(Customer, caller.id)
    if on("profile-kyc"):
        # SF201: the back office's form has one field more than the customer's.
        payload = widened(schemas.ProfileUpdateWithKyc, raw)
    for name, value in payload.model_dump(exclude_unset=True).items():
        if value is not None or name in CLEARABLE:
            setattr(customer, name, value)
    session.commit()
    return customer


@router.get(
    "/customers/{customer_id}",
    tags=["profile"],
    response_model=schemas.CustomerOut,
    responses=refusals(401, 404),
)
def read_customer(customer_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Customer:
    """For the customer and for staff."""
    customer = session.get(Customer, customer_id)
    if customer is None or not (caller.is_staff or customer.id == caller.id):
        raise not_found()
    return customer


KeyInPath = Annotated[schemas.PreferenceKey, Path(description="The caller's own name for the setting.")]


@router.get(
    "/preferences",
    tags=["preferences"],
    response_model=list[schemas.PreferenceOut],
    responses=refusals(401),
)
def list_preferences(caller: CurrentCaller, session: DbSession) -> Sequence[Preference]:
    """The caller's own settings."""
    query = select(Preference).where(Preference.customer_id == caller.id)
    return session.scalars(query.order_by(Preference.key)).all()


@router.get(
    "/preferences/{key}",
    tags=["preferences"],
    response_model=schemas.PreferenceOut,
    responses=refusals(401, 404),
)
def read_preference(key: KeyInPath, caller: CurrentCaller, session: DbSession) -> Preference:
    """One of the caller's own settings. Every customer has keys of their own: the same key is another
    setting for another caller."""
    preference = session.get(Preference, (caller.id, key))
    if preference is None:
        raise not_found()
    return preference


@router.put(
    "/preferences/{key}",
    tags=["preferences"],
    response_model=schemas.PreferenceOut,
    responses=refusals(400, 401),
)
def write_preference(
    key: KeyInPath, payload: schemas.PreferenceIn, caller: CurrentCaller, session: DbSession
) -> Preference:
    """Create or replace one of the caller's own settings. What others keep under the same key is theirs and
    stays as it is."""
    preference = session.merge(Preference(customer_id=caller.id, key=key, value=payload.value))
    session.commit()
    return preference


@router.delete(
    "/preferences/{key}",
    tags=["preferences"],
    status_code=204,
    response_class=Response,
    responses=refusals(401, 404),
)
def remove_preference(key: KeyInPath, caller: CurrentCaller, session: DbSession) -> None:
    """Remove one of the caller's own settings."""
    preference = session.get(Preference, (caller.id, key))
    if preference is None:
        raise not_found()
    session.delete(preference)
    session.commit()
