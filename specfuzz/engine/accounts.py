"""Identities from the document itself: which operations sign up and log in, and how a token then travels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from specfuzz.contract import Action, Contract, Location, OperationContract
from specfuzz.contract.actions import is_login_field, is_password_field
from specfuzz.contract.words import split_words
from specfuzz.http import ANONYMOUS, Flow, Request
from specfuzz.identities import CsrfRules, Identity, Keyring, Login, Secret, Token
from specfuzz.identities.session import Session, find_csrf_token
from specfuzz.resources import NotMade, Resource, Workshop

_CSRF_WORDS = frozenset(("csrf", "xsrf", "csrftoken"))


def csrf_rules(contract: Contract) -> CsrfRules:
    """How the document says that anti-CSRF tokens travel: header parameters by that name, an operation that returns one."""
    headers = {
        parameter.name
        for item in contract.operations
        for parameter in item.operation.parameters
        if parameter.location is Location.HEADER and _CSRF_WORDS & set(split_words(parameter.name))
    }
    path = next(
        (
            item.operation.path
            for item in contract.operations
            if item.operation.method == "GET"
            and "{" not in item.operation.path
            and _CSRF_WORDS & set(split_words(item.operation.path))
        ),
        None,
    )
    return CsrfRules(headers=tuple(sorted(headers)), path=path)


class SignUp:
    """Makes accounts through the document's sign-up operation and registers them as identities.

    One for a run. `why_not` says why it cannot; a person can then write an authentication document instead. `token` says
    how further accounts carry theirs.
    """

    def __init__(self, contract: Contract, workshop: Workshop, keyring: Keyring) -> None:
        self._contract = contract
        self._workshop = workshop
        self._keyring = keyring
        self.token = token_rule(contract)
        self._ups = self._sign_ups()
        self._in = next(iter(contract.with_action(Action.LOGIN)), None)

    def _sign_ups(self) -> list[OperationContract]:
        """Sign-up operations, those first that have a password to log in with."""
        found = self._contract.with_action(Action.SIGN_UP)
        return sorted(found, key=lambda item: not any(map(is_password_field, self._fields(item))))

    def _fields(self, contract: OperationContract) -> list[str]:
        body = self._workshop.drafter.body_of(contract)
        if body is None:
            return []
        schema, pointer, _ = self._contract.document.schemas.represented(body.schema, body.pointer)
        return list(self._contract.document.schemas.properties(schema, pointer))

    def why_not(self) -> str | None:
        """Why the run cannot make accounts of its own; None if it can try."""
        if not self._ups:
            return "the document has no sign-up operation"
        if self._in is None and not self._uses_basic():
            return "the document has no log-in operation"
        return None

    def _uses_basic(self) -> bool:
        return any(
            scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "basic"
            for scheme in self._contract.document.security_schemes.values()
        )

    def new(self, name: str, purpose: str, extra: Mapping[str, Any] | None = None) -> Flow[Identity | NotMade]:
        """Sign up an account, register it as the identity `name`, and return that identity."""
        why = self.why_not()
        if why is not None:
            return NotMade(kind="account", reason=why)
        last = NotMade(kind="account", reason="no sign-up operation was accepted")
        for up in self._ups[:2]:
            made = yield from self._workshop.make_with(up, up.resource or "user", ANONYMOUS, purpose, extra=extra)
            if isinstance(made, NotMade):
                made = yield from self._as_visitor(up, purpose, extra, made)
            if isinstance(made, NotMade):
                last = made
                continue
            identity = self._identity(name, made)
            if isinstance(identity, NotMade):
                return identity
            self._workshop.ledger.hand_over(made, name)
            self._keyring.add(identity)
            self._workshop.accounts.add(name, replace(made, owner=name))
            return identity
        return last

    def other_ways(self, identity: Identity) -> Iterator[Identity]:
        """The identity with its token carried in other ways, for an API that its document describes badly."""
        login = identity.login
        token = login.token if login is not None else None
        if login is None or token is None or token.carrier != "header" or token.name.lower() != "authorization":
            return
        for prefix in OTHER_PREFIXES:
            if prefix != token.prefix:
                yield replace(identity, login=replace(login, token=replace(token, prefix=prefix)))

    def _as_visitor(
        self, up: OperationContract, purpose: str, extra: Mapping[str, Any] | None, refused: NotMade
    ) -> Flow[Resource | NotMade]:
        """Once more with the anti-CSRF token of the sign-up's page, as a browser would; `refused` where there is none."""
        if refused.exchange is None or refused.exchange.status not in (400, 403, 419):
            return refused
        visitor = Session(identity=ANONYMOUS, csrf=self._keyring.csrf)
        fetched = yield Request(method="GET", path=self._keyring.csrf.path or up.operation.path, identity=ANONYMOUS)
        visitor.absorb(fetched.response)
        visitor.csrf_token = visitor.csrf_token or find_csrf_token(fetched)
        if visitor.current_csrf_token() is None:
            return refused
        self._keyring.learn_from(visitor)
        return (
            yield from self._workshop.make_with(
                up,
                up.resource or "user",
                ANONYMOUS,
                purpose,
                extra=extra,
                shape=lambda request, draft: visitor.authorize(request),
                patient=not extra,
            )
        )

    def _identity(self, name: str, account: Resource) -> Identity | NotMade:
        sent = _flat(account.sent)
        password = next((str(value) for key, value in sent.items() if is_password_field(key)), None)
        if password is None:
            return NotMade(kind="account", reason="its sign-up takes no password to log in with")
        if self._in is None:
            user = next((str(value) for key, value in sent.items() if is_login_field(key)), "")
            return Identity(name=name, headers=(_basic(user, password),), made=True)
        values, missing = self._credentials(sent, password)
        if missing:
            return NotMade(kind="account", reason=f"its log-in wants `{missing}`, which the sign-up does not take")
        body = self._workshop.drafter.body_of(self._in)
        media_type = body.media_type if body is not None else "application/json"
        payload = urlencode(values) if "form" in media_type else json.dumps(self._wrapped(values))
        login = Login(
            method=self._in.operation.method,
            path=self._in.operation.path,
            payload=Secret(payload),
            content_type="application/x-www-form-urlencoded" if "form" in media_type else media_type,
            token=self.token,
            secrets=(Secret(password),),
        )
        return Identity(name=name, login=login, made=True)

    def _credentials(self, sent: Mapping[str, Any], password: str) -> tuple[dict[str, Any], str | None]:
        """The log-in's body from what was signed up with; the name of what cannot be filled, if anything."""
        assert self._in is not None
        values: dict[str, Any] = {}
        for name, required, schema in self._login_fields():
            if is_password_field(name):
                values[name] = password
            elif name in sent:
                values[name] = sent[name]
            elif is_login_field(name) or split_words(name)[-1:] == ("email",):
                value = _same_meaning(name, sent)
                if value is None and required:
                    return {}, name
                if value is not None:
                    values[name] = value
            elif name == "grant_type":
                values[name] = "password"
            elif required:
                options = schema.get("enum") or [schema.get("default", "")]
                values[name] = options[0]
        return values, None

    def _login_fields(self) -> list[tuple[str, bool, Mapping[str, Any]]]:
        assert self._in is not None
        body = self._workshop.drafter.body_of(self._in)
        if body is None:
            return []
        schema, pointer, _ = self._contract.document.schemas.represented(body.schema, body.pointer)
        properties = self._contract.document.schemas.properties(schema, pointer)
        return [(name, item.required, item.schema) for name, item in properties.items()]

    def _wrapped(self, values: dict[str, Any]) -> dict[str, Any]:
        """Inside the lone wrapper object that the log-in's body uses, if it uses one (`{"user": {...}}`)."""
        assert self._in is not None
        body = self._workshop.drafter.body_of(self._in)
        if body is None:
            return values
        outer = self._contract.document.schemas.properties(body.schema, body.pointer)
        if len(outer) == 1:
            name, item = next(iter(outer.items()))
            if self._contract.document.schemas.properties(item.schema, item.pointer):
                return {name: values}
        return values


