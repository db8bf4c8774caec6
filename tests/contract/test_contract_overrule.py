"""What the user says replaces what was derived, whether in a policy file or in the document's own extensions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from specfuzz.contract import (
    Confidence,
    Contract,
    FieldReason,
    Level,
    Policy,
    PolicyError,
    derive,
    from_raw,
    parse_policy,
)
from specfuzz.contract.access import is_shared_on_purpose, lets_anonymous_in

TEXT = {"type": "string"}
NOTE = {"type": "object", "properties": {"id": {"type": "integer"}, "title": TEXT, "isPinned": {"type": "boolean"}}}
JSON = {"content": {"application/json": {"schema": NOTE}}}
WRITE = {"content": {"application/json": {"schema": {"type": "object", "properties": {"title": TEXT}}}}}
RAW: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "security": [{"bearer": []}],
    "paths": {
        "/notes": {
            "get": {"tags": ["notes"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": NOTE}}}}}},
            "post": {"tags": ["notes"], "operationId": "addNote", "requestBody": WRITE, "responses": {"201": {"description": "", **JSON}}},
        },
        "/notes/{id}": {
            "get": {"description": "Only the owner may read it.", "responses": {"200": {"description": "", **JSON}}},
            "patch": {"requestBody": WRITE, "responses": {"200": {"description": "", **JSON}}},
        },
        "/purge": {"post": {"responses": {"204": {"description": ""}}}},
    },
}  # fmt: skip


def contract(policy: str = "", edit: Any = None) -> Contract:
    raw = copy.deepcopy(RAW)
    if edit is not None:
        edit(raw)
    found = parse_policy(policy, "specfuzz.toml")
    return derive(from_raw(raw, "notes.json"), (), found.policy if found else None)


def of(label: str, policy: str = "", edit: Any = None) -> Any:
    found = contract(policy, edit).get(label)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("word", "level", "role"),
    [
        ("owner", Level.OWNER, None),
        ("members", Level.MEMBERS, None),
        ("public", Level.PUBLIC, None),
        ("authenticated", Level.AUTHENTICATED, None),
        ("role:editor", Level.ROLE, "editor"),
    ],
)
@pytest.mark.parametrize("label", ["GET /notes/{id}", "PATCH /notes/{id}"])
def test_an_access_word_overrules_prose_and_security(label: str, word: str, level: Level, role: str | None) -> None:
    access = of(label, f'[[policy]]\npath = "/notes/{{note}}"\naccess = "{word}"\n').access
    assert (access.level, access.role, access.confidence) == (level, role, Confidence.CERTAIN)
    assert access.source == "specfuzz.toml:3"
    assert lets_anonymous_in(access) is (word == "public")
    assert is_shared_on_purpose(access) is (word in ("public", "authenticated"))


def test_the_document_s_open_security_does_not_soften_what_the_user_says() -> None:
    def opened(raw: Any) -> None:
        raw["paths"]["/notes/{id}"]["get"]["security"] = []

    access = of("GET /notes/{id}", '[[policy]]\npath = "/notes/*"\naccess = "owner"\n', opened).access
    assert not lets_anonymous_in(access)


def test_of_two_lines_the_later_wins_word_by_word() -> None:
    text = """
