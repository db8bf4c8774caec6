"""An identity and how it proves itself: fixed headers, or a log-in that yields a token or cookies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_PLAIN_HEADERS = frozenset(
    {"accept", "accept-language", "content-type", "origin", "referer", "user-agent", "x-requested-with"}
)
"""Headers that go along with credentials but are none: to mask `application/json` everywhere would help nobody."""

DEFAULT_ROLE = "user"
"""The role of an identity whose entry names none: all such identities are peers."""


class Secret:
    """A string that prints as a mask; only `reveal` shows it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('**********')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def secret_headers(headers: Iterable[tuple[str, Secret]]) -> tuple[Secret, ...]:
    """The values of those headers that may hold credentials."""
    return tuple(value for name, value in headers if name.lower() not in _PLAIN_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where a log-in's token stands in its response, and how later requests carry it.

    `pointer` is a JSON Pointer (RFC 6901), None to look for it. `carrier` is `header`, `query` or `cookie`.
    """

    pointer: str | None = None
    carrier: str = "header"
    name: str = "Authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A request that logs in. `path` is relative to the API, or a URL. The payload holds the secrets."""

    method: str
    path: str
    payload: Secret
    content_type: str = "application/json"
    headers: tuple[tuple[str, Secret], ...] = ()
    token: Token | None = None
    expects_cookies: bool = False
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A named set of credentials with a role. `made` if the run signed it up itself, so that it may be attacked."""

    name: str
    role: str = DEFAULT_ROLE
    headers: tuple[tuple[str, Secret], ...] = ()
    query: tuple[tuple[str, Secret], ...] = ()
    login: Login | None = None
    made: bool = False
    where: str | None = None

    def secrets(self) -> tuple[Secret, ...]:
        """All secrets known before the first request."""
        own = (*secret_headers(self.headers), *(value for _, value in self.query))
        return (*own, *(self.login.secrets if self.login else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class CsrfRules:
    """How the API hands out and takes its anti-CSRF token, as far as the document says.

    `headers` are the names of documented header parameters; `path` is an operation that returns a token.
    """

    headers: tuple[str, ...] = ()
    path: str | None = None
