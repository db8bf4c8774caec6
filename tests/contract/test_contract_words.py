"""Names as words, whatever style they are written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.contract.words import is_listed, noun_of, rename_like, singular, split_words, word_list

LISTS = ("privileged_fields", "owner_fields", "sensitive_fields")


@pytest.mark.parametrize("name", ["is_admin", "isAdmin", "IsAdmin", "is-admin", "IS_ADMIN", "is.admin", "is admin"])
def test_one_name_in_any_style_is_the_same_words(name: str) -> None:
    assert split_words(name) == ("is", "admin")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("userID", ("user", "id")),
        ("HTTPServer", ("http", "server")),
        ("address2", ("address2",)),
        ("__v", ("v",)),
        ("", ()),
        ("---", ()),
        ("größe", ("gr", "e")),
    ],
)
def test_a_name_is_split_where_a_reader_would(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


@given(st.text())
def test_any_name_is_split_into_lower_case_words(name: str) -> None:
    assert all(word and word == word.lower() for word in split_words(name))


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("orders", "order"),
        ("categories", "category"),
        ("boxes", "box"),
        ("branches", "branch"),
        ("dishes", "dish"),
        ("classes", "class"),
        ("people", "person"),
        ("children", "child"),
        ("addresses", "address"),
        ("statuses", "status"),
        ("movies", "movie"),
        ("series", "series"),
        ("news", "news"),
        ("status", "status"),
        ("address", "address"),
        ("analysis", "analysis"),
        ("data", "data"),
        ("bus", "bus"),
        ("order", "order"),
        ("houses", "house"),
        ("invoices", "invoice"),
    ],
)
def test_a_plural_has_its_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_a_singular_is_never_empty(word: str) -> None:
    assert singular(word)


@pytest.mark.parametrize(
    ("name", "noun"), [("line-items", "line_item"), ("OrderLines", "order_line"), ("users", "user"), ("", "")]
)
def test_the_noun_of_a_segment_is_its_last_word_in_the_singular(name: str, noun: str) -> None:
    assert noun_of(name) == noun


@pytest.mark.parametrize(
    ("samples", "renamed"),
    [
        (("userName", "orderId"), "isAdmin"),
        (("user_name", "order_id"), "is_admin"),
        (("user-name", "order-id"), "is-admin"),
        (("UserName", "OrderId"), "IsAdmin"),
        (("name", "title"), "is_admin"),
        ((), "is_admin"),
        (("userName", "orderId", "legacy_name"), "isAdmin"),
    ],
    ids=["camel", "snake", "kebab", "pascal", "plain", "none", "mostly camel"],
)
def test_a_guessed_name_follows_the_documents_own_style(samples: tuple[str, ...], renamed: str) -> None:
    assert rename_like(("is", "admin"), samples) == renamed


@pytest.mark.parametrize("name", ["is_admin", "isAdmin", "isadmin", "ROLE", "accountBalance", "email-verified"])
def test_a_privileged_name_is_found_in_any_style(name: str) -> None:
    assert is_listed(name, "privileged_fields")


@pytest.mark.parametrize("name", ["administration_fee", "title", "role_description", "plane", "", "is_admins_friend"])
def test_a_name_that_only_contains_a_privileged_one_is_not_listed(name: str) -> None:
    assert not is_listed(name, "privileged_fields")


@pytest.mark.parametrize("name", ["password", "passwordHash", "API_KEY", "two_factor_secret", "ssn"])
def test_a_sensitive_name_is_found_in_any_style(name: str) -> None:
    assert is_listed(name, "sensitive_fields")


@pytest.mark.parametrize("list_name", LISTS)
def test_a_word_list_has_every_entry_once_and_in_words(list_name: str) -> None:
    entries = word_list(list_name)
    assert len(entries) == len(set(entries)) > 10
    assert all(split_words(" ".join(entry)) == entry for entry in entries)
