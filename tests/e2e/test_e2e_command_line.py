"""The command as people and CI call it: reports, exit codes, interrupts, a target that dies, secrets."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import jsonschema
import pytest
from apps.notebook import Habits, Notebook
from typer.testing import CliRunner

from specfuzz.cli import app as command_line
from specfuzz.reports import FORMATS, json_report

Serve = Callable[..., Any]


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


ENVIRONMENT = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
TIMEOUT_S = 60


def specfuzz(*arguments: str, environment: dict[str, str] | None = None) -> Ran:
    """The command in this process: what it would print and exit with."""
    result = CliRunner().invoke(command_line, arguments, env={"NO_COLOR": "1", **(environment or {})})
    return Ran(result.exit_code, result.stdout, result.stderr)


def in_a_process(*arguments: str) -> Ran:
    ran = subprocess.run(
        [sys.executable, "-m", "specfuzz", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=ENVIRONMENT,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def read_report(path: Path) -> dict[str, Any]:
    """A report, as its shipped schema describes it."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(report, json_report.schema(), cls=jsonschema.Draft202012Validator)
    return report


@contextmanager
def demo(*options: str) -> Iterator[str]:
    """The shipped demo in a process of its own; its base URL."""
    command = [sys.executable, "-m", "specfuzz.demo", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http")).rstrip(",")
        finally:
            process.terminate()


# Repeatable, graded ------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_report_of_the_insecure_demo_and_exits_with_1(tmp_path: Path) -> None:
    reports = []
    with demo() as url:
        for name in ("first.json", "second.json"):
            path = tmp_path / name
            ran = in_a_process("run", f"{url}/openapi.json", "--seed", "7", "--format", "json", "--output", str(path))
            assert ran.returncode == 1, ran.stderr
            reports.append(read_report(path))
    first, second = reports
    assert first["findings"]
    assert [item["fingerprint"] for item in first["findings"]] == [item["fingerprint"] for item in second["findings"]]
    assert first["coverage"] == second["coverage"]
    assert first["summary"]["requests"] == second["summary"]["requests"]


def test_the_repaired_demo_exits_with_0_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with demo("--repaired") as url:
        ran = in_a_process("run", f"{url}/openapi.json", "--seed", "7", "--format", "json", "--output", str(path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = read_report(path)
    assert report["findings"] == []
    assert report["leftovers"] == []
    assert any(row["verdict"] == "held" for row in report["coverage"])


def test_a_json_report_on_stdout_is_nothing_but_json(serve: Serve) -> None:
    ran = specfuzz("run", serve(Notebook(weakness="read")).document, "--format", "json")
    assert ran.returncode == 1
    jsonschema.validate(json.loads(ran.stdout), json_report.schema())


def test_findings_below_the_threshold_do_not_fail_the_build(serve: Serve) -> None:
    served = serve(Notebook(weakness="read"))
    arguments = ("run", served.document, "--rule", "SF101", "-q")
    assert specfuzz(*arguments, "--fail-on", "high").returncode == 1
    assert specfuzz(*arguments, "--fail-on", "critical").returncode == 0


def test_a_run_that_could_not_decide_enough_exits_with_3(serve: Serve) -> None:
    served = serve(Notebook(Habits(creation="location"), "mass-sign-up"))
    limited = ("--max-requests", "12", "--min-coverage", "100")
    assert specfuzz("run", served.document, *limited).returncode == 3


# Interrupted -------------------------------------------------------------------------------------------------------


def interrupted_at(
    serve: Serve, path: Path, stop_at: Callable[[str, str], bool], *options: str, again_at: str = ""
) -> tuple[Notebook, Ran]:
    """Run, and send SIGINT while the server holds back its answer to the request that `stop_at` names.

    With `again_at`, a second one at the next request of that method.
    """
    process: subprocess.Popen[str]
    is_started = threading.Event()
    lock = threading.Lock()
    sent: list[str] = []

    def hook(_: object, method: str, target: str) -> None:
        is_started.wait()
        with lock:
            if (not sent and stop_at(method, target)) or (len(sent) == 1 and method == again_at):
                sent.append(f"{method} {target}")
                process.send_signal(signal.SIGINT)

    app = Notebook()
    served = serve(app, hook)
    command = ["run", served.document, "--format", "json", "--output", str(path), *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "specfuzz", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    is_started.set()
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert len(sent) == (2 if again_at else 1)
    return app, Ran(process.returncode, out, err)


def nth(number: int, method: str, prefix: str) -> Callable[[str, str], bool]:
    """The n-th request with this method and path."""
    seen: list[str] = []

    def is_it(a_method: str, target: str) -> bool:
        if a_method == method and target.startswith(prefix):
            seen.append(target)
        return len(seen) == number

    return is_it


@pytest.mark.parametrize(
    ("method", "prefix", "number", "concurrency"),
    [("GET", "/notes/", 2, "1"), ("PATCH", "/notes/", 2, "8"), ("POST", "/notes", 3, "1"), ("POST", "/notes", 5, "8")],
    ids=["in-a-read", "in-an-update-among-others", "in-a-creation", "in-a-creation-among-others"],
)
def test_an_interrupt_writes_the_report_and_cleans_up(
    serve: Serve, tmp_path: Path, method: str, prefix: str, number: int, concurrency: str
) -> None:
    path = tmp_path / "report.json"
    app, ran = interrupted_at(serve, path, nth(number, method, prefix), "--concurrency", concurrency)
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    report = read_report(path)
    assert report["summary"]["interrupted"] is True
    made = [line for line in app.log if line.startswith("POST /notes") and line.endswith("201")]
    assert made
    assert app.notes == {}, "left behind: " + "; ".join(report["leftovers"])


def test_a_second_interrupt_ends_the_clean_up_and_still_writes_the_report(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    app, ran = interrupted_at(serve, path, nth(2, "GET", "/notes/"), "--concurrency", "1", again_at="DELETE")
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    report = read_report(path)
    if app.notes:
        assert any("note" in line for line in report["leftovers"])


def test_sigterm_is_dealt_with_like_an_interrupt(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    is_started = threading.Event()
    is_it = nth(2, "GET", "/notes/")
    process: subprocess.Popen[str]

    def hook(_: object, method: str, target: str) -> None:
        is_started.wait()
        if is_it(method, target):
            process.terminate()

    served = serve(Notebook(), hook)
    command = [sys.executable, "-m", "specfuzz", "run", served.document, "--format", "json", "--output", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    is_started.set()
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert read_report(path)["summary"]["interrupted"] is True


# A target that dies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("requests", "concurrency"), [(2, "8"), (5, "8"), (20, "8"), (60, "8"), (20, "1"), (62, "1")])
def test_a_target_that_dies_in_mid_run_is_a_3_with_a_report(
    serve: Serve, tmp_path: Path, requests: int, concurrency: str
) -> None:
    def hook(served: Any, method: str, target: str) -> None:
        if served.app.requests > requests:
            served.vanish()

    path = tmp_path / "report.json"
    served = serve(Notebook(weakness="tokenless-update"), hook)
    ran = specfuzz("run", served.document, "--concurrency", concurrency, "--format", "json", "--output", str(path))
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    report = read_report(path)
    assert report["problems"]
    assert len(report["coverage"]) > 0


# Secrets -----------------------------------------------------------------------------------------------------------


def forms_of(secret: str) -> set[str]:
    """A secret as it may stand in an output: plain, URL-encoded, in JSON, in base64 at each offset."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    raw = secret.encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        core = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (len(raw) + offset) % 3 else 0)]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def leaked(outputs: str, secrets: set[str]) -> dict[str, list[str]]:
    found = {secret: sorted(form for form in forms_of(secret) if form in outputs) for secret in secrets}
    return {secret: forms for secret, forms in found.items() if forms}


@pytest.mark.parametrize(
    ("auth", "weakness"),
    [("bearer", "read"), ("cookie", "read"), ("api-key", "read"), ("basic", "read"), ("bearer", "mass-sign-up")],
)
def test_no_secret_of_its_own_users_reaches_any_output(serve: Serve, tmp_path: Path, auth: str, weakness: str) -> None:
    app = Notebook(Habits(auth=auth, reflects=True), weakness)
    served = serve(app)
    asked = [part for name in FORMATS for part in ("--format", f"{name}:{tmp_path / name}")]
    ran = specfuzz("run", served.document, *asked, "--verbose", "--debug")
    assert ran.returncode == 1, ran.stderr
    written = "".join((tmp_path / name).read_text() for name in FORMATS)
    assert leaked(written + ran.stdout + ran.stderr, app.secrets) == {}


AUTH = """
auth:
  - name: ada
    loginEndpointAuth: &login
      endpoint: /login
      verb: POST
      contentType: application/json
      payloadRaw: '{"username": "ada", "password": "${ADA_PASSWORD}"}'
      token: {extractFromField: /access_token, httpHeaderName: Authorization, headerPrefix: "Bearer "}
  - name: eve
    loginEndpointAuth:
      <<: *login
      payloadRaw: '{"username": "eve", "password": "${EVE_PASSWORD}"}'
"""
PASSWORDS = {"ADA_PASSWORD": "päss wörd/+&=?%20", "EVE_PASSWORD": "hunter2 ist kein gutes"}


def with_users(app: Notebook) -> Notebook:
    for number, (name, variable) in enumerate((("ada", "ADA_PASSWORD"), ("eve", "EVE_PASSWORD")), 1):
        password = PASSWORDS[variable]
        app.users[name] = {"id": number, "username": name, "password": password, "is_admin": False}
        app.secrets.add(password)
    return app


def test_no_secret_of_an_auth_file_reaches_any_output(serve: Serve, tmp_path: Path) -> None:
    app = with_users(Notebook(Habits(reflects=True), "read"))
    served = serve(app)
    auth, path = tmp_path / "auth.yaml", tmp_path / "report.json"
    auth.write_text(AUTH)
    arguments = ["run", served.document, "--auth", str(auth), "--rule", "SF101", "--verbose", "--debug"]
    outputs = ""
    for options in (("--format", "json", "--output", str(path)), ("--format", "console")):
        ran = specfuzz(*arguments, *options, environment=PASSWORDS)
        assert ran.returncode == 1, ran.stderr
        outputs += ran.stdout + ran.stderr
    assert leaked(outputs + path.read_text(), app.secrets) == {}
    assert {(item["owner"], item["actor"]) for item in read_report(path)["findings"]} == {("ada", "eve")}


def test_a_refused_log_in_says_whose_and_exits_with_3(serve: Serve, tmp_path: Path) -> None:
    served = serve(with_users(Notebook()))
    auth, path = tmp_path / "auth.yaml", tmp_path / "report.json"
    auth.write_text(AUTH)
    wrong = {**PASSWORDS, "EVE_PASSWORD": "not-her-password"}
    arguments = ["run", served.document, "--auth", str(auth), "--format", "json", "--output", str(path)]
    ran = specfuzz(*arguments, environment=wrong)
    assert ran.returncode == 3
    said = ran.stdout + ran.stderr
    assert "eve" in said
    assert "401" in said
    assert "Traceback" not in said
    assert leaked(said + path.read_text(), set(wrong.values())) == {}
    assert read_report(path)["problems"]


# Start-up ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from specfuzz.cli import main\n"
        f"sys.argv = ['specfuzz', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('loaded:', *sorted({'schemathesis', 'hypothesis', 'httpx', 'flask'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    assert ran.stdout.splitlines()[-1].strip() == "loaded:"
