"""A report in the Web Fuzzing Commons format (https://github.com/WebFuzzing/Commons), with its fault codes.

specfuzz writes no test suite, so the report names no test files; a test case is one rule at one operation.
"""

from __future__ import annotations

import math
from typing import Any

from specfuzz.findings import Coverage, Finding, OperationRef, Result
from specfuzz.reports.text import to_json

SCHEMA_VERSION = "0.12.1"
"""The release of Web Fuzzing Commons whose schema the report follows."""

_FAULTS = {
    "SF102": (306, "SECURITY_INCONSISTENT_WRITE_AUTHORIZATION"),
    "SF103": (306, "SECURITY_INCONSISTENT_WRITE_AUTHORIZATION"),
    "SF107": (304, "SECURITY_EXISTENCE_LEAKAGE"),
    "SF201": (303, "SECURITY_MASS_ASSIGNMENT"),
    "SF202": (303, "SECURITY_MASS_ASSIGNMENT"),
    "SF203": (303, "SECURITY_MASS_ASSIGNMENT"),
    "SF301": (308, "SECURITY_ANONYMOUS_MODIFICATIONS"),
    "SF302": (311, "SECURITY_DECLARED_AUTH_NOT_ENFORCED"),
    "SF304": (114, "HTTP_SIDE_EFFECTS_FAILED_MODIFICATION"),
    "SF501": (200, "SCHEMA_INVALID_RESPONSE"),
    "SF502": (200, "SCHEMA_INVALID_RESPONSE"),
    "SF503": (100, "HTTP_STATUS_500"),
    "SF504": (310, "SECURITY_HIDDEN_ACCESSIBLE_ENDPOINT"),
    "SF505": (309, "SECURITY_LEAKED_STACK_TRACES"),
}
"""Rules for which the format has a category of its own."""

_CUSTOM = {"cross-user": 901, "extra-field": 902, "tokenless": 903, "csrf": 904, "session": 905, "contract": 906}
"""Codes 900 to 999 are a tool's own: one for each of our categories, with the rule as its id."""


def render(result: Result) -> str:
    """The report as text."""
    tried = [row for row in result.coverage if row.verdict != "not-run"]
    cases = {_case_id(row.operation, row.rule): f"{row.rule} at {row.operation.label}" for row in tried}
    cases |= {_case_id(found.operation, found.rule): found.title for found in result.findings}
    operations = [row.operation for row in result.operations] + [row.operation for row in result.coverage]
    faults = [_fault(found) for found in result.findings]
    return to_json(
        {
            "schemaVersion": SCHEMA_VERSION,
            "toolName": "specfuzz",
            "toolVersion": result.tool_version,
            "creationTime": result.started_at or "1970-01-01T00:00:00+00:00",
            "faults": {"totalNumber": len(faults), "foundFaults": faults},
            "problemDetails": {
                "rest": {
                    "outputHttpCalls": sum(len(found.evidence) for found in result.findings),
                    "evaluatedHttpCalls": result.requests,
                    "endpointIds": list(dict.fromkeys(map(_operation_id, operations))),
                    "coveredHttpStatus": _covered(result, tried),
                }
            },
            "totalTests": len(cases),
            "testFilePaths": [],
            "testCases": [{"id": name, "name": title} for name, title in cases.items()],
            "executionTimeInSeconds": math.ceil(result.duration_s),
            "extra": [_coverage(result, tried)],
            "warnings": _warnings(result),
        }
    )


def _operation_id(operation: OperationRef) -> str:
    return f"{operation.method}:{operation.path}"


def _case_id(operation: OperationRef, rule: str) -> str:
    return f"{rule}#{_operation_id(operation)}"


def _fault(found: Finding) -> dict[str, Any]:
    code, name = _FAULTS.get(found.rule, (_CUSTOM[found.category], f"SPECFUZZ_{found.rule}"))
    where = f" field {found.field}" if found.field else ""
    return {
        "operationId": _operation_id(found.operation),
        "testCaseId": _case_id(found.operation, found.rule),
        "faultCategories": [
            {"id": name, "code": code, "context": f"{found.rule} {found.name}{where}, fingerprint {found.fingerprint}"}
        ],
    }


def _covered(result: Result, tried: list[Coverage]) -> list[dict[str, Any]]:
    """The statuses that were seen at an operation, for the first test case there."""
    first: dict[str, str] = {}
    for row in tried:
        first.setdefault(row.operation.label, _case_id(row.operation, row.rule))
    return [
        {
            "endpointId": _operation_id(row.operation),
            "testCaseId": first[row.operation.label],
            "httpStatus": sorted({status for cell in row.cells for status in cell.statuses}),
        }
        for row in result.operations
        if row.operation.label in first
    ]


def _coverage(result: Result, tried: list[Coverage]) -> dict[str, Any]:
    decided = sum(1 for row in tried if row.verdict in ("held", "broken"))
    return {
        "toolName": "specfuzz",
        "criteria": [
            {
                "name": "operations exercised",
                "covered": result.operations_exercised,
                "total": result.operations_total,
            },
            {"name": "promises decided", "covered": decided, "total": len(tried)},
        ],
    }


def _warnings(result: Result) -> list[dict[str, Any]]:
    listed = [("target", 1, text) for text in result.problems]
    listed += [("schema", 2, text) for text in result.unreadable]
    listed += [("run", 3, text) for text in (*result.notes, *result.leftovers)]
    return [{"message": text, "category": kind, "displayPriority": priority} for kind, priority, text in listed]
