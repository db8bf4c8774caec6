"""SF313: a JSON write takes effect as text or as a form."""

from __future__ import annotations

from typing import Any

import pytest
from cookie_notes import WRITES, CookieNotes, declared, undeclared
from simulated_api import TEXT, Call, Handler, decide, document, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.engine.plan import plan
from specfuzz.http import Response
from specfuzz.probes import Held, Inconclusive, Role, Severity

UPDATE, DELETE, ACT, CREATE = WRITES


def lenient() -> CookieNotes:
    api = CookieNotes()
    api.lenient.add(CREATE)
    return api


def form_only(api: CookieNotes) -> CookieNotes:
    def picky(call: Call, ordinary: Handler) -> Response:
        kind = call.request.header("content-type") or ""
        return reply(415, {"error": "send JSON"}) if kind.startswith("text/plain") else ordinary(call)

    return api.during(CREATE, picky)


def test_json_as_text_that_takes_effect_is_found() -> None:
    found = only_break(decide("SF313", CREATE, lenient(), declared()))
    assert (found.rule, found.owner, found.actor) == (None, "alice", "alice")
    assert (found.confidence, found.severity) == (Confidence.CERTAIN, Severity.MEDIUM)
    attack = next(step.exchange.request for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert attack.header("content-type") == "text/plain"
    assert attack.body.startswith(b"{")


def test_a_form_that_takes_effect_is_found_where_text_does_not() -> None:
    found = only_break(decide("SF313", CREATE, form_only(lenient()), declared()))
    assert "application/x-www-form-urlencoded" in found.title


def test_an_api_that_refuses_other_types_holds() -> None:
    verdict = decide("SF313", CREATE, CookieNotes(), declared())
    assert isinstance(verdict, Held)
    assert "415" in verdict.reason


def test_an_api_that_reads_any_type_and_asks_for_the_token_holds() -> None:
    """What matters is that another site gets nothing done."""
    api = lenient()

    def token_first(call: Call, ordinary: Handler) -> Response:
        return ordinary(call) if call.request.header("x-csrf-token") else reply(403, {"error": "CSRF"})

    assert isinstance(decide("SF313", CREATE, api.during(CREATE, token_first), declared()), Held)


@pytest.mark.parametrize("same_site", ["Lax", "Strict"])
def test_an_api_without_tokens_is_kept_by_same_site(same_site: str) -> None:
    api = CookieNotes(same_site, asks=False)
    api.lenient.add(CREATE)
    verdict = decide("SF313", CREATE, api, undeclared())
    assert isinstance(verdict, Held)
    assert "SameSite" in verdict.reason


@pytest.mark.parametrize("same_site", [None, "None"])
def test_an_api_without_tokens_and_same_site_is_found(same_site: str | None) -> None:
    api = CookieNotes(same_site, asks=False)
    api.lenient.add(CREATE)
    found = only_break(decide("SF313", CREATE, api, undeclared()))
    assert (found.confidence, found.severity) == (Confidence.FIRM, Severity.MEDIUM)


def test_an_accepted_answer_without_an_effect_is_no_finding() -> None:
    def swallow(call: Call, ordinary: Handler) -> Response:
        kind = call.request.header("content-type") or ""
        return ordinary(call) if kind.startswith("application/json") else reply(201, {"id": 999})

    assert isinstance(decide("SF313", CREATE, lenient().during(CREATE, swallow), declared()), Held)


def test_a_limiter_decides_nothing() -> None:
    api = lenient().during(
        CREATE, lambda call, ordinary: reply(429) if call.request.header("origin") else ordinary(call)
    )
    assert isinstance(decide("SF313", CREATE, api, declared()), Inconclusive)


def test_where_the_ordinary_creation_fails_nothing_can_be_said() -> None:
    api = lenient().during(CREATE, lambda call, ordinary: reply(422, {"error": "no"}))
    assert isinstance(decide("SF313", CREATE, api, declared()), Inconclusive)


@pytest.mark.parametrize(
    ("label", "words"), [(UPDATE, "whatever its content type"), (ACT, "no body"), ("POST /login", "no session")]
)
def test_what_the_rule_is_not_about_says_why(label: str, words: str) -> None:
    rows = plan(derive(from_raw(declared(), "notes.json")))
    row = next(item for item in rows if (item.rule, item.target.label) == ("SF313", label))
    assert words in (row.reason or "")


def test_a_documented_form_is_no_surprise() -> None:
    def edit(raw: dict[str, Any]) -> None:
        content = raw["paths"]["/notes"]["post"]["requestBody"]["content"]
        content["application/x-www-form-urlencoded"] = {"schema": {"type": "object", "properties": {"title": TEXT}}}

    rows = plan(derive(from_raw(document(edit), "notes.json")))
    row = next(item for item in rows if (item.rule, item.target.label) == ("SF313", CREATE))
    assert "itself says" in (row.reason or "")
