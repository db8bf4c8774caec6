"""Loading: a document's text becomes operations, whatever of OpenAPI 3.0, 3.1 or Swagger 2.0 it is written in.

What differs between the versions is levelled here, so that no other module knows that Swagger 2.0 exists. An operation
that cannot be read is named, with the reason; the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from specfuzz.contract.errors import ContractError, DocumentError
from specfuzz.contract.model import Body, Location, Operation, Parameter, Reply, Schema
from specfuzz.contract.reading import read_text
from specfuzz.contract.schemas import Schemas, escape_pointer

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FORM = "application/x-www-form-urlencoded"
_SCHEMA_KEYWORDS = (
    "type format enum default minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern "
    "items minItems maxItems uniqueItems collectionFormat"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An operation that the document has and we cannot use, with the reason."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A readable document. `raw` is its parsed text, `loaded` what Schemathesis made of it (for `generation` only).

    `text` is what it was parsed from, for lines and columns; empty where it came parsed.
    """

    location: str
    title: str
    version: str
    operations: tuple[Operation, ...]
    unreadable: tuple[Unreadable, ...]
    security_schemes: Mapping[str, Mapping[str, Any]]
    servers: tuple[str, ...]
    raw: Mapping[str, Any]
    schemas: Schemas
    loaded: Any = field(repr=False, compare=False, default=None)
    text: str = field(repr=False, compare=False, default="")
    asks_for_credentials: bool = False
    """Whether any operation asks for credentials; where none does, the document's silence says nothing."""
    always_declares_401: bool = False
    """Whether every operation declares the answer 401, as generators do."""
    _by_label: dict[str, Operation] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.operations:
            self._by_label.setdefault(item.label, item)

    def operation(self, label: str) -> Operation | None:
        return self._by_label.get(label)


def parse(text: str, location: str) -> Document:
    """The document in `text`, which came from `location` (a path or URL, for messages).

    Raises `DocumentError` if it is not JSON or YAML, not OpenAPI, or has no operation that can be read.
    """
    raw = read_text(text, location)
    if not isinstance(raw, dict):
        raise DocumentError("not an OpenAPI document: it is not an object", where=location)
    _check_version(raw, location)
    return replace(from_raw(raw, location), text=text)


def from_raw(raw: Any, location: str, *, loaded: Any = None) -> Document:
    """The document that is already parsed. Raises `DocumentError` as `parse` does."""
    if not isinstance(raw, Mapping):
        raise DocumentError("the document is not an object", where=location)
    paths = raw.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise DocumentError(
            "the document has no `paths`", where=location, hint="is this the right file? it describes no operation"
        )
    reader = _Reader(raw)
    operations, unreadable = reader.read()
    if not operations:
        why = f"; the first: {unreadable[0].label}: {unreadable[0].reason}" if unreadable else ""
        raise DocumentError(f"the document has no operation that can be read{why}", where=location)
    info = raw.get("info")
    info = info if isinstance(info, Mapping) else {}
    return Document(
        location=location,
        title=str(info.get("title") or "API"),
        version=str(raw.get("openapi") or raw.get("swagger") or ""),
        operations=tuple(operations),
        unreadable=tuple(unreadable),
        security_schemes=reader.security_schemes(),
        servers=tuple(reader.servers()),
        raw=raw,
        schemas=reader.schemas,
        loaded=loaded,
        asks_for_credentials=any(operation.security for operation in operations),
        always_declares_401=len(operations) > 1
        and all(any(reply.status == "401" for reply in operation.replies) for operation in operations),
    )


_VERSION = re.compile(r"3\.[0-2](\.\d+)?(-.+)?")


def _check_version(raw: Mapping[str, Any], location: str) -> None:
    """A version is a text; people write it as a number, too."""
    version = raw.get("openapi", raw.get("swagger"))
    if version is None:
        raise DocumentError(
            "not an OpenAPI document: it has neither `openapi` nor `swagger`, which say the version", where=location
        )
    said = str(version)
    known = _VERSION.fullmatch(said) if "openapi" in raw else said in ("2.0", "2")
    if isinstance(version, bool) or not known:
        raise DocumentError(f"not an OpenAPI document that is known: its version is {said[:40]!r}", where=location)


