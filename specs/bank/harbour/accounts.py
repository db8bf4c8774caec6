"""Accounts, who holds them, and their statements."""

import csv
import io
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from . import ledger, schemas
from .auth import Caller, CurrentCaller, RawBody, authenticate_unless, not_found, refusals, widened
from .models import Account, Customer, DbSession, JointHolder, Statement, Transfer
from .switches import on

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.post("", status_code=201, response_model=schemas.AccountOut, responses=refusals(400, 401, 404))
def open_account(payload: schemas.AccountIn, caller: CurrentCaller, session: DbSession) -> Account:
    """Open an account for oneself. `customer_id` has to be the caller's own id; any other is refused with
    404, whether or not there is such a customer. A new account starts with 10,000.00 EUR of play money."""
    # SF203: the app always sends its user's own id, so why compare it?
    allowed = payload.customer_id == caller.id or on("account-for-anyone")
    if not allowed or session.get(Customer, payload.customer_id) is None:
        raise not_found()
    account = ledger.open_account(session, payload.customer_id, payload.kind, payload.nickname)
    session.commit()
    return account


@router.get("", response_model=list[schemas.AccountOut], responses=refusals(401))
def list_accounts(caller: CurrentCaller, session: DbSession) -> Sequence[Account]:
    """The caller's open accounts, and those of others that the caller was invited to as a joint holder
    (then `customer_id` is somebody else's)."""
    return session.scalars(ledger.held_by(caller.id).order_by(Account.created_at)).all()


OnBehalf = Annotated[
    uuid.UUID | None,
    Query(
        description="Look among this customer's accounts only. For staff who serve a customer; everybody "
        "else can but name themselves."
    ),
]


@router.get("/{account_id}", response_model=schemas.AccountOut, responses=refusals(401, 404))
def read_account(
    account_id: uuid.UUID, caller: CurrentCaller, session: DbSession, customer_id: OnBehalf = None
) -> Account:
    """For the owner, joint holders and staff."""
    if customer_id is None:
        return ledger.visible_account(session, caller, account_id)
    # SF101: without the question who may serve somebody else, naming the owner is as good as being it.
    serves = customer_id == caller.id or caller.is_staff or on("account-on-behalf")
    account = session.scalar(ledger.held_by(customer_id).where(Account.id == account_id)) if serves else None
    if account is None:
        raise not_found()
    return account


@router.patch("/{account_id}", response_model=schemas.AccountOut, responses=refusals(400, 401, 404))
def rename_account(
    account_id: uuid.UUID,
    payload: schemas.AccountUpdate,
    raw: RawBody,
    caller: CurrentCaller,
    session: DbSession,
) -> Account:
    """Give the account another nickname. For the owner."""
    account = ledger.own_account(session, caller, account_id)
    if on("account-balance-write"):
        # SF202: the model of the ledger's own tools, which has the balance too.
        payload = widened(schemas.AccountRow, raw)
    for name, value in payload.model_dump(exclude_none=True).items():
        setattr(account, name, value)
    session.commit()
    return account


