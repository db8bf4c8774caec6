"""`specfuzz session`: what a person at a terminal sees of one cookie or token, and what nobody sees."""

from __future__ import annotations

import base64
import io
import json
import warnings
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from typer.testing import CliRunner

from specfuzz.cli import app
from specfuzz.cli.errors import UsageError
from specfuzz.cli.session import SessionOptions, session

API_TOKEN = "0f1e2d3c4b5a69788796a5b4"
STRONG = "kJ3-p0Zq_8vR2xW6yB1nT5mC9sD4fG7h"


def flask_session(key: str, data: dict[str, Any]) -> str:
    application = Flask("shop")
    application.secret_key = key
    return str(SecureCookieSessionInterface().get_signing_serializer(application).dumps(data))  # type: ignore[union-attr]


def token(key: str, **claims: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT warns of short keys
        return jwt.encode(claims, key, "HS256")


def analysed(capsys: pytest.CaptureFixture[str], value: str, **options: Any) -> tuple[int, list[dict[str, Any]]]:
    code = session(SessionOptions(value=value, as_json=True, **options))
    return code, json.loads(capsys.readouterr().out)["sessions"]


def rules(found: dict[str, Any]) -> list[str]:
    return [issue["rule"] for issue in found["issues"]]


def test_a_weak_session_shows_its_key_its_secrets_and_none_of_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    value = flask_session("changeme", {"user_id": 3, "api_token": API_TOKEN})
    assert session(SessionOptions(value=value)) == 1
    shown = capsys.readouterr().out
    assert "Flask session" in shown
    assert "SF402" in shown
    assert "SF401  `api_token`" in shown
    assert "user_id = 3" in shown
    for secret in (API_TOKEN, "changeme", value, value.rsplit(".", 1)[-1]):
        assert secret not in shown


def test_a_sound_token_is_said_to_be_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert session(SessionOptions(value=token(STRONG, sub="1", iat=1_800_000_000, exp=1_800_000_900))) == 0
    assert "nothing wrong with it that can be told without its server" in capsys.readouterr().out


def test_the_same_is_there_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, [found] = analysed(capsys, token("secret", sub="1", password_hash="$2b$12$abcdefghijkl"))
    assert (code, rules(found)) == (1, ["SF413", "SF415", "SF414"])
    assert (found["form"], found["algorithm"], found["key"]["guessed"]) == ("JSON Web Token", "HS256", True)
    assert found["data"] == {"sub": "1", "password_hash": "[redacted]"}


@pytest.mark.parametrize(
    "written",
    [
        "Authorization: Bearer {}",
        "Bearer {}",
        "Cookie: theme=dark; jwt={}",
        "Set-Cookie: jwt={}; HttpOnly; Path=/",
        "jwt={}",
    ],
)
def test_a_value_may_be_pasted_as_it_stands_in_a_request(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, [found] = analysed(capsys, written.format(token("secret", sub="1")))
    assert (found["form"], found["key"]["guessed"]) == ("JSON Web Token", True)
    assert found["name"] == ("jwt" if "jwt=" in written else None)


def test_a_cookie_session_is_pasted_with_its_signature(capsys: pytest.CaptureFixture[str]) -> None:
    value = base64.b64encode(b'{"user":3}').decode()
    signature = "fx9-2b8W0o3OqP4n1sYVj0t0t0s"
    _, [found] = analysed(capsys, f"session={value}; session.sig={signature}")
    assert (found["form"], found["name"], found["signed"]) == ("Express cookie-session", "session", True)


def test_a_key_of_the_users_own_list_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = tmp_path / "words.txt"
    words.write_text(f"nothing\n{STRONG}\n", encoding="utf-8")
    _, [found] = analysed(capsys, token(STRONG, sub="1"), wordlist=words)
    assert found["key"]["origin"] == "words.txt, line 2"
    _, [found] = analysed(capsys, token("q" + STRONG, sub="1"), wordlist=words)
    assert "none of 2 keys of the word list" in found["key"]["reason"]


def test_a_hint_derives_keys_from_the_apis_name(capsys: pytest.CaptureFixture[str]) -> None:
    value = token("garden-tools-jwt-secret", sub="1")
    assert analysed(capsys, value)[1][0]["key"]["guessed"] is False
    assert analysed(capsys, value, hints=("Garden Tools API",))[1][0]["key"]["guessed"] is True


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(token("secret", sub="1") + "\n"))
    assert analysed(capsys, "-")[1][0]["key"]["guessed"] is True


def test_the_environment_may_hold_the_value() -> None:
    result = CliRunner().invoke(app, ["session", "--json"], env={"SPECFUZZ_SESSION": token("secret", sub="1")})
    assert result.exit_code == 1
    assert json.loads(result.stdout)["sessions"][0]["form"] == "JSON Web Token"


def test_an_unsigned_token_and_what_a_server_deserialises_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules(analysed(capsys, "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDA5MDAsImlhdCI6MTgwMDAwMDAwMH0.")[1][0]) == [
        "SF411"
    ]
    assert rules(analysed(capsys, "rO0ABXNyAA5jb20uc2hvcC5Vc2Vy")[1][0]) == ["SF401"]


def test_what_a_token_says_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    session(SessionOptions(value=token(STRONG, sub="\x1b]0;owned\x07[red]", **{"\x1b[2J": 1})))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]" in shown  # as text, not as a colour


@pytest.mark.parametrize("value", ["", "  ", "9f86d081884c7d659a2feaa0c55ad015", "not a session"])
def test_what_is_no_session_is_a_clear_error_that_does_not_repeat_it(value: str) -> None:
    with pytest.raises(UsageError) as error:
        session(SessionOptions(value=value))
    assert error.value.hint
    assert not value.strip() or value not in str(error.value)


def test_a_missing_word_list_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no word list"):
        session(SessionOptions(value=token(STRONG, sub="1"), wordlist=tmp_path / "none.txt"))
