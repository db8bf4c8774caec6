"""The application: put together, with its document and its error answers."""

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from . import accounts, auth, cards, customers, payments, public, staff, support
from .models import Database
from .seed import seed
from .switches import activate, on
from .tokens import ACCESS_TTL_S, TokenSettings

DESCRIPTION = """\
The API behind Harbour Bank's apps, in the sandbox: the money is play money.

Log in with `POST /auth/login`, send the access token as `Authorization: Bearer …`, and get a new pair with
`POST /auth/refresh` before it expires.

Customers work with what is their own. Whatever belongs to somebody else is refused with 404, in the same
words as what does not exist. Staff (`teller`, `admin`) may look at accounts, customers and messages in order
to help; what is for staff only is refused with 403. Amounts are in euro cents.

Fields that an operation does not list are ignored, unless its schema forbids them.
"""

TAGS = [
    {"name": "auth", "description": "Sign-up, login, refresh, logout"},
    {"name": "profile", "description": "Who one is"},
    {"name": "preferences", "description": "The apps' settings"},
    {"name": "accounts", "description": "Accounts, joint holders, statements"},
    {"name": "transfers", "description": "Money from one account to another"},
    {"name": "beneficiaries", "description": "The caller's address book"},
    {"name": "payment links", "description": "Requests for money, to be sent to somebody"},
    {"name": "cards", "description": "Debit cards"},
    {"name": "messages", "description": "The support desk"},
    {"name": "staff", "description": "For the bank's own people"},
    {"name": "public", "description": "Open to everybody"},
]


def create_app(switches: frozenset[str] = frozenset(), access_ttl_s: int = ACCESS_TTL_S) -> FastAPI:
    """A fresh bank, seeded; its data ends with it."""
    activate(switches)
    app = Bank(
        title="Harbour Bank",
        version="2.3.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        servers=[{"url": "/"}],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.database = Database()
    app.state.tokens = TokenSettings(access_ttl_s=access_ttl_s)
    for section in (auth, customers, accounts, payments, cards, support, staff, public):
        app.include_router(section.router)
    app.include_router(support.callbacks)
    if on("internal-metrics"):
        app.include_router(public.internal)
    if on("payment-link-override"):
        app.add_middleware(MethodOverride)
    app.add_exception_handler(RequestValidationError, explain_invalid_input)
    with app.state.database.session() as session:
        seed(session)
    return app


def _operation_id(route: APIRoute) -> str:
    first, *rest = route.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Bank(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        if on("preference-declared-open"):
            # SF305: said in the served document only; the route itself still asks for a token.
            document["paths"]["/preferences/{key}"]["put"]["security"] = []
        return document


async def explain_invalid_input(request: Request, error: RequestValidationError) -> Response:
    """FastAPI's own answer repeats the input, which may hold a password, or text that UTF-8 cannot."""
    detail = [{"loc": one["loc"], "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    return Response(json.dumps({"detail": detail}), status_code=422, media_type="application/json")


class MethodOverride:
    """PATCH and DELETE for partners whose proxies let only GET and POST through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in {"GET", "POST"}:
            wanted = dict(scope["headers"]).get(b"x-http-method-override", b"").decode("latin-1").upper()
            if wanted in {"PUT", "PATCH", "DELETE"}:
                scope = {**scope, "method": wanted, "wire_method": scope["method"]}
        await self.app(scope, receive, send)
