"""Somebody's canary in an answer that no case aimed at: what is seen, and when it is an alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simulated_api import NotesApi, Stage, document, reply

from specfuzz.contract import Confidence, derive, from_raw
from specfuzz.http import ANONYMOUS, Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.probes.canaries_elsewhere import Elsewhere, sightings
from specfuzz.resources import Resource

READ, EXPORT = "GET /notes/{id}", "GET /me"
CANARY = "sfzabcdefghijk"


def note(**changes: Any) -> Resource:
    plain = Resource(kind="note", owner="alice", creation=None, body={"id": 101}, canaries={"title": CANARY})
    return replace(plain, **changes)


def exchange(
    response: Response, identity: str = "bob", operation: str = EXPORT, path: str = "/me", **request: Any
) -> Exchange:
    asked = Request(method="GET", path=path, identity=identity, operation=operation, **request)
    return Exchange(request=asked, response=response)


SHOWN = exchange(reply(200, {"recent": [f"about {CANARY}"]}))
REFUSED = exchange(reply(404, {"error": "no such note"}), operation=READ, path="/notes/101")


def alarms(*seen: Exchange, made: Resource | None = None) -> list[Any]:
    watching = Elsewhere(contract=Stage(NotesApi()).contract)
    for item in seen:
        watching.see(item, [made or note()])
    return [(target.label, found) for target, found in watching.alarms()]


def answering(*answers: Exchange) -> tuple[list[Request], Any]:
    """What is asked, and the alarms that hold when it is answered so."""
    watching = Elsewhere(contract=Stage(NotesApi()).contract)
    for item in (SHOWN, REFUSED):
        watching.see(item, [note()])
    asked: list[Request] = []
    left = list(answers)

    def send(request: Request) -> Exchange:
        asked.append(request)
        return replace(left.pop(0), request=request)

    return asked, run_flow(watching.confirmed(), send)


OWN = exchange(reply(200, {"id": 101, "title": CANARY}), identity="alice", operation=READ, path="/notes/101")


def test_an_alarm_that_holds_when_it_is_asked_again_is_a_finding() -> None:
    asked, found = answering(OWN, REFUSED, SHOWN, REFUSED)
    assert [(item.identity, item.path) for item in asked] == [
        ("alice", "/notes/101"), ("bob", "/notes/101"), ("bob", "/me"), ("bob", "/notes/101"),
    ]  # fmt: skip
    assert [target.label for target, _ in found] == [EXPORT]


@pytest.mark.parametrize(
    "answers",
    [
        (REFUSED,),
        (OWN, replace(OWN, response=reply(200, {"title": CANARY})), SHOWN, REFUSED),
        (OWN, REFUSED, exchange(reply(200, {"recent": []})), REFUSED),
        (OWN, REFUSED, SHOWN, replace(OWN, response=reply(200, {"title": CANARY}))),
    ],
    ids=["gone by now", "shown to the peer by now", "no longer shown elsewhere", "published while it was asked"],
)
def test_an_alarm_that_does_not_hold_when_it_is_asked_again_is_none(answers: tuple[Exchange, ...]) -> None:
    """Guards each of the four comparisons: what was true at two moments need not be true at one."""
    assert answering(*answers)[1] == ()


def test_a_canary_of_somebody_else_is_seen() -> None:
    [found] = sightings(SHOWN, [note()])
    assert (found.actor, found.resource.owner, found.fields) == ("bob", "alice", ("title",))


@pytest.mark.parametrize(
    "unseen",
    [
        exchange(reply(200, {"title": CANARY}), identity="alice"),
        exchange(reply(200, {"title": "another"})),
        exchange(reply(403, {"error": f"{CANARY} is not yours"})),
        exchange(reply(200, {"query": CANARY}), query=(("q", CANARY),)),
        exchange(reply(200, {"title": CANARY}), body=f'{{"title": "{CANARY}"}}'.encode()),
    ],
    ids=["the owner", "another text", "a refusal", "the echo of a query", "the echo of a body"],
)
def test_what_says_nothing_is_not_seen(unseen: Exchange) -> None:
    assert sightings(unseen, [note()]) == ()


def test_whom_it_was_shared_with_is_no_stranger() -> None:
    """Guards `insiders`: the recipient, and the members of what it lies in."""
    assert sightings(SHOWN, [note(granted=frozenset({"bob"}))]) == ()
    folder = Resource(kind="folder", owner="alice", creation=None, granted=frozenset({"bob"}))
    assert sightings(SHOWN, [note(parents=(folder,))]) == ()


@pytest.mark.parametrize("order", [(SHOWN, REFUSED), (REFUSED, SHOWN)])
def test_what_the_api_refuses_and_shows_elsewhere_is_an_alarm(order: tuple[Exchange, Exchange]) -> None:
    [(label, found)] = alarms(*order)
    assert (label, found.actor, found.owner, found.confidence) == (EXPORT, "bob", "alice", Confidence.FIRM)
    assert [str(step.role) for step in found.steps] == ["control", "attack"]


def test_a_canary_alone_is_no_alarm() -> None:
    """It may be public: nothing refused bob the note."""
    assert alarms(SHOWN) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(REFUSED, request=replace(REFUSED.request, identity=ANONYMOUS)),
        replace(REFUSED, request=replace(REFUSED.request, path="/notes/102")),
        replace(REFUSED, response=reply(429)),
        replace(REFUSED, response=reply(503)),
        replace(REFUSED, response=reply(401)),
        replace(REFUSED, response=reply(405)),
        replace(REFUSED, request=replace(REFUSED.request, method="PUT")),
    ],
    ids=["another caller", "another note", "the limiter", "a gateway", "no login", "no such method", "another method"],
)
def test_another_refusal_says_nothing(other: Exchange) -> None:
    assert alarms(SHOWN, other) == []


def test_a_note_that_is_shown_after_all_is_no_secret() -> None:
    """Guards `_shown`: refused in one moment (an expired session), shown in another."""
    assert alarms(SHOWN, REFUSED, replace(REFUSED, response=reply(200, {"id": 101, "title": CANARY}))) == []


def test_callers_without_credentials_are_another_rules() -> None:
    nobody = [replace(item, request=replace(item.request, identity=ANONYMOUS)) for item in (SHOWN, REFUSED)]
    assert alarms(*nobody) == []


def test_what_a_role_alone_may_read_says_nothing_about_the_others() -> None:
    """`/admin/products/7` is refused to everybody whom the catalogue shows the product."""
    raw = document()
    raw["paths"]["/notes/{id}"]["get"]["description"] = "Admins only."
    watching = Elsewhere(contract=derive(from_raw(raw, "notes.json")))
    for item in (SHOWN, REFUSED):
        watching.see(item, [note()])
    assert list(watching.alarms()) == []


def test_each_leak_is_told_once_for_an_operation() -> None:
    assert len(alarms(REFUSED, SHOWN, SHOWN)) == 1
