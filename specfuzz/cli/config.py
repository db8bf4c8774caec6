"""The policy file: where it is found, and the defaults that it holds for the options of a command."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

from specfuzz.cli.errors import UsageError, fail

if TYPE_CHECKING:
    from specfuzz.contract import Setting, Settings

FILE = "specfuzz.toml"
_PYPROJECT, _TABLE = "pyproject.toml", ("tool", "specfuzz")

PLAN_DEFAULTS = frozenset(("auth", "include_dangerous", "insecure_tls"))
"""Options of `[run]` that say how a plan comes out as well; the others are about running and reporting."""

_NOT_HERE = frozenset(("spec", "config", "debug", "return"))


def find_config(given: Path | None, folder: Path) -> Path | None:
    """The policy file: the one that was given, else `specfuzz.toml` or `pyproject.toml` in the folder; None without one."""
    if given is not None:
        return given
    return next((folder / name for name in (FILE, _PYPROJECT) if (folder / name).is_file()), None)


def load_settings(given: Path | None) -> Settings:
    """What the policy file says; nothing where there is none. Raises `UsageError` or `PolicyError`."""
    from specfuzz.contract import Settings, parse_policy

    path = find_config(given, Path())
    if path is None:
        return Settings()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}", hint="check --config") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file in UTF-8", hint="check --config") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    table = _TABLE if path.name == _PYPROJECT else ()
    return parse_policy(text, str(path), table) or Settings()


def run_defaults(context: typer.Context, parameter: typer.CallbackParam, value: Path | None) -> Path | None:
    """Make `[run]` of the policy file the defaults of `specfuzz run`; a callback of its eager option `--config`.

    Paths count from the policy file's folder, wherever the command is started.
    """
    return _defaults(context, value, None)


def plan_defaults(context: typer.Context, parameter: typer.CallbackParam, value: Path | None) -> Path | None:
    """The same for `specfuzz plan`, with those options that it shares."""
    return _defaults(context, value, PLAN_DEFAULTS)


def _defaults(context: typer.Context, given: Path | None, only: Collection[str] | None) -> Path | None:
    if context.resilient_parsing:  # the shell completes: it wants no errors
        return given
    try:
        settings = load_settings(given)
        path = find_config(given, Path())
        folder = path.parent if path is not None else Path()
        known = _options_of_run()
        found = {}
        for key, setting in settings.run.items():
            name = key.replace("-", "_")
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"options of `specfuzz run`: {', '.join(sorted(known))}"
                raise UsageError(f"unknown key `{key}` in [run]", where=setting.source, hint=hint)
            found[name] = _checked(key, setting, known[name], folder)
    except Exception as error:
        fail(error)
    context.default_map = {name: value for name, value in found.items() if only is None or name in only}
    return given


def _options_of_run() -> dict[str, Any]:
    """What may stand in `[run]`, whichever command reads it: the options of `specfuzz run` with their types."""
    from specfuzz.cli import run_command

    hints = get_type_hints(run_command)
    return {name: hint for name, hint in hints.items() if name not in _NOT_HERE}


def _checked(key: str, setting: Setting, hint: Any, folder: Path) -> Any:
    """A setting as its option takes it; typer checks ranges. Raises `UsageError` with the line."""
    kinds = {kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)}
    value = setting.value
    if list[str] in kinds:
        value = [value] if isinstance(value, str) else value
        fits, wanted = isinstance(value, list) and all(isinstance(item, str) for item in value), "a list of texts"
    elif bool in kinds:
        fits, wanted = isinstance(value, bool), "true or false"
    elif kinds & {int, float}:
        whole = float not in kinds
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        wanted = "a whole number" if whole else "a number"
    else:
        fits, wanted = isinstance(value, str), "a text in quotes"
    if not fits:
        raise UsageError(f"`{key}` is {setting.value!r}", where=setting.source, hint=wanted)
    return str(folder / value) if Path in kinds else value
