"""SF205: a credential, a hash, a secret or an internal field reaches a client.

Looks at every answer of the run, by form and by name. A form that proves itself (a password hash, a private key, a key
with its provider's prefix, the password that this very account logs in with) is enough; a name alone is firm only where
the document does not declare the property and the value reads like a secret, or where it names a password's hash. No
finding are tokens that logging in hands out, a secret shown once to whoever makes it, and what a refusal repeats of its
own request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.words import is_listed, split_words
from specfuzz.oracles import leaves, read_reply
from specfuzz.oracles.conformance import declaration, undeclared
from specfuzz.oracles.secrets import is_masked, passes_luhn, password_hash_form, secret_form
from specfuzz.probes.response_properties import as_json, leaf_name, plain_path, values_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF205",
    name="sensitive-property-returned",
    category=Category.EXTRA_FIELD,
    severity=Severity.HIGH,
    cwe=("CWE-200",),
    owasp=("API3:2023",),
    promise="no credential, hash, secret or internal field reaches a client",
    remediation=(
        "Answer with a serializer or schema that lists what a client gets; keep hashes, secrets and internal notes out of "
        "it, whoever asks."
    ),
)
NEEDS_PEER = False

_HANDS_OUT = frozenset({Action.LOGIN, Action.SIGN_UP, Action.REFRESH})
"""Operations whose purpose is to hand a credential to the caller."""

_HANDING_OUT_WORDS = frozenset(
    "rotate regenerate reissue issue generate renew reset enroll enrol setup enable activate token tokens session sessions mfa "
    "2fa otp totp recovery backup".split()
)
"""Words in the path of an operation that makes a credential and shows it to the caller, once."""

_TOKEN_WORDS = frozenset({"token", "tokens", "jwt", "bearer", "csrf", "xsrf", "key", "session"})
_HASH_WORDS = frozenset({"hash", "hashed", "digest", "salt", "encrypted"})
_PASSWORD_WORDS = frozenset({"password", "passwd", "passphrase", "pass", "pwd", "pw", "pin"})
_INTERNAL_WORDS = frozenset({"internal", "admin", "risk", "fraud"})
_HOMONYMS = frozenset({"salt", "secret", "pin"})
"""Words that by themselves also name an ingredient, a surprise and a postal code."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Every answer is looked at."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Find:
    what: str
    confidence: Confidence
    source: str


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break for each property that holds what no client should be handed."""
    body = sight.exchange.response.json
    if not isinstance(body, Mapping | list):
        return
    accepted = read_reply(sight.exchange).accepted
    own = frozenset[str]() if accepted else values_in(sight.exchange.request)
    hidden: set[str] | None = None
    for path, value in leaves(body).items():
        name = plain_path(path)
        if not isinstance(value, str | int | float) or is_masked(value) or as_json(value) in own:
            continue
        found = _by_form(sight, name, value)
        if found is None and accepted and _is_named_secret(leaf_name(name)):
            hidden = _undeclared_paths(sight, body) if hidden is None else hidden
            found = _by_name(sight, leaf_name(name), value, is_undeclared=_covers(hidden, name))
        if found is not None:
            yield _break(sight, name, value, found)


def _break(sight: Sight, name: str, value: Any, found: _Find) -> Break:
    return sight.broken(
        title=f"{sight.target.label} returns `{name}`: {found.what}",
        detail=f"{sight.exchange.identity} got `{name}` with {sight.target.label} ({sight.exchange.status}): {found.what}.",
        expectation=Expectation(
            statement="no credential, hash, secret or internal field reaches a client",
            source=f"inference:{found.source}",
            confidence=found.confidence,
        ),
        field=name,
        note=f"`{name}` is {found.what}",
    ).with_secret(leaf_name(name), str(value))


def _undeclared_paths(sight: Sight, body: Any) -> set[str]:
    """The paths of an answer that its schema does not declare."""
    reply = sight.reply
    if reply is None or reply.schema is None:
        return set()
    return {item.path for item in undeclared(sight.contract.document.schemas, reply.schema, reply.pointer, body)}


def _covers(hidden: set[str], name: str) -> bool:
    return any(name == path or name.startswith((f"{path}.", f"{path}[]")) for path in hidden)


def _by_form(sight: Sight, name: str, value: Any) -> _Find | None:
    """What a value is by itself; None for nothing that proves itself."""
    leaf = leaf_name(name)
    form = secret_form(value)
    if form is not None:
        if _is_handed_out(sight, leaf):
            return None
        # A hash is nobody's to see; a key may be what the API keeps for its caller, and says so.
        is_kept = password_hash_form(value) is None and _is_declared(sight, name)
        return _Find(
            what=f"a {form}", confidence=Confidence.TENTATIVE if is_kept else Confidence.CERTAIN, source="form"
        )
    if isinstance(value, str) and value in sight.passwords and set(split_words(leaf)) & _PASSWORD_WORDS:
        return _Find(what="the password of the account, in the clear", confidence=Confidence.CERTAIN, source="value")
    return None


def _is_declared(sight: Sight, name: str) -> bool:
    reply = sight.reply
    if reply is None or reply.schema is None:
        return False
    return declaration(sight.contract.document.schemas, reply.schema, reply.pointer, name) is not None


def _is_named_secret(leaf: str) -> bool:
    return is_listed(leaf, "sensitive_fields") or _names_a_hash(leaf)


def _names_a_hash(leaf: str) -> bool:
    """`password_hash`, `hashedPassword`, `pin_digest`; not `password_hash_algorithm`, which is about one."""
    words = split_words(leaf)
    return bool(
        set(words) & _HASH_WORDS and set(words) & _PASSWORD_WORDS and words[-1] in _HASH_WORDS | _PASSWORD_WORDS
    )


def _by_name(sight: Sight, leaf: str, value: Any, *, is_undeclared: bool) -> _Find | None:
    words = set(split_words(leaf))
    if _is_handed_out(sight, leaf) or (words & {"card"} and not passes_luhn(str(value))):
        return None
    if words & _INTERNAL_WORDS:
        if sight.target.access.level is Level.ROLE:
            return None  # kept for those inside
    elif not _reads_like_a_secret(words, str(value)):
        return None
    if _names_a_hash(leaf) and len(str(value)) >= MIN_HASH_CHARS:
        # What a client encrypted itself is the object: password managers keep such.
        sure = is_undeclared or "encrypted" not in words
        return _Find(
            what="named like a password hash",
            confidence=Confidence.FIRM if sure else Confidence.TENTATIVE,
            source="name",
        )
    reply = sight.reply
    if reply is None or reply.schema is None:
        return _Find(what="named like a secret or internal field", confidence=Confidence.TENTATIVE, source="name")
    if is_undeclared:
        return _Find(what="named like a secret, and not declared", confidence=Confidence.FIRM, source="name")
    return None  # the document promises it to whoever may use the operation


MIN_HASH_CHARS = 16
"""Characters of the shortest hash: 64 bits in hexadecimal digits (MySQL before 4.1 had such)."""


def _reads_like_a_secret(words: set[str], value: str) -> bool:
    """Whether a value could be what its name says: a link, a label or a sentence is about the secret."""
    if words == {"pin"}:
        return value.isdigit() and len(value) in (4, 5)
    if words <= _HOMONYMS and (len(value) < MIN_SECRET_CHARS or value.isalpha()):
        return False
    is_prose = " " in value.strip() and not words & {"answer", "note", "notes", "codes", "number", "ssn", "passphrase"}
    return not is_prose and not value.startswith(("/", "http://", "https://"))


MIN_SECRET_CHARS = 8
"""Characters of the shortest value of a property with an ambiguous name that counts as a secret."""


def _is_handed_out(sight: Sight, leaf: str) -> bool:
    """Whether the operation's purpose is to give this to the caller: a token at log-in, a new key to whoever makes it."""
    words = set(split_words(leaf))
    action = sight.target.action
    if words & {"csrf", "xsrf"}:
        return True
    if words & _HASH_WORDS:
        return False
    if action in _HANDS_OUT:
        return bool(words & _TOKEN_WORDS)
    makes = action is Action.CREATE or set(split_words(sight.target.operation.path)) & _HANDING_OUT_WORDS
    return bool(makes and words & (_TOKEN_WORDS | {"secret", "codes"}))
