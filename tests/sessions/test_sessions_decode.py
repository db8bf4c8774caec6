"""What is decoded, what is only named, and that nothing malformed costs a crash or time."""

from __future__ import annotations

import base64
import json
import string
import time
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.sessions import Form, decode
from specfuzz.sessions.decode import MAX_UNPACKED_BYTES, MAX_VALUE_CHARS, to_base64url

MAX_S = 0.05
"""Seconds that no value may take."""


def cost_s(value: str, **known: Any) -> float:
    """What decoding costs, the best of three: a pause of the garbage collector, with other tests' lists, is not its own."""
    costs = []
    for _ in range(3):
        started = time.process_time()
        decode(value, **known)
        costs.append(time.process_time() - started)
    return min(costs)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


NAMED = {
    "PHP's serialize": ('a:1:{s:4:"user";i:3;}', Form.PHP),
    "a PHP object in base64": (_b64(b'O:4:"User":1:{s:2:"id";i:3;}'), Form.PHP),
    "PHP's session file": ('user_id|i:3;name|s:3:"bob";', Form.PHP),
    "a Java object": (_b64(b"\xac\xed\x00\x05sr\x00\x0ecom.shop.UserX"), Form.JAVA),
    "a Java object in hex": ("aced00057372000e", Form.JAVA),
    "a pickle": (_b64(b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x02id\x94K\x03s."), Form.PICKLE),
    "Ruby's Marshal": (_b64(b'\x04\x08{\x06I"\x07id\x06:\x06ETi\x08'), Form.MARSHAL),
    "a Rails cookie that is encrypted": (f"{_b64(b'x' * 40)}--{_b64(b'i' * 12)}--{_b64(b't' * 16)}", Form.RAILS_ENCRYPTED),
    "a Laravel cookie": (_b64(json.dumps({"iv": "a", "value": "b", "mac": "c"}).encode()), Form.LARAVEL),
    "an encrypted token": (f'{to_base64url(json.dumps({"alg": "dir", "enc": "A256GCM"}).encode())}..a.b.c', Form.JWE),
}  # fmt: skip


@pytest.mark.parametrize(("value", "form"), NAMED.values(), ids=NAMED.keys())
def test_a_form_that_is_not_read_is_named(value: str, form: Form) -> None:
    found = decode(value)
    assert found is not None
    assert (found.form, found.data) == (form, None)


READ = {
    "JSON": ('{"user_id": 3}', Form.JSON),
    "Express' unsigned JSON": ('j:{"user_id":3}', Form.JSON),
    "percent-encoded JSON": ("%7B%22user_id%22%3A3%7D", Form.JSON),
    "JSON with a comma in a quoted cookie": (r'"{\"user_id\": 3}"', Form.JSON),
    "base64 JSON": (_b64(b'{"user_id": 3}'), Form.BASE64_JSON),
    "base64url JSON without padding": (to_base64url(b'{"user_id": 3}'), Form.BASE64_JSON),
}


@pytest.mark.parametrize(("value", "form"), READ.values(), ids=READ.keys())
def test_unsigned_data_is_read(value: str, form: Form) -> None:
    found = decode(value)
    assert found is not None
    assert (found.form, found.data, found.is_signed) == (form, {"user_id": 3}, False)


def test_an_envelope_of_rails_is_opened() -> None:
    inner = _b64(b'{"user_id":3}')
    outer = _b64(json.dumps({"_rails": {"message": inner, "exp": None, "pur": "cookie.user"}}).encode())
    found = decode(f"{outer}--{'0' * 40}")
    assert found is not None
    assert (found.form, found.data) == (Form.RAILS_SIGNED, {"user_id": 3})


RANDOM_IDS = {
    "uuid": "7f9c2ba4-e88f-4d3a-9f1e-3c9a1b1a0d2e",
    "hex": "9f86d081884c7d659a2feaa0c55ad015",
    "Django's session key": "k3j9x0q2w8e7r6t5y4u3i2o1p0a9s8d7",
    "PHP's session id": "el4ukv0kqbvoirg7nkp4dncpk3",
    "base64": "vU8nH0m3cEo1w0XzJ4b5sT2kQ9yR7aLd",
    "a word": "dark",
    "a locale": "en-GB",
    "a version": "1.2.3",
    "empty": "",
}


@pytest.mark.parametrize("value", RANDOM_IDS.values(), ids=RANDOM_IDS.keys())
def test_a_random_id_is_nothing(value: str) -> None:
    assert decode(value) is None


def test_a_decompression_bomb_is_not_unpacked() -> None:
    for size in (MAX_UNPACKED_BYTES + 1, 20_000_000):
        packed = to_base64url(zlib.compress(b'"' + b"a" * size + b'"', 9))
        value = f".{packed}.AAAAAA.{'B' * 27}"
        assert len(value) < MAX_VALUE_CHARS
        assert decode(value) is None
        assert cost_s(value) < MAX_S


@pytest.mark.parametrize(("padding", "is_read"), [(100, True), (MAX_UNPACKED_BYTES, False)])
def test_what_is_longer_than_the_limit_is_not_read_in_part(padding: int, is_read: bool) -> None:
    packed = to_base64url(zlib.compress(b'{"user_id": 3}' + b" " * padding))
    found = decode(f".{packed}.AAAAAA.{'B' * 27}")
    assert (found is not None) is is_read


def test_a_value_too_long_for_a_header_is_not_looked_at() -> None:
    assert decode('{"a": "' + "b" * MAX_VALUE_CHARS + '"}') is None


_TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(alphabet=string.ascii_letters + string.digits + '-_=.:|+/%\\"{}[],', max_size=600),
    st.binary(max_size=300).map(_b64),
)


@st.composite
def _malformed(draw: st.DrawFn) -> str:
    """Something near one of the forms: its parts in order, each of them anything."""
    parts = draw(st.lists(_TEXTS, min_size=1, max_size=5))
    separator = draw(st.sampled_from([".", ":", "--", "|", "s:", ""]))
    start = draw(
        st.sampled_from(["", ".", "s:", "j:", "eyJhbGciOiJIUzI1NiJ9.", '"', "%", "[" * 5_000, "a:1:{", "rO0AB"])
    )
    end = draw(st.sampled_from(["", f".AAAAAA.{'B' * 27}", f":1qKk7E:{'C' * 43}", f"--{'d' * 40}", f"|{'e' * 128}"]))
    return f"{start}{separator.join(parts)}{end}"


@settings(max_examples=400)
@given(value=st.one_of(_TEXTS, _malformed()), name=st.text(max_size=10), signature=st.none() | _TEXTS)
def test_no_malformed_value_crashes_the_decoder_or_takes_long(value: str, name: str, signature: str | None) -> None:
    assert cost_s(value, name=name, signature=signature) < MAX_S
    found = decode(value, name=name, signature=signature)
    assert found is None or isinstance(found.form, Form)


HOSTILE = {
    "nested JSON": "[" * 60_000,
    "nested objects": '{"a":' * 12_000,
    "a huge number": "[" + "9" * 60_000 + "]",
    "nested JSON in a token": f"eyJhbGciOiJIUzI1NiJ9.{to_base64url(b'[' * 45_000)}.AAAA",
    "many dots": "." * 60_000,
    "many colons": "a:" * 30_000,
    "many dashes": "a--" * 20_000,
    "many pipes": "a|" * 30_000,
    "many percent signs": "%41" * 21_000,
    "one long word": "a" * 65_000,
    "s: and dots": "s:" + "a." * 30_000,
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_value_costs_no_time(value: str) -> None:
    assert cost_s(value) < MAX_S


@given(
    data=st.dictionaries(
        st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=20), max_size=6
    )
)
def test_whatever_a_token_says_is_read(data: dict[str, Any]) -> None:
    header, body = (to_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256"}, data))
    found = decode(f"{header}.{body}.{to_base64url(b's' * 32)}")
    assert found is not None
    assert (found.form, found.data, found.algorithm) == (Form.JWT, data, "HS256")
