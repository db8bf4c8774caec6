"""Read a policy file, `specfuzz.toml` or `[tool.specfuzz]` of a `pyproject.toml`. Unknown keys are errors with suggestions.

A misspelt `forbiden` would silently promise nothing, so nothing that is not understood is passed over.
"""

from __future__ import annotations

import datetime
import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specfuzz.contract.model import Level
from specfuzz.contract.policy import (
    ACCESS_WORDS,
    Ignore,
    Policy,
    PolicyError,
    PolicyLine,
    Rulings,
    Selector,
    SharedResource,
    parse_access,
)
from specfuzz.contract.toml_lines import Key, TomlLines

TOP_KEYS = ("policy", "ignore", "run", "shared_resources")
SELECTOR_KEYS = ("method", "path", "tag", "operation_id")
RULING_KEYS = ("access", "writable", "forbidden", "dangerous")
POLICY_KEYS = (*SELECTOR_KEYS, *RULING_KEYS, "reason")
IGNORE_KEYS = (*SELECTOR_KEYS, "rule", "field", "fingerprint", "reason", "expires")
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of `[run]` with its place, for the command to understand."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A policy file. `run` holds defaults for options of `specfuzz run`, unread."""

    policy: Policy = field(default_factory=Policy)
    run: Mapping[str, Setting] = field(default_factory=dict)


def parse_policy(text: str, location: str, table: tuple[str, ...] = ()) -> Settings | None:
    """The settings in a TOML text, or in a table of it; None where that table is missing. Raises `PolicyError`."""
    try:
        document: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", where=location) from error
    for name in table:
        document = document.get(name) if isinstance(document, Mapping) else None
    if document is None:
        return None
    lines = TomlLines(text)
    return PolicyReader(lambda key: f"{location}:{lines.line((*table, *key))}").settings(document)


