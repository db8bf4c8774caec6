"""`specfuzz plan`: what the document promises and what a run would try, without sending a request."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from specfuzz.cli.errors import UsageError
from specfuzz.cli.output import check_writable, make_console, write_report
from specfuzz.cli.selection import check_selection, nearest

FORMATS = ("console", "json")
LOCK_FILE = "specfuzz.lock.json"

if TYPE_CHECKING:
    from specfuzz.contract import Access, Contract, OperationContract, Policy
    from specfuzz.engine.plan import Planned
    from specfuzz.identities import Identity
    from specfuzz.reports.plan_model import PlannedAccess, PlannedOperation, PlanReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The command line of `specfuzz plan`, parsed."""

    spec: str
    auth: Path | None = None
    operations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    explain: str | None = None
    include_dangerous: bool = False
    format: str = "console"
    output: Path | None = None
    lock: bool = False
    verify_tls: bool = True
    policy: Policy | None = None


def plan(options: PlanOptions) -> int:
    """Derive and print; returns the exit code. Raises what `cli.errors` knows."""
    from specfuzz.cli.target import load_contract

    if options.format not in FORMATS:
        raise UsageError(f"unknown format {options.format!r}", hint=f"one of {', '.join(FORMATS)}")
    if options.output is not None:
        check_writable(options.output)
    if options.lock:
        return write_lock(options)
    identities = _users(options.auth) if options.auth is not None else ()
    contract = load_contract(options.spec, verify=options.verify_tls, policy=options.policy)
    check_selection(contract, operations=options.operations, tags=options.tags)
    explained = _one(contract, options.explain) if options.explain is not None else None
    chosen = [item for item in contract.operations if _is_chosen(item, options)] if explained is None else [explained]
    report = build(contract, chosen, identities, include_dangerous=options.include_dangerous)
    _print(report, options)
    return 0


def _users(path: Path) -> tuple[Identity, ...]:
    """The users of an auth file. Nobody logs in for a plan, so their secrets need not be there yet."""
    from specfuzz.identities import read_auth_file

    try:
        named = re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        named = []  # reading it for real says what is wrong
    return read_auth_file(path, dict.fromkeys(named, "unset") | dict(os.environ))


def write_lock(options: PlanOptions) -> int:
    """Write what the whole document promises, to compare later with `specfuzz diff`."""
    from specfuzz.cli.target import read_spec
    from specfuzz.contract import parse
    from specfuzz.contract.lock import lock, render_lock

    if options.operations or options.tags or options.explain is not None:
        raise UsageError("a lock is of the whole document", hint="leave out --operation, --tag and --explain")
    path = options.output or Path(LOCK_FILE)
    check_writable(path)
    document = parse(read_spec(options.spec, verify=options.verify_tls), options.spec)
    found = lock(document, options.policy)
    write_report(path, render_lock(found))
    make_console().print(f"{path}: {len(found.operations)} operations", markup=False)
    return 0


def _one(contract: Contract, name: str) -> OperationContract:
    """The operation of this label or operationId; letter case and the names of path parameters do not count."""
    from specfuzz.contract.actions import normalized_path

    def key(label: str) -> str:
        method, _, path = label.strip().partition(" ")
        return f"{method.upper()} {normalized_path(path.strip())}"

    for item in contract.operations:
        if name in (item.label, item.operation.operation_id) or key(name) == key(item.label):
            return item
    ids = {item.operation.operation_id for item in contract.operations if item.operation.operation_id}
    near = nearest(name, {item.label for item in contract.operations} | ids)
    raise UsageError(
        f"no operation {name!r}", hint=f"did you mean {' or '.join(near)}?" if near else "`specfuzz plan` lists them"
    )


def _is_chosen(item: OperationContract, options: PlanOptions) -> bool:
    named = not options.operations or item.label in options.operations
    return (named or item.operation.operation_id in options.operations) and (
        not options.tags or bool(set(options.tags) & set(item.operation.tags))
    )


def build(
    contract: Contract,
    chosen: list[OperationContract],
    identities: tuple[Identity, ...],
    *,
    include_dangerous: bool,
) -> PlanReport:
    """The plan of some operations, as the reports take it."""
    from specfuzz import __version__
    from specfuzz.engine import Selection
    from specfuzz.engine import plan as plan_cases
    from specfuzz.reports.plan_model import PlanReport

    why_not_now, notes = _cast(contract, identities)
    labels = {item.label for item in chosen}
    cases: dict[str, list[tuple[Planned, str | None]]] = {}
    for case in plan_cases(contract, Selection(include_dangerous=include_dangerous)):
        if case.target.label in labels:
            cases.setdefault(case.target.label, []).append((case, case.reason or why_not_now(case)))
    return PlanReport(
        tool_version=__version__,
        spec=contract.document.location,
        operations=tuple(_operation(contract, item, cases[item.label]) for item in chosen),
        total=len(contract.operations),
        unreadable=tuple(f"{item.label}: {item.reason}" for item in contract.document.unreadable),
        notes=tuple(notes),
    )


