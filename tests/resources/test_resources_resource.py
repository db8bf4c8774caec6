"""Where an object's identifier is found: in what its creation answered, in `Location`, in its parents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_api import reply

from specfuzz.contract import Identifier, Location, derive, from_raw
from specfuzz.http import Exchange, Request, Response
from specfuzz.resources import Resource, View, find_by_canary, find_by_key, objects_in, view_of
from specfuzz.resources.resource import identifier_in_location


def in_path(name: str, resource: str) -> Identifier:
    return Identifier(location=Location.PATH, name=name, resource=resource)


def note(body: dict[str, Any], **more: Any) -> Resource:
    return Resource(kind="note", owner="alice", creation=None, body=body, **more)


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ({"id": 7}, "id", 7),
        ({"id": 7}, "note_id", 7),
        ({"id": 7}, "noteId", 7),
        ({"note_id": 7}, "id", 7),
        ({"noteId": 7}, "note_id", 7),
        ({"id": 7, "slug": "a-note"}, "slug", "a-note"),
        ({"uuid": "3f-8"}, "id", "3f-8"),
        ({"_id": "5f1"}, "id", "5f1"),
        ({"NoteID": 7}, "note_id", 7),
        ({"id": "7"}, "id", "7"),
        ({"key": "K-1", "title": "x"}, "note_key", "K-1"),
        ({"id": 7, "owner_id": 3}, "id", 7),
        ({"note_id": 9, "owner_id": 3}, "note_id", 9),
        ({"title": "x", "public_id": "p1"}, "id", "p1"),
    ],
    ids=str,
)
def test_an_identifier_is_found_under_the_names_that_apis_use(body: dict[str, Any], name: str, expected: Any) -> None:
    assert note(body).identifier(in_path(name, "note")) == expected


@pytest.mark.parametrize(
    "body",
    [{}, {"title": "x"}, {"id": None}, {"id": ""}, {"id": True}, {"id": {"value": 1}}, {"a_id": 1, "b_id": 2}],
    ids=str,
)
def test_what_identifies_nothing_is_not_taken_for_an_identifier(body: dict[str, Any]) -> None:
    assert note(body).identifier(in_path("id", "note")) is None


def test_a_parents_identifier_is_the_parents_and_never_the_objects_own() -> None:
    project = Resource(kind="project", owner="alice", creation=None, body={"id": 1})
    task = Resource(kind="task", owner="alice", creation=None, body={"id": 22}, parents=(project,))
    assert task.identifier(in_path("id", "project")) == 1
    assert task.identifier(in_path("project_id", "project")) == 1
    assert task.identifier(in_path("id", "task")) == 22


def test_the_innermost_of_nested_parents_is_asked_first() -> None:
    outer = Resource(kind="folder", owner="alice", creation=None, body={"id": 1})
    inner = Resource(kind="folder", owner="alice", creation=None, body={"id": 2}, parents=(outer,))
    assert note({"id": 3}, parents=(outer, inner)).identifier(in_path("folder_id", "folder")) == 2


def answered(status: int = 201, path: str = "/notes", **headers: str) -> Exchange:
    return Exchange(request=Request(method="POST", path=path), response=reply(status, None, **headers))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/notes/7", "7"),
        ("http://api.test/v1/notes/7", "7"),
        ("/notes/7/", "7"),
        ("/notes/a%20b", "a b"),
        ("/note.php?id=7", "7"),
        ("/notes?note_id=7&lang=en", "7"),
        ("7", "7"),
        ("/notes", None),
        ("", None),
        ("/", None),
    ],
)
def test_an_identifier_that_only_location_tells_is_its_last_part(location: str, expected: str | None) -> None:
    assert identifier_in_location(answered(Location=location)) == expected


def test_without_location_there_is_no_identifier_in_it() -> None:
    assert identifier_in_location(answered()) is None


ENVELOPES = {
    "none": {"id": 7, "title": "x"},
    "data": {"data": {"id": 7, "title": "x"}},
    "the noun": {"note": {"id": 7, "title": "x"}},
    "status and data": {"status": "success", "data": {"id": 7, "title": "x"}},
    "data beside meta": {"data": {"id": 7, "title": "x"}, "meta": {"page": 1}},
    "a list of one": [{"id": 7, "title": "x"}],
    "a list of one in data": {"data": {"id": 7, "title": "x"}, "errors": []},
}


@pytest.mark.parametrize("body", ENVELOPES.values(), ids=ENVELOPES)
def test_the_object_is_found_behind_a_lone_envelope(body: Any) -> None:
    assert dict(view_of(body)) == {"id": 7, "title": "x"}


def test_an_object_with_a_nested_object_is_no_envelope() -> None:
    body = {"id": 7, "author": {"id": 1, "name": "alice"}}
    assert view_of(body) == body


@pytest.mark.parametrize("body", [None, [], [1], "text", 5, [{}, {}]], ids=str)
def test_what_is_no_object_has_no_view(body: Any) -> None:
    assert view_of(body) == {}


def test_an_object_is_found_in_a_list_by_its_key_whatever_its_type() -> None:
    body = {"items": [{"id": 1}, {"id": "22", "title": "x"}], "total": 2}
    assert find_by_key(body, 22) == {"id": "22", "title": "x"}
    assert find_by_key(body, 3) is None
    assert find_by_key(body, None) is None


def test_the_innermost_object_that_holds_the_canary_is_the_one() -> None:
    body = {"pages": [{"items": [{"id": 1, "title": "other"}, {"id": 2, "title": "sfzcanary"}]}]}
    assert find_by_canary(body, ["sfzcanary"]) == {"id": 2, "title": "sfzcanary"}
    assert find_by_canary(body, []) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "data", "a", "note_id"]), inner),
    max_leaves=15,
)


@given(body=JSON, key=st.one_of(st.none(), st.integers(), st.text(max_size=3)))
def test_any_body_can_be_looked_into(body: Any, key: Any) -> None:
    shown = view_of(body)
    assert all(isinstance(item, dict) for item in objects_in(body))
    found = find_by_key(body, key)
    assert found is None or any(str(value) == str(key) for value in found.values())
    value = note(dict(shown)).identifier(in_path("id", "note"))
    assert value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def test_a_body_as_deep_as_a_hostile_server_likes_is_looked_into() -> None:
    body: Any = {"id": 7}
    for _ in range(50_000):
        body = [body]
    assert find_by_key(body, 8) is None


def test_a_parents_read_does_not_show_a_child_that_is_gone() -> None:
    """An article whose comment was deleted is still an article; it is no comment."""
    paths = {
        "/articles/{slug}": {"get": {"responses": {"200": {"description": "one"}}}},
        "/articles/{slug}/comments/{id}": {"delete": {"responses": {"204": {"description": "gone"}}}},
    }
    contract = derive(from_raw({"openapi": "3.0.3", "paths": paths}, "n.json"))
    reader = contract.get("GET /articles/{slug}")
    assert reader is not None
    body = json.dumps({"article": {"slug": "s", "title": "t"}}).encode()
    exchange = Exchange(request=Request(method="GET", path="/articles/s"), response=Response(status=200, body=body))
    comment = Resource(
        kind="comment", owner="alice", creation=None, body={"id": 1}, canaries={"body": "sfzabcdefghijk"}
    )
    article = Resource(kind="article", owner="alice", creation=None, body={"slug": "s"})
    assert not View.of(exchange, reader, comment, accepted=True).found
    assert View.of(exchange, reader, article, accepted=True).found
