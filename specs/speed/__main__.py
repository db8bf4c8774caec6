"""Measure specfuzz's speed: `python -m specs.speed`. Every measurement has a time limit, so this ends.

Exit codes: 0 measured (what could not be is said in the report); 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from specs.runner.measure import ALL_OFF, Job, Measured, measure
from specs.runner.serve import ServeError
from specs.runner.truth import load
from specs.speed import engine, planning, report
from specs.speed.documents import SOURCES, Unavailable, fetch, write_growth

SPECS = Path(__file__).parents[1]
PARTS: Final = ("plan", "engine", "runs", "growth")
SIZES = (50, 100, 200, 400)

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    measured = {
        "plan": lambda: report.planning(_documents(options.cache, options.limit)),
        "engine": lambda: report.engine(_limited(engine.pace, options.limit), _limited(engine.waiting, options.limit)),
        "runs": lambda: report.whole(_runs(options.limit)),
        "growth": lambda: report.growth(_growth(options.limit)),
    }
    parts = [report.INTRO]
    try:
        for part in options.part or PARTS:
            print(f"measuring: {part}", file=sys.stderr, flush=True)
            parts.append(measured[part]())
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    print(text)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m specs.speed", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    cache = Path(".specfuzz/speed")
    parser.add_argument("--cache", type=Path, default=cache, metavar="DIR", help=f"downloads (default: {cache})")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there, too")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part (repeatable)")
    parser.add_argument("--limit", type=float, default=120.0, metavar="SECONDS", help="per measurement (default: 120)")
    return parser


def _documents(cache: Path, limit_s: float) -> dict[str, dict[str, planning.Planned] | str]:
    found: dict[str, dict[str, planning.Planned] | str] = {}
    for source in SOURCES:
        try:
            file = fetch(source, cache)
        except Unavailable as error:
            found[source.name] = f"not measured: {error}"
            continue
        print(f"  {source.name}", file=sys.stderr, flush=True)
        found[source.name] = planning.measure(file, limit_s)
    return found


def _growth(limit_s: float) -> dict[int, dict[str, planning.Planned]]:
    with tempfile.TemporaryDirectory(prefix="specfuzz-speed-") as scratch:
        files = write_growth(SPECS / "bank", SIZES, Path(scratch))
        return {size: planning.measure(file, limit_s) for size, file in files.items()}


def _limited(what: Any, limit_s: float) -> Any:
    """What the measurement gives; a text if it did not end in time or its server did not start."""
    with tempfile.TemporaryDirectory(prefix="specfuzz-speed-") as scratch:
        try:
            return asyncio.run(_within(what(Path(scratch)), limit_s))
        except TimeoutError:
            return f"over {limit_s:.0f} s"
        except ServeError as error:
            return str(error)


async def _within(work: Coroutine[Any, Any, T], limit_s: float) -> T:
    return await asyncio.wait_for(work, limit_s)


def _runs(limit_s: float) -> list[Measured]:
    async def each() -> list[Measured]:
        truths = [load(file.parent) for file in sorted(SPECS.glob("*/truth.toml"))]
        return [await measure(Job(truth=truth, name=ALL_OFF, seed=0), limit_s=limit_s) for truth in truths]

    return asyncio.run(each())


if __name__ == "__main__":
    sys.exit(main())
