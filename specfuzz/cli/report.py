"""`specfuzz report`: show a saved JSON report in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specfuzz.cli.errors import UsageError, guarded
from specfuzz.reports import FORMATS

if TYPE_CHECKING:
    from specfuzz.findings import Result

FORMAT_NAMES = ", ".join(FORMATS)


def load_report(path: Path) -> Result:
    """The result that a JSON report was made from. Raises `UsageError`."""
    from specfuzz.reports.saved import ReportUnreadable, read_report

    try:
        return read_report(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}", hint="a run writes one with --format json:report.json") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except ReportUnreadable as error:
        raise UsageError(
            f"{path} cannot be used: {error}",
            where=f"{path}{error.where}" if error.where else None,
            hint="this command reads what a run wrote with --format json",
        ) from error


def report_command(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report that a run wrote with --format json.")],
    format: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:FILE]", help=f"What to make of it (repeatable): {FORMAT_NAMES}."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the report goes that names no file.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the summary only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print all evidence.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Show a saved JSON report in another format."""

    def command() -> int:
        from specfuzz.cli.output import deliver, wanted_reports

        wanted = wanted_reports(tuple(format or ()), output)
        deliver(load_report(report), wanted, quiet=quiet, verbose=verbose)
        return 0

    guarded(command, debug=debug)
