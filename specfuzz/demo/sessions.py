"""Where sessions live, which cookie carries them, and how a login starts and ends."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from cachelib import FileSystemCache
from flask import Flask, Response, current_app, request, session
from flask.sessions import SecureCookieSessionInterface, SessionInterface
from flask_session.cachelib import CacheLibSessionInterface

from .models import EndedLogin, User, commit, db
from .weaknesses import is_weak

LIFETIME = timedelta(hours=12)
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


class LoopbackCookie(SessionInterface):
    """Drops `Secure` for plain HTTP to this very machine, and only there.

    Browsers send Secure cookies to http://localhost, Python's http.cookiejar (and so httpx and
    requests) does not: nobody could stay logged in. Behind a proxy that speaks TLS the Host header
    carries the public name, and the attribute stays.
    """

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this response's cookie gets `Secure`."""
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        is_local = request.scheme == "http" and host in LOOPBACK_HOSTS
        return bool(app.config["SESSION_COOKIE_SECURE"]) and not is_local


class ReadableSessions(LoopbackCookie, SecureCookieSessionInterface):
    """SF401: Flask's own sessions, signed but readable, in the client's hands."""


class StoredSessions(LoopbackCookie, CacheLibSessionInterface):  # type: ignore[misc]
    """Flask-Session: the cookie is a random id, the data stays here."""


def configure(app: Flask, weaknesses: frozenset[str], directory: Path) -> None:
    """Set up key, cookie and session store."""
    # SF402: the Flask tutorial's key, first in every word list.
    app.config["SECRET_KEY"] = "dev" if "guessable-secret-key" in weaknesses else secrets.token_hex(32)
    is_bare = "cookie-attributes" in weaknesses  # SF404
    app.config["SESSION_COOKIE_HTTPONLY"] = not is_bare
    app.config["SESSION_COOKIE_SECURE"] = not is_bare
    app.config["SESSION_COOKIE_SAMESITE"] = None if is_bare else "Lax"
    app.config["PERMANENT_SESSION_LIFETIME"] = LIFETIME
    # Flask-Session would otherwise write the session back after every request, and a slow one would
    # bring back what a logout has just deleted.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    # The token lives as long as its session: an hour's limit makes long fuzzing runs fail midway.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    if "client-side-session" in weaknesses:
        app.session_interface = ReadableSessions()
        return
    store = FileSystemCache(str(directory / "sessions"), threshold=0)  # 0: never evict a live session
    app.session_interface = StoredSessions(client=store, permanent=False)


def start(user: User) -> None:
    """Begin a login for this user in the current session."""
    # SF406: who planted a session id before the login would know it afterwards.
    if not is_weak("session-not-rotated"):
        if isinstance(current_app.session_interface, CacheLibSessionInterface):
            current_app.session_interface.regenerate(session)
        session.clear()
    session["user_id"] = user.id
    session["login_id"] = secrets.token_urlsafe(16)
    if is_weak("client-side-session"):
        # SF401, and with a known key SF403: saves a query for each request, and tells the client
        # what support wrote about them. access.load_caller believes these values.
        session["is_admin"] = user.is_admin
        session["role"] = user.role
        session["internal_notes"] = user.internal_notes


def end(response: Response) -> None:
    """End the current login."""
    if is_weak("session-survives-logout"):
        # SF405: only the browser is asked to forget; a copied cookie goes on working.
        response.delete_cookie(current_app.config["SESSION_COOKIE_NAME"])
        return
    login_id = session.get("login_id")
    if isinstance(login_id, str) and not is_ended(login_id):
        db.session.merge(EndedLogin(login_id=login_id))
        commit()
    session.clear()


def is_ended(login_id: str) -> bool:
    """Whether this login has logged out."""
    return db.session.get(EndedLogin, login_id) is not None
