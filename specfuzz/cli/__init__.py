"""The command line: parse, call, print. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from specfuzz import __version__
from specfuzz.cli.baseline import baseline_command
from specfuzz.cli.config import load_settings, plan_defaults, run_defaults
from specfuzz.cli.errors import UsageError, guarded
from specfuzz.cli.replay import replay_command
from specfuzz.cli.report import FORMAT_NAMES, report_command
from specfuzz.cli.rules import explain_command, rules_command

app = typer.Typer(
    name="specfuzz",
    help="Test a running HTTP API against what its OpenAPI document promises about authorization and writable fields.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_EXIT_CODES = (
    "Exit codes: 0 nothing at or above the threshold; 1 findings or a low grade; 2 wrong usage or configuration; "
    "3 the target could not be tested; 130 interrupted."
)
_SCOPE, _LIMITS, _REPORT, _TARGET = "What is tested", "Limits", "Report", "Target"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")


def _duration_s(text: str | None) -> float | None:
    """`90`, `90s`, `1.5m`, `2h` in seconds. Raises `UsageError`."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip().lower())
    if not match or float(match[1]) <= 0:
        raise UsageError(f"not a duration: {text!r}", hint="for example: 90s, 10m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]


def _choice(value: str, option: str, known: tuple[str, ...]) -> str:
    if value.lower() not in map(str.lower, known):
        raise UsageError(f"{option} is {value!r}", hint=f"one of {', '.join(known)}")
    return value.lower()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"specfuzz {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command("run", epilog=_EXIT_CODES)
def run_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="The OpenAPI document: a path or an http(s) URL.")],
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Base URL of the API under test.", rich_help_panel=_TARGET, envvar="SPECFUZZ_URL"
        ),
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Users to test as, in the Web Fuzzing Commons format (YAML, JSON, TOML). Without it specfuzz signs up its own.",
            rich_help_panel=_TARGET,
            envvar="SPECFUZZ_AUTH",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Policy and defaults: specfuzz.toml, or pyproject.toml with [tool.specfuzz]. Found in the working directory.",
            callback=run_defaults,
            is_eager=True,
            rich_help_panel=_TARGET,
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0.001, help="Time until a request counts as unanswered.", rich_help_panel=_TARGET
        ),
    ] = 10.0,
    insecure_tls: Annotated[
        bool, typer.Option("--insecure-tls", help="Accept any TLS certificate.", rich_help_panel=_TARGET)
    ] = False,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this rule (repeatable).", rich_help_panel=_SCOPE)
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OP", help="Only this operation: 'GET /x/{id}' or an operationId.", rich_help_panel=_SCOPE
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only operations with this tag.", rich_help_panel=_SCOPE)
    ] = None,
    include_dangerous: Annotated[
        bool,
        typer.Option(help="Also run operations that may destroy what the run did not make.", rich_help_panel=_SCOPE),
    ] = False,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Read the document anew, though it is unchanged.", rich_help_panel=_SCOPE),
    ] = False,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Same seed, same requests.", rich_help_panel=_SCOPE, envvar="SPECFUZZ_SEED")
    ] = 0,
    max_requests: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after this many requests.", rich_help_panel=_LIMITS)
    ] = None,
    max_time: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stop after 90s, 10m, 1h.", rich_help_panel=_LIMITS)
    ] = None,
    rate_limit: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.01, help="At most N requests per second.", rich_help_panel=_LIMITS),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, max=32, help="Cases under way at once.", rich_help_panel=_LIMITS)
    ] = 8,
    format: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:FILE]",
            help=f"A report, perhaps into a file (repeatable): {FORMAT_NAMES}.",
            rich_help_panel=_REPORT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the report goes that names no file.", rich_help_panel=_REPORT),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Accepted findings: known ones fail nothing, fixed ones are said.",
            rich_help_panel=_REPORT,
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="SEVERITY",
            help="Least severity for exit code 1: critical, high, medium, low, info.",
            rich_help_panel=_REPORT,
        ),
    ] = "low",
    min_confidence: Annotated[
        str,
        typer.Option(
            metavar="CONFIDENCE",
            help="Least confidence for exit code 1: certain, firm, tentative.",
            rich_help_panel=_REPORT,
        ),
    ] = "firm",
    min_coverage: Annotated[
        int,
        typer.Option(
            metavar="PERCENT",
            min=0,
            max=100,
            help="Exit code 3 if fewer of the selected promises were decided.",
            rich_help_panel=_REPORT,
        ),
    ] = 0,
    fail_below: Annotated[
        str | None,
        typer.Option(metavar="GRADE", help="Exit code 1 if the grade is worse: A, B, C, D.", rich_help_panel=_REPORT),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the summary only.", rich_help_panel=_REPORT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print all evidence.", rich_help_panel=_REPORT)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.", rich_help_panel=_REPORT)] = False,
) -> None:
    """Test a running API against its document and report every broken promise with its proof."""

    def command() -> int:
        from specfuzz.cli.gate import GRADES, Gate
        from specfuzz.cli.run import RunOptions, run
        from specfuzz.findings.model import CONFIDENCES, SEVERITIES

        return run(
            RunOptions(
                spec=spec,
                url=url,
                auth=auth,
                seed=seed,
                formats=tuple(format or ()),
                output=output,
                baseline=baseline,
                rules=tuple(value.upper() for value in rule or ()),
                operations=tuple(operation or ()),
                tags=tuple(tag or ()),
                include_dangerous=include_dangerous,
                max_requests=max_requests,
                max_time_s=_duration_s(max_time),
                rate_per_s=rate_limit,
                timeout_s=timeout,
                concurrency=concurrency,
                verify_tls=not insecure_tls,
                use_cache=not no_cache,
                gate=Gate(
                    fail_on=_choice(fail_on, "--fail-on", SEVERITIES),
                    min_confidence=_choice(min_confidence, "--min-confidence", CONFIDENCES),
                    min_coverage=min_coverage,
                    fail_below=_choice(fail_below, "--fail-below", GRADES).upper() if fail_below else None,
                    counts_contract=any(value.upper().startswith("SF5") for value in rule or ()),
                ),
                quiet=quiet,
                verbose=verbose,
                debug=debug,
                policy=load_settings(config).policy,
            )
        )

    guarded(command, debug=debug)


