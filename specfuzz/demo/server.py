"""Serves the demo over HTTP on loopback: until interrupted, or for as long as a `with` block lasts."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from .app import create_app
from .weaknesses import ALL

HOST = "127.0.0.1"
STOP_POLL_S = 0.01  # how long stopping may take at most; socketserver's own 0.5 s is felt in tests


class _QuietHandler(WSGIRequestHandler):
    """Logs no requests: a fuzzer's thousands would drown everything else. Errors are still logged."""

    # HTTP/1.1 for kept-alive connections: connecting anew costs more than most requests here.
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    """A threaded server that also hangs up on idle clients when it stops."""

    def __init__(self, port: int, app: Flask) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(HOST, port, app, _QuietHandler)

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Shut every open connection; their threads then end by themselves."""
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)


def serve(port: int = 8000, weaknesses: Collection[str] = ALL) -> None:
    """Serve the demo on 127.0.0.1 until interrupted."""
    with tempfile.TemporaryDirectory(prefix="specfuzz-demo-", ignore_cleanup_errors=True) as directory:
        server = _Server(port, create_app(weaknesses, data_dir=Path(directory)))
        kind = f"insecure, {len(set(weaknesses))} weaknesses" if weaknesses else "repaired"
        url = f"http://{HOST}:{server.port}"
        print(f"specfuzz demo ({kind}) at {url}, document at {url}/openapi.json", flush=True)
        try:
            server.serve_forever(poll_interval=STOP_POLL_S * 10)
        finally:
            server.hang_up()


@contextmanager
def running(weaknesses: Collection[str] = ALL) -> Iterator[str]:
    """Serve the demo with fresh data on a free port in a thread; yields its base URL."""
    with tempfile.TemporaryDirectory(prefix="specfuzz-demo-", ignore_cleanup_errors=True) as directory:
        server = _Server(0, create_app(weaknesses, data_dir=Path(directory)))
        thread = threading.Thread(target=server.serve_forever, args=(STOP_POLL_S,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.port}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()
