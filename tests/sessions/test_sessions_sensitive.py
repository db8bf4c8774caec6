"""Which data in a session is sensitive, and which is what every framework keeps there."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.sessions import sensitive


def listed(name: str) -> bool:
    return name in ("api_token", "password_hash")


SECRETS = {
    "listed": ({"api_token": "9f86d081884c7d65"}, "api_token"),
    "nested": ({"member": {"api_token": "9f86d081884c7d65"}}, "member.api_token"),
    "in a list": ({"cards": [{"password_hash": "x"}]}, "cards.password_hash"),
    "a password under another name": ({"userPwd": "hunter2"}, "userPwd"),
    "a hash of one": ({"pw_hash": "0123456789abcdef"}, "pw_hash"),
    "bcrypt under any name": ({"x": "$2b$12$abcdefghijklmnopqrstuv"}, "x"),
    "Django's hasher": ({"x": "pbkdf2_sha256$600000$salt$0123456789abcdef0123"}, "x"),
    "Werkzeug's hasher": ({"x": "scrypt:32768:8:1$salt$0123456789abcdef0123"}, "x"),
    "a card number": ({"pay": "4111 1111 1111 1111"}, "pay"),
    "another token": ({"t": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"}, "t"),
    "an internal note": ({"support_notes": "difficult"}, "support_notes"),
    "a tax number": ({"tax_id": "12 345 678"}, "tax_id"),
}


@pytest.mark.parametrize(("data", "key"), SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_is_found_by_name_or_form(data: Any, key: str) -> None:
    assert [(item.key, item.is_secret) for item in sensitive(data, listed)] == [(key, True)]


PERSONAL = {"e-mail": {"mail": "bob@example.test"}, "phone": {"tel": "+49 30 1234567"}}


@pytest.mark.parametrize("data", PERSONAL.values(), ids=PERSONAL.keys())
def test_personal_data_is_told_from_secrets(data: Any) -> None:
    assert [item.is_secret for item in sensitive(data, listed)] == [False]


HARMLESS: dict[str, Any] = {
    "ids and roles": {"user_id": 3, "sub": "bob", "role": "member", "is_admin": False},
    "Django's own": {"_auth_user_id": "3", "_auth_user_hash": "a" * 64, "_auth_user_backend": "x.Y"},
    "Flask-Login's own": {"_user_id": "3", "_id": "b" * 128, "_fresh": True, "csrf_token": "c" * 40},
    "OpenID Connect's hashes": {"at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng", "nonce": "n", "iss": "https://id.example.test"},
    "when a password changed": {"password_changed_at": "2026-01-01", "pwd_exp": "300"},
    "an empty secret": {"api_token": ""},
    "none": {"api_token": None},
    "a flag": {"api_token": True},
    "a number that only looks like a card's": {"order": "4111111111111112"},
    "no object": "text",
    "nothing": None,
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_frameworks_keep_in_every_session_is_not_sensitive(data: Any) -> None:
    assert sensitive(data, listed) == ()


def test_secrets_come_first_and_no_value_is_in_the_answer() -> None:
    found = sensitive({"mail": "bob@example.test", "api_token": "9f86d081884c7d65"}, listed)
    assert [item.key for item in found] == ["api_token", "mail"]
    assert "9f86d081884c7d65" not in repr(found)
    assert "bob@" not in repr(found)
