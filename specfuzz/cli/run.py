"""`specfuzz run`: test a running API against its document."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.gate import Gate, exit_code, say_why
from specfuzz.cli.output import deliver, progress, wanted_reports
from specfuzz.cli.selection import check_selection

if TYPE_CHECKING:
    from specfuzz.contract import Contract, Policy
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
    formats: tuple[str, ...] = ()
    output: Path | None = None
    baseline: Path | None = None
    rules: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    cases: tuple[tuple[str, str], ...] = ()
    include_dangerous: bool = False
    max_requests: int | None = None
    max_time_s: float | None = None
    rate_per_s: float | None = None
    timeout_s: float = 10.0
    concurrency: int = 8
    verify_tls: bool = True
    use_cache: bool = True
    gate: Gate = field(default_factory=Gate)
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    policy: Policy | None = None


def run(options: RunOptions) -> int:
    """Run and report; returns the exit code. Raises what `cli.errors` knows."""
    from specfuzz.cli.baseline import read_baseline, today

    wanted = wanted_reports(options.formats, options.output)
    accepted = read_baseline(options.baseline) if options.baseline is not None else None
    result = test(options, record=any(item.format == "har" for item in wanted))
    if accepted is not None:
        from specfuzz.findings.baseline import compare

        result = compare(result, accepted, today(), str(options.baseline))
    deliver(result, wanted, quiet=options.quiet, verbose=options.verbose)
    say_why(result, options.gate)
    return exit_code(result, options.gate)


def test(options: RunOptions, *, record: bool = False) -> Result:
    """Test the target and return the result; `record` keeps every exchange in it."""
    from specfuzz.cli.target import base_url, load_contract
    from specfuzz.engine.events import Noted
    from specfuzz.generation import is_too_large_to_analyse
    from specfuzz.identities import read_auth_file

    identities = read_auth_file(options.auth) if options.auth is not None else ()
    contract = load_contract(
        options.spec, verify=options.verify_tls, policy=options.policy, use_cache=options.use_cache
    )
    url, note = base_url(contract.document, options.spec, options.url)
    check_selection(contract, rules=options.rules, operations=options.operations, tags=options.tags)
    with progress(quiet=options.quiet) as listener:
        if note is not None:
            listener(Noted(text=note))
        if is_too_large_to_analyse(contract.document):
            listener(Noted(text="a very large document: its operations are connected by names and declared links only"))
        started = datetime.now(UTC)
        result = asyncio.run(_execute(options, contract, url, identities, listener, record))
        result = _without_ignored(result, contract, listener)
    return replace(result, started_at=started.isoformat(timespec="milliseconds"))


async def _execute(
    options: RunOptions,
    contract: Contract,
    url: str,
    identities: tuple[Identity, ...],
    listener: Listener,
    record: bool,
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
        cases=options.cases,
    )
    async with AsyncDriver(
        url, limits=limits, timeout_s=options.timeout_s, verify=options.verify_tls, also=also
    ) as driver:
        engine = Run(
            contract,
            driver,
            Options(
                seed=options.seed,
                identities=identities,
                selection=selection,
                concurrency=options.concurrency,
                record=record,
            ),
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


def _without_ignored(result: Result, contract: Contract, listener: Listener) -> Result:
    """The result without what the policy accepts; what was left out, and what no longer is, is said."""
    from specfuzz.cli.baseline import today
    from specfuzz.engine.events import Noted
    from specfuzz.findings import without_ignored

    kept = without_ignored(result, contract, today())
    for note in kept.notes[len(result.notes) :]:
        listener(Noted(text=note))
    return kept
