"""SF505: a stack trace or a debugger's page reaches a client.

Looks at every refusal, failure and page. A trace in an accepted object is that object's data (a log service has such), and
no finding; on an accepted page it may be the page's subject, and is a hint, unless it is a debugger's own page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from specfuzz.contract import Confidence, Contract, Expectation, OperationContract
from specfuzz.http import Response
from specfuzz.oracles import leaves, read_reply
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break

RULE = Rule(
    id="SF505",
    name="stack-trace-returned",
    category=Category.CONTRACT,
    severity=Severity.MEDIUM,
    cwe=("CWE-209",),
    owasp=("API8:2023",),
    promise="no stack trace and no debugger page reaches a client",
    remediation="Switch debug mode off, and answer errors with a fixed body; keep the trace in the log.",
)
NEEDS_PEER = False

_QUOTE = r"(?:\\?\"|&quot;|&#34;)"
_TRACES = (
    ("a Python traceback", re.compile(r"Traceback \(most recent call last\)")),
    ("a Python traceback", re.compile(rf"File {_QUOTE}[^\"\n]{{1,200}}\.py{_QUOTE}, line \d+")),
    (
        "Django's debug page",
        re.compile(r"You're seeing this error because you have <code>DEBUG = True|DisallowedHost at /"),
    ),
    ("Werkzeug's debugger", re.compile(r"__debugger__=yes|Werkzeug Debugger")),
    (
        "a Java stack trace",
        re.compile(r"(?:\bat [\w$.]+\([\w$]+\.(?:java|kt|scala|groovy):\d+\)(?:\s|<br ?/?>|&nbsp;|,)*){2}"),
    ),
    ("a .NET stack trace", re.compile(r"\bat [\w.`<>\[\],]+\([^)]{0,200}\) in \S.{0,200}:line \d+")),
    (
        "a Node.js stack trace",
        re.compile(
            r"\bat (?:async )?(?:[\w.<>$\[\] ]{1,80} \()?"
            r"(?:node:[\w/]{1,80}|(?:file://|/|[A-Z]:\\)[^\s()]{1,200}\.[cm]?[jt]sx?):\d+:\d+"
        ),
    ),
    ("a PHP stack trace", re.compile(r"(?:Stack trace:|\[stacktrace\]|Fatal error:).{0,200}#0 ", re.DOTALL)),
    ("a Ruby backtrace", re.compile(r"(?:[\w/.-]+\.rb:\d+:in [`'][^'`]{1,80}'[\s,\"]*){2}")),
    ("a Go panic", re.compile(r"goroutine \d+ \[running\]:")),
)
"""What the runtimes and frameworks themselves write."""

_PAGES = frozenset({"Django's debug page", "Werkzeug's debugger"})

MAX_CHARS = 200_000
"""Characters of a body that are searched: a trace stands near the front of a page."""


def why_not(contract: Contract, target: OperationContract) -> str | None:
    """Every answer is looked at."""
    return None


def look(sight: Sight) -> Iterable[Break]:
    """Yields a break where the body of an answer that is no accepted object holds a trace."""
    response = sight.exchange.response
    accepted = read_reply(sight.exchange).accepted
    if accepted and "html" not in response.media_type:
        return
    text = _text_of(response)[:MAX_CHARS]
    found = next((name for name, pattern in _TRACES if pattern.search(text)), None)
    if found is None:
        return
    yield sight.broken(
        title=f"{sight.target.label} answers with {found}",
        detail=f"{sight.exchange.identity} got {sight.exchange.status} with {found} in the body.",
        expectation=Expectation(
            statement="errors tell a client nothing about the code",
            source="inference:trace",
            confidence=Confidence.TENTATIVE if accepted and found not in _PAGES else Confidence.CERTAIN,
        ),
        note=found,
    )


def _text_of(response: Response) -> str:
    """The body as a person reads it: of JSON the texts, without what JSON escapes in them."""
    if not isinstance(response.json, Mapping | list):
        return response.text
    return "\n".join(value for value in leaves(response.json).values() if isinstance(value, str))
