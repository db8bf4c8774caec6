"""SF401 to SF406: what a session's cookie tells, whose key it has, whether it can be forged, how it begins and ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from simulated_api import NotesApi, Stage, decide, document, only_break, reply
from simulated_sessions import COOKIE_DOCUMENT, JWT_DOCUMENT, CookieApi, JwtApi, shown

from specfuzz.contract import Confidence
from specfuzz.http import ANONYMOUS, Response
from specfuzz.identities import Identity, Secret
from specfuzz.probes import Held, Inconclusive, Role, Severity

ME, LOGIN, LOGOUT = "GET /me", "POST /login", "POST /logout"


def verdict(rule: str, api: NotesApi, label: str = LOGIN, **options: Any) -> Any:
    return decide(rule, label, api, COOKIE_DOCUMENT, **options)


def keeping(key: str = "kJ3-p0Zq_8vR2xW6yB1nT5mC9sD4fG7h", **extra: Any) -> CookieApi:
    """An API that keeps its sessions in signed cookies, with these data beside the account's number."""
    api = CookieApi(key, keep_in_cookie=True)
    api.extra = lambda user: extra
    return api


def looked_up(api: CookieApi) -> CookieApi:
    """The same, which believes only the session's random id and looks the account up by it."""
    accounts: dict[str, int] = {}

    def noting(call: Any, ordinary: Any) -> Response:
        response: Response = ordinary(call)
        for data in api.sessions.values():
            accounts.setdefault(str(data.get("sid")), int(data.get("user_id", 0)))
        return response

    def read(value: str) -> Mapping[str, Any] | None:
        data = api.genuine(value)
        return {"user_id": accounts.get(str(data.get("sid")), 0)} if data else None

    api.read = read
    return api.during(LOGIN, noting)  # type: ignore[return-value]


# SF401 ------------------------------------------------------------------------------------------------------------------


def test_a_secret_in_a_readable_session_is_found_by_its_name_and_not_shown() -> None:
    found = only_break(verdict("SF401", keeping(api_token="0f1e2d3c4b5a6978aabb", theme="dark")))
    assert (found.field, found.confidence, found.owner) == ("api_token", Confidence.FIRM, "alice")
    assert "Flask session" in found.detail
    assert "0f1e2d3c4b5a6978aabb" not in shown(found)
    assert found.steps[-1].exchange.request.path == "/login"


def test_a_lone_address_in_a_readable_session_is_only_a_hint() -> None:
    found = only_break(verdict("SF401", keeping(email="a@b.example")))
    assert (found.confidence, found.severity) == (Confidence.TENTATIVE, Severity.MEDIUM)


def test_several_personal_data_are_more_than_a_hint() -> None:
    assert (
        only_break(verdict("SF401", keeping(email="a@b.example", phone="+49 30 1234567"))).confidence is Confidence.FIRM
    )


def test_a_readable_session_without_secrets_holds() -> None:
    found = verdict("SF401", keeping(theme="dark", csrf_token="c" * 40))
    assert isinstance(found, Held)
    assert "nothing sensitive" in found.reason


def test_a_session_on_the_server_holds() -> None:
    found = verdict("SF401", CookieApi())
    assert isinstance(found, Held)
    assert "kept on the server" in found.reason


def test_what_a_server_would_deserialise_is_a_hint() -> None:
    api = CookieApi()
    java = base64.b64encode(b"\xac\xed\x00\x05sr\x00\x0ecom.notes.Session").decode()
    api.during(LOGIN, lambda call, ordinary: _instead(api, ordinary(call), java))
    found = only_break(verdict("SF401", api))
    assert (found.confidence, "serialised Java object" in found.title) == (Confidence.TENTATIVE, True)


def _instead(api: CookieApi, response: Response, value: str) -> Response:
    """The same session under another value of the cookie."""
    given = response.header("set-cookie")
    if given is not None:
        api.sessions[value] = api.sessions[given.split(";")[0].partition("=")[2]]
    return reply(response.status, response.json, Set_Cookie=f"session={value}; {api.attributes}")


@pytest.mark.parametrize("rule", ["SF401", "SF402"])
def test_tokens_are_left_to_the_rules_about_tokens(rule: str) -> None:
    found = decide(rule, LOGIN, JwtApi("changeme"), JWT_DOCUMENT)
    assert isinstance(found, Held)
    assert "SF411 to SF415" in found.reason


