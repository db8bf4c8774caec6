"""SF312: a write under one session takes effect with another session's anti-CSRF token.

An attacker has a token of their own. Controls: without a token, and with a made-up one of the same form, the same write has
no effect; with the session's own it is accepted and shows.
"""

from __future__ import annotations

import string

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.cross_site import Forgery, Trial, cookies_of, finding, promised_here, why_no_forgery
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Held, Inconclusive, Verdict, broken

RULE = Rule(
    id="SF312",
    name="csrf-token-not-bound",
    category=Category.CSRF,
    severity=Severity.MEDIUM,
    cwe=("CWE-352",),
    owasp=("API2:2023",),
    promise="an anti-CSRF token is good for the session that it was made for, and for no other",
    remediation=(
        "Derive the token from the session (an HMAC over its id), or keep it in the session, and compare it there in "
        "constant time; a valid signature alone says only that the server made it for somebody."
    ),
)
NEEDS_PEER = True
NEEDS_COOKIES = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return why_no_forgery(target)


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the write with another session's token, and the controls where that had an effect."""
    assert case.peer is not None
    theirs = cookies_of(case, case.peer)
    if not theirs.anti_csrf:
        return Held(reason="the API hands out no anti-CSRF token: see SF311 for what keeps other sites out")
    token = theirs.anti_csrf[0][1]
    trial = Trial(case)
    effect = yield from trial.attempt(Forgery(what="another session's token", token=token))
    if not effect.happened:
        return Held(reason=f"with {case.peer}'s token: {effect.reason}, and the owner's read shows no change")
    story = tuple(case.steps)
    for what, other in (("no token", None), ("a made-up token", _made_up(case, token))):
        if not trial.makes_objects:
            trial.resource = None  # the attack changed it
        control = yield from trial.attempt(Forgery(what=what, token=other))
        if control.happened:
            return Inconclusive(reason=f"with {what} it takes effect as well, so no token is checked here: see SF311")
    case.steps[:] = [*story, *case.steps[-2:]]
    expectation = promised_here(case.contract, case.target) or Expectation(
        statement="needs the session's own anti-CSRF token: without it the write is refused",
        source=f"behaviour:{case.target.label}",
        confidence=Confidence.FIRM,
    )
    if trial.resource is None:
        raise Stop("the object of the attack is gone")
    title = f"{case.target.label} takes {case.peer}'s anti-CSRF token under {trial.owner}'s session"
    how = f"with {case.peer}'s anti-CSRF token"
    return broken(finding(case, trial, effect, expectation, title=title, how=how, usual=RULE.severity))


def _made_up(case: Case, token: str) -> str:
    """A token of the same form that nobody was given: its letters and digits at random, all else as it is."""
    source = case.source("made-up-token")
    return "".join(
        source.choice(string.ascii_letters)
        if character.isalpha()
        else source.choice(string.digits)
        if character.isdigit()
        else character
        for character in token
    )
