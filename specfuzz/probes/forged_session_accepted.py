"""SF403: a session that the API never issued is believed, and makes it take one user for another.

Bob's own session is changed to say that he is alice, with what anybody can know of her, and signed with the key that was
found, with none where there is none, and with a wrong one. Controls: both users' own sessions work and show different
accounts, callers without credentials and with made-up ones see neither. What decides is alice's account in the answer.
"""

from __future__ import annotations

from typing import Any

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Flow
from specfuzz.probes.carried import Carried, check_alone, client_sessions, guessed_key, nothing_kept
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.verdict import Break, Held, Inconclusive, Verdict, broken
from specfuzz.probes.whoami import Sight, ask_as, first_look, home, not_at
from specfuzz.sessions import Form, Key, NotForgeable, companion, forge, impersonated
from specfuzz.sessions.guess import schemes_for

RULE = Rule(
    id="SF403",
    name="forged-session-accepted",
    category=Category.SESSION,
    severity=Severity.CRITICAL,
    cwe=("CWE-565",),
    owasp=(),
    promise="a session that the API did not issue is worth nothing",
    remediation=(
        "Replace the signing key by a random one, and look the session up on the server: a random id that the database "
        "knows cannot be forged, whoever has the key. Never read who the caller is from an unsigned cookie."
    ),
)
NEEDS_PEER = True


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Why the rule does not apply to an operation; None where it does."""
    return not_at(home(contract), target, "read that shows whom the API takes a caller for")


def flow(case: Case) -> Flow[Verdict]:
    """Yields the controls, then bob's session as alice's, signed in each way that is at hand."""
    assert case.peer is not None
    victim = yield from first_look(case, case.owner, case.peer)
    own = yield from first_look(case, case.peer, case.owner)
    credentials = yield from case.session_of(case.peer)
    mine = client_sessions(credentials)
    theirs = {item.item.name: item for item in client_sessions((yield from case.session_of(case.owner)))}
    if not mine:
        return Held(reason=nothing_kept(credentials))
    reasons = []
    for carried in mine:
        other = theirs.get(carried.item.name)
        if other is None or other.decoded.form is not carried.decoded.form:
            continue
        data, changed = impersonated(carried.decoded.data, other.decoded.data)
        if not changed:
            reasons.append(f"nothing in {carried.item.name} names the account in a way that others could know")
            continue
        yield from check_alone(case, own, carried)
        found = yield from _try(case, victim, carried, data, changed)
        if not isinstance(found, str):
            return broken(found)
        reasons.append(found)
    return Held(reason="; ".join(reasons)) if reasons else Inconclusive(reason="the users' sessions cannot be compared")


def _try(case: Case, victim: Sight, carried: Carried, data: Any, changed: tuple[str, ...]) -> Flow[Break | str]:
    """The finding, or why every forged session was refused."""
    tried = []
    for how, key in _keys(case, carried):
        try:
            value = carried.decoded.text if key is None else forge(carried.decoded, data, key)
        except NotForgeable as error:
            raise Stop(f"{carried.item.name} could not be forged: {error}") from error
        signature = (
            companion(carried.decoded, value, key) if key is not None and carried.companion is not None else None
        )
        if key is None:
            value = _unsigned(carried, data)
        note = f"{case.peer}'s session, changed to say that it is {case.owner}'s, {how}"
        if (yield from ask_as(case, victim, carried.substitute("forged", value, signature), note, who=case.peer)):
            case.note(f"the answer shows {case.owner}'s {victim.telling}")
            return _finding(case, victim, carried, how, changed)
        tried.append(how)
    return f"{carried.item.name} as {case.owner}'s was refused: {', '.join(tried)}"


def _keys(case: Case, carried: Carried) -> list[tuple[str, Key | None]]:
    """The ways to sign: with the guessed key, with a wrong one (does anybody look?), or not at all."""
    if not carried.decoded.is_signed:
        return [("unsigned as it always is", None)] if carried.decoded.data is not None else []
    found = guessed_key(case, carried.decoded)
    schemes = schemes_for(carried.decoded)
    ways: list[tuple[str, Key | None]] = []
    if schemes:
        wrong = Key(secret=case.source("wrong-key").randbytes(32), scheme=schemes[0], origin="made up", tried=0)
        ways.append(("signed with a wrong key", wrong))
    if isinstance(found, Key):
        ways.append((f"signed with the key that was guessed ({found.origin})", found))
    return ways


def _unsigned(carried: Carried, data: Any) -> str:
    import base64
    import json

    raw = json.dumps(data, separators=(",", ":"))
    if carried.decoded.form is Form.BASE64_JSON:
        return base64.b64encode(raw.encode()).decode()
    return f"j:{raw}" if carried.decoded.text.startswith("j:") else raw


def _finding(case: Case, victim: Sight, carried: Carried, how: str, changed: tuple[str, ...]) -> Break:
    listed = ", ".join(f"`{name}`" for name in changed[:4])
    return Break(
        title=f"a forged session makes {case.peer} into {case.owner}",
        detail=f"{case.peer}'s {carried.decoded.form} in the cookie {carried.item.name} was changed in {listed} to say that it "
        f"is {case.owner}'s, {how}. {case.target.label} answered with {case.owner}'s {victim.telling}. Made-up sessions are "
        "refused there.",
        expectation=Expectation(
            statement="only a session that the API issued says who the caller is",
            source=case.target.access.source or "inference:signed-session",
            confidence=Confidence.CERTAIN,
        ),
        confidence=Confidence.CERTAIN,
        steps=tuple(case.steps),
        owner=case.owner,
        actor=case.peer,
    )
