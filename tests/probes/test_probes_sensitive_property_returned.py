"""SF205: credentials, hashes and internal fields in answers, and the many things that are named alike."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import answers, document, exchange, fields, list_of, look, object_of

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
USER = object_of(id=NUMBER, name=TEXT)
LABEL = "GET /me"

BCRYPT = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
GITHUB = "gh" + "p_" + "a1B2" * 9
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"


def seen(
    body: Any, schema: Any = USER, *, label: str = LABEL, status: int = 200, **options: Any
) -> dict[str | None, str]:
    sent = options.pop("sent", None)
    responses = {str(status): answers(schema)} if schema is not None else {str(status): {"description": "done"}}
    raw = document(responses, label=label, takes=options.pop("takes", None), **options.pop("more", {}))
    return fields(look("SF205", raw, exchange(label, body, status=status, sent=sent), **options))


def user(**properties: Any) -> dict[str, Any]:
    """An answer that is mostly what the document declares."""
    return {"id": 1, "name": "a", **properties}


def test_a_hash_is_found_with_its_operation_and_actor_and_hidden() -> None:
    raw = document({"200": answers(USER)}, label=LABEL)
    (found,) = look("SF205", raw, exchange(LABEL, user(credential=BCRYPT)))
    assert (found.field, str(found.confidence), found.actor) == ("credential", "certain", "alice")
    assert found.secrets == (("credential", BCRYPT),)
    assert BCRYPT not in found.title + found.detail
    assert LABEL in found.title


@pytest.mark.parametrize(
    "schema", [USER, object_of(id=NUMBER, name=TEXT, x=TEXT), None], ids=["undeclared", "declared", "none"]
)
def test_a_password_hash_is_certain_whatever_the_document_says(schema: Any) -> None:
    assert seen(user(x=BCRYPT), schema) == {"x": "certain"}


@pytest.mark.parametrize("value", [GITHUB, PEM], ids=["key", "private key"])
def test_a_key_is_certain_unless_the_document_promises_it(value: str) -> None:
    assert seen(user(x=value)) == {"x": "certain"}
    assert seen(user(x=value), object_of(id=NUMBER, x=TEXT)) == {"x": "tentative"}


def test_the_accounts_own_password_is_certain() -> None:
    assert seen(user(password="kept in the clear"), passwords={"kept in the clear"}) == {"password": "certain"}
    assert seen(user(nickname="kept in the clear"), passwords={"kept in the clear"}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password_hash", "0123456789abcdef0123456789abcdef"),
        ("pwHash", "0123456789abcdef"),
        ("password_digest", "0123456789abcdef"),
        ("api_key", "k-8f3a9b2c7d"),
        ("reset_token", "8f3a9b2c7d"),
        ("totp_secret", "JBSWY3DPEHPK3PXP"),
        ("internal_note", "calls every week and shouts"),
        ("risk_score", 71),
        ("pin", "4711"),
        ("card_number", "4111 1111 1111 1111"),
    ],
)
def test_a_name_is_firm_where_the_document_does_not_declare_it(name: str, value: Any) -> None:
    assert seen(user(**{name: value})) == {name: "firm"}


@pytest.mark.parametrize("name", ["password_hash", "hashed_password", "pin_hash"])
def test_a_name_of_a_hash_is_firm_although_it_is_declared(name: str) -> None:
    assert seen(user(**{name: "0f" * 16}), object_of(id=NUMBER, **{name: TEXT})) == {name: "firm"}


def test_what_a_client_encrypted_itself_and_the_document_declares_is_a_hint() -> None:
    vault = object_of(id=NUMBER, encrypted_password=TEXT)
    assert seen({"id": 1, "encrypted_password": "0f" * 16}, vault) == {"encrypted_password": "tentative"}


def test_a_name_in_an_answer_without_a_schema_is_a_hint() -> None:
    assert seen(user(api_key="k-8f3a9b2c7d"), None) == {"api_key": "tentative"}


def test_a_property_of_items_gives_one_path() -> None:
    assert seen([user(password_hash="0f" * 16)] * 2, list_of(USER)) == {"[].password_hash": "firm"}


def test_a_property_below_an_undeclared_one_is_undeclared() -> None:
    assert seen(user(account={"pin": "4711"})) == {"account.pin": "firm"}


DECLARED = object_of(id=NUMBER, api_key=TEXT, pin=TEXT, salt=TEXT, secret=TEXT, access_token=TEXT, ssn=TEXT)


@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "api_key": "k-8f3a9b2c7d"},
        {"id": 1, "pin": "560001"},
        {"id": 1, "salt": "9f86d081884c7d659a2feaa0c55ad015"},
        {"id": 1, "ssn": "078-05-1120"},
    ],
    ids=lambda body: str(list(body)[1]),
)
def test_what_the_document_promises_the_caller_is_no_finding(body: Any) -> None:
    assert seen(body, DECLARED) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password_hash", None),
        ("password", ""),
        ("password", "********"),
        ("api_key", "****3f9a"),
        ("secret", "[redacted]"),
        ("password", True),
        ("pinned", True),
        ("pin", True),
        ("pin", "560001"),
        ("pin", "12.5,7.2"),
        ("salt", "two teaspoons of sea salt"),
        ("salt", "Himalayan"),
        ("secret", "santa"),
        ("card_number", "4242"),
        ("card_number", "4111 1111 1111 1112"),
        ("cardinality", 4111111111111111),
        ("next_token", "8f3a9b2c7d"),
        ("page_token", "8f3a9b2c7d"),
        ("access_key", "front door"),
        ("key", "8f3a9b2c7d"),
        ("token_type", "bearer"),
        ("password_changed_at", "2026-01-02T03:04:05Z"),
        ("password_hash_algorithm", "bcrypt"),
        ("password_hash_updated_at", "2026-01-02T03:04:05Z"),
        ("has_password", "yes"),
        ("password", "/me/password"),
        ("password", "https://api.test/me/password"),
        ("password", "This field is required."),
        ("internal", True),
        ("csrf_token", "8f3a9b2c7d"),
        ("passport", "C01X00T47"),
        ("hashtag", "summer"),
        ("etag", "0123456789abcdef0123456789abcdef"),
        ("avatar", "https://cdn.test/a.png?X-Amz-Credential=AKIA" + "IOSFODNN7EXAMPLE%2F20260101"),
        ("about", "never commit a line of -----BEGIN RSA PRIVATE" + " KEY----- to a repository"),
        ("about", f"my hash is {BCRYPT}"),
    ],
)
def test_what_is_only_named_or_written_like_a_secret_is_no_finding(name: str, value: Any) -> None:
    assert seen(user(**{name: value})) == {}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("POST /login", "access_token"),
        ("POST /auth/refresh", "refresh_token"),
        ("POST /oauth/token", "access_token"),
        ("POST /api-keys", "api_key"),
        ("POST /clients/{id}/rotate-secret", "client_secret"),
        ("POST /me/mfa/enable", "recovery_codes"),
        ("POST /me/totp", "totp_secret"),
        ("GET /csrf", "csrf_token"),
    ],
)
def test_a_credential_that_is_handed_out_on_purpose_is_no_finding(label: str, name: str) -> None:
    value = ["a1b2-c3d4"] if name == "recovery_codes" else "8f3a9b2c7d8f3a9b"
    assert seen(user(**{name: value}), label=label) == {}


def test_a_hash_is_handed_out_by_nobody() -> None:
    assert seen(user(password_hash="0f" * 16), label="POST /login") == {"password_hash": "firm"}
    assert seen(user(token_hash=BCRYPT), label="POST /login") == {"token_hash": "certain"}


def test_a_new_key_in_the_form_of_its_provider_is_shown_once() -> None:
    assert seen(user(api_key=GITHUB), label="POST /api-keys") == {}
    assert seen(user(api_key=GITHUB), label="GET /api-keys") == {"api_key": "certain"}


PASSWORDS = {"hunter2hunter2"}
PYDANTIC = {"detail": [{"loc": ["body", "age"], "msg": "x", "input": {"name": "a", "password": "hunter2hunter2"}}]}


@pytest.mark.parametrize(
    "body",
    [
        PYDANTIC,
        {"errors": {"password": ["This password is too short."]}},
        {"password": ["This field may not be blank."], "pin": ["A valid integer is required."]},
        {"message": "invalid", "values": {"pin": "4711", "api_key": "k-8f3a9b2c7d"}},
    ],
    ids=["Pydantic's input", "errors by field", "Django REST framework", "other values"],
)
@pytest.mark.parametrize("schema", [object_of(detail={}, message=TEXT, errors=object_of(name={})), None])
def test_a_refusal_that_repeats_its_request_tells_nothing(schema: Any, body: Any) -> None:
    sent = {"name": "a", "password": "hunter2hunter2"}
    assert seen(body, schema, label="POST /users", status=422, sent=sent, passwords=PASSWORDS) == {}


def test_a_refusal_that_shows_what_its_request_did_not_hold_is_found() -> None:
    found = seen(PYDANTIC, None, label="POST /users", status=422, sent={"name": "a"}, passwords=PASSWORDS)
    assert found == {"detail[].input.password": "certain"}


def test_an_accepted_answer_that_repeats_the_password_is_found() -> None:
    sent = {"name": "a", "password": "hunter2hunter2"}
    assert seen({"id": 1, **sent}, label="POST /users", status=201, sent=sent, passwords=PASSWORDS) == {
        "password": "certain"
    }


def test_an_internal_field_is_for_those_inside() -> None:
    admin = {"description": "Only administrators may use it.", "security": [{"login": ["admin"]}]}
    assert seen(user(internal_note="shouts"), more=admin, label="GET /admin/users") == {}


@pytest.mark.parametrize("body", ["no JSON", 7, None, [], {}])
def test_a_body_without_properties_is_no_finding(body: Any) -> None:
    assert seen(body) == {}
