"""A baseline: findings that a reviewer accepted, with the reason and perhaps a date until which that holds.

The file is TOML, to be read and changed by people and kept beside the code. A finding is known by its fingerprint, which
survives other identities, seeds and renamed path parameters; the other keys are there for whoever reviews it.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from specfuzz.findings.model import Acceptance, Comparison, Coverage, Finding, Fixed, Result

VERSION = 1

_TOP = ("version", "accepted")
_KEYS = ("fingerprint", "rule", "operation", "field", "title", "reason", "expires")
_HEAD = "Findings of specfuzz that were accepted. Each needs a reason; `expires` is optional: from that day on, it fails again."


class BaselineError(Exception):
    """The file cannot be used. `where` says at which entry, `hint` what to do."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One entry. `operation` is a label (`GET /notes/{id}`)."""

    fingerprint: str
    rule: str
    operation: str
    reason: str
    field: str | None = None
    title: str = ""
    expires: date | None = None

    @property
    def label(self) -> str:
        return f"{self.rule} {self.operation}" + (f" {self.field}" if self.field else "")


def read(text: str) -> tuple[Accepted, ...]:
    """The entries of a baseline. Raises `BaselineError`; an entry that nobody gave a reason for is one."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BaselineError(f"it is not TOML: {error}") from error
    _check_keys(document, _TOP, "the top")
    if document.get("version") != VERSION:
        raise BaselineError(
            f"its version is {document.get('version')!r}", hint=f"this release reads version = {VERSION}"
        )
    entries = document.get("accepted", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BaselineError("`accepted` is no list of tables", hint="begin each entry with [[accepted]]")
    found = tuple(_entry(entry, f"accepted entry {number}") for number, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for entry in found:
        if entry.fingerprint in seen:
            raise BaselineError(f"{entry.fingerprint} is accepted twice", where=entry.label)
        seen.add(entry.fingerprint)
    return found


def _entry(entry: dict[str, Any], where: str) -> Accepted:
    _check_keys(entry, _KEYS, where)
    for key in ("fingerprint", "rule", "operation", "reason"):
        if not isinstance(entry.get(key), str):
            raise BaselineError(f"`{key}` is missing or no text", where=where)
    if not re.fullmatch(r"[0-9a-f]{16}", entry["fingerprint"]):
        raise BaselineError(f"{entry['fingerprint']!r} is no fingerprint", where=where, hint="sixteen hex digits")
    where = f"{where}, {entry['fingerprint']}"
    if not entry["reason"].strip():
        raise BaselineError(
            "an accepted finding has no reason",
            where=where,
            hint="write into `reason` why it may stay, or remove the entry",
        )
    expires = entry.get("expires")
    if expires is not None and (not isinstance(expires, date) or hasattr(expires, "hour")):
        raise BaselineError(
            f"`expires` is {expires!r}", where=where, hint="a date without quotes: expires = 2030-01-31"
        )
    for key in ("field", "title"):
        if not isinstance(entry.get(key, ""), str):
            raise BaselineError(f"`{key}` is no text", where=where)
    return Accepted(**{"title": "", **entry})


def _check_keys(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            raise BaselineError(
                f"unknown key `{key}`",
                where=where,
                hint=f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}",
            )


def add(
    text: str, findings: Iterable[Finding], *, reason: str, expires: date | None
) -> tuple[str, tuple[Finding, ...]]:
    """The file with those findings accepted that it did not have, and which these are. Comments and order stay.

    An empty text begins a new file. Raises `BaselineError` where the file cannot be used.
    """
    import tomlkit

    known = {entry.fingerprint: entry for entry in read(text)} if text.strip() else {}
    document = tomlkit.parse(text) if text.strip() else tomlkit.document()
    if not text.strip():
        document.add(tomlkit.comment(_HEAD))
        document.add("version", tomlkit.item(VERSION))
        document.add(tomlkit.nl())
    entries = document.get("accepted")
    if entries is None:
        entries = tomlkit.aot()
        document.add("accepted", entries)
    new = tuple(finding for finding in findings if finding.fingerprint not in known)
    if new and len(entries):
        entries[-1].add(tomlkit.nl())
    for finding in new:
        table = tomlkit.table()
        table.update(_table(finding, reason, expires))
        entries.append(table)
    return tomlkit.dumps(document).rstrip() + "\n", new


def remove(text: str, fingerprints: Iterable[str]) -> str:
    """The file without the entries of these fingerprints."""
    import tomlkit

    gone = set(fingerprints)
    document = tomlkit.parse(text)
    entries = document.get("accepted")
    for index in reversed(range(len(entries or ()))):
        if entries is not None and entries[index]["fingerprint"] in gone:
            del entries[index]
    if entries is not None and len(entries) == 0:
        del document["accepted"]
    return tomlkit.dumps(document).rstrip() + "\n"


def _table(finding: Finding, reason: str, expires: date | None) -> dict[str, Any]:
    table: dict[str, Any] = {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "operation": _plain(finding.operation.label),
    }
    if finding.field is not None:
        table["field"] = _plain(finding.field)
    table |= {"title": _plain(finding.title), "reason": _plain(reason)}
    if expires is not None:
        table["expires"] = expires
    return table


def _plain(text: str) -> str:
    """Text of others in a file for people: on one line, and encodable."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())


# Comparing ----------------------------------------------------------------------------------------------------------


def compare(result: Result, accepted: Iterable[Accepted], today: date, file: str) -> Result:
    """The result held against a baseline: what is accepted says so, and what is gone is listed."""
    entries = {entry.fingerprint: entry for entry in accepted}
    findings = tuple(_marked(finding, entries.get(finding.fingerprint), today) for finding in result.findings)
    here = {finding.fingerprint for finding in result.findings}
    gone = tuple(
        Fixed(fingerprint=entry.fingerprint, label=entry.label, proven=_is_proven(entry, result.coverage))
        for entry in entries.values()
        if entry.fingerprint not in here
    )
    return replace(result, findings=findings, baseline=Comparison(file=file, gone=gone))


def _marked(finding: Finding, entry: Accepted | None, today: date) -> Finding:
    if entry is None:
        return finding
    expires = entry.expires
    state = Acceptance(
        reason=entry.reason,
        expires=expires.isoformat() if expires is not None else None,
        expired=expires is not None and expires <= today,
    )
    return replace(finding, accepted=state)


def _is_proven(entry: Accepted, coverage: Iterable[Coverage]) -> bool:
    """Whether the run tried what the entry is about and reached a verdict: else it is not fixed, but not looked at.

    A finding may stand at another operation than the one that was tried (a token, at the log-in that gave it): then all
    cases of its rule count. Some rules are noticed by the cases of others (an effect despite a refusal): then all that was
    tried at the operation counts.
    """
    rows = tuple(coverage)
    if not any(_blanked(row.operation.label) == _blanked(entry.operation) for row in rows):
        return False  # the run knows no such operation
    applicable = [row for row in rows if row.not_run != "inapplicable"]
    here = [row for row in applicable if _blanked(row.operation.label) == _blanked(entry.operation)]
    mine = [row for row in applicable if row.rule == entry.rule]
    tried = [row for row in mine if row in here] or mine or here
    return bool(tried) and all(row.verdict in ("held", "broken") for row in tried)


def _blanked(label: str) -> str:
    return re.sub(r"{[^}]*}", "{}", label)
