"""The board adds up, hides nothing, and is the same text for the same runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from specs.runner.board import render
from specs.runner.committed import complaints, failures, read, to_document
from specs.runner.judge import Finding, Report, Row, judge
from specs.runner.measure import ALL_OFF, ALL_ON, Job, Measured
from specs.runner.tally import misses, named, score, spread
from specs.runner.truth import Trap, Truth, Weakness

READ = Weakness(switch="read-any", rule="SF101", method="GET", path="/notes/{id}", why="because")
ROLE = Weakness(switch="role", rule="SF201", method="PATCH", path="/me", field="role", why="because")
TRUTH = Truth(
    folder=Path("/tmp/somewhere"),
    name="tiny",
    stack="Nothing at all",
    command=(),
    ready="/",
    spec="openapi.json",
    base_path="",
    auth=None,
    weaknesses=(READ, ROLE),
    consequences=(),
    traps=(Trap(name="public", rule="SF101", method="GET", path="/agents/{id}", why="because"),),
)
SEEN = Finding(rule="SF101", method="GET", path="/notes/{id}", field=None, confidence="certain", title="Read")
UNSURE = Finding(rule="SF201", method="PATCH", path="/me", field="role", confidence="tentative", title="Role")
WRONG = Finding(
    rule="SF101",
    method="GET",
    path="/agents/{id}",
    field=None,
    confidence="firm",
    title="Bob reads it",
    detail="at http://127.0.0.1:4711/agents | /tmp/somewhere/report.json",
)
COVERAGE = (Row(rule="SF201", method="PATCH", path="/me", verdict="inconclusive", reason="no read-back"),)


def run(name: str, *found: Finding, seed: int = 0, **changes: Any) -> Measured:
    report = replace(Report(findings=found, coverage=COVERAGE, requests=120, operations=12), **changes)
    job = Job(truth=TRUTH, name=name, seed=seed)
    return Measured(job=job, report=report, judgement=judge(report, TRUTH, on=job.on), seconds=3.4)


RUNS = (
    run(ALL_OFF, WRONG),
    run(ALL_ON, SEEN, UNSURE),
    run("read-any", SEEN),
    run("role"),
    run(ALL_OFF, seed=1),
    run(ALL_ON, SEEN, seed=1),
    run("read-any", seed=1),
    run("role", seed=1),
)


def test_recall_and_precision_are_shares_of_what_there_is_and_what_is_said() -> None:
    sums = score(RUNS[:4])
    assert (sums.wanted, sums.firm, sums.tentative, sums.firm_alarms) == (4, 2, 1, 1)
    assert (sums.recall, sums.recall_at_all) == (2 / 4, 3 / 4)
    assert (sums.precision, sums.precision_at_all) == (2 / 3, 3 / 4)


def test_where_nothing_is_there_no_share_is_made_up() -> None:
    assert (score([]).recall, score([]).precision) == (None, None)
    assert spread([], lambda sums: sums.recall) is None


def test_the_spread_is_over_the_seeds() -> None:
    found = spread(RUNS, lambda sums: sums.recall)
    assert found is not None
    assert (found.low, found.high, found.mean) == (1 / 4, 2 / 4, 3 / 8)


def test_a_miss_says_in_how_many_runs_and_why() -> None:
    found = {miss.weakness.switch: miss for miss in misses(RUNS, TRUTH.weaknesses)}
    assert (found["role"].alone, found["role"].together) == ((2, 2), (1, 2))
    assert found["role"].reasons == ("inconclusive: no read-back",)
    assert (found["read-any"].alone, found["read-any"].together) == ((1, 2), (0, 2))


@pytest.mark.parametrize(
    "line",
    [
        "Seeds: 0, 1.",
        "| each switch alone | 25.0 % (0.0..50.0) | 25.0 % (0.0..50.0) | 100.0 % | 100.0 % |",
        "| everything on | 50.0 % | 75.0 % (50.0..100.0) | 100.0 % | 100.0 % |",
        "| SF101 | cross-user-read | 1/2 | 2/2 | 0 / 1 / 0 |",
        "| SF201 | extra-field-accepted | 0/2 | 0/2 (+1 tentative) | 0 |",
        "| tiny, all on | 120 | 10.0 | 120.0 | 3 |",
        "| SF201 | `role` | `PATCH /me (role)` | 2/2 | 1/2 | inconclusive: no read-back |",
        "| firm | SF101 | `GET /agents/{id}` | all off (1) | `public` | Bob reads it: at HOST/agents \\| PATH |",
    ],
)
def test_the_board_says(line: str) -> None:
    assert line in render(RUNS).splitlines()


def test_the_board_is_the_same_text_whatever_ended_first() -> None:
    again = [replace(one, seconds=3.3) for one in reversed(RUNS)]
    assert render(again) == render(RUNS)
    assert to_document(again) == to_document(RUNS)


def test_a_share_is_never_rounded_up_to_all() -> None:
    many = [run(ALL_ON, SEEN, replace(UNSURE, confidence="firm"), seed=0) for _ in range(1500)]
    assert "| everything on | 99.9 % |" in render([*many, run(ALL_ON, SEEN)])


def test_a_failed_run_is_on_the_board_and_a_complaint() -> None:
    failed = run(ALL_OFF, coverage=(), failure="no login for alice")
    assert "| tiny, all off, seed 0 | no login for alice |" in render([failed])
    assert failures([failed, *RUNS]) == ["tiny, all off, seed 0: no login for alice"]


def test_a_firm_false_alarm_in_the_twin_is_a_complaint_and_a_tentative_one_is_not() -> None:
    assert complaints(RUNS, None) == ["tiny, all off, seed 0: false alarm (firm) SF101 GET /agents/{id}"]
    assert complaints([run(ALL_OFF, replace(WRONG, confidence="tentative"))], None) == []


def test_recall_is_held_against_the_same_seed_of_the_committed_board() -> None:
    committed = to_document(RUNS)
    assert complaints(named(RUNS, ALL_ON), committed) == []
    assert complaints([run(ALL_ON, SEEN, seed=9)], committed) == []
    assert complaints([run(ALL_ON, replace(UNSURE, confidence="firm"))], committed) == []
    lost = "SF101 read-any GET /notes/{id}"
    assert complaints([run(ALL_ON, UNSURE)], committed) == [
        f"tiny, all on, seed 0: recall fell from 1/2 to 0/2; newly missed: {lost}"
    ]


def test_a_file_that_is_no_board_is_not_compared_with(tmp_path: Path) -> None:
    file = tmp_path / "scoreboard.json"
    assert read(file) is None
    file.write_text('{"schema_version": 99}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"scoreboard\.json is no scoreboard of version 1"):
        read(file)
