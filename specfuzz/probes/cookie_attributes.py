"""SF404: the session cookie lacks HttpOnly, SameSite, or Secure where it could have it.

Decided from the log-in's own answer. Which of its cookies is the session's is found by leaving each out of the read that
shows who one is. Over plain http there is no alarm about Secure: a browser would not send such a cookie back (and
http://localhost, where it would, is not where sessions are stolen).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Exchange, Flow
from specfuzz.identities import Credential, Credentials
from specfuzz.probes.carried import show_login
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Role, Verdict, broken
from specfuzz.probes.whoami import first_look, home, login_place, not_at

RULE = Rule(
    id="SF404",
    name="cookie-attributes",
    category=Category.SESSION,
    severity=Severity.LOW,
    cwe=("CWE-1004", "CWE-614", "CWE-1275"),
    owasp=(),
    promise="the session cookie is kept from scripts, from other sites and from plain connections",
    remediation="Set the session cookie with `HttpOnly`, `SameSite=Lax` (or `Strict`) and, over https, `Secure`.",
)
NEEDS_PEER = False

_SESSION_NAME = re.compile(r"sess|sid$|^sid|auth|token|jwt|remember|login|connect\.sid", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """One `Set-Cookie` line: the cookie's name and its attributes, names in lower case (RFC 6265, 5.2)."""

    name: str
    attributes: dict[str, str]

    @classmethod
    def read(cls, line: str) -> SetCookie:
        pair, *rest = line.split(";")
        named = (part.partition("=") for part in rest)
        attributes = {name.strip().lower(): value.strip().lower() for name, _, value in named if name.strip()}
        return cls(name=pair.partition("=")[0].strip(), attributes=attributes)

    def lacks(self, *, is_https: bool) -> list[str]:
        """The attributes that are missing, as they are written."""
        missing = [] if "httponly" in self.attributes else ["HttpOnly"]
        if is_https and "secure" not in self.attributes:
            missing.append("Secure")
        if self.attributes.get("samesite") not in ("lax", "strict"):
            # `None` sends the cookie along from every site, as the lack of it does in a browser without that default.
            missing.append("SameSite")
        return missing


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(login_place(contract), target, "log-in, and no read of the caller's own account")


def flow(case: Case) -> Flow[Verdict]:
    """Yields reads without one cookie or another, to tell the session's from the others."""
    credentials = yield from case.session_of(case.owner)
    cookies = [item for item in credentials.items if item.carrier == "cookie"]
    if not cookies:
        return Held(reason="the credentials are no cookies")
    if not credentials.answers:
        return Inconclusive(reason="the cookies come from the auth file, and no log-in shows how they are set")
    sessions = yield from _sessions(case, credentials, cookies)
    lines = {item.name: item for exchange in credentials.answers for item in _set_by(exchange)}
    known = [lines[item.name] for item in sessions if item.name in lines]
    if not known:
        return Inconclusive(reason="the log-in's answer sets no cookie that the session depends on")
    is_https = credentials.answers[-1].url.startswith("https://")
    for cookie in known:
        missing = cookie.lacks(is_https=is_https)
        if missing:
            case.steps.clear()
            show_login(case, credentials, f"sets {cookie.name} without {' and '.join(missing)}")
            return broken(_finding(case, cookie, missing))
    where = "" if is_https else " (over plain http, Secure was not asked for)"
    return Held(reason=f"{', '.join(cookie.name for cookie in known)} has all the attributes it can have{where}")


def _set_by(exchange: Exchange) -> list[SetCookie]:
    return [SetCookie.read(line) for line in exchange.response.header_all("set-cookie")]


def _sessions(case: Case, credentials: Credentials, cookies: list[Credential]) -> Flow[list[Credential]]:
    """The cookies without which the caller is nobody: the only one, or those that a read needs; by name, if none tells."""
    if len(cookies) == 1:
        return cookies
    named = [item for item in cookies if _SESSION_NAME.search(item.name)]
    if home(case.contract) is None:
        return named
    try:
        sight = yield from first_look(case, case.owner)
    except Stop:
        return named
    needed = []
    for item in cookies:
        left_out = replace(sight.request, substitute=credentials.substitute(f"without {item.name}", {item: None}))
        exchange = yield from case.ask(Role.CONTROL, left_out, f"without {item.name}")
        if not sight.shown_in(exchange):
            needed.append(item)
    return needed or named


def _finding(case: Case, cookie: SetCookie, missing: list[str]) -> Break:
    what = {
        "HttpOnly": "any script on the page can read it",
        "SameSite": "a browser may send it along with another site's requests",
        "Secure": "it travels over plain http too",
    }
    return Break(
        title=f"the session cookie {cookie.name} is set without {' and '.join(missing)}",
        detail=f"{case.target.label} sets {cookie.name} without {', '.join(missing)}: "
        f"{'; '.join(what[name] for name in missing)}.",
        expectation=Expectation(
            statement="a session cookie is set with HttpOnly, SameSite, and Secure over https",
            source="inference:session-cookie",
            confidence=Confidence.FIRM,
        ),
        confidence=Confidence.FIRM,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.owner,
    )
