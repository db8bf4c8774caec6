"""`specfuzz init`: files that can be read as they are, answered by taking a # away, and never overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specfuzz.cli.init import auth_text, policy_text
from specfuzz.contract import Contract, Level, Settings, derive, from_raw, parse_policy
from specfuzz.identities import read_auth_file

Command = Callable[..., Any]


def users(folder: Path) -> Any:
    text = (folder / "auth.yaml").read_text(encoding="utf-8")
    return read_auth_file(folder / "auth.yaml", {name: f"of {name}" for name in re.findall(r"\$\{(\w+)\}", text)})


def settings(text: str) -> Settings:
    found = parse_policy(text, "specfuzz.toml")
    assert found is not None
    return found


def answered(text: str) -> str:
    """The policy with every question answered with yes: prose stays a comment, TOML loses its #."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("# Questions"))
    questions = lines[start:]
    return "\n".join(
        re.sub(r"^# (\[\[|(?:method|path|access|writable|dangerous) = )", r"\1", line) for line in questions
    )


def document(paths: dict[str, Any], **root: Any) -> Contract:
    return derive(
        from_raw({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, **root}, "t.json")
    )


def test_both_files_are_written_and_the_run_s_own_commands_can_use_them(specfuzz: Command, folder: Path) -> None:
    ran = specfuzz("init", "library.json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "specfuzz.toml: written" in ran.stdout
    assert settings((folder / "specfuzz.toml").read_text(encoding="utf-8")) == Settings()
    assert [(item.name, item.role) for item in users(folder)] == [
        ("alice", "user"),
        ("bob", "user"),
        ("admin", "admin"),
    ]
    assert specfuzz("plan", "library.json").returncode == 0


def test_the_detected_login_is_written(specfuzz: Command, folder: Path) -> None:
    specfuzz("init", "library.json")
    login = users(folder)[0].login
    assert (login.method, login.path) == ("POST", "/login")
    assert json.loads(login.payload.reveal()) == {"name": "alice", "password": "of ALICE_PASSWORD"}
    assert (login.token.pointer, login.token.name, login.token.prefix) == ("/token", "Authorization", "Bearer ")


def test_every_question_answered_with_yes_is_a_policy_that_fits_the_document(specfuzz: Command, folder: Path) -> None:
    specfuzz("init", "library.json")
    text = answered((folder / "specfuzz.toml").read_text(encoding="utf-8"))
    assert len(settings(text).policy.lines) >= 1
    (folder / "specfuzz.toml").write_text(text, encoding="utf-8")
    ran = specfuzz("plan", "library.json", "--format", "json", "--operation", "reset")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["operations"][0]["dangerous"] is False


def test_nothing_is_overwritten(specfuzz: Command, folder: Path) -> None:
    (folder / "auth.yaml").write_text("mine", encoding="utf-8")
    ran = specfuzz("init", "library.json")
    assert ran.returncode == 0
    assert "auth.yaml: was there already and is left as it is" in ran.stdout
    (folder / "specfuzz.toml").write_text("# mine", encoding="utf-8")
    ran = specfuzz("init", "library.json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "never overwrites" in ran.stderr
    assert (folder / "auth.yaml").read_text(encoding="utf-8") == "mine"
    assert (folder / "specfuzz.toml").read_text(encoding="utf-8") == "# mine"


def test_another_folder_can_be_given_and_must_be_there(specfuzz: Command, folder: Path) -> None:
    assert specfuzz("init", "library.json", "--output", "nowhere").returncode == 2
    (folder / "there").mkdir()
    assert specfuzz("init", "library.json", "--output", "there").returncode == 0
    assert sorted(path.name for path in (folder / "there").iterdir()) == ["auth.yaml", "specfuzz.toml"]


# What is asked -----------------------------------------------------------------------------------------------------

ONE = {"get": {"responses": {"200": {"description": ""}}}}
SECURED = {"components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}}


def asked(contract: Contract) -> list[str]:
    text = policy_text(contract, "t.json")
    return [line for line in text.splitlines() if line.startswith("# ") and line.endswith("?")]


@pytest.mark.parametrize(
    ("paths", "root", "question", "level"),
    [
        ({"/a/{slug}": ONE, "/b": {"get": {**ONE["get"], "security": [{"b": []}]}}}, SECURED, "Is `GET /a/{slug}` readable by everyone?", Level.PUBLIC),
        ({"/a/{slug}": ONE}, {}, "Is `GET /a/{slug}` the owner's alone?", Level.OWNER),
        ({"/a/{slug}": ONE}, {**SECURED, "security": [{"b": []}]}, "Is `GET /a/{slug}` the owner's alone?", Level.OWNER),
        ({"/things": ONE}, {}, "Does `GET /things` need credentials?", Level.AUTHENTICATED),
        ({"/a/{x}": {"get": {**ONE["get"], "tags": ["admin"]}}}, {}, "Is `GET /a/{x}` for the role admin alone?", Level.ROLE),
    ],
)  # fmt: skip
def test_where_the_document_is_silent_or_only_hints_a_question_is_asked(
    paths: dict[str, Any], root: dict[str, Any], question: str, level: Level
) -> None:
    contract = document(paths, **root)
    assert f"# {question}" in asked(contract)
    policy = settings(answered(policy_text(contract, "t.json"))).policy
    assert derive(contract.document, (), policy).operations[0].access.level is level


def test_methods_that_ask_the_same_are_asked_about_together() -> None:
    both = {"put": ONE["get"], "delete": ONE["get"]}
    assert asked(document({"/a/{id}": both})) == ["# Is `PUT/DELETE /a/{id}` the owner's alone?"]


def test_where_everything_is_said_nothing_is_asked() -> None:
    said = {"get": {**ONE["get"], "description": "Only the owner may read it."}}
    assert asked(document({"/a/{id}": said}, **SECURED, security=[{"b": []}])) == []


# Users -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "header", "value"),
    [
        ({"type": "http", "scheme": "bearer"}, "Authorization", "Bearer t"),
        ({"type": "http", "scheme": "basic"}, "Authorization", "Basic t"),
        ({"type": "apiKey", "in": "header", "name": "X-Api-Key"}, "X-Api-Key", "t"),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, "Cookie", "sid=t"),
        ({"type": "oauth2", "flows": {}}, "Authorization", "Bearer t"),
    ],
    ids="bearer basic key cookie oauth2".split(),
)
def test_without_a_login_the_header_is_that_of_the_scheme(
    tmp_path: Path, scheme: dict[str, Any], header: str, value: str
) -> None:
    contract = document({"/a/{id}": ONE}, components={"securitySchemes": {"s": scheme}}, security=[{"s": []}])
    (tmp_path / "auth.yaml").write_text(auth_text(contract), encoding="utf-8")
    alice, bob = read_auth_file(tmp_path / "auth.yaml", {"ALICE_TOKEN": "t", "BOB_TOKEN": "t"})
    assert [(name, secret.reveal()) for name, secret in alice.headers] == [(header, value)]
    assert bob.name == "bob"


NAUGHTY = 'Line one\nalice: "x" # [[policy]]\u2028\x07'


def test_the_document_s_own_words_cannot_end_a_comment_or_a_text(tmp_path: Path) -> None:
    paths = {'/a"b/{id}': {"get": {**ONE["get"], "description": f"Only {NAUGHTY} may."}}}
    contract = document(paths, info={"title": NAUGHTY, "version": "1"})
    (tmp_path / "auth.yaml").write_text(auth_text(contract), encoding="utf-8")
    assert [item.name for item in users(tmp_path)] == ["alice", "bob"]
    text = policy_text(contract, "t.json")
    assert settings(text) == Settings()
    settings(answered(text)).policy.check(contract.document.operations)
