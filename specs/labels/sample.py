"""Pick operations at random from the corpus and cut out of each document what is about them: `python -m specs.labels.sample`.

One document a provider, so that three providers with hundreds of documents each do not make the sample. The excerpts hold
the chosen operations and their neighbours, because what an operation does is told by its neighbours, too.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from specs.corpus.packages import unpack
from specs.speed.documents import METHODS, Unavailable

SEEDS = {20261125: 18, 20261126: 9}
"""Documents picked with each seed. The second draw replaced the first's half set aside once that had been looked at."""

OPERATIONS = 9  # of each document
SIZES = range(15, 1001)  # operations of a document: those that this tool is for

NEIGHBOURS = 6  # other paths kept for each chosen one
DEPTH = 3  # levels of nesting kept of a schema
PROSE_CHARS = 420
NOTE_CHARS = 120  # of a property's description
CHOICES = 6  # values kept of an enum

_KEPT_KEYWORDS = ("type", "format", "readOnly", "writeOnly", "required", "additionalProperties", "enum", "nullable")


def pick(documents: Mapping[str, Path]) -> dict[str, tuple[dict[str, Any], list[tuple[str, str]]]]:
    """For each picked document its parsed text and the chosen (path, method)s, in the order of picking."""
    providers: dict[str, list[str]] = {}
    for name in sorted(documents):
        if ".deref" not in name:
            providers.setdefault(name.rsplit("/", 1)[0] if name.startswith("@") else name.split("/")[1], []).append(
                name
            )
    picked: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {}
    for seed, wanted in SEEDS.items():
        chance = random.Random(seed)
        order = sorted(providers)
        chance.shuffle(order)
        until = len(picked) + wanted
        for provider in order:
            if len(picked) == until:
                break
            name = chance.choice(providers[provider])
            raw = json.loads(documents[name].read_text(encoding="utf-8"))
            operations = sorted(_operations(raw))
            if len(operations) in SIZES and name not in picked:
                picked[name] = (raw, chance.sample(operations, OPERATIONS))
    return picked


