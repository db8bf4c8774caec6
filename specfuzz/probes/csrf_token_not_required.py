"""SF311: a write under a session cookie takes effect without the anti-CSRF token, sent as another site's page would.

The token is left out, then sent empty. Controls: the owner's ordinary write of the same shape is accepted and shows, and the
write does nothing without the cookies. An effect is wrong where the contract promises a token here, where the API asks for
one elsewhere, or where nothing else keeps other sites out (`cross_site`).
"""

from __future__ import annotations

from specfuzz.contract import Contract, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.cross_site import (
    Forgery,
    Trial,
    checked_elsewhere,
    cookies_of,
    finding,
    is_simple_request,
    open_to_other_sites,
    promised_here,
    same_site_of,
    what_keeps_others_out,
    why_no_forgery,
    works_without_cookies,
)
from specfuzz.probes.effects import Effect
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Held, Inconclusive, Verdict, broken

RULE = Rule(
    id="SF311",
    name="csrf-token-not-required",
    category=Category.CSRF,
    severity=Severity.HIGH,
    cwe=("CWE-352",),
    owasp=("API2:2023",),
    promise="a write under a session cookie has no effect without what another site cannot send",
    remediation=(
        "Check the session's anti-CSRF token before every write, best in one place for all of them, and name the few "
        "exceptions; set the session cookie with SameSite=Lax or Strict as well."
    ),
)
NEEDS_PEER = False
NEEDS_COOKIES = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return why_no_forgery(target)


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the forged write without and with an empty token, and the owner's read-backs."""
    trial = Trial(case)
    how = "without an anti-CSRF token"
    effect = yield from trial.attempt(Forgery(what="no token"))
    if not effect.happened and _has_token(case, trial) and not trial.is_used_up:
        how = "with an empty anti-CSRF token"
        effect = yield from trial.attempt(Forgery(what="empty token", token=""))
    if not effect.happened:
        return Held(reason=f"sent as from another site: {effect.reason}, and the owner's read shows no change")
    return (yield from _judge(case, trial, effect, how))


def _has_token(case: Case, trial: Trial) -> bool:
    return bool(cookies_of(case, trial.owner).anti_csrf)


def _judge(case: Case, trial: Trial, effect: Effect, how: str) -> Flow[Verdict]:
    """The write took effect without a token: does anything say that it must not?"""
    same_site = same_site_of(cookies_of(case, trial.owner))
    simple = is_simple_request(effect)
    expectation = promised_here(case.contract, case.target)
    if expectation is None and trial.resource is not None:
        expectation = yield from checked_elsewhere(case, trial.resource, is_simple=simple)
    expectation = expectation or open_to_other_sites(case, same_site, is_simple=simple)
    if expectation is None:
        return Held(reason=what_keeps_others_out(case, same_site, is_simple=simple))
    if (yield from works_without_cookies(case, trial)):
        return Inconclusive(reason="it takes effect without any session too: see SF301")
    title = f"another site can have {trial.owner}'s browser send {case.target.label}"
    return broken(finding(case, trial, effect, expectation, title=title, how=how, usual=RULE.severity))
