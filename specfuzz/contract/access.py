"""Who may use an operation, as far as the document says: security, path, tags, prose, declared refusals.

The strongest source wins; silence lowers confidence and never invents a promise. Prose is read a sentence at a time, so
that "Anyone may read. Only the author may edit." says two things and not a mixture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from specfuzz.contract.document import Document
from specfuzz.contract.model import Access, Action, Confidence, Level, Operation
from specfuzz.contract.vendor import EVERYBODY, vendor_hints
from specfuzz.contract.words import singular, split_words


class _Gated:
    """A pattern that is tried only where a sentence has one of the parts of words that every match of it has.

    Most sentences have none; looking for these is ten times as fast as the pattern.
    """

    def __init__(self, stems: str, pattern: str) -> None:
        self.stems = tuple(stem.replace("_", " ") for stem in stems.split())
        self.pattern = re.compile(pattern, re.IGNORECASE)

    def search(self, sentence: str) -> re.Match[str] | None:
        lower = sentence.lower()
        for stem in self.stems:
            if stem in lower:
                return self.pattern.search(sentence)
        return None


_ROLE_WORDS = (
    r"(?:super[- ]?admin|admin(?:istrator)?|moderator|staff|manager|super[- ]?user|operator|supervisor|teller|auditor"
    r"|support agent|support staff|back[- ]?office|editor|librarian|clerk)"
)
_CALLER = (
    r"(?:caller|(?:current(?:ly)?|authenticated|logged[- ]?in|signed[- ]?in|requesting|calling|active|acting)"
    r"(?: (?:logged|signed)[- ]?in)? (?:user|customer|member|account|client|caller|person|patient|student)"
    r"|requester|user themsel(?:f|ves))"
)
_OWNERS = r"(?:owner|author|creator|holder|account holder|user (?:himself|herself|themsel(?:f|ves))|sender|reporter)"

_MAKERS = r"(?:created?|wrote|uploaded|posted|placed|submitted|opened|started|added|made|authored|owns?)"

_OWNER = _Gated(
    "own only_to author creator holder himself herself themsel sender reporter you caller current authenticated logged signed requesting calling active acting requester other belong someone _who_ _that_",
    rf"(?<!returns )(?<!return )(?<!includes )(?<!contains )\bonly (?:(?:be \w+|\w+(?:ed|en|ble)) (?:by|to|for) )?"
    rf"(?:the |its |their |an? |his |her )?(?:\w+ )?{_OWNERS}\b|\b{_OWNERS}(?:'s|s)?[ -]only\b"
    rf"|\b(?:restricted|limited|private|visible|accessible|available) to (?:the |its |their ){_OWNERS}\b"
    rf"|\b(?:must|needs? to|ha(?:ve|s) to) (?:be (?:the |its ){_OWNERS}|own)\b"
    rf"|\bonly (?:by|to|for) (?:the |its )?{_OWNERS}\b|\b(?:your|their|his|her|one'?s|{_CALLER}'?s?) own\b"
    rf"|\b(?:no ?body|no one|no user|none) (?:but|except|other than|besides) (?:the |its |their )?{_OWNERS}\b"
    rf"|\b(?:only|private|restricted|accessible|visible)\b.{{0,30}} (?:user|person|customer|account|one) (?:who|that) {_MAKERS}\b"
    rf"|\byou(?:'ve| have)? (?:yourself )?{_MAKERS}\b|\b(?:the {_CALLER}|caller) (?:owns|created)\b"
    r"|\bnot (?:be )?(?:visible|accessible|shown|available|readable) to (?:any )?other|\bnot your(?:s| own)\b"
    r"|\bother (?:users|customers|people|callers|members) (?:can ?not|can't|may not|must not|(?:get|gets|receive|see) (?:an? )?40[34])\b"
    r"|\b(?:cannot|can't|may not|must not|never) \w+ .{0,40}(?:\b(?:of|by|from) (?:other|another|someone|somebody)"
    r"|\bother (?:user|customer|people|member|account)s?'|\bdo(?:es)? not own\b)"
    rf"|\bbelong(?:s|ing)? to (?:the )?(?:{_CALLER}|you|them)\b|\bowned by (?:the )?(?:{_CALLER}|you)\b"
    rf"|\b(?:of|for|by) the {_CALLER}\b(?!s? (?:can|may))|\bthe {_CALLER}(?:'s|s') |\bif you own\b"
    r"|\bof yours\b|\bone of your\b|\b(?:visible|accessible|available|readable) only to (?:you|its|the) ?\w*|\bown (?:account|profile|data|record)s?\b"
    r"|\b(?:someone else'?s?|(?:to |of )?another (?:user|customer|account|person)(?:'s)?)\b.{0,40}\b(?:404|403|not found|forbidden)"
    r"|\b40[34]\b.{0,60}\b(?:another (?:user|customer|account|person)|someone else)\b",
)
_YOURS = re.compile(
    r"\b(?:my (?!\bsql)|your (?!request|query|client|application|app|token|search|input|credentials|api|ip\b|browser"
    r"|favou?rite \w|code\b|server|use case|needs|choice|convenience|language|locale|region))((?:[\w-]+ ?){1,3})",
    re.IGNORECASE,
)
"""Something of the reader's; whether the operation is about it, its place in the sentence and the path tell."""

