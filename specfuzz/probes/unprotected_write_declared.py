"""SF305: the document itself leaves a write open whose siblings it protects.

No request: only the document is read. Siblings are the other operations on the same object or the collection it lies in.
What is open by its nature (signing up, a password reset, a webhook, a contact form) is left alone, and so is whatever the
document opens in words.
"""

from __future__ import annotations

import re

from specfuzz.contract import Action, Confidence, Contract, Expectation, Level, Location, OperationContract
from specfuzz.contract.access import needs_credentials, opened_in_words
from specfuzz.contract.actions import is_password_field, normalized_path
from specfuzz.contract.words import split_words
from specfuzz.http import Flow
from specfuzz.probes.case import Case
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Verdict, broken

RULE = Rule(
    id="SF305",
    name="unprotected-write-declared",
    category=Category.TOKENLESS,
    severity=Severity.MEDIUM,
    cwe=("CWE-306",),
    owasp=("API2:2023",),
    promise="the document asks for credentials wherever something of somebody's is changed",
    remediation=(
        "Declare the security requirement for the whole document and open the few public operations by name; then check "
        "that the code asks for a login here. If the write is open on purpose, say so in its description."
    ),
)
NEEDS_PEER = False
NEEDS_REQUESTS = False

MIN_SIBLINGS = 2
"""Protected operations beside the open one: a single one may just as well be the exception itself."""

_OPEN_ACTIONS = (Action.LOGIN, Action.SIGN_UP, Action.REFRESH, Action.LOGOUT, Action.SEARCH, Action.LIST, Action.READ)

_OPEN_WORDS = frozenset(
    # how one comes by an account, or back to it
    "login logon signin signup register registration registrations auth oauth oauth2 oidc saml sso session sessions token "
    "tokens jwt otp mfa totp passwordless magic password passwords forgot forgotten recover recovery unlock activate "
    "activation verify verification confirm confirmation resend captcha challenge csrf xsrf invite invites invitation "
    "invitations accept redeem "
    # machines that sign what they send
    "webhook webhooks hook hooks callback callbacks ipn notify notification notifications slack stripe github paypal "
    # what visitors send in
    "contact contacts feedback inquiry inquiries enquiry enquiries lead leads newsletter newsletters subscribe unsubscribe "
    "waitlist rsvp survey surveys poll polls vote votes guest guests guestbook visitor visitors anonymous public share shared "
    "report reports complaint complaints application applications comment comments message messages donate donation "
    "donations checkout cart carts basket baskets "
    # what counts and computes, and stores nothing of anybody's
    "health healthz ping status metrics track tracking analytics beacon telemetry event events collect log logs error errors "
    "crash consent consents preview quote quotes calculate calculator estimate simulate convert validate check search query "
    "lookup find filter graphql rpc batch echo test demo playground locale language view views hit hits click clicks "
    "impression impressions download downloads".split()
)
"""Words in a path or an operationId under which operations are open by their nature."""

_OWN_CREDENTIALS = re.compile(
    r"signature|hmac|secret|token|api[-_ ]?key|otp|captcha|nonce|code$|authorization|x-hub|digest|password",
    re.IGNORECASE,
)
"""Parameters and body fields that prove who sends the request, in the place of a login."""

_WRITES = (Action.UPDATE, Action.REPLACE, Action.DELETE)
_PRIVATE = (Level.OWNER, Level.MEMBERS)


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    if not target.state_changing or target.operation.is_safe:
        return "it changes nothing"
    if target.action in _OPEN_ACTIONS:
        return "such an operation is open by its nature"
    if not _is_declared_open(target):
        return "the document asks for credentials here, or says nothing anywhere"
    words = _words_of(target)
    named = words & _OPEN_WORDS
    if named:
        return f"such an operation is often open on purpose: it is about `{min(named)}`"
    said = opened_in_words(target.operation)
    if said is not None:
        return f"open on purpose: {said}"
    if _carries_its_own_proof(contract, target):
        return "the request itself carries what proves who sends it"
    return None


def flow(case: Case) -> Flow[Verdict]:
    """Yields nothing: the document alone decides."""
    yield from ()
    return judge(case.contract, case.target)


