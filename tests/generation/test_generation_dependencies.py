"""Links from Schemathesis: what they say, and that no document makes its resolver read a file or ask a server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from specfuzz.contract import Location, derive, parse
from specfuzz.generation import infer_links

NOTE = {"type": "object", "properties": {"id": {"type": "integer"}, "title": {"type": "string"}}}


def document(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Notes to make and read, and a second collection whose items have this schema."""
    note = {"$ref": "#/components/schemas/Note"}

    def shows(shown: dict[str, Any]) -> dict[str, Any]:
        return {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": shown}}}}}

    by_id = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/notes": {"post": {"requestBody": {"content": {"application/json": {"schema": note}}}, **shows(note)}},
            "/notes/{id}": {"parameters": by_id, "get": shows(note)},
            "/things": {
                "post": {"requestBody": {"content": {"application/json": {"schema": schema}}}, **shows(schema)}
            },
            "/things/{id}": {"parameters": by_id, "get": shows(schema)},
        },
        "components": {"schemas": {"Note": NOTE, "Thing": schema}},
        **more,
    }


def test_the_made_object_feeds_the_operations_on_it() -> None:
    links = infer_links(parse(json.dumps(document(NOTE)), "x"))
    assert any(
        (link.producer, link.consumer, link.location, link.name, link.pointer)
        == ("POST /notes", "GET /notes/{id}", Location.PATH, "id", "/id")
        for link in links
    )


@pytest.fixture
def origin() -> Iterator[tuple[str, list[str]]]:
    """Another server, and the paths that it was asked for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = json.dumps(NOTE).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


KEYWORDS = {
    "reference": lambda there: {"$ref": there},
    "with-fragment": lambda there: {"$ref": f"{there}#/properties"},
    "beside-properties": lambda there: {**NOTE, "allOf": [{"$ref": there}]},
    "deep-inside": lambda there: {"type": "object", "properties": {"id": {"anyOf": [{"items": {"$ref": there}}]}}},
    "dynamic": lambda there: {**NOTE, "$dynamicRef": there},
    "recursive": lambda there: {**NOTE, "$recursiveRef": there},
    "meta-schema": lambda there: {**NOTE, "$schema": there},
    "base": lambda there: {"$id": there, "$ref": "other.json", "properties": {"a": {"$ref": "#/x"}}},
    "base-alone": lambda there: {
        **NOTE,
        "$id": there,
        "allOf": [{"$ref": "#/components/schemas/Note"}, {"$ref": "#foot"}],
    },
    "old-base": lambda there: {**NOTE, "id": there, "allOf": [{"$ref": "#/definitions/x"}]},
}


@pytest.mark.parametrize("kind", KEYWORDS)
def test_no_reference_makes_a_request(kind: str, origin: tuple[str, list[str]]) -> None:
    there, asked = origin
    found = parse(json.dumps(document(KEYWORDS[kind](f"{there}/schema.json"))), "x")
    links = infer_links(found)
    derive(found, links)
    assert asked == []
    assert any(link.consumer == "GET /notes/{id}" for link in links)  # the rest of the document is still analysed


def test_a_document_wide_dialect_elsewhere_makes_no_request(origin: tuple[str, list[str]]) -> None:
    there, asked = origin
    raw = document(NOTE, **{"$schema": f"{there}/a", "jsonSchemaDialect": f"{there}/b", "$self": f"{there}/c"})
    found = parse(json.dumps(raw), "x")
    derive(found, infer_links(found))
    assert asked == []


WATCHER = """
import json, sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
from specfuzz.cli.target import load_contract
said = {}
for file in sys.argv[1:]:
    contract = load_contract(file)
    said[file] = [[item.label for item in contract.operations], [str(item) for item in contract.document.unreadable]]
print(json.dumps([[path for path in opened if "secret.json" in path or "passwd" in path], said]))
"""


def test_no_reference_opens_a_file(tmp_path: Path) -> None:
    inner = tmp_path / "api"
    inner.mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(NOTE), encoding="utf-8")
    files = []
    for kind in ("reference", "with-fragment", "base"):
        for target in ("file:///etc/passwd", f"file://{tmp_path}/secret.json", "../secret.json", "/etc/passwd"):
            file = inner / f"{len(files)}.json"
            file.write_text(json.dumps(document(KEYWORDS[kind](target))), encoding="utf-8")
            files.append(str(file))
    command = [sys.executable, "-c", WATCHER, *files]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, cwd=inner)
    opened, said = json.loads(ran.stdout)
    assert opened == []
    for readable, unreadable in said.values():
        assert "POST /notes" in readable
        assert any("POST /things" in line and "not followed" in line for line in unreadable)
