"""Refusals, acceptances and neither, as real APIs answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.http import Exchange, Request, Response
from specfuzz.oracles import Outcome, read_reply, read_response

LOGIN_PAGE = "<html><form action='/login'><input name=u><input type=\"password\" name=p></form></html>"
CATCH_ALL = "<!doctype html><html><body><div id=root></div><script src=/app.js></script></body></html>"


def response(status: int, body: Any = None, *, html: str | None = None, location: str | None = None) -> Response:
    headers = [] if location is None else [("Location", location)]
    if html is not None:
        return Response(
            status=status, headers=(*headers, ("Content-Type", "text/html; charset=utf-8")), body=html.encode()
        )
    content = b"" if body is None else json.dumps(body).encode()
    return Response(status=status, headers=(*headers, ("Content-Type", "application/json")), body=content)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED),
        (201, Outcome.ACCEPTED),
        (202, Outcome.ACCEPTED),
        (204, Outcome.ACCEPTED),
        (304, Outcome.ACCEPTED),
        (400, Outcome.INVALID),
        (401, Outcome.DENIED),
        (403, Outcome.DENIED),
        (404, Outcome.MISSING),
        (405, Outcome.INVALID),
        (409, Outcome.INVALID),
        (410, Outcome.MISSING),
        (415, Outcome.INVALID),
        (419, Outcome.DENIED),
        (422, Outcome.INVALID),
        (429, Outcome.THROTTLED),
        (500, Outcome.FAILED),
        (502, Outcome.FAILED),
        (503, Outcome.FAILED),
        (504, Outcome.FAILED),
    ],
)
def test_a_status_without_a_body_says_what_it_says(status: int, outcome: Outcome) -> None:
    assert read_response(response(status)).outcome is outcome


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(
    "body",
    [
        {"error": "Unauthorized"},
        {"error": {"code": 403, "message": "Forbidden"}},
        {"errors": [{"message": "Not authorized to access this"}]},
        {"success": False, "message": "Permission denied"},
        {"ok": False, "reason": "not your order"},
        {"status": "error", "message": "Please log in"},
        {"result": "denied", "message": "access denied"},
        {"code": 401, "msg": "invalid token"},
        {"statusCode": 403, "message": "Forbidden resource"},
        {"status": 403, "error": "Forbidden", "path": "/x"},
        {"data": None, "errors": [{"message": "You do not have permission", "path": ["order"]}]},
        {"error": "login required", "data": {}},
        {"success": "false", "message": "You must be logged in"},
    ],
)
def test_a_success_that_carries_an_error_about_rights_is_a_denial(status: int, body: Any) -> None:
    assert read_response(response(status, body)).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    "body",
    [
        {"error": "not found"},
        {"success": False, "message": "Order does not exist"},
        {"status": "fail", "message": "No such order"},
        {"code": 404, "message": "Not Found"},
        {"errors": ["could not find the note"]},
    ],
)
def test_a_success_that_carries_an_error_about_absence_is_missing(body: Any) -> None:
    assert read_response(response(200, body)).outcome is Outcome.MISSING


@pytest.mark.parametrize(
    "body",
    [
        {"success": False},
        {"ok": False, "errors": {"title": ["too short"]}},
        {"error": "title is too short"},
        {"status": "invalid", "message": "bad input"},
    ],
)
def test_a_success_that_carries_another_error_is_invalid(body: Any) -> None:
    assert read_response(response(200, body)).outcome is Outcome.INVALID


@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "title": "Milk"},
        {"success": True, "data": {"id": 1}},
        {"ok": True},
        {"status": "ok"},
        {"status": "open", "id": 4},
        {"error": None, "data": {"id": 1}},
        {"error": "", "id": 1},
        {"errors": [], "id": 1},
        {"errors": {}, "data": {"id": 1}},
        {"error": False, "result": 3},
        {"code": 200, "message": "success", "data": {}},
        {"code": 0, "data": {"id": 1}},
        {"code": "ABC", "id": 1},
        {"is_admin": False, "name": "Bob"},
        {"active": False},
        {"id": 7, "state": "failed", "error": "timeout", "started": "x", "ended": "y", "runs": 3, "owner": "bob"},
        {"message": "Deleted"},
        {"status": False, "id": 3},
        [],
        [{"error": "x"}],
        {},
        "text",
        7,
        None,
        {"items": [], "total": 0},
    ],
)
def test_a_success_without_a_refusal_in_it_is_accepted(body: Any) -> None:
    reply = read_response(response(200, body))
    assert reply.accepted
    assert not reply.refused


@pytest.mark.parametrize(
    "body",
    [
        {"id": 7, "title": "Nightly import", "status": "failed"},
        {"id": 7, "status": "rejected", "amount": 12.5},
        {"id": 7, "state": "error", "log": "x"},
        {"id": 9, "result": "invalid", "user_id": 4},
        {"id": 7, "title": "Job", "error": "connection refused"},
        {"id": 3, "code": 404, "name": "Room 404"},
        {"id": 3, "code": 500, "discount": 5},
        {"order_id": "o-1", "status": "rejected", "total": 3},
        {"id": 7, "status": "denied"},
    ],
    ids=["failed job", "rejected payment", "state", "checked form", "job's own error", "room", "voucher"]
    + ["named after its kind", "nothing but its state"],
)
def test_an_object_that_is_about_an_error_is_no_refusal(body: Any) -> None:
    assert read_response(response(200, body)).accepted


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"id": 7, "error": "not found"}, Outcome.MISSING),
        ({"id": 7, "status": "error", "message": "no such order"}, Outcome.MISSING),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "Forbidden"}}, Outcome.DENIED),
        ({"id": 7, "title": "Job", "error": "Forbidden"}, Outcome.DENIED),
        ({"id": 7, "title": "Job", "success": False}, Outcome.INVALID),
        ({"request_id": "a1", "trace": "b2", "error": "bad input"}, Outcome.INVALID),
    ],
    ids=["only the id", "only the id and a message", "JSON-RPC", "rights", "flag", "the request's id"],
)
def test_a_refusal_that_repeats_an_identifier_is_one_all_the_same(body: Any, outcome: Outcome) -> None:
    assert read_response(response(200, body)).outcome is outcome


@pytest.mark.parametrize(
    "location",
    ["/login", "/login?next=/orders", "https://x.example/users/sign_in", "/auth", "/sso/start", "/accounts/login/"]
    + ["/session/new", "/signin", "https://id.example/oauth2/authorize?client_id=1", "/Account/LogIn"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_a_redirect_to_a_login_page_is_a_denial(status: int, location: str) -> None:
    assert read_response(response(status, location=location)).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    "location", ["/orders/7", "/", "/dashboard?from=login", "/catalogue", "/authors/3", "/blogging"]
)
def test_a_redirect_elsewhere_is_an_acceptance(location: str) -> None:
    assert read_response(response(302, location=location)).accepted


def test_a_login_page_with_status_200_is_a_denial() -> None:
    assert read_response(response(200, html=LOGIN_PAGE)).outcome is Outcome.DENIED


def test_a_page_without_a_password_field_is_an_acceptance() -> None:
    assert read_response(response(200, html=CATCH_ALL)).accepted


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "Authentication credentials were not provided."},
        {"message": "CSRF token missing"},
        {"error": "Missing token"},
        {"errors": [{"message": "not logged in"}]},
    ],
)
def test_a_400_about_rights_is_a_denial(body: Any) -> None:
    assert read_response(response(400, body)).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    "body", [{"detail": "title is required"}, {"errors": {"title": ["too long"]}}, {"message": "Bad Request"}]
)
def test_a_400_about_the_input_is_invalid(body: Any) -> None:
    assert read_response(response(400, body)).outcome is Outcome.INVALID


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_body_about_rights_does_not_make_a_broken_server_refuse(status: int) -> None:
    reply = read_response(response(status, {"error": "Forbidden"}))
    assert not reply.refused
    assert not reply.outcome.is_conclusive


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_an_acceptance_a_refusal_or_inconclusive(outcome: Outcome) -> None:
    assert [outcome is Outcome.ACCEPTED, outcome.is_refusal, not outcome.is_conclusive].count(True) == 1


def test_the_reason_shows_what_the_response_said() -> None:
    reply = read_reply(
        Exchange(request=Request(method="GET", path="/x"), response=response(200, {"error": "Forbidden"}))
    )
    assert "200" in reply.reason
    assert "Forbidden" in reply.reason


def test_a_long_message_is_cut_in_the_reason() -> None:
    assert len(read_response(response(200, {"error": "denied " * 100})).reason) < 120


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "status", "code", "message", "success", "id"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(st.integers(100, 599), JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_response_has_an_outcome_and_a_reason(status: int, body: Any) -> None:
    reply = read_response(response(status, body))
    assert isinstance(reply.outcome, Outcome)
    assert str(status) in reply.reason


@given(st.integers(100, 599), st.binary(max_size=60), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_bytes_have_an_outcome(status: int, body: bytes, location: str) -> None:
    headers = (("content-type", "text/html"), ("location", location))
    assert isinstance(read_response(Response(status=status, headers=headers, body=body)).outcome, Outcome)


@given(st.integers(200, 299), st.dictionaries(st.text(max_size=5), st.integers(1, 99), min_size=7, max_size=9))
def test_a_success_with_an_objects_many_fields_is_accepted(status: int, body: dict[str, int]) -> None:
    assert read_response(response(status, {**body, "error": "its own"})).accepted
