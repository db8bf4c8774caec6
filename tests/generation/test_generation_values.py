"""Single values: what their names and formats mean, and what must never be printed."""

from __future__ import annotations

import random
import re
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.contract import Confidence, FieldReason, ForbiddenField
from specfuzz.generation import different_value, made_up_identifier
from specfuzz.generation.changes import different_from
from specfuzz.generation.randomness import CannotDraw, draw, letters, stream
from specfuzz.generation.values import (
    CANARY_CHARS,
    CANARY_PREFIX,
    new_canary,
    new_password,
    number_for,
    satisfies,
    string_for,
)

SEEDS = st.integers(0, 2**32)


def source(seed: int = 1) -> random.Random:
    return random.Random(seed)


# Canaries and passwords -------------------------------------------------------------------------------------------


@given(SEEDS)
def test_a_canary_passes_as_a_name_a_slug_and_a_title(seed: int) -> None:
    canary = new_canary(source(seed))
    assert re.fullmatch(r"[a-z]+", canary)
    assert canary.startswith(CANARY_PREFIX)
    assert len(canary) == CANARY_CHARS


@given(SEEDS, st.integers(5, 16), st.integers(0, 40))
def test_a_password_keeps_to_its_length_and_has_every_kind_of_character(seed: int, low: int, extra: int) -> None:
    password = new_password(source(seed), {"minLength": low, "maxLength": low + extra})
    assert low <= len(password) <= low + extra
    assert all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))


@pytest.mark.parametrize(
    "pattern",
    [r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$", r"^[A-Za-z0-9]{8,}$", r"^(?=.*[!@#$%^&*-]).{8,32}$", r"^\d{6}$"],
)
def test_a_password_of_a_pattern_is_still_a_secret_and_never_a_canary(pattern: str) -> None:
    made = string_for("password", {"type": "string", "pattern": pattern}, source())
    assert re.search(pattern, made.value)
    assert made.is_secret
    assert made.canary is None


@pytest.mark.parametrize("name", ["password", "newPassword", "password_confirmation", "passphrase", "pwd"])
def test_a_field_named_like_a_password_holds_a_secret(name: str) -> None:
    assert string_for(name, {}, source()).is_secret


# Strings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("email", r"sfz[a-z]+@example\.com"),
        ("contactEmail", r"sfz[a-z]+@example\.com"),
        ("username", r"sfz[a-z]+"),
        ("phone_number", r"\+1\d{3}55501\d\d"),
        ("website", r"https://example\.com/sfz[a-z]+"),
        ("slug", r"sfz[a-z]+"),
        ("sku", r"[A-Z]{8}"),
        ("due_date", r"20\d\d-\d\d-\d\d"),
        ("starts_at", r"20\d\d-\d\d-\d\dT09:30:00Z"),
        ("birthday", r"199\d-\d\d-\d\d"),
        ("country", "US"),
        ("currency", "USD"),
        ("zip", "94107"),
        ("iban", "DE[0-9]+"),
        ("title", r"sfz[a-z]+"),
        ("", r"sfz[a-z]+"),
        ("описание", r"sfz[a-z]+"),
    ],
)
def test_a_string_is_what_its_name_means(name: str, pattern: str) -> None:
    assert re.fullmatch(pattern, string_for(name, {"type": "string"}, source()).value)


@pytest.mark.parametrize("name", ["email", "username", "phone", "slug", "sku", "uuid"])
def test_what_must_be_unique_in_most_databases_is_marked_so(name: str) -> None:
    made = string_for(name, {"type": "string"}, source())
    assert made.is_unique
    assert made.value != string_for(name, {"type": "string"}, source(2)).value


@pytest.mark.parametrize("high", [8, 10, 13])
def test_a_username_is_shortened_and_stays_unique(high: int) -> None:
    made = string_for("username", {"maxLength": high}, source())
    assert (len(made.value), made.is_unique, made.canary) == (high, True, made.value)


@pytest.mark.parametrize("high", [16, 20, 25])
def test_an_email_is_shortened_before_its_at_sign(high: int) -> None:
    made = string_for("email", {"format": "email", "maxLength": high}, source())
    assert re.fullmatch(r"[a-z]+@example\.com", made.value)
    assert len(made.value) <= high


def test_an_end_lies_after_its_start() -> None:
    start = string_for("start_date", {"format": "date"}, source()).value
    assert start < string_for("end_date", {"format": "date"}, source()).value


@pytest.mark.parametrize("pattern", ["^[A-Z]{5,20}$", "^[A-Z][a-z]+$", "^[a-z]+$"])
def test_a_pattern_of_letters_still_carries_a_canary(pattern: str) -> None:
    made = string_for("label", {"pattern": pattern}, source())
    assert made.canary == made.value
    assert re.search(pattern, made.value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [(r"^\d{4}-\d{2}-\d{2}$", "2030-01-15"), (r"^\d{2}:\d{2}$", "09:30"), (r"^#[0-9a-f]{6}$", "#336699")],
)
def test_a_pattern_that_means_a_date_gets_one_that_exists(pattern: str, value: str) -> None:
    assert string_for("x", {"pattern": pattern}, source()).value == value


@pytest.mark.parametrize("pattern", ["(", "[", "(?<x", "^[^\\x00-\\xff]+$", "^(?!)$"])
def test_a_pattern_that_cannot_be_read_or_met_is_no_reason_to_fail(pattern: str) -> None:
    assert isinstance(string_for("x", {"pattern": pattern}, source()).value, str)


@given(SEEDS, st.sampled_from(["title", "email", "slug", "code", "x"]))
@settings(max_examples=50)
def test_one_seed_gives_one_value(seed: int, name: str) -> None:
    schema = {"pattern": "^[0-9a-f]{4,9}!$"} if name == "x" else {}
    assert string_for(name, schema, source(seed)) == string_for(name, schema, source(seed))


# Numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        ({"minimum": 5, "exclusiveMinimum": True, "maximum": 6}, 6),
        ({"maximum": 5, "exclusiveMaximum": True, "minimum": 4}, 4),
        ({"exclusiveMinimum": 5, "exclusiveMaximum": 7}, 6),
        ({"minimum": 4.5, "maximum": 5.5}, 5),
        ({"minimum": 10, "maximum": 14, "multipleOf": 7}, 14),
        ({"minimum": -3, "maximum": -3}, -3),
    ],
)
def test_an_integer_keeps_to_bounds_of_either_version(schema: dict[str, Any], number: int) -> None:
    assert number_for("x", {"type": "integer", **schema}, source(), integer=True) == number


