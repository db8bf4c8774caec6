"""Making objects although servers are picky, reading them back, cleaning them up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from simulated_api import BASE_URL, NUMBER, TEXT, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine.scenario import accepts
from specfuzz.generation import Drafter
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.resources import Accounts, Ledger, NotMade, Resource, Workshop

Answer = Callable[[Request], Response]


def operation(
    path: str, *, body: dict[str, Any] | None = None, shows: Any = None, status: str = "200"
) -> dict[str, Any]:
    """One operation of a document: what it takes, what it answers."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": NUMBER}
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]
    ]
    found: dict[str, Any] = {"parameters": parameters, "responses": {status: {"description": "done"}}}
    if body is not None:
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    if shows is not None:
        found["responses"][status]["content"] = {"application/json": {"schema": shows}}
    return found


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


NOTE = thing("title", title=TEXT, body=TEXT, color=TEXT)
SHOWN = thing(id=NUMBER, title=TEXT, body=TEXT)
NOTES = {
    "/notes": {"post": operation("/notes", body=NOTE, shows=SHOWN, status="201")},
    "/notes/{id}": {
        "get": operation("/notes/{id}", shows=SHOWN),
        "delete": operation("/notes/{id}", status="204"),
    },
}
NESTED = {
    "/projects": {"post": operation("/projects", body=thing(name=TEXT), shows=thing(id=NUMBER), status="201")},
    "/projects/{project_id}": {"delete": operation("/projects/{project_id}", status="204")},
    "/projects/{project_id}/tasks": {
        "post": operation("/projects/{project_id}/tasks", body=thing(title=TEXT), shows=thing(id=NUMBER), status="201")
    },
    "/projects/{project_id}/tasks/{task_id}": {
        "get": operation("/projects/{project_id}/tasks/{task_id}", shows=thing(id=NUMBER, title=TEXT)),
        "delete": operation("/projects/{project_id}/tasks/{task_id}", status="204"),
    },
    "/projects/{project_id}/tasks/{task_id}/comments": {
        "post": operation(
            "/projects/{project_id}/tasks/{task_id}/comments",
            body=thing(text=TEXT),
            shows=thing(id=NUMBER),
            status="201",
        )
    },
    "/projects/{project_id}/tasks/{task_id}/comments/{id}": {
        "delete": operation("/projects/{project_id}/tasks/{task_id}/comments/{id}", status="204")
    },
}


class Bench:
    """A workshop over a server that is one function; `sent` has its requests."""

    def __init__(self, paths: dict[str, Any], answer: Answer) -> None:
        raw = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
        self.contract = derive(from_raw(raw, "t.json"))
        accounts = Accounts(contract=self.contract, facts=lambda name: {}, accept=accepts)
        self.workshop = Workshop(self.contract, Drafter(self.contract, 0), accounts, accepts)
        self.sent: list[Request] = []
        self._answer = answer

    def send(self, request: Request) -> Exchange:
        self.sent.append(request)
        return Exchange(request=request, response=self._answer(request), url=BASE_URL + request.target)

    def drive(self, flow: Any) -> Any:
        return run_flow(flow, self.send)

    def make(self, kind: str, purpose: str = "test") -> Any:
        return self.drive(self.workshop.make(kind, "alice", purpose))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.sent if request.body]


def counting() -> Answer:
    """A server that makes whatever it is asked for, with ids of one sequence."""
    made = iter(range(1, 1000))
    return lambda request: reply(201, {"id": next(made)}) if request.method == "POST" else reply(204)


def test_an_object_is_made_with_canaries_in_its_texts() -> None:
    bench = Bench(NOTES, lambda request: reply(201, {"id": 7}))
    made = bench.make("note")
    assert isinstance(made, Resource)
    assert (made.kind, made.owner, made.key) == ("note", "alice", 7)
    assert {made.sent[field] for field in ("title", "body")} == {made.canaries[field] for field in ("title", "body")}


def test_two_objects_carry_different_canaries() -> None:
    bench = Bench(NOTES, counting())
    one, other = bench.make("note", "one"), bench.make("note", "other")
    assert not set(one.canaries.values()) & set(other.canaries.values())


def test_a_property_that_the_error_calls_unknown_is_left_out_of_the_next_try() -> None:
    def strict(request: Request) -> Response:
        body = json.loads(request.body)
        return reply(422, {"errors": {"color": ["Unknown field."]}}) if "color" in body else reply(201, {"id": 7})

    bench = Bench(NOTES, strict)
    assert bench.make("note").key == 7
    assert [set(body) for body in bench.bodies] == [{"title", "body", "color"}, {"title", "body"}]


