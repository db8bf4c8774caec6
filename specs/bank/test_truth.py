"""truth.toml is true: a weakness is there with its switch on and gone with it off, and the traps are none."""

import json
import socket
import subprocess
import sys
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import jwt
import pytest
import yaml
from fastapi import FastAPI
from openapi_spec_validator import validate

sys.path.insert(0, str(Path(__file__).parent))

from harbour.main import create_app
from harbour.models import RefreshToken
from harbour.switches import SWITCHES, activate, on, parse
from harbour_truth.contract import Contract
from harbour_truth.exploits import EXPLOITS, IBAN, Bank, Caller, canary, claims, taken_for

# One switch signs with a short word, and PyJWT says so.
pytestmark = pytest.mark.filterwarnings("ignore:The HMAC key")

HERE = Path(__file__).parent
DOCUMENT = json.loads((HERE / "openapi.json").read_text(encoding="utf-8"))
TRUTH = tomllib.loads((HERE / "truth.toml").read_text(encoding="utf-8"))
CONTRACT = Contract(DOCUMENT)
NONE: frozenset[str] = frozenset()
ALL = frozenset(SWITCHES)


def fresh_bank(switches: frozenset[str] = NONE, access_ttl_s: int = 60) -> Bank:
    return Bank(create_app(switches, access_ttl_s), CONTRACT)


@cache
def _shared_app(switches: frozenset[str]) -> FastAPI:
    return create_app(switches)


def shared_bank(switches: frozenset[str]) -> Bank:
    """New logins at a bank that other tests have used: whatever they left behind must not matter."""
    app = _shared_app(switches)
    activate(switches)
    return Bank(app, CONTRACT)


@pytest.fixture(autouse=True)
def _nothing_stays_on() -> Iterator[None]:
    yield
    activate(NONE)


# --- weaknesses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_weakness_is_there_with_its_switch_alone(switch: str) -> None:
    assert EXPLOITS[switch](fresh_bank(frozenset({switch})))


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_weakness_is_there_with_all_switches(switch: str) -> None:
    assert EXPLOITS[switch](shared_bank(ALL))


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_twin_is_sound_and_keeps_its_contract(switch: str) -> None:
    bank = shared_bank(NONE)
    assert not EXPLOITS[switch](bank)
    assert bank.complaints == []


# --- traps ---------------------------------------------------------------------------------------------

TRAPS: dict[str, Callable[[Bank], None]] = {}


def trap(name: str):
    def register(function: Callable[[Bank], None]) -> Callable[[Bank], None]:
        TRAPS[name] = function
        return function

    return register


def transfer(bank: Bank, sender: Caller, receiver: Caller) -> tuple[dict, dict]:
    """A transfer between two fresh accounts, and the receiver's account before it."""
    target = receiver.account()
    made = sender.make(
        "/transfers",
        from_account_id=sender.account()["id"],
        to_account_id=target["id"],
        amount=300,
        reference=canary(),
    )
    return made, target


@trap("transfer-pays-somebody")
def _(bank: Bank) -> None:
    _made, hers = transfer(bank, bank.bob, bank.alice)
    assert bank.alice("GET", f"/accounts/{hers['id']}").json()["balance"] == hers["balance"] + 300


@trap("transfer-payee-exists")
def _(bank: Bank) -> None:
    transfer(bank, bank.bob, bank.alice)
    body = {"from_account_id": bank.bob.account()["id"], "amount": 1, "reference": "x"}
    assert bank.bob("POST", "/transfers", {**body, "to_account_id": str(uuid.uuid4())}).status_code == 404


@trap("transfer-both-sides")
def _(bank: Bank) -> None:
    made, _ = transfer(bank, bank.bob, bank.alice)
    path = f"/transfers/{made['id']}"
    assert made["reference"] in bank.alice("GET", path).text
    assert made["reference"] in bank.bob("GET", path).text
    assert Caller(bank, "carol")("GET", path).status_code == 404


