"""The caller's cart, what it would cost, and making an order of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import delete, select

from ..access import caller, login_required
from ..errors import conflict, not_found
from ..models import CartItem, assign, commit, db, find
from ..ordering import address_named, order_of, product_named
from ..schemas import CartLineOut, CheckoutIn, LineIn, LineUpdate, OrderOut, body_as

blueprint = Blueprint("cart", __name__)


@blueprint.get("/cart")
@login_required
def read_cart() -> Any:
    """Show the cart."""
    return cart_of(_items())


@blueprint.post("/cart/items")
@login_required
def add_item() -> Any:
    """Put something in the cart."""
    data = body_as(LineIn())
    product = product_named(data["product_id"])
    item = CartItem(user_id=caller().id, product=product, **data)
    db.session.add(item)
    commit()
    return CartLineOut().dump(item), 201


@blueprint.get("/cart/items/<row_id:item_id>")
@login_required
def read_item(item_id: int) -> Any:
    """Show a line of the cart."""
    return CartLineOut().dump(_own_item(item_id))


@blueprint.patch("/cart/items/<row_id:item_id>")
@login_required
def update_item(item_id: int) -> Any:
    """Change a line of the cart."""
    item = _own_item(item_id)
    assign(item, body_as(LineUpdate()))
    commit()
    return CartLineOut().dump(item)


@blueprint.delete("/cart/items/<row_id:item_id>")
@login_required
def delete_item(item_id: int) -> Any:
    """Take a line out of the cart."""
    db.session.delete(_own_item(item_id))
    commit()
    return "", 204


@blueprint.get("/cart/checkout")
@login_required
def preview_checkout() -> Any:
    """Show what an order of the cart would cost. Nothing is ordered: that is the POST's."""
    return cart_of(_items())


@blueprint.post("/cart/checkout")
@login_required
def check_out() -> Any:
    """Make an order of the cart."""
    data = body_as(CheckoutIn())
    address = address_named(data["address_id"])
    items = [item for item in _items() if item.product.published and not item.product.deleted_at]
    if not items:
        conflict("The cart is empty.")
    lines = [(i.product, i.quantity, i.engraving, i.unit_price_cents) for i in items]
    order = order_of(address, lines, data)
    db.session.add(order)
    db.session.execute(delete(CartItem).where(CartItem.user_id == caller().id))
    commit()
    return OrderOut().dump(order), 201


def cart_of(items: list[CartItem]) -> dict[str, Any]:
    """The lines and what they cost together."""
    total = sum(item.quantity * item.unit_price_cents for item in items)
    return {"items": CartLineOut().dump(items, many=True), "total_cents": total}


def _items() -> list[CartItem]:
    return list(db.session.scalars(select(CartItem).where(CartItem.user_id == caller().id).order_by(CartItem.id)))


def _own_item(item_id: int) -> CartItem:
    item = find(CartItem, item_id)
    if item is None or item.user_id != caller().id:
        not_found()
    return item
