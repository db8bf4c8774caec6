"""Results to feed the formats with: one with a finding of every rule, hostile ones, ones that hold secrets."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

from specfuzz.engine import known_rules
from specfuzz.findings import (
    Acceptance,
    Cell,
    Comparison,
    Coverage,
    ExpectationRef,
    Finding,
    Fixed,
    OperationRef,
    OperationRow,
    Place,
    Recorded,
    Result,
    RuleRef,
    curl,
    evidence_of,
    fingerprint,
)
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.redaction import Redactor

READ = OperationRef(method="GET", path="/notes/{id}")
WRITE = OperationRef(method="PATCH", path="/users/{id}")
STARTED = "2030-01-02T03:04:05.678+00:00"

SECRETS = {
    "password": "päss/wörd+&=?%20",
    "token": "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.dGhlLXNpZ25hdHVyZQ",
    "cookie": "s%3Aabc.def/ghi",
}


def forms_of(secret: str) -> set[str]:
    """A secret as it may stand in an output: plain, URL-encoded, in JSON, in base64 at each offset."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    raw = secret.encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        core = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (len(raw) + offset) % 3 else 0)]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def exchange(
    identity: str = "bob", answer: bytes = b'{"title":"sfz"}', body: bytes = b"", *, headers: Any = (), sent: Any = (),
    status: int = 200, method: str = "GET", path: str = "/notes/7",
) -> Exchange:  # fmt: skip
    return Exchange(
        request=Request(method=method, path=path, identity=identity, body=body),
        response=Response(status=status, headers=tuple(headers), body=answer),
        url=f"http://api.test{path}",
        sent_headers=tuple(sent),
        elapsed_s=0.0123,
    )


def finding(rule: RuleRef | None = None, *, redactor: Redactor | None = None, **changes: Any) -> Finding:
    """A finding of a rule, told in three exchanges."""
    rule = rule or known_rules()[0]
    masks = redactor or Redactor()
    exchanges = changes.pop("exchanges", None) or (
        ("control", "the owner reads it", exchange("alice", b'{"title":"sfzabc","is_admin":false}')),
        ("attack", "a peer sends the same read", exchange("bob", b'{"title":"sfzabc","is_admin":false}')),
        ("read-back", "it changed", exchange("alice", b'{"title":"sfzabc","is_admin":true}')),
    )
    operation = changes.get("operation", READ)
    values: dict[str, Any] = {
        "rule": rule.id,
        "name": rule.name,
        "category": rule.category,
        "severity": rule.severity,
        "confidence": "firm",
        "operation": operation,
        "title": "bob can read alice's note",
        "detail": "GET /notes/{id} gave bob the note of alice.",
        "remediation": rule.remediation,
        "expectation": ExpectationRef(
            statement="only the owner", source="#/paths/~1notes~1{id}/get", confidence="firm"
        ),
        "evidence": tuple(evidence_of(role, note, item, masks) for role, note, item in exchanges),
        "reproduce": curl(exchanges[1][2] if len(exchanges) > 1 else exchanges[0][2], masks),
        "fingerprint": fingerprint(rule.id, operation.method, operation.path, changes.get("field")),
        "owner": "alice",
        "actor": "bob",
        "cwe": rule.cwe,
        "owasp": rule.owasp,
        "place": Place(pointer="#/paths/~1notes~1{id}/get", line=12, column=7),
    }
    return Finding(**{**values, **changes})


