"""A small notes API with the classic insecure design, and its repaired twin.

Each flaw is a switch in WEAKNESSES, named there with the rule that should find it; the twin differs only
where a switch is asked. `openapi.json` documents the repaired behaviour: it is the contract.
"""

from __future__ import annotations

from .app import create_app
from .seed import ADMIN_PASSWORD, ADMIN_USERNAME
from .server import running, serve
from .weaknesses import ALL, COMBINED, WEAKNESSES, Weakness

__all__ = [
    "ADMIN_PASSWORD",
    "ADMIN_USERNAME",
    "ALL",
    "COMBINED",
    "WEAKNESSES",
    "Weakness",
    "create_app",
    "running",
    "serve",
]
