"""What Schemathesis infers about which operation feeds which, as this project's own links.

Schemathesis' dependency analysis is internal (`specs.openapi.stateful.dependencies`, checked with 4.0 to 4.32); where it
fails on a document, the document's declared links and names still connect operations, so its failure is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from specfuzz.contract import Document, Link, Location

MAX_ANALYSED = 5_000
"""Operations. The analysis takes some 5 ms and 170 kB for each: of Microsoft Graph's 11,000, a minute and two gigabytes."""

_BODY = re.compile(r"^\$response\.body#(?P<pointer>/.*)$")
_REFERENCES = {
    "$ref": ("#",),
    "$dynamicRef": ("#",),
    "$recursiveRef": ("#",),
    "$schema": ("http://json-schema.org/", "https://json-schema.org/", "https://spec.openapis.org/"),
}
"""Keywords whose value is looked up, with the beginnings of those that stay here; the meta-schemas are built in."""

_PLACES = {"path": Location.PATH, "query": Location.QUERY, "header": Location.HEADER, "cookie": Location.COOKIE}


def infer_links(document: Document) -> tuple[Link, ...]:
    """Links between the operations of a document: declared ones first, then those that Schemathesis infers."""
    inferred = () if is_too_large_to_analyse(document) else _inferred(document)
    return tuple(dict.fromkeys((*_declared(document), *inferred)))


def is_too_large_to_analyse(document: Document) -> bool:
    """Whether Schemathesis' analysis is left out; declared links, names and paths connect the operations all the same."""
    return len(document.operations) > MAX_ANALYSED


def _declared(document: Document) -> Iterator[Link]:
    by_id = {operation.operation_id: operation.label for operation in document.operations if operation.operation_id}
    for operation in document.operations:
        for reply in operation.replies:
            for node in reply.links.values():
                link, _ = document.schemas.resolve_leniently(node, reply.pointer)
                consumer = by_id.get(str(link.get("operationId"))) or _label(document, str(link.get("operationRef")))
                parameters = link.get("parameters")
                if consumer is not None and isinstance(parameters, Mapping):
                    yield from _links(document, operation.label, consumer, parameters)


def _inferred(document: Document) -> Iterator[Link]:
    from schemathesis.config import SchemathesisConfig
    from schemathesis.core.errors import SchemathesisError
    from schemathesis.specs.openapi.schemas import OpenApiSchema
    from schemathesis.specs.openapi.stateful.dependencies import analyze

    try:
        loaded = document.loaded
        if loaded is None:
            # Not its loader: that turns all keys into texts, which ours are, and reads the schemathesis.toml that happens
            # to lie in the current folder.
            raw = _self_contained(document.raw)
            loaded = OpenApiSchema(raw_schema=raw, config=SchemathesisConfig().projects.get(raw))
        responses = list(analyze(loaded).iter_links())
    except (SchemathesisError, RecursionError, KeyError, TypeError, ValueError, AttributeError):
        # An analysis that stumbles over an odd document leaves names and paths, which `contract` reads by itself.
        return
    for response in responses:
        producer = _label(document, response.producer_operation_ref)
        for link in response.links.values():
            consumer = _label(document, link.operation_ref)
            if producer is None or consumer is None:
                continue
            yield from _links(document, producer, consumer, link.parameters)
            if isinstance(link.request_body, Mapping):
                yield from _body_links(producer, consumer, link.request_body, "")


def _self_contained(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what would make Schemathesis open a file or ask another server.

    Its resolver follows `file:` and `http:` references wherever they lead. Ours never leave the document, and the operations
    that need such a reference are named as unreadable, so that here it may simply be missing.
    """
    document: dict[str, Any] = dict(raw)
    pending: list[Any] = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if any(_leads_out(node, keyword) for keyword in _REFERENCES if keyword in node):
                return cast("dict[str, Any]", _without_foreign(document))
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return document


def _without_foreign(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_foreign(value) for key, value in node.items() if not _leads_out(node, key)}
    return [_without_foreign(item) for item in node] if isinstance(node, list) else node


def _leads_out(node: Mapping[str, Any], keyword: str) -> bool:
    value = node[keyword]
    return keyword in _REFERENCES and isinstance(value, str) and not value.startswith(_REFERENCES[keyword])


def _links(document: Document, producer: str, consumer: str, parameters: Mapping[str, Any]) -> Iterator[Link]:
    for key, expression in parameters.items():
        place, _, name = str(key).partition(".")
        if place not in _PLACES or not name:
            name = str(key)
            operation = document.operation(consumer)
            place = (
                next((item.location.value for item in operation.parameters if item.name == name), "path")
                if operation
                else "path"
            )
        match = _BODY.match(str(expression))
        if match:
            yield Link(
                producer=producer, consumer=consumer, location=_PLACES[place], name=name, pointer=match["pointer"]
            )


def _body_links(producer: str, consumer: str, body: Mapping[str, Any], prefix: str) -> Iterator[Link]:
    for name, expression in body.items():
        if isinstance(expression, Mapping):
            yield from _body_links(producer, consumer, expression, f"{prefix}{name}/")
        elif isinstance(expression, str):
            match = _BODY.match(expression)
            if match:
                yield Link(
                    producer=producer,
                    consumer=consumer,
                    location=Location.BODY,
                    name=f"{prefix}{name}",
                    pointer=match["pointer"],
                )


def _label(document: Document, reference: str) -> str | None:
    """`#/paths/~1users~1{id}/get` as `GET /users/{id}`; None for what this document does not have."""
    parts = reference.split("/")
    if len(parts) != 4 or parts[1] != "paths":
        return None
    path = parts[2].replace("~1", "/").replace("~0", "~")
    return f"{parts[3].upper()} {path}"
