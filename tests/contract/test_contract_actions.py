"""What an operation does, and to which object: REST, nested, singular, RPC and account paths."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract import Action, Confidence, OperationContract, derive, from_raw
from specfuzz.contract.actions import (
    _segments,
    identifier_noun,
    is_login_field,
    is_password_field,
    is_user_noun,
    normalized_path,
)

ORDER = {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "title", "total")}}
ORDERS = {"type": "array", "items": ORDER}
CREDENTIALS = ("email", "password")


def read(
    label: str,
    *,
    body: tuple[str, ...] | None = None,
    query: tuple[str, ...] = (),
    returns: dict[str, Any] | None = None,
    operation_id: str | None = None,
    beside: tuple[str, ...] = (),
) -> OperationContract:
    """The contract of the operation `label` in a document that has those of `beside` too."""
    paths: dict[str, Any] = {}
    for other in beside:
        method, path = other.split()
        paths.setdefault(path, {})[method.lower()] = {"responses": {"200": {"description": "Fine"}}}
    node: dict[str, Any] = {"responses": {"200": {"description": "Fine"}}}
    if body is not None:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in body}}
        node["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    if returns is not None:
        node["responses"]["200"]["content"] = {"application/json": {"schema": returns}}
    node["parameters"] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in query]
    if operation_id is not None:
        node["operationId"] = operation_id
    method, path = label.split()
    paths.setdefault(path, {})[method.lower()] = node
    found = derive(from_raw({"openapi": "3.0.3", "paths": paths}, "test.json")).get(label)
    assert found is not None
    return found


def identifiers(contract: OperationContract) -> list[str]:
    return [f"{item.location}:{item.name}:{item.resource}" for item in contract.identifiers]


@pytest.mark.parametrize(
    ("label", "action", "resource", "named"),
    [
        ("GET /orders", Action.LIST, "order", []),
        ("GET /orders/", Action.LIST, "order", []),
        ("POST /orders", Action.CREATE, "order", []),
        ("GET /orders/{id}", Action.READ, "order", ["path:id:order"]),
        ("GET /orders/{id}/", Action.READ, "order", ["path:id:order"]),
        ("HEAD /orders/{id}", Action.READ, "order", ["path:id:order"]),
        ("PUT /orders/{id}", Action.REPLACE, "order", ["path:id:order"]),
        ("PATCH /orders/{id}", Action.UPDATE, "order", ["path:id:order"]),
        ("POST /orders/{id}", Action.UPDATE, "order", ["path:id:order"]),
        ("DELETE /orders/{id}", Action.DELETE, "order", ["path:id:order"]),
        ("OPTIONS /orders", Action.OTHER, "order", []),
        ("GET /api/v1/orders/{order_id}", Action.READ, "order", ["path:order_id:order"]),
        ("GET /v2.1/orders/{orderId}", Action.READ, "order", ["path:orderId:order"]),
        ("GET /rest/line-items/{id}", Action.READ, "line_item", ["path:id:line_item"]),
        ("GET /orders/{id}.json", Action.READ, "order", ["path:id:order"]),
        ("GET /orders.json", Action.LIST, "order", []),
        ("GET /categories/{id}", Action.READ, "category", ["path:id:category"]),
        ("GET /people/{id}", Action.READ, "person", ["path:id:person"]),
        ("GET /store/order/{orderId}", Action.READ, "order", ["path:orderId:order"]),
        ("GET /articles/{slug}", Action.READ, "article", ["path:slug:article"]),
    ],
)
def test_a_rest_path_says_its_action_by_its_shape(label: str, action: Action, resource: str, named: list[str]) -> None:
    contract = read(label)
    assert (contract.action, contract.resource, identifiers(contract)) == (action, resource, named)


@pytest.mark.parametrize(
    ("label", "named"),
    [
        ("GET /boards/{board_slug}/threads/{thread_slug}", ["path:board_slug:board", "path:thread_slug:thread"]),
        ("DELETE /orders/{id}/tags/{tag}", ["path:id:order", "path:tag:tag"]),
        ("GET /repos/{owner}/{repo}", ["path:owner:repo", "path:repo:repo"]),
        ("GET /{tenant}/orders/{id}", ["path:tenant:tenant", "path:id:order"]),
        ("GET /files/{bucket}-{key}", ["path:bucket:file", "path:key:file"]),
    ],
    ids=["nested", "sub-resource", "composite key", "tenant", "two in one segment"],
)
def test_identifiers_go_from_the_outermost_parent_to_the_object(label: str, named: list[str]) -> None:
    contract = read(label)
    assert identifiers(contract) == named
    assert contract.own_identifier == contract.identifiers[-1]


def test_a_post_to_a_nested_collection_creates_in_the_parent() -> None:
    contract = read("POST /orders/{id}/items", body=("title",))
    assert (contract.action, contract.resource, identifiers(contract)) == (Action.CREATE, "item", ["path:id:order"])
    assert contract.own_identifier is None


def test_a_get_of_a_nested_collection_lists() -> None:
    contract = read("GET /orders/{id}/items", returns=ORDERS)
    assert (contract.action, contract.resource) == (Action.LIST, "item")


@pytest.mark.parametrize("label", ["POST /orders/{id}/cancel", "PUT /orders/{id}/status", "POST /users/{id}/follow"])
def test_a_write_behind_an_object_acts_on_it(label: str) -> None:
    contract = read(label)
    assert contract.action is Action.ACT
    assert contract.own_identifier is not None


def test_a_part_of_an_object_reads_the_object_where_nothing_else_does() -> None:
    assert read("GET /orders/{id}/invoice", returns=ORDER).action is Action.READ


def test_a_part_of_an_object_is_no_read_where_the_object_can_be_read() -> None:
    contract = read("GET /orders/{id}/invoice", returns=ORDER, beside=("GET /orders/{id}",))
    assert (contract.action, contract.resource) == (Action.OTHER, "order")


@pytest.mark.parametrize("parameter", ["id", "order_id", "orderId", "uuid", "order"])
def test_an_identifier_in_the_query_reads_one_object(parameter: str) -> None:
    contract = read("GET /order", query=(parameter,), returns=ORDER)
    assert (contract.action, identifiers(contract)) == (Action.READ, [f"query:{parameter}:order"])


def test_the_identifier_of_something_else_in_the_query_is_a_filter() -> None:
    contract = read("GET /orders", query=("customer_id",), returns=ORDERS)
    assert (contract.action, identifiers(contract)) == (Action.LIST, [])


def test_an_identifier_in_the_query_deletes_one_object() -> None:
    contract = read("DELETE /order", query=("id",))
    assert (contract.action, identifiers(contract)) == (Action.DELETE, ["query:id:order"])
    assert not contract.dangerous


def test_an_identifier_in_the_body_replaces_one_object() -> None:
    contract = read("PUT /order", body=("id", "title"))
    assert (contract.action, identifiers(contract)) == (Action.REPLACE, ["body:id:order"])


# RPC --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "body", "action", "resource", "named"),
    [
        ("POST /getOrder", ("id",), Action.READ, "order", ["body:id:order"]),
        ("POST /get_order", ("order_id",), Action.READ, "order", ["body:order_id:order"]),
        ("POST /GetOrders", (), Action.LIST, "order", []),
        ("POST /listOrders", (), Action.LIST, "order", []),
        ("POST /createOrder", ("title",), Action.CREATE, "order", []),
        ("POST /updateOrder", ("id", "title"), Action.UPDATE, "order", ["body:id:order"]),
        ("POST /deleteOrder.php", ("id",), Action.DELETE, "order", ["body:id:order"]),
        ("POST /rpc/removeOrder", ("orderId",), Action.DELETE, "order", ["body:orderId:order"]),
        ("POST /order/create", ("title",), Action.CREATE, "order", []),
        ("POST /api/order/new", ("title",), Action.CREATE, "order", []),
        ("POST /order/get", ("id",), Action.READ, "order", ["body:id:order"]),
        ("POST /order/update", ("id", "title"), Action.UPDATE, "order", ["body:id:order"]),
        ("POST /order/delete", ("order_id",), Action.DELETE, "order", ["body:order_id:order"]),
        ("POST /order/list", (), Action.LIST, "order", []),
        ("POST /orders.update", ("id",), Action.UPDATE, "order", ["body:id:order"]),
        ("POST /orders/search", ("text",), Action.SEARCH, "order", []),
        ("POST /orders/{id}/update", ("title",), Action.UPDATE, "order", ["path:id:order"]),
        ("POST /orders/{id}/delete", (), Action.DELETE, "order", ["path:id:order"]),
        ("GET /orders/{id}/delete", None, Action.DELETE, "order", ["path:id:order"]),
        ("GET /getOrder/{id}", None, Action.READ, "order", ["path:id:order"]),
        ("GET /getUserById/{id}", None, Action.READ, "user", ["path:id:user"]),
        ("POST /updateOrder/{id}", ("title",), Action.UPDATE, "order", ["path:id:order"]),
        ("POST /deleteOrder/{id}", (), Action.DELETE, "order", ["path:id:order"]),
        ("POST /orders/delete/{id}", (), Action.DELETE, "order", ["path:id:order"]),
        ("GET /pet/findByStatus", None, Action.SEARCH, "pet", []),
    ],
)
def test_an_rpc_path_says_its_action_by_its_verb(
    label: str, body: tuple[str, ...] | None, action: Action, resource: str, named: list[str]
) -> None:
    contract = read(label, body=body)
    assert (contract.action, contract.resource, identifiers(contract)) == (action, resource, named)


def test_a_verb_with_its_identifier_in_the_query_reads_one_object() -> None:
    contract = read("GET /getOrder", query=("orderId",), returns=ORDER)
    assert (contract.action, identifiers(contract)) == (Action.READ, ["query:orderId:order"])


@pytest.mark.parametrize(
    ("label", "action", "resource"),
    [
        ("GET /change-requests", Action.LIST, "change_request"),
        ("POST /change-requests", Action.CREATE, "change_request"),
        ("GET /change-requests/{id}", Action.READ, "change_request"),
        ("DELETE /change-requests/{id}", Action.DELETE, "change_request"),
    ],
)
def test_a_collection_whose_name_begins_with_a_verb_is_a_collection(label: str, action: Action, resource: str) -> None:
    contract = read(label, returns=ORDERS, beside=("PUT /change-requests/{id}",))
    assert (contract.action, contract.resource) == (action, resource)


def test_something_else_done_with_a_known_kind_acts_on_it() -> None:
    contract = read("POST /invoice/void", body=("id",), beside=("POST /invoice/update",))
    assert (contract.action, contract.resource, identifiers(contract)) == (Action.ACT, "invoice", ["body:id:invoice"])


# Accounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/login", "/users/login", "/auth/token", "/sessions", "/api/v1/auth/sign-in", "/oauth/token", "/auth/logIn"],
)
def test_a_post_of_credentials_to_a_login_path_logs_in(path: str) -> None:
    assert read(f"POST {path}", body=CREDENTIALS).action is Action.LOGIN


def test_an_operation_id_tells_a_login_whose_path_does_not() -> None:
    assert read("POST /x", body=CREDENTIALS, operation_id="logIn").action is Action.LOGIN


@pytest.mark.parametrize(
    "path",
    ["/users", "/user", "/accounts", "/customers", "/register", "/users/register", "/auth/signup", "/api/v1/sign-up"],
)
def test_a_post_of_credentials_to_a_collection_of_people_signs_up(path: str) -> None:
    assert read(f"POST {path}", body=CREDENTIALS).action is Action.SIGN_UP


@pytest.mark.parametrize(
    ("label", "body"),
    [
        ("POST /admin/users", CREDENTIALS),
        ("POST /users", ("name", "email")),
        ("POST /users", None),
        ("POST /orders", CREDENTIALS),
        ("POST /events/{id}/register", ("seat",)),
        ("POST /groups/{id}/join", None),
    ],
)
def test_what_only_resembles_a_sign_up_is_none(label: str, body: tuple[str, ...] | None) -> None:
    assert read(label, body=body).action is not Action.SIGN_UP


@pytest.mark.parametrize("label", ["POST /logout", "GET /auth/logout", "POST /users/sign_out", "DELETE /session"])
def test_a_logout_is_recognised(label: str) -> None:
    assert read(label).action is Action.LOGOUT


def test_deleting_one_of_many_sessions_is_no_logout() -> None:
    assert read("DELETE /sessions/{id}").action is Action.DELETE


@pytest.mark.parametrize(
    ("path", "body"),
    [("/auth/refresh", ("refresh_token",)), ("/token/refresh", ("refresh",)), ("/refresh-token", ("token",))],
)
def test_a_refresh_is_recognised(path: str, body: tuple[str, ...]) -> None:
    assert read(f"POST {path}", body=body).action is Action.REFRESH


@pytest.mark.parametrize(
    "label",
    ["GET /me", "PATCH /me", "DELETE /me", "GET /users/me", "PUT /users/me", "GET /profile", "PUT /profile"]
    + ["GET /whoami", "GET /current_user", "GET /api/v1/user", "GET /account", "GET /userinfo"],
)
def test_the_callers_own_account_is_recognised(label: str) -> None:
    contract = read(label, returns=ORDER, body=("name",) if label.startswith("P") else None)
    assert (contract.action, contract.identifiers) == (Action.SELF, ())


@pytest.mark.parametrize(
    ("label", "action"),
    [("GET /users/{id}", Action.READ), ("GET /me/orders/{id}", Action.READ), ("GET /users", Action.LIST)],
)
def test_what_is_not_the_callers_account_is_no_self(label: str, action: Action) -> None:
    assert read(label).action is action


def test_a_list_at_a_singular_account_path_is_no_self() -> None:
    assert read("GET /account", returns=ORDERS).action is Action.LIST


# State and danger -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "changes", "confidence"),
    [
        ("GET /orders/{id}", False, Confidence.CERTAIN),
        ("POST /orders", True, Confidence.FIRM),
        ("POST /text/classify", False, Confidence.FIRM),
        ("POST /text/humanize", True, Confidence.TENTATIVE),
        ("DELETE /orders/{id}", True, Confidence.CERTAIN),
        ("POST /orders/search", False, Confidence.FIRM),
        ("POST /getOrder", False, Confidence.FIRM),
        ("GET /orders/{id}/delete", True, Confidence.TENTATIVE),
        ("POST /orders/validate", False, Confidence.FIRM),
        ("POST /shipping/estimate", False, Confidence.FIRM),
        ("GET /reset", True, Confidence.TENTATIVE),
        ("GET /approve/{token}", True, Confidence.TENTATIVE),
        ("GET /newsletter/unsubscribe", True, Confidence.TENTATIVE),
        ("GET /cancel-reasons", False, Confidence.CERTAIN),
        ("GET /updates/{id}", False, Confidence.CERTAIN),
        ("GET /update-channels/{id}", False, Confidence.CERTAIN),
        ("POST /visits/{id}/check-in", True, Confidence.FIRM),
        ("PUT /orders/{id}", True, Confidence.CERTAIN),
    ],
)
def test_whether_state_changes_is_told_with_how_sure_it_is(label: str, changes: bool, confidence: Confidence) -> None:
    contract = read(label)
    assert (contract.state_changing, contract.state_changing_confidence) == (changes, confidence)


@pytest.mark.parametrize(
    "label",
    [
        "DELETE /orders", "POST /db/reset", "POST /admin/purge-cache", "POST /shutdown", "GET /reset",
        "POST /orders/delete-all", "POST /removeAllUsers", "POST /reset/{table}",
    ],
)  # fmt: skip
def test_what_may_destroy_what_the_run_did_not_make_is_dangerous(label: str) -> None:
    assert read(label).dangerous


@pytest.mark.parametrize(
    "label",
    [
        "DELETE /orders/{id}", "POST /password/reset", "DELETE /me", "POST /orders", "POST /devices/{id}/reset",
        "GET /drops", "GET /drops/{id}", "POST /orders/{id}/clear", "POST /search-all", "GET /seed-varieties/{id}",
    ],
)  # fmt: skip
def test_an_ordinary_write_is_not_dangerous(label: str) -> None:
    assert not read(label).dangerous


# Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("order_id", "order"),
        ("orderId", "order"),
        ("OrderID", "order"),
        ("board_slug", "board"),
        ("line-item-uuid", "line_item"),
        ("ordersId", "order"),
        ("id", ""),
        ("slug", ""),
        ("paid", None),
        ("title", None),
        ("idea", None),
        ("", None),
    ],
)
def test_a_parameter_names_the_kind_of_object_that_it_identifies(name: str, noun: str | None) -> None:
    assert identifier_noun(name) == noun


@pytest.mark.parametrize("name", ["password", "user_password", "Passwd", "pwd", "pin", "newPassword"])
def test_a_password_field_is_recognised(name: str) -> None:
    assert is_password_field(name)


@pytest.mark.parametrize("name", ["passport", "pinned", "password_hint", "", "spin"])
def test_what_only_resembles_a_password_field_is_none(name: str) -> None:
    assert not is_password_field(name)


@pytest.mark.parametrize(
    "name", ["username", "userName", "user_name", "email", "email_address", "login", "phoneNumber"]
)
def test_a_login_field_is_recognised(name: str) -> None:
    assert is_login_field(name)


@pytest.mark.parametrize("name", ["first_name", "user_agent", "emails_sent", "title", ""])
def test_what_only_resembles_a_login_field_is_none(name: str) -> None:
    assert not is_login_field(name)


@pytest.mark.parametrize(
    ("noun", "is_user"), [("user", True), ("bank_customer", True), ("order", False), ("user_group", False)]
)
def test_a_noun_may_name_people_by_its_last_word(noun: str, is_user: bool) -> None:
    assert is_user_noun(noun) is is_user


def test_paths_that_differ_in_parameter_names_only_are_one() -> None:
    assert normalized_path("/a/{id}/b/{b_id}/") == normalized_path("/a/{a_id}/b/{id}")


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ("POST /payments", "moves money"),
        ("POST /orders/{id}/refund", "moves money"),
        ("POST /cart/checkout", "moves money"),
        ("POST /orders/{id}/pay", "moves money"),
        ("POST /users/{id}/send-email", "sends messages"),
        ("POST /invitations", "sends messages"),
        ("POST /newsletter/broadcast", "sends messages"),
        ("GET /payments", None),
        ("GET /payments/{id}", None),
        ("PATCH /payments/{id}", None),
        ("DELETE /payments/{id}", None),
        ("POST /application_charges.json", "moves money"),
        ("POST /users/{id}/sendTestNotificationNow", "sends messages"),
        ("POST /payment-methods", None),
        ("POST /email-lists", None),
        ("POST /projects/{id}/checkout-keys", None),
        ("POST /email-templates", None),
        ("POST /orders", None),
        ("POST /payloads", None),
        ("POST /payments/search", None),
    ],
)
def test_what_reaches_out_of_the_api_is_marked_and_not_left_out(label: str, what: str | None) -> None:
    found = read(label)
    assert found.reaches_out == what
    assert not found.dangerous


def test_an_operation_id_does_not_make_a_read_of_a_post_to_an_object() -> None:
    assert read("POST /bundles/{id}", operation_id="exportBundle").state_changing


def test_a_page_that_asks_before_a_write_changes_nothing() -> None:
    assert read("GET /newsletter/unsubscribe", beside=("POST /newsletter/unsubscribe",)).state_changing is False


# One segment for two ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "query", "body", "action", "resource", "identifiers"),
    [
        ("POST /users/{id}:activate", (), ("note",), Action.ACT, "user", [("path", "id")]),
        ("GET /odata/Orders({id})", (), None, Action.READ, "order", [("path", "id")]),
        ("DELETE /odata/Orders('{id}')", (), None, Action.DELETE, "order", [("path", "id")]),
        ("POST /rpc/order.get", (), ("id",), Action.READ, "order", [("body", "id")]),
        ("POST /order.update", (), ("order_id", "note"), Action.UPDATE, "order", [("body", "order_id")]),
        ("POST /orders.create", (), ("note",), Action.CREATE, "order", []),
        ("GET /orders.list", ("page",), None, Action.LIST, "order", []),
        ("GET /files/{bucket}/{key}", (), None, Action.READ, "file", [("path", "bucket"), ("path", "key")]),
        ("PATCH /repos/{owner}/{repo}", (), ("name",), Action.UPDATE, "repo", [("path", "owner"), ("path", "repo")]),
        ("GET /invoices/{year}-{number}", (), None, Action.READ, "invoice", [("path", "year"), ("path", "number")]),
        ("GET /articles/{slug}", (), None, Action.READ, "article", [("path", "slug")]),
        ("GET /order", ("order_id",), None, Action.READ, "order", [("query", "order_id")]),
        ("POST /Order/GetById", (), ("Id",), Action.READ, "order", [("body", "Id")]),
    ],
)
def test_objects_are_found_however_a_document_names_them(
    label: str,
    query: tuple[str, ...],
    body: tuple[str, ...] | None,
    action: Action,
    resource: str,
    identifiers: list[tuple[str, str]],
) -> None:
    one = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    returns = {"type": "array", "items": one} if action is Action.LIST else one
    found = read(label, query=query, body=body, returns=returns)
    assert (found.action, found.resource) == (action, resource)
    assert [(item.location.value, item.name) for item in found.identifiers] == identifiers


@pytest.mark.parametrize("path", ["/robots.txt", "/index.html", "/report.csv", "/a:b:c", "/12:30"])
def test_a_file_stays_one_segment(path: str) -> None:
    assert _segments(path)[0] == path.split("/")[1]


def test_an_operation_id_tells_danger_too() -> None:
    assert read("POST /database", operation_id="wipeDatabase").dangerous
    assert not read("POST /devices/{id}", operation_id="wipeDevice").dangerous


@pytest.mark.parametrize("path", ["/users/v1/{name}", "/v1/users/{name}", "/api/v2.1/users/{name}"])
def test_a_version_names_no_kind_wherever_it_stands(path: str) -> None:
    assert read(f"GET {path}").resource == "user"


ENVELOPE = {"type": "object", "properties": {"ok": {"type": "boolean"}, "result": {"type": "object"}}}


def test_a_plural_whose_items_have_a_path_is_a_list_whatever_it_answers_with() -> None:
    found = read("GET /vehicles", returns=ENVELOPE, beside=("GET /vehicles/{id}",))
    assert found.action is Action.LIST
    assert read("GET /vehicle", returns=ENVELOPE).action is Action.OTHER


def test_a_list_with_an_id_to_filter_by_is_no_read() -> None:
    assert read("GET /rules", query=("id",), beside=("GET /rules/{id}",)).action is Action.LIST
    assert read("GET /rules", query=("id",)).action is Action.READ


def test_credentials_in_a_path_name_no_object() -> None:
    found = read("GET /films/{apiKey}", returns=ORDERS)
    assert (found.action, found.resource, found.own_identifier) == (Action.LIST, "film", None)


def test_by_what_a_path_finds_is_no_kind_of_object() -> None:
    found = read("GET /films/byTitle/{title}")
    assert found.resource == "film"


def test_a_new_password_names_no_object() -> None:
    assert read("PATCH /account/password", body=("password",)).own_identifier is None


def test_a_token_for_basic_credentials_is_a_log_in() -> None:
    returns = {"type": "object", "properties": {"accessToken": {"type": "string"}}}
    assert read("GET /auth", returns=returns).action is Action.LOGIN
    assert read("GET /auth").action is not Action.LOGIN


@pytest.mark.parametrize("label", ["DELETE /lists/{list_id}", "PUT /views/{view_id}", "PATCH /export/{id}"])
def test_a_noun_that_is_a_reading_verb_too_makes_no_write_a_read(label: str) -> None:
    assert read(label).state_changing


@pytest.mark.parametrize("path", ["/", "/{apiKey}"])
def test_a_path_without_a_name_is_read(path: str) -> None:
    assert read(f"GET {path}", returns=ENVELOPE).action is Action.OTHER
