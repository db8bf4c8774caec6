"""Who may use an operation, read from sentences as real documents write them."""

from __future__ import annotations

from typing import Any

import pytest

from specfuzz.contract import Access, Confidence, Level, derive, from_raw
from specfuzz.contract.access import (
    _ANY_IDENTITY,
    _MEMBERS,
    _OWNER,
    _PUBLIC,
    _ROLE,
    is_shared_on_purpose,
    needs_credentials,
)

BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}


def access_of(
    text: str = "",
    *,
    secured: bool = True,
    method: str = "get",
    path: str = "/things/{id}",
    place: str = "description",
    others: dict[str, Any] | None = None,
    root: dict[str, Any] | None = None,
    **operation: Any,
) -> Access:
    """The access that the one operation of a small document is given."""
    node: dict[str, Any] = {"responses": {"200": {"description": "Fine"}}, place: text, **operation}
    raw: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {path: {method: node}}}
    if secured:
        raw |= {"components": {"securitySchemes": BEARER}, "security": [{"bearer": []}]}
    raw["paths"] |= others or {}
    return derive(from_raw({**raw, **(root or {})}, "test.json")).operations[0].access


OWNER = (
    "Returns one of the caller's own notes.",
    "Only the owner of the note can delete it.",
    "You can only edit your own posts.",
    "Users can only see their own orders.",
    "Returns the order if it belongs to the authenticated user.",
    "Only the author may edit.",
    "Owner only.",
    "Owner-only endpoint.",
    "Delete a note. Only its owner may do this.",
    "The invoice must belong to the current user.",
    "List all orders for the authenticated user.",
    "Get the current user's cart.",
    "A user may only access his or her own records.",
    "Customers can view only their own invoices.",
    "Restricted to the owner of the document.",
    "Requires that the caller owns the resource.",
    "The caller must own the resource.",
    "Answers 403 if the note is not yours.",
    "Returns 404 when the task belongs to another user.",
    "Update a task you created.",
    "Get a list of orders placed by the logged-in customer",
    "Retrieve your profile",
    "Private to the user who created it.",
    "Accessible by its creator only.",
    "Each user can only access their own bookmarks.",
    "Nobody but the owner can read it.",
    "No one except the author can delete the comment.",
    "No one other than the owner may read it.",
    "It is not visible to other users.",
    "Other users cannot see it.",
    "Other users get a 404.",
    "Users cannot edit posts of other users.",
    "Users may not access accounts they do not own.",
    "A patient sees only their own prescriptions.",
    "Deletes the specified playlist. You must be the owner of the playlist.",
    "You need to own the repository.",
    "Returns notes owned by the authenticated user.",
    "Returns only the requester's documents.",
    "Only accessible by the user who created the ticket.",
    "Only the user who uploaded the file may remove it.",
    "Changes the password of the logged in user.",
    "My orders",
    "Cancels one of your bookings.",
    "Someone else's note answers 404.",
    "Can only be deleted by its creator.",
    "Only visible to its owner.",
    "Available only to the account holder.",
    "The signed-in customer's saved cards.",
    "Callers may only read accounts that belong to them.",
    "This note is private to its author.",
    "Only the person who created the list can rename it.",
)


MEMBERS = (
    "Only members of the project may read its tasks.",
    "Only project members can see this.",
    "Members only.",
    "You must be a member of the workspace.",
    "Visible to all members of the team.",
    "Only participants of the conversation can read its messages.",
    "Either the sender or the recipient can read a message.",
    "The owner and anyone the note is shared with may read it.",
    "Accessible to team members.",
    "Both participants of the chat can read it.",
    "The caller must be a participant in the thread.",
    "Only collaborators can update the board.",
    "The owner or a collaborator may edit.",
    "Restricted to members of the organisation.",
    "Readable by the members of the household.",
    "Any member of the team can update the card.",
    "The author and the invited users can see the event.",
)


ROLE = (
    "Admin only.",
    "Admins only",
    "Requires admin privileges.",
    "Requires the admin role.",
    "Only administrators can list all users.",
    "Only an administrator may do this.",
    "Must be an admin.",
    "[Admin] List users",
    "Admin: list all users",
    "(admin) Purge the cache",
    "Restricted to staff.",
    "Reserved for moderators.",
    "Accessible to managers only.",
    "Only moderators can delete comments.",
    "Only users with the `admin` role can call this.",
    "This endpoint requires superuser access.",
    "Requires ROLE_ADMIN.",
    "Requires role: ADMIN",
    "The user must have administrator rights.",
    "Lists every account. For admins.",
    "Only for back-office use by staff.",
    "May be called by an administrator.",
    "Administrators only, others get 403.",
    "Needs admin permission.",
    "Only staff members may see the report.",
    "The caller must be an administrator.",
    "Log in as an admin to use this.",
)