_MEMBERS = _Gated(
    "member participant collaborator subscriber attendee guest shared_with owner author creator sender both either",
    r"\bonly (?!staff )(?:\w+ ){0,4}(?:members|participants|collaborators|subscribers|attendees|guests)\b"
    r"|\b(?:members|participants|collaborators)[ -]only\b|\b(?<!non-)(?<!non )members? of (?:the|its|this|that|your) \w+ (?:can|may)\b"
    r"|\b(?:must|need to|have to) be (?:an? )?(?:\w+ )?(?:member|participant|collaborator)"
    r"|\b(?:visible|accessible|readable|available|open|restricted|limited) (?:to|by) (?!staff )(?:\w+ ){0,3}"
    r"(?<!non-)(?:members|participants|collaborators)\b|\bshared with (?:you|them|him or her|(?:the |its |all )?"
    r"(?:caller|current user|users?|members|participants|collaborators|others)|\w+ (?:may|can))\b"
    r"|\b(?:is|are|was|were|been) shared with (?:may|can)\b"
    r"|\b(?:owner|author|creator|sender) (?:and|or) (?:\w+ ){0,3}"
    r"(?:members?|collaborators?|participants?|recipients?|invited|assignees?)\b"
    r"|\b(?:both|either) (?:participants?|part(?:y|ies)|sides?)\b",
)
_ROLE = _Gated(
    "admin moderator staff manager super operator supervisor teller auditor support back editor librarian clerk",
    rf"\b({_ROLE_WORDS})s?[ -]only\b|\bonly (?:for |by |to |be \w+ by )?(?:an? |the )?({_ROLE_WORDS})s?\b"
    rf"|\brequires? (?:an? |the )?({_ROLE_WORDS})\b(?! and\b| or\b)|\brole[ _:`'\"]{{1,4}}({_ROLE_WORDS})s?\b"
    rf"|\b({_ROLE_WORDS})[`'\"]? (?:role|privileges?|rights?|permissions?|access)\b"
    rf"|\b(?:restricted|reserved|limited) (?:to|for) (?:the |an? )?({_ROLE_WORDS})s?\b"
    rf"|^\W*({_ROLE_WORDS})s?(?: only)?\s*[:)\]]|\((?:an? )?({_ROLE_WORDS})s?\)|\bmust be (?:an? )?({_ROLE_WORDS})\b"
    rf"|(?:^|\b(?:log(?:ged)?|sign(?:ed)?) in |\bauthenticated |\bacting )as an? ({_ROLE_WORDS})\b|\bfor ({_ROLE_WORDS})s\b"
    rf"|\b(?!filtered|sorted|grouped|then|when|often)\w+(?:ed|en|ble) (?:only )?by (?:an? |the )?({_ROLE_WORDS})s?\b",
)
_CREDENTIALS = r"(?:authentication|authorization|logging in|log-?in|auth|credentials|an account|account|(?:an? )?(?:api |access )?(?:token|key))"
_PUBLIC = _Gated(
    "public open_to auth log credential account token key guest anonym anyone anybody everyone everybody",
    r"\bpublicly (?:available|accessible|readable|visible|open|listed)\b|^public\b(?!-)(?! key| holiday| transport| ip| url)"
    r"|\b(?:is|are|be|made) public\b(?! key| ip)"
    r"|\bpublic (?:endpoint|operation|access|route|page|listing|list|catalog(?:ue)?|feed|information|profile|read|view)s?\b"
    r"|\bopen to (?:all|anyone|everyone|the public)\b"
    rf"|\b(?:no|without) (?:any )?{_CREDENTIALS}\b"
    rf"|\b{_CREDENTIALS} (?:(?:is|are) )?(?:not |n't )(?:needed|required|necessary)\b|\b{_CREDENTIALS} (?:is |are )?optional\b"
    rf"|\b(?:does not|doesn't|need not) (?:need|require) (?:any |a )?{_CREDENTIALS}\b"
    r"|\bunauthenticated (?:access|users|callers|clients)\b|\bguests (?:may|can)\b|\banonymously\b"
    r"|\banonymous (?:access|users?|callers?|clients?|visitors?|reads?)\b"
    r"|\b(?:anyone|anybody|everyone|everybody)(?:, even [\w ]+,)? (?:may|can|sees?|is|has)\b"
    r"|\bby (?:anyone|anybody|everyone|everybody)\b|\bto (?:everyone|everybody|anyone)\b",
)
_CLOSED = re.compile(
    r"\b(?:not|non|no longer)[- ](?:an? )?public|\bno (?:anonymous|unauthenticated|public)\b"
    r"|\b(?:anonymous|unauthenticated)\b.{0,40}\b(?:not|cannot|can't|never|reject|refuse|den(?:y|ied)|forbidden|prohibited"
    r"|fails?|error|(?:get|receive)s? (?:an? )?40[13]|40[13])"
    r"|\b(?:without|no)\b.{0,40}\b(?:40[13]|reject|refuse|den(?:y|ied)|fails?|error)|\b(?:40[13]|refuse[sd]?|reject\w*|den(?:y|ied|ies)"
    r"|fails?)\b.{0,60}\b(?:without|no|anonymous|unauthenticated)\b",
    re.IGNORECASE,
)
_ANY_IDENTITY = _Gated(
    "any every all each",
    r"\b(?:any|every|all|each) (?:(?:authenticated|logged[- ]?in|signed[- ]?in|registered) )?"
    r"(?:user|member|customer|account|caller|client|identity|person)s? (?:may|can|is allowed|are allowed|sees?|has|have)\b(?! only)"
    r"|\b(?:visible|readable|available|accessible|editable|open|shown|writable|shared|usable) (?:to|by|for|with|among) "
    r"(?:any|every|all)\b (?!members|participants|collaborators)|\bby any user\b|\bto all users\b",
)
_READS = re.compile(
    r"\b(?:read|see|sees|view|views|get|gets|show|shown|visible|readable|private|draft|unpublished|hidden|access)",
    re.IGNORECASE,
)
_SELF = re.compile(
    rf"\b(?:the )?(?:{_CALLER})(?:'s)?\b|\b(?:your|their) own\b|\byour (?:id|user id|customer id|account)\b|\byourself\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\bnot (?:only|just|limited|restricted)\b|\bno longer\b|\bnot (?:necessarily|required to be)\b"
    r"|\b(?:not|n't|never) (?:need|require|have to)\b|\bneed not\b"
    r"|^no \w+ (?:rights?|privileges?|permissions?|role|access|membership)\b|\bnot (?:needed|required|necessary)\b",
    re.IGNORECASE,
)
_ADMIN_SEGMENTS = frozenset(
    "admin admins administration administrator internal backoffice staff moderation moderator superuser sudo".split()
)
_NAMESPACES = frozenset("admin administration backoffice superuser sudo".split())
"""Segments that are no kind of object: what lies below is for a role, whatever comes next."""

