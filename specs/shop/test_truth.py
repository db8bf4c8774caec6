"""truth.toml holds: every switch opens what it says and nothing else does, and the traps are none."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from itsdangerous import BadSignature, URLSafeSerializer
from openapi_spec_validator import validate

sys.path.insert(0, str(Path(__file__).parent))  # the shop is a program in a folder, not an installed package

from cornershop.switches import SWITCHES, parse
from shop_exploits import EXPLOITS, WORDS
from shop_visitor import HERE, PUBLIC, SPEC, Shop, Visitor, unique

TRUTH: dict[str, Any] = tomllib.loads((HERE / "truth.toml").read_text())
NEEDS = {weakness["switch"]: weakness.get("needs", []) for weakness in TRUTH["weakness"]}
TWINS = {"secure": frozenset[str](), "insecure": frozenset(SWITCHES)}


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Opens shops with these switches on; the same for the same switches, as opening takes a while."""
    return cache(lambda switches: Shop(switches, tmp_path_factory.mktemp("shop")))


@pytest.fixture
def secure(open_shop: Any) -> Shop:
    """The secure twin."""
    shop: Shop = open_shop(TWINS["secure"])
    return shop


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_works_with_its_switch(switch: str, open_shop: Any) -> None:
    assert EXPLOITS[switch](open_shop(frozenset({switch, *NEEDS[switch]})))


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_works_with_all_switches(switch: str, open_shop: Any) -> None:
    assert EXPLOITS[switch](open_shop(TWINS["insecure"]))


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_fails_without_switches(switch: str, secure: Shop) -> None:
    assert not EXPLOITS[switch](secure)


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_fails_with_the_other_switches(switch: str, open_shop: Any) -> None:
    assert not EXPLOITS[switch](open_shop(TWINS["insecure"] - {switch}))


# truth.toml, the code and the document agree.


def test_truth_and_code_have_the_same_switches() -> None:
    assert list(NEEDS) == list(SWITCHES)
    assert set(EXPLOITS) == set(SWITCHES)
    assert {consequence["switch"] for consequence in TRUTH["consequence"]} <= set(SWITCHES)
    for weakness in TRUTH["weakness"]:
        assert SWITCHES[weakness["switch"]].startswith(weakness["rule"])


def test_truth_names_operations_of_the_contract() -> None:
    validate(SPEC)
    for entry in TRUTH["weakness"] + TRUTH["consequence"] + TRUTH["trap"]:
        assert entry["method"].lower() in SPEC["paths"][entry["path"]], entry


def test_traps_are_not_also_weaknesses() -> None:
    def key(entry: dict[str, Any]) -> tuple[str, ...]:
        return entry["rule"], entry["method"], entry["path"]

    entries = [(*key(entry), entry.get("field")) for entry in TRUTH["weakness"] + TRUTH["consequence"]]
    with_switch = [
        (entry["switch"], *key(entry), entry.get("field")) for entry in TRUTH["weakness"] + TRUTH["consequence"]
    ]
    assert len(with_switch) == len(set(with_switch))
    assert not {key(trap) for trap in TRUTH["trap"]} & {entry[:3] for entry in entries}