PUBLIC = (
    "Public endpoint.",
    "This endpoint is public.",
    "No authentication required.",
    "Does not require authentication.",
    "No login needed.",
    "Anyone can list products without logging in.",
    "Publicly accessible.",
    "Can be called without authentication.",
    "Authentication is not required.",
    "This operation needs no credentials.",
    "Guests may read the menu.",
    "Open to the public.",
    "Available to unauthenticated users.",
    "Public catalogue of books.",
    "Does not need a token.",
    "No API key is needed.",
    "Everyone, even without an account, can read the news.",
    "Anonymous access is allowed.",
    "Returns the public profile of a user.",
)


SHARED = (
    "Any authenticated user can read this.",
    "Any logged-in user may comment.",
    "All users can see all posts.",
    "Every registered user can see the list.",
    "Any user can view any profile.",
    "Everyone can read reviews.",
    "Anyone may read a review.",
    "Visible to everyone.",
    "Visible to all logged-in users.",
    "Readable by all employees.",
    "Shared by all users.",
    "All authenticated users may read every article.",
    "Available to any authenticated user.",
    "Accessible by any signed-in customer.",
    "Can be edited by anyone.",
    "Not only the author but anyone can edit.",
)


SILENT = (
    "Returns a user by id.",
    "Returns the public key of the server.",
    "Access is not limited to the owner.",
    "Not restricted to administrators.",
    "No longer requires admin rights.",
    "Does not require admin privileges.",
    "You do not have to be an admin.",
    "No admin rights are needed.",
    "You do not need to be the owner.",
    "This is not a public endpoint.",
    "Not public.",
    "This endpoint is not publicly accessible.",
    "Authentication is required; anonymous access is not allowed.",
    "Anonymous users are rejected.",
    "Unauthenticated users get 401.",
    "Unauthenticated access is not allowed.",
    "Without authentication a 401 is returned.",
    "Returns 401 without credentials.",
    "Answers 401 when called without a token.",
    "Requests without authentication are rejected.",
    "Anonymous callers receive 401.",
    "Returns the manager of the department.",
    "Filter by manager.",
    "Sorted by author, then by editor.",
    "Returns only books by the given author.",
    "Returns only the author and the title.",
    "Lists the members of a team.",
    "Returns the owner of each repository.",
    "The editor's name is included.",
    "Adds a user as an editor of the document.",
    "Find your favourite pets.",
    "Use your browser to open it.",
    "Include your API key in the header.",
    "Returns your IP address.",
    "Deletes a comment.",
    "Returns the list of admins.",
    "Notifies the administrator.",
    "The id of the owner is in the answer.",
    "Non-members can join here.",
    "Membership is not required.",
    "The operator field must be one of eq, lt, gt.",
    "Requires an operator and a value.",
    "Assigns the ticket to a support agent.",
    "The staff of a store.",
    "Public holidays of a country.",
    "Publishes the post.",
)


@pytest.mark.parametrize("sentence", OWNER)
def test_a_sentence_about_ownership_promises_owner_access(sentence: str) -> None:
    access = access_of(sentence)
    assert access.level is Level.OWNER
    assert access.confidence is Confidence.FIRM
    assert access.source == "#/paths/~1things~1{id}/get/description"


@pytest.mark.parametrize("sentence", MEMBERS)
def test_a_sentence_about_a_group_promises_members_access(sentence: str) -> None:
    assert access_of(sentence).level is Level.MEMBERS


@pytest.mark.parametrize("sentence", ROLE)
def test_a_sentence_about_a_role_promises_role_access(sentence: str) -> None:
    access = access_of(sentence)
    assert access.level is Level.ROLE
    assert access.role


@pytest.mark.parametrize("sentence", PUBLIC)
def test_a_sentence_about_open_access_is_public_where_nothing_else_is_declared(sentence: str) -> None:
    access = access_of(sentence, secured=False)
    assert access.level is Level.PUBLIC
    assert not needs_credentials(access)


