"""A JSON pointer's line and column in a document's text, in JSON and YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.contract import Positions

JSON = """{
  "openapi": "3.0.3",
  "paths": {
    "/notes/{id}": {"get": {"summary": "one, {two}: \\"three\\"", "tags": ["a", "b"]}},
    "/pile/a~b": {
      "get": {"description": "\\ud83d\\ude00"}
    }
  }
}
"""
YAML = """# a comment
openapi: 3.0.3
paths:
  /notes/{id}:
    get:
      tags: [a, b]
      responses:
        200: {description: fine}
  '/pile/a~b':
    get: &read
      description: |
        many
        lines
    put: *read
"""


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("#", (1, 1)),
        ("#/openapi", (2, 3)),
        ("#/paths/~1notes~1{id}", (4, 5)),
        ("#/paths/~1notes~1{id}/get/tags/1", (4, 79)),
        ("#/paths/~1pile~1a~0b/get/description", (6, 15)),
        ("#/paths/~1pile~1a~0b/get/nowhere/at/all", (6, 7)),
        ("#/paths/~1notes~1{id}/get/tags/7", (4, 65)),
        ("#/components", (1, 1)),
    ],
)
def test_a_pointer_into_json_leads_to_its_key(pointer: str, place: tuple[int, int]) -> None:
    assert Positions(JSON).at(pointer) == place


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("#/openapi", (2, 1)),
        ("#/paths/~1notes~1{id}/get/tags/1", (6, 17)),
        ("#/paths/~1notes~1{id}/get/responses/200", (8, 9)),
        ("#/paths/~1pile~1a~0b/get/description", (11, 7)),
        ("#/paths/~1pile~1a~0b/put/description", (11, 7)),
        ("#/paths/~1pile~1a~0b/put/nowhere", (14, 5)),
    ],
)
def test_a_pointer_into_yaml_leads_to_its_key(pointer: str, place: tuple[int, int]) -> None:
    assert Positions(YAML).at(pointer) == place


@pytest.mark.parametrize("text", ["", "  \n", "\tkey: [", "{'a': &x", "[" * 100_000], ids=repr)
def test_a_text_that_cannot_be_read_has_no_places(text: str) -> None:
    assert Positions(text).at("#/paths") is None


def test_of_a_key_that_is_there_twice_the_last_counts_as_it_does_for_parsers() -> None:
    assert Positions('{"a": 1,\n"a": 2}').at("#/a") == (2, 1)


def test_tabs_and_windows_line_ends_are_counted() -> None:
    assert Positions('{\r\n\t"a": {\r\n\t\t"b": 1}}').at("#/a/b") == (3, 3)


KEYS = st.text(max_size=5)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def pointers(node: Any, at: str = "#") -> list[tuple[str, str]]:
    """Every pointer in a tree, with the key that it leads to as JSON writes it."""
    if isinstance(node, dict):
        items = [(key, json.dumps(key), value) for key, value in node.items()]
    elif isinstance(node, list):
        items = [(str(index), json.dumps(value, indent=1)[:1], value) for index, value in enumerate(node)]
    else:
        items = []
    found = []
    for key, shown, value in items:
        pointer = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        found += [(pointer, shown), *pointers(value, pointer)]
    return found


@given(TREES, st.sampled_from([None, 1, 4]))
def test_every_pointer_of_any_json_leads_to_what_it_names(tree: Any, indent: int | None) -> None:
    text = json.dumps(tree, indent=indent)
    lines = text.split("\n")
    for pointer, shown in pointers(tree):
        line, column = Positions(text).at(pointer) or (0, 0)
        assert lines[line - 1][column - 1 :].startswith(shown), pointer


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), TREES, max_size=4))
def test_every_key_of_any_yaml_is_found_at_the_top(tree: dict[str, Any]) -> None:
    text = yaml.safe_dump(tree)
    lines = text.split("\n")
    for key in tree:
        line, column = Positions(text).at(f"#/{key}") or (0, 0)
        found = lines[line - 1][column - 1 :] if line else ""
        assert found.startswith((key, f"'{key}'", "{")), key
