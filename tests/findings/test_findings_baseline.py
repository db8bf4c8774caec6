"""A baseline: accepted with a reason, until a day; new, known, fixed and not looked at are told apart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.findings import Coverage, ExpectationRef, Finding, OperationRef, Result, fingerprint
from specfuzz.findings.baseline import BaselineError, add, compare, read, remove

TODAY = date(2030, 6, 15)
READ = OperationRef(method="GET", path="/notes/{id}")


def finding(rule: str = "SF101", operation: OperationRef = READ, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": rule, "name": "cross-user-read", "category": "cross-user", "severity": "high", "confidence": "firm",
        "operation": operation, "title": "bob can read alice's note", "detail": "d", "remediation": "r",
        "expectation": ExpectationRef(statement="s", source="#/x", confidence="firm"), "evidence": (),
        "reproduce": "curl", "fingerprint": fingerprint(rule, operation.method, operation.path, changes.get("field")),
    }  # fmt: skip
    return Finding(**{**values, **changes})


def result(*findings: Finding, coverage: tuple[Coverage, ...] = ()) -> Result:
    return Result(
        tool_version="0", spec="s", url="u", requests=1, duration_s=1.0, operations_total=1, operations_exercised=1,
        coverage=coverage, findings=findings,
    )  # fmt: skip


def row(rule: str, verdict: str, operation: OperationRef = READ, not_run: str | None = None) -> Coverage:
    return Coverage(operation=operation, rule=rule, verdict=verdict, not_run=not_run)


def accepted(*findings: Finding, expires: date | None = None) -> str:
    return add("", findings, reason="known", expires=expires)[0]


# The file ---------------------------------------------------------------------------------------------------------


def test_a_new_file_reads_like_this() -> None:
    text = accepted(finding(), finding("SF201", field="is_admin"), expires=date(2030, 12, 31))
    assert text == (
        "# Findings of specfuzz that were accepted. Each needs a reason; `expires` is optional: from that day on, it fails again.\n"
        "version = 1\n\n"
        "[[accepted]]\n"
        'fingerprint = "0fc9bad04a2c43c7"\nrule = "SF101"\noperation = "GET /notes/{id}"\n'
        'title = "bob can read alice\'s note"\nreason = "known"\nexpires = 2030-12-31\n\n'
        "[[accepted]]\n"
        f'fingerprint = "{fingerprint("SF201", "GET", "/notes/{id}", "is_admin")}"\nrule = "SF201"\n'
        'operation = "GET /notes/{id}"\nfield = "is_admin"\n'
        'title = "bob can read alice\'s note"\nreason = "known"\nexpires = 2030-12-31\n'
    )
    assert [(entry.label, entry.expires) for entry in read(text)] == [
        ("SF101 GET /notes/{id}", date(2030, 12, 31)),
        ("SF201 GET /notes/{id} is_admin", date(2030, 12, 31)),
    ]


def test_what_a_reviewer_wrote_stays() -> None:
    text = accepted(finding()).replace('reason = "known"', 'reason = "by design"  # asked Ada')
    longer, new = add(text, (finding(), finding("SF103")), reason="later", expires=None)
    assert [item.rule for item in new] == ["SF103"]
    assert 'reason = "by design"  # asked Ada\n\n[[accepted]]\n' in longer
    assert [entry.reason for entry in read(longer)] == ["by design", "later"]


def test_entries_are_removed_and_the_others_stay() -> None:
    text = accepted(finding(), finding("SF103"))
    shorter = remove(text, [finding().fingerprint])
    assert [entry.rule for entry in read(shorter)] == ["SF103"]
    assert read(remove(shorter, [finding("SF103").fingerprint])) == ()


def test_an_emptied_file_takes_findings_again() -> None:
    text = remove(accepted(finding()), [finding().fingerprint])
    again, _ = add(text, (finding(),), reason="known", expires=None)
    assert len(read(again)) == 1


ENTRY = '[[accepted]]\nfingerprint = "0fc9bad04a2c43c7"\nrule = "SF101"\noperation = "GET /x"\n'


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("version = ", "not TOML", None),
        ("", "version is None", "version = 1"),
        ("version = 2", "version is 2", "version = 1"),
        ("version = 1\nacepted = []", "unknown key `acepted`", "did you mean `accepted`?"),
        ("version = 1\naccepted = 3", "no list of tables", "[[accepted]]"),
        (f"version = 1\n{ENTRY}", "`reason` is missing", None),
        (f'version = 1\n{ENTRY}reason = " "', "has no reason", "write into `reason`"),
        (f'version = 1\n{ENTRY}reason = "x"\nexpire = 2030-01-01', "unknown key `expire`", "did you mean `expires`?"),
        (f'version = 1\n{ENTRY}reason = "x"\nexpires = "2030-01-01"', "`expires` is '2030-01-01'", "without quotes"),
        (f'version = 1\n{ENTRY}reason = "x"\nexpires = 2030-01-01T10:00:00', "`expires` is", "without quotes"),
        (f'version = 1\n{ENTRY}reason = "x"\nfield = 3', "`field` is no text", None),
        (f'version = 1\n{ENTRY}reason = "x"\n{ENTRY}reason = "y"', "accepted twice", None),
        (f'version = 1\n{ENTRY}reason = "x"'.replace("0fc9", "zzzz"), "no fingerprint", "sixteen hex digits"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, says: str, hint: str | None) -> None:
    with pytest.raises(BaselineError, match=says) as error:
        read(text)
    assert hint is None or hint in str(error.value.hint)


@given(title=st.text(), field=st.text(min_size=1), reason=st.text(min_size=1).filter(str.strip))
def test_any_text_can_be_accepted_and_read_again(title: str, field: str, reason: str) -> None:
    text, _ = add("", (finding(title=title, field=field),), reason=f"why: {reason}", expires=None)
    text.encode("utf-8")
    (entry,) = read(text)
    assert entry.reason.startswith("why:")


# Comparing --------------------------------------------------------------------------------------------------------


def test_new_known_and_expired_findings_are_told_apart() -> None:
    old = read(accepted(finding("SF101"), expires=date(2030, 6, 16)))
    gone_by = read(accepted(finding("SF102"), expires=TODAY))
    made = compare(result(finding("SF101"), finding("SF102"), finding("SF103")), (*old, *gone_by), TODAY, "b.toml")
    assert [(item.rule, item.is_accepted, item.accepted is not None) for item in made.findings] == [
        ("SF101", True, True), ("SF102", False, True), ("SF103", False, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("coverage", "proven"),
    [
        ((row("SF101", "held"),), True),
        ((row("SF101", "broken"),), True),  # another field of it, or another finding there
        ((row("SF101", "inconclusive"),), False),
        ((row("SF101", "not-run", not_run="unable"),), False),
        ((row("SF101", "not-run", not_run="deselected"), row("SF102", "held")), False),
        ((row("SF101", "not-run", not_run="inapplicable"), row("SF102", "held")), True),
        ((row("SF101", "not-run", not_run="inapplicable"), row("SF102", "inconclusive")), False),
        ((row("SF101", "held", OperationRef(method="GET", path="/other/{id}")),), False),
        ((row("SF101", "held", OperationRef(method="GET", path="/notes/{note_id}")),), True),
        ((), False),
    ],
    ids=[
        "held", "broken otherwise", "inconclusive", "unable", "deselected", "noticed by others", "others undecided",
        "elsewhere", "renamed parameter", "operation gone",
    ],
)  # fmt: skip
def test_what_is_no_longer_found_is_fixed_only_where_the_run_looked(
    coverage: tuple[Coverage, ...], proven: bool
) -> None:
    made = compare(result(coverage=coverage), read(accepted(finding())), TODAY, "b.toml")
    assert made.baseline is not None
    assert [(item.label, item.proven) for item in made.baseline.gone] == [("SF101 GET /notes/{id}", proven)]


def test_what_is_still_found_is_not_gone() -> None:
    made = compare(result(finding()), read(accepted(finding())), TODAY, "b.toml")
    assert made.baseline is not None
    assert made.baseline.gone == ()
