"""What the tests of the documentation share: the pages and their parts."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRONT = tuple(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"))
PAGES = (*FRONT, *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return [body for kind, body in FENCE.findall(text_of(name)) if kind == language]


def section(name: str, heading: str) -> str:
    """The text below a heading, up to the next one of the same or a higher rank."""
    text = text_of(name)
    start = text.index(f"{heading}\n") + len(heading)
    rank = len(heading) - len(heading.lstrip("#"))
    outside = FENCE.sub(lambda block: " " * len(block[0]), text)  # a comment in a code block is no heading
    following = re.search(rf"^#{{1,{rank}}} ", outside[start:], re.MULTILINE)
    return text[start : start + following.start()] if following else text[start:]


def table_rows(text: str) -> list[list[str]]:
    """The cells of every table row in a text, header and rule lines left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for index, row in enumerate(rows) if not _is_rule(row) and not _is_rule(rows[index + 1 : index + 2])]


def _is_rule(row: list[str] | list[list[str]]) -> bool:
    cells = row[0] if row and isinstance(row[0], list) else row
    return bool(cells) and all(isinstance(cell, str) and set(cell) <= set("-: ") and cell for cell in cells)
