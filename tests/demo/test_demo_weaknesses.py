"""Every flaw bites with its switch alone on, and nothing bites in the repaired twin."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.test import TestResponse

from specfuzz.demo import ALL, COMBINED, WEAKNESSES, create_app
from specfuzz.demo.weaknesses import checked

WORDS = ("password", "changeme", "secret", "dev")
NUMBERS = itertools.count(1)


class Person:
    """Somebody with an account and a logged-in client that follows the document."""

    def __init__(self, app: Flask, name: str) -> None:
        self.name = f"{name}{next(NUMBERS)}"
        self.client: FlaskClient = app.test_client()
        account = {"username": self.name, "email": f"{self.name}@x.example", "password": "correct horse"}
        self.id: int = self.client.post("/users", json=account).get_json()["id"]
        self.token = ""
        self.log_in()

    def log_in(self) -> TestResponse:
        answer = self.client.post("/login", json={"username": self.name, "password": "correct horse"})
        self.token = answer.get_json()["csrf_token"]
        return answer

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.client.open(path, method=method, headers={"X-CSRFToken": self.token}, **options)

    def read(self, path: str) -> Any:
        answer = self.client.get(path)
        return answer.get_json() if answer.status_code == 200 else None

    def note(self, **values: Any) -> int:
        note: int = self.send("POST", "/notes", json={"title": "mine", **values}).get_json()["id"]
        return note

    def cookie(self) -> str:
        cookie = self.client.get_cookie("session")
        assert cookie is not None
        return cookie.value


Exploit = Callable[[Flask, Person, Person], bool]


def user_read_any(app: Flask, alice: Person, bob: Person) -> bool:
    return alice.name in bob.send("GET", f"/users/{alice.id}").text


def user_write_any(app: Flask, alice: Person, bob: Person) -> bool:
    bob.send("PATCH", f"/users/{alice.id}", json={"bio": "by bob"})
    return bool(alice.read("/me")["bio"] == "by bob")


def user_delete_any(app: Flask, alice: Person, bob: Person) -> bool:
    bob.send("DELETE", f"/users/{alice.id}")
    return alice.read("/me") is None


def note_read_any(app: Flask, alice: Person, bob: Person) -> bool:
    note = alice.note(body="canary")
    return "canary" in bob.send("GET", f"/notes/{note}").text


def note_write_any(app: Flask, alice: Person, bob: Person) -> bool:
    note = alice.note()
    bob.send("PATCH", f"/notes/{note}", json={"title": "by bob"})
    return bool(alice.read(f"/notes/{note}")["title"] == "by bob")


def note_delete_any(app: Flask, alice: Person, bob: Person) -> bool:
    note = alice.note()
    bob.send("DELETE", f"/notes/{note}")
    return alice.read(f"/notes/{note}") is None


def note_search_any(app: Flask, alice: Person, bob: Person) -> bool:
    alice.note(body="canary", tags=["shared-word"])
    assert alice.read("/notes?tag=shared-word")["total"] == 1
    return "canary" in bob.send("GET", "/notes?tag=shared-word").text


def admin_list_open(app: Flask, alice: Person, bob: Person) -> bool:
    return alice.name in bob.send("GET", "/admin/users").text


def mass_assignment(app: Flask, alice: Person, bob: Person) -> bool:
    bob.send("PATCH", f"/users/{bob.id}", json={"is_admin": True, "role": "admin"})
    me = bob.read("/me")
    bob.log_in()
    return me["is_admin"] is True and bob.read("/admin/users") is not None


def mass_assignment_signup(app: Flask, alice: Person, bob: Person) -> bool:
    name = f"eve{next(NUMBERS)}"
    account = {"username": name, "email": f"{name}@x.example", "password": "correct horse", "is_admin": True}
    assert bob.client.post("/users", json=account).status_code == 201
    eve = app.test_client()
    eve.post("/login", json={"username": name, "password": "correct horse"})
    return eve.get("/me").get_json()["is_admin"] is True


def owner_reassigned(app: Flask, alice: Person, bob: Person) -> bool:
    note = alice.note()
    alice.send("PATCH", f"/notes/{note}", json={"owner_id": bob.id})
    return note in [item["id"] for item in bob.read("/notes")["items"]]


def password_hash_returned(app: Flask, alice: Person, bob: Person) -> bool:
    return bool({"password_hash", "internal_notes"} & set(alice.read("/me")))


def write_without_login(app: Flask, alice: Person, bob: Person) -> bool:
    note = alice.note()
    app.test_client().put(f"/notes/{note}/tags", json={"tags": ["nobody"]})
    return bool(alice.read(f"/notes/{note}")["tags"] == ["nobody"])


def csrf_missing(app: Flask, alice: Person, bob: Person) -> bool:
    alice.client.patch(f"/users/{alice.id}", json={"bio": "cross-site"})
    return bool(alice.read("/me")["bio"] == "cross-site")


def content_type_ignored(app: Flask, alice: Person, bob: Person) -> bool:
    alice.send("PATCH", f"/users/{alice.id}", data='{"bio": "plain"}', content_type="text/plain")
    return bool(alice.read("/me")["bio"] == "plain")


def _readable(cookie: str) -> dict[str, Any]:
    _, data = URLSafeTimedSerializer("no key is needed to read").loads_unsafe(cookie)
    return data if isinstance(data, dict) else {}


def client_side_session(app: Flask, alice: Person, bob: Person) -> bool:
    return {"is_admin", "role", "internal_notes"} <= set(_readable(alice.cookie()))


def guessable_secret_key(app: Flask, alice: Person, bob: Person) -> bool:
    for word in WORDS:
        try:
            URLSafeTimedSerializer(word, salt="wtf-csrf-token").loads(alice.token)
        except BadData:
            continue
        return True
    return False


def cookie_attributes(app: Flask, alice: Person, bob: Person) -> bool:
    credentials = {"username": alice.name, "password": "correct horse"}
    answer = app.test_client().post("/login", json=credentials, base_url="https://notes.example")
    cookie = answer.headers["Set-Cookie"]
    is_set = {attribute in cookie for attribute in ("HttpOnly", "Secure", "SameSite=Lax")}
    assert len(is_set) == 1, cookie
    return is_set == {False}


def session_survives_logout(app: Flask, alice: Person, bob: Person) -> bool:
    old = alice.cookie()
    assert alice.send("POST", "/logout").status_code == 204
    assert alice.read("/me") is None
    thief = app.test_client()
    thief.set_cookie("session", old)
    return thief.get("/me").status_code == 200


def session_not_rotated(app: Flask, alice: Person, bob: Person) -> bool:
    planted = app.test_client()
    planted.get("/csrf-token")
    cookie = planted.get_cookie("session")
    assert cookie is not None
    alice.client.set_cookie("session", cookie.value)
    alice.log_in()
    return planted.get("/me").status_code == 200


EXPLOITS: dict[str, Exploit] = {name: globals()[name.replace("-", "_")] for name in ALL}


@pytest.fixture
def world(request: pytest.FixtureRequest) -> tuple[Flask, Person, Person]:
    app = create_app(request.param)
    return app, Person(app, "alice"), Person(app, "bob")


@pytest.mark.parametrize(("world", "name"), [((name,), name) for name in ALL], indirect=["world"], ids=ALL)
def test_a_weakness_alone_can_be_exploited(world: tuple[Flask, Person, Person], name: str) -> None:
    assert EXPLOITS[name](*world)


@pytest.mark.parametrize(("world", "name"), [((), name) for name in ALL], indirect=["world"], ids=ALL)
def test_the_repaired_twin_withstands(world: tuple[Flask, Person, Person], name: str) -> None:
    assert not EXPLOITS[name](*world)


@pytest.mark.parametrize(
    ("world", "name"),
    [(tuple(other for other in ALL if other != name), name) for name in ALL],
    indirect=["world"],
    ids=ALL,
)
def test_a_repair_holds_among_all_the_other_weaknesses(world: tuple[Flask, Person, Person], name: str) -> None:
    assert not EXPLOITS[name](*world)


@pytest.mark.parametrize(("world", "name"), [(ALL, name) for name in ALL], indirect=["world"], ids=ALL)
def test_with_all_weaknesses_each_can_be_exploited(world: tuple[Flask, Person, Person], name: str) -> None:
    if name == "session-not-rotated":
        # A client-side session has no id: the cookie is the data, and a login always changes it.
        assert not EXPLOITS[name](*world)
    else:
        assert EXPLOITS[name](*world)


@pytest.mark.parametrize("weaknesses", [ALL, *map(tuple, COMBINED), (), ("client-side-session",)], ids=len)
def test_a_forged_session_is_believed_only_with_a_readable_one_under_a_known_key(
    weaknesses: tuple[str, ...],
) -> None:
    app = create_app(weaknesses)
    bob = Person(app, "bob")
    forger = Flask("forger")
    forger.secret_key = "dev"
    serializer = SecureCookieSessionInterface().get_signing_serializer(forger)
    assert serializer is not None
    thief = app.test_client()
    thief.set_cookie("session", serializer.dumps({"user_id": bob.id, "is_admin": True}))
    statuses = thief.get("/me").status_code, thief.get("/admin/users").status_code
    is_open = {"client-side-session", "guessable-secret-key"} <= set(weaknesses)
    assert statuses == ((200, 200) if is_open else (401, 401))


def test_every_weakness_has_an_exploit_and_a_rule() -> None:
    assert tuple(EXPLOITS) == ALL
    assert all(weakness.rule.startswith("SF") for weakness in WEAKNESSES.values())


def test_a_misspelt_weakness_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ValueError, match="did you mean 'csrf-missing'"):
        checked(["csrf-mising"])


def test_a_string_is_no_collection_of_weaknesses() -> None:
    with pytest.raises(TypeError, match="got the string"):
        checked("csrf-missing")
