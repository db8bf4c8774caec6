"""Sessions made by the frameworks themselves are decoded, their key is found, and what is forged they take for their own."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from specfuzz.sessions import (
    Decoded,
    Form,
    Key,
    NotGuessed,
    companion,
    confirms,
    decode,
    default_candidates,
    forge,
    guess,
)

WEAK, STRONG = "changeme", "kJ3-p0Zq_8vR2xW6yB1nT5mC9sD4fG7h"
DATA = {"user_id": 3, "role": "member", "note": "ünïcödé"}
LONG = {"user_id": 3, "role": "member", "text": "the same words " * 40}


@dataclass(frozen=True, slots=True)
class Framework:
    """`make` writes a session with a key; `read` is how the framework reads one back, None where it refuses."""

    form: Form
    make: Callable[[str, Any], str]
    read: Callable[[str, str], Any]


def _flask(key: str) -> Any:
    from flask import Flask
    from flask.sessions import SecureCookieSessionInterface

    app = Flask("shop")
    app.secret_key = key
    return SecureCookieSessionInterface().get_signing_serializer(app)


def _flask_read(key: str, value: str) -> Any:
    from itsdangerous import BadSignature

    try:
        return _flask(key).loads(value)
    except BadSignature:
        return None


class _Starlette:
    """A Starlette application with its own `SessionMiddleware`, spoken to as a server would."""

    @staticmethod
    def call(key: str, cookie: str | None, store: Any) -> tuple[Any, str | None]:
        """(the session that the application saw, the cookie that it set)."""
        import asyncio

        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.sessions import SessionMiddleware
        from starlette.requests import Request
        from starlette.responses import JSONResponse
        from starlette.routing import Route

        async def endpoint(request: Request) -> JSONResponse:
            seen = dict(request.session)
            request.session.update(store)
            return JSONResponse(seen)

        app = Starlette(routes=[Route("/", endpoint)], middleware=[Middleware(SessionMiddleware, secret_key=key)])
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", b"api.test")] + ([(b"cookie", f"session={cookie}".encode())] if cookie else [])
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
            "headers": headers, "scheme": "http", "server": ("api.test", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        asyncio.run(app(scope, receive, send))
        set_cookie = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
        made = set_cookie[0].split(";")[0].partition("=")[2] if set_cookie else None
        return json.loads(sent[1]["body"]), made

    @classmethod
    def make(cls, key: str, data: Any) -> str:
        made = cls.call(key, None, data)[1]
        assert made is not None
        return made

    @classmethod
    def read(cls, key: str, value: str) -> Any:
        return cls.call(key, value, {})[0] or None


@pytest.fixture(autouse=True)
def django_as_it_was() -> Iterator[None]:
    """Django has one set of settings for a process: others who test it configure theirs."""
    before = settings._wrapped
    yield
    settings._wrapped = before


def _django_key(key: str) -> None:
    if not settings.configured:
        settings.configure(SECRET_KEY=key)
    settings.SECRET_KEY = key


def _django_make(key: str, data: Any) -> str:
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    _django_key(key)
    store = SessionStore()
    store.update(data)
    store.save()
    made: str = store.session_key
    return made


def _django_read(key: str, value: str) -> Any:
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    _django_key(key)
    return dict(SessionStore(value).items()) or None


def _jwt_make(algorithm: str) -> Callable[[str, Any], str]:
    def make(key: str, data: Any) -> str:
        import warnings

        import jwt

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyJWT warns of short keys: that is what this is about
            return jwt.encode(data, key, algorithm)

    return make


def _jwt_read(algorithm: str) -> Callable[[str, str], Any]:
    def read(key: str, value: str) -> Any:
        import warnings

        import jwt

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return jwt.decode(value, key, algorithms=[algorithm])
        except jwt.InvalidTokenError:
            return None

    return read


FRAMEWORKS = {
    "flask": Framework(Form.FLASK, lambda key, data: str(_flask(key).dumps(data)), _flask_read),
    "starlette": Framework(Form.STARLETTE, _Starlette.make, _Starlette.read),
    "django": Framework(Form.DJANGO, _django_make, _django_read),
    **{
        name: Framework(Form.JWT, _jwt_make(name), _jwt_read(name))
        for name in ("HS256", "HS384", "HS512")
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def django_settings() -> Iterator[None]:
    """Whatever other tests configured Django with stays as it was."""
    before = settings.SECRET_KEY if settings.configured else None
    yield
    if before is not None:
        settings.SECRET_KEY = before


@pytest.fixture(params=FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def framework(request: pytest.FixtureRequest) -> Framework:
    chosen: Framework = request.param
    return chosen


def decoded(framework: Framework, key: str, data: Mapping[str, Any] = DATA) -> Decoded:
    found = decode(framework.make(key, dict(data)), name="session")
    assert found is not None
    return found


@pytest.mark.parametrize("data", [DATA, LONG], ids=["short", "long"])
def test_a_session_is_read_without_its_key(framework: Framework, data: dict[str, Any]) -> None:
    found = decoded(framework, STRONG, data)
    if (
        found.form is not framework.form
    ):  # Starlette's base64 without padding looks like Flask's, and is read all the same
        assert (framework.form, found.form) == (Form.STARLETTE, Form.FLASK)
    assert found.data == data
    assert found.is_signed


def test_a_weak_key_is_guessed_and_confirmed(framework: Framework) -> None:
    found = decoded(framework, WEAK)
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    assert key.secret == WEAK.encode()
    assert confirms(found, key)
    assert WEAK not in f"{key} {key.shown}"


def test_a_key_named_after_the_api_is_guessed(framework: Framework) -> None:
    key = guess(decoded(framework, "garden-tools-secret"), default_candidates(["Garden Tools API", "127.0.0.1"]))
    assert isinstance(key, Key)
    assert key.origin == "derived from the API's name"


def test_a_published_key_is_guessed(framework: Framework) -> None:
    key = guess(decoded(framework, "potatoes-can-fly-so-high"), default_candidates())
    assert isinstance(key, Key)
    assert key.origin.startswith("flask-unsign-wordlist")


def test_a_random_key_is_not_guessed(framework: Framework) -> None:
    found = guess(decoded(framework, STRONG), default_candidates())
    assert isinstance(found, NotGuessed)
    assert found.tried > 50_000


@pytest.mark.parametrize("data", [DATA, LONG], ids=["short", "long"])
def test_the_framework_takes_a_forged_session_for_its_own(framework: Framework, data: dict[str, Any]) -> None:
    found = decoded(framework, WEAK, data)
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    forged = forge(found, {**data, "user_id": 4}, key)
    assert framework.read(WEAK, forged) == {**data, "user_id": 4}
    assert framework.read(STRONG, forged) is None  # the framework does look at the signature


def test_flask_login_remembers_whom_a_forged_cookie_names() -> None:
    from flask import Flask
    from flask_login.utils import decode_cookie, encode_cookie

    app = Flask("shop")
    app.secret_key = WEAK
    with app.app_context():
        found = decode(encode_cookie("3"), name="remember_token")
        assert found is not None
        assert (found.form, found.data) == (Form.REMEMBER, {"user_id": "3"})
        key = guess(found, default_candidates())
        assert isinstance(key, Key)
        assert decode_cookie(forge(found, {"user_id": "4"}, key)) == "4"


def test_the_anti_csrf_token_of_flask_wtf_tells_the_same_key() -> None:
    from flask import Flask
    from flask_wtf.csrf import generate_csrf

    app = Flask("shop")
    app.secret_key = WEAK
    with app.test_request_context():
        found = decode(generate_csrf())
    assert found is not None
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    assert key.secret == WEAK.encode()


# Express, whose signatures are made here as Keygrip and cookie-signature document them, and by node's own crypto ---------

_NODE = """
const crypto = require("crypto");
const [kind, key, text] = process.argv.slice(1);
const plain = (algorithm) => crypto.createHmac(algorithm, key).update(text).digest("base64");
if (kind === "keygrip") process.stdout.write(plain("sha1").replace(/\\//g, "_").replace(/\\+/g, "-").replace(/=/g, ""));
else process.stdout.write("s:" + text + "." + plain("sha256").replace(/\\=+$/, ""));
"""


def _signed_by_express(kind: str, key: str, text: str) -> str:
    import hashlib
    import hmac

    node = shutil.which("node")
    if node is not None:
        return subprocess.run([node, "-e", _NODE, kind, key, text], capture_output=True, text=True, check=True).stdout
    if kind == "keygrip":
        return base64.urlsafe_b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode().rstrip("=")
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"s:{text}.{base64.b64encode(signature).decode().rstrip('=')}"


def test_a_cookie_session_of_express_is_read_guessed_and_forged() -> None:
    value = base64.b64encode(json.dumps(DATA).encode()).decode()
    found = decode(value, name="session", signature=_signed_by_express("keygrip", "keyboard cat", f"session={value}"))
    assert found is not None
    assert (found.form, found.data) == (Form.COOKIE_SESSION, DATA)
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    forged = forge(found, {"user_id": 4}, key)
    assert json.loads(base64.b64decode(forged)) == {"user_id": 4}
    assert companion(found, forged, key) == _signed_by_express("keygrip", "keyboard cat", f"session={forged}")


def test_the_secret_of_an_express_session_id_is_guessed() -> None:
    found = decode(_signed_by_express("signature", "keyboard cat", "Zx8vV0LrjAhXq3u2rS0bYw5n"), name="connect.sid")
    assert found is not None
    assert (found.form, found.data) == (Form.EXPRESS_SIGNED, None)
    assert isinstance(guess(found, default_candidates()), Key)


def test_a_signed_cookie_of_rails_is_read_and_its_key_guessed_through_the_key_generator() -> None:
    import hashlib
    import hmac

    payload = base64.b64encode(json.dumps(DATA).encode()).decode()
    derived = hashlib.pbkdf2_hmac("sha256", WEAK.encode(), b"signed cookie", 1_000, 64)
    found = decode(f"{payload}--{hmac.new(derived, payload.encode(), hashlib.sha1).hexdigest()}")
    assert found is not None
    assert (found.form, found.data) == (Form.RAILS_SIGNED, DATA)
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    assert key.secret == WEAK.encode()


# Other versions: made once by each of them, with {"user_id": 3, "role": "member"} and the key that is named -----------

MADE = {
    "Flask 1.1.4, itsdangerous 1.1.0": (
        "eyJyb2xlIjoibWVtYmVyIiwidXNlcl9pZCI6M30.awdW-Q.-6cpWJh-7citDDofEJ0aIdexoeY", None, Form.FLASK, WEAK,
    ),
    "Flask 2.0.3, itsdangerous 2.0.1": (
        "eyJyb2xlIjoibWVtYmVyIiwidXNlcl9pZCI6M30.awdW9w.-3tsSAAVOJD6sLVPGFvsm_1ejFo", None, Form.FLASK, WEAK,
    ),
    "Django 3.0.14, which signs with SHA-1": (
        "eyJ1c2VyX2lkIjozLCJyb2xlIjoibWVtYmVyIn0:1xWKnz:fSHFtKNhO4Xd916rWShBcj781qw", None, Form.DJANGO, WEAK,
    ),
    "Django 4.2.16": (
        "eyJ1c2VyX2lkIjozLCJyb2xlIjoibWVtYmVyIn0:1xWKo1:bTMXkbhbuNZZuaykZV0GN2Z2B15HCVyA6vOuHTzk5yA",
        None, Form.DJANGO, WEAK,
    ),
    "Starlette 0.20.4, itsdangerous 2.1.2": (
        "eyJ1c2VyX2lkIjogMywgInJvbGUiOiAibWVtYmVyIn0=.awdW_g.oIxl512YdIA9uq1r7biq0bMnwP4", None, Form.STARLETTE, WEAK,
    ),
    "cookie-session 2.1.1 on Express": (
        "eyJ1c2VyX2lkIjozLCJyb2xlIjoibWVtYmVyIn0=", "MyN-F9R-IbT7aphp48D9s3wGRvI", Form.COOKIE_SESSION, "keyboard cat",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "signature", "form", "secret"), MADE.values(), ids=MADE.keys())
def test_a_session_of_another_version_is_read_and_its_key_guessed(
    value: str, signature: str | None, form: Form, secret: str
) -> None:
    found = decode(value, name="session", signature=signature)
    assert found is not None
    assert (found.form, found.data) == (form, {"user_id": 3, "role": "member"})
    key = guess(found, default_candidates())
    assert isinstance(key, Key)
    assert key.secret == secret.encode()
    assert confirms(found, key)