def judge(contract: Contract, target: OperationContract) -> Verdict:
    """What the document says about the operation beside its siblings."""
    siblings = siblings_of(contract, target)
    protected = [item for item in siblings if needs_credentials(item.access)]
    if len(protected) < MIN_SIBLINGS:
        return Held(reason="the document protects too little on the same kind of object to call it an exception")
    others = [item for item in siblings if item.state_changing and not needs_credentials(item.access)]
    open_writes = [item for item in others if not _words_of(item) & _OPEN_WORDS]
    if open_writes:
        return Held(reason=f"{open_writes[0].label} is open too: visitors may write here")
    confidence = _confidence(target, protected)
    if confidence is None:
        return Held(reason="such a write is open to visitors in many an API, and nothing says that it is private here")
    return broken(_finding(target, protected, confidence))


def siblings_of(contract: Contract, target: OperationContract) -> list[OperationContract]:
    """The other operations on the same path, its collection, its items, and what is done with the same object."""
    mine = normalized_path(target.operation.path)
    item_path = mine if mine.endswith("/{}") else None
    if target.action is Action.ACT and "/{}" in mine:
        item_path = mine.rpartition("/{}")[0] + "/{}"
    collection = item_path.removesuffix("/{}") if item_path is not None else mine
    found = []
    for item in contract.operations:
        if item.label == target.label or item.resource != target.resource or item.action in _OPEN_ACTIONS[:4]:
            continue
        path = normalized_path(item.operation.path)
        same_object = path.startswith(f"{collection}/{{}}") and path.count("{}") == collection.count("{}") + 1
        if path in (mine, collection) or same_object:
            found.append(item)
    return found


def _is_declared_open(target: OperationContract) -> bool:
    """Whether the document says by itself, or by leaving the requirement out here, that no credentials are needed."""
    declared = target.access.declared or target.access
    return declared.level is Level.PUBLIC


def _is_explicit(target: OperationContract) -> bool:
    """Whether the operation has a `security` of its own that asks for nothing."""
    return target.operation.security is not None and target.operation.security_pointer != "#/security"


def _words_of(target: OperationContract) -> set[str]:
    """The words of the path's literal segments and of the operationId."""
    literals = [segment for segment in target.operation.path.split("/") if segment and "{" not in segment]
    return {word for name in (*literals, target.operation.operation_id or "") for word in split_words(name)}


def _carries_its_own_proof(contract: Contract, target: OperationContract) -> bool:
    """A token in the path, a signature in a header, a password or a code in the body."""
    names = [item.name for item in target.operation.parameters if item.location is not Location.COOKIE]
    for body in target.operation.bodies:
        properties = contract.document.schemas.properties(body.schema, body.pointer)
        names += [name for name in properties if is_password_field(name) or _OWN_CREDENTIALS.search(name)]
    return any(_OWN_CREDENTIALS.search(name) and "csrf" not in name.lower() for name in names)


def _confidence(target: OperationContract, protected: list[OperationContract]) -> Confidence | None:
    """How surely it is a mistake; None where the document does not say enough."""
    writes = [item for item in protected if item.state_changing]
    reads = [item for item in protected if not item.state_changing]
    private = any(item.access.level in _PRIVATE and item.access.confidence >= Confidence.FIRM for item in protected)
    if target.identifiers and target.action in (*_WRITES, Action.ACT):
        if target.action is Action.ACT and not reads:
            return None  # whoever may see an object may often do something with it: pay a link, like a post
        if not writes and not private:
            return Confidence.TENTATIVE
        return (
            Confidence.FIRM
            if _is_explicit(target) or private or len(protected) > MIN_SIBLINGS
            else Confidence.TENTATIVE
        )
    if target.action is Action.CREATE and reads and writes:
        # Guests order and apply in many an API; but what is shown to its owner alone cannot be made by nobody.
        return Confidence.FIRM if private else Confidence.TENTATIVE
    return None


def _finding(target: OperationContract, protected: list[OperationContract], confidence: Confidence) -> Break:
    labels = ", ".join(item.label for item in protected[:4])
    more = f" and {len(protected) - 4} more" if len(protected) > 4 else ""
    how = "opens it in so many words" if _is_explicit(target) else "gives it no security requirement"
    source = target.operation.security_pointer if _is_explicit(target) else target.operation.pointer
    return Break(
        title=f"the document leaves {target.label} open, and protects the other operations on a {target.resource}",
        detail=f"The document {how}, while it asks for credentials at {labels}{more}. What is generated from it (servers, "
        "gateways, clients) lets everybody write here, or the document is wrong.",
        expectation=Expectation(
            statement=f"needs credentials, as {protected[0].label} does", source=source, confidence=confidence
        ),
        confidence=confidence,
        steps=(),
    )