@app.command("plan")
def plan_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="The OpenAPI document: a path or an http(s) URL.")],
    auth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Users to plan for; without it the plan counts on signing up its own.",
            envvar="SPECFUZZ_AUTH",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Policy and defaults: specfuzz.toml, or pyproject.toml with [tool.specfuzz]. Found in the working directory.",
            callback=plan_defaults,
            is_eager=True,
        ),
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(metavar="OP", help="Only this operation: 'GET /x/{id}' or an operationId."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Only operations with this tag.")] = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="OP", help="Show every expectation of one operation, with source and reasoning."),
    ] = None,
    include_dangerous: Annotated[bool, typer.Option(help="Plan as a run with this option would.")] = False,
    format: Annotated[str, typer.Option(metavar="FORMAT", help="console or json.")] = "console",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the plan there.")] = None,
    lock: Annotated[
        bool, typer.Option("--lock", help="Write the promises to specfuzz.lock.json, or to --output, to compare later.")
    ] = False,
    insecure_tls: Annotated[bool, typer.Option("--insecure-tls", help="Accept any TLS certificate.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Show what a document promises and what a run would try. Sends no request to the API."""

    def command() -> int:
        from specfuzz.cli.plan import PlanOptions, plan

        return plan(
            PlanOptions(
                spec=spec,
                auth=auth,
                operations=tuple(operation or ()),
                tags=tuple(tag or ()),
                explain=explain,
                include_dangerous=include_dangerous,
                format=format,
                output=output,
                lock=lock,
                verify_tls=not insecure_tls,
                policy=load_settings(config).policy,
            )
        )

    guarded(command, debug=debug)


@app.command("init")
def init_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="The OpenAPI document: a path or an http(s) URL.")],
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Write the files there.")] = Path(),
    insecure_tls: Annotated[bool, typer.Option("--insecure-tls", help="Accept any TLS certificate.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Write a commented specfuzz.toml and an auth.yaml to start from. Never overwrites."""

    def command() -> int:
        from specfuzz.cli.init import init

        return init(spec, output, verify_tls=not insecure_tls)

    guarded(command, debug=debug)


@app.command("diff", epilog="Exit codes: 0 no promise weakened; 1 a promise weakened; 2 wrong usage or configuration.")
def diff_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier document or lock: a path or an http(s) URL.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later document or lock.")],
    format: Annotated[str, typer.Option(metavar="FORMAT", help="text, markdown or json.")] = "text",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comparison there.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Policy and defaults: specfuzz.toml, or pyproject.toml with [tool.specfuzz]. Found in the working directory.",
        ),
    ] = None,
    insecure_tls: Annotated[bool, typer.Option("--insecure-tls", help="Accept any TLS certificate.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Say which promises changed between two documents or locks; exit with 1 where one weakened."""

    def command() -> int:
        from specfuzz.cli.diff import diff

        policy = load_settings(config).policy
        return diff(old, new, format=format, output=output, policy=policy, verify_tls=not insecure_tls)

    guarded(command, debug=debug)


@app.command("demo")
def demo_command(
    serve: Annotated[bool, typer.Option("--serve", help="Only serve the demo API, to play with.")] = False,
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port for --serve.")] = 8000,
    repaired: Annotated[bool, typer.Option("--repaired", help="Serve the repaired twin.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same requests.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print all evidence.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Test the shipped insecure API, then its repaired twin; or serve one of them."""

    def command() -> int:
        from specfuzz.cli import demo

        return demo.serve(port=port, repaired=repaired) if serve else demo.demo(seed=seed, verbose=verbose)

    guarded(command, debug=debug)


@app.command("session", epilog="Exit codes: 0 nothing wrong; 1 something is; 2 wrong usage, or no session to read.")
def session_command(
    value: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN_OR_COOKIE",
            help="A token, a cookie's value, or a whole Cookie header; - reads standard input, which no shell history keeps.",
            envvar="SPECFUZZ_SESSION",
        ),
    ],
    wordlist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Try these keys first, one a line, as many as there are.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="The cookie's name, if it was not pasted along.")] = "",
    hint: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="The API's title or host, to derive likely keys from (repeatable)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Take one session cookie or token apart, offline: what it tells, whether its key can be guessed, what is wrong."""

    def command() -> int:
        from specfuzz.cli.session import SessionOptions, session

        hints = tuple(hint or ())
        return session(SessionOptions(value=value, name=name, hints=hints, wordlist=wordlist, as_json=as_json))

    guarded(command, debug=debug)


app.command("report")(report_command)
app.command("baseline")(baseline_command)
app.command("replay")(replay_command)
app.command("rules")(rules_command)
app.command("explain")(explain_command)


def main() -> None:
    """The `specfuzz` command."""
    app()
