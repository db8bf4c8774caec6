"""Runs against the small applications in `apps`: in process on virtual time, or served on loopback for the command line."""

from __future__ import annotations

import asyncio
import json
import selectors
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

HERE = str(Path(__file__).parent)
if (
    HERE not in sys.path
):  # pytest's importlib mode leaves sys.path alone, and the applications are a package of their own
    sys.path.insert(0, HERE)

from apps.notebook import Notebook  # noqa: E402

from specfuzz.contract import derive, parse  # noqa: E402
from specfuzz.engine import Options, Run  # noqa: E402
from specfuzz.findings import Result  # noqa: E402
from specfuzz.generation import infer_links  # noqa: E402
from specfuzz.http.driver import AsyncDriver  # noqa: E402

RunApp = Callable[..., Result]


@pytest.fixture
def run_app() -> RunApp:
    """Test an application against its own document; waiting passes virtual time only."""
    return _run_app


def _run_app(app: Notebook, *, seed: int = 7, concurrency: int = 8) -> Result:
    async def execute() -> Result:
        app.clock = asyncio.get_running_loop().time
        document = parse(json.dumps(app.document()), "notes.json")
        contract = derive(document, infer_links(document))
        async with AsyncDriver("http://notes.test", transport=_InProcess(app)) as driver:
            return await Run(contract, driver, Options(seed=seed, concurrency=concurrency)).execute()

    with asyncio.Runner(loop_factory=_VirtualTimeLoop) as runner:
        return runner.run(execute())


class _InProcess(httpx.AsyncBaseTransport):
    """Requests answered by a notebook. (`httpx.ASGITransport` looks for trio on disk at every request, a fifth of a run.)"""

    def __init__(self, app: Notebook) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        await asyncio.sleep(0)  # others may go on, as over a socket
        reply = self._app.handle(request.method, request.url.raw_path.decode(), request.headers, body)
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


class _VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that does not wait: where every task sleeps, its clock jumps to the first that wakes."""

    def __init__(self) -> None:
        self._skipped_s = 0.0
        loop = self

        class Selector(selectors.SelectSelector):
            def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
                if timeout:
                    loop._skipped_s += timeout
                return super().select(timeout and 0)

        super().__init__(Selector())

    def time(self) -> float:
        return self._skipped_s  # nothing of the real time, so that the order of things is the same on a busy machine


Hook = Callable[["Served", str, str], None]


class Served:
    """A notebook behind a real socket. `hook` sees each request once the application dealt with it, before the answer."""

    def __init__(self, app: Notebook, hook: Hook | None = None) -> None:
        self.app = app
        self.hook = hook
        self._lock = threading.Lock()
        self._is_gone = False
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.document = f"{self.url}/openapi.json"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def vanish(self) -> None:
        """From now on nobody answers: no new connection is accepted, open ones are hung up."""
        with self._lock:
            was_gone, self._is_gone = self._is_gone, True
        if not was_gone:
            self._server.shutdown()
            self._server.server_close()

    def close(self) -> None:
        self.vanish()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with served._lock:
                    if served._is_gone:
                        self.close_connection = True
                        return
                    reply = served.app.handle(self.command, self.path, headers, body)
                if served.hook is not None:
                    served.hook(served, self.command, self.path)
                if served._is_gone:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                if reply.status not in (204, 304):
                    self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = answer

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up (it was interrupted) is no error here."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve applications on loopback until the test ends."""
    servers: list[Served] = []

    def start(app: Notebook, hook: Hook | None = None) -> Served:
        servers.append(Served(app, hook))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
