"""Where reports go: the terminal, files, a live progress bar where somebody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from specfuzz.engine.events import Listener

FORMATS = ("console", "json")


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
