"""From exchanges to evidence, curl lines and fingerprints, with every secret masked."""

from __future__ import annotations

import base64
import json
import re
import shlex
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.findings import (
    Evidence,
    ExpectationRef,
    Finding,
    OperationRef,
    curl,
    deduplicate,
    evidence_of,
    fingerprint,
    keep_steps,
    redact_url,
)
from specfuzz.http import ANONYMOUS, Exchange, Request, Response
from specfuzz.http.redaction import MASK, Redactor

NOBODY_KNOWS = Redactor()


def exchange(
    *, method: str = "POST", path: str = "/notes", headers: Any = (), sent: Any = None, body: bytes = b"",
    identity: str = "alice", answer: bytes = b"", status: int = 200, answered: Any = (),
) -> Exchange:  # fmt: skip
    request = Request(method=method, path=path, headers=tuple(headers), body=body, identity=identity)
    response = Response(status=status, headers=tuple(answered), body=answer)
    out = tuple(headers if sent is None else sent)
    return Exchange(request=request, response=response, url=f"http://api.test{path}", sent_headers=out)


# Fingerprints -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ingredients", "expected"),
    [
        (("SF101", "GET", "/notes/{id}", None), "0fc9bad04a2c43c7"),
        (("SF201", "PATCH", "/users/{id}", "is_admin"), "a434647267e4ce66"),
        (("SF301", "PUT", "/notes/{id}/tags", None), "cdb2a49e6135ec17"),
    ],
    ids=["read", "field", "write"],
)
def test_a_fingerprint_is_frozen(ingredients: tuple[str, str, str, str | None], expected: str) -> None:
    """Baselines hold these values: a change here makes every known finding new."""
    assert fingerprint(*ingredients) == expected


@pytest.mark.parametrize("path", ["/notes/{note_id}", "/notes/{noteId}", "/notes/{}"])
def test_a_renamed_path_parameter_keeps_the_fingerprint(path: str) -> None:
    assert fingerprint("SF101", "GET", path, None) == fingerprint("SF101", "GET", "/notes/{id}", None)


def test_a_methods_case_keeps_the_fingerprint() -> None:
    assert fingerprint("SF101", "get", "/notes", None) == fingerprint("SF101", "GET", "/notes", None)


@pytest.mark.parametrize(
    "other",
    [
        ("SF102", "PATCH", "/notes/{id}", "a"),
        ("SF101", "PUT", "/notes/{id}", "a"),
        ("SF101", "PATCH", "/note/{id}", "a"),
        ("SF101", "PATCH", "/notes/{id}/x", "a"),
        ("SF101", "PATCH", "/notes/{id}", "b"),
        ("SF101", "PATCH", "/notes/{id}", None),
    ],
    ids=["rule", "method", "path", "deeper path", "field", "no field"],
)
def test_each_ingredient_tells_findings_apart(other: Any) -> None:
    assert fingerprint(*other) != fingerprint("SF101", "PATCH", "/notes/{id}", "a")


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_fingerprint_is_sixteen_hex_digits(path: str, field: str) -> None:
    assert re.fullmatch("[0-9a-f]{16}", fingerprint("SF101", "GET", path.replace("\ud800", ""), field))


# Deduplication ------------------------------------------------------------------------------------------------------


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": "SF101",
        "name": "cross-user-read",
        "category": "cross-user",
        "severity": "high",
        "confidence": "firm",
        "operation": OperationRef(method="GET", path="/notes/{id}"),
        "title": "t",
        "detail": "d",
        "remediation": "r",
        "expectation": ExpectationRef(statement="s", source="#/x", confidence="firm"),
        "evidence": (),
        "reproduce": "",
        "fingerprint": "a" * 16,
    }
    return Finding(**{**values, **changes})


def test_of_two_findings_with_one_fingerprint_the_surer_stays() -> None:
    kept = deduplicate([finding(confidence="tentative", actor="bob"), finding(confidence="certain", actor="eve")])
    assert [(item.confidence, item.actor) for item in kept] == [("certain", "eve")]


def test_of_two_equal_findings_the_first_stays() -> None:
    assert [item.actor for item in deduplicate([finding(actor="bob"), finding(actor="eve")])] == ["bob"]


@given(
    st.permutations(
        [
            finding(severity="low", fingerprint="1" * 16),
            finding(severity="critical", confidence="tentative", fingerprint="2" * 16),
            finding(severity="critical", confidence="certain", fingerprint="3" * 16),
            finding(severity="high", rule="SF201", fingerprint="4" * 16),
            finding(severity="high", rule="SF101", fingerprint="5" * 16),
        ]
    )
)
def test_findings_come_out_worst_and_surest_first_whatever_their_order(found: list[Finding]) -> None:
    assert [item.fingerprint[0] for item in deduplicate(found)] == ["3", "2", "5", "4", "1"]


