"""Other forms of a refused request: what they are, and that the same evidence counts as for the plain attempt."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, only_break, reply, silent_on

from specfuzz.contract import Confidence, Identifier, Location, from_raw
from specfuzz.engine.plan import Planned
from specfuzz.http import Request, Response
from specfuzz.probes import Held
from specfuzz.probes.variants import MAX_VARIANTS, Subject, Variant, variants

READ, UPDATE, DELETE = "GET /notes/{id}", "PATCH /notes/{id}", "DELETE /notes/{id}"
UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
ELSEWHERE = from_raw({**document(), "servers": [{"url": "/v1"}, {"url": "/v2"}, {"url": "/internal"}]}, "notes.json")


def forms(
    method: str = "GET",
    value: Any = 101,
    place: Location = Location.PATH,
    own: Any = None,
    body: bytes = b"",
    base_url: str = "",
) -> dict[str, Request]:
    path = f"/notes/{value}" if place is Location.PATH else "/note"
    query = (("id", str(value)),) if place is Location.QUERY else ()
    headers = (("Content-Type", "application/json"),) if body else ()
    plain = Request(method=method, path=path, query=query, body=body, headers=headers, identity="bob")
    subject = Subject(identifier=Identifier(location=place, name="id", resource="note"), value=value, own=own)
    return {item.name: item.request for item in variants(plain, subject, ELSEWHERE, base_url)}


def test_an_id_in_the_path_takes_the_forms_that_routers_read_differently() -> None:
    paths = {name: item.path for name, item in forms().items()}
    assert paths["`.json` behind the id"] == "/notes/101.json"
    assert paths["a slash behind the path"] == "/notes/101/"
    assert paths["a zero before the id"] == "/notes/0101"
    assert paths["the id percent-encoded"] == "/notes/%3101"
    assert paths["`..;/` in the path"] == "/notes/..;/notes/101"


def test_a_uuid_is_written_in_upper_case_and_not_with_a_zero() -> None:
    found = forms(value=UUID)
    assert found["the id in upper case"].path == f"/notes/{UUID.upper()}"
    assert "a zero before the id" not in found


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_write_is_sent_in_no_form_that_could_mean_another_object(method: str) -> None:
    """To a server that reads `0101` as an octal number it is 65: somebody's."""
    assert "a zero before the id" not in forms(method)


def test_the_peers_own_id_stands_where_the_check_looks() -> None:
    read = forms(own=202)["the peer's own id in the path, the owner's as `id` in the query"]
    assert (read.path, read.query) == ("/notes/202", (("id", "101"),))
    write = forms("PATCH", own=202, body=b'{"title": "x"}')[
        "the peer's own id in the path, the owner's as `id` in the body"
    ]
    assert (write.path, json.loads(write.body)) == ("/notes/202", {"title": "x", "id": 101})


def test_an_id_in_the_query_is_sent_twice_and_as_an_array() -> None:
    found = {name: item.query for name, item in forms(place=Location.QUERY, own=202).items()}
    assert found["`id` twice, the owner's last"] == (("id", "202"), ("id", "101"))
    assert found["`id` twice, the owner's first"] == (("id", "101"), ("id", "202"))
    assert found["`id[]`"] == (("id[]", "101"),)


def test_an_id_in_the_body_changes_its_type() -> None:
    found = {name: item.body for name, item in forms("POST", place=Location.BODY, own=202, body=b'{"id": 101}').items()}
    assert json.loads(found["`id` as a text"]) == {"id": "101"}
    assert json.loads(found["`id` as an array"]) == {"id": [101]}
    assert json.loads(found["`id` inside an object"]) == {"id": {"id": 101}}
    assert found["`id` twice in the body"] == b'{"id": 202, "id": 101}'


def test_a_flat_json_body_is_sent_as_a_form() -> None:
    sent = forms("PATCH", body=b'{"title": "x", "open": true}')["the body as a form"]
    assert parse_qsl(sent.body.decode()) == [("title", "x"), ("open", "true")]
    assert sent.header("content-type") == "application/x-www-form-urlencoded"


def test_other_declared_versions_and_prefixes_are_tried_on_the_same_origin() -> None:
    found = [item.path for item in forms(base_url="http://api.test/v2").values() if item.path.startswith("http")]
    assert found == ["http://api.test/internal/notes/101", "http://api.test/v1/notes/101"]


def test_a_form_that_cannot_be_read_has_no_variants_of_its_body() -> None:
    assert not any("body" in name for name in forms("PATCH", body=b"\xff\x00 no json"))


@given(st.text(min_size=1, max_size=12), st.sampled_from(["GET", "PATCH", "DELETE"]), st.sampled_from(list(Location)))
def test_any_identifier_gives_requests_that_differ_from_the_plain_one(value: str, method: str, place: Location) -> None:
    plain = Request(method=method, path="/notes/1", identity="bob")
    subject = Subject(identifier=Identifier(location=place, name="id", resource="note"), value=value)
    found: list[Variant] = list(variants(plain, subject, ELSEWHERE, "http://api.test/v1"))
    assert len({item.name for item in found}) == len(found)
    assert all(item.request.identity == "bob" for item in found)


