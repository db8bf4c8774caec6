"""The operations, a blueprint for each part of the shop."""

from __future__ import annotations

from flask import Blueprint

from . import accounts, addresses, admin, browser, cart, catalogue, meta, order_items, orders, wishlist

BLUEPRINTS: tuple[Blueprint, ...] = (
    meta.blueprint,
    accounts.blueprint,
    addresses.blueprint,
    catalogue.blueprint,
    browser.blueprint,
    wishlist.blueprint,
    cart.blueprint,
    orders.blueprint,
    order_items.blueprint,
    admin.blueprint,
)
