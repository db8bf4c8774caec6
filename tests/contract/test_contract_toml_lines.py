"""The line of every key, in TOML as people write it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specfuzz.contract.toml_lines import TomlLines

TEXT = '''# comment = 1
shared = ["a",
  "b = 2",  # ] and "
]

[run]
url = "http://h" # x = 1
"rate-limit" = 2.5
a.b = { c = 1, d = [1, 2] }

[[policy]]
path = """
access = "no key"
[[policy]]
"""
access = 'owner'

[[policy]]
path = "/x"

[policy.more]
note = \'\'\'it's ["quoted\'\'\'
last = true

[tool.specfuzz]
seed = 1
[[tool.specfuzz.policy]]
tag = "t"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("shared",), 2),
        (("run",), 6),
        (("run", "url"), 7),
        (("run", "rate-limit"), 8),
        (("run", "a", "b"), 9),
        (("run", "a", "b", "c"), 9),
        (("policy", 0), 11),
        (("policy", 0, "path"), 12),
        (("policy", 0, "access"), 16),
        (("policy", 1), 18),
        (("policy", 1, "path"), 19),
        (("policy", 1, "more", "note"), 22),
        (("policy", 1, "more", "last"), 23),
        (("tool", "specfuzz", "seed"), 26),
        (("tool", "specfuzz", "policy", 0, "tag"), 28),
        (("unheard-of",), 1),
    ],
)
def test_a_key_is_found_where_it_stands(key: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert TomlLines(TEXT).line(key) == line


def test_windows_line_ends_count_as_one() -> None:
    assert TomlLines("a = 1\r\nb = 2\r\n").line(("b",)) == 2


VALUES = st.sampled_from(
    ["1", "true", "2027-01-31", '"text"', "'[x] = \"'", '"""\nk = 1\n[t]\n"""', "'''a\n''b'''", "[1, 2]", "[\n 1, # ]\n]", '{ k = "}" }', '"# no comment"', '"\\""', '""""quoted"""""']
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(["", "[t{n}]", "[[list]]"]), VALUES, st.sampled_from(["", "\n", "# x = [\n"])))
)
def test_every_key_of_any_document_is_found_on_its_line(parts: list[tuple[str, str, str]]) -> None:
    text, table, expected, elements = "", (), {}, 0
    for number, (header, value, filler) in enumerate(parts):
        text += filler
        if header == "[[list]]":
            table, elements = ("list", elements), elements + 1
        elif header:
            table = (f"t{number}",)
        text += header.format(n=number) + ("\n" if header else "")
        expected[(*table, f"k{number}")] = text.count("\n") + 1
        text += f"k{number} = {value}\n"
    tomllib.loads(text)
    lines = TomlLines(text)
    assert {key: lines.line(key) for key in expected} == expected


@given(st.text(alphabet="ab=[]{}.\"'\n# 1,", max_size=60))
def test_no_text_that_is_toml_breaks_it(text: str) -> None:
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert all(1 <= TomlLines(text).line((key,)) <= text.count("\n") + 1 for key in document)
