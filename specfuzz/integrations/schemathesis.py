"""specfuzz's probes as Schemathesis checks: `import specfuzz.integrations.schemathesis` in a hooks module registers them.

    # schemathesis.toml
    hooks = "hooks"          # hooks.py: import specfuzz.integrations.schemathesis

Each rule becomes a check named after it (`cross_user_read`, ...). The first response of an operation that Schemathesis
sees lets the probe run its whole conversation, over a synchronous driver; the verdict is kept, so the operation fails the
same way every time (Hypothesis needs that) and costs its requests once. Schemathesis' own checks, seeds and data are left
alone: the conversation uses its own connections and its own users.

`SPECFUZZ_AUTH` names an authentication document, `SPECFUZZ_SEED` a seed, as for `specfuzz run`; or call `configure`.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import schemathesis
from schemathesis.core.errors import IncorrectUsage
from schemathesis.core.failures import Failure
from schemathesis.core.failures import Severity as CheckSeverity

from specfuzz.contract import derive, from_raw
from specfuzz.engine.plan import Planned, plan
from specfuzz.engine.scenario import Scenario
from specfuzz.findings import Finding
from specfuzz.generation import infer_links
from specfuzz.http import Exchange, Flow, HttpError, Request, TransportError
from specfuzz.http.driver import SyncDriver, run_flow
from specfuzz.identities import LoginFailed, SyncCourier, read_auth_file
from specfuzz.probes.registry import attack, probes
from specfuzz.resources import Unnameable

T = TypeVar("T")
_SEVERITIES = {
    "critical": CheckSeverity.CRITICAL,
    "high": CheckSeverity.HIGH,
    "medium": CheckSeverity.MEDIUM,
    "low": CheckSeverity.LOW,
    "info": CheckSeverity.LOW,
}


class BrokenPromise(Failure):
    """A promise of the document that specfuzz proved broken."""

    __slots__ = ()


class _Host:
    """One API under test: its contract, users and verdicts. Schemathesis may check from several threads."""

    def __init__(self, schema: Any) -> None:
        document = from_raw(schema.raw_schema, schema.location or "schemathesis", loaded=schema)
        contract = derive(document, infer_links(document))
        seed = _settings.seed if _settings.seed is not None else int(os.environ.get("SPECFUZZ_SEED", "0"))
        self._lock = threading.RLock()
        self._driver = SyncDriver(schema.get_base_url())
        self._scenario = Scenario(contract, self._driver.fence.base_url, seed=seed)
        self._courier = SyncCourier(self._scenario.keyring, self._send)
        self._plan = {(item.target.label, item.rule): item for item in plan(contract) if item.runs}
        self._findings: dict[tuple[str, str], list[Finding]] = {}
        self._ready = False

    def findings(self, label: str, rule: str) -> list[Finding]:
        """What the rule finds at the operation; worked out at the first call."""
        key = (label, rule)
        planned = self._plan.get(key)
        if planned is None:
            return []
        with self._lock:
            if key not in self._findings:
                self._findings[key] = self._decide(planned)
            return self._findings[key]

    def _decide(self, planned: Planned) -> list[Finding]:
        if not self._ready:
            self._set_up()
            self._ready = True
        if self._scenario.why_not_now(planned) is not None:
            return []
        if attack(planned.rule) is not None:
            self._drive(self._scenario.run_case(planned))
        else:  # the rules that only look see what the conversations of this host were answered
            self._drive(self._scenario.tour((planned,)))
            self._scenario.settle((planned,))
        outcomes = [item for item in self._scenario.outcomes if item.planned is planned]
        found = [finding for item in outcomes for finding in self._scenario.findings_of(item)]
        return [finding for finding in found if finding.confidence != "tentative"]

    def _send(self, request: Request) -> Exchange:
        exchange = self._driver.send(request)
        self._scenario.watch.see(exchange)
        return exchange

    def _set_up(self) -> None:
        """Find or make the users. Raises `IncorrectUsage` where there are none: checks that test nothing must not pass."""
        path = _settings.auth or (Path(os.environ["SPECFUZZ_AUTH"]) if "SPECFUZZ_AUTH" in os.environ else None)
        wrong = None
        if path is not None:
            self._scenario.adopt(read_auth_file(path))
        else:
            wrong = self._drive(self._scenario.make_users())
        wrong = wrong or self._drive(self._scenario.introduce())
        if wrong is not None:
            raise IncorrectUsage(
                f"specfuzz has no users to test as: {wrong}. Name an authentication document in SPECFUZZ_AUTH"
            )
        self._drive(self._scenario.prepare(list(self._plan.values())))

    def _drive(self, flow: Flow[T]) -> T:
        return run_flow(flow, self._courier.send)

    def clean_up(self) -> None:
        """Remove what was made; what the target refuses or no longer answers stays."""
        for resource in self._scenario.workshop.ledger.left():
            try:
                self._drive(self._scenario.workshop.remove(resource))
            except (TransportError, LoginFailed, Unnameable):
                continue
            except HttpError:
                break
        self._driver.close()


class _Settings:
    seed: int | None = None
    auth: Path | None = None


_settings = _Settings()
_hosts: dict[int, tuple[Any, _Host]] = {}
_hosts_lock = threading.Lock()


def configure(*, auth: str | Path | None = None, seed: int | None = None) -> None:
    """Set the authentication document and the seed for the checks, instead of the environment variables."""
    _settings.auth = Path(auth) if auth is not None else None
    _settings.seed = seed


def _host_for(schema: Any) -> _Host:
    with _hosts_lock:
        known = _hosts.get(id(schema))
        if known is None:
            host = _Host(schema)
            # The schema is kept beside its host: an id is unique only while its object lives.
            _hosts[id(schema)] = (schema, host)
            atexit.register(host.clean_up)
            return host
        return known[1]


def _check_for(rule: str, name: str) -> Callable[[Any, Any, Any], None]:
    def check(ctx: Any, response: Any, case: Any) -> None:
        operation = case.operation
        found = _host_for(operation.schema).findings(f"{operation.method.upper()} {operation.path}", rule)
        if found:
            raise BrokenPromise(
                operation=operation.label,
                title="; ".join(finding.title for finding in found),
                message="\n\n".join(_message(finding) for finding in found),
                case_id=case.id,
                severity=_SEVERITIES[found[0].severity],
            )

    check.__name__ = check.__qualname__ = name.replace("-", "_")
    check.__doc__ = f"{rule}: {probes()[rule].RULE.promise}."
    return check


def _message(finding: Finding) -> str:
    """A finding in the words of a Schemathesis failure: what was promised, what happened, how to see it again."""
    return (
        f"{finding.rule} {finding.name} ({finding.severity}, {finding.confidence})\n"
        f"{finding.detail}\n"
        f"Promised: {finding.expectation.statement} ({finding.expectation.source})\n"
        f"Repair: {finding.remediation}\n"
        f"Proof:\n    {finding.reproduce}"
    )


checks = {rule: schemathesis.check(_check_for(rule, probe.RULE.name)) for rule, probe in probes().items()}
"""The registered check functions by rule id."""
