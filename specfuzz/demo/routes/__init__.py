"""The operations, one file for each kind of resource."""

from __future__ import annotations

from . import accounts, meta, notes

BLUEPRINTS = (meta.blueprint, accounts.blueprint, notes.blueprint)

__all__ = ["BLUEPRINTS"]
