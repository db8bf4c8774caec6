"""The terminal report: findings by operation, what could not be decided and why, and last a summary on one screen."""

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
from specfuzz.reports.text import exchange_line, printable, short

_COLOURS = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "blue"}
_VERDICTS = ("held", "broken", "inconclusive", "not-run")

MAX_SHOWN = 8
"""Lines of undecided cases shown without --verbose; the JSON report has them all."""

MAX_PLACES, MAX_LISTED = 6, 3
"""Lines about broken operations and about what was left behind: with six categories, the end fits a screen of 24 lines."""


def render(result: Result, *, verbose: bool = False) -> str:
    """The whole report as plain text, for a file."""
    buffer = StringIO()
    print_result(result, Console(file=buffer, width=120, highlight=False), verbose=verbose)
    return buffer.getvalue()


def print_result(result: Result, console: Console, *, verbose: bool = False, quiet: bool = False) -> None:
    """Print the whole report, the summary last, on one screen; `quiet` prints its last line alone."""
    if not quiet:
        for label, findings in _by_operation(result.findings).items():
            console.print(Text(printable(label), "bold cyan"))
            for finding in findings:
                _print_finding(finding, console, verbose=verbose)
        _print_undecided(result, console, verbose=verbose)
        _print_places(result, console)
        _print_coverage(result, console, verbose=verbose)
        _print_lists(result, console, verbose=verbose)
    for text in result.problems:
        console.print(f"[bold red]not tested[/]  {plain(text)}")
    _print_summary(result, console)


def _by_operation(findings: tuple[Finding, ...]) -> dict[str, list[Finding]]:
    """Findings by their operation, the operation with the worst first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.operation.label, []).append(finding)
    return groups


def _print_finding(finding: Finding, console: Console, *, verbose: bool) -> None:
    heading = Text.assemble(
        (f" {finding.severity.upper()} ", _COLOURS[finding.severity]),
        (f" {finding.rule} {finding.name}", "bold"),
        (f"  {printable(finding.field)}" if finding.field else "", "bold"),
        (f"  ({finding.confidence}{_standing(finding)})", "dim"),
    )
    console.print(heading)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("what", plain(finding.title))
    rows.add_row("promised", f"{plain(finding.expectation.statement)} [dim]({plain(_source(finding))})[/]")
    if finding.accepted is not None:
        until = f" until {finding.accepted.expires}" if finding.accepted.expires else ""
        rows.add_row("accepted", f"{plain(finding.accepted.reason)}[dim]{until}[/]")
    shown = finding.evidence if verbose else _telling(finding.evidence)
    for index, item in enumerate(shown):
        rows.add_row("evidence" if index == 0 else "", plain(exchange_line(item)))
    rows.add_row("again", plain(finding.reproduce))
    rows.add_row("repair", plain(finding.remediation))
    rows.add_row("", f"[dim]{finding.fingerprint}  {' '.join((*finding.cwe, *finding.owasp))}[/]")
    console.print(Padding(rows, (0, 0, 1, 3)))


def _standing(finding: Finding) -> str:
    if finding.accepted is None:
        return ""
    return ", no longer accepted" if finding.accepted.expired else ", accepted"


def _source(finding: Finding) -> str:
    line = finding.place.line if finding.place is not None else None
    return finding.expectation.source + (f", line {line}" if line is not None else "")


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


def _print_places(result: Result, console: Console) -> None:
    """Where something is broken, a line for each operation: what somebody reads who reads the end alone."""
    groups = _by_operation(tuple(item for item in result.findings if not item.is_accepted))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, findings in list(groups.items())[:MAX_PLACES]:
        rules = dict.fromkeys(f"{item.rule} [{_COLOURS[item.severity]}]{item.severity}[/]" for item in findings)
        table.add_row(f"[bold cyan]{plain(short(label, 60))}[/]", ", ".join(rules))
    if groups:
        console.print("[bold]Broken[/]")
        console.print(Padding(table, (0, 0, 0, 2)))
        if len(groups) > MAX_PLACES:
            console.print(f"  [dim]and {len(groups) - MAX_PLACES} more operations[/]")
        console.print()


def _print_coverage(result: Result, console: Console, *, verbose: bool) -> None:
    """Verdicts by category, so that they fit a screen; by rule with `verbose`."""
    categories = {rule.id: rule.category for rule in result.rules}
    counts: dict[str, Counter[str]] = {}
    for row in result.coverage:
        name = row.rule if verbose else categories.get(row.rule, row.rule)
        counts.setdefault(name, Counter())[row.verdict] += 1
    table = Table(title=None, box=None, pad_edge=False, header_style="dim")
    table.add_column("rule" if verbose or not categories else "category")
    for verdict in _VERDICTS:
        table.add_column(verdict, justify="right")
    for name, found in counts.items():
        table.add_row(name, *(_count(found, verdict) for verdict in _VERDICTS))
    console.print(table)
    for reason, count in _not_run(result.coverage).most_common(2):
        console.print(f"[dim]not run {count}×: {plain(reason)}[/]")
    console.print()


def _print_lists(result: Result, console: Console, *, verbose: bool) -> None:
    """What was not read, what was left behind, what became of the baseline."""
    gone = result.baseline.gone if result.baseline is not None else ()
    lines = [f"[yellow]not readable[/]  {plain(text)}" for text in result.unreadable]
    lines += [f"[yellow]left behind[/]  {plain(text)}" for text in result.leftovers]
    lines += [f"[green]fixed[/]  {plain(item.label)}  [dim]{item.fingerprint}[/]" for item in gone if item.proven]
    lines += [
        f"[yellow]accepted, not looked at[/]  {plain(item.label)}  [dim]{item.fingerprint}[/]"
        for item in gone
        if not item.proven
    ]
    shown = lines if verbose else lines[:MAX_LISTED]
    for line in shown:
        console.print(line)
    if len(lines) > len(shown):
        console.print(f"[dim]and {len(lines) - len(shown)} more (--verbose)[/]")


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
    counted = [item for item in result.findings if not item.is_accepted]
    numbers = Counter(item.severity for item in counted)
    found = ", ".join(f"{numbers[name]} {name}" for name in SEVERITIES if numbers[name]) or "no findings"
    accepted = len(result.findings) - len(counted)
    known = f" ({accepted} accepted)" if accepted else ""
    state = "interrupted: " if result.interrupted else ""
    console.print(
        f"[bold]{state}{found}{known}[/]  grade {result.grade} ({result.score})  "
        f"{result.operations_exercised} of {result.operations_total} operations exercised, "
        f"{result.decided_percent} % decided, {result.requests} requests in {result.duration_s:.1f} s"
    )
