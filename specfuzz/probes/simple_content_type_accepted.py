"""SF313: a JSON write takes effect as `text/plain` or as a form, which another site's page can send without asking.

Only for a POST whose documented bodies are all JSON. Sent with the owner's cookies, without a token, as from another site.
Controls: the owner's ordinary write of the same shape is accepted and shows, and nothing happens without the cookies.
"""

from __future__ import annotations

from collections.abc import Mapping

from specfuzz.contract import Contract, OperationContract
from specfuzz.generation.encoding import FORM, MULTIPART
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.cross_site import (
    PLAIN,
    SIMPLE_TYPES,
    Forgery,
    Trial,
    checked_elsewhere,
    cookies_of,
    finding,
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
    id="SF313",
    name="simple-content-type-accepted",
    category=Category.CSRF,
    severity=Severity.MEDIUM,
    cwe=("CWE-352",),
    owasp=("API2:2023",),
    promise="a JSON write is taken as application/json only, which another site cannot send without asking",
    remediation=(
        "Refuse any other content type with 415 before the body is parsed, and check the anti-CSRF token whatever the "
        "content type is."
    ),
)
NEEDS_PEER = False
NEEDS_COOKIES = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    reason = why_no_forgery(target)
    if reason is not None:
        return reason
    if target.operation.method != "POST":
        return f"browsers ask before they send another site's {target.operation.method}, whatever its content type"
    types = [body.media_type.split(";")[0].strip().lower() for body in target.operation.bodies]
    if not types:
        return "it takes no body"
    if any(kind in SIMPLE_TYPES or "*" in kind for kind in types):
        return "the document itself says that it takes forms or text"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields the owner's set-up, the forged write in each simple content type, and the owner's read-backs."""
    trial = Trial(case)
    reasons = []
    for media_type in _types(case):
        if trial.is_used_up:
            trial.resource = None
        effect = yield from trial.attempt(Forgery(what=f"as {media_type}", media_type=media_type))
        if effect.happened:
            return (yield from _judge(case, trial, effect, media_type))
        reasons.append(f"{media_type}: {effect.reason}")
    return Held(reason=f"{', '.join(reasons)}, and the owner's read shows no change")


def _types(case: Case) -> tuple[str, ...]:
    """The simple types that can carry the body: nested objects fit in no form."""
    sample = case.drafter.draft(case.target, f"{case.purpose}/types")
    value = sample.value if sample is not None else {}
    flat = isinstance(value, Mapping) and not any(isinstance(item, Mapping) for item in value.values())
    return (PLAIN, FORM, MULTIPART) if flat else (PLAIN,)


def _judge(case: Case, trial: Trial, effect: Effect, media_type: str) -> Flow[Verdict]:
    same_site = same_site_of(cookies_of(case, trial.owner))
    expectation = promised_here(case.contract, case.target)
    if expectation is None and trial.resource is not None:
        expectation = yield from checked_elsewhere(case, trial.resource, is_simple=True)
    expectation = expectation or open_to_other_sites(case, same_site, is_simple=True)
    if expectation is None:
        return Held(reason=what_keeps_others_out(case, same_site, is_simple=True))
    if (yield from works_without_cookies(case, trial)):
        return Inconclusive(reason="it takes effect without any session too: see SF301")
    title = f"another site can send {case.target.label} as {media_type} with {trial.owner}'s cookies"
    how = f"as {media_type}, without an anti-CSRF token"
    return broken(finding(case, trial, effect, expectation, title=title, how=how, usual=RULE.severity))
