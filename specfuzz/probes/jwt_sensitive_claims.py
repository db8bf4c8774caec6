"""SF415: the claims of a token, which whoever has it can read, hold what nobody should read there.

Decided offline: a claim is a secret by its name or its form. Who somebody is (`sub`, `email`, `name`, roles) is what claims
are for and no finding. Framework sessions are SF401.
"""

from __future__ import annotations

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.carried import Carried, is_sensitive_name, show_login, tokens
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken
from specfuzz.probes.whoami import login_place, not_at
from specfuzz.sessions import Sensitive, sensitive

RULE = Rule(
    id="SF415",
    name="jwt-sensitive-claims",
    category=Category.SESSION,
    severity=Severity.MEDIUM,
    cwe=("CWE-315",),
    owasp=(),
    promise="a token's claims hold no secret",
    remediation=(
        "Put into a token who the caller is and nothing more; look everything else up on the server. A signature hides "
        "nothing: claims are base64."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing: the token is here already."""
    credentials = yield from case.session_of(case.owner)
    kept = tokens(credentials)
    if not kept:
        return Held(reason="the credentials are no JSON Web Token")
    show_login(case, credentials, "hands out the token, whose claims were then read offline")
    for carried in kept:
        secrets = [item for item in sensitive(carried.decoded.data, is_sensitive_name) if item.is_secret]
        if secrets:
            return broken(_finding(case, carried, secrets))
    return Held(reason="its claims hold nothing sensitive")


def _finding(case: Case, carried: Carried, found: list[Sensitive]) -> Break:
    listed = ", ".join(f"`{item.key}` ({item.reason})" for item in found[:6])
    return Break(
        title=f"a token's claims hold `{found[0].key}`",
        detail=f"The claims of the token in {carried.where} can be read without any key, and hold {listed}.",
        expectation=Expectation(
            statement="claims can be read by whoever has the token: secrets are not among them (RFC 8725, 2.7)",
            source="inference:jwt",
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
        field=found[0].key,
    )
