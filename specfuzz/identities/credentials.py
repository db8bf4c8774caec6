"""A session seen from outside: what it carries and where, and how to send something else in its place.

Read-only. Values are `Secret`s: whoever reveals one to take it apart keeps it out of titles, details and notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.http import Exchange, Pairs, Substitute
from specfuzz.identities.identity import Secret, secret_headers
from specfuzz.identities.session import Session, is_csrf_name

_SCHEMES = frozenset({"basic", "bearer", "dpop", "jwt", "token"})
"""Words before a credential that are a scheme (RFC 9110, 11.1, and what frameworks use as one), lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One value that proves who calls: a header, a cookie or a query parameter.

    `scheme` is what stands before the secret in a header (`Bearer`); empty if nothing does.
    """

    carrier: str
    name: str
    secret: Secret
    scheme: str = ""

    @property
    def where(self) -> str:
        """In words: `cookie session`, `header Authorization`."""
        return f"{self.carrier} {self.name}"

    def written(self, value: str) -> str:
        """`value` as it is sent in this place."""
        return f"{self.scheme} {value}" if self.scheme else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """All credentials of one session, and what goes along with them without being any (anti-CSRF cookies, fixed headers).

    `answers` are the exchanges of its log-in and `told` the object that the log-in answered with; empty without a log-in.
    `same_site` has each cookie's attribute as it was set, "" where none was.
    """

    identity: str
    items: tuple[Credential, ...]
    headers: Pairs = field(default=(), repr=False)
    cookies: Pairs = field(default=(), repr=False)
    anti_csrf: Pairs = field(default=(), repr=False)
    answers: tuple[Exchange, ...] = field(default=(), repr=False)
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)
    same_site: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_cookies_alone(self) -> bool:
        """Whether a browser would add all these credentials by itself; a `Cookie` header from an auth file is one too."""
        return bool(self.items) and all(
            item.carrier == "cookie" or (item.carrier == "header" and item.name.lower() == "cookie")
            for item in self.items
        )

    def substitute(
        self,
        name: str,
        changes: Mapping[Credential, str | None] | None = None,
        *,
        whole: bool = False,
        is_secret: bool = True,
    ) -> Substitute:
        """This session with some credentials changed, or left out (None); all others are carried as they are.

        A changed value keeps its scheme in front (`Bearer`), unless it is `whole`: then it is sent as it stands.
        """
        carried: dict[str, list[tuple[str, str]]] = {"header": [], "cookie": [], "query": []}
        for item in self.items:
            value = (changes or {}).get(item, item.secret.reveal())
            if value is not None:
                changed = item in (changes or {})
                carried[item.carrier].append((item.name, value if whole and changed else item.written(value)))
        return Substitute(
            name=name,
            headers=(*carried["header"], *self.headers),
            cookies=(*carried["cookie"], *self.cookies),
            query=tuple(carried["query"]),
            anti_csrf=self.anti_csrf,
            is_secret=is_secret,
        )


def credentials_of(session: Session) -> Credentials:
    """What a session carries now."""
    secret = {value.reveal() for value in secret_headers((name, Secret(value)) for name, value in session.headers)}
    items = [_header(name, value) for name, value in session.headers if value in secret]
    items += [Credential(carrier="query", name=name, secret=Secret(value)) for name, value in session.query]
    items += [
        Credential(carrier="cookie", name=name, secret=Secret(value))
        for name, value in session.cookies.items()
        if not is_csrf_name(name)
    ]
    return Credentials(
        identity=session.identity,
        items=tuple(items),
        headers=tuple((name, value) for name, value in session.headers if value not in secret),
        cookies=tuple((name, value) for name, value in session.cookies.items() if is_csrf_name(name)),
        anti_csrf=tuple(session.csrf_headers()),
        answers=session.answers,
        same_site=dict(session.same_site),
        told=session.facts,
    )


def _header(name: str, value: str) -> Credential:
    scheme, space, rest = value.partition(" ")
    if space and rest.strip() and (name.lower() == "authorization" or scheme.lower() in _SCHEMES):
        return Credential(carrier="header", name=name, secret=Secret(rest), scheme=scheme)
    return Credential(carrier="header", name=name, secret=Secret(value))
