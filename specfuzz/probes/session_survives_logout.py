"""SF405: credentials go on working after their owner logged out.

A session of its own is opened, on an account made for it where the run can sign up: nobody else is logged out. Controls:
the session works, callers without credentials and with made-up ones see nothing, the log-out is accepted. Afterwards the
same credentials are sent once more, and once more a second later; the account in the answer decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from specfuzz.contract import Action, Confidence, Contract, Expectation, OperationContract
from specfuzz.contract.words import split_words
from specfuzz.generation import Draft, Style
from specfuzz.http import Flow
from specfuzz.identities import Credentials
from specfuzz.oracles import read_reply
from specfuzz.probes.carried import own_account, random_text
from specfuzz.probes.case import Case, Stop, conclusive
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.probes.whoami import Sight, ask_as, first_look, home

RULE = Rule(
    id="SF405",
    name="session-survives-logout",
    category=Category.SESSION,
    severity=Severity.MEDIUM,
    cwe=("CWE-613",),
    owasp=(),
    promise="after a log-out the old credentials are worth nothing",
    remediation=(
        "End the session on the server: delete it from the store, or put the token's `jti` on a list of revoked ones until "
        "it expires. Clearing the cookie only makes the browser forget it."
    ),
)
NEEDS_PEER = False

LATER_S = 1.0
"""Seconds until the second look: a revocation may have to reach a cache."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.action is not Action.LOGOUT:
        return "it logs nobody out"
    if target.identifiers:
        return "it ends a session that its path names"
    return None if home(contract) is not None else "the document has no read that shows whom the API takes a caller for"


def flow(case: Case) -> Flow[Verdict]:
    """Yields a log-in, the controls, the log-out, and the old credentials again."""
    identity = yield from own_account(case)
    session = yield from case.log_in_anew(identity)
    if not session.answers:
        return Inconclusive(reason=f"{identity}'s credentials are fixed in the auth file, and nothing logs in anew")
    sight = yield from first_look(case, identity)
    before = session.substitute("old")
    if not (yield from ask_as(case, sight, before, "a session of its own", Role.CONTROL)):
        raise Stop("a session opened for this does not work")
    if (yield from ask_as(case, sight, _made_up(case, session), "made-up credentials", Role.CONTROL)):
        raise Stop("made-up credentials are as good as genuine ones: see SF303")
    request = case.workshop.request(case.target, identity, None, draft=(yield from _body(case, session)))
    ended = yield from case.ask(Role.SET_UP, replace(request, substitute=before), f"{identity} logs out")
    reply = read_reply(conclusive(ended, identity))
    if not reply.accepted:
        raise Stop(f"the log-out answered {reply.reason}")
    if not (yield from _still_works(case, sight, session)):
        return Held(reason="the old credentials are refused after the log-out")
    return broken(_finding(case, identity, sight, session))


def _made_up(case: Case, session: Credentials) -> Any:
    source = case.source("made-up")
    return session.substitute(
        "made-up", {item: random_text(len(item.secret.reveal()), source) for item in session.items}
    )


def _body(case: Case, session: Credentials) -> Flow[Draft | None]:
    """The log-out's body, if it has one: what the log-in handed out under the same name (a refresh token) goes in."""
    if case.drafter.body_of(case.target) is None:
        return None
    draft = yield from case.draft("logout", style=Style.FULL)
    if draft is None or not isinstance(draft.value, dict):
        return draft
    told = {split_words(name): value for name, value in _flat(session.told).items()}
    return draft.with_value({name: told.get(split_words(name), value) for name, value in draft.value.items()})


def _flat(told: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in told.items():
        found.update(_flat(value) if isinstance(value, dict) else {name: value})
    return found


def _still_works(case: Case, sight: Sight, session: Credentials) -> Flow[bool]:
    """Whether the old credentials still show the account, now and a moment later."""
    old = session.substitute("old")
    if not (yield from ask_as(case, sight, old, "the same credentials after the log-out")):
        return False
    case.steps.pop()
    later = replace(sight, request=replace(sight.request, wait_s=LATER_S))
    if not (yield from ask_as(case, later, old, "the same credentials, a second after the log-out")):
        return False
    case.note(f"the answer still shows {sight.identity}'s {sight.telling}")
    return True


def _finding(case: Case, identity: str, sight: Sight, session: Credentials) -> Break:
    where = " and ".join(f"the {item.where}" for item in session.items)
    return Break(
        title="a session goes on working after the log-out",
        detail=f"{identity} logged in, logged out with {case.target.label}, and sent {where} again: {sight.request.operation} "
        f"still showed {identity}'s {sight.telling}, also a second later. Whoever has a copy stays logged in.",
        expectation=Expectation(
            statement="a log-out ends the session",
            source=f"{case.target.operation.pointer}",
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=identity,
        actor=identity,
    )