def test_a_number_of_a_whole_value_is_an_integer() -> None:
    assert isinstance(number_for("price", {"multipleOf": 0.01}, source(), integer=False), int)


@pytest.mark.parametrize(
    ("value", "schema", "kept"),
    [
        (5, {"minimum": 5}, True),
        (5, {"exclusiveMinimum": 5}, False),
        (4, {"multipleOf": 3}, False),
        ("abc", {"maxLength": 2}, False),
        ("abc", {"pattern": "b"}, True),
        ("abc", {"pattern": "^b"}, False),
        ("abc", {"pattern": "("}, True),
        (True, {"minimum": 5}, True),
        (None, {}, True),
    ],
)
def test_whether_a_value_keeps_to_its_schema(value: Any, schema: dict[str, Any], kept: bool) -> None:
    assert satisfies(value, schema) is kept


# Changed values ---------------------------------------------------------------------------------------------------


def forbidden(name: str, schema: dict[str, Any] | None = None) -> ForbiddenField:
    return ForbiddenField(
        name=name, reason=FieldReason.READ_ONLY, confidence=Confidence.FIRM, source="#", schema=schema or {}
    )


@pytest.mark.parametrize(
    ("name", "present", "schema"),
    [
        ("is_admin", False, {}),
        ("is_admin", None, {"type": "boolean"}),
        ("isAdmin", None, {}),
        ("role", "user", {}),
        ("role", "admin", {}),
        ("roles", ["user"], {}),
        ("roles", ["admin"], {}),
        ("role", "user", {"enum": ["user", "admin"]}),
        ("role", "admin", {"enum": ["user", "admin"]}),
        ("balance", 10, {}),
        ("balance", 10.5, {}),
        ("balance", None, {}),
        ("rating", 3, {"minimum": 1, "maximum": 5}),
        ("profile.role", "user", {}),
        ("settings", {"a": 1}, {}),
        ("created_at", "2020-01-01T00:00:00Z", {"format": "date-time"}),
        ("owner_id", 7, {}),
        ("note", "text", {}),
        ("anything", None, {}),
        ("either", None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    ],
)
def test_a_changed_value_differs_and_keeps_the_type(name: str, present: Any, schema: dict[str, Any]) -> None:
    made = different_value(forbidden(name, schema), present, source())
    assert made != present
    if present is not None:
        assert type(made) is type(present)


@pytest.mark.parametrize(
    ("name", "present", "schema", "made"),
    [
        ("role", "user", {"enum": ["guest", "user", "admin"]}, "admin"),
        ("role", "user", {}, "admin"),
        ("roles", ["user"], {}, ["user", "admin"]),
        ("is_admin", False, {}, True),
        ("is_active", True, {}, False),
    ],
)
def test_a_right_is_changed_to_a_privileged_one(name: str, present: Any, schema: dict[str, Any], made: Any) -> None:
    assert different_value(forbidden(name, schema), present, source()) == made


@given(SEEDS, st.integers(-1000, 1000), st.integers(1, 1000))
def test_a_changed_number_stays_inside_its_bounds(seed: int, low: int, extra: int) -> None:
    schema = {"type": "integer", "minimum": low, "maximum": low + extra}
    made = different_value(forbidden("count", schema), low, source(seed))
    assert low <= made <= low + extra
    assert made != low


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(SEEDS, JSON)
@settings(max_examples=100)
def test_another_value_for_a_second_write_differs_wherever_there_is_something_to_change(seed: int, value: Any) -> None:
    made = different_from(value, source(seed))
    if value not in ({}, None) and not isinstance(value, dict):
        assert made != value


# Made-up identifiers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "real",
    [7, "7", "0042", str(uuid.UUID(int=5)), uuid.UUID(int=5).hex, "ORD-2024-0001", "a-slug", "65f1c0ffee65f1c0ffee65f1"]
    + ["01HV8Y9Z3QK4M5N6P7R8S9T0VW", "user@example.com", "1" * 20],
)
def test_a_made_up_identifier_has_the_form_of_the_real_one(real: Any) -> None:
    made = made_up_identifier(real, source())
    assert made != real
    assert type(made) is type(real)
    if isinstance(real, str) and not (real.isdigit() and len(real) < 16):
        shape = [(c.isdigit(), c.isalpha(), c.isupper()) for c in real]
        if "-" not in real or not re.fullmatch(r"[0-9a-f-]{36}", real):
            assert len(made) == len(real)
        if not re.fullmatch(r"[0-9a-f]{24,32}|[0-9a-f-]{36}", real):
            assert [(c.isdigit(), c.isalpha(), c.isupper()) for c in made] == shape


