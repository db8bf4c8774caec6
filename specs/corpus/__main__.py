"""Derive a contract for every document of the corpus: `python -m specs.corpus`.

Exit codes: 0 each document gave a contract or one clear line why not; 1 a crash, a hang or a process that died;
2 wrong usage or no documents; 130 interrupted.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from specs.corpus.packages import unpack
from specs.corpus.report import render
from specs.corpus.worker import Outcome, Worker
from specs.speed.documents import Unavailable


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        documents = _named(options.file) if options.file else unpack(options.cache)
    except Unavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    chosen = {name: file for name, file in documents.items() if fnmatch.fnmatch(name, options.only)}
    if not chosen:
        print(f"error: no document is called {options.only}", file=sys.stderr)
        return 2
    outcomes: list[Outcome] = []
    try:
        for outcome in examine_all(chosen, workers=options.workers, limit_s=options.limit):
            outcomes.append(outcome)
            if outcome.defect is not None:
                print(f"{outcome.name}: {outcome.defect}", file=sys.stderr, flush=True)
            if len(outcomes) % 250 == 0:
                print(f"  {len(outcomes)} of {len(chosen)}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    text = render(outcomes)
    print(text)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 1 if any(outcome.defect for outcome in outcomes) else 0


def _named(files: Sequence[Path]) -> dict[str, Path]:
    return {str(file): file for file in files}


def examine_all(documents: dict[str, Path], *, workers: int, limit_s: float) -> Iterator[Outcome]:
    """Outcomes as they come, from as many processes as asked for."""
    waiting: SimpleQueue[tuple[str, Path]] = SimpleQueue()
    done: SimpleQueue[Outcome] = SimpleQueue()
    for entry in documents.items():
        waiting.put(entry)

    def work() -> None:
        worker = Worker(limit_s)
        try:
            while True:
                done.put(worker.read(*waiting.get_nowait()))
        except Empty:
            worker.close()

    for _ in range(min(workers, len(documents))):
        threading.Thread(target=work, daemon=True).start()
    for _ in documents:
        yield done.get()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m specs.corpus", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    cache = Path(".specfuzz/speed")
    parser.add_argument("file", type=Path, nargs="*", help="these documents instead of the corpus")
    parser.add_argument("--cache", type=Path, default=cache, metavar="DIR", help=f"downloads (default: {cache})")
    parser.add_argument("--only", default="*", metavar="GLOB", help="documents whose name matches")
    parser.add_argument("--limit", type=float, default=120.0, metavar="SECONDS", help="per document (default: 120)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
