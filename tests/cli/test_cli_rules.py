"""`specfuzz rules` and `specfuzz explain`: every rule is explained, in every framework."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from specfuzz.cli import app
from specfuzz.cli.rules import FRAMEWORKS, explanation
from specfuzz.engine import known_rules
from specfuzz.probes import Category

RULES = [rule.id for rule in known_rules()]


def specfuzz(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, arguments, env={"NO_COLOR": "1"})
    return ran.exit_code, ran.output


def test_the_rules_are_listed_by_category() -> None:
    code, shown = specfuzz("rules")
    assert code == 0
    assert [rule for rule in RULES if f"{rule}  " not in shown] == []


def test_the_rules_are_listed_for_programs() -> None:
    code, shown = specfuzz("rules", "--format", "json", "--category", "extra-field")
    assert code == 0
    assert {rule["category"] for rule in json.loads(shown)} == {"extra-field"}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_page(rule: str) -> None:
    code, shown = specfuzz("explain", rule)
    assert code == 0
    assert shown.startswith(f"# {rule} ")
    assert "## Lookalikes" in shown


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_repair_in_every_framework_and_no_other(rule: str, framework: str) -> None:
    shown = explanation(rule, framework)
    fix = shown[shown.index("## Fix") : shown.index("## References")]
    headings = [line for line in fix.splitlines() if line.startswith("### ")]
    assert headings == [f"### {FRAMEWORKS[framework]}"]
    assert "```" in fix
    assert fix.count("```") % 2 == 0


@pytest.mark.parametrize("framework", ["django", "express", "spring"])
def test_a_framework_has_a_repair_for_every_category(framework: str) -> None:
    from specfuzz.cli.rules import _page

    page = _page(f"fixes/{framework}.md")
    assert [name.value for name in Category if f"\n## {name.value}\n" not in page] == []


def test_a_rule_is_found_by_its_name_and_in_small_letters() -> None:
    assert specfuzz("explain", "extra-field-accepted")[1].startswith("# SF201 ")
    assert specfuzz("explain", "sf201")[1].startswith("# SF201 ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", "SF2001"), "SF201"),
        (("explain", "extra-fields"), "extra-field-accepted"),
        (("explain", "SF201", "--framework", "jango"), "did you mean django?"),
        (("rules", "--category", "crossuser"), "cross-user"),
        (("rules", "--format", "yaml"), "json"),
    ],
)
def test_a_near_miss_is_answered_with_what_there_is(arguments: tuple[str, ...], says: str) -> None:
    code, shown = specfuzz(*arguments)
    assert code == 2
    assert says in shown