[[policy]]
path = "/notes/**"
access = "members"
forbidden = ["title"]
[[policy]]
method = "PATCH"
path = "/notes/*"
access = "owner"
"""
    assert of("GET /notes/{id}", text).access.level is Level.MEMBERS
    changed = of("PATCH /notes/{id}", text)
    assert changed.access.level is Level.OWNER
    assert changed.forbidden_fields[0].name == "title"


def test_a_forbidden_field_is_certain_and_has_the_type_that_the_document_gives_it() -> None:
    found = of(
        "PATCH /notes/{id}", '[[policy]]\nmethod = "PATCH"\npath = "/notes/*"\nforbidden = ["is_pinned", "title"]\n'
    )
    pinned, title = found.forbidden_fields[:2]
    assert (pinned.name, pinned.reason, pinned.confidence) == ("isPinned", FieldReason.POLICY, Confidence.CERTAIN)
    assert pinned.schema == {"type": "boolean"}
    assert pinned.source == "specfuzz.toml:4"
    assert title.name == "title"
    assert [item.name for item in found.forbidden_fields].count("isPinned") == 1
    assert pinned.expectation().statement == "`isPinned` is not writable: the policy forbids it"


def test_a_writable_field_is_no_longer_forbidden() -> None:
    assert "isPinned" in {item.name for item in of("PATCH /notes/{id}").forbidden_fields}
    found = of("PATCH /notes/{id}", '[[policy]]\npath = "/notes/*"\nwritable = ["isPinned"]\n')
    assert "isPinned" not in {item.name for item in found.forbidden_fields}
    assert found.writable_fields == ("isPinned",)


def test_the_user_says_what_is_dangerous() -> None:
    assert of("POST /purge").dangerous
    assert not of("POST /purge", '[[policy]]\npath = "/purge"\ndangerous = false\n').dangerous
    assert of("POST /notes", '[[policy]]\noperation_id = "addNote"\ndangerous = true\n').dangerous


# Shared ------------------------------------------------------------------------------------------------------------


def test_a_shared_kind_is_every_user_s() -> None:
    found = contract('shared_resources = ["Note"]\n')
    levels = {item.label: item.access.level for item in found.operations if item.resource == "note"}
    assert set(levels.values()) == {Level.AUTHENTICATED}
    access = of("GET /notes/{id}", 'shared_resources = ["notes"]\n').access
    assert is_shared_on_purpose(access)
    assert access.source == "specfuzz.toml:1"


def test_sharing_does_not_promise_credentials_that_the_document_does_not_ask_for() -> None:
    access = of("PATCH /notes/{id}", 'shared_resources = ["Note"]\n', lambda raw: raw.pop("security")).access
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.TENTATIVE)


def test_a_line_about_an_operation_is_stronger_than_sharing() -> None:
    text = 'shared_resources = ["Note"]\n[[policy]]\nmethod = "PATCH"\npath = "/notes/*"\naccess = "owner"\n'
    assert of("PATCH /notes/{id}", text).access.level is Level.OWNER


# Mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[[policy]]\npath = "/notse/{id}"\naccess = "owner"\n', "matches no operation: /notse/{id}", "the path /notes/{id}"),
        ('[[policy]]\ntag = "note"\naccess = "owner"\n', "matches no operation: tag 'note'", "the tag notes"),
        ('[[policy]]\noperation_id = "addNotes"\naccess = "owner"\n', "operationId 'addNotes'", "addNote?"),
        ('[[policy]]\nmethod = "PUT"\npath = "/notes/{id}"\naccess = "owner"\n', "PUT /notes/{id}", "has GET, PATCH"),
        ('[[policy]]\npath = "/qqqq"\naccess = "owner"\n', "/qqqq", "no such path; it has /notes"),
        ('[[ignore]]\nrule = "SF101"\npath = "/n"\nreason = "x"\nexpires = 2027-01-01\n', "this ignore matches no", "path"),
        ('shared_resources = ["Notte"]\n', "no resource 'Notte'", "did you mean note?"),
    ],
)  # fmt: skip
def test_a_line_about_nothing_is_an_error_with_the_nearest_candidates(text: str, message: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        contract(text)
    assert message in str(caught.value)
    assert caught.value.where == "specfuzz.toml:1"
    assert caught.value.hint is not None and hint in caught.value.hint


# Extensions --------------------------------------------------------------------------------------------------------


def extended(label: str = "PATCH /notes/{id}", **said: Any) -> Any:
    def edit(raw: Any) -> None:
        method, path = label.split()
        raw["paths"][path][method.lower()] |= {f"x-specfuzz-{key}": value for key, value in said.items()}

    return edit


def test_an_extension_says_what_a_policy_says() -> None:
    found = of("PATCH /notes/{id}", "", extended(access="role:editor", forbidden=["title"], dangerous=True))
    assert (found.access.level, found.access.role, found.access.confidence) == (
        Level.ROLE,
        "editor",
        Confidence.CERTAIN,
    )
    assert found.access.source == "#/paths/~1notes~1{id}/patch/x-specfuzz-access"
    assert found.forbidden_fields[0].source == "#/paths/~1notes~1{id}/patch/x-specfuzz-forbidden"
    assert found.dangerous


def test_an_extension_at_a_path_is_about_all_its_operations() -> None:
    def edit(raw: Any) -> None:
        raw["paths"]["/notes/{id}"]["x-specfuzz-access"] = "members"

    assert [of(f"{method} /notes/{{id}}", "", edit).access.level for method in ("GET", "PATCH")] == [Level.MEMBERS] * 2


def test_the_policy_file_is_stronger_than_an_extension() -> None:
    text = '[[policy]]\npath = "/notes/*"\naccess = "public"\n'
    assert of("PATCH /notes/{id}", text, extended(access="owner")).access.level is Level.PUBLIC


def test_a_document_shares_kinds_and_accepts_findings() -> None:
    entry = {"rule": "SF101", "reason": "known", "expires": "2027-01-31"}

    def edit(raw: Any) -> None:
        raw["x-specfuzz-shared-resources"] = ["Note"]
        extended("GET /notes/{id}", ignore=[entry])(raw)

    found = contract("", edit)
    assert found.get("GET /notes/{id}").access.level is Level.AUTHENTICATED  # type: ignore[union-attr]
    assert [(item.rule, str(item.selector)) for item in found.policy.ignores] == [("SF101", "GET /notes/{id}")]


@pytest.mark.parametrize(
    ("said", "message", "pointer"),
    [
        ({"acess": "owner"}, "unknown extension `x-specfuzz-acess`", "x-specfuzz-acess"),
        ({"access": "nobody"}, "`access` is 'nobody'", "x-specfuzz-access"),
        ({"forbidden": "title"}, "`forbidden` is 'title'", "x-specfuzz-forbidden"),
        ({"ignore": {}}, "no list of objects", "x-specfuzz-ignore"),
        ({"ignore": [{"rule": "SF101"}]}, "an ignore needs a `reason`", "x-specfuzz-ignore"),
        ({"ignore": [{"path": "/x"}]}, "is about that operation", "x-specfuzz-ignore"),
    ],
)
def test_a_wrong_extension_is_an_error_with_its_pointer(said: dict[str, Any], message: str, pointer: str) -> None:
    with pytest.raises(PolicyError) as caught:
        contract("", extended(**said))
    assert message in str(caught.value)
    assert caught.value.where == f"#/paths/~1notes~1{{id}}/patch/{pointer}"


def test_without_a_word_of_the_user_nothing_changes() -> None:
    plain = derive(from_raw(RAW, "notes.json"))
    assert contract("").operations == plain.operations
    assert plain.policy == Policy()
