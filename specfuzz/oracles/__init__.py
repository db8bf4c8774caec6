"""Judgement of responses: refused or accepted, the same object or another, a canary in it, a state that changed."""

from specfuzz.oracles.content import (
    Change,
    alike,
    as_text,
    changes,
    contains,
    found_canaries,
    is_volatile,
    leaves,
    same_fields,
    same_value,
)
from specfuzz.oracles.guessable import why_guessable
from specfuzz.oracles.replies import Outcome, Reply, read_reply, read_response

__all__ = [
    "Change",
    "Outcome",
    "Reply",
    "alike",
    "as_text",
    "changes",
    "contains",
    "found_canaries",
    "is_volatile",
    "leaves",
    "read_reply",
    "read_response",
    "same_fields",
    "same_value",
    "why_guessable",
]