def test_a_choice_that_the_error_names_is_taken() -> None:
    def choosy(request: Request) -> Response:
        body = json.loads(request.body)
        if body.get("color") in ("red", "blue"):
            return reply(201, {"id": 7})
        return reply(400, {"errors": [{"field": "color", "message": "must be one of: red, blue"}]})

    bench = Bench(NOTES, choosy)
    assert bench.make("note").sent["color"] == "red"


def test_a_mute_refusal_is_met_with_fewer_fields() -> None:
    def mute(request: Request) -> Response:
        return reply(400, {"error": "bad request"}) if len(json.loads(request.body)) > 1 else reply(201, {"id": 7})

    bench = Bench(NOTES, mute)
    assert set(bench.make("note").sent) == {"title"}


def test_what_was_learnt_is_used_for_the_next_object() -> None:
    def strict(request: Request) -> Response:
        body = json.loads(request.body)
        return (
            reply(422, {"errors": {"color": ["Unknown field."]}}) if "color" in body else reply(201, {"id": id(body)})
        )

    bench = Bench(NOTES, strict)
    bench.make("note", "one")
    before = len(bench.sent)
    assert isinstance(bench.make("note", "two"), Resource)
    assert len(bench.sent) - before == 1


def test_what_cannot_be_made_says_the_servers_last_answer() -> None:
    bench = Bench(NOTES, lambda request: reply(422, {"error": "the moon is not full"}))
    made = bench.make("note")
    assert isinstance(made, NotMade)
    assert made.kind == "note"
    assert "422" in made.reason
    assert "the moon is not full" in made.reason
    assert made.exchange is not None
    assert made.exchange.status == 422
    assert len(bench.sent) == 6


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_refusal_of_the_caller_is_not_tried_again(status: int) -> None:
    bench = Bench(NOTES, lambda request: reply(status))
    assert isinstance(bench.make("note"), NotMade)
    assert len(bench.sent) == 1


def test_a_refusal_as_200_makes_no_object() -> None:
    bench = Bench(NOTES, lambda request: reply(200, {"error": "quota exceeded"}))
    assert isinstance(bench.make("note"), NotMade)
    assert bench.workshop.ledger.left() == []


def test_a_kind_that_no_operation_makes_says_so() -> None:
    paths = {"/notes/{id}": NOTES["/notes/{id}"]}
    made = Bench(paths, counting()).make("note")
    assert isinstance(made, NotMade)
    assert "no operation of the document makes a note" in made.reason
    unknown = Bench(paths, counting()).make("unicorn")
    assert isinstance(unknown, NotMade)


def test_parents_are_made_first_and_named_in_the_path() -> None:
    bench = Bench(NESTED, counting())
    comment = bench.make("comment")
    assert isinstance(comment, Resource)
    assert [request.path for request in bench.sent] == [
        "/projects",
        "/projects/1/tasks",
        "/projects/1/tasks/2/comments",
    ]
    assert [parent.kind for parent in comment.parents] == ["project", "task"]


def test_parents_are_shared_by_children() -> None:
    bench = Bench(NESTED, counting())
    bench.make("task", "one")
    bench.make("task", "two")
    assert [request.path for request in bench.sent] == ["/projects", "/projects/1/tasks", "/projects/1/tasks"]


def test_a_parent_that_cannot_be_made_is_named_with_its_answer() -> None:
    bench = Bench(NESTED, lambda request: reply(403, {"error": "no projects for you"}))
    made = bench.make("comment")
    assert isinstance(made, NotMade)
    assert "project" in made.reason
    assert "no projects for you" in made.reason


def test_composite_identifiers_are_filled_from_the_object_and_its_parents() -> None:
    bench = Bench(NESTED, counting())
    task = bench.make("task")
    reader = bench.contract.get("GET /projects/{project_id}/tasks/{task_id}")
    assert bench.workshop.request(reader, "bob", task).path == "/projects/1/tasks/2"


def test_an_identifier_is_percent_encoded_in_the_path() -> None:
    bench = Bench(NOTES, lambda request: reply(201, {"id": "a/../b c?#"}))
    made = bench.make("note")
    reader = bench.contract.get("GET /notes/{id}")
    assert bench.workshop.request(reader, "bob", made).path == "/notes/a%2F..%2Fb%20c%3F%23"


def test_an_identifier_that_only_location_tells_is_used() -> None:
    bench = Bench(NOTES, lambda request: reply(201, None, Location="/notes/77"))
    assert bench.make("note").key == "77"


