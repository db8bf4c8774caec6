"""`specfuzz baseline`: accept the findings of a report in a file that is reviewed and kept beside the code."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specfuzz.cli.errors import UsageError, guarded

if TYPE_CHECKING:
    from specfuzz.findings import Finding, Result
    from specfuzz.findings.baseline import Accepted

DEFAULT_FILE = Path("specfuzz-baseline.toml")


def today() -> date:
    """The day that expiry dates are held against, where the command runs."""
    return datetime.now().astimezone().date()


def read_baseline(path: Path) -> tuple[Accepted, ...]:
    """The entries of a baseline file. Raises `UsageError`."""
    from specfuzz.findings.baseline import BaselineError, read

    try:
        return read(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}", hint="`specfuzz baseline REPORT.json` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except BaselineError as error:
        raise UsageError(f"{path} cannot be used: {error}", where=error.where, hint=error.hint) from error


def chosen(result: Result, fingerprints: list[str]) -> tuple[Finding, ...]:
    """The findings of a report with these fingerprints, or with beginnings of them; all without any. Raises `UsageError`."""
    if not fingerprints:
        return result.findings
    found = []
    for wanted in fingerprints:
        matching = [item for item in result.findings if item.fingerprint.startswith(wanted.lower())]
        if len(matching) != 1:
            listed = ", ".join(
                f"{item.fingerprint} ({item.rule} {item.operation.label})" for item in result.findings[:8]
            )
            what = "no finding has" if not matching else f"{len(matching)} findings have"
            raise UsageError(f"{what} the fingerprint {wanted}", hint=f"the report has {listed or 'no finding at all'}")
        found.append(matching[0])
    return tuple(found)


def baseline_command(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report that a run wrote with --format json.")],
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="The baseline: made if it is not there, else added to.")
    ] = DEFAULT_FILE,
    reason: Annotated[
        str,
        typer.Option(metavar="TEXT", help="Why these findings may stay. Without it you write the reasons yourself."),
    ] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day on which they fail again, such as 2030-01-31.")
    ] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option(metavar="HEX", help="Only this finding (repeatable).")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove entries that the report proves to be fixed.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Accept the findings of a report: later runs with --baseline fail on new ones only."""

    def command() -> int:
        return _update(report, output, reason, _date(expires), fingerprint or [], prune=prune)

    guarded(command, debug=debug)


def _update(
    report: Path, output: Path, reason: str, expires: date | None, fingerprints: list[str], *, prune: bool
) -> int:
    from specfuzz.cli.output import write_report
    from specfuzz.cli.report import load_report
    from specfuzz.findings.baseline import add, compare, remove

    result = load_report(report)
    findings = chosen(result, fingerprints)
    text = ""
    if output.exists():
        entries = read_baseline(output)  # says what is wrong with it, with its name
        text = output.read_text(encoding="utf-8-sig")
        compared = compare(result, entries, today(), str(output)).baseline
        fixed = [item for item in compared.gone if item.proven] if compared is not None else []
        for item in fixed:
            print(f"fixed     {item.fingerprint}  {item.label}" + ("" if prune else "  (--prune removes it)"))
        if prune:
            text = remove(text, (item.fingerprint for item in fixed))
    text, new = add(text, findings, reason=reason, expires=expires)
    write_report(output, text)
    for finding in new:
        field = f" {finding.field}" if finding.field else ""
        print(f"accepted  {finding.fingerprint}  {finding.rule} {finding.operation.label}{field}")
    print(f"{len(new)} new, {len(findings) - len(new)} known before: {output}")
    if new and not reason.strip():
        print("Now write a reason for each: a run refuses a baseline that has none.")
    return 0


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UsageError(f"not a date: {text!r}", hint="for example: --expires 2030-01-31") from None
