"""What can be wrong with a document.

x  ContractError
   + DocumentError      the document cannot be used at all
"""

from __future__ import annotations


class ContractError(Exception):
    """Base of this room's errors. `where` is a file, URL or JSON pointer; `hint` says what to do next."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint


class DocumentError(ContractError):
    """The document cannot be used: not there, not JSON or YAML, not OpenAPI, or without a readable operation."""
