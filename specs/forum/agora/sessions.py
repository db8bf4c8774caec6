"""Session engine (settings.SESSION_ENGINE): rows in the database, the cookie holds only their key."""

from __future__ import annotations

from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from agora.switches import on


def session_store(session_key: str | None = None) -> SessionBase:
    if on("session-in-cookie") and session_key and ":" in session_key:
        # SF401: members' sessions were moved into the cookie to relieve the database; guests kept theirs.
        return signed_cookies.SessionStore(session_key)
    return DatabaseStore(session_key)


SessionStore = session_store  # the name that Django looks for


def moved_to_cookie(session: SessionBase) -> SessionBase:
    """The same session, kept by the client from now on."""
    moved = signed_cookies.SessionStore()
    moved.update(dict(session.items()))
    if session.session_key:
        session.delete()
    return moved
