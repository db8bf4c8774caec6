"""What a policy accepts is left out and named; what has expired is not."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from specfuzz.contract import Contract, derive, from_raw, parse_policy
from specfuzz.findings import Coverage, Finding, OperationRef, Result, without_ignored
from specfuzz.findings.model import ExpectationRef

RAW: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/a/{id}": {"get": {"responses": {}}, "patch": {"tags": ["a"], "responses": {}}},
        "/b/{id}": {"get": {"responses": {}}},
    },
}
DAY = datetime.date(2027, 1, 31)


def contract(text: str) -> Contract:
    settings = parse_policy(text, "specfuzz.toml")
    assert settings is not None
    return derive(from_raw(RAW, "t.json"), (), settings.policy)


def finding(rule: str, label: str, field: str | None = None) -> Finding:
    method, path = label.split()
    return Finding(
        rule=rule,
        name=rule,
        category="cross-user",
        severity="high",
        confidence="firm",
        operation=OperationRef(method=method, path=path),
        title="",
        detail="",
        remediation="",
        expectation=ExpectationRef(statement="", source="", confidence="firm"),
        evidence=(),
        reproduce="",
        fingerprint=f"{rule} {label} {field}",
        field=field,
    )


FOUND = (
    finding("SF101", "GET /a/{id}"),
    finding("SF101", "GET /b/{id}"),
    finding("SF201", "PATCH /a/{id}", "role"),
    finding("SF201", "PATCH /a/{id}", "plan"),
)


def result() -> Result:
    rows = {(item.operation.label, item.rule): item.operation for item in FOUND}
    return Result(
        tool_version="0",
        spec="t.json",
        url="http://t",
        requests=1,
        duration_s=0.0,
        operations_total=3,
        operations_exercised=3,
        coverage=tuple(
            Coverage(operation=operation, rule=rule, verdict="broken") for (_, rule), operation in rows.items()
        ),
        findings=FOUND,
        score=0,
        grade="F",
    )


def ignoring(words: str, today: datetime.date = DAY) -> Result:
    text = f'[[ignore]]\n{words}\nreason = "known"\nexpires = 2027-01-31\n'
    return without_ignored(result(), contract(text), today)


def left(found: Result) -> list[str]:
    return [item.fingerprint for item in found.findings]


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ('rule = "SF101"\npath = "/a/{x}"', [0]),
        ('rule = "SF101"\npath = "/**"', [0, 1]),
        ('rule = "SF201"\ntag = "a"', [2, 3]),
        ('rule = "SF201"\ntag = "a"\nfield = "role"', [2]),
        ('fingerprint = "SF101 GET /b/{id} None"', [1]),
        ('rule = "SF302"\npath = "/**"', []),
        ('rule = "SF101"\nmethod = "PATCH"', []),
    ],
)
def test_exactly_what_the_entry_is_about_is_left_out(words: str, gone: list[int]) -> None:
    assert left(ignoring(words)) == [item.fingerprint for index, item in enumerate(FOUND) if index not in gone]


def test_an_expired_ignore_hides_nothing_and_says_so() -> None:
    found = ignoring('rule = "SF101"\npath = "/a/*"', DAY + datetime.timedelta(days=1))
    assert left(found) == left(result())
    assert found.notes == ("specfuzz.toml:1: the ignore of SF101 at /a/* expired on 2027-01-31 and hides nothing",)


def test_what_was_left_out_is_named_with_its_reason() -> None:
    found = ignoring('rule = "SF201"\ntag = "a"\nfield = "role"')
    assert found.notes == ("ignored: SF201 at PATCH /a/{id} `role` until 2027-01-31: known (specfuzz.toml:1)",)


def test_an_ignore_about_nothing_in_the_run_is_named() -> None:
    assert ignoring('rule = "SF302"\npath = "/a/*"').notes == (
        "specfuzz.toml:1: this ignore was about no finding of this run",
    )


def test_the_coverage_stays_broken_and_says_why_that_is_accepted() -> None:
    rows = {(row.operation.label, row.rule): row for row in ignoring('rule = "SF101"\npath = "/a/*"').coverage}
    accepted = rows["GET /a/{id}", "SF101"]
    assert (accepted.verdict, accepted.reason) == ("broken", "ignored until 2027-01-31: known")
    assert rows["GET /b/{id}", "SF101"].reason is None


def test_a_row_with_another_finding_is_not_called_accepted() -> None:
    rows = ignoring('rule = "SF201"\ntag = "a"\nfield = "role"').coverage
    assert [row.reason for row in rows] == [None, None, None]


def test_the_grade_is_that_of_what_is_left() -> None:
    assert (ignoring('rule = "SF101"\npath = "/**"').score, ignoring('rule = "SF101"\npath = "/a/*"').score) == (50, 25)


def test_without_an_ignore_the_result_is_untouched() -> None:
    found = result()
    assert without_ignored(found, contract(""), DAY) is found