@pytest.mark.parametrize("real", ["65f1c0ffee65f1c0ffee65f1", uuid.UUID(int=5).hex, "DEADBEEF" * 3])
def test_a_made_up_identifier_of_hexadecimal_digits_has_only_such(real: str) -> None:
    made = made_up_identifier(real, source())
    assert int(made, 16)
    assert len(made) == len(real)
    assert made.isupper() is real.isupper()


def test_a_made_up_uuid_is_one() -> None:
    assert uuid.UUID(made_up_identifier(str(uuid.UUID(int=5)), source())).version == 4


@pytest.mark.parametrize(
    "real",
    ["ee83f83f-e91e-11f1-8002-000000000001", "018f2f3a-7c1d-7abc-8def-0123456789ab", str(uuid.UUID(int=7, version=5))],
)
def test_a_made_up_uuid_has_the_version_of_the_real_one(real: str) -> None:
    """A server that checks the version refuses another one for its form, which says nothing about what exists."""
    made = uuid.UUID(made_up_identifier(real, source()))
    assert (made.version, made.variant) == (uuid.UUID(real).version, uuid.RFC_4122)
    assert str(made) != real


@given(SEEDS, st.integers(0, 10**9) | st.text(min_size=1, max_size=20))
@settings(max_examples=100)
def test_any_identifier_has_a_made_up_one(seed: int, real: Any) -> None:
    assert type(made_up_identifier(real, source(seed))) is type(real)


# Randomness -------------------------------------------------------------------------------------------------------


def test_streams_of_different_purposes_are_independent() -> None:
    assert stream(1, "a", "b").random() != stream(1, "ab").random() != stream(2, "a", "b").random()
    assert stream(1, "a", "b").random() == stream(1, "a", "b").random()


def test_a_strategy_without_values_cannot_be_drawn_from() -> None:
    with pytest.raises(CannotDraw):
        draw(st.nothing(), source())
    with pytest.raises(CannotDraw):
        draw(st.integers().filter(lambda _: False), source())


@given(SEEDS)
def test_letters_have_no_look_alikes(seed: int) -> None:
    assert not set(letters(source(seed), 50)) & set("lo01")
