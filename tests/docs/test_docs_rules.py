"""Every rule has its page, and the page says what the rule's metadata says."""

from __future__ import annotations

import re

import pytest
from documentation import ROOT, section, table_rows, text_of

from specfuzz.probes.registry import Probe, probes

SECTIONS = ("Promise", "Attack", "Controls", "What proves it", "Lookalikes", "Fix", "References")
RULES = [pytest.param(probe, id=rule) for rule, probe in probes().items()]


def page_of(probe: Probe) -> str:
    return f"docs/rules/{probe.RULE.id}.md"


def metadata_of(probe: Probe) -> dict[str, str]:
    return {
        "category": probe.RULE.category.value,
        "severity": str(probe.RULE.severity),
        "CWE": ", ".join(probe.RULE.cwe),
        "OWASP API Security Top 10": ", ".join(probe.RULE.owasp),
        "needs a second user": "yes" if probe.NEEDS_PEER else "no",
    }


@pytest.mark.parametrize("probe", RULES)
def test_the_page_is_named_and_titled_after_its_rule(probe: Probe) -> None:
    assert (ROOT / page_of(probe)).is_file(), f"write {page_of(probe)}"
    assert text_of(page_of(probe)).startswith(f"# {probe.RULE.id} {probe.RULE.name}\n")


@pytest.mark.parametrize("probe", RULES)
def test_the_page_repeats_the_metadata(probe: Probe) -> None:
    head = text_of(page_of(probe)).split("## ", 1)[0]
    rows = dict(row for row in table_rows(head) if row[0])
    assert re.fullmatch(r"\d+\.\d+\.\d+", rows.pop("since"))
    assert rows == metadata_of(probe)


@pytest.mark.parametrize("probe", RULES)
def test_the_page_has_all_sections_in_order(probe: Probe) -> None:
    found = re.findall(r"^## (.+)$", text_of(page_of(probe)), re.MULTILINE)
    assert tuple(found) == SECTIONS


@pytest.mark.parametrize("framework", ["Flask", "FastAPI"])
@pytest.mark.parametrize("probe", RULES)
def test_the_fix_shows_before_and_after(probe: Probe, framework: str) -> None:
    fix = section(page_of(probe), f"### {framework}")
    assert fix.index("# before") < fix.index("# after")


@pytest.mark.parametrize("probe", RULES)
def test_the_references_name_every_weakness_class(probe: Probe) -> None:
    references = section(page_of(probe), "## References")
    assert [name for name in (*probe.RULE.cwe, *probe.RULE.owasp) if name not in references] == []


@pytest.mark.parametrize("probe", RULES)
def test_the_module_is_named_after_the_rule(probe: Probe) -> None:
    assert probe.__name__ == f"specfuzz.probes.{probe.RULE.name.replace('-', '_')}"  # type: ignore[attr-defined]


def test_the_index_lists_every_rule_and_no_other() -> None:
    rows = {row[0]: row[1:] for row in table_rows(text_of("docs/rules/README.md"))}
    assert rows == {
        f"[{rule}]({rule}.md)": [
            probe.RULE.name,
            probe.RULE.category.value,
            str(probe.RULE.severity),
            probe.RULE.promise,
        ]
        for rule, probe in probes().items()
    }


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    pages = {page.stem for page in (ROOT / "docs" / "rules").glob("SF*.md")}
    assert pages == set(probes())


def test_the_changelog_names_every_rule() -> None:
    assert [rule for rule in probes() if f"docs/rules/{rule}.md" not in text_of("CHANGELOG.md")] == []


def test_the_readme_calls_no_existing_rule_missing() -> None:
    limits = section("README.md", "## What it cannot do yet")
    missing = set(re.findall(r"SF\d{3}", limits))
    for first, last in re.findall(r"SF(\d{3}) to SF(\d{3})", limits):
        missing |= {f"SF{number}" for number in range(int(first), int(last) + 1)}
    assert missing & set(probes()) == set()
