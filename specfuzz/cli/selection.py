"""What the user narrowed a command to: a selection that matches nothing is a mistake, and the nearest names are said."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from specfuzz.cli.errors import UsageError
from specfuzz.contract import Contract


def check_selection(
    contract: Contract,
    *,
    rules: Collection[str] = (),
    operations: Collection[str] = (),
    tags: Collection[str] = (),
) -> None:
    """Raises `UsageError` for a rule, an operation or a tag that is not there."""
    from specfuzz.probes.registry import probes

    labels = {item.label for item in contract.operations}
    ids = {item.operation.operation_id for item in contract.operations if item.operation.operation_id}
    known_tags = {tag for item in contract.operations for tag in item.operation.tags}
    for what, given, known in (
        ("rule", rules, set(probes())),
        ("operation", operations, labels | ids),
        ("tag", tags, known_tags),
    ):
        for value in given:
            if value in known:
                continue
            near = nearest(value, known)
            if what == "rule":  # by its name instead of its id
                names = {probe.RULE.name: rule for rule, probe in probes().items()}
                near = [names[name] for name in difflib.get_close_matches(value.lower(), names, n=1)] or near
            raise UsageError(
                f"no {what} {value!r}",
                hint=f"did you mean {' or '.join(near)}?" if near else f"there is no such {what}",
            )


def nearest(value: str, known: Collection[str]) -> list[str]:
    """Up to three known names that look like `value`, the likest first; letter case does not count."""
    lowered = {name.lower(): name for name in sorted(known)}
    return [lowered[name] for name in difflib.get_close_matches(value.lower(), lowered, n=3, cutoff=0.3)]
