"""What the shop leaves with the visitor's browser: products looked at, how to show prices, who came back.

None of it says who is logged in; that is the session's alone.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select

from .. import sessions
from ..models import Product, db
from ..schemas import DisplaySettings, ProductOut, body_as

blueprint = Blueprint("browser", __name__)

RECENT, DISPLAY, VISITOR = "recent", "display", "visitor"
RECENT_PRODUCTS = 8
YEAR_S = 365 * 24 * 3600
DEFAULT_DISPLAY = {"currency": "EUR", "language": "en"}


@blueprint.get("/recently-viewed")
def list_recently_viewed() -> Any:
    """List the products that this browser looked at, the last one first."""
    ids = _recent()
    found = select(Product).where(Product.id.in_(ids), Product.published, Product.deleted_at.is_(None))
    products = sorted(db.session.scalars(found), key=lambda product: ids.index(product.id))
    return {"products": ProductOut().dump(products, many=True)}


def remember_viewed(response: Response, product_id: int) -> Response:
    """Put the product on top of the browser's list."""
    ids = [product_id, *(known for known in _recent() if known != product_id)][:RECENT_PRODUCTS]
    _keep(response, RECENT, _serializer().dumps(ids))
    return response


def _recent() -> list[int]:
    try:
        return [int(known) for known in _serializer().loads(request.cookies.get(RECENT, ""))]
    except (BadData, TypeError, ValueError):
        return []


def _serializer() -> URLSafeSerializer:
    # Signed so that what comes back needs no checking; readable, as it tells the browser nothing new.
    return URLSafeSerializer(current_app.secret_key or "", salt="recently-viewed")


@blueprint.get("/display-settings")
def read_display_settings() -> Any:
    """Show in which currency and language this browser wants the shop."""
    return _display()


@blueprint.put("/display-settings")
def write_display_settings() -> Any:
    """Choose currency and language, for this browser."""
    settings = body_as(DisplaySettings())
    response = jsonify(settings)
    # For the page's script, which formats the prices: not HttpOnly, and not signed. Whoever changes it by
    # hand has changed their own settings.
    _keep(response, DISPLAY, f"{settings['currency']}.{settings['language']}", httponly=False)
    return response


def _display() -> dict[str, str]:
    currency, _, language = request.cookies.get(DISPLAY, "").partition(".")
    chosen = {"currency": currency, "language": language}
    return DEFAULT_DISPLAY if DisplaySettings().validate(chosen) else chosen


def count_visitor(response: Response) -> Response:
    """Give a browser that has none a number for the statistics; it stays through logins and logouts."""
    if request.method == "GET" and VISITOR not in request.cookies:
        _keep(response, VISITOR, secrets.token_hex(16))
    return response


def _keep(response: Response, name: str, value: str, *, httponly: bool = True) -> None:
    secure = not sessions.is_plain_loopback()
    response.set_cookie(name, value, max_age=YEAR_S, httponly=httponly, samesite="Lax", secure=secure)
