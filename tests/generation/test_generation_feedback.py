"""What is learnt from a refused draft, from the error bodies of the frameworks that most APIs are written in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.generation import Adjustments, Draft, adjust, options_named

SENT: dict[str, Any] = {
    "title": "sfzabcdefghijk",
    "email": "sfzq@example.com",
    "username": "sfzuser",
    "age": 5,
    "kind": "x",
    "due": "2030-01-02T09:30:00Z",
    "is_admin": False,
    "profile": {"bio": "sfzbioabcdefgh"},
    "lines": [{"qty": 1}],
}
KNOWN = (*SENT, "quantity", "terms")


def learn(body: Any, *, sent: Any = None, earlier: Adjustments | None = None) -> Adjustments:
    """The adjustments after a refusal with this body."""
    text = body if isinstance(body, str) else json.dumps(body)
    draft = Draft(media_type="application/json", value=SENT if sent is None else sent)
    return adjust(draft, text, KNOWN, earlier or Adjustments(), 1)


def forced(found: Adjustments) -> dict[str, Any]:
    return {**found.force, **found.once}


TOO_SHORT: dict[str, Any] = {
    "fastapi too short": {"detail": [{"type": "string_too_short", "loc": ["body", "title"], "msg": "String should have at least 20 characters"}]},
    "express-validator": {"errors": [{"type": "field", "value": "x", "msg": "must be at least 20 chars long", "path": "title", "location": "body"}]},
    "joi": {"error": "\"title\" length must be at least 20 characters long"},
    "zod": {"success": False, "error": {"issues": [{"code": "too_small", "minimum": 20, "type": "string", "inclusive": True, "exact": False, "message": "String must contain at least 20 character(s)", "path": ["title"]}], "name": "ZodError"}},
    "marshmallow short": {"title": ["Shorter than minimum length 20."]},
    "rails short": {"title": ["is too short (minimum is 20 characters)"]},
    "spring": {"timestamp": "2024-01-01T00:00:00Z", "status": 400, "error": "Bad Request", "path": "/orders", "errors": [{"codes": ["Size.o.title"], "defaultMessage": "size must be between 20 and 40", "objectName": "order", "field": "title", "rejectedValue": "x"}]},
}  # fmt: skip
TOO_LONG: dict[str, Any] = {
    "fastapi too long": {"detail": [{"type": "string_too_long", "loc": ["body", "title"], "msg": "String should have at most 10 characters"}]},
    "django long": {"title": ["Ensure this field has no more than 10 characters."]},
    "laravel max": {"message": "x", "errors": {"title": ["The title field must not be greater than 10 characters."]}},
    "zod flatten": {"formErrors": [], "fieldErrors": {"title": ["String must contain at most 10 character(s)"]}},
    "marshmallow": {"title": ["Longer than maximum length 10."]},
    "rails": {"errors": {"title": ["is too long (maximum is 10 characters)"]}},
    "rails full": {"errors": ["Title is too long (maximum is 10 characters)", "Email has already been taken"]},
    "jsonapi": {"errors": [{"status": "422", "source": {"pointer": "/data/attributes/title"}, "title": "Invalid", "detail": "is too long (maximum is 10 characters)"}]},
    "aspnet": {"type": "x", "title": "One or more validation errors occurred.", "status": 400, "errors": {"Title": ["The field Title must be a string with a maximum length of 10."]}},
}  # fmt: skip
TOO_SMALL: dict[str, Any] = {
    "fastapi ge": {"detail": [{"type": "greater_than_equal", "loc": ["body", "age"], "msg": "Input should be greater than or equal to 18", "input": 5, "ctx": {"ge": 18}}]},
    "fastapi gt": {"detail": [{"type": "greater_than", "loc": ["body", "age"], "msg": "Input should be greater than 18", "ctx": {"gt": 18}}]},
    "django min": {"age": ["Ensure this value is greater than or equal to 18."]},
    "laravel min": {"message": "x", "errors": {"age": ["The age field must be at least 18."]}},
    "spring min": {"status": 400, "errors": [{"field": "age", "defaultMessage": "must be greater than or equal to 18", "code": "Min"}]},
    "spring problem": {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Failed to read request", "invalid-params": [{"name": "age", "reason": "must be at least 18"}]},
    "webargs": {"code": 422, "errors": {"json": {"age": ["Must be greater than or equal to 18."]}}, "status": "Unprocessable Entity"},
    "rails gt": {"errors": {"age": ["must be greater than 18"]}},
    "ajv": {"errors": [{"instancePath": "/age", "schemaPath": "#/properties/age/minimum", "keyword": "minimum", "params": {"comparison": ">=", "limit": 18}, "message": "must be >= 18"}]},
}  # fmt: skip
CHOICES: dict[str, Any] = {
    "fastapi enum": {"detail": [{"type": "enum", "loc": ["body", "kind"], "msg": "Input should be 'cat', 'dog' or 'bird'", "input": "x", "ctx": {"expected": "'cat', 'dog' or 'bird'"}}]},
    "fastapi literal": {"detail": [{"type": "literal_error", "loc": ["body", "kind"], "msg": "Input should be 'low' or 'high'", "input": "x", "ctx": {"expected": "'low' or 'high'"}}]},
    "joi allowed": {"statusCode": 400, "error": "Bad Request", "message": "\"kind\" must be one of [cat, dog]", "validation": {"source": "payload", "keys": ["kind"]}},
    "zod enum": {"error": {"issues": [{"received": "x", "code": "invalid_enum_value", "options": ["cat", "dog"], "path": ["kind"], "message": "Invalid enum value. Expected 'cat' | 'dog', received 'x'"}]}},
    "marshmallow choice": {"kind": ["Must be one of: cat, dog."]},
}  # fmt: skip
MISSING: dict[str, Any] = {
    "fastapi missing": {"detail": [{"type": "missing", "loc": ["body", "quantity"], "msg": "Field required", "input": {}}]},
    "django required": {"quantity": ["This field is required."]},
    "django blank": {"quantity": ["This field may not be blank."]},
    "laravel required": {"message": "The quantity field is required.", "errors": {"quantity": ["The quantity field is required."]}},
    "spring null": {"status": 400, "errors": [{"field": "quantity", "defaultMessage": "must not be null", "code": "NotNull"}]},
    "joi details": {"details": [{"message": "\"quantity\" is required", "path": ["quantity"], "type": "any.required", "context": {"label": "quantity", "key": "quantity"}}]},
    "zod required": {"issues": [{"code": "invalid_type", "expected": "number", "received": "undefined", "path": ["quantity"], "message": "Required"}]},
    "marshmallow missing": {"quantity": ["Missing data for required field."]},
    "flask-restful": {"message": {"quantity": "quantity is required"}},
    "rails blank": {"errors": {"quantity": ["can't be blank"]}},
    "rails param": {"status": 400, "error": "param is missing or the value is empty: quantity"},
    "ajv required": {"errors": [{"instancePath": "", "keyword": "required", "params": {"missingProperty": "quantity"}, "message": "must have required property 'quantity'"}]},
}  # fmt: skip
UNKNOWN: dict[str, Any] = {
    "fastapi extra": {"detail": [{"type": "extra_forbidden", "loc": ["body", "is_admin"], "msg": "Extra inputs are not permitted", "input": True}]},
    "spring unknown": {"status": 400, "error": "Bad Request", "message": "JSON parse error: Unrecognized field \"is_admin\" (class com.x.User), not marked as ignorable"},
    "joi unknown": {"message": "\"is_admin\" is not allowed"},
    "zod unknown": {"issues": [{"code": "unrecognized_keys", "keys": ["is_admin"], "path": [], "message": "Unrecognized key(s) in object: 'is_admin'"}]},
    "marshmallow unknown": {"is_admin": ["Unknown field."]},
    "ajv extra": {"errors": [{"instancePath": "", "keyword": "additionalProperties", "params": {"additionalProperty": "is_admin"}, "message": "must NOT have additional properties"}]},
    "nest": {"statusCode": 400, "message": ["title must be longer than or equal to 20 characters", "kind must be one of the following values: cat, dog", "property is_admin should not exist", "quantity should not be empty"], "error": "Bad Request"},
}  # fmt: skip
TAKEN: dict[str, Any] = {
    "django unique": {"email": ["user with this email already exists."]},
    "laravel taken": {"message": "The email has already been taken.", "errors": {"email": ["The email has already been taken."]}},
    "rails full": {"errors": ["Title is too long (maximum is 10 characters)", "Email has already been taken"]},
    "mongo dup": {"message": "E11000 duplicate key error collection: x.users index: email_1 dup key: { email: \"sfzq@example.com\" }"},
    "pg": {"error": "duplicate key value violates unique constraint \"users_email_key\"", "detail": "Key (email)=(sfzq@example.com) already exists."},
}  # fmt: skip
WRONG_TYPE: dict[str, Any] = {
    "fastapi int": {"detail": [{"type": "int_parsing", "loc": ["body", "title"], "msg": "Input should be a valid integer, unable to parse string as an integer"}]},
    "django int": {"title": ["A valid integer is required."]},
    "joi number": {"message": "\"title\" must be a number"},
    "zod type": {"issues": [{"code": "invalid_type", "expected": "number", "received": "string", "path": ["title"], "message": "Expected number, received string"}]},
    "nest int": {"statusCode": 400, "message": ["title must be an integer number"], "error": "Bad Request"},
}  # fmt: skip
NESTED: dict[str, Any] = {
    "fastapi nested": {"detail": [{"type": "string_too_long", "loc": ["body", "profile", "bio"], "msg": "String should have at most 10 characters"}]},
    "django nested": {"profile": {"bio": ["Ensure this field has no more than 10 characters."]}},
    "laravel nested": {"message": "x", "errors": {"profile.bio": ["The profile.bio field must not be greater than 10 characters."]}},
}  # fmt: skip


@pytest.mark.parametrize("body", TOO_SHORT.values(), ids=TOO_SHORT)
def test_a_text_that_is_too_short_is_made_longer(body: Any) -> None:
    found = learn(body)
    assert len(found.force["title"]) >= 20
    assert "title" not in found.drop


@pytest.mark.parametrize("body", TOO_LONG.values(), ids=TOO_LONG)
def test_a_text_that_is_too_long_is_made_shorter(body: Any) -> None:
    assert 0 < len(learn(body).force["title"]) <= 10


@pytest.mark.parametrize("body", TOO_SMALL.values(), ids=TOO_SMALL)
def test_a_number_that_is_too_small_is_made_greater(body: Any) -> None:
    found = learn(body)
    assert found.force["age"] >= 18
    assert found.drop == frozenset()


@pytest.mark.parametrize("body", CHOICES.values(), ids=CHOICES)
def test_of_the_choices_that_a_message_lists_the_first_is_taken(body: Any) -> None:
    found = learn(body)
    assert found.force["kind"] in ("cat", "low")
    assert found.drop == frozenset()


@pytest.mark.parametrize("body", MISSING.values(), ids=MISSING)
def test_a_missing_property_is_added(body: Any) -> None:
    assert isinstance(learn(body).force["quantity"], int)


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_a_property_that_the_server_does_not_take_is_dropped(body: Any) -> None:
    assert learn(body).drop == {"is_admin"}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_a_value_that_is_taken_is_made_anew(body: Any) -> None:
    made = forced(learn(body))["email"]
    assert made != SENT["email"]
    assert made.endswith("@example.com")


@pytest.mark.parametrize("body", WRONG_TYPE.values(), ids=WRONG_TYPE)
def test_a_text_where_a_number_is_expected_becomes_a_number(body: Any) -> None:
    assert isinstance(learn(body).force["title"], int)


@pytest.mark.parametrize("body", NESTED.values(), ids=NESTED)
def test_a_nested_property_is_found_by_its_dotted_path(body: Any) -> None:
    assert 0 < len(learn(body).force["profile.bio"]) <= 10


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"type": "greater_than_equal", "loc": ["body", "lines", 0, "qty"], "msg": "Input should be >= 3"}]},
        {"errors": {"lines.0.qty": ["The lines.0.qty field must be at least 3."]}},
        {"errors": [{"instancePath": "/lines/0/qty", "message": "must be >= 3"}]},
    ],
    ids=["fastapi", "laravel", "ajv"],
)
def test_a_property_of_a_lists_item_is_found(body: Any) -> None:
    assert learn(body).force["lines.qty"] >= 3


@pytest.mark.parametrize(
    ("message", "least", "most"),
    [
        ("age must be at least 18", 18, None),
        ("age must be greater than 18", 19, None),
        ("age must be > 18", 19, None),
        ("age must not be less than 18", 18, None),
        ("age cannot be less than 18", 18, None),
        ("age must be between 18 and 20", 18, 20),
        ("age must be at most 3", None, 3),
        ("age must be less than 3", None, 2),
        ("age must be less than or equal to 3", None, 3),
        ("age must not be greater than 3", None, 3),
        ("age may not exceed 3", None, 3),
        ("age: maximum value is 3", None, 3),
    ],
)
def test_bounds_are_read_from_a_sentence(message: str, least: int | None, most: int | None) -> None:
    made = learn({"message": message}).force["age"]
    assert least is None or made >= least
    assert most is None or made <= most


@pytest.mark.parametrize(
    ("message", "year"),
    [
        ("due must be in the past", "2001"),
        ("due must be in the future", "2040"),
        ("due must not be in the past", "2040"),
        ("due cannot be in the future", "2001"),
        ("due must be a date after 2031-01-01", "2040"),
        ("due should be before the start", "2001"),
    ],
)
def test_a_date_is_moved_to_where_the_message_wants_it(message: str, year: str) -> None:
    assert learn({"message": message}).force["due"] == f"{year}-01-02T09:30:00Z"


def test_a_moment_becomes_a_day_where_a_date_is_wanted() -> None:
    body = {"due": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}
    assert learn(body).force["due"] == "2030-01-02"


def test_a_day_becomes_a_moment_where_a_date_time_is_wanted() -> None:
    assert (
        learn({"due": ["Datetime has wrong format."]}, sent={"due": "2030-01-02"}).force["due"]
        == "2030-01-02T09:30:00Z"
    )


@pytest.mark.parametrize(
    ("message", "made"),
    [
        ("Input should be a valid boolean", False),
        ("must be an array", ["sfzabcdefghijk"]),
        ("Input should be a valid list", ["sfzabcdefghijk"]),
        ("Expected object, received string", {}),
        ("must be of type dict", {}),
    ],
)
def test_a_value_of_the_wrong_type_is_replaced(message: str, made: Any) -> None:
    assert learn({"errors": {"title": [message]}}).force["title"] == made


def test_a_number_where_a_text_is_expected_becomes_a_text() -> None:
    assert learn({"errors": {"age": ["Not a valid string."]}}).force["age"] == "5"


def test_terms_that_must_be_accepted_are_accepted() -> None:
    assert learn({"errors": {"terms": ["The terms field must be accepted."]}}).force["terms"] is True


@pytest.mark.parametrize("body", [{"kind": ['"x" is not a valid choice.']}, {"errors": {"kind": ["is invalid"]}}])
def test_a_property_that_is_wrong_without_a_lead_is_left_out(body: Any) -> None:
    assert learn(body).drop == {"kind"}


def test_several_complaints_are_all_followed() -> None:
    body = {
        "statusCode": 400,
        "message": [
            "title must be longer than or equal to 20 characters",
            "kind must be one of the following values: cat, dog",
            "property is_admin should not exist",
        ],
        "error": "Bad Request",
    }
    found = learn(body)
    assert len(found.force["title"]) >= 20
    assert found.force["kind"] == "cat"
    assert found.drop == {"is_admin"}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Failed to read request"},
        {"error": "Bad Request"},
        {"errors": [{"title": "Invalid", "status": "422"}]},
        "<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1><p>The browser sent it.</p>",
        "null",
        "[[[",
        "",
        "title " * 1000,
    ],
    ids=["problem", "bare", "json:api", "page", "null", "broken", "empty", "too long"],
)
def test_a_message_that_names_no_property_teaches_nothing(body: Any) -> None:
    found = learn(body)
    assert (found.drop, forced(found)) == (frozenset(), {})


def test_a_plain_sentence_in_a_page_is_read() -> None:
    body = "<html><title>400</title><p>is_admin is not allowed</p></html>"
    assert learn(body).drop == {"is_admin"}


def test_what_was_learnt_earlier_is_kept() -> None:
    earlier = Adjustments(drop=frozenset({"kind"}), force={"age": 40}, attempt=2)
    found = learn({"message": "is_admin is not allowed"}, earlier=earlier)
    assert (found.drop, found.force, found.attempt) == ({"kind", "is_admin"}, {"age": 40}, 3)


def test_a_dropped_property_that_is_missed_comes_back() -> None:
    earlier = Adjustments(drop=frozenset({"quantity"}))
    found = learn({"quantity": ["This field is required."]}, earlier=earlier)
    assert "quantity" not in found.drop
    assert "quantity" in found.force


def test_one_seed_learns_the_same() -> None:
    assert learn(TAKEN["pg"]) == learn(TAKEN["pg"])


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"message": "role must be one of: user, admin"}, ("user", "admin")),
        ({"errors": {"role": ["Must be one of: user, admin."]}}, ("user", "admin")),
        ({"detail": [{"loc": ["body", "role"], "msg": "Input should be 'user' or 'admin'"}]}, ("user", "admin")),
        ({"message": "kind must be one of: user, admin"}, ()),
        ({"message": "role is wrong"}, ()),
    ],
)
def test_the_options_of_an_undocumented_property_are_read(body: Any, options: tuple[str, ...]) -> None:
    assert options_named(json.dumps(body), "role") == options


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*KNOWN, "must be at least 99", "required", "taken"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*KNOWN, "errors", "detail", "loc", "msg", "field", "path", "message", "source"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(JSON, JSON)
def test_any_refusal_of_any_body_is_read_without_failing(body: Any, sent: Any) -> None:
    found = learn(body, sent=sent)
    assert found.attempt == 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert learn(text).attempt == 1


@settings(max_examples=50, deadline=None)
@given(st.integers(-50, 50), st.integers(0, 50))
def test_a_number_between_two_bounds_is_between_them(low: int, extra: int) -> None:
    made = learn({"message": f"age must be between {low} and {low + extra}"}).force["age"]
    assert low <= made <= low + extra
