"""One measurement in a process of its own, so that peak memory is its own: `python child.py KIND FILE`.

Prints JSON. Imports are done before the clock starts, and are in `idle_mb`. The time is the processor's: everything here is
one thread, and a busy machine makes the clock on the wall go faster for whoever happens to wait.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

MEMORY_GB = 8  # a document that needs more is reported as such, instead of taking the machine down


def contract(file: Path) -> int:
    """What specfuzz reads out of a document by itself."""
    from specfuzz.contract import derive, parse

    return len(derive(parse(file.read_text(encoding="utf-8"), "document")).operations)


def plan(file: Path, *, use_cache: bool = False) -> int:
    """All that `specfuzz run` does before its first request: the contract with Schemathesis' links, and the plan."""
    from specfuzz.cli.target import load_contract
    from specfuzz.engine.plan import plan as make_plan

    found = load_contract(str(file), use_cache=use_cache)
    make_plan(found)
    return len(found.operations)


def again(file: Path) -> int:
    """The same of a document that was read before and is unchanged."""
    return plan(file, use_cache=True)


def schemathesis(file: Path) -> int:
    """Schemathesis' own load and dependency analysis."""
    from schemathesis.openapi import from_file
    from schemathesis.specs.openapi.stateful.dependencies import analyze

    loaded = from_file(file.read_text(encoding="utf-8"))
    graph = analyze(loaded)
    list(graph.iter_links())
    return len(graph.operations)


KINDS: dict[str, Callable[[Path], int]] = {
    "contract": contract, "plan": plan, "again": again, "schemathesis": schemathesis
}  # fmt: skip


def peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main(kind: str, file: str) -> None:
    with contextlib.suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB << 30, MEMORY_GB << 30))
    small = '{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {"responses": {}}}}}'
    with tempfile.TemporaryDirectory(prefix="specfuzz-speed-") as scratch:
        first = Path(scratch) / "small.json"
        first.write_text(small, encoding="utf-8")
        KINDS[kind](first)  # imports
    idle = peak_mb()
    started = time.process_time()
    try:
        operations = KINDS[kind](Path(file))
    except MemoryError:
        print(json.dumps({"error": f"over {MEMORY_GB} GB"}))
        return
    seconds = time.process_time() - started
    print(json.dumps({"operations": operations, "seconds": seconds, "peak_mb": peak_mb(), "idle_mb": idle}))


if __name__ == "__main__":
    main(*sys.argv[1:])
