"""The command line: parse, call, print. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from specfuzz import __version__
from specfuzz.cli.errors import UsageError, guarded

app = typer.Typer(
    name="specfuzz",
    help="Test a running HTTP API against what its OpenAPI document promises about authorization and writable fields.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_EXIT_CODES = (
    "Exit codes: 0 nothing at or above the threshold; 1 findings; 2 wrong usage or configuration; "
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
    if value.lower() not in known:
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
        str, typer.Option(metavar="FORMAT", help="console or json.", rich_help_panel=_REPORT)
    ] = "console",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there.", rich_help_panel=_REPORT)
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
            help="Exit code 3 if fewer of the tried promises were decided.",
            rich_help_panel=_REPORT,
        ),
    ] = 0,
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
        from specfuzz.cli.run import RunOptions, run
        from specfuzz.findings.model import CONFIDENCES, SEVERITIES

        return run(
            RunOptions(
                spec=spec,
                url=url,
                auth=auth,
                seed=seed,
                format=format,
                output=output,
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
                fail_on=_choice(fail_on, "--fail-on", SEVERITIES),
                min_confidence=_choice(min_confidence, "--min-confidence", CONFIDENCES),
                min_coverage=min_coverage,
                quiet=quiet,
                verbose=verbose,
                debug=debug,
            )
        )

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


def main() -> None:
    """The `specfuzz` command."""
    app()
