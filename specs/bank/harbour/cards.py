"""Debit cards."""

import secrets
import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from . import ledger, schemas
from .auth import (
    Caller,
    Credentials,
    CurrentCaller,
    authenticate,
    authenticate_unless,
    hash_secret,
    not_found,
    refusals,
    unauthenticated,
)
from .models import Account, Card, DbSession
from .switches import on

router = APIRouter(prefix="/cards", tags=["cards"])


@router.post("", status_code=201, response_model=schemas.CardOut, responses=refusals(400, 401, 404))
def issue_card(payload: schemas.CardIn, caller: CurrentCaller, session: DbSession) -> Card | JSONResponse:
    """Issue a card for one of the caller's own accounts. The PIN is chosen here and never shown again."""
    account = ledger.own_account(session, caller, payload.account_id)
    card = Card(
        account_id=account.id,
        label=payload.label,
        daily_limit=payload.daily_limit,
        pin_hash=hash_secret(payload.pin),
        last_digits=f"{secrets.randbelow(10_000):04}",
    )
    session.add(card)
    session.commit()
    if on("card-pin-echo"):
        # SF206: the answer starts from what was sent, and the PIN was sent.
        shown = payload.model_dump() | schemas.CardOut.model_validate(card).model_dump()
        return JSONResponse(jsonable_encoder(shown), status_code=201)
    return card


@router.get("", response_model=list[schemas.CardOut], responses=refusals(401))
def list_cards(caller: CurrentCaller, session: DbSession) -> Sequence[Card]:
    """The cards of the caller's own accounts."""
    query = select(Card).join(Account).where(Account.customer_id == caller.id)
    return session.scalars(query.order_by(Card.created_at)).all()


def card_viewer(request: Request, credentials: Credentials, session: DbSession) -> Caller | None:
    """Who reads a card; None is the card processor, which reads all."""
    if not on("card-read-any-credential"):
        return authenticate(request, credentials, session)
    # SF303: the processor's calls carry a credential of its own that nobody here can check. So whatever
    # is no access token of ours is taken for one.
    if not request.headers.get("authorization"):
        raise unauthenticated()
    try:
        return authenticate(request, credentials, session)
    except HTTPException:
        return None


@router.get("/{card_id}", response_model=schemas.CardOut, responses=refusals(401, 404))
def read_card(card_id: uuid.UUID, caller: Annotated[Caller | None, Depends(card_viewer)], session: DbSession) -> Card:
    """For the owner of the card's account."""
    return _card(session, card_id, caller)


@router.patch("/{card_id}", response_model=schemas.CardOut, responses=refusals(400, 401, 404))
def update_card(card_id: uuid.UUID, payload: schemas.CardUpdate, caller: CurrentCaller, session: DbSession) -> Card:
    """Change label, daily limit, or the account that the card draws on. For the owner; a new account has to
    be one of the caller's own, too."""
    # SF102: with the switch on, only the account in the body is compared with the caller.
    card = _card(session, card_id, None if on("card-update-settlement-check") else caller)
    if payload.account_id is not None:
        ledger.own_account(session, caller, payload.account_id)
    for name, value in payload.model_dump(exclude_none=True).items():
        setattr(card, name, value)
    session.commit()
    return card


@router.post("/{card_id}/freeze", response_model=schemas.CardOut, responses=refusals(401, 404))
def freeze_card(
    card_id: uuid.UUID,
    # SF301: with the switch on, open to all, "because whoever lost the card may have lost the phone, too".
    caller: Annotated[Caller | None, Depends(authenticate_unless("card-freeze-open"))],
    session: DbSession,
) -> Card:
    """Stop all payments by this card. For the owner. Freezing a frozen card changes nothing."""
    return _set_status(session, _card(session, card_id, caller), "frozen")


@router.post("/{card_id}/unfreeze", response_model=schemas.CardOut, responses=refusals(401, 404))
def unfreeze_card(card_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Card:
    """Allow payments again. For the owner."""
    return _set_status(session, _card(session, card_id, caller), "active")


@router.delete("/{card_id}", status_code=204, response_class=Response, responses=refusals(401, 404))
def cancel_card(card_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> None:
    """For the owner."""
    session.delete(_card(session, card_id, caller))
    session.commit()


def _card(session: Session, card_id: uuid.UUID, caller: Caller | None) -> Card:
    """A card; with a caller, one of the caller's own accounts."""
    card = session.get(Card, card_id)
    if card is None or (caller is not None and card.account.customer_id != caller.id):
        raise not_found()
    return card


def _set_status(session: Session, card: Card, status: str) -> Card:
    card.status = status
    session.commit()
    return card