# curl ---------------------------------------------------------------------------------------------------------------


def replay(command: str) -> dict[str, Any]:
    """What a shell would hand to curl, and curl would send."""
    words = shlex.split(command)
    assert words[0] == "curl"
    found: dict[str, Any] = {"headers": [], "body": None}
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            found["method"] = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            found["headers"].append((name, value))
        elif word == "--data-raw":
            found["body"] = next(rest)
        elif word not in ("-i", "-g"):
            found["url"] = word
    return found


def test_the_printed_command_sends_the_same_request() -> None:
    one = exchange(
        method="PATCH", path="/notes/7?a=1&b=x%20y", body=b'{"title":"it\'s \\"$HOME\\" `id`"}',
        headers=[("Content-Type", "application/json"), ("X-Trace", "a'b $(id)")],
    )  # fmt: skip
    again = replay(curl(one, NOBODY_KNOWS))
    assert again["method"] == "PATCH"
    assert again["url"] in ("http://api.test/notes/7?a=1&b=x+y", "http://api.test/notes/7?a=1&b=x%20y")
    assert again["headers"] == [("Content-Type", "application/json"), ("X-Trace", "a'b $(id)")]
    assert json.loads(again["body"]) == {"title": 'it\'s "$HOME" `id`'}


def test_credentials_come_from_the_environment() -> None:
    sent = [("Authorization", "Bearer abc"), ("Cookie", "session=s1; theme=dark"), ("X-CSRFToken", "t1")]
    command = curl(exchange(sent=sent), NOBODY_KNOWS)
    assert replay(command)["headers"] == [
        ("Authorization", "Bearer ${ALICE_TOKEN}"),
        ("Cookie", "session=${ALICE_SESSION}; theme=${ALICE_THEME}"),
        ("X-CSRFToken", "${ALICE_X_CSRFTOKEN}"),
    ]
    assert not {"abc", "s1", "t1"} & set(re.findall(r"\w+", command))


@pytest.mark.parametrize("identity", ["alice", "alice-3f", "1st user", "bøb", "a b;c"])
def test_the_variables_are_names_that_a_shell_takes(identity: str) -> None:
    command = curl(exchange(identity=identity, sent=[("Authorization", "Bearer abc")]), NOBODY_KNOWS)
    (name,) = re.findall(r"\$\{([^}]*)\}", command)
    assert re.fullmatch("[A-Z_][A-Z0-9_]*", name)


def test_the_headers_of_a_forged_anonymous_request_are_shown_as_sent() -> None:
    command = curl(exchange(identity=ANONYMOUS, sent=[("X-Api-Key", "guess")]), NOBODY_KNOWS)
    assert replay(command)["headers"] == [("X-Api-Key", "guess")]


QUOTED = r"""'[^']*'|"[^"$`\\]*(?:\$\{[A-Z_][A-Z0-9_]*\}[^"$`\\]*)*\""""


def expanded_by_a_shell(command: str) -> str:
    """All of a command that a shell would look into: what is not quoted, except for variables of ours in double quotes."""
    return re.sub(QUOTED, "", command)


HOSTILE = st.text(alphabet="ab$`\"'\\;|&<>(){}[]*?!~# \t=:@-", min_size=1, max_size=20)


@given(
    name=HOSTILE, value=HOSTILE, body=HOSTILE, secret=st.sampled_from(["Cookie", "Authorization", "X-Token", "X-Odd"])
)
def test_a_hostile_value_never_reaches_the_shell(name: str, value: str, body: str, secret: str) -> None:
    sent = [(secret, f"{name}={value}"), (f"X-{name}-token", value), ("X-Plain", value)]
    command = curl(exchange(path=f"/{quote(name)}", sent=sent, body=body.encode()), NOBODY_KNOWS)
    assert not re.search(r"[$`;|&<>()!*?\\'\"]", expanded_by_a_shell(command)), command
    again = replay(command)
    assert again["body"] == body or json.loads(again["body"]) == json.loads(body)
    assert ("X-Plain", value) in again["headers"]


def test_a_body_that_begins_with_an_at_sign_is_no_file_name() -> None:
    assert "--data-raw @/etc/passwd" in curl(exchange(body=b"@/etc/passwd"), NOBODY_KNOWS)


def test_brackets_in_a_url_are_no_pattern() -> None:
    assert shlex.split(curl(exchange(path="/notes?filter[a]=1"), NOBODY_KNOWS))[2] == "-g"


def test_a_json_text_keeps_its_quotation_marks() -> None:
    assert replay(curl(exchange(body=b'"plain"'), NOBODY_KNOWS))["body"] == '"plain"'


