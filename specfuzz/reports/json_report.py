"""The JSON document of a run: versioned, promised field by field, apart from how the program holds a result inside."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from specfuzz.findings import Comparison, Coverage, Evidence, Finding, OperationRef, OperationRow, Result, RuleRef
from specfuzz.findings.model import SEVERITIES

SCHEMA_VERSION = "1"


def to_document(result: Result) -> dict[str, Any]:
    """The result as the promised document. The same result gives the same document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "specfuzz", "version": result.tool_version},
        "target": {"spec": result.spec, "url": result.url},
        "summary": {
            "requests": result.requests,
            "duration_s": result.duration_s,
            "grade": result.grade,
            "score": result.score,
            "operations": {"total": result.operations_total, "exercised": result.operations_exercised},
            "findings": {severity: result.count(severity) for severity in SEVERITIES},
            "seed": result.seed,
            "identities": list(result.identities),
            "interrupted": result.interrupted,
            "started_at": result.started_at,
            "decided_percent": result.decided_percent,
            "parts": dict(result.parts),
        },
        "coverage": [_coverage(row) for row in result.coverage],
        "findings": [_finding(finding) for finding in result.findings],
        "problems": list(result.problems),
        "notes": list(result.notes),
        "leftovers": list(result.leftovers),
        "unreadable": list(result.unreadable),
        "rules": [_rule(rule) for rule in result.rules],
        "operations": [_row(row) for row in result.operations],
        "baseline": _comparison(result.baseline) if result.baseline is not None else None,
    }


def render(result: Result) -> str:
    """The document as text, indented; lone surrogates from a hostile target stay escaped."""
    return json.dumps(to_document(result), indent=2, ensure_ascii=True) + "\n"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document, as the package ships it."""
    text = (files("specfuzz.reports") / "schemas" / "report-1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _operation(operation: OperationRef) -> dict[str, str]:
    return {"method": operation.method, "path": operation.path}


def _coverage(row: Coverage) -> dict[str, Any]:
    node = {"operation": _operation(row.operation), "rule": row.rule, "verdict": row.verdict, "reason": row.reason}
    return node if row.not_run is None else {**node, "not_run": row.not_run}


def _rule(rule: RuleRef) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "category": rule.category,
        "severity": rule.severity,
        "promise": rule.promise,
        "remediation": rule.remediation,
        "cwe": list(rule.cwe),
        "owasp": list(rule.owasp),
        "attacks": rule.attacks,
    }


def _row(row: OperationRow) -> dict[str, Any]:
    return {
        "operation": _operation(row.operation),
        "operation_id": row.operation_id,
        "tags": list(row.tags),
        "access": {"level": row.level, "role": row.role, "confidence": row.confidence, "source": row.source},
        "matrix": [
            {"part": cell.part, "expected": cell.expected, "seen": cell.seen, "statuses": list(cell.statuses)}
            for cell in row.cells
        ],
    }


def _comparison(baseline: Comparison) -> dict[str, Any]:
    return {
        "file": baseline.file,
        "gone": [
            {"fingerprint": item.fingerprint, "label": item.label, "proven": item.proven} for item in baseline.gone
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "category": finding.category,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "operation": _operation(finding.operation),
        "field": finding.field,
        "owner": finding.owner,
        "actor": finding.actor,
        "title": finding.title,
        "detail": finding.detail,
        "remediation": finding.remediation,
        "cwe": list(finding.cwe),
        "owasp": list(finding.owasp),
        "expectation": {
            "statement": finding.expectation.statement,
            "source": finding.expectation.source,
            "confidence": finding.expectation.confidence,
        },
        "evidence": [_evidence(item) for item in finding.evidence],
        "reproduce": finding.reproduce,
        "fingerprint": finding.fingerprint,
        "place": None
        if finding.place is None
        else {"pointer": finding.place.pointer, "line": finding.place.line, "column": finding.place.column},
        "accepted": None
        if finding.accepted is None
        else {
            "reason": finding.accepted.reason,
            "expires": finding.accepted.expires,
            "expired": finding.accepted.expired,
        },
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "role": item.role,
        "identity": item.identity,
        "note": item.note,
        "request": dict(item.request),
        "response": dict(item.response),
    }