class _Reader:
    """Walks one parsed document. Its methods raise `ContractError` for what cannot be read."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.schemas = Schemas(raw)
        self.is_swagger = "swagger" in raw

    def read(self) -> tuple[list[Operation], list[Unreadable]]:
        operations: list[Operation] = []
        unreadable: list[Unreadable] = []
        for path, node in self.raw["paths"].items():
            pointer = f"#/paths/{escape_pointer(str(path))}"
            if not str(path).startswith("/"):
                if not str(path).startswith("x-"):
                    unreadable.append(Unreadable(label=str(path), reason="a path must begin with a slash"))
                continue
            try:
                item, item_pointer = self.schemas.resolve(node, pointer)
                if not isinstance(node, Mapping):
                    raise ContractError("its entry is not an object", where=pointer)
            except ContractError as error:
                unreadable.append(Unreadable(label=str(path), reason=str(error)))
                continue
            for method in _METHODS:
                if method not in item:
                    continue
                label = f"{method.upper()} {path}"
                try:
                    operations.append(self._operation(str(path), method, item, f"{item_pointer}"))
                except ContractError as error:
                    unreadable.append(Unreadable(label=label, reason=str(error)))
        return operations, unreadable

    def _operation(self, path: str, method: str, item: Mapping[str, Any], item_pointer: str) -> Operation:
        pointer = f"{item_pointer}/{method}"
        node, _ = self.schemas.resolve(item[method], pointer)
        parameters, bodies = self._inputs(item, node, item_pointer, pointer)
        known = {parameter.name for parameter in parameters if parameter.location is Location.PATH}
        parameters.extend(
            Parameter(name=name, location=Location.PATH, schema={"type": "string"}, required=True, pointer=pointer)
            for name in template_names(path)
            if name not in known  # poor documents forget to declare them; the template still needs a value
        )
        security, security_pointer = self._security(node, pointer)
        tags = node.get("tags")
        return Operation(
            method=method.upper(),
            path=path,
            pointer=pointer,
            operation_id=_text(node.get("operationId")) or None,
            summary=_text(node.get("summary")) or _text(item.get("summary")),
            description=_text(node.get("description")) or _text(item.get("description")),
            tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
            parameters=tuple(parameters),
            bodies=tuple(bodies),
            replies=tuple(self._replies(node, pointer)),
            security=security,
            security_pointer=security_pointer,
            extensions={
                **{key: value for key, value in item.items() if str(key).startswith("x-")},
                **{key: value for key, value in node.items() if str(key).startswith("x-")},
            },
        )

    def _inputs(
        self, item: Mapping[str, Any], node: Mapping[str, Any], item_pointer: str, pointer: str
    ) -> tuple[list[Parameter], list[Body]]:
        found: dict[tuple[str, str], Parameter] = {}
        bodies: list[Body] = []
        form: dict[str, Any] = {}
        form_required: list[str] = []
        for owner, where in ((item, item_pointer), (node, pointer)):
            declared = owner.get("parameters")
            for index, entry in enumerate(declared if isinstance(declared, list) else ()):
                parameter, at = self.schemas.resolve(entry, f"{where}/parameters/{index}")
                name, place = _text(parameter.get("name")), _text(parameter.get("in"))
                if place == "body":
                    schema, schema_at = self.schemas.resolve(parameter.get("schema", {}), f"{at}/schema")
                    bodies.extend(
                        Body(
                            media_type=media_type,
                            schema=schema,
                            required=bool(parameter.get("required", True)),
                            pointer=schema_at,
                            examples=_examples(schema),
                        )
                        for media_type in self._consumes(node)
                    )
                elif place == "formData" and name:
                    form[name] = _schema_of(parameter)
                    if parameter.get("required") is True:
                        form_required.append(name)
                elif place in ("path", "query", "header", "cookie") and name:
                    found[place, name] = self._parameter(parameter, name, Location(place), at)
        if form:
            media = next((item for item in self._consumes(node) if "form" in item), _FORM)
            has_file = any(entry.get("type") == "file" for entry in form.values())
            bodies.append(
                Body(
                    media_type="multipart/form-data" if has_file else media,
                    schema={"type": "object", "properties": form, "required": form_required},
                    required=bool(form_required),
                    pointer=f"{pointer}/parameters",
                )
            )
        bodies.extend(self._request_body(node, pointer))
        return list(found.values()), bodies

    def _parameter(self, node: Mapping[str, Any], name: str, location: Location, pointer: str) -> Parameter:
        schema: Schema
        if "schema" in node:
            schema, _ = self.schemas.resolve(node["schema"], f"{pointer}/schema")
        elif isinstance(node.get("content"), Mapping) and node["content"]:
            media = next(iter(node["content"].values()))
            raw = media.get("schema", {}) if isinstance(media, Mapping) else {}
            schema, _ = self.schemas.resolve(raw, f"{pointer}/content")
        else:
            schema = _schema_of(node)
        return Parameter(
            name=name,
            location=location,
            schema=schema,
            required=location is Location.PATH or node.get("required") is True,
            pointer=pointer,
            description=_text(node.get("description")),
            examples=(*_examples(node), *_examples(schema)),
        )

    def _request_body(self, node: Mapping[str, Any], pointer: str) -> Iterator[Body]:
        if "requestBody" not in node:
            return
        body, at = self.schemas.resolve(node["requestBody"], f"{pointer}/requestBody")
        content = body.get("content")
        for media_type, media in content.items() if isinstance(content, Mapping) else ():
            if not isinstance(media, Mapping):
                continue
            where = f"{at}/content/{escape_pointer(str(media_type))}/schema"
            schema, schema_at = self.schemas.resolve(media.get("schema", {}), where)
            yield Body(
                media_type=str(media_type),
                schema=schema,
                required=body.get("required") is True,
                pointer=schema_at,
                examples=(*_examples(media), *_examples(schema)),
            )

    def _replies(self, node: Mapping[str, Any], pointer: str) -> Iterator[Reply]:
        declared = node.get("responses")
        for status, entry in declared.items() if isinstance(declared, Mapping) else ():
            if str(status).startswith("x-"):
                continue
            where = f"{pointer}/responses/{status}"
            reply, at = self.schemas.resolve_leniently(entry, where)
            description = _text(reply.get("description"))
            links = reply.get("links")
            links = links if isinstance(links, Mapping) else {}
            content = reply.get("content")
            if "schema" in reply:  # Swagger 2.0
                content = {"application/json": {"schema": reply["schema"]}}
            if not isinstance(content, Mapping) or not content:
                yield Reply(
                    status=str(status), description=description, media_type=None, schema=None, pointer=at, links=links
                )
                continue
            for media_type, media in content.items():
                raw = media.get("schema") if isinstance(media, Mapping) else None
                schema_at = (
                    f"{at}/schema" if "schema" in reply else f"{at}/content/{escape_pointer(str(media_type))}/schema"
                )
                schema = None
                if raw is not None:
                    schema, schema_at = self.schemas.resolve_leniently(raw, schema_at)
                yield Reply(
                    status=str(status),
                    description=description,
                    media_type=str(media_type),
                    schema=schema,
                    pointer=schema_at,
                    links=links,
                )

    def _security(
        self, node: Mapping[str, Any], pointer: str
    ) -> tuple[tuple[Mapping[str, tuple[str, ...]], ...] | None, str]:
        declared, where = (node["security"], f"{pointer}/security") if "security" in node else (None, "#/security")
        if declared is None:
            declared = self.raw.get("security")
        if not isinstance(declared, list):
            return None, pointer
        alternatives = tuple(
            {str(name): tuple(map(str, scopes if isinstance(scopes, list) else ())) for name, scopes in entry.items()}
            for entry in declared
            if isinstance(entry, Mapping)
        )
        return alternatives, where

    def _consumes(self, node: Mapping[str, Any]) -> list[str]:
        declared = node.get("consumes") or self.raw.get("consumes")
        if isinstance(declared, list) and declared:
            return [str(item) for item in declared]
        return ["application/json"]

    def security_schemes(self) -> dict[str, Mapping[str, Any]]:
        if self.is_swagger:
            declared = self.raw.get("securityDefinitions")
        else:
            components = self.raw.get("components")
            declared = components.get("securitySchemes") if isinstance(components, Mapping) else None
        if not isinstance(declared, Mapping):
            return {}
        return {
            str(name): _level_scheme(self.schemas.resolve_leniently(node, f"#/{name}")[0])
            for name, node in declared.items()
        }

    def servers(self) -> Iterator[str]:
        if self.is_swagger:
            base = _text(self.raw.get("basePath")) or "/"
            host = _text(self.raw.get("host"))
            schemes = self.raw.get("schemes")
            scheme = schemes[0] if isinstance(schemes, list) and schemes else "http"
            yield f"{scheme}://{host}{base}" if host else base
            return
        declared = self.raw.get("servers")
        for server in declared if isinstance(declared, list) else ():
            if isinstance(server, Mapping) and isinstance(server.get("url"), str):
                yield _fill_variables(server)


def _fill_variables(server: Mapping[str, Any]) -> str:
    url = str(server["url"])
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(variable, Mapping):
            url = url.replace("{" + str(name) + "}", str(variable.get("default", "")))
    return url


def _level_scheme(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Swagger 2.0's `type: basic` in OpenAPI 3's words."""
    return {"type": "http", "scheme": "basic"} if node.get("type") == "basic" else node


def template_names(path: str) -> list[str]:
    """The parameter names in a path template, in order."""
    return [part.split("}")[0] for part in path.split("{")[1:] if "}" in part]


def _schema_of(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a Swagger 2.0 parameter writes beside its name."""
    schema = {key: parameter[key] for key in _SCHEMA_KEYWORDS if key in parameter}
    for key in ("example", "x-example", "description"):
        if key in parameter:
            schema.setdefault("example" if key == "x-example" else key, parameter[key])
    return schema


def _examples(node: Mapping[str, Any]) -> tuple[Any, ...]:
    """Examples as OpenAPI 2, 3.0 and 3.1 write them, the author's order kept."""
    found: list[Any] = []
    for key in ("example", "x-example"):
        if key in node:
            found.append(node[key])
    several = node.get("examples")
    if isinstance(several, Mapping):
        found.extend(entry["value"] for entry in several.values() if isinstance(entry, Mapping) and "value" in entry)
    elif isinstance(several, list):
        found.extend(several)
    return tuple(found)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
