"""SF502: the body of an answer breaks the schema that the document declares for it.

Looks at every answer whose status and media type are declared. Undeclared properties are SF204's. Hints only are the
commonest slips of documents (a null or a limit that nobody thought of), a refusal's body, and a body that is empty.
"""

from __future__ import annotations

from collections.abc import Iterable

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.oracles import read_reply
from specfuzz.oracles.conformance import violations
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF502",
    name="response-violates-schema",
    category=Category.CONTRACT,
    severity=Severity.LOW,
    cwe=(),
    owasp=("API9:2023",),
    promise="an answer's body fits the schema that the document declares for it",
    remediation="Make the serializer and the schema say the same; validate answers in the API's own tests.",
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if any(reply.schema is not None for reply in target.operation.replies):
        return None
    return "the document declares no schema for its answers"


def look(sight: Sight) -> Iterable[Break]:
    """Yields one break for the answer, with its first violations."""
    reply, response = sight.reply, sight.exchange.response
    if reply is None or reply.schema is None or "json" not in response.media_type or response.status >= 500:
        return
    if response.json is None and response.text.strip() != "null":
        return
    found = violations(sight.contract.document, reply.pointer, response.json)
    if not found:
        return
    found = tuple(sorted(found, key=lambda item: item.slight))  # stable: of equals the first
    is_doubtful = (
        found[0].slight
        or not read_reply(sight.exchange).accepted
        or sight.is_declared_by_default
        or response.json in ([], {}, None)  # a refusal in disguise, or PHP's way to write an empty object
    )
    shown = "; ".join(f"{f'`{item.path}`' if item.path else 'the body'}: {item.message}" for item in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    yield sight.broken(
        title=f"{sight.target.label} answers what its schema does not allow",
        detail=f"{sight.exchange.identity} got {sight.exchange.status} with {shown}{more}.",
        expectation=Expectation(
            statement="the answer fits its schema",
            source=reply.pointer,
            confidence=Confidence.TENTATIVE if is_doubtful else Confidence.FIRM,
        ),
        note=shown,
    )
