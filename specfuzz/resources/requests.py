"""From an operation and values to a request: path template filled, query, headers and body in their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from specfuzz.contract import Identifier, Location, OperationContract
from specfuzz.generation import Draft
from specfuzz.http import Pairs, Request


class Unnameable(Exception):
    """A request cannot name its object: nothing that was seen tells the identifier."""


Extra = Iterable[tuple[Location, str, str]]


def build_request(
    contract: OperationContract,
    identity: str,
    identifiers: Mapping[Identifier, Any],
    *,
    draft: Draft | None = None,
    parameters: Extra = (),
    headers: Pairs = (),
) -> Request:
    """The request of `identity` for the operation on the object that `identifiers` name.

    Raises `Unnameable` when an identifier of the path has no value.
    """
    path = contract.operation.path
    query: list[tuple[str, str]] = []
    fields: list[tuple[str, str]] = list(headers)
    cookies: list[tuple[str, str]] = []
    body_values: dict[str, Any] = {}
    for identifier, value in identifiers.items():
        if identifier.location is Location.BODY:
            body_values[identifier.name] = value
        elif identifier.location is Location.QUERY:
            query.append((identifier.name, str(value)))
        elif identifier.location is Location.HEADER:
            fields.append((identifier.name, str(value)))
        elif identifier.location is Location.COOKIE:
            cookies.append((identifier.name, str(value)))
        elif value is not None:
            path = path.replace("{" + identifier.name + "}", quote(str(value), safe=""))
    left = re.search(r"{([^}]+)}", path)
    if left:
        raise Unnameable(f"no value for the path parameter {left[1]} of {contract.label}")
    for place, name, text in parameters:
        if place is Location.QUERY:
            query.append((name, text))
        elif place is Location.HEADER:
            fields.append((name, text))
        elif place is Location.COOKIE:
            cookies.append((name, text))
    content = b""
    if draft is not None:
        if body_values and isinstance(draft.value, Mapping):
            draft = draft.with_value({**draft.value, **body_values})
        content = draft.content
        fields.append(("Content-Type", draft.content_type))
    return Request(
        method=contract.operation.method,
        path=path,
        query=tuple(query),
        headers=tuple(fields),
        cookies=tuple(cookies),
        body=content,
        identity=identity,
        operation=contract.label,
    )
