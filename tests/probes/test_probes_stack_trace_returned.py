"""SF505: what runtimes and frameworks write when they fail, and texts that are about such."""

from __future__ import annotations

from typing import Any

import pytest
from looked_at import document, exchange, look

LABEL = "GET /things"
PYTHON = 'Traceback (most recent call last):\n  File "/srv/app.py", line 12, in show\nKeyError: 1'
TRACES = {
    "Python": PYTHON,
    "Python in HTML": "<pre>File &quot;/srv/app.py&quot;, line 12</pre>",
    "Django": "<p>You're seeing this error because you have <code>DEBUG = True</code></p>",
    "Werkzeug": "<title>KeyError // Werkzeug Debugger</title>",
    "Java": "java.lang.IllegalStateException: x\n\tat com.acme.A.run(A.java:12)\n\tat com.acme.B.go(B.java:7)",
    "Kotlin": "\tat com.acme.A.run(A.kt:12)\n\tat com.acme.B.go(B.kt:7)",
    ".NET": "   at Acme.Api.Things.Get(Int32 id) in /src/Things.cs:line 12",
    "Node.js": "TypeError: x\n    at Object.<anonymous> (/srv/app/index.js:12:7)",
    "Node.js internals": "    at async run (node:internal/modules/run_main:12:7)",
    "TypeScript on Windows": "    at handle (C:\\srv\\app.ts:12:7)",
    "PHP": "PHP Fatal error:  Uncaught Exception: x in /srv/a.php:3\nStack trace:\n#0 {main}",
    "Ruby": "app/models/a.rb:3:in `find'\napp/models/b.rb:9:in `call'\n",
    "Go": "panic: x\n\ngoroutine 12 [running]:\nmain.main()",
}


def seen(body: Any, *, status: int = 500, media_type: str = "application/json") -> list[str]:
    raw = document({"200": {"description": "done"}})
    return [
        str(item.confidence) for item in look("SF505", raw, exchange(LABEL, body, status=status, media_type=media_type))
    ]


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_in_a_failure_is_certain_in_text_and_in_json(name: str) -> None:
    assert seen(TRACES[name], media_type="text/html") == ["certain"]
    assert seen({"error": {"trace": TRACES[name]}}) == ["certain"]


def test_it_is_found_with_its_operation_and_actor() -> None:
    (found,) = look("SF505", document({"200": {"description": "x"}}), exchange(LABEL, PYTHON, status=500))
    assert (found.actor, found.field) == ("alice", None)
    assert found.title == f"{LABEL} answers with a Python traceback"


@pytest.mark.parametrize("status", [400, 404, 422, 500, 502])
def test_a_trace_in_any_refusal_or_failure_is_certain(status: int) -> None:
    assert seen({"detail": PYTHON}, status=status) == ["certain"]


def test_a_trace_in_a_refusal_with_status_200_is_certain() -> None:
    assert seen({"error": PYTHON}, status=200) == ["certain"]


def test_a_trace_in_an_accepted_object_is_its_data() -> None:
    assert seen({"id": 7, "title": "crash", "trace": PYTHON}, status=200) == []
    assert seen([{"id": 7, "error": PYTHON}], status=200) == []
    assert seen(PYTHON, status=200, media_type="text/plain") == []


def test_a_trace_on_an_accepted_page_is_a_hint_and_a_debuggers_page_is_certain() -> None:
    assert seen(f"<pre>{PYTHON}</pre>", status=200, media_type="text/html") == ["tentative"]
    assert seen(TRACES["Werkzeug"], status=200, media_type="text/html") == ["certain"]


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Internal Server Error"},
        {"error": "Unexpected token at /items/0:1:5"},
        {"detail": "line 12 of the file is too long"},
        {"message": "meet at Cafe.Central(12)"},
        {"message": "an error occurred, see the stack trace in the log"},
        {"message": "at least one of (a, b) in c:line 3"},
        "<h1>500</h1><p>nginx</p>",
        "",
    ],
)
def test_other_texts_are_no_trace(body: Any) -> None:
    assert seen(body) == []
    assert seen(body, media_type="text/html") == []


def test_a_hostile_body_takes_no_time() -> None:
    for text in (
        "at " * 100_000,
        "at a.b.c." * 30_000,
        "a/b.rb:1:in `" * 20_000,
        "Stack trace:" * 20_000,
        "[" * 300_000,
    ):
        assert seen(text, media_type="text/html") == []
