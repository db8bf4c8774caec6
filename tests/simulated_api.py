"""A small notes API as a plain function from request to response, its document, and the stage to try a probe on it.

It is the secure twin of itself: a test turns one thing wrong (or strange) with `during`, and asserts what the probe says.
Time is `now`: waiting, which flows only ask for, moves it, and nothing ever sleeps.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract import Contract, derive, from_raw
from specfuzz.engine.plan import Planned
from specfuzz.engine.scenario import Outcome, Scenario
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.identities import SyncCourier
from specfuzz.probes import Break, Broken

BASE_URL = "http://api.test"


def reply(status: int, body: Any = None, **headers: str) -> Response:
    """A JSON response; no body for None, a page for a text."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    if body is None:
        return Response(status=status, headers=pairs)
    if isinstance(body, str):
        return Response(status=status, headers=(("Content-Type", "text/html"), *pairs), body=body.encode())
    return Response(
        status=status, headers=(("Content-Type", "application/json"), *pairs), body=json.dumps(body).encode()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as the API sees it: `user` is the caller's account, None for nobody."""

    request: Request
    label: str
    user: dict[str, Any] | None
    key: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        parsed = json.loads(self.request.body or b"{}")
        return parsed if isinstance(parsed, dict) else {}

    @property
    def is_anonymous(self) -> bool:
        return self.user is None


Handler = Callable[[Call], Response]
Change = Callable[[Call, Handler], Response]
"""What a test does to one operation: gets the call and the ordinary handler, and answers instead."""


class NotesApi:
    """Users who sign up, log in, and keep notes that are theirs alone. `log` has (identity, label, status) of all calls."""

    def __init__(self) -> None:
        self.users: dict[int, dict[str, Any]] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.tokens: dict[str, int] = {}
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.log: list[tuple[str, str, int]] = []
        self.sent: list[Request] = []
        self.note_defaults: dict[str, Any] = {"is_featured": False, "score": 0}
        self.note_fields = {"title", "body", "priority"}
        self.user_fields = {"bio"}
        self._changes: list[tuple[str, Change]] = []
        self._handlers: dict[str, Handler] = {
            "POST /register": self._register,
            "POST /login": self._login,
            "GET /me": self._me,
            "PATCH /users/{id}": self._change_user,
            "DELETE /users/{id}": self._delete_user,
            "GET /notes": self._list,
            "POST /notes": self._create,
            "GET /notes/{id}": self._read,
            "PATCH /notes/{id}": self._update,
            "DELETE /notes/{id}": self._delete,
            "POST /notes/{id}/archive": self._archive,
        }

    # Set-up of a test -------------------------------------------------------------------------------------------

    def during(self, label: str, change: Change) -> NotesApi:
        """Let `change` answer an operation; the last one wrapped answers first."""
        self._changes.append((label, change))
        return self

    def calls(self, identity: str, label: str) -> int:
        return sum(1 for who, what, _ in self.log if (who, what) == (identity, label))

    # The wire ---------------------------------------------------------------------------------------------------

    def send(self, request: Request) -> Exchange:
        """What a driver would do: wait, send, come back with the exchange."""
        self.now += request.wait_s
        due = [job for when, job in self.later if when <= self.now]
        self.later = [(when, job) for when, job in self.later if when > self.now]
        for job in due:
            job()
        label, key = self._route(request)
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        user = self.users.get(self.tokens.get(token, 0))
        call = Call(request=request, label=label, user=user, key=key)
        response = self._answer(call)
        self.log.append((request.identity, label, response.status))
        self.sent.append(request)
        url = request.path if request.path.startswith("http") else f"{BASE_URL}{request.target}"
        return Exchange(request=request, response=response, url=url, sent_headers=request.headers)

    def _route(self, request: Request) -> tuple[str, str | None]:
        path = request.path.split("?")[0]
        for label in self._handlers:
            method, _, template = label.partition(" ")
            found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", template), path)
            if found and method == request.method:
                return label, found[1] if found.groups() else None
        return f"{request.method} {path}", None

    def _answer(self, call: Call) -> Response:
        answer: Handler = self._handlers.get(call.label, lambda _: reply(404, {"error": "no such page"}))
        for label, change in self._changes:
            if label in (call.label, "*"):
                answer = _wrapped(change, answer)
        return answer(call)

    # Accounts ---------------------------------------------------------------------------------------------------

    def _register(self, call: Call) -> Response:
        body = call.body
        if any(user["username"] == body["username"] for user in self.users.values()):
            return reply(409, {"error": "username is taken"})
        key = max(self.users, default=0) + 1
        self.users[key] = {
            "id": key, "username": body["username"], "bio": body.get("bio", ""), "is_admin": False, "plan": "free",
            "password": body["password"],
        }  # fmt: skip
        return reply(201, self.show_user(self.users[key]))

    @staticmethod
    def show_user(user: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in user.items() if name != "password"}

    def _login(self, call: Call) -> Response:
        for key, user in self.users.items():
            if (user["username"], user["password"]) == (call.body["username"], call.body["password"]):
                token = f"token-of-{key}-{len(self.tokens)}"
                self.tokens[token] = key
                return reply(200, {"access_token": token})
        return reply(401, {"error": "wrong password"})

    def _me(self, call: Call) -> Response:
        return reply(200, self.show_user(call.user)) if call.user else reply(401)

    def _own_user(self, call: Call) -> dict[str, Any] | None:
        return call.user if call.user and str(call.user["id"]) == call.key else None

    def _change_user(self, call: Call) -> Response:
        user = self._own_user(call)
        if user is None:
            return reply(403 if call.user else 401, {"error": "forbidden"})
        user.update({name: value for name, value in call.body.items() if name in self.user_fields})
        return reply(200, self.show_user(user))

    def _delete_user(self, call: Call) -> Response:
        user = self._own_user(call)
        if user is None:
            return reply(403 if call.user else 401, {"error": "forbidden"})
        del self.users[user["id"]]
        return reply(204)

    # Notes ------------------------------------------------------------------------------------------------------

    def note_of(self, call: Call) -> dict[str, Any] | None:
        """The note that a call names, whoever calls."""
        return self.notes.get(int(call.key)) if call.key and call.key.isdigit() else None

    def _own(self, call: Call) -> dict[str, Any] | Response:
        if call.user is None:
            return reply(401, {"error": "log in first"})
        note = self.note_of(call)
        if note is None or note["owner_id"] != call.user["id"]:
            return reply(404, {"error": "no such note"})
        return note

    def new_note(self, owner_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        key = max(self.notes, default=100) + 1
        plain = {"id": key, "title": "", "body": "", "priority": 1, "owner_id": owner_id, **self.note_defaults}
        self.notes[key] = {**plain, **fields}
        return self.notes[key]

    def stored(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name in self.note_fields}

    def _create(self, call: Call) -> Response:
        if call.user is None:
            return reply(401, {"error": "log in first"})
        return reply(201, self.new_note(call.user["id"], self.stored(call.body)))

    def _list(self, call: Call) -> Response:
        if call.user is None:
            return reply(401)
        return reply(200, [note for note in self.notes.values() if note["owner_id"] == call.user["id"]])

    def _read(self, call: Call) -> Response:
        note = self._own(call)
        return note if isinstance(note, Response) else reply(200, note)

    def _update(self, call: Call) -> Response:
        note = self._own(call)
        if isinstance(note, Response):
            return note
        note.update(self.stored(call.body))
        return reply(200, note)

    def _delete(self, call: Call) -> Response:
        note = self._own(call)
        if isinstance(note, Response):
            return note
        del self.notes[note["id"]]
        return reply(204)

    def _archive(self, call: Call) -> Response:
        note = self._own(call)
        if isinstance(note, Response):
            return note
        note["archived"] = True
        return reply(200, note)


def _wrapped(change: Change, ordinary: Handler) -> Handler:
    return lambda call: change(call, ordinary)


# The document -----------------------------------------------------------------------------------------------------

OWNER_ONLY = "Only the owner may use it."
_ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
_NOTE = {"$ref": "#/components/schemas/Note"}
_USER = {"$ref": "#/components/schemas/User"}


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(status: str, schema: Any = None) -> dict[str, Any]:
    return {"responses": {status: {"description": "done", **(_json(schema) if schema else {})}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}

_ACCOUNT = {**_object(username=TEXT, password=TEXT, bio=TEXT), "required": ["username", "password"]}
_NEW_NOTE = _json(_object(title=TEXT, body=TEXT, priority=NUMBER))

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "security": [{"bearer": []}],
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "User": _object(id=NUMBER, username=TEXT, bio=TEXT, is_admin=FLAG, plan=TEXT),
            "Note": _object(
                id=NUMBER, title=TEXT, body=TEXT, priority=NUMBER, owner_id=NUMBER, is_featured=FLAG, score=NUMBER
            ),
        },
    },
    "paths": {
        "/register": {"post": {"security": [], "requestBody": _json(_ACCOUNT), **_answers("201", _USER)}},
        "/login": {
            "post": {
                "security": [],
                "requestBody": _json({**_object(username=TEXT, password=TEXT), "required": ["username", "password"]}),
                **_answers("200", _object(access_token=TEXT)),
            }
        },
        "/me": {"get": _answers("200", _USER)},
        "/users/{id}": {
            "parameters": _ID,
            "patch": {"description": OWNER_ONLY, "requestBody": _json(_object(bio=TEXT)), **_answers("200", _USER)},
            "delete": {"description": OWNER_ONLY, **_answers("204")},
        },
        "/notes": {
            "get": {"description": "Your own notes.", **_answers("200", {"type": "array", "items": _NOTE})},
            "post": {"requestBody": _NEW_NOTE, **_answers("201", _NOTE)},
        },
        "/notes/{id}": {
            "parameters": _ID,
            "get": {"description": OWNER_ONLY, **_answers("200", _NOTE)},
            "patch": {"description": OWNER_ONLY, "requestBody": _NEW_NOTE, **_answers("200", _NOTE)},
            "delete": {"description": OWNER_ONLY, **_answers("204")},
        },
        "/notes/{id}/archive": {
            "parameters": _ID,
            "post": {"description": OWNER_ONLY, **_answers("200", _NOTE)},
        },
    },
}


