"""`truth.toml` is read strictly, and the benchmark's own files are whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from specs.runner.rules import RULES
from specs.runner.truth import Truth, TruthError, load

SPECS = Path(__file__).parents[2] / "specs"
FOLDERS = sorted(file.parent for file in SPECS.glob("*/truth.toml"))

Folder = Callable[[str], Path]

HEAD = """\
[api]
name = "tiny"
stack = "the standard library"
command = ["{python}", "app.py", "--port", "{port}", "--on", "{switches}"]
ready = "/health"
spec = "openapi.json"
base_path = "/v1/"
auth = "auth.yaml"
"""


def entry(kind: str = "weakness", **values: object) -> str:
    """One entry of a truth, with what is not given filled in."""
    what = {"name": "lookalike"} if kind == "trap" else {"switch": "note-read-any"}
    filled = {**what, "rule": "SF101", "method": "GET", "path": "/notes/{id}", "why": "It is so.", **values}
    return f"\n[[{kind}]]\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in filled.items() if value is not None
    )


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    """Writes `truth.toml` and what it names into a folder."""

    def write(truth: str) -> Path:
        document = {
            "openapi": "3.0.3",
            "info": {"title": "tiny", "version": "1"},
            "paths": {
                "/notes": {"get": {}, "post": {}, "parameters": []},
                "/notes/{id}": {"get": {}, "patch": {}, "delete": {}},
            },
        }
        (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
        (tmp_path / "auth.yaml").write_text("auth: []\n", encoding="utf-8")
        (tmp_path / "truth.toml").write_text(truth, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_the_truth_of_every_api_is_valid(path: Path) -> None:
    truth = load(path)
    assert truth.name == path.name
    assert truth.switches
    assert truth.traps


def test_a_truth_is_read_as_it_is_written(folder: Folder) -> None:
    truth = load(
        folder(
            HEAD
            + entry(switch="a", field="title", method="PATCH", rule="SF201")
            + entry(switch="b", needs=["a"], document="served")
            + entry("consequence", switch="a", rule="SF104", path="/notes")
            + entry("trap", name="open")
        )
    )
    assert (truth.base_path, truth.switches) == ("/v1", ("a", "b"))
    assert [item.label for item in truth.weaknesses] == ["PATCH /notes/{id} (title)", "GET /notes/{id}"]
    assert (truth.wants_served("a"), truth.wants_served("b")) == (False, True)
    assert (truth.consequences[0].rule, truth.traps[0].name) == ("SF104", "open")


def test_what_a_needed_switch_needs_is_needed(folder: Folder) -> None:
    chain = entry(switch="a") + entry(switch="b", needs=["a"]) + entry(switch="c", needs=["b"])
    truth = load(folder(HEAD + chain))
    assert truth.needed_by("c") == {"a", "b"}
    assert truth.needed_by("a") == frozenset()


def test_switches_that_need_each_other_do_not_hang(folder: Folder) -> None:
    truth = load(folder(HEAD + entry(switch="a", needs=["b"]) + entry(switch="b", needs=["a"])))
    assert truth.needed_by("a") == {"b"}


@pytest.mark.parametrize(
    ("text", "said", "near"),
    [
        ("[api\n", "no TOML", ()),
        (entry(), r"there is no \[api\]", ()),
        (HEAD.replace("ready", "raedy") + entry(), "unknown key 'raedy'", ("ready",)),
        (HEAD.replace(', "{switches}"', "") + entry(), r"`command` has no \{switches\}", ()),
        (HEAD.replace("openapi.json", "openapi.yml") + entry(), "there is no file 'openapi.yml'", ()),
        (HEAD, r"there is no \[\[weakness\]\]", ()),
        (HEAD + "[weakness]\nswitch = 'x'\n", r"write \[\[weakness\]\], with two brackets", ()),
        (HEAD + entry(rule="SF110"), r"\[\[weakness\]\] 1 \(note-read-any\): there is no rule 'SF110'", None),
        (HEAD + entry(method="PTACH"), "`method` is 'PTACH'", None),
        (HEAD + entry(method="get"), "`method` is 'get'", ("GET",)),
        (HEAD + entry(path="/note/{id}"), "no operation 'GET /note/{id}'", None),
        (HEAD + entry(why=None), "`why` is missing", ()),
        (HEAD + entry(field=3), "`field` is 3, not a text", ()),
        (HEAD + entry(feild="title"), "unknown key 'feild'", ("field",)),
        (HEAD + entry(needs="a"), "`needs` is a list", ()),
        (HEAD + entry(document="live"), "`document` is 'live'", ()),
        (HEAD + entry(needs=["note-raed-any"]), "has the switch 'note-raed-any'", ("note-read-any",)),
        (HEAD + entry() + entry("consequence", switch="note-reed-any"), "'note-reed-any'", ("note-read-any",)),
        (HEAD + entry() + entry(), "twice", ()),
    ],
)
def test_a_slip_of_the_pen_is_said(folder: Folder, text: str, said: str, near: tuple[str, ...] | None) -> None:
    with pytest.raises(TruthError, match=said) as caught:
        load(folder(text))
    if near is None:
        assert caught.value.near
    else:
        assert caught.value.near == near


def test_a_note_of_the_author_is_left_alone(folder: Folder) -> None:
    assert load(folder(HEAD + entry(reviewed_by="two people"))).switches == ("note-read-any",)


def test_an_undeclared_route_need_not_be_declared(folder: Folder) -> None:
    assert load(folder(HEAD + entry(rule="SF504", path="/internal"))).weaknesses[0].path == "/internal"


def test_a_folder_without_a_truth_is_said(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="there is no such file"):
        load(tmp_path)


def test_every_rule_has_two_stacks_and_a_trap_or_is_a_known_gap() -> None:
    """The list of gaps in `specs/README.md` is exactly what is missing: none is forgotten, none is out of date."""
    text = (SPECS / "README.md").read_text(encoding="utf-8").partition("## Gaps")[2]
    listed = {line.strip() for line in text.splitlines() if re.match(r"\| SF\d{3} \|", line)}
    actual = gaps([load(path) for path in FOLDERS])
    assert actual == listed, "the table under `## Gaps` has to be:\n" + "\n".join(sorted(actual))


def gaps(truths: list[Truth]) -> set[str]:
    """Rules with switches in fewer than two APIs (each has another stack) or without a trap, as rows of the table."""
    found = set()
    for rule, name in RULES.items():
        apis = sorted({truth.name for truth in truths for item in truth.weaknesses if item.rule == rule})
        trap = any(item.rule == rule for truth in truths for item in truth.traps)
        missing = []
        if len(apis) < 2:
            missing.append(f"a switch on another stack than {apis[0]}" if apis else "any switch")
        if not trap:
            missing.append("a trap")
        if missing:
            found.add(f"| {rule} | {name} | {', '.join(missing)} |")
    return found
