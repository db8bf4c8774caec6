"""SF303: credentials that nobody was given work where none do not.

The owner's read is sent with malformed, made-up, truncated and altered credentials in the place of hers. Her own data in an
answer is the proof. Controls: her genuine credentials work, no credentials do not, before and after.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator
from dataclasses import replace

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.contract.access import lets_anonymous_in, needs_credentials
from specfuzz.http import ANONYMOUS, Exchange, Flow, Substitute
from specfuzz.identities import Credential, Credentials
from specfuzz.oracles import alike, read_reply
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.privacy import Leak, leak_in
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.resources import Resource

RULE = Rule(
    id="SF303",
    name="invalid-credentials-accepted",
    category=Category.TOKENLESS,
    severity=Severity.CRITICAL,
    cwe=("CWE-287",),
    owasp=("API2:2023",),
    promise="credentials that the API never gave out open nothing",
    remediation=(
        "Let the library verify the whole credential (signature, expiry, session lookup) and refuse with 401 whatever it "
        "does not know; never go on with an empty user because a header or a cookie was there."
    ),
)
NEEDS_PEER = False

_ACTIONS = (Action.READ, Action.OTHER, Action.LIST, Action.SEARCH, Action.SELF)

MIN_TAMPERED_CHARS = 16
"""A shorter credential is a word or a number: to change a character of it may name somebody else."""

MIN_MADE_UP_CHARS = 8
"""Of a shorter one, a random value might be somebody's."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.state_changing or target.action not in _ACTIONS or target.resource is None:
        return "it reads no object"
    if target.operation.method == "HEAD":
        return "a HEAD shows nothing"
    if not target.identifiers and target.action is Action.OTHER:
        return "it names no object"
    silent = target.access.level is Level.UNKNOWN
    if not silent and (not needs_credentials(target.access) or lets_anonymous_in(target.access)):
        return f"the document asks for no credentials: {target.access.reason}"
    if target.access.level is Level.ROLE:
        return "kept for a role: see SF106"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's read, the same without credentials, then with each invalid one."""
    resource = yield from case.shared_resource()
    own = yield from case.ask(Role.CONTROL, case.request(resource.owner, resource), "the owner reads it")
    reply = read_reply(conclusive(own, resource.owner))
    if not reply.accepted:
        raise Stop(f"the owner's own read answered {reply.reason}")
    if leak_in(own, own, resource) is None:
        raise Stop("the owner's own read does not show what was planted in the object")
    nobody = yield from _as_nobody(case, resource)
    if read_reply(nobody).accepted and leak_in(nobody, own, resource) is not None:
        return Inconclusive(reason="callers without credentials get it as well: see SF302, or it is public")
    mine = case.credentials(resource.owner)
    reasons = []
    for substitute in invalid(case, mine):
        request = replace(case.request(resource.owner, resource), substitute=substitute)
        attack = yield from case.ask(Role.ATTACK, request, f"the same with {substitute.name}")
        reply = read_reply(conclusive(attack, "a caller with invalid credentials"))
        leak = leak_in(attack, own, resource) if reply.accepted else None
        if leak is not None and not alike(attack.response, nobody.response):
            return (yield from _judge(case, resource, own, substitute, leak))
        reasons.append(f"{substitute.name}: {reply.reason}")
        case.steps.pop()
    return Held(reason="; ".join(reasons))


def _as_nobody(case: Case, resource: Resource) -> Flow[Exchange]:
    request = case.anonymous_request(resource)
    return conclusive((yield from case.ask(Role.CONTROL, request, "no credentials")), ANONYMOUS)


def _judge(case: Case, resource: Resource, own: Exchange, substitute: Substitute, leak: Leak) -> Flow[Verdict]:
    """The owner's data came back. Is anonymous still refused, so that it was the credentials that opened it?"""
    case.note(f"the answer holds {resource.owner}'s {leak.shown}")
    again = yield from _as_nobody(case, resource)
    if read_reply(again).accepted and leak_in(again, own, resource) is not None:
        raise Stop("callers without credentials get it now as well")
    access = case.target.access
    if needs_credentials(access):
        expectation = access.credentials.expectation()
    else:
        expectation = Expectation(
            statement="needs credentials: callers without any are refused",
            source=f"behaviour:{case.target.label}",
            confidence=Confidence.FIRM,
        )
    return broken(
        Break(
            title=f"{resource.owner}'s {resource.kind} can be read with {substitute.name}",
            detail=f"{case.target.label} refuses callers without credentials, and answered {substitute.name} in the place "
            f"of {resource.owner}'s with her {resource.kind}: the answer holds {leak.shown}.",
            expectation=expectation,
            confidence=expectation.confidence if leak.canaries else min(expectation.confidence, Confidence.FIRM),
            steps=tuple(case.steps),
            owner=resource.owner,
            actor=resource.owner,
        )
    )


# Invalid credentials ------------------------------------------------------------------------------------------------


def invalid(case: Case, mine: Credentials) -> Iterator[Substitute]:
    """The owner's session with all its credentials replaced at once: one of two may be no credential at all."""
    if all(len(item.secret.reveal()) >= MIN_MADE_UP_CHARS for item in mine.items):
        yield mine.substitute("made-up credentials", {item: _made_up(case, item) for item in mine.items})
    yield mine.substitute("`null` as credentials", dict.fromkeys(mine.items, "null"), is_secret=False)
    headers = [item for item in mine.items if item.carrier == "header" and item.scheme]
    if headers:
        token = base64.b64encode(b"specfuzz:specfuzz").decode()
        other = {item: "Token specfuzz" if item.scheme.lower() == "basic" else f"Basic {token}" for item in headers}
        rest: dict[Credential, str | None] = {item: None for item in mine.items if item not in other}
        yield mine.substitute("credentials of another scheme", {**other, **rest}, whole=True, is_secret=False)
    yield mine.substitute("empty credentials", dict.fromkeys(mine.items, ""), is_secret=False)
    if all(len(item.secret.reveal()) >= MIN_TAMPERED_CHARS for item in mine.items):
        yield mine.substitute("truncated credentials", {item: truncated(item.secret.reveal()) for item in mine.items})
        yield mine.substitute("altered credentials", {item: altered(item.secret.reveal()) for item in mine.items})


def _made_up(case: Case, item: Credential) -> str:
    """A value of the same form: its letters and digits at random, all else as it is."""
    source = case.source("made-up-credential", item.where)
    return "".join(
        source.choice(string.ascii_letters)
        if character.isalpha()
        else source.choice(string.digits)
        if character.isdigit()
        else character
        for character in item.secret.reveal()
    )


def truncated(value: str) -> str:
    """Without its last quarter: part of the signature, or of a session id."""
    return value[: -max(4, len(value) // 4)]


def altered(value: str) -> str:
    """One character changed, in the middle of the last part (`payload.signature`).

    Not at its end: the last character of base64 holds bits that decoders ignore, and the value would still be the same.
    Never only in its case: identifiers are compared without it in places.
    """
    start = max((match.end() for match in re.finditer(r"[.:|~]", value[:-8])), default=0)
    middle = start + (len(value) - start) // 2
    character = value[middle]
    if character.isdigit():
        other = "7" if character != "7" else "3"
    else:
        other = "k" if character.lower() != "k" else "w"
    return value[:middle] + other + value[middle + 1 :]
