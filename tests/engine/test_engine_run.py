"""A run always has a result: what it found, what it could not try and why, what it left behind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from simulated_api import BASE_URL, Call, Handler, NotesApi, document, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine import Options, Run, Selection
from specfuzz.engine.events import Decided, Noted, Planned
from specfuzz.findings import Result
from specfuzz.http import Request, TransportError
from specfuzz.http.driver import AsyncDriver
from specfuzz.http.limits import Limits
from specfuzz.identities import Identity, Login, Secret
from specfuzz.probes import Held
from specfuzz.probes.registry import probes

OURS = ("SF101", "SF201", "SF301")
Wire = Callable[[httpx.Request], httpx.Response]


async def no_sleep(seconds: float) -> None:
    """Waiting costs nothing here."""


def over(api: NotesApi) -> Wire:
    """The API as httpx sees a server."""

    def wire(request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        name = api.users.get(api.tokens.get(token, 0), {}).get("username", "anonymous")
        asked = Request(
            method=request.method,
            path=request.url.path,
            headers=tuple(request.headers.items()),
            body=request.content,
            identity=name,
        )
        answer = api.send(asked).response
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    return wire


def execute(
    wire: Wire, raw: dict[str, Any] | None = None, *, limits: Limits | None = None, events: Any = None, **options: Any
) -> Result:
    """One run of our three rules over a wire, to its result."""
    contract = derive(from_raw(raw or document(), "notes.json"))
    options.setdefault("selection", Selection(rules=OURS))

    async def go() -> Result:
        driver = AsyncDriver(BASE_URL, transport=httpx.MockTransport(wire), sleep=no_sleep, limits=limits)
        async with driver:
            listener = events.append if events is not None else lambda event: None
            return await Run(contract, driver, Options(**options), listener).execute()

    return asyncio.run(go())


def verdicts(result: Result, rule: str) -> dict[str, str]:
    return {
        row.operation.label: row.verdict for row in result.coverage if row.rule == rule and row.verdict != "not-run"
    }


def unguarded(api: NotesApi) -> NotesApi:
    """Everybody who is logged in reads every note."""

    def change(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        return reply(200, note) if note is not None and not call.is_anonymous else ordinary(call)

    return api.during("GET /notes/{id}", change)


def test_a_secure_api_keeps_every_promise_and_is_left_clean() -> None:
    api = NotesApi()
    result = execute(over(api))
    assert result.findings == ()
    assert result.problems == ()
    assert set(verdicts(result, "SF301").values()) == {"held"}
    assert (api.notes, result.leftovers) == ({}, ())
    assert api.users == {}
    assert result.grade not in (
        "A",
        "B",
    )  # nothing is wrong with the API, but most of what there is to try was left out


def test_a_broken_promise_is_found_with_its_actor() -> None:
    result = execute(over(unguarded(NotesApi())))
    assert [(item.rule, item.operation.label, item.owner, item.actor, item.confidence) for item in result.findings] == [
        ("SF101", "GET /notes/{id}", "alice", "bob", "certain")
    ]
    assert verdicts(result, "SF101")["GET /notes/{id}"] == "broken"
    assert result.problems == ()


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_result_is_the_same_whatever_the_concurrency(concurrency: int) -> None:
    result = execute(over(unguarded(NotesApi())), concurrency=concurrency)
    once = execute(over(unguarded(NotesApi())), concurrency=1)
    assert result.coverage == once.coverage
    assert [item.fingerprint for item in result.findings] == [item.fingerprint for item in once.findings]


def test_an_exhausted_budget_ends_the_run_with_what_is_known_and_cleans_up() -> None:
    api = NotesApi()
    result = execute(over(api), limits=Limits(max_requests=30), concurrency=1)
    assert any("--max-requests" in note for note in result.notes)
    assert {row.verdict for row in result.coverage} >= {"held", "not-run"}
    assert any(row.reason == "the run ended before" for row in result.coverage)
    assert (api.notes, api.users) == ({}, {})


def test_a_budget_too_small_for_anything_is_no_pass() -> None:
    result = execute(over(NotesApi()), limits=Limits(max_requests=1))
    assert any("nothing was tested" in problem for problem in result.problems)


def test_an_unreachable_target_is_a_problem_and_no_pass() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    result = execute(down)
    assert any("does not answer" in problem for problem in result.problems)
    assert {row.verdict for row in result.coverage} == {"not-run"}
    assert result.grade == "F"


def test_a_target_that_stops_answering_ends_the_run_and_says_so() -> None:
    api = NotesApi()
    wire = over(api)

    def dying(request: httpx.Request) -> httpx.Response:
        if len(api.log) > 25:
            raise httpx.ReadTimeout("late", request=request)
        return wire(request)

    result = execute(dying, concurrency=1)
    assert any("stopped answering" in problem for problem in result.problems)
    assert result.leftovers


def test_one_lost_answer_does_not_end_the_run() -> None:
    api = NotesApi()
    wire = over(api)
    lost: list[str] = []

    def flaky(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/notes" and not lost:
            lost.append("once")
            raise httpx.ReadTimeout("late", request=request)
        return wire(request)

    result = execute(flaky)
    assert lost
    assert "held" in verdicts(result, "SF301").values()


def crashing(case: Any) -> Any:
    yield case.request(case.owner, None)
    raise KeyError("a bug of ours")


def probe(flow: Any, label: str = "GET /me") -> Any:
    """A further rule in the registry, whose flow is given."""
    return SimpleNamespace(
        RULE=probes()["SF101"].RULE,
        NEEDS_PEER=False,
        why_not=lambda contract, target: None if target.label == label else "elsewhere",
        flow=flow,
    )


def test_a_defect_in_a_probe_is_visible_is_no_pass_and_spares_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(probes(), "SF199", probe(crashing))
    api = NotesApi()
    result = execute(over(api), selection=Selection(rules=("SF199", "SF301")))
    row = next(row for row in result.coverage if row.rule == "SF199" and row.operation.label == "GET /me")
    assert row.verdict == "inconclusive"
    assert "our bug" in (row.reason or "")
    assert any("specfuzz failed in 1 cases" in problem for problem in result.problems)
    assert set(verdicts(result, "SF301").values()) == {"held"}
    assert (api.notes, api.users) == ({}, {})


def test_a_lost_answer_inside_a_probe_is_inconclusive_and_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(case: Any) -> Any:
        yield case.request(case.owner, None)
        raise TransportError("no answer in time")

    monkeypatch.setitem(probes(), "SF199", probe(losing))
    result = execute(over(NotesApi()), selection=Selection(rules=("SF199", "SF301")))
    row = next(row for row in result.coverage if row.rule == "SF199" and row.operation.label == "GET /me")
    assert (row.verdict, row.reason) == ("inconclusive", "no answer in time")
    assert result.problems == ()


def interrupted_at(api: NotesApi, *moments: int) -> Result:
    """A run whose task is cancelled while these requests, counted from 1, are under way, as by Ctrl-C."""
    contract = derive(from_raw(document(), "notes.json"))
    wire, count, tasks = over(api), iter(range(1, 10_000)), []

    async def interrupting(request: httpx.Request) -> httpx.Response:
        answer = wire(request)
        if next(count) in moments:
            tasks[0].cancel()
            await asyncio.sleep(0)
        return answer

    async def go() -> Result:
        async with AsyncDriver(BASE_URL, transport=httpx.MockTransport(interrupting), sleep=no_sleep) as driver:
            run = Run(contract, driver, Options(selection=Selection(rules=OURS), concurrency=1))
            tasks.append(asyncio.ensure_future(run.execute()))
            return await tasks[0]

    return asyncio.run(go())


@pytest.mark.parametrize("moment", [15, 22, 40])
def test_an_interrupted_run_cleans_up_and_says_that_it_was_interrupted(moment: int) -> None:
    api = NotesApi()
    result = interrupted_at(api, moment)
    assert result.interrupted
    assert any("interrupted" in note for note in result.notes)
    assert any(row.verdict == "not-run" and row.reason == "the run ended before" for row in result.coverage)
    assert (api.notes, result.leftovers) == ({}, ())


def test_a_run_that_is_asked_to_stop_cleans_up_and_says_that_it_was_interrupted() -> None:
    contract = derive(from_raw(document(), "notes.json"))
    api, runs = NotesApi(), []
    wire = over(api)

    def stopping(request: httpx.Request) -> httpx.Response:
        if len(api.log) == 25:
            runs[0].interrupt()
        return wire(request)

    async def go() -> Result:
        async with AsyncDriver(BASE_URL, transport=httpx.MockTransport(stopping), sleep=no_sleep) as driver:
            runs.append(Run(contract, driver, Options(selection=Selection(rules=OURS))))
            return await runs[0].execute()

    result = asyncio.run(go())
    assert result.interrupted
    assert any(row.verdict == "not-run" for row in result.coverage)
    assert (api.notes, api.users, result.leftovers) == ({}, {}, ())


@pytest.mark.parametrize("moment", range(3, 10))
def test_what_a_request_under_way_makes_after_the_run_was_asked_to_stop_is_removed_too(moment: int) -> None:
    """The other cases end at their next request, while this one's answer is still on its way."""
    contract = derive(from_raw(document(), "notes.json"))
    api, runs, creations = NotesApi(), [], itertools.count(1)
    wire = over(api)

    async def slow(request: httpx.Request) -> httpx.Response:
        answer = wire(request)
        if request.method == "POST" and request.url.path == "/notes" and next(creations) == moment:
            runs[0].interrupt()
            for _ in range(50):
                await asyncio.sleep(0)
        return answer

    async def go() -> Result:
        async with AsyncDriver(BASE_URL, transport=httpx.MockTransport(slow), sleep=no_sleep) as driver:
            runs.append(Run(contract, driver, Options(selection=Selection(rules=OURS))))
            return await runs[0].execute()

    result = asyncio.run(go())
    assert result.interrupted
    assert next(creations) > moment
    assert (api.notes, api.users, result.leftovers) == ({}, {}, ())


