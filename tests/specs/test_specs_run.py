"""The runner from end to end on a tiny API outside the repository, started by its own command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from specs.run import main
from specs.runner.measure import ALL_ON, Job, arguments_for, jobs_for
from specs.runner.serve import ServeError, command_of, serve
from specs.runner.truth import Truth, load

APP = """
import argparse, json, os, sys, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

options = argparse.ArgumentParser()
options.add_argument("--port", type=int)
options.add_argument("--on", default="none")
chosen = options.parse_args()
on = set(chosen.on.split(","))
USERS = {"Bearer alice-1": "alice", "Bearer bob-1": "bob"}
notes = {}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/ready":
            return self.answer(200, {"ready": True})
        user = USERS.get(self.headers.get("Authorization"))
        if user is None:
            return self.answer(401, {"detail": "Log in."})
        note = notes.get(self.path.rpartition("/")[2])
        if note is None or (note["owner"] != user and "note-read-any" not in on):
            return self.answer(404, {"detail": "No such note."})
        self.answer(200, {"id": note["id"], "text": note["text"]})

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        user = USERS.get(self.headers.get("Authorization"))
        if user is None:
            return self.answer(401, {"detail": "Log in."})
        try:
            text = json.loads(sent)["text"]
        except (ValueError, KeyError, TypeError):
            return self.answer(400, {"detail": "No text."})
        note = {"id": str(uuid.uuid4()), "text": text, "owner": user}
        notes[note["id"]] = note
        self.answer(201, {"id": note["id"], "text": text})


if "crash" in on:
    sys.exit("out of coffee")
ThreadingHTTPServer(("127.0.0.1", chosen.port), Api).serve_forever()
"""

TRUTH = """
[api]
name = "tiny"
stack = "the standard library"
command = ["{python}", "app.py", "--port", "{port}", "--on", "{switches}"]
ready = "/ready"
spec = "openapi.json"
auth = "auth.yaml"

[[weakness]]
switch = "note-read-any"
rule = "SF101"
method = "GET"
path = "/notes/{note_id}"
why = "It is looked up by id alone."

[[weakness]]
switch = "crash"
rule = "SF503"
method = "GET"
path = "/notes/{note_id}"
needs = ["note-read-any"]
why = "It does not even start."
"""

AUTH = """
auth:
  - name: alice
    fixedHeaders: [{name: Authorization, value: Bearer alice-1}]
  - name: bob
    fixedHeaders: [{name: Authorization, value: Bearer bob-1}]
