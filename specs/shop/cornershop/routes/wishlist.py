"""What the caller would like; an entry is known by its product, so everybody has their own under a path."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from ..access import caller, login_required, public_product
from ..errors import not_found
from ..models import WishlistEntry, commit, db
from ..schemas import WishIn, WishOut, body_as

blueprint = Blueprint("wishlist", __name__)


@blueprint.get("/wishlist")
@login_required
def list_entries() -> Any:
    """List the caller's wishes."""
    mine = select(WishlistEntry).where(WishlistEntry.user_id == caller().id).order_by(WishlistEntry.id)
    return {"wishes": WishOut().dump(db.session.scalars(mine), many=True)}


@blueprint.get("/wishlist/<row_id:product_id>")
@login_required
def read_entry(product_id: int) -> Any:
    """Show the caller's wish for a product."""
    return WishOut().dump(_mine(product_id) or not_found())


@blueprint.put("/wishlist/<row_id:product_id>")
@login_required
def put_entry(product_id: int) -> Any:
    """Wish for a product, or change the comment on a wish."""
    product = public_product(product_id)
    values = {"user_id": caller().id, "product_id": product.id, **body_as(WishIn())}
    key = (WishlistEntry.user_id, WishlistEntry.product_id)
    upsert = insert(WishlistEntry).values(**values)
    db.session.execute(upsert.on_conflict_do_update(index_elements=key, set_={"comment": values["comment"]}))
    commit()
    return WishOut().dump(values)


@blueprint.delete("/wishlist/<row_id:product_id>")
@login_required
def delete_entry(product_id: int) -> Any:
    """See to it that the caller has no such wish; whether there was one does not matter."""
    mine = (WishlistEntry.user_id == caller().id, WishlistEntry.product_id == product_id)
    db.session.execute(delete(WishlistEntry).where(*mine))
    commit()
    return "", 204


def _mine(product_id: int) -> WishlistEntry | None:
    mine = (WishlistEntry.user_id == caller().id, WishlistEntry.product_id == product_id)
    return db.session.scalar(select(WishlistEntry).where(*mine))