def token_rule(contract: Contract) -> Token:
    """How a token travels, as the document's security schemes say: bearer, or an API key in a header, query or cookie."""
    for scheme in contract.document.security_schemes.values():
        kind = str(scheme.get("type", "")).lower()
        if kind == "http" and str(scheme.get("scheme", "")).lower() == "bearer":
            return Token()
        if kind in ("oauth2", "openidconnect"):
            return Token()
        if kind == "apikey" and scheme.get("in") in ("header", "query"):
            name = str(scheme.get("name", "Authorization"))
            return Token(carrier=str(scheme["in"]), name=name, prefix=_prefix(name, str(scheme.get("description", ""))))
    return Token()


def _prefix(name: str, description: str) -> str:
    """Swagger 2.0 cannot say `bearer`: its documents declare an API key in Authorization and say the rest in prose."""
    if name.lower() != "authorization":
        return ""
    said = _SCHEME_IN_PROSE.search(description)
    return f"{said[1]} " if said else "Bearer "


_SCHEME_IN_PROSE = re.compile(
    r"[\"'`(:\s](Token|JWT|Bearer|Basic|ApiKey|Api-Key)\s+(?:[<{\[$]|x{3,}|\.{3}|ey[A-Za-z0-9]|your)",
    re.IGNORECASE,
)
"""A scheme before a placeholder: `Token xxxxxx.yyyyyyy`, `JWT <token>`, `"Bearer {token}"`."""

OTHER_PREFIXES = ("Bearer ", "Token ", "JWT ", "")
"""How frameworks write the token in Authorization: RFC 6750, Django REST framework and Rails, older JWT packages, bare."""


def _same_meaning(name: str, sent: Mapping[str, Any]) -> Any:
    """`login` or `identifier` where the sign-up took `username` or `email`."""
    order = ("email",) if "mail" in name.lower() else ("username", "email", "login", "name", "phone")
    for wanted in order:
        for key, value in sent.items():
            if wanted in key.lower() and isinstance(value, str):
                return value
    return next((value for key, value in sent.items() if is_login_field(key)), None)


def _flat(sent: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in sent.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value))
        else:
            flat[key] = value
    return flat


def _basic(user: str, password: str) -> tuple[str, Secret]:
    import base64

    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return "Authorization", Secret(f"Basic {token}")


Register = Callable[[str, Resource], None]
