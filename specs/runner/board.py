"""The scoreboard as Markdown. Same runs, same text: no dates, no paths, times only in whole seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from specs.runner.judge import CONFIDENCES
from specs.runner.measure import ALL_OFF, ALL_ON, Measured
from specs.runner.rules import RULES
from specs.runner.tally import Score, Spread, alarms, alone, misses, named, score, spread
from specs.runner.truth import Truth

_INTRO = """\
# Scoreboard

What specfuzz finds in APIs whose weaknesses are known. Written by `make benchmark`; do not edit.

A finding counts when rule, method, path template and field all match a weakness that is switched on. One that is a
direct consequence of such a weakness counts neither way. Everything else is a false alarm; in the secure twin (all
switches off) every finding is. Rules that specfuzz does not have are misses. *Firm* means `firm` or `certain`.
"""
_REASON_LENGTH = 220


def render(runs: Sequence[Measured]) -> str:
    """The whole board."""
    truths = sorted({run.job.truth.name: run.job.truth for run in runs}.items())
    seeds = sorted({run.job.seed for run in runs})
    parts = [_INTRO, f"Seeds: {', '.join(map(str, seeds))}.", "## Totals", _totals(runs), _apis(runs, truths)]
    parts += [_cost(runs, truths), "## By rule", _rules(runs)]
    parts += [section for name, truth in truths for section in _api(truth, _of(runs, name))]
    failed = [run for run in runs if run.report.failure is not None]
    if failed:
        rows = [(run.job.title, _steady(run.report.failure or "")) for run in sorted(failed, key=_order)]
        parts += ["## Runs that failed", table(("run", "reason"), rows)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _totals(runs: Sequence[Measured]) -> str:
    """Recall and precision: the mean over the seeds, and lowest to highest."""
    kinds = (("each switch alone", alone(runs)), ("everything on", named(runs, ALL_ON)), ("all runs", list(runs)))
    shares: tuple[Callable[[Score], float | None], ...] = (
        lambda sums: sums.recall,
        lambda sums: sums.recall_at_all,
        lambda sums: sums.precision,
        lambda sums: sums.precision_at_all,
    )
    rows = [(kind, *(_spread(spread(some, share)) for share in shares)) for kind, some in kinds if some]
    return table(("runs", "recall, firm", "recall, any", "precision, firm", "precision, any"), rows)


def _apis(runs: Sequence[Measured], truths: Iterable[tuple[str, Truth]]) -> str:
    rows = []
    for name, truth in truths:
        mine = _of(runs, name)
        twin, weak = score(named(mine, ALL_OFF)), score([run for run in mine if run.job.name != ALL_OFF])
        rows.append(
            (
                f"[{name}](#{name})",
                str(len(truth.weaknesses)),
                _spread(spread(alone(mine), lambda sums: sums.recall)),
                _spread(spread(named(mine, ALL_ON), lambda sums: sums.recall)),
                _alarms(twin),
                _alarms(weak),
            )
        )
    heads = ("API", "weaknesses", "recall alone", "recall all on", "false alarms in the twin", "in the others")
    return table(heads, rows) + "\n\nFalse alarms are summed over the seeds: certain / firm / tentative."


def _cost(runs: Sequence[Measured], truths: Iterable[tuple[str, Truth]]) -> str:
    rows = []
    for name, _ in truths:
        for kind in (ALL_OFF, ALL_ON):
            some = [run for run in named(_of(runs, name), kind) if run.report.coverage]
            if some:
                requests = [run.report.requests for run in some]
                rows.append(
                    (
                        f"{name}, {kind}",
                        f"{fmean(requests):.0f}",
                        f"{fmean(run.report.requests / max(run.report.operations, 1) for run in some):.1f}",
                        f"{fmean(run.report.requests / max(_tried(run), 1) for run in some):.1f}",
                        f"{fmean(run.seconds for run in some):.0f}",
                    )
                )
    heads = ("run", "requests", "per operation", "per operation and rule", "seconds")
    return table(heads, rows) if rows else ""


def _tried(run: Measured) -> int:
    """The pairs of an operation and a rule that the run tried."""
    return sum(1 for row in run.report.coverage if row.verdict != "not-run")


def _rules(runs: Sequence[Measured]) -> str:
    """Per rule: found of wanted, summed over the seeds."""
    rows = []
    for rule, name in RULES.items():
        both = score(runs, rule=rule)
        if both.wanted or both.alarms:
            one, together = score(alone(runs), rule=rule), score(named(runs, ALL_ON), rule=rule)
            rows.append((rule, name, _found(one), _found(together), _alarms(both)))
    heads = ("rule", "name", "found alone", "found all on", "false alarms")
    return table(heads, rows)


def _api(truth: Truth, runs: Sequence[Measured]) -> list[str]:
    parts = [
        f"## {truth.name}",
        f"{truth.stack}. {len(truth.switches)} switches, {len(truth.traps)} traps.",
        _rules(runs),
    ]
    served = [item.switch for item in truth.weaknesses if item.served]
    if served:
        parts.append(
            f"Only the document that the running API serves shows {', '.join(f'`{name}`' for name in served)}: "
            "tried alone, with that document, and not counted with everything on."
        )
    missed = misses(runs, truth.weaknesses)
    rows = [
        (
            miss.weakness.rule,
            f"`{miss.weakness.switch}`",
            f"`{miss.weakness.label}`",
            _of_runs(miss.alone),
            _of_runs(miss.together),
            "; ".join(_steady(reason) for reason in miss.reasons[:2]),
        )
        for miss in missed
    ]
    heads = ("rule", "switch", "operation", "missed alone", "missed all on", "what the report says of it")
    parts += [f"### {truth.name}: misses", table(heads, rows) if rows else "None."]
    rows = [
        (
            group.finding.confidence,
            group.finding.rule,
            f"`{group.finding.label}`",
            ", ".join(f"{name} ({count})" for name, count in group.runs),
            f"`{group.trap.name}`" if group.trap else "",
            _steady(f"{group.finding.title}: {group.finding.detail}"),
        )
        for group in alarms(runs)
    ]
    heads = ("confidence", "rule", "operation", "runs", "trap there", "what it claims")
    parts += [f"### {truth.name}: false alarms", table(heads, rows) if rows else "None."]
    return parts


def _of(runs: Iterable[Measured], name: str) -> list[Measured]:
    return [run for run in runs if run.job.truth.name == name]


def _order(run: Measured) -> tuple[str, str, int]:
    return (run.job.truth.name, run.job.name, run.job.seed)


def _of_runs(counts: tuple[int, int]) -> str:
    return f"{counts[0]}/{counts[1]}" if counts[1] else "–"


def _found(sums: Score) -> str:
    tentative = f" (+{sums.tentative} tentative)" if sums.tentative else ""
    return f"{sums.firm}/{sums.wanted}{tentative}" if sums.wanted else "–"


def _alarms(sums: Score) -> str:
    return " / ".join(str(sums.alarms[confidence]) for confidence in CONFIDENCES) if sums.alarms else "0"


def _spread(value: Spread | None) -> str:
    if value is None:
        return "–"
    around = f" ({_percent(value.low)}..{_percent(value.high)})" if value.low != value.high else ""
    return f"{_percent(value.mean)} %{around}"


def _percent(share: float) -> str:
    """Never rounded up to 100."""
    text = f"{100 * share:.1f}"
    return "99.9" if text == "100.0" and share < 1 else text


def _steady(text: str) -> str:
    """A reason without what changes from run to run or from machine to machine, in one line."""
    text = re.sub(r"(https?://)?127\.0\.0\.1:\d+", "HOST", " ".join(text.split()))
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"(?<![\w{}/])/(?:tmp|home|root|work|usr|var|private|Users)/\S*", "PATH", text)
    return text if len(text) <= _REASON_LENGTH else text[: _REASON_LENGTH - 1].rstrip() + "…"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
