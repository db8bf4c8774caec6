"""The document is valid and complete, and the repaired twin keeps to it whatever it is sent."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from specfuzz.demo import ADMIN_PASSWORD, ADMIN_USERNAME, ALL, create_app
from specfuzz.demo.routes.meta import document

DOCUMENT: dict[str, Any] = json.loads(document())
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [(method, path) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]
SURROGATE = "\ud800"
VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**200, 1.5, "", "x", "a" * 20_000, SURROGATE, "\x00", "ü\U0001f642", [],
    [None], [SURROGATE], ["t"] * 11, {}, {"a": {"b": []}}, "a@b", " @ ",
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"{", b"[" * 60_000, b"null", b"[]", b'"text"', b"1", b"NaN", b'{"title": NaN}', b"\xff\xfe\x00",
    b"\x00", b'{"' + b"9" * 5000 + b'": ' + b"9" * 5000 + b"}", b'{"a.b": 1, "a": 2}', b" " * 70_000,
    b'{"title": 1e999}',
]  # fmt: skip
IDS = [
    "0",
    "00",
    "-1",
    "1.5",
    "abc",
    "%00",
    "%FF",
    "٣",
    str(2**63 - 1),
    str(2**63),
    "9" * 5000,
    "1%2F2",
    "+1",
]


def declared(method: str, path: str, status: int) -> dict[str, Any]:
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(status) in responses, f"{method} {path} answered {status}"
    response: dict[str, Any] = responses[str(status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response


def assert_conforms(method: str, path: str, answer: TestResponse) -> None:
    response = declared(method, path, answer.status_code)
    if "content" not in response:
        assert answer.data == b""
        return
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.get_json())


class Session:
    """A client that follows the document, and remakes its account and note when they are gone."""

    def __init__(self, weaknesses: tuple[str, ...] = ()) -> None:
        self.app = create_app(weaknesses)
        self.count = itertools.count()
        self.renew()

    def renew(self) -> None:
        self.client: FlaskClient = self.app.test_client()
        name = f"user{next(self.count)}"
        account = {"username": name, "email": f"{name}@x.example", "password": "correct horse"}
        self.user = self.client.post("/users", json=account).get_json()["id"]
        answer = self.client.post("/login", json={"username": name, "password": "correct horse"})
        self.headers = {"X-CSRFToken": answer.get_json()["csrf_token"]}
        self.note = self.client.post("/notes", json={"title": "t"}, headers=self.headers).get_json()["id"]

    def send(self, method: str, path: str, identifier: str | None = None, **options: Any) -> TestResponse:
        if self.client.get("/me").status_code != 200 or self.client.get(f"/notes/{self.note}").status_code != 200:
            self.renew()
        own = self.user if path.startswith("/users") else self.note
        concrete = path.replace("{id}", str(own) if identifier is None else identifier)
        return self.client.open(concrete, method=method, headers=self.headers, **options)


@pytest.fixture(scope="module")
def twin() -> Session:
    return Session()


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_route_is_declared_and_every_declared_operation_served() -> None:
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in create_app(()).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert served == set(OPERATIONS)


def test_operation_ids_are_unique() -> None:
    ids = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_writes_declare_the_csrf_header_unless_they_are_public() -> None:
    parameter = {"$ref": "#/components/parameters/CsrfToken"}
    for method, path in OPERATIONS:
        operation = DOCUMENT["paths"][path][method]
        is_guarded = method != "get" and operation.get("security") != []
        assert (parameter in operation.get("parameters", [])) == is_guarded, (method, path)


@pytest.mark.parametrize("name", ["role", "is_admin", "internal_notes", "owner_id", "password_hash"])
def test_privileged_fields_are_in_no_request_schema(name: str) -> None:
    for schema in ("SignUp", "UserUpdate", "NoteCreate", "NoteUpdate"):
        assert name not in DOCUMENT["components"]["schemas"][schema]["properties"]


def test_the_document_is_served() -> None:
    assert create_app(()).test_client().get("/openapi.json").get_json() == DOCUMENT


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_anonymous_answers_are_declared(method: str, path: str) -> None:
    client = create_app(()).test_client()
    for target in (path.replace("{id}", "1"), path.replace("{id}", "999")):
        assert_conforms(method, path, client.open(target, method=method.upper()))


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_any_body_gets_a_declared_answer(twin: Session, method: str, path: str) -> None:
    for body in BODIES:
        assert_conforms(method, path, twin.send(method, path, data=body, content_type="application/json"))
    for content_type in (
        "",
        "text/plain",
        "application/json; charset=nope",
        "application/x+json",
        "multipart/form-data",
    ):
        answer = twin.send(method, path, data=b'{"title": "t"}', content_type=content_type)
        assert_conforms(method, path, answer)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_any_value_in_any_field_gets_a_declared_answer(twin: Session, method: str, path: str) -> None:
    content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content")
    if content is None:
        return
    schema = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    names = [
        *DOCUMENT["components"]["schemas"][schema]["properties"],
        "is_admin",
        "owner_id",
        "id",
        SURROGATE,
    ]
    good = {"username": "someone", "email": "s@x", "password": "long enough", "title": "t", "tags": ["t"]}
    body = {name: value for name, value in good.items() if name in names}
    for name, value in itertools.product(names, VALUES):
        assert_conforms(method, path, twin.send(method, path, json=body | {name: value}))


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if "{id}" in each[1]])
def test_an_id_that_is_none_is_not_found(twin: Session, method: str, path: str) -> None:
    for identifier in IDS:
        answer = twin.send(method, path, identifier, json={})
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found"), identifier


def test_someone_elses_object_and_a_made_up_id_get_the_same_answer(twin: Session) -> None:
    for method, path in OPERATIONS:
        if "{id}" in path:
            foreign = twin.send(method, path, "1", json={"tags": []})  # the seeded administrator's
            made_up = twin.send(method, path, "999999", json={"tags": []})
            assert (foreign.status_code, foreign.data) == (made_up.status_code, made_up.data)


@pytest.mark.parametrize(
    "query", ["tag=", "tag=%FF", "tag=%00", "limit=0", "limit=x", "limit=" + "9" * 5000, "limit=1&limit=x"]
)
def test_any_query_gets_a_declared_answer(twin: Session, query: str) -> None:
    assert_conforms("get", "/notes", twin.send("GET", "/notes", query_string=query))


@pytest.mark.parametrize("header", ["Cookie", "X-CSRFToken", "Host", "Content-Length"])
@pytest.mark.parametrize("value", ["", "session=", "session=\xff", "é", "a" * 4000, "[", "-1", 'session="\\377"'])
def test_any_header_gets_an_answer(header: str, value: str) -> None:
    client = create_app(()).test_client(use_cookies=False)
    for method, path in (("GET", "/csrf-token"), ("POST", "/login"), ("POST", "/notes")):
        answer = client.open(path, method=method, headers={header: value}, content_type="application/json")
        assert answer.status_code < 500, (method, path)


def test_unknown_paths_and_methods_are_refused_as_json() -> None:
    client = create_app(()).test_client()
    assert client.get("/nowhere").get_json()["error"]["code"] == "not_found"
    assert client.get("//notes").status_code == 404
    answer = client.options("/notes")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_the_administrator_lists_accounts_and_nothing_undeclared() -> None:
    client = create_app(()).test_client()
    client.post("/login", json={"username": ADMIN_USERNAME, "password": ADMIN_PASSWORD})
    assert_conforms("get", "/admin/users", client.get("/admin/users"))
    assert client.get("/notes/2").status_code == 404


def test_a_taken_name_is_a_conflict(twin: Session) -> None:
    account = {"username": "ines", "email": "new@x.example", "password": "correct horse"}
    assert_conforms("post", "/users", answer := twin.client.post("/users", json=account))
    assert answer.status_code == 409
    answer = twin.send("PATCH", "/users/{id}", json={"email": "ines@harbour.example"})
    assert answer.status_code == 409


def test_the_two_polite_ways_with_unknown_fields(twin: Session) -> None:
    assert twin.send("PATCH", "/users/{id}", json={"is_admin": True}).status_code == 422
    answer = twin.send("PATCH", "/notes/{id}", json={"title": "kept", "owner_id": 1})
    assert (answer.status_code, answer.get_json()["title"]) == (200, "kept")
    assert answer.get_json()["owner_id"] == twin.user


def test_another_sessions_token_is_refused(twin: Session) -> None:
    token = twin.app.test_client().get("/csrf-token").get_json()["csrf_token"]
    answer = twin.client.patch(f"/users/{twin.user}", json={}, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "csrf")


def test_a_deleted_account_takes_its_session_and_notes_along() -> None:
    session = Session()
    other = session.client.get_cookie("session")
    assert other is not None
    assert session.client.delete(f"/users/{session.user}", headers=session.headers).status_code == 204
    thief = session.app.test_client()
    thief.set_cookie("session", other.value)
    assert thief.get("/me").status_code == 401
    session.renew()
    assert session.client.get("/notes").get_json()["total"] == 1


def test_following_the_document_works_with_all_weaknesses_too() -> None:
    session = Session(ALL)
    answer = session.send("PUT", "/notes/{id}/tags", json={"tags": ["a"]})
    assert (answer.status_code, answer.get_json()) == (200, {"tags": ["a"]})
    assert session.send("POST", "/notes/{id}/archive").status_code == 204
    assert session.client.get("/notes?tag=a").get_json()["items"][0]["archived"] is True
    assert session.send("DELETE", "/notes/{id}").status_code == 204


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("name", ["role", "is_admin", "created_at", "password_hash", "metadata", "a.b", "id"])
def test_mass_assignment_never_crashes(name: str, value: Any) -> None:
    session = Session(("mass-assignment", "mass-assignment-signup"))
    account = {"username": "someone", "email": "s@x", "password": "long enough", name: value}
    assert session.client.post("/users", json=account).status_code in {201, 409, 422}
    credentials = {"username": "someone", "password": "long enough"}
    assert session.client.post("/login", json=credentials).status_code in {200, 401}
    session.renew()
    assert session.send("PATCH", "/users/{id}", json={name: value}).status_code in {200, 409, 422}
