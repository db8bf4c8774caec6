"""What people and programs get to see of a result: one file a format, all fed by the same object."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from specfuzz.findings import Result

FORMATS = {
    "console": "console",
    "json": "json_report",
    "sarif": "sarif",
    "junit": "junit",
    "html": "html",
    "markdown": "markdown",
    "har": "har",
    "wfc": "wfc",
}
"""Formats by name, with the module that renders them: loaded when it is asked for."""


def render(name: str, result: Result) -> str:
    """The result in a format. The same result gives the same text, which can always be written as UTF-8."""
    module = importlib.import_module(f"specfuzz.reports.{FORMATS[name]}")
    return cast("Callable[[Result], str]", module.render)(result)
