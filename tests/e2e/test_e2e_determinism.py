"""One seed, one run: the same findings, coverage and number of requests, whatever runs at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apps.notebook import Habits, Notebook

from specfuzz.findings import Result

APPS = {
    "plain": (Habits(), "mass-update"),
    "nested UUIDs in an envelope": (Habits(nested=True, ids="uuid", envelope=True), "tokenless-update"),
    "cookie session": (Habits(auth="cookie"), "read"),
    "late writes": (Habits(late_writes_s=0.3), "tokenless-delete"),
    "a gateway that fails": (Habits(fails_every=7), "mass-create"),
}


def told(result: Result) -> dict[str, Any]:
    """What two runs must agree on."""
    return {
        "findings": [
            (item.rule, item.operation.label, item.field, item.confidence, item.severity, item.fingerprint, item.detail)
            for item in result.findings
        ],
        "coverage": [(row.rule, row.operation.label, row.verdict, row.reason) for row in result.coverage],
    }


@pytest.mark.parametrize("name", APPS)
def test_the_same_seed_sends_the_same_requests(name: str, run_app: Callable[..., Result]) -> None:
    habits, weakness = APPS[name]
    apps = [Notebook(habits, weakness) for _ in range(2)]
    first, second = (run_app(app, seed=11, concurrency=1) for app in apps)
    assert told(first) == told(second)
    assert first.requests == second.requests
    if habits.ids != "uuid":  # the server's own ids are random then, and stand in the paths
        assert apps[0].log == apps[1].log


@pytest.mark.parametrize("name", APPS)
def test_concurrency_changes_no_verdict(name: str, run_app: Callable[..., Result]) -> None:
    habits, weakness = APPS[name]
    alone, some, many = (run_app(Notebook(habits, weakness), concurrency=number) for number in (1, 4, 16))
    assert told(alone) == told(some) == told(many)


@pytest.mark.parametrize("name", ["plain", "cookie session"])
def test_concurrency_changes_no_number_of_requests(name: str, run_app: Callable[..., Result]) -> None:
    habits, weakness = APPS[name]
    counts = {number: run_app(Notebook(habits, weakness), concurrency=number).requests for number in (1, 4, 16)}
    assert len(set(counts.values())) == 1, counts


def test_another_seed_sends_other_values_and_finds_the_same(run_app: Callable[..., Result]) -> None:
    bodies = []
    for seed in (1, 2):
        app = Notebook(Habits(), "mass-update")
        result = run_app(app, seed=seed)
        assert [(item.rule, item.field) for item in result.findings] == [("SF201", "is_approved")]
        bodies.append(sorted(app.users))
    assert bodies[0] != bodies[1]
