"""The demo over HTTP: it serves, stands concurrent clients, and is gone afterwards."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from specfuzz.demo import ALL, running


def sign_up(url: str, name: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=30)
    account = {"username": name, "email": f"{name}@x.example", "password": "correct horse"}
    assert client.post("/users", json=account).status_code == 201
    answer = client.post("/login", json={"username": name, "password": "correct horse"})
    client.headers["X-CSRFToken"] = answer.json()["csrf_token"]
    return client


@pytest.mark.parametrize("weaknesses", [ALL, ()], ids=["insecure", "repaired"])
def test_it_serves_on_a_free_port_and_stops(weaknesses: tuple[str, ...]) -> None:
    before = set(threading.enumerate())
    with running(weaknesses) as url:
        assert httpx.get(f"{url}/health").json() == {"status": "ok"}
        with contextlib.closing(sign_up(url, "alice")) as client:
            note = client.post("/notes", json={"title": "t"}).json()["id"]
            assert client.get(f"/notes/{note}").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
        assert not thread.is_alive()


def test_stopping_hangs_up_on_idle_clients_and_removes_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running(()) as url:
        client = sign_up(url, "alice")
        assert list(tmp_path.iterdir())
        started = time.monotonic()
    assert time.monotonic() - started < 0.5
    with pytest.raises(httpx.TransportError):
        client.get("/me")
    client.close()
    assert not list(tmp_path.iterdir())


def test_each_run_starts_with_fresh_data() -> None:
    for _ in range(2):
        with running(()) as url:
            sign_up(url, "alice").close()


def test_a_block_that_fails_still_stops_the_server() -> None:
    with contextlib.suppress(RuntimeError), running(()) as url:
        raise RuntimeError
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


@pytest.mark.parametrize("weaknesses", [ALL, ()], ids=["insecure", "repaired"])
def test_concurrent_clients_do_not_disturb_each_other(weaknesses: tuple[str, ...]) -> None:
    def work(number: int) -> set[int]:
        with contextlib.closing(sign_up(url, f"user{number}")) as client:
            statuses = set()
            for count in range(8):
                note = client.post("/notes", json={"title": f"{number}-{count}", "tags": ["t"]}).json()
                statuses.add(client.patch(f"/notes/{note['id']}", json={"body": "b"}).status_code)
            assert client.get("/notes").json()["total"] == 8
            return statuses

    with running(weaknesses) as url, ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(work, range(8))) == {200}


def test_an_unread_body_does_not_spoil_the_connection() -> None:
    with running(()) as url, httpx.Client(base_url=url) as client:
        assert client.post("/users", content=b"GET / HTTP/1.1\r\n\r\n" * 100).status_code == 415
        assert client.get("/health").status_code == 200
        too_large = client.post("/users", content=b"x" * 70_000, headers={"Content-Type": "application/json"})
        assert too_large.status_code == 413
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(("arguments", "said"), [(["--repaired"], "repaired"), (["--only", "csrf-missing"], "1 weak")])
def test_the_command_serves_until_it_is_terminated(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [sys.executable, "-m", "specfuzz.demo", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert said in line
        url = line.rstrip().rsplit(" ", 1)[1]
        assert httpx.get(url).json()["openapi"].startswith("3.")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""
    assert not list(tmp_path.iterdir())


def test_the_command_names_the_near_miss() -> None:
    command = [sys.executable, "-m", "specfuzz.demo", "--only", "csrf-mising"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "did you mean 'csrf-missing'" in ended.stderr
