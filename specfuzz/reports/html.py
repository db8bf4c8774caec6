"""One HTML page for people: the authorization matrix, and every finding's story as numbered exchanges.

The page is a single file that works from disk: no request leaves it, and its content security policy lets no other script
or style run than its own. Everything that a target or a document chose is escaped, by Jinja2 and before that by `printable`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from specfuzz.findings import Cell, Coverage, Finding, OperationRow, Result
from specfuzz.findings.model import CONFIDENCES, SEVERITIES
from specfuzz.reports.story import Story, tell
from specfuzz.reports.text import printable

MAX_BYTES = 2_900_000
"""A page above this is made again with shorter bodies: browsers and mail gateways take three megabytes."""

_BODY_CHARS = (4_000, 1_500, 500, 300, 160)
"""Characters of a body that the page shows, from the first try to the last."""

MAX_STORIES = 400
"""Findings told whole on the last try; of the others the page has the summary, and the JSON report the story."""

_MARKS = {"held": "✓", "broken": "✕", "inconclusive": "?"}


def render(result: Result) -> str:
    """The page as text."""
    page = ""
    for attempt, limit in enumerate(_BODY_CHARS, 1):
        stories = MAX_STORIES if attempt == len(_BODY_CHARS) else len(result.findings)
        page = _page(result, limit, stories)
        if len(page.encode("utf-8", "replace")) <= MAX_BYTES:
            break
    return page


def _page(result: Result, max_chars: int, max_stories: int) -> str:
    style, script = _asset("report.css"), _asset("report.js")
    stories = [
        tell(found, max_chars) if index < max_stories else Story(steps=())
        for index, found in enumerate(result.findings)
    ]
    return _template().render(
        result=result,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
        style=Markup(style),
        script=Markup(script),
        findings=[(found, story, _search_text(found)) for found, story in zip(result.findings, stories, strict=True)],
        severities=[(name, result.count(name)) for name in SEVERITIES],
        confidences=[name for name in CONFIDENCES if any(item.confidence == name for item in result.findings)],
        categories=list(dict.fromkeys(item.category for item in result.findings)),
        accepted=sum(1 for item in result.findings if item.is_accepted),
        parts=[(cell.part, result.parts.get(cell.part)) for cell in _columns(result.operations)],
        matrix=_matrix(result),
        undecided=_undecided(result.coverage),
        rules=_rules(result),
        fixed=[item for item in result.baseline.gone if item.proven] if result.baseline else [],
        unseen=[item for item in result.baseline.gone if not item.proven] if result.baseline else [],
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.filters["ticks"] = _ticks
    environment.filters["body"] = _body
    return environment.from_string(re.sub(r"(?m)^ +", "", _asset("report.html")))


def _shown(value: object) -> object:
    """What a template prints: text of others without what a browser or an eye would be led astray by."""
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _body(text: str) -> Markup:
    """Text between tags, where quotation marks are harmless: escaped as well, they would make up a third of the page."""
    return Markup(html.escape(printable(text), quote=False))


def _ticks(text: str) -> Markup:
    """Text with what stands between backticks as code; all of it escaped first."""
    return Markup(re.sub(r"`([^`]{1,200})`", r"<code>\1</code>", str(escape(printable(text)))))


@cache
def _asset(name: str) -> str:
    return (files("specfuzz.reports") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source expression that allows exactly this inline text (CSP level 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _search_text(found: Finding) -> str:
    parts = (found.rule, found.name, found.operation.label, found.field, found.title, found.owner, found.actor)
    return " ".join(part for part in (*parts, found.fingerprint, *found.cwe, *found.owasp) if part).lower()


# The matrix ---------------------------------------------------------------------------------------------------------


def _columns(rows: tuple[OperationRow, ...]) -> tuple[Cell, ...]:
    return rows[0].cells if rows else ()


def _matrix(result: Result) -> list[dict[str, Any]]:
    tried: dict[str, list[Coverage]] = {}
    for row in result.coverage:
        if row.verdict in _MARKS:
            tried.setdefault(row.operation.label, []).append(row)
    broken = Counter(found.operation.label for found in result.findings)
    return [
        {
            "row": row,
            "cells": [(cell, _tone(cell)) for cell in row.cells],
            "deviates": any(_tone(cell) in ("bad", "odd") for cell in row.cells) or broken[row.operation.label] > 0,
            "findings": broken[row.operation.label],
            "held": [item.rule for item in tried.get(row.operation.label, ()) if item.verdict == "held"],
            "rules": [
                (item, _MARKS[item.verdict]) for item in tried.get(row.operation.label, ()) if item.verdict != "held"
            ],
        }
        for row in result.operations
    ]


def _tone(cell: Cell) -> str:
    """How a cell looks: `bad` (an attack worked), `odd` (not as expected, and no proof), `good`, `none` (not tried)."""
    if cell.seen == "got-through":
        return "bad"
    if cell.seen == "not-tried":
        return "none"
    surprising = {("allowed", "refused"), ("refused", "allowed"), ("own-only", "refused")}
    return "odd" if cell.seen == "unclear" or (cell.expected, cell.seen) in surprising else "good"


def _undecided(coverage: Iterable[Coverage]) -> list[tuple[str, list[Coverage]]]:
    """What could not be decided, by reason, the most frequent first."""
    reasons: dict[str, list[Coverage]] = {}
    for row in coverage:
        if row.verdict == "inconclusive" or row.not_run == "unable":
            reasons.setdefault(row.reason or "", []).append(row)
    return sorted(reasons.items(), key=lambda item: -len(item[1]))


def _rules(result: Result) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = {}
    for row in result.coverage:
        counts.setdefault(row.rule, Counter())[row.verdict] += 1
    known = {rule.id: rule for rule in result.rules}
    return [{"id": name, "rule": known.get(name), "counts": found} for name, found in sorted(counts.items())]
