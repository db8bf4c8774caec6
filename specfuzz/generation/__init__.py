"""Every value that is sent: bodies a picky server accepts, canaries, changed values, made-up identifiers.

The only room that knows the internals of Schemathesis and Hypothesis.
"""

from specfuzz.generation.changes import different_value, made_up_identifier
from specfuzz.generation.dependencies import infer_links, is_too_large_to_analyse
from specfuzz.generation.drafts import Adjustments, Draft, Drafter, Reference, Style
from specfuzz.generation.feedback import adjust, options_named

__all__ = [
    "Adjustments",
    "Draft",
    "Drafter",
    "Reference",
    "Style",
    "adjust",
    "different_value",
    "infer_links",
    "is_too_large_to_analyse",
    "made_up_identifier",
    "options_named",
]
