"""Secrets that a run comes across in answers: masked for certain, without blanking out the words that look like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.http.redaction import MASK, Redactor, is_unmistakable


@pytest.mark.parametrize("value", ["1234", "garden", "electronics", "12345678", "private", "4711"])
def test_a_value_that_could_be_a_word_is_masked_under_its_name_only(value: str) -> None:
    redactor = Redactor()
    redactor.learn_property("joinCode", value)
    assert redactor.value({"joinCode": value, "JOINCODE": value, "title": f"about {value}"}) == {
        "joinCode": MASK,
        "JOINCODE": MASK,
        "title": f"about {value}",
    }
    assert redactor.query([("joinCode", value), ("q", value)]) == [("joinCode", MASK), ("q", value)]
    assert redactor.headers([("joinCode", value)]) == [("joinCode", MASK)]


@pytest.mark.parametrize(
    "value", ["k8f3a9b2", "hunter2hunter2", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "4111111111111111"]
)
def test_a_value_that_stands_nowhere_by_accident_is_masked_everywhere(value: str) -> None:
    redactor = Redactor()
    redactor.learn_property("pin", value)
    assert redactor.text(f"see {value}!") == f"see {MASK}!"


def test_what_lies_below_a_secret_name_is_masked_too() -> None:
    redactor = Redactor()
    redactor.learn_property("pin", "4711")
    assert redactor.value({"pin": {"value": "4711", "digits": [4, 7]}}) == {
        "pin": {"value": MASK, "digits": [MASK, MASK]}
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", False), ("a" * 13, False), ("a" * 14, True), ("abcdefg1", True), ("abcdef1", False), ("12345678", False)],
)
def test_long_and_mixed_values_are_unmistakable(value: str, expected: bool) -> None:
    assert is_unmistakable(value) is expected


@given(st.text(min_size=14).filter(lambda text: len(text.strip()) >= 14))
def test_no_long_value_gets_through(value: str) -> None:
    redactor = Redactor()
    redactor.learn_property("pin", value)
    assert value not in redactor.text(f"<{value}>")
