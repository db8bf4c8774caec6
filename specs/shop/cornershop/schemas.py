"""What clients may send and what they get, as marshmallow schemas; properties not listed are ignored."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from .errors import Refusal
from .models import MAX_ID
from .switches import on


class Text(fields.String):
    """Text that can be stored: JSON may carry lone surrogates ("\\ud800"), UTF-8 and so SQLite cannot."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self.make_error("invalid_utf8")
        return text


class Whole(fields.Integer):
    """A JSON integer; marshmallow's own also takes "12"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """A JSON boolean; marshmallow's own also takes "yes" and 1."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def _text(maximum: int, minimum: int = 0, **options: Any) -> Text:
    return Text(validate=validate.Length(min=minimum, max=maximum), **options)


def _whole(minimum: int, maximum: int, **options: Any) -> Whole:
    return Whole(strict=True, validate=validate.Range(min=minimum, max=maximum), **options)


def _id(**options: Any) -> Whole:
    return _whole(1, MAX_ID, **options)


#: Loose on purpose: only mail that arrives proves an address.
EMAIL = validate.And(validate.Length(max=254), validate.Regexp(r"[^\s@]+@[^\s@]+\Z", error="No address."))
TIERS = ("bronze", "silver", "gold")
STATUSES = ("placed", "packed", "shipped", "cancelled")


class In(Schema):
    """A request's body or query."""

    class Meta:
        """Unknown properties are ignored, as the document says."""

        unknown = EXCLUDE


# Accounts


class Registration(In):
    """A new account."""

    email = Text(required=True, validate=EMAIL)
    password = _text(128, 8, required=True)
    nickname = _text(60, 1, required=True)
    name = _text(120)
    phone = _text(40)


class Credentials(In):
    """A login. No least length: a short password is wrong, not malformed."""

    email = _text(254, required=True)
    password = _text(128, required=True)


class ProfileUpdate(In):
    """What customers change about themselves."""

    nickname = _text(60, 1)
    name = _text(120)
    phone = _text(40)
    newsletter = Flag()


class AccountUpdate(In):
    """What administrators change about a customer."""

    is_admin = Flag()
    loyalty_tier = Text(validate=validate.OneOf(TIERS))
    store_credit_cents = _whole(0, 10_000_000)


class ProfileAndAccountUpdate(ProfileUpdate, AccountUpdate):
    """SF201: one form for both, so what is the administrators' to decide is the customer's."""


class AccountOut(Schema):
    """An account as its customer sees it."""

    id = fields.Integer()
    email = fields.String()
    nickname = fields.String()
    name = fields.String()
    phone = fields.String()
    newsletter = fields.Boolean()
    is_admin = fields.Boolean()
    loyalty_tier = fields.String()
    store_credit_cents = fields.Integer()
    created_at = fields.String()


class AccountRow(AccountOut):
    """SF205: the whole row."""

    support_notes = fields.String()
    password_hash = fields.String()


# Addresses


class AddressSchema(In):
    """An address, both ways."""

    id = fields.Integer(dump_only=True)
    recipient = _text(120, 1, required=True)
    street = _text(200, 1, required=True)
    postcode = _text(20, 1, required=True)
    city = _text(100, 1, required=True)
    country = Text(required=True, validate=validate.Regexp(r"[A-Z]{2}\Z", error="Two capital letters."))
    verified = fields.Boolean(dump_only=True)
    created_at = fields.String(dump_only=True)


class AddressVerifiable(AddressSchema):
    """SF202: `verified` was redeclared to be typed strictly, and lost its dump_only."""

    verified = Flag()


def address_schema() -> Schema:
    """The schema of addresses."""
    return AddressVerifiable() if on("address-verified-writable") else AddressSchema()


# What the browser keeps


class DisplaySettings(In):
    """How a browser wants the shop to be shown."""

    currency = Text(required=True, validate=validate.OneOf(("EUR", "GBP", "SEK")))
    language = Text(required=True, validate=validate.OneOf(("en", "nl", "sv")))


# Catalogue


class ProductQuery(In):
    """The filters of the catalogue."""

    q = _text(100)
    max_price_cents = fields.Integer(validate=validate.Range(min=0, max=MAX_ID))
    sort = Text(load_default="id", validate=validate.OneOf(("id", "name", "price_cents", "created_at")))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class LooseProductQuery(ProductQuery):
    """SF503: any sort key gets through."""

    sort = _text(40, load_default="id")


class ProductSearch(In):
    """A search of the catalogue by several words."""

    words = fields.List(_text(60, 1), required=True, validate=validate.Length(min=1, max=10))
    max_price_cents = _whole(0, MAX_ID)


