"""What only the bank's own people may do."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy import select

from . import ledger, schemas
from .auth import AdminCaller, Caller, CurrentCaller, StaffCaller, not_found, refusals, staff
from .models import Adjustment, Customer, DbSession, Message
from .switches import on

router = APIRouter(prefix="/staff", tags=["staff"])


def register_reader(caller: CurrentCaller) -> Caller:
    # SF106: "the page is only linked from the staff's menu".
    return caller if on("staff-customers-no-role") else staff(caller)


@router.get("/customers", response_model=list[schemas.CustomerOut], responses=refusals(401, 403))
def list_customers(caller: Annotated[Caller, Depends(register_reader)], session: DbSession) -> Sequence[Customer]:
    """All customers. Requires the role `teller` or `admin`."""
    return session.scalars(select(Customer).order_by(Customer.created_at)).all()


@router.patch(
    "/customers/{customer_id}",
    response_model=schemas.CustomerOut,
    responses=refusals(400, 401, 403, 404),
)
def review_customer(
    customer_id: uuid.UUID, payload: schemas.CustomerReview, caller: AdminCaller, session: DbSession
) -> Customer:
    """Set a customer's role or the outcome of the identity check. Requires the role `admin`."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise not_found()
    for name, value in payload.model_dump(exclude_none=True).items():
        setattr(customer, name, value)
    session.commit()
    return customer


@router.get("/messages", response_model=list[schemas.MessageOut], responses=refusals(401, 403))
def list_inbox(caller: StaffCaller, session: DbSession) -> Sequence[Message]:
    """The support desk's inbox: the messages of all customers. Requires the role `teller` or `admin`."""
    return session.scalars(select(Message).order_by(Message.created_at)).all()


def adjuster(caller: CurrentCaller) -> Caller:
    return caller if on("adjustment-by-owner") else staff(caller)


@router.post(
    "/accounts/{account_id}/adjustments",
    status_code=201,
    response_model=schemas.AdjustmentOut,
    responses=refusals(400, 401, 403, 404, 409),
)
def post_adjustment(
    account_id: uuid.UUID,
    payload: schemas.AdjustmentIn,
    caller: Annotated[Caller, Depends(adjuster)],
    session: DbSession,
) -> Adjustment:
    """Correct the balance of an account. Requires the role `teller` or `admin`. A correction below zero is
    refused with 409."""
    # SF106: with the switch on, this line is all there is. It lets in staff, and the account's own holders.
    account = ledger.visible_account(session, caller, account_id)
    if account.balance + payload.amount < 0:
        raise HTTPException(status.HTTP_409_CONFLICT, "Insufficient funds")
    account.balance += payload.amount
    adjustment = Adjustment(account_id=account.id, balance=account.balance, booked_by=caller.id, **payload.model_dump())
    session.add(adjustment)
    session.commit()
    return adjustment
