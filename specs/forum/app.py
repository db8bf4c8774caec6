"""Serve the forum on 127.0.0.1: `python app.py --port 8000 [--on switch-a,switch-b | --on all]`."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

from agora import config, switches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, metavar="N", help="port on 127.0.0.1")
    parser.add_argument("--on", default="none", metavar="SWITCHES", help="none, all, or names with commas between")
    options = parser.parse_args()
    try:
        switches.activate(switches.parse(options.on))
    except ValueError as error:
        parser.error(str(error))
    # A plain SIGTERM would end the process without removing the database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config.start()
    serve(options.port)


def serve(port: int) -> None:
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Server(ThreadedWSGIServer):
        request_queue_size = 128

    class Handler(WSGIRequestHandler):
        # Head and body are two writes; on a kept-alive connection Nagle would hold the second for 40 ms.
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = Server(("127.0.0.1", port), Handler)
    server.set_app(get_wsgi_application())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