def test_an_identity_without_credentials_is_inconclusive() -> None:
    stage = Stage(CookieApi(), COOKIE_DOCUMENT)
    stage.scenario.keyring.session("alice").cookies.clear()  # type: ignore[union-attr]
    assert isinstance(stage.decide("SF401", LOGIN).verdict, Inconclusive)


# SF402 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["changeme", "notes-secret-key", "potatoes-can-fly-so-high"])
def test_a_weak_key_is_found_and_not_shown(key: str) -> None:
    found = only_break(verdict("SF402", keeping(key)))
    assert (found.confidence, found.rule) == (Confidence.CERTAIN, None)
    assert key not in shown(found)


def test_a_random_key_holds() -> None:
    found = verdict("SF402", keeping())
    assert isinstance(found, Held)
    assert "none of" in found.reason


def test_a_session_on_the_server_has_no_key_to_guess() -> None:
    assert isinstance(verdict("SF402", CookieApi("changeme")), Held)


# SF403 ------------------------------------------------------------------------------------------------------------------


def test_a_session_forged_with_the_guessed_key_is_found() -> None:
    found = only_break(verdict("SF403", keeping("changeme"), ME))
    assert (found.owner, found.actor, found.confidence) == ("alice", "bob", Confidence.CERTAIN)
    assert "signed with the key that was guessed" in found.detail
    assert "`user_id`" in found.detail
    attack = next(step.exchange for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert (attack.identity, attack.request.operation) == ("bob", ME)


def test_a_signature_that_nobody_checks_is_found() -> None:
    api = keeping()
    api.read = lambda value: api.genuine(value) or _payload(value)
    assert "signed with a wrong key" in only_break(verdict("SF403", api, ME)).detail


def _payload(value: str) -> Mapping[str, Any] | None:
    try:
        part = value.split(".")[0]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@pytest.mark.parametrize("encoded", [True, False], ids=["base64", "plain"])
def test_an_unsigned_session_that_is_believed_is_found(encoded: bool) -> None:
    api = CookieApi()

    def kept(call: Any, ordinary: Any) -> Response:
        response = ordinary(call)
        raw = json.dumps({"user_id": response.json["id"]}, separators=(",", ":")) if response.status == 200 else "{}"
        return _instead(api, response, base64.b64encode(raw.encode()).decode() if encoded else raw)

    def read(value: str) -> Mapping[str, Any] | None:
        try:
            found = json.loads(base64.b64decode(value, validate=True) if encoded else value)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    api.read = read
    found = only_break(verdict("SF403", api.during(LOGIN, kept), ME))
    assert "unsigned as it always is" in found.detail


def test_a_forged_session_that_is_looked_up_on_the_server_holds() -> None:
    found = verdict("SF403", looked_up(keeping("changeme")), ME)
    assert isinstance(found, Held)
    assert "signed with the key that was guessed" in found.reason


def test_a_session_whose_key_is_not_known_holds() -> None:
    found = verdict("SF403", keeping(), ME)
    assert isinstance(found, Held)
    assert "signed with a wrong key" in found.reason


def test_a_random_id_cannot_be_forged() -> None:
    assert isinstance(verdict("SF403", CookieApi("changeme"), ME), Held)


def test_a_session_that_names_no_account_cannot_be_made_anothers() -> None:
    api = keeping("changeme")
    accounts: dict[str, int] = {}
    api.read = lambda value: {"user_id": accounts.get(value, 0)}

    def kept(call: Any, ordinary: Any) -> Response:
        response = ordinary(call)
        value = str(api.serializer.dumps({"sid": f"{api.made:032x}"}))
        accounts[value] = (response.json or {}).get("id", 0)
        return _instead(api, response, value)

    found = verdict("SF403", api.during(LOGIN, kept), ME)
    assert isinstance(found, Held)
    assert "names the account" in found.reason


def test_where_any_cookie_works_nothing_is_told() -> None:
    api = keeping("changeme")
    api.read = lambda value: api.genuine(value) or ({"user_id": 2} if value else None)
    found = verdict("SF403", api, ME)
    assert isinstance(found, Inconclusive)
    assert "SF303" in found.reason


def test_a_refusal_as_200_to_a_forged_session_holds() -> None:
    api = looked_up(keeping("changeme"))
    api.during(ME, lambda call, ordinary: ordinary(call) if call.user else reply(200, {"error": "log in first"}))
    assert isinstance(verdict("SF403", api, ME), Held)


# SF404 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ("Path=/", "HttpOnly and SameSite"),
        ("HttpOnly; Path=/", "SameSite"),
        ("SameSite=Strict", "HttpOnly"),
        ("httponly; samesite=none", "SameSite"),
    ],
)
def test_a_session_cookie_without_its_attributes_is_found(attributes: str, missing: str) -> None:
    api = CookieApi()
    api.attributes = attributes
    found = only_break(verdict("SF404", api))
    assert found.title == f"the session cookie session is set without {missing}"
    assert found.steps[-1].exchange.request.path == "/login"


