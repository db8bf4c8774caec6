"""Logging in, as a flow: yields the log-in's requests, receives exchanges, returns a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specfuzz.http import ANONYMOUS, Exchange, Flow, Request, Response
from specfuzz.http.driver import recorded
from specfuzz.identities.errors import LoginFailed
from specfuzz.identities.identity import CsrfRules, Identity, Login, Token
from specfuzz.identities.session import Session, find_csrf_token, find_token, same_site_of, set_cookies, token_claims


def log_in(
    identity: Identity, csrf: CsrfRules, generation: int = 0, cookies: Mapping[str, str] | None = None
) -> Flow[Session]:
    """A new session of the identity. Raises `LoginFailed` with the API's answer.

    `cookies` are those of a visitor who now logs in: they go along with the log-in, and stay unless it replaces them.
    """
    session = Session(
        identity=identity.name,
        generation=generation,
        headers=tuple((name, value.reveal()) for name, value in identity.headers),
        query=tuple((name, value.reveal()) for name, value in identity.query),
        csrf=csrf,
        cookies=dict(cookies or {}),
    )
    if identity.login is None:
        return session
    answers: list[Exchange] = []
    sending = _send_login(identity, identity.login, csrf, dict(cookies or {}))
    exchange, visitor = yield from recorded(sending, answers)
    session.answers = tuple(answers)
    _read_login(session, identity, identity.login, exchange)
    session.csrf_token = find_csrf_token(exchange)
    if visitor is not None:
        session.cookies = {**visitor.cookies, **session.cookies}
        session.same_site = {**visitor.same_site, **session.same_site}
    if visitor is not None and visitor.csrf_field is not None and session.csrf_token is None:
        yield from _keep_form_token(session, visitor, identity.login)
    if session.cookies and session.csrf_token is None and csrf.path is not None:
        fetched = yield session.authorize(Request(method="GET", path=csrf.path, identity=identity.name))
        session.absorb(fetched.response)
        session.csrf_token = find_csrf_token(fetched) or session.csrf_token
    return session


def _keep_form_token(session: Session, visitor: Session, login: Login) -> Flow[None]:
    """Of an API whose tokens stand in forms: the one that the log-in's page gives now, else the one that it gave before.

    A log-in may make a new token (Django, Devise) or keep the session's (Flask-WTF).
    """
    session.csrf_field = visitor.csrf_field
    fetched = yield session.authorize(Request(method="GET", path=login.path, identity=session.identity))
    session.absorb(fetched.response)
    if session.current_csrf_token() is None:
        session.csrf_token = visitor.csrf_token


def _send_login(
    identity: Identity, login: Login, csrf: CsrfRules, cookies: dict[str, str]
) -> Flow[tuple[Exchange, Session | None]]:
    """The log-in's exchange; where its form is itself protected, also the visitor who fetched the token first."""
    request = Request(
        method=login.method,
        path=login.path,
        headers=(
            *((name, value.reveal()) for name, value in login.headers),
            *((("Content-Type", login.content_type),) if login.payload.reveal() else ()),
        ),
        cookies=tuple(cookies.items()),
        body=login.payload.reveal().encode(),
        identity=ANONYMOUS,
    )
    exchange = yield request
    if exchange.status not in (400, 403, 419):
        return exchange, None
    if csrf.path is None and "form" not in login.content_type:
        return exchange, None
    # A log-in form that is itself protected: fetch the token first, as a browser would.
    visitor = Session(identity=identity.name, csrf=csrf, cookies=cookies)
    fetched = yield Request(method="GET", path=csrf.path or login.path, identity=ANONYMOUS)
    visitor.absorb(fetched.response)
    visitor.csrf_token = find_csrf_token(fetched) or visitor.csrf_token
    if visitor.current_csrf_token() is None:
        return exchange, None
    again = yield visitor.authorize(request)
    return again, visitor


def _read_login(session: Session, identity: Identity, login: Login, exchange: Exchange) -> None:
    response = exchange.response
    if response.status >= 400 or _says_no(response):
        raise _failed(identity, login, exchange, f"answered {response.status}")
    token_rule = login.token
    token = None
    if token_rule is not None and token_rule.pointer is not None:
        token = _at_pointer(response.json, token_rule.pointer)
        if not isinstance(token, str) or not token:
            raise _failed(identity, login, exchange, f"returned no text at {token_rule.pointer}")
    elif not login.expects_cookies:
        token = find_token(response)
    cookies = {name: value for name, value, gone in set_cookies(response) if not gone}
    if token is None and not cookies and not session.cookies:
        raise _failed(identity, login, exchange, f"answered {response.status} with neither a token nor a cookie")
    session.cookies.update(cookies)
    session.same_site.update(same_site_of(response))
    facts: dict[str, Any] = dict(response.json) if isinstance(response.json, Mapping) else {}
    if token is not None:
        _carry(session, token_rule or Token(), token)
        facts = {**token_claims(token), **facts}
    session.facts = facts


def _carry(session: Session, rule: Token, token: str) -> None:
    value = f"{rule.prefix}{token}"
    if rule.carrier == "query":
        session.query = (*session.query, (rule.name, value))
    elif rule.carrier == "cookie":
        session.cookies[rule.name] = value
    else:
        session.headers = (*session.headers, (rule.name, value))


def _says_no(response: Response) -> bool:
    """A refused log-in that answers 200: `{"ok": false}`, `{"error": "wrong password"}`."""
    body = response.json
    if not isinstance(body, Mapping):
        return False
    return any(body.get(key) is False for key in ("ok", "success", "authenticated")) or bool(body.get("error"))


def _at_pointer(body: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(body, Mapping):
            body = body.get(key)
        elif isinstance(body, list) and key.isdecimal() and int(key) < len(body):
            body = body[int(key)]
        else:
            return None
    return body


def _failed(identity: Identity, login: Login, exchange: Exchange, what: str) -> LoginFailed:
    hints = {
        404: f"is {login.path} right? it is relative to the API's base URL",
        405: f"is {login.method} the right method?",
        415: "check `contentType`",
    }
    return LoginFailed(
        f"identity {identity.name!r} cannot log in: {login.method} {login.path} {what}",
        where=identity.where,
        hint=hints.get(exchange.status, f"check {identity.name}'s credentials; cross-user rules need two users"),
        exchange=exchange,
    )
