"""A fast local API for the engine to run against: bare ASGI, in memory, and it remembers the requests that it got.

`python target.py --port N [--latency SECONDS]`. Every resource has create, list, read, update and delete; every object is
its owner's alone. GET /__requests gives what was received so far and forgets it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

USERS = ("alice", "bob")


def document(resources: int) -> dict[str, Any]:
    """The API's document: five operations a resource."""
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    writable: dict[str, Any] = {"title": {"type": "string", "minLength": 1}, "amount": {"type": "integer"}}
    shown = {"id": {"type": "integer", "readOnly": True}, "owner": {"type": "string", "readOnly": True}, **writable}
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for number in range(resources):
        name = f"Thing{number}"
        schemas[name] = {"type": "object", "required": ["id", "title"], "properties": shown}
        schemas[f"{name}Write"] = {"type": "object", "required": ["title"], "properties": writable}
        one, many = {"$ref": f"#/components/schemas/{name}"}, f"/things{number}"
        body = {"required": True, "content": _json({"$ref": f"#/components/schemas/{name}Write"})}
        refused = {"401": {"description": "Log in"}, "404": {"description": "No such object of yours"}}
        paths[many] = {
            "post": {
                "requestBody": body,
                "responses": {"201": {"description": "Made", "content": _json(one)}, **refused},
            },
            "get": {
                "summary": "List your own",
                "responses": {"200": {"description": "Yours", "content": _json({"type": "array", "items": one})}},
            },
        }
        changed = {"200": {"description": "It", "content": _json(one)}, **refused}
        paths[f"{many}/{{id}}"] = {
            "parameters": [identifier],
            "get": {"summary": "Read one of your own", "responses": changed},
            "patch": {"requestBody": body, "responses": changed},
            "delete": {"responses": {"204": {"description": "Gone"}, **refused}},
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}, "schemas": schemas},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


class Things:
    """The ASGI application."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._things: dict[tuple[str, int], dict[str, Any]] = {}
        self._ids = itertools.count(1)
        self._seen: list[dict[str, Any]] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["path"].startswith("/__"):
            status, answer = 200, self._seen
            self._seen = []
        else:
            self._remember(scope, body)
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            status, answer = self._answer(scope, body)
        content = b"" if status == 204 else json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _remember(self, scope: MutableMapping[str, Any], body: bytes) -> None:
        target = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        self._seen.append(
            {
                "method": scope["method"],
                "target": f"{target}?{query}" if query else target,
                "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
                "body": base64.b64encode(body).decode(),
            }
        )

    def _answer(self, scope: MutableMapping[str, Any], body: bytes) -> tuple[int, Any]:
        token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        user = token.removeprefix("Bearer ")
        if user not in USERS:
            return 401, {"detail": "Log in."}
        parts = scope["path"].strip("/").split("/")
        if len(parts) == 1:
            return self._collection(scope["method"], parts[0], user, body)
        found = self._things.get((parts[0], int(parts[1]))) if parts[1].isascii() and parts[1].isdigit() else None
        if found is None or found["owner"] != user:
            return 404, {"detail": "No such object of yours."}
        if scope["method"] == "DELETE":
            del self._things[parts[0], found["id"]]
            return 204, None
        if scope["method"] == "PATCH":
            found.update(_writable(body))
        return 200, found

    def _collection(self, method: str, name: str, user: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return 200, [one for (kind, _), one in self._things.items() if kind == name and one["owner"] == user][-50:]
        thing = {"id": next(self._ids), "owner": user, "title": "", "amount": 0, **_writable(body)}
        self._things[name, thing["id"]] = thing
        return 201, thing


def _writable(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except ValueError:
        return {}
    return {key: sent[key] for key in ("title", "amount") if key in sent} if isinstance(sent, dict) else {}


def main() -> None:
    import uvicorn

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    options.add_argument("--on", default="none")
    chosen = options.parse_args()
    app = Things(chosen.latency)
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="critical", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
