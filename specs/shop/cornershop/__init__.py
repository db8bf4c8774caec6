"""Cornershop: a small web shop with accounts, carts, orders, coupons and a public catalogue."""
