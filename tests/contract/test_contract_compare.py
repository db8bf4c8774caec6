"""Two versions of a document: what weakened is said, and what only looks different is not."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.contract import from_raw, parse_policy
from specfuzz.contract.compare import Kind, compare
from specfuzz.contract.lock import Lock, LockError, is_lock, lock, read_lock, render_lock

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
ITEM = [{"name": "id", "in": "path", "required": True, "schema": WHOLE}]
PART = [*ITEM, {"name": "line", "in": "path", "required": True, "schema": WHOLE}]


def answers(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "Fine", "content": {"application/json": {"schema": schema}}}}


def takes(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def base() -> dict[str, Any]:
    order = {
        "type": "object",
        "properties": {
            "id": {**WHOLE, "readOnly": True}, "note": TEXT, "customer_id": WHOLE, "discount": WHOLE,
            "pin": {**TEXT, "writeOnly": True},
        },
    }  # fmt: skip
    write = {"type": "object", "properties": {"note": TEXT, "pin": TEXT}, "additionalProperties": False}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Order": order, "Write": write},
        },
        "paths": {
            "/orders": {
                "get": {"tags": ["a", "b"], "responses": answers({"type": "array", "items": {"$ref": "#/components/schemas/Order"}})},
                "post": {"requestBody": takes({"$ref": "#/components/schemas/Write"}), "responses": answers({"$ref": "#/components/schemas/Order"})},
            },
            "/orders/{id}": {
                "parameters": ITEM,
                "get": {"description": "Only the owner may read it.", "responses": answers({"$ref": "#/components/schemas/Order"})},
                "patch": {"description": "Only the owner may change it.", "requestBody": takes({"$ref": "#/components/schemas/Write"}), "responses": answers({"$ref": "#/components/schemas/Order"})},
            },
            "/orders/{id}/lines/{line}": {"parameters": PART, "delete": {"responses": {"204": {"description": ""}}}},
            "/admin/orders": {"get": {"description": "Requires the admin role.", "responses": answers({"type": "array", "items": {"$ref": "#/components/schemas/Order"}})}},
        },
    }  # fmt: skip


def locked(raw: dict[str, Any], like: Lock | None = None) -> Lock:
    return lock(from_raw(raw, "t.json"), like=like.paths if like else ())


def changes(edit: Callable[[dict[str, Any]], object]) -> list[tuple[str, str, str, str]]:
    raw = base()
    edit(raw)
    old = locked(base())
    return [(item.kind.value, item.aspect, item.operation, item.text) for item in compare(old, locked(raw, old))]


def operation(raw: dict[str, Any], label: str) -> dict[str, Any]:
    method, path = label.split()
    found: dict[str, Any] = raw["paths"][path][method.lower()]
    return found


PATCH, READ, LIST, ADMIN = "PATCH /orders/{id}", "GET /orders/{id}", "GET /orders", "GET /admin/orders"


def schema(raw: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = raw["components"]["schemas"][name]["properties"]
    return found


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            lambda raw: operation(raw, READ).update(description=""),
            ("weakened", "access", READ, "more open: it was for the owner only, and is now for any authenticated caller"),
            id="the owner is no longer named",
        ),
        pytest.param(
            lambda raw: operation(raw, ADMIN).update(description="Only the owner may."),
            ("weakened", "access", ADMIN, "more open: it was for the role admin only, and is now for the owner only"),
            id="the role is gone",
        ),
        pytest.param(
            lambda raw: operation(raw, ADMIN).update(description="Requires the editor role."),
            ("weakened", "access", ADMIN, "another role: it was for the role admin only, and is now for the role editor only"),
            id="another role",
        ),
        pytest.param(
            lambda raw: operation(raw, LIST).update(security=[]),
            ("weakened", "access", LIST, "more open: it was for any authenticated caller, and is now open to anyone"),
            id="opened",
        ),
        pytest.param(
            lambda raw: operation(raw, LIST).update(description="Only members of the team may."),
            ("strengthened", "access", LIST, "less open: it was for any authenticated caller, and is now for members only"),
            id="narrowed to members",
        ),
        pytest.param(
            lambda raw: schema(raw, "Write").update(discount=WHOLE),
            ("weakened", "field", PATCH, "more writable: `discount` may be sent now; it was forbidden (additional-properties)"),
            id="a shown field may be sent",
        ),
        pytest.param(
            lambda raw: schema(raw, "Write").update(is_admin={"type": "boolean"}),
            ("weakened", "field", PATCH, "more writable: `is_admin` may be sent now, and its name grants rights"),
            id="a privileged field appears",
        ),
        pytest.param(
            lambda raw: schema(raw, "Write").update(colour=TEXT),
            ("appeared", "field", PATCH, "takes a new field, `colour`"),
            id="an ordinary field appears",
        ),
        pytest.param(
            lambda raw: schema(raw, "Write").pop("note"),
            ("strengthened", "field", PATCH, "less writable: `note` may no longer be sent (additional-properties)"),
            id="a field may no longer be sent",
        ),
        pytest.param(
            lambda raw: schema(raw, "Order").update(balance=WHOLE),
            ("strengthened", "field", PATCH, "`balance` is forbidden now (additional-properties)"),
            id="a new field is shown",
        ),
        pytest.param(
            lambda raw: schema(raw, "Order").pop("discount"),
            ("changed", "field", PATCH, "nothing forbids `discount` any more, and nothing allows it; it was additional-properties"),
            id="a shown field is gone",
        ),
        pytest.param(
            lambda raw: raw["components"]["schemas"]["Write"].pop("additionalProperties"),
            ("weakened", "field", PATCH, "more writable: it no longer says that it takes no other property"),
            id="no longer strict",
        ),
        pytest.param(
            lambda raw: schema(raw, "Order").update(password_hash=TEXT),
            ("weakened", "response", READ, "less protected: its answer has a sensitive property now, `password_hash`"),
            id="a hash is shown",
        ),
        pytest.param(
            lambda raw: schema(raw, "Order")["pin"].pop("writeOnly"),
            ("weakened", "response", READ, "less protected: `pin` is no longer write-only"),
            id="no longer write-only",
        ),
        pytest.param(
            lambda raw: raw["paths"].update({"/health": {"get": {"responses": {}, "security": []}}}),
            ("appeared", "operation", "GET /health", "is new: open to anyone"),
            id="a new operation",
        ),
        pytest.param(
            lambda raw: raw["paths"].pop("/admin/orders"),
            ("gone", "operation", ADMIN, "is gone; it was for the role admin only"),
            id="an operation is gone",
        ),
        pytest.param(
            lambda raw: raw["paths"]["/admin/orders"]["get"].update(parameters=[{"$ref": "#/nowhere"}]),
            ("weakened", "operation", ADMIN, "can no longer be read, so it promises nothing"),
            id="an operation breaks",
        ),
    ],
)  # fmt: skip
def test_a_changed_promise_is_said(edit: Any, expected: tuple[str, str, str, str]) -> None:
    assert expected in changes(edit)


OPPOSITES = {Kind.WEAKENED: Kind.STRENGTHENED, Kind.STRENGTHENED: Kind.WEAKENED}


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: operation(raw, READ).update(description=""),
        lambda raw: operation(raw, LIST).update(security=[]),
        lambda raw: schema(raw, "Write").update(discount=WHOLE),
        lambda raw: raw["components"]["schemas"]["Write"].pop("additionalProperties"),
    ],
    ids="owner security field strict".split(),
)
def test_what_weakens_one_way_strengthens_the_other(edit: Any) -> None:
    raw = base()
    edit(raw)
    old, new = locked(base()), locked(raw)
    there = {(item.operation, item.kind) for item in compare(old, new) if item.kind in OPPOSITES}
    back = {(item.operation, OPPOSITES[item.kind]) for item in compare(new, old) if item.kind in OPPOSITES}
    assert there == back != set()


def test_weakened_promises_come_first() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["paths"].pop("/admin/orders")
        operation(raw, READ).update(description="")

    assert [kind for kind, *_ in changes(edit)] == ["weakened", "gone"]


def test_a_requirement_that_became_optional_is_missed_although_prose_still_names_the_owner() -> None:
    found = changes(lambda raw: operation(raw, READ).update(security=[{}, {"bearer": []}]))
    assert ("weakened", "credentials", READ, "less protected: it no longer asks for credentials") in found


def test_without_any_security_every_operation_that_said_no_more_is_open() -> None:
    found = {(kind, label) for kind, _, label, _ in changes(lambda raw: raw.pop("security"))}
    assert {("weakened", LIST), ("weakened", "DELETE /orders/{id}/lines/{line}")} <= found


def scoped(*alternatives: list[str]) -> Callable[[dict[str, Any]], object]:
    return lambda raw: operation(raw, LIST).update(security=[{"bearer": scopes} for scopes in alternatives])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (scoped(["orders:read"]), scoped([]), [("weakened", "less protected: it no longer needs the scope `orders:read`")]),
        (scoped([]), scoped(["orders:read"]), [("strengthened", "it needs the scope `orders:read` now")]),
        (scoped(["a:b", "c:d"]), scoped(["c:d"], ["c:d", "a:b"]), [("weakened", "less protected: it no longer needs the scope `a:b`")]),
        (scoped(["a:b", "c:d"]), scoped(["c:d", "a:b"]), []),
        (scoped(["admin"]), scoped([]), [("weakened", "more open: it was for the role admin only, and is now for any authenticated caller")]),
    ],
    ids="dropped added optional reordered role".split(),
)  # fmt: skip
def test_a_scope_that_every_way_in_needs_is_a_promise(before: Any, after: Any, expected: list[tuple[str, str]]) -> None:
    old, new = base(), base()
    before(old)
    after(new)
    assert [(item.kind.value, item.text) for item in compare(locked(old), locked(new))] == expected


# What is no difference ----------------------------------------------------------------------------------------------

ORDERLESS = ("parameters", "required", "tags", "security", "enum")
DOCUMENTS = [base(), *(json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parents[2].glob("specs/*/openapi.json")))]  # fmt: skip


def shuffled(node: Any, source: random.Random, key: str = "") -> Any:
    """The same document with its objects' keys, and the lists whose order says nothing, in another order."""
    if isinstance(node, dict):
        items = list(node.items())
        source.shuffle(items)
        return {name: shuffled(value, source, name) for name, value in items}
    if isinstance(node, list):
        found = [shuffled(item, source) for item in node]
        if key in ORDERLESS:
            source.shuffle(found)
        return found
    return node