def test_a_second_interrupt_ends_the_clean_up_and_lists_what_is_left() -> None:
    api = NotesApi()
    result = interrupted_at(api, 40, 41)
    assert result.interrupted
    assert any("was not reached" in text for text in result.leftovers)


def test_what_the_target_refuses_to_remove_is_listed_with_the_reason() -> None:
    api = NotesApi()
    api.during("DELETE /notes/{id}", lambda call, _: reply(403, {"error": "never"}))
    result = execute(over(api))
    assert any("× note: DELETE /notes/{id} was refused" in text for text in result.leftovers)


def test_what_no_operation_removes_is_listed_with_the_reason() -> None:
    def keep(raw: dict[str, Any]) -> None:
        del raw["paths"]["/users/{id}"]["delete"]

    result = execute(over(NotesApi()), document(keep))
    assert any("user: the document has no operation that removes it" in text for text in result.leftovers)


def test_a_run_without_users_says_how_to_get_some_and_is_no_pass() -> None:
    result = execute(over(NotesApi()), document(lambda raw: raw["paths"].pop("/register")))
    assert any("--auth" in note for note in result.notes)
    assert any("nothing was tested" in problem for problem in result.problems)
    assert {row.verdict for row in result.coverage} == {"not-run"}


def test_a_run_that_selects_nothing_that_applies_is_no_pass() -> None:
    result = execute(over(NotesApi()), selection=Selection(rules=("SF101",), operations=("POST /login",)))
    assert any("nothing was tested" in problem for problem in result.problems)


