"""Guessing: within its limits, in time, and never by accident."""

from __future__ import annotations

import hmac
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.sessions import (
    MAX_CANDIDATES,
    Candidate,
    Decoded,
    Form,
    Key,
    NotGuessed,
    decode,
    default_candidates,
    from_file,
    guess,
)
from specfuzz.sessions.candidates import derived, published, samples
from specfuzz.sessions.decode import to_base64url

HEADER = to_base64url(b'{"alg":"HS256"}')


def token(key: bytes) -> Decoded:
    signed = f"{HEADER}.{to_base64url(b'{}')}"
    found = decode(f"{signed}.{to_base64url(hmac.digest(key, signed.encode(), 'sha256'))}")
    assert found is not None
    return found


def numbered(count: int) -> list[Candidate]:
    return [Candidate(key=f"{number:032}".encode(), origin="test") for number in range(count)]


def flask_like() -> Decoded:
    return Decoded(form=Form.FLASK, text="x", signed=b"eyJ1Ijo0fQ.aSUf8g", signature=b"\0" * 20)


@pytest.mark.parametrize("decoded", [flask_like(), token(b"\xff" * 32)], ids=["Flask", "JWT"])
def test_a_hundred_thousand_candidates_take_less_than_two_seconds(decoded: Decoded) -> None:
    candidates = numbered(MAX_CANDIDATES)
    started = time.process_time()
    found = guess(decoded, candidates)
    assert time.process_time() - started < 2.0
    assert isinstance(found, NotGuessed)
    assert found.tried == MAX_CANDIDATES


def test_what_is_past_the_limit_is_tried_only_when_asked() -> None:
    candidates = [*numbered(5), Candidate(key=b"the-last-one", origin="test")]
    assert isinstance(guess(token(b"the-last-one"), candidates, limit=5), NotGuessed)
    found = guess(token(b"the-last-one"), candidates, limit=None)
    assert isinstance(found, Key)
    assert found.tried == 6


def test_all_of_the_default_candidates_are_within_the_limit() -> None:
    count = sum(1 for _ in default_candidates(["A Title of Many Words, Inc.", "many.words.example.test"]))
    assert 50_000 < count <= MAX_CANDIDATES


def test_the_lists_hold_what_they_should() -> None:
    keys = {candidate.key for candidate in samples()}
    assert {b"secret", b"changeme", b"keyboard cat", b'_5#y2L"F4Q8z\n\xec]/'} <= keys
    assert all(candidate.key for candidate in (*samples(), *published()))
    assert not any(candidate.key.startswith(b"#") for candidate in samples())


def test_names_become_keys_as_people_write_them() -> None:
    keys = {candidate.key for candidate in derived(["Garden Tools API"])}
    assert {b"garden-tools", b"gardentools", b"GardenTools-secret", b"garden_secret_key", b"tools123"} <= keys
    assert derived([""]) == ()


@given(title=st.text(max_size=200))
def test_any_title_gives_a_bounded_number_of_keys(title: str) -> None:
    assert len(derived([title])) < 4_000


def test_a_word_list_of_the_user_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"one\r\n\nn\xf6t-utf8\nthree words here\n")
    assert [(item.key, item.origin) for item in from_file(path)] == [
        (b"one", "words.txt, line 1"),
        (b"n\xf6t-utf8", "words.txt, line 3"),
        (b"three words here", "words.txt, line 4"),
    ]


NOT_GUESSABLE = {
    "another algorithm": "eyJhbGciOiJSUzI1NiJ9.e30." + to_base64url(b"s" * 256),
    "no signature": "eyJhbGciOiJub25lIn0.e30.",
    "a signature of another size": f"{HEADER}.e30.{to_base64url(b's' * 20)}",
    "unsigned JSON": '{"user_id": 3}',
}


@pytest.mark.parametrize("value", NOT_GUESSABLE.values(), ids=NOT_GUESSABLE.keys())
def test_what_has_no_key_to_guess_says_so(value: str) -> None:
    found = decode(value)
    assert found is not None
    result = guess(found, numbered(3))
    assert isinstance(result, NotGuessed)
    assert result.tried == 0
    assert result.reason


@given(key=st.binary(min_size=16, max_size=40))
def test_no_other_key_is_ever_taken_for_the_right_one(key: bytes) -> None:
    assert isinstance(guess(token(b"\xff" * 32), [Candidate(key=key, origin="test")]), NotGuessed)
