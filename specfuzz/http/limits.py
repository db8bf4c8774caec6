"""What a run may cost: requests, time, rate, retries. One object decides; drivers only ask it."""

from __future__ import annotations

import datetime
import email.utils
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from specfuzz.http.errors import BudgetExhausted, TargetUnreachable
from specfuzz.http.exchange import SAFE_METHODS, Response

MAX_RETRIES = 3
"""Times that a throttled or briefly unavailable request is sent again (urllib3's and most SDKs' default)."""

MAX_RETRY_AFTER_S = 30.0
"""A longer `Retry-After`, in seconds, is not waited for: the exchange is handed on as it is."""

BACKOFF_S = 0.25
"""First wait, in seconds, where a 429 or 503 names none; doubled each time."""

MAX_SILENCE = 5
"""Requests in a row without any answer after which the target counts as gone."""

SPARE_SHARE = 0.6
"""Share of the budget after which only what decides is sent: the last cases of a plan need requests too."""

_NOT_DEALT_WITH = frozenset({429, 503})
"""Throttled or unavailable: whatever the method, nothing happened (RFC 6585, 4; RFC 9110, 15.6.4)."""

_PERHAPS_DEALT_WITH = frozenset({502, 504})
"""A gateway lost the answer, perhaps after the server had done the work (RFC 9110, 15.6.3 and 15.6.5)."""


@dataclass(slots=True, kw_only=True)
class Limits:
    """The budget of one run. Times in seconds; `None` means no limit.

    `clock` measures the run; `today` is the time of day, in seconds since 1970, for a `Retry-After` that is a date.
    Raises `BudgetExhausted` from `spend` and `TargetUnreachable` from `note_silence`.
    """

    max_requests: int | None = None
    max_time_s: float | None = None
    rate_per_s: float | None = None
    clock: Callable[[], float] = time.monotonic
    today: Callable[[], float] = time.time
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

    def has_spare(self) -> bool:
        """Whether enough of the budget is left for what is only worth a try."""
        if self.max_requests is not None and self.requests > SPARE_SHARE * self.max_requests:
            return False
        used_s = 0.0 if math.isnan(self._started) else self.clock() - self._started
        return self.max_time_s is None or used_s <= SPARE_SHARE * self.max_time_s

    def allow_cleanup(self) -> None:
        """Lift the budget: what was made is cleaned up even when a run ran out of it."""
        self._cleaning = True

    def retry_wait_s(self, method: str, response: Response, attempt: int) -> float | None:
        """Seconds to wait before sending the request again, or None to hand the response on.

        A write is repeated only where the answer says that it did not happen (RFC 9110, 9.2.2): a second object that
        nobody knows of would never be cleaned up.
        """
        retried = _NOT_DEALT_WITH | _PERHAPS_DEALT_WITH if method in SAFE_METHODS else _NOT_DEALT_WITH
        if response.status not in retried or attempt >= MAX_RETRIES:
            return None
        named = _retry_after_s(response.header("retry-after"), self.today())
        wait = BACKOFF_S * 2**attempt if named is None else named
        return wait if wait <= MAX_RETRY_AFTER_S else None

    def note_answer(self) -> None:
        self._silence = 0

    def note_silence(self, what: str) -> None:
        """One more request without an answer; past `MAX_SILENCE` in a row the target counts as gone."""
        self._silence += 1
        if self._silence >= MAX_SILENCE:
            raise TargetUnreachable(f"the target stopped answering: {what}")


def _retry_after_s(value: str | None, today: float) -> float | None:
    """`Retry-After` in seconds: a number or an HTTP date (RFC 9110, 10.2.3); None where there is none to read."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
            # Without a zone it is GMT all the same (RFC 9110, 5.6.7), not where this machine stands.
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp() - today
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
