"""A run against a target whose answers are markup, scripts, controls, binary and megabytes: every report survives it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from apps.notebook import Answer, Habits, Notebook
from typer.testing import CliRunner

from specfuzz.cli import app
from specfuzz.reports import FORMATS

MARKUP = "</script></textarea><script>document.title='owned'</script><img src=x onerror=alert(1)>{{7*7}}"
PAYLOADS: dict[str, Any] = {
    "markup": MARKUP,
    "controls": "\x00\x1b[2J\x07\r\b\x9b",
    "lone surrogate": "\ud800",
    "megabyte": "x" * 1_000_000,
    "markdown": "``` ](javascript:alert(1)) @everyone | <details>",
    "xml": "]]><failure/>\ufffe",
}


class Hostile(Notebook):
    """A notebook that puts a payload into every JSON object it answers with, as a key and as a value, and into a header."""

    payload: Any = MARKUP

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().handle(method, target, headers, body)
        try:
            content = json.loads(answer.body)
        except ValueError:
            return answer
        if "openapi" in target or not isinstance(content, dict):
            return answer
        content["odd"] = {str(self.payload)[:2000]: self.payload}
        odd = ("x-odd", MARKUP)
        return Answer(answer.status, [*answer.headers, odd], json.dumps(content).encode())


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_every_report_of_a_hostile_target_can_be_read(serve: Callable[..., Any], tmp_path: Path, payload: Any) -> None:
    hostile = Hostile(Habits(), "read")
    hostile.payload = payload
    asked = [part for name in FORMATS for part in ("--format", f"{name}:{tmp_path / name}")]
    ran = CliRunner().invoke(app, ["run", serve(hostile).document, "--rule", "SF101", *asked], env={"NO_COLOR": "1"})
    assert ran.exit_code == 1, ran.output
    assert "\x1b" not in ran.output
    for name in ("json", "sarif", "har", "wfc"):
        json.loads((tmp_path / name).read_text(encoding="utf-8"))
    ElementTree.fromstring((tmp_path / "junit").read_text(encoding="utf-8"))
    tags = Elements((tmp_path / "html").read_text(encoding="utf-8")).tags
    assert tags.count("script") == 1
    assert "img" not in tags
    assert len((tmp_path / "markdown").read_text(encoding="utf-8")) < 65_536
    assert all((tmp_path / name).stat().st_size < 3_000_000 for name in FORMATS)
