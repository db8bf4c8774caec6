"""The policy file as the commands find and use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from specfuzz.demo import ALL, running

Command = Callable[..., Any]
PUBLIC = '[[policy]]\npath = "/books/{id}"\nmethod = "GET"\naccess = "public"\n'


def access(specfuzz: Command, *arguments: str) -> dict[str, Any]:
    ran = specfuzz("plan", "library.json", "--format", "json", "--operation", "readBook", *arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ran.stdout)["operations"][0]["access"]
    return found


def test_a_policy_file_in_the_working_directory_is_found(specfuzz: Command, folder: Path) -> None:
    assert access(specfuzz)["level"] == "owner"
    (folder / "specfuzz.toml").write_text(PUBLIC, encoding="utf-8")
    found = access(specfuzz)
    assert (found["level"], found["confidence"], found["source"]) == ("public", "certain", "specfuzz.toml:4")


def test_a_project_file_holds_a_policy_too_and_the_file_of_our_own_comes_first(specfuzz: Command, folder: Path) -> None:
    table = PUBLIC.replace("[[policy]]", "[[tool.specfuzz.policy]]")
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n' + table, encoding="utf-8")
    assert access(specfuzz)["source"] == "pyproject.toml:6"
    (folder / "specfuzz.toml").write_text(PUBLIC.replace("public", "members"), encoding="utf-8")
    assert access(specfuzz)["level"] == "members"


def test_a_project_file_without_our_table_says_nothing(specfuzz: Command, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    assert access(specfuzz)["level"] == "owner"


def test_another_file_can_be_given(specfuzz: Command, folder: Path) -> None:
    (folder / "other.toml").write_text(PUBLIC, encoding="utf-8")
    assert access(specfuzz, "--config", "other.toml")["source"] == "other.toml:4"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run]\nsede = 1\n", ("unknown key `sede` in [run]", "specfuzz.toml:2", "did you mean seed?")),
        ('[run]\nseed = "one"\n', ("`seed` is 'one'", "specfuzz.toml:2", "a whole number")),
        ("[run]\nseed = true\n", ("`seed` is True", "a whole number")),
        ("[run]\nurl = 3\n", ("`url` is 3", "a text in quotes")),
        ('[run]\nquiet = "yes"\n', ("`quiet` is 'yes'", "true or false")),
        ("[run]\ntag = [1]\n", ("`tag` is [1]", "a list of texts")),
        (PUBLIC.replace("books", "boks"), ("matches no operation: GET /boks/{id}", "specfuzz.toml:1", "/books/{id}")),
        ("[[policy]\n", ("not TOML", "specfuzz.toml")),
    ],
)
@pytest.mark.parametrize("command", [("plan",), ("run", "--url", "http://127.0.0.1:9")], ids="plan run".split())
def test_a_wrong_file_is_an_error_of_every_command(
    specfuzz: Command, folder: Path, command: tuple[str, ...], text: str, words: tuple[str, ...]
) -> None:
    (folder / "specfuzz.toml").write_text(text, encoding="utf-8")
    ran = specfuzz(command[0], "library.json", *command[1:])
    assert (ran.returncode, ran.stdout) == (2, "")
    assert [word for word in words if word not in ran.stderr] == []


def test_a_file_that_is_not_there_is_an_error(specfuzz: Command) -> None:
    ran = specfuzz("plan", "library.json", "--config", "none.toml")
    assert (ran.returncode, ran.stderr) == (2, "error: no such file: none.toml\n  try:  check --config\n")


# A run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def insecure() -> Iterator[str]:
    with running(ALL) as url:
        yield url


RUN = """
[run]
url = "{url}"
seed = 7
rule = "SF101"
format = "json"
output = "report.json"
"""


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def test_a_run_takes_its_options_from_the_file_and_the_command_line_is_stronger(
    specfuzz: Command, folder: Path, insecure: str
) -> None:
    nested = folder / "nested"
    nested.mkdir()
    (nested / "specfuzz.toml").write_text(RUN.format(url=insecure), encoding="utf-8")
    ran = specfuzz("run", f"{insecure}/openapi.json", "--config", "nested/specfuzz.toml")
    assert ran.returncode == 1
    found = report(nested)
    assert found["summary"]["seed"] == 7
    assert {item["rule"] for item in found["findings"]} == {"SF101"}
    specfuzz("run", f"{insecure}/openapi.json", "--config", "nested/specfuzz.toml", "--seed", "9")
    assert report(nested)["summary"]["seed"] == 9


def test_what_is_public_by_policy_is_no_finding(specfuzz: Command, folder: Path, insecure: str) -> None:
    policy = '[[policy]]\nmethod = "GET"\npath = "/**"\naccess = "public"\n'
    (folder / "specfuzz.toml").write_text(RUN.format(url=insecure) + policy, encoding="utf-8")
    ran = specfuzz("run", f"{insecure}/openapi.json")
    assert report(folder)["findings"] == []
    assert ran.returncode == 3, "nothing was left to test, and that is no pass"


@pytest.mark.parametrize(("expires", "code"), [("9999-12-31", 0), ("2020-01-01", 1)], ids="valid expired".split())
def test_an_ignored_finding_fails_no_run_until_it_expires(
    specfuzz: Command, folder: Path, insecure: str, expires: str, code: int
) -> None:
    ignore = f'[[ignore]]\nrule = "SF101"\npath = "/**"\nreason = "known"\nexpires = {expires}\n'
    (folder / "specfuzz.toml").write_text(RUN.format(url=insecure) + ignore, encoding="utf-8")
    ran = specfuzz("run", f"{insecure}/openapi.json")
    assert ran.returncode == code
    assert bool(report(folder)["findings"]) is (code == 1)
    assert ("expired on 2020-01-01 and hides nothing" if code else "ignored: SF101 at GET /notes/{") in ran.stderr
