"""The board for machines (`scoreboard.json`), and what must not get worse than the committed one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from specs.runner.judge import FIRM, Judgement
from specs.runner.measure import ALL_OFF, ALL_ON, Measured
from specs.runner.tally import alone, named, score, spread
from specs.runner.truth import Weakness

SCHEMA_VERSION = 1


def to_document(runs: Sequence[Measured]) -> dict[str, Any]:
    """What later runs are held against: per API the totals, and per seed what was found with everything on."""
    apis = {}
    for name in sorted({run.job.truth.name for run in runs}):
        mine = [run for run in runs if run.job.truth.name == name]
        apis[name] = {
            "weaknesses": len(mine[0].job.truth.weaknesses),
            "recall_alone": _spread(alone(mine)),
            "recall_all_on": _spread(named(mine, ALL_ON)),
            "twin_false_alarms": dict(sorted(score(named(mine, ALL_OFF)).alarms.items())),
            "all_on": {
                str(run.job.seed): _seen(run.judgement)
                for run in sorted(named(mine, ALL_ON), key=lambda run: run.job.seed)
            },
        }
    return {"schema_version": SCHEMA_VERSION, "seeds": sorted({run.job.seed for run in runs}), "apis": apis}


def failures(runs: Iterable[Measured]) -> list[str]:
    """The runs that measured nothing, or not all."""
    return [f"{run.job.title}: {run.report.failure}" for run in runs if run.report.failure is not None]


def complaints(runs: Iterable[Measured], committed: Mapping[str, Any] | None) -> list[str]:
    """Why these runs are worse than they may be: false alarms in a secure twin, recall under the committed board's."""
    found = []
    for run in runs:
        if run.job.name == ALL_OFF:
            found += [
                f"{run.job.title}: false alarm ({alarm.finding.confidence}) {alarm.finding.rule} {alarm.finding.label}"
                for alarm in run.judgement.alarms
                if alarm.finding.confidence in FIRM
            ]
        if run.job.name == ALL_ON and committed is not None:
            before = committed["apis"].get(run.job.truth.name, {}).get("all_on", {}).get(str(run.job.seed))
            found += [f"{run.job.title}: {what}" for what in _worse(run.judgement, before)]
    return found


def read(file: Path) -> Mapping[str, Any] | None:
    """The committed board; None if there is none yet. Raises `ValueError` for one that is no board."""
    if not file.is_file():
        return None
    document = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(f"{file.name} is no scoreboard of version {SCHEMA_VERSION}")
    return document


def _worse(judgement: Judgement, before: Mapping[str, Any] | None) -> list[str]:
    """Recall as a share, so that a new weakness which is missed counts as well; named is what was lost."""
    if before is None:
        return []
    now = _seen(judgement)
    if now["firm"] * before["wanted"] >= before["firm"] * now["wanted"]:
        return []
    lost = sorted(set(now["missed"]) - set(before["missed"]))
    fell = f"recall fell from {before['firm']}/{before['wanted']} to {now['firm']}/{now['wanted']}"
    return [f"{fell}; newly missed: {', '.join(lost)}"]


def _seen(judgement: Judgement) -> dict[str, Any]:
    unsure = [item.weakness for item in judgement.found if not item.firm]
    missed = [item.weakness for item in judgement.missed]
    firm = sum(1 for item in judgement.found if item.firm)
    return {"wanted": judgement.wanted, "firm": firm, "missed": sorted(map(_name, (*missed, *unsure)))}


def _name(weakness: Weakness) -> str:
    return f"{weakness.rule} {weakness.switch} {weakness.label}"


def _spread(runs: Sequence[Measured]) -> dict[str, float] | None:
    found = spread(runs, lambda sums: sums.recall)
    if found is None:
        return None
    return {"mean": round(found.mean, 4), "low": round(found.low, 4), "high": round(found.high, 4)}
