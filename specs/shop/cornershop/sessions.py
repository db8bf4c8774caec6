"""Where sessions are kept, which cookie carries them, how a login begins and ends."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from cachelib import FileSystemCache
from flask import Flask, Response, current_app, request, session
from flask.sessions import SecureCookieSessionInterface, SessionInterface
from flask_session.cachelib import CacheLibSessionInterface

from .models import Login, User, commit, db, timestamp
from .switches import on

LOOPBACK = {"127.0.0.1", "localhost"}


def is_plain_loopback() -> bool:
    """Whether this request came over plain http on loopback."""
    return request.scheme == "http" and request.host.partition(":")[0] in LOOPBACK


class LoopbackCookie(SessionInterface):
    """Leaves `Secure` out for plain http on loopback, and nowhere else.

    Browsers treat http://localhost as trustworthy and send Secure cookies there; Python's cookie jars
    (so requests and httpx) do not, and no script could stay logged in to a shop under development.
    """

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the session cookie of this response is marked `Secure`."""
        return bool(app.config["SESSION_COOKIE_SECURE"]) and not is_plain_loopback()


class StoredSessions(LoopbackCookie, CacheLibSessionInterface):
    """Flask-Session: the cookie is a random id, the data stays on the server."""


class SignedSessions(LoopbackCookie, SecureCookieSessionInterface):
    """Flask's own: the data travels in the cookie."""


def configure(app: Flask, switches: frozenset[str], directory: Path) -> None:
    """Set up key, cookie and store."""
    # SF402: the key of many a tutorial.
    app.config["SECRET_KEY"] = "secret" if "weak-secret-key" in switches else secrets.token_hex(32)
    is_bare = "session-cookie-bare" in switches  # SF404
    app.config["SESSION_COOKIE_HTTPONLY"] = not is_bare
    app.config["SESSION_COOKIE_SECURE"] = not is_bare
    app.config["SESSION_COOKIE_SAMESITE"] = None if is_bare else "Lax"
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=12)
    # Only changed sessions are stored, so that a slow request cannot bring back one that was ended.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    if "session-in-cookie" in switches:
        app.session_interface = SignedSessions()  # SF401
        return
    store = FileSystemCache(str(directory / "sessions"), threshold=0)  # 0: sessions are never pruned
    app.session_interface = StoredSessions(client=store, permanent=False)


def ensure() -> None:
    """Give a visitor's session its id, if it has none yet."""
    if "sid" not in session:
        session["sid"] = secrets.token_urlsafe(24)


def begin(user: User) -> None:
    """Log the user in."""
    # SF406: who planted the visitor's session knows the customer's.
    if not on("session-not-rotated"):
        _end_login()
        if isinstance(current_app.session_interface, CacheLibSessionInterface):
            current_app.session_interface.regenerate(session)
        session.clear()
    ensure()
    db.session.merge(Login(sid=session["sid"], user_id=user.id, ended_at=None))
    commit()
    if on("session-in-cookie") or on("session-claims-trusted"):
        # Saves a query for each page; in a cookie (SF401) it is the customer's to read.
        session["user_id"] = user.id
        session["is_admin"] = user.is_admin
        session["email"] = user.email
        session["phone"] = user.phone
        session["support_notes"] = user.support_notes


def end(response: Response) -> None:
    """Log the caller out."""
    if on("logout-keeps-session"):
        response.delete_cookie(current_app.config["SESSION_COOKIE_NAME"])  # SF405: copies go on working
        return
    _end_login()
    commit()
    session.clear()


def current_login() -> Login | None:
    """The login of this session, ended or not."""
    sid = session.get("sid")
    return db.session.get(Login, sid) if isinstance(sid, str) else None


def _end_login() -> None:
    login = current_login()
    if login is not None and login.ended_at is None:
        login.ended_at = timestamp()
