"""Signing up, logging in and out, the caller's account and what others see of it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, make_response
from sqlalchemy import func, select
from werkzeug.security import check_password_hash, generate_password_hash

from .. import sessions
from ..access import caller, login_required
from ..errors import Refusal, conflict, not_found
from ..models import PASSWORD_METHOD, Review, User, assign, commit, db, find
from ..schemas import (
    AccountOut,
    AccountRow,
    Credentials,
    ProfileAndAccountUpdate,
    ProfileUpdate,
    Registration,
    body_as,
)
from ..switches import on

blueprint = Blueprint("accounts", __name__)

#: Checked for unknown addresses, so that the time of a refusal does not tell who has an account.
NOBODYS_HASH = generate_password_hash(secrets.token_hex(), method=PASSWORD_METHOD)


@blueprint.post("/auth/register")
def register() -> Any:
    """Make an account."""
    data = body_as(Registration())
    password = data.pop("password")
    if _by_email(data["email"]) is not None:
        conflict("That is taken already.")
    user = User(**data)
    user.set_password(password)
    db.session.add(user)
    commit()
    return _dump(user), 201


@blueprint.post("/auth/login")
def log_in() -> Any:
    """Start a session for a customer."""
    data = body_as(Credentials())
    user = _by_email(data["email"])
    password_hash = user.password_hash if user is not None else NOBODYS_HASH
    if not check_password_hash(password_hash, data["password"]) or user is None:
        raise Refusal(401, "bad_credentials", "E-mail address or password are wrong.")
    sessions.begin(user)
    return _dump(user)


@blueprint.post("/auth/logout")
def log_out() -> Any:
    """End the session, if there is one."""
    response = make_response("", 204)
    sessions.end(response)
    return response


@blueprint.get("/me")
@login_required
def read_me() -> Any:
    """Show the caller's account."""
    if on("account-hash-returned"):
        return AccountRow().dump(caller().user)  # SF205
    return _dump(caller().user)


@blueprint.patch("/me")
@login_required
def update_me() -> Any:
    """Change the caller's account."""
    form = ProfileAndAccountUpdate if on("profile-takes-account-fields") else ProfileUpdate  # SF201
    assign(caller().user, body_as(form()))
    commit()
    return _dump(caller().user)


@blueprint.get("/customers/<row_id:customer_id>")
def read_customer(customer_id: int) -> Any:
    """Show what the public may know of somebody who writes reviews."""
    user = find(User, customer_id)
    if user is None:
        not_found()
    count = db.session.scalar(select(func.count()).where(Review.author_id == user.id))
    return {"id": user.id, "nickname": user.nickname, "review_count": count, "member_since": user.created_at}


def _by_email(email: str) -> User | None:
    return db.session.scalar(select(User).where(User.email == email))


def _dump(user: User) -> Any:
    return AccountOut().dump(user)
