"""A write as another site's page has a victim's browser send it: shared by the rules about CSRF (SF311 to SF313).

It carries the victim's cookies and nothing else of the session: no anti-CSRF token, no header of the API's own, a foreign
`Origin`, `Referer` and `Sec-Fetch-Site`. The owner's read-back decides as for every write. Whether an effect is wrong
depends on what keeps other sites out: a token that the contract promises or that the API checks elsewhere; a content type
or method that browsers ask about first (Fetch standard, CORS protocol); the cookie's `SameSite`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, Location, OperationContract
from specfuzz.generation import Draft
from specfuzz.generation.encoding import BOUNDARY, FORM, MULTIPART, encode
from specfuzz.http import ANONYMOUS, Flow, Pairs, Request
from specfuzz.identities import Credentials
from specfuzz.identities.forms import is_token_field, media_type_of, with_token
from specfuzz.identities.session import is_csrf_name
from specfuzz.oracles import Outcome, read_reply
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.creations import attempt_creation, ordinary_creation
from specfuzz.probes.effects import Effect, attempt_on
from specfuzz.probes.rule import Severity
from specfuzz.probes.verdict import Break
from specfuzz.resources import Resource

FOREIGN_ORIGIN = "https://attacker.example"
"""Where the forged requests claim to come from (RFC 2606: nobody has this name); nothing is ever sent there."""

PLAIN = "text/plain"
SIMPLE_TYPES = (PLAIN, FORM, MULTIPART)
"""Content types that another site's page can send without asking first (Fetch standard, CORS-safelisted request header)."""

_BROWSER_HEADERS = frozenset({"content-type", "accept", "accept-language"})

_NOT_THESE = {
    Action.LOGIN: "logging in needs no session that another site could borrow",
    Action.SIGN_UP: "signing up needs no session that another site could borrow",
    Action.REFRESH: "it carries its credentials in the request itself",
    Action.LOGOUT: "to end somebody's session is a nuisance at most",
}


class SameSite(enum.Enum):
    """What the session's cookies say about requests from other sites (RFC 6265bis, 5.6.7)."""

    NONE = "none"
    UNSET = ""
    LAX = "lax"
    STRICT = "strict"
    UNKNOWN = "unknown"

    @property
    def lets_posts_through(self) -> bool:
        """Whether some browser in use sends the cookie with another site's POST: Firefox and Safari treat none as None."""
        return self in (SameSite.NONE, SameSite.UNSET)

    def describe(self) -> str:
        return {
            SameSite.NONE: "the session cookie is set with SameSite=None, so browsers send it along",
            SameSite.UNSET: "the session cookie has no SameSite: Firefox and Safari send it along, Chrome for two minutes "
            "after it was set",
            SameSite.LAX: "the session cookie is SameSite=Lax, which leaves sibling subdomains and top-level GETs",
            SameSite.STRICT: "the session cookie is SameSite=Strict, which leaves sibling subdomains",
            SameSite.UNKNOWN: "how the session cookie was set is not known: it comes from the auth file",
        }[self]