def test_an_api_on_which_everything_is_inconclusive_is_no_pass() -> None:
    api = NotesApi().during("POST /notes", lambda call, _: reply(500))
    chosen = Selection(rules=("SF101",), operations=("GET /notes/{id}",))
    result = execute(over(api), selection=chosen)
    assert any("nothing was tested" in problem for problem in result.problems)
    assert result.score <= 45


def login(name: str, password: str) -> Identity:
    payload = Secret(f'{{"username": "{name}", "password": "{password}"}}')
    return Identity(name=name, login=Login(method="POST", path="/login", payload=payload, secrets=(Secret(password),)))


def test_an_identity_that_cannot_log_in_is_a_problem_without_its_password() -> None:
    result = execute(
        over(NotesApi()), identities=(login("alice", "hunter-two-secret"), login("bob", "hunter-3-secret"))
    )
    assert any("'alice' cannot log in" in problem for problem in result.problems)
    assert "hunter-two-secret" not in repr(result)


def test_two_identities_of_one_account_are_a_problem() -> None:
    api = NotesApi()
    api.users[5] = {"id": 5, "username": "alice", "bio": "", "password": "a-long-secret"}
    one, other = login("alice", "a-long-secret"), login("alice", "a-long-secret")
    identities = (one, Identity(name="al", login=other.login))
    result = execute(over(api), identities=identities)
    assert any("same account" in problem for problem in result.problems)
    assert 5 in api.users


