"""What can go wrong between us and the target.

x  HttpError
   + TransportError            one request got no usable answer (a flow may go on with the next)
   + TargetUnreachable         the target stopped answering: the run ends, with what is known so far
   + BudgetExhausted           --max-requests or --max-time is used up
   + Interrupted               somebody asked the run to stop: no further request is sent
   + OutsideFence              a request would have left the target's origin: a bug of ours or a bad option
"""

from __future__ import annotations


class HttpError(Exception):
    """Base of this room's errors; its text is fit for a person."""


class TransportError(HttpError):
    """One request got no usable answer: a timeout, a reset, an unreadable response."""


class TargetUnreachable(HttpError):
    """The target does not answer, or no longer does."""


class BudgetExhausted(HttpError):
    """The budget of requests or time is used up."""


class Interrupted(HttpError):
    """Somebody asked the run to stop. What is under way is finished; no further request is sent."""


class OutsideFence(HttpError):
    """A request to another origin than the target's was stopped."""
