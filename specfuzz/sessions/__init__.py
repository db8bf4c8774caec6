"""Client-side sessions and tokens, offline: taken apart, judged, their key guessed, forged. No request leaves here."""

from specfuzz.sessions.candidates import MAX_CANDIDATES, Candidate, default_candidates, from_file
from specfuzz.sessions.decode import decode
from specfuzz.sessions.decoded import Decoded, Form
from specfuzz.sessions.forge import NotForgeable, companion, confirms, forge
from specfuzz.sessions.guess import Key, NotGuessed, guess
from specfuzz.sessions.sensitive import Sensitive, sensitive

__all__ = [
    "MAX_CANDIDATES",
    "Candidate",
    "Decoded",
    "Form",
    "Key",
    "NotForgeable",
    "NotGuessed",
    "Sensitive",
    "companion",
    "confirms",
    "decode",
    "default_candidates",
    "forge",
    "from_file",
    "guess",
    "sensitive",
]
