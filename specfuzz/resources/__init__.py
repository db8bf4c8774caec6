"""Objects that the run makes: made as an identity, read back as their owner, cleaned up."""

from specfuzz.resources.accounts import Accounts
from specfuzz.resources.ledger import Ledger, NotMade, Place
from specfuzz.resources.requests import Unnameable, build_request
from specfuzz.resources.resource import Resource
from specfuzz.resources.views import View, find_by_canary, find_by_key, objects_in, view_of
from specfuzz.resources.workshop import Workshop

__all__ = [
    "Accounts",
    "Ledger",
    "NotMade",
    "Place",
    "Resource",
    "Unnameable",
    "View",
    "Workshop",
    "build_request",
    "find_by_canary",
    "find_by_key",
    "objects_in",
    "view_of",
]
