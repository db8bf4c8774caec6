"""A saved JSON report as the result that it was made from, so that it can be shown in another format later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specfuzz.findings import (
    Acceptance,
    Cell,
    Comparison,
    Coverage,
    Evidence,
    ExpectationRef,
    Finding,
    Fixed,
    OperationRef,
    OperationRow,
    Place,
    Result,
    RuleRef,
)
from specfuzz.reports.json_report import schema


class ReportUnreadable(Exception):
    """The text is no report of specfuzz. `where` is a JSON pointer into it, if the text is JSON at all."""

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


def read_report(text: str) -> Result:
    """The result that a JSON report was made from. Raises `ReportUnreadable`."""
    import jsonschema

    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportUnreadable(f"it is not JSON: {error}") from error
    if not isinstance(document, Mapping) or "schema_version" not in document:
        raise ReportUnreadable("it is not a report of specfuzz: it has no `schema_version`")
    if document["schema_version"] != "1":
        raise ReportUnreadable(f"its schema_version is {document['schema_version']!r}, and this version reads '1'")
    fault = jsonschema.Draft202012Validator(schema()).iter_errors(document)
    first = next(iter(fault), None)
    if first is not None:
        where = "/".join(("#", *(str(part) for part in first.absolute_path)))
        raise ReportUnreadable(f"it is not as the schema says: {first.message[:200]}", where)
    return _result(document)


def _result(document: Mapping[str, Any]) -> Result:
    summary = document["summary"]
    return Result(
        tool_version=document["tool"]["version"],
        spec=document["target"]["spec"],
        url=document["target"]["url"],
        requests=summary["requests"],
        duration_s=summary["duration_s"],
        operations_total=summary["operations"]["total"],
        operations_exercised=summary["operations"]["exercised"],
        coverage=tuple(_coverage(row) for row in document["coverage"]),
        findings=tuple(_finding(item) for item in document["findings"]),
        problems=tuple(document.get("problems", ())),
        notes=tuple(document.get("notes", ())),
        leftovers=tuple(document.get("leftovers", ())),
        unreadable=tuple(document.get("unreadable", ())),
        interrupted=summary.get("interrupted", False),
        seed=summary.get("seed", 0),
        identities=tuple(summary.get("identities", ())),
        grade=summary["grade"],
        score=summary["score"],
        started_at=summary.get("started_at"),
        parts=dict(summary.get("parts", {})),
        rules=tuple(_rule(rule) for rule in document.get("rules", ())),
        operations=tuple(_row(row) for row in document.get("operations", ())),
        baseline=_comparison(document.get("baseline")),
    )


def _operation(node: Mapping[str, str]) -> OperationRef:
    return OperationRef(method=node["method"], path=node["path"])


def _coverage(row: Mapping[str, Any]) -> Coverage:
    return Coverage(
        operation=_operation(row["operation"]),
        rule=row["rule"],
        verdict=row["verdict"],
        reason=row["reason"],
        not_run=row.get("not_run"),
    )


def _finding(node: Mapping[str, Any]) -> Finding:
    place, accepted = node.get("place"), node.get("accepted")
    return Finding(
        **{
            name: node[name]
            for name in ("rule", "name", "category", "severity", "confidence", "field", "owner", "actor")
        },
        **{name: node[name] for name in ("title", "detail", "remediation", "reproduce", "fingerprint")},
        operation=_operation(node["operation"]),
        cwe=tuple(node["cwe"]),
        owasp=tuple(node["owasp"]),
        expectation=ExpectationRef(**node["expectation"]),
        evidence=tuple(
            Evidence(
                role=item["role"],
                identity=item["identity"],
                note=item.get("note", ""),
                request=item["request"],
                response=item["response"],
            )
            for item in node["evidence"]
        ),
        place=Place(**place) if place is not None else None,
        accepted=Acceptance(**accepted) if accepted is not None else None,
    )


def _rule(node: Mapping[str, Any]) -> RuleRef:
    return RuleRef(**{**node, "cwe": tuple(node["cwe"]), "owasp": tuple(node["owasp"])})


def _row(node: Mapping[str, Any]) -> OperationRow:
    return OperationRow(
        operation=_operation(node["operation"]),
        operation_id=node["operation_id"],
        tags=tuple(node["tags"]),
        **node["access"],
        cells=tuple(
            Cell(part=item["part"], expected=item["expected"], seen=item["seen"], statuses=tuple(item["statuses"]))
            for item in node["matrix"]
        ),
    )


def _comparison(node: Mapping[str, Any] | None) -> Comparison | None:
    if node is None:
        return None
    return Comparison(file=node["file"], gone=tuple(Fixed(**item) for item in node["gone"]))
