"""What a policy file says and selects, and what is wrong with those that cannot be meant."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.contract import Level, Policy, PolicyError, Settings, parse_policy
from specfuzz.contract.policy import matches_path, parse_access


def settings(text: str) -> Settings:
    found = parse_policy(text, "specfuzz.toml")
    assert found is not None
    return found


# Selecting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/users/{id}", "/users/{id}", True),
        ("/users/{id}", "/users/{user_id}", True),
        ("/users/{id}/", "/users/{user_id}", True),
        ("/users/{id}", "/users/me", False),
        ("/users/*", "/users/{id}", True),
        ("/users/*", "/users/me", True),
        ("/users/*", "/users/{id}/posts", False),
        ("/users/*", "/users", False),
        ("/users/**", "/users/{id}/posts/{post}", True),
        ("/users/**", "/users", True),
        ("/users/**", "/usersandmore", False),
        ("/admin*", "/admin-panel", True),
        ("/admin*", "/admin/x", False),
        ("**", "/anything/at/all", True),
        ("**/export", "/a/b/export", True),
        ("/a.b", "/axb", False),
        ("/", "/", True),
    ],
)
def test_a_pattern_fits_the_paths_that_it_says(pattern: str, path: str, expected: bool) -> None:
    assert matches_path(pattern, path) is expected


NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
PARTS = st.lists(st.one_of(NAMES, NAMES.map(lambda name: f"{{{name}}}")), min_size=1, max_size=5)


@given(PARTS, NAMES)
def test_a_path_fits_itself_whatever_its_parameters_are_called(parts: list[str], name: str) -> None:
    renamed = [f"{{{name}}}" if part.startswith("{") else part for part in parts]
    assert matches_path("/" + "/".join(parts), "/" + "/".join(renamed))
    assert matches_path("/**", "/" + "/".join(parts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("owner", (Level.OWNER, None)),
        ("members", (Level.MEMBERS, None)),
        ("public", (Level.PUBLIC, None)),
        ("authenticated", (Level.AUTHENTICATED, None)),
        ("role:admin", (Level.ROLE, "admin")),
    ],
)
def test_every_access_word_is_read(text: str, expected: tuple[Level, str | None]) -> None:
    assert parse_access(text) == expected


@pytest.mark.parametrize("text", ["", "role", "role:", "unknown", "Owner", "admin"])
def test_another_access_word_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        parse_access(text)


# Reading -----------------------------------------------------------------------------------------------------------


def test_an_entry_is_read_with_the_line_of_every_word() -> None:
    policy = settings(
        """