"""


def document() -> dict[str, Any]:
    note = {
        "type": "object",
        "required": ["id", "text"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "text": {"type": "string"}},
    }
    sent = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}

    def reply(text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"description": text, **({"content": {"application/json": {"schema": schema}}} if schema else {})}

    refused = {"401": reply("Not logged in"), "404": reply("No such note of yours")}
    identifier = {"name": "note_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    create = {
        "operationId": "createNote",
        "requestBody": {"required": True, "content": {"application/json": {"schema": sent}}},
        "responses": {"201": reply("Made", note), "400": reply("No text"), "401": reply("Not logged in")},
    }
    read = {
        "operationId": "readNote",
        "summary": "Read one of your own notes",
        "parameters": [identifier],
        "responses": {"200": reply("The note", note), **refused},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Notes", "version": "1"},
        "security": [{"bearer": []}],
        "paths": {"/notes": {"post": create}, "/notes/{note_id}": {"get": read}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "app.py").write_text(APP, encoding="utf-8")
    (folder / "auth.yaml").write_text(AUTH, encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(document()), encoding="utf-8")
    (folder / "truth.toml").write_text(TRUTH, encoding="utf-8")
    return folder


def without_crash(folder: Path) -> None:
    file = folder / "truth.toml"
    file.write_text(TRUTH.partition('\n[[weakness]]\nswitch = "crash"')[0], encoding="utf-8")


def secure(folder: Path) -> Truth:
    without_crash(folder)
    return load(folder)


def test_the_weak_twin_is_found_and_the_secure_one_is_not_accused(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_crash(tiny)
    board, scores = tmp_path / "board.md", tmp_path / "board.json"
    options = ["--mode", "quick", "--seeds", "7", "--board", str(board), "--json", str(scores)]
    assert main([str(tiny), *options, "--against", str(tmp_path / "none.json")]) == 0
    printed = capsys.readouterr()
    assert "tiny, all on, seed 7: found 1 of 1, 0 false alarms" in printed.err
    assert "tiny, all off, seed 7: 0 false alarms" in printed.err
    assert "| SF101 | cross-user-read | – | 1/1 | 0 |" in printed.out
    assert board.read_text(encoding="utf-8") in printed.out
    assert str(tmp_path) not in printed.out
    assert json.loads(scores.read_text(encoding="utf-8"))["apis"]["tiny"]["all_on"]["7"]["firm"] == 1


def test_a_server_that_does_not_start_is_a_failed_run_and_no_pass(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tiny), "--seeds", "0", "--switch", "crash"]) == 1
    printed = capsys.readouterr()
    assert "FAILED tiny, crash, seed 0: tiny ended with 1 before it was ready; it said: out of coffee" in printed.err
    assert "the run failed: tiny ended with 1" in printed.out


def test_recall_under_the_committed_board_fails_quick_mode(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_crash(tiny)
    (tiny / "app.py").write_text(APP.replace('"note-read-any" not in on', "True"), encoding="utf-8")
    committed = tmp_path / "committed.json"
    before = {"schema_version": 1, "apis": {"tiny": {"all_on": {"0": {"wanted": 1, "firm": 1, "missed": []}}}}}
    committed.write_text(json.dumps(before), encoding="utf-8")
    assert main([str(tiny), "--mode", "quick", "--against", str(committed)]) == 1
    said = capsys.readouterr().err
    lost = "SF101 note-read-any GET /notes/{note_id}"
    assert f"FAILED tiny, all on, seed 0: recall fell from 1/1 to 0/1; newly missed: {lost}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "one"], "--seeds is 'one'"),
        (["--switch", "nothing"], "none of tiny has a switch 'nothing'"),
        (["--jobs", "0"], "--jobs"),
        (["/nowhere"], "nowhere/truth.toml: there is no such file"),
    ],
)
def test_wrong_usage_is_said(tiny: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tiny), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_the_jobs_are_both_twins_and_each_switch_alone_with_what_it_needs(tiny: Path) -> None:
    truth = load(tiny)
    jobs = jobs_for([truth], [0, 1], quick=False)
    assert len({(job.name, job.seed) for job in jobs}) == len(jobs) == 2 * 4
    by_name = {job.name: job for job in jobs}
    assert by_name["crash"].on == {"crash", "note-read-any"}
    assert by_name["crash"].wanted == {"crash"}
    assert by_name["all on"].on == by_name["all on"].wanted == {"crash", "note-read-any"}
    assert by_name["all off"].on == frozenset()
    assert {job.name for job in jobs_for([truth], [0], quick=True)} == {"all on", "all off"}
    assert [job.name for job in jobs_for([truth], [0], quick=False, switches=["crash"])] == ["crash"]


def test_specfuzz_is_called_as_a_user_would_call_it(tiny: Path) -> None:
    truth = load(tiny)
    called = arguments_for(Job(truth=truth, name=ALL_ON, seed=3), "http://127.0.0.1:9", Path("report.json"))
    assert called[:2] == ["run", str(tiny / "openapi.json")]
    assert " ".join(called[2:]) == (
        f"--url http://127.0.0.1:9 --auth {tiny / 'auth.yaml'} --seed 3 --format json --output report.json --quiet"
    )


def test_the_command_has_its_places_filled_in(tiny: Path) -> None:
    truth = load(tiny)
    assert command_of(truth, 80, ())[1:] == ["app.py", "--port", "80", "--on", "none"]
    assert command_of(truth, 80, {"crash", "note-read-any"})[-1] == "note-read-any,crash"


def test_the_server_is_gone_afterwards_also_when_something_goes_wrong(tiny: Path, tmp_path: Path) -> None:
    ports: list[int] = []

    async def broken() -> None:
        async with serve(secure(tiny), (), log=tmp_path / "log") as origin:
            ports.append(int(origin.rpartition(":")[2]))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        asyncio.run(broken())
    assert not listens(ports[0])


def test_the_server_is_gone_after_a_cancellation(tiny: Path, tmp_path: Path) -> None:
    ports: list[int] = []

    async def cancelled() -> None:
        async def hold() -> None:
            async with serve(secure(tiny), (), log=tmp_path / "log") as origin:
                ports.append(int(origin.rpartition(":")[2]))
                up.set()
                await asyncio.Event().wait()

        up = asyncio.Event()
        task = asyncio.create_task(hold())
        await up.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert not listens(ports[0])


def test_an_api_that_never_gets_ready_is_given_up(tiny: Path, tmp_path: Path) -> None:
    (tiny / "truth.toml").write_text(TRUTH.replace('"/ready"', '"/never"'), encoding="utf-8")

    async def wait() -> None:
        async with serve(load(tiny), (), log=tmp_path / "log", ready_s=1.0):
            pytest.fail("it is not ready")

    with pytest.raises(ServeError, match=r"not ready at .*/never after 1 s: it answers 401"):
        asyncio.run(wait())


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
