"""The terminal report: one readable block for each finding, what could not be decided and why, one summary last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from io import StringIO

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from specfuzz.findings import Coverage, Evidence, Finding, Result
from specfuzz.findings.model import SEVERITIES
from specfuzz.reports.text import exchange_line, printable

_COLOURS = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "blue"}
_VERDICTS = ("held", "broken", "inconclusive", "not-run")

MAX_SHOWN = 8
"""Lines of undecided cases shown without --verbose; the JSON report has them all."""


def render(result: Result, *, verbose: bool = False) -> str:
    """The whole report as plain text, for a file."""
    buffer = StringIO()
    print_result(result, Console(file=buffer, width=120, highlight=False), verbose=verbose)
    return buffer.getvalue()


def print_result(result: Result, console: Console, *, verbose: bool = False, quiet: bool = False) -> None:
    """Print the whole report; `quiet` prints the summary line alone."""
    if not quiet:
        for number, finding in enumerate(result.findings, 1):
            _print_finding(finding, console, number, verbose=verbose)
        _print_undecided(result, console, verbose=verbose)
        _print_coverage(result, console)
        for text in result.unreadable:
            console.print(f"[yellow]not readable[/]  {plain(text)}")
        for text in result.leftovers:
            console.print(f"[yellow]left behind[/]  {plain(text)}")
    for text in result.problems:
        console.print(f"[bold red]not tested[/]  {plain(text)}")
    _print_summary(result, console)


def _print_finding(finding: Finding, console: Console, number: int, *, verbose: bool) -> None:
    heading = Text.assemble(
        (f" {finding.severity.upper()} ", _COLOURS[finding.severity]),
        (f" {finding.rule} {finding.name}", "bold"),
        (f"  {printable(finding.operation.label)}", "bold cyan"),
        (f"  {printable(finding.field)}" if finding.field else "", "bold"),
        (f"  ({finding.confidence})", "dim"),
    )
    console.print(heading)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("what", plain(finding.title))
    rows.add_row("promised", f"{plain(finding.expectation.statement)} [dim]({plain(finding.expectation.source)})[/]")
    shown = finding.evidence if verbose else _telling(finding.evidence)
    for index, item in enumerate(shown):
        rows.add_row("evidence" if index == 0 else "", plain(exchange_line(item)))
    rows.add_row("again", plain(finding.reproduce))
    rows.add_row("repair", plain(finding.remediation))
    rows.add_row("", f"[dim]{finding.fingerprint}  {' '.join((*finding.cwe, *finding.owasp))}[/]")
    console.print(Padding(rows, (0, 0, 1, 3)))


def _telling(evidence: tuple[Evidence, ...]) -> list[Evidence]:
    """The attack and the read-back that shows it: two or three lines, the rest is in the JSON report."""
    attacks = [item for item in evidence if item.role == "attack"][-1:]
    reads = [item for item in evidence if item.role == "read-back"][-1:]
    before = [item for item in evidence if item.role == "control"][:1]
    return [*before, *attacks, *reads]


def plain(text: str) -> str:
    """Text of others, inside markup of ours."""
    return escape(printable(text))


def _print_undecided(result: Result, console: Console, *, verbose: bool) -> None:
    undecided = [row for row in result.coverage if row.verdict == "inconclusive"]
    if not undecided:
        return
    console.print("[bold]Could not be decided[/]")
    shown = undecided if verbose else undecided[:MAX_SHOWN]
    for row in shown:
        console.print(f"  [dim]{row.rule}[/] {plain(row.operation.label)}: {plain(row.reason or '')}")
    if len(undecided) > len(shown):
        console.print(f"  [dim]and {len(undecided) - len(shown)} more (--verbose)[/]")
    console.print()


def _print_coverage(result: Result, console: Console) -> None:
    counts: dict[str, Counter[str]] = {}
    for row in result.coverage:
        counts.setdefault(row.rule, Counter())[row.verdict] += 1
    table = Table(title=None, box=None, pad_edge=False, header_style="dim")
    table.add_column("rule")
    for verdict in _VERDICTS:
        table.add_column(verdict, justify="right")
    for rule, found in counts.items():
        table.add_row(rule, *(_count(found, verdict) for verdict in _VERDICTS))
    console.print(table)
    for reason, count in _not_run(result.coverage).most_common(3):
        console.print(f"[dim]not run {count}×: {plain(reason)}[/]")
    console.print()


def _count(found: Mapping[str, int], verdict: str) -> str:
    number = found.get(verdict, 0)
    style = {"broken": "bold red", "held": "green", "inconclusive": "yellow"}.get(verdict, "dim")
    return f"[{style}]{number}[/]" if number else "[dim]·[/]"


def _not_run(coverage: tuple[Coverage, ...]) -> Counter[str]:
    """Reasons that a person could do something about, most frequent first."""
    return Counter(
        row.reason
        for row in coverage
        if row.verdict == "not-run" and row.reason and ("--" in row.reason or "ended" in row.reason)
    )


def _print_summary(result: Result, console: Console) -> None:
    found = ", ".join(f"{result.count(name)} {name}" for name in SEVERITIES if result.count(name)) or "no findings"
    state = "interrupted: " if result.interrupted else ""
    console.print(
        f"[bold]{state}{found}[/]  grade {result.grade} ({result.score})  "
        f"{result.operations_exercised} of {result.operations_total} operations exercised, "
        f"{result.requests} requests in {result.duration_s:.1f} s"
    )
