"""Which error ends the program with which exit code, and how it is said. One table; commands raise and do not exit.

0 nothing at or above the threshold · 1 findings · 2 wrong usage or configuration · 3 the target could not be tested ·
130 interrupted
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

FINDINGS, USAGE, UNTESTED, INTERRUPTED = 1, 2, 3, 130


class UsageError(Exception):
    """Wrong usage or configuration: exit code 2."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.where = where
        self.hint = hint


def guarded(command: Callable[[], int], *, debug: bool) -> NoReturn:
    """Run a command and end the program with its exit code; every error becomes a few clear lines on stderr."""
    try:
        code = command()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = 0
    except Exception as error:
        code = _explain(error, debug=debug)
    sys.exit(code)


def fail(error: Exception) -> NoReturn:
    """End the program for an error that comes up before the command itself runs."""
    sys.exit(_explain(error, debug=False))


def _explain(error: Exception, *, debug: bool) -> int:
    from specfuzz.contract import ContractError
    from specfuzz.http import HttpError, TargetUnreachable
    from specfuzz.identities import IdentityError

    if debug:
        traceback.print_exception(error)
    table: tuple[tuple[type[Exception], int], ...] = (
        (UsageError, USAGE),
        (ContractError, USAGE),
        (IdentityError, USAGE),
        (TargetUnreachable, UNTESTED),
        (HttpError, USAGE),
    )
    for kind, code in table:
        if isinstance(error, kind):
            say(str(error), getattr(error, "where", None), getattr(error, "hint", None))
            return code
    say(
        f"this is a bug in specfuzz: {type(error).__name__}: {error}",
        None,
        None if debug else "run again with --debug and report what it prints",
    )
    return UNTESTED


def say(message: str, where: str | None, hint: str | None) -> None:
    """An error in the form that every command uses: what, where, what to do."""
    lines = [f"error: {message}"]
    if where and where not in message:
        lines.append(f"  at:   {where}")
    if hint:
        lines.append(f"  try:  {hint}")
    print("\n".join(lines), file=sys.stderr)