@trap("incoming-transfers")
def _(bank: Bank) -> None:
    made, _ = transfer(bank, bank.bob, bank.alice)
    assert made["reference"] in bank.alice("GET", "/transfers").text
    assert made["reference"] not in Caller(bank, "carol")("GET", "/transfers").text


@trap("joint-account")
def _(bank: Bank) -> None:
    listed = {one["nickname"]: one["customer_id"] for one in bank.bob("GET", "/accounts").json()}
    assert listed["Household"] == bank.alice.id
    account = bank.alice.account()
    bank.alice("POST", f"/accounts/{account['id']}/holders", {"username": "bob"})
    assert account["nickname"] in bank.bob("GET", "/accounts").text
    assert bank.bob("DELETE", f"/accounts/{account['id']}").status_code == 404


@trap("idempotent-delete")
def _(bank: Bank) -> None:
    path = f"/beneficiaries/{bank.alice.beneficiary()['id']}"
    assert bank.bob("DELETE", path).status_code == 204
    assert bank.bob("DELETE", f"/beneficiaries/{uuid.uuid4()}").status_code == 204
    assert bank.alice("GET", path).status_code == 200


@trap("public-payment-link")
def _(bank: Bank) -> None:
    link = bank.alice.link()
    assert link["description"] in bank.anonymous("GET", f"/payment-links/{link['id']}").text
    assert link["description"] not in bank.bob("GET", "/payment-links").text


@trap("link-paid-by-peer")
def _(bank: Bank) -> None:
    path = f"/payment-links/{bank.alice.link()['id']}"
    payment = {"from_account_id": bank.bob.account()["id"]}
    assert bank.bob("POST", f"{path}/pay", payment).status_code == 200
    assert bank.bob("POST", f"{path}/pay", payment).status_code == 409
    assert bank.alice("GET", path).json()["status"] == "paid"


@trap("payee-confirmation")
def _(bank: Bank) -> None:
    iban = bank.alice.account()["iban"]

    def ask(iban: str, name: str) -> dict:
        return bank.bob("POST", "/beneficiaries/verify", {"iban": iban, "name": name}).json()

    assert ask(iban, "alice andersen") == {"result": "match"}
    assert ask(iban, "Somebody Else") == ask(IBAN, "Alice Andersen") == {"result": "no_match"}
    assert all(one["iban"] != iban for one in bank.bob("GET", "/beneficiaries").json())


@trap("quote-echo")
def _(bank: Bank) -> None:
    wanted = {"principal": 500_000, "months": 36}
    plain = bank.anonymous("POST", "/loan-quotes", wanted).json()
    spiced = bank.anonymous("POST", "/loan-quotes", {**wanted, "annual_rate": 0, "approved": True}).json()
    assert spiced["request"] == {**wanted, "annual_rate": 0, "approved": True}
    assert {**spiced, "request": wanted} == plain


@trap("preference-upsert")
def _(bank: Bank) -> None:
    path = f"/preferences/{canary()}"
    assert bank.alice("PUT", path, {"value": "hers"}).status_code == 200
    assert bank.bob("PUT", path, {"value": "his"}).status_code == 200
    assert bank.alice("GET", path).json()["value"] == "hers"


@trap("invitation-for-anybody")
def _(bank: Bank) -> None:
    path = f"/accounts/{bank.alice.account()['id']}/holders"
    answers = [bank.alice("POST", path, {"username": name}) for name in ("dmitri", "nobody-at-all")]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["status"] for answer in answers] == ["invited", "invited"]


@trap("message-defaults")
def _(bank: Bank) -> None:
    message = {"subject": "Hello", "body": "Anybody there?"}
    same = bank.alice.make("/messages", **message, status="open", priority="normal")
    other = bank.alice.make("/messages", **message, status="answered", priority="high")
    assert {same["status"], other["status"]} == {"open"}
    assert {same["priority"], other["priority"]} == {"normal"}


@trap("document-route")
def _(bank: Bank) -> None:
    assert bank.request("GET", "/openapi.json").json()["info"]["title"] == "Harbour Bank"
    assert "/openapi.json" not in DOCUMENT["paths"]


