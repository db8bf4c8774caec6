"""SF406: whoever knew a visitor's session is logged in when the visitor logs in.

A visitor gets a session (or invents one), logs in with it, and then sends the visitor's old cookie alone. Controls: before
the log-in that cookie shows nobody's account, and made-up ones show none afterwards. The account in the answer decides;
an id that merely stayed the same would be a weaker sign of the same thing.
"""

from __future__ import annotations

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, OperationContract
from specfuzz.http import ANONYMOUS, Flow, Request, Substitute
from specfuzz.identities import Credentials, LoginFailed
from specfuzz.identities.session import is_csrf_name, set_cookies
from specfuzz.probes.carried import own_account, random_text
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Step, Verdict, broken
from specfuzz.probes.whoami import Sight, ask_as, first_look, home, login_place, not_at

RULE = Rule(
    id="SF406",
    name="session-not-rotated",
    category=Category.SESSION,
    severity=Severity.MEDIUM,
    cwe=("CWE-384",),
    owasp=(),
    promise="logging in makes a new session, which nobody knew before",
    remediation=(
        "Start a new session at the log-in and void the visitor's: `session.clear()` and a new id (`regenerate`, `cycle_key`, "
        "`reset_session`). Take no session id that the server did not make."
    ),
)
NEEDS_PEER = False

MAX_VISITS = 8
"""Reads without credentials that may hand a visitor a session."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if target.action is not Action.LOGIN:
        return "it logs nobody in"
    if home(contract) is None:
        return "the document has no read that shows whom the API takes a caller for"
    return not_at(login_place(contract), target, "log-in")


def flow(case: Case) -> Flow[Verdict]:
    """Yields a visit, a log-in with the visitor's cookie, and that cookie alone."""
    credentials = yield from case.session_of(case.owner)
    names = [item.name for item in credentials.items if item.carrier == "cookie"]
    if not names:
        return Held(reason="the credentials are no cookies: there is no session before the log-in")
    if not credentials.answers:
        return Inconclusive(reason="the cookies come from the auth file, and nothing logs in anew")
    sight = yield from first_look(case, (yield from own_account(case)))
    visitor = yield from _visit(case, names)
    reasons = []
    if visitor:
        if (yield from _is_fixed(case, sight, visitor)):
            return broken(_finding(case, sight, visitor, "that a visitor had before"))
        reasons.append("a visitor's session is not the one that the log-in makes")
    else:
        reasons.append("visitors get no session")
    invented = _invented(case, credentials)
    try:
        if (yield from _is_fixed(case, sight, invented)):
            return broken(_finding(case, sight, invented, "that a visitor made up"))
    except LoginFailed:
        return Held(reason=f"{reasons[0]}, and a log-in with a made-up one is refused")
    return Held(reason=f"{reasons[0]}, and a made-up one is not taken over")


def _visit(case: Case, names: list[str]) -> Flow[dict[str, str]]:
    """The session cookies that a visitor without credentials is given."""
    for request in _open_reads(case)[:MAX_VISITS]:
        exchange = yield request
        given = {name: value for name, value, gone in set_cookies(exchange.response) if not gone and name in names}
        if given:
            return given
    return {}


def _open_reads(case: Case) -> list[Request]:
    """Reads that need neither credentials nor an object; those about tokens and sessions first, as these start one."""
    reads = [
        item.operation
        for item in case.contract.operations
        if item.operation.method == "GET" and "{" not in item.operation.path and item.access.level is not Level.ROLE
    ]
    starts = [item for item in reads if is_csrf_name(item.path) or "session" in item.path.lower()]
    ordered = sorted(reads, key=lambda item: item not in starts)
    return [Request(method="GET", path=item.path, identity=ANONYMOUS, operation=item.label) for item in ordered]


def _invented(case: Case, credentials: Credentials) -> dict[str, str]:
    source = case.source("invented")
    return {
        item.name: random_text(min(len(item.secret.reveal()), 40), source)
        for item in credentials.items
        if item.carrier == "cookie"
    }


def _is_fixed(case: Case, sight: Sight, cookies: dict[str, str]) -> Flow[bool]:
    """Whether the cookies show the account once somebody logged in with them, and did not before."""
    alone = Substitute(name="visitor's", cookies=tuple(cookies.items()))
    if (yield from ask_as(case, sight, alone, "the visitor's cookie, before the log-in", Role.CONTROL, ANONYMOUS)):
        raise Stop("a visitor's cookie shows the account before anybody logged in with it: see SF303")
    logged_in = yield from case.log_in_anew(sight.identity, cookies)
    for exchange in logged_in.answers[-1:]:
        note = f"{sight.identity} logs in with the visitor's cookie"
        case.steps.append(Step(role=Role.SET_UP, exchange=exchange, note=note))
    if not (yield from ask_as(case, sight, alone, "the visitor's cookie, after the log-in", who=ANONYMOUS)):
        return False
    case.note(f"the answer shows {sight.identity}'s {sight.telling}")
    return True


def _finding(case: Case, sight: Sight, cookies: dict[str, str], which: str) -> Break:
    names = " and ".join(cookies)
    return Break(
        title=f"the log-in keeps a session {which}",
        detail=f"{sight.identity} logged in with the cookie {names} {which}. Afterwards that old cookie alone was sent, and "
        f"{sight.request.operation} showed {sight.identity}'s {sight.telling}: whoever planted it is logged in as well.",
        expectation=Expectation(
            statement="a log-in starts a new session",
            source=case.target.operation.pointer,
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=sight.identity,
        actor=ANONYMOUS,
    )
