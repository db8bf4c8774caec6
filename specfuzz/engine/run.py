"""The asynchronous engine: chooses, schedules and runs cases inside the budget, cleans up, and always has a result."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from specfuzz import __version__
from specfuzz.contract import Contract
from specfuzz.engine import events
from specfuzz.engine.plan import Planned, Selection, needs_requests, plan
from specfuzz.engine.record import Recorder
from specfuzz.engine.scenario import Outcome, Scenario, describe
from specfuzz.findings import Coverage, Result, RuleRef, deduplicate, grade, redact_url, score
from specfuzz.http import BudgetExhausted, Exchange, HttpError, Interrupted, Request, TargetUnreachable, TransportError
from specfuzz.http.driver import AsyncDriver, run_flow_async
from specfuzz.http.redaction import Redactor
from specfuzz.identities import AsyncCourier, Identity, LoginFailed
from specfuzz.probes import Category
from specfuzz.probes.registry import attack, probes
from specfuzz.resources import Unnameable

CONCURRENCY = 8
"""Cases under way at once; below the connection pool's size, polite to a development server."""

CLEANUP_S = 20.0
"""Seconds that cleaning up may take after an interrupt; what is left then is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run is asked to do."""

    seed: int = 0
    identities: tuple[Identity, ...] = ()
    selection: Selection = field(default_factory=Selection)
    concurrency: int = CONCURRENCY
    record: bool = False
    """Whether the result holds every exchange, and not those of the proofs alone."""


