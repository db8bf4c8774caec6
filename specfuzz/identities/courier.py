"""Carry requests as the identities they name: log in once, add credentials, renew them when they expired.

A 401 is ambiguous: an expired session, or simply a refusal. The session is renewed and the request repeated once; where
the answer stays the same, that operation is known to refuse this identity, and no further log-in is spent on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.http import ANONYMOUS, Exchange, Flow, Request
from specfuzz.http.driver import run_flow, run_flow_async
from specfuzz.http.redaction import Redactor
from specfuzz.identities.credentials import Credentials, credentials_of
from specfuzz.identities.errors import LoginFailed
from specfuzz.identities.identity import CsrfRules, Identity, Secret
from specfuzz.identities.login import log_in
from specfuzz.identities.payload import with_value
from specfuzz.identities.session import Session

MAX_FUTILE_RENEWALS = 3
"""Log-ins per identity that changed nothing, after which a 401 is taken as a refusal: logging in is limited by many APIs."""

MAX_REPEATS = 3
"""Renewals for one request, where others use up a short-lived session while it is under way."""

Send = Callable[[Request], Exchange]
AsyncSend = Callable[[Request], Awaitable[Exchange]]


@dataclass(slots=True, kw_only=True)
class Keyring:
    """The identities of a run and their sessions. Learns every secret into the redactor."""

    csrf: CsrfRules = field(default_factory=CsrfRules)
    redactor: Redactor = field(default_factory=Redactor)
    logins: int = 0
    _identities: dict[str, Identity] = field(default_factory=dict)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _refusing: set[tuple[str, str | None]] = field(default_factory=set)
    _answered: set[tuple[str, str | None]] = field(default_factory=set)
    _futile: dict[str, int] = field(default_factory=dict)

    def add(self, identity: Identity) -> None:
        for secret in identity.secrets():
            self.redactor.learn(secret.reveal())
            self.redactor.learn(secret.reveal().rsplit(" ", 1)[-1])
        self._identities[identity.name] = identity

    def replace(self, identity: Identity) -> None:
        """Take another description of an identity; its session ends, and what was learnt of its refusals is forgotten."""
        self.add(identity)
        self._sessions.pop(identity.name, None)
        self._futile.pop(identity.name, None)
        self._refusing = {(name, operation) for name, operation in self._refusing if name != identity.name}

    def identity(self, name: str) -> Identity:
        return self._identities[name]

    def identities(self) -> tuple[Identity, ...]:
        return tuple(self._identities.values())

    def knows(self, name: str) -> bool:
        return name in self._identities

    def session(self, name: str) -> Session | None:
        return self._sessions.get(name)

    def keep(self, session: Session) -> None:
        self._sessions[session.identity] = session
        self.learn_from(session)
        self.logins += 1

    def learn_from(self, session: Session) -> None:
        for secret in session.secrets():
            self.redactor.learn(secret)

    def passwords(self) -> frozenset[str]:
        """What the accounts of this run log in with, in the clear: to notice where the API gives one back."""
        logins = [identity.login for identity in self._identities.values() if identity.login is not None]
        return frozenset(secret.reveal() for login in logins for secret in login.secrets)

    def substituted(self, request: Request) -> Request:
        """The request as it goes out with what stands in for its identity's credentials; the redactor learns that first."""
        for secret in request.substitute.secrets() if request.substitute is not None else ():
            self.redactor.learn(secret)
        return request.with_substitute()

    def credentials(self, name: str) -> Credentials | None:
        """What the identity's session carries now; None before its first request, and for one that carries nothing."""
        session = self._sessions.get(name)
        return credentials_of(session) if session is not None else None

    def log_in_anew(self, name: str, cookies: Mapping[str, str] | None = None) -> Flow[Credentials]:
        """A further session of the identity beside the one that its requests use; `cookies` go along with the log-in.

        Raises `LoginFailed`. The redactor learns what it carries; nobody renews it.
        """
        session = yield from log_in(self._identities[name], self.csrf, cookies=cookies)
        self.learn_from(session)
        return credentials_of(session)

    def log_in_with(self, name: str, password: str | None = None) -> Flow[bool]:
        """Whether the identity's log-in works now, with another password if one is given; its session is left alone.

        False too where the log-in has no password of its own to exchange.
        """
        identity = self._identities[name]
        if password is not None:
            changed = with_password(identity, password)
            if changed is None:
                return False
            self.redactor.learn(password)
            identity = changed
        try:
            session = yield from log_in(identity, self.csrf)
        except LoginFailed:
            return False
        self.learn_from(session)
        return True

    def change_password(self, name: str, password: str) -> None:
        """The identity logs in with this password from now on: an attack set it."""
        changed = with_password(self._identities[name], password)
        if changed is not None:
            self.add(changed)

    def facts(self, name: str) -> Mapping[str, Any]:
        """What the identity's log-in told about its account."""
        session = self._sessions.get(name)
        return session.facts if session is not None else {}

    def may_have_expired(self, exchange: Exchange) -> bool:
        """Whether logging in again could change this answer."""
        name = exchange.request.identity
        if exchange.status != 401 and not _leads_to_login(exchange):
            return False
        identity = self._identities.get(name)
        if identity is None or identity.login is None:
            return False
        known = (name, exchange.request.operation) in self._refusing
        return not known and self._futile.get(name, 0) < MAX_FUTILE_RENEWALS

    def note_answer(self, exchange: Exchange) -> None:
        """An operation that once answered an identity does not refuse it: a later 401 there is an expiry."""
        if exchange.status < 400:
            self._answered.add((exchange.identity, exchange.request.operation))

    def may_repeat(self, session: Session, again: Exchange) -> bool:
        """Whether the same answer after a renewal may still be an expiry: the operation answered this identity before, or
        the session was itself renewed while its request was under way (a token may be good for a few requests only)."""
        now = self._sessions.get(session.identity)
        overtaken = now is not None and now.generation != session.generation
        return overtaken or (session.identity, again.request.operation) in self._answered

    def note_renewal(self, request: Request, *, helped: bool) -> None:
        if helped:
            self._futile[request.identity] = 0
        elif (request.identity, request.operation) not in self._answered:
            self._refusing.add((request.identity, request.operation))
            self._futile[request.identity] = self._futile.get(request.identity, 0) + 1


