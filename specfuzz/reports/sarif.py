"""SARIF 2.1.0 for code scanning (OASIS, errata 01): a rule for each of ours, a result for each finding, in the document."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from specfuzz.findings import Finding, Result, RuleRef
from specfuzz.reports.text import body_text, exchange_line, to_json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}

_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
"""GitHub sorts security results by this number: above 9.0 critical, from 7.0 high, from 4.0 medium."""

_PRECISION = {"certain": "very-high", "firm": "high", "tentative": "medium"}
_RANK = {"certain": 95.0, "firm": 75.0, "tentative": 35.0}


def render(result: Result) -> str:
    """The log as text."""
    rules = known_rules(result)
    index = {rule.id: position for position, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "specfuzz",
                "version": result.tool_version,
                "semanticVersion": result.tool_version,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(result.spec)}}],
        "invocations": [_invocation(result)],
        "results": [_result(finding, index, result) for finding in result.findings],
        "properties": {"grade": result.grade, "score": result.score, "requests": result.requests},
    }
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def known_rules(result: Result) -> list[RuleRef]:
    """The rules of the run, and those of findings that an older report does not list."""
    rules = {rule.id: rule for rule in result.rules}
    for found in result.findings:
        rules.setdefault(
            found.rule,
            RuleRef(
                id=found.rule,
                name=found.name,
                category=found.category,
                severity=found.severity,
                promise=found.expectation.statement,
                remediation=found.remediation,
                cwe=found.cwe,
                owasp=found.owasp,
            ),
        )
    return sorted(rules.values(), key=lambda rule: rule.id)


def _rule(rule: RuleRef) -> dict[str, Any]:
    promise = rule.promise[:1].upper() + rule.promise[1:] + ("" if rule.promise.endswith(".") else ".")
    classes = ", ".join((*rule.cwe, *rule.owasp))
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.name}: {promise}"},
        "fullDescription": {"text": f"{promise} {rule.remediation}"},
        "help": {
            "text": f"Promise: {promise}\nRepair: {rule.remediation}\nSee: {classes}; specfuzz explain {rule.id}",
            "markdown": f"**Promise.** {promise}\n\n**Repair.** {rule.remediation}\n\n{classes}; "
            f"`specfuzz explain {rule.id}` says how it is decided.",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", rule.category, *(f"external/cwe/{name.lower()}" for name in rule.cwe), *rule.owasp],
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "precision": "high",
        },
    }


def _invocation(result: Result) -> dict[str, Any]:
    told = [("error", text) for text in result.problems]
    told += [("note", text) for text in (*result.notes, *result.leftovers, *result.unreadable)]
    invocation: dict[str, Any] = {
        "executionSuccessful": not result.problems and not result.interrupted,
        "toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in told],
    }
    if result.started_at is not None:
        started = datetime.fromisoformat(result.started_at)
        ended = started + timedelta(seconds=result.duration_s)
        invocation["startTimeUtc"] = _utc(started)
        invocation["endTimeUtc"] = _utc(ended)
    return invocation


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _result(found: Finding, index: dict[str, int], result: Result) -> dict[str, Any]:
    location = _location(found, result)
    text = f"{found.title} ({found.operation.label}, {found.confidence}). {found.detail}\n\nRepair: {found.remediation}"
    shown: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": index[found.rule],
        "level": _LEVELS[found.severity],
        "kind": "fail",
        "rank": _RANK[found.confidence],
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"specfuzz/v1": found.fingerprint},
        "fingerprints": {"specfuzz/v1": found.fingerprint},
        "properties": {
            "severity": found.severity,
            "security-severity": _SECURITY_SEVERITY[found.severity],
            "confidence": found.confidence,
            "precision": _PRECISION[found.confidence],
            "operation": found.operation.label,
            "field": found.field,
            "owner": found.owner,
            "actor": found.actor,
            "expectation": found.expectation.statement,
            "source": found.expectation.source,
            "reproduce": found.reproduce,
        },
    }
    shown.update(_story(found, location))
    if result.baseline is not None:
        shown["baselineState"] = "new" if found.accepted is None else "unchanged"
    if found.accepted is not None and not found.accepted.expired:
        shown["suppressions"] = [{"kind": "external", "status": "accepted", "justification": found.accepted.reason}]
    return shown


def _location(found: Finding, result: Result) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(result.spec), "index": 0}}
    if found.place is not None and found.place.line is not None:
        physical["region"] = {"startLine": found.place.line, "startColumn": found.place.column or 1}
    logical = {"fullyQualifiedName": found.operation.label, "kind": "function"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _story(found: Finding, location: dict[str, Any]) -> dict[str, Any]:
    """The exchanges as a code flow, and the attack as the request and response that SARIF has properties for."""
    if not found.evidence:
        return {}
    steps = [
        {
            "executionOrder": number,
            "location": {**location, "message": {"text": f"{item.role}: {exchange_line(item)}"}},
        }
        for number, item in enumerate(found.evidence, 1)
    ]
    attack = next((item for item in reversed(found.evidence) if item.role == "attack"), found.evidence[-1])
    return {
        "codeFlows": [{"threadFlows": [{"locations": steps}]}],
        "webRequest": {
            "protocol": "HTTP",
            "version": "1.1",
            "method": attack.request["method"],
            "target": attack.request["url"],
            "headers": dict(attack.request["headers"]),
            "body": {"text": body_text(attack.request["body"])},
        },
        "webResponse": {
            "protocol": "HTTP",
            "version": "1.1",
            "statusCode": attack.response["status"],
            "headers": dict(attack.response["headers"]),
            "body": {"text": body_text(attack.response["body"])},
            "noResponseReceived": False,
        },
    }


def _uri(spec: str) -> str:
    """The document as a URI reference: a URL as it is, a path relative to the repository as code scanning wants it."""
    if spec.startswith(("http://", "https://")):
        return quote(spec, safe=":/?#[]@!$&'()*+,;=%~", errors="backslashreplace")
    path = PurePath(spec)
    text = quote(path.as_posix(), safe="/~", errors="backslashreplace")
    return f"file://{text}" if path.is_absolute() else text