class Run:
    """One run against one target. `execute` never raises for what the target does: the result says it.

    `interrupt` ends the run gently: requests under way are finished, so that what they make is known and cleaned up.
    Cancelling the task ends it at once.
    """

    def __init__(
        self,
        contract: Contract,
        driver: AsyncDriver,
        options: Options,
        listener: events.Listener = events.ignore,
    ) -> None:
        self._contract = contract
        self._driver = driver
        self._options = options
        self._tell = listener
        self._redactor = Redactor()
        base_url = driver.fence.base_url
        self._scenario = Scenario(contract, base_url, seed=options.seed, redactor=self._redactor)
        self._scenario.has_spare = driver.limits.has_spare
        self._courier = AsyncCourier(self._scenario.keyring, self._send)
        self._plan: tuple[Planned, ...] = ()
        self._unrun: dict[tuple[str, str], str] = {}
        self._exercised: set[str] = set()
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._leftovers: list[str] = []
        self.interrupted = False
        self._lost_answers = 0
        self._stop = asyncio.Event()
        self._ended_by: HttpError | LoginFailed | None = None
        self._cleaning = False
        driver.stop = self._stop
        self._recorder = Recorder(self._redactor) if options.record else None

    async def execute(self) -> Result:
        """Run to the end, or to whatever ends it earlier; the result holds what is known by then."""
        started = time.monotonic()
        self._plan = plan(self._contract, self._options.selection)
        try:
            await self._attack()
        except BudgetExhausted as error:
            self._note(f"stopped early: {error}")
        except Interrupted:
            self._note("interrupted: the result holds what was known by then")
        except (TargetUnreachable, LoginFailed, HttpError) as error:
            self._problems.append(str(error))
        except asyncio.CancelledError:
            self.interrupted = True
            self._note("interrupted: the result holds what was known by then")
            _uncancel()
        await self._clean_up()
        return self._result(time.monotonic() - started)

    def interrupt(self) -> None:
        """Ask the run to stop."""
        self.interrupted = True
        self._stop.set()

    # Sending ----------------------------------------------------------------------------------------------------

    async def _send(self, request: Request) -> Exchange:
        if self._stop.is_set() and not self._cleaning:
            raise self._ended_by or Interrupted("the run was asked to stop")
        try:
            exchange = await self._driver.send(request)
        except TransportError:
            self._lost_answers += 1
            raise
        if request.operation is not None:
            self._exercised.add(request.operation)
        if self._recorder is not None:
            self._recorder.keep(exchange)
        self._scenario.see(exchange)
        return exchange

    # Running ----------------------------------------------------------------------------------------------------

    async def _attack(self) -> None:
        read_only = [case for case in self._plan if case.runs and not needs_requests(case.rule)]
        for case in read_only:  # first, so that they are decided whether or not anything answers
            await run_flow_async(self._scenario.run_case(case), self._courier.send)
        await self._reach()
        if not await self._gather_cast():
            return
        cases = []
        for case in (case for case in self._plan if needs_requests(case.rule)):
            reason = case.reason or self._scenario.why_not_now(case)
            if reason is None and attack(case.rule) is not None:
                cases.append(case)
            elif reason is not None and case.runs:
                self._unrun[case.target.label, case.rule] = reason
        self._tell(events.Planned(cases=len(cases)))
        if cases:
            for problem in await run_flow_async(self._scenario.prepare(cases), self._courier.send):
                self._note(problem)
        safe = [case for case in cases if not case.target.dangerous]
        await self._run_all(safe)
        for outcome in self._scenario.to_confirm():
            await run_flow_async(self._scenario.confirm(outcome), self._courier.send)
        for case in cases:
            if case.target.dangerous:
                await self._run_all([case])
        await run_flow_async(self._scenario.tour(self._plan), self._courier.send)
        await run_flow_async(self._scenario.confirm_elsewhere(), self._courier.send)
        if self._lost_answers:
            await self._reach()  # a target that died with the last cases is no target that held

    async def _reach(self) -> None:
        """One request to see that something answers; whatever it answers is fine."""
        try:
            await self._driver.send(Request(method="GET", path="/"))
        except TransportError as error:
            raise TargetUnreachable(f"{self._driver.fence.base_url} does not answer: {error}") from error

    async def _gather_cast(self) -> bool:
        """Find out who plays; whether anybody does."""
        scenario = self._scenario
        if self._options.identities:
            scenario.adopt(self._options.identities)
        else:
            why = scenario.sign_up.why_not()
            if why is None:
                why = await run_flow_async(scenario.make_users(), self._courier.send)
            if why is not None:
                self._note(
                    f"no users: {why}. Rules that need a user did not run; write an auth file "
                    "(Web Fuzzing Commons format) with two users and pass it with --auth"
                )
            else:
                self._note(f"signed up two users of its own: {scenario.cast.owner} and {scenario.cast.peer}")
        wrong = await run_flow_async(scenario.introduce(), self._courier.send)
        if wrong is not None:
            self._problems.append(wrong)
            return False
        return True

    async def _run_all(self, cases: list[Planned]) -> None:
        """All cases, some at once. After the first error that ends the run, the others send nothing more.

        They are not cancelled: a request under way may just be making an object, which only its answer names.
        """
        slots = asyncio.Semaphore(self._options.concurrency)

        async def one(case: Planned) -> None:
            async with slots:
                if self._ended_by is not None:
                    return
                try:
                    outcome = await run_flow_async(self._scenario.run_case(case), self._courier.send)
                except (HttpError, LoginFailed) as error:
                    self._ended_by = self._ended_by or error
                    self._stop.set()
                else:
                    self._report(outcome)

        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(one(case))
        if self._ended_by is not None:
            raise self._ended_by

    def _report(self, outcome: Outcome) -> None:
        verdict, _ = describe(outcome.verdict)
        self._tell(
            events.Decided(
                label=outcome.planned.target.label,
                rule=outcome.planned.rule,
                verdict=verdict,
                requests=self._driver.limits.requests,
            )
        )

    def _note(self, text: str) -> None:
        text = self._redactor.text(text)
        self._notes.append(text)
        self._tell(events.Noted(text=text))

    # Ending -----------------------------------------------------------------------------------------------------

    async def _clean_up(self) -> None:
        """Remove what was made, newest first; list what stays and why."""
        self._cleaning = True
        self._driver.stop = None  # from here on, the limiter is waited for again
        self._driver.limits.allow_cleanup()
        try:
            async with asyncio.timeout(CLEANUP_S):
                await self._remove_made()
        except TimeoutError:
            self._note(f"cleaning up took longer than {CLEANUP_S:g} s and was left")
        except asyncio.CancelledError:
            self.interrupted = True
            self._note("interrupted again: cleaning up was left")
            _uncancel()
        counted: dict[tuple[str, str], int] = {}
        for resource in self._scenario.workshop.ledger.left():
            remover = self._scenario.workshop.remover(resource)
            if remover is None:
                why = "the document has no operation that removes it"
            elif self._scenario.workshop.ledger.was_refused(resource):
                why = f"{remover.label} was refused"
            else:
                why = f"{remover.label} was not reached"
            counted[resource.kind, why] = counted.get((resource.kind, why), 0) + 1
        self._leftovers = [f"{count} × {kind}: {why}" for (kind, why), count in counted.items()]

    async def _remove_made(self) -> None:
        for resource in self._scenario.workshop.ledger.left():
            try:
                await run_flow_async(self._scenario.workshop.remove(resource), self._courier.send)
            except (TransportError, LoginFailed, Unnameable):
                continue  # it stays in the ledger, and so in the list of what is left
            except TargetUnreachable as error:
                if not self._problems:
                    self._problems.append(str(error))
                return
            except HttpError as error:
                self._note(f"cleaning up ended: {error}")
                return

    def _result(self, duration_s: float) -> Result:
        self._scenario.settle(self._plan)
        coverage = self._scenario.coverage(self._plan, self._unrun)
        findings = deduplicate(self._scenario.findings())
        attacked = tuple(row for row in coverage if tries_access(row.rule) and not row.only_looked)
        points = score(findings, attacked, len(self._contract.document.unreadable))
        problems = [*self._problems, *self._defects(), *self._nothing_tested(attacked)]
        return Result(
            tool_version=__version__,
            spec=redact_url(self._contract.document.location, self._redactor),
            url=redact_url(self._driver.fence.base_url, self._redactor),
            requests=self._driver.limits.requests,
            duration_s=round(duration_s, 3),
            operations_total=len(self._contract.operations) + len(self._contract.document.unreadable),
            operations_exercised=sum(1 for item in self._contract.operations if item.label in self._exercised),
            coverage=coverage,
            findings=findings,
            problems=tuple(self._redactor.text(problem) for problem in problems),
            notes=tuple(self._notes),
            leftovers=tuple(self._leftovers),
            interrupted=self.interrupted,
            seed=self._options.seed,
            identities=tuple(
                name
                for name in (self._scenario.cast.owner, self._scenario.cast.peer, self._scenario.cast.admin)
                if name is not None
            ),
            score=points,
            grade=grade(points),
            unreadable=tuple(f"{item.label}: {item.reason}" for item in self._contract.document.unreadable),
            parts=self._scenario.parts,
            rules=known_rules(),
            operations=self._scenario.matrix(),
            exchanges=self._recorder.exchanges() if self._recorder is not None else (),
        )

    def _defects(self) -> list[str]:
        """Cases in which specfuzz itself failed: such a run is no pass either."""
        failed = [item.planned for item in self._scenario.outcomes if item.defect is not None]
        if not failed:
            return []
        first = f"{failed[0].rule} at {failed[0].target.label}"
        return [f"specfuzz failed in {len(failed)} cases, the first {first}: this is our bug, run again with --debug"]

    @property
    def defects(self) -> tuple[str, ...]:
        """Tracebacks of what failed in specfuzz itself, for --debug."""
        return tuple(item.defect for item in self._scenario.outcomes if item.defect is not None)

    def _nothing_tested(self, coverage: tuple[Coverage, ...]) -> list[str]:
        """A run that decided nothing is not a pass."""
        if self._problems or self.interrupted or any(row.verdict in ("held", "broken") for row in coverage):
            return []
        return ["nothing was tested: no rule reached a verdict at any operation (the coverage says why)"]


def known_rules() -> tuple[RuleRef, ...]:
    """Every rule that exists, in the order of their ids, as reports name them."""
    return tuple(
        RuleRef(
            id=rule.id,
            name=rule.name,
            category=rule.category.value,
            severity=str(rule.severity),
            promise=rule.promise,
            remediation=rule.remediation,
            cwe=rule.cwe,
            owasp=rule.owasp,
            attacks=tries_access(rule.id),
        )
        for rule in (probe.RULE for probe in probes().values())
    )


def tries_access(rule: str) -> bool:
    """Whether a rule tries who may do what: looking at answers alone, or at how they fit the document, tests no such thing."""
    return attack(rule) is not None and needs_requests(rule) and probes()[rule].RULE.category is not Category.CONTRACT


def _uncancel() -> None:
    """The interrupt was received and is being dealt with: let the clean-up await."""
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
