"""`specfuzz replay`: run the proof of a finding again, whole, with fresh resources: is it still broken?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specfuzz.cli.errors import FINDINGS, INTERRUPTED, UNTESTED, UsageError, guarded

if TYPE_CHECKING:
    from specfuzz.findings import Finding, Result

_STATES = {"broken": "bold red", "repaired": "green", "undecided": "yellow"}


def replay_command(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report that a run wrote with --format json.")],
    fingerprint: Annotated[
        list[str] | None, typer.Argument(metavar="[FINGERPRINT]...", help="Which findings; all without one.")
    ] = None,
    spec: Annotated[
        str | None, typer.Option(metavar="SPEC", help="The document, if it is elsewhere than the report says.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Base URL, if it is another than in the report.", envvar="SPECFUZZ_URL"),
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The auth file of the run.", envvar="SPECFUZZ_AUTH")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Another seed than the report's.")] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, help="Time until a request counts as unanswered.")
    ] = 10.0,
    insecure_tls: Annotated[bool, typer.Option("--insecure-tls", help="Accept any TLS certificate.")] = False,
    format: Annotated[
        list[str] | None, typer.Option(metavar="NAME:FILE", help="Also write a report of it (repeatable).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdicts only.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Run the proof of a finding again with fresh resources, and say whether it is still broken."""

    def command() -> int:
        from specfuzz.cli.baseline import chosen
        from specfuzz.cli.output import wanted_reports, write_report
        from specfuzz.cli.report import load_report
        from specfuzz.cli.run import RunOptions, test
        from specfuzz.reports import render

        wanted = wanted_reports(tuple(format or ()), None)
        if any(item.path is None for item in wanted):
            raise UsageError("a report of a replay goes into a file", hint="for example: --format json:replay.json")
        before = load_report(report)
        findings = chosen(before, fingerprint or [])
        if not findings:
            print("the report has no finding to replay")
            return 0
        result = test(
            RunOptions(
                spec=spec or before.spec,
                url=url or before.url,
                auth=auth,
                seed=before.seed if seed is None else seed,
                cases=cases_of(findings, before),
                include_dangerous=True,
                timeout_s=timeout,
                verify_tls=not insecure_tls,
                quiet=quiet,
                debug=debug,
            ),
            record=any(item.format == "har" for item in wanted),
        )
        for item in wanted:
            if item.path is not None:
                write_report(item.path, render(item.format, result))
        return _tell(findings, result, before)

    guarded(command, debug=debug)


def origins(finding: Finding, before: Result) -> set[tuple[str, str]]:
    """The cases (operation, rule) in which a finding shows, as far as its report tells.

    It may have been noticed by another rule's case, or stand at another operation than the one that was tried: the case's
    reason names it then.
    """
    own = (finding.operation.label, finding.rule)
    broken = {
        (row.operation.label, row.rule)
        for row in before.coverage
        if row.verdict == "broken" and finding.title in (row.reason or "")
    }
    return {own} if own in broken or not broken else broken


def cases_of(findings: tuple[Finding, ...], before: Result) -> tuple[tuple[str, str], ...]:
    """Which rules to try at which operations so that these findings can show again."""
    from specfuzz.probes.registry import attack, probes

    pairs = set[tuple[str, str]]()
    for finding in findings:
        pairs |= origins(finding, before)
        if finding.rule in probes() and attack(finding.rule) is None:  # it only looks: others have to send something
            pairs |= {
                (row.operation.label, row.rule)
                for row in before.coverage
                if row.operation == finding.operation and row.verdict != "not-run"
            }
    return tuple(sorted(pairs))


def _tell(findings: tuple[Finding, ...], result: Result, before: Result) -> int:
    from specfuzz.cli.output import make_console
    from specfuzz.reports.console import plain

    console = make_console()
    for problem in result.problems:
        console.print(f"[bold red]not tested[/]  {plain(problem)}")
    states = []
    for finding in findings:
        state, why = state_of(finding, result, origins(finding, before))
        states.append(state)
        label = f"{finding.rule} {finding.operation.label}" + (f" {finding.field}" if finding.field else "")
        shown = "still broken" if state == "broken" else state
        console.print(f"[{_STATES[state]}]{shown:<12}[/]  {finding.fingerprint}  {plain(label)}  [dim]{plain(why)}[/]")
    if result.interrupted:
        return INTERRUPTED
    if "broken" in states:
        return FINDINGS
    return UNTESTED if "undecided" in states or result.problems else 0


def state_of(finding: Finding, result: Result, cases: set[tuple[str, str]]) -> tuple[str, str]:
    """`broken`, `repaired` or `undecided`, and what says so."""
    again = next((item for item in result.findings if item.fingerprint == finding.fingerprint), None)
    if again is not None:
        return "broken", again.title
    rows = [row for row in result.coverage if (row.operation.label, row.rule) in cases]
    if not rows:
        return "undecided", "the document no longer has this operation"
    open_ones = [row for row in rows if row.verdict not in ("held", "broken")]
    if open_ones:
        return "undecided", open_ones[0].reason or open_ones[0].verdict
    return "repaired", rows[0].reason or "the promise is kept now"
