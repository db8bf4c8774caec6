"""SF205: a credential, a hash, a secret or an internal field reaches a client.

Looks at every answer of the run, by name and by form. A form that proves itself (a password hash, a private key, a key
with its provider's prefix, the password that this very account logs in with) is enough; a name alone is a hint, and firm
only where the document does not declare the property or it names a hash. Tokens that logging in hands out are no finding,
nor is a secret shown once to whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.words import is_listed, split_words
from specfuzz.oracles import leaves
from specfuzz.oracles.conformance import undeclared
from specfuzz.oracles.secrets import is_masked, passes_luhn, secret_form
from specfuzz.probes.response_properties import leaf_name, plain_path
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

_TOKEN_WORDS = frozenset({"token", "tokens", "jwt", "bearer", "csrf", "xsrf", "key", "session"})
_HASH_WORDS = frozenset({"hash", "hashed", "digest", "salt", "encrypted"})
_PASSWORD_WORDS = frozenset({"password", "passwd", "passphrase", "pass", "pwd", "pw", "pin"})
_INTERNAL_WORDS = frozenset({"internal", "admin", "risk", "fraud"})


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
    hidden = _undeclared_paths(sight, body)
    for path, value in leaves(body).items():
        name = plain_path(path)
        found = _judge(sight, name, value, is_undeclared=None if hidden is None else _covers(hidden, name))
        if found is None:
            continue
        yield sight.broken(
            title=f"{sight.target.label} returns `{name}`: {found.what}",
            detail=f"{sight.exchange.identity} got `{name}` with {sight.target.label} ({sight.exchange.status}): "
            f"{found.what}.",
            expectation=Expectation(
                statement="no credential, hash, secret or internal field reaches a client",
                source=found.source,
                confidence=found.confidence,
            ),
            field=name,
            note=f"`{name}` is {found.what}",
        ).with_secrets(str(value))


def _undeclared_paths(sight: Sight, body: Any) -> set[str] | None:
    """The paths of an answer that its schema does not declare; None where the document does not say."""
    reply = sight.reply
    if reply is None or reply.schema is None:
        return None
    return {item.path for item in undeclared(sight.contract.document.schemas, reply.schema, reply.pointer, body)}


def _covers(hidden: set[str], name: str) -> bool:
    return any(name == path or name.startswith((f"{path}.", f"{path}[]")) for path in hidden)


def _judge(sight: Sight, name: str, value: Any, *, is_undeclared: bool | None) -> _Find | None:
    """What a property gives away, and how surely; None for nothing."""
    leaf = leaf_name(name)
    if is_masked(value):
        return None
    form = secret_form(value)
    if form is not None:
        return (
            None
            if _is_handed_out(sight, leaf)
            else _Find(what=f"a {form}", confidence=Confidence.CERTAIN, source="form")
        )
    if isinstance(value, str) and value in sight.passwords and "password" in split_words(leaf):
        return _Find(what="the password of the account, in the clear", confidence=Confidence.CERTAIN, source="value")
    if not _is_named_secret(leaf) or not isinstance(value, str | int | float):
        return None
    return _by_name(sight, leaf, value, is_undeclared=is_undeclared)


def _is_named_secret(leaf: str) -> bool:
    words = set(split_words(leaf))
    return is_listed(leaf, "sensitive_fields") or bool(words & _HASH_WORDS and words & _PASSWORD_WORDS)


def _by_name(sight: Sight, leaf: str, value: Any, *, is_undeclared: bool | None) -> _Find | None:
    words = set(split_words(leaf))
    if _is_handed_out(sight, leaf) or (words & {"card"} and not passes_luhn(str(value))):
        return None
    if words & _INTERNAL_WORDS and sight.target.access.level is Level.ROLE:
        return None  # kept for those inside
    if words & _HASH_WORDS and len(str(value)) >= 16:
        return _Find(what="named like a password hash", confidence=Confidence.FIRM, source="name")
    if is_undeclared is None:
        return _Find(what="named like a secret or internal field", confidence=Confidence.TENTATIVE, source="name")
    if is_undeclared:
        return _Find(what="named like a secret, and not declared", confidence=Confidence.FIRM, source="name")
    return None  # the document promises it to whoever may use the operation


def _is_handed_out(sight: Sight, leaf: str) -> bool:
    """Whether the operation's purpose is to give this to the caller: a token at log-in, a new key to whoever makes it."""
    words = set(split_words(leaf))
    action = sight.target.action
    if words & {"csrf", "xsrf"}:
        return True
    if action in _HANDS_OUT:
        return bool(words & _TOKEN_WORDS)
    path = set(split_words(sight.target.operation.path))
    makes = action is Action.CREATE or "rotate" in path or "regenerate" in path or "token" in path or "tokens" in path
    return makes and bool(words & (_TOKEN_WORDS | {"secret", "codes"}))
