"""Transfers, beneficiaries and payment links."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from . import ledger, schemas
from .auth import Caller, Credentials, CurrentCaller, authenticate, not_found, refusals
from .models import Account, Beneficiary, Customer, DbSession, PaymentLink, Transfer
from .switches import on

router = APIRouter()
PAGE_SIZE = 50


# --- transfers -----------------------------------------------------------------------------------------


@router.post(
    "/transfers",
    tags=["transfers"],
    status_code=201,
    response_model=schemas.TransferOut,
    responses=refusals(400, 401, 404, 409),
)
def create_transfer(payload: schemas.TransferIn, caller: CurrentCaller, session: DbSession) -> Transfer:
    """Send money from one of the caller's own accounts to any open account at Harbour Bank, somebody else's
    included: that is what transfers are for. The money is there at once. An account that is not the caller's
    is refused as a source with 404; too little money, or the same account twice, with 409."""
    if on("transfer-from-any"):
        # SF105: "open" is checked, "mine" is not.
        source = ledger.open_account_by_id(session, payload.from_account_id)
    else:
        source = ledger.own_account(session, caller, payload.from_account_id)
    target = ledger.open_account_by_id(session, payload.to_account_id)
    transfer = ledger.book(session, source, target, payload.amount, payload.reference)
    session.commit()
    return transfer


@router.get(
    "/transfers",
    tags=["transfers"],
    response_model=schemas.TransferPage,
    responses=refusals(400, 401),
)
def list_transfers(
    caller: CurrentCaller,
    session: DbSession,
    account_id: Annotated[uuid.UUID | None, Query(description="Only transfers of this account.")] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> dict:
    """Transfers from and to the accounts that the caller holds, newest first. Incoming ones come from other
    customers, with the name and the reference that these gave."""
    query = _transfers_of(caller).order_by(Transfer.created_at.desc(), Transfer.id)
    if account_id is not None:
        query = query.where(or_(Transfer.from_account_id == account_id, Transfer.to_account_id == account_id))
    start = _offset(cursor) if cursor is not None else 0
    found = session.scalars(query.offset(start).limit(PAGE_SIZE + 1)).all()
    more = len(found) > PAGE_SIZE
    return {"items": found[:PAGE_SIZE], "next_cursor": _cursor(start + PAGE_SIZE) if more else None}


@router.get(
    "/transfers/{transfer_id}",
    tags=["transfers"],
    response_model=schemas.TransferOut,
    responses=refusals(401, 404),
)
def read_transfer(transfer_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Transfer | JSONResponse:
    """For both sides: whoever sent the money and whoever received it."""
    transfer = session.scalar(_transfers_of(caller).where(Transfer.id == transfer_id))
    if transfer is None:
        raise not_found()
    if on("transfer-ledger-batch"):
        # SF204: built by hand for a back-office page, past the response model.
        shown = schemas.TransferOut.model_validate(transfer).model_dump()
        return JSONResponse(jsonable_encoder(shown | {"ledger_batch": transfer.ledger_batch}))
    return transfer


def _transfers_of(caller: Caller):
    held = ledger.held_by(caller.id).with_only_columns(Account.id)
    return select(Transfer).where(or_(Transfer.from_account_id.in_(held), Transfer.to_account_id.in_(held)))


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if on("cursor-unchecked"):
        # SF503: "clients only send what we gave them".
        return int(base64.urlsafe_b64decode(cursor)[1:])
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    if not (text.startswith("o") and text[1:].isdigit() and len(text) < 10):
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "Invalid cursor")
    return int(text[1:])


# --- beneficiaries -------------------------------------------------------------------------------------


@router.post(
    "/beneficiaries",
    tags=["beneficiaries"],
    status_code=201,
    response_model=schemas.BeneficiaryOut,
    responses=refusals(400, 401),
)
def add_beneficiary(payload: schemas.BeneficiaryIn, caller: CurrentCaller, session: DbSession) -> Beneficiary:
    """Keep somebody one sends money to in the caller's own address book."""
    beneficiary = Beneficiary(customer_id=caller.id, **payload.model_dump())
    session.add(beneficiary)
    session.commit()
    return beneficiary


