"""A request may carry something else than its identity's credentials: the session stays as it is, and nothing leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from specfuzz.findings.build import curl, evidence_of
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.identities import AsyncCourier, Credential, Credentials, Identity, Keyring, Login, Secret, SyncCourier

PASSWORD, SESSION, ANTI_CSRF = "correct horse battery", "s3ssion-0f-alice-aaaa", "anti-csrf-token-of-alice"
ME = Request(method="GET", path="/me", identity="alice", operation="GET /me")
WRITE = Request(method="POST", path="/notes", identity="alice", operation="POST /notes")


class Api:
    """Logs everybody in with cookies; answers 401 to whatever is not the session, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[Request] = []
        self.logins = 0

    def send(self, request: Request) -> Exchange:
        self.got.append(request)
        if request.path == "/login":
            self.logins += 1
            headers = (
                ("Set-Cookie", f"session={SESSION}-{self.logins}; HttpOnly"),
                ("Set-Cookie", f"csrftoken={ANTI_CSRF}"),
            )
            response = Response(status=200, headers=headers, body=b'{"id": 1}')
        else:
            known = any(name == "session" and value.startswith(SESSION) for name, value in request.cookies)
            planted = (("Set-Cookie", "session=planted-by-an-attack"),) if request.path == "/open" else ()
            response = Response(status=200 if known or planted else 401, headers=planted)
        return Exchange(request=request, response=response, sent_headers=_sent(request))


def _sent(request: Request) -> tuple[tuple[str, str], ...]:
    cookies = "; ".join(f"{name}={value}" for name, value in request.cookies)
    return (*request.headers, ("Cookie", cookies)) if cookies else request.headers


def alice() -> Keyring:
    keyring = Keyring()
    payload = f'{{"username": "alice", "password": "{PASSWORD}"}}'
    login = Login(method="POST", path="/login", payload=Secret(payload), secrets=(Secret(PASSWORD),))
    keyring.add(Identity(name="alice", login=login))
    fixed = (("Authorization", Secret("Bearer robot-token-0123456789")), ("X-Requested-With", Secret("fetch")))
    keyring.add(Identity(name="robot", headers=fixed))
    return keyring


Courier = Callable[[Keyring, Api], Callable[[Request], Exchange]]


def _sync(keyring: Keyring, api: Api) -> Callable[[Request], Exchange]:
    return SyncCourier(keyring, api.send).send


def _async(keyring: Keyring, api: Api) -> Callable[[Request], Exchange]:
    async def send(request: Request) -> Exchange:
        return api.send(request)

    courier = AsyncCourier(keyring, send)
    return lambda request: asyncio.run(courier.send(request))


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def courier(request: pytest.FixtureRequest) -> Courier:
    chosen: Courier = request.param
    return chosen


def session_of(keyring: Keyring, name: str = "alice") -> tuple[Credentials, Credential]:
    found = keyring.credentials(name)
    assert found is not None
    return found, found.items[0]


def test_a_substitute_is_sent_in_the_place_of_the_session(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    assert send(ME).status == 200
    mine, cookie = session_of(keyring)
    tampered = replace(ME, substitute=mine.substitute("tampered", {cookie: "tampered-session-value"}))
    exchange = send(tampered)
    assert exchange.status == 401
    assert exchange.request is tampered
    assert dict(api.got[-1].cookies) == {"session": "tampered-session-value", "csrftoken": ANTI_CSRF}
    assert api.logins == 1  # its refusal says nothing about the session: nobody logs in again
    assert send(ME).status == 200


def test_the_session_takes_nothing_over_from_the_answer_to_a_substitute(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(ME)
    mine, cookie = session_of(keyring)
    send(replace(ME, path="/open", substitute=mine.substitute("tampered", {cookie: "tampered-session-value"})))
    assert session_of(keyring)[1].secret.reveal() == f"{SESSION}-1"


def test_what_is_left_out_is_not_sent_and_a_write_keeps_its_anti_csrf_token(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(ME)
    mine, cookie = session_of(keyring)
    send(replace(WRITE, substitute=mine.substitute("without", {cookie: None})))
    assert dict(api.got[-1].cookies) == {"csrftoken": ANTI_CSRF}
    assert api.got[-1].header("X-CSRFToken") == ANTI_CSRF
    send(replace(WRITE, substitute=mine.substitute("without", {cookie: None}), with_csrf_token=False))
    assert api.got[-1].header("X-CSRFToken") is None


def test_a_header_keeps_its_scheme_unless_the_value_is_whole(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(replace(ME, identity="robot"))
    mine, token = session_of(keyring, "robot")
    assert (token.carrier, token.name, token.scheme, token.secret.reveal()) == (
        "header", "Authorization", "Bearer", "robot-token-0123456789",
    )  # fmt: skip
    send(replace(ME, identity="robot", substitute=mine.substitute("null", {token: "null"}, is_secret=False)))
    assert api.got[-1].headers == (("Authorization", "Bearer null"), ("X-Requested-With", "fetch"))
    send(
        replace(
            ME, identity="robot", substitute=mine.substitute("basic", {token: "Basic cm9ib3Q6cm9ib3Q="}, whole=True)
        )
    )
    assert api.got[-1].header("Authorization") == "Basic cm9ib3Q6cm9ib3Q="


def test_a_further_session_is_its_own_and_shows_the_answers_of_its_login(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(ME)
    other = run_flow(keyring.log_in_anew("alice", {"session": "visitor-session-0001"}), send)
    assert api.logins == 2
    assert dict(api.got[-1].cookies) == {"session": "visitor-session-0001"}
    assert other.items[0].secret.reveal() == f"{SESSION}-2"
    assert [exchange.status for exchange in other.answers] == [200]
    assert other.told == {"id": 1}
    assert session_of(keyring)[1].secret.reveal() == f"{SESSION}-1"  # the one that alice's requests use


def test_no_secret_of_a_substitute_reaches_evidence_or_a_curl_line(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(replace(ME, identity="robot"))
    mine, token = session_of(keyring, "robot")
    forged = replace(ME, identity="robot", substitute=mine.substitute("forged", {token: "f0rged-token-abcdefgh"}))
    exchange = send(forged)
    line = curl(exchange, keyring.redactor)
    shown = f"{evidence_of('attack', 'sent f0rged-token-abcdefgh', exchange, keyring.redactor)} {line} {forged!r}"
    assert "f0rged-token" not in shown
    assert "${ROBOT_FORGED_TOKEN}" in line


def test_a_harmless_substitute_stands_in_the_curl_line(courier: Courier) -> None:
    keyring, api = alice(), Api()
    send = courier(keyring, api)
    send(replace(ME, identity="robot"))
    mine, token = session_of(keyring, "robot")
    exchange = send(replace(ME, identity="robot", substitute=mine.substitute("null", {token: "null"}, is_secret=False)))
    assert "'Authorization: Bearer null'" in curl(exchange, keyring.redactor)
    assert keyring.redactor.text("null") == "null"


def test_neither_credentials_nor_substitutes_print_their_secrets() -> None:
    keyring, api = alice(), Api()
    SyncCourier(keyring, api.send).send(ME)
    mine, cookie = session_of(keyring)
    printed = f"{mine!r} {cookie!r} {mine.substitute('same')!r}"
    assert SESSION not in printed
    assert ANTI_CSRF not in printed
