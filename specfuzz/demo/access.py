"""Who is calling, and what they may do: login, ownership, administrators, CSRF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import g, request, session
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from . import sessions
from .errors import Refusal, not_found
from .models import Note, User, find
from .weaknesses import is_weak

View = Callable[..., Any]

#: Open to people without a session, so without a token. What keeps other sites from logging a browser
#: in is that these take application/json only.
WITHOUT_TOKEN = {"accounts.sign_up", "accounts.log_in"}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}  # RFC 9110, section 9.2.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The logged-in user of this request."""

    user: User
    is_admin: bool


def load_caller() -> None:
    """Set `g.caller` from the session; None for anonymous."""
    g.caller = None
    login_id = session.get("login_id")
    if isinstance(login_id, str) and sessions.is_ended(login_id):
        return
    user = find(User, session.get("user_id"))
    if user is None:
        return
    if is_weak("client-side-session"):
        # SF401/SF403: the client's copy counts, which is as good as the signing key.
        is_admin = session.get("is_admin") is True or session.get("role") == "admin"
    else:
        is_admin = user.is_admin or user.role == "admin"
    g.caller = Caller(user=user, is_admin=is_admin)


def check_csrf() -> None:
    """Refuse a logged-in write without this session's token.

    Anonymous writes pass: without a session there is no authority that another site could borrow.
    The header is the only place looked at; `CSRFProtect` also parses form bodies, which no operation
    here takes.
    """
    if request.method in SAFE_METHODS or request.endpoint is None or request.endpoint in WITHOUT_TOKEN:
        return
    if g.caller is None or is_weak("csrf-missing"):  # SF311
        return
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except ValidationError as error:
        raise Refusal(400, "csrf", f"{error} Send X-CSRFToken with the value from GET /csrf-token.") from None


def caller() -> Caller:
    """The logged-in caller; raises Refusal with 401 for anonymous."""
    found: Caller | None = g.caller
    if found is None:
        raise Refusal(401, "unauthenticated", "log in first")
    return found


def login_required(view: View) -> View:
    """Answer 401 unless somebody is logged in."""

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        caller()
        return view(**arguments)

    return guarded


def admin_only(*, unless: str) -> Callable[[View], View]:
    """Answer 403 unless an administrator is logged in; `unless` names the flaw that forgets it."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(**arguments: Any) -> Any:
            if not caller().is_admin and not is_weak(unless):
                raise Refusal(403, "forbidden", "for administrators")
            return view(**arguments)

        return guarded

    return decorate


def owner_only(
    model: type[User | Note], *, unless: str | None = None, without_login: str | None = None
) -> Callable[[View], View]:
    """Hand the view its object if the caller owns it; others get the 404 of a made-up id.

    `unless` names the flaw that forgets the owner, `without_login` the one that forgets the whole check.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(id: int) -> Any:
            is_forgotten = without_login is not None and is_weak(without_login)
            who = None if is_forgotten else caller()
            found = find(model, id)
            if found is None:
                raise not_found()
            is_owner = who is None or found.owner_id == who.user.id
            if not is_owner and not (unless is not None and is_weak(unless)):
                raise not_found()
            return view(found)

        return guarded

    return decorate