@trap("quote-open-map")
def _(bank: Bank) -> None:
    wanted = {"principal": 500_000, "months": 36, "campaign": "spring"}
    assert bank.anonymous("POST", "/loan-quotes", wanted).json()["request"] == wanted
    request = DOCUMENT["components"]["schemas"]["QuoteOut"]["properties"]["request"]
    assert "properties" not in request
    assert request["additionalProperties"]


@trap("tax-id-masked")
def _(bank: Bank) -> None:
    for number, masked in (("86 095 742 719", "•••719"), ("12345678", "•••"), (None, None)):
        person = {"username": f"new-{uuid.uuid4().hex[:8]}", "full_name": "Nina New", "tax_id": number}
        made = bank.anonymous("POST", "/auth/register", {**person, "password": f"{person['username']}-harbour-1"})
        assert made.json()["tax_id"] == masked
        newcomer = Caller(bank, person["username"])
        newcomer("PATCH", "/me", {"tax_id": "1"})
        assert newcomer("GET", "/me").json()["tax_id"] == masked


@trap("second-payment-refused")
def _(bank: Bank) -> None:
    path = f"/payment-links/{bank.alice.link()['id']}"
    mine, his = bank.admin.account(), bank.bob.account()
    assert bank.admin("POST", f"{path}/pay", {"from_account_id": mine["id"]}).status_code == 200
    for _ in range(2):
        assert bank.bob("POST", f"{path}/pay", {"from_account_id": his["id"]}).status_code == 409
    assert bank.alice("GET", path).json()["status"] == "paid"
    assert bank.bob("GET", f"/accounts/{his['id']}").json()["balance"] == his["balance"]
    assert bank.admin("GET", f"/accounts/{mine['id']}").json()["balance"] == mine["balance"] - 100


def terms(bank: Bank, token: str | None) -> dict:
    """What the rate is for whoever sends this token; every other field is the same for all."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return bank.anonymous("GET", "/exchange-rates/CHF", headers=headers).json()


@trap("rates-open-to-all")
def _(bank: Bank) -> None:
    unsigned = jwt.encode({"sub": bank.alice.id}, "", algorithm="none")
    assert terms(bank, unsigned) == terms(bank, "nonsense") == terms(bank, None)
    assert terms(bank, None)["terms"] == "public"


@trap("token-optional")
def _(bank: Bank) -> None:
    foreign = fresh_key_token(bank)
    assert terms(bank, foreign) == terms(bank, None)
    assert terms(bank, bank.alice.tokens["access_token"])["terms"] == "customer"


def fresh_key_token(bank: Bank) -> str:
    """A token of nobody's: with the switches on, too, there is no customer whom it could be taken for."""
    return jwt.encode({**claims(bank.alice), "sub": str(uuid.uuid4())}, "x" * 32, algorithm="HS256")


