"""The JSON document of a run: valid against the schema that the package ships, whatever the target sent."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.findings import Coverage, Evidence, ExpectationRef, Finding, OperationRef, Result, curl, evidence_of
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.redaction import Redactor
from specfuzz.reports import json_report

READ = OperationRef(method="GET", path="/notes/{id}")


def exchange(answer: bytes = b'{"title":"sfz"}', body: bytes = b"", **answered: str) -> Exchange:
    return Exchange(
        request=Request(method="GET", path="/notes/7", identity="bob", body=body),
        response=Response(status=200, headers=tuple(answered.items()), body=answer),
        url="http://api.test/notes/7",
    )


def finding(*exchanges: Exchange, **changes: Any) -> Finding:
    evidence = tuple(evidence_of("attack", "a note", item, Redactor()) for item in exchanges)
    values: dict[str, Any] = {
        "rule": "SF101",
        "name": "cross-user-read",
        "category": "cross-user",
        "severity": "high",
        "confidence": "certain",
        "operation": READ,
        "title": "bob can read alice's note",
        "detail": "d",
        "remediation": "r",
        "expectation": ExpectationRef(statement="only the owner", source="#/paths", confidence="firm"),
        "evidence": evidence,
        "reproduce": curl(exchanges[0], Redactor()) if exchanges else "curl",
        "fingerprint": "0123456789abcdef",
        "owner": "alice",
        "actor": "bob",
        "cwe": ("CWE-639",),
        "owasp": ("API1:2023",),
    }
    return Finding(**{**values, **changes})


def result(*findings: Finding, **changes: Any) -> Result:
    values: dict[str, Any] = {
        "tool_version": "0.0.0",
        "spec": "openapi.json",
        "url": "http://api.test",
        "requests": 12,
        "duration_s": 1.25,
        "operations_total": 4,
        "operations_exercised": 3,
        "coverage": (Coverage(operation=READ, rule="SF101", verdict="broken", reason="why"),),
        "findings": findings,
    }
    return Result(**{**values, **changes})


def checked(made: Result) -> dict[str, Any]:
    """The rendered document, parsed strictly and held against the shipped schema."""

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    document: dict[str, Any] = json.loads(json_report.render(made), parse_constant=refuse)
    jsonschema.Draft202012Validator(json_report.schema()).validate(document)
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_report.schema())


def test_the_promised_fields_are_there_under_their_names() -> None:
    document = checked(result(finding(exchange()), identities=("alice", "bob")))
    assert list(document)[:6] == ["schema_version", "tool", "target", "summary", "coverage", "findings"]
    assert document["schema_version"] == "1"
    assert document["target"] == {"spec": "openapi.json", "url": "http://api.test"}
    assert document["summary"]["operations"] == {"total": 4, "exercised": 3}
    assert document["summary"]["findings"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0}
    assert document["coverage"] == [
        {"operation": {"method": "GET", "path": "/notes/{id}"}, "rule": "SF101", "verdict": "broken", "reason": "why"}
    ]
    (found,) = document["findings"]
    assert (found["rule"], found["field"], found["owner"], found["actor"]) == ("SF101", None, "alice", "bob")
    assert found["operation"] == {"method": "GET", "path": "/notes/{id}"}
    assert found["evidence"][0]["response"] == {"status": 200, "headers": {}, "body": {"title": "sfz"}}


def test_a_run_without_findings_is_valid_too() -> None:
    assert checked(result(coverage=()))["findings"] == []


def test_an_interrupted_run_with_problems_is_valid_too() -> None:
    document = checked(
        result(interrupted=True, problems=("gone",), notes=("n",), leftovers=("1 × note",), grade="F", score=0)
    )
    assert document["summary"]["interrupted"] is True
    assert document["problems"] == ["gone"]


def test_the_same_result_gives_the_same_bytes() -> None:
    assert json_report.render(result(finding(exchange()))) == json_report.render(result(finding(exchange())))


HOSTILE = {
    "control characters": b'{"a": "\\u0000\\u001b[2J\\u009b"}',
    "raw control characters": b"\x00\x1b[2J\x9b\x07",
    "a lone surrogate": b'"\\ud800"',
    "a megabyte": b'{"a": "' + b"x" * 1_000_000 + b'"}',
    "binary": bytes(range(256)) * 10,
    "not a number": b'{"a": NaN, "b": -Infinity, "c": 1e999}',
    "deep": b"[" * 900 + b"]" * 900,
    "very deep": b"[" * 100_000,
    "a huge number": b"9" * 5000,
    "the key twice": b'{"a": 1, "a": 2}',
    "html": b"<script>alert(1)</script>",
    "bidirectional": '{"a": "\u202egnp.exe"}'.encode(),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_leave_a_valid_document_of_bounded_size(answer: bytes) -> None:
    made = result(finding(exchange(answer, body=answer[:1000])))
    checked(made)
    assert len(json_report.render(made)) < 60_000


def test_hostile_texts_everywhere_leave_a_valid_document() -> None:
    nasty = "\x00\x1b[31m\ud800\u202e[bold]</script>"
    made = result(
        finding(exchange(**{"X-Odd": nasty}), title=nasty, detail=nasty, field=nasty, owner=nasty, actor=nasty),
        problems=(nasty,), notes=(nasty,), leftovers=(nasty,), spec=nasty,
    )  # fmt: skip
    assert checked(made)["findings"][0]["title"] == nasty
    assert json_report.render(made).isascii()


@given(st.binary(max_size=300))
def test_any_answer_leaves_a_valid_document(answer: bytes) -> None:
    checked(result(finding(exchange(answer, body=answer))))


def test_the_evidence_holds_what_the_target_sent_and_nothing_of_its_type() -> None:
    found = evidence_of("attack", "", exchange(b"[1, 2]"), Redactor())
    assert isinstance(found, Evidence)
    assert found.response["body"] == [1, 2]
