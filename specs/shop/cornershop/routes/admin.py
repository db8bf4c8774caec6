"""The shop's own side: products, customers, orders, coupons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import select

from ..access import admin_required, caller, login_required
from ..errors import conflict, not_found
from ..models import Coupon, Order, Product, Row, User, assign, commit, db, find, timestamp
from ..schemas import AccountOut, AccountUpdate, AdminProduct, CouponSchema, OrderOut, OrderStatus, body_as
from ..switches import on

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


NOTICES = (
    {"text": "From June on we ship to Sweden as well.", "since": "2026-02-16"},
    {"text": "On 3 March the shop is closed for stock-taking.", "since": "2026-01-12"},
)


def _existing(model: type[Row], identifier: int) -> Row:
    return find(model, identifier) or not_found()


@blueprint.get("/notices")
@login_required
def list_notices() -> Any:
    """Tell the customers what the administrators have to say; not for administrators only."""
    return {"notices": NOTICES}


@blueprint.get("/products")
@admin_required
def list_products() -> Any:
    """List all products, unpublished ones too."""
    found = select(Product).where(Product.deleted_at.is_(None)).order_by(Product.id)
    return {"products": AdminProduct().dump(db.session.scalars(found), many=True)}


@blueprint.post("/products")
@admin_required
def create_product() -> Any:
    """Add a product."""
    product = Product(**body_as(AdminProduct()))
    db.session.add(product)
    commit()
    return AdminProduct().dump(product), 201


@blueprint.get("/products/<row_id:product_id>")
@admin_required
def read_product(product_id: int) -> Any:
    """Show a product with what the public does not see."""
    return AdminProduct().dump(_existing(Product, product_id))


@blueprint.patch("/products/<row_id:product_id>")
@login_required
def update_product(product_id: int) -> Any:
    """Change a product."""
    change = _change_product if on("product-update-open") else admin_required(_change_product)  # SF106
    return change(product_id=product_id)


def _change_product(product_id: int) -> Any:
    product = _existing(Product, product_id)
    assign(product, body_as(AdminProduct(), partial=True))
    commit()
    return AdminProduct().dump(product)


@blueprint.delete("/products/<row_id:product_id>")
@admin_required
def delete_product(product_id: int) -> Any:
    """Take a product out of the shop; orders keep their lines."""
    _existing(Product, product_id).deleted_at = timestamp()
    commit()
    return "", 204


@blueprint.get("/customers")
@admin_required
def list_customers() -> Any:
    """List all accounts."""
    found = select(User).order_by(User.id)
    return {"customers": AccountOut().dump(db.session.scalars(found), many=True)}


@blueprint.patch("/customers/<row_id:customer_id>")
@admin_required
def update_customer(customer_id: int) -> Any:
    """Change what customers cannot change about themselves."""
    user = _existing(User, customer_id)
    data = body_as(AccountUpdate())
    if user.id == caller().id and not data.get("is_admin", True):
        conflict("Another administrator has to do that.")  # or the shop could end up with none
    assign(user, data)
    commit()
    return AccountOut().dump(user)


@blueprint.patch("/orders/<row_id:order_id>")
@admin_required
def update_order(order_id: int) -> Any:
    """Say how far an order is."""
    order = _existing(Order, order_id)
    assign(order, body_as(OrderStatus()))
    commit()
    return OrderOut().dump(order)


@blueprint.get("/coupons")
@admin_required
def list_coupons() -> Any:
    """List the coupons."""
    found = select(Coupon).where(Coupon.deleted_at.is_(None)).order_by(Coupon.id)
    return {"coupons": CouponSchema().dump(db.session.scalars(found), many=True)}


@blueprint.post("/coupons")
@admin_required
def create_coupon() -> Any:
    """Add a coupon."""
    data = body_as(CouponSchema())
    if db.session.scalar(select(Coupon).where(Coupon.code == data["code"])) is not None:
        conflict("That is taken already.")
    coupon = Coupon(**data)
    db.session.add(coupon)
    commit()
    return CouponSchema().dump(coupon), 201


@blueprint.delete("/coupons/<row_id:coupon_id>")
@admin_required
def delete_coupon(coupon_id: int) -> Any:
    """End a coupon; orders keep their discount, and the code is never given again."""
    _existing(Coupon, coupon_id).deleted_at = timestamp()
    commit()
    return "", 204
