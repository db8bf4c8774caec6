"""The caller's address book."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request
from flask import current_app as app
from sqlalchemy import select

from ..access import caller, login_required, own_address
from ..errors import Refusal, not_found
from ..models import Address, assign, commit, db, find, timestamp
from ..schemas import address_schema, body_as, parsed_body
from ..switches import on

blueprint = Blueprint("addresses", __name__)


@blueprint.get("/addresses")
@login_required
def list_addresses() -> Any:
    """List the caller's addresses."""
    mine = select(Address).where(Address.user_id == caller().id, Address.deleted_at.is_(None))
    return {"addresses": address_schema().dump(db.session.scalars(mine.order_by(Address.id)), many=True)}


@blueprint.post("/addresses")
@login_required
def create_address() -> Any:
    """Add an address."""
    data = body_as(address_schema(), any_type=on("address-plain-text"))  # SF313
    address = Address(user_id=caller().id, **data)
    db.session.add(address)
    commit()
    return address_schema().dump(address), 201


@blueprint.post("/addresses/check")
@login_required
def check_address() -> Any:
    """Say whether an address would do. It is repeated in the answer; nothing of it is kept."""
    body_as(address_schema())
    return {"asked": parsed_body(), "usable": True}


@blueprint.get("/addresses/<row_id:address_id>")
def read_address(address_id: int) -> Any:
    """Show an address."""
    if on("address-any-cookie"):
        return address_schema().dump(_address_behind_proxy(address_id))
    return address_schema().dump(own_address(address_id))


def _address_behind_proxy(address_id: int) -> Address:
    # SF303: "the proxy keeps out who has no session", so a cookie is looked for, not read; and where
    # nobody is logged in, nobody's addresses are compared.
    if app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        raise Refusal(401, "unauthenticated", "Log in first.")
    address = find(Address, address_id)
    if address is None or (g.caller is not None and address.user_id != g.caller.id):
        not_found()
    return address


@blueprint.put("/addresses/<row_id:address_id>")
@login_required
def replace_address(address_id: int) -> Any:
    """Replace an address."""
    if on("address-update-any"):
        address = find(Address, address_id) or not_found()  # SF102
    else:
        address = own_address(address_id)
    assign(address, body_as(address_schema()))
    commit()
    return address_schema().dump(address)


@blueprint.delete("/addresses/<row_id:address_id>")
@login_required
def delete_address(address_id: int) -> Any:
    """Take an address out of the book; orders that went there keep it."""
    own_address(address_id).deleted_at = timestamp()
    commit()
    return "", 204
