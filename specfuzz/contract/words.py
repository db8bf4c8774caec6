"""Names as words: one vocabulary for snake, camel, kebab and Pascal case, and the word lists under `data/`."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

_BOUNDARY = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "indices": "index",
    "vertices": "vertex",
    "statuses": "status",
    "addresses": "address",
    "aliases": "alias",
    "buses": "bus",
    "movies": "movie",
    "cookies": "cookie",
    "series": "series",
    "news": "news",
}
_UNCHANGED = ("ss", "us", "is", "data", "media")


@lru_cache(maxsize=8192)
def split_words(name: str) -> tuple[str, ...]:
    """`isAdmin`, `is_admin`, `is-admin` and `IsAdmin` are all ("is", "admin")."""
    return tuple(word.lower() for word in _BOUNDARY.split(name) if word)


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """The singular of an English noun, well enough to match a collection with its items."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word.endswith(_UNCHANGED):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "zes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def noun_of(name: str) -> str:
    """The thing that a segment, schema or parameter names: its words, the last one in the singular, joined."""
    words = split_words(name)
    return "_".join((*words[:-1], singular(words[-1]))) if words else ""


def rename_like(words: tuple[str, ...], samples: tuple[str, ...]) -> str:
    """`words` in the naming style that most of `samples` (this document's own names) are written in."""
    camel = sum(1 for name in samples if re.search(r"[a-z][A-Z]", name) and not name[:1].isupper())
    pascal = sum(1 for name in samples if name[:1].isupper() and not name.isupper())
    kebab = sum(1 for name in samples if "-" in name)
    snake = sum(1 for name in samples if "_" in name)
    best = max(camel, pascal, kebab, snake)
    if best and best == camel:
        return words[0] + "".join(word.capitalize() for word in words[1:])
    if best and best == pascal:
        return "".join(word.capitalize() for word in words)
    if best and best == kebab:
        return "-".join(words)
    return "_".join(words)


@cache
def word_list(name: str) -> tuple[tuple[str, ...], ...]:
    """The entries of `data/NAME.txt` in order, each as its words; `#` starts a comment."""
    text = (files("specfuzz.contract.data") / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return tuple(tuple(line) for line in lines if line)


@cache
def _word_set(name: str) -> frozenset[tuple[str, ...]]:
    return frozenset(word_list(name))


def is_listed(field: str, list_name: str) -> bool:
    """Whether a field's words are an entry of the list, in any naming style (`isadmin` written in one too)."""
    words = split_words(field)
    entries = _word_set(list_name)
    return words in entries or (len(words) == 1 and len(words[0]) > 6 and words[0] in _joined(list_name))


@cache
def _joined(name: str) -> frozenset[str]:
    return frozenset("".join(entry) for entry in word_list(name))
