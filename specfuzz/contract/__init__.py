"""What a document promises: who may do what to whose objects, and which fields a client may write. Pure: no requests."""

from specfuzz.contract.derive import Contract, derive
from specfuzz.contract.document import Document, Unreadable, from_raw, parse
from specfuzz.contract.errors import ContractError, DocumentError
from specfuzz.contract.model import (
    Access,
    Action,
    Body,
    Confidence,
    Expectation,
    FieldReason,
    ForbiddenField,
    Identifier,
    Level,
    Link,
    Location,
    Operation,
    OperationContract,
    Parameter,
    Reply,
    ResourceKind,
    Schema,
)
from specfuzz.contract.policy import Ignore, Policy, PolicyError
from specfuzz.contract.policy_file import Setting, Settings, parse_policy
from specfuzz.contract.positions import Positions

__all__ = [
    "Access",
    "Action",
    "Body",
    "Confidence",
    "Contract",
    "ContractError",
    "Document",
    "DocumentError",
    "Expectation",
    "FieldReason",
    "ForbiddenField",
    "Identifier",
    "Ignore",
    "Level",
    "Link",
    "Location",
    "Operation",
    "OperationContract",
    "Parameter",
    "Policy",
    "PolicyError",
    "Positions",
    "Reply",
    "ResourceKind",
    "Schema",
    "Setting",
    "Settings",
    "Unreadable",
    "derive",
    "from_raw",
    "parse",
    "parse_policy",
]