def test_an_identifier_that_creation_does_not_tell_is_looked_up_in_the_owners_list() -> None:
    listed = {"/notes": {**NOTES["/notes"], "get": operation("/notes", shows={"type": "array", "items": SHOWN})}}
    stored: list[dict[str, Any]] = [{"id": 1, "title": "older"}]

    def silent(request: Request) -> Response:
        if request.method == "GET":
            return reply(200, stored)
        stored.append({"id": 41, **json.loads(request.body)})
        return reply(201, {"message": "created"})

    bench = Bench({**NOTES, **listed}, silent)
    assert bench.make("note").key == 41
    assert [item.key for item in bench.workshop.ledger.left()] == [41]


def test_a_list_that_cannot_be_named_does_not_stop_the_making() -> None:
    paths = {
        **NOTES,
        "/folders/{folder_id}/notes": {
            "get": operation("/folders/{folder_id}/notes", shows={"type": "array", "items": SHOWN})
        },
    }
    made = Bench(paths, lambda request: reply(201, {"message": "created"})).make("note")
    assert isinstance(made, Resource)
    assert made.key is None


def test_an_api_whose_objects_need_each_other_ends() -> None:
    paths = {
        path: {"post": operation(path, body=thing(f"{other}_id", **{f"{other}_id": NUMBER}), shows=thing(id=NUMBER))}
        for path, other in (("/eggs", "hen"), ("/hens", "egg"))
    }
    for path in ("/eggs", "/hens"):
        paths[f"{path}/{{id}}"] = {"get": operation(f"{path}/{{id}}", shows=thing(id=NUMBER))}
    bench = Bench(paths, lambda request: reply(400, {"error": "needs the other"}))
    assert isinstance(bench.make("egg"), NotMade)
    assert len(bench.sent) < 40


def test_a_shared_object_is_made_once_also_when_it_cannot_be() -> None:
    bench = Bench(NOTES, lambda request: reply(403))
    for _ in range(3):
        assert isinstance(bench.drive(bench.workshop.shared("note", "alice")), NotMade)
    assert len(bench.sent) == 1


def test_extra_fields_are_sent_beside_the_others_in_one_try() -> None:
    bench = Bench(NOTES, lambda request: reply(422, {"error": "no"}))
    creation = bench.contract.get("POST /notes")
    made = bench.drive(bench.workshop.make_with(creation, "note", "alice", "p", extra={"is_admin": True}))
    assert isinstance(made, NotMade)
    assert [body["is_admin"] for body in bench.bodies] == [True]


# Reading back -------------------------------------------------------------------------------------------------------


def viewed(answer: Response) -> Any:
    bench = Bench(NOTES, lambda request: reply(201, {"id": 7}) if request.method == "POST" else answer)
    return bench.drive(bench.workshop.read_back(bench.make("note")))


def test_a_read_back_shows_the_fields_as_the_reader_does() -> None:
    view = viewed(reply(200, {"data": {"id": 7, "title": "x"}}))
    assert (view.found, view.fields) == (True, {"id": 7, "title": "x"})


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500])
def test_a_refused_read_back_found_nothing(status: int) -> None:
    view = viewed(reply(status, {"error": "no"}))
    assert not view.found
    assert view.exchange is not None
    assert view.exchange.status == status


def test_a_refusal_as_200_found_nothing() -> None:
    assert not viewed(reply(200, {"error": "not found"})).found


def test_an_object_that_nothing_reads_is_unreadable_not_gone() -> None:
    bench = Bench({"/notes": NOTES["/notes"]}, lambda request: reply(201, {"id": 7}))
    view = bench.drive(bench.workshop.read_back(bench.make("note")))
    assert not view.is_readable


# Cleaning up --------------------------------------------------------------------------------------------------------


def test_children_are_left_to_be_removed_before_their_parents() -> None:
    bench = Bench(NESTED, counting())
    bench.make("comment")
    assert [item.kind for item in bench.workshop.ledger.left()] == ["comment", "task", "project"]
    for item in bench.workshop.ledger.left():
        assert bench.drive(bench.workshop.remove(item))
    removed = [request.path for request in bench.sent if request.method == "DELETE"]
    assert removed == ["/projects/1/tasks/2/comments/3", "/projects/1/tasks/2", "/projects/1"]
    assert bench.workshop.ledger.left() == []


@pytest.mark.parametrize(
    ("status", "gone"), [(204, True), (200, True), (404, True), (410, True), (403, False), (500, False)]
)
def test_what_the_server_does_not_remove_is_left(status: int, gone: bool) -> None:
    bench = Bench(NOTES, lambda request: reply(201, {"id": 7}) if request.method == "POST" else reply(status))
    made = bench.make("note")
    assert bench.drive(bench.workshop.remove(made)) is gone
    assert (bench.workshop.ledger.left() == []) is gone
    assert [request.identity for request in bench.sent] == ["alice", "alice"]