def test_a_long_body_is_sent_whole() -> None:
    body = json.dumps({"title": "x" * 20_000}).encode()
    assert json.loads(replay(curl(exchange(body=body), NOBODY_KNOWS))["body"]) == json.loads(body)


# Evidence -----------------------------------------------------------------------------------------------------------

FORMS = {
    "plain": lambda secret: secret,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in base64": lambda secret: base64.b64encode(f"alice:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(secret=st.text(alphabet='abcXYZ0189/+="\\ é%&', min_size=8, max_size=20))
def test_a_known_secret_is_in_no_part_of_the_evidence(form: Any, secret: str) -> None:
    shown = form(secret)
    one = exchange(
        path=f"/n/{quote(shown)}?q={quote(shown)}", headers=[("X-Note", f"a {shown} b")], body=shown.encode(),
        answer=json.dumps({"note": [f"it is {shown}."], shown: 1}).encode(), answered=[("X-Echo", shown)],
    )  # fmt: skip
    found = evidence_of("attack", f"saw {shown}", one, Redactor([secret]))
    told = json.dumps([found.note, found.request, found.response], ensure_ascii=False) + curl(one, Redactor([secret]))
    assert secret not in told
    assert shown.rstrip("=")[4:] not in told or len(shown) < 12


@pytest.mark.parametrize("name", ["password", "access_token", "apiKey", "password_hash", "client_secret", "otp"])
def test_a_value_under_a_secrets_name_is_masked_though_nobody_told_us(name: str) -> None:
    one = exchange(path=f"/x?{name}=hidden-value", answer=json.dumps({"user": {name: "hidden-value"}}).encode())
    found = evidence_of("attack", "", one, NOBODY_KNOWS)
    assert found.response["body"] == {"user": {name: MASK}}
    assert "hidden-value" not in found.request["url"]


def test_credentials_in_headers_are_masked_and_their_kind_stays() -> None:
    one = exchange(
        sent=[("Authorization", "Bearer abcdef"), ("Cookie", "session=abcdef")],
        answered=[("Set-Cookie", "s=abcdef; Secure")],
    )
    found = evidence_of("attack", "", one, NOBODY_KNOWS)
    assert found.request["headers"] == {"Authorization": f"Bearer {MASK}", "Cookie": f"session={MASK}"}
    assert found.response["headers"] == {"Set-Cookie": f"s={MASK}; Secure"}


def test_user_information_in_a_url_is_left_out() -> None:
    assert redact_url("http://user:pass@api.test/a?token=x#y", NOBODY_KNOWS).startswith("http://api.test/a?token=")
    assert "pass" not in redact_url("http://user:pass@api.test/a", NOBODY_KNOWS)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", None),
        (b'{"a":1}', {"a": 1}),
        (b"null", None),
        (b"hello", "hello"),
        (b'{"a": NaN}', '{"a": NaN}'),
        (b'{"a": 1e999}', '{"a": 1e999}'),
        (b"[-Infinity]", "[-Infinity]"),
        (b"\xff\xfe\x00", "��\x00"),
        (b'"\\ud800"', "\ud800"),
    ],
    ids=str,
)
def test_a_body_is_shown_as_json_if_it_is_some_and_as_text_otherwise(raw: bytes, shown: Any) -> None:
    assert evidence_of("attack", "", exchange(answer=raw), NOBODY_KNOWS).response["body"] == shown


@pytest.mark.parametrize(
    "raw",
    [b"x" * 1_000_000, b'["' + b"x" * 1_000_000 + b'"]', b"[" * 50_000, b"[" * 990 + b"]" * 990],
    ids=lambda raw: repr(raw[:4]),
)
def test_a_huge_or_deep_body_is_cut(raw: bytes) -> None:
    shown = json.dumps(evidence_of("attack", "", exchange(answer=raw), NOBODY_KNOWS).response["body"])
    assert len(shown) < 4_200


@given(st.binary(max_size=200))
def test_any_body_becomes_evidence_that_is_json(raw: bytes) -> None:
    found = evidence_of("attack", "", exchange(answer=raw, body=raw), NOBODY_KNOWS)
    told = json.dumps([found.request, found.response], allow_nan=False)
    assert isinstance(found, Evidence)
    assert json.loads(told)


# Steps --------------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["control", "attack", "read-back", "set-up"]), max_size=30))
def test_a_long_story_keeps_its_order_its_set_up_and_its_last_attack(roles: list[str]) -> None:
    steps = [(role, str(number), exchange()) for number, role in enumerate(roles)]
    kept = keep_steps(steps)
    assert len(kept) == min(len(steps), 8)
    numbers = [int(note) for _, note, _ in kept]
    assert numbers == sorted(numbers)
    if "attack" in roles:
        assert len(roles) - 1 - roles[::-1].index("attack") in numbers
    if "set-up" in roles:
        assert roles.index("set-up") in numbers