def test_the_document_and_the_routes_agree(secure: Shop) -> None:
    served = {
        (method, "/" + rule.rule.strip("/").replace("<row_id:", "{").replace(">", "}"))
        for rule in secure.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    declared = {(method.upper(), path) for path, item in SPEC["paths"].items() for method in item}
    assert served == declared


def test_a_misspelt_switch_is_named() -> None:
    with pytest.raises(ValueError, match="did you mean 'reorder-by-get'"):
        parse("reorder-by-gte")


# The traps: each behaves the same in both twins.


def trap_public_profile(shop: Shop) -> None:
    alice = shop.visitor("alice")
    profile = shop.visitor("bob").read(f"/customers/{alice.id}")
    assert profile["nickname"] == "alice" and set(profile) == {
        "id",
        "nickname",
        "review_count",
        "member_since",
    }
    assert profile == shop.visitor().read(f"/customers/{alice.id}")


def trap_public_product(shop: Shop) -> None:
    guest, admin = shop.visitor(), shop.visitor("admin")
    made = admin.make("/admin/products", name=unique("product"), price_cents=100, published=False)
    path = f"/products/{made['id']}"
    assert guest.status(path) == 404
    admin.send("PATCH", f"/admin{path}", {"published": True})
    assert guest.read(path)["name"] == made["name"]
    admin.send("DELETE", f"/admin{path}")
    assert guest.status(path) == 404


def trap_public_reviews(shop: Shop) -> None:
    review = shop.visitor("alice").review()
    for visitor in (shop.visitor("bob"), shop.visitor()):
        assert review in visitor.read("/products/1/reviews")["reviews"]


def trap_review_refused_openly(shop: Shop) -> None:
    alice, bob = shop.visitor("alice"), shop.visitor("bob")
    path = f"/products/1/reviews/{alice.review()['id']}"
    assert shop.visitor().send("DELETE", path).status_code == 401
    assert bob.send("DELETE", path).status_code == 403
    assert bob.send("DELETE", "/products/1/reviews/987654321").status_code == 404
    assert bob.send("DELETE", path.replace("products/1", "products/2")).status_code == 404
    assert bob.status(path) == 200
    assert alice.send("DELETE", path).status_code == 204
    assert alice.status(path) == 404


def trap_search_by_post(shop: Shop) -> None:
    found = shop.visitor().make("/products/search", words=["pen", "iron"])["products"]
    assert {product["name"] for product in found} >= {"Fountain pen", "Teapot"}


def trap_search_without_token(shop: Shop) -> None:
    bob = shop.visitor("bob")
    answer = bob.send("POST", "/products/search", {"words": ["pen"]}, csrf=None)
    assert answer.status_code == 200 and answer.json == shop.visitor().make("/products/search", words=["pen"])


def trap_wishlist_delete_always_204(shop: Shop) -> None:
    alice, bob = shop.visitor("alice"), shop.visitor("bob")
    assert alice.send("PUT", "/wishlist/2", {"comment": "mine"}).status_code == 200
    for product_id in (2, 3, 987654321):
        assert bob.send("DELETE", f"/wishlist/{product_id}").status_code == 204
    assert alice.read("/wishlist/2")["comment"] == "mine"
    assert shop.visitor().send("DELETE", "/wishlist/2").status_code == 401


def trap_wishlist_own_under_same_path(shop: Shop) -> None:
    alice, bob = shop.visitor("alice"), shop.visitor("bob")
    for visitor, comment in ((alice, "one"), (bob, "two"), (bob, "three")):
        assert visitor.send("PUT", "/wishlist/2", {"comment": comment}).status_code == 200
    assert alice.read("/wishlist/2")["comment"] == "one"
    assert bob.read("/wishlist/2")["comment"] == "three"


def trap_viewer_reads_shared_order(shop: Shop) -> None:
    alice, bob = shop.visitor("alice"), shop.visitor("bob")
    order, kept = alice.order(), alice.order()
    path, viewer = f"/orders/{order['id']}", f"/orders/{order['id']}/viewers/{bob.id}"
    assert bob.status(f"{path}/items") == 404
    assert alice.send("PUT", viewer).status_code == 204
    assert bob.read(f"{path}/items")["items"] == order["items"]
    assert {o["id"] for o in bob.read("/orders")["orders"]} & {order["id"], kept["id"]} == {order["id"]}
    assert bob.send("PATCH", path, {"note": "x"}).status_code == 403
    assert bob.send("PUT", f"{path}/viewers/4").status_code == 403
    assert alice.send("DELETE", viewer).status_code == 204
    assert bob.status(f"{path}/items") == 404


def trap_checkout_preview(shop: Shop) -> None:
    carol = shop.visitor("carol")
    carol.make("/cart/items", product_id=2, quantity=3)
    before = carol.read("/cart"), carol.read("/orders")
    assert carol.read("/cart/checkout")["total_cents"] == 3 * 1450
    assert before == (carol.read("/cart"), carol.read("/orders"))


def trap_sign_up_shows_defaults(shop: Shop) -> None:
    guest = shop.visitor()
    body = {"email": f"{unique('x')}@shop.example", "password": "long enough", "nickname": "erin"}
    more = {"is_admin": True, "loyalty_tier": "gold", "store_credit_cents": 5, "id": 99}
    made = guest.make("/auth/register", **body, **more)
    assert (made["is_admin"], made["loyalty_tier"], made["store_credit_cents"]) == (False, "bronze", 0)
    listed = shop.visitor("admin").read("/admin/customers")["customers"]
    assert made in listed
    credentials = {name: body[name] for name in ("email", "password")}
    assert guest.send("POST", "/auth/login", credentials).json == made


def trap_quote_repeats_request(shop: Shop) -> None:
    bob = shop.visitor("bob")
    orders, me = bob.read("/orders"), bob.read("/me")
    body = {"items": [{"product_id": 6, "quantity": 2}], "coupon_code": "WELCOME10", "is_admin": True}
    quote = bob.make("/orders/quote", **body)
    assert quote == {"asked": body, "discount_percent": 10, "total_cents": 6210}
    assert (orders, me) == (bob.read("/orders"), bob.read("/me"))


def trap_logout_without_session(shop: Shop) -> None:
    alice, guest = shop.visitor("alice"), shop.visitor()
    assert guest.send("POST", "/auth/logout").status_code == 204
    assert alice.send("POST", "/auth/logout", csrf=None).status_code == 400
    assert alice.status("/me") == 200


def trap_notices_for_customers(shop: Shop) -> None:
    guest, dave, admin = shop.visitor(), shop.visitor("dave"), shop.visitor("admin")
    assert guest.status("/admin/notices") == 401
    notices = dave.read("/admin/notices")
    assert notices == admin.read("/admin/notices") and notices["notices"]
    assert dave.status("/admin/customers") == 403


def trap_address_check_repeats(shop: Shop) -> None:
    bob = shop.visitor("bob")
    before = bob.read("/addresses")
    asked = {**Visitor.address_body(), "verified": True, "id": 1, "created_at": "x", "owner": "alice"}
    assert bob.make("/addresses/check", **asked) == {"asked": asked, "usable": True}
    assert bob.send("POST", "/addresses/check", {**asked, "country": "Holland"}).status_code == 422
    assert bob.read("/addresses") == before


def trap_quote_asked_open(shop: Shop) -> None:
    body = {"items": [{"product_id": 6, "colour": "blue"}], "basket": unique("basket")}
    assert shop.visitor("bob").make("/orders/quote", **body)["asked"] == body
    asked = SPEC["components"]["schemas"]["Quote"]["properties"]["asked"]
    assert asked["additionalProperties"] is True and "properties" not in asked


def look_at(visitor: Visitor, *product_ids: int) -> str:
    """The cookie `recent` after a look at these products."""
    for product_id in product_ids:
        visitor.read(f"/products/{product_id}")
    return cookie_of(visitor, "recent")


def cookie_of(visitor: Visitor, name: str) -> str:
    found = visitor.client.get_cookie(name, domain="127.0.0.1")
    assert found is not None
    return str(found.value)


def recent_ids(visitor: Visitor) -> list[int]:
    return [product["id"] for product in visitor.read("/recently-viewed")["products"]]


def trap_recently_viewed_readable(shop: Shop) -> None:
    guest, bob = shop.visitor(), shop.visitor("bob")
    assert recent_ids(bob) == []
    for visitor in (guest, bob):
        cookie = look_at(visitor, 2, 3, 2)
        assert URLSafeSerializer("unknown").loads_unsafe(cookie)[1] == [2, 3]
        assert recent_ids(visitor) == [2, 3]


def trap_recently_viewed_signed(shop: Shop) -> None:
    guest = shop.visitor()
    cookie = look_at(guest, 2, 3)
    guest.client.set_cookie("recent", cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), domain="127.0.0.1")
    assert recent_ids(guest) == []
    # With the weak key it is the weakness of that switch that shows, here as elsewhere.
    guessed = [word for word in WORDS if opens(word, cookie)]
    assert guessed == ([] if shop.is_secure else ["secret"])


