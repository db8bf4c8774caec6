"""What the bank stores: tables, and the database that holds them."""

import threading
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar

import anyio
from fastapi import Depends, Request
from sqlalchemy import DateTime, ForeignKey, TypeDecorator, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator):
    """SQLite forgets the time zone, and a date-time without one is not RFC 3339."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: UtcDateTime}


class Identified:
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Customer(Identified, Base):
    __tablename__ = "customers"

    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    full_name: Mapped[str]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    tax_id: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="customer")
    kyc_level: Mapped[str] = mapped_column(default="none")

    @property
    def masked_tax_id(self) -> str | None:
        """What may leave the bank; of a short number nothing is told."""
        if self.tax_id is None:
            return None
        shown = self.tax_id[-3:] if len(self.tax_id) >= 9 else ""
        return f"•••{shown}"


class Account(Identified, Base):
    __tablename__ = "accounts"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str]
    nickname: Mapped[str]
    iban: Mapped[str] = mapped_column(unique=True)
    balance: Mapped[int]
    closed_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship()


class JointHolder(Base):
    """Somebody the owner lets see an account."""

    __tablename__ = "joint_holders"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)


class Transfer(Identified, Base):
    __tablename__ = "transfers"

    from_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    to_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    amount: Mapped[int]
    reference: Mapped[str]
    ledger_batch: Mapped[str]

    from_account: Mapped[Account] = relationship(foreign_keys=from_account_id)
    to_account: Mapped[Account] = relationship(foreign_keys=to_account_id)

    @property
    def from_name(self) -> str:
        return self.from_account.customer.full_name

    @property
    def to_name(self) -> str:
        return self.to_account.customer.full_name


class Adjustment(Identified, Base):
    __tablename__ = "adjustments"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    balance: Mapped[int]
    booked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"))


class Statement(Identified, Base):
    __tablename__ = "statements"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    label: Mapped[str]
    from_date: Mapped[date]
    to_date: Mapped[date]
    closing_balance: Mapped[int]


class Beneficiary(Identified, Base):
    __tablename__ = "beneficiaries"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    name: Mapped[str]
    iban: Mapped[str]
    note: Mapped[str]


class Card(Identified, Base):
    __tablename__ = "cards"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    label: Mapped[str]
    last_digits: Mapped[str]
    pin_hash: Mapped[str]
    daily_limit: Mapped[int]
    status: Mapped[str] = mapped_column(default="active")

    account: Mapped[Account] = relationship()

    @property
    def masked_number(self) -> str:
        return f"5412 **** **** {self.last_digits}"


class PaymentLink(Identified, Base):
    __tablename__ = "payment_links"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[int]
    description: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")

    account: Mapped[Account] = relationship()
    customer: Mapped[Customer] = relationship()

    @property
    def payee_name(self) -> str:
        return self.customer.full_name


class Message(Identified, Base):
    __tablename__ = "messages"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    subject: Mapped[str]
    body: Mapped[str]
    category: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    priority: Mapped[str] = mapped_column(default="normal")

    replies: Mapped[list["Reply"]] = relationship(
        order_by="Reply.created_at", cascade="all, delete-orphan", passive_deletes=False
    )


class Reply(Identified, Base):
    __tablename__ = "replies"

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id"), index=True)
    author: Mapped[str]
    body: Mapped[str]


class Preference(Base):
    __tablename__ = "preferences"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class RefreshToken(Base):
    """One login's current refresh token. Each is good for one exchange, and until `expires_at`."""

    __tablename__ = "refresh_tokens"

    jti: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"))
    used: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime]


class DeniedToken(Base):
    """The deny-list: ids of tokens, and of whole logins, that are no longer good."""

    __tablename__ = "denied_tokens"

    jti: Mapped[str] = mapped_column(primary_key=True)


class Database:
    """SQLite in memory: one connection, and one request at a time that uses it."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        Base.metadata.create_all(self.engine)
        self.turn = threading.Lock()

    def session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)


async def open_session(request: Request) -> AsyncIterator[Session]:
    database: Database = request.app.state.database
    # Waiting in a worker thread could starve the request whose turn it is of a thread to run in; and an
    # asyncio.Lock belongs to one event loop, while in-process clients may bring a loop each.
    while not database.turn.acquire(blocking=False):
        await anyio.sleep(0.001)
    try:
        with database.session() as session:
            yield session
    finally:
        database.turn.release()


DbSession = Annotated[Session, Depends(open_session, scope="function")]
