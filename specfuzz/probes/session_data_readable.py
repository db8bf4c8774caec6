"""SF401: a session that the client keeps can be read without its key, and holds what nobody should read there.

Decided offline, from the cookie that the log-in sets: it decodes, and a key or value in it is a secret by name or form.
What the server would deserialise is named and never read. Tokens are SF415.
"""

from __future__ import annotations

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.carried import Carried, client_sessions, is_sensitive_name, nothing_kept, show_login
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken
from specfuzz.probes.whoami import login_place, not_at
from specfuzz.sessions import Sensitive, sensitive

RULE = Rule(
    id="SF401",
    name="session-data-readable",
    category=Category.SESSION,
    severity=Severity.HIGH,
    cwe=("CWE-315",),
    owasp=(),
    promise="a session that the client keeps holds nothing that its reader should not know",
    remediation=(
        "Keep the session's data on the server and give the client a random id; or keep nothing but an account's id in "
        "the cookie. A signature hides nothing."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing: the cookie is here already."""
    credentials = yield from case.session_of(case.owner)
    kept = client_sessions(credentials)
    if not kept:
        return Held(reason=nothing_kept(credentials))
    show_login(case, credentials, f"sets {', '.join(item.item.name for item in kept)}, which was then read offline")
    for carried in kept:
        found = sensitive(carried.decoded.data, is_sensitive_name)
        if found:
            return broken(_finding(case, carried, found))
        if carried.decoded.form.is_serialised:
            return broken(_serialised(case, carried))
    sealed = all(item.decoded.form.is_encrypted for item in kept)
    listed = ", ".join(f"{item.item.name} ({item.decoded.form})" for item in kept)
    return Held(reason=f"{listed} {'is encrypted' if sealed else 'can be read and holds nothing sensitive'}")


def _finding(case: Case, carried: Carried, found: tuple[Sensitive, ...]) -> Break:
    secrets = [item for item in found if item.is_secret]
    listed = ", ".join(f"`{item.key}` ({item.reason})" for item in found[:6])
    # An account's own address in its own cookie may be meant; several such facts are a profile.
    sure = bool(secrets) or len(found) > 1
    return Break(
        title=f"the session in the cookie {carried.item.name} can be read without its key and holds `{found[0].key}`",
        detail=f"The cookie {carried.item.name} is a {carried.decoded.form}. It decodes without any key, and holds {listed}.",
        expectation=_EXPECTATION,
        confidence=Confidence.FIRM if sure else Confidence.TENTATIVE,
        severity=None if secrets else Severity.MEDIUM,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
        field=found[0].key,
    )


def _serialised(case: Case, carried: Carried) -> Break:
    return Break(
        title=f"the cookie {carried.item.name} holds {carried.decoded.form}",
        detail=f"The cookie {carried.item.name} begins like {carried.decoded.form}, which a server deserialises into "
        "whatever objects its client asks for (CWE-502). It was not read, and nothing else was sent in its place.",
        expectation=_EXPECTATION,
        confidence=Confidence.TENTATIVE,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
    )


_EXPECTATION = Expectation(
    statement="a cookie is the client's to read: what it should not know is not in it",
    source="inference:client-side-session",
    confidence=Confidence.FIRM,
)