def document(edit: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
    """The document, changed in place by `edit`."""
    raw = copy.deepcopy(DOCUMENT)
    if edit is not None:
        edit(raw)
    return raw


def silent_on(*labels: str) -> Callable[[dict[str, Any]], None]:
    """An edit: these operations no longer say whose the objects are, only that a login is needed."""

    def edit(raw: dict[str, Any]) -> None:
        for label in labels:
            method, _, path = label.partition(" ")
            del raw["paths"][path][method.lower()]["description"]

    return edit


def no_security(raw: dict[str, Any]) -> None:
    """An edit: the document says nothing at all about who may do what."""
    del raw["security"]
    raw["components"]["securitySchemes"] = {}
    for path in raw["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
                operation.pop("description", None)


# The stage --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Stage:
    """One scenario over an API, with two users of its own who are logged in."""

    api: NotesApi
    raw: dict[str, Any] = field(default_factory=document)
    seed: int = 0
    alone: bool = False
    contract: Contract = field(init=False)
    scenario: Scenario = field(init=False)
    courier: SyncCourier = field(init=False)

    def __post_init__(self) -> None:
        self.contract = derive(from_raw(self.raw, "notes.json"))
        self.scenario = Scenario(self.contract, BASE_URL, seed=self.seed)
        self.courier = SyncCourier(self.scenario.keyring, self.api.send)
        assert self.drive(self.scenario.make_users()) is None
        assert self.drive(self.scenario.introduce()) is None
        if self.alone:
            self.scenario.cast = replace(self.scenario.cast, peer=None)

    def drive(self, flow: Any) -> Any:
        return run_flow(flow, self.courier.send)

    def target(self, label: str) -> Any:
        found = self.contract.get(label)
        assert found is not None, label
        return found

    def decide(self, rule: str, label: str) -> Outcome:
        """The rule at the operation, to its verdict. A defect of ours fails the test with its traceback."""
        outcome = self.drive(self.scenario.run_case(Planned(target=self.target(label), rule=rule)))
        assert outcome.defect is None, outcome.defect
        return outcome


def decide(rule: str, label: str, api: NotesApi, raw: dict[str, Any] | None = None, **options: Any) -> Any:
    """The verdict of one rule at one operation of an API."""
    return Stage(api, raw or document(), **options).decide(rule, label).verdict


def only_break(verdict: Any) -> Break:
    """The one break of a broken verdict."""
    assert isinstance(verdict, Broken), verdict
    assert len(verdict.breaks) == 1, [item.field for item in verdict.breaks]
    return verdict.breaks[0]
