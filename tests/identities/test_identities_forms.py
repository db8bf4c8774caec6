"""Anti-CSRF tokens in pages and bodies."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.identities.forms import FORM, has_token_field, is_token_field, token_in_page, with_token
from specfuzz.identities.identity import CsrfRules, Identity, Login, Secret
from specfuzz.identities.login import log_in
from specfuzz.identities.session import Session

NAMES = ["csrf_token", "csrfmiddlewaretoken", "authenticity_token", "_token", "_csrf", "__RequestVerificationToken"]
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def page(text: str, *cookies: str) -> Response:
    return Response(status=200, headers=(*HTML, *(("Set-Cookie", cookie) for cookie in cookies)), body=text.encode())


def form(body: bytes, kind: str = FORM) -> Request:
    return Request(method="POST", path="/notes", headers=(("Content-Type", kind),), body=body, identity="alice")


def session(**more: object) -> Session:
    return Session(identity="alice", cookies={"session": "s"}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_the_frameworks_fields_are_known(name: str) -> None:
    assert is_token_field(name)


@pytest.mark.parametrize("name", ["token", "access_token", "reset_token", "title", "nonce_count"])
def test_other_tokens_are_none(name: str) -> None:
    assert not is_token_field(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_field_is_found_in_a_page(name: str) -> None:
    found = token_in_page(page(f"<form><input type='hidden' value='abc&amp;def' name='{name}'></form>"))
    assert found is not None
    assert (found.value, found.field) == ("abc&def", name)


def test_a_meta_is_found_where_no_field_is() -> None:
    text = '<meta name="csrf-param" content="authenticity_token"><meta name="csrf-token" content="t0k3n">'
    found = token_in_page(page(text))
    assert found is not None
    assert (found.value, found.field) == ("t0k3n", None)


@pytest.mark.parametrize("text", ["", "<p>token</p>", "<input name=csrf_token>", "<input name=q value=1>"])
def test_a_page_without_one_has_none(text: str) -> None:
    assert token_in_page(page(text)) is None


def test_json_is_no_page() -> None:
    body = b'"<input name=csrf_token value=x>"'
    assert token_in_page(Response(status=200, headers=(("Content-Type", "application/json"),), body=body)) is None


@given(st.text(max_size=300))
def test_no_page_makes_it_fail(text: str) -> None:
    token_in_page(page("csrf" + text))


@pytest.mark.parametrize("name", NAMES)
def test_a_write_carries_the_token_in_its_form(name: str) -> None:
    sent = session(csrf_token="mine").authorize(form(urlencode({"title": "a b", name: "drafted"}).encode()))
    assert dict(parse_qsl(sent.body.decode())) == {"title": "a b", name: "mine"}


def test_a_write_carries_the_token_in_json_and_in_parts() -> None:
    sent = session(csrf_token="mine").authorize(form(b'{"title":"a","csrf_token":"drafted"}', "application/json"))
    assert json.loads(sent.body) == {"title": "a", "csrf_token": "mine"}
    part = b'--b\r\nContent-Disposition: form-data; name="_token"\r\n\r\ndrafted\r\n--b--\r\n'
    sent = session(csrf_token="mine").authorize(form(part, "multipart/form-data; boundary=b"))
    assert b"\r\n\r\nmine\r\n" in sent.body


def test_a_field_that_a_page_named_is_added_to_forms_only() -> None:
    held = session(csrf_token="mine", csrf_field="_token")
    assert held.authorize(form(b"title=a")).body == b"title=a&_token=mine"
    assert held.authorize(form(b'{"title":"a"}', "application/json")).body == b'{"title":"a"}'


def test_a_request_that_wants_no_token_keeps_its_body() -> None:
    request = Request(
        method="POST", path="/", headers=(("Content-Type", FORM),), body=b"_token=x", with_csrf_token=False
    )
    assert session(csrf_token="mine").authorize(request).body == b"_token=x"


def test_the_token_can_be_left_out() -> None:
    assert with_token(form(b"title=a&csrf_token=x"), None).body == b"title=a"
    assert not has_token_field(with_token(form(b'{"a":1,"_csrf":"x"}', "application/json"), None))


@given(st.binary(max_size=200), st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=b", "x"]))
def test_a_body_without_a_token_field_stays_as_it_is(body: bytes, kind: str) -> None:
    request = form(body, kind)
    if not has_token_field(request):
        assert with_token(request, "mine").body == body


def test_pages_renew_the_token_of_a_session() -> None:
    held = session()
    held.absorb(page('<input type="hidden" name="_token" value="second">'))
    assert (held.csrf_token, held.csrf_field) == ("second", "_token")


def test_how_cookies_were_set_is_remembered() -> None:
    held = session()
    held.absorb(page("", "session=a; SameSite=LAX; HttpOnly", "theme=dark"))
    assert held.same_site == {"session": "lax", "theme": ""}


def test_a_protected_log_in_form_is_fetched_first() -> None:
    """Flask-WTF: the page sets the session, its hidden field holds the token, and both stay after the log-in."""
    log: list[str] = []

    def send(request: Request) -> Exchange:
        log.append(request.method)
        cookies, fields = dict(request.cookies), dict(parse_qsl(request.body.decode()))
        if request.method == "GET":
            answer = page(
                '<form><input name="csrf_token" type="hidden" value="tok-1"></form>', "session=v; SameSite=Lax"
            )
        elif fields.get("csrf_token") != "tok-1" or cookies.get("session") != "v":
            answer = Response(status=400, body=b"The CSRF token is missing.")
        else:
            answer = Response(status=302, headers=(("Location", "/"), ("Set-Cookie", "session=in; SameSite=Lax")))
        return Exchange(request=request, response=answer)

    payload = Secret("username=a&password=b")
    login = Login(method="POST", path="/login", payload=payload, content_type=FORM, expects_cookies=True)
    held = run_flow(log_in(Identity(name="alice", login=login), CsrfRules()), send)
    assert log == ["POST", "GET", "POST", "GET"]
    assert (held.cookies["session"], held.csrf_token, held.csrf_field) == ("v", "tok-1", "csrf_token")
    assert held.same_site["session"] == "lax"
