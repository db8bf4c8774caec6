"""The judgement: every finding is held against the truth, and nothing counts that does not match."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.runner.judge import Finding, Judgement, Report, Row, judge, matches
from specs.runner.truth import Trap, Truth, Weakness

RULES = ("SF101", "SF102", "SF201", "SF205", "SF405", "SF411")
SWITCHES = ("a", "b", "c")
PATHS = ("/notes", "/notes/{id}")
METHODS = ("GET", "PATCH")
FIELDS = (None, "role", "title")
CONFIDENCES = ("certain", "firm", "tentative")

weaknesses = st.builds(
    Weakness,
    switch=st.sampled_from(SWITCHES),
    rule=st.sampled_from(RULES),
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS),
    why=st.just("because"),
    field=st.sampled_from(FIELDS),
    needs=st.frozensets(st.sampled_from(SWITCHES), max_size=1),
)
findings = st.builds(
    Finding,
    rule=st.sampled_from(RULES),
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS),
    field=st.sampled_from((*FIELDS, "items[].role")),
    confidence=st.sampled_from(CONFIDENCES),
)
reports = st.builds(Report, findings=st.lists(findings, max_size=8).map(tuple))
switches = st.frozensets(st.sampled_from(SWITCHES))


def truth_of(weak: tuple[Weakness, ...] = (), follow: tuple[Weakness, ...] = (), traps: tuple[Trap, ...] = ()) -> Truth:
    return Truth(
        folder=Path(),
        name="tiny",
        stack="none",
        command=(),
        ready="/",
        spec="openapi.json",
        base_path="",
        auth=None,
        weaknesses=weak,
        consequences=follow,
        traps=traps,
    )


truths = st.builds(
    truth_of,
    st.lists(weaknesses, max_size=5, unique_by=lambda item: item.key).map(tuple),
    st.lists(weaknesses, max_size=4).map(tuple),
)

READ = Weakness(switch="a", rule="SF101", method="GET", path="/notes/{id}", why="because")
ROLE = Weakness(switch="b", rule="SF201", method="PATCH", path="/notes/{id}", field="role", why="because")
LOGOUT = Weakness(switch="c", rule="SF405", method="POST", path="/logout", why="because")


def finding(item: Weakness, **changes: object) -> Finding:
    found = Finding(rule=item.rule, method=item.method, path=item.path, field=item.field, confidence="firm")
    return replace(found, **changes)  # type: ignore[arg-type]


def judged(*found: Finding, on: str = "abc", wanted: str | None = None, follow: tuple[Weakness, ...] = ()) -> Judgement:
    return judge(Report(findings=found), truth_of((READ, ROLE, LOGOUT), follow), on=on, wanted=wanted)


@given(truths, reports, switches)
def test_every_due_weakness_is_either_found_or_missed(truth: Truth, report: Report, on: frozenset[str]) -> None:
    judgement = judge(report, truth, on=on)
    found = [item.weakness for item in judgement.found]
    missed = [item.weakness for item in judgement.missed]
    assert not set(found) & set(missed)
    due = {item for item in truth.weaknesses if item.switch in on and item.needs <= on}
    assert set(found) | set(missed) == due
    assert judgement.wanted == len(due)


@given(truths, reports)
def test_in_the_twin_every_finding_is_a_false_alarm(truth: Truth, report: Report) -> None:
    judgement = judge(report, truth, on=())
    assert [alarm.finding for alarm in judgement.alarms] == list(report.findings)
    assert (judgement.wanted, judgement.neither) == (0, ())


@given(truths, reports, switches, st.sampled_from(SWITCHES))
def test_one_more_switch_makes_no_more_false_alarms(
    truth: Truth, report: Report, on: frozenset[str], more: str
) -> None:
    assert len(judge(report, truth, on=on | {more}).alarms) <= len(judge(report, truth, on=on).alarms)


@given(truths, reports, switches, st.randoms(use_true_random=False))
def test_the_order_of_the_findings_does_not_matter(truth: Truth, report: Report, on: frozenset[str], random) -> None:
    shuffled = list(report.findings)
    random.shuffle(shuffled)
    one, other = judge(report, truth, on=on), judge(replace(report, findings=tuple(shuffled)), truth, on=on)
    assert (one.found, one.missed) == (other.found, other.missed)
    assert sorted(map(repr, one.alarms)) == sorted(map(repr, other.alarms))


@given(truths, switches)
def test_who_reports_exactly_the_truth_is_right(truth: Truth, on: frozenset[str]) -> None:
    exact = tuple(finding(item) for item in truth.weaknesses if item.switch in on and item.needs <= on)
    judgement = judge(Report(findings=exact), truth, on=on)
    assert (judgement.missed, judgement.alarms) == ((), ())
    assert all(item.firm for item in judgement.found)


@given(truths, switches)
def test_who_reports_nothing_finds_nothing(truth: Truth, on: frozenset[str]) -> None:
    judgement = judge(Report(), truth, on=on)
    assert (judgement.found, judgement.alarms) == ((), ())


@pytest.mark.parametrize(
    "changes",
    [{"rule": "SF102"}, {"method": "PATCH"}, {"path": "/notes/{note_id}"}, {"path": "/v1/notes/{id}"}],
    ids=lambda changes: next(iter(changes)),
)
def test_rule_method_and_path_have_to_match(changes: dict[str, str]) -> None:
    judgement = judged(finding(READ, **changes), on="a")
    assert (len(judgement.missed), len(judgement.alarms)) == (1, 1)


def test_where_the_truth_names_a_field_it_has_to_match() -> None:
    assert judged(finding(ROLE, field="title"), on="b").alarms
    assert judged(finding(ROLE, field="profile.role"), on="b").alarms
    assert judged(finding(ROLE, field=None), on="b").alarms
    assert judged(finding(ROLE), on="b").found


def test_where_the_truth_names_no_field_any_will_do() -> None:
    assert judged(finding(READ, field="title"), on="a").found


@pytest.mark.parametrize("field", ["pin", "items[].pin", "[].pin", "data.pin"])
def test_a_property_of_a_response_may_lie_in_an_envelope(field: str) -> None:
    item = Weakness(switch="a", rule="SF205", method="GET", path="/cards", field="pin", why="because")
    assert matches(finding(item, field=field), item)
    assert not matches(finding(item, field="pinned"), item)
    assert not matches(finding(item, field="pin.length"), item)


def test_about_a_session_the_operation_says_only_where_it_was_seen() -> None:
    assert judged(finding(LOGOUT, method="GET", path="/me"), on="c").found
    assert judged(finding(LOGOUT, method="GET", path="/me"), on="ab").alarms


def test_a_consequence_counts_neither_way() -> None:
    follow = Weakness(switch="a", rule="SF104", method="GET", path="/notes", why="because")
    judgement = judged(finding(follow), on="a", follow=(follow,))
    assert (judgement.found, judgement.alarms) == ((), ())
    assert judgement.neither == (finding(follow),)
    assert judged(finding(follow), on="b", follow=(follow,)).alarms


def test_the_weakness_of_a_needed_switch_need_not_be_found() -> None:
    judgement = judged(finding(READ), on="ab", wanted="b")
    assert judgement.neither == (finding(READ),)
    assert [item.weakness for item in judgement.missed] == [ROLE]


def test_a_weakness_counts_at_the_best_confidence() -> None:
    found = judged(finding(READ, confidence="tentative"), finding(READ, confidence="certain"), on="a").found
    assert [(item.confidence, item.firm) for item in found] == [("certain", True)]
    assert not judged(finding(READ, confidence="tentative"), on="a").found[0].firm


def test_what_only_the_served_document_shows_is_due_only_with_it() -> None:
    item = replace(READ, served=True)
    truth = truth_of((item,))
    assert judge(Report(), truth, on="a").wanted == 0
    assert judge(Report(), truth, on="a", served=True).wanted == 1
    assert not judge(Report(findings=(finding(item),)), truth, on="a").alarms


def test_a_false_alarm_names_the_trap_at_its_operation() -> None:
    traps = [Trap(name=rule, rule=rule, method="GET", path="/notes/{id}", why="because") for rule in ("SF107", "SF101")]
    judgement = judge(Report(findings=(finding(READ),)), truth_of((), (), tuple(traps)), on=())
    assert judgement.alarms[0].trap == traps[1]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report(failure="no login"), "the run failed: no login"),
        (Report(), "specfuzz has no rule SF101"),
        ((("SF101", "/notes", "held", None),), "the report says nothing of this operation"),
        ((("SF101", "/notes/{id}", "inconclusive", "no peer"),), "inconclusive: no peer"),
        ((("SF101", "/notes/{id}", "held", None),), "held"),
    ],
)
def test_a_miss_states_what_the_coverage_says(report: Report | tuple, said: str) -> None:
    if isinstance(report, tuple):
        rows = [Row(rule=rule, method="GET", path=path, verdict=what, reason=why) for rule, path, what, why in report]
        report = Report(coverage=tuple(rows))
    assert judge(report, truth_of((READ,)), on="a").missed[0].reason == said


def test_a_miss_says_what_was_reported_at_its_operation_instead() -> None:
    row = Row(rule="SF201", method="PATCH", path="/notes/{id}", verdict="broken", reason=None)
    report = Report(findings=(finding(ROLE, field="title"),), coverage=(row,))
    assert judge(report, truth_of((ROLE,)), on="b").missed[0].reason == "broken; reported is PATCH /notes/{id} (title)"
