"""What the documentation shows can be used: options, environment variables, exit codes, auth files, TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
from documentation import PAGES, blocks, name_of, section, table_rows, text_of

from specfuzz.cli import app
from specfuzz.findings import Coverage, Finding, OperationRef, grade, score
from specfuzz.findings.baseline import read as read_baseline
from specfuzz.findings.model import SEVERITIES, ExpectationRef
from specfuzz.identities import AuthFileError, read_auth_file
from specfuzz.identities.authfile import _ENTRY, _LOGIN, _PAYLOAD, _TOKEN, _TOP
from specfuzz.probes.registry import probes
from specfuzz.reports import FORMATS
from specfuzz.reports.json_report import schema

OPERATION = OperationRef(method="GET", path="/things/{id}")
YAML = [
    pytest.param(text, id=f"{name}-{number}")
    for name in ("README.md", "docs/auth.md")
    for number, text in enumerate(blocks(name, "yaml"))
]


def options_of(command: str) -> set[str]:
    """All option strings of a command, and its help text's environment variables."""
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    return {option for item in found.params for option in (*item.opts, *item.secondary_opts)}


# Options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [pytest.param(page, id=name_of(page)) for page in PAGES])
def test_every_documented_option_exists(page: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {"--help", "--version"}.union(*(options_of(command) for command in commands))
    foreign = {"--on", "--data", "--body-file"}  # the benchmark's APIs, curl and gh
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text(encoding="utf-8")))
    assert named - known - foreign == set()


COMMANDS = ("run", "report", "baseline", "replay", "rules", "explain")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_documentation_names_every_option(command: str) -> None:
    wanted = {option for option in options_of(command) if option.startswith("--")} - {"--no-include-dangerous"}
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [option for option in sorted(wanted) if not re.search(rf"{option}(?![\w-])", pages)] == []


def test_the_environment_variables_are_those_of_the_command() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {
        name: {str(item.envvar) for item in commands[name].params if getattr(item, "envvar", None)}
        for name in ("run", "session")
    }
    named = set(re.findall(r"SPECFUZZ_[A-Z]+", text_of("README.md")))
    assert known["run"] <= named <= known["run"] | known["session"]


def test_the_exit_codes_are_those_of_the_help() -> None:
    run = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
    listed = {row[0] for row in table_rows(section("README.md", "## Exit codes"))}
    assert listed == set(re.findall(r"\b(\d+) [a-z]", str(run.epilog)))


# The auth file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", YAML)
def test_every_auth_example_can_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "auth.yaml"
    file.write_text(text, encoding="utf-8")
    environment = {name: f"value-of-{name}" for name in re.findall(r"\$\{(\w+)\}", text)}
    identities = read_auth_file(file, environment)
    assert identities[0].name == "alice"
    assert any(value in secret.reveal() for value in environment.values() for secret in identities[0].secrets())


def test_the_readme_example_has_two_peers_and_an_administrator(tmp_path: Path) -> None:
    file = tmp_path / "auth.yaml"
    file.write_text(blocks("README.md", "yaml")[0], encoding="utf-8")
    environment = {"ALICE_PASSWORD": "one", "BOB_PASSWORD": "two", "ADMIN_PASSWORD": "three"}
    identities = read_auth_file(file, environment)
    assert [(item.name, item.role) for item in identities] == [("alice", "user"), ("bob", "user"), ("admin", "admin")]
    assert all(item.login and item.login.token and item.login.token.prefix == "Bearer " for item in identities)


def test_an_unset_variable_is_an_error_as_documented(tmp_path: Path) -> None:
    file = tmp_path / "auth.yaml"
    file.write_text(blocks("README.md", "yaml")[0], encoding="utf-8")
    with pytest.raises(AuthFileError, match="ALICE_PASSWORD"):
        read_auth_file(file, {})


@pytest.mark.parametrize("keys", [_TOP, _ENTRY, _LOGIN, _TOKEN, _PAYLOAD], ids="top entry login token payload".split())
def test_every_key_of_the_auth_file_is_described(keys: tuple[str, ...]) -> None:
    described = section("docs/auth.md", "## Keys")
    assert [key for key in keys if f"`{key}`" not in described] == []


# Configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_toml_example_can_be_read(name: str) -> None:
    assert [tomllib.loads(text) for text in blocks(name, "toml")] != []


def test_the_switched_off_check_is_a_rule() -> None:
    checks = {rule.RULE.name.replace("-", "_") for rule in probes().values()}
    settings = [tomllib.loads(text).get("checks", {}) for text in blocks("README.md", "toml")]
    assert {name for setting in settings for name in setting} <= checks


# The grade --------------------------------------------------------------------------------------------------------


def finding(severity: str, confidence: str) -> Finding:
    return Finding(
        rule="SF101",
        name="cross-user-read",
        category="cross-user",
        severity=severity,
        confidence=confidence,
        operation=OPERATION,
        title="",
        detail="",
        remediation="",
        expectation=ExpectationRef(statement="", source="", confidence="firm"),
        evidence=(),
        reproduce="",
        fingerprint=severity,
    )


def coverage(*verdicts: str) -> tuple[Coverage, ...]:
    return tuple(Coverage(operation=OPERATION, rule="SF101", verdict=verdict) for verdict in verdicts)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_documented_cost_is_what_a_finding_costs(severity: str) -> None:
    rows = {row[0]: row[1:] for row in table_rows(section("docs/grading.md", "## What findings cost"))}
    sure, tentative = map(float, rows[severity])
    assert score([finding(severity, "firm")], coverage("broken")) == round(100 - sure)
    assert score([finding(severity, "tentative")], coverage("broken")) == round(100 - tentative)


def test_the_documented_letters_are_those_given() -> None:
    for span, letter in table_rows(section("docs/grading.md", "## The letters")):
        low, high = (0, 49) if span == "below 50" else map(int, span.split(" to "))
        assert {grade(points) for points in range(low, high + 1)} == {letter}


def test_the_documented_cap_is_applied() -> None:
    assert score([], coverage(*["held"] * 9, "inconclusive")) == 100
    assert score([], coverage("held", "inconclusive")) == 72
    assert score([], coverage("not-run")) == 45


# Reports ----------------------------------------------------------------------------------------------------------


def test_every_format_is_described_and_listed() -> None:
    listed = [row[0] for row in table_rows(text_of("docs/reports.md").split("\n## ", 1)[0])]
    assert listed == [f"[{name}](#{name})" for name in FORMATS]
    assert all(section("docs/reports.md", f"## {name}").strip() for name in FORMATS)


def test_every_word_of_the_matrix_is_explained() -> None:
    cell = schema()["properties"]["operations"]["items"]["properties"]["matrix"]["items"]["properties"]
    described = section("docs/reports.md", "## json")
    assert [word for kind in ("expected", "seen") for word in cell[kind]["enum"] if f"`{word}`" not in described] == []


def test_the_baseline_example_can_be_read() -> None:
    (entry,) = read_baseline(blocks("docs/baseline.md", "toml")[0])
    assert entry.label == "SF101 GET /notes/{id}"
