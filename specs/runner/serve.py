"""Start an API by its own command, wait until it answers, and stop it whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import httpx

from specs.runner.truth import Truth

READY_S = 20.0  # a cold start of the slowest framework, on a loaded machine
POLL_S = 0.05
GRACE_S = 5.0  # between asking a process to end and ending it


class ServeError(Exception):
    """The API did not start: its command, and what it said."""


_handed_out: set[int] = set()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that no other run of ours was given."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _handed_out:
            _handed_out.add(port)
            return port


def command_of(truth: Truth, port: int, switches: Collection[str]) -> list[str]:
    """The API's command with its places filled in; the switches in the order of the truth, or `none`."""
    ordered = [name for name in truth.switches if name in switches]
    places = {"{python}": sys.executable, "{port}": str(port), "{switches}": ",".join(ordered) or "none"}
    filled = []
    for part in truth.command:
        for place, value in places.items():
            part = part.replace(place, value)
        filled.append(part)
    return filled


@contextlib.asynccontextmanager
async def serve(truth: Truth, switches: Collection[str], *, log: Path, ready_s: float = READY_S) -> AsyncIterator[str]:
    """A fresh API with these switches on; gives its origin (`http://127.0.0.1:PORT`). Raises `ServeError`."""
    port = free_port()
    command = command_of(truth, port, switches)
    with log.open("wb") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=truth.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        except OSError as error:
            raise ServeError(f"{truth.name} cannot be started with {command[0]!r}: {error.strerror}") from None
    origin = f"http://127.0.0.1:{port}"
    try:
        await _ready(process, origin + truth.ready, truth.name, log, ready_s)
        yield origin
    finally:
        await stop(process)
        _handed_out.discard(port)


async def stop(process: asyncio.subprocess.Process) -> None:
    """End a process that we started in a session of its own, with all that it started in turn."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            await asyncio.wait_for(process.wait(), GRACE_S)
        except TimeoutError:
            continue
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        return


async def _ready(process: asyncio.subprocess.Process, url: str, name: str, log: Path, ready_s: float) -> None:
    """Poll until the API answers 200. Gives up when it ends or the time is over."""
    last = "nothing listens there"
    try:
        async with asyncio.timeout(ready_s), httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while process.returncode is None:
                try:
                    response = await client.get(url)
                except httpx.HTTPError:
                    await asyncio.sleep(POLL_S)
                    continue
                if response.status_code == 200:
                    return
                last = f"it answers {response.status_code}"
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise ServeError(f"{name} is not ready at {url} after {ready_s:g} s: {last}{_tail(log)}") from None
    raise ServeError(f"{name} ended with {process.returncode} before it was ready{_tail(log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")[-6:]
    said = " | ".join(line.strip() for line in lines if line.strip())
    return f"; it said: {said}" if said else ""
