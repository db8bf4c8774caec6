"""SPEED.md: ratios first, since they carry over to other machines; seconds and megabytes beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from specs.runner.board import table
from specs.runner.measure import Measured
from specs.speed.engine import CONCURRENCY, LATENCY_S, Pace, Waiting
from specs.speed.planning import Planned

INTRO = """\
# Speed

Written by `make benchmark-speed`; do not edit. Compare the ratios: both sides were measured in the same run on the same
machine. Seconds of planning are the processor's and the least of three rounds, memory is what was needed on top of the
imported program. Other work was going on where this was measured: the engine's figures suffer from that, ratios hardly.
"""

PLAN = """\
## Planning large documents

`contract` is what specfuzz reads out of a document by itself, `plan` is all that happens before the first request
(Schemathesis' links included), `again` the same of an unchanged document, out of the cache, and Schemathesis is its own
load and dependency analysis of the same document. Beyond 5,000 operations `plan` does without that analysis.
"""

GROWTH = """\
## Growth

Documents made by repeating the benchmark's `bank`. Time and memory per operation should stay flat.
"""


def planning(documents: Mapping[str, Mapping[str, Planned] | str]) -> str:
    rows: list[tuple[str, ...]] = []
    for name, measured in documents.items():
        if isinstance(measured, str):
            rows.append((name, "–", "–", "–", "–", measured, "", "", ""))
            continue
        reference = measured["schemathesis"]
        operations = max(one.operations for one in measured.values())
        rows.append(
            (
                name,
                str(operations) if operations else "–",
                _ratio(measured["contract"], reference),
                _ratio(measured["plan"], reference),
                _speedup(measured["plan"], measured["again"]),
                *(_numbers(measured[kind]) for kind in ("contract", "plan", "again", "schemathesis")),
            )
        )
    heads = (
        "document",
        "operations",
        "contract / Schemathesis",
        "plan / Schemathesis",
        "plan / again",
        "contract",
        "plan",
        "again",
        "Schemathesis",
    )
    return f"{PLAN}\n{table(heads, rows)}"


def growth(sizes: Mapping[int, Mapping[str, Planned]]) -> str:
    rows = []
    for size, measured in sizes.items():
        cells = [str(size)]
        for kind in ("contract", "plan", "again", "schemathesis"):
            one = measured[kind]
            cells.append(one.failure or f"{1000 * one.seconds / size:.2f} ms, {1024 * one.extra_mb / size:.0f} kB")
        rows.append(cells)
    heads = ("operations", *(f"{kind}, per operation" for kind in ("contract", "plan", "again", "Schemathesis")))
    return f"{GROWTH}\n{table(heads, rows)}"


def engine(paces: Sequence[Pace] | str, waiting: Waiting | str) -> str:
    lines = ["## Engine", ""]
    if isinstance(paces, str):
        lines.append(f"Against a fast server: {paces}.")
    else:
        rates = [(one.requests / one.engine_s, one.requests / one.bare_s) for one in paces]
        ratios = sorted(one.ratio for one in paces)
        lines.append(
            f"Against a fast local ASGI server the engine sends **{median(ratios):.2f}** times as many requests per "
            f"second as a bare `httpx.AsyncClient` that sends the same requests, {CONCURRENCY} at a time "
            f"({ratios[0]:.2f}..{ratios[-1]:.2f} in {len(paces)} rounds; {median(rate for rate, _ in rates):.0f} beside "
            f"{median(rate for _, rate in rates):.0f} per second, {paces[0].requests} requests)."
        )
    lines.append("")
    if isinstance(waiting, str):
        lines.append(f"With {1000 * LATENCY_S:.0f} ms of latency: {waiting}.")
    else:
        lines.append(
            f"With {1000 * LATENCY_S:.0f} ms of injected latency a run takes **{waiting.ratio:.2f}** times the ideal "
            f"`requests × {1000 * LATENCY_S:.0f} ms / {CONCURRENCY}` ({waiting.engine_s:.1f} s beside "
            f"{waiting.ideal_s:.1f} s, {waiting.requests} requests)."
        )
    return "\n".join(lines)


def whole(runs: Sequence[Measured]) -> str:
    rows = [
        (
            run.job.truth.name,
            run.report.failure or f"{run.report.requests}",
            f"{run.seconds:.1f}",
            f"{run.report.requests / run.seconds:.0f}" if run.report.requests else "–",
        )
        for run in runs
    ]
    heads = ("API", "requests", "seconds", "requests per second")
    return f"## Whole runs\n\n`specfuzz run` against the secure twins, from start to exit.\n\n{table(heads, rows)}"


def _ratio(one: Planned, reference: Planned) -> str:
    if one.failure or reference.failure or not reference.seconds:
        return "–"
    return f"{one.seconds / reference.seconds:.2f} time, {one.extra_mb / max(reference.extra_mb, 0.1):.2f} memory"


def _speedup(plan: Planned, again: Planned) -> str:
    if plan.failure or again.failure or not again.seconds:
        return "–"
    return f"{plan.seconds / again.seconds:.1f}"


def _numbers(one: Planned) -> str:
    return one.failure or f"{one.seconds:.2f} s, {one.extra_mb:.0f} MB"