_SEVERITY = {SameSite.LAX: Severity.MEDIUM, SameSite.STRICT: Severity.LOW, SameSite.UNKNOWN: Severity.MEDIUM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """How a request is forged: with which token (None: left out), and in which content type (None: the documented one)."""

    what: str
    token: str | None = None
    media_type: str | None = None

    def shape(self, case: Case) -> Callable[[Request, Draft | None], Request]:
        """Turns an ordinary request into the forged one, with the cookies that its identity has at that moment."""

        def forged(request: Request, draft: Draft | None) -> Request:
            mine = cookies_of(case, request.identity)
            if self.media_type is not None and draft is not None:
                request = _in_type(request, draft, self.media_type)
            request = with_token(request, self.token)
            return as_another_site(request, mine, self.what, _carried(mine, self.token))

        return forged


def _carried(mine: Credentials, token: str | None) -> Pairs:
    """The headers that would carry a token. Another site cannot set them; with somebody else's token they show whether
    it is compared at all."""
    return () if token is None else tuple((name, token) for name, _ in mine.anti_csrf)


def as_another_site(request: Request, mine: Credentials, what: str, anti_csrf: Pairs = ()) -> Request:
    """The request as a page of another site has it sent, with the cookies of `mine` and no header of the API's own."""
    kept = tuple((name, value) for name, value in request.headers if name.lower() in _BROWSER_HEADERS)
    foreign: Pairs = (("Referer", f"{FOREIGN_ORIGIN}/"), ("Sec-Fetch-Site", "cross-site"))
    if not request.is_safe:
        foreign = (("Origin", FOREIGN_ORIGIN), *foreign)
    carried = mine.substitute(what)
    cookies = tuple((name, value) for name, value in carried.headers if name.lower() == "cookie")
    return replace(
        request,
        headers=(*kept, *foreign),
        substitute=replace(carried, headers=cookies, query=(), anti_csrf=anti_csrf),
    )


def _in_type(request: Request, draft: Draft, media_type: str) -> Request:
    """The same body in another content type: JSON as it is under `text/plain`, flat fields in forms."""
    content = encode(draft.value, "application/json") if media_type == PLAIN else encode(draft.value, media_type)
    named = f"{MULTIPART}; boundary={BOUNDARY}" if media_type == MULTIPART else media_type
    headers = tuple((name, value) for name, value in request.headers if name.lower() != "content-type")
    return replace(request, headers=(*headers, ("Content-Type", named)), body=content)


# What the rules apply to --------------------------------------------------------------------------------------------


def why_no_forgery(target: OperationContract) -> str | None:
    """Why another site's request is not tried at an operation; None where it is."""
    if not target.state_changing or target.operation.is_safe:
        return "it changes nothing" if not target.state_changing else "a GET is never asked for a token: see SF314"
    if target.action in _NOT_THESE:
        return _NOT_THESE[target.action]
    if target.resource is None:
        return "the document does not say which object it changes"
    if target.access.level is Level.PUBLIC:
        return f"it needs no session that another site could borrow: {target.access.reason}"
    return None


def cookies_of(case: Case, identity: str) -> Credentials:
    """The identity's session. Raises `Stop` where it is not carried in cookies alone."""
    mine = case.credentials(identity)
    if not mine.in_cookies_alone:
        raise Stop(f"{identity}'s credentials travel outside cookies, where another site cannot send them")
    return mine


def same_site_of(credentials: Credentials) -> SameSite:
    """The strictest of the session's cookies: without it, the others may prove nothing."""
    order = (SameSite.STRICT, SameSite.LAX, SameSite.UNSET, SameSite.NONE)
    set_as = [credentials.same_site.get(item.name) for item in credentials.items if item.carrier == "cookie"]
    known = {
        SameSite(value) if value in ("none", "lax", "strict") else SameSite.UNSET
        for value in set_as
        if value is not None
    }
    if None in set_as or not known:
        return SameSite.UNKNOWN
    return next(item for item in order if item in known)


def severity_for(same_site: SameSite, usual: Severity) -> Severity:
    """The rule's own severity where other sites' requests carry the cookie; less where only sibling sites' do."""
    return min(usual, _SEVERITY.get(same_site, usual))


def takes_only_json(case: Case) -> bool:
    """Whether the operation documents JSON bodies and nothing that a form could send."""
    types = [body.media_type.split(";")[0].strip().lower() for body in case.target.operation.bodies]
    return bool(types) and not any(kind in SIMPLE_TYPES or "*" in kind for kind in types)


# Trying it ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Trial:
    """The tries at one operation: the object that they are about is made once, as far as it survives them."""

    case: Case
    resource: Resource | None = None

    def attempt(self, forgery: Forgery) -> Flow[Effect]:
        """Let the owner's browser send the forged write; say what the owner then sees. Raises `Stop` as `effects` does."""
        case = self.case
        case.shape = forgery.shape(case)
        if self.makes_objects:
            if self.resource is None:
                self.resource = yield from ordinary_creation(case)
                cookies_of(case, self.resource.owner)
            return (yield from attempt_creation(case, self.resource, case.shape, forgery.what))
        if self.resource is None:
            self.resource = yield from case.fresh_resource(forgery.what)
        return (yield from attempt_on(case, self.resource, case.writer or self.resource.owner))

    @property
    def makes_objects(self) -> bool:
        target = self.case.target
        return target.action is Action.CREATE or (not target.identifiers and target.action is Action.ACT)

    @property
    def is_used_up(self) -> bool:
        """Whether the object may have been changed by a control: an action works only once."""
        return self.case.target.action is Action.ACT

    @property
    def owner(self) -> str:
        assert self.resource is not None
        return self.case.writer or self.resource.owner


def works_without_cookies(case: Case, trial: Trial) -> Flow[bool]:
    """Whether the write takes effect for nobody at all: then no session is borrowed, and another rule's finding is there."""
    assert trial.resource is not None
    case.shape = None
    story = tuple(case.steps)
    if trial.makes_objects:
        draft = yield from case.draft("without-cookies", trial.resource)
        sent = yield case.request(ANONYMOUS, trial.resource, draft=draft)
        works = read_reply(sent).accepted
    else:
        resource = yield from case.fresh_resource("without-cookies")
        effect = yield from attempt_on(case, resource, ANONYMOUS)
        works = effect.happened
    case.steps[:] = story
    return works


# What says that it is wrong -----------------------------------------------------------------------------------------


def promised_here(contract: Contract, target: OperationContract) -> Expectation | None:
    """The document's word for it that this operation takes an anti-CSRF token."""
    for parameter in target.operation.parameters:
        if parameter.location in (Location.HEADER, Location.QUERY) and is_csrf_name(parameter.name):
            return Expectation(
                statement=f"needs the anti-CSRF token in `{parameter.name}`",
                source=parameter.pointer,
                confidence=Confidence.CERTAIN if parameter.required else Confidence.FIRM,
            )
    for body in target.operation.bodies:
        for name, item in contract.document.schemas.properties(body.schema, body.pointer).items():
            if is_token_field(name):
                return Expectation(
                    statement=f"needs the anti-CSRF token in the body's `{name}`",
                    source=item.pointer,
                    confidence=Confidence.CERTAIN if item.required else Confidence.FIRM,
                )
    for requirement in target.operation.security or ():
        for scheme in requirement:
            named = str(contract.document.security_schemes.get(scheme, {}).get("name", scheme))
            if is_csrf_name(named):
                return Expectation(
                    statement=f"needs the anti-CSRF token `{named}`",
                    source=target.operation.security_pointer,
                    confidence=Confidence.CERTAIN,
                )
    return None


def checked_elsewhere(case: Case, resource: Resource, *, is_simple: bool) -> Flow[Expectation | None]:
    """Whether the API asks for the token where the object was made: then it means to ask for it everywhere."""
    creation = resource.creation
    if creation is None or creation.label == case.target.label or resource.exchange is None:
        return None
    if not read_reply(resource.exchange).accepted or creation.action is not Action.CREATE:
        return None
    drafts: list[Draft] = []

    def remember(request: Request, draft: Draft | None) -> Request:
        drafts.extend([draft] if draft is not None else [])
        return Forgery(what="without the token").shape(case)(request, draft)

    again = yield from case.workshop.make_with(
        creation, resource.kind, resource.owner, f"{case.purpose}/elsewhere", shape=remember
    )
    if isinstance(again, Resource) or again.exchange is None:
        return None
    if read_reply(again.exchange).outcome is not Outcome.DENIED:
        return None
    if not is_simple and _is_simple(again.exchange.request):
        return None  # forms are asked for a token, and JSON is left to the preflight: sound as well
    return Expectation(
        statement=f"needs the anti-CSRF token, as {creation.label} does",
        source=f"behaviour:{creation.label}",
        confidence=Confidence.FIRM,
    )


def open_to_other_sites(case: Case, same_site: SameSite, *, is_simple: bool) -> Expectation | None:
    """Without any token: whether nothing else keeps other sites out. Only a simple POST is sent without asking first."""
    if not (same_site.lets_posts_through and is_simple and case.target.operation.method == "POST"):
        return None
    return Expectation(
        statement="a write under a cookie needs something that another site's page cannot send",
        source="behaviour:session-cookie",
        confidence=Confidence.FIRM,
    )


def what_keeps_others_out(case: Case, same_site: SameSite, *, is_simple: bool) -> str:
    """Why an effect without a token is no finding, in words."""
    if case.target.operation.method != "POST":
        return f"no token is asked for, and browsers ask before another site's {case.target.operation.method}"
    if not is_simple:
        return "no token is asked for, and only JSON is taken, which browsers ask about before another site sends it"
    return f"no token is asked for, and {same_site.describe()}"


def is_simple_request(effect: Effect) -> bool:
    """Whether a page can send the attack's request without a preflight (Fetch standard, 2.2.2)."""
    return _is_simple(effect.attack.request)


def _is_simple(request: Request) -> bool:
    return request.method == "POST" and (not request.body or media_type_of(request) in SIMPLE_TYPES)


def finding(
    case: Case, trial: Trial, effect: Effect, expectation: Expectation, *, title: str, how: str, usual: Severity,
) -> Break:  # fmt: skip
    """The break that a forged write's effect proves."""
    same_site = same_site_of(cookies_of(case, trial.owner))
    refusal = ", though the answer is a refusal" if effect.refused else ""
    return Break(
        title=title + refusal,
        detail=f"{case.target.label} was sent {how}, with a foreign Origin and {trial.owner}'s cookies, and answered "
        f"{effect.reason}; afterwards {trial.owner} sees {effect.shown}. Note that {same_site.describe()}.",
        expectation=expectation,
        confidence=expectation.confidence,
        steps=tuple(case.steps),
        owner=trial.owner,
        actor=trial.owner,
        severity=severity_for(same_site, usual),
        rule="SF304" if effect.refused else None,
    )
