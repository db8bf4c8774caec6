"""Who calls and what they may do: login, administrators, ownership, CSRF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import current_app, g, request, session
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import ValidationError

from . import sessions
from .errors import Refusal, forbidden, not_found
from .models import Address, Order, Product, Review, User, find
from .switches import on

View = Callable[..., Any]

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}  # RFC 9110, section 9.2.1
#: What needs no token. Logging in and signing up happen before there is one (and take nothing but
#: application/json, which other sites cannot send); a search changes nothing.
WITHOUT_TOKEN = {"accounts.register", "accounts.log_in", "catalogue.search_products"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The customer who is logged in."""

    user: User
    is_admin: bool

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id


def load_caller() -> None:
    """Set `g.caller` from the session; None for a guest."""
    g.caller = None
    login = sessions.current_login()
    if login is not None and login.ended_at is not None:
        return
    if on("session-claims-trusted") and "user_id" in session:
        # SF403: as good as the session's keeping; in a cookie, as good as the key that signs it.
        user = find(User, session["user_id"])
        is_admin = session.get("is_admin") is True
    else:
        user = find(User, login.user_id) if login is not None else None
        is_admin = user is not None and user.is_admin
    if user is not None:
        g.caller = Caller(user=user, is_admin=is_admin)


def check_csrf() -> None:
    """Refuse a customer's write without their session's token.

    Guests pass: there is no login that another site could borrow, and the view refuses them anyway.
    Only the header counts, no form takes part in this API.
    """
    if request.method in SAFE_METHODS or request.endpoint in WITHOUT_TOKEN or request.endpoint is None:
        return
    if g.caller is None or _is_left_unchecked(request.endpoint):
        return
    token = request.headers.get("X-CSRFToken")
    try:
        if request.endpoint == "wishlist.put_entry" and on("wishlist-csrf-unbound"):
            _check_signature(token)
        else:
            validate_csrf(token)
    except ValidationError as error:
        raise Refusal(400, "csrf", f"{error} Send X-CSRFToken as GET /csrf-token gave it.") from None


def _is_left_unchecked(endpoint: str) -> bool:
    if endpoint == "cart.add_item":
        return on("cart-csrf-exempt")  # SF311
    if endpoint == "addresses.create_address":
        # SF313: "forms bring their own token", and the view reads the body whatever its type.
        return on("address-plain-text") and not request.is_json
    return False


def _check_signature(token: str | None) -> None:
    # SF312: proves that the shop made the token, not for whom.
    serializer = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")
    try:
        serializer.loads(token or "")
    except BadData:
        raise ValidationError("The CSRF token is invalid.") from None


def caller() -> Caller:
    """The customer who is logged in; 401 for a guest."""
    found: Caller | None = g.caller
    if found is None:
        raise Refusal(401, "unauthenticated", "Log in first.")
    return found


def login_required(view: View) -> View:
    """Answer 401 to guests."""

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        caller()
        return view(**arguments)

    return guarded


def admin_required(view: View) -> View:
    """Answer 401 to guests and 403 to customers."""

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        if not caller().is_admin:
            forbidden("This is for administrators.")
        return view(**arguments)

    return guarded


def own_address(address_id: int) -> Address:
    """The caller's address; 404 for all others."""
    who = caller()  # first: guests are not to learn what exists
    address = find(Address, address_id)
    if address is None or address.user_id != who.id:
        not_found()
    return address


def visible_order(order_id: int) -> Order:
    """An order that the caller placed or was let in on; 404 for all others."""
    who = caller()
    order = find(Order, order_id)
    if order is None or (order.customer_id != who.id and who.id not in order.viewer_ids):
        not_found()
    return order


def own_order(order_id: int) -> Order:
    """The caller's order; 403 for those who may only look on, who know that it exists; 404 for others."""
    order = visible_order(order_id)
    if order.customer_id != caller().id:
        forbidden("You may look at this order, not change it.")
    return order


def public_product(product_id: int) -> Product:
    """A product of the public catalogue; 404 for all others."""
    product = find(Product, product_id)
    if product is None or not product.published:
        not_found()
    return product


def public_review(product_id: int, review_id: int) -> Review:
    """A review of this very product; 404 for all others."""
    product = public_product(product_id)
    review = find(Review, review_id)
    if review is None or review.product_id != product.id:
        not_found()
    return review
