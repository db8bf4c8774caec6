"""A sound notes API whose habits are switches: users sign up and log in, a note belongs to whoever made it.

`Habits` say how odd the server is (it refuses as a 200, applies writes late, hands out ids only in `Location`, ...): none
of them is a weakness. `weakness` switches on exactly one. Missing objects and other people's are refused alike, so that
not even their existence shows. `clock` tells the time in seconds, for what is applied late.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

PAGE = b"<!doctype html><html><body><div id=app>Welcome</div></body></html>"
LOGIN_PAGE = b"<!doctype html><form method=post><input name=username><input type=password name=password></form>"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a server behaves. The defaults are a plain JSON API with bearer tokens."""

    refusal: str = "404"  # 403, error-200, login-redirect, empty-list, page
    auth: str = "bearer"  # cookie, api-key, basic
    ids: str = "integer"  # uuid, slug
    creation: str = "object"  # location (no body), accepted (202, applied late), put (upsert)
    echoes_extra: bool = False
    silent_writes: bool = False
    delete_always_204: bool = False
    soft_delete: bool = False
    late_writes_s: float = 0.0
    shared: str = ""  # public (the document says so), listed (it is silent), readable (it says so in prose)
    normalises: bool = False
    reflects: bool = False  # shows callers their own password and token, in several encodings
    strict: bool = False
    token_uses: int = 0  # requests after which a token expires; 0 never
    throttles_every: int = 0
    fails_every: int = 0  # reads; a write that a gateway lost is not sent again, since it may have happened
    nested: bool = False
    envelope: bool = False
    wrapper: bool = False
    form: bool = False
    document: str = "3.0"  # 2.0
    says_security: bool = True
    says_required: bool = True
    says_responses: bool = True
    says_types: bool = True
    says_owner: bool = False


WEAKNESSES = {
    "read": "SF101: a note is read by whoever names it",
    "update-any": "SF102: a note is changed by whoever is logged in",
    "delete-any": "SF103: a note is deleted by whoever is logged in",
    "mass-update": "SF201: an update stores `is_approved`",
    "mass-create": "SF201: a creation stores `is_approved`",
    "mass-sign-up": "SF201: a sign-up stores `is_admin`",
    "reassign": "SF203: an update stores `owner_id`",
    "tokenless-update": "SF301: an update asks for no login",
    "tokenless-delete": "SF301: a deletion asks for no login",
    "tokenless-read": "SF302: a note is read without a login",
    "refused-write": "SF304: an update without a login is refused and stored",
}


@dataclass(slots=True)
class Answer:
    status: int
    headers: Pairs = field(default_factory=list)
    body: bytes = b""


class Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _json(status: int, value: Any, headers: Pairs | None = None) -> Answer:
    return Answer(status, [("content-type", "application/json"), *(headers or [])], json.dumps(value).encode())


