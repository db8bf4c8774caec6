"""SF311: a write under a session cookie takes effect without the anti-CSRF token."""

from __future__ import annotations

from typing import Any

import pytest
from cookie_notes import HEADER, WRITES, CookieNotes, declared, undeclared
from simulated_api import Call, Handler, NotesApi, Stage, decide, document, only_break, reply

from specfuzz.contract import Confidence
from specfuzz.engine.plan import Planned
from specfuzz.probes import Held, Inconclusive, Role, Severity
from specfuzz.probes.cross_site import FOREIGN_ORIGIN

UPDATE, DELETE, ACT, CREATE = WRITES


def exempt(label: str, same_site: str | None = "Lax") -> CookieNotes:
    api = CookieNotes(same_site)
    api.exempt.add(label)
    return api


@pytest.mark.parametrize("label", WRITES)
def test_a_write_that_forgot_the_token_is_found(label: str) -> None:
    found = only_break(decide("SF311", label, exempt(label), declared()))
    assert (found.rule, found.owner, found.actor, found.field) == (None, "alice", "alice", None)
    assert found.confidence is Confidence.CERTAIN
    assert found.severity is Severity.MEDIUM  # the cookie is SameSite=Lax
    attack = next(step.exchange.request for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert (attack.header("origin"), attack.header(HEADER)) == (FOREIGN_ORIGIN, None)
    assert attack.substitute is not None
    assert not attack.substitute.anti_csrf
    assert [name for name, _ in attack.substitute.cookies] == ["session"]
    assert found.steps[-1].role is Role.READ_BACK


@pytest.mark.parametrize("label", WRITES)
@pytest.mark.parametrize("raw", [declared(), undeclared()], ids=["declared", "undeclared"])
def test_a_write_that_asks_for_the_token_holds(label: str, raw: dict[str, Any]) -> None:
    verdict = decide("SF311", label, CookieNotes(), raw)
    assert isinstance(verdict, Held)
    assert "403" in verdict.reason


@pytest.mark.parametrize(
    ("same_site", "severity"),
    [("None", Severity.HIGH), (None, Severity.HIGH), ("Lax", Severity.MEDIUM), ("Strict", Severity.LOW)],
)
def test_what_same_site_lets_through_decides_the_severity(same_site: str | None, severity: Severity) -> None:
    assert only_break(decide("SF311", UPDATE, exempt(UPDATE, same_site), declared())).severity is severity


def test_a_token_that_is_checked_elsewhere_is_meant_to_be_checked_here() -> None:
    """The document says nothing about tokens; making a note without one is refused."""
    found = only_break(decide("SF311", UPDATE, exempt(UPDATE), undeclared()))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source == f"behaviour:{CREATE}"


def test_an_optional_token_parameter_is_a_weaker_promise() -> None:
    found = only_break(decide("SF311", UPDATE, exempt(UPDATE), declared(required=False)))
    assert found.confidence is Confidence.FIRM


@pytest.mark.parametrize("same_site", ["Lax", "Strict"])
@pytest.mark.parametrize("label", WRITES)
def test_an_api_without_tokens_is_kept_by_same_site(label: str, same_site: str) -> None:
    verdict = decide("SF311", label, CookieNotes(same_site, asks=False), undeclared())
    assert isinstance(verdict, Held), verdict


@pytest.mark.parametrize("label", [UPDATE, DELETE, CREATE])
def test_an_api_without_tokens_is_kept_by_its_methods_and_json(label: str) -> None:
    """PATCH, DELETE and application/json need a preflight, which the API does not allow."""
    verdict = decide("SF311", label, CookieNotes(None, asks=False), undeclared())
    assert isinstance(verdict, Held)
    assert "browsers ask" in verdict.reason


def test_a_bodyless_post_under_a_cookie_without_same_site_is_found_without_any_token() -> None:
    found = only_break(decide("SF311", ACT, CookieNotes(None, asks=False), undeclared()))
    assert (found.confidence, found.severity) == (Confidence.FIRM, Severity.HIGH)
    assert "no SameSite" in found.detail


@pytest.mark.parametrize("label", WRITES)
def test_an_api_that_looks_at_the_origin_holds(label: str) -> None:
    verdict = decide("SF311", label, CookieNotes(None, asks=False, checks_origin=True), undeclared())
    assert isinstance(verdict, Held)


@pytest.mark.parametrize("label", WRITES)
def test_an_api_that_wants_a_header_of_its_own_holds(label: str) -> None:
    """`X-Requested-With` is what another site's page cannot send; the document asks for it as a parameter."""
    api = CookieNotes(None, asks=False)
    api.wants_header = "X-Requested-With"
    raw = undeclared()
    for path in ("/notes", "/notes/{id}", "/notes/{id}/archive"):
        for method, operation in raw["paths"][path].items():
            if method in ("post", "patch", "delete"):
                operation["parameters"] = [
                    {"name": "X-Requested-With", "in": "header", "required": True, "schema": {"const": "fetch"}}
                ]
    assert isinstance(decide("SF311", label, api, raw), Held)


def test_an_empty_token_that_passes_is_found() -> None:
    """`if token is None: refuse` and no comparison."""
    api = CookieNotes()

    def compares_badly(call: Call, ordinary: Handler) -> Any:
        return ordinary(call)

    api.exempt.add(UPDATE)
    api.during(
        UPDATE,
        lambda call, ordinary: (
            compares_badly(call, ordinary)
            if call.request.header(HEADER) is not None
            else reply(403, {"error": "no token"})
        ),
    )
    found = only_break(decide("SF311", UPDATE, api, declared()))
    assert "with an empty anti-CSRF token" in found.detail


REFUSALS = {
    "as 200 with an error body": lambda call, ordinary: reply(200, {"ok": False, "error": "CSRF token missing"}),
    "as a redirect to the login": lambda call, ordinary: reply(302, None, Location="/login"),
    "as no content": lambda call, ordinary: reply(204),
    "with an echo": lambda call, ordinary: reply(200, {"id": int(call.key or 0), "title": "x"}),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("label", [UPDATE, DELETE, ACT])
def test_an_answer_without_an_effect_is_no_finding(label: str, answer: Any) -> None:
    api = exempt(label)
    forged = lambda call: call.request.header("origin") == FOREIGN_ORIGIN  # noqa: E731
    api.during(label, lambda call, ordinary: answer(call, ordinary) if forged(call) else ordinary(call))
    assert isinstance(decide("SF311", label, api, declared()), Held)


def test_a_refusal_that_wrote_all_the_same_is_a_rule_of_its_own() -> None:
    api = exempt(UPDATE)

    def late(call: Call, ordinary: Handler) -> Any:
        ordinary(call)
        return reply(403, {"error": "CSRF"}) if call.request.header("origin") else reply(200, api.note_of(call))

    found = only_break(decide("SF311", UPDATE, api.during(UPDATE, late), declared()))
    assert found.rule == "SF304"


@pytest.mark.parametrize("status", [429, 502])
def test_a_limiter_or_a_gateway_decides_nothing(status: int) -> None:
    api = exempt(UPDATE)
    api.during(UPDATE, lambda call, ordinary: reply(status) if call.request.header("origin") else ordinary(call))
    assert isinstance(decide("SF311", UPDATE, api, declared()), Inconclusive)


def test_a_write_whose_effect_the_owner_cannot_see_is_undecided() -> None:
    """The failed control: nothing that is written shows."""
    api = exempt(UPDATE)
    api.note_fields = set()
    assert isinstance(decide("SF311", UPDATE, api, declared()), Inconclusive)


def test_a_write_that_needs_no_session_at_all_is_another_rules() -> None:
    api = exempt(UPDATE)

    def open_to_all(call: Call, ordinary: Handler) -> Any:
        note = api.note_of(call)
        if note is None:
            return reply(404)
        note.update(api.stored(call.body))
        return reply(200, note)

    verdict = decide("SF311", UPDATE, api.during(UPDATE, open_to_all), declared())
    assert isinstance(verdict, Inconclusive)
    assert "SF301" in verdict.reason


@pytest.mark.parametrize("rule", ["SF311", "SF312", "SF313", "SF314"])
def test_credentials_in_a_header_are_none_that_a_browser_adds(rule: str) -> None:
    stage = Stage(NotesApi(), document())
    reason = stage.scenario.why_not_now(Planned(target=stage.target(UPDATE), rule=rule))
    assert "without a cookie" in (reason or "")