def test_accounts_of_an_auth_file_are_neither_attacked_nor_removed() -> None:
    api = NotesApi()
    for key, name in ((5, "alice"), (6, "bob")):
        api.users[key] = {"id": key, "username": name, "bio": "mine", "is_admin": False, "password": "a-long-secret"}
    execute(over(api), identities=(login("alice", "a-long-secret"), login("bob", "a-long-secret")))
    assert {key: user["bio"] for key, user in api.users.items() if key in (5, 6)} == {5: "mine", 6: "mine"}
    assert not [request for request in api.sent if request.path in ("/users/5", "/users/6")]


def test_events_tell_the_plan_then_each_decision() -> None:
    events: list[Any] = []
    result = execute(over(NotesApi()), events=events)
    planned = next(event for event in events if isinstance(event, Planned))
    decided = [event for event in events if isinstance(event, Decided)]
    assert isinstance(events[0], Noted)
    assert planned.cases == len(decided) == sum(1 for row in result.coverage if row.verdict != "not-run")


def test_only_operations_that_were_called_count_as_exercised() -> None:
    result = execute(over(NotesApi()), selection=Selection(rules=("SF101",), operations=("GET /notes/{id}",)))
    assert 0 < result.operations_exercised < result.operations_total == 11


def test_a_dangerous_operation_runs_after_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def noting(case: Any) -> Any:
        yield case.workshop.request(case.contract.get("GET /me"), case.owner)
        order.append(case.target.label)
        return Held()

    everywhere = probe(noting)
    everywhere.why_not = lambda contract, target: None
    monkeypatch.setitem(probes(), "SF199", everywhere)

    def with_reset(raw: dict[str, Any]) -> None:
        raw["paths"] = {"/reset": {"post": {"responses": {"204": {"description": "gone"}}}}, **raw["paths"]}

    chosen = Selection(rules=("SF199",), include_dangerous=True)
    execute(over(NotesApi()), document(with_reset), selection=chosen)
    assert order[-1] == "POST /reset"
    assert len(order) == 12


# Looking ----------------------------------------------------------------------------------------------------------


def test_the_rules_that_look_see_every_answer_and_looking_alone_tests_nothing() -> None:
    shown = [{"id": 1, "title": "x", "body": "y", "priority": 1, "owner_id": 1, "shelf": "B7"}]
    api = NotesApi().during("GET /notes", lambda call, ordinary: reply(200, shown))
    result = execute(over(api), selection=Selection(rules=("SF204", "SF205")))
    assert {(item.rule, item.operation.label, item.field, item.actor) for item in result.findings} == {
        ("SF204", "GET /notes", "[].shelf", "alice")
    }
    assert any("nothing was tested" in problem for problem in result.problems)


def test_a_crashing_look_is_a_problem_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(sight: Any) -> Any:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(probes()["SF204"], "look", crash)
    result = execute(over(NotesApi()), selection=Selection(rules=("SF101", "SF204")))
    assert any("our bug" in problem for problem in result.problems)
    assert {row.verdict for row in result.coverage if row.rule == "SF204"} <= {"inconclusive", "not-run"}
