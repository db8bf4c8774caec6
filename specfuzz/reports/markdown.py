"""Markdown for the comment of a pull request: the summary, the findings, everything long folded, within the size limit."""

from __future__ import annotations

import html
import re

from specfuzz.findings import Cell, Finding, OperationRow, Result
from specfuzz.findings.model import SEVERITIES
from specfuzz.reports.text import exchange_line, printable, short

MAX_CHARS = 65_000
"""GitHub refuses a comment above 65,536 characters; some are left for whoever adds a line to it."""

_MARKS = {"critical": "🟥", "high": "🟥", "medium": "🟧", "low": "🟦", "info": "⬜"}
_SEEN = {
    "allowed": "allowed",
    "refused": "refused",
    "got-through": "❌ **got through**",
    "answered": "nothing of others",
    "unclear": "unclear",
    "not-tried": "·",
}


def render(result: Result) -> str:
    """The comment. What does not fit is left out, least important first, and counted."""
    head = [*_summary(result), *_table(result)]
    matrix = _matrix(result)
    undecided = _undecided(result)
    foot = f"\n<sub>specfuzz {result.tool_version}, seed {result.seed}</sub>\n"
    budget = MAX_CHARS - sum(map(len, head)) - len(foot) - 200
    details = []
    for number, found in enumerate(result.findings):
        text = _details(found)
        if len(text) > budget:
            details.append(f"\n*{len(result.findings) - number} more findings: see the whole report.*\n")
            break
        details.append(text)
        budget -= len(text)
    for part in (matrix, undecided):
        if len(part) <= budget:
            details.append(part)
            budget -= len(part)
        elif part:
            details.append("\n*The list that follows here is too long for a comment: see the whole report.*\n")
    return "".join((*head, *details, foot))


def _summary(result: Result) -> list[str]:
    counted = [item for item in result.findings if not item.is_accepted]
    found = ", ".join(
        f"**{number} {name}**" for name in SEVERITIES if (number := sum(1 for item in counted if item.severity == name))
    )
    accepted = len(result.findings) - len(counted)
    known = f", {accepted} accepted in the baseline" if accepted else ""
    lines = [
        f"## specfuzz: {found or 'no findings'}{known}\n\n",
        f"Grade **{result.grade}** ({result.score} of 100) · {result.operations_exercised} of {result.operations_total} "
        f"operations exercised · {result.decided_percent} % of the promises decided · {result.requests} requests in "
        f"{result.duration_s:.1f} s\n\n",
    ]
    lines += [f"> **Not tested:** {plain(text)}\n\n" for text in result.problems[:10]]
    if result.interrupted:
        lines.append("> **Interrupted:** this is what was known by then.\n\n")
    if result.baseline is not None:
        fixed = [item for item in result.baseline.gone if item.proven]
        lines += [f"✅ fixed: {code(item.label)} (`{item.fingerprint}`)\n\n" for item in fixed[:20]]
    return lines


def _table(result: Result) -> list[str]:
    if not result.findings:
        return []
    lines = ["| | rule | operation | what | confidence |\n", "| --- | --- | --- | --- | --- |\n"]
    for found in result.findings[:60]:
        field = f" {code(found.field)}" if found.field else ""
        known = " *(accepted)*" if found.is_accepted else ""
        lines.append(
            f"| {_MARKS[found.severity]} {found.severity} | {found.rule} | {code(found.operation.label)}{field} | "
            f"{plain(short(found.title, 160))}{known} | {found.confidence} |\n"
        )
    if len(result.findings) > 60:
        lines.append(f"\n*and {len(result.findings) - 60} more*\n")
    return lines


def _details(found: Finding) -> str:
    steps = [f"{number}. {item.role}: {exchange_line(item, 160)}" for number, item in enumerate(found.evidence, 1)]
    place = f", line {found.place.line}" if found.place is not None and found.place.line is not None else ""
    return (
        f"\n<details><summary>{_MARKS[found.severity]} <b>{found.rule}</b> {_inline(found.operation.label)}"
        f"{' ' + _inline(found.field) if found.field else ''}: {_inline(short(found.title, 160))}</summary>\n\n"
        f"{plain(found.detail)}\n\n"
        f"Promised: {plain(found.expectation.statement)} ({code(found.expectation.source)}{place})\n\n"
        f"{_fence(chr(10).join(steps))}\n"
        f"Send the attack again:\n\n{_fence(short(found.reproduce, 2000), 'sh')}\n"
        f"Repair: {plain(found.remediation)}\n\n"
        f"`{found.fingerprint}` {' '.join((*found.cwe, *found.owasp))}\n\n</details>\n"
    )


def _matrix(result: Result) -> str:
    rows = [row for row in result.operations if row.cells]
    if not rows:
        return ""
    parts = [cell.part for cell in rows[0].cells]
    head = " | ".join(_column(part, result) for part in parts)
    lines = [
        "\n<details><summary>Authorization matrix: expected, then seen</summary>\n\n",
        f"| operation | {head} |\n",
        f"| --- |{' --- |' * len(parts)}\n",
        *(_row(row) for row in rows),
        "\n</details>\n",
    ]
    return "".join(lines)


def _column(part: str, result: Result) -> str:
    name = result.parts.get(part)
    return part if name in (None, part) else f"{part} ({code(str(name))})"


def _row(row: OperationRow) -> str:
    return f"| {code(row.operation.label)} | {' | '.join(_cell(cell) for cell in row.cells)} |\n"


def _cell(cell: Cell) -> str:
    statuses = f" {', '.join(map(str, cell.statuses))}" if cell.statuses else ""
    return f"{cell.expected} → {_SEEN[cell.seen]}{statuses}"


def _undecided(result: Result) -> str:
    rows = [row for row in result.coverage if row.verdict == "inconclusive"]
    if not rows:
        return ""
    lines = [f"| {row.rule} | {code(row.operation.label)} | {plain(short(row.reason or '', 200))} |\n" for row in rows]
    head = f"\n<details><summary>{len(rows)} could not be decided</summary>\n\n| rule | operation | why |\n"
    return f"{head}| --- | --- | --- |\n{''.join(lines)}\n</details>\n"


# A target's text as text ------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text in a paragraph or a cell: no markup, no link, no mention comes of it."""
    line = " ".join(printable(text).split())
    escaped = re.sub(r"([\\`*_{}\[\]<>()#+!|~&$:])", r"\\\1", line)
    return re.sub(r"@(?=\w)", "@\u200b", escaped)


def code(text: str) -> str:
    """Text as code in a line or a table's cell, whatever backticks and pipes are in it."""
    line = " ".join(printable(text).split()).replace("|", "\\|") or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _inline(text: str | None) -> str:
    """Text inside HTML, where Markdown's code spans do not work."""
    line = html.escape(" ".join(printable(text or "").split()))
    line = re.sub(r"([\\`*_\[\]~|$:])", lambda found: f"&#{ord(found[0])};", line)
    return re.sub(r"@(?=\w)", "@\u200b", line)


def _fence(text: str, language: str = "") -> str:
    """A code block that nothing in the text can close."""
    shown = printable(text)
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    return f"{fence}{language}\n{shown}\n{fence}\n"