@pytest.mark.parametrize("sentence", PUBLIC)
def test_public_in_prose_beside_a_declared_login_means_every_caller_who_is_logged_in(sentence: str) -> None:
    access = access_of(sentence)
    assert access.level is Level.AUTHENTICATED
    assert is_shared_on_purpose(access)


@pytest.mark.parametrize("sentence", SHARED)
@pytest.mark.parametrize("secured", [True, False], ids=["secured", "silent"])
def test_a_sentence_that_names_every_caller_makes_the_object_shared_on_purpose(sentence: str, secured: bool) -> None:
    assert is_shared_on_purpose(access_of(sentence, secured=secured))


@pytest.mark.parametrize("sentence", SILENT)
def test_a_sentence_that_promises_nothing_leaves_what_security_says(sentence: str) -> None:
    access = access_of(sentence)
    assert access.level is Level.AUTHENTICATED
    assert access.source == "#/security"
    assert not is_shared_on_purpose(access)


@pytest.mark.parametrize("sentence", SILENT)
def test_a_sentence_that_promises_nothing_in_a_silent_document_leaves_access_unknown(sentence: str) -> None:
    assert access_of(sentence, secured=False).level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("sentence", "role"),
    [
        ("Requires the role `teller` or `admin`.", "teller"),
        ("Admin only.", "admin"),
        ("Only moderators can hide a post.", "moderator"),
        ("Requires ROLE_ADMIN.", "admin"),
        ("Restricted to staff.", "staff"),
    ],
)
def test_the_role_that_a_sentence_names_is_kept(sentence: str, role: str) -> None:
    assert access_of(sentence).role == role


def test_the_summary_is_read_like_the_description() -> None:
    access = access_of("Admin only", place="summary")
    assert (access.level, access.source) == (Level.ROLE, "#/paths/~1things~1{id}/get/summary")


def test_the_reason_quotes_the_sentence() -> None:
    assert "Only the owner may read it." in access_of("A thing. Only the owner may read it. And more.").reason


@pytest.mark.parametrize("method", ["get", "head"])
def test_of_two_promises_in_one_text_a_read_takes_the_open_one(method: str) -> None:
    assert is_shared_on_purpose(access_of("Anyone may read. Only the author may edit.", method=method))


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_of_two_promises_in_one_text_a_write_takes_the_narrow_one(method: str) -> None:
    assert access_of("Anyone may read. Only the author may edit.", method=method).level is Level.OWNER


def test_the_owner_or_an_administrator_is_an_owner_promise() -> None:
    assert access_of("Only the owner or an administrator may delete it.").level is Level.OWNER


def test_an_owner_in_one_sentence_and_a_role_in_another_is_an_owner_promise() -> None:
    assert access_of("Only the owner may read it. Admins only may hide it.").level is Level.OWNER


@pytest.mark.parametrize("status", ["403", "404"])
@pytest.mark.parametrize(
    "description",
    [
        "Not found, or somebody else's",
        "The order belongs to another customer",
        "Not the owner",
        "It is someone else's note",
        "The task of a different user",
        "Not found or not yours",
    ],
)
def test_a_declared_refusal_of_strangers_promises_owner_access(status: str, description: str) -> None:
    access = access_of(responses={"200": {"description": "Fine"}, status: {"description": description}})
    assert access.level is Level.OWNER
    assert access.source.endswith(f"/responses/{status}/description")


@pytest.mark.parametrize("description", ["Not found", "Forbidden", "No such order", "Missing permission"])
def test_an_ordinary_refusal_promises_nothing_about_ownership(description: str) -> None:
    assert access_of(responses={"404": {"description": description}}).level is Level.AUTHENTICATED


# What `security` says ---------------------------------------------------------------------------------------------


def test_a_declared_requirement_is_certain() -> None:
    access = access_of()
    assert (access.level, access.confidence) == (Level.AUTHENTICATED, Confidence.CERTAIN)


def test_an_operation_that_asks_for_nothing_is_certainly_public() -> None:
    access = access_of(security=[])
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.CERTAIN)
    assert access.source == "#/paths/~1things~1{id}/get/security"


def test_an_operation_whose_only_requirement_is_empty_is_certainly_public() -> None:
    access = access_of(security=[{}])
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.CERTAIN)


