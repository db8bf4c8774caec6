"""Where reports go: the terminal, files, a live progress bar where somebody watches."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from specfuzz.engine.events import Listener
    from specfuzz.findings import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report that was asked for: its format, and the file for it; None for the terminal."""

    format: str
    path: Path | None = None


def wanted_reports(formats: tuple[str, ...], output: Path | None) -> tuple[Wanted, ...]:
    """What `--format NAME`, `--format NAME:FILE` and `--output FILE` ask for together. Raises `UsageError`."""
    wanted = [_wanted(text) for text in formats]
    open_ones = [item for item in wanted if item.path is None]
    if output is not None:
        if len(open_ones) > 1:
            names = " and ".join(item.format for item in open_ones)
            raise UsageError(f"--output is one file, and {names} want one each", hint="say --format NAME:FILE for each")
        wanted = [item for item in wanted if item.path is not None]
        wanted.append(Wanted(format=open_ones[0].format if open_ones else "console", path=output))
    elif sum(1 for item in open_ones if item.format != "console") > 1:
        raise UsageError("only one report can go to the terminal", hint="say --format NAME:FILE for the others")
    files = [item.path.resolve() for item in wanted if item.path is not None]
    for file in files:
        if files.count(file) > 1:
            raise UsageError(f"two reports cannot go into one file: {file.name}", hint="give each a file of its own")
    for item in wanted:
        if item.path is not None:
            check_writable(item.path)
    return tuple(wanted)


def _wanted(text: str) -> Wanted:
    from specfuzz.reports import FORMATS

    name, separator, file = text.partition(":")
    if name.lower() not in FORMATS:
        near = difflib.get_close_matches(name.lower(), FORMATS, n=1, cutoff=0.5)
        known = ", ".join(FORMATS)
        raise UsageError(
            f"unknown format {name!r}", hint=f"did you mean {near[0]}? (one of {known})" if near else f"one of {known}"
        )
    if separator and not file:
        raise UsageError(f"--format {text} names no file", hint=f"for example: --format {name}:report.{name}")
    return Wanted(format=name.lower(), path=Path(file) if file else None)


def deliver(result: Result, wanted: tuple[Wanted, ...], *, quiet: bool = False, verbose: bool = False) -> None:
    """Write every report that was asked for. The terminal gets the console's, unless another report goes there itself.

    A report that cannot be written does not keep the others from it: the first failure is raised at the end.
    """
    from specfuzz.reports import console, render

    failed: list[UsageError] = []
    for item in sorted(wanted, key=lambda item: item.format != "json"):  # first the one that makes all others
        if item.path is not None:
            verbosely = item.format == "console" and verbose
            text = console.render(result, verbose=True) if verbosely else render(item.format, result)
            try:
                write_report(item.path, text)
            except UsageError as error:
                failed.append(error)
    inline = next((item for item in wanted if item.path is None and item.format != "console"), None)
    if inline is not None:
        print(render(inline.format, result), end="")
    else:
        console.print_result(result, make_console(), verbose=verbose, quiet=quiet)
        if not quiet:
            for item in wanted:
                if item.path is not None:
                    make_console().print(f"{item.format} report written to {item.path}", markup=False, soft_wrap=True)
    if failed:
        raise failed[0]


def check_writable(path: Path) -> None:
    """Find out before the run, not after it, that a report cannot be written. Raises `UsageError`."""
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"cannot write the report: {path} is a directory", hint="give a file name with --output")
    if not folder.is_dir():
        raise UsageError(
            f"cannot write the report: there is no directory {folder}", hint=f"make it first: mkdir -p {folder}"
        )
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"cannot write the report: {path} is not writable", hint="choose another place with --output")


def make_console(*, to_stderr: bool = False) -> Console:
    """A console that honours NO_COLOR, and that no terminal's width squeezes when nobody looks at one."""
    from rich.console import Console

    stream = sys.stderr if to_stderr else sys.stdout
    plain = bool(os.environ.get("NO_COLOR") or os.environ.get("CI"))
    width = None if stream.isatty() else 120
    return Console(file=stream, no_color=plain, highlight=False, width=width, soft_wrap=False)


def write_report(path: Path, text: str) -> None:
    """Write a report whole or not at all: a reader never sees half of one. Raises `UsageError`."""
    target = path.resolve()  # a link stays a link
    temporary = target.with_name(f".{target.name}.part")
    try:
        if target.exists() and not target.is_file():  # /dev/stdout, a named pipe: replacing it would destroy it
            target.write_text(text, encoding="utf-8")
            return
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write the report to {path}: {error.strerror}") from error


@contextmanager
def progress(*, quiet: bool) -> Iterator[Listener]:
    """A listener that draws a live bar on a terminal, and says only what matters elsewhere."""
    from specfuzz.engine import events

    console = make_console(to_stderr=True)
    if quiet:
        yield events.ignore
        return
    if not console.is_terminal or os.environ.get("CI") or os.environ.get("NO_COLOR"):
        yield lambda event: _say(event, console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("setting up", total=None)

        def listen(event: events.Event) -> None:
            if isinstance(event, events.Planned):
                bar.update(task, total=event.cases, description="attacking")
            elif isinstance(event, events.Decided):
                bar.update(task, advance=1, description=f"{event.rule} {event.label}"[:60])
            else:
                bar.console.print(f"[dim]{_escaped(event.text)}[/]")

        yield listen


def _say(event: object, console: Console) -> None:
    from specfuzz.engine import events

    if isinstance(event, events.Noted):
        console.print(f"[dim]{_escaped(event.text)}[/]")


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