def opens(key: str, cookie: str) -> bool:
    try:
        URLSafeSerializer(key, salt="recently-viewed").loads(cookie)
    except BadSignature:
        return False
    return True


def trap_display_cookie_own(shop: Shop) -> None:
    dave = shop.visitor("dave")
    account = dave.read("/me")
    default = dave.read("/display-settings")
    for value, shown in (("SEK.sv", {"currency": "SEK", "language": "sv"}), ("admin.1", default), ("", default)):
        dave.client.set_cookie("display", value, domain="127.0.0.1")
        assert dave.read("/display-settings") == shown
        assert dave.read("/me") == account and dave.status("/admin/customers") == 403
    guest = shop.visitor()
    guest.client.set_cookie("display", "SEK.sv", domain="127.0.0.1")
    assert guest.status("/me") == 401


def trap_display_cookie_for_scripts(shop: Shop) -> None:
    bob = shop.visitor("bob")
    wanted = {"currency": "GBP", "language": "en"}
    answer = bob.send("PUT", "/display-settings", wanted)
    assert answer.headers["Set-Cookie"].startswith("display=GBP.en; ")
    assert "HttpOnly" not in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert bob.send("PUT", "/display-settings", wanted, csrf=None).status_code == 400
    assert bob.read("/display-settings") == wanted != shop.visitor("bob").read("/display-settings")


