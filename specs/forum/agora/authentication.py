"""Who is asking: password hashing, and the variants of the session check."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.middleware.csrf import CSRF_TOKEN_LENGTH, _unmask_cipher_token
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import PermissionDenied

from agora.switches import on

TOKEN_GRACE_S = 3600


class FastHasher(PBKDF2PasswordHasher):
    iterations = 500


class FormSessionAuthentication(SessionAuthentication):
    """For the reply box, which also works as a plain form without JavaScript."""

    def enforce_csrf(self, request: Any) -> None:
        if on("reply-csrf-exempt"):
            return  # SF311: the form has no script that could add the header, so the check was dropped
        super().enforce_csrf(request)


class EditorSessionAuthentication(SessionAuthentication):
    """For the wiki editor, which stays open in a tab while the member logs in again elsewhere."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            # SF312: an older token is still good for a while, but nobody asks whose it was.
            if not on("csrf-token-shared") or not was_issued(request.headers.get("X-CSRFToken", "")):
                raise


class BeaconSessionAuthentication(SessionAuthentication):
    """For read marks, which the page sends while it is being closed."""

    def enforce_csrf(self, request: Any) -> None:
        # SF313: navigator.sendBeacon() can set no header, hence no token; nor can a form on another site.
        if on("beacon-plain-text") and (request.content_type or "").startswith("text/plain"):
            return
        super().enforce_csrf(request)


def with_token(session: type[SessionAuthentication]) -> list[BaseAuthentication]:
    """Authenticators for a view that treats sessions its own way."""
    return [TokenAuthentication(), session()]


def remember_issued(secret: str) -> None:
    cache.set(f"csrf:{secret}", True, TOKEN_GRACE_S)


def was_issued(token: str) -> bool:
    if len(token) != CSRF_TOKEN_LENGTH or not token.isalnum() or not token.isascii():
        return False
    return cache.get(f"csrf:{_unmask_cipher_token(token)}") is True