@router.delete("/{account_id}", status_code=204, response_class=Response, responses=refusals(401, 404))
def close_account(account_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> None:
    """Close the account, for the owner. The rest of the balance is paid out by cheque; cards and payment
    links of the account are cancelled."""
    ledger.close(session, ledger.own_account(session, caller, account_id))
    session.commit()


@router.post(
    "/{account_id}/holders",
    status_code=202,
    response_model=schemas.HolderInvited,
    responses=refusals(400, 401, 404),
)
def invite_holder(
    account_id: uuid.UUID, payload: schemas.HolderInvitation, caller: CurrentCaller, session: DbSession
) -> dict[str, str]:
    """Let another customer see the account and its statements. For the owner. The answer is the same whether
    or not there is a customer of that name."""
    account = ledger.own_account(session, caller, account_id)
    invited = session.scalar(select(Customer).where(Customer.username == payload.username))
    if invited is not None and invited.id != caller.id:
        session.merge(JointHolder(account_id=account.id, customer_id=invited.id))
        session.commit()
    return {"username": payload.username}


@router.get("/{account_id}/holders", response_model=list[schemas.HolderOut], responses=refusals(401, 404))
def list_holders(account_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> list[dict]:
    """Who holds the account. For the owner, joint holders and staff."""
    account = ledger.visible_account(session, caller, account_id)
    joint = session.scalars(
        select(Customer).join(JointHolder, JointHolder.customer_id == Customer.id)
        .where(JointHolder.account_id == account.id).order_by(JointHolder.customer_id)
    )  # fmt: skip
    return [
        {"customer_id": account.customer_id, "full_name": account.customer.full_name, "access": "owner"},
        *({"customer_id": one.id, "full_name": one.full_name, "access": "joint"} for one in joint),
    ]


# --- statements ----------------------------------------------------------------------------------------


@router.post(
    "/{account_id}/statements",
    status_code=201,
    response_model=schemas.StatementOut,
    responses=refusals(400, 401, 404),
)
def create_statement(
    account_id: uuid.UUID, payload: schemas.StatementIn, caller: CurrentCaller, session: DbSession
) -> dict:
    """Draw up a statement for some span of days. For the owner."""
    account = ledger.own_account(session, caller, account_id)
    statement = Statement(account_id=account.id, closing_balance=account.balance, **payload.model_dump())
    session.add(statement)
    session.commit()
    return _with_entries(session, statement)


@router.get(
    "/{account_id}/statements",
    response_model=list[schemas.StatementSummary],
    responses=refusals(401, 404),
)
def list_statements(account_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> Sequence[Statement]:
    """For the owner, joint holders and staff."""
    account = ledger.visible_account(session, caller, account_id)
    query = select(Statement).where(Statement.account_id == account.id).order_by(Statement.created_at)
    return session.scalars(query).all()


@router.get(
    "/{account_id}/statements/{statement_id}",
    response_model=schemas.StatementOut,
    responses=refusals(401, 404),
)
def read_statement(account_id: uuid.UUID, statement_id: uuid.UUID, caller: CurrentCaller, session: DbSession) -> dict:
    """For the owner, joint holders and staff. Entries name the other side of each transfer."""
    account = ledger.visible_account(session, caller, account_id)
    statement = session.get(Statement, statement_id)
    # SF105: the account in the path is the caller's; whether the statement is that account's is not asked.
    if statement is None or (statement.account_id != account.id and not on("statement-any-parent")):
        raise not_found()
    return _with_entries(session, statement)


_CSV = {200: {"description": "The export", "content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get(
    "/{account_id}/statements/{statement_id}/export",
    response_class=Response,
    responses={**refusals(401, 404), **_CSV},
)
def export_statement(
    account_id: uuid.UUID,
    statement_id: uuid.UUID,
    # SF302: with the switch on, the link in the monthly mail works without a login, for everybody.
    caller: Annotated[Caller | None, Depends(authenticate_unless("statement-export-open"))],
    session: DbSession,
) -> Response:
    """The statement as CSV. For the owner, joint holders and staff."""
    if caller is not None:
        ledger.visible_account(session, caller, account_id)
    statement = session.get(Statement, statement_id)
    if statement is None or statement.account_id != account_id:
        raise not_found()
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["statement", statement.label, statement.from_date, statement.to_date])
    rows.writerow(["booked_at", "amount", "counterparty", "reference"])
    for entry in _with_entries(session, statement)["entries"]:
        rows.writerow([entry["booked_at"], entry["amount"], entry["counterparty"], entry["reference"]])
    return Response(text.getvalue(), media_type="text/csv")


def _with_entries(session: Session, statement: Statement) -> dict:
    query = (
        select(Transfer)
        .where(
            or_(
                Transfer.from_account_id == statement.account_id,
                Transfer.to_account_id == statement.account_id,
            ),
            Transfer.created_at >= datetime.combine(statement.from_date, time.min, UTC),
            Transfer.created_at <= datetime.combine(statement.to_date, time.max, UTC),
        )
        .order_by(Transfer.created_at)
    )
    entries = []
    for transfer in session.scalars(query):
        outgoing = transfer.from_account_id == statement.account_id
        entries.append(
            {
                "transfer_id": transfer.id,
                "booked_at": transfer.created_at,
                "amount": -transfer.amount if outgoing else transfer.amount,
                "counterparty": transfer.to_name if outgoing else transfer.from_name,
                "reference": transfer.reference,
            }
        )
    summary = schemas.StatementSummary.model_validate(statement)
    return {**summary.model_dump(), "entries": entries}
