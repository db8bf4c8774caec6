"""SF201: a field that the contract does not let a client write keeps the value that a client sent.

The same write is sent without and with the field; the owner's read-back must show the sent value only with it, and follow
a second write. The echo of the write alone is never a finding. Read-only fields are SF202, the owner's own field is SF203.
"""

from __future__ import annotations

from specfuzz.contract import Confidence, Contract, FieldReason, ForbiddenField, OperationContract
from specfuzz.contract.fields import is_server_managed
from specfuzz.http import Flow
from specfuzz.http.redaction import is_secret_name
from specfuzz.oracles import as_text
from specfuzz.probes.case import Case
from specfuzz.probes.extra_fields import Attempt, Stuck, takes_fields, try_fields
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Broken, Held, Inconclusive, Verdict

RULE = Rule(
    id="SF201",
    name="extra-field-accepted",
    category=Category.EXTRA_FIELD,
    severity=Severity.HIGH,
    cwe=("CWE-915",),
    owasp=("API3:2023",),
    promise="a client writes only the fields that the request documents",
    remediation=(
        "Copy only the fields that a client may write (a serializer or schema with an explicit list), never the whole "
        "request body into the model."
    ),
)
NEEDS_PEER = False


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return takes_fields(target)


def is_mine(item: ForbiddenField) -> bool:
    """Whether a field is this rule's and not that of read-only or owner fields."""
    return item.reason is not FieldReason.READ_ONLY and not item.is_owner and item.reason is not FieldReason.IMMUTABLE


def flow(case: Case) -> Flow[Verdict]:
    """Yields the control write, the writes with extra fields and the read-backs between them."""
    attempt = yield from try_fields(case, is_mine)
    return verdict_of(case, attempt, RULE)


def verdict_of(case: Case, attempt: Attempt, rule: Rule) -> Verdict:
    """One break for each field that stuck."""
    breaks = tuple(_break(case, attempt, stuck, rule) for stuck in attempt.stuck)
    if breaks:
        return Broken(breaks=breaks)
    if not attempt.told:
        return Held(reason="every field that the object shows may be written; no privileged name was kept either")
    names = ", ".join(attempt.tried[:4]) + (" …" if len(attempt.tried) > 4 else "")
    if not attempt.is_telling and attempt.told:
        return Inconclusive(
            reason=f"{len(attempt.tried)} fields were sent and accepted, and no read of the owner shows any ({names})",
            hint="an admin identity may see more",
        )
    hidden = len(attempt.sent.keys() - attempt.seen)
    unseen = f"; {hidden} of them show in no read, so what became of them is not known" if hidden else ""
    return Held(reason=f"{len(attempt.tried)} fields were sent and none stuck ({names}){unseen}")


def _break(case: Case, attempt: Attempt, stuck: Stuck, rule: Rule) -> Break:
    item = stuck.field
    expectation = item.expectation()
    before = "it was not there" if stuck.before is None else f"it was {_shown(item.name, stuck.before)}"
    confidence = _confidence(stuck)
    left = "" if stuck.put_back else " It could not be put back."
    minor = is_server_managed(item.name) and not item.is_privileged
    return Break(
        title=f"a client can set `{item.name}` of a {case.target.resource}"
        + (", though the answer is a refusal" if stuck.refused else ""),
        detail=_by_gate(case, attempt, stuck)
        if stuck.opened
        else f"{attempt.owner} sent `{item.name}` = {_shown(item.name, stuck.sent)} with {case.target.label}; a later "
        f"read shows it ({before}), and the same write without it changes nothing there.{left}",
        expectation=expectation,
        confidence=confidence,
        steps=stuck.steps,
        owner=attempt.owner,
        actor=attempt.owner,
        field=item.name,
        rule="SF304" if stuck.refused else None,
        severity=Severity.MEDIUM if minor else (Severity.HIGH if item.is_privileged else rule.severity),
    )


def _by_gate(case: Case, attempt: Attempt, stuck: Stuck) -> str:
    return (
        f"{attempt.owner} sent `{stuck.field.name}` = {_shown(stuck.field.name, stuck.sent)} with {case.target.label}. No read "
        f"shows it, but {stuck.opened}, which is kept for a role and refuses an account without it, is answered from then on."
    )


def _shown(name: str, value: object) -> str:
    """A value as the report may show it: nothing of what a hash or key was."""
    return "(hidden)" if is_secret_name(name) else as_text(value)


def _confidence(stuck: Stuck) -> Confidence:
    """The read-back proves that it stuck; how wrong that is, the contract or the name says."""
    item = stuck.field
    if not stuck.confirmed:
        return Confidence.TENTATIVE
    if item.is_privileged or item.is_owner:
        return max(item.confidence, Confidence.FIRM)
    return item.confidence