[[policy]]
method = ["get", "HEAD"]
path = "/users/{id}"
tag = "users"
operation_id = "readUser"
access = "role:admin"
writable = ["name"]
forbidden = ["is_admin", "role"]
dangerous = true
reason = "says the team"
"""
    ).policy
    line = policy.lines[0]
    assert line.source == "specfuzz.toml:2"
    assert str(line.selector) == "GET/HEAD /users/{id} tag 'users' operationId 'readUser'"
    assert (line.rulings.access, line.rulings.role, line.rulings.dangerous) == (Level.ROLE, "admin", True)
    assert (line.rulings.writable, line.rulings.forbidden) == (("name",), ("is_admin", "role"))
    assert line.rulings.source("access") == "specfuzz.toml:7"
    assert line.rulings.source("forbidden") == "specfuzz.toml:9"


def test_a_table_of_a_project_file_is_read_with_its_lines() -> None:
    text = '[project]\nname = "x"\n[[tool.specfuzz.policy]]\npath = "/a"\naccess = "public"\n'
    found = parse_policy(text, "pyproject.toml", ("tool", "specfuzz"))
    assert found is not None
    assert found.policy.lines[0].rulings.source("access") == "pyproject.toml:5"
    assert parse_policy('[project]\nname = "x"\n', "pyproject.toml", ("tool", "specfuzz")) is None


@pytest.mark.parametrize("written", ["2027-01-31", '"2027-01-31"', "2027-01-31T10:00:00Z"])
def test_an_ignore_has_a_reason_and_a_day(written: str) -> None:
    text = f'[[ignore]]\nrule = "sf101"\npath = "/a"\nreason = "known"\nexpires = {written}\n'
    ignore = settings(text).policy.ignores[0]
    assert (ignore.rule, ignore.reason, ignore.expires) == ("SF101", "known", datetime.date(2027, 1, 31))


def test_an_ignore_counts_on_its_last_day_and_no_longer() -> None:
    ignore = settings('[[ignore]]\nfingerprint = "f"\nreason = "known"\nexpires = 2027-01-31\n').policy.ignores[0]
    assert not ignore.has_expired(datetime.date(2027, 1, 31))
    assert ignore.has_expired(datetime.date(2027, 2, 1))


def test_run_and_shared_resources_are_read() -> None:
    found = settings('shared_resources = ["Board"]\n[run]\nseed = 7\n')
    assert (found.run["seed"].value, found.run["seed"].source) == (7, "specfuzz.toml:3")
    assert [(item.name, item.source) for item in found.policy.shared] == [("Board", "specfuzz.toml:1")]


POLICY = '[[policy]]\npath = "/a"\n'
IGNORE = '[[ignore]]\nrule = "SF101"\npath = "/a"\n'


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ("[[polcy]]\n", "unknown key `polcy`", 1, "did you mean policy?"),
        ("[runn]\n", "unknown key `runn`", 1, "did you mean run?"),
        (POLICY + 'acess = "owner"\n', "unknown key `acess`", 3, "did you mean access?"),
        (POLICY + 'access = "onwer"\n', "`access` is 'onwer'", 3, "did you mean owner?"),
        (POLICY + 'access = "admin"\n', "`access` is 'admin'", 3, "role:NAME"),
        (POLICY + "access = 3\n", "`access` is 3", 3, "a text"),
        (POLICY + 'forbidden = "is_admin"\n', "`forbidden` is 'is_admin'", 3, "a list"),
        (POLICY + 'dangerous = "yes"\n', "`dangerous` is 'yes'", 3, "true or false"),
        (POLICY, "this policy says nothing", 1, "access"),
        ('[[policy]]\naccess = "owner"\n', "it selects no operation", 1, "operation_id"),
        ('[[policy]]\nmethod = "GTE"\naccess = "owner"\n', "`method` is 'GTE'", 2, "did you mean GET?"),
        ('[[policy]]\npath = "a"\naccess = "owner"\n', "`path` is 'a'", 2, "slash"),
        ('[policy]\npath = "/a"\naccess = "owner"\n', "`policy` is 'a table'", 1, "[[policy]]"),
        (POLICY + 'access = "owner"\nshared_resources = ["A"]\n', "unknown key `shared_resources`", 4, "top of the file"),
        (IGNORE + "expires = 2027-01-31\n", "an ignore needs a `reason`", 1, "why"),
        (IGNORE + 'reason = "x"\n', "an ignore needs an `expires`", 1, "2027-01-31"),
        (IGNORE + 'reason = "x"\nexpires = "soon"\n', "`expires` is 'soon'", 5, "a day"),
        ('[[ignore]]\npath = "/a"\nreason = "x"\n', "needs a `rule` or a `fingerprint`", 1, "SF101"),
        ('[[ignore]]\nrule = "SF101"\nreason = "x"\nexpires = 2027-01-31\n', "it selects no operation", 1, "path"),
        ("run = 3\n", "`run` is 3", 1, "[run]"),
        ("shared_resources = [3]\n", "`shared_resources` is [3]", 1, "a list"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_an_error_with_its_line(text: str, message: str, line: int, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        settings(text)
    assert message in str(caught.value)
    assert caught.value.where == f"specfuzz.toml:{line}"
    assert caught.value.hint is not None and hint in caught.value.hint


def test_text_that_is_no_toml_names_the_file() -> None:
    with pytest.raises(PolicyError, match=r"not TOML: .*line 1") as caught:
        settings("= 3")
    assert caught.value.where == "specfuzz.toml"


def test_an_empty_file_says_nothing() -> None:
    assert settings("") == Settings(policy=Policy())
