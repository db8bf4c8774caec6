"""SF312: a write under one session takes effect with another session's anti-CSRF token."""

from __future__ import annotations

import pytest
from cookie_notes import HEADER, WRITES, CookieNotes, declared, undeclared
from simulated_api import Call, Handler, decide, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.http import Response
from specfuzz.probes import Held, Inconclusive, Role, Severity

UPDATE, DELETE, ACT, CREATE = WRITES


def shared(label: str) -> CookieNotes:
    api = CookieNotes()
    api.shared.add(label)
    return api


@pytest.mark.parametrize("label", WRITES)
def test_a_token_of_another_session_that_works_is_found(label: str) -> None:
    found = only_break(decide("SF312", label, shared(label), declared()))
    assert (found.rule, found.owner, found.actor) == (None, "alice", "alice")
    assert (found.confidence, found.severity) == (Confidence.CERTAIN, Severity.MEDIUM)
    assert "bob" in found.title


def test_the_attack_carries_bobs_token_with_alices_cookies() -> None:
    api = shared(UPDATE)
    found = only_break(decide("SF312", UPDATE, api, declared()))
    attack = next(step.exchange.request for step in found.steps if step.role is Role.ATTACK)
    assert attack.substitute is not None
    sent, session = dict(attack.substitute.anti_csrf)[HEADER], dict(attack.substitute.cookies)["session"]
    assert sent != api.csrf_of(session)
    assert sent in map(api.csrf_of, api.tokens)


@pytest.mark.parametrize("label", WRITES)
def test_a_token_that_is_bound_holds(label: str) -> None:
    verdict = decide("SF312", label, CookieNotes(), declared())
    assert isinstance(verdict, Held)
    assert "with bob's token: 403" in verdict.reason


@pytest.mark.parametrize("label", [UPDATE, ACT, CREATE])
def test_where_no_token_is_asked_for_none_is_unbound(label: str) -> None:
    api = CookieNotes()
    api.exempt.add(label)
    verdict = decide("SF312", label, api, declared())
    assert isinstance(verdict, Inconclusive)
    assert "SF311" in verdict.reason


@pytest.mark.parametrize("label", [UPDATE, CREATE])
def test_where_any_text_passes_no_token_is_compared(label: str) -> None:
    """Guards the made-up token: the lookalike of a shared one."""
    api = CookieNotes()
    api.any_text.add(label)
    verdict = decide("SF312", label, api, declared())
    assert isinstance(verdict, Inconclusive)
    assert "made-up" in verdict.reason


def test_without_a_declared_token_the_refusal_without_one_is_the_promise() -> None:
    found = only_break(decide("SF312", UPDATE, shared(UPDATE), undeclared()))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source == f"behaviour:{UPDATE}"


def test_an_api_that_hands_out_no_token_holds() -> None:
    verdict = decide("SF312", UPDATE, CookieNotes(asks=False), undeclared())
    assert isinstance(verdict, Held)


def test_an_accepted_answer_without_an_effect_is_no_finding() -> None:
    """An echo: 200 with what was sent, and nothing stored."""
    api = shared(UPDATE)

    def echo(call: Call, ordinary: Handler) -> Response:
        return reply(200, {"id": 1, **call.body}) if call.request.header("origin") else ordinary(call)

    assert isinstance(decide("SF312", UPDATE, api.during(UPDATE, echo), declared()), Held)


def test_a_limiter_decides_nothing() -> None:
    api = shared(UPDATE)
    api.during(UPDATE, lambda call, ordinary: reply(429) if call.request.header("origin") else ordinary(call))
    assert isinstance(decide("SF312", UPDATE, api, declared()), Inconclusive)
