"""Sign-up, login, logout, and one's own account."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, session
from flask_wtf.csrf import generate_csrf
from marshmallow import EXCLUDE, INCLUDE, RAISE
from sqlalchemy import delete, select
from werkzeug.security import check_password_hash

from .. import sessions
from ..access import admin_only, caller, login_required, owner_only
from ..errors import Refusal
from ..models import User, commit, db
from ..schemas import Login, SignUp, UserUpdate, body_as, user_out
from ..weaknesses import is_weak

blueprint = Blueprint("accounts", __name__)


@blueprint.post("/users")
def sign_up() -> tuple[Response, int, dict[str, str]]:
    """Make an account; fields that are not the client's to set are dropped."""
    # SF201: INCLUDE hands unknown fields through, and the row takes those that are columns.
    schema = SignUp(unknown=INCLUDE if is_weak("mass-assignment-signup") else EXCLUDE)
    values = body_as(schema)
    user = User(display_name=values["username"])
    user.set_password(values.pop("password"))
    user.assign(values)
    db.session.add(user)
    commit()
    return jsonify(user_out(user)), 201, {"Location": f"/users/{user.id}"}


@blueprint.post("/login")
def log_in() -> Response:
    """Begin a session."""
    values = body_as(Login())
    user = db.session.scalar(select(User).where(User.username == values["username"]))
    if user is None:
        # As slow as a wrong password, so that the clock does not tell which names exist.
        check_password_hash(current_app.config["DUMMY_PASSWORD_HASH"], values["password"])
    if user is None or not user.has_password(values["password"]):
        raise Refusal(401, "unauthenticated", "wrong username or password")
    sessions.start(user)
    return jsonify(user=user_out(user), csrf_token=generate_csrf())


@blueprint.post("/logout")
@login_required
def log_out() -> Response:
    """End the session."""
    response = Response(status=204)
    sessions.end(response)
    return response


@blueprint.get("/me")
@login_required
def me() -> Response:
    """The caller's own account."""
    return jsonify(user_out(caller().user))


@blueprint.get("/users/<row_id:id>")
@owner_only(User, unless="user-read-any")  # SF101
def read_user(user: User) -> Response:
    """Show an account to its user."""
    return jsonify(user_out(user))


@blueprint.patch("/users/<row_id:id>")
@owner_only(User, unless="user-write-any")  # SF102
def update_user(user: User) -> Response:
    """Change an account; fields that are not the client's to set are an error."""
    schema = UserUpdate(unknown=INCLUDE if is_weak("mass-assignment") else RAISE)  # SF201, as in sign_up
    user.assign(body_as(schema))
    commit()
    return jsonify(user_out(user))


@blueprint.delete("/users/<row_id:id>")
@owner_only(User, unless="user-delete-any")  # SF103
def delete_user(user: User) -> Response:
    """Delete an account; its notes go with it, by the foreign key."""
    db.session.execute(delete(User).where(User.id == user.id))
    commit()
    if user.id == session.get("user_id"):
        session.clear()
    return Response(status=204)


@blueprint.get("/admin/users")
@admin_only(unless="admin-list-open")  # SF106
def list_users() -> Response:
    """All accounts."""
    users = list(db.session.scalars(select(User).order_by(User.id)))
    return jsonify(items=user_out(users), total=len(users))
