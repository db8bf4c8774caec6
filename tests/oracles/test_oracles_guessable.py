"""Which identifiers can be guessed: numbers that count up, and those that are made of the time."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.oracles import why_guessable


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (17, "small number"),
        ("000123", "small number"),
        (1541815603606036480, "snowflake"),
        ("65f1c0ffee65f1c0ffee65f1", "ObjectId"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ULID"),
        ("99e3d6de-e91a-11f1-8002-000000000001", "version 1"),
        ("018f2f3a-7c1d-7abc-8def-0123456789ab", "version 7"),
    ],
)
def test_what_counts_up_or_holds_the_time_can_be_guessed(value: Any, word: str) -> None:
    assert word in (why_guessable(value) or "")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        str(uuid.UUID(int=1 << 70, version=4)),
        str(uuid.UUID(int=5)),
        "ffffffffee65f1c0ffee65f1",
        "7ZZZZZZZZZTSV4RRFFQ69G5FAV",
        "kA9_x2-Qw7",
        "12345678901234",
    ],
)
def test_what_is_random_or_only_looks_so_cannot(value: Any) -> None:
    assert why_guessable(value) is None


@given(st.uuids(version=4))
def test_a_random_uuid_never_can(value: uuid.UUID) -> None:
    assert why_guessable(str(value)) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.integers()), st.none()))
def test_anything_gets_an_answer(value: Any) -> None:
    assert why_guessable(value) is None or isinstance(why_guessable(value), str)
