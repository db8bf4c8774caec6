"""Draw single values from Hypothesis strategies, repeatably: the same seed and purpose give the same value.

Hypothesis has no public way to draw one value outside a test. `ConjectureData` takes a `random.Random` since 6.82; it is
internal, so this module is the only one that touches it (checked with 6.100 to 6.170).
"""

from __future__ import annotations

import hashlib
import random
from typing import TypeVar

from hypothesis.control import BuildContext
from hypothesis.errors import HypothesisException, StopTest, UnsatisfiedAssumption
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

_TRIES = 20
"""Draws before a strategy counts as unsatisfiable; Hypothesis itself gives up after 50 discarded examples in a row."""

_LETTERS = "abcdefghijkmnpqrstuvwxyz"


class CannotDraw(Exception):
    """A strategy gave no value: its schema asks for the impossible, or for something too large."""


def stream(seed: int, *purpose: str) -> random.Random:
    """A random stream of its own for one purpose, so that what one probe draws never shifts what another does."""
    digest = hashlib.sha256("\x1f".join((str(seed), *purpose)).encode()).digest()
    return random.Random(int.from_bytes(digest[:16], "big"))


def draw(strategy: SearchStrategy[T], source: random.Random) -> T:
    """One value of the strategy. Raises `CannotDraw` where there is none to be had."""
    for _ in range(_TRIES):
        data = ConjectureData(random=random.Random(source.getrandbits(64)))
        try:
            with BuildContext(data, is_final=False, wrapped_test=_no_test):  # `from_regex` asks for one
                return data.draw(strategy)
        except (StopTest, UnsatisfiedAssumption):
            continue
        except HypothesisException as error:
            raise CannotDraw(str(error)) from error
    raise CannotDraw("no value satisfies the schema")


def _no_test() -> None:
    """What a build context wants to know of and never calls."""


def letters(source: random.Random, count: int) -> str:
    """Lower-case letters without look-alikes: they pass nearly every validator, names and slugs included."""
    return "".join(source.choice(_LETTERS) for _ in range(count))