@trap("sample-key-published")
def _(bank: Bank) -> None:
    token = bank.anonymous("GET", "/payment-notices/sample").json()["jws"]
    notice = jwt.decode(token, "your-256-bit-secret", algorithms=["HS256"])
    assert notice == {"iss": "harbour-bank-sample", "event": "transfer.received", "amount": 1_250}
    assert bank.anonymous("GET", "/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    forged = jwt.encode(claims(bank.alice), "your-256-bit-secret", algorithm="HS256")
    known = on("jwt-signature-ignored")
    assert (taken_for(bank, forged) == bank.alice.id) is known


@trap("refresh-expiry-kept-by-bank")
def _(bank: Bank) -> None:
    body = {"refresh_token": bank.alice.tokens["refresh_token"]}
    found = jwt.decode(body["refresh_token"], options={"verify_signature": False})
    assert "exp" not in found
    with bank.app.state.database.session() as session:
        known = session.get_one(RefreshToken, found["jti"])
        assert timedelta(hours=7) < known.expires_at - datetime.now(UTC) < timedelta(hours=8)
        known.expires_at = datetime.now(UTC)
        session.commit()
    assert bank.anonymous("POST", "/auth/refresh", body).status_code == 401


@trap("claims-are-ids-and-role")
def _(bank: Bank) -> None:
    found = claims(bank.alice)
    assert found.keys() - {"exp", "tax_id", "password_hash"} == {"iss", "sub", "jti", "sid", "typ", "iat", "role"}
    assert found.keys() >= {"tax_id", "password_hash"} or not on("jwt-whole-customer")
    assert (found["role"], found["sub"]) == ("customer", bank.alice.id)


@trap("call-centre-closed")
def _(bank: Bank) -> None:
    for phone in ("+49 40 555 0100", "112"):
        answer = bank.alice("POST", "/callbacks", {"phone": phone, "reason": "A question"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")
    assert bank.anonymous("POST", "/callbacks", {"phone": "112", "reason": "A question"}).status_code == 401


@pytest.mark.parametrize("switches", [NONE, ALL], ids=["twin", "all"])
@pytest.mark.parametrize("name", TRAPS)
def test_the_trap_is_no_weakness(name: str, switches: frozenset[str]) -> None:
    bank = shared_bank(switches)
    TRAPS[name](bank)
    assert switches or bank.complaints == []


# --- the twin, beyond the switches ---------------------------------------------------------------------


def test_somebody_elses_and_unknown_are_refused_in_the_same_words() -> None:
    bank = shared_bank(NONE)
    hers = {
        "account_id": bank.alice.account()["id"],
        "card_id": bank.alice.card()["id"],
        "message_id": bank.alice.message()["id"],
        "beneficiary_id": bank.alice.beneficiary()["id"],
        "statement_id": bank.alice.statement().rsplit("/", 1)[1],
        "transfer_id": transfer(bank, bank.alice, bank.alice)[0]["id"],
        "customer_id": bank.alice.id,
    }
    bodies = {
        "renameAccount": {"nickname": "x"},
        "inviteHolder": {"username": "carol"},
        "createStatement": {"label": "x"},
        "updateCard": {"label": "x"},
        "reply": {"body": "x"},
        "replaceBeneficiary": {"name": "x", "iban": IBAN},
        "reviewCustomer": {"kyc_level": "full"},
        "postAdjustment": {"amount": 1, "reason": "x"},
    }
    tried = 0
    for (method, path), operation in CONTRACT.operations.items():
        if "{" not in path or not hers.keys() & set(path.replace("}", "{").split("{")):
            continue
        body = bodies.get(operation["operationId"])
        unknown = {name: str(uuid.uuid4()) for name in hers}
        theirs = bank.bob(method, path.format(**hers), body)
        made_up = bank.bob(method, path.format(**unknown), body)
        assert (theirs.status_code, theirs.text) == (made_up.status_code, made_up.text), (method, path)
        assert theirs.status_code in ({403} if path.startswith("/staff") else {404, 204}), (method, path)
        tried += 1
    assert tried >= 20
    assert bank.complaints == []


def test_every_guarded_operation_wants_a_good_token() -> None:
    bank = shared_bank(NONE)
    foreign = fresh_bank().alice.tokens["access_token"]  # signed with another bank's key
    refresh = bank.alice.tokens["refresh_token"]
    for (method, path), operation in CONTRACT.operations.items():
        if {} in operation.get("security", [{}]):
            continue
        path = path.replace("{key}", "language").replace("{", "").replace("}", "")
        path = "/".join(str(uuid.uuid4()) if part.endswith("_id") else part for part in path.split("/"))
        tries = [None, "Basic YWxpY2U6eA==", f"Bearer {foreign}", f"Bearer {refresh}", "Bearer x"]
        for value in tries:
            answer = bank.anonymous(method, path, headers={"Authorization": value} if value else {})
            assert answer.status_code == 401, (method, path, value)
    assert bank.complaints == []


def test_access_tokens_run_out_and_refresh_tokens_are_good_once() -> None:
    bank = fresh_bank(access_ttl_s=1)
    body = {"refresh_token": bank.alice.tokens["refresh_token"]}
    time.sleep(1.1)
    assert bank.alice("GET", "/me").status_code == 401
    bank.app.state.tokens = replace(bank.app.state.tokens, access_ttl_s=60)
    bank.alice.tokens = bank.anonymous("POST", "/auth/refresh", body).json()
    assert bank.alice("GET", "/me").status_code == 200
    assert bank.anonymous("POST", "/auth/refresh", body).status_code == 401
    # The second use ended the login altogether.
    assert bank.alice("GET", "/me").status_code == 401
    assert bank.complaints == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'{"value": null}',
        b'{"value": "\\ud800"}',
        b'{"value": 1e999}',
        b'{"value": {"\\ud800": NaN}}',
        b'{"value": ' + b"9" * 5_000 + b"}",
    ],
)
def test_no_body_makes_the_bank_stumble(body: bytes) -> None:
    bank = shared_bank(NONE)
    for (method, path), operation in CONTRACT.operations.items():
        if "requestBody" in operation:
            path = path.replace("{key}", "language")
            path = "/".join(str(uuid.uuid4()) if part.startswith("{") else part for part in path.split("/"))
            for media_type in ("application/json", "text/plain"):
                headers = {"Content-Type": media_type}
                answer = bank.admin(method, path, content=body, headers=headers)
                assert answer.status_code in {400, 404, 422} or path == "/me", (method, path)
    assert bank.complaints == []


# --- the files agree -----------------------------------------------------------------------------------


def test_the_document_is_what_the_secure_application_says() -> None:
    assert create_app().openapi() == DOCUMENT
    validate(DOCUMENT)


def test_truth_and_switches_agree() -> None:
    weaknesses = {(one["switch"], one["rule"]) for one in TRUTH["weakness"]}
    assert weaknesses == {(name, line.split(":")[0]) for name, line in SWITCHES.items()}
    assert {one["switch"] for one in TRUTH["consequence"]} <= SWITCHES.keys() == EXPLOITS.keys()
    assert {one["name"] for one in TRUTH["trap"]} == TRAPS.keys()
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in [*SWITCHES, *TRAPS])


