"""Score specfuzz against APIs whose truth is known: `python -m specs.run PATH ...`.

PATH is a folder with a `truth.toml`, inside this repository or not, or a folder of such folders.
Exit codes: 0 measured, and nothing to complain about; 1 a run failed, or (quick) a secure twin was accused or recall fell
below the committed board; 2 wrong usage or an unusable truth; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from specs.runner.board import render
from specs.runner.committed import complaints, failures, read, to_document
from specs.runner.measure import ALL_OFF, Job, Measured, jobs_for, measure_all
from specs.runner.truth import Truth, TruthError, load

COMMITTED = Path(__file__).with_name("scoreboard.json")


class UsageError(Exception):
    """A command line that cannot be carried out."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        jobs = _jobs(options)
        committed = read(options.against)
        if options.reports is not None:
            options.reports.mkdir(parents=True, exist_ok=True)
        runs = asyncio.run(_measure(jobs, options))
    except (UsageError, TruthError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    _write(runs, options)
    wrong = failures(runs)
    if options.mode == "quick":  # a full run is there to measure, and writes what it finds
        wrong += complaints(runs, committed)
    for complaint in wrong:
        print(f"FAILED {complaint}", file=sys.stderr)
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m specs.run", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="an API's folder, or a folder of them")
    parser.add_argument("--seeds", default="0,1,2,3,4", metavar="N,N", help="default: 0,1,2,3,4; quick takes the first")
    parser.add_argument("--mode", choices=("full", "quick"), default="full", help="quick: all on and all off only")
    parser.add_argument(
        "--switch", action="append", default=[], metavar="NAME", help="only this switch alone (repeatable)"
    )
    parser.add_argument("--board", type=Path, metavar="FILE", help="write the board as Markdown there, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the board for machines there")
    parser.add_argument(
        "--against", type=Path, default=COMMITTED, metavar="FILE", help="the board that quick compares with"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="runs at a time (default: 2)")
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="SECONDS", help="for one run (default: 300)")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="keep every run's report and logs there")
    return parser


def _jobs(options: argparse.Namespace) -> list[Job]:
    try:
        seeds = [int(part) for part in options.seeds.split(",")]
    except ValueError:
        raise UsageError(f"--seeds is {options.seeds!r}, not numbers with commas between") from None
    if options.jobs < 1 or options.time_limit <= 0:
        raise UsageError("--jobs and --time-limit are more than nothing")
    truths = _truths(options.paths)
    for name in options.switch:
        if not any(name in truth.switches for truth in truths):
            raise UsageError(f"none of {', '.join(truth.name for truth in truths)} has a switch {name!r}")
    quick = options.mode == "quick"
    return jobs_for(truths, seeds[:1] if quick else seeds, quick=quick, switches=options.switch)


def _truths(paths: Sequence[Path]) -> list[Truth]:
    found: dict[str, Truth] = {}
    for path in paths:
        inside = [] if (path / "truth.toml").is_file() else sorted(file.parent for file in path.glob("*/truth.toml"))
        for folder in inside or [path]:
            truth = load(folder.resolve())
            if truth.name in found and found[truth.name].folder != truth.folder:
                raise UsageError(f"two APIs are called {truth.name!r}")
            found[truth.name] = truth
    return [found[name] for name in sorted(found)]


async def _measure(jobs: Sequence[Job], options: argparse.Namespace) -> list[Measured]:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    runs: list[Measured] = []
    measured = measure_all(jobs, at_once=options.jobs, limit_s=options.time_limit, keep=options.reports)
    try:
        async with contextlib.aclosing(measured):
            async for run in measured:
                runs.append(run)
                print(f"[{len(runs)}/{len(jobs)}] {_line(run)}", file=sys.stderr, flush=True)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    order = {id(job): place for place, job in enumerate(jobs)}
    return sorted(runs, key=lambda run: order[id(run.job)])


def _line(run: Measured) -> str:
    if run.report.failure is not None:
        return f"{run.job.title}: FAILED: {run.report.failure}"
    found = "" if run.job.name == ALL_OFF else f"found {len(run.judgement.found)} of {run.judgement.wanted}, "
    alarms = f"{len(run.judgement.alarms)} false alarms"
    return f"{run.job.title}: {found}{alarms}, {run.report.requests} requests, {run.seconds:.0f} s"


def _write(runs: Sequence[Measured], options: argparse.Namespace) -> None:
    board = render(runs)
    print(board)
    if options.board is not None:
        options.board.write_text(board, encoding="utf-8")
    if options.json is not None:
        options.json.write_text(json.dumps(to_document(runs), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
