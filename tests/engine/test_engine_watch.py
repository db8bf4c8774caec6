"""The rules that only look: what they are shown, what becomes of what they see, and that looking alone tests nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from looked_at import answers, exchange, object_of
from looked_at import document as one_operation
from simulated_api import BASE_URL, NUMBER, Call, Handler, NotesApi, Stage, document, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine.plan import Planned, Selection, plan
from specfuzz.engine.scenario import Outcome, Scenario
from specfuzz.engine.watch import Watch
from specfuzz.http import Exchange, Request
from specfuzz.http.driver import run_flow
from specfuzz.probes import Break, Broken, Held, Inconclusive, server_error, undeclared_property_returned
from specfuzz.probes.registry import watchers
from specfuzz.probes.sight import Sight

LABEL, LIST, READ = "GET /things", "GET /notes", "GET /notes/{id}"
RAW = one_operation({"200": answers(object_of(id=NUMBER))})


def watching(raw: dict[str, Any] | None = None) -> Watch:
    return Watch(derive(from_raw(raw or RAW, "things.json")))


def planned(watch: Watch, rule: str, label: str = LABEL) -> Planned:
    target = watch.contract.get(label)
    assert target is not None
    return Planned(target=target, rule=rule)


def verdict(watch: Watch, rule: str) -> Any:
    found = watch.settle([planned(watch, rule)])
    return found[0][1] if found else None


def confidences(watch: Watch, rule: str) -> list[str]:
    seen = verdict(watch, rule)
    return [str(item.confidence) for item in seen.breaks] if isinstance(seen, Broken) else []


# What a watch is shown ----------------------------------------------------------------------------------------------


def test_an_operation_without_an_answer_has_no_verdict_and_one_with_an_answer_held() -> None:
    watch = watching()
    assert verdict(watch, "SF204") is None
    watch.see(exchange(LABEL, {"id": 1}))
    assert isinstance(verdict(watch, "SF204"), Held)
    assert not verdict(watch, "SF204").tried


def test_what_breaks_a_promise_is_kept_once_a_field() -> None:
    watch = watching()
    for number in range(3):
        watch.see(exchange(LABEL, {"id": number, "shelf": "B7", "row": 3}))
    assert [item.field for item in verdict(watch, "SF204").breaks] == ["shelf", "row"]


def test_a_request_that_only_names_its_path_belongs_to_the_operation_there() -> None:
    watch = watching()
    watch.see(Exchange(request=Request(method="GET", path="/things/"), response=reply(200, {"id": 1, "shelf": "B7"})))
    assert confidences(watch, "SF204") == ["firm"]


@pytest.mark.parametrize(
    "request_",
    [Request(method="GET", path="/other"), Request(method="POST", path="/things", operation=LABEL), Request(method="PUT", path="/things")],
    ids=["another path", "another method under its label", "another method"],
)  # fmt: skip
def test_what_belongs_to_no_operation_is_passed_over(request_: Request) -> None:
    watch = watching()
    watch.see(Exchange(request=request_, response=reply(200, {"id": 1, "shelf": "B7"})))
    assert verdict(watch, "SF204") is None


def test_the_order_of_the_answers_changes_nothing() -> None:
    seen = [exchange(LABEL, {"id": 1, "shelf": name}, identity=name) for name in ("alice", "bob", "anonymous")]
    told = set()
    for order in (seen, seen[::-1], [seen[1], seen[0], seen[2]]):
        watch = watching()
        for one in order:
            watch.see(one)
        told.add(tuple(item.detail for item in verdict(watch, "SF204").breaks))
    assert len(told) == 1


def test_the_surest_sighting_is_kept_whenever_it_comes() -> None:
    raw = one_operation({"200": answers(object_of(id=NUMBER, a=NUMBER, b=NUMBER, c=NUMBER))})
    sure, doubtful = {"id": 1, "a": 1, "b": 1, "c": 1, "shelf": 1}, {"id": 1, "shelf": 1}
    for bodies in ((sure, doubtful), (doubtful, sure)):
        watch = watching(raw)
        for body in bodies:
            watch.see(exchange(LABEL, body))
        assert confidences(watch, "SF204") == ["firm"]


def test_the_same_request_failing_twice_is_surer_than_two_failing_once() -> None:
    watch = watching()
    watch.see(exchange(LABEL, None, status=500, identity="alice"))
    watch.see(exchange(LABEL, None, status=500, identity="bob"))
    assert confidences(watch, "SF503") == ["tentative"]
    watch.see(exchange(LABEL, None, status=500, identity="bob"))
    assert confidences(watch, "SF503") == ["firm"]


def test_an_extra_field_that_comes_back_is_no_undeclared_property_and_a_declared_one_that_leaks_is() -> None:
    raw = one_operation({"200": answers(object_of(id=NUMBER))}, label="POST /things", takes=object_of(email={}))
    watch = watching(raw)
    sent = {"email": "a@b.example", "is_admin": True}
    watch.see(exchange("POST /things", {"id": 1, **sent}, sent=sent))
    (found,) = watch.settle([planned(watch, "SF204", "POST /things")])
    assert [item.field for item in found[1].breaks] == ["email"]


# A crash of ours ----------------------------------------------------------------------------------------------------


def crash(sight: Sight) -> Iterable[Break]:
    """A rule with a defect."""
    raise ZeroDivisionError("ours")


def test_a_crashing_look_is_inconclusive_and_comes_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undeclared_property_returned, "look", crash)
    watch = watching()
    watch.see(exchange(LABEL, {"id": 1}))
    ((_, seen, defect),) = watch.settle([planned(watch, "SF204")])
    assert isinstance(seen, Inconclusive)
    assert "our bug" in seen.reason
    assert "ZeroDivisionError" in (defect or "")
    assert isinstance(verdict(watch, "SF501"), Held)  # the other rules go on


def test_a_crash_after_a_sighting_hides_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching()
    watch.see(exchange(LABEL, {"id": 1, "shelf": "B7"}))
    monkeypatch.setattr(undeclared_property_returned, "look", crash)
    watch.see(exchange(LABEL, {"id": 1}))
    ((_, seen, defect),) = watch.settle([planned(watch, "SF204")])
    assert isinstance(seen, Broken)
    assert defect is not None


# In a scenario ------------------------------------------------------------------------------------------------------


def staged(api: NotesApi, raw: dict[str, Any] | None = None, *rules: str) -> tuple[Stage, tuple[Planned, ...]]:
    """A stage whose every exchange is seen, and the plan of some rules."""
    stage = Stage(api, raw or document())
    send = api.send

    def seen(request: Request) -> Exchange:
        answer = send(request)
        stage.scenario.watch.see(answer)
        return answer

    stage.courier._send = seen
    return stage, plan(stage.contract, Selection(rules=rules or tuple(watchers())))


def failing_list(call: Call, ordinary: Handler) -> Any:
    return reply(500) if call.request.query else ordinary(call)


def with_limit(raw: dict[str, Any]) -> None:
    raw["paths"]["/notes"]["get"]["parameters"] = [{"name": "limit", "in": "query", "schema": NUMBER}]


def case_at(rows: tuple[Planned, ...], label: str) -> Planned:
    """SF503 at an operation."""
    return next(row for row in rows if (row.rule, row.target.label) == ("SF503", label))


def outcome(stage: Stage, rule: str, label: str) -> Outcome:
    (found,) = [i for i in stage.scenario.outcomes if (i.planned.rule, i.planned.target.label) == (rule, label)]
    return found


def test_what_an_attack_and_a_look_find_at_one_place_is_one_finding() -> None:
    stage, rows = staged(NotesApi().during(LIST, failing_list), document(with_limit), "SF503")
    case = case_at(rows, LIST)
    stage.drive(stage.scenario.run_case(case))
    stage.scenario.settle(rows)
    merged = outcome(stage, "SF503", LIST)
    assert isinstance(merged.verdict, Broken)
    assert len(merged.verdict.breaks) == 1
    assert "`limit`" in merged.verdict.breaks[0].detail  # the attack's, which says why
    assert not merged.only_looked
    assert [item.rule for item in stage.scenario.findings()] == ["SF503"]


def test_what_only_the_look_finds_is_added_to_an_attack_that_held() -> None:
    api = NotesApi()
    stage, rows = staged(api, None, "SF503")
    case = case_at(rows, LIST)
    stage.drive(stage.scenario.run_case(case))
    api.during(LIST, lambda call, ordinary: reply(500))
    stage.drive(iter_once(Request(method="GET", path="/notes", identity="alice", operation=LIST)))
    stage.scenario.settle(rows)
    merged = outcome(stage, "SF503", LIST)
    assert isinstance(merged.verdict, Broken)
    assert [str(item.confidence) for item in merged.verdict.breaks] == ["tentative"]


def iter_once(request: Request) -> Any:
    """A flow of one request."""
    return (yield request)


def test_a_look_that_crashed_makes_an_attack_that_held_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_error, "look", crash)
    stage, rows = staged(NotesApi(), document(with_limit), "SF503")
    case = case_at(rows, LIST)
    assert isinstance(stage.drive(stage.scenario.run_case(case)).verdict, Held)
    stage.scenario.settle(rows)
    merged = outcome(stage, "SF503", LIST)
    assert isinstance(merged.verdict, Inconclusive)
    assert "ZeroDivisionError" in (merged.defect or "")


def test_the_coverage_has_a_row_for_each_looking_rule_that_says_so() -> None:
    stage, rows = staged(NotesApi(), None, "SF204", "SF501")
    stage.drive(stage.scenario.tour(rows))
    stage.scenario.settle(rows)
    found = {(row.rule, row.operation.label): row for row in stage.scenario.coverage(rows, {})}
    assert (found["SF204", LIST].verdict, found["SF204", LIST].only_looked) == ("held", True)
    assert found["SF204", "DELETE /notes/{id}"].verdict == "not-run"
    assert found["SF204", "PATCH /notes/{id}"].reason == "it was never answered"
    assert found["SF101", LIST].reason == "not selected (--rule)"


def test_what_only_looking_found_says_so_in_the_coverage() -> None:
    api = NotesApi().during(LIST, lambda call, ordinary: reply(200, [{"id": 1, "title": "x", "shelf": "B7"}]))
    stage, rows = staged(api, None, "SF204")
    stage.drive(stage.scenario.tour(rows))
    stage.scenario.settle(rows)
    (row,) = [row for row in stage.scenario.coverage(rows, {}) if row.verdict == "broken"]
    assert (row.rule, row.operation.label, row.only_looked) == ("SF204", LIST, True)


# The tour -----------------------------------------------------------------------------------------------------------


def test_the_tour_reads_each_operation_once_that_nobody_asked() -> None:
    stage, rows = staged(NotesApi(), None, "SF204", "SF205")
    stage.drive(iter_once(Request(method="GET", path="/me", identity="alice", operation="GET /me")))
    asked = len(stage.api.sent)
    stage.drive(stage.scenario.tour(rows))
    reads = [item.operation for item in stage.api.sent[asked:] if item.method == "GET"]
    assert sorted(filter(None, reads)) == [LIST, READ]
    assert all(item.method in ("GET", "POST") for item in stage.api.sent[asked:])  # it makes what it reads, no more
    before = len(stage.api.sent)
    stage.drive(stage.scenario.tour(rows))
    assert len(stage.api.sent) == before


def test_the_tour_asks_nothing_that_the_user_left_out() -> None:
    stage = Stage(NotesApi())
    rows = plan(stage.contract, Selection(rules=("SF101",)))
    before = len(stage.api.sent)
    stage.drive(stage.scenario.tour(rows))
    assert len(stage.api.sent) == before


def test_the_tour_sends_a_read_that_failed_once_more() -> None:
    failures = [reply(500)]
    api = NotesApi().during(LIST, lambda call, ordinary: failures.pop() if failures else ordinary(call))
    stage, rows = staged(api, None, "SF503")
    stage.drive(stage.scenario.tour(rows))
    stage.scenario.settle(rows)
    assert [str(item.confidence) for item in outcome(stage, "SF503", LIST).verdict.breaks] == ["tentative"]  # type: ignore[union-attr]
    assert api.calls("alice", LIST) == 2

    stage, rows = staged(NotesApi().during(LIST, lambda call, ordinary: reply(500)), None, "SF503")
    stage.drive(stage.scenario.tour(rows))
    stage.scenario.settle(rows)
    assert [str(item.confidence) for item in outcome(stage, "SF503", LIST).verdict.breaks] == ["firm"]  # type: ignore[union-attr]


def test_without_users_the_rules_look_at_what_anybody_is_answered() -> None:
    raw = one_operation({"200": answers(object_of(id=NUMBER))})
    scenario = Scenario(derive(from_raw(raw, "things.json")), BASE_URL)
    rows = plan(scenario.contract, Selection(rules=("SF204",)))

    def send(request: Request) -> Exchange:
        answer = Exchange(request=request, response=reply(200, {"id": 1, "shelf": "B7"}))
        scenario.watch.see(answer)
        return answer

    assert all(scenario.why_not_now(row) is None for row in rows if row.runs)
    run_flow(scenario.tour(rows), send)
    scenario.settle(rows)
    (found,) = scenario.findings()
    assert (found.rule, found.actor, found.field, found.confidence) == ("SF204", "anonymous", "shelf", "firm")


# Secrets ------------------------------------------------------------------------------------------------------------


def test_a_short_secret_is_masked_by_its_name_and_leaves_the_same_digits_elsewhere() -> None:
    def leaky(call: Call, ordinary: Handler) -> Any:
        return reply(200, [{"id": 4711, "title": "room 4711", "pin": "4711", "password_hash": "0f1e" * 8}])

    stage, rows = staged(NotesApi().during(LIST, leaky), None, "SF205")
    stage.drive(stage.scenario.tour(rows))
    stage.scenario.settle(rows)
    found = {item.field: item for item in stage.scenario.findings()}
    assert set(found) == {"[].pin", "[].password_hash"}
    (shown,) = found["[].pin"].evidence[-1].response["body"]
    assert shown == {"id": 4711, "title": "room 4711", "pin": "[redacted]", "password_hash": "[redacted]"}
    assert "0f1e0f1e" not in repr(found)
