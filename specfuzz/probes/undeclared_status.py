"""SF501: an answer has a status that the document does not declare for the operation.

Looks at every answer. Statuses that any HTTP server may give without being asked to say so (authentication, a missing
object, methods, media types, limits, gateways; RFC 9110, 15) are passed over. Other client errors are hints, and only
where the document lists such refusals for the operation.
"""

from __future__ import annotations

from collections.abc import Iterable

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.oracles import read_reply
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF501",
    name="undeclared-status",
    category=Category.CONTRACT,
    severity=Severity.LOW,
    cwe=(),
    owasp=("API9:2023",),
    promise="an operation answers with the statuses that the document declares",
    remediation="Declare the status with its body, or answer with one that is declared.",
)
NEEDS_PEER = False

_UNSAID = frozenset(
    {203, 301, 304, 307, 308, 401, 403, 404, 405, 406, 407, 408, 411, 413, 414, 415, 429, 431, 500, 502, 503, 504}
)
"""203, 407 and the 50x are a proxy's, 301, 307 and 308 a router's that misses a slash; 500 is SF503's."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if not target.operation.replies:
        return "the document declares no answers"
    if any(reply.status == "default" for reply in target.operation.replies):
        return "the document declares a default answer, so any status is declared"
    return None


def _lists_refusals(target: OperationContract) -> bool:
    """Whether the document tells an operation's refusals one by one: 422 alone is what FastAPI writes everywhere."""
    return any(
        reply.status.startswith("4") and reply.status.isdigit() and int(reply.status) not in _UNSAID | {422}
        for reply in target.operation.replies
    )


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break where the status, its range and `default` are all undeclared."""
    status = sight.exchange.status
    if sight.reply is not None or status in _UNSAID or status < 200:
        return
    is_success = status < 300
    if is_success and not read_reply(sight.exchange).accepted:
        return  # a refusal in disguise: which status it wears is a habit of the whole API
    if not is_success and (status < 400 or not _lists_refusals(sight.target)):
        return
    declared = ", ".join(dict.fromkeys(reply.status for reply in sight.target.operation.replies))
    yield sight.broken(
        title=f"{sight.target.label} answers {status}, which the document does not declare",
        detail=f"Declared are {declared}; {sight.exchange.identity} got {status}.",
        expectation=Expectation(
            statement=f"{sight.target.label} answers with {declared}",
            source=f"{sight.target.operation.pointer}/responses",
            confidence=Confidence.FIRM if is_success else Confidence.TENTATIVE,
        ),
        note=f"{status} is not declared",
    )