@router.get(
    "/beneficiaries",
    tags=["beneficiaries"],
    response_model=list[schemas.BeneficiaryOut],
    responses=refusals(401),
)
def list_beneficiaries(caller: CurrentCaller, session: DbSession) -> Sequence[Beneficiary]:
    """The caller's own beneficiaries."""
    query = select(Beneficiary).where(Beneficiary.customer_id == caller.id)
    return session.scalars(query.order_by(Beneficiary.created_at)).all()


@router.post(
    "/beneficiaries/verify",
    tags=["beneficiaries"],
    response_model=schemas.PayeeCheckResult,
    responses=refusals(400, 401),
)
def verify_payee(payload: schemas.PayeeCheck, caller: CurrentCaller, session: DbSession) -> dict:
    """Confirmation of payee: does this account belong to somebody of this name? Works for every account at
    the bank, stores nothing, and tells an unknown account no different from a wrong name."""
    owner = session.scalar(
        select(Customer)
        .join(Account, Account.customer_id == Customer.id)
        .where(Account.iban == payload.iban, Account.closed_at.is_(None))
    )
    same = owner is not None and owner.full_name.casefold() == payload.name.casefold()
    return {"result": "match" if same else "no_match"}


@router.get(
    "/beneficiaries/{beneficiary_id}",
    tags=["beneficiaries"],
    response_model=schemas.BeneficiaryOut,
    responses=refusals(401, 404),
)
def read_beneficiary(beneficiary_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Beneficiary:
    """For its owner only."""
    if on("beneficiary-read-any"):
        # SF101: the one query of this section that forgot `customer_id`.
        beneficiary = session.get(Beneficiary, beneficiary_id)
    else:
        beneficiary = _own_beneficiary(session, caller, beneficiary_id)
    if beneficiary is None:
        raise not_found()
    return beneficiary


@router.put(
    "/beneficiaries/{beneficiary_id}",
    tags=["beneficiaries"],
    response_model=schemas.BeneficiaryOut,
    responses=refusals(400, 401, 404),
)
def replace_beneficiary(
    beneficiary_id: uuid.UUID, payload: schemas.BeneficiaryIn, caller: CurrentCaller, session: DbSession
) -> Beneficiary:
    """For its owner only."""
    if on("beneficiary-late-check"):
        return _replace_then_check(session, caller, beneficiary_id, payload)
    beneficiary = _own_beneficiary(session, caller, beneficiary_id)
    if beneficiary is None:
        raise not_found()
    for name, value in payload.model_dump().items():
        setattr(beneficiary, name, value)
    session.commit()
    return beneficiary


def _replace_then_check(
    session: Session, caller: Caller, beneficiary_id: uuid.UUID, payload: schemas.BeneficiaryIn
) -> Beneficiary:
    beneficiary = session.get(Beneficiary, beneficiary_id)
    if beneficiary is None:
        raise not_found()
    for name, value in payload.model_dump().items():
        setattr(beneficiary, name, value)
    # SF304: committed first, so the refusal below no longer undoes anything.
    session.commit()
    if beneficiary.customer_id != caller.id:
        raise not_found()
    return beneficiary


@router.delete(
    "/beneficiaries/{beneficiary_id}",
    tags=["beneficiaries"],
    status_code=204,
    response_class=Response,
    responses=refusals(401),
)
def remove_beneficiary(beneficiary_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> None:
    """Idempotent: afterwards the caller has no beneficiary of that id. Answers 204 also when there was none;
    what others keep under that id is left alone."""
    beneficiary = _own_beneficiary(session, caller, beneficiary_id)
    if beneficiary is not None:
        session.delete(beneficiary)
        session.commit()


def _own_beneficiary(session: Session, caller: Caller, beneficiary_id: uuid.UUID) -> Beneficiary | None:
    return session.scalar(
        select(Beneficiary).where(Beneficiary.id == beneficiary_id, Beneficiary.customer_id == caller.id)
    )


# --- payment links -------------------------------------------------------------------------------------


def link_guard(request: Request, credentials: Credentials, session: DbSession) -> Caller | None:
    """Reading a link is open, changing it is for its owner."""
    # SF306: a guard that is shared by all methods of the path, and looks at the one that came over the wire,
    # while the route was chosen by the header that overrides it.
    wire_method = request.scope.get("wire_method", request.method)
    if on("payment-link-override") and wire_method not in {"PUT", "PATCH", "DELETE"}:
        return None
    return authenticate(request, credentials, session)


LinkCaller = Annotated[Caller | None, Depends(link_guard)]


@router.post(
    "/payment-links",
    tags=["payment links"],
    status_code=201,
    response_model=schemas.PaymentLinkOut,
    responses=refusals(400, 401, 404),
)
def create_payment_link(payload: schemas.PaymentLinkIn, caller: CurrentCaller, session: DbSession) -> PaymentLink:
    """A link to send to somebody who is to pay the caller."""
    account = ledger.own_account(session, caller, payload.account_id)
    link = PaymentLink(
        customer_id=caller.id,
        account_id=account.id,
        amount=payload.amount,
        description=payload.description,
    )
    session.add(link)
    session.commit()
    return link


@router.get(
    "/payment-links",
    tags=["payment links"],
    response_model=list[schemas.PaymentLinkOut],
    responses=refusals(401),
)
def list_payment_links(caller: CurrentCaller, session: DbSession) -> Sequence[PaymentLink]:
    """The caller's own payment links."""
    query = select(PaymentLink).where(PaymentLink.customer_id == caller.id)
    return session.scalars(query.order_by(PaymentLink.created_at)).all()


@router.get(
    "/payment-links/{link_id}",
    tags=["payment links"],
    response_model=schemas.PaymentLinkOut,
    responses=refusals(404),
)
def read_payment_link(link_id: uuid.UUID, session: DbSession) -> PaymentLink:
    """Public: whoever was sent the link sees who wants how much for what, without logging in."""
    return _link(session, link_id)


@router.patch(
    "/payment-links/{link_id}",
    tags=["payment links"],
    response_model=schemas.PaymentLinkOut,
    responses=refusals(400, 401, 404),
)
def update_payment_link(
    link_id: uuid.UUID, payload: schemas.PaymentLinkUpdate, caller: LinkCaller, session: DbSession
) -> PaymentLink:
    """For its owner only."""
    link = _link(session, link_id, caller)
    link.description = payload.description
    session.commit()
    return link


@router.delete(
    "/payment-links/{link_id}",
    tags=["payment links"],
    status_code=204,
    response_class=Response,
    responses=refusals(401, 404),
)
def delete_payment_link(link_id: uuid.UUID, caller: LinkCaller, session: DbSession) -> None:
    """For its owner only."""
    session.delete(_link(session, link_id, caller))
    session.commit()


@router.post(
    "/payment-links/{link_id}/pay",
    tags=["payment links"],
    response_model=schemas.PaymentLinkOut,
    responses=refusals(400, 401, 404, 409),
)
def pay_payment_link(
    link_id: uuid.UUID, payload: schemas.PaymentIn, caller: CurrentCaller, session: DbSession
) -> PaymentLink:
    """Pay somebody's link from one of the caller's own accounts, and thereby mark it paid. For any customer.
    A link can be paid once; a second payment, or one without funds, is refused with 409."""
    link = _link(session, link_id)
    source = ledger.own_account(session, caller, payload.from_account_id)
    if link.status == "paid":
        raise HTTPException(status.HTTP_409_CONFLICT, "Already paid")
    ledger.book(session, source, link.account, link.amount, link.description)
    link.status = "paid"
    session.commit()
    return link


def _link(session: Session, link_id: uuid.UUID, caller: Caller | None = None) -> PaymentLink:
    """A link; with a caller, one of the caller's own."""
    link = session.get(PaymentLink, link_id)
    if link is None or (caller is not None and link.customer_id != caller.id):
        raise not_found()
    return link
