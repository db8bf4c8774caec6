"""What vendor extensions and security requirements say about roles, as public documents write them."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract import Access, Confidence, Level, derive, from_raw

BEARER = {"type": "http", "scheme": "bearer"}
OAUTH2 = {"type": "oauth2", "flows": {}}


def access(
    extensions: dict[str, Any] | None = None,
    *,
    security: Any = None,
    path: str = "/things/{id}",
    schemes: dict[str, Any] | None = None,
    root: dict[str, Any] | None = None,
    **more: Any,
) -> Access:
    """The access of one operation; `security` None says nothing about it."""
    node: dict[str, Any] = {"responses": {"200": {"description": "Fine"}}, **(extensions or {}), **more}
    if security is not None:
        node["security"] = security
    raw: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "components": {"securitySchemes": schemes or {"b": BEARER, "o": OAUTH2}},
        "paths": {path: {"get": node}},
    }
    return derive(from_raw({**raw, **(root or {})}, "t.json")).operations[0].access


@pytest.mark.parametrize("security", [None, [{"b": []}]], ids=["silent", "secured"])
@pytest.mark.parametrize(
    ("extension", "role"),
    [
        ({"x-required-roles": ["admin"]}, "admin"),
        ({"x-required-roles": "SUPER_ADMIN, DEVELOPER"}, "SUPER_ADMIN or DEVELOPER"),
        ({"x-requiredRoles": ["pharmacist"]}, "pharmacist"),
        ({"x-required-role": "ROLE_ADMIN"}, "ADMIN"),
        ({"x-roles": ["admin", "moderator"]}, "admin or moderator"),
        ({"x-allowed-roles": {"anyOf": ["editor"]}}, "editor"),
        ({"x-required-permissions": ["role:moderator", "role:admin"]}, "moderator or admin"),
        ({"x-admin-only": True}, "admin"),
        ({"x-roles": ["admin-user"]}, "admin-user"),
    ],
)
def test_required_roles_are_a_role(extension: dict[str, Any], role: str, security: Any) -> None:
    found = access(extension, security=security)
    assert (found.level, found.role, found.confidence) == (Level.ROLE, role, Confidence.FIRM)
    assert found.source == f"#/paths/~1things~1{{id}}/get/{next(iter(extension))}"


@pytest.mark.parametrize(
    "extension",
    [
        {"x-required-roles": ["administrator", "reporter", "user"]},
        {"x-roles": ["member"]},
        {"x-required-permissions": ["write_users"]},
        {"x-permissions": "orders:read"},
        {"x-required-scopes": ["profile"]},
        {"x-auth-required": True},
        {"x-requires-auth": True},
        {"x-amazon-apigateway-auth": {"type": "AWS_IAM"}},
        {"x-kong-plugin-jwt": {"enabled": True}},
        {"x-kong-plugin-acl": {"config": {"allow": ["group"]}}},
    ],
)
def test_what_every_user_may_have_asks_for_a_login_alone(extension: dict[str, Any]) -> None:
    found = access(extension)
    assert (found.level, found.confidence) == (Level.AUTHENTICATED, Confidence.FIRM)
    assert access(extension, security=[{"b": []}]).level is Level.AUTHENTICATED


@pytest.mark.parametrize(
    "extension",
    [
        {"x-public": True},
        {"x-allow-anonymous": True},
        {"x-auth-required": False},
        {"x-amazon-apigateway-auth": {"type": "NONE"}},
    ],
)
def test_what_opens_an_operation_does_so_where_nothing_else_is_said(extension: dict[str, Any]) -> None:
    assert (access(extension).level, access(extension).confidence) == (Level.PUBLIC, Confidence.FIRM)
    assert access(extension, security=[{"b": []}]).level is Level.AUTHENTICATED


@pytest.mark.parametrize(
    "extension",
    [
        {"x-required-roles": []},
        {"x-roles": ["guest", "all"]},
        {"x-roles": None},
        {"x-roles": [{"name": "admin"}]},
        {"x-public": False},
        {"x-internal": True},
        {"x-kong-plugin-jwt": {"enabled": False}},
        {"x-kong-plugin-key-auth": {"config": {"anonymous": "a-consumer"}}},
        {"x-kong-plugin-rate-limiting": {}},
        {"x-amazon-apigateway-integration": {"type": "aws"}},
        {"x-admin-only": False},
        {"x-visibility": "admin"},
    ],
)
def test_what_says_nothing_about_access_is_silence(extension: dict[str, Any]) -> None:
    assert access(extension).level is Level.UNKNOWN


def test_a_gateway_s_plugin_for_the_whole_document_counts_for_each_operation() -> None:
    found = access(root={"x-kong-plugin-jwt": {}})
    assert (found.level, found.source) == (Level.AUTHENTICATED, "#/x-kong-plugin-jwt")


def test_only_the_owner_may_be_said_by_a_switch() -> None:
    assert access({"x-owner-only": True}).level is Level.OWNER


def test_the_owner_beside_a_role_is_the_wider_promise() -> None:
    found = access({"x-roles": ["admin"]}, description="Only the owner or an admin may read it.")
    assert found.level is Level.OWNER


# Scopes and roles in `security` -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("security", "level", "role"),
    [
        ([{"b": ["admin"]}], Level.ROLE, "admin"),
        ([{"b": ["editor", "publisher"]}], Level.ROLE, "editor or publisher"),
        ([{"o": ["admin:org"]}], Level.ROLE, "admin:org"),
        ([{"b": ["admin"]}, {"b": ["moderator"]}], Level.ROLE, "admin"),
        ([{"b": ["admin"]}, {"b": []}], Level.AUTHENTICATED, None),
        ([{"b": ["admin"]}, {"o": ["read:things"]}], Level.AUTHENTICATED, None),
        ([{"o": ["read:things"]}], Level.AUTHENTICATED, None),
        ([{"o": ["editor"]}], Level.AUTHENTICATED, None),
        ([{"b": ["user", "editor"]}], Level.AUTHENTICATED, None),
        ([{"b": ["things:read"]}], Level.AUTHENTICATED, None),
        ([{"b": ["https://example.com/auth/things"]}], Level.AUTHENTICATED, None),
        ([{}, {"b": ["admin"]}], Level.PUBLIC, None),
    ],
)
def test_a_role_is_needed_where_every_way_in_needs_one(security: Any, level: Level, role: str | None) -> None:
    found = access(security=security)
    assert (found.level, found.role) == (level, role)


# Paths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "confidence"),
    [
        ("/admin/things/{id}", Confidence.FIRM),
        ("/api/v1/admin/{id}", Confidence.FIRM),
        ("/_admin/things", Confidence.FIRM),
        ("/admin-api/things", Confidence.FIRM),
        ("/backoffice/{id}", Confidence.FIRM),
        ("/staff/things/{id}", Confidence.FIRM),
        ("/moderation/reports", Confidence.FIRM),
        ("/internal/things", Confidence.FIRM),
        ("/staff", Confidence.TENTATIVE),
        ("/staff/{id}", Confidence.TENTATIVE),
        ("/moderators/{id}", None),
        ("/admins/{id}", Confidence.TENTATIVE),
        ("/admin-notes/{id}", Confidence.TENTATIVE),
        ("/internal-transfers/archive", Confidence.TENTATIVE),
        ("/administrative-areas", None),
    ],
)
def test_a_segment_is_firm_only_where_it_can_be_nothing_but_a_namespace(
    path: str, confidence: Confidence | None
) -> None:
    found = access(security=[{"b": []}], path=path)
    if confidence is Confidence.FIRM:
        assert (found.level, found.confidence) == (Level.ROLE, Confidence.FIRM)
    elif confidence is None:
        assert found.level is Level.AUTHENTICATED
    else:
        assert (found.level, found.confidence) == (Level.ROLE, Confidence.TENTATIVE)


@pytest.mark.parametrize("path", ["/me/things", "/my/things/{id}", "/my-things", "/users/self/things", "/current-user"])
def test_the_caller_s_own_collections_are_the_owner_s(path: str) -> None:
    found = access(security=[{"b": []}], path=path)
    assert (found.level, found.confidence) == (Level.OWNER, Confidence.FIRM)


@pytest.mark.parametrize("path", ["/mysql/{id}", "/menu", "/my", "/shelf/self-help"])
def test_what_only_looks_like_the_caller_s_own_is_not(path: str) -> None:
    assert access(security=[{"b": []}], path=path).level is (Level.OWNER if path == "/my" else Level.AUTHENTICATED)


def test_where_no_credentials_are_declared_a_namespace_is_only_a_hint() -> None:
    found = access(path="/admin/things")
    assert (found.level, found.confidence) == (Level.ROLE, Confidence.TENTATIVE)
