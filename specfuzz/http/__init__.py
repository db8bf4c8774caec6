"""Exchanges and the drivers that make them: only the target's origin, within the limits, secrets behind one door."""

from specfuzz.http.errors import (
    BudgetExhausted,
    HttpError,
    Interrupted,
    OutsideFence,
    TargetUnreachable,
    TransportError,
)
from specfuzz.http.exchange import (
    ANONYMOUS,
    SAFE_METHODS,
    Exchange,
    Flow,
    Pairs,
    Request,
    Response,
    Substitute,
    json_body,
)

__all__ = [
    "ANONYMOUS",
    "SAFE_METHODS",
    "BudgetExhausted",
    "Exchange",
    "Flow",
    "HttpError",
    "Interrupted",
    "OutsideFence",
    "Pairs",
    "Request",
    "Response",
    "Substitute",
    "TargetUnreachable",
    "TransportError",
    "json_body",
]
