"""Add judgements up: recall, precision, their spread over the seeds, and the list of every miss and false alarm. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from specs.runner.judge import CONFIDENCES, Finding
from specs.runner.measure import ALL_OFF, ALL_ON, Measured
from specs.runner.truth import Trap, Weakness


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Sums over runs: weaknesses that had to be found, those that were (and how surely), and false alarms."""

    wanted: int = 0
    firm: int = 0
    tentative: int = 0
    alarms: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        return self.firm + self.tentative

    @property
    def firm_alarms(self) -> int:
        return self.alarms["certain"] + self.alarms["firm"]

    @property
    def recall(self) -> float | None:
        """The share of the weaknesses that was found at `firm` or better. None if there were none."""
        return self.firm / self.wanted if self.wanted else None

    @property
    def recall_at_all(self) -> float | None:
        """The same at any confidence."""
        return self.found / self.wanted if self.wanted else None

    @property
    def precision(self) -> float | None:
        """Of what was said at `firm` or better, the share that is true. None if nothing was said."""
        said = self.firm + self.firm_alarms
        return self.firm / said if said else None

    @property
    def precision_at_all(self) -> float | None:
        """The same at any confidence."""
        said = self.found + self.alarms.total()
        return self.found / said if said else None


def score(runs: Iterable[Measured], *, rule: str | None = None) -> Score:
    """The sums over these runs, of one rule or of all."""
    wanted = firm = tentative = 0
    alarms: Counter[str] = Counter()
    for run in runs:
        found = [item for item in run.judgement.found if rule in (None, item.weakness.rule)]
        missed = [item for item in run.judgement.missed if rule in (None, item.weakness.rule)]
        wanted += len(found) + len(missed)
        firm += sum(1 for item in found if item.firm)
        tentative += sum(1 for item in found if not item.firm)
        alarms.update(alarm.finding.confidence for alarm in run.judgement.alarms if rule in (None, alarm.finding.rule))
    return Score(wanted=wanted, firm=firm, tentative=tentative, alarms=alarms)


@dataclass(frozen=True, slots=True)
class Spread:
    """A share's mean over the seeds, with the lowest and the highest."""

    mean: float
    low: float
    high: float


def spread(runs: Sequence[Measured], share: Callable[[Score], float | None]) -> Spread | None:
    """The spread of a share over the seeds of these runs; None where no seed has it."""
    seeds = sorted({run.job.seed for run in runs})
    shares = [share(score(run for run in runs if run.job.seed == seed)) for seed in seeds]
    values = [value for value in shares if value is not None]
    return Spread(sum(values) / len(values), min(values), max(values)) if values else None


def alone(runs: Iterable[Measured]) -> list[Measured]:
    """The runs with one switch on."""
    return [run for run in runs if run.job.name not in (ALL_ON, ALL_OFF)]


def named(runs: Iterable[Measured], name: str) -> list[Measured]:
    return [run for run in runs if run.job.name == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A weakness that at least one run missed: in how many of how many runs, and the reasons, most frequent first."""

    weakness: Weakness
    alone: tuple[int, int]
    together: tuple[int, int]
    reasons: tuple[str, ...]


def misses(runs: Sequence[Measured], weaknesses: Sequence[Weakness]) -> list[Miss]:
    """Every miss of one API, in the order of the rules."""
    found = []
    for weakness in sorted(weaknesses, key=lambda item: item.key):
        counts = [_missed(some, weakness) for some in (alone(runs), named(runs, ALL_ON))]
        reasons: Counter[str] = Counter()
        # What a run says in which nothing else is weak comes first.
        for run in (*alone(runs), *named(runs, ALL_ON)):
            reasons.update(item.reason for item in run.judgement.missed if item.weakness == weakness)
        if reasons:
            ordered = tuple(reason for reason, _ in reasons.most_common())
            found.append(Miss(weakness=weakness, alone=counts[0], together=counts[1], reasons=ordered))
    return found


def _missed(runs: Iterable[Measured], weakness: Weakness) -> tuple[int, int]:
    missed = found = 0
    for run in runs:
        missed += any(item.weakness == weakness for item in run.judgement.missed)
        found += any(item.weakness == weakness for item in run.judgement.found)
    return missed, missed + found


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmGroup:
    """The same false alarm of several runs, with the runs by what was on."""

    finding: Finding
    trap: Trap | None
    runs: tuple[tuple[str, int], ...]


def alarms(runs: Iterable[Measured]) -> list[AlarmGroup]:
    """Every false alarm of one API, the surest first."""
    groups: dict[tuple[str, str, str], list[tuple[Measured, Finding, Trap | None]]] = {}
    for run in runs:
        for alarm in run.judgement.alarms:
            finding = alarm.finding
            key = (finding.confidence, finding.rule, finding.label)
            groups.setdefault(key, []).append((run, finding, alarm.trap))
    found = []
    for key in sorted(groups, key=lambda key: (CONFIDENCES.index(key[0]) if key[0] in CONFIDENCES else 9, *key)):
        members = sorted(groups[key], key=lambda member: _when(member[0]))
        counts = Counter(run.job.name for run, _, _ in members)
        found.append(AlarmGroup(finding=members[0][1], trap=members[0][2], runs=tuple(counts.items())))
    return found


def _when(run: Measured) -> tuple[int, str, int]:
    """All off, all on, each alone: the twin first, where every alarm is false without a doubt."""
    name = run.job.name
    return ((ALL_OFF, ALL_ON).index(name) if name in (ALL_OFF, ALL_ON) else 2, name, run.job.seed)
