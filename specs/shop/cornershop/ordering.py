"""How orders are put together: products, prices, coupons, addresses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from .access import caller
from .errors import conflict, invalid
from .models import Address, Coupon, Order, OrderItem, Product, db, find

#: Product, quantity, engraving, price of one.
Line = tuple[Product, int, str, int]


def product_named(product_id: int) -> Product:
    """A product of the catalogue that a body names; 422 for all others, as the path itself is right."""
    product = find(Product, product_id)
    if product is None or not product.published:
        invalid("product_id", "No such product.")
    return product


def address_named(address_id: int) -> Address:
    """The caller's address that a body names; 422 for all others."""
    address = find(Address, address_id)
    if address is None or address.user_id != caller().id:
        invalid("address_id", "No such address.")
    return address


def coupon_named(code: str) -> Coupon:
    """The coupon with this code; 422 if there is none."""
    coupon = db.session.scalar(select(Coupon).where(Coupon.code == code, Coupon.deleted_at.is_(None)))
    if coupon is None:
        invalid("coupon_code", "No such coupon.")
    return coupon


def line_of(data: dict[str, Any]) -> Line:
    """A requested line at today's price."""
    product = product_named(data["product_id"])
    # SF201: only PricedLineIn lets a price in.
    return product, data["quantity"], data["engraving"], data.get("unit_price_cents", product.price_cents)


def item_of(line: Line) -> OrderItem:
    """A line as an order keeps it."""
    product, quantity, engraving, price_cents = line
    return OrderItem(
        product_id=product.id,
        name=product.name,
        quantity=quantity,
        unit_price_cents=price_cents,
        engraving=engraving,
    )


def order_of(address: Address, lines: Iterable[Line], data: dict[str, Any]) -> Order:
    """A new order of the caller's, not stored yet."""
    order = Order(
        customer_id=caller().id,
        shipping_address=address,
        items=[item_of(line) for line in lines],
        note=data["note"],
        gift_message=data["gift_message"],
        viewers=[],
    )
    if "coupon_code" in data:
        use_coupon(order, coupon_named(data["coupon_code"]))
    return order


def use_coupon(order: Order, coupon: Coupon) -> None:
    """Give the order the coupon's discount; an earlier coupon's is gone."""
    order.coupon_code = coupon.code
    order.discount_percent = coupon.percent


def still_open(order: Order) -> Order:
    """The order, if it can still be changed; 409 once it is on its way or cancelled."""
    if order.status != "placed":
        conflict("This order cannot be changed any more.")
    return order
