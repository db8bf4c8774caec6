"""The page about the policy says what can be said, and its examples can be read."""

from __future__ import annotations

import pytest
from documentation import blocks, section, text_of

from specfuzz.contract import parse_policy
from specfuzz.contract.policy import ACCESS_WORDS
from specfuzz.contract.policy_file import IGNORE_KEYS, RULING_KEYS, SELECTOR_KEYS, TOP_KEYS

PAGE = "docs/policy.md"


def test_the_example_can_be_read() -> None:
    settings = parse_policy(blocks(PAGE, "toml")[0], "specfuzz.toml")
    assert settings is not None
    policy = settings.policy
    assert (len(policy.lines), len(policy.ignores), len(policy.shared)) == (4, 1, 1)
    assert list(settings.run) == ["url", "auth", "seed"]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("## Which operations", SELECTOR_KEYS),
        ("## What can be said", (*RULING_KEYS, *ACCESS_WORDS)),
        ("## Ignored findings", tuple(key for key in IGNORE_KEYS if key not in SELECTOR_KEYS)),
        ("## In the document", tuple(f"x-specfuzz-{key}" for key in (*RULING_KEYS, "ignore"))),
    ],
)
def test_every_key_is_described(heading: str, words: tuple[str, ...]) -> None:
    assert [word for word in words if f"`{word}`" not in section(PAGE, heading)] == []


def test_every_table_of_the_file_is_described() -> None:
    assert [key for key in TOP_KEYS if key not in text_of(PAGE)] == []
