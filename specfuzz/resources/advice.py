"""What a person can do about an object that could not be made, in one line."""

from __future__ import annotations

from specfuzz.contract import Level, OperationContract
from specfuzz.http import Exchange


def what_would_help(creation: OperationContract, exchange: Exchange | None) -> str:
    """The line that would most likely let the run make such an object, going by the server's last answer."""
    status = exchange.status if exchange is not None else 0
    if creation.access.level is Level.ROLE or status == 403:
        who = f"an identity with the role {creation.access.role}" if creation.access.role else "an identity that may"
        return f"add {who} to --auth"
    if status == 401:
        return "check that the identity's log-in is the one that this operation wants"
    if status in (404, 405, 501):
        return f"check that the server has {creation.label} (--url, and the document's version)"
    if status in (400, 409, 413, 415, 422) and creation.operation.bodies:
        return f"give an `example` that the server takes at {creation.operation.bodies[0].pointer} in the document"
    return ""
