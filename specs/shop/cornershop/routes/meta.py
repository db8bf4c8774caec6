"""Health and CSRF tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_wtf.csrf import generate_csrf

from .. import sessions

blueprint = Blueprint("meta", __name__)


@blueprint.get("/health")
def health() -> Any:
    """Say that the shop is up."""
    return {"status": "ok"}


@blueprint.get("/csrf-token")
def csrf_token() -> Any:
    """Hand out this session's token; a visitor without a session gets one."""
    sessions.ensure()
    return {"csrf_token": generate_csrf()}