_OWN_SEGMENTS = frozenset("me self my mine myself currentuser current_user current-user".split())
_CONVENTIONALLY_OPEN = frozenset("health healthz ping status ready readyz live livez version metrics heartbeat".split())

_DELEGATED = re.compile(r"[:./]|^(?:read|write)", re.IGNORECASE)
"""A scope that a user delegates to a client (`orders:read`, a URL) and no role of the user."""

_ABOUT_CREDENTIALS = (Level.PUBLIC, Level.AUTHENTICATED)
_WORDS_BEFORE = 3
"""Words before "your" in a sentence that is about it: "Get all of your notes"."""

_BY_CONVENTION = "open by convention (log-in, sign-up, health)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hint:
    level: Level
    confidence: Confidence
    source: str
    reason: str
    role: str | None = None

    def access(self) -> Access:
        return Access(
            level=self.level, role=self.role, confidence=self.confidence, source=self.source, reason=self.reason
        )


def derive_access(document: Document, operation: Operation, action: Action) -> Access:
    """The access level of one operation: what the prose and the path add to what `security` says."""
    base = _from_security(document, operation, action)
    return replace(_combined(document, operation, base, action), declared=base.access())


def consider_access(document: Document, operation: Operation, action: Action) -> tuple[Access, ...]:
    """Every hint about an operation's access, what `security` says first: what `derive_access` chose from."""
    base = _from_security(document, operation, action)
    return tuple(hint.access() for hint in (base, *_finer_hints(document, operation, base)))


