"""What a rule that only looks is given: one exchange of the run, whoever sent it and why.

Such a rule sends nothing. It is a module with `RULE`, `why_not` and `look`; it sees every answer that any case, log-in or
clean-up of the run gets, and yields a `Break` for each promise that the answer breaks. One for each field is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.contract.model import Reply
from specfuzz.http import Exchange
from specfuzz.probes.verdict import Break, Role, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An exchange at the operation that it belongs to.

    `passwords` are those that the run's own accounts have. `extras` are the values, as JSON, that the run sent so far under
    names that the request's schema does not have: what comes back of them is their rule's business. `is_repeat` where the
    same request was answered with a server error before.
    """

    contract: Contract
    target: OperationContract
    exchange: Exchange
    passwords: Collection[str] = ()
    extras: Mapping[str, Collection[str]] = field(default_factory=dict)
    is_repeat: bool = False

    @property
    def reply(self) -> Reply | None:
        """What the document declares for this status; None where it declares nothing. Its schema is None where it declares
        none for this media type."""
        return declared_reply(self.target, self.exchange)

    @property
    def is_declared_by_default(self) -> bool:
        """Whether only `default` covers an answer of 2xx. Most documents mean errors by it, whatever else they say."""
        reply = self.reply
        return reply is not None and reply.status == "default" and self.exchange.status < 300

    def broken(
        self,
        title: str,
        detail: str,
        expectation: Expectation,
        *,
        confidence: Confidence | None = None,
        field: str | None = None,
        note: str = "",
    ) -> Break:
        """A break that this one exchange proves."""
        return Break(
            title=title,
            detail=detail,
            expectation=expectation,
            confidence=expectation.confidence if confidence is None else confidence,
            steps=(Step(role=Role.ATTACK, exchange=self.exchange, note=note),),
            owner=None,
            actor=self.exchange.identity,
            field=field,
        )


def declared_reply(target: OperationContract, exchange: Exchange) -> Reply | None:
    """The declared response that an answer is one of: its status before its range before `default` (OpenAPI 3.1, 4.8.16).

    Of its media types the exact one, then another kind of JSON, then a range (`*/*`); a schema for a table says nothing
    about the JSON that came.
    """
    status, media_type = str(exchange.status), exchange.response.media_type
    for wanted in (status, f"{status[0]}XX", "default"):
        fitting = [item for item in target.operation.replies if item.status.upper() == wanted.upper()]
        if fitting:
            ranked = sorted(fitting, key=lambda item: -_fit(item, media_type))  # stable: of equals the first
            return ranked[0] if _fit(ranked[0], media_type) else replace(ranked[0], schema=None)
    return None


def _fit(reply: Reply, media_type: str) -> int:
    """How well a declared media type fits what came, 0 for not at all."""
    if reply.media_type is None:
        return 1
    declared = reply.media_type.split(";")[0].strip().lower()
    if declared == media_type:
        return 4
    if "json" in declared and "json" in media_type:
        return 3
    return 2 if declared == "*/*" or (declared.endswith("/*") and media_type.startswith(declared[:-1])) else 0