@pytest.mark.parametrize("security", [[{"bearer": []}, {}], [{}, {"bearer": []}]], ids=["last", "first"])
def test_credentials_that_are_optional_make_an_operation_public_but_not_certainly(security: list[Any]) -> None:
    access = access_of(security=security)
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.FIRM)


def test_open_security_of_an_operation_is_not_made_less_certain_by_prose_that_agrees() -> None:
    assert access_of("Public. Anyone may read it.", security=[]).confidence is Confidence.CERTAIN


def test_open_security_of_an_operation_outweighs_prose_about_an_owner() -> None:
    assert access_of("Returns your thing.", security=[]).level is Level.PUBLIC


@pytest.mark.parametrize("scope", ["admin", "users:admin", "admin:write", "staff.read"])
def test_a_scope_that_names_a_privilege_is_a_role(scope: str) -> None:
    access = access_of(security=[{"oauth": [scope]}])
    assert (access.level, access.role) == (Level.ROLE, scope)


def test_an_ordinary_scope_is_no_role() -> None:
    assert access_of(security=[{"oauth": ["read:things"]}]).level is Level.AUTHENTICATED


@pytest.mark.parametrize("scopes", [None, "admin", 7, {"a": 1}])
def test_scopes_of_a_wrong_type_are_no_reason_to_fail(scopes: Any) -> None:
    assert access_of(security=[{"oauth": scopes}]).level in (Level.AUTHENTICATED, Level.ROLE)


def test_a_declared_401_means_that_credentials_are_needed() -> None:
    access = access_of(secured=False, responses={"401": {"description": "Who are you?"}})
    assert (access.level, access.confidence) == (Level.AUTHENTICATED, Confidence.FIRM)
    assert access.source.endswith("/responses/401")


@pytest.mark.parametrize("path", ["/health", "/api/healthz", "/ping", "/v1/status", "/health/ready", "/metrics"])
def test_health_pages_are_open_by_convention(path: str) -> None:
    access = access_of(secured=False, path=path)
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.FIRM)


@pytest.mark.parametrize("path", ["/orders/{id}/status", "/documents/{id}/version", "/metrics/{id}/rows"])
def test_a_part_of_an_object_is_not_open_because_of_its_name(path: str) -> None:
    assert access_of(secured=False, path=path).level is Level.UNKNOWN


def test_a_write_is_not_open_because_of_its_name() -> None:
    assert access_of(secured=False, path="/status", method="put").level is Level.UNKNOWN


LOGIN_BODY = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"email": {"type": "string"}, "password": {"type": "string"}},
            }
        }
    }
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/login", "Log in to your account."),
        ("/login", "Returns a token for the authenticated user."),
        ("/users", "Create your own account."),
        ("/register", "Registers you. Your password must be strong."),
        ("/auth/token", "Exchange your email and password for a token."),
    ],
)
def test_a_login_or_sign_up_stays_open_whatever_it_says_about_your_account(path: str, text: str) -> None:
    access = access_of(text, secured=False, path=path, method="post", requestBody=LOGIN_BODY)
    assert access.level is Level.PUBLIC


def test_a_sign_up_that_says_admin_only_is_not_open() -> None:
    access = access_of("Admin only.", secured=False, path="/users", method="post", requestBody=LOGIN_BODY)
    assert access.level is Level.ROLE


def test_silence_beside_protected_operations_is_a_hint_of_open_access() -> None:
    other = {"/others": {"get": {"security": [{"bearer": []}], "responses": {"200": {"description": "Fine"}}}}}
    access = access_of(secured=False, others=other)
    assert (access.level, access.confidence) == (Level.PUBLIC, Confidence.TENTATIVE)


# Paths and tags ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/admin/users", "/api/v1/admin/users/{id}", "/staff/tickets", "/internal/jobs"])
def test_a_privileged_segment_is_a_role(path: str) -> None:
    access = access_of(path=path)
    assert (access.level, access.confidence) == (Level.ROLE, Confidence.FIRM)


@pytest.mark.parametrize("path", ["/administered-doses", "/users/{admin}", "/international/rates"])
def test_a_segment_that_only_resembles_a_privilege_is_no_role(path: str) -> None:
    assert access_of(path=path).level is Level.AUTHENTICATED


def test_a_privileged_segment_of_an_open_operation_is_no_role() -> None:
    assert access_of(path="/admin/login", security=[]).level is Level.PUBLIC


