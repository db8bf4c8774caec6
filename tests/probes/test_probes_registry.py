"""The rules are found by themselves, and each offers what it seems to offer."""

from __future__ import annotations

import inspect

import pytest

from specfuzz.probes.registry import attack, probes, watchers


@pytest.mark.parametrize("rule", sorted(probes()))
def test_a_rule_attacks_or_looks_or_both(rule: str) -> None:
    assert attack(rule) is not None or rule in watchers()


@pytest.mark.parametrize("rule", sorted(watchers()))
def test_a_looking_rule_takes_one_sight(rule: str) -> None:
    """A helper of that name that a module imports would make it a looking rule that crashes at every answer."""
    assert list(inspect.signature(watchers()[rule].look).parameters) == ["sight"]