def result(*findings: Finding, **changes: Any) -> Result:
    values: dict[str, Any] = {
        "tool_version": "0.0.0",
        "spec": "specs/openapi.json",
        "url": "http://api.test",
        "requests": 12,
        "duration_s": 1.25,
        "operations_total": 4,
        "operations_exercised": 3,
        "coverage": (
            *(
                Coverage(operation=item.operation, rule=item.rule, verdict="broken", reason=item.title)
                for item in findings
            ),
            Coverage(
                operation=WRITE, rule="SF101", verdict="not-run", reason="it reads no object", not_run="inapplicable"
            ),
            Coverage(operation=WRITE, rule="SF102", verdict="held", reason="bob was refused: 404"),
            Coverage(operation=WRITE, rule="SF201", verdict="inconclusive", reason="no user could be made: 500"),
            Coverage(operation=WRITE, rule="SF301", verdict="not-run", reason="the run ended before", not_run="unable"),
        ),
        "findings": findings,
        "identities": ("alice", "bob"),
        "parts": {"owner": "alice", "peer": "bob", "anonymous": "anonymous"},
        "started_at": STARTED,
        "rules": known_rules(),
        "operations": (row(READ), row(WRITE, "refused", 404)),
        "grade": "C",
        "score": 72,
        "notes": ("signed up two users of its own: alice and bob",),
        "leftovers": ("2 × note: DELETE /notes/{id} was refused",),
    }
    return Result(**{**values, **changes})


def row(operation: OperationRef, seen: str = "got-through", status: int = 200, **changes: Any) -> OperationRow:
    values: dict[str, Any] = {
        "operation": operation,
        "operation_id": "anOperation",
        "tags": ("notes",),
        "level": "owner",
        "role": None,
        "confidence": "firm",
        "source": "#/paths/x",
        "cells": (
            Cell(part="owner", expected="allowed", seen="allowed", statuses=(200,)),
            Cell(part="peer", expected="refused", seen=seen, statuses=(status,)),
            Cell(part="anonymous", expected="refused", seen="not-tried"),
        ),
    }
    return OperationRow(**{**values, **changes})


def every_rule(**changes: Any) -> Result:
    """A finding of each rule at one operation, one of them accepted, one accepted until yesterday."""
    found = [finding(rule) for rule in known_rules()]
    found[0] = finding(known_rules()[0], accepted=Acceptance(reason="it is public on purpose", expires="2031-01-01"))
    found[1] = finding(
        known_rules()[1], accepted=Acceptance(reason="until the rewrite", expires="2029-01-01", expired=True)
    )
    gone = (Fixed(fingerprint="0" * 16, label="SF103 DELETE /notes/{id}", proven=True),)
    return result(*found, baseline=Comparison(file="specfuzz-baseline.toml", gone=gone), **changes)


NASTY = {
    "control characters": "\x00\x1b[2J\x1b]0;owned\x07\x9b2J\r\b",
    "a lone surrogate": "\ud800 and \udfff",
    "bidirectional": "\u202egnp.exe\u2066",
    "markup": "</script><img src=x onerror=document.title='owned'>\"'&lt;`{{7*7}}{% raw %}",
    "markdown": "](javascript:alert(1)) ![x](http://evil.test) @everyone ``` <details> | ~~ www.evil.test",
    "xml": "]]></failure><testcase/>\ufffe\uffff&#0;",
    "template literal": "${document.title='owned'} \u2028 \u2029",
    "long": "x" * 3000,
}

BODIES = {
    **{name: json.dumps({text: [text]}).encode() for name, text in NASTY.items()},
    "a megabyte": b'{"a": "' + b"x" * 1_000_000 + b'"}',
    "binary": bytes(range(256)) * 10,
    "raw controls": b"\x00\x1b[2J\x9b\x07",
    "html": b"<!doctype html><script>document.title='owned'</script>",
    "not a number": b'{"a": NaN, "b": -Infinity, "c": 1e999}',
    "very deep": b"[" * 100_000,
    "a huge number": b"9" * 5000,
}


