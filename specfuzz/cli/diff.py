"""`specfuzz diff`: which promises changed between two documents or locks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.errors import FINDINGS, UsageError
from specfuzz.cli.output import check_writable, write_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specfuzz.contract import Policy
    from specfuzz.contract.lock import Lock

FORMATS = ("text", "markdown", "json")


def diff(
    old: str,
    new: str,
    *,
    format: str,
    output: Path | None = None,
    policy: Policy | None = None,
    verify_tls: bool = True,
) -> int:
    """Compare and print; 1 where a promise weakened, else 0. Raises what `cli.errors` knows."""
    from specfuzz.contract.compare import Kind, compare
    from specfuzz.reports import diff_report

    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
    if output is not None:
        check_writable(output)
    before, after = _locks(old, new, policy, verify=verify_tls)
    changes = compare(before, after)
    render = {"text": diff_report.render_text, "markdown": diff_report.render_markdown, "json": diff_report.render_json}
    text = render[format](changes)
    if output is None:
        print(text, end="")
    else:
        write_report(output, text)
    return FINDINGS if any(change.kind is Kind.WEAKENED for change in changes) else 0


def _locks(old: str, new: str, policy: Policy | None, *, verify: bool) -> tuple[Lock, Lock]:
    """Both sides; of two that call their path parameters differently, a document takes the other side's names."""
    from specfuzz.cli.target import read_spec
    from specfuzz.contract.lock import is_lock

    old_text, new_text = read_spec(old, verify=verify), read_spec(new, verify=verify)
    if is_lock(new_text) and not is_lock(old_text):
        after = _lock(new_text, new, policy, ())
        return _lock(old_text, old, policy, after.paths), after
    before = _lock(old_text, old, policy, ())
    return before, _lock(new_text, new, policy, before.paths)


def _lock(text: str, location: str, policy: Policy | None, like: Iterable[str]) -> Lock:
    from specfuzz.contract import parse
    from specfuzz.contract.lock import is_lock, lock, read_lock

    if is_lock(text):
        return read_lock(text, location)
    return lock(parse(text, location), replace(policy, lenient=True) if policy is not None else None, like=like)
