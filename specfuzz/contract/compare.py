"""Two sets of promises compared, in words: what became more open, more writable, less protected; what appeared and went."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from specfuzz.contract.actions import normalized_path
from specfuzz.contract.fields import is_owner_field, is_privileged
from specfuzz.contract.lock import Lock, Promises
from specfuzz.contract.model import Level


class Kind(enum.StrEnum):
    """What a difference means, the worst first."""

    WEAKENED = "weakened"
    STRENGTHENED = "strengthened"
    CHANGED = "changed"
    APPEARED = "appeared"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `aspect` is access, credentials, field, response or operation; `operation` the newer label."""

    kind: Kind
    aspect: str
    operation: str
    text: str
    field: str | None = None


_STRICTNESS = {
    Level.UNKNOWN: 0,
    Level.PUBLIC: 0,
    Level.AUTHENTICATED: 1,
    Level.MEMBERS: 2,
    Level.OWNER: 3,
    Level.ROLE: 4,
}
"""How few may use an operation. Saying nothing and saying `public` promise equally little."""


def compare(old: Lock, new: Lock) -> tuple[Change, ...]:
    """Every difference, by kind and then in the order of the operations. Names of path parameters do not count."""
    before, after = _by_key(old), _by_key(new)
    found: list[Change] = []
    for key, (label, promises) in sorted(after.items()):
        if key in before:
            found.extend(_changes(label, before[key][1], promises))
        elif _was_unreadable(label, old):
            found.append(_about(Kind.CHANGED, "operation", label, "can be read now, which it could not before"))
        else:
            found.append(_about(Kind.APPEARED, "operation", label, _introduction(promises)))
    for key, (label, promises) in sorted(before.items()):
        if key in after:
            continue
        if _was_unreadable(label, new):
            # Whatever it promised is not promised in a form that can be read: nobody could hold the API to it.
            found.append(_about(Kind.WEAKENED, "operation", label, "can no longer be read, so it promises nothing"))
        else:
            found.append(_about(Kind.GONE, "operation", label, f"is gone; it was {_who(promises)}"))
    order = list(Kind)
    return tuple(sorted(found, key=lambda change: order.index(change.kind)))


def _by_key(lock: Lock) -> dict[str, tuple[str, Promises]]:
    """Operations by their label with blank parameter names; with the names where two differ in nothing else."""
    found: dict[str, tuple[str, Promises]] = {}
    for label, promises in lock.operations.items():
        method, _, path = label.partition(" ")
        key = f"{normalized_path(path)} {method}"
        found[label if key in found else key] = (label, promises)
    return found


def _was_unreadable(label: str, lock: Lock) -> bool:
    """Whether an operation was there and could not be read: alone, or its whole path."""
    return label in lock.unreadable or label.partition(" ")[2] in lock.unreadable


def _introduction(promises: Promises) -> str:
    changes = ", changes state" if promises.state_changing else ""
    danger = ", dangerous" if promises.dangerous else ""
    return f"is new: {_who(promises)}{changes}{danger}"


def _who(promises: Promises) -> str:
    words = {
        Level.PUBLIC: "open to anyone",
        Level.AUTHENTICATED: "for any authenticated caller",
        Level.MEMBERS: "for members only",
        Level.OWNER: "for the owner only",
        Level.ROLE: f"for the role {promises.role} only" if promises.role else "for a role only",
        Level.UNKNOWN: "without a word on who may use it",
    }
    return words[promises.access]


def _changes(label: str, old: Promises, new: Promises) -> Iterator[Change]:
    yield from _access(label, old, new)
    yield from _scopes(label, old, new)
    yield from _writable(label, old, new)
    yield from _shown(label, old, new)
    if old.state_changing != new.state_changing:
        text = "changes state now" if new.state_changing else "no longer changes state"
        yield _about(Kind.CHANGED, "operation", label, text)
    if old.dangerous != new.dangerous:
        text = "looks dangerous now" if new.dangerous else "no longer looks dangerous"
        yield _about(Kind.CHANGED, "operation", label, text)


