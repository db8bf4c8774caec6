"""What the shop stores. Money is in cents; what is deleted softly keeps its row and has `deleted_at`."""

from __future__ import annotations

import datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.security import check_password_hash, generate_password_hash

from .errors import conflict, not_found

#: Deliberately cheap, a benchmark logs in all the time. A real shop takes werkzeug's default.
PASSWORD_METHOD = "pbkdf2:sha256:1000"
MAX_ID = 2**63 - 1  # SQLite's INTEGER; anything larger is an OverflowError in sqlite3


class Base(DeclarativeBase):
    """Declarative base of all models."""


# Rows stay usable after a commit: a reload could find that another request has deleted them meanwhile.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

Row = TypeVar("Row", bound=Base)
# Without AUTOINCREMENT, SQLite gives the id of a deleted row to the next one, and old links with it.
AUTOINCREMENT = {"sqlite_autoincrement": True}


def timestamp() -> str:
    """The time now as RFC 3339 text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class User(db.Model):
    """A customer, or somebody of the shop."""

    __tablename__ = "users"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    nickname: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    newsletter: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    loyalty_tier: Mapped[str] = mapped_column(String(20), default="bronze")
    store_credit_cents: Mapped[int] = mapped_column(default=0)
    support_notes: Mapped[str] = mapped_column(Text, default="no contact yet")
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)

    def set_password(self, password: str) -> None:
        """Store the hash of a new password."""
        self.password_hash = generate_password_hash(password, method=PASSWORD_METHOD)

    def has_password(self, password: str) -> bool:
        """Whether this is the password."""
        return check_password_hash(self.password_hash, password)


class Login(db.Model):
    """Who logged in under which session id; an ended one is no login any more."""

    __tablename__ = "logins"

    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[str | None] = mapped_column(String(40))


class Product(db.Model):
    """Something to buy."""

    __tablename__ = "products"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    price_cents: Mapped[int]
    cost_cents: Mapped[int] = mapped_column(default=0)
    supplier: Mapped[str] = mapped_column(String(120), default="")
    shelf: Mapped[str] = mapped_column(String(20), default="unsorted")
    published: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)
    deleted_at: Mapped[str | None] = mapped_column(String(40))


class Review(db.Model):
    """What a customer says of a product; public."""

    __tablename__ = "reviews"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    rating: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)

    author: Mapped[User] = relationship(lazy="joined")

    @property
    def author_nickname(self) -> str:
        """The name that the public sees."""
        return self.author.nickname


class WishlistEntry(db.Model):
    """A product that a customer would like, at most once each."""

    __tablename__ = "wishlist"
    __table_args__ = (UniqueConstraint("user_id", "product_id"), AUTOINCREMENT)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    comment: Mapped[str] = mapped_column(String(300), default="")


class Address(db.Model):
    """Where a customer's parcels may go."""

    __tablename__ = "addresses"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2), default="NL")
    verified: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)
    deleted_at: Mapped[str | None] = mapped_column(String(40))


class CartItem(db.Model):
    """A line of a customer's cart."""

    __tablename__ = "cart_items"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    engraving: Mapped[str] = mapped_column(String(200), default="")

    product: Mapped[Product] = relationship(lazy="joined")

    @property
    def name(self) -> str:
        """The product's name."""
        return self.product.name

    @property
    def unit_price_cents(self) -> int:
        """A cart follows the catalogue; only an order fixes prices."""
        return self.product.price_cents


class Coupon(db.Model):
    """A discount for whoever knows the code."""

    __tablename__ = "coupons"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    percent: Mapped[int]
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)
    deleted_at: Mapped[str | None] = mapped_column(String(40))


class Order(db.Model):
    """What a customer ordered."""

    __tablename__ = "orders"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    status: Mapped[str] = mapped_column(String(20), default="placed")
    note: Mapped[str] = mapped_column(Text, default="")
    gift_message: Mapped[str] = mapped_column(Text, default="")
    coupon_code: Mapped[str | None] = mapped_column(String(40))
    discount_percent: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)
    deleted_at: Mapped[str | None] = mapped_column(String(40))

    shipping_address: Mapped[Address] = relationship(lazy="joined")
    items: Mapped[list[OrderItem]] = relationship(lazy="selectin", order_by="OrderItem.id")
    viewers: Mapped[list[OrderViewer]] = relationship(lazy="selectin", order_by="OrderViewer.user_id")

    @property
    def total_cents(self) -> int:
        """What is to be paid."""
        return discounted(sum(i.quantity * i.unit_price_cents for i in self.items), self.discount_percent)

    @property
    def viewer_ids(self) -> list[int]:
        """The customers who may look on."""
        return [viewer.user_id for viewer in self.viewers]


class OrderItem(db.Model):
    """A line of an order, at the price of that day."""

    __tablename__ = "order_items"
    __table_args__ = (AUTOINCREMENT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    name: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_cents: Mapped[int]
    engraving: Mapped[str] = mapped_column(String(200), default="")


class OrderViewer(db.Model):
    """A customer whom the one who ordered lets look on, as in a household."""

    __tablename__ = "order_viewers"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)


def discounted(cents: int, percent: int) -> int:
    """The amount less a discount, rounded down for the customer."""
    return cents * (100 - percent) // 100


def find(model: type[Row], identifier: Any) -> Row | None:
    """The row with this id; None for anything that cannot be one, and for what is deleted."""
    if not isinstance(identifier, int) or isinstance(identifier, bool) or not 0 < identifier <= MAX_ID:
        return None
    row = db.session.get(model, identifier)
    return None if row is None or getattr(row, "deleted_at", None) else row


def assign(row: Base, values: dict[str, Any]) -> None:
    """Set each value on the row. The schemas decide what gets here."""
    for name, value in values.items():
        setattr(row, name, value)


def commit() -> None:
    """Commit; what a concurrent request has changed meanwhile is answered with 404 or 409."""
    try:
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        not_found()
    except IntegrityError:
        db.session.rollback()
        conflict("That is taken already.")