class PolicyReader:
    """Understands parsed entries. `place` says where a key stands, for sources and errors."""

    def __init__(self, place: Callable[[Key], str]) -> None:
        self._at = place

    def settings(self, document: Any) -> Settings:
        top = self._known(document, (), TOP_KEYS)
        policies = self._entries(top, "policy")
        ignores = self._entries(top, "ignore")
        run = top.get("run", {})
        if not isinstance(run, Mapping):
            raise self._wrong(("run",), run, "a table: [run]")
        shared = self._texts(top, (), "shared_resources")
        return Settings(
            policy=Policy(
                lines=tuple(self.line(node, ("policy", index)) for index, node in enumerate(policies)),
                shared=tuple(SharedResource(name=name, source=self._at(("shared_resources",))) for name in shared),
                ignores=tuple(self.ignore(node, ("ignore", index)) for index, node in enumerate(ignores)),
            ),
            run={str(name): Setting(value=value, source=self._at(("run", name))) for name, value in run.items()},
        )

    # Entries ----------------------------------------------------------------------------------------------------

    def line(self, node: Any, at: Key) -> PolicyLine:
        """One `[[policy]]`. Raises `PolicyError`."""
        node = self._known(node, at, POLICY_KEYS)
        if not any(key in node for key in RULING_KEYS):
            raise PolicyError(
                "this policy says nothing", where=self._at(at), hint=f"add one of {', '.join(RULING_KEYS)}"
            )
        self._text(node, at, "reason")
        return PolicyLine(
            selector=self.selector(node, at, needed=True), rulings=self.rulings(node, at), source=self._at(at)
        )

    def rulings(self, node: Mapping[str, Any], at: Key) -> Rulings:
        """What an entry says. Raises `PolicyError`."""
        level, role = self._access(node, at)
        dangerous = node.get("dangerous")
        if dangerous is not None and not isinstance(dangerous, bool):
            raise self._wrong((*at, "dangerous"), dangerous, "true or false")
        return Rulings(
            access=level,
            role=role,
            writable=self._texts(node, at, "writable"),
            forbidden=self._texts(node, at, "forbidden"),
            dangerous=dangerous,
            sources=tuple((key, self._at((*at, key))) for key in RULING_KEYS if key in node),
        )

    def ignore(self, node: Any, at: Key) -> Ignore:
        """One `[[ignore]]`. Raises `PolicyError`."""
        node = self._known(node, at, IGNORE_KEYS)
        reason = self._text(node, at, "reason")
        if not reason:
            raise PolicyError("an ignore needs a `reason`", where=self._at(at), hint="say why it is accepted")
        rule = self._text(node, at, "rule")
        fingerprint = self._text(node, at, "fingerprint")
        if rule is None and fingerprint is None:
            raise PolicyError(
                "an ignore needs a `rule` or a `fingerprint`", where=self._at(at), hint="for example: rule = 'SF101'"
            )
        return Ignore(
            selector=self.selector(node, at, needed=fingerprint is None),
            reason=reason,
            expires=self._date(node, at),
            source=self._at(at),
            rule=rule.upper() if rule else None,
            field=self._text(node, at, "field"),
            fingerprint=fingerprint,
        )

    def selector(self, node: Mapping[str, Any], at: Key, *, needed: bool) -> Selector:
        """Which operations an entry is about. Raises `PolicyError`."""
        methods = node.get("method", ())
        methods = (methods,) if isinstance(methods, str) else methods
        if not isinstance(methods, list | tuple) or not all(isinstance(item, str) for item in methods):
            raise self._wrong((*at, "method"), methods, "a method or a list of them")
        for method in methods:
            if method.upper() not in METHODS:
                raise self._wrong((*at, "method"), method, did_you_mean(method.upper(), METHODS))
        path = self._text(node, at, "path")
        if path is not None and not path.startswith(("/", "*")):
            raise self._wrong((*at, "path"), path, "a path begins with a slash: /users/{id}, /admin/**")
        selector = Selector(
            methods=tuple(method.upper() for method in methods),
            path=path,
            tag=self._text(node, at, "tag"),
            operation_id=self._text(node, at, "operation_id"),
        )
        if needed and selector == Selector():
            raise PolicyError(
                "it selects no operation", where=self._at(at), hint=f"add one of {', '.join(SELECTOR_KEYS)}"
            )
        return selector

    # Values -----------------------------------------------------------------------------------------------------

    def _access(self, node: Mapping[str, Any], at: Key) -> tuple[Level | None, str | None]:
        text = self._text(node, at, "access")
        if text is None:
            return None, None
        try:
            return parse_access(text)
        except ValueError:
            known = (*ACCESS_WORDS, "role:NAME")
            raise self._wrong((*at, "access"), text, did_you_mean(text, known)) from None

    def _date(self, node: Mapping[str, Any], at: Key) -> datetime.date:
        value = node.get("expires")
        if value is None:
            raise PolicyError(
                "an ignore needs an `expires`", where=self._at(at), hint="a day to look again: expires = 2027-01-31"
            )
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, datetime.date):
            return value
        try:
            return datetime.date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise self._wrong((*at, "expires"), value, "a day: 2027-01-31") from None

    def _text(self, node: Mapping[str, Any], at: Key, key: str) -> str | None:
        value = node.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong((*at, key), value, "a text in quotes")
        return value

    def _texts(self, node: Mapping[str, Any], at: Key, key: str) -> tuple[str, ...]:
        value = node.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._wrong((*at, key), value, "a list of names")
        return tuple(value)

    def _entries(self, top: Mapping[str, Any], key: str) -> list[Any]:
        value = top.get(key, [])
        if not isinstance(value, list):
            raise self._wrong((key,), "a table", f"[[{key}]] with two brackets begins an entry")
        return value

    def _known(self, node: Any, at: Key, known: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(node, Mapping):
            raise self._wrong(at, node, "a table")
        for key in node:
            if key not in known:
                hint = did_you_mean(str(key), known)
                if key in TOP_KEYS:
                    hint = f"`{key}` stands at the top of the file, before the first table"
                raise PolicyError(f"unknown key `{key}`", where=self._at((*at, str(key))), hint=hint)
        return node

    def _wrong(self, key: Key, value: object, hint: str) -> PolicyError:
        name = key[-1] if key and isinstance(key[-1], str) else "entry"
        return PolicyError(f"`{name}` is {value!r}", where=self._at(key), hint=hint)


def did_you_mean(value: str, known: tuple[str, ...]) -> str:
    """A hint that names the nearest known word, or all of them."""
    near = difflib.get_close_matches(value, known, n=1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
