"""The switches: every flaw of the insecure variant, by name, with the rule that should find it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from flask import current_app


class Weakness(NamedTuple):
    """One flaw: the rule that finds it, and what is wrong in one line."""

    rule: str
    summary: str


WEAKNESSES: Mapping[str, Weakness] = MappingProxyType(
    {
        "user-read-any": Weakness("SF101", "GET /users/{id} shows an account to every logged-in user"),
        "user-write-any": Weakness("SF102", "PATCH /users/{id} changes anyone's account"),
        "user-delete-any": Weakness("SF103", "DELETE /users/{id} deletes anyone's account"),
        "note-read-any": Weakness("SF101", "GET /notes/{id} shows a note to every logged-in user"),
        "note-write-any": Weakness("SF102", "PATCH /notes/{id} changes anyone's note"),
        "note-delete-any": Weakness("SF103", "DELETE /notes/{id} deletes anyone's note"),
        "note-search-any": Weakness("SF104", "GET /notes?tag= searches the notes of everyone"),
        "admin-list-open": Weakness("SF106", "GET /admin/users answers users who are no administrators"),
        "mass-assignment": Weakness("SF201", "PATCH /users/{id} stores every field sent, is_admin included"),
        "mass-assignment-signup": Weakness("SF201", "POST /users stores every field sent, is_admin included"),
        "owner-reassigned": Weakness("SF203", "PATCH /notes/{id} accepts owner_id"),
        "password-hash-returned": Weakness("SF205", "accounts include password_hash and internal_notes"),
        "write-without-login": Weakness("SF301", "PUT /notes/{id}/tags forgot to check login and owner"),
        "csrf-missing": Weakness("SF311", "writes need no X-CSRFToken"),
        "content-type-ignored": Weakness("SF313", "JSON is accepted under any content type"),
        "client-side-session": Weakness("SF401", "the cookie holds is_admin and internal_notes, readable"),
        "guessable-secret-key": Weakness("SF402", "the signing key is in every word list"),
        "cookie-attributes": Weakness("SF404", "the session cookie lacks HttpOnly, Secure and SameSite"),
        "session-survives-logout": Weakness("SF405", "POST /logout only has the browser forget the cookie"),
        "session-not-rotated": Weakness("SF406", "POST /login keeps the session id from before the login"),
    }
)

#: Combinations that open another door: with a readable session under a known key, anybody can write
#: one that says `is_admin` (SF403, forged-session-accepted).
COMBINED: Mapping[frozenset[str], Weakness] = MappingProxyType(
    {
        frozenset({"client-side-session", "guessable-secret-key"}): Weakness(
            "SF403", "a session signed with the guessed key is believed, user_id and is_admin included"
        ),
    }
)

ALL: tuple[str, ...] = tuple(WEAKNESSES)


def checked(names: Collection[str]) -> frozenset[str]:
    """The names as a set; raises ValueError for one that is no switch, TypeError for a bare string."""
    if isinstance(names, str):
        raise TypeError(f"weaknesses: expected a collection of names, got the string {names!r}")
    for name in names:
        if name not in WEAKNESSES:
            near = difflib.get_close_matches(name, WEAKNESSES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(WEAKNESSES)}"
            raise ValueError(f"no weakness named {name!r}; {hint}")
    return frozenset(names)


def is_weak(name: str) -> bool:
    """Whether the running app has this flaw."""
    if name not in WEAKNESSES:
        raise LookupError(f"no weakness named {name!r}")  # a misspelt switch must not read as "repaired"
    return name in current_app.config["WEAKNESSES"]