def trap_visitor_number_stays(shop: Shop) -> None:
    bob, other = shop.visitor(), shop.visitor()
    bob.read("/products")
    number = cookie_of(bob, "visitor")
    bob.login("bob")
    assert bob.status("/me") == 200
    assert bob.send("POST", "/auth/logout").status_code == 204
    assert cookie_of(bob, "visitor") == number
    other.client.set_cookie("visitor", number, domain="127.0.0.1")
    bob.login("bob")
    assert other.status("/me") == 401


def trap_coupon_code_null(shop: Shop) -> None:
    alice = shop.visitor("alice")
    assert alice.read(f"/orders/{alice.order()['id']}")["coupon_code"] is None
    coupon_code = SPEC["components"]["schemas"]["Order"]["properties"]["coupon_code"]
    assert coupon_code == {"type": "string", "nullable": True}


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("name", [trap["name"] for trap in TRUTH["trap"]])
def test_trap_is_intended_behaviour(name: str, twin: str, open_shop: Any) -> None:
    globals()[f"trap_{name.replace('-', '_')}"](open_shop(TWINS[twin]))


# What is sound in the secure twin beyond the exploits' failure. Every answer is checked against the document
# (see shop_visitor).


def things_of(visitor: Visitor) -> dict[str, int]:
    """An id of the visitor's own for each kind of path parameter."""
    order = visitor.order()
    return {
        "order_id": order["id"],
        "item_id": order["items"][0]["id"],
        "address_id": order["shipping_address"]["id"],
        "product_id": 1,
        "review_id": visitor.review()["id"],
        "customer_id": visitor.id,
        "coupon_id": 1,
    }


def operations() -> Iterable[tuple[str, str, dict[str, Any]]]:
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