def _combined(document: Document, operation: Operation, base: _Hint, action: Action) -> Access:
    finer = _strongest(_finer_hints(document, operation, base))
    if finer is None:
        return base.access()
    is_entrance = base.reason == _BY_CONVENTION or action in (Action.LOGIN, Action.SIGN_UP, Action.REFRESH)
    if is_entrance and finer.level in (Level.OWNER, Level.MEMBERS):
        return base.access()  # "Log in to your account", "Create your own account": no promise about others
    if finer.level is Level.PUBLIC and base.level is Level.AUTHENTICATED and base.confidence is Confidence.CERTAIN:
        # "Public" in prose beside a declared login means: the same for every logged-in caller.
        return Access(
            level=Level.AUTHENTICATED,
            role=None,
            confidence=finer.confidence,
            source=finer.source,
            reason=f"{finer.reason}, and a login is declared",
        )
    if base.level is Level.PUBLIC and base.confidence is Confidence.CERTAIN:
        return base.access()  # the operation's own `security: []` is what its server is built from
    return finer.access()


def is_shared_on_purpose(access: Access) -> bool:
    """Whether the document itself, or the user, says that every identity may use the operation on anybody's object."""
    if access.level is Level.PUBLIC:
        return True
    return access.level is Level.AUTHENTICATED and (
        access.by_user or access.source.endswith(("/description", "/summary"))
    )


def says_own(text: str) -> bool:
    """Whether a property's description says that it must name the caller."""
    return bool(_SELF.search(text)) and not _NEGATED.search(text)


def needs_credentials(access: Access) -> bool:
    """Whether the contract promises that an anonymous caller is refused."""
    return access.level not in (Level.PUBLIC, Level.UNKNOWN)


def lets_anonymous_in(access: Access) -> bool:
    """Whether the document's `security` lets callers come without credentials, whatever the prose says about objects.

    A forum's threads are read by everybody and those of private boards by members: such an operation takes both.
    """
    declared = access.declared
    if access.by_user:
        return access.level is Level.PUBLIC
    return declared is not None and declared.level is Level.PUBLIC and declared.confidence >= Confidence.FIRM


def opened_in_words(operation: Operation) -> str | None:
    """What the prose says that lets everybody in, quoted; None where it says no such thing."""
    return next((hint.reason for hint in _from_prose(operation) if hint.level is Level.PUBLIC), None)


def _from_security(document: Document, operation: Operation, action: Action) -> _Hint:
    security = operation.security
    if security is None:
        return _from_silence(document, operation, action)
    source = operation.security_pointer
    if not security or any(not alternative for alternative in security):
        # `security: []` opens an operation; `{}` among others only says that callers may come without credentials.
        optional = any(security)
        certainty = Confidence.CERTAIN if not optional and source != "#/security" else Confidence.FIRM
        return _Hint(
            level=Level.PUBLIC, confidence=certainty, source=source, reason="the document asks for no credentials"
        )
    privileged = [_privileged_scope(document, alternative) for alternative in security]
    if all(privileged):  # where one way in needs no such scope, nobody needs it
        role = next(found for found in privileged if found)
        return _Hint(
            level=Level.ROLE,
            role=role,
            confidence=Confidence.FIRM,
            source=source,
            reason=f"the security requirement names {role}",
        )
    return _Hint(
        level=Level.AUTHENTICATED,
        confidence=Confidence.CERTAIN,
        source=source,
        reason="the document declares a security requirement",
    )


