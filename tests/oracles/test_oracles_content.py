"""What is in a response: canaries in disguise, the same object twice, what changed."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.http import Response
from specfuzz.oracles import (
    alike,
    as_text,
    changes,
    contains,
    found_canaries,
    is_volatile,
    leaves,
    same_fields,
    same_value,
)
from specfuzz.oracles.content import MAX_LEAVES

CANARY = "sfzabcdefghijk"
CANARIES = st.from_regex(r"sfz[a-z]{11}", fullmatch=True)


def response(body: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response(status=status, headers=headers, body=content)


# Canaries ---------------------------------------------------------------------------------------------------------


@given(CANARIES, st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=100)
def test_a_canary_is_found_in_any_text(canary: str, before: str, after: str) -> None:
    text = before + canary + after
    for body in (text, json.dumps(text), quote(text, errors="replace"), quote_plus(text, errors="replace")):
        assert contains(response(body.encode("utf-8", errors="replace")), canary)


@given(CANARIES, st.binary(max_size=12), st.binary(max_size=12))
@settings(max_examples=200)
def test_a_canary_is_found_in_base64_wherever_it_begins(canary: str, before: bytes, after: bytes) -> None:
    raw = before + canary.encode() + after
    assert contains(response(base64.b64encode(raw)), canary)
    assert contains(response(base64.urlsafe_b64encode(raw).rstrip(b"=")), canary)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"a": "{CANARY[:4]}\\u{ord(CANARY[4]):04x}{CANARY[5:]}"}}',
        "".join(f"\\u{ord(letter):04x}" for letter in CANARY),
        "".join(f"%{ord(letter):02X}" for letter in CANARY),
        f"<td>{''.join(f'&#{ord(letter)};' for letter in CANARY)}</td>",
        CANARY.upper(),
    ],
    ids=["one letter escaped", "all escaped for JSON", "all percent-encoded", "character references", "upper case"],
)
def test_a_canary_in_an_unusual_disguise_is_found(body: str) -> None:
    assert contains(response(body), CANARY)


def test_a_canary_that_only_begins_alike_is_not_found_in_base64() -> None:
    """Two canaries whose last letters share their first bits look the same but for the last character of base64."""
    wanted = CANARY[:-1] + "a"
    for offset in range(3):
        other = base64.b64encode(b"x" * offset + (CANARY[:-1] + "b").encode()).decode()
        assert not contains(response(other), wanted)
        assert contains(response(other), CANARY[:-1] + "b")


def test_a_large_body_is_searched_quickly() -> None:
    body = response(json.dumps([{"title": "prose of 50 % and \\u00e4&#", "n": n} for n in range(20_000)]))
    started = time.perf_counter()
    for number in range(50):
        assert not contains(body, f"sfzabcdefghi{number:02}")
    assert time.perf_counter() - started < 5.0


def test_a_canary_in_a_header_is_found() -> None:
    assert contains(response("", headers=(("Location", f"/users/{CANARY}"),)), CANARY)


@given(CANARIES, CANARIES)
def test_another_canary_is_not_found(planted: str, wanted: str) -> None:
    if planted != wanted:
        body = [planted, base64.b64encode(planted.encode()).decode(), quote(planted)]
        assert not contains(response(body), wanted)


@given(st.binary(max_size=300))
def test_a_canary_is_not_found_in_other_bytes(body: bytes) -> None:
    assert not contains(response(body), CANARY)


def test_only_the_fields_whose_canary_is_there_are_reported() -> None:
    assert found_canaries(response({"x": CANARY}), {"title": CANARY, "note": "sfzotherother"}) == {"title": CANARY}


# Leaves and changes -----------------------------------------------------------------------------------------------


def test_leaves_are_scalars_by_dotted_path() -> None:
    value = {"a": 1, "b": {"c": None}, "d": [{"e": "x"}, "y"], "f": [], "g": {}}
    assert leaves(value) == {"a": 1, "b.c": None, "d.0.e": "x", "d.1": "y"}


def test_leaves_of_a_hostile_depth_are_read() -> None:
    value: Any = "deep"
    for _ in range(50_000):
        value = [value]
    assert list(leaves(value).values()) == ["deep"]


def test_leaves_of_an_export_are_limited() -> None:
    assert len(leaves(list(range(3 * MAX_LEAVES)))) == MAX_LEAVES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_nothing_changes_between_a_value_and_itself(value: Any) -> None:
    assert changes(value, json.loads(json.dumps(value))) == ()


@given(JSON, JSON)
def test_a_change_seen_one_way_is_seen_the_other_way(one: Any, other: Any) -> None:
    assert {item.path for item in changes(one, other)} == {item.path for item in changes(other, one)}


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": 1}, {}, "a"),
        ({}, {"a": 1}, "a"),
        ({"a": False}, {"a": 0}, "a"),
        ({"a": True}, {"a": 1}, "a"),
        ({"a": "1"}, {"a": 1}, "a"),
        ({"a": [1]}, {"a": [2]}, "a.0"),
        ({"a": {"b": "x"}}, {"a": {"b": None}}, "a.b"),
    ],
)
def test_a_change_names_its_path(before: Any, after: Any, path: str) -> None:
    assert [item.path for item in changes(before, after)] == [path]


@pytest.mark.parametrize(
    "name",
    ["updated_at", "updatedAt", "last_seen", "lastLogin", "viewCount", "view_count", "views", "etag", "request_id"]
    + [
        "requestId",
        "timestamp",
        "server_time",
        "csrf_token",
        "access_token",
        "meta.trace_id",
        "expires_in",
        "modified",
    ],
)
def test_what_changes_by_itself_is_no_change(name: str) -> None:
    assert is_volatile(name)
    assert changes({name: 1}, {name: 2}) == ()


@pytest.mark.parametrize(
    "name",
    ["title", "role", "reviews", "interviews", "is_admin", "balance", "known", "created_by", "token_limit", "plan"],
)
def test_what_stays_unless_somebody_writes_it_is_not_volatile(name: str) -> None:
    assert not is_volatile(name)


# Values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (5, 5),
        (5, "5"),
        (5, 5.0),
        ("5", 5),
        (10, "10"),
        (10.5, 10.5000000001),
        ("a@B.example", "a@b.example"),
        ("  text ", "text"),
        (True, True),
        (True, 1),
        (False, "false"),
        (None, None),
        ("2030-01-02T09:30:00Z", "2030-01-02T09:30:00.000+00:00"),
        ([1, 2], [1, "2"]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([], []),
        (10, "10.00"),
        (10.5, "10.50"),
        (10**400, 10**400),
        ("10", 10.0),
    ],
)
def test_a_value_read_back_is_the_one_that_was_sent(sent: Any, seen: Any) -> None:
    assert same_value(sent, seen)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (5, 6),
        (1, True),
        (0, False),
        (True, False),
        (True, "no"),
        ("true", True),
        ("text", "other"),
        (None, "None"),
        ("null", None),
        (None, ""),
        ([1], 1),
        ([1, 2], [1]),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, [1]),
        ("2030-01-02T09:30:00Z", "2031-01-02T09:30:00Z"),
        ("admin", "user"),
        (10, "10.01"),
        (10, "1e1"),
        ("10", "10.0"),
        (10**400, 1.5),
        (1.5, 10**400),
    ],
)
def test_a_value_read_back_is_not_the_one_that_was_sent(sent: Any, seen: Any) -> None:
    assert not same_value(sent, seen)


@given(JSON)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same_value(value, json.loads(json.dumps(value)))


@given(JSON, JSON)
def test_any_two_values_can_be_compared(one: Any, other: Any) -> None:
    assert isinstance(same_value(one, other), bool)


# Objects ----------------------------------------------------------------------------------------------------------


def test_the_share_of_telling_fields_is_counted() -> None:
    owner = {"title": "A long title", "note": "Something", "done": False, "rank": 3}
    share, equal = same_fields(owner, {"title": "A long title", "note": "else", "done": False, "rank": 3})
    assert (share, equal) == (0.5, ("title",))


def test_equal_flags_and_small_numbers_tell_nothing() -> None:
    assert same_fields({"a": True, "b": 3, "c": "x", "d": None}, {"a": True, "b": 3, "c": "x", "d": None}) == (0.0, ())


def test_an_objects_own_view_is_wholly_the_same() -> None:
    owner = {"title": "A long title", "updated_at": "2030-01-01", "id": 12345}
    assert same_fields(owner, {**owner, "updated_at": "2031-01-01"})[0] == 1.0


@pytest.mark.parametrize("other", [None, [], {}, "text", 7, {"error": "not found"}])
def test_an_error_shares_nothing_with_an_object(other: Any) -> None:
    assert same_fields({"title": "A long title"}, other) == (0.0, ())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (response({"a": 1}), response({"a": 1}), True),
        (response({"a": 1, "timestamp": 1}), response({"a": 1, "timestamp": 2}), True),
        (response({"a": 1}), response({"a": 2}), False),
        (response({"a": 1}), response({"a": 1}, status=201), False),
        (response("<p>a</p>"), response("<p>a</p>"), True),
        (response("<p>a</p>"), response("<p>b</p>"), False),
        (response({"a": 1}), response("<p>a</p>"), False),
        (response([]), response({}), False),
        (response(b""), response(b""), True),
    ],
    ids=["equal", "volatile", "value", "status", "page", "other page", "json and page", "list and object", "empty"],
)
def test_two_responses_say_the_same_apart_from_what_changes_by_itself(
    one: Response, other: Response, same: bool
) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


@given(JSON)
def test_evidence_is_one_short_line(value: Any) -> None:
    assert len(as_text(value)) <= 80


@pytest.mark.parametrize(
    ("value", "text"), [("plain", "plain"), ({"a": "ö"}, '{"a": "ö"}'), (None, "null"), ("x" * 100, "x" * 77 + "...")]
)
def test_evidence_shows_a_value_as_json(value: Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("value", ["two\nlines", "a\r\n\tb"])
def test_evidence_of_several_lines_is_put_on_one(value: str) -> None:
    assert "\n" not in as_text(value)
