"""The document's own `x-specfuzz-*` extensions: they say what a policy file says, where the operation stands.

`x-specfuzz-access`, `-writable`, `-forbidden`, `-dangerous` and `-ignore` at an operation or its path;
`x-specfuzz-shared-resources` at the top of the document.
"""

from __future__ import annotations

from typing import Any

from specfuzz.contract.document import Document
from specfuzz.contract.model import Operation
from specfuzz.contract.policy import Ignore, Policy, PolicyError, PolicyLine, Selector, SharedResource
from specfuzz.contract.policy_file import IGNORE_KEYS, RULING_KEYS, SELECTOR_KEYS, PolicyReader, did_you_mean
from specfuzz.contract.toml_lines import Key

PREFIX = "x-specfuzz-"
_TOP = f"{PREFIX}shared-resources"
_IGNORE = "ignore"


def policy_of(document: Document) -> Policy:
    """What the document's extensions say. Raises `PolicyError` with a JSON pointer for what cannot be meant."""
    lines: list[PolicyLine] = []
    ignores: list[Ignore] = []
    for operation in document.operations:
        said = {key[len(PREFIX) :]: value for key, value in operation.extensions.items() if key.startswith(PREFIX)}
        if said:
            _read(operation, said, lines, ignores)
    return Policy(lines=tuple(lines), shared=_shared(document), ignores=tuple(ignores))


def _read(operation: Operation, said: dict[str, Any], lines: list[PolicyLine], ignores: list[Ignore]) -> None:
    def place(key: Key) -> str:
        name = next((str(part) for part in key if isinstance(part, str)), "")
        return f"{operation.pointer}/{PREFIX}{name}"

    known = (*RULING_KEYS, _IGNORE)
    for name in said:
        if name not in known:
            raise PolicyError(
                f"unknown extension `{PREFIX}{name}`", where=place((name,)), hint=did_you_mean(name, known)
            )
    reader = PolicyReader(place)
    selector = Selector(methods=(operation.method,), path=operation.path)
    rulings = reader.rulings(said, ())
    if rulings.sources:
        lines.append(PolicyLine(selector=selector, rulings=rulings, source=operation.pointer))
    entries = said.get(_IGNORE, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PolicyError(f"`{PREFIX}{_IGNORE}` is no list of objects", where=place((_IGNORE,)))
    own = {"method": operation.method, "path": operation.path}
    for index, entry in enumerate(entries):
        if set(entry) & set(SELECTOR_KEYS):
            raise PolicyError(
                "an ignore at an operation is about that operation",
                where=place((_IGNORE,)),
                hint=f"keys: {', '.join(key for key in IGNORE_KEYS if key not in SELECTOR_KEYS)}",
            )
        ignores.append(reader.ignore({**own, **entry}, (_IGNORE, index)))


def _shared(document: Document) -> tuple[SharedResource, ...]:
    names = document.raw.get(_TOP, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PolicyError(f"`{_TOP}` is no list of names", where=f"#/{_TOP}", hint='for example ["Board"]')
    return tuple(SharedResource(name=name, source=f"#/{_TOP}") for name in names)