BODIES: list[Any] = [
    None,
    {},
    [],
    b"{",
    b"[" * 30_000,
    b'{"quantity": ' + b"9" * 5_000 + b"}",
    b'{"name": "\\ud800", "note": "\\ud800", "comment": "\\ud800", "words": ["\\ud800"]}',
    b"\xff\xfe",
    {"note": None, "text": None, "items": [None, {}, {"product_id": "1"}], "words": [{}], "address_id": {}},
    {"items": [{"product_id": 2**63, "quantity": 1e300}], "address_id": 2**70, "rating": 1e400},
    {"items": {"0": 1}, "address_id": True, "email": "\0", "password": "\0" * 9, "nickname": ["x"]},
]
IDS = ["0", "-1", "007", "9" * 18, "9" * 19, "9" * 5_000, "1.0", "x", "%00", "%F0%9F%98%80", "null", "1%2F2"]
QUERIES = ["limit=x", "limit=0", "limit=" + "9" * 5_000, "since=x", "status=x", "sort=cost_cents", "expand=x"]
QUERIES += [
    "q=%00",
    "q=%FF",
    "q=%25",
    "max_price_cents=" + "9" * 30,
    "q",
    "limit=1&limit=2",
    "since=2026-02-30",
]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_odd_requests_get_what_the_contract_says(method: str, secure: Shop) -> None:
    alice, bob, guest, admin = (secure.visitor(name) for name in ("alice", "bob", None, "admin"))
    things = things_of(bob)
    token, admins_token = bob.csrf(), admin.csrf()
    for verb, path, operation in operations():
        if verb != method or path.startswith("/auth/log"):
            continue
        real = path.format(**things)
        targets = [(path.format(**dict.fromkeys(things, odd)), None) for odd in IDS if "{" in path]
        targets += [(real, body) for body in (BODIES if "requestBody" in operation else [None])]
        if any(parameter.get("in") == "query" for parameter in operation.get("parameters", ())):
            targets += [(f"{real}?{query}", None) for query in QUERIES]
        is_admins = path.startswith("/admin")
        for target, body in targets:
            if is_admins and method != "DELETE":  # or the shop would be empty
                admin.send(method, target, body, csrf=admins_token)
            elif method != "DELETE" or target != real:
                bob.send(method, target, body, csrf=token)
        if operation.get("security") is None:
            assert guest.send(method, real, {}).status_code == 401
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
        for verb, path, operation in operations():
            if verb == method and "requestBody" in operation:
                answer = alice.send(verb, path.format(**things), b'{"name": "x"}', content_type=kind)
                assert answer.status_code in (403, 404, 415)


def test_what_is_somebody_elses_and_what_is_made_up_are_refused_alike(secure: Shop) -> None:
    alice, bob = secure.visitor("alice"), secure.visitor("bob")
    things, token = things_of(alice), bob.csrf()
    cart_item = alice.make("/cart/items", product_id=1)["id"]
    bodies = {"PUT": Visitor.address_body(), "POST": {"product_id": 1, "coupon_code": "WELCOME10"}}
    seen = 0
    for method, path, _ in operations():
        if not path.startswith(("/orders/{", "/addresses/{", "/cart/items/{")):
            continue
        own = {**things, "item_id": cart_item} if path.startswith("/cart") else things
        answers = []
        for ids in (own, {**dict.fromkeys(own, 987654321), "customer_id": alice.id}):
            answer = bob.send(method, path.format(**ids), bodies.get(method, {"quantity": 1}), csrf=token)
            answers.append((answer.status_code, answer.data))
            guest = secure.visitor().send(method, path.format(**ids))
            assert guest.status_code == 401, (method, path)
        assert answers[0] == answers[1] and answers[0][0] == 404, (method, path, answers)
        seen += 1
    assert seen == 21
    for address_id in (things["address_id"], 987654321):
        for method, path in (("POST", "/orders"), ("POST", "/cart/checkout")):
            body = {"address_id": address_id, "items": [{"product_id": 1}]}
            answers.append(bob.send(method, path, body).json["error"])
    assert all(answer == answers[-1] for answer in answers[2:])


