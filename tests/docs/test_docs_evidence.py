"""Every test that the ladder of evidence names is there, and every rung of the ladders about other users names one."""

from __future__ import annotations

import re

import pytest
from documentation import ROOT, section, table_rows, text_of

PAGE = "docs/evidence.md"
NAMED = sorted(set(re.findall(r"`(test_\w+)`", text_of(PAGE))))


def names_of_probe_tests() -> set[str]:
    files = (ROOT / "tests" / "probes").glob("test_*.py")
    return {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_names_is_there(name: str) -> None:
    assert name in names_of_probe_tests()


@pytest.mark.parametrize("heading", ["## Reads", "## References"])
def test_every_rung_names_an_example_and_its_test(heading: str) -> None:
    ladder = section(PAGE, heading).split("**Refused plainly")[0]
    rows = table_rows(ladder)
    assert len(rows) > 8
    assert [row for row in rows if not re.fullmatch(r"`test_\w+`", row[-1])] == []
    assert [row for row in rows if not all(row[1:3])] == []


def test_the_rungs_of_the_ladder_are_in_order() -> None:
    numbers = [int(row[0]) for row in table_rows(section(PAGE, "## Reads")) if row[0].isdigit()]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, max(numbers) + 1))