def _privileged_scope(document: Document, alternative: Mapping[str, tuple[str, ...]]) -> str | None:
    """The scope that only a role has: one that is called so, or a role that OpenAPI 3.1 lets any other scheme list."""
    for name, scopes in alternative.items():
        named = next((scope for scope in scopes if _ADMIN_SEGMENTS & set(split_words(scope))), None)
        if named is not None:
            return named
        kind = str(document.security_schemes.get(name, {}).get("type", "")).lower()
        if kind in ("http", "apikey", "mutualtls") and scopes:
            roles = [scope for scope in scopes if not EVERYBODY & set(split_words(scope))]
            if len(roles) == len(scopes) and not any(_DELEGATED.search(scope) for scope in scopes):
                return " or ".join(roles)
    return None


def _from_silence(document: Document, operation: Operation, action: Action) -> _Hint:
    said = next((hint for hint in _from_vendors(document, operation) if hint.level in _ABOUT_CREDENTIALS), None)
    if said is not None:
        return said
    is_written_elsewhere = document.asks_for_credentials
    is_by_account = action in (Action.LOGIN, Action.SIGN_UP, Action.REFRESH)
    if _declares_401(operation) and not is_by_account and not is_written_elsewhere:
        # Where `security` is used, its absence says more: generators add 401 to every operation.
        return _Hint(
            level=Level.AUTHENTICATED,
            confidence=Confidence.TENTATIVE if document.always_declares_401 else Confidence.FIRM,
            source=f"{operation.pointer}/responses/401",
            reason="the document declares the response 401",
        )
    if action in (Action.LOGIN, Action.SIGN_UP) or _is_open_by_convention(operation):
        return _Hint(
            level=Level.PUBLIC,
            confidence=Confidence.FIRM,
            source=operation.pointer,
            reason=_BY_CONVENTION,
        )
    if is_written_elsewhere:
        return _Hint(
            level=Level.PUBLIC,
            confidence=Confidence.TENTATIVE,
            source=operation.pointer,
            reason="the document protects other operations and says nothing here",
        )
    return _Hint(
        level=Level.UNKNOWN,
        confidence=Confidence.TENTATIVE,
        source=operation.pointer,
        reason="the document says nothing about access",
    )


def _declares_401(operation: Operation) -> bool:
    return any(reply.status == "401" for reply in operation.replies)


def _is_open_by_convention(operation: Operation) -> bool:
    """Whether a path is a health page: `/health/ready` is one, `/orders/{id}/status` is a part of somebody's order."""
    if not operation.is_safe or "{" in operation.path:
        return False
    return bool(_CONVENTIONALLY_OPEN & set(split_words(operation.path.rstrip("/").rsplit("/", 1)[-1])))


def _from_vendors(document: Document, operation: Operation) -> Iterator[_Hint]:
    """What vendor extensions say, those of the operation and then those of the document, which a gateway reads too."""
    whole = {key: value for key, value in document.raw.items() if str(key).startswith("x-kong-")}
    for extensions, pointer in ((operation.extensions, operation.pointer), (whole, "#")):
        for hint in vendor_hints(extensions, pointer):
            yield _Hint(
                level=hint.level, role=hint.role, confidence=hint.confidence, source=hint.source, reason=hint.reason
            )


def _finer_hints(document: Document, operation: Operation, base: _Hint) -> Iterator[_Hint]:
    yield from (hint for hint in _from_vendors(document, operation) if hint.level not in _ABOUT_CREDENTIALS)
    yield from _from_prose(operation)
    yield from _from_refusals(operation)
    yield from _from_permissions(operation)
    yield from _from_segments(operation, base)
    for index, tag in enumerate(operation.tags):
        if _ADMIN_SEGMENTS & set(split_words(tag)) and base.level is not Level.PUBLIC:
            yield _Hint(
                level=Level.ROLE,
                role="admin",
                confidence=Confidence.TENTATIVE,
                source=f"{operation.pointer}/tags/{index}",
                reason=f"the tag is `{tag}`",
            )
    own = _own_segment(operation)
    if own is not None and base.level is not Level.PUBLIC:
        yield _Hint(
            level=Level.OWNER,
            confidence=Confidence.FIRM,
            source=operation.pointer,
            reason="the path is the caller's own collection",
        )


