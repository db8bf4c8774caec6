"""Django settings, made in code: the forum is one process with a database that lives as long as it does."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management.utils import get_random_secret_key

from agora.switches import on

# Behind a TLS proxy the cookies are Secure. Over plain http on loopback they cannot be: browsers make an
# exception for localhost, but Python's cookie jars never send a Secure cookie over http, and no script
# could log in.
BEHIND_TLS = os.environ.get("AGORA_TLS") == "1"

_PRIVATE_KEY = get_random_secret_key()
# Removed when the process ends.
_DIRECTORY = tempfile.TemporaryDirectory(prefix="agora-", ignore_cleanup_errors=True)


def switched_settings() -> dict[str, Any]:
    """The settings that a weakness changes."""
    return {
        # SF402: the value of the README's example was deployed.
        "SECRET_KEY": "changeme" if on("weak-secret-key") else _PRIVATE_KEY,
        # SF404: an old widget reads the session cookie from JavaScript, on other people's pages too.
        "SESSION_COOKIE_HTTPONLY": not on("session-cookie-exposed"),
        "SESSION_COOKIE_SAMESITE": None if on("session-cookie-exposed") else "Lax",
        # SF505 (the other half is in views/search.py)
        "DEBUG": on("debug-page"),
    }


def configure() -> None:
    settings.configure(
        **switched_settings(),
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]", "testserver"],
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "rest_framework",
            "rest_framework.authtoken",
            "agora",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "agora.middleware.MethodOverrideMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "agora.middleware.CsrfTokenCookieMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(_DIRECTORY.name) / "forum.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",  # a read that turns into a write would fail as "locked"
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        AUTH_USER_MODEL="agora.Member",
        # Few rounds, because this forum is a benchmark and its passwords are published.
        PASSWORD_HASHERS=["agora.authentication.FastHasher"],
        ROOT_URLCONF="agora.urls",
        APPEND_SLASH=False,
        USE_TZ=True,
        TIME_ZONE="UTC",
        SESSION_ENGINE="agora.sessions",
        SESSION_COOKIE_SECURE=BEHIND_TLS,
        # The token belongs to the session; the csrftoken cookie only carries it (see middleware.py).
        CSRF_USE_SESSIONS=True,
        CSRF_COOKIE_SECURE=BEHIND_TLS,
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [
                # First, so that a request without credentials is answered 401 and not 403.
                "rest_framework.authentication.TokenAuthentication",
                "rest_framework.authentication.SessionAuthentication",
            ],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_PARSER_CLASSES": ["agora.http.JSONParser"],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_CONTENT_NEGOTIATION_CLASS": "agora.http.AlwaysJSON",
            "DEFAULT_METADATA_CLASS": None,
            "DEFAULT_PAGINATION_CLASS": "agora.http.Pages",
            "EXCEPTION_HANDLER": "agora.http.exception_handler",
        },
        LOGGING_CONFIG=None,
    )


def start() -> None:
    """Configure Django, make the tables and fill them with the forum's first members and threads."""
    import logging

    logging.getLogger("django").addHandler(logging.NullHandler())
    logging.getLogger("django").propagate = False
    configure()
    django.setup()
    from agora.seed import create_tables, seed

    create_tables()
    seed()
