"""One measurement in a process of its own, so that peak memory is its own: `python child.py KIND FILE`.

Prints JSON. Imports are done before the clock starts, and are in `idle_mb`; reading the file is not timed, either.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

MEMORY_GB = 8  # a document that needs more is reported as such, instead of taking the machine down


def contract(text: str) -> int:
    """What specfuzz reads out of a document by itself."""
    from specfuzz.contract import derive, parse

    return len(derive(parse(text, "document")).operations)


def plan(text: str) -> int:
    """All that `specfuzz run` does before its first request: the contract with Schemathesis' links, and the plan."""
    from specfuzz.contract import derive, parse
    from specfuzz.engine.plan import plan as make_plan
    from specfuzz.generation import infer_links

    document = parse(text, "document")
    found = derive(document, infer_links(document))
    make_plan(found)
    return len(found.operations)


def schemathesis(text: str) -> int:
    """Schemathesis' own load and dependency analysis."""
    from schemathesis.openapi import from_file
    from schemathesis.specs.openapi.stateful.dependencies import analyze

    loaded = from_file(text)
    graph = analyze(loaded)
    list(graph.iter_links())
    return len(graph.operations)


KINDS: dict[str, Callable[[str], int]] = {"contract": contract, "plan": plan, "schemathesis": schemathesis}


def peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main(kind: str, file: str) -> None:
    with contextlib.suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB << 30, MEMORY_GB << 30))
    small = '{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {"responses": {}}}}}'
    KINDS[kind](small)  # imports
    idle = peak_mb()
    text = Path(file).read_text(encoding="utf-8")
    started = time.perf_counter()
    try:
        operations = KINDS[kind](text)
    except MemoryError:
        print(json.dumps({"error": f"over {MEMORY_GB} GB"}))
        return
    seconds = time.perf_counter() - started
    print(json.dumps({"operations": operations, "seconds": seconds, "peak_mb": peak_mb(), "idle_mb": idle}))


if __name__ == "__main__":
    main(*sys.argv[1:])