def hostile(text: str, body: bytes = b"{}") -> Result:
    """A result in which everything that a target or a document can choose is `text`, or `body`."""
    nasty_exchange = exchange(
        text, body, body[:2000], headers=(("X-Odd", text), ("Location", text)), path=f"/{quote(text, errors='replace')}"
    )
    nasty_operation = OperationRef(method="GET", path=f"/{text}")
    found = finding(
        operation=nasty_operation, title=text, detail=text, field=text, owner=text, actor=text, remediation=text,
        expectation=ExpectationRef(statement=text, source=text, confidence="firm"), reproduce=text,
        accepted=Acceptance(reason=text), fingerprint="0123456789abcdef",
        exchanges=(("control", text, nasty_exchange), ("attack", text, nasty_exchange)),
    )  # fmt: skip
    recorded = Recorded(at_s=0.5, elapsed_s=0.1, operation=text, evidence=found.evidence[0])
    return result(
        found,
        Finding(**{**_fields(found), "accepted": None, "fingerprint": "f" * 16}),
        coverage=tuple(
            Coverage(operation=nasty_operation, rule="SF101", verdict=verdict, reason=text)
            for verdict in ("broken", "inconclusive", "held", "not-run")
        ),
        operations=(row(nasty_operation, tags=(text,), operation_id=text, role=text, source=text),),
        parts={"owner": text, "peer": text, "anonymous": "anonymous"},
        spec=text, url=text, problems=(text,), notes=(text,), leftovers=(text,), unreadable=(text,),
        exchanges=(recorded,), baseline=Comparison(file=text, gone=(Fixed(fingerprint="0" * 16, label=text, proven=True),)),
    )  # fmt: skip


def _fields(found: Finding) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Finding.__slots__}


def with_secrets() -> Result:
    """A result of exchanges that carry every secret in every form, made by a redactor that knows the secrets."""
    redactor = Redactor(SECRETS.values())
    everything = " ".join(sorted(form for secret in SECRETS.values() for form in forms_of(secret)))
    body = json.dumps({"note": everything, "list": [everything, {everything: everything}]}).encode()
    item = exchange(
        "alice", body, body, path=f"/notes/{quote(SECRETS['password'], safe='')}?key={quote(SECRETS['token'])}",
        headers=(("Set-Cookie", f"session={SECRETS['cookie']}; HttpOnly"), ("X-Echo", everything)),
        sent=(("Authorization", f"Bearer {SECRETS['token']}"), ("Cookie", f"session={SECRETS['cookie']}"), ("X-Odd", everything)),
    )  # fmt: skip
    raw = exchange("bob", everything.encode(), everything.encode())
    found = finding(
        redactor=redactor,
        exchanges=(("control", everything, item), ("attack", everything, item), ("read-back", "", raw)),
    )
    recorded = Recorded(at_s=0.0, elapsed_s=0.1, operation="GET /notes/{id}", evidence=found.evidence[0])
    return result(found, exchanges=(recorded,))


def large(operations: int = 500, findings: int = 200) -> Result:
    """A result of a large API: every finding is told in six exchanges with long bodies."""
    rules = known_rules()
    body = json.dumps({f"field{number}": "v" * 60 for number in range(60)}).encode()
    paths = [
        OperationRef(method="GET", path=f"/tenants/{{tenant_id}}/things{number}/{{id}}") for number in range(operations)
    ]
    exchanges = tuple(
        (role, f"what step {number} shows", exchange(who, body, body))
        for number, (role, who) in enumerate(
            [
                ("set-up", "alice"),
                ("control", "alice"),
                ("attack", "bob"),
                ("control", "anonymous"),
                ("read-back", "alice"),
            ]
        )
    )
    found = [
        finding(
            rules[number % len(rules)], operation=paths[number], exchanges=exchanges,
            severity=("critical", "high", "medium", "low")[number % 4],
        )
        for number in range(findings)
    ]  # fmt: skip
    coverage = [
        Coverage(
            operation=path, rule=rule.id, verdict="held" if index % 3 else "not-run", reason=f"bob was refused: {index}"
        )
        for index, path in enumerate(paths)
        for rule in rules
    ]
    return result(*found, coverage=tuple(coverage), operations=tuple(row(path) for path in paths))