def _access(label: str, old: Promises, new: Promises) -> Iterator[Change]:
    before, after = _STRICTNESS[old.access], _STRICTNESS[new.access]
    change = f"it was {_who(old)}, and is now {_who(new)}"
    if after < before:
        yield _about(Kind.WEAKENED, "access", label, f"more open: {change}")
    elif after > before:
        yield _about(Kind.STRENGTHENED, "access", label, f"less open: {change}")
    elif old.access is Level.ROLE and old.role != new.role:
        # Which of two roles has more people in it, no document says: a reviewer has to look.
        yield _about(Kind.WEAKENED, "access", label, f"another role: {change}")
    elif old.access is not new.access:
        yield _about(Kind.CHANGED, "access", label, change)
    if old.credentials and not new.credentials and after > 0:
        yield _about(Kind.WEAKENED, "credentials", label, "less protected: it no longer asks for credentials")
    elif new.credentials and not old.credentials and before > 0:
        yield _about(Kind.STRENGTHENED, "credentials", label, "it asks for credentials now")


def _scopes(label: str, old: Promises, new: Promises) -> Iterator[Change]:
    """Scopes that are needed no more, or newly; an operation that was opened or kept for a role says so already."""
    if old.access is not new.access or old.role != new.role:
        return
    for scope in sorted(set(old.scopes) - set(new.scopes)):
        yield _about(Kind.WEAKENED, "credentials", label, f"less protected: it no longer needs the scope `{scope}`")
    for scope in sorted(set(new.scopes) - set(old.scopes)):
        yield _about(Kind.STRENGTHENED, "credentials", label, f"it needs the scope `{scope}` now")


def _writable(label: str, old: Promises, new: Promises) -> Iterator[Change]:
    for name in sorted(set(new.writable) - set(old.writable)):
        if name in old.forbidden:
            text = f"more writable: `{name}` may be sent now; it was forbidden ({old.forbidden[name]})"
            yield _about(Kind.WEAKENED, "field", label, text, name)
        elif is_privileged(name) or is_owner_field(name):
            text = f"more writable: `{name}` may be sent now, and its name grants rights"
            yield _about(Kind.WEAKENED, "field", label, text, name)
        else:
            yield _about(Kind.APPEARED, "field", label, f"takes a new field, `{name}`", name)
    for name in sorted(set(old.writable) - set(new.writable)):
        if name in new.forbidden:
            text = f"less writable: `{name}` may no longer be sent ({new.forbidden[name]})"
            yield _about(Kind.STRENGTHENED, "field", label, text, name)
        else:
            yield _about(Kind.GONE, "field", label, f"no longer takes `{name}`", name)
    for name in sorted(set(new.forbidden) - set(old.forbidden) - set(old.writable)):
        text = f"`{name}` is forbidden now ({new.forbidden[name]})"
        yield _about(Kind.STRENGTHENED, "field", label, text, name)
    for name in sorted(set(old.forbidden) - set(new.forbidden) - set(new.writable)):
        text = f"nothing forbids `{name}` any more, and nothing allows it; it was {old.forbidden[name]}"
        yield _about(Kind.CHANGED, "field", label, text, name)
    if old.is_strict and not new.is_strict and new.writable:
        yield _about(Kind.WEAKENED, "field", label, "more writable: it no longer says that it takes no other property")
    elif new.is_strict and not old.is_strict and old.writable:
        yield _about(Kind.STRENGTHENED, "field", label, "it says now that it takes no other property")


def _shown(label: str, old: Promises, new: Promises) -> Iterator[Change]:
    for name in sorted(set(new.sensitive) - set(old.sensitive)):
        if new.sensitive[name] == "writeOnly":
            yield _about(Kind.STRENGTHENED, "response", label, f"`{name}` is write-only now", name)
        else:
            text = f"less protected: its answer has a sensitive property now, `{name}`"
            yield _about(Kind.WEAKENED, "response", label, text, name)
    for name in sorted(set(old.sensitive) - set(new.sensitive)):
        if old.sensitive[name] == "writeOnly":
            text = f"`{name}` is no longer in its answers as write-only"
            yield _about(Kind.CHANGED, "response", label, text, name)
        else:
            yield _about(Kind.STRENGTHENED, "response", label, f"its answer no longer has `{name}`", name)
    for name in sorted(set(old.sensitive) & set(new.sensitive)):
        if old.sensitive[name] == "writeOnly" != new.sensitive[name]:
            yield _about(Kind.WEAKENED, "response", label, f"less protected: `{name}` is no longer write-only", name)


def _about(kind: Kind, aspect: str, label: str, text: str, field: str | None = None) -> Change:
    return Change(kind=kind, aspect=aspect, operation=label, text=text, field=field)
