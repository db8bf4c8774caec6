"""`specfuzz rules` and `specfuzz explain`: what there is, why it matters, how it is decided, how to repair it."""

from __future__ import annotations

import difflib
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specfuzz.cli.errors import UsageError, guarded

if TYPE_CHECKING:
    from specfuzz.findings import RuleRef

FRAMEWORKS = {"flask": "Flask", "django": "Django", "fastapi": "FastAPI", "express": "Express", "spring": "Spring"}
"""Frameworks with code for a repair, by their name on the command line."""


def rules_command(
    category: Annotated[str | None, typer.Option(metavar="NAME", help="Only rules of this category.")] = None,
    format: Annotated[str, typer.Option(metavar="NAME", help="console or json.")] = "console",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """List the rules."""

    def command() -> int:
        from specfuzz.engine import known_rules

        rules = known_rules()
        categories = tuple(dict.fromkeys(rule.category for rule in rules))
        if category is not None and category not in categories:
            raise UsageError(f"no category {category!r}", hint=f"one of {', '.join(categories)}")
        if format not in ("console", "json"):
            raise UsageError(f"unknown format {format!r}", hint="one of console, json")
        shown = [rule for rule in rules if category in (None, rule.category)]
        if format == "json":
            print(json.dumps([_as_json(rule) for rule in shown], indent=2))
        else:
            _print_rules(shown)
        return 0

    guarded(command, debug=debug)


def _as_json(rule: RuleRef) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(rule)


def _print_rules(rules: list[RuleRef]) -> None:
    from rich.table import Table

    from specfuzz.cli.output import make_console

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("rule", "name", "severity", "promise"):
        table.add_column(column, no_wrap=column != "promise", overflow="fold")
    last = None
    for rule in rules:
        if rule.category != last:
            table.add_row(f"[bold]{rule.category}[/]")
            last = rule.category
        table.add_row(rule.id, rule.name, rule.severity, rule.promise)
    make_console().print(table)


def explain_command(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id or name: SF201, extra-field-accepted.")],
    framework: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Repair with code of one framework: {', '.join(FRAMEWORKS)}.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Explain a rule: what it promises, how it is decided, when it is wrong, how to repair what it finds."""

    def command() -> int:
        from rich.markdown import Markdown

        from specfuzz.cli.output import make_console

        text = explanation(_find(rule).id, _framework(framework))
        console = make_console()
        if console.is_terminal:
            console.print(Markdown(text))
        else:
            print(text)
        return 0

    guarded(command, debug=debug)


def _framework(name: str | None) -> str | None:
    if name is None or name.lower() in FRAMEWORKS:
        return name.lower() if name else None
    near = difflib.get_close_matches(name.lower(), FRAMEWORKS, n=1, cutoff=0.5)
    known = ", ".join(FRAMEWORKS)
    raise UsageError(f"unknown framework {name!r}", hint=f"did you mean {near[0]}? (one of {known})" if near else known)


def _find(name: str) -> RuleRef:
    from specfuzz.engine import known_rules

    rules = {rule.id: rule for rule in known_rules()}
    by_name = {rule.name: rule for rule in rules.values()}
    found = rules.get(name.upper()) or by_name.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.upper(), rules, n=3, cutoff=0.6)
        near = near or difflib.get_close_matches(name.lower(), by_name, n=2, cutoff=0.4)
        raise UsageError(
            f"no rule {name!r}", hint=f"did you mean {' or '.join(near)}?" if near else "see specfuzz rules"
        )
    return found


def explanation(rule: str, framework: str | None) -> str:
    """A rule's page; with a framework, of its repairs the one for that. Raises `UsageError` where the page is not there."""
    page = _page(f"rules/{rule}.md")
    if framework is None:
        return page
    head, before, fixes = page.partition("\n## Fix\n")
    _, after, rest = fixes.partition("\n## ")
    own = _section(fixes.split("\n## ")[0], f"### {FRAMEWORKS[framework]}")
    if not own:
        category = next(line for line in page.splitlines() if line.startswith("| category |")).split("|")[2].strip()
        own = _section(_page(f"fixes/{framework}.md"), f"## {category}")
        own = own.replace(f"### {category}", f"### {FRAMEWORKS[framework]}", 1)
    return f"{head}{before}\n{own.strip()}\n{after}{rest}" if own else page


def _section(text: str, heading: str) -> str:
    """A section with its heading, up to the next one of its rank; nothing where it is not there."""
    rank = heading.split(" ", 1)[0]
    lines = text.splitlines()
    if heading not in lines:
        return ""
    start = lines.index(heading)
    is_code, end = False, len(lines)
    for number, line in enumerate(lines[start + 1 :], start + 1):
        is_code ^= line.startswith("```")
        if not is_code and line.startswith("#") and len(line.split(" ", 1)[0]) <= len(rank):
            end = number
            break
    return "\n".join(("### " + heading.split(" ", 1)[1], *lines[start + 1 : end]))


def _page(name: str) -> str:
    """A page of the documentation: shipped inside the package, or beside it in a checkout."""
    places: tuple[Traversable, ...] = (files("specfuzz") / "docs", Path(__file__).parents[2] / "docs")
    for place in places:
        page = place.joinpath(*name.split("/"))
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise UsageError(
        f"the page {name} was not installed", hint="install specfuzz anew, or read docs/ in its repository"
    )