class Notebook:
    """The application: `handle` answers one request, given its headers' names in lower case."""

    def __init__(self, habits: Habits | None = None, weakness: str = "") -> None:
        assert not weakness or weakness in WEAKNESSES
        self.habits = habits or Habits()
        self.weakness = weakness
        self.clock = time.monotonic
        self.requests = 0
        self.log: list[str] = []
        self.users: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.csrf: dict[str, str] = {}
        self.uses: dict[str, int] = {}
        self.books: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.secrets: set[str] = set()
        self._pending: list[tuple[float, Callable[[], object]]] = []
        self._serial = 0
        self._reads = 0
        self._extra: dict[str, Any] = {}
        self._reflection: list[str] = []

    # Time -------------------------------------------------------------------------------------------------------

    def _apply_due(self) -> None:
        now = self.clock()
        due = [item for item in self._pending if item[0] <= now]
        self._pending = [item for item in self._pending if item[0] > now]
        for _, apply in due:
            apply()

    def _later(self, apply: Callable[[], object], delay_s: float) -> None:
        if delay_s:
            self._pending.append((self.clock() + delay_s, apply))
        else:
            apply()

    # Door -------------------------------------------------------------------------------------------------------

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.requests += 1
        self._apply_due()
        if self.habits.throttles_every and self.requests % self.habits.throttles_every == 0:
            return Answer(429, [("retry-after", "0"), ("content-type", "text/plain")], b"slow down")
        self._reads += method == "GET"
        if method == "GET" and self.habits.fails_every and self._reads % self.habits.fails_every == 0:
            return Answer(502, [("content-type", "text/html")], b"<h1>Bad gateway</h1>")
        path = unquote(urlsplit(target).path)
        try:
            answer = self._route(method, [part for part in path.split("/") if part], headers, body)
        except Refused as refused:
            answer = refused.answer
        self.log.append(f"{method} {path} {answer.status}")
        return answer

    def _route(self, method: str, parts: list[str], headers: Mapping[str, str], body: bytes) -> Answer:
        h = self.habits
        match method, parts:
            case "GET", ["openapi.json"]:
                return _json(200, self.document())
            case "GET", ["login-page"] if h.refusal == "login-redirect":
                return Answer(200, [("content-type", "text/html")], LOGIN_PAGE)
            case "POST", ["users"]:
                return self._sign_up(self._parsed(headers, body))
            case "POST", ["login"] if h.auth != "basic":
                return self._log_in(self._parsed(headers, body))
            case "GET", ["me"]:
                return self._answer(200, self._user_view(self._caller(method, headers)))
            case _, ["books"] if h.nested:
                return self._books(method, self._caller(method, headers), headers, body)
            case _, ["books", key] if h.nested:
                return self._book(method, key, self._caller(method, headers))
            case _, ["books", key, "notes"] if h.nested:
                return self._collection(method, key, headers, body)
            case _, ["books", key, "notes", note] if h.nested:
                return self._item(method, key, note, headers, body)
            case _, ["notes"] if not h.nested:
                return self._collection(method, None, headers, body)
            case _, ["notes", note] if not h.nested:
                return self._item(method, None, note, headers, body)
        if h.refusal == "page":
            return Answer(200, [("content-type", "text/html")], PAGE)
        return _json(404, {"message": "no such page"})

    # Saying no --------------------------------------------------------------------------------------------------

    def _anonymous(self) -> Refused:
        match self.habits.refusal:
            case "error-200":
                return Refused(_json(200, {"error": "you are not logged in"}))
            case "login-redirect":
                return Refused(Answer(302, [("location", "/login-page")]))
        return Refused(_json(401, {"message": "log in first"}))

    def _missing(self) -> Refused:
        """An object that is not there, or somebody else's: the same answer."""
        match self.habits.refusal:
            case "403":
                return Refused(_json(403, {"message": "forbidden"}))
            case "error-200":
                return Refused(_json(200, {"error": "no such note"}))
            case "login-redirect":
                return Refused(Answer(302, [("location", "/login-page")]))
            case "empty-list":
                return Refused(_json(200, []))
            case "page":
                return Refused(Answer(200, [("content-type", "text/html")], PAGE))
        return Refused(_json(404, {"message": "not found"}))

    def _invalid(self, message: str) -> Refused:
        return Refused(_json(200 if self.habits.refusal == "error-200" else 422, {"error": message}))

    # Who --------------------------------------------------------------------------------------------------------

    def _sign_up(self, sent: Mapping[str, Any]) -> Answer:
        name, password = sent.get("username"), sent.get("password")
        if not isinstance(name, str) or not isinstance(password, str) or not name or len(password) < 8:
            raise self._invalid("username and a password of 8 characters are needed")
        if name in self.users:
            raise self._invalid("username is taken")
        self.secrets.add(password)
        is_admin = str(sent.get("is_admin", False)).lower() == "true" if self.weakness == "mass-sign-up" else False
        self.users[name] = {"id": len(self.users) + 1, "username": name, "password": password, "is_admin": is_admin}
        return self._answer(201, self._user_view(name))

    def _user_view(self, name: str) -> dict[str, Any]:
        return {key: value for key, value in self.users[name].items() if key != "password"}

    def _log_in(self, sent: Mapping[str, Any]) -> Answer:
        user = self.users.get(str(sent.get("username")))
        if user is None or user["password"] != sent.get("password"):
            raise Refused(_json(401, {"message": "wrong username or password"}))
        token = secrets.token_hex(16)
        self.secrets.add(token)
        self.tokens[token] = user["username"]
        self.uses[token] = 0
        if self.habits.auth == "cookie":
            csrf = self.csrf[token] = secrets.token_hex(12)
            self.secrets.add(csrf)
            attributes = "Path=/; Secure; SameSite=Lax"
            cookies = [
                ("set-cookie", f"session={token}; HttpOnly; {attributes}"),
                ("set-cookie", f"csrftoken={csrf}; {attributes}"),
            ]
            return _json(200, {"username": user["username"]}, cookies)
        if self.habits.auth == "api-key":
            return _json(200, {"api_key": token})
        return _json(200, {"access_token": token, "token_type": "bearer"})

    def _known(self, method: str, headers: Mapping[str, str]) -> str | None:
        """The caller's name; None without valid credentials."""
        name = self._named_by(method, headers)
        if name is not None:
            shown = [self.users[name]["password"], *(token for token, user in self.tokens.items() if user == name)]
            encoded = [
                (text, quote(text, safe=""), base64.b64encode(f"{name}:{text}".encode()).decode()) for text in shown
            ]
            self._reflection = [f"you sent {text}" for forms in encoded for text in forms]
        return name

    def _named_by(self, method: str, headers: Mapping[str, str]) -> str | None:
        if self.habits.auth == "basic":
            return self._basic(headers.get("authorization", ""))
        cookies = dict(part.strip().split("=", 1) for part in headers.get("cookie", "").split(";") if "=" in part)
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token = {
            "cookie": cookies.get("session", ""),
            "api-key": headers.get("x-api-key", ""),
            "bearer": bearer if scheme.lower() == "bearer" else "",
        }[self.habits.auth]
        if token not in self.tokens:
            return None
        self.uses[token] += 1
        if self.habits.token_uses and self.uses[token] > self.habits.token_uses:
            del self.tokens[token]
            return None
        if self.habits.auth == "cookie" and method != "GET" and headers.get("x-csrftoken") != self.csrf[token]:
            raise Refused(_json(403, {"message": "the CSRF token is missing"}))
        return self.tokens[token]

    def _basic(self, header: str) -> str | None:
        try:
            name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return None
        user = self.users.get(name)
        return name if user is not None and user["password"] == password else None

    def _caller(self, method: str, headers: Mapping[str, str]) -> str:
        known = self._known(method, headers)
        if known is None:
            raise self._anonymous()
        return known

    # Bodies -----------------------------------------------------------------------------------------------------

    def _parsed(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        kind = headers.get("content-type", "").split(";")[0]
        if self.habits.form:
            if kind != "application/x-www-form-urlencoded":
                raise Refused(_json(415, {"message": "send a form"}))
            parsed: Any = dict(parse_qsl(body.decode(), keep_blank_values=True))
        else:
            if kind != "application/json":
                raise Refused(_json(415, {"message": "send JSON"}))
            try:
                parsed = json.loads(body)
            except ValueError:
                parsed = None
        if not isinstance(parsed, dict):
            raise self._invalid("an object is needed")
        return parsed

    def _note_fields(self, headers: Mapping[str, str], body: bytes, *, whole: bool, stores: str = "") -> dict[str, Any]:
        """What a note's body may set, checked; the field that a weakness `stores` as well."""
        sent = self._parsed(headers, body)
        if self.habits.wrapper:
            sent = sent.get("note", {})
            if not isinstance(sent, dict):
                raise self._invalid("note must be an object")
        if self.habits.form and str(sent.get("priority", "")).isdigit():
            sent["priority"] = int(sent["priority"])
        known = ("title", "body", "priority", *([stores] if stores else []))
        for name in sent:
            if self.habits.strict and name not in known:
                raise self._invalid(f"{name}: unknown field")
        if whole and "title" not in sent:
            raise self._invalid("title: missing")
        for name in ("title", "body"):
            if name in sent and not (isinstance(sent[name], str) and 0 < len(sent[name]) <= 200):
                raise self._invalid(f"{name}: must be a text of 1 to 200 characters")
        priority = sent.get("priority", 1)
        if isinstance(priority, bool) or not isinstance(priority, int) or not 1 <= priority <= 5:
            raise self._invalid("priority: must be an integer from 1 to 5")
        taken = {name: sent[name] for name in known if name in sent}
        if "owner_id" in taken:
            if not str(taken["owner_id"]).isdigit():
                raise self._invalid("owner_id: must be an integer")
            taken["owner_id"] = int(taken["owner_id"])
        if self.habits.form and "is_approved" in taken:
            taken["is_approved"] = str(taken["is_approved"]).lower() in ("true", "1", "on")
        self._extra = {name: value for name, value in sent.items() if name not in taken}
        return {name: self._normal(value) for name, value in taken.items()}

    def _normal(self, value: Any) -> Any:
        return value.strip().lower() if self.habits.normalises and isinstance(value, str) else value

    def _answer(self, status: int, value: Any, headers: Pairs | None = None) -> Answer:
        return _json(status, {"data": value} if self.habits.envelope else value, headers)

    def _note_answer(self, status: int, note: Mapping[str, Any], headers: Pairs | None = None) -> Answer:
        shown = self._note_view(note)
        if self.habits.echoes_extra:
            shown.update(self._extra)
        if self.habits.reflects:
            shown["trace"] = self._reflection
        return self._answer(status, {"note": shown} if self.habits.wrapper else shown, headers)

    @property
    def key(self) -> str:
        return "slug" if self.habits.ids == "slug" or self.habits.creation == "put" else "id"

    def _note_view(self, note: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in note.items() if name != "book"}

    # Books ------------------------------------------------------------------------------------------------------

    def _books(self, method: str, caller: str, headers: Mapping[str, str], body: bytes) -> Answer:
        mine = [book for book in self.books.values() if book["owner_id"] == self.users[caller]["id"]]
        if method == "GET":
            return self._answer(200, mine)
        if method != "POST":
            raise Refused(_json(405, {"message": "method not allowed"}))
        name = self._parsed(headers, body).get("name")
        if not isinstance(name, str) or not name:
            raise self._invalid("name: missing")
        self._serial += 1
        key = self._serial
        self.books[str(key)] = {"id": key, "name": name, "owner_id": self.users[caller]["id"]}
        return self._answer(201, self.books[str(key)])

    def _book(self, method: str, key: str, caller: str) -> Answer:
        book = self.books.get(key)
        if book is None or book["owner_id"] != self.users[caller]["id"]:
            raise self._missing()
        if method == "DELETE":
            del self.books[key]
            return Answer(204)
        return self._answer(200, book)

    # Notes ------------------------------------------------------------------------------------------------------

    def _owns_book(self, caller: str, book: str | None) -> None:
        if book is not None and (book not in self.books or self.books[book]["owner_id"] != self.users[caller]["id"]):
            raise self._missing()

    def _collection(self, method: str, book: str | None, headers: Mapping[str, str], body: bytes) -> Answer:
        caller = self._known(method, headers)
        if method == "GET" and self.habits.shared == "public":
            return self._listing([*self.notes.values()])
        if caller is None:
            raise self._anonymous()
        self._owns_book(caller, book)
        me = self.users[caller]["id"]
        if method == "GET":
            everybody = self.habits.shared == "listed"
            return self._listing(
                [n for n in self.notes.values() if (everybody or n["owner_id"] == me) and n["book"] == book]
            )
        if method != "POST" or self.habits.creation == "put":
            raise Refused(_json(405, {"message": "method not allowed"}))
        fields = self._note_fields(
            headers, body, whole=True, stores="is_approved" if self.weakness == "mass-create" else ""
        )
        self._serial += 1
        return self._create(self._new_key(str(fields["title"])), me, book, fields)

    def _listing(self, notes: list[dict[str, Any]]) -> Answer:
        return self._answer(200, [self._note_view(note) for note in notes if not note.get("deleted")])

    def _new_key(self, title: str) -> Any:
        match self.habits.ids:
            case "uuid":
                return str(uuid.uuid4())
            case "slug":
                words = "".join(c if c.isalnum() else "-" for c in title.lower())[:20].strip("-") or "note"
                return f"{words}-{hashlib.sha256(str(self._serial).encode()).hexdigest()[:6]}"
        return self._serial

    def _create(self, key: Any, owner: int, book: str | None, fields: Mapping[str, Any]) -> Answer:
        note: dict[str, Any] = {
            self.key: key, "title": "", "body": "", "priority": 3, "is_approved": False, "owner_id": owner,
            "book": book, "created_at": self._timestamp(), "updated_at": self._timestamp(),
        }  # fmt: skip
        if self.habits.normalises:
            note.update(version=1, view_count=0)
        if self.habits.soft_delete:
            note["deleted"] = False
        note.update(fields)
        where = f"/books/{book}/notes/{key}" if book is not None else f"/notes/{key}"
        store = lambda: self.notes.__setitem__(str(key), note)  # noqa: E731
        if self.habits.creation == "accepted":
            self._later(store, 0.3)
            return self._note_answer(202, note)
        store()
        if self.habits.creation == "location":
            return Answer(201, [("location", where)])
        return self._note_answer(201, note)

    def _timestamp(self) -> str:
        return f"2026-01-01T{self.requests // 3600:02}:{self.requests // 60 % 60:02}:{self.requests % 60:02}Z"

    def _item(self, method: str, book: str | None, key: str, headers: Mapping[str, str], body: bytes) -> Answer:
        match method:
            case "GET":
                return self._read(book, key, headers)
            case "PATCH" if self.habits.creation != "put":
                return self._update(book, key, headers, body)
            case "PUT" if self.habits.creation == "put":
                return self._upsert(key, headers, body)
            case "DELETE":
                return self._delete(book, key, headers)
        raise Refused(_json(405, {"message": "method not allowed"}))

    def _own(self, caller: str, book: str | None, key: str) -> dict[str, Any]:
        note = self.notes.get(key)
        if note is None or note["owner_id"] != self.users[caller]["id"] or note["book"] != book:
            raise self._missing()
        return note

    def _existing(self, book: str | None, key: str) -> dict[str, Any]:
        """A note, whoever asks: what the weaknesses look up."""
        note = self.notes.get(key)
        if note is None or note["book"] != book:
            raise self._missing()
        return note

    def _read(self, book: str | None, key: str, headers: Mapping[str, str]) -> Answer:
        self._extra = {}
        caller = self._known("GET", headers)
        if self.habits.shared == "public" or (caller is None and self.weakness == "tokenless-read"):
            return self._note_answer(200, self._existing(book, key))
        if caller is None:
            raise self._anonymous()
        if self.habits.shared or self.weakness == "read":
            note = self._existing(book, key)
        else:
            note = self._own(caller, book, key)
        if self.habits.normalises:
            note["view_count"] += 1
        return self._note_answer(200, note)

    def _update(self, book: str | None, key: str, headers: Mapping[str, str], body: bytes) -> Answer:
        caller = self._known("PATCH", headers)
        if caller is None and self.weakness in ("tokenless-update", "refused-write"):
            note = self._existing(book, key)
        elif caller is None:
            raise self._anonymous()
        else:
            note = self._existing(book, key) if self.weakness == "update-any" else self._own(caller, book, key)
        fields = self._note_fields(headers, body, whole=False, stores=self._stored_by_updates)
        self._later(lambda: self._apply(note, fields), self.habits.late_writes_s)
        if caller is None and self.weakness == "refused-write":
            raise self._anonymous()
        if self.habits.silent_writes:
            return Answer(204)
        return self._note_answer(202 if self.habits.late_writes_s else 200, note)

    @property
    def _stored_by_updates(self) -> str:
        return {"mass-update": "is_approved", "reassign": "owner_id"}.get(self.weakness, "")

    def _apply(self, note: dict[str, Any], fields: Mapping[str, Any]) -> None:
        note.update(fields, updated_at=self._timestamp())
        if self.habits.normalises:
            note["version"] += 1

    def _upsert(self, key: str, headers: Mapping[str, str], body: bytes) -> Answer:
        caller = self._known("PUT", headers)
        note = self.notes.get(key)
        if caller is None and not (self.weakness in ("tokenless-update", "refused-write") and note is not None):
            raise self._anonymous()
        fields = self._note_fields(headers, body, whole=True, stores=self._stored_by_updates)
        if note is None:
            assert caller is not None
            return self._create(key, self.users[caller]["id"], None, fields)
        if caller is not None and note["owner_id"] != self.users[caller]["id"] and self.weakness != "update-any":
            raise self._missing()
        self._apply(note, fields)
        if caller is None and self.weakness == "refused-write":
            raise self._anonymous()
        return self._note_answer(200, note)

    def _delete(self, book: str | None, key: str, headers: Mapping[str, str]) -> Answer:
        try:
            caller = self._known("DELETE", headers)
            if caller is None and self.weakness == "tokenless-delete":
                note = self._existing(book, key)
            elif caller is None:
                raise self._anonymous()
            else:
                note = self._existing(book, key) if self.weakness == "delete-any" else self._own(caller, book, key)
        except Refused:
            if self.habits.delete_always_204:
                return Answer(204)
            raise
        if self.habits.soft_delete:
            note["deleted"] = True
        else:
            self._later(lambda: self.notes.pop(key, None), self.habits.late_writes_s)
        return Answer(202 if self.habits.late_writes_s else 204)

    def document(self) -> dict[str, Any]:
        from apps.notebook_document import document_for

        return document_for(self.habits)