def test_what_is_not_writable_stays(secure: Shop) -> None:
    alice, bob = secure.visitor("alice"), secure.visitor("bob")
    order = alice.order()
    path = f"/orders/{order['id']}"
    extra = {"customer_id": bob.id, "user_id": bob.id, "author_id": bob.id, "status": "shipped", "id": 1}
    extra |= {
        "total_cents": 1,
        "discount_percent": 90,
        "unit_price_cents": 1,
        "deleted_at": "x",
        "order_id": 1,
    }
    extra |= {"is_admin": True, "verified": True, "created_at": "x", "viewer_ids": [bob.id]}
    assert alice.send("PATCH", path, {**extra, "note": order["note"]}).json == order
    item = order["items"][0]
    assert alice.send("PATCH", f"{path}/items/{item['id']}", extra).json == item
    assert alice.read(path) == order
    before = alice.read("/me")
    assert alice.send("PATCH", "/me", {**extra, "loyalty_tier": "gold", "email": "x@y"}).json == before
    assert alice.read("/me") == before
    review = alice.review(**extra)
    assert review["author_id"] == alice.id and review["id"] != 1
    assert alice.send("PATCH", f"/products/1/reviews/{review['id']}", extra).json == review
    assert bob.order(**extra)["customer_id"] == bob.id


def test_every_write_of_a_customer_needs_the_token(secure: Shop) -> None:
    alice = secure.visitor("alice")
    things, foreign = things_of(alice), secure.visitor("bob").csrf()
    without = {"/auth/register", "/auth/login", "/products/search"}
    for method, path, _ in operations():
        if method != "GET" and path not in without:
            for csrf in (None, foreign, "x"):
                answer = alice.send(method, path.format(**things), {}, csrf=csrf)
                assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf"), (method, path)


def test_customers_get_nowhere_on_the_admin_side(secure: Shop) -> None:
    bob, token = secure.visitor("bob"), None
    token = bob.csrf()
    for method, path, _ in operations():
        if path.startswith("/admin") and path != "/admin/notices":
            for number in (1, 987654321):
                ids = dict.fromkeys(("product_id", "customer_id", "order_id", "coupon_id"), number)
                answer = bob.send(method, path.format(**ids), {"price_cents": 1}, csrf=token)
                assert answer.status_code == 403, (method, path)


def test_admin_can_do_the_shops_work(secure: Shop) -> None:
    admin, alice = secure.visitor("admin"), secure.visitor("alice")
    order = alice.order()
    coupon = admin.make("/admin/coupons", code="NEW-15", percent=15)
    assert coupon in admin.read("/admin/coupons")["coupons"]
    assert admin.send("POST", "/admin/coupons", {"code": "NEW-15", "percent": 5}).status_code == 409
    used = alice.make(f"/orders/{order['id']}/coupon", coupon_code="NEW-15")
    assert used["total_cents"] == 2 * 3900 * 85 // 100
    assert admin.send("DELETE", f"/admin/coupons/{coupon['id']}").status_code == 204
    refused = alice.send("POST", f"/orders/{order['id']}/coupon", {"coupon_code": "NEW-15"})
    assert refused.status_code == 422
    assert admin.send("PATCH", f"/admin/orders/{order['id']}", {"status": "shipped"}).status_code == 200
    assert alice.send("POST", f"/orders/{order['id']}/cancel").status_code == 409
    assert alice.send("PATCH", f"/orders/{order['id']}", {"note": "late"}).status_code == 409
    changed = admin.send("PATCH", f"/admin/customers/{alice.id}", {"store_credit_cents": 900})
    assert changed.json == alice.read("/me")
    assert admin.send("PATCH", f"/admin/customers/{admin.id}", {"is_admin": False}).status_code == 409


