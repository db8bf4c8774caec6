"""The caller's orders, and those that the caller was let in on."""

from __future__ import annotations

import traceback
from typing import Any

from flask import Blueprint
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from ..access import caller, login_required, own_order, visible_order
from ..errors import Refusal, conflict, not_found
from ..models import Address as AddressRow
from ..models import (
    CartItem,
    Order,
    OrderViewer,
    Product,
    User,
    assign,
    commit,
    db,
    discounted,
    find,
    timestamp,
)
from ..ordering import address_named, coupon_named, line_of, order_of, still_open, use_coupon
from ..schemas import (
    CouponApplication,
    OrderIn,
    OrderOut,
    OrderQuery,
    OrderRead,
    OrderSearch,
    OrderUpdate,
    QuoteIn,
    body_as,
    parsed_body,
    query_as,
)
from ..switches import on
from .cart import cart_of

blueprint = Blueprint("orders", __name__)

PAGE = 100  # orders that a search answers with at most


@blueprint.get("/orders")
@login_required
def list_orders() -> Any:
    """List the caller's orders and those shared with the caller, newest first."""
    query = _order_query()
    shared = select(OrderViewer.order_id).where(OrderViewer.user_id == caller().id)
    found = select(Order).where(or_(Order.customer_id == caller().id, Order.id.in_(shared)), Order.deleted_at.is_(None))
    if "status" in query:
        found = found.where(Order.status == query["status"])
    if "since" in query:
        found = found.where(Order.created_at >= query["since"].isoformat())
    found = found.order_by(Order.id.desc()).limit(query["limit"])
    return {"orders": OrderOut().dump(db.session.scalars(found), many=True)}


def _order_query() -> dict[str, Any]:
    try:
        return query_as(OrderQuery())
    except Refusal as refusal:
        if on("order-filter-trace") and "since" in refusal.error.get("fields", {}):
            refusal.error["trace"] = traceback.format_exc()  # SF505: left over from debugging the date filter
        raise


@blueprint.post("/orders")
@login_required
def create_order() -> Any:
    """Order something without the cart."""
    data = body_as(OrderIn())
    if on("order-foreign-address"):
        # SF105: that there is such an address is not yet that it is the caller's.
        address = find(AddressRow, data["address_id"]) or address_named(data["address_id"])
    else:
        address = address_named(data["address_id"])
    order = order_of(address, [line_of(line) for line in data["items"]], data)
    db.session.add(order)
    commit()
    return OrderOut().dump(order), 201


@blueprint.get("/orders/search")
@login_required
def search_orders() -> Any:
    """Search the caller's orders for a text in note or gift message."""
    text = query_as(OrderSearch())["q"]
    mine = Order.customer_id == caller().id
    in_note = Order.note.contains(text, autoescape=True)
    in_message = Order.gift_message.contains(text, autoescape=True)
    # SF104: & binds tighter than |.
    wanted = mine & in_note | in_message if on("order-search-any") else mine & (in_note | in_message)
    found = select(Order).where(wanted, Order.deleted_at.is_(None)).order_by(Order.id.desc()).limit(PAGE)
    return {"orders": OrderOut().dump(db.session.scalars(found), many=True)}


@blueprint.get("/orders/export")
@login_required
def export_orders() -> Any:
    """Export the caller's own orders for bookkeeping."""
    found = select(Order).where(Order.customer_id == caller().id, Order.deleted_at.is_(None)).order_by(Order.id)
    columns = ("id", "status", "note", "total_cents", "created_at")
    return {"columns": columns, "rows": [[getattr(o, c) for c in columns] for o in db.session.scalars(found)]}


@blueprint.post("/orders/quote")
@login_required
def quote() -> Any:
    """Say what an order would cost. The request is repeated in the answer; nothing of it is kept."""
    data = body_as(QuoteIn())
    percent = coupon_named(data["coupon_code"]).percent if "coupon_code" in data else 0
    total = sum(quantity * price for _, quantity, _, price in map(line_of, data["items"]))
    return {"asked": parsed_body(), "discount_percent": percent, "total_cents": discounted(total, percent)}


@blueprint.get("/orders/<row_id:order_id>")
@login_required
def read_order(order_id: int) -> Any:
    """Show an order, on request with who ordered."""
    if "expand" not in query_as(OrderRead()):
        return OrderOut().dump(visible_order(order_id))
    if on("order-expanded-any"):
        # SF101: one query for both saves a round trip, and the check with it.
        found = select(Order, User).join(User, User.id == Order.customer_id)
        row = db.session.execute(found.where(Order.id == order_id, Order.deleted_at.is_(None))).first()
        order, customer = row or not_found()
    else:
        order = visible_order(order_id)
        customer = db.session.get_one(User, order.customer_id)
    return {**OrderOut().dump(order), "customer": {"id": customer.id, "nickname": customer.nickname}}


