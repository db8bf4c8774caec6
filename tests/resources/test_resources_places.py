"""Places in a body: beside each other, inside an object, in every item of an array."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.resources.places import has_at, merged, value_at

ORDER = {"note": "x", "lines": [{"sku": "a", "price": None}, {"sku": "b"}], "address": {"city": "Ghent"}}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("note", "x"),
        ("lines[].sku", "a"),
        ("lines.sku", "a"),
        ("lines[].price", None),
        ("address.city", "Ghent"),
        ("address", {"city": "Ghent"}),
    ],
)
def test_what_stands_at_a_place_is_found(place: str, value: Any) -> None:
    assert has_at(ORDER, place)
    assert value_at(ORDER, place) == value


@pytest.mark.parametrize(
    "place", ["missing", "note.city", "lines[].missing", "address.street.number", "address.city.x"]
)
def test_nothing_stands_where_there_is_nothing(place: str) -> None:
    assert not has_at(ORDER, place)
    assert value_at(ORDER, place) is None


def test_a_name_with_a_dot_is_taken_as_it_is_where_the_body_has_it() -> None:
    assert value_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1


@pytest.mark.parametrize(
    ("body", "extra", "made"),
    [
        ({"a": 1}, {"role": "x"}, {"a": 1, "role": "x"}),
        ({"user": {"a": 1}}, {"role": "x"}, {"user": {"a": 1, "role": "x"}}),
        ({"user": {"a": 1}}, {"user.role": "x"}, {"user": {"a": 1, "role": "x"}}),
        ({"a": 1, "user": {"b": 1}}, {"user.role": "x"}, {"a": 1, "user": {"b": 1, "role": "x"}}),
        ([{"a": 1}, {"a": 2}], {"role": "x"}, [{"a": 1, "role": "x"}, {"a": 2, "role": "x"}]),
        (
            {"n": 1, "lines": [{"s": 1}, {"s": 2}]},
            {"lines[].price": 7},
            {"n": 1, "lines": [{"s": 1, "price": 7}, {"s": 2, "price": 7}]},
        ),
        ({"n": 1}, {"lines[].price": 7}, {"n": 1}),
        ({"n": 1, "lines": []}, {"lines[].price": 7}, {"n": 1, "lines": []}),
        (
            {"n": 1, "a": [{"b": {"c": 1}}]},
            {"a[].b.d": 2},
            {"n": 1, "a": [{"b": {"c": 1, "d": 2}}]},
        ),
        ("text", {"role": "x"}, {"role": "x"}),
    ],
    ids=["top", "wrapper", "in-wrapper", "nested", "bulk", "items", "no-items", "empty", "deeper", "no-object"],
)
def test_extra_fields_go_where_they_belong(body: Any, extra: dict[str, Any], made: Any) -> None:
    assert merged(body, extra) == made


@given(st.dictionaries(st.sampled_from("abc"), st.integers() | st.dictionaries(st.sampled_from("xy"), st.integers())))
def test_the_body_itself_is_never_changed(body: dict[str, Any]) -> None:
    before = repr(body)
    merged(body, {"role": 1, "a.role": 2, "b[].role": 3})
    assert repr(body) == before
