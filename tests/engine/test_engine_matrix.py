"""The authorization matrix: what the contract expects of each identity, and what the run saw, operation by operation."""

from __future__ import annotations

import pytest
from simulated_api import NotesApi, document
from test_engine_run import execute, over, unguarded

from specfuzz.contract import (
    Access,
    Action,
    Confidence,
    Identifier,
    Level,
    Location,
    Operation,
    OperationContract,
    derive,
    from_raw,
)
from specfuzz.engine import Selection
from specfuzz.engine.matrix import PARTS, Sighting, expected, matrix
from specfuzz.engine.record import MAX_RECORDED_CHARS, Recorder
from specfuzz.findings import Result
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.redaction import Redactor
from specfuzz.probes import Broken


def run(api: NotesApi, *rules: str) -> Result:
    return execute(over(api), selection=Selection(rules=rules))


def seen(result: Result, label: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    (row,) = [row for row in result.operations if row.operation.label == label]
    return {cell.part: (cell.seen, cell.statuses) for cell in row.cells}


def test_a_sound_api_is_seen_to_let_the_owner_in_and_nobody_else() -> None:
    result = run(NotesApi(), "SF101", "SF302")
    assert seen(result, "GET /notes/{id}") == {
        "owner": ("allowed", (200,)), "peer": ("refused", (404,)), "anonymous": ("refused", (401,)),
    }  # fmt: skip


def test_an_attack_that_worked_got_through() -> None:
    result = run(unguarded(NotesApi()), "SF101")
    assert seen(result, "GET /notes/{id}")["peer"] == ("got-through", (200,))
    assert seen(result, "GET /notes/{id}")["anonymous"] == ("refused", (401,))


def test_an_attack_that_was_answered_without_harm_did_not_get_through() -> None:
    result = run(NotesApi(), "SF104")
    assert seen(result, "GET /notes")["peer"][0] == "answered"


def test_of_several_attempts_only_the_one_that_worked_got_through() -> None:
    attempts = (
        Sighting(part="peer", is_attack=True, is_proof=True, outcome="refused", status=404),
        Sighting(part="peer", is_attack=True, is_proof=True, outcome="allowed", status=200),
        Sighting(part="anonymous", is_attack=False, is_proof=False, outcome="refused", status=401),
    )
    contract = derive(from_raw(document(), "notes.json"))
    label = "GET /notes/{id}"
    cells = {
        cell.part: (cell.seen, cell.statuses)
        for row in matrix(contract, ("peer", "anonymous"), [(label, Broken(breaks=()), attempts)])
        if row.operation.label == label
        for cell in row.cells
    }
    assert cells == {"peer": ("got-through", (200,)), "anonymous": ("refused", (401,))}


def test_a_write_that_was_refused_and_happened_got_through() -> None:
    refused = Sighting(part="peer", is_attack=True, is_proof=True, outcome="refused", status=403)
    contract = derive(from_raw(document(), "notes.json"))
    rows = matrix(contract, ("peer",), [("PATCH /notes/{id}", Broken(breaks=()), (refused,))])
    assert ("got-through", (403,)) in [(row.cells[0].seen, row.cells[0].statuses) for row in rows]


def test_what_was_not_tried_says_so() -> None:
    assert set(seen(run(NotesApi(), "SF101"), "DELETE /notes/{id}").values()) == {("not-tried", ())}


def test_extra_fields_that_the_owner_sends_say_nothing_about_access() -> None:
    cells = seen(run(NotesApi(), "SF201"), "PATCH /notes/{id}")
    assert cells["owner"][0] == "allowed"
    assert cells["peer"] == cells["anonymous"] == ("not-tried", ())


def test_every_operation_has_a_row_in_the_documents_order() -> None:
    result = run(NotesApi(), "SF101")
    contract = derive(from_raw(document(), "notes.json"))
    assert [row.operation.label for row in result.operations] == [item.label for item in contract.operations]


# What is expected -------------------------------------------------------------------------------------------------


def target(level: Level, *, identified: bool = True, declared: Level | None = None) -> OperationContract:
    def access(of: Level, inner: Access | None = None) -> Access:
        return Access(level=of, role=None, confidence=Confidence.FIRM, source="#/x", declared=inner)

    return OperationContract(
        operation=Operation(
            method="GET", path="/x", pointer="#/x", operation_id=None, summary="", description="", tags=(),
            parameters=(), bodies=(), replies=(), security=None, security_pointer="#/x",
        ),
        action=Action.READ, resource="x", state_changing=False, state_changing_confidence=Confidence.FIRM, dangerous=False,
        identifiers=(Identifier(location=Location.PATH, name="id", resource="x"),) if identified else (),
        access=access(level, access(declared) if declared else None),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("level", "owner", "peer", "admin", "anonymous"),
    [
        (Level.PUBLIC, "allowed", "allowed", "allowed", "allowed"),
        (Level.AUTHENTICATED, "allowed", "unsaid", "unsaid", "refused"),
        (Level.OWNER, "allowed", "refused", "unsaid", "refused"),
        (Level.MEMBERS, "allowed", "refused", "unsaid", "refused"),
        (Level.ROLE, "refused", "refused", "allowed", "refused"),
        (Level.UNKNOWN, "unsaid", "unsaid", "unsaid", "unsaid"),
    ],
)
def test_the_contract_says_what_is_expected(level: Level, owner: str, peer: str, admin: str, anonymous: str) -> None:
    assert [expected(target(level), part) for part in PARTS] == [owner, peer, admin, anonymous]


def test_a_list_of_ones_own_is_for_everybody() -> None:
    assert expected(target(Level.OWNER, identified=False), "peer") == "own-only"
    assert expected(target(Level.AUTHENTICATED, identified=False), "peer") == "allowed"


def test_declared_security_refuses_the_anonymous_where_nothing_else_is_known() -> None:
    access = Access(level=Level.UNKNOWN, role=None, confidence=Confidence.TENTATIVE, source="x")
    known = Access(level=Level.AUTHENTICATED, role=None, confidence=Confidence.CERTAIN, source="#/security")
    plain = target(Level.UNKNOWN)
    from dataclasses import replace

    assert expected(replace(plain, access=replace(access, declared=known)), "anonymous") == "refused"


# Places and recording ---------------------------------------------------------------------------------------------


def test_why_a_rule_did_not_run_is_told_apart() -> None:
    result = run(NotesApi(), "SF101")
    reasons = {(row.operation.label, row.rule): row.not_run for row in result.coverage}
    assert reasons["GET /notes/{id}", "SF101"] is None
    assert reasons["GET /notes/{id}", "SF102"] == "inapplicable"
    assert reasons["PATCH /notes/{id}", "SF102"] == "deselected"


def test_a_recorded_run_has_its_exchanges_with_masked_secrets() -> None:
    result = execute(over(NotesApi()), record=True, selection=Selection(rules=("SF101",)))
    assert len(result.exchanges) >= 8
    assert [item.at_s for item in result.exchanges] == sorted(item.at_s for item in result.exchanges)
    login = next(
        item.evidence for item in result.exchanges if item.operation is None and "login" in item.evidence.request["url"]
    )
    assert login.request["body"]["password"] == "[redacted]"


def test_a_run_that_was_not_asked_to_records_nothing() -> None:
    assert execute(over(NotesApi())).exchanges == ()


def test_a_secret_that_comes_up_later_is_masked_in_what_was_recorded_before() -> None:
    redactor = Redactor()
    recorder = Recorder(redactor, clock=iter([0.0, 2.0]).__next__)
    secret = "a-secret-of-later"
    recorder.keep(
        Exchange(
            request=Request(method="GET", path=f"/x/{secret}", body=secret.encode()),
            response=Response(status=200, body=f'{{"note": "{secret}"}}'.encode() + b" " * 2 * MAX_RECORDED_CHARS),
            url=f"http://api.test/x/{secret}",
            elapsed_s=0.5,
        )
    )
    assert secret in str(recorder.exchanges())
    redactor.learn(secret)
    (kept,) = recorder.exchanges()
    assert secret not in str(kept)
    assert kept.at_s == 1.5
