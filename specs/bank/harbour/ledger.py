"""Whose account is it, and what happens when money moves."""

import secrets
import uuid

from fastapi import HTTPException, status
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from .auth import Caller, not_found
from .models import Account, Card, JointHolder, PaymentLink, Transfer, now
from .switches import on

WELCOME_CREDIT = 1_000_000  # cents of play money


def new_iban() -> str:
    return f"DE{secrets.randbelow(90) + 10}50010517{secrets.randbelow(10**10):010}"


def open_account(session: Session, customer_id: uuid.UUID, kind: str, nickname: str) -> Account:
    account = Account(customer_id=customer_id, kind=kind, nickname=nickname, iban=new_iban(), balance=WELCOME_CREDIT)
    session.add(account)
    session.flush()
    return account


def held_by(customer_id: uuid.UUID) -> Select[tuple[Account]]:
    """The open accounts that a customer owns or was invited to."""
    joint = select(JointHolder.account_id).where(JointHolder.customer_id == customer_id)
    return select(Account).where(
        Account.closed_at.is_(None), or_(Account.customer_id == customer_id, Account.id.in_(joint))
    )


def visible_account(session: Session, caller: Caller, account_id: uuid.UUID) -> Account:
    """An account that the caller may look at: owner, joint holder or staff."""
    query = select(Account).where(Account.closed_at.is_(None)) if caller.is_staff else held_by(caller.id)
    return session.scalar(query.where(Account.id == account_id)) or _refuse()


def own_account(session: Session, caller: Caller, account_id: uuid.UUID) -> Account:
    """An account that the caller may use: the owner alone."""
    account = open_account_by_id(session, account_id)
    return account if account.customer_id == caller.id else _refuse()


def open_account_by_id(session: Session, account_id: uuid.UUID) -> Account:
    account = session.get(Account, account_id)
    return account if account is not None and account.closed_at is None else _refuse()


def book(session: Session, source: Account, target: Account, amount: int, reference: str) -> Transfer:
    """Move money, or refuse with 409 if there is not enough of it."""
    if source.id == target.id:
        raise HTTPException(status.HTTP_409_CONFLICT, "Source and target are the same account")
    if source.balance < amount:
        # SF501: 402 reads well, but the document promises 409.
        code = status.HTTP_402_PAYMENT_REQUIRED if on("transfer-402") else status.HTTP_409_CONFLICT
        raise HTTPException(code, "Insufficient funds")
    source.balance -= amount
    target.balance += amount
    transfer = Transfer(
        from_account_id=source.id,
        to_account_id=target.id,
        amount=amount,
        reference=reference,
        ledger_batch=f"{now():%Y%m%d}-{secrets.token_hex(3)}",
    )
    session.add(transfer)
    session.flush()
    return transfer


def close(session: Session, account: Account) -> None:
    """The rest of the balance goes out by cheque; what hung on the account goes with it."""
    account.balance = 0
    account.closed_at = now()
    for dependent in (Card, PaymentLink):
        for row in session.scalars(select(dependent).where(dependent.account_id == account.id)):
            session.delete(row)


def _refuse():
    raise not_found()