def test_what_nothing_removes_is_left_without_a_request() -> None:
    bench = Bench({"/notes": NOTES["/notes"]}, lambda request: reply(201, {"id": 7}))
    made = bench.make("note")
    assert bench.drive(bench.workshop.remove(made)) is False
    assert len(bench.sent) == 1
    assert [item.key for item in bench.workshop.ledger.left()] == [7]


def test_what_was_there_before_us_is_never_in_the_ledger() -> None:
    paths = {
        **{
            path: {m: o for m, o in item.items() if (path, m) != ("/projects", "post")} for path, item in NESTED.items()
        },
        "/projects": {"get": operation("/projects", shows={"type": "array", "items": thing(id=NUMBER)})},
    }

    def answer(request: Request) -> Response:
        return reply(200, [{"id": 500, "name": "theirs"}]) if request.method == "GET" else reply(201, {"id": 8})

    bench = Bench(paths, answer)
    task = bench.make("task")
    assert bench.sent[-1].path == "/projects/500/tasks"
    assert [item.key for item in bench.workshop.ledger.left()] == [8]
    assert not task.parents[0].made


def test_an_identifier_that_a_deleted_object_had_is_a_new_object_again() -> None:
    """SQLite gives the id of the last row again once that row is deleted; a cart that is one for each user stays one."""
    ledger = Ledger()
    first = Resource(kind="note", owner="alice", creation=None, body={"id": 7})
    ledger.add(first)
    assert first.name in ledger.standing()
    ledger.expect_gone(first)
    assert first.name not in ledger.standing()
    assert ledger.left() == [first]


# Made by an admin --------------------------------------------------------------------------------------------------

ACCOUNT = thing("customer_id", customer_id=NUMBER, label=TEXT)
BANK = {
    "/customers/{id}": {"get": operation("/customers/{id}", shows=thing(id=NUMBER, email=TEXT, username=TEXT))},
    "/accounts": {"post": operation("/accounts", body=ACCOUNT, shows=thing(id=NUMBER, label=TEXT), status="201")},
    "/accounts/{id}": {
        "get": operation("/accounts/{id}", shows=thing(id=NUMBER, label=TEXT)),
        "delete": operation("/accounts/{id}", status="204"),
    },
}


def for_staff_only(request: Request) -> Response:
    """Only the admin opens and closes accounts, for the customer whom the body names."""
    if request.method in ("POST", "DELETE") and request.identity != "root":
        return reply(403, {"error": "staff only"})
    return reply(201, {"id": 31}) if request.method == "POST" else reply(204)


def bench_with_people() -> Bench:
    bench = Bench(BANK, for_staff_only)
    for name, key in (("alice", 7), ("root", 1)):
        person = Resource(kind="customer", owner=name, creation=None, body={"id": key, "username": name}, made=False)
        bench.workshop.accounts.add(name, person)
    return bench


def test_an_object_is_made_by_the_admin_for_its_owner() -> None:
    bench = bench_with_people()
    bench.workshop.maker = "root"
    made = bench.make("account")
    assert isinstance(made, Resource)
    assert (made.owner, made.made_by, made.key) == ("alice", "root", 31)
    assert json.loads(bench.sent[-1].body)["customer_id"] == 7


def test_it_is_removed_by_whoever_made_it() -> None:
    bench = bench_with_people()
    bench.workshop.maker = "root"
    made = bench.make("account")
    assert bench.drive(bench.workshop.remove(made))
    assert bench.sent[-1].identity == "root"
    assert bench.workshop.ledger.left() == []


def test_without_an_admin_the_refusal_says_what_would_help() -> None:
    made = bench_with_people().make("account")
    assert isinstance(made, NotMade)
    assert "403" in made.reason
    assert made.hint == "add an identity that may to --auth"


def test_an_object_that_names_nobody_is_not_handed_over() -> None:
    bench = Bench(NOTES, lambda request: reply(201, {"id": 1}) if request.identity == "root" else reply(403))
    bench.workshop.maker = "root"
    assert isinstance(bench.make("note"), NotMade)
    assert {request.identity for request in bench.sent} == {"alice"}


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check that the identity's log-in"),
        (404, "check that the server has POST /notes"),
        (422, "`example` that the server takes at #/paths/~1notes/post/requestBody"),
    ],
)
def test_the_last_answer_decides_what_would_help(status: int, hint: str) -> None:
    made = Bench(NOTES, lambda request: reply(status)).make("note")
    assert isinstance(made, NotMade)
    assert hint in made.hint
