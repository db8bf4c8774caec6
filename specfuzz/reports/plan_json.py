"""The JSON document of a plan: versioned, promised field by field."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from specfuzz.reports.plan_model import PlannedAccess, PlannedField, PlannedOperation, PlanReport

SCHEMA_VERSION = "1"


def to_document(plan: PlanReport) -> dict[str, Any]:
    """The plan as the promised document. The same plan gives the same document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "specfuzz", "version": plan.tool_version},
        "spec": plan.spec,
        "operations": [_operation(item) for item in plan.operations],
        "unreadable": list(plan.unreadable),
        "notes": list(plan.notes),
    }


def render(plan: PlanReport) -> str:
    """The document as text, indented."""
    return json.dumps(to_document(plan), indent=2, ensure_ascii=True) + "\n"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document, as the package ships it."""
    text = (files("specfuzz.reports") / "schemas" / "plan-1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _operation(item: PlannedOperation) -> dict[str, Any]:
    return {
        "method": item.method,
        "path": item.path,
        "operation_id": item.operation_id,
        "access": _access(item.access),
        "resource": item.resource,
        "action": item.action,
        "identifiers": [
            {"in": place.location, "name": place.name, "resource": place.resource} for place in item.identifiers
        ],
        "owner_field": item.owner_field,
        "state_changing": {"value": item.state_changing, "confidence": item.state_changing_confidence},
        "dangerous": item.dangerous,
        "forbidden_fields": [_field(field) for field in item.forbidden_fields],
        "sensitive_fields": [_field(field) for field in item.sensitive_fields],
        "probes": [{"rule": probe.rule, "runs": probe.runs, "reason": probe.reason} for probe in item.probes],
    }


def _access(access: PlannedAccess) -> dict[str, Any]:
    return {
        "level": access.level,
        "role": access.role,
        "confidence": access.confidence,
        "source": access.source,
        "reason": access.reason,
    }


def _field(field: PlannedField) -> dict[str, str]:
    return {"name": field.name, "reason": field.reason, "confidence": field.confidence, "source": field.source}