def test_truth_names_operations_of_the_document() -> None:
    for one in TRUTH["weakness"] + TRUTH["consequence"] + TRUTH["trap"]:
        if one["rule"] != "SF504":
            assert (one["method"], one["path"]) in CONTRACT.operations, one
    guarded = {name for name, operation in CONTRACT.operations.items() if "security" in operation}
    for switch in ("jwt-alg-none", "jwt-signature-ignored"):
        listed = {
            (one["method"], one["path"])
            for one in TRUTH["consequence"]
            if (one["switch"], one["rule"]) == (switch, "SF303")
        }
        assert listed == guarded


def test_switches_are_parsed() -> None:
    assert parse("none") == parse("") == NONE
    assert parse("all") == ALL
    assert parse("jwt-alg-none, register-role") == {"jwt-alg-none", "register-role"}
    with pytest.raises(ValueError, match="no such switch: jwt"):
        parse("jwt")


def test_the_command_serves_the_bank_and_the_users_log_in() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"python": sys.executable, "port": port, "switches": "none"}
    command = [part.format(**names) for part in TRUTH["api"]["command"]]
    server = subprocess.Popen(command, cwd=HERE)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            _wait_until_ready(client)
            for user in yaml.safe_load((HERE / "auth.yaml").read_text(encoding="utf-8"))["auth"]:
                login = user["loginEndpointAuth"]
                who = login["payloadUserPwd"]
                body = {who["usernameField"]: who["username"], who["passwordField"]: who["password"]}
                token = client.post(login["endpoint"], json=body).json()["access_token"]
                headers = {"Authorization": login["token"]["headerPrefix"] + token}
                assert client.get("/me", headers=headers).json()["role"] == user["role"]
            assert client.get("/openapi.json").json() == DOCUMENT
    finally:
        server.terminate()
        server.wait(10)


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(100):
        try:
            if client.get(TRUTH["api"]["ready"]).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")
