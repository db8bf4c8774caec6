"""Sign-up, login, logout, and one's own account."""

from __future__ import annotations

from typing import Any

import store
import tokens
from store import User
from switches import on
from web import COOKIE, Answer, Refused, Request, anyone, get, ok, post, staff_only

OWN_FIELDS = ("email", "company", "signature")


def view(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "email": user.email,
        "company": user.company,
        "signature": user.signature,
        "role": user.role,
        "plan": user.plan,
    }


def session_cookie(request: Request, value: str, lifetime_s: int) -> tuple[str, str]:
    """Secure is set where it can be: a browser would not return such a cookie over plain http."""
    secure = "; Secure" if request.is_https else ""
    attributes = f"Path=/; Max-Age={lifetime_s}; HttpOnly; SameSite=Lax{secure}"
    return "Set-Cookie", f"{COOKIE}={value}; {attributes}"


@post("/register", login=anyone, csrf=anyone)
def register(request: Request) -> Answer:
    username, password = request.text("username"), request.args.get("password", "")
    if not 1 <= len(username) <= 60:
        raise Refused("please choose a username of at most 60 characters")
    if len(password) < 6:
        raise Refused("please choose a password of at least 6 characters")
    if username in store.users:
        raise Refused("that username is taken")
    columns = {"email": request.text("email"), "company": request.text("company")}
    if on("register-role") and request.text("role"):
        columns["role"] = request.text("role")  # SF201: meant for the staff's own copy of the form
    return ok(user=view(store.add_user(username, password, **columns)))


@post("/login", login=anyone, csrf=anyone)
def login(request: Request) -> Answer:
    user = store.check_password(request.text("username"), request.args.get("password", ""))
    if user is None:
        raise Refused("wrong username or password")
    token, claims = tokens.issue(user)
    cookie = session_cookie(request, token, tokens.LIFETIME_S)
    return ok(csrf=tokens.csrf_token(claims), headers=[cookie])


@post("/logout")
def logout(request: Request) -> Answer:
    if not on("logout-keeps-token"):  # SF405: a copy of the cookie stays good until it expires
        assert request.claims is not None
        tokens.revoke(request.claims)
    return ok(headers=[session_cookie(request, "", 0)])


@get("/whoami")
def whoami(request: Request) -> Answer:
    assert request.claims is not None
    return ok(user=view(request.me()), csrf=tokens.csrf_token(request.claims))


@post("/account/update")
def update_account(request: Request) -> Answer:
    user = request.me()
    # SF201: the plan is a column like the others, and what it costs is the staff's business
    allowed = (*OWN_FIELDS, "plan") if on("account-plan") else OWN_FIELDS
    for name in allowed:
        if name in request.args:
            setattr(user, name, request.text(name))
    if on("account-hash-returned"):
        return ok(user={**view(user), "pw_hash": user.pw_hash})  # SF205: the whole row
    return ok(user=view(user))


@get("/staff/users", check=staff_only)
def users(request: Request) -> Answer:
    return ok(users=[view(user) for user in store.users.values()])
