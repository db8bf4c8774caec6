"""Signing up behind a protected form: the page's token first, as a browser would."""

from __future__ import annotations

from urllib.parse import parse_qsl

from simulated_api import BASE_URL, NotesApi, document, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine.scenario import Scenario
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.identities import SyncCourier

FORM = "application/x-www-form-urlencoded"
PAGE = b'<form method="post"><input type="hidden" name="csrf_token" value="from-the-page"></form>'


class FormNotes(NotesApi):
    """Takes sign-ups as forms with the token of their page, under the cookie that the page set."""

    def __init__(self, *, hands_out: bool = True) -> None:
        super().__init__()
        self.hands_out = hands_out

    def send(self, request: Request) -> Exchange:
        if request.path != "/register":
            return super().send(request)
        if request.method == "GET":
            headers = (("Content-Type", "text/html"), ("Set-Cookie", "visit=v1; SameSite=Lax"))
            answer = Response(status=200, headers=headers, body=PAGE) if self.hands_out else reply(404)
            return Exchange(request=request, response=answer)
        fields = dict(parse_qsl(request.body.decode()))
        if fields.pop("csrf_token", None) != "from-the-page" or dict(request.cookies).get("visit") != "v1":
            return Exchange(request=request, response=reply(400, {"error": "The CSRF token is missing."}))
        key = len(self.users) + 1
        self.users[key] = {"id": key, "bio": "", "is_admin": False, "plan": "free", **fields}
        return Exchange(request=request, response=reply(201, self.show_user(self.users[key])))


def as_form(raw: dict) -> None:  # type: ignore[type-arg]
    content = raw["paths"]["/register"]["post"]["requestBody"]["content"]
    schema = dict(content.pop("application/json")["schema"])
    schema["properties"] = {**schema["properties"], "csrf_token": {"type": "string"}}
    content[FORM] = {"schema": schema}


def made(api: FormNotes) -> tuple[str | None, Scenario]:
    scenario = Scenario(derive(from_raw(document(as_form), "notes.json")), BASE_URL)
    return run_flow(scenario.make_users(), SyncCourier(scenario.keyring, api.send).send), scenario


def test_users_are_signed_up_with_the_token_of_the_page() -> None:
    api = FormNotes()
    why, scenario = made(api)
    assert why is None
    assert len(api.users) == 2
    assert scenario.redactor.text("from-the-page") != "from-the-page"


def test_without_a_page_the_refusal_is_told() -> None:
    why, _ = made(FormNotes(hands_out=False))
    assert "CSRF token is missing" in (why or "")
