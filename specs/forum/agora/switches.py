"""The weaknesses that can be switched on, one by one; with none on, the forum is sound."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SWITCHES: dict[str, str] = {
    "draft-read-any": "SF101: reading a draft does not ask who wrote it or who collaborates on it",
    "private-thread-open": "SF101: a single thread of a private board is readable by non-members",
    "draft-update-unchecked": "SF102: the update's own get_object() forgets the object permissions",
    "bookmark-delete-any": "SF103: the idempotent delete removes anyone's bookmark",
    "search-all-drafts": "SF104: search forgets the reader as soon as include_drafts is given",
    "posts-not-tied-to-board": "SF105: replies are looked up by the thread's slug, whatever the board",
    "bookmark-any-thread": "SF105: a bookmark may point to a thread that its owner cannot see",
    "lock-by-anyone": "SF106: any member may lock a thread",
    "message-existence": "SF107: other people's messages answer 403, made-up ones 404",
    "signup-all-fields": "SF202: the sign-up serializer takes every field of the model",
    "reputation-writable": "SF202: reputation is missing from the profile's read-only fields",
    "author-writable": "SF203: an update may hand a thread to another author",
    "spam-score-shown": "SF204: a single post shows the spam filter's score",
    "join-code-returned": "SF206: a board answers with its join code",
    "post-edit-anonymous": "SF301: editing a post only stops members who are not its author",
    "bookmarks-listed-anonymous": "SF302: the bookmark list is filtered for members only",
    "bookmark-declared-open": "SF305: the served contract declares that bookmarking needs no login",
    "method-override-late": "SF306: the wiki obeys X-HTTP-Method-Override after the permission checks",
    "reply-csrf-exempt": "SF311: the reply form is exempt from the CSRF check",
    "csrf-token-shared": "SF312: the wiki editor accepts any CSRF token of the last hour",
    "beacon-plain-text": "SF313: read marks accept sendBeacon's text/plain without a token",
    "unsubscribe-by-get": "SF314: opening the unsubscribe link already unsubscribes",
    "session-in-cookie": "SF401: a member's session, e-mail address and API token live in the cookie",
    "weak-secret-key": "SF402: SECRET_KEY was never changed from the example",
    "session-hash-constant": "SF403: the session's hash is the same for every member",
    "session-cookie-exposed": "SF404: the session cookie lacks HttpOnly and SameSite",
    "logout-keeps-session": "SF405: logout only deletes the cookie",
    "session-not-rotated": "SF406: login carries on with the session id that the visitor had",
    "report-status-undeclared": "SF501: a report is answered with a status that the contract lacks",
    "internal-stats-route": "SF504: a statistics page that the contract does not list",
    "debug-page": "SF505: DEBUG is on and search passes the sort key through to the database",
}

_active: frozenset[str] = frozenset()


def on(name: str) -> bool:
    """Whether this weakness is switched on."""
    if name not in SWITCHES:
        raise KeyError(name)  # a misspelt switch must not read as "off"
    return name in _active


def activate(names: Iterable[str]) -> None:
    global _active
    _active = frozenset(names)


def parse(text: str) -> frozenset[str]:
    """Read the value of --on: `none`, `all`, or names separated by commas."""
    names = {name.strip() for name in text.split(",")} - {"", "none"}
    if names == {"all"}:
        return frozenset(SWITCHES)
    for name in sorted(names - SWITCHES.keys()):
        near = difflib.get_close_matches(name, SWITCHES, n=1)
        raise ValueError(f"unknown switch {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    return frozenset(names)
