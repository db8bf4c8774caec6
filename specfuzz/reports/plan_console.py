"""The plan on a terminal: one block for each operation, or one operation with every expectation and its reasoning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from specfuzz.reports.console import plain
from specfuzz.reports.plan_model import PlannedAccess, PlannedField, PlannedOperation, PlanReport
from specfuzz.reports.text import printable

_LEVELS = {
    "public": "yellow",
    "authenticated": "cyan",
    "owner": "green",
    "members": "green",
    "role": "magenta",
    "unknown": "red",
}

MAX_GUESSES = 4
"""Guessed field names shown of one operation; the word list behind them is the same everywhere."""

_GUESSED = "privileged-name"


def print_plan(plan: PlanReport, console: Console) -> None:
    """Print a block for each operation, what cannot be read, and a summary last."""
    for item in plan.operations:
        _print_operation(item, console)
    for text in plan.unreadable:
        console.print(f"[yellow]not readable[/]  {plain(text)}")
    for text in plan.notes:
        console.print(f"[yellow]note[/]  {plain(text)}")
    _print_summary(plan, console)


def print_explained(item: PlannedOperation, console: Console) -> None:
    """Print one operation's expectations, each with its source and what its confidence rests on."""
    console.print(_heading(item))
    rows = _grid()
    _explain_access(rows, item)
    rows.add_row("object", plain(_object(item)))
    changes = "it changes state" if item.state_changing else "it changes no state"
    rows.add_row("state", f"{changes} [dim]({item.state_changing_confidence}: {plain(item.state_changing_why)})[/]")
    if item.danger is not None:
        rows.add_row("danger", f"[bold red]{plain(item.danger)}[/]")
    _explain_fields(rows, "not writable", item.forbidden_fields)
    _explain_fields(rows, "sensitive", item.sensitive_fields)
    for index, probe in enumerate(item.probes):
        state = "[green]runs[/]" if probe.runs else f"[dim]does not run: {plain(probe.reason or '')}[/]"
        rows.add_row("probes" if index == 0 else "", f"{probe.rule} {plain(probe.name)}  {state}")
    console.print(Padding(rows, (0, 0, 1, 2), expand=False))


def _print_operation(item: PlannedOperation, console: Console) -> None:
    console.print(_heading(item))
    rows = _grid()
    rows.add_row("access", f"{_level(item.access)} [dim]({item.access.confidence}: {plain(item.access.reason)})[/]")
    rows.add_row("object", plain(_object(item)))
    if item.danger is not None:
        rows.add_row("danger", f"[bold red]{plain(item.danger)}[/]")
    if item.forbidden_fields:
        rows.add_row("not writable", _fields(item.forbidden_fields))
    if item.sensitive_fields:
        rows.add_row("sensitive", plain(", ".join(field.name for field in item.sensitive_fields)))
    running = [probe.rule for probe in item.probes if probe.runs]
    rows.add_row("probes", " ".join(running) if running else "[yellow]none would run[/]")
    for index, (reason, rules) in enumerate(_missing(item).items()):
        rows.add_row("[dim]not run[/]" if index == 0 else "", f"[dim]{' '.join(rules)}: {plain(reason)}[/]")
    console.print(Padding(rows, (0, 0, 1, 2), expand=False))


def _heading(item: PlannedOperation) -> Text:
    return Text.assemble(
        (printable(item.label), "bold cyan"),
        (f"  {printable(item.operation_id)}" if item.operation_id else "", "dim"),
    )


def _grid() -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True, min_width=12)
    rows.add_column(overflow="fold")
    return rows


def _level(access: PlannedAccess) -> str:
    role = f" {plain(access.role)}" if access.role else ""
    return f"[{_LEVELS[access.level]}]{access.level}{role}[/]"


def _object(item: PlannedOperation) -> str:
    """`update Order by path id, of Customer by path customer_id; owner in customer_id`"""
    words = [item.action if item.resource is None else f"{item.action} {item.resource}"]
    if item.identifiers:
        *parents, last = item.identifiers
        words.append(
            f"by {last.location} {last.name}" + ("" if last.resource == item.resource else f" ({last.resource})")
        )
        words.extend(f"in {parent.resource} by {parent.location} {parent.name}" for parent in reversed(parents))
    text = ", ".join(words)
    return f"{text}; owner in `{item.owner_field}`" if item.owner_field else text


def _fields(fields: Iterable[PlannedField]) -> str:
    """The fields by reason, the sure ones first; guesses, which are alike everywhere, cut short."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for field in fields:
        by_reason.setdefault((field.reason, field.confidence), []).append(field.name)
    lines = []
    for (reason, confidence), names in by_reason.items():
        shown = names[:MAX_GUESSES] if reason == _GUESSED else names
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        lines.append(f"{plain(', '.join(shown))}{more} [dim]({confidence}: {plain(reason)})[/]")
    return "\n".join(lines)


def _missing(item: PlannedOperation) -> dict[str, list[str]]:
    """The reasons why rules would not run, each with its rules."""
    found: dict[str, list[str]] = {}
    for probe in item.probes:
        if probe.reason is not None:
            found.setdefault(probe.reason, []).append(probe.rule)
    return found


def _explain_access(rows: Table, item: PlannedOperation) -> None:
    access = item.access
    rows.add_row("access", f"{_level(access)}: {plain(access.statement)}")
    rows.add_row("", f"[dim]{access.confidence}, since {plain(access.reason)}[/]")
    rows.add_row("", f"[dim]{plain(access.source)}[/]")
    for index, other in enumerate(item.considered):
        rows.add_row(
            "also seen" if index == 0 else "",
            f"{_level(other)} [dim]({other.confidence}): {plain(other.reason)}\n{plain(other.source)}[/]",
        )


def _explain_fields(rows: Table, title: str, fields: tuple[PlannedField, ...]) -> None:
    for index, field in enumerate(fields):
        rows.add_row(
            title if index == 0 else "",
            f"{plain(field.statement)} [dim]({field.confidence}, since {plain(field.why)})\n{plain(field.source)}[/]",
        )


def _print_summary(plan: PlanReport, console: Console) -> None:
    levels = Counter(item.access.level for item in plan.operations)
    named = ", ".join(f"{levels[level]} {level}" for level in _LEVELS if levels[level])
    probes = sum(1 for item in plan.operations for probe in item.probes if probe.runs)
    shown = len(plan.operations)
    of = f" of {plan.total}" if shown != plan.total else ""
    console.print(
        f"[bold]{shown}{of} operation{'' if plan.total == 1 else 's'}[/]: {named or 'none'}; "
        f"{probes} probes would run; no request was sent"
    )