@pytest.mark.parametrize("attributes", ["HttpOnly; SameSite=Lax", "httponly; samesite=strict; Path=/; Max-Age=60"])
def test_over_plain_http_secure_is_not_asked_for(attributes: str) -> None:
    api = CookieApi()
    api.attributes = attributes
    assert isinstance(verdict("SF404", api), Held)


def test_over_https_secure_is_asked_for() -> None:
    from specfuzz.probes.cookie_attributes import SetCookie

    line = SetCookie.read("session=x; HttpOnly; SameSite=Lax")
    assert line.lacks(is_https=True) == ["Secure"]
    assert line.lacks(is_https=False) == []
    assert SetCookie.read("session=x; HttpOnly; SameSite=Lax; Secure").lacks(is_https=True) == []


def test_a_cookie_that_only_remembers_a_theme_is_not_judged() -> None:
    api = CookieApi()
    api.during(LOGIN, lambda call, ordinary: _and_theme(ordinary(call)))
    found = verdict("SF404", api)
    assert isinstance(found, Held)
    assert "theme" not in found.reason


def _and_theme(response: Response) -> Response:
    return Response(
        status=response.status, headers=(*response.headers, ("Set-Cookie", "theme=dark; Path=/")), body=response.body
    )


def test_credentials_that_are_no_cookies_hold() -> None:
    assert isinstance(decide("SF404", LOGIN, NotesApi(), document()), Held)


def test_cookies_from_an_auth_file_are_inconclusive() -> None:
    stage = Stage(CookieApi(), COOKIE_DOCUMENT)
    stage.scenario.keyring.session("alice").answers = ()  # type: ignore[union-attr]
    assert isinstance(stage.decide("SF404", LOGIN).verdict, Inconclusive)


# SF405 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "raw"), [(CookieApi, COOKIE_DOCUMENT), (JwtApi, JWT_DOCUMENT)], ids=["cookie", "token"]
)
def test_a_session_that_survives_the_log_out_is_found(api: Any, raw: Any) -> None:
    found = only_break(decide("SF405", LOGOUT, api().during(LOGOUT, lambda call, ordinary: reply(204)), raw))
    assert found.owner.startswith("alice-")  # an account made for it
    assert (found.actor, found.confidence) == (found.owner, Confidence.FIRM)
    assert "also a second later" in found.detail
    assert found.steps[-1].role is Role.ATTACK


@pytest.mark.parametrize(
    ("api", "raw"), [(CookieApi, COOKIE_DOCUMENT), (JwtApi, JWT_DOCUMENT)], ids=["cookie", "token"]
)
def test_a_session_that_is_ended_holds_and_nobody_else_is_logged_out(api: Any, raw: Any) -> None:
    simulated = api()
    stage = Stage(simulated, raw)
    logins = simulated.calls(ANONYMOUS, LOGIN)
    assert isinstance(stage.decide("SF405", LOGOUT).verdict, Held)
    assert stage.drive(_me("alice")).status == 200
    assert simulated.calls(ANONYMOUS, LOGIN) == logins + 2  # the new account's own session, and the one that ended


def _me(identity: str) -> Any:
    from specfuzz.http import Request

    return (yield Request(method="GET", path="/me", identity=identity, operation=ME))


