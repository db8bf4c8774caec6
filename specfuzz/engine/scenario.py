"""Everything of a run that sends nothing: who is who, one case after another as flows, verdicts into a result.

Both the asynchronous engine and synchronous hosts (Schemathesis) drive the same flows.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from specfuzz.contract import Action, Confidence, Contract, Level, OperationContract, Positions
from specfuzz.contract.actions import normalized_path
from specfuzz.contract.words import split_words
from specfuzz.engine.accounts import SignUp, csrf_rules
from specfuzz.engine.matrix import PARTS, Sighting, matrix, sightings
from specfuzz.engine.plan import NOT_SELECTED, Planned, needs_cookies, needs_requests
from specfuzz.engine.watch import Watch
from specfuzz.findings import (
    Coverage,
    ExpectationRef,
    Finding,
    OperationRef,
    OperationRow,
    Place,
    curl,
    evidence_of,
    fingerprint,
    keep_steps,
)
from specfuzz.generation import Drafter
from specfuzz.http import (
    ANONYMOUS,
    BudgetExhausted,
    Exchange,
    Flow,
    HttpError,
    Interrupted,
    Request,
    TargetUnreachable,
    TransportError,
)
from specfuzz.http.redaction import Redactor
from specfuzz.identities import Identity, Keyring, LoginFailed
from specfuzz.identities.identity import DEFAULT_ROLE
from specfuzz.oracles import read_reply
from specfuzz.probes import Break, Broken, Case, Held, Inconclusive, Stop, Verdict
from specfuzz.probes.canaries_elsewhere import Elsewhere
from specfuzz.probes.cross_user_listing import RULE as CROSS_USER_LISTING
from specfuzz.probes.registry import attack, probes, watchers
from specfuzz.resources import Accounts, NotMade, Resource, Unnameable, Workshop

OWNER, PEER = "alice", "bob"
"""Names of the two users that a run signs up for itself."""

ENDED_BEFORE = "the run ended before"
"""Why a case that could have run did not: the budget was used up, or the run was interrupted."""

_BY_EFFECT = frozenset("SF102 SF103 SF105 SF106 SF301 SF306 SF311 SF312 SF313 SF314".split())
"""Rules whose proof is that an object changed: the only ones that another case's requests could feign."""

