"""What the documentation points to is there: files, links, make targets, the rooms and what they may import."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from documentation import PAGES, ROOT, name_of, prose_of, section, table_rows, text_of

_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_TOP = frozenset(path.name for path in ROOT.iterdir())
_PLACEHOLDER = re.compile(r"[<>{}*…]|SFnnn")

PAGE_IDS = [pytest.param(page, id=name_of(page)) for page in PAGES]


def repository_paths(page: Path) -> list[str]:
    """What stands in backticks and begins with a file or folder of the repository's root."""
    named = [text for text in _CODE.findall(prose_of(page)) if re.fullmatch(r"[\w.][\w./-]*", text)]
    return [
        text
        for text in named
        if not _PLACEHOLDER.search(text)
        and ((text.split("/")[0] in _TOP and "/" in text) or re.fullmatch(r"[\w-]+\.(?:md|toml|txt)", text))
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGE_IDS)
def test_every_named_path_exists(page: Path) -> None:
    users_own = {
        "schemathesis.toml",
        "specfuzz.toml",
        "specfuzz-baseline.toml",
        "truth.toml",
    }  # these stand in other folders: the user's, each API of the benchmark
    missing = [path for path in repository_paths(page) if path not in users_own and not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_the_path_check_sees_something(page: str) -> None:
    if page != "README.md":
        assert len(repository_paths(ROOT / page)) >= 5


@pytest.mark.parametrize("page", PAGE_IDS)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(prose_of(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        is_inside = there == ROOT or ROOT in there.parents
        if not is_inside or not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGE_IDS)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGE_IDS)
def test_no_path_of_a_machine_is_shown(page: Path) -> None:
    assert not re.search(r"(?<![\w.}])/(?:home|root|tmp|work|Users|var)/", page.read_text(encoding="utf-8"))


ROOMS = frozenset(path.parent.name for path in (ROOT / "specfuzz").glob("*/__init__.py"))


def documented_rooms() -> dict[str, set[str]]:
    """What each room may import, as the table of rooms says it."""
    rows = table_rows(section("ARCHITECTURE.md", "## The rooms"))
    return {row[0].strip("`"): _allowed(row[2]) for row in rows}


def _allowed(cell: str) -> set[str]:
    if cell in ("everything", "nothing of ours"):
        return set(ROOMS) if cell == "everything" else set()
    return set(_CODE.findall(cell))


def test_the_table_of_rooms_has_every_room() -> None:
    assert set(documented_rooms()) == ROOMS


def test_the_table_of_rooms_allows_nothing_that_the_import_linter_forbids() -> None:
    for contract in tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]:
        forbidden = {name.removeprefix("specfuzz.") for name in contract["forbidden_modules"]}
        for source in contract["source_modules"]:
            room = source.removeprefix("specfuzz.")
            assert documented_rooms()[room] & forbidden == set(), room


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_the_table_of_rooms_allows(room: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "specfuzz" / room).rglob("*.py")]
    found = {
        name for text in sources for name in re.findall(r"^\s*(?:from|import) specfuzz\.(\w+)", text, re.MULTILINE)
    }
    assert found - {room} <= documented_rooms()[room]