def test_a_role_that_the_path_and_the_text_both_name_is_meant_whatever_else_is_somebodys_own() -> None:
    text = "For administrators only. Administrators cannot take their own rights."
    assert access_of(text, path="/admin/users/{id}").level is Level.ROLE
    assert access_of(text, path="/users/{id}").level is Level.OWNER


def test_a_privileged_tag_is_a_hint_only() -> None:
    access = access_of(tags=["Admin"])
    assert (access.level, access.confidence) == (Level.ROLE, Confidence.TENTATIVE)


@pytest.mark.parametrize("path", ["/me/orders", "/users/me/notes", "/self/cards"])
def test_a_collection_behind_me_belongs_to_the_caller(path: str) -> None:
    access = access_of(path=path)
    assert (access.level, access.confidence) == (Level.OWNER, Confidence.FIRM)


# What is derived from it ------------------------------------------------------------------------------------------


def test_what_security_alone_says_is_kept_beside_what_prose_makes_of_it() -> None:
    access = access_of("Only the owner may read it.")
    assert access.declared is not None
    assert (access.declared.level, access.declared.source) == (Level.AUTHENTICATED, "#/security")


def test_the_surest_statement_that_credentials_are_needed_is_the_declared_one() -> None:
    access = access_of("Only the owner may read it.")
    assert access.credentials.confidence is Confidence.CERTAIN


def test_every_level_has_an_expectation_with_its_source() -> None:
    levels = {
        Level.OWNER: access_of("Owner only."),
        Level.MEMBERS: access_of("Members only."),
        Level.ROLE: access_of("Admin only."),
        Level.AUTHENTICATED: access_of(),
        Level.PUBLIC: access_of(security=[]),
        Level.UNKNOWN: access_of(secured=False),
    }
    assert {level: access.level for level, access in levels.items()} == {level: level for level in levels}
    statements = {access.expectation().statement for access in levels.values()}
    assert len(statements) == len(levels)
    assert all(access.expectation().source.startswith("#/") for access in levels.values())


def test_only_open_and_unknown_operations_need_no_credentials() -> None:
    assert not needs_credentials(access_of(security=[]))
    assert not needs_credentials(access_of(secured=False))
    assert needs_credentials(access_of())
    assert needs_credentials(access_of("Owner only."))


@pytest.mark.parametrize(
    "sentence",
    [
        "It works even for pages that are blocked in your area.",
        "Use this function to connect your users to the portal.",
        "Converts a page. Data enters your system as text.",
    ],
)
def test_something_of_yours_that_the_operation_may_not_be_about_is_a_hint(sentence: str) -> None:
    access = access_of(sentence)
    assert (access.level, access.confidence) == (Level.OWNER, Confidence.TENTATIVE)


@pytest.mark.parametrize("sentence", ["Delete all your marks.", "It is moved to the very top of all of your things."])
def test_something_of_yours_that_the_operation_is_about_is_firm(sentence: str) -> None:
    access = access_of(sentence)
    assert (access.level, access.confidence) == (Level.OWNER, Confidence.FIRM)


@pytest.mark.parametrize(
    "sentence",
    [
        "The media can be given by a public url.",
        "Changes the name of the public IPs of this server.",
        "This is used with a public network.",
        "Labels are automatically shared with the carrier.",
        "Reports a message for review by moderators.",
    ],
)
def test_words_that_only_look_like_a_promise_are_none(sentence: str) -> None:
    assert access_of(sentence).level is Level.AUTHENTICATED


@pytest.mark.parametrize(
    ("sentence", "role"),
    [
        ("Required permission: 'servers'.", "servers"),
        ("Required permission: global 'createserver'.", "createserver"),
        ("This requires the `orders.write` permission.", "orders.write"),
    ],
)
def test_a_named_permission_is_a_role_that_an_ordinary_user_may_have(sentence: str, role: str) -> None:
    access = access_of(sentence)
    assert (access.level, access.role, access.confidence) == (Level.ROLE, role, Confidence.TENTATIVE)


@pytest.mark.parametrize("sentence", [*OWNER, *MEMBERS, *ROLE, *PUBLIC, *SHARED])
def test_looking_for_parts_of_words_first_changes_no_answer(sentence: str) -> None:
    for gated in (_OWNER, _MEMBERS, _ROLE, _PUBLIC, _ANY_IDENTITY):
        assert bool(gated.search(sentence)) == bool(gated.pattern.search(sentence))
