"""Reads one document after the other in a process of its own, so that a hang or a crash costs one document and no more.

The parent sends paths and receives `Outcome`s. What the worker does is what `specfuzz run` does before its first request.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

MEMORY_GB = 8  # a document that needs more is reported as such, instead of taking the machine down


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one document: a contract, one line why there is none, or a defect of ours."""

    name: str
    operations: int = 0
    unreadable: tuple[str, ...] = ()
    resources: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    size_mb: float = 0.0
    refused: str | None = None
    defect: str | None = None

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())


class Worker:
    """A process that reads documents; one that takes too long or dies is replaced."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def read(self, name: str, file: Path) -> Outcome:
        self._ours.send((name, str(file)))
        try:
            if self._ours.poll(self.limit_s):
                outcome: Outcome = self._ours.recv()
                return outcome
            defect = f"over {self.limit_s:.0f} s"
        except EOFError:
            self._process.join()
            defect = f"the process died with exit code {self._process.exitcode}"
        self.close()
        self._start()
        return Outcome(name=name, size_mb=_size_mb(file), defect=defect)

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._ours.close()


def serve(connection: Connection) -> None:
    """The worker's loop; ends when the parent does."""
    with contextlib.suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB << 30, MEMORY_GB << 30))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            name, file = connection.recv()
            connection.send(examine(name, Path(file)))


def examine(name: str, file: Path) -> Outcome:
    """Everything that happens before a run's first request, timed step by step."""
    from specfuzz.cli.errors import UsageError
    from specfuzz.cli.target import read_spec
    from specfuzz.contract import DocumentError, derive, parse
    from specfuzz.engine.plan import plan
    from specfuzz.generation import infer_links

    seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(step: str):  # type: ignore[no-untyped-def]
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds[step] = time.perf_counter() - started

    try:
        with timed("read"):
            document = parse(read_spec(str(file)), name)
        with timed("links"):
            links = infer_links(document)
        with timed("derive"):
            contract = derive(document, links)
        with timed("plan"):
            plan(contract)
    except (DocumentError, UsageError) as error:
        return Outcome(name=name, seconds=seconds, size_mb=_size_mb(file), refused=str(error))
    except MemoryError:
        return Outcome(name=name, seconds=seconds, size_mb=_size_mb(file), defect=f"over {MEMORY_GB} GB")
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        defect = f"{type(error).__name__} at {where}: {str(error)[:200]}"
        return Outcome(name=name, seconds=seconds, size_mb=_size_mb(file), defect=defect)
    return Outcome(
        name=name,
        operations=len(contract.operations),
        unreadable=tuple(f"{item.label}: {item.reason}" for item in document.unreadable),
        resources=len(contract.resources),
        seconds=seconds,
        size_mb=_size_mb(file),
    )


def _size_mb(file: Path) -> float:
    try:
        return file.stat().st_size / 1e6
    except OSError:
        return 0.0
