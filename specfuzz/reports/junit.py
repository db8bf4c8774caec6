"""JUnit XML for CI servers: one test case for each operation and rule.

Held is passed; broken is a failure with the whole story; inconclusive and not run are skipped, with the reason. What went
wrong with the run itself is an error, so that no server shows such a run as passed.
"""

from __future__ import annotations

from xml.etree import ElementTree as xml

from specfuzz.findings import Coverage, Finding, Result
from specfuzz.reports.text import exchange_line, printable


def render(result: Result) -> str:
    """The document as text."""
    names = {rule.id: rule.name for rule in result.rules} | {found.rule: found.name for found in result.findings}
    rows: dict[str, list[Coverage]] = {}
    for row in (*result.coverage, *_uncovered(result)):
        rows.setdefault(row.operation.label, []).append(row)
    root = xml.Element("testsuites", name="specfuzz", time=f"{result.duration_s:.3f}")
    for label, cases in rows.items():
        found = [item for item in result.findings if item.operation.label == label]
        own = {row.rule for row in cases if row.verdict == "broken"}
        strays = [item for item in found if item.rule not in own]
        _suite(root, label, [_case(label, row, _told_by(row, found, strays), names) for row in cases], result)
    if result.problems or result.interrupted:
        _suite(root, "the run", [_problem(text) for text in _problems(result)], result)
    counts = ("tests", "failures", "errors", "skipped")
    for count in counts:
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _uncovered(result: Result) -> list[Coverage]:
    """Cases for findings at operations where the coverage shows nothing broken: no finding goes missing."""
    told = {row.operation.label for row in result.coverage if row.verdict == "broken"}
    return [
        Coverage(operation=found.operation, rule=found.rule, verdict="broken", reason=found.title)
        for found in result.findings
        if found.operation.label not in told
    ]


def _suite(root: xml.Element, name: str, cases: list[xml.Element], result: Result) -> None:
    suite = xml.SubElement(root, "testsuite", name=printable(name), time="0", hostname="specfuzz")
    if result.started_at is not None:
        suite.set("timestamp", result.started_at[:19])
    suite.extend(cases)
    suite.set("tests", str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(1 for case in cases if case.find(tag) is not None)))


def _case(label: str, row: Coverage, found: list[Finding], names: dict[str, str]) -> xml.Element:
    name = f"{row.rule} {names.get(row.rule, '')}".strip()
    case = xml.Element("testcase", classname=printable(label), name=printable(name), time="0")
    reason = printable(row.reason or "")
    if row.verdict == "broken":
        _broken(case, found, reason)
    elif row.verdict == "inconclusive":
        xml.SubElement(case, "skipped", message=f"inconclusive: {reason}")
    elif row.verdict == "not-run":
        xml.SubElement(case, "skipped", message=f"not run: {reason}")
    elif reason:
        xml.SubElement(case, "system-out").text = reason
    return case


def _told_by(row: Coverage, found: list[Finding], strays: list[Finding]) -> list[Finding]:
    """The findings of a case: those of its rule, and those of rules without a case that it noticed (an effect despite a
    refusal), which its reason names."""
    if row.verdict != "broken":
        return []
    own = [item for item in found if item.rule == row.rule]
    return own + [item for item in strays if item.title in (row.reason or "") or not own]


def _broken(case: xml.Element, mine: list[Finding], reason: str) -> None:
    """One failure with all that the case found; skipped where a baseline accepts every bit of it."""
    if mine and all(item.is_accepted for item in mine):
        reasons = "; ".join(dict.fromkeys(item.accepted.reason for item in mine if item.accepted))
        xml.SubElement(case, "skipped", message=printable(f"accepted: {reasons}"))
        return
    worst = mine[0] if mine else None
    failure = xml.SubElement(case, "failure", message=reason or "broken", type=worst.severity if worst else "broken")
    failure.text = printable("\n\n".join(_story(item) for item in mine if not item.is_accepted))


def _story(found: Finding) -> str:
    lines = [
        f"{found.severity} {found.rule} {found.name} ({found.confidence}), fingerprint {found.fingerprint}",
        found.detail,
        f"promised: {found.expectation.statement} ({found.expectation.source})",
        *(f"{number}. {item.role}: {exchange_line(item)}" for number, item in enumerate(found.evidence, 1)),
        f"again: {found.reproduce}",
        f"repair: {found.remediation}",
    ]
    return "\n".join(lines)


def _problems(result: Result) -> list[str]:
    return [*result.problems, *(["the run was interrupted"] if result.interrupted else [])]


def _problem(text: str) -> xml.Element:
    case = xml.Element("testcase", classname="the run", name="the target could be tested", time="0")
    xml.SubElement(case, "error", message=printable(text), type="not-tested")
    return case
