"""Print how right the derivation is on the labelled operations: `python -m specs.labels`.

Exit codes: 0 printed; 1 a `certain` or `firm` claim is wrong more often than 2 in 100; 2 wrong usage or labels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specfuzz.contract import Confidence
from specs.labels.score import KINDS, Judged, judge, precision, recall
from specs.runner.board import table

FOLDER = Path("tests/contract/labelled")
SURE = 0.98
"""Share of the `certain` and `firm` claims that must be right."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m specs.labels", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--errors", choices=("open", "all"), help="also print every wrong and missed fact")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures between the markers in this file")
    options = parser.parse_args(arguments)
    try:
        facts = judge(options.folder)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    text = render(facts)
    print(text)
    if options.errors is not None:
        shown = [fact for fact in facts if options.errors == "all" or not fact.label.held_out]
        print("\n".join(_lines(shown)))
    if options.write is not None:
        options.write.write_text(between_markers(options.write.read_text(encoding="utf-8"), text), encoding="utf-8")
    sure = precision(facts, at_least=Confidence.FIRM)
    return 0 if sure.part >= SURE * sure.whole else 1


def render(facts: list[Judged]) -> str:
    """The figures: of the operations that rules may be written from, and of those that were set aside."""
    parts = []
    for title, held_out in (("Open", False), ("Set aside", True)):
        half = [fact for fact in facts if fact.label.held_out is held_out]
        operations = {(fact.label.document, fact.label.operation) for fact in half}
        rows = []
        for kind in (*KINDS, ""):
            chosen = [fact for fact in half if kind in ("", fact.kind)]
            rows.append(
                (
                    kind or "all",
                    str(precision(chosen, only=Confidence.CERTAIN)),
                    str(precision(chosen, only=Confidence.FIRM)),
                    str(precision(chosen, only=Confidence.TENTATIVE)),
                    str(precision(chosen)),
                    str(recall(chosen)),
                )
            )
        heads = ("fact", "right when certain", "when firm", "when tentative", "precision", "recall")
        documents = len({document for document, _ in operations})
        parts.append(f"**{title}**: {len(operations)} operations of {documents} documents.\n\n{table(heads, rows)}")
    return "\n\n".join(parts)


def _lines(facts: list[Judged]) -> list[str]:
    return [
        f"{'wrong ' if fact.claimed is not None and not fact.is_coarse else 'missed'} {fact.kind}: {fact.label.document} "
        f"{fact.label.operation}: {fact.claimed} ({fact.confidence}), labelled {' or '.join(sorted(fact.wanted))}"
        for fact in facts
        if (fact.claimed is not None and not fact.is_right) or (fact.claimed is None and fact.is_missed)
    ]


def between_markers(page: str, text: str) -> str:
    start, end = "<!-- figures: make labels -->", "<!-- end of figures -->"
    before, _, rest = page.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no {start} … {end}")
    return f"{before}{start}\n\n{text}\n\n{end}{after}"


if __name__ == "__main__":
    sys.exit(main())
