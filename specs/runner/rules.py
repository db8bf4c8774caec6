"""The rules that a truth may name. The ids are stable, so this list only grows.

It is not read from specfuzz: a rule that specfuzz does not have yet is a miss, not an error.
"""

from __future__ import annotations

from typing import Final

RULES: Final = {
    "SF101": "cross-user-read",
    "SF102": "cross-user-update",
    "SF103": "cross-user-delete",
    "SF104": "cross-user-listing",
    "SF105": "cross-user-reference",
    "SF106": "function-level-access",
    "SF107": "existence-disclosure",
    "SF201": "extra-field-accepted",
    "SF202": "read-only-field-written",
    "SF203": "owner-reassigned",
    "SF204": "undeclared-property-returned",
    "SF205": "sensitive-property-returned",
    "SF206": "write-only-property-returned",
    "SF301": "tokenless-write",
    "SF302": "tokenless-read",
    "SF303": "invalid-credentials-accepted",
    "SF304": "effect-despite-refusal",
    "SF305": "unprotected-write-declared",
    "SF306": "method-override",
    "SF311": "csrf-token-not-required",
    "SF312": "csrf-token-not-bound",
    "SF313": "simple-content-type-accepted",
    "SF314": "write-through-safe-method",
    "SF401": "session-data-readable",
    "SF402": "session-secret-guessed",
    "SF403": "forged-session-accepted",
    "SF404": "cookie-attributes",
    "SF405": "session-survives-logout",
    "SF406": "session-not-rotated",
    "SF411": "jwt-alg-none",
    "SF412": "jwt-signature-ignored",
    "SF413": "jwt-secret-guessed",
    "SF414": "jwt-no-expiry",
    "SF415": "jwt-sensitive-claims",
    "SF501": "undeclared-status",
    "SF502": "response-violates-schema",
    "SF503": "server-error",
    "SF504": "undeclared-route",
    "SF505": "stack-trace-returned",
}

# About the session or the token as a whole: the operation only says where it was seen.
SESSION_WIDE: Final = frozenset(rule for rule in RULES if rule.startswith("SF4"))

# Its operations are, by definition, not in the document.
UNDECLARED: Final = frozenset({"SF504"})

# About a property of a response, which may lie in an envelope (`items[].pin`); a truth names the property alone.
RESPONSE_PROPERTY: Final = frozenset({"SF204", "SF205", "SF206"})
