"""What is a credential by its form, what only stands for one, and what a card's number is."""

from __future__ import annotations

import base64
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.oracles.secrets import MAX_CHARS, is_masked, passes_luhn, password_hash_form, secret_form

MIXED = "aB3dE5fG7h" * 8
B64 = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")

HASHES = {
    "bcrypt hash": ["$2b$12$" + MIXED[:53], "$2y$10$" + MIXED[:53], "$2a$04$" + MIXED[:53]],
    "argon2 hash": [
        f"$argon2id$v=19$m=65536,t=3,p=4${B64[:22]}${B64}",
        f"argon2$argon2id$v=19$m=102400,t=2,p=8${B64[:22]}${B64}",
    ],
    "PBKDF2 hash": [
        f"pbkdf2_sha256$870000${MIXED[:22]}${B64}=",
        f"pbkdf2:sha256:600000${MIXED[:16]}${'0f' * 32}",
        f"$pbkdf2-sha256$29000${B64[:22]}${B64}",
    ],
    "scrypt hash": [f"scrypt:32768:8:1${MIXED[:16]}${'0f' * 64}", f"$scrypt$ln=16,r=8,p=1${B64[:22]}${B64}"],
    "crypt hash": [f"$6$rounds=5000${MIXED[:16]}${MIXED[:43]}", f"$1$abcdefgh${MIXED[:22]}", f"$y$j9T${MIXED[:43]}"],
    "salted SHA hash": ["{SSHA}" + B64, f"sha1$abcde${'0f' * 20}", f"md5$abcdef${'0f' * 16}"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in HASHES.items() for value in values])
def test_a_password_hash_is_named_by_its_format(name: str, value: str) -> None:
    assert secret_form(value) == name
    assert secret_form(f" {value}\n") == name
    assert secret_form(f"see {value}") is None


KEYS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "gh" + "p_" + MIXED[:36],
    "glp" + "at-" + MIXED[:20],
    "sk_" + "live_" + MIXED[:24],
    "xox" + "b-123456789012-123456789012-" + MIXED[:24],
    "SG." + MIXED[:22] + "." + MIXED[:43],
]


@pytest.mark.parametrize("value", KEYS, ids=range(len(KEYS)))
def test_a_providers_key_is_one_by_itself_and_not_within_a_text(value: str) -> None:
    assert secret_form(value) is not None
    assert password_hash_form(value) is None
    assert secret_form(f"the key {value} was leaked") is None
    assert secret_form(f"arn:{value}:bucket") is None
    assert secret_form(f"https://files.test/a?credential={value}") is None


@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_a_private_key_is_one_and_a_public_key_or_a_text_about_keys_is_none(kind: str) -> None:
    text = f"-----BEGIN {kind}-----\n{B64}\n-----END {kind}-----"
    assert secret_form(text) == "private key"
    assert secret_form(f"do not paste {text}") is None
    assert secret_form(text.replace("PRIVATE", "PUBLIC")) is None


@pytest.mark.parametrize(
    "value",
    [None, True, 7, [], {}, "", "short", "a perfectly ordinary sentence about cats", "0f" * 32, "$2b$12$tooshort"]
    + ["9f86d081-884c-4d65-9a2f-eaa0c55ad015", "$5.00 to $6.00 for everybody", "sha256 of a file is long", "x" * 30_000]
    + ["sk-" + "a" * 20, "eyJhbGciOiJIUzI1NiJ9.e30.abcdefghijklmnop", "pk_" + "live_" + MIXED[:24]],
)
def test_identifiers_digests_and_prose_are_no_credentials(value: Any) -> None:
    assert secret_form(value) is None


@given(
    st.one_of(st.text(max_size=200), st.text(alphabet=string.ascii_letters + string.digits + "$.,=+/:_-", max_size=200))
)
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_asked_about(value: str) -> None:
    assert secret_form(value) is None
    assert isinstance(is_masked(value), bool)
    assert isinstance(passes_luhn(value), bool)


@pytest.mark.parametrize(
    "value",
    ["$" * MAX_CHARS, "*" * MAX_CHARS, "* " * (MAX_CHARS // 2), "x-" * (MAX_CHARS // 2) + "!", "-----BEGIN " * 1_800]
    + ["$argon2id$v=1$m=1,t=1,p=1$" + "a" * 19_000, "4" * MAX_CHARS, "gh" + "p_" * 9_000, "...." * 4_000 + "?????"],
    ids=range(9),
)
def test_a_hostile_text_takes_no_time(value: str) -> None:
    started = time.perf_counter()
    secret_form(value)
    is_masked(value)
    passes_luhn(value)
    assert time.perf_counter() - started < 1.0


# Masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        0,
        "***",
        "********",
        "•••• •••• •••• 4242",
        "****-****-1234",
        "XXXX-XXXX-XXXX-1234",
        "...3f9a",
    ]
    + ["[redacted]", "<hidden>", "(masked)", "REDACTED", "[FILTERED]", "  ****  ", "xxxxxxxx", "###-##-1234", "none"],
)
def test_what_only_stands_for_a_secret_is_masked(value: Any) -> None:
    assert is_masked(value)


@pytest.mark.parametrize(
    "value", ["1234", "secret sauce", "x", "hunter2", "a***", 1234, "4111111111111111", "redacted1"]
)
def test_a_value_is_not_masked(value: Any) -> None:
    assert not is_masked(value)


@given(st.text(alphabet="*•xX#.", min_size=3, max_size=30), st.from_regex(r"[A-Za-z0-9]{0,4}", fullmatch=True))
def test_any_run_of_mask_letters_with_a_short_tail_is_masked(mask: str, tail: str) -> None:
    assert is_masked(mask + tail)


# Cards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"])
def test_a_cards_number_passes(value: str) -> None:
    assert passes_luhn(value)


@pytest.mark.parametrize("value", ["", "4242", "4111111111111112", "0000000000000000", "411111111111111a", "1" * 25])
def test_other_digits_do_not_pass(value: str) -> None:
    assert not passes_luhn(value)


@given(st.integers(10**11, 10**17 - 1), st.integers(1, 9))
def test_of_all_check_digits_exactly_one_passes(number: int, step: int) -> None:
    passing = [digit for digit in range(10) if passes_luhn(f"{number}{digit}")]
    assert len(passing) == 1
    assert not passes_luhn(f"{number}{(passing[0] + step) % 10}")
