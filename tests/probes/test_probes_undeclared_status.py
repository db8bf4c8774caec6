"""SF501: statuses that the document does not declare, and those that go without saying."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import answers, document, exchange, look, object_of

LABEL = "GET /things"
DONE = {"description": "done"}


def seen(declared: list[str], status: int, body: Any = None, **options: Any) -> list[str]:
    raw = document(dict.fromkeys(declared, DONE))
    return [str(item.confidence) for item in look("SF501", raw, exchange(LABEL, body, status=status, **options))]


@pytest.mark.parametrize(
    ("declared", "status"), [(["201"], 200), (["200"], 201), (["200"], 204), (["200", "404"], 202)]
)
def test_an_undeclared_success_is_firm(declared: list[str], status: int) -> None:
    raw = document(dict.fromkeys(declared, DONE))
    (found,) = look("SF501", raw, exchange(LABEL, None, status=status))
    assert (str(found.confidence), found.actor, found.field) == ("firm", "alice", None)
    assert str(status) in found.title
    assert found.expectation.source == "#/paths/~1things/get/responses"


@pytest.mark.parametrize("status", [400, 402, 409, 410, 412, 418, 422, 423, 451, 501])
def test_an_undeclared_refusal_is_a_hint_where_the_document_lists_refusals(status: int) -> None:
    assert seen(["200", "409" if status != 409 else "400"], status) == ["tentative"]


@pytest.mark.parametrize("others", [[], ["422"], ["401", "404"]], ids=["none", "FastAPI's 422", "unsaid ones"])
def test_an_undeclared_refusal_goes_without_saying_where_the_document_lists_none(others: list[str]) -> None:
    assert seen(["200", *others], 400) == []


@pytest.mark.parametrize(
    "status", [203, 301, 304, 307, 308, 401, 403, 404, 405, 406, 408, 413, 415, 429, 431, 500, 502, 503, 504]
)
def test_what_any_server_may_answer_goes_without_saying(status: int) -> None:
    assert seen(["200"], status) == []


@pytest.mark.parametrize("location", ["/login", "/things/"])
def test_a_redirect_goes_without_saying(location: str) -> None:
    assert seen(["200"], 302, location=location) == []


@pytest.mark.parametrize(
    ("declared", "status"), [(["200"], 200), (["2XX"], 201), (["2xx"], 204), (["4XX"], 422), (["200", "default"], 418)]
)
def test_a_declared_status_range_or_default_is_no_finding(declared: list[str], status: int) -> None:
    assert seen(declared, status) == []


@pytest.mark.parametrize("body", [{"error": "Forbidden"}, {"success": False, "message": "no such thing"}])
def test_a_refusal_in_disguise_is_no_undeclared_success(body: Any) -> None:
    assert seen(["201"], 200, body) == []


def test_a_document_without_answers_is_not_looked_at() -> None:
    assert seen([], 200) == []


def test_a_declared_status_with_another_media_type_is_declared() -> None:
    raw = document({"200": answers(object_of(), "text/csv")})
    assert look("SF501", raw, exchange(LABEL, {"a": 1})) == []
