"""SF306: an override reaches a method whose check was skipped."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from simulated_api import Call, Handler, NotesApi, decide, document, no_security, only_break, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.engine.plan import plan
from specfuzz.http import ANONYMOUS, Response
from specfuzz.probes import Held, Inconclusive, Role

UPDATE, DELETE = "PATCH /notes/{id}", "DELETE /notes/{id}"


class OverridingNotes(NotesApi):
    """Obeys one way of overriding, on one wire method, and does then what is asked without looking who asks."""

    def __init__(self, way: str, wire: str = "POST", *, checks: bool = False) -> None:
        super().__init__()
        self.way, self.wire, self.checks = way, wire, checks

    def _answer(self, call: Call) -> Response:
        meant = self._meant(call)
        if call.request.method != self.wire or meant not in ("PATCH", "DELETE"):
            return super()._answer(call)
        path = call.request.path
        note = self.notes.get(int(path.rsplit("/", 1)[-1])) if path.startswith("/notes/") else None
        if note is None:
            return reply(404)
        if self.checks:
            return reply(401)
        if meant == "DELETE":
            del self.notes[note["id"]]
            return reply(204)
        note.update(self.stored(call.body if self.way != "form" else dict(parse_qsl(call.request.body.decode()))))
        return reply(200, note)

    def _meant(self, call: Call) -> str | None:
        if self.way == "query":
            return dict(call.request.query).get("_method")
        if self.way == "form":
            kind = call.request.header("content-type") or ""
            return dict(parse_qsl(call.request.body.decode())).get("_method") if "urlencoded" in kind else None
        return call.request.header(self.way)


WAYS = [
    ("X-HTTP-Method-Override", "POST"),
    ("X-HTTP-Method-Override", "GET"),
    ("X-HTTP-Method", "POST"),
    ("X-Method-Override", "GET"),
    ("query", "POST"),
    ("query", "GET"),
    ("form", "POST"),
]


@pytest.mark.parametrize(("way", "wire"), WAYS)
@pytest.mark.parametrize("label", [UPDATE, DELETE])
def test_an_override_past_the_check_is_found(label: str, way: str, wire: str) -> None:
    found = only_break(decide("SF306", label, OverridingNotes(way, wire), document()))
    assert (found.rule, found.owner, found.actor) == (None, "alice", ANONYMOUS)
    assert found.confidence in (Confidence.FIRM, Confidence.CERTAIN)
    assert found.title.startswith(wire)
    assert ("`_method`" if way in ("query", "form") else way) in found.title
    attack = next(step.exchange.request for step in found.steps if step.role is Role.ATTACK)
    assert (attack.method, attack.identity) == (wire, ANONYMOUS)
    assert found.steps[-1].role is Role.READ_BACK


@pytest.mark.parametrize("label", [UPDATE, DELETE])
@pytest.mark.parametrize("way", ["X-HTTP-Method-Override", "query", "form"])
def test_an_override_that_is_judged_as_what_it_means_holds(label: str, way: str) -> None:
    assert isinstance(decide("SF306", label, OverridingNotes(way, checks=True), document()), Held)


@pytest.mark.parametrize("label", [UPDATE, DELETE])
def test_an_api_that_knows_no_override_holds(label: str) -> None:
    assert isinstance(decide("SF306", label, NotesApi(), document()), Held)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_accepted_answer_without_an_effect_is_no_finding(status: int) -> None:
    """The lookalike: a page for any POST."""
    api = NotesApi()
    body = {"ok": True} if status != 204 else None
    api.during("*", lambda call, ordinary: reply(status, body) if _is_unknown(call) else ordinary(call))
    assert isinstance(decide("SF306", DELETE, api, document()), Held)


def _is_unknown(call: Call) -> bool:
    return call.request.method == "POST" and call.request.path.count("/") == 2


def test_where_the_plain_method_works_it_is_another_rules() -> None:
    """The failed control."""
    api = NotesApi()

    def unguarded(call: Call, ordinary: Handler) -> Response:
        note = api.note_of(call)
        if note is None:
            return reply(404)
        note.update(api.stored(call.body))
        return reply(200, note)

    verdict = decide("SF306", UPDATE, api.during(UPDATE, unguarded), document())
    assert isinstance(verdict, Inconclusive)
    assert "SF301" in verdict.reason


def test_a_gateways_answer_decides_nothing() -> None:
    api = NotesApi().during(UPDATE, lambda call, ordinary: reply(502) if call.is_anonymous else ordinary(call))
    assert isinstance(decide("SF306", UPDATE, api, document()), Inconclusive)


def test_a_refused_override_that_wrote_is_a_rule_of_its_own() -> None:
    class Late(OverridingNotes):
        def _answer(self, call: Call) -> Response:
            answer = super()._answer(call)
            return reply(403) if call.request.method == self.wire and self._meant(call) else answer

    found = only_break(decide("SF306", UPDATE, Late("X-HTTP-Method-Override"), document()))
    assert found.rule == "SF304"


def test_a_silent_document_is_judged_by_the_plain_methods_refusal() -> None:
    found = only_break(decide("SF306", DELETE, OverridingNotes("query"), document(no_security)))
    assert found.confidence is Confidence.FIRM
    assert found.expectation.source == "behaviour:plain-method"


@pytest.mark.parametrize(
    ("label", "words"),
    [("GET /notes", "names no object"), ("POST /notes", "names no object"), ("POST /login", "names no object")],
)
def test_what_the_rule_is_not_about_says_why(label: str, words: str) -> None:
    rows = plan(derive(from_raw(document(), "notes.json")))
    row: Any = next(item for item in rows if (item.rule, item.target.label) == ("SF306", label))
    assert words in (row.reason or "")


# Methods that the document does not declare -------------------------------------------------------------------------

READ = "GET /notes/{id}"


def without(*methods: str) -> dict[str, Any]:
    """The document without these methods on a note."""

    def edit(raw: dict[str, Any]) -> None:
        for method in methods:
            del raw["paths"]["/notes/{id}"][method]

    return document(edit)


class UndeclaredNotes(NotesApi):
    """Routes one more method on a note, and looks at nobody's credentials there."""

    def __init__(self, method: str, status: int = 200) -> None:
        super().__init__()
        self.method, self.status = method, status

    def _answer(self, call: Call) -> Response:
        path = call.request.path
        if call.request.method != self.method or not path.startswith("/notes/") or not call.is_anonymous:
            return super()._answer(call)
        note = self.notes.get(int(path.rsplit("/", 1)[-1]))
        if note is None:
            return reply(404)
        if self.method == "DELETE":
            del self.notes[note["id"]]
            return reply(204 if self.status == 200 else self.status)
        note.update(self.stored(call.body))
        return reply(self.status, note)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "POST"])