def with_password(identity: Identity, password: str) -> Identity | None:
    """The identity with another password in its log-in; None where it has no log-in with just one secret."""
    login = identity.login
    if login is None or len(login.secrets) != 1:
        return None
    payload = with_value(login.payload.reveal(), login.secrets[0].reveal(), password)
    if payload is None:
        return None
    return replace(identity, login=replace(login, payload=Secret(payload), secrets=(Secret(password),)))


def _leads_to_login(exchange: Exchange) -> bool:
    location = (exchange.response.header("location") or "").lower()
    return exchange.status in (302, 303) and ("login" in location or "signin" in location or "sign_in" in location)


class AsyncCourier:
    """Sends through an asynchronous `send`; one log-in at a time for each identity."""

    def __init__(self, keyring: Keyring, send: AsyncSend) -> None:
        self.keyring = keyring
        self._send = send
        self._locks: dict[str, asyncio.Lock] = {}

    async def send(self, request: Request) -> Exchange:
        """Raises `LoginFailed` and what the driver raises."""
        if request.substitute is not None:
            return _described_as(request, await self._send(self.keyring.substituted(request)))
        if request.identity == ANONYMOUS:
            return await self._send(request)
        session = await self._session(request.identity, None)
        exchange = await self._as(session, request)
        for _ in range(MAX_REPEATS):
            if not self.keyring.may_have_expired(exchange):
                break
            session = await self._session(request.identity, session.generation)
            again = await self._as(session, replace(request, wait_s=0.0))
            if again.status != exchange.status or not self.keyring.may_repeat(session, again):
                self.keyring.note_renewal(request, helped=again.status != exchange.status)
                return again
            exchange = again
        return exchange

    async def _as(self, session: Session, request: Request) -> Exchange:
        exchange = await self._send(session.authorize(request))
        session.absorb(exchange.response)
        self.keyring.learn_from(session)
        self.keyring.note_answer(exchange)
        return _described_as(request, exchange)

    async def _session(self, name: str, expired: int | None) -> Session:
        """The identity's session, logged in now if there is none or it is the expired generation."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            session = self.keyring.session(name)
            if session is not None and session.generation != expired:
                return session
            flow = log_in(self.keyring.identity(name), self.keyring.csrf, (expired or 0) + 1)
            session = await run_flow_async(flow, self._send)
            self.keyring.keep(session)
            return session


class SyncCourier:
    """The same over a synchronous `send`."""

    def __init__(self, keyring: Keyring, send: Send) -> None:
        self.keyring = keyring
        self._send = send

    def send(self, request: Request) -> Exchange:
        """Raises `LoginFailed` and what the driver raises."""
        if request.substitute is not None:
            return _described_as(request, self._send(self.keyring.substituted(request)))
        if request.identity == ANONYMOUS:
            return self._send(request)
        session = self._session(request.identity, None)
        exchange = self._as(session, request)
        if self.keyring.may_have_expired(exchange):
            session = self._session(request.identity, session.generation)
            again = self._as(session, replace(request, wait_s=0.0))
            self.keyring.note_renewal(request, helped=again.status != exchange.status)
            return again
        return exchange

    def _as(self, session: Session, request: Request) -> Exchange:
        exchange = self._send(session.authorize(request))
        session.absorb(exchange.response)
        self.keyring.learn_from(session)
        self.keyring.note_answer(exchange)
        return _described_as(request, exchange)

    def _session(self, name: str, expired: int | None) -> Session:
        session = self.keyring.session(name)
        if session is not None and session.generation != expired:
            return session
        session = run_flow(log_in(self.keyring.identity(name), self.keyring.csrf, (expired or 0) + 1), self._send)
        self.keyring.keep(session)
        return session


def _described_as(request: Request, exchange: Exchange) -> Exchange:
    """The exchange as the probe asked for it: its request without credentials; they stay in `sent_headers`."""
    return replace(exchange, request=request)


__all__ = ["AsyncCourier", "Keyring", "LoginFailed", "SyncCourier"]
