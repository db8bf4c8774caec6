"""One answer, and the document that it is compared with: what the rules that only look are tried on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specfuzz.contract import derive, from_raw
from specfuzz.http import Exchange, Request, Response
from specfuzz.probes import Break
from specfuzz.probes.registry import probes, watchers
from specfuzz.probes.sight import Sight

JSON = "application/json"


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def list_of(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item}


def answers(schema: Any, media_type: str = JSON) -> dict[str, Any]:
    """A declared response with this schema."""
    return {"description": "done", "content": {media_type: {"schema": schema}}}


def document(
    responses: Mapping[str, Any],
    *,
    label: str = "GET /things",
    takes: Any = None,
    components: Mapping[str, Any] | None = None,
    version: str = "3.0.3",
    **more: Any,
) -> dict[str, Any]:
    """A document with one operation."""
    method, _, path = label.partition(" ")
    operation: dict[str, Any] = {"responses": dict(responses), **more}
    if takes is not None:
        operation["requestBody"] = {"content": {JSON: {"schema": takes}}}
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "paths": {path: {method.lower(): operation}},
        "components": {"schemas": dict(components or {})},
    }


def exchange(
    label: str,
    body: Any,
    *,
    status: int = 200,
    media_type: str = JSON,
    sent: Any = None,
    identity: str = "alice",
    location: str | None = None,
) -> Exchange:
    """An answer of an operation; a text is sent as it is, anything else as JSON."""
    method, _, path = label.partition(" ")
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = Request(
        method=method,
        path=path,
        identity=identity,
        operation=label,
        body=b"" if sent is None else json.dumps(sent).encode(),
    )
    headers = (("Content-Type", media_type), *((("Location", location),) if location else ()))
    return Exchange(request=request, response=Response(status=status, headers=headers, body=content))


def look(rule: str, raw: Mapping[str, Any], seen: Exchange, **sight: Any) -> list[Break]:
    """What a rule sees in an answer, all breaks that the engine would be given; none where it does not look there."""
    contract = derive(from_raw(raw, "things.json"))
    target = contract.get(seen.request.operation or "")
    assert target is not None
    if probes()[rule].why_not(contract, target) is not None:
        return []
    return list(watchers()[rule].look(Sight(contract=contract, target=target, exchange=seen, **sight)))


def fields(breaks: list[Break]) -> dict[str | None, str]:
    """The confidence of each field that was found."""
    return {item.field: str(item.confidence) for item in breaks}