def test_a_log_out_that_takes_a_moment_holds() -> None:
    api = CookieApi()

    def later(call: Any, ordinary: Any) -> Response:
        api.later.append((api.now + 0.5, lambda: ordinary(call)))
        return reply(202)

    assert isinstance(verdict("SF405", api.during(LOGOUT, later), LOGOUT), Held)


def test_a_refused_log_out_is_inconclusive() -> None:
    found = verdict("SF405", CookieApi().during(LOGOUT, lambda call, ordinary: reply(403)), LOGOUT)
    assert isinstance(found, Inconclusive)
    assert "log-out answered 403" in found.reason


def test_a_read_that_is_open_to_all_tells_nothing_after_a_log_out() -> None:
    api = CookieApi().during(LOGOUT, lambda call, ordinary: reply(204))
    stage = Stage(api, COOKIE_DOCUMENT)
    api.during(ME, lambda call, ordinary: reply(200, {"id": 1, "username": "the same for all"}))
    assert isinstance(stage.decide("SF405", LOGOUT).verdict, Inconclusive)


def test_a_page_for_nobody_after_the_log_out_holds() -> None:
    api = CookieApi()
    api.during(ME, lambda call, ordinary: ordinary(call) if call.user else reply(200, {"authenticated": False}))
    assert isinstance(verdict("SF405", api, LOGOUT), Held)


def test_fixed_credentials_are_inconclusive() -> None:
    """Nothing may log the user of an auth file out whose credentials nobody can renew."""
    api = CookieApi()
    stage = Stage(api, COOKIE_DOCUMENT)
    value = next(iter(api.sessions))
    stage.scenario.adopt((Identity(name="carol", headers=(("Cookie", Secret(f"session={value}")),)),))
    stage.scenario.sign_up._ups.clear()
    assert isinstance(stage.decide("SF405", LOGOUT).verdict, Inconclusive)
    assert api.calls("carol", LOGOUT) == 0


# SF406 ------------------------------------------------------------------------------------------------------------------


def test_a_visitors_session_that_becomes_the_users_is_found() -> None:
    api = CookieApi()
    api.visitors, api.rotates = True, False
    found = only_break(verdict("SF406", api))
    assert (found.actor, found.confidence) == (ANONYMOUS, Confidence.CERTAIN)
    assert "that a visitor had before" in found.title
    assert [step.role for step in found.steps][-2:] == [Role.SET_UP, Role.ATTACK]


def test_a_made_up_session_that_is_taken_over_is_found() -> None:
    api = CookieApi()
    api.rotates, api.adopts = False, True
    assert "that a visitor made up" in only_break(verdict("SF406", api)).title


@pytest.mark.parametrize("visitors", [True, False], ids=["visitors have sessions", "visitors have none"])
def test_a_log_in_that_starts_a_new_session_holds(visitors: bool) -> None:
    api = CookieApi()
    api.visitors = visitors
    found = verdict("SF406", api)
    assert isinstance(found, Held)
    assert ("visitors get no session" in found.reason) is not visitors


def test_a_log_in_that_refuses_a_made_up_session_holds() -> None:
    api = CookieApi()
    api.during(LOGIN, lambda call, ordinary: reply(400) if call.request.cookies else ordinary(call))
    found = verdict("SF406", api)
    assert isinstance(found, Held)
    assert "refused" in found.reason


def test_where_any_cookie_works_rotation_is_inconclusive() -> None:
    api = CookieApi()
    api.visitors = True
    api.read = lambda value: api.genuine(value) or ({"user_id": max(api.users)} if value else None)
    assert isinstance(verdict("SF406", api), Inconclusive)


def test_without_cookies_there_is_nothing_to_rotate() -> None:
    assert isinstance(decide("SF406", LOGIN, JwtApi(), JWT_DOCUMENT), Held)


# Where they run ---------------------------------------------------------------------------------------------------------


def test_each_rule_is_judged_once_at_its_place() -> None:
    from specfuzz.engine.plan import plan

    stage = Stage(CookieApi(), COOKIE_DOCUMENT)
    where: dict[str, list[str]] = {}
    for item in plan(stage.contract):
        if item.runs and item.rule.startswith("SF4"):
            where.setdefault(item.rule, []).append(item.target.label)
    at_login = ("SF401", "SF402", "SF404", "SF406", "SF413", "SF414", "SF415")
    places = dict.fromkeys(at_login, LOGIN) | dict.fromkeys(("SF403", "SF411", "SF412"), ME) | {"SF405": LOGOUT}
    assert where == {rule: [label] for rule, label in places.items()}


