"""What a run may cost: requests, time, rate, retries. One object decides; drivers only ask it."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from specfuzz.http.errors import BudgetExhausted, TargetUnreachable
from specfuzz.http.exchange import Response

MAX_RETRIES = 3
"""Times that a throttled or briefly unavailable request is sent again (urllib3's and most SDKs' default)."""

MAX_RETRY_AFTER_S = 30.0
"""A longer `Retry-After`, in seconds, is not waited for: the exchange is handed on as it is."""

BACKOFF_S = 0.25
"""First wait, in seconds, where a 429 or 503 names none; doubled each time."""

MAX_SILENCE = 5
"""Requests in a row without any answer after which the target counts as gone."""

_RETRIED = frozenset({429, 502, 503, 504})


@dataclass(slots=True, kw_only=True)
class Limits:
    """The budget of one run. Times in seconds; `None` means no limit.

    Raises `BudgetExhausted` from `spend` and `TargetUnreachable` from `note_silence`.
    """

    max_requests: int | None = None
    max_time_s: float | None = None
    rate_per_s: float | None = None
    clock: Callable[[], float] = time.monotonic
    requests: int = 0
    _started: float = field(default=math.nan, init=False)
    _next_slot: float = field(default=0.0, init=False)
    _silence: int = field(default=0, init=False)
    _cleaning: bool = field(default=False, init=False)

    def spend(self) -> float:
        """Count one request; return how long to wait, in seconds, before sending it."""
        now = self.clock()
        if math.isnan(self._started):
            self._started = now
        if not self._cleaning:
            if self.max_requests is not None and self.requests >= self.max_requests:
                raise BudgetExhausted(f"the budget of {self.max_requests} requests (--max-requests) is used up")
            if self.max_time_s is not None and now - self._started >= self.max_time_s:
                raise BudgetExhausted(f"the budget of {self.max_time_s:g} s (--max-time) is used up")
        self.requests += 1
        if self.rate_per_s is None:
            return 0.0
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self.rate_per_s
        return slot - now

    def allow_cleanup(self) -> None:
        """Lift the budget: what was made is cleaned up even when a run ran out of it."""
        self._cleaning = True

    def retry_wait_s(self, response: Response, attempt: int) -> float | None:
        """Seconds to wait before sending the request again, or None to hand the response on.

        429, 502, 503 and 504 say that the request was not dealt with (RFC 9110, 15.6; RFC 6585, 4).
        """
        if response.status not in _RETRIED or attempt >= MAX_RETRIES:
            return None
        named = _retry_after_s(response.header("retry-after"))
        wait = BACKOFF_S * 2**attempt if named is None else named
        return wait if wait <= MAX_RETRY_AFTER_S else None

    def note_answer(self) -> None:
        self._silence = 0

    def note_silence(self, what: str) -> None:
        """One more request without an answer; past `MAX_SILENCE` in a row the target counts as gone."""
        self._silence += 1
        if self._silence >= MAX_SILENCE:
            raise TargetUnreachable(f"the target stopped answering: {what}")


def _retry_after_s(value: str | None) -> float | None:
    """`Retry-After` in seconds: a number or an HTTP date (RFC 9110, 10.2.3); None where there is none to read."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = moment.timestamp() - time.time()
    return max(0.0, seconds) if math.isfinite(seconds) else None
