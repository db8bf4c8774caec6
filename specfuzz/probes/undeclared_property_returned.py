"""SF204: an answer holds a property that the document does not declare for it.

Looks at every accepted answer of the run. Documents that declare no properties promise nothing, and one operation whose
answers have little to do with their schema gives one summary instead of a flood.
"""

from __future__ import annotations

from collections.abc import Iterable

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.oracles import read_reply
from specfuzz.oracles.conformance import Undeclared, undeclared
from specfuzz.probes.response_properties import as_json, leaf_name
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sensitive_property_returned import look as look_for_secrets
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF204",
    name="undeclared-property-returned",
    category=Category.EXTRA_FIELD,
    severity=Severity.LOW,
    cwe=("CWE-213",),
    owasp=("API3:2023",),
    promise="an answer holds the properties that the document declares, and no others",
    remediation=(
        "Answer with a serializer or schema that lists what a client gets, instead of the whole model; where the property "
        "is meant to be seen, declare it."
    ),
)
NEEDS_PEER = False

MAX_NAMED = 5
"""Undeclared properties of one answer that are reported one by one; more say that the document describes something else."""

ALIKE_SHARE = 0.5
"""Share of a schema's properties that an object must have to count as what the schema describes."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    schemas = contract.document.schemas
    for reply in target.operation.replies:
        if reply.is_success and reply.schema is not None:
            schema, pointer, _ = schemas.represented(reply.schema, reply.pointer)
            if schemas.properties(schema, pointer):
                return None
    return "the document declares no properties of its answers"


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break for each undeclared property, or one for all where there are many."""
    reply = sight.reply
    body = sight.exchange.response.json
    if reply is None or reply.schema is None or not reply.is_success or not read_reply(sight.exchange).accepted:
        return
    if sight.is_declared_by_default:
        return
    # A hash or a secret that is not declared is SF205's, which weighs more; an extra field that was taken is SF201's.
    secret = {item.field or "" for item in look_for_secrets(sight)}
    found = [
        item
        for item in undeclared(sight.contract.document.schemas, reply.schema, reply.pointer, body)
        if not any(_is_at_or_in(name, item.path) for name in secret) and not _is_extra(sight, item)
    ]
    if len(found) > MAX_NAMED:
        yield _summary(sight, found)
        return
    for item in found:
        yield sight.broken(
            title=f"{sight.target.label} returns `{item.path}`, which the document does not declare",
            detail=f"{sight.exchange.identity} got `{item.path}` with {sight.target.label} ({sight.exchange.status}); "
            f"the schema of that answer has no such property.",
            expectation=_expectation(item),
            confidence=_confidence(item),
            field=item.path,
            note=f"`{item.path}` is in no schema",
        )


def _is_at_or_in(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}[]"))


def _is_extra(sight: Sight, item: Undeclared) -> bool:
    """Whether the property came to be by a request of this run that sent it beside the declared ones."""
    return as_json(item.value) in sight.extras.get(leaf_name(item.path), ())


def _confidence(item: Undeclared) -> Confidence:
    if item.forbidden:
        return Confidence.CERTAIN
    return Confidence.FIRM if item.share >= ALIKE_SHARE else Confidence.TENTATIVE


def _expectation(item: Undeclared) -> Expectation:
    said = "the schema allows no other properties" if item.forbidden else "the schema lists what the answer holds"
    return Expectation(statement=said, source=item.pointer, confidence=_confidence(item))


def _summary(sight: Sight, found: list[Undeclared]) -> Break:
    names = ", ".join(f"`{item.path}`" for item in found[:MAX_NAMED])
    return sight.broken(
        title=f"{sight.target.label} returns {len(found)} properties that the document does not declare",
        detail=f"Among them {names}. So many say that the document describes another answer than this one.",
        expectation=_expectation(found[0]),
        confidence=Confidence.TENTATIVE,
    )