def test_an_undeclared_method_that_works_for_nobody_is_found(method: str) -> None:
    found = only_break(decide("SF306", READ, UndeclaredNotes(method), without("patch", "delete")))
    assert (found.rule, found.actor, found.owner) == (None, ANONYMOUS, "alice")
    assert found.title.startswith(f"{method} /notes/{{id}}")
    assert found.steps[-1].role is Role.READ_BACK


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_an_undeclared_method_that_is_refused_and_works_is_a_rule_of_its_own(method: str) -> None:
    found = only_break(decide("SF306", READ, UndeclaredNotes(method, 405), without("patch", "delete")))
    assert found.rule == "SF304"


def test_an_undeclared_method_that_is_refused_holds() -> None:
    verdict = decide("SF306", READ, NotesApi(), without("patch", "delete"))
    assert isinstance(verdict, Held)
    assert "DELETE: 401" in verdict.reason


def test_an_undeclared_method_that_is_accepted_and_does_nothing_holds() -> None:
    """The lookalike: a page for whatever is sent."""
    api = NotesApi()
    page = reply(200, "<html>hi</html>")
    api.during(
        "*", lambda call, ordinary: page if call.request.path.count("/") == 2 and call.is_anonymous else ordinary(call)
    )
    assert isinstance(decide("SF306", READ, api, without("patch", "delete")), Held)