@blueprint.patch("/orders/<row_id:order_id>")
@login_required
def update_order(order_id: int) -> Any:
    """Change an order that is not on its way yet."""
    order = still_open(own_order(order_id))
    data = body_as(OrderUpdate())
    if "address_id" in data:
        order.shipping_address = address_named(data.pop("address_id"))
    assign(order, data)
    commit()
    return OrderOut().dump(order)


@blueprint.delete("/orders/<row_id:order_id>")
@login_required
def delete_order(order_id: int) -> Any:
    """Hide an order; the books keep it."""
    hide = update(Order).where(Order.id == order_id, Order.deleted_at.is_(None))
    if not on("order-delete-any"):
        own_order(order_id)
        hide = hide.where(Order.customer_id == caller().id)
    # SF103: with nothing before it, the UPDATE hides whose order it may be.
    if db.session.execute(hide.values(deleted_at=timestamp())).rowcount == 0:
        not_found()
    commit()
    return "", 204


@blueprint.post("/orders/<row_id:order_id>/cancel")
def cancel_order(order_id: int) -> Any:
    """Cancel an order; one that is cancelled already stays so."""
    if on("cancel-without-login"):
        # SF301: "whoever has the link has the mail", but the link holds nothing secret.
        order = find(Order, order_id) or not_found()
    else:
        order = own_order(order_id)
    if order.status not in ("placed", "cancelled"):
        conflict("This order is on its way.")
    order.status = "cancelled"
    commit()
    return {"id": order.id, "status": order.status}


@blueprint.post("/orders/<row_id:order_id>/coupon")
@login_required
def apply_coupon(order_id: int) -> Any:
    """Use a coupon for an order that is not on its way yet."""
    order = still_open(own_order(order_id))
    use_coupon(order, coupon_named(body_as(CouponApplication())["coupon_code"]))
    commit()
    return OrderOut().dump(order)


@blueprint.get("/orders/<row_id:order_id>/tracking")
def track_order(order_id: int) -> Any:
    """Say where an order is, for its customer and viewers."""
    if on("tracking-without-login"):
        order = find(Order, order_id) or not_found()  # SF302
    else:
        order = visible_order(order_id)
    return {
        "order_id": order.id,
        "status": order.status,
        "note": order.note,
        "recipient": order.shipping_address.recipient,
        "city": order.shipping_address.city,
    }


@blueprint.get("/orders/<row_id:order_id>/invoice")
@login_required
def read_invoice(order_id: int) -> Any:
    """Show the invoice, which is only for who pays."""
    if on("invoice-read-any"):
        order = find(Order, order_id) or not_found()  # SF101
    else:
        order = own_order(order_id)
    shown = OrderOut(only=("items", "total_cents", "discount_percent", "note")).dump(order)
    return {**shown, "number": f"CS-{order.id:06}", "billed_to": shipping_line(order.shipping_address)}


def shipping_line(address: AddressRow) -> str:
    """An address in a line."""
    return f"{address.recipient}, {address.street}, {address.postcode} {address.city}, {address.country}"


@blueprint.get("/orders/<row_id:order_id>/reorder")
@login_required
def preview_reorder(order_id: int) -> Any:
    """Show what would be in the cart if the order were repeated; the cart stays as it is."""
    order = own_order(order_id)
    items = []
    for line in order.items:
        product = find(Product, line.product_id)
        if product is not None and product.published:
            of_it = {"product": product, "product_id": product.id}
            item = CartItem(user_id=caller().id, quantity=line.quantity, engraving=line.engraving, **of_it)
            items.append(item)
    if on("reorder-by-get"):
        db.session.add_all(items)  # SF314: the page's button was a link at first
        commit()
    return _without_ids(cart_of(items))


def _without_ids(cart: dict[str, Any]) -> dict[str, Any]:
    return {**cart, "items": [{k: v for k, v in item.items() if k != "id"} for item in cart["items"]]}


@blueprint.put("/orders/<row_id:order_id>/viewers/<row_id:customer_id>")
@login_required
def add_viewer(order_id: int, customer_id: int) -> Any:
    """Let another customer look on."""
    order = own_order(order_id)
    viewer = find(User, customer_id)
    if viewer is None:
        not_found()
    values = {"order_id": order.id, "user_id": viewer.id}
    db.session.execute(insert(OrderViewer).values(**values).on_conflict_do_nothing())
    commit()
    return "", 204


@blueprint.delete("/orders/<row_id:order_id>/viewers/<row_id:customer_id>")
@login_required
def remove_viewer(order_id: int, customer_id: int) -> Any:
    """Do not let another customer look on any more; whether they could does not matter."""
    order = own_order(order_id)
    gone = (OrderViewer.order_id == order.id, OrderViewer.user_id == customer_id)
    db.session.execute(delete(OrderViewer).where(*gone))
    commit()
    return "", 204