_ADMIN_ROLES = frozenset("admin administrator superadmin superuser staff moderator root operator supervisor".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays which part; None where there is nobody for it."""

    owner: str | None = None
    peer: str | None = None
    admin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case."""

    planned: Planned
    verdict: Verdict
    defect: str | None = None
    looked: bool = False

    @property
    def only_looked(self) -> bool:
        """Whether nothing was tried for it."""
        return self.looked or (isinstance(self.verdict, Held) and not self.verdict.tried)

    seen: tuple[Sighting, ...] = ()


@dataclass(slots=True)
class Scenario:
    """The state of one run: contract, identities, workshop, verdicts. Its methods yield requests and never send."""

    contract: Contract
    base_url: str
    seed: int = 0
    redactor: Redactor = field(default_factory=Redactor)
    keyring: Keyring = field(init=False)
    workshop: Workshop = field(init=False)
    sign_up: SignUp = field(init=False)
    watch: Watch = field(init=False)
    elsewhere: Elsewhere = field(init=False)
    cast: Cast = field(default_factory=Cast)
    outcomes: list[Outcome] = field(default_factory=list)
    _leaks: tuple[tuple[OperationContract, Break], ...] = ()
    positions: Positions = field(init=False)
    has_spare: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        self.positions = Positions(self.contract.document.text)
        self.keyring = Keyring(csrf=csrf_rules(self.contract), redactor=self.redactor)
        drafter = Drafter(self.contract, self.seed, self.redactor.learn)
        accounts = Accounts(contract=self.contract, facts=self.keyring.facts, accept=accepts)
        self.workshop = Workshop(self.contract, drafter, accounts, accepts)
        self.sign_up = SignUp(self.contract, self.workshop, self.keyring)
        self.watch = Watch(self.contract, self.keyring.passwords)
        self.elsewhere = Elsewhere(contract=self.contract)

    # Who --------------------------------------------------------------------------------------------------------

    def adopt(self, identities: tuple[Identity, ...]) -> None:
        """Take the identities of an authentication document, and give each a part."""
        for identity in identities:
            self.keyring.add(self._with_resolved_login(identity))
        roles: dict[str, list[str]] = {}
        for identity in identities:
            roles.setdefault(identity.role, []).append(identity.name)
        ordinary = {role: names for role, names in roles.items() if not _is_admin(role, names)} or roles
        pairs = sorted(ordinary.values(), key=lambda names: -len(names)) or [[]]
        admins = [name for role, names in roles.items() if role not in ordinary for name in names]
        main = pairs[0] or admins
        self.cast = Cast(
            owner=main[0] if main else None,
            peer=pairs[0][1] if len(pairs[0]) > 1 else None,
            admin=admins[0] if admins and admins[0] not in main[:2] else None,
        )
        self.workshop.maker = self.cast.admin

    def _with_resolved_login(self, identity: Identity) -> Identity:
        """Web Fuzzing Commons counts a log-in's path from the server's root; a path that the document has is the API's."""
        login = identity.login
        base = urlsplit(self.base_url).path.rstrip("/")
        if login is None or not base or login.path.startswith(("http://", "https://")):
            return identity
        known = {normalized_path(item.operation.path) for item in self.contract.operations}
        if normalized_path(login.path) in known and not login.path.startswith(f"{base}/"):
            return identity
        parts = urlsplit(self.base_url)
        url = f"{parts.scheme}://{parts.netloc}{login.path if login.path.startswith('/') else '/' + login.path}"
        return replace(identity, login=replace(login, path=url))

    def make_users(self) -> Flow[str | None]:
        """Sign up two users of our own; returns why that cannot be done, or None when it is done."""
        for name in (OWNER, PEER):
            made = yield from self.sign_up.new(name, f"identity/{name}")
            if isinstance(made, NotMade):
                return made.reason
        self.cast = Cast(owner=OWNER, peer=PEER)
        yield from self._settle_token()
        return None

    def _settle_token(self) -> Flow[None]:
        """Where the caller's own account refuses our users, find out how the API wants the token; else leave it as it is."""
        reader = next((item for item in self.contract.with_action(Action.SELF) if _is_plain_read(item)), None)
        if reader is None:
            return
        request = Request(method="GET", path=reader.operation.path, identity=OWNER, operation=reader.label)
        first = yield request
        if first.status not in (401, 403):
            return
        users = [self.keyring.identity(name) for name in (OWNER, PEER)]
        for ways in zip(*(self.sign_up.other_ways(user) for user in users), strict=True):
            for user in ways:
                self.keyring.replace(user)
            answer = yield request
            login = ways[0].login
            if answer.status not in (401, 403) and login is not None and login.token is not None:
                self.sign_up.token = login.token
                return
        for user in users:
            self.keyring.replace(user)

    def introduce(self) -> Flow[str | None]:
        """Log everybody in and learn who they are; returns what is wrong with them, or None.

        Raises `LoginFailed` where an identity cannot log in.
        """
        keys = {}
        for name in (self.cast.owner, self.cast.peer, self.cast.admin):
            if name is not None:
                try:
                    yield from self.workshop.accounts.identify(name)
                except TransportError:
                    continue  # one lost answer: the account is identified again when it is needed
                keys[name] = self.workshop.accounts.key_of(name)
        owner, peer = self.cast.owner, self.cast.peer
        if owner and peer and keys.get(owner) is not None and keys[owner] == keys.get(peer):
            return f"{owner} and {peer} are the same account ({keys[owner]}): cross-user rules need two"
        return None

    # Cases ------------------------------------------------------------------------------------------------------

    def why_not_now(self, planned: Planned) -> str | None:
        """Why a planned case cannot run with the identities at hand; None if it can."""
        probe = probes()[planned.rule]
        if attack(planned.rule) is None or not needs_requests(planned.rule):
            return None  # it only looks, at what others are answered or at the document
        if self.cast.owner is None:
            return "it needs a user: give --auth, or a document with sign-up and log-in"
        access = planned.target.access
        needs_role = access.level is Level.ROLE and access.confidence >= Confidence.FIRM
        if needs_role and self.cast.admin is None and planned.rule not in ("SF106", "SF302"):
            return f"the operation is kept for {access.role}, and no identity has that role: add one to --auth"
        if planned.rule == "SF106" and needs_role and self._is_in_role(self.cast.peer or self.cast.owner, access.role):
            return f"the users have the role {access.role} themselves: add one without it to --auth"
        if needs_cookies(planned.rule) and not self._logs_in_by_cookie(self.cast.owner):
            return f"{self.cast.owner} logs in without a cookie, so another site's page cannot use the session"
        if probe.NEEDS_PEER and self.cast.peer is None:
            return "it needs a second user of the same role: add one to --auth"
        return None

    def _is_in_role(self, name: str, role: str | None) -> bool:
        """Whether an identity's own role is one that the operation is kept for (`editor or publisher`)."""
        if role is None or not self.keyring.knows(name):
            return False
        own = split_words(self.keyring.identity(name).role)
        return any(split_words(wanted) == own for wanted in role.split(" or "))

    def _logs_in_by_cookie(self, identity: str) -> bool:
        """Whether the identity's session is one that a browser would carry by itself, or is not known yet (in a plan)."""
        carried = self.keyring.credentials(identity)
        return carried is None or carried.in_cookies_alone

    def prepare(self, cases: list[Planned]) -> Flow[tuple[str, ...]]:
        """Make the objects that several cases share, one after the other; returns what could not be made, and why."""
        assert self.cast.owner is not None
        problems = []
        for kind in dict.fromkeys(case.target.resource for case in cases if case.target.resource):
            found = self.contract.resource(kind)
            if found is None or (not found.creates and not found.is_user and not found.updates):
                continue
            try:
                made = yield from self.workshop.shared(kind, self.cast.owner)
            except (TransportError, LoginFailed, Unnameable) as error:
                problems.append(f"no {kind} could be made: {error}")
                continue
            if isinstance(made, NotMade):
                hint = f"; try: {made.hint}" if made.hint else ""
                problems.append(f"no {kind} could be made: {made.reason}{hint}")
        return tuple(self.redactor.text(problem) for problem in problems)

    def confirm(self, outcome: Outcome) -> Flow[None]:
        """Run a case once more, alone, whose finding rests on a changed object: another case's writes may have done it.

        A cart, a quota or a current session is one for each user, and the cases of a run share their users.
        """
        again = yield from self.run_case(outcome.planned, "alone")
        self.outcomes.remove(again)
        if isinstance(again.verdict, Broken):
            return
        _, reason = describe(again.verdict)
        doubt = Inconclusive(reason=f"it did not happen again when this was tried alone: {reason}")
        self.outcomes[self.outcomes.index(outcome)] = replace(outcome, verdict=doubt)

    def to_confirm(self) -> list[Outcome]:
        """Findings about changed objects, in the plan's order of their operations and rules."""
        broken = [
            item for item in self.outcomes if isinstance(item.verdict, Broken) and item.planned.rule in _BY_EFFECT
        ]
        return sorted(broken, key=lambda item: item.planned.purpose)

    def run_case(self, planned: Planned, attempt: str = "") -> Flow[Outcome]:
        """One case to its verdict. A control that failed, or a defect of ours, is inconclusive and says so.

        `attempt` tells a further try of the same case from the first, so that it makes objects of its own.
        """
        probe = attack(planned.rule)
        assert probe is not None
        case = Case(
            contract=self.contract,
            target=planned.target,
            owner=self._owner_for(planned) if needs_requests(planned.rule) else ANONYMOUS,
            peer=self.cast.peer,
            admin=self.cast.admin,
            purpose=f"{planned.purpose} {attempt}".rstrip(),
            workshop=self.workshop,
            drafter=self.workshop.drafter,
            new_account=self._new_account if self.sign_up.why_not() is None else None,
            base_url=self.base_url,
            has_spare=self.has_spare,
            keys=self.keyring,
        )
        defect = None
        verdict: Verdict
        try:
            verdict = yield from probe.flow(case)
        except Stop as stop:
            verdict = Inconclusive(reason=stop.reason, hint=stop.hint)
        except (TargetUnreachable, BudgetExhausted, Interrupted):
            raise  # these end the run, not the case
        except (HttpError, LoginFailed, Unnameable) as error:
            verdict = Inconclusive(reason=str(error))
        except Exception as error:  # a crashing probe is visible and never a pass; the rest of the run goes on
            defect = "".join(traceback.format_exception(error))
            verdict = Inconclusive(reason=f"specfuzz failed here, which is our bug: {type(error).__name__}: {error}")
        seen = sightings(case, probe.RULE.category, verdict)
        outcome = Outcome(planned=planned, verdict=verdict, defect=defect, seen=seen)
        self.outcomes.append(outcome)
        return outcome

    def _owner_for(self, planned: Planned) -> str:
        """Whoever makes the objects: an ordinary user, or the admin where only that role can make such a thing."""
        assert self.cast.owner is not None
        target = planned.target
        if target.access.level is not Level.ROLE or self.cast.admin is None:
            return self.cast.owner
        kind = self.contract.resource(target.resource or "")
        creates = kind.creates if kind is not None else ()
        only_privileged = bool(creates) and all(item.access.level is Level.ROLE for item in creates)
        return self.cast.admin if target.action is Action.CREATE or only_privileged else self.cast.owner

    def _new_account(self, purpose: str, extra: Mapping[str, Any] | None = None) -> Flow[str | NotMade]:
        """A further account for one probe, named after the owner: `alice-3f`, the same in every run of the same plan."""
        name = f"{self.cast.owner}-{hashlib.sha256(purpose.encode()).hexdigest()[:4]}"
        if self.keyring.knows(name):
            name = f"{name}-{len(self.keyring.identities())}"
        made = yield from self.sign_up.new(name, purpose, extra)
        return made if isinstance(made, NotMade) else made.name

    # Looking ----------------------------------------------------------------------------------------------------

    def tour(self, plan: tuple[Planned, ...]) -> Flow[None]:
        """One plain read of each operation that no case asked, so that the rules that look see every one that reads; and
        each read once more that the server failed at."""
        visited: set[str] = set()
        for planned in plan:
            target = planned.target
            if planned.rule not in watchers() or not planned.runs or target.label in visited:
                continue
            visited.add(target.label)
            if target.state_changing or target.operation.method != "GET" or self.watch.has_seen(target.label):
                continue
            try:
                yield from self._visit(target)
            except (TransportError, LoginFailed, Unnameable):
                continue  # the operation stays unseen, and its coverage says so
        for request in self.watch.failures():
            try:
                yield request
            except (TransportError, LoginFailed):
                continue  # the failure stays a hint

    def _visit(self, target: OperationContract) -> Flow[None]:
        admin = self.cast.admin if target.access.level is Level.ROLE else None
        who = admin or self.cast.owner or ANONYMOUS
        resource = None
        if target.identifiers and self.cast.owner is not None and target.resource is not None:
            made = yield from self.workshop.shared(target.resource, self.cast.owner)
            resource = made if isinstance(made, Resource) else (yield from self.workshop.existing(target.resource, who))
        yield self.workshop.request(target, who, resource)

    def see(self, exchange: Exchange) -> None:
        """Show an exchange to whatever looks at every one of the run."""
        self.watch.see(exchange)
        self.elsewhere.see(exchange, self.workshop.ledger.made)

    def confirm_elsewhere(self) -> Flow[None]:
        """Ask again about canaries that turned up in other hands, once nothing else goes on."""
        try:
            self._leaks = yield from self.elsewhere.confirmed()
        except (TransportError, LoginFailed):
            return  # what was not confirmed is not claimed

    def _settle_elsewhere(self, plan: tuple[Planned, ...]) -> None:
        """Somebody's canaries in answers that no case aimed at, unless a finding at that operation says it already."""
        found = {
            item.planned.target.label
            for item in self.outcomes
            if isinstance(item.verdict, Broken) and item.planned.rule.startswith(("SF1", "SF3"))
        }
        planned = {item.target.label: item for item in plan if item.rule == CROSS_USER_LISTING.id}
        for target, leak in self._leaks:
            case = planned.get(target.label)
            if case is None or target.label in found or (case.reason or "").startswith(NOT_SELECTED):
                continue
            found.add(target.label)
            known = next((item for item in self.outcomes if item.planned is case), None)
            if known is not None:
                self.outcomes.remove(known)
            self.outcomes.append(Outcome(planned=case, verdict=Broken(breaks=(leak,))))

    def settle(self, plan: tuple[Planned, ...]) -> None:
        """Turn what the looking rules saw into outcomes; where a rule also attacked, both count."""
        self._settle_elsewhere(plan)
        for planned, verdict, defect in self.watch.settle(plan):
            known = next((item for item in self.outcomes if item.planned is planned), None)
            if known is None:
                self.outcomes.append(Outcome(planned=planned, verdict=verdict, defect=defect, looked=True))
            else:
                self.outcomes[self.outcomes.index(known)] = _both(known, verdict, defect)

    # Results ----------------------------------------------------------------------------------------------------

    def coverage(self, plan: tuple[Planned, ...], unrun: Mapping[tuple[str, str], str]) -> tuple[Coverage, ...]:
        """A row for each rule at each operation, in the plan's order."""
        decided = {(item.planned.target.label, item.planned.rule): item for item in self.outcomes}
        rows = []
        for planned in plan:
            key = (planned.target.label, planned.rule)
            outcome = decided.get(key)
            reason: str | None
            not_run = None
            if outcome is None:
                unseen = "it was never answered" if attack(planned.rule) is None else ENDED_BEFORE
                name, reason = "not-run", planned.reason or unrun.get(key, unseen)
                not_run = self._why_not_run(planned)
            else:
                name, reason = describe(outcome.verdict)
            rows.append(
                Coverage(
                    operation=_reference(planned),
                    rule=planned.rule,
                    verdict=name,
                    reason=self.redactor.text(reason) if reason else None,
                    only_looked=outcome is not None and outcome.only_looked,
                    not_run=not_run,
                )
            )
        return tuple(rows)

    def _why_not_run(self, planned: Planned) -> str:
        """Why a case did not run, in the word of the coverage."""
        if not planned.applies or (needs_cookies(planned.rule) and self._sends_no_cookie()):
            return "inapplicable"
        return "deselected" if planned.reason else "unable"

    def _sends_no_cookie(self) -> bool:
        """Whether the owner's session is one that no browser carries by itself: then no other site can use it."""
        known = self.keyring.credentials(self.cast.owner) if self.cast.owner is not None else None
        return known is not None and not known.in_cookies_alone

    @property
    def parts(self) -> dict[str, str | None]:
        """Who played which part of the matrix."""
        names = {"owner": self.cast.owner, "peer": self.cast.peer, "admin": self.cast.admin}
        return {part: names.get(part, part) for part in PARTS if names.get(part, part) is not None}

    def matrix(self) -> tuple[OperationRow, ...]:
        """The authorization matrix, an operation a row."""
        found = ((item.planned.target.label, item.verdict, item.seen) for item in self.outcomes)
        return matrix(self.contract, self.parts, found)

    def findings(self) -> list[Finding]:
        for outcome in self.outcomes:  # before anything is shown: one finding's secret may stand in another's proof
            self._learn(outcome)
        return [finding for outcome in self.outcomes for finding in self.findings_of(outcome)]

    def _learn(self, outcome: Outcome) -> None:
        for found in outcome.verdict.breaks if isinstance(outcome.verdict, Broken) else ():
            for name, value in found.secrets:
                self.redactor.learn_property(name, value)

    def findings_of(self, outcome: Outcome) -> list[Finding]:
        """The findings of one case; none unless its promise was broken."""
        if not isinstance(outcome.verdict, Broken):
            return []
        self._learn(outcome)
        return [self._finding(outcome.planned, found) for found in outcome.verdict.breaks]

    def _finding(self, planned: Planned, found: Break) -> Finding:
        rule_id = found.rule or planned.rule
        rule = probes()[rule_id].RULE
        steps = keep_steps([(str(step.role), step.note, step.exchange) for step in found.steps])
        attack = next((exchange for role, _, exchange in reversed(steps) if role == "attack"), None)
        seen_at = (found.target or planned.target).operation
        path, method = seen_at.path, seen_at.method
        return Finding(
            rule=rule_id,
            name=rule.name,
            category=rule.category.value,
            severity=str(found.severity or rule.severity),
            confidence=str(found.confidence),
            operation=OperationRef(method=method, path=path),
            title=self.redactor.text(found.title),
            detail=self.redactor.text(found.detail),
            remediation=rule.remediation,
            expectation=ExpectationRef(
                statement=found.expectation.statement,
                source=found.expectation.source,
                confidence=str(found.expectation.confidence),
            ),
            evidence=tuple(evidence_of(role, note, exchange, self.redactor) for role, note, exchange in steps),
            reproduce=curl(attack, self.redactor) if attack is not None else "",
            fingerprint=fingerprint(rule_id, method, path, found.field),
            field=found.field,
            owner=found.owner,
            actor=found.actor,
            cwe=rule.cwe,
            owasp=rule.owasp,
            place=self._place(found.expectation.source, planned),
        )

    def _place(self, source: str, planned: Planned) -> Place:
        """Where in the document the promise stands; the operation itself where the source is no JSON pointer."""
        pointer = source if source.startswith("#/") else planned.target.operation.pointer
        line, column = self.positions.at(pointer) or (None, None)
        return Place(pointer=pointer, line=line, column=column)


def _is_plain_read(item: OperationContract) -> bool:
    return item.operation.method == "GET" and not item.identifiers and "{" not in item.operation.path


def _both(known: Outcome, seen: Verdict, defect: str | None) -> Outcome:
    """An attack's outcome with what looking added: more breaks, or the doubt that a crash leaves."""
    verdict = known.verdict
    if isinstance(seen, Broken):
        breaks = verdict.breaks if isinstance(verdict, Broken) else ()
        sure = {item.field: item.confidence for item in breaks}
        more = (item for item in seen.breaks if item.confidence > sure.get(item.field, 0))
        verdict = Broken(breaks=(*breaks, *more))
    elif isinstance(seen, Inconclusive) and isinstance(verdict, Held):
        verdict = seen
    return replace(known, verdict=verdict, defect=known.defect or defect)


def describe(verdict: Verdict) -> tuple[str, str | None]:
    """A verdict's name and reason as reports write them."""
    if isinstance(verdict, Held):
        return "held", verdict.reason or None
    if isinstance(verdict, Broken):
        return "broken", "; ".join(item.title for item in verdict.breaks)
    return "inconclusive", verdict.reason + (f" ({verdict.hint})" if verdict.hint else "")


def accepts(exchange: Exchange) -> bool:
    """Whether the API did what it was asked, as far as its answer says."""
    return read_reply(exchange).accepted


def _reference(planned: Planned) -> OperationRef:
    return OperationRef(method=planned.target.operation.method, path=planned.target.operation.path)


def _is_admin(role: str, names: list[str]) -> bool:
    """Whether a role is privileged, by its words; a lone identity without a role may be called `admin` instead."""
    words = set(split_words(role))
    if role == DEFAULT_ROLE and len(names) == 1:
        words |= set(split_words(names[0]))
    return bool(words & _ADMIN_ROLES) and "non" not in words