class ProductOut(Schema):
    """A product as everybody sees it."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String()
    price_cents = fields.Integer()
    created_at = fields.String()


class AdminProduct(In):
    """A product as the shop keeps it, both ways."""

    id = fields.Integer(dump_only=True)
    name = _text(120, 1, required=True)
    description = _text(2000)
    price_cents = _whole(1, 10_000_000, required=True)
    cost_cents = _whole(0, 10_000_000)
    supplier = _text(120)
    shelf = _text(20)
    published = Flag()
    created_at = fields.String(dump_only=True)


class ReviewIn(In):
    """A review to be written."""

    rating = _whole(1, 5, required=True)
    text = _text(2000)


class ReviewWithAuthor(ReviewIn):
    """SF203: imported reviews name their author, and imports use this form as well."""

    author_id = _id()


class ReviewOut(Schema):
    """A review as everybody sees it."""

    id = fields.Integer()
    product_id = fields.Integer()
    author_id = fields.Integer()
    author_nickname = fields.String()
    rating = fields.Integer()
    text = fields.String()
    created_at = fields.String()


class WishIn(In):
    """A wish."""

    comment = _text(300, load_default="")


class WishOut(Schema):
    """A wish of the caller's."""

    product_id = fields.Integer()
    comment = fields.String()


# Cart and orders


class LineIn(In):
    """A line of a cart or an order."""

    product_id = _id(required=True)
    quantity = _whole(1, 99, load_default=1)
    engraving = _text(200, load_default="")


class PricedLineIn(LineIn):
    """SF201: the shop's own page sends the price along, and the order believes it."""

    unit_price_cents = _whole(0, 10_000_000)


class LineUpdate(In):
    """What can be changed about a line."""

    quantity = _whole(1, 99)
    engraving = _text(200)


class CartLineOut(Schema):
    """A line of the cart."""

    id = fields.Integer()
    product_id = fields.Integer()
    name = fields.String()
    quantity = fields.Integer()
    unit_price_cents = fields.Integer()
    engraving = fields.String()


class OrderLineOut(CartLineOut):
    """A line of an order."""

    order_id = fields.Integer()


class CouponApplication(In):
    """A coupon to be used."""

    coupon_code = _text(40, 1, required=True)


class CheckoutIn(In):
    """How the cart is to be ordered."""

    address_id = _id(required=True)
    note = _text(500, load_default="")
    gift_message = _text(500, load_default="")
    coupon_code = _text(40, 1)


class OrderIn(CheckoutIn):
    """An order without the cart."""

    items = fields.List(
        fields.Nested(lambda: PricedLineIn() if on("item-price-accepted") else LineIn()),
        required=True,
        validate=validate.Length(min=1, max=20),
    )


class QuoteIn(In):
    """What a quote is asked for."""

    items = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(min=1, max=20))
    coupon_code = _text(40, 1)


class OrderUpdate(In):
    """What customers change about an order."""

    address_id = _id()
    note = _text(500)
    gift_message = _text(500)


class OrderStatus(In):
    """What administrators change about an order."""

    status = Text(required=True, validate=validate.OneOf(STATUSES))


class OrderQuery(In):
    """The filters of GET /orders."""

    status = Text(validate=validate.OneOf(STATUSES))
    since = fields.Date()
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class OrderSearch(In):
    """The query of GET /orders/search."""

    q = _text(100, 1, required=True)


class OrderRead(In):
    """The query of GET /orders/{order_id}."""

    expand = Text(validate=validate.OneOf(("customer",)))


class OrderOut(Schema):
    """An order as its customer and viewers see it."""

    id = fields.Integer()
    customer_id = fields.Integer()
    status = fields.String()
    note = fields.String()
    gift_message = fields.String()
    coupon_code = fields.String()
    discount_percent = fields.Integer()
    total_cents = fields.Integer()
    items = fields.List(fields.Nested(OrderLineOut))
    shipping_address = fields.Nested(AddressSchema)
    viewer_ids = fields.List(fields.Integer())
    created_at = fields.String()


class CouponSchema(In):
    """A coupon, both ways."""

    id = fields.Integer(dump_only=True)
    code = Text(required=True, validate=validate.Regexp(r"[A-Z0-9-]{3,40}\Z", error="3 to 40 of A-Z, 0-9, -."))
    percent = _whole(1, 90, required=True)
    created_at = fields.String(dump_only=True)


def body_as(schema: Schema, *, partial: bool = False, any_type: bool = False) -> dict[str, Any]:
    """The request's JSON object, checked; 400, 413, 415 or 422.

    Only application/json is taken: a form on another site cannot send that without asking first.
    """
    if request.mimetype != "application/json" and not any_type:
        raise Refusal(415, "unsupported_media_type", "Send application/json.")
    return checked(schema, parsed_body(), partial=partial)


def parsed_body() -> Any:
    """The request's body as JSON."""
    try:
        return json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError):  # a few thousand "[" are enough for the latter
        raise Refusal(400, "bad_request", "The body is not JSON.") from None


def query_as(schema: Schema) -> dict[str, Any]:
    """The request's query, checked; 422."""
    return checked(schema, request.args.to_dict())


def checked(schema: Schema, data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The data as the schema wants it; 422."""
    try:
        loaded: dict[str, Any] = schema.load(data, partial=partial)
    except ValidationError as error:
        raise Refusal(422, "invalid", "Some values are not acceptable.", error.normalized_messages()) from None
    return loaded


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
