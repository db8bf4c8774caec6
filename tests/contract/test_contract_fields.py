"""Which fields a client may not write, and which it should not be handed."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract import Confidence, FieldReason, ForbiddenField, OperationContract, derive, from_raw
from specfuzz.contract.fields import MAX_GUESSED_FIELDS, is_owner_field, is_privileged, is_server_managed

TEXT = {"type": "string"}


def schema(*names: str, **typed: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**dict.fromkeys(names, TEXT), **typed}}


def content(of: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": of}}}


def update(taken: dict[str, Any], shown: dict[str, Any], *, paths: dict[str, Any] | None = None) -> OperationContract:
    """The contract of `PATCH /notes/{id}`, which takes one schema and shows another."""
    patch = {"requestBody": content(taken), "responses": {"200": {"description": "Fine", **content(shown)}}}
    item: dict[str, Any] = {"patch": patch}
    raw = {"openapi": "3.0.3", "paths": {"/notes/{id}": item, **(paths or {})}}
    found = derive(from_raw(raw, "test.json")).get("PATCH /notes/{id}")
    assert found is not None
    return found


def field(contract: OperationContract, name: str) -> ForbiddenField | None:
    return next((item for item in contract.forbidden_fields if item.name == name), None)


def test_a_read_only_property_of_the_request_is_certainly_not_writable() -> None:
    contract = update(schema("title", state={"type": "string", "readOnly": True}), schema("title"))
    found = field(contract, "state")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.READ_ONLY, Confidence.CERTAIN)
    assert found.source.endswith("/properties/state")


def test_a_property_that_only_responses_show_is_firmly_not_writable() -> None:
    found = field(update(schema("title"), schema("title", "state")), "state")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.RESPONSE_ONLY, Confidence.FIRM)


def test_a_read_only_property_of_the_response_is_certainly_not_writable() -> None:
    found = field(update(schema("title"), schema("title", rank={"type": "integer", "readOnly": True})), "rank")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.READ_ONLY, Confidence.CERTAIN)


def test_a_property_that_the_request_takes_is_writable() -> None:
    assert field(update(schema("title", "role"), schema("title", "role")), "role") is None


def test_a_strict_request_certainly_takes_nothing_that_it_does_not_list() -> None:
    found = field(update({**schema("title"), "additionalProperties": False}, schema("title", "state")), "state")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.NOT_ADDITIONAL, Confidence.CERTAIN)
    assert found.source.endswith("/schema/additionalProperties")


@pytest.mark.parametrize(
    "taken",
    [
        {"type": "object"},
        {},
        {**schema("title"), "additionalProperties": True},
        {**schema("title"), "additionalProperties": TEXT},
    ],
    ids="nothing-listed empty more-allowed a-map".split(),
)
def test_what_an_open_request_leaves_out_is_only_a_hint(taken: dict[str, Any]) -> None:
    found = field(update(taken, schema("title", "state")), "state")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.RESPONSE_ONLY, Confidence.TENTATIVE)


@pytest.mark.parametrize(
    "media", ["application/json-patch+json", "application/octet-stream", "text/plain", "image/png"]
)
def test_a_body_that_holds_no_fields_forbids_none(media: str) -> None:
    patch = {
        "requestBody": {"content": {media: {"schema": schema("op", "path")}}},
        "responses": {"200": {"description": "", **content(schema("state"))}},
    }
    found = derive(from_raw({"openapi": "3.0.3", "paths": {"/notes/{id}": {"patch": patch}}}, "t.json"))
    assert found.operations[0].forbidden_fields == ()


@pytest.mark.parametrize("path", ["/notes/{id}/pay", "/notes/{id}/history"])
def test_what_another_kind_of_answer_shows_is_no_field_of_the_object(path: str) -> None:
    other = {"post": {"responses": {"200": {"description": "Fine", **content(schema("receipt"))}}}}
    assert field(update(schema("title"), schema("title"), paths={path: other}), "receipt") is None


def account(**paths: Any) -> Any:
    login = {
        "requestBody": content(schema("email", "password")),
        "responses": {"200": {"description": "", **content(schema("access_token", "mfa_state", "api_key"))}},
    }
    shown = {
        "get": {"responses": {"200": {"description": "", **content(schema("id", "username", "plan"))}}},
        "put": {"requestBody": content(schema("username")), "responses": {}},
    }
    return derive(from_raw({"openapi": "3.0.3", "paths": {"/login": {"post": login}, "/users/{id}": shown}}, "t.json"))


def test_what_a_log_in_answers_is_no_field_of_the_account() -> None:
    names = {item.name for item in account().get("PUT /users/{id}").forbidden_fields}
    assert "plan" in names
    assert not names & {"mfa_state", "api_key", "access_token"}


def test_a_log_in_may_hand_out_its_token_and_no_other_secret() -> None:
    assert [item.name for item in account().get("POST /login").sensitive_fields] == ["api_key"]


def test_an_account_is_its_own_owner() -> None:
    assert account().get("GET /users/{id}").owner_field is None
    assert update(schema("title"), schema("title", "username")).owner_field == "username"


# Nested -------------------------------------------------------------------------------------------------------------


def nested(taken: dict[str, Any], shown: dict[str, Any], **more: Any) -> dict[str, tuple[str, str]]:
    fields = update(taken, shown, **more).forbidden_fields
    return {item.name: (item.reason.value, str(item.confidence)) for item in fields if "." in item.name}


def listed(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def test_what_only_answers_show_inside_of_a_part_is_forbidden_there() -> None:
    taken = schema("title", profile=schema("bio"), lines=listed(schema("amount")))
    shown = schema("title", profile=schema("id", "bio", "role"), lines=listed(schema("amount", "price")))
    assert nested(taken, shown) == {
        "profile.role": ("response-only", "firm"),
        "lines[].price": ("response-only", "firm"),
    }


def test_a_nested_privilege_is_marked_as_one() -> None:
    taken = schema("title", profile=schema("bio"))
    fields = update(taken, schema("id", profile=schema("bio", "is_admin"))).forbidden_fields
    assert [(item.name, item.is_privileged) for item in fields if "." in item.name] == [("profile.is_admin", True)]


def test_a_read_only_part_of_a_part_is_certainly_forbidden() -> None:
    taken = schema("title", profile=schema("bio", rank={"type": "integer", "readOnly": True}))
    assert nested(taken, schema("title")) == {"profile.rank": ("readOnly", "certain")}


def test_a_part_two_levels_down_is_seen_and_a_circle_ends() -> None:
    taken = schema("title", a=schema(b=schema("c")))
    assert nested(taken, schema("title", a=schema(b=schema("c", "d")))) == {"a.b.d": ("response-only", "firm")}


def test_a_part_that_the_request_does_not_take_is_forbidden_as_a_whole() -> None:
    assert nested(schema("title"), schema("title", "id", profile=schema("role"))) == {}
    found = field(update(schema("title"), schema("title", "id", profile=schema("role"))), "profile")
    assert found is not None


def test_what_another_request_takes_inside_of_the_part_is_only_a_hint() -> None:
    post = {"requestBody": content(schema("title", profile=schema("bio", "role"))), "responses": {}}
    taken, shown = schema("title", profile=schema("bio")), schema("title", profile=schema("bio", "role"))
    assert nested(taken, shown, paths={"/notes": {"post": post}}) == {
        "profile.role": ("not-in-this-request", "tentative")
    }


# Subtypes -----------------------------------------------------------------------------------------------------------


def typed(discriminator: Any, *, swagger: bool = False) -> OperationContract:
    """A request of a base type with a subtype, and a response that shows what only the subtype takes."""
    home = "#/definitions/" if swagger else "#/components/schemas/"
    schemas = {
        "Base": {**schema("kind"), **({"discriminator": discriminator} if discriminator else {})},
        "Dog": {"allOf": [{"$ref": f"{home}Base"}, schema("bark")]},
        "Shown": schema("kind", "bark", "chip"),
    }
    taken, shown = {"$ref": f"{home}Base"}, {"$ref": f"{home}Shown"}
    if swagger:
        patch: dict[str, Any] = {
            "parameters": [{"in": "body", "name": "body", "schema": taken}],
            "responses": {"200": {"description": "", "schema": shown}},
        }
        raw: dict[str, Any] = {"swagger": "2.0", "definitions": schemas}
    else:
        patch = {"requestBody": content(taken), "responses": {"200": {"description": "", **content(shown)}}}
        raw = {"openapi": "3.0.3", "components": {"schemas": schemas}}
    return derive(from_raw({**raw, "paths": {"/pets/{id}": {"patch": patch}}}, "t.json")).operations[0]


@pytest.mark.parametrize(
    "found",
    [
        typed({"propertyName": "kind"}),
        typed({"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog"}}),
        typed({"propertyName": "kind", "mapping": {"dog": "Dog"}}),
        typed("kind", swagger=True),
    ],
    ids="extended mapped named swagger".split(),
)
def test_a_field_that_a_subtype_takes_is_writable(found: OperationContract) -> None:
    assert field(found, "bark") is None
    assert field(found, "chip") is not None


def test_without_a_discriminator_a_subtype_is_another_schema() -> None:
    assert field(typed(None), "bark") is not None


def test_a_base_of_everything_says_nothing_about_its_subtypes() -> None:
    many = {
        f"S{number}": {"allOf": [{"$ref": "#/components/schemas/Base"}, schema(f"f{number}")]} for number in range(200)
    }
    base = {**schema("kind"), "discriminator": {"propertyName": "kind"}}
    raw = {
        "openapi": "3.0.3",
        "components": {"schemas": {"Base": base, **many}},
        "paths": {
            "/a/{id}": {
                "get": {"responses": {"200": {"description": "", **content({"$ref": "#/components/schemas/Base"})}}}
            }
        },
    }
    document = from_raw(raw, "t.json")
    assert list(document.schemas.properties({"$ref": "#/components/schemas/Base"})) == ["kind"]


@pytest.mark.parametrize("name", ["id", "_id", "uuid", "href", "etag"])
def test_an_identifier_or_link_that_responses_show_is_no_forbidden_field(name: str) -> None:
    assert field(update(schema("title"), schema("title", name)), name) is None


def test_a_property_that_another_operation_takes_is_immutable_here() -> None:
    post = {"requestBody": content(schema("title", "category")), "responses": {"201": {"description": "Made"}}}
    contract = update(schema("title"), schema("title", "category"), paths={"/notes": {"post": post}})
    found = field(contract, "category")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.IMMUTABLE, Confidence.TENTATIVE)


def test_a_property_that_only_a_privileged_operation_takes_is_firmly_not_writable() -> None:
    put = {
        "description": "Admin only.",
        "requestBody": content(schema("title", "approved")),
        "responses": {"200": {"description": "Fine"}},
    }
    paths = {"/admin/notes/{id}": {"put": put}}
    found = field(update(schema("title"), schema("title"), paths=paths), "approved")
    assert found is not None
    assert (found.reason, found.confidence) == (FieldReason.PRIVILEGED_REQUEST_ONLY, Confidence.FIRM)


def test_privileged_names_are_guessed_in_the_documents_style_and_tentatively() -> None:
    contract = update(schema("noteTitle"), schema("noteTitle"))
    guessed = [item for item in contract.forbidden_fields if item.reason is FieldReason.PRIVILEGED_NAME]
    assert 0 < len(guessed) <= MAX_GUESSED_FIELDS
    assert "isAdmin" in {item.name for item in guessed}
    assert {item.confidence for item in guessed} == {Confidence.TENTATIVE}
    assert {item.source for item in guessed} == {"inference:privileged-name"}


def test_a_privileged_name_that_the_document_knows_is_not_guessed_again() -> None:
    contract = update(schema("title"), schema("title", "isAdmin"))
    found = [item for item in contract.forbidden_fields if item.name.replace("_", "").lower() == "isadmin"]
    assert [item.reason for item in found] == [FieldReason.RESPONSE_ONLY]


def test_the_surest_fields_come_first() -> None:
    contract = update(schema("title", a={"readOnly": True}), schema("title", "b"))
    confidences = [item.confidence for item in contract.forbidden_fields]
    assert confidences == sorted(confidences, reverse=True)


def test_an_operation_without_a_body_has_no_forbidden_fields() -> None:
    raw = {"openapi": "3.0.3", "paths": {"/notes/{id}": {"delete": {"responses": {"204": {"description": "Gone"}}}}}}
    assert derive(from_raw(raw, "x")).operations[0].forbidden_fields == ()


def test_the_owner_is_marked_as_such() -> None:
    contract = update(schema("title"), schema("title", "owner_id"))
    found = field(contract, "owner_id")
    assert found is not None
    assert found.is_owner
    assert contract.owner_field == "owner_id"


def test_fields_behind_an_envelope_are_seen() -> None:
    shown = {"type": "object", "properties": {"note": schema("id", "title", "state")}}
    assert field(update(schema("title"), shown), "state") is not None


def test_every_forbidden_field_states_its_expectation() -> None:
    contract = update(schema("title", a={"readOnly": True}), schema("title", "b"))
    for item in contract.forbidden_fields:
        expectation = item.expectation()
        assert f"`{item.name}`" in expectation.statement
        assert (expectation.source, expectation.confidence) == (item.source, item.confidence)


@pytest.mark.parametrize(
    ("shown", "confidence"),
    [
        (schema("title", "password_hash"), Confidence.TENTATIVE),
        (schema("title", password_hash={"type": "string", "writeOnly": True}), Confidence.CERTAIN),
    ],
    ids=["named like a secret", "write-only"],
)
def test_a_secret_in_a_response_is_sensitive(shown: dict[str, Any], confidence: Confidence) -> None:
    found = [(item.name, item.confidence) for item in update(schema("title"), shown).sensitive_fields]
    assert found == [("password_hash", confidence)]


def test_an_ordinary_response_has_nothing_sensitive() -> None:
    assert update(schema("title"), schema("title", "password_changed_at", "pinned")).sensitive_fields == ()


@pytest.mark.parametrize("name", ["is_admin", "role", "balance", "emailVerified", "creditLimit"])
def test_a_privileged_name_is_recognised(name: str) -> None:
    assert is_privileged(name)


@pytest.mark.parametrize("name", ["owner", "userId", "created_by", "author_id", "tenantId"])
def test_an_owner_name_is_recognised(name: str) -> None:
    assert is_owner_field(name)


@pytest.mark.parametrize("name", ["id", "created_at", "updatedOn", "view_count", "avatar_url", "_links"])
def test_what_a_server_manages_is_recognised(name: str) -> None:
    assert is_server_managed(name)


@pytest.mark.parametrize("name", ["title", "count", "at", "role", "ideas", "format"])
def test_what_a_client_writes_is_not_server_managed(name: str) -> None:
    assert not is_server_managed(name)


def test_what_an_answer_says_of_how_it_went_is_no_field_of_the_object() -> None:
    contract = update(schema("title"), schema("ok", "message", result={"type": "object"}))
    assert [item.name for item in contract.forbidden_fields if item.confidence > Confidence.TENTATIVE] == []


def test_what_a_default_response_shows_beside_a_success_is_no_field() -> None:
    patch = {
        "requestBody": content(schema("title")),
        "responses": {"200": content(schema("title", "state")), "default": content(schema("code", "detail"))},
    }
    raw = {"openapi": "3.0.3", "paths": {"/notes/{id}": {"patch": patch}}}
    contract = derive(from_raw(raw, "x")).operations[0]
    assert field(contract, "state") is not None
    assert field(contract, "detail") is None


def test_the_paging_of_a_list_that_cannot_be_opened_is_no_field() -> None:
    paged = {"get": {"responses": {"200": content(schema("entries", "elapsed", "hints"))}}}
    contract = update(schema("title"), schema("title", "state"), paths={"/notes": paged})
    assert field(contract, "state") is not None
    assert field(contract, "elapsed") is None


def test_what_only_the_answer_to_a_write_shows_is_a_hint_where_a_read_shows_the_object() -> None:
    reading = {"/notes": {"get": {"responses": {"200": content({"type": "array", "items": schema("title", "state")})}}}}
    contract = update(schema("title"), schema("title", "state", "took_ms"), paths=reading)
    shown, own = field(contract, "state"), field(contract, "took_ms")
    assert shown is not None and shown.confidence is Confidence.FIRM
    assert own is not None and own.confidence is Confidence.TENTATIVE


def test_a_json_patch_names_its_fields_in_its_values() -> None:
    shown = schema("title", "state", rank={"type": "integer", "readOnly": True})
    contract = update({"type": "array", "items": schema("op", "path", "value")}, shown)
    assert [item.name for item in contract.forbidden_fields] == ["rank"]
