"""Who plays which part, how they log in, what becomes of a case that cannot run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simulated_api import BASE_URL, Call, Handler, NotesApi, Stage, document, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine.accounts import token_rule
from specfuzz.engine.plan import Planned
from specfuzz.engine.run import tries_access
from specfuzz.engine.scenario import Cast, Scenario, describe
from specfuzz.http.driver import run_flow
from specfuzz.identities import Identity, Login, LoginFailed, Secret, SyncCourier
from specfuzz.probes import Held, Inconclusive


def scenario(base_url: str = BASE_URL, edit: Any = None) -> Scenario:
    return Scenario(derive(from_raw(document(edit), "n.json")), base_url)


def user(name: str, role: str = "user", path: str = "/login") -> Identity:
    payload = Secret(f'{{"username": "{name}", "password": "secret-of-{name}"}}')
    return Identity(name=name, role=role, login=Login(method="POST", path=path, payload=payload))


@pytest.mark.parametrize(
    ("identities", "cast"),
    [
        ([("alice", "user"), ("bob", "user")], Cast(owner="alice", peer="bob")),
        ([("alice", "user"), ("bob", "user"), ("carol", "user")], Cast(owner="alice", peer="bob")),
        ([("alice", "user"), ("bob", "user"), ("root", "admin")], Cast(owner="alice", peer="bob", admin="root")),
        ([("root", "admin"), ("alice", "user"), ("bob", "user")], Cast(owner="alice", peer="bob", admin="root")),
        ([("alice", "user")], Cast(owner="alice")),
        ([("alice", "user"), ("root", "admin")], Cast(owner="alice", admin="root")),
        ([("ann", "seller"), ("ben", "buyer"), ("cid", "buyer")], Cast(owner="ben", peer="cid")),
        ([("ann", "seller"), ("ben", "buyer")], Cast(owner="ann")),
        ([("root", "admin")], Cast(owner="root")),
        ([("alice", "user"), ("bob", "user"), ("eve", "Site-Moderator")], Cast(owner="alice", peer="bob", admin="eve")),
        ([], Cast()),
    ],
    ids=lambda value: ",".join(f"{name}:{role}" for name, role in value) if isinstance(value, list) else "",
)
def test_identities_get_their_parts_by_role(identities: list[tuple[str, str]], cast: Cast) -> None:
    stage = scenario()
    stage.adopt(tuple(user(name, role) for name, role in identities))
    assert stage.cast == cast


def test_the_run_signs_up_two_users_of_its_own() -> None:
    stage = Stage(NotesApi())
    assert stage.scenario.cast == Cast(owner="alice", peer="bob")
    assert [found["id"] for found in stage.api.users.values()] == [1, 2]
    assert all(identity.made for identity in stage.scenario.keyring.identities())


def test_two_identities_that_are_one_account_are_told() -> None:
    api = NotesApi()
    api.users[9] = {"id": 9, "username": "alice", "bio": "", "password": "secret-of-alice"}
    payload = Secret('{"username": "alice", "password": "secret-of-alice"}')
    stage = scenario()
    stage.adopt(
        tuple(
            Identity(name=name, login=Login(method="POST", path="/login", payload=payload)) for name in ("alice", "al")
        )
    )
    said = run_flow(stage.introduce(), SyncCourier(stage.keyring, api.send).send)
    assert said is not None
    assert "alice and al are the same account" in said


def test_an_identity_that_cannot_log_in_is_an_error_with_its_name() -> None:
    stage = scenario()
    stage.adopt((user("alice"), user("bob")))
    with pytest.raises(LoginFailed, match="'alice' cannot log in"):
        run_flow(stage.introduce(), SyncCourier(stage.keyring, NotesApi().send).send)


@pytest.mark.parametrize(
    ("base_url", "path", "sent"),
    [
        ("http://api.test", "/login", "/login"),
        ("http://api.test/v1", "/login", "/login"),
        ("http://api.test/v1", "/v1/login", "http://api.test/v1/login"),
        ("http://api.test/v1", "/auth/token", "http://api.test/auth/token"),
        ("http://api.test/v1/", "auth/token", "http://api.test/auth/token"),
        ("http://api.test/v1", "http://id.test/token", "http://id.test/token"),
    ],
)
def test_a_log_ins_path_is_the_apis_if_the_document_has_it_and_the_servers_otherwise(
    base_url: str, path: str, sent: str
) -> None:
    stage = scenario(base_url)
    stage.adopt((user("alice", path=path),))
    login = stage.keyring.identity("alice").login
    assert login is not None
    assert login.path == sent


def test_a_log_ins_path_that_repeats_the_base_path_is_the_servers_though_the_document_has_it() -> None:
    def repeated(raw: dict[str, Any]) -> None:
        raw["paths"]["/v1/login"] = raw["paths"].pop("/login")

    stage = scenario("http://api.test/v1", repeated)
    stage.adopt((user("alice", path="/v1/login"),))
    login = stage.keyring.identity("alice").login
    assert login is not None
    assert login.path == "http://api.test/v1/login"


@pytest.mark.parametrize(
    ("cast", "rule", "label", "words"),
    [
        (Cast(), "SF301", "PATCH /notes/{id}", "needs a user"),
        (Cast(owner="alice"), "SF101", "GET /notes/{id}", "second user of the same role"),
        (Cast(owner="alice"), "SF301", "PATCH /notes/{id}", None),
        (Cast(owner="alice", peer="bob"), "SF101", "GET /notes/{id}", None),
    ],
    ids=["nobody", "no peer", "no peer needed", "all there"],
)
def test_a_case_without_its_players_says_who_is_missing(cast: Cast, rule: str, label: str, words: str | None) -> None:
    stage = scenario()
    stage.cast = cast
    target = stage.contract.get(label)
    assert target is not None
    said = stage.why_not_now(Planned(target=target, rule=rule))
    assert said is None if words is None else words in (said or "")


@pytest.mark.parametrize(
    ("role", "words"),
    [("editor", "the users have the role editor or publisher themselves"), ("reader", None)],
)
def test_whether_a_role_is_needed_is_not_tried_as_somebody_who_has_it(role: str, words: str | None) -> None:
    def kept(raw: dict[str, Any]) -> None:
        raw["paths"]["/notes/{id}"]["get"] |= {"x-required-roles": ["editor", "publisher"], "description": ""}

    stage = scenario(edit=kept)
    stage.adopt((user("alice", role), user("bob", role)))
    target = stage.contract.get("GET /notes/{id}")
    assert target is not None
    reason = stage.why_not_now(Planned(target=target, rule="SF106"))
    assert reason is None if words is None else words in str(reason)


def test_without_sign_up_no_users_can_be_made() -> None:
    stage = scenario(edit=lambda raw: raw["paths"].pop("/register"))
    assert run_flow(stage.make_users(), NotesApi().send) == "the document has no sign-up operation"
    assert stage.cast == Cast()


def test_a_refused_sign_up_says_the_servers_answer() -> None:
    api = NotesApi().during("POST /register", lambda call, _: reply(403, {"error": "registration is closed"}))
    stage = scenario()
    said = run_flow(stage.make_users(), SyncCourier(stage.keyring, api.send).send)
    assert "registration is closed" in (said or "")


def test_what_cannot_be_made_is_told_before_the_cases() -> None:
    api = NotesApi().during("POST /notes", lambda call, _: reply(422, {"error": "the moon is not full"}))
    stage = Stage(api)
    case = Planned(target=stage.target("GET /notes/{id}"), rule="SF101")
    problems = stage.drive(stage.scenario.prepare([case]))
    assert any("note" in problem and "the moon is not full" in problem for problem in problems)


def test_the_same_seed_sends_the_same_bodies_and_another_seed_others() -> None:
    def bodies(seed: int) -> list[bytes]:
        stage = Stage(NotesApi(), seed=seed)
        stage.decide("SF201", "PATCH /notes/{id}")
        return [request.body for request in stage.api.sent if request.operation == "PATCH /notes/{id}"]

    assert bodies(0) == bodies(0)
    assert bodies(0) != bodies(1)


def test_a_finding_hides_the_secrets_of_the_run() -> None:
    api = NotesApi()

    def leaky(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if call.is_anonymous or note is None:
            return ordinary(call)
        return reply(200, {**note, "who": call.request.header("authorization")})

    stage = Stage(api.during("GET /notes/{id}", leaky))
    stage.decide("SF101", "GET /notes/{id}")
    findings = stage.scenario.findings()
    assert [finding.rule for finding in findings] == ["SF101"]
    shown = repr(findings)
    assert "token-of-" not in shown
    assert all(str(account["password"]) not in shown for account in api.users.values())


def test_a_finding_under_another_rule_is_named_by_it() -> None:
    api = NotesApi()

    def late_check(call: Call, ordinary: Handler) -> Any:
        if not call.is_anonymous:
            return ordinary(call)
        note = api.note_of(call)
        if note is not None:
            note.update(api.stored(call.body))
        return reply(401)

    stage = Stage(api.during("PATCH /notes/{id}", late_check))
    stage.decide("SF301", "PATCH /notes/{id}")
    found = stage.scenario.findings()
    assert [(item.rule, item.severity, item.operation.label) for item in found] == [
        ("SF304", "high", "PATCH /notes/{id}")
    ]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Held(reason="refused"), ("held", "refused")),
        (Held(), ("held", None)),
        (Inconclusive(reason="no", hint="try"), ("inconclusive", "no (try)")),
        (Inconclusive(reason="no"), ("inconclusive", "no")),
    ],
    ids=["held", "held, no reason", "inconclusive with hint", "inconclusive"],
)
def test_a_verdict_is_told_in_the_reports_words(verdict: Any, expected: tuple[str, str | None]) -> None:
    assert describe(verdict) == expected


# How the token travels ------------------------------------------------------------------------------------------------


class TokenInAnotherScheme(NotesApi):
    """Takes its token as `Token ...`, which its document does not say."""

    def send(self, request: Any) -> Any:
        given = request.header("authorization") or ""
        headers = tuple(pair for pair in request.headers if pair[0].lower() != "authorization")
        if given.startswith("Token "):
            headers = (*headers, ("Authorization", f"Bearer {given.removeprefix('Token ')}"))
        exchange = super().send(replace(request, headers=headers))
        return replace(exchange, request=request)


def test_the_scheme_that_the_caller_s_own_account_answers_to_is_used_from_then_on() -> None:
    stage = Stage(TokenInAnotherScheme())
    schemes = {name: stage.scenario.keyring.identity(name).login for name in ("alice", "bob")}
    assert {name: login.token.prefix for name, login in schemes.items()} == {"alice": "Token ", "bob": "Token "}
    assert stage.scenario.sign_up.token.prefix == "Token "
    assert isinstance(stage.decide("SF101", "GET /notes/{id}").verdict, Held)


def test_a_scheme_that_no_way_of_writing_it_mends_stays_as_the_document_says() -> None:
    api = NotesApi().during("GET /me", lambda call, _: reply(401))
    stage = Stage(api)
    assert stage.scenario.sign_up.token.prefix == "Bearer "
    assert stage.scenario.keyring.identity("alice").login.token.prefix == "Bearer "


@pytest.mark.parametrize(
    ("description", "prefix"),
    [
        ("Pass it as\n\n    Token xxxxxx.yyyyyyy.zzzzzz", "Token "),
        ("Authorization: JWT <token>", "JWT "),
        ('Use "Bearer {token}".', "Bearer "),
        ("Example: 'Token eyJhbGciOi'", "Token "),
        ("A JWT token is generated by logging in.", "Bearer "),
        ("", "Bearer "),
    ],
)
def test_the_prose_of_an_api_key_says_its_scheme_only_before_a_placeholder(description: str, prefix: str) -> None:
    def api_key(raw: dict[str, Any]) -> None:
        scheme = {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}
        raw["components"]["securitySchemes"] = {"key": scheme}

    assert token_rule(derive(from_raw(document(api_key), "n.json"))).prefix == prefix


def test_a_sign_up_inside_a_wrapper_object_is_one() -> None:
    def wrapped(raw: dict[str, Any]) -> None:
        for path in ("/register", "/login"):
            body = raw["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            body["schema"] = {"type": "object", "properties": {"user": body["schema"]}}
        raw["paths"]["/users"] = raw["paths"].pop("/register")

    stage = scenario(edit=wrapped)
    assert stage.sign_up.why_not() is None


# Looking ----------------------------------------------------------------------------------------------------------


def test_a_run_without_users_is_not_graded_for_what_it_only_looked_at() -> None:
    """Answers that were looked at, and cases about how answers fit the document, try no promise about access."""
    assert [rule for rule in ("SF101", "SF201", "SF301", "SF503", "SF204") if tries_access(rule)] == [
        "SF101",
        "SF201",
        "SF301",
    ]
