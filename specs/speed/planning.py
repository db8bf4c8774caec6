"""Time and peak memory of planning, each measurement in a process of its own and within a time limit.

The cache of contracts is a folder of its own for each document, filled before the first measurement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KINDS: Final = ("contract", "plan", "again", "schemathesis")
TIMES = 3  # other work on the machine only ever adds time, so the least of them counts
LONG_S = 20.0  # what takes longer is measured once: noise matters less


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One kind of planning of one document. `failure` says why there are no numbers."""

    operations: int = 0
    seconds: float = 0.0
    extra_mb: float = 0.0
    failure: str | None = None


def measure(file: Path, limit_s: float) -> dict[str, Planned]:
    """Every kind for this document, in turns, so that a busy moment of the machine meets all of them."""
    rounds: dict[str, list[Planned]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="specfuzz-speed-") as cache:
        _once("again", file, limit_s, cache)
        for _ in range(TIMES):
            for kind, before in rounds.items():
                if not before or (before[-1].failure is None and before[-1].seconds < LONG_S):
                    before.append(_once(kind, file, limit_s, cache))
    return {kind: _best(measured) for kind, measured in rounds.items()}


def _once(kind: str, file: Path, limit_s: float, cache: str) -> Planned:
    command = [sys.executable, str(Path(__file__).with_name("child.py")), kind, str(file)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit_s, check=False,
            env={**os.environ, "SPECFUZZ_CACHE_DIR": cache},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Planned(failure=f"over {limit_s:.0f} s")
    try:
        said = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return Planned(failure=lines[-1][:120] if lines else f"exit code {done.returncode}")
    if "error" in said:
        return Planned(failure=said["error"])
    extra = max(said["peak_mb"] - said["idle_mb"], 0.0)
    return Planned(operations=said["operations"], seconds=said["seconds"], extra_mb=extra)


def _best(measured: list[Planned]) -> Planned:
    whole = [one for one in measured if one.failure is None]
    return min(whole, key=lambda one: one.seconds) if whole else measured[0]
