"""The lines of an order."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ..access import login_required, own_order, visible_order
from ..errors import not_found
from ..models import Order, OrderItem, assign, commit, db, find
from ..ordering import item_of, line_of, still_open
from ..schemas import LineIn, LineUpdate, OrderLineOut, body_as
from ..switches import on

blueprint = Blueprint("order_items", __name__)


@blueprint.get("/orders/<row_id:order_id>/items")
@login_required
def list_items(order_id: int) -> Any:
    """List the lines of an order."""
    return {"items": OrderLineOut().dump(visible_order(order_id).items, many=True)}


@blueprint.post("/orders/<row_id:order_id>/items")
@login_required
def create_item(order_id: int) -> Any:
    """Add a line to an order that is not on its way yet."""
    order = still_open(own_order(order_id))
    item = item_of(line_of(body_as(LineIn())))
    item.order_id = order.id
    db.session.add(item)
    commit()
    return OrderLineOut().dump(item), 201


@blueprint.get("/orders/<row_id:order_id>/items/<row_id:item_id>")
@login_required
def read_item(order_id: int, item_id: int) -> Any:
    """Show a line of an order."""
    return OrderLineOut().dump(_item_of(visible_order(order_id), item_id))


@blueprint.patch("/orders/<row_id:order_id>/items/<row_id:item_id>")
@login_required
def update_item(order_id: int, item_id: int) -> Any:
    """Change a line of an order that is not on its way yet."""
    order = still_open(own_order(order_id))
    if on("item-foreign-parent"):
        item = find(OrderItem, item_id) or not_found()  # SF105: the order is checked, that it is its item is not
    else:
        item = _item_of(order, item_id)
    assign(item, body_as(LineUpdate()))
    commit()
    return OrderLineOut().dump(item)


@blueprint.delete("/orders/<row_id:order_id>/items/<row_id:item_id>")
@login_required
def delete_item(order_id: int, item_id: int) -> Any:
    """Take a line off an order that is not on its way yet."""
    item = _item_of(still_open(own_order(order_id)), item_id)
    db.session.delete(item)
    commit()
    return "", 204


def _item_of(order: Order, item_id: int) -> OrderItem:
    item = find(OrderItem, item_id)
    if item is None or item.order_id != order.id:
        not_found()
    return item