def test_without_a_read_of_ones_own_account_an_own_object_tells() -> None:
    def edit(raw: dict[str, Any]) -> None:
        del raw["paths"]["/me"]

    raw = document(edit)
    raw["paths"]["/logout"] = JWT_DOCUMENT["paths"]["/logout"]
    found = decide("SF412", "GET /notes/{id}", JwtApi(), raw)
    assert isinstance(found, Held)
    api = JwtApi()
    from simulated_sessions import unverified

    api.verify = lambda token: api.genuine(token) or (unverified(token) if not token.endswith(".") else None)
    broken = only_break(decide("SF412", "GET /notes/{id}", api, raw))
    assert (broken.owner, broken.confidence) == ("alice", Confidence.CERTAIN)


# What counts as somebody's account ------------------------------------------------------------------------------------


def _sight() -> Any:
    from specfuzz.http import Request
    from specfuzz.probes.whoami import Sight

    marks = {"id": 3, "username": "alice", "email": "alice@a.example", "bio": "likes tea"}
    return Sight(identity="alice", request=Request(method="GET", path="/me"), marks=marks)


@pytest.mark.parametrize(
    ("status", "body", "is_shown"),
    [
        (200, {"id": 3, "username": "alice", "email": "alice@a.example", "bio": "likes tea"}, True),
        (200, {"data": {"id": 3, "username": "alice", "email": "alice@a.example", "bio": "changed"}}, True),
        (200, {"id": 4, "username": "bob", "email": "bob@a.example", "bio": "likes tea"}, False),
        (200, {"id": 3}, False),
        (200, {"error": "log in first, alice", "id": 3, "username": "alice", "email": "alice@a.example"}, False),
        (403, {"id": 3, "username": "alice", "email": "alice@a.example", "bio": "likes tea"}, False),
        (200, "<html>alice</html>", False),
    ],
)
def test_an_account_is_shown_when_most_of_its_marks_are(status: int, body: Any, is_shown: bool) -> None:
    from specfuzz.http import Exchange

    sight = _sight()
    exchange = Exchange(request=sight.request, response=reply(status, body))
    assert sight.shown_in(exchange) is is_shown
    assert sight.telling == "`id`, `username`, `email`"


def test_what_two_users_share_marks_neither() -> None:
    api = keeping("changeme")
    api.during(ME, lambda call, ordinary: _with(ordinary(call), plan_name="free for all", motto="same", tier="basic"))
    found = only_break(verdict("SF403", api, ME))
    assert "plan_name" not in found.detail
    swapped = keeping("changeme")  # shows the peer's own account to the forged session: nobody became anybody
    swapped.read = lambda value: {"user_id": 2} if (data := swapped.genuine(value)) and "sid-2" in str(data) else data
    swapped.during(
        ME, lambda call, ordinary: _with(ordinary(call), plan_name="free for all", motto="same", tier="basic")
    )
    assert isinstance(verdict("SF403", swapped, ME), Held | Inconclusive)


def _with(response: Response, **fields: Any) -> Response:
    return reply(response.status, {**response.json, **fields}) if isinstance(response.json, dict) else response


def test_a_session_among_other_cookies_is_forged_by_itself() -> None:
    api = keeping("changeme").during(LOGIN, lambda call, ordinary: _and_theme(ordinary(call)))
    found = only_break(verdict("SF403", api, ME))
    attack = next(step.exchange for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert attack.request.substitute is not None
    assert [name for name, _ in attack.request.substitute.cookies] == ["session"]


def test_where_any_cookie_works_a_log_out_tells_nothing() -> None:
    api = CookieApi().during(LOGOUT, lambda call, ordinary: reply(204))
    api.read = lambda value: api.genuine(value) or ({"user_id": max(api.users)} if value else None)
    found = verdict("SF405", api, LOGOUT)
    assert isinstance(found, Inconclusive)
    assert "SF303" in found.reason