class _Missing:
    """Says why a case cannot run with the users at hand; made from a scenario that never sends."""

    def __init__(self, contract: Contract, identities: tuple[Identity, ...]) -> None:
        from specfuzz.engine import Scenario
        from specfuzz.engine.scenario import Cast

        self._scenario = Scenario(contract, "http://127.0.0.1")
        self.note: str | None = None
        if identities:
            self._scenario.adopt(identities)
            return
        why = self._scenario.sign_up.why_not()
        if why is None:
            self._scenario.cast = Cast(owner="alice", peer="bob")
        else:
            self.note = f"no users: {why}; give --auth with two users"

    def __call__(self, case: Planned) -> str | None:
        return self._scenario.why_not_now(case)


def _cast(contract: Contract, identities: tuple[Identity, ...]) -> tuple[_Missing, list[str]]:
    missing = _Missing(contract, identities)
    return missing, [missing.note] if missing.note else []


def _operation(
    contract: Contract, item: OperationContract, cases: list[tuple[Planned, str | None]]
) -> PlannedOperation:
    from specfuzz.contract.access import consider_access
    from specfuzz.probes.registry import probes
    from specfuzz.reports import plan_model as model

    hints = consider_access(contract.document, item.operation, item.action)
    chosen = (item.access.level, item.access.source, item.access.reason)
    others = [hint for hint in hints if (hint.level, hint.source, hint.reason) != chosen]
    return model.PlannedOperation(
        method=item.operation.method,
        path=item.operation.path,
        operation_id=item.operation.operation_id,
        access=_access(item.access),
        considered=tuple(_access(hint) for hint in others),
        resource=shown_noun(item.resource) if item.resource else None,
        action=item.action.value,
        identifiers=tuple(
            model.PlannedIdentifier(location=place.location.value, name=place.name, resource=shown_noun(place.resource))
            for place in item.identifiers
        ),
        owner_field=item.owner_field,
        state_changing=item.state_changing,
        state_changing_confidence=str(item.state_changing_confidence),
        state_changing_why=item.state_changing_reason,
        dangerous=item.dangerous or item.reaches_out is not None,
        danger=_danger(item),
        forbidden_fields=tuple(
            model.PlannedField(
                name=field.name,
                reason=field.reason.value,
                confidence=str(field.confidence),
                source=field.source,
                statement=field.expectation().statement,
                why=field.reasoning,
            )
            for field in item.forbidden_fields
        ),
        sensitive_fields=tuple(
            model.PlannedField(
                name=field.name,
                reason=field.reason,
                confidence=str(field.confidence),
                source=field.source,
                statement=f"`{field.name}` reaches no client",
                why=field.reason,
            )
            for field in item.sensitive_fields
        ),
        probes=tuple(
            model.PlannedProbe(rule=case.rule, name=probes()[case.rule].RULE.name, reason=reason)
            for case, reason in cases
        ),
    )


def _danger(item: OperationContract) -> str | None:
    """What is dangerous about an operation and what a run does about it; None where nothing is."""
    if item.dangerous:
        return "may destroy what a run did not make: it runs only with --include-dangerous, and last"
    return f"{item.reaches_out}: it runs after the others" if item.reaches_out is not None else None


def _access(access: Access) -> PlannedAccess:
    from specfuzz.reports.plan_model import PlannedAccess

    return PlannedAccess(
        level=access.level.value,
        role=access.role,
        confidence=str(access.confidence),
        source=access.source,
        statement=access.expectation().statement,
        reason=access.reason,
    )


def shown_noun(noun: str) -> str:
    """A kind of object as schemas are named: `order_item` is OrderItem."""
    return "".join(word[:1].upper() + word[1:] for word in noun.split("_"))


def _print(report: PlanReport, options: PlanOptions) -> None:
    from specfuzz.reports import plan_console, plan_json

    if options.format == "json":
        text = plan_json.render(report)
        if options.output is None:
            print(text, end="")
        else:
            write_report(options.output, text)
        return
    show = _explained if options.explain is not None else plan_console.print_plan
    if options.output is None:
        show(report, make_console())
        return
    from io import StringIO

    from rich.console import Console

    buffer = StringIO()
    show(report, Console(file=buffer, width=120, highlight=False))
    write_report(options.output, buffer.getvalue())


def _explained(report: PlanReport, console: object) -> None:
    from rich.console import Console

    from specfuzz.reports import plan_console

    assert isinstance(console, Console)
    for item in report.operations:
        plan_console.print_explained(item, console)
