"""From text to value: YAML as JSON means it, and texts that were made to hang or to fill the memory."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from specfuzz.contract import DocumentError, derive, parse
from specfuzz.contract.reading import MAX_NESTING, MAX_UNFOLDED, read_text

SOON_S = 20.0
"""Generous for a busy machine; unfolded, the texts below would take hours."""

HEAD = '{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": '


def refusal(text: str) -> str:
    """The one line that a text is refused with, soon."""
    started = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        parse(text, "api.yaml")
    assert time.monotonic() - started < SOON_S
    assert "\n" not in str(caught.value)
    return str(caught.value)


def laughs(levels: int, width: int, merge: bool = False) -> str:
    """The billion laughs: `width` to the power of `levels` values in a few lines."""
    lines = ['a0: &a0 {x: "lol", y: "lol"}']
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} {{<<: [{aliases}]}}" if merge else f"a{level}: &a{level} [{aliases}]")
    return "\n".join(["openapi: 3.0.3", *lines, "paths: {/a: {get: {responses: {}}}}"])


@pytest.mark.parametrize("merge", [False, True], ids=["aliases", "merge-keys"])
def test_a_billion_laughs_are_refused_before_they_are_unfolded(merge: bool) -> None:
    assert "aliases stand for more than" in refusal(laughs(30, 10, merge))


def test_an_anchor_that_stands_for_itself_is_refused() -> None:
    assert "'a' stands for itself" in refusal("openapi: 3.0.3\nx: &a [*a]\npaths: {/a: {get: {}}}")


def test_aliases_that_stand_for_little_are_read() -> None:
    text = laughs(4, 3)
    assert read_text(text, "x")["a3"][2][2][0] == {"x": "lol", "y": "lol"}
    assert len(derive(parse(text, "x")).operations) == 1


def test_the_limit_counts_what_aliases_stand_for() -> None:
    many = "[" + ", ".join(["1"] * 1000) + "]"
    fits = MAX_UNFOLDED // 1002 - 10
    assert len(read_text(f"a: &a {many}\nb: [{', '.join(['*a'] * fits)}]", "x")["b"]) == fits
    with pytest.raises(DocumentError, match="aliases stand for more than"):
        read_text(f"a: &a {many}\nb: [{', '.join(['*a'] * (fits + 20))}]", "x")


@pytest.mark.parametrize("deep", [5_000, 200_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_json_that_is_nested_deeply_is_refused(start: str, end: str, deep: int) -> None:
    assert "nested too deeply" in refusal(f'{HEAD}{{"/a": {start * deep}1{end * deep}}}}}')


@pytest.mark.parametrize(
    "nested",
    ["[" * 100_000, "{a: " * 50_000, "a: " + "- " * 30_000 + "x", "&a " + "[" * (MAX_NESTING + 50) + "*a"],
    ids=["lists", "objects", "compact", "with-alias"],
)
def test_yaml_that_is_nested_deeply_is_refused(nested: str) -> None:
    assert refusal(f"openapi: 3.0.3\nx: {nested}")


@pytest.mark.parametrize("deep", [20, 300])
def test_schemas_that_are_nested_as_deeply_as_can_be_read_give_a_contract(deep: int) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for number in range(deep):
        schema = {"type": "object", "properties": {"a": schema}} if number % 2 else {"allOf": [schema], "oneOf": []}
    body = {"content": {"application/json": {"schema": schema}}}
    raw = {"openapi": "3.0.3", "paths": {"/a/{id}": {"put": {"requestBody": body, "responses": {"200": body}}}}}
    assert len(derive(parse(json.dumps(raw), "x")).operations) == 1


def test_a_text_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specfuzz.contract.reading.MAX_DOCUMENT_BYTES", 1_000_000)
    assert "larger than 1 MB" in refusal(HEAD + '"' + "x" * 1_000_000)


def test_large_json_with_a_mistake_is_not_tried_as_yaml() -> None:
    assert "not JSON" in refusal(HEAD + '{"/a": "' + "x" * 3_000_000)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [id]", "!!python/name:os.system", "!x 1", "!!timestamp [1]"]
)
def test_yaml_tags_make_no_objects(tag: str) -> None:
    assert refusal(f"openapi: 3.0.3\nx: {tag}\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"), ("no", "no"), ("true", True), ("2020-01-01", "2020-01-01"), ("12:30:45", "12:30:45"),
        ("1_000", "1_000"), ("017", "017"), ("0x1F", 31), ("-3", -3), ("1e3", 1000.0), ("1.0", 1.0), (".5", 0.5), ("~", None),
        ("", None), ("null", None), ("3.0.3", "3.0.3"), ("=", "="), ("!!binary aGk=", "aGk="), ("'7'", "7"), ("+1", 1),
        ("!!timestamp 2020-01-01", "2020-01-01"), ("!!str 1", "1"),
    ],
)  # fmt: skip
def test_yaml_scalars_are_read_as_json_would_write_them(written: str, meant: Any) -> None:
    value = read_text(f"a: {written}\n", "x")["a"]
    assert value == meant
    assert type(value) is type(meant)


def test_every_yaml_key_is_a_text() -> None:
    assert read_text("200: a\non: b\n1.5: c\nnull: d\n", "x") == {"200": "a", "on": "b", "1.5": "c", "null": "d"}


def test_merge_keys_are_merged() -> None:
    assert read_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", "x")["b"] == {"x": 1, "y": 3}


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_kept() -> None:
    assert read_text('{"a": "\\ud83d\\ude00 \\ud800 \\uDE00 \\u00e9"}', "x") == {"a": "😀 � � é"}


def test_a_number_of_too_many_digits_is_refused() -> None:
    assert "not an OpenAPI document" in refusal('{"openapi": ' + "9" * 5000 + "}")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_json_and_yaml_of_one_value_read_alike(value: Any) -> None:
    assert read_text(json.dumps(value), "x") == value
    assert read_text(yaml.safe_dump({"a": value}, allow_unicode=False), "x") == {"a": value}


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("&*[]{}:,-<>! ab1\n\"'#|\t~\\"), max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    try:
        read_text(text, "x")
    except DocumentError:
        return


@pytest.mark.parametrize("version", ["3.0.3", "3.1", "3.1.0-rc1", 3.0, "3.2.0"])
def test_versions_that_are_known(version: Any) -> None:
    raw = {"openapi": version, "paths": {"/a": {"get": {"responses": {}}}}}
    assert parse(json.dumps(raw), "x").operations


@pytest.mark.parametrize(("key", "version"), [("openapi", "2.0"), ("openapi", [3]), ("swagger", "1.2"), ("swagger", 3)])
def test_versions_that_are_not(key: str, version: Any) -> None:
    assert "version" in refusal(json.dumps({key: version, "paths": {"/a": {"get": {"responses": {}}}}}))
