"""What the demo stores: users, their notes, and logins that have ended."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.security import check_password_hash, generate_password_hash

from .errors import Refusal, not_found

#: SQLite's INTEGER is 64 bits wide; sqlite3 raises OverflowError for anything larger.
MAX_ID = 2**63 - 1

#: Deliberately cheap: a fuzzer signs up and logs in all the time, and these passwords guard toy data
#: for minutes. A real service takes werkzeug's default.
PASSWORD_METHOD = "pbkdf2:sha256:1000"


class Base(DeclarativeBase):
    """Declarative base, so that the type checker knows the models' columns."""


# Objects stay usable after a commit: nothing is reloaded, so a row that another request deletes in
# between cannot turn the answer into an error.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

Row = TypeVar("Row", bound=Base)


def timestamp() -> str:
    """The time now as RFC 3339 text, which SQLite keeps as it is."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Assignable:
    """Takes values by column name."""

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set each value whose name is a column; the primary key stays."""
        for name, value in values.items():
            if name in self.__table__.columns and name != "id":  # type: ignore[attr-defined]
                setattr(self, name, value)


class User(Assignable, Model):
    """An account."""

    __tablename__ = "users"
    # Without AUTOINCREMENT, SQLite gives a deleted user's id to the next one, and old sessions with it.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    bio: Mapped[str] = mapped_column(Text, default="")
    role: Mapped[str] = mapped_column(String(20), default="member")
    is_admin: Mapped[bool] = mapped_column(default=False)
    internal_notes: Mapped[str] = mapped_column(Text, default="signed up over the API; plan: trial")
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)

    @property
    def owner_id(self) -> int:
        """A user owns themself."""
        return self.id

    def set_password(self, password: str) -> None:
        """Store the hash of a new password."""
        self.password_hash = generate_password_hash(password, method=PASSWORD_METHOD)

    def has_password(self, password: str) -> bool:
        """Whether this is the password."""
        try:
            return check_password_hash(self.password_hash, password)
        except ValueError:  # a hash of no known method: only mass assignment can have put it there
            return False


class Note(Assignable, Model):
    """A note; it belongs to the user who made it."""

    __tablename__ = "notes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[str] = mapped_column(String(40), default=timestamp)
    updated_at: Mapped[str] = mapped_column(String(40), default=timestamp, onupdate=timestamp)


class EndedLogin(Model):
    """A login that logged out; a session that still names it is refused, wherever it was kept."""

    __tablename__ = "ended_logins"

    login_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[str] = mapped_column(String(40), default=timestamp)


def find(model: type[Row], identifier: object) -> Row | None:
    """The row with this id; None for anything that cannot be one."""
    if not isinstance(identifier, int) or isinstance(identifier, bool) or not 0 < identifier <= MAX_ID:
        return None
    return db.session.get(model, identifier)


def commit() -> None:
    """Commit; raises Refusal when the database says no, which a concurrent request may cause."""
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        if "UNIQUE" in str(error.orig):
            raise Refusal(409, "conflict", "username or email is taken") from None
        raise Refusal(422, "invalid", "the change does not fit the data") from None
    except StaleDataError:  # the row went away between our read and our write
        db.session.rollback()
        raise not_found() from None
    except (StatementError, OverflowError, UnicodeEncodeError):
        # Only values that no schema has seen get here, and mass assignment lets those through.
        db.session.rollback()
        raise Refusal(422, "invalid", "the change does not fit the data") from None
