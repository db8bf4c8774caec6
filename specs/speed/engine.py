"""How fast the engine sends, beside a bare client that sends the same requests with the same concurrency."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from specfuzz.contract import derive, parse
from specfuzz.engine import Options, Run
from specfuzz.generation import infer_links
from specfuzz.http.driver import AsyncDriver
from specfuzz.identities import read_auth_file
from specs.runner.serve import serve
from specs.runner.truth import Truth
from specs.speed.target import USERS, document

CONCURRENCY = 8  # specfuzz's own default
RESOURCES = 20
ROUNDS = 3
LATENCY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One round: the same requests by the engine and by the bare client."""

    requests: int
    engine_s: float
    bare_s: float

    @property
    def ratio(self) -> float:
        """The engine's requests per second as a share of the bare client's."""
        return self.bare_s / self.engine_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run against an API that takes its time."""

    requests: int
    engine_s: float

    @property
    def ideal_s(self) -> float:
        return self.requests * LATENCY_S / CONCURRENCY

    @property
    def ratio(self) -> float:
        return self.engine_s / self.ideal_s


async def pace(folder: Path) -> list[Pace]:
    """The engine against a fast server, each round beside the bare client."""
    return [await _round(folder) for _ in range(ROUNDS)]


async def waiting(folder: Path) -> Waiting:
    """The engine against the same server with latency."""
    async with serve(_target(folder, LATENCY_S), (), log=folder / "target.log") as origin:
        requests, seconds = await _engine(folder, origin)
    return Waiting(requests=requests, engine_s=seconds)


async def _round(folder: Path) -> Pace:
    async with serve(_target(folder, 0.0), (), log=folder / "target.log") as origin:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"{origin}/__requests")
            requests, engine_s = await _engine(folder, origin)
            seen: list[dict[str, Any]] = (await client.get(f"{origin}/__requests")).json()
        bare_s = await _bare(origin, seen)
    return Pace(requests=requests, engine_s=engine_s, bare_s=bare_s * requests / len(seen))


async def _engine(folder: Path, origin: str) -> tuple[int, float]:
    """The engine alone: imports and the reading of the document are done before the clock starts."""
    read = parse((folder / "things.json").read_text(encoding="utf-8"), "things.json")
    contract = derive(read, infer_links(read))
    identities = read_auth_file(folder / "auth.yaml")
    async with AsyncDriver(origin) as driver:
        run = Run(contract, driver, Options(identities=identities, concurrency=CONCURRENCY))
        started = time.perf_counter()
        result = await run.execute()
        return result.requests, time.perf_counter() - started


async def _bare(origin: str, seen: list[dict[str, Any]]) -> float:
    waiting = deque(seen)

    async def worker(client: httpx.AsyncClient) -> None:
        while waiting:
            one = waiting.popleft()
            headers = [pair for pair in one["headers"] if pair[0] not in ("host", "content-length", "connection")]
            body = base64.b64decode(one["body"])
            await client.request(one["method"], origin + one["target"], headers=headers, content=body)

    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        started = time.perf_counter()
        await asyncio.gather(*(worker(client) for _ in range(CONCURRENCY)))
        return time.perf_counter() - started


def _target(folder: Path, latency_s: float) -> Truth:
    """The server as an API that the runner can start."""
    folder.joinpath("things.json").write_text(json.dumps(document(RESOURCES)), encoding="utf-8")
    users = [{"name": user, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {user}"}]} for user in USERS]
    folder.joinpath("auth.yaml").write_text(json.dumps({"auth": users}), encoding="utf-8")
    script = str(Path(__file__).with_name("target.py"))
    return Truth(
        folder=folder,
        name="things",
        stack="bare ASGI",
        command=("{python}", script, "--port", "{port}", "--on", "{switches}", "--latency", str(latency_s)),
        ready="/__ready",
        spec="things.json",
        base_path="",
        auth="auth.yaml",
        weaknesses=(),
        consequences=(),
        traps=(),
    )
