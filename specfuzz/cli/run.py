"""`specfuzz run`: test a running API against its document."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.errors import FINDINGS, INTERRUPTED, UNTESTED, UsageError
from specfuzz.cli.output import FORMATS, check_writable, make_console, progress, write_report

if TYPE_CHECKING:
    from specfuzz.contract import Contract
    from specfuzz.engine.events import Listener
    from specfuzz.findings import Result
    from specfuzz.identities import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The command line of `specfuzz run`, parsed."""

    spec: str
    url: str | None = None
    auth: Path | None = None
    seed: int = 0
    format: str = "console"
    output: Path | None = None
    rules: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    include_dangerous: bool = False
    max_requests: int | None = None
    max_time_s: float | None = None
    rate_per_s: float | None = None
    timeout_s: float = 10.0
    concurrency: int = 8
    verify_tls: bool = True
    use_cache: bool = True
    fail_on: str = "low"
    min_confidence: str = "firm"
    min_coverage: int = 0
    quiet: bool = False
    verbose: bool = False
    debug: bool = False


def run(options: RunOptions) -> int:
    """Run and report; returns the exit code. Raises what `cli.errors` knows."""
    from specfuzz.cli.target import base_url, load_contract
    from specfuzz.engine.events import Noted
    from specfuzz.generation import is_too_large_to_analyse
    from specfuzz.identities import read_auth_file

    if options.format not in FORMATS:
        raise UsageError(f"unknown format {options.format!r}", hint=f"one of {', '.join(FORMATS)}")
    if options.output is not None:
        check_writable(options.output)
    identities = read_auth_file(options.auth) if options.auth is not None else ()
    contract = load_contract(options.spec, verify=options.verify_tls, use_cache=options.use_cache)
    url, note = base_url(contract.document, options.spec, options.url)
    _check_selection(options, contract)
    with progress(quiet=options.quiet) as listener:
        if note is not None:
            listener(Noted(text=note))
        if is_too_large_to_analyse(contract.document):
            listener(Noted(text="a very large document: its operations are connected by names and declared links only"))
        result = asyncio.run(_execute(options, contract, url, identities, listener))
    report(result, options)
    return exit_code(result, options)


async def _execute(
    options: RunOptions, contract: Contract, url: str, identities: tuple[Identity, ...], listener: Listener
) -> Result:
    from specfuzz.engine import Options, Run, Selection
    from specfuzz.http.driver import AsyncDriver
    from specfuzz.http.fence import origin_of
    from specfuzz.http.limits import Limits

    limits = Limits(max_requests=options.max_requests, max_time_s=options.max_time_s, rate_per_s=options.rate_per_s)
    also = frozenset(
        origin_of(identity.login.path)
        for identity in identities
        if identity.login is not None and identity.login.path.startswith(("http://", "https://"))
    )
    selection = Selection(
        rules=options.rules,
        operations=options.operations,
        tags=options.tags,
        include_dangerous=options.include_dangerous,
    )
    async with AsyncDriver(
        url, limits=limits, timeout_s=options.timeout_s, verify=options.verify_tls, also=also
    ) as driver:
        engine = Run(
            contract,
            driver,
            Options(seed=options.seed, identities=identities, selection=selection, concurrency=options.concurrency),
            listener,
        )
        task = asyncio.ensure_future(engine.execute())
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            """The first signal lets what is under way finish; the second does not."""
            if engine.interrupted:
                task.cancel()
            engine.interrupt()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupt)
        try:
            return await task
        finally:
            for defect in engine.defects if options.debug else ():
                print(defect, file=sys.stderr)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _check_selection(options: RunOptions, contract: Contract) -> None:
    """A selection that matches nothing is a mistake, and the nearest candidates are said."""
    import difflib

    from specfuzz.probes.registry import probes

    known_rules = set(probes())
    labels = {item.label for item in contract.operations}
    ids = {item.operation.operation_id for item in contract.operations if item.operation.operation_id}
    tags = {tag for item in contract.operations for tag in item.operation.tags}
    for what, given, known in (
        ("rule", options.rules, known_rules),
        ("operation", options.operations, labels | ids),
        ("tag", options.tags, tags),
    ):
        for value in given:
            if value not in known:
                near = difflib.get_close_matches(value, sorted(known), n=3, cutoff=0.3)
                if what == "rule":  # by its name instead of its id
                    names = {probe.RULE.name: rule for rule, probe in probes().items()}
                    near = [names[name] for name in difflib.get_close_matches(value.lower(), names, n=1)] or near
                raise UsageError(
                    f"no {what} {value!r}",
                    hint=f"did you mean {' or '.join(near)}?" if near else f"there is no such {what}",
                )


def report(result: Result, options: RunOptions) -> None:
    """Write the report that was asked for; the console summary is printed unless the report itself goes there."""
    from specfuzz.reports import console, json_report

    if options.format == "json":
        text = json_report.render(result)
        if options.output is None:
            print(text, end="")
            return
        write_report(options.output, text)
    elif options.output is not None:
        from io import StringIO

        from rich.console import Console

        buffer = StringIO()
        console.print_result(result, Console(file=buffer, width=120, highlight=False), verbose=options.verbose)
        write_report(options.output, buffer.getvalue())
    console.print_result(result, make_console(), verbose=options.verbose, quiet=options.quiet)
    if options.output is not None and not options.quiet:
        make_console().print(f"report written to {options.output}")


def exit_code(result: Result, options: RunOptions) -> int:
    """130 interrupted, 3 not testable, 1 findings at or above the thresholds, else 0."""
    from specfuzz.findings.model import CONFIDENCES, SEVERITIES

    if result.interrupted:
        return INTERRUPTED
    tried = [row for row in result.coverage if row.verdict != "not-run"]
    decided = sum(1 for row in tried if row.verdict != "inconclusive")
    percent = 100 * decided / len(tried) if tried else 0.0
    if result.problems or percent < options.min_coverage:
        return UNTESTED
    counted = [
        finding
        for finding in result.findings
        if SEVERITIES.index(finding.severity) <= SEVERITIES.index(options.fail_on)
        and CONFIDENCES.index(finding.confidence) <= CONFIDENCES.index(options.min_confidence)
    ]
    return FINDINGS if counted else 0