def renamed(raw: dict[str, Any], source: random.Random) -> dict[str, Any]:
    """The same document with every path parameter called something else; shared parameters are written out first."""
    names = ["id", "user_id", "key", "slug", "x", "orderId", "tenant", "uuid", "name"]
    paths = {}
    for path, item in raw["paths"].items():
        old = re.findall(r"{([^}]+)}", path)
        new = dict(zip(old, source.sample(names, len(old)), strict=True))
        item = copy.deepcopy(item)
        for node in (item, *(value for value in item.values() if isinstance(value, dict))):
            node["parameters"] = [_resolved(raw, entry) for entry in node.get("parameters", [])]
            for entry in node["parameters"]:
                if entry["in"] == "path":
                    entry["name"] = new.get(entry["name"], entry["name"])
        paths[re.sub(r"{([^}]+)}", lambda found, new=new: f"{{{new[found[1]]}}}", path)] = item
    return {**raw, "paths": paths}


def _resolved(raw: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    node: Any = raw
    for part in entry.get("$ref", "#").split("/")[1:]:
        node = node[part]
    return copy.deepcopy(node if "$ref" in entry else entry)


@pytest.mark.parametrize("raw", DOCUMENTS, ids=lambda raw: raw["info"]["title"])
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_a_reordered_document_with_renamed_path_parameters_is_the_same(raw: dict[str, Any], seed: int) -> None:
    source = random.Random(seed)
    other = shuffled(renamed(raw, source), source)
    old = locked(raw)
    assert compare(old, locked(other, old)) == ()


@pytest.mark.parametrize("raw", DOCUMENTS, ids=lambda raw: raw["info"]["title"])
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_a_reordered_document_has_the_same_lock_byte_by_byte(raw: dict[str, Any], seed: int) -> None:
    assert render_lock(locked(shuffled(raw, random.Random(seed)))) == render_lock(locked(raw))


# The lock -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", DOCUMENTS, ids=lambda raw: raw["info"]["title"])
def test_a_lock_is_read_as_it_was_written(raw: dict[str, Any]) -> None:
    found = locked(raw)
    text = render_lock(found)
    assert is_lock(text)
    assert read_lock(text, "l.json") == found
    assert not is_lock(json.dumps(raw))


def test_one_changed_promise_is_a_small_difference_of_the_lock() -> None:
    raw = base()
    operation(raw, READ).update(description="")
    before, after = (render_lock(locked(item)).splitlines() for item in (base(), raw))
    assert [(one, other) for one, other in zip(before, after, strict=True) if one != other] == [
        ('      "access": "owner",', '      "access": "authenticated",')
    ]


def test_a_guess_is_not_locked() -> None:
    assert set(locked(base()).operations[PATCH].forbidden) == {"customer_id", "discount"}


def test_the_policy_is_locked() -> None:
    found = parse_policy('[[policy]]\npath = "/orders/*"\naccess = "public"\n', "specfuzz.toml")
    assert found is not None
    assert lock(from_raw(base(), "t.json"), found.policy).operations[READ].access.value == "public"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"lock_version": "2", "operations": {}}', "reads version 1"),
        ('{"lock_version": "1"', "not a lock"),
        ('{"lock_version": "1"}', "not a lock"),
        ('{"lock_version": "1", "operations": []}', "not a lock"),
        ('{"lock_version": "1", "operations": {"GET /a": {"access": "nobody"}}}', "nobody"),
    ],
)
def test_a_broken_lock_is_an_error(text: str, words: str) -> None:
    with pytest.raises(LockError, match=words) as caught:
        read_lock(text, "l.json")
    assert caught.value.where == "l.json"