def test_a_cart_becomes_an_order(secure: Shop) -> None:
    alice = secure.visitor("alice")
    for line in alice.read("/cart")["items"]:
        assert alice.send("DELETE", f"/cart/items/{line['id']}").status_code == 204
    address = alice.address()
    refused = alice.send("POST", "/cart/checkout", {"address_id": address["id"]})
    assert refused.status_code == 409
    line = alice.make("/cart/items", product_id=3, quantity=2, engraving="A.")
    path = f"/cart/items/{line['id']}"
    assert alice.send("PATCH", path, {"quantity": 3}).json == {**line, "quantity": 3}
    assert alice.read(path)["quantity"] == 3
    order = alice.make("/cart/checkout", address_id=address["id"], coupon_code="WELCOME10")
    assert order["total_cents"] == 3 * 3900 * 9 // 10 and order["shipping_address"] == address
    assert alice.read("/cart") == {"items": [], "total_cents": 0}
    assert alice.send("DELETE", f"/addresses/{address['id']}").status_code == 204
    assert alice.status(f"/addresses/{address['id']}") == 404
    assert alice.read(f"/orders/{order['id']}") == order
    assert alice.send("DELETE", f"/orders/{order['id']}").status_code == 204
    for suffix in ("", "?expand=customer", "/items", f"/items/{order['items'][0]['id']}", "/invoice"):
        assert alice.status(f"/orders/{order['id']}{suffix}") == 404


def test_logging_in_always_begins_anew(secure: Shop) -> None:
    alice, old = secure.visitor("alice"), secure.visitor()
    for name in ("bob", "alice", "alice"):
        before, token = alice.cookie or "", alice.csrf()
        alice.login(name)
        old.cookie = before
        assert old.status("/me") == 401 and alice.cookie != before
        assert alice.send("PATCH", "/me", {}, csrf=token).status_code == 400


def test_the_cookie_is_secure_but_for_plain_http_on_loopback(secure: Shop) -> None:
    for base_url, is_secure in ((PUBLIC, True), ("http://shop.example", True), ("http://127.0.0.1", False)):
        header = secure.visitor(base_url=base_url).login("bob").headers["Set-Cookie"]
        assert ("Secure" in header) is is_secure
        assert "HttpOnly" in header and "SameSite=Lax" in header


# The program itself.


@pytest.mark.parametrize("on", ["none", "all"])
def test_the_program_starts_and_every_identity_can_log_in(on: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {"python": sys.executable, "port": str(port), "switches": on}
    command = [part.format(**values) for part in TRUTH["api"]["command"]]
    server = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(port)
        for entry in yaml.safe_load((HERE / "auth.yaml").read_text())["auth"]:
            how = entry["loginEndpointAuth"]
            user = how["payloadUserPwd"]
            payload = {user["usernameField"]: user["username"], user["passwordField"]: user["password"]}
            headers = {"Content-Type": how["contentType"]}
            with fetch(port, how["endpoint"], json.dumps(payload).encode(), headers) as response:
                assert json.load(response)["nickname"] == entry["name"]
                cookie = session_cookie_of(response)
        with fetch(port, "/csrf-token", headers={"Cookie": cookie}) as response:
            headers |= {"Cookie": cookie, "X-CSRFToken": json.load(response)["csrf_token"]}
            headers["Cookie"] = session_cookie_of(response) or cookie  # kept in a cookie, it changes with the token

        def store(number: int) -> int:
            fetch(port, "/me", headers=headers).close()
            body = json.dumps({"product_id": 1, "quantity": number}).encode()
            with fetch(port, "/cart/items", body, headers) as response:
                status: int = response.status
                return status

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(store, range(1, 33))) == {201}
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=5)
    assert said == b""


def fetch(port: int, path: str, body: bytes | None = None, headers: Any = None) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {})
    return urllib.request.urlopen(request, timeout=5)


def session_cookie_of(response: Any) -> str | None:
    cookies = [header.partition(";")[0] for header in response.headers.get_all("Set-Cookie") or []]
    return next((cookie for cookie in cookies if cookie.startswith("session=")), None)


def wait_until_ready(port: int, limit_s: float = 5) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            fetch(port, TRUTH["api"]["ready"]).close()
            return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"not ready after {limit_s} s")
