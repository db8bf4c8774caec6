"""The switches: each opens one weakness; with none on, this is the secure twin."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from flask import current_app

#: Name -> the rule that should find it, and what is wrong in one line.
SWITCHES: dict[str, str] = {
    "invoice-read-any": "SF101 an invoice is shown to every customer who is logged in",
    "order-expanded-any": "SF101 an order read with ?expand= is fetched by a query that forgets the customer",
    "address-update-any": "SF102 addresses are checked when read, not when replaced",
    "order-delete-any": "SF103 the bulk UPDATE that hides an order names the order only",
    "order-search-any": "SF104 AND binds tighter than OR: gift messages of everybody are searched",
    "order-foreign-address": "SF105 a new order may be shipped to somebody else's address_id",
    "item-foreign-parent": "SF105 an item is changed through any order of the caller's",
    "product-update-open": "SF106 changing a product asks for a login, not for an administrator",
    "profile-takes-account-fields": "SF201 the profile form was grown from the account, is_admin included",
    "item-price-accepted": "SF201 the price of an order's item is taken from the request",
    "address-verified-writable": "SF202 `verified` lost its dump_only",
    "review-author-writable": "SF203 a review's author_id is only a default",
    "product-shelf-returned": "SF204 product details come with the undeclared `shelf`",
    "account-hash-returned": "SF205 GET /me answers with the whole row, password_hash included",
    "cancel-without-login": "SF301 the cancel link of the confirmation mail works for everybody",
    "tracking-without-login": "SF302 parcel tracking asks for no login",
    "address-any-cookie": "SF303 reading an address takes any session cookie for a login",
    "review-saved-before-check": "SF304 a review is saved first; then its author is asked for",
    "cart-csrf-exempt": "SF311 putting something in the cart needs no CSRF token",
    "wishlist-csrf-unbound": "SF312 the wishlist takes any CSRF token that the shop ever signed",
    "address-plain-text": "SF313 new addresses may come as text/plain, and then without a CSRF token",
    "reorder-by-get": "SF314 the preview of a repeated order fills the cart",
    "session-in-cookie": "SF401 the session is kept in the cookie, signed but readable",
    "weak-secret-key": "SF402 SECRET_KEY is in every word list",
    "session-claims-trusted": "SF403 user_id and is_admin are believed because the session says so",
    "session-cookie-bare": "SF404 the session cookie has neither HttpOnly nor Secure nor SameSite",
    "logout-keeps-session": "SF405 logging out only makes the browser forget the cookie",
    "session-not-rotated": "SF406 logging in keeps the session that was there before",
    "product-sort-crashes": "SF503 an unknown sort key is an AttributeError",
    "order-filter-trace": "SF505 a bad date in the order filter is answered with a traceback",
}


def parse(names: str) -> frozenset[str]:
    """The switches of `--on`; raises ValueError for a name that is none."""
    if names == "all":
        return frozenset(SWITCHES)
    return checked([] if names in ("", "none") else [name.strip() for name in names.split(",")])


def checked(names: Iterable[str]) -> frozenset[str]:
    """The names as a set; raises ValueError for one that is no switch."""
    found = frozenset(names)
    for name in sorted(found - set(SWITCHES)):
        near = difflib.get_close_matches(name, SWITCHES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(SWITCHES)}"
        raise ValueError(f"no switch named {name!r}; {hint}")
    return found


def on(name: str) -> bool:
    """Whether the running shop has this weakness."""
    if name not in SWITCHES:
        raise LookupError(name)  # a misspelt switch must not read as "secure"
    return name in current_app.config["SWITCHES"]
