"""truth.toml is true: each switch opens what it says, nothing is open without it, the traps hold."""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
OWN_MODULES = {path.stem for path in HERE.glob("*.py")} - {Path(__file__).stem}


@contextmanager
def own_modules() -> Iterator[None]:
    """Import this folder's `app`, `store`, ... even if another folder's modules of these names are loaded."""
    others = {name: sys.modules.pop(name) for name in OWN_MODULES & set(sys.modules)}
    sys.path.insert(0, str(HERE))
    try:
        yield
    finally:
        sys.path.remove(str(HERE))
        for name in OWN_MODULES & set(sys.modules):
            del sys.modules[name]
        sys.modules.update(others)


with own_modules():
    app = importlib.import_module("app")
    switches = importlib.import_module("switches")
    web = importlib.import_module("web")
    exploits = importlib.import_module("exploits")

MARK, Person, said = exploits.MARK, exploits.Person, exploits.said
TRUTH = tomllib.loads((HERE / "truth.toml").read_text())
DOCUMENT = json.loads((HERE / "openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]
ODD_VALUES = (
    "",
    "0",
    "-1",
    "9" * 40,
    "1e400",
    "NaN",
    "null",
    "tr\u00fce \U0001f4a5",
    "\x00",
    "' OR 1=1 --",
    "a" * 20_000,
)


def world(names: str = "none") -> Any:
    app.boot(names)
    return exploits.World(app.application)


def send(
    person: Any, method: str, path: str, operation: dict[str, Any], value: str, csrf: bool = True
) -> httpx.Response:
    """The operation with this value in every parameter, in the place that the document gives it."""
    parameters = operation.get("parameters", [])
    placed = {
        where: {each["name"]: value for each in parameters if each["in"] == where} for where in ("query", "formData")
    }
    headers = {"X-CSRF-Token": person.csrf} if csrf else {}
    data = placed["formData"] if method == "POST" else None
    return person.client.request(method, path, params=placed["query"], data=data, headers=headers)


@pytest.mark.parametrize("switch", switches.SWITCHES)
def test_the_exploit_works_with_its_switch_alone(switch: str) -> None:
    assert exploits.EXPLOITS[switch](world(switch))


@pytest.mark.parametrize("switch", switches.SWITCHES)
def test_the_exploit_fails_with_all_switches_off(switch: str) -> None:
    assert not exploits.EXPLOITS[switch](world())


@pytest.mark.parametrize("switch", switches.SWITCHES)
def test_the_exploit_works_with_all_switches_on(switch: str) -> None:
    assert exploits.EXPLOITS[switch](world("all"))


def test_switches_exploits_and_truth_agree() -> None:
    declared = {weakness["switch"]: weakness["rule"] for weakness in TRUTH["weakness"]}
    assert set(declared) == set(switches.SWITCHES) == set(exploits.EXPLOITS)
    for switch, line in switches.SWITCHES.items():
        assert f"({declared[switch]})" in line
    assert {consequence["switch"] for consequence in TRUTH["consequence"]} <= set(declared)


def test_truth_names_operations_of_the_document() -> None:
    for entry in TRUTH["weakness"] + TRUTH["consequence"] + TRUTH["trap"]:
        if entry["rule"] != "SF504":
            assert entry["method"].lower() in DOCUMENT["paths"][entry["path"]], entry


def test_the_document_and_the_routes_agree() -> None:
    assert {(method, web.BASE + path) for method, path, _ in OPERATIONS} == set(web.ROUTES)


def test_the_document_is_valid() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(DOCUMENT)


# The secure twin, operation by operation


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_odd_values_get_declared_answers(method: str, path: str, operation: dict[str, Any]) -> None:
    alice = world().alice
    for value in ODD_VALUES:
        answer = send(alice, method, path, operation, value)
        responses = operation["responses"]
        response = responses.get(str(answer.status_code), responses.get("default"))
        assert response is not None, (value, answer.status_code, answer.text)
        if "schema" in response:
            assert_conforms(answer.json())
        if path == "/logout":
            break


def assert_conforms(answer: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = {**DOCUMENT["definitions"]["InvoiceAnswer"], "definitions": DOCUMENT["definitions"]}
    jsonschema.validate(answer, schema)
    for invoice in [answer.get("invoice", {}), *answer.get("invoices", [])]:
        assert set(invoice) <= set(DOCUMENT["definitions"]["Invoice"]["properties"])
        jsonschema.validate(invoice, DOCUMENT["definitions"]["Invoice"])


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_only_the_open_operations_answer_without_a_login(method: str, path: str, operation: dict[str, Any]) -> None:
    bad = [Person(app.application) for _ in range(3)]
    there = world()
    bad[1].sid, bad[2].sid = "nonsense", there.alice.sid[:-1] + ("A" if there.alice.sid[-1] != "A" else "B")
    for person in bad:
        answer = send(person, method, path, operation, "1")
        assert (answer.status_code == 302) is ("302" in operation["responses"])
        assert answer.headers.get("Location", "/login.html") == "/login.html"


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_writes_need_the_token_of_the_same_user(method: str, path: str, operation: dict[str, Any]) -> None:
    there = world()
    takes_token = any(each["name"] == "X-CSRF-Token" for each in operation.get("parameters", []))
    expired = "this form has expired, please try again"
    assert (send(there.alice, method, path, operation, "1", csrf=False).text.count(expired) == 1) is takes_token
    there.alice.csrf = there.bob.csrf
    assert (send(there.alice, method, path, operation, "1").text.count(expired) == 1) is takes_token


FOREIGN_IDS = [
    (method, path, operation)
    for method, path, operation in OPERATIONS
    if {each["name"] for each in operation.get("parameters", [])} & {"id", "ticket_id", "contact_id"}
    and path not in ("/agent", "/agent/vcard")
]


@pytest.mark.parametrize(
    ("method", "path", "operation"), FOREIGN_IDS, ids=[f"{method} {path}" for method, path, _ in FOREIGN_IDS]
)
def test_a_foreign_object_and_a_made_up_one_are_refused_alike(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    there = world()
    alice, bob = there.alice, there.bob
    ticket, contact, invoice = alice.new_ticket(), alice.new_contact(), alice.new_invoice()["id"]
    reply = alice.reply(ticket, MARK)
    own_ticket = bob.new_ticket("mine")
    bob.reply(own_ticket, "mine")
    before = [alice.ticket(ticket), alice.contact(contact), alice.invoice(invoice), alice.replies(ticket)]

    sample = {
        "amount": "5",
        "memo": "x",
        "text": "x",
        "subject": "x",
        "name": "x",
        "username": "bob",
        "paid": "true",
    }
    if "ticket" in path.lower():
        pairs = [({"id": ticket, "ticket_id": ticket}, {"id": "TK-00000000", "ticket_id": "TK-00000000"})]
    elif "contact" in path:
        pairs = [({"id": contact}, {"id": 99999})]
    elif path == "/reply/update":
        pairs = [
            ({"ticket_id": ticket, "id": reply}, {"ticket_id": "TK-00000000", "id": reply}),
            ({"ticket_id": own_ticket, "id": reply}, {"ticket_id": own_ticket, "id": 99999}),
        ]
    else:
        pairs = [({"id": invoice, "contact_id": contact}, {"id": 99999, "contact_id": 99999})]
    for foreign, made_up in pairs:
        seen = []
        for ids in (foreign, made_up):
            arguments = {"data": {**sample, **ids}} if method == "POST" else {"params": ids}
            headers = {"X-CSRF-Token": bob.csrf}
            seen.append(bob.client.request(method, path, headers=headers, **arguments))
        assert said(seen[0])["ok"] is False
        assert (seen[0].status_code, seen[0].text) == (seen[1].status_code, seen[1].text)
    if path == "/contact/update":
        time.sleep(0.4)  # a write that was queued all the same would be there by now
    after = [alice.ticket(ticket), alice.contact(contact), alice.invoice(invoice), alice.replies(ticket)]
    assert before == after


def test_a_delayed_write_shows_up_later() -> None:
    alice = world().alice
    contact = alice.new_contact()
    assert alice.post("/contact/update", id=contact, phone="0100").status_code == 202
    assert (alice.contact(contact) or {})["phone"] == ""
    assert exploits.soon(lambda: (alice.contact(contact) or {})["phone"] == "0100")


def test_the_owner_and_the_staff_can_do_their_work() -> None:
    there = world()
    alice = there.alice
    ticket, contact = alice.new_ticket(), alice.new_contact()
    alice.post("/ticket/update", id=ticket, subject="new", owner="bob", status="closed", cc="bob")
    assert alice.ticket(ticket) == {
        "id": ticket, "owner": "alice", "subject": "new", "body": "It is broken.", "priority": "high",
        "status": "open", "cc": [],
    }  # fmt: skip
    reply = alice.reply(ticket, "first")
    assert said(alice.post("/reply/update", ticket_id=ticket, id=reply, text="second"))["ok"]
    assert alice.replies(ticket) == {reply: "second"}
    assert said(alice.post("/ticket/close", id=ticket))["status"] == "closed"
    invoice = alice.new_invoice(contact_id=contact)
    assert invoice["bill_to"] == f"{MARK} <someone@else.example>" and invoice["paid"] is False
    assert said(alice.post("/invoice/markPaid", id=invoice["id"])) == {"ok": False, "error": "staff only"}
    assert said(there.admin.post("/invoice/markPaid", id=invoice["id"]))["invoice"]["paid"] is True
    assert said(alice.post("/invoice/void", id=invoice["id"]))["invoice"]["void"] is True
    assert MARK in alice.get("/contact/export").text and MARK in alice.get("/invoice/print", id=invoice["id"]).text
    assert alice.client.delete("/ticket", params={"id": ticket}, headers={"X-CSRF-Token": alice.csrf}).json()["ok"]
    assert said(alice.post("/contact/delete", id=contact))["ok"]
    assert alice.ticket(ticket) is None and alice.contact(contact) is None


def test_the_session_is_new_at_every_login_and_ends_at_logout_or_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = world()
    first, second = there.alice.sid, Person(app.application, "alice-pw-1", "alice").sid
    assert first != second
    assert set(exploits.decoded(first, 1)) == {"sub", "jti", "iat", "exp"}
    there.alice.post("/logout")
    assert not exploits.is_taken_for(there, "alice", first)
    assert exploits.is_taken_for(there, "alice", second)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3700)
    assert not exploits.is_taken_for(there, "alice", second)


def test_bodies_that_are_no_form_are_refused() -> None:
    alice = world().alice
    headers = {"X-CSRF-Token": alice.csrf}
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        answer = alice.client.post("/ticket/new", content=b"subject=x", headers={**headers, "Content-Type": kind})
        assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert said(alice.post("/ticket/new", subject="x" * 400_000))["ok"] is False
    assert said(alice.post("/ticket/new", **{f"f{number}": "x" for number in range(300)}))["ok"] is False


# The traps, with all switches off and on

TRAPS: dict[str, Any] = {}


def trap(test: Any) -> Any:
    TRAPS[re.sub("_", "-", test.__name__)] = test
    return test


@trap
def ping_open(there: Any) -> None:
    assert set(said(there.nobody.get("/ping"))) == {"ok", "service", "version"}


@trap
def agent_card_public(there: Any) -> None:
    cards = [said(person.get("/agent", id=1))["agent"] for person in (there.nobody, there.bob)]
    assert cards[0] == cards[1] and set(cards[0]) == {"id", "name", "title", "extension"}


@trap
def ticket_on_copy(there: Any) -> None:
    ticket = there.alice.new_ticket()
    there.alice.post("/ticket/share", id=ticket, username="bob")
    assert MARK in there.bob.get("/ticket", id=ticket).text
    assert said(there.bob.post("/ticket/update", id=ticket, subject="taken"))["ok"] is False


@trap
def list_has_tickets_on_copy(there: Any) -> None:
    ticket = there.alice.new_ticket()
    assert MARK not in there.bob.get("/tickets").text
    there.alice.post("/ticket/share", id=ticket, username="bob")
    assert MARK in there.bob.get("/tickets").text


@trap
def preview_echoes(there: Any) -> None:
    before = there.alice.get("/tickets").text
    answer = said(there.alice.post("/ticket/preview", subject="x", role="staff", owner="bob"))
    assert answer["preview"] == {"subject": "x", "role": "staff", "owner": "bob"}
    assert there.alice.get("/tickets").text == before


@trap
def search_by_post(there: Any) -> None:
    there.alice.new_ticket()
    before = there.alice.get("/tickets").text
    assert MARK in there.alice.post("/tickets/search", csrf=False, q="canary").text
    assert MARK not in there.bob.post("/tickets/search", q="canary").text
    assert there.alice.get("/tickets").text == before


@trap
def discard_always_ok(there: Any) -> None:
    there.alice.post("/draft/save", name="plan", text=MARK)
    assert said(there.bob.post("/draft/discard", name="plan")) == {"ok": True}
    assert MARK in there.alice.get("/draft", name="plan").text


@trap
def draft_name_per_user(there: Any) -> None:
    there.alice.post("/draft/save", name="plan", text=MARK)
    assert said(there.bob.post("/draft/save", name="plan", text="other")) == {"ok": True}
    assert MARK in there.alice.get("/draft", name="plan").text


@trap
def empty_draft_for_any_name(there: Any) -> None:
    there.alice.post("/draft/save", name="plan", text=MARK)
    for name in ("plan", "made-up"):
        assert said(there.bob.get("/draft", name=name))["draft"] == {"name": name, "text": ""}


@trap
def send_shows_only(there: Any) -> None:
    invoice = there.alice.new_invoice()["id"]
    before = there.alice.invoice(invoice)
    assert MARK in said(there.alice.get("/invoice/send", id=invoice))["mail"]["text"]
    assert there.alice.invoice(invoice) == before


@trap
def role_comes_back_unchanged(there: Any) -> None:
    assert said(there.bob.post("/account/update", role="staff"))["user"]["role"] == "customer"
    assert said(there.bob.get("/whoami"))["user"]["role"] == "customer"


@trap
def csrf_token_returned(there: Any) -> None:
    assert said(there.bob.get("/whoami"))["csrf"] == there.bob.csrf != there.alice.csrf


@trap
def csrf_token_per_user(there: Any) -> None:
    again = Person(app.application, "alice-pw-1", "alice")
    assert (again.sid != there.alice.sid, again.csrf == there.alice.csrf) == (True, True)
    names = [f"{MARK}-{number}" for number in range(3)]
    for name, token in zip(names, (again.csrf, there.bob.csrf, ""), strict=True):
        there.alice.csrf = token
        there.alice.post("/contact/add", name=name)
    found = there.alice.get("/contacts").text
    assert [name in found for name in names] == [True, False, False]


@trap
def default_covers_status(there: Any) -> None:
    answers = [there.nobody.get("/agent/vcard", id=number) for number in (1, 3, 9)]
    assert [answer.status_code for answer in answers] == [200, 410, 404]
    assert "FN:Maud Ferris" in answers[0].text
    assert set(DOCUMENT["paths"]["/agent/vcard"]["get"]["responses"]) == {"200", "default"}


@trap
def cookie_secure_only_on_https(there: Any) -> None:
    form = {"username": "bob", "password": "bob-pw-1"}
    cookies = [
        there.nobody.client.post(f"{scheme}://desk.test/api/login", data=form).headers["Set-Cookie"]
        for scheme in ("http", "https")
    ]
    assert all("; HttpOnly; SameSite=Lax" in cookie for cookie in cookies)
    assert ["Secure" in cookie for cookie in cookies] == [False, True]


@trap
def catch_all_page(there: Any) -> None:
    pages = {
        person.client.request(method, path).text
        for person in (there.nobody, there.alice)
        for method, path in (
            ("GET", "/no/such"),
            ("PUT", "/ticket"),
            ("POST", "/tickets"),
            ("GET", "/ticket/new"),
        )
    }
    assert len(pages) == 1 and pages.pop().startswith("<!DOCTYPE html")


@pytest.mark.parametrize("names", ["none", "all"])
@pytest.mark.parametrize("name", TRAPS)
def test_trap(name: str, names: str) -> None:
    TRAPS[name](world(names))


def test_every_trap_is_tested() -> None:
    assert {entry["name"] for entry in TRUTH["trap"]} == set(TRAPS)
