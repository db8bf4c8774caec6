"""Serve the shop on 127.0.0.1: `python app.py --port 8000 [--on switch-a,switch-b | --on all]`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from cornershop.application import create_app
from cornershop.switches import parse
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


class QuietHandler(WSGIRequestHandler):
    """Logs no requests: a fuzzer sends thousands."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Server(ThreadedWSGIServer):
    """A thread for each connection, and room for a burst of them."""

    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, metavar="N", help="port on 127.0.0.1")
    parser.add_argument("--on", default="none", metavar="SWITCHES", help="none, all, or names with commas between")
    options = parser.parse_args()
    try:
        switches = parse(options.on)
    except ValueError as error:
        parser.error(str(error))
    # A plain SIGTERM would end the process without removing its data.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="cornershop-", ignore_cleanup_errors=True) as directory:
        server = Server("127.0.0.1", options.port, create_app(switches, directory=Path(directory)), QuietHandler)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


if __name__ == "__main__":
    main()
