"""Findings that a policy accepts for a while: left out of the result, and named. An expired ignore is no ignore."""

from __future__ import annotations

import datetime
from dataclasses import replace

from specfuzz.contract import Contract, Ignore
from specfuzz.findings.grade import grade, score
from specfuzz.findings.model import Coverage, Finding, Result


def without_ignored(result: Result, contract: Contract, today: datetime.date) -> Result:
    """The result without the findings that the contract's policy ignores today, graded anew; the notes say which.

    The coverage keeps its `broken`, with the reason why it is accepted. What an expired ignore is about stays a finding,
    and the note says that it expired; an ignore that was about nothing in this run is named too, since it can go.
    """
    ignores = contract.policy.ignores
    if not ignores:
        return result
    valid = [ignore for ignore in ignores if not ignore.has_expired(today)]
    notes = [_expired(ignore) for ignore in ignores if ignore.has_expired(today)]
    kept: list[Finding] = []
    accepted: dict[tuple[str, str], str] = {}
    used: set[Ignore] = set()
    for finding in result.findings:
        ignore = next((item for item in valid if _is_about(item, finding, contract)), None)
        if ignore is None:
            kept.append(finding)
            continue
        used.add(ignore)
        accepted.setdefault((finding.operation.label, finding.rule), f"ignored until {ignore.expires}: {ignore.reason}")
        what = f" `{finding.field}`" if finding.field else ""
        notes.append(
            f"ignored: {finding.rule} at {finding.operation.label}{what} until {ignore.expires}: {ignore.reason} "
            f"({ignore.source})"
        )
    notes.extend(f"{item.source}: this ignore was about no finding of this run" for item in valid if item not in used)
    open_rows = {(finding.operation.label, finding.rule) for finding in kept}
    coverage = tuple(_explained(row, accepted, open_rows) for row in result.coverage)
    points = score(kept, coverage)
    return replace(
        result,
        findings=tuple(kept),
        coverage=coverage,
        notes=(*result.notes, *notes),
        score=points,
        grade=grade(points),
    )


def _is_about(ignore: Ignore, finding: Finding, contract: Contract) -> bool:
    found = contract.get(finding.operation.label)
    return (
        found is not None
        and ignore.selector.matches(found.operation)
        and ignore.rule in (None, finding.rule)
        and ignore.field in (None, finding.field)
        and ignore.fingerprint in (None, finding.fingerprint)
    )


def _expired(ignore: Ignore) -> str:
    what = ignore.rule or ignore.fingerprint
    return f"{ignore.source}: the ignore of {what} at {ignore.selector} expired on {ignore.expires} and hides nothing"


def _explained(row: Coverage, accepted: dict[tuple[str, str], str], open_rows: set[tuple[str, str]]) -> Coverage:
    key = (row.operation.label, row.rule)
    return replace(row, reason=accepted[key]) if key in accepted and key not in open_rows else row
