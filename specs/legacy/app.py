"""Paperdesk: tickets, contacts and invoices over forms and POST.

Plain WSGI on the standard library. `python app.py --port N [--on switch-a,switch-b | --on all]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import accounts  # noqa: F401 - these five register their routes
import billing  # noqa: F401
import contacts  # noqa: F401
import desk  # noqa: F401
import pages
import public  # noqa: F401
import store
import switches
import tokens
from switches import on
from web import ROUTES, SECURITY_HEADERS, Answer, LoginNeeded, Refused, Request, gate, read_body, refusal


def answer(environ: dict[str, Any], body: bytes) -> Answer:
    """What one request gets; a HEAD is a GET whose body is not sent."""
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    try:
        request = Request({**environ, "REQUEST_METHOD": "GET"} if is_head else environ, body)
        if request.path == "/login.html":
            return pages.login_page()
        route = ROUTES.get((request.method, request.path))
        if route is not None:
            gate(route, request)
        if on("method-override-unchecked") and request.method == "POST":
            # SF306: forms cannot send a DELETE. The gate looked at the POST, not at what is called now.
            posted = {**request.query, **request.form}
            overridden = ROUTES.get((posted.get("_method", "").upper(), request.path))
            if overridden is not None and posted["_method"].upper() in ("PUT", "DELETE"):
                request.args, route = posted, overridden
        return route.handler(request) if route is not None else pages.catch_all()
    except LoginNeeded:
        return refusal("please log in", "302 Found", [("Location", "/login.html")])
    except Refused as refused:
        return refusal(str(refused))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    sent = read_body(environ)  # outside the lock: a slow client holds up nobody else
    try:
        with store.LOCK:
            given = answer(environ, sent)
    except Exception:
        given = pages.crash_page()
    body = given.body.encode("utf-8", "replace")
    headers = [("Content-Type", given.kind), ("Content-Length", str(len(body)))]
    start_response(given.status, headers + SECURITY_HEADERS + given.headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def boot(names: str) -> None:
    """A fresh service with these switches on."""
    switches.turn_on(names)
    tokens.new_secrets()
    store.fill()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up; anything of our own is caught before."""


class QuietHandler(WSGIRequestHandler):
    timeout = 30  # seconds that a client may keep us waiting

    def log_message(self, *args: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, metavar="PORT")
    parser.add_argument("--on", default="none", metavar="SWITCHES", help="comma separated, or all, or none")
    options = parser.parse_args()
    try:
        boot(options.on)
    except ValueError as error:
        parser.error(str(error))
    with make_server("127.0.0.1", options.port, application, Server, QuietHandler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
