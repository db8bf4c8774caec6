"""SF206: a property that the document declares `writeOnly` comes back.

Looks at every answer of the run. A value that only stands for the secret (stars, `[redacted]`, null) is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.contract.schemas import Property
from specfuzz.oracles import leaves, read_reply
from specfuzz.oracles.conformance import declaration
from specfuzz.oracles.secrets import is_masked
from specfuzz.probes.response_properties import leaf_name, plain_path
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF206",
    name="write-only-property-returned",
    category=Category.EXTRA_FIELD,
    severity=Severity.MEDIUM,
    cwe=("CWE-200",),
    owasp=("API3:2023",),
    promise="a `writeOnly` property is in no answer",
    remediation="Leave the property out of the serializer that writes answers, as the document says.",
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return None if _write_only(contract, target) else "the document marks nothing about this object writeOnly"


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break for each write-only property that an accepted answer holds a value of."""
    body = sight.exchange.response.json
    if not isinstance(body, Mapping | list) or not read_reply(sight.exchange).accepted:
        return
    known = _write_only(sight.contract, sight.target)
    for path, value in leaves(body).items():
        name = plain_path(path)
        item = next((known[part] for part in name.replace("[]", "").split(".") if part in known), None)
        if item is None or is_masked(value) or _is_readable(sight, name):
            continue
        yield sight.broken(
            title=f"{sight.target.label} returns `{name}`, which is writeOnly",
            detail=f"The document declares `{item.name}` writeOnly; {sight.exchange.identity} got a value of it with "
            f"{sight.target.label} ({sight.exchange.status}).",
            expectation=Expectation(
                statement=f"`{item.name}` is writeOnly", source=item.pointer, confidence=Confidence.CERTAIN
            ),
            field=name,
            note=f"`{name}` is in the answer",
        ).with_secret(leaf_name(name), str(value))


def _is_readable(sight: Sight, name: str) -> bool:
    """Whether the answer's own schema has a property there that is not write-only: another one of the same name."""
    reply = sight.reply
    if reply is None or reply.schema is None:
        return False
    parts = name.split(".")
    found = [
        declaration(sight.contract.document.schemas, reply.schema, reply.pointer, ".".join(parts[: index + 1]))
        for index in range(len(parts))
    ]
    return found[-1] is not None and not any(item is not None and item.is_write_only for item in found)


def _write_only(contract: Contract, target: OperationContract) -> dict[str, Property]:
    """The write-only properties of the operation's kind of object, by name, unless an answer declares them readable."""
    found: dict[str, Property] = {}
    readable: set[str] = set()
    for other in (target, *(item for item in contract.operations if _same_kind(item, target))):
        for item, is_answer in _properties(contract, other):
            if item.is_write_only:
                found.setdefault(item.name, item)
            elif is_answer:
                readable.add(item.name)
    return {name: item for name, item in found.items() if name not in readable}


def _same_kind(one: OperationContract, other: OperationContract) -> bool:
    return one.resource is not None and one.resource == other.resource


def _properties(contract: Contract, item: OperationContract) -> Iterator[tuple[Property, bool]]:
    """The properties of an operation's request and of its accepted answers (True)."""
    schemas = contract.document.schemas
    sources: list[tuple[Any, str, bool]] = [(body.schema, body.pointer, False) for body in item.operation.bodies]
    sources.extend(
        (reply.schema, reply.pointer, True)
        for reply in item.operation.replies
        if reply.is_success and reply.schema is not None
    )
    for schema, pointer, is_answer in sources:
        node, where, _ = schemas.represented(schema, pointer)
        for found in schemas.properties(node, where).values():
            yield found, is_answer