# Tried ------------------------------------------------------------------------------------------------------------


def blind_to(pattern: str, label: str, serve: Any) -> NotesApi:
    """The check is made on paths that are written as the document says; others reach the handler."""
    api = NotesApi()
    method = label.split(" ")[0]

    def answer(call: Call, ordinary: Handler) -> Response:
        found = re.fullmatch(pattern, call.request.path)
        note = api.notes.get(int(unquote(found[1]))) if found else None
        if note is None or call.user is None or call.request.method != method:
            return ordinary(call)
        served: Response = serve(api, note, call)
        return served

    return api.during("*", answer)


def shown(api: NotesApi, note: dict[str, Any], call: Call) -> Response:
    return reply(200, note)


def changed(api: NotesApi, note: dict[str, Any], call: Call) -> Response:
    note.update(api.stored(call.body))
    return reply(200, note)


def deleted(api: NotesApi, note: dict[str, Any], call: Call) -> Response:
    del api.notes[note["id"]]
    return reply(204)


@pytest.mark.parametrize("pattern", [r"/notes/(\d+)\.json", r"/notes/(\d+)/", r"/notes/(%3\d\d*)"])
def test_a_read_that_is_let_through_in_another_form_is_found(pattern: str) -> None:
    """Guards the further attempts of SF101, with a document that keeps notes for their owner."""
    found = only_break(decide("SF101", READ, blind_to(pattern, READ, shown)))
    assert (found.actor, found.confidence) == ("bob", Confidence.CERTAIN)


def test_a_plain_refusal_is_what_makes_the_object_private() -> None:
    """Guards the rung `is_refused`: the document says nothing, no list tells, and the API refused the plain attempt."""
    labels = (READ, UPDATE, DELETE, "GET /notes", "POST /notes/{id}/archive")
    api = blind_to(r"/notes/(\d+)\.json", READ, shown)
    api.during("GET /notes", lambda call, ordinary: reply(501))
    found = only_break(decide("SF101", READ, api, document(silent_on(*labels))))
    assert (found.confidence, found.expectation.source) == (Confidence.FIRM, f"behaviour:{READ}")


@pytest.mark.parametrize(("rule", "label", "serve"), [("SF102", UPDATE, changed), ("SF103", DELETE, deleted)])
def test_a_write_that_is_let_through_in_another_form_is_found(rule: str, label: str, serve: Any) -> None:
    found = only_break(decide(rule, label, blind_to(r"/notes/(\d+)/", label, serve)))
    assert (found.actor, found.owner, found.rule) == ("bob", "alice", None)


@pytest.mark.parametrize(("rule", "label"), [("SF102", UPDATE), ("SF103", DELETE)])
def test_a_polite_answer_to_another_form_is_no_finding(rule: str, label: str) -> None:
    """Guards the owner's read-back after an accepted form."""
    api = blind_to(r"/notes/(\d+)/", label, lambda api, note, call: reply(200, note))
    assert isinstance(decide(rule, label, api), Held)


def test_a_form_that_is_refused_and_wrote_is_found_by_the_last_read() -> None:
    def writes_and_refuses(api: NotesApi, note: dict[str, Any], call: Call) -> Response:
        note.update(api.stored(call.body))
        return reply(403)

    found = only_break(decide("SF102", UPDATE, blind_to(r"/notes/(\d+)/", UPDATE, writes_and_refuses)))
    assert found.rule == "SF304"


@pytest.mark.parametrize(("rule", "label"), [("SF101", READ), ("SF102", UPDATE), ("SF103", DELETE)])
def test_what_was_tried_stands_in_the_coverage(rule: str, label: str) -> None:
    verdict = decide(rule, label, NotesApi())
    assert isinstance(verdict, Held)
    assert "also tried: " in verdict.reason
    assert verdict.reason.count(",") <= MAX_VARIANTS + 2


@pytest.mark.parametrize(("rule", "label"), [("SF101", READ), ("SF103", DELETE)])
def test_a_tight_budget_leaves_the_other_forms_out(rule: str, label: str) -> None:
    stage = Stage(NotesApi())
    stage.scenario.has_spare = lambda: False
    outcome = stage.drive(stage.scenario.run_case(Planned(target=stage.target(label), rule=rule)))
    assert isinstance(outcome.verdict, Held)
    assert "also tried" not in outcome.verdict.reason


def test_a_limiter_in_the_midst_of_the_forms_is_no_finding() -> None:
    api = NotesApi()

    def tired(call: Call, ordinary: Handler) -> Response:
        return reply(429) if call.request.path.endswith(("/", ".json")) else ordinary(call)

    assert isinstance(decide("SF101", READ, api.during("*", tired)), Held)
