"""What a rule that only looks is given: one exchange of the run, whoever sent it and why.

Such a rule sends nothing. It is a module with `RULE`, `why_not` and `look`; it sees every answer that any case, log-in or
clean-up of the run gets, and yields a `Break` for each promise that the answer breaks. One for each field is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.contract.model import Reply
from specfuzz.http import Exchange
from specfuzz.probes.rule import Severity
from specfuzz.probes.verdict import Break, Role, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An exchange at the operation that it belongs to. `passwords` are those that the run's own accounts have."""

    contract: Contract
    target: OperationContract
    exchange: Exchange
    passwords: Collection[str] = ()

    @property
    def reply(self) -> Reply | None:
        """What the document declares for this status and media type; None where it declares nothing that fits."""
        return declared_reply(self.target, self.exchange)

    def broken(
        self,
        title: str,
        detail: str,
        expectation: Expectation,
        *,
        confidence: Confidence | None = None,
        field: str | None = None,
        severity: Severity | None = None,
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
            severity=severity,
        )


def declared_reply(target: OperationContract, exchange: Exchange) -> Reply | None:
    """The declared response that an answer is one of: its status before its range before `default` (OpenAPI 3.1, 4.8.16)."""
    status, media_type = str(exchange.status), exchange.response.media_type
    for wanted in (status, f"{status[0]}XX", "default"):
        fitting = [item for item in target.operation.replies if item.status.upper() == wanted.upper()]
        if fitting:
            exact = [item for item in fitting if item.media_type == media_type]
            return (exact or [item for item in fitting if _is_json(item, media_type)] or fitting)[0]
    return None


def _is_json(reply: Reply, media_type: str) -> bool:
    return reply.media_type is not None and "json" in reply.media_type and "json" in media_type
