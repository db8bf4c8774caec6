"""Keep every exchange of a run, for reports that show them all. Masked when it is kept, and once more at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from specfuzz.findings import Evidence, Recorded, evidence_of
from specfuzz.http import Exchange
from specfuzz.http.redaction import Redactor

MAX_RECORDED_CHARS = 20_000
"""Characters of a body that are kept: enough for any page of a list, bounded for a run of thousands of exchanges."""


class Recorder:
    """Keeps exchanges in the order of their answers. One for a run; `clock` counts seconds."""

    def __init__(self, redactor: Redactor, clock: Callable[[], float] = time.monotonic) -> None:
        self._redactor = redactor
        self._clock = clock
        self._started = clock()
        self._kept: list[Recorded] = []

    def keep(self, exchange: Exchange) -> None:
        """Remember an exchange, masked by what is known so far: the raw bodies of a whole run would fill the memory."""
        at_s = self._clock() - self._started - exchange.elapsed_s
        evidence = evidence_of("", "", exchange, self._redactor, MAX_RECORDED_CHARS)
        self._kept.append(
            Recorded(
                at_s=max(0.0, round(at_s, 6)),
                elapsed_s=round(exchange.elapsed_s, 6),
                operation=exchange.request.operation,
                evidence=evidence,
            )
        )

    def exchanges(self) -> tuple[Recorded, ...]:
        """Everything kept, in the order of sending, without the secrets that came up later than the exchange."""
        masked = [replace(item, evidence=self._masked(item.evidence)) for item in self._kept]
        return tuple(sorted(masked, key=lambda item: item.at_s))

    def _masked(self, evidence: Evidence) -> Evidence:
        mask = self._redactor
        return replace(
            evidence,
            request={**evidence.request, "url": mask.text(evidence.request["url"]), **_rest(evidence.request, mask)},
            response={**evidence.response, **_rest(evidence.response, mask)},
        )


def _rest(message: object, mask: Redactor) -> dict[str, object]:
    assert isinstance(message, dict)
    return {"headers": dict(mask.headers(message["headers"].items())), "body": mask.value(message["body"])}
