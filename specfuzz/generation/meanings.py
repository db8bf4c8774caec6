"""What a name in a request means beyond its type: another person, or how private an object is to be."""

from __future__ import annotations

from specfuzz.contract.words import split_words

_PEOPLE = frozenset(
    "recipient receiver assignee invitee member friend follower followee participant collaborator attendee reviewer payee"
    " beneficiary user username addressee contact to".split()
)


def names_user(name: str) -> bool:
    """Whether a field or parameter of this name takes another person (`recipient`, `to_user`, `member_username`)."""
    words = split_words(name)
    if not words:
        return False
    if words[-1] in ("id", "username", "name", "email", "uuid") and len(words) > 1:
        return words[-2] in _PEOPLE
    return words[-1] in _PEOPLE and (words[-1] != "to" or len(words) == 1)


_PRIVATE = frozenset("private hidden secret confidential".split())
_SHARED = frozenset("public published shared listed visible open".split())


def asks_privacy(name: str) -> bool | None:
    """What a boolean of this name must be for the object to be its owner's alone; None if it says nothing about that."""
    words = set(split_words(name)) - {"is", "make", "be", "set"}
    if len(words) != 1:
        return None
    if words & _PRIVATE:
        return True
    return False if words & _SHARED else None
