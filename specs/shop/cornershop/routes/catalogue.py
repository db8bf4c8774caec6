"""The public catalogue: products, and what customers say of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import Select, or_, select

from ..access import caller, login_required, public_product, public_review
from ..errors import forbidden, invalid
from ..models import Product, Review, User, assign, commit, db, find
from ..schemas import (
    LooseProductQuery,
    ProductOut,
    ProductQuery,
    ProductSearch,
    ReviewIn,
    ReviewOut,
    ReviewWithAuthor,
    body_as,
    query_as,
)
from ..switches import on
from .browser import remember_viewed

blueprint = Blueprint("catalogue", __name__)

PAGE = 100  # products that a search answers with at most


@blueprint.get("/products")
def list_products() -> Any:
    """List products."""
    query = query_as(LooseProductQuery() if on("product-sort-crashes") else ProductQuery())
    found = _public()
    if "q" in query:
        found = found.where(Product.name.contains(query["q"], autoescape=True))
    if "max_price_cents" in query:
        found = found.where(Product.price_cents <= query["max_price_cents"])
    # SF503: without the schema's list of keys, getattr() meets names that are no columns.
    found = found.order_by(getattr(Product, query["sort"]), Product.id).limit(query["limit"])
    return {"products": ProductOut().dump(db.session.scalars(found), many=True)}


@blueprint.post("/products/search")
def search_products() -> Any:
    """Search for any of several words. A POST for its body's sake: it reads only."""
    query = body_as(ProductSearch())
    found = _public().where(
        or_(
            *(
                column.contains(word, autoescape=True)
                for word in query["words"]
                for column in (Product.name, Product.description)
            )
        )
    )
    if "max_price_cents" in query:
        found = found.where(Product.price_cents <= query["max_price_cents"])
    return {"products": ProductOut().dump(db.session.scalars(found.order_by(Product.id).limit(PAGE)), many=True)}


@blueprint.get("/products/<row_id:product_id>")
def read_product(product_id: int) -> Any:
    """Show a product."""
    product = public_product(product_id)
    shown = ProductOut().dump(product)
    if on("product-shelf-returned"):
        shown["shelf"] = product.shelf  # SF204: for the staff's page, which uses this operation as well
    return remember_viewed(jsonify(shown), product.id)


@blueprint.get("/products/<row_id:product_id>/reviews")
def list_reviews(product_id: int) -> Any:
    """List what customers say of a product."""
    product = public_product(product_id)
    found = select(Review).where(Review.product_id == product.id).order_by(Review.id.desc()).limit(PAGE)
    return {"reviews": ReviewOut().dump(db.session.scalars(found), many=True)}


@blueprint.post("/products/<row_id:product_id>/reviews")
@login_required
def create_review(product_id: int) -> Any:
    """Say something of a product."""
    product = public_product(product_id)
    data = body_as(ReviewWithAuthor() if on("review-author-writable") else ReviewIn())
    author = find(User, data.pop("author_id", caller().id))  # SF203: only the loose form lets an author_id in
    if author is None:
        invalid("author_id", "Unknown customer.")
    review = Review(product_id=product.id, author=author, **data)
    db.session.add(review)
    commit()
    return ReviewOut().dump(review), 201


@blueprint.get("/products/<row_id:product_id>/reviews/<row_id:review_id>")
def read_review(product_id: int, review_id: int) -> Any:
    """Show a review."""
    return ReviewOut().dump(public_review(product_id, review_id))


@blueprint.patch("/products/<row_id:product_id>/reviews/<row_id:review_id>")
@login_required
def update_review(product_id: int, review_id: int) -> Any:
    """Change a review of the caller's."""
    review = public_review(product_id, review_id)
    if on("review-saved-before-check"):
        assign(review, body_as(ReviewIn(), partial=True))
        commit()  # SF304
        _check_author(review)
    else:
        _check_author(review)
        assign(review, body_as(ReviewIn(), partial=True))
        commit()
    return ReviewOut().dump(review)


@blueprint.delete("/products/<row_id:product_id>/reviews/<row_id:review_id>")
@login_required
def delete_review(product_id: int, review_id: int) -> Any:
    """Take back a review of the caller's."""
    review = public_review(product_id, review_id)
    _check_author(review)
    db.session.delete(review)
    commit()
    return "", 204


def _check_author(review: Review) -> None:
    # 403 and not 404: everybody can read reviews, so nothing is given away.
    if review.author_id != caller().id:
        forbidden("Reviews are changed by their authors.")


def _public() -> Select[tuple[Product]]:
    return select(Product).where(Product.published, Product.deleted_at.is_(None))
