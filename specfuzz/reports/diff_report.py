"""What changed between two versions of a contract: as text, as Markdown for a pull request, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from specfuzz.reports.text import printable

SCHEMA_VERSION = "1"

_TITLES = {
    "weakened": "Weakened",
    "strengthened": "Strengthened",
    "changed": "Changed",
    "appeared": "Appeared",
    "gone": "Gone",
}
_NOTHING = "No promise changed."


class ChangeLike(Protocol):
    """One difference, as the contract tells it."""

    @property
    def kind(self) -> str: ...
    @property
    def aspect(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def field(self) -> str | None: ...
    @property
    def text(self) -> str: ...


def render_text(changes: Sequence[ChangeLike]) -> str:
    """One block for each kind of change, the weakened promises first."""
    if not changes:
        return f"{_NOTHING}\n"
    blocks = []
    for kind, found in _by_kind(changes):
        lines = [f"  {printable(change.operation)}: {printable(change.text)}" for change in found]
        blocks.append("\n".join([_TITLES[kind], *lines]))
    return "\n\n".join([*blocks, summary(changes)]) + "\n"


def render_markdown(changes: Sequence[ChangeLike]) -> str:
    """The same for a comment: weakened promises in view, the rest folded away where it is long."""
    if not changes:
        return f"### API promises\n\n{_NOTHING}\n"
    parts = ["### API promises", summary(changes)]
    for kind, found in _by_kind(changes):
        rows = "\n".join(f"| {_code(change.operation)} | {_cell(change.text)} |" for change in found)
        table = f"| operation | change |\n| --- | --- |\n{rows}"
        if kind == "weakened":
            parts.append(f"#### {_TITLES[kind]}\n\n{table}")
        else:
            parts.append(f"<details><summary>{_TITLES[kind]} ({len(found)})</summary>\n\n{table}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def render_json(changes: Sequence[ChangeLike]) -> str:
    """The same for a program: every change with its kind, aspect, operation and field."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "weakened": sum(1 for change in changes if change.kind == "weakened"),
        "changes": [
            {
                "kind": str(change.kind),
                "aspect": change.aspect,
                "operation": _operation(change.operation),
                "field": change.field,
                "text": change.text,
            }
            for change in changes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def summary(changes: Sequence[ChangeLike]) -> str:
    """`2 promises weakened, 1 strengthened, 3 appeared`"""
    counts = [(kind, len(found)) for kind, found in _by_kind(changes)]
    words = [f"{count} {kind}" for kind, count in counts if kind != "weakened"]
    weakened = next((count for kind, count in counts if kind == "weakened"), 0)
    first = f"{weakened or 'No'} promise{'' if weakened == 1 else 's'} weakened"
    return ", ".join([first, *words])


def _by_kind(changes: Sequence[ChangeLike]) -> list[tuple[str, list[ChangeLike]]]:
    grouped = [(kind, [change for change in changes if change.kind == kind]) for kind in _TITLES]
    return [(kind, found) for kind, found in grouped if found]


def _operation(label: str) -> dict[str, str]:
    method, _, path = label.partition(" ")
    return {"method": method, "path": path}


def _cell(text: str) -> str:
    """Text inside a table of Markdown; a pipe would end the cell, an angle bracket begin HTML."""
    return printable(text).replace("\n", " ").replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    return f"`{printable(text).replace('`', '').replace('|', chr(92) + '|')}`"
