"""Findings: broken promises with their proof, named for good, one for each, redacted before anybody sees them."""

from specfuzz.findings.build import curl, deduplicate, evidence_of, fingerprint, keep_steps, redact_url
from specfuzz.findings.grade import grade, score
from specfuzz.findings.ignored import without_ignored
from specfuzz.findings.model import (
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
    Recorded,
    Result,
    RuleRef,
)

__all__ = [
    "Acceptance",
    "Cell",
    "Comparison",
    "Coverage",
    "Evidence",
    "ExpectationRef",
    "Finding",
    "Fixed",
    "OperationRef",
    "OperationRow",
    "Place",
    "Recorded",
    "Result",
    "RuleRef",
    "curl",
    "deduplicate",
    "evidence_of",
    "fingerprint",
    "grade",
    "keep_steps",
    "redact_url",
    "score",
    "without_ignored",
]
