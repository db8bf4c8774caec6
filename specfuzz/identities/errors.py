"""What can go wrong with identities.

x  IdentityError
   + AuthFileError      the authentication document cannot be used
   + LoginFailed        an identity cannot log in (or not again)
"""

from __future__ import annotations

from specfuzz.http import Exchange


class IdentityError(Exception):
    """Base of this room's errors. `where` is a file with the entry; `hint` says what to do next."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint


class AuthFileError(IdentityError):
    """The authentication document cannot be used."""


class LoginFailed(IdentityError):
    """An identity cannot log in. `exchange` is the API's answer, if there was one."""

    def __init__(
        self, message: str, *, where: str | None = None, hint: str | None = None, exchange: Exchange | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.exchange = exchange
