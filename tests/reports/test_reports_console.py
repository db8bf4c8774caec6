"""The terminal report, as a person sees it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from specfuzz.findings import (
    Acceptance,
    Comparison,
    Coverage,
    Evidence,
    ExpectationRef,
    Finding,
    Fixed,
    OperationRef,
    Result,
    RuleRef,
)
from specfuzz.reports.console import print_result

READ, WRITE = OperationRef(method="GET", path="/notes/{id}"), OperationRef(method="PATCH", path="/users/{id}")


def step(role: str, identity: str, method: str, path: str, status: int, note: str, **bodies: Any) -> Evidence:
    return Evidence(
        role=role,
        identity=identity,
        note=note,
        request={"method": method, "url": f"http://api.test{path}", "headers": {}, "body": bodies.get("sent")},
        response={"status": status, "headers": {}, "body": bodies.get("got")},
    )


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": "SF101",
        "name": "cross-user-read",
        "category": "cross-user",
        "severity": "high",
        "confidence": "certain",
        "operation": READ,
        "title": "bob can read alice's note",
        "detail": "a long story",
        "remediation": "Look the object up through its owner.",
        "expectation": ExpectationRef(statement="only the owner may use it", source="#/paths/x", confidence="firm"),
        "evidence": (
            step("control", "alice", "GET", "/notes/7", 200, "the owner reads it", got={"title": "sfzabc"}),
            step("attack", "bob", "GET", "/notes/7", 200, "the answer holds alice's `title`", got={"title": "sfzabc"}),
            step("control", "anonymous", "GET", "/notes/7", 401, "no credentials"),
        ),
        "reproduce": "curl -i -X GET http://api.test/notes/7",
        "fingerprint": "0123456789abcdef",
        "owner": "alice",
        "actor": "bob",
        "cwe": ("CWE-639",),
        "owasp": ("API1:2023",),
    }
    return Finding(**{**values, **changes})


def row(operation: OperationRef, rule: str, verdict: str, reason: str | None = None) -> Coverage:
    return Coverage(operation=operation, rule=rule, verdict=verdict, reason=reason)


def result(*findings: Finding, **changes: Any) -> Result:
    values: dict[str, Any] = {
        "tool_version": "0.0.0",
        "spec": "openapi.json",
        "url": "http://api.test",
        "requests": 42,
        "duration_s": 1.26,
        "operations_total": 3,
        "operations_exercised": 2,
        "coverage": (
            row(READ, "SF101", "broken", "bob can read alice's note"),
            row(WRITE, "SF101", "not-run", "it reads no object"),
            row(WRITE, "SF201", "inconclusive", "no [user] could be made: 500"),
            row(READ, "SF201", "not-run", "not selected (--rule)"),
        ),
        "findings": findings,
        "grade": "C",
        "score": 72,
    }
    return Result(**{**values, **changes})


def shown(made: Result, **options: Any) -> str:
    """The report without colours and without what follows a line."""
    buffer = StringIO()
    print_result(made, Console(file=buffer, width=110, highlight=False), **options)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


SNAPSHOT = """\
GET /notes/{id}
 HIGH  SF101 cross-user-read  (certain)
   what      bob can read alice's note
   promised  only the owner may use it (#/paths/x)
   evidence  alice: GET /notes/7 → 200 {"title": "sfzabc"}  ← the owner reads it
             bob: GET /notes/7 → 200 {"title": "sfzabc"}  ← the answer holds alice's `title`
   again     curl -i -X GET http://api.test/notes/7
   repair    Look the object up through its owner.
             0123456789abcdef  CWE-639 API1:2023

Could not be decided
  SF201 PATCH /users/{id}: no [user] could be made: 500

Broken
  GET /notes/{id}  SF101 high

rule   held  broken  inconclusive  not-run
SF101     ·       1             ·        1
SF201     ·       ·             1        1
not run 1×: not selected (--rule)

left behind  2 × note: DELETE /notes/{id} was refused
1 high  grade C (72)  2 of 3 operations exercised, 50 % decided, 42 requests in 1.3 s
"""


def test_the_report_reads_like_this() -> None:
    made = result(finding(), leftovers=("2 × note: DELETE /notes/{id} was refused",))
    assert shown(made) == SNAPSHOT.rstrip("\n")


def test_a_quiet_report_is_its_problems_and_one_line() -> None:
    assert shown(result(finding(), problems=("the target stopped answering",)), quiet=True).splitlines() == [
        "not tested  the target stopped answering",
        "1 high  grade C (72)  2 of 3 operations exercised, 50 % decided, 42 requests in 1.3 s",
    ]


def test_an_interrupted_run_says_so_first() -> None:
    assert shown(result(interrupted=True), quiet=True).startswith("interrupted: no findings")


def test_a_verbose_report_has_all_the_evidence() -> None:
    assert "anonymous: GET /notes/7 → 401" not in shown(result(finding()))
    assert "anonymous: GET /notes/7 → 401" in shown(result(finding()), verbose=True)


def test_many_undecided_cases_are_counted_and_shown_when_asked() -> None:
    rows = tuple(row(READ, f"SF1{number:02}", "inconclusive", "why") for number in range(20))
    assert "and 12 more (--verbose)" in shown(result(coverage=rows))
    assert "SF119" in shown(result(coverage=rows), verbose=True)


HOSTILE = {
    "a terminal's escape": "\x1b[2J\x1b]0;owned\x07",
    "an eight-bit escape": "\x9b2J",
    "a carriage return": "fine\rno findings",
    "a reversal": "\u202egnp.exe",
    "a lone surrogate": "\ud800",
    "a backspace": "high\b\b\b\blow",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("verbose", [False, True])
def test_what_a_target_sends_steers_no_terminal(text: str, verbose: bool) -> None:
    made = result(
        finding(
            title=text, field=text, reproduce=text, remediation=text,
            expectation=ExpectationRef(statement=text, source=text, confidence="firm"),
            evidence=(step("attack", "bob", "GET", f"/{text}", 200, text, got={"a": text}, sent=text),),
        ),
        coverage=(row(READ, "SF101", "inconclusive", text), row(READ, "SF201", "not-run", f"--{text}")),
        problems=(text,), leftovers=(text,),
    )  # fmt: skip
    printed = shown(made, verbose=verbose)
    assert all(character.isprintable() or character == "\n" for character in printed)
    assert printed.encode()


def test_markup_in_a_targets_text_is_text() -> None:
    printed = shown(result(finding(title="[bold red]no findings[/] [link=http://evil.test]x[/link]")))
    assert "[bold red]no findings[/]" in printed
    assert "[link=http://evil.test]" in printed
    assert "no [user] could be made" in printed


def test_findings_are_grouped_by_their_operation_the_worst_first() -> None:
    made = result(
        finding(operation=WRITE, severity="critical", fingerprint="1" * 16),
        finding(operation=READ, fingerprint="2" * 16),
        finding(operation=WRITE, field="is_admin", fingerprint="3" * 16),
    )
    lines = [line for line in shown(made).splitlines() if line.startswith(("GET", "PATCH", " CRIT", " HIGH"))]
    assert lines == [
        "PATCH /users/{id}",
        " CRITICAL  SF101 cross-user-read  (certain)",
        " HIGH  SF101 cross-user-read  is_admin  (certain)",
        "GET /notes/{id}",
        " HIGH  SF101 cross-user-read  (certain)",
    ]


def test_the_summary_fits_a_screen_whatever_was_found() -> None:
    operations = [OperationRef(method="GET", path=f"/things{number}/{{id}}") for number in range(40)]
    made = result(
        *(finding(operation=item, fingerprint=f"{number:016x}") for number, item in enumerate(operations)),
        coverage=tuple(
            row(item, f"SF1{number:02}", "broken" if number % 7 else "not-run", f"--option {number}")
            for number, item in enumerate(operations)
        ),
        rules=tuple(
            RuleRef(
                id=f"SF1{number:02}",
                name="n",
                category=f"kind-{number % 6}",
                severity="high",
                promise="p",
                remediation="r",
            )
            for number in range(40)
        ),
        leftovers=tuple(f"{number} × thing" for number in range(40)),
    )
    lines = shown(made).splitlines()
    assert len(lines) - lines.index("Broken") <= 24
    assert "  and 34 more operations" in lines
    assert any(line.startswith("kind-5") for line in lines)


def test_what_a_baseline_accepts_is_shown_and_not_counted() -> None:
    gone = (
        Fixed(fingerprint="a" * 16, label="SF103 DELETE /x", proven=True),
        Fixed(fingerprint="b" * 16, label="SF301 PUT /y", proven=False),
    )
    made = result(
        finding(accepted=Acceptance(reason="public on purpose", expires="2030-01-31")),
        finding(field="x", fingerprint="f" * 16, accepted=Acceptance(reason="old", expires="2020-01-31", expired=True)),
        baseline=Comparison(file="b.toml", gone=gone),
    )
    lines = shown(made).splitlines()
    assert " HIGH  SF101 cross-user-read  (certain, accepted)" in lines
    assert "   accepted  public on purpose until 2030-01-31" in lines
    assert " HIGH  SF101 cross-user-read  x  (certain, no longer accepted)" in lines
    assert "fixed  SF103 DELETE /x  aaaaaaaaaaaaaaaa" in lines
    assert "accepted, not looked at  SF301 PUT /y  bbbbbbbbbbbbbbbb" in lines
    assert lines[-1].startswith("1 high (1 accepted)  grade C")
