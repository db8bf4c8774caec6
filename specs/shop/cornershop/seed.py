"""What the shop holds when it opens."""

from __future__ import annotations

from .models import (
    Address,
    CartItem,
    Coupon,
    Order,
    OrderItem,
    OrderViewer,
    Product,
    Review,
    User,
    WishlistEntry,
    db,
    timestamp,
)

# Nickname, name, phone, loyalty tier, store credit in cents, what support wrote. The first runs the shop.
PEOPLE = (
    ("admin", "Ada Winkel", "+31 20 555 0100", "bronze", 0, "runs the shop"),
    ("alice", "Alice Amsel", "+31 20 555 0101", "bronze", 0, "asked twice about invoices"),
    ("bob", "Bob Baars", "+31 20 555 0102", "bronze", 500, "prefers mail"),
    ("carol", "Carol Cuyp", "+31 20 555 0103", "gold", 2500, "complained about a broken teapot; refunded"),
    ("dave", "Dave Dijk", "+31 20 555 0104", "silver", 0, "no contact yet"),
)
PASSWORDS = {name: f"{name}-pass-1" for name, *_ in PEOPLE}

# Name, description, price, cost, supplier, shelf, published.
PRODUCTS = (
    ("Teapot", "Cast iron, 1.2 l, with a sieve.", 4900, 2100, "Iwachu", "A1", True),
    ("Darjeeling", "First flush, 100 g.", 1450, 620, "Goomtee", "A2", True),
    ("Fountain pen", "Steel nib, medium; can be engraved.", 3900, 1500, "Lamy", "B1", True),
    ("Notebook", "Dotted, 180 pages, lies flat.", 1795, 700, "Leuchtturm", "B2", True),
    ("Desk lamp", "Brass, with a dimmer.", 12900, 6400, "Anglepoise", "C1", True),
    ("Linen apron", "Two pockets, washable at 60 degrees.", 3450, 1300, "Libeco", "C2", True),
    ("Winter box", "Comes in November.", 5900, 2600, "several", "Z9", False),
    ("Glass straws", "Sold out for good.", 990, 300, "Halm", "Z8", True),
)


def email_of(name: str) -> str:
    """The address that somebody logs in with."""
    return f"{name}@shop.example"


def seed() -> None:
    """Fill the empty database."""
    people = {row[0]: _person(*row) for row in PEOPLE}
    products = [_product(*row) for row in PRODUCTS]
    db.session.add_all([*people.values(), *products])
    db.session.flush()
    products[-1].deleted_at = timestamp()
    teapot, tea, pen, notebook, lamp, *_ = products
    addresses = {name: _address(user) for name, user in people.items()}
    db.session.add_all(
        [
            *addresses.values(),
            Coupon(code="WELCOME10", percent=10),
            Coupon(code="STAFF-40", percent=40),
            Review(product_id=teapot.id, author=people["carol"], rating=2, text="Arrived with a crack."),
            Review(product_id=teapot.id, author=people["dave"], rating=5, text="Keeps warm for an hour."),
            Review(product_id=pen.id, author=people["alice"], rating=4, text="Writes well, smudges a little."),
            Review(product_id=lamp.id, author=people["bob"], rating=5, text="Bright, and quiet when dimmed."),
            WishlistEntry(user_id=people["carol"].id, product_id=lamp.id, comment="for the hall"),
            CartItem(user_id=people["dave"].id, product_id=notebook.id, quantity=3, engraving=""),
        ]
    )
    household = _order(people["carol"], addresses["carol"], "For all of us: office supplies", [notebook, tea])
    gift = _order(people["carol"], addresses["carol"], "Please wrap it", [teapot])
    gift.gift_message = "Happy birthday, Ms Visser!"
    sent = _order(people["dave"], addresses["dave"], "Leave it with the neighbours at 14", [lamp])
    sent.status = "shipped"
    own = [_order(people[name], addresses[name], f"Ring twice, says {name}", [pen]) for name in ("alice", "bob")]
    db.session.add_all([household, gift, sent, *own])
    db.session.flush()
    for name in ("alice", "bob"):
        db.session.add(OrderViewer(order_id=household.id, user_id=people[name].id))
    db.session.commit()


def _person(nickname: str, name: str, phone: str, tier: str, credit_cents: int, notes: str) -> User:
    user = User(
        email=email_of(nickname),
        nickname=nickname,
        name=name,
        phone=phone,
        is_admin=nickname == "admin",
        loyalty_tier=tier,
        store_credit_cents=credit_cents,
        support_notes=notes,
    )
    user.set_password(PASSWORDS[nickname])
    return user


def _product(
    name: str, description: str, price_cents: int, cost_cents: int, supplier: str, shelf: str, published: bool
) -> Product:
    return Product(
        name=name,
        description=description,
        price_cents=price_cents,
        cost_cents=cost_cents,
        supplier=supplier,
        shelf=shelf,
        published=published,
    )


def _address(user: User) -> Address:
    street = f"{user.name.split()[-1]}straat {10 + user.id}"
    return Address(user_id=user.id, recipient=user.name, street=street, postcode=f"10{user.id:02} AB", city="Amsterdam")


def _order(user: User, address: Address, note: str, products: list[Product]) -> Order:
    items = [
        OrderItem(product_id=product.id, name=product.name, quantity=1, unit_price_cents=product.price_cents)
        for product in products
    ]
    return Order(customer_id=user.id, shipping_address=address, note=note, items=items)
