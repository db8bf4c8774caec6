"""Client-side sessions and tokens, offline: taken apart, judged, their key guessed, forged. No request leaves here."""

from specfuzz.sessions.analysis import MAX_LIFETIME_S, Issue, analyse, in_words, lifetime_s
from specfuzz.sessions.candidates import MAX_CANDIDATES, Candidate, default_candidates, from_file
from specfuzz.sessions.decode import decode
from specfuzz.sessions.decoded import Decoded, Form
from specfuzz.sessions.forge import NotForgeable, companion, confirms, forge
from specfuzz.sessions.guess import Key, NotGuessed, guess
from specfuzz.sessions.impersonate import impersonated
from specfuzz.sessions.pasted import Pasted, read_pasted
from specfuzz.sessions.sensitive import Sensitive, sensitive

__all__ = [
    "MAX_CANDIDATES",
    "MAX_LIFETIME_S",
    "Candidate",
    "Decoded",
    "Form",
    "Issue",
    "Key",
    "NotForgeable",
    "NotGuessed",
    "Pasted",
    "Sensitive",
    "analyse",
    "companion",
    "confirms",
    "decode",
    "default_candidates",
    "forge",
    "from_file",
    "guess",
    "impersonated",
    "in_words",
    "lifetime_s",
    "read_pasted",
    "sensitive",
]