def _operations(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, item in (raw.get("paths") or {}).items():
        for method in (*METHODS[:4], "patch"):
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield path, method


def excerpt(raw: Mapping[str, Any], chosen: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A small document of the chosen operations and their neighbours."""
    paths = raw["paths"]
    wanted: dict[str, None] = {}
    for path, _ in chosen:
        wanted[path] = None
        near = [other for other in paths if other != path and _related(path, other)]
        wanted.update(dict.fromkeys(near[:NEIGHBOURS]))
    cutter = _Cutter(raw)
    made: dict[str, Any] = {
        "openapi": str(raw.get("openapi", "3.0.0")),
        "info": {"title": str(raw["info"].get("title", "")), "version": str(raw["info"].get("version", ""))},
        "paths": {path: cutter.item(item) for path, item in paths.items() if path in wanted},
    }
    if "security" in raw:
        made["security"] = raw["security"]
    schemes = (raw.get("components") or {}).get("securitySchemes") or {}
    made["components"] = {
        "securitySchemes": {name: _scheme(node) for name, node in schemes.items()},
        "schemas": cutter.schemas,
    }
    return made


def _related(path: str, other: str) -> bool:
    """Whether one path is the collection or an item of the other."""
    base = re.sub(r"(/{[^}]+})+$", "", path)
    there = re.sub(r"(/{[^}]+})+$", "", other)
    return base == there or base.rsplit("/", 1)[0] == there or base == there.rsplit("/", 1)[0] or base in other[:-1]


def _scheme(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("type", "scheme", "in", "name") if key in node}


class _Cutter:
    """Copies operations without what says nothing about them; schemas that they refer to are gathered."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self.schemas: dict[str, Any] = {}

    def item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if item.get("parameters"):
            made["parameters"] = [self._parameter(node) for node in item["parameters"]]
        for method in METHODS:
            if isinstance(item.get(method), dict):
                made[method] = self._operation(item[method])
        return made

    def _operation(self, node: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {key: node[key] for key in ("operationId", "tags", "security") if key in node}
        for key in ("summary", "description"):
            if isinstance(node.get(key), str) and node[key].strip():
                made[key] = _cut(node[key], PROSE_CHARS)
        if node.get("parameters"):
            made["parameters"] = [self._parameter(each) for each in node["parameters"]]
        body = self._follow(node.get("requestBody"))
        if isinstance(body, dict) and body.get("content"):
            made["requestBody"] = {"content": self._content(body["content"])}
        made["responses"] = {}
        for status, reply in (node.get("responses") or {}).items():
            reply = self._follow(reply) or {}
            kept: dict[str, Any] = {"description": _cut(str(reply.get("description", "")), NOTE_CHARS)}
            if status[:1] in "2d" and reply.get("content"):
                kept["content"] = self._content(reply["content"])
            made["responses"][status] = kept
        return made

    def _content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        media, node = next(iter(content.items()))
        return {media: {"schema": self._schema(node.get("schema") or {}, 0)}}

    def _parameter(self, node: Any) -> dict[str, Any]:
        node = self._follow(node) or {}
        made = {key: node[key] for key in ("name", "in", "required") if key in node}
        if node.get("description"):
            made["description"] = _cut(node["description"], NOTE_CHARS)
        made["schema"] = self._schema(node.get("schema") or {}, DEPTH)
        return made

    def _follow(self, node: Any) -> Any:
        for _ in range(8):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                break
            target: Any = self._raw
            for part in node["$ref"].split("/")[1:]:
                target = target.get(part.replace("~1", "/").replace("~0", "~").replace("%20", " "), {})
            node = target
        return node

    def _schema(self, node: Any, depth: int) -> dict[str, Any]:
        if not isinstance(node, dict):
            return {}
        reference = node.get("$ref")
        if isinstance(reference, str):
            name = reference.rsplit("/", 1)[-1]
            if depth >= DEPTH:
                return {"type": (self._follow(node) or {}).get("type", "object")}
            if name not in self.schemas:
                self.schemas[name] = {}
                self.schemas[name] = self._schema(self._follow(node), depth)
            return {"$ref": f"#/components/schemas/{name}"}
        made: dict[str, Any] = {key: node[key] for key in _KEPT_KEYWORDS if key in node}
        if isinstance(made.get("additionalProperties"), dict):
            del made["additionalProperties"]
        if isinstance(made.get("enum"), list):
            made["enum"] = made["enum"][:CHOICES]
        if isinstance(node.get("description"), str) and depth:
            made["description"] = _cut(node["description"], NOTE_CHARS)
        if depth < DEPTH:
            if isinstance(node.get("properties"), dict):
                made["properties"] = {key: self._schema(each, depth + 1) for key, each in node["properties"].items()}
            if "items" in node:
                made["items"] = self._schema(node["items"], depth)
            for keyword in ("allOf", "oneOf", "anyOf"):
                if isinstance(node.get(keyword), list):
                    made[keyword] = [self._schema(each, depth) for each in node[keyword][:6]]
        return made


def _cut(text: str, chars: int) -> str:
    """The first whole sentences of a text that fit."""
    text = re.sub(r"<[^>]+>", " ", text)
    text = re.sub(r"[ \t\n]+", " ", text).strip()
    if len(text) <= chars:
        return text
    short = text[:chars]
    return short[: max(short.rfind(". ") + 1, 0)] or short


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m specs.labels.sample", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".specfuzz/speed"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("tests/contract/labelled"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        documents = unpack(options.cache)
    except Unavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    index = {}
    for name, (raw, chosen) in pick(documents).items():
        file = f"{re.sub(r'[^A-Za-z0-9.]+', '-', name.split('/', 1)[-1])}.json"
        text = json.dumps(excerpt(raw, chosen), ensure_ascii=False, separators=(",", ":"))
        (options.output / file).write_text(text + "\n", encoding="utf-8")
        index[file] = {"document": name, "operations": [f"{method.upper()} {path}" for path, method in chosen]}
        print(f"{len(text) / 1000:7.1f} kB  {len(list(_operations(raw))):4d} operations  {name}", file=sys.stderr)
    (options.output / "sample.json").write_text(
        json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