def _literals(operation: Operation) -> list[str]:
    return [segment for segment in operation.path.split("/") if segment and "{" not in segment]


def _own_segment(operation: Operation) -> str | None:
    """`/me/orders`, `/my/orders`, `/my-orders`, `/current-user`: what belongs to whoever calls."""
    for segment in _literals(operation):
        words = split_words(segment)
        if segment.lower() in _OWN_SEGMENTS or (words[:1] == ("my",) and len(words) > 1):
            return segment
    return None


def _from_segments(operation: Operation, base: _Hint) -> Iterator[_Hint]:
    """A namespace for a role (`/admin/orders`). `/staff` and `/staff/{id}` may as well be a list of people that all may see."""
    if base.level is Level.PUBLIC:
        return
    segments = [segment for segment in operation.path.split("/") if segment]
    for index, segment in enumerate(segments):
        if "{" in segment or not _ADMIN_SEGMENTS & set(split_words(segment)):
            continue
        following = segments[index + 1 : index + 2]
        is_namespace = bool(following) and "{" not in following[0]
        is_plain = _plain_segment(segment) in _NAMESPACES
        sure = base.level is Level.AUTHENTICATED and (is_plain or (is_namespace and segment.lower() in _ADMIN_SEGMENTS))
        yield _Hint(
            level=Level.ROLE,
            role="admin" if "admin" in segment.lower() else segment,
            confidence=Confidence.FIRM if sure else Confidence.TENTATIVE,
            source=operation.pointer,
            reason=f"the path has the segment `{segment}`",
        )


def _plain_segment(segment: str) -> str:
    """`_admin`, `admin.php` and `admin-api` are an `admin`; `admin-notes` is a kind of note."""
    words = [word for word in split_words(segment) if word not in ("api", "php", "panel", "console", "area")]
    return words[0] if len(words) == 1 else ""


def _from_prose(operation: Operation) -> Iterator[_Hint]:
    for name, text in (("summary", operation.summary), ("description", operation.description)):
        source = f"{operation.pointer}/{name}"
        found = {
            hint.level: hint
            for index, sentence in enumerate(_sentences(text))
            for hint in _read_sentence(sentence, source, operation.path, is_first=index == 0)
        }
        shared = found.get(Level.AUTHENTICATED) or found.get(Level.PUBLIC)
        if shared is not None and operation.is_safe:
            # "Anyone may read. Only the author may edit.": of a read, the first half counts. "Published drafts are
            # public, others the author's alone" depends on the object: what the API does with it decides then.
            private = [hint for level, hint in found.items() if level in (Level.OWNER, Level.MEMBERS)]
            if any(_READS.search(hint.reason) for hint in private):
                yield from (replace(hint, confidence=Confidence.TENTATIVE) for hint in private)
            else:
                yield shared
        elif shared is not None and len(found) > 1:
            yield from (hint for level, hint in found.items() if level not in (Level.AUTHENTICATED, Level.PUBLIC))
        else:
            yield from found.values()


def _read_sentence(sentence: str, source: str, path: str, *, is_first: bool) -> Iterator[_Hint]:
    level, role = _meaning(sentence)
    confidence = Confidence.FIRM
    if level is None and (yours := _yours(sentence)):
        level = Level.OWNER
        confidence = Confidence.FIRM if _is_about(yours, path, is_first=is_first) else Confidence.TENTATIVE
    if level is not None:
        quoted = sentence if len(sentence) <= 120 else sentence[:117] + "..."
        yield _Hint(level=level, confidence=confidence, source=source, role=role, reason=f"it says “{quoted}”")


@lru_cache(maxsize=16384)
def _yours(sentence: str) -> re.Match[str] | None:
    return None if _NEGATED.search(sentence) else _YOURS.search(sentence)


def _is_about(yours: re.Match[str], path: str, *, is_first: bool) -> bool:
    """Whether the reader's thing in a sentence is what an operation is about.

    "Delete all your notes" at the beginning of a text and, of `/notes/{id}/pin`, "Move it to the top of your notes" are; "even from websites that are
    blocked in your area" is not.
    """
    if is_first and yours.string[: yours.start()].count(" ") <= _WORDS_BEFORE:
        return True
    nouns = {singular(word) for segment in path.split("/") if "{" not in segment for word in split_words(segment)}
    return any(singular(word) in nouns for word in split_words(yours[1]))


