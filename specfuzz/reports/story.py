"""A finding's evidence as a story: numbered exchanges, each with what is different from the one that it compares with."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from specfuzz.findings import Evidence, Finding
from specfuzz.reports.text import body_text, path_of

MAX_DIFF_LINES = 40
"""Lines of one difference; what is longer is cut, with a note."""

MAX_LINE_CHARS = 240
"""Characters of a line in a difference; the whole of it stands above."""

_CONTEXT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a difference: `+` only in this exchange, `-` only in the other, ` ` in both."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How an exchange differs from an earlier one of the same method and path; `number` is that one's."""

    number: int
    identity: str
    request: tuple[Line, ...]
    response: tuple[Line, ...]

    @property
    def is_same_answer(self) -> bool:
        return not self.response


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One exchange, ready to be shown."""

    number: int
    item: Evidence
    path: str
    sent: str
    received: str
    comparison: Comparison | None

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier exchange shows the same answer already; of an attack it is shown all the same."""
        return self.comparison is not None and self.comparison.is_same_answer and self.item.role != "attack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The steps of a finding. Empty where a report has no room for them."""

    steps: tuple[Step, ...]


def tell(found: Finding, max_chars: int) -> Story:
    """The story of a finding, its bodies cut after `max_chars`."""
    steps: list[Step] = []
    for number, item in enumerate(found.evidence, 1):
        step = Step(
            number=number,
            item=item,
            path=path_of(str(item.request["url"])),
            sent=_cut(body_text(item.request["body"], indent=1), max_chars),
            received=_cut(body_text(item.response["body"], indent=1), max_chars),
            comparison=None,
        )
        earlier = next((other for other in reversed(steps) if _is_alike(other, step)), None)
        steps.append(step if earlier is None else _compared(step, earlier))
    return Story(steps=tuple(steps))


def _is_alike(earlier: Step, step: Step) -> bool:
    """The same request by somebody else, or later: then what is different tells something."""
    return earlier.item.request["method"] == step.item.request["method"] and (
        earlier.path.split("?")[0] == step.path.split("?")[0]
    )


def _compared(step: Step, earlier: Step) -> Step:
    comparison = Comparison(
        number=earlier.number,
        identity=earlier.item.identity,
        request=tuple(_differences(_request_lines(earlier), _request_lines(step))),
        response=tuple(_differences(_response_lines(earlier), _response_lines(step))),
    )
    return Step(
        number=step.number,
        item=step.item,
        path=step.path,
        sent=step.sent,
        received=step.received,
        comparison=comparison,
    )


def _request_lines(step: Step) -> list[str]:
    return [f"as {step.item.identity}", step.path, *step.sent.splitlines()]


def _response_lines(step: Step) -> list[str]:
    return [f"status {step.item.response['status']}", *step.received.splitlines()]


def _differences(before: list[str], after: list[str]) -> Iterator[Line]:
    """The lines that differ, with a little of what stands around them."""
    shown = 0
    hunks = difflib.unified_diff(before, after, lineterm="", n=_CONTEXT)
    for line in hunks:
        if line.startswith(("---", "+++")) and shown == 0:
            continue
        if shown >= MAX_DIFF_LINES:
            yield Line(sign="…", text="and more")
            return
        if line.startswith("@@"):
            if shown:
                yield Line(sign="…", text="")
            continue
        shown += 1
        yield Line(sign=line[:1], text=_cut(line[1:], MAX_LINE_CHARS))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]} …"
