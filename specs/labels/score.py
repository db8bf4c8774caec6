"""What a reader said of an operation beside what the code says of it, kind of fact by kind of fact."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from specfuzz.contract import Confidence, FieldReason, Level, OperationContract, derive, parse
from specfuzz.contract.words import noun_of

KINDS = ("access", "resource", "action", "identifier", "owner field", "state change", "forbidden field")
COLUMNS = ("access", "said by", "resource", "action", "identifier", "owner field", "state change", "forbidden field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a reader said of one operation: for each kind of fact, every answer that is right. None: cannot be told."""

    document: str
    operation: str
    held_out: bool
    answers: dict[str, frozenset[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One fact: what was labelled, what is claimed and how surely. `claimed` is None where the code claims nothing."""

    kind: str
    label: Label
    wanted: frozenset[str]
    claimed: str | None
    confidence: Confidence | None = None
    is_coarse: bool = False

    @property
    def is_right(self) -> bool:
        return self.claimed is not None and self.claimed in self.wanted

    @property
    def is_missed(self) -> bool:
        """Whether the reader says something and the code does not say it."""
        return "-" not in self.wanted and "unknown" not in self.wanted and not self.is_right


def read_labels(folder: Path) -> list[Label]:
    """Raises `ValueError` for a line that has not all columns."""
    found = []
    for document, lines in tomllib.loads((folder / "labels.toml").read_text(encoding="utf-8")).items():
        for operation, line in lines.items():
            if operation == "held_out":
                continue
            cells = [cell.strip() for cell in line.split(";")]
            if len(cells) != len(COLUMNS):
                raise ValueError(f"{document}: {operation}: {len(cells)} columns instead of {len(COLUMNS)}")
            answers = {
                name: None if cell == "*" else frozenset(cell.split())
                for name, cell in zip(COLUMNS, cells, strict=True)
            }
            found.append(Label(document=document, operation=operation, held_out=lines["held_out"], answers=answers))
    return found


def judge(folder: Path) -> list[Judged]:
    """Every labelled fact, judged. Documents are read from the folder that the labels lie in."""
    labels = read_labels(folder)
    contracts = {
        name: derive(parse((folder / name).read_text(encoding="utf-8"), name))
        for name in dict.fromkeys(label.document for label in labels)
    }
    found: list[Judged] = []
    for label in labels:
        contract = contracts[label.document].get(label.operation)
        if contract is None:
            raise ValueError(f"{label.document} has no {label.operation}")
        found.extend(_facts(label, contract))
    return found


def _facts(label: Label, contract: OperationContract) -> Iterator[Judged]:
    wanted = label.answers
    if (levels := wanted["access"]) is not None:
        access = contract.access
        coarse = access.level is Level.AUTHENTICATED and bool({"owner", "members", "role"} & levels)
        yield Judged(
            kind="access", label=label, wanted=levels, confidence=access.confidence, is_coarse=coarse,
            claimed=None if access.level is Level.UNKNOWN else str(access.level),
        )  # fmt: skip
    own = contract.own_identifier
    claims = (
        ("resource", noun_of(contract.resource) if contract.resource else None, None),
        ("action", str(contract.action), None),
        ("identifier", f"{own.location}:{own.name}" if own is not None else None, None),
        ("owner field", contract.owner_field, None),
        ("state change", "yes" if contract.state_changing else "no", contract.state_changing_confidence),
    )
    for kind, claimed, confidence in claims:
        if (right := wanted[kind]) is not None:
            if kind == "resource":
                right = frozenset(noun_of(noun) for noun in right)
            yield Judged(kind=kind, label=label, wanted=right, claimed=claimed, confidence=confidence)
    if (names := wanted["forbidden field"]) is not None:
        claimed_fields = {
            item.name: item.confidence
            for item in contract.forbidden_fields
            if item.reason is not FieldReason.PRIVILEGED_NAME  # tried because of its name; the document says nothing
            and "." not in item.name  # people labelled the object's own fields, not those of its parts
        }
        for name, confidence in claimed_fields.items():
            yield Judged(kind="forbidden field", label=label, wanted=names, claimed=name, confidence=confidence)
        for name in sorted(names - set(claimed_fields) - {"-"}):
            yield Judged(kind="forbidden field", label=label, wanted=frozenset({name}), claimed=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part}/{self.whole} ({100 * self.part / self.whole:.0f} %)" if self.whole else "–"


def precision(facts: list[Judged], *, at_least: Confidence | None = None, only: Confidence | None = None) -> Share:
    """Right claims among all claims. A level that is right and could be finer ("any identity") is no wrong claim."""
    claims = [
        fact
        for fact in facts
        if fact.claimed is not None
        and (at_least is None or (fact.confidence is not None and fact.confidence >= at_least))
        and (only is None or fact.confidence is only)
    ]
    return Share(part=sum(fact.is_right or fact.is_coarse for fact in claims), whole=len(claims))


def recall(facts: list[Judged]) -> Share:
    """Labelled facts that are claimed, among all labelled facts; a level that could be finer is not found."""
    said = [fact for fact in facts if fact.is_right or fact.is_missed]
    said = [fact for fact in said if not (fact.kind == "forbidden field" and fact.claimed and not fact.is_right)]
    return Share(part=sum(fact.is_right for fact in said), whole=len(said))