@lru_cache(maxsize=16384)
def _meaning(sentence: str) -> tuple[Level | None, str | None]:
    """The level that a sentence speaks of and its role; large documents say the same sentence of many operations."""
    negated = _NEGATED.search(sentence)
    if not negated and _MEMBERS.search(sentence):
        return Level.MEMBERS, None
    anyone = _ANY_IDENTITY.search(sentence)
    if not negated and not anyone and _OWNER.search(sentence):
        return Level.OWNER, None
    if anyone:
        return Level.AUTHENTICATED, None
    if _PUBLIC.search(sentence) and not _CLOSED.search(sentence):
        return Level.PUBLIC, None
    role = None if negated else _ROLE.search(sentence)
    if role:
        return Level.ROLE, next(group for group in role.groups() if group).lower()
    return None, None


_PERMISSION = re.compile(
    r"\b(?:required|needed|necessary) (?:permission|privilege|right)s?\b:?\W{0,4}(?:\w+ )?['\"`“]([\w.:*-]+)"
    r"|\b(?:requires?|needs?) (?:the |an? )?['\"`“]([\w.:*-]+)['\"`”] (?:permission|privilege|role|right)s?\b",
    re.IGNORECASE,
)


def _from_permissions(operation: Operation) -> Iterator[_Hint]:
    """`Required permission: 'orders.write'`. Whether an ordinary identity has it, the document does not say."""
    for name, text in (("summary", operation.summary), ("description", operation.description)):
        found = _PERMISSION.search(text)
        if found is not None:
            role = found[1] or found[2]
            yield _Hint(
                level=Level.ROLE,
                role=role,
                confidence=Confidence.TENTATIVE,
                source=f"{operation.pointer}/{name}",
                reason=f"it names the permission {role}",
            )


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?;])\s+|\n+", text) if part.strip()]


_REFUSED_STRANGER = re.compile(
    r"\bnot (?:the |your |an? )?(?:own|owner|yours)\b|\b(?:another|other|someone else'?s?|somebody else'?s?|different)"
    r" (?:user|customer|account|person|member|owner)|\bbelongs? to (?:an)?other|\bsomeone else|\bsomebody else"
    r"|\bnot (?:found )?(?:or|and) not (?:yours|owned)",
    re.IGNORECASE,
)


def _from_refusals(operation: Operation) -> Iterator[_Hint]:
    """`404: not found, or somebody else's` says that only the owner gets through."""
    for reply in operation.replies:
        if reply.status in ("403", "404") and _REFUSED_STRANGER.search(reply.description):
            yield _Hint(
                level=Level.OWNER,
                confidence=Confidence.FIRM,
                source=f"{operation.pointer}/responses/{reply.status}/description",
                reason=f"it says “{reply.description}”",
            )


_ORDER = (Level.MEMBERS, Level.OWNER, Level.AUTHENTICATED, Level.PUBLIC, Level.ROLE, Level.UNKNOWN)


def _strongest(hints: Iterator[_Hint]) -> _Hint | None:
    """The surest hint; of equally sure ones the one that, if wrong, raises the fewest false alarms."""
    found = list(hints)
    if not found:
        return None
    roles = [hint for hint in found if hint.level is Level.ROLE]
    owners = [hint for hint in found if hint.level in (Level.OWNER, Level.MEMBERS)]
    if roles and owners:
        said_twice = len({hint.source for hint in roles}) > 1 and any(_is_prose(hint) for hint in roles)
        if said_twice or all("/responses/" in hint.source for hint in owners):
            # "For administrators only" below /admin is meant, whatever else the text says about somebody's own; and a
            # shared description of the refusal ("not yours") does not widen what is kept for a role.
            found = roles
        else:  # "the owner or an administrator": the owner is the wider promise
            found = [hint for hint in found if hint.level is not Level.ROLE]
    return min(found, key=lambda hint: (-hint.confidence, _ORDER.index(hint.level)))


def _is_prose(hint: _Hint) -> bool:
    return hint.source.endswith(("/summary", "/description"))
