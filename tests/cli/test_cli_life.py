"""A life in CI, on the shipped demo: break, accept, repair one switch, run again; replay; several reports at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from specfuzz.cli import app
from specfuzz.demo import ALL, running

BROKEN = frozenset(sorted(ALL)[:3])


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def specfuzz(*arguments: str | Path) -> Ran:
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"NO_COLOR": "1"})
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the reports of a run against the demo with three weaknesses."""
    path = tmp_path_factory.mktemp("reports")
    with running(BROKEN) as url:
        formats = (
            "json:report.json",
            "sarif:r.sarif",
            "junit:r.xml",
            "html:r.html",
            "markdown:r.md",
            "har:r.har",
            "wfc:w.json",
        )
        asked = [part for name in formats for part in ("--format", name.replace(":", f":{path}/"))]
        ran = specfuzz("run", f"{url}/openapi.json", "--seed", "3", *asked)
        assert ran.code == 1, ran.err
        yield path


def fingerprints(path: Path) -> list[str]:
    return [item["fingerprint"] for item in json.loads(path.read_text())["findings"]]


def test_one_run_writes_every_report(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= {
        "report.json",
        "r.sarif",
        "r.xml",
        "r.html",
        "r.md",
        "r.har",
        "w.json",
    }
    report = json.loads((folder / "report.json").read_text())
    entries = json.loads((folder / "r.har").read_text())["log"]["entries"]
    assert len(entries) >= report["summary"]["requests"] * 0.9  # the first knock on the door is in no report
    for item in json.loads((folder / "r.sarif").read_text())["runs"][0]["results"]:
        assert item["locations"][0]["physicalLocation"]["region"]["startLine"] > 1


def test_a_saved_report_is_shown_in_another_format(folder: Path, tmp_path: Path) -> None:
    ran = specfuzz("report", folder / "report.json", "--format", f"html:{tmp_path}/later.html", "--format", "markdown")
    assert ran.code == 0
    assert (tmp_path / "later.html").read_bytes() == (folder / "r.html").read_bytes()
    assert ran.out == (folder / "r.md").read_text()


def test_accepted_findings_fail_nothing_and_a_repaired_one_is_fixed(folder: Path, tmp_path: Path) -> None:
    baseline, again = tmp_path / "baseline.toml", tmp_path / "again.json"
    accepted = specfuzz("baseline", folder / "report.json", "--output", baseline, "--reason", "known since the audit")
    assert accepted.code == 0, accepted.err
    known = fingerprints(folder / "report.json")
    assert f"{len(known)} new, 0 known before" in accepted.out

    with running(BROKEN) as url:
        same = specfuzz("run", f"{url}/openapi.json", "--seed", "8", "--baseline", baseline)
    assert same.code == 0, same.out
    assert f"no findings ({len(known)} accepted)" in same.out

    repaired = sorted(BROKEN)[0]
    with running(BROKEN - {repaired}) as url:
        asked = ("--baseline", baseline, "--format", f"json:{again}")
        better = specfuzz("run", f"{url}/openapi.json", "--seed", "9", *asked)
    assert better.code == 0, better.out
    report = json.loads(again.read_text())
    gone = report["baseline"]["gone"]
    assert gone
    assert all(item["proven"] for item in gone)
    assert {item["fingerprint"] for item in gone} | {item["fingerprint"] for item in report["findings"]} == set(known)
    assert all(item["accepted"]["reason"] == "known since the audit" for item in report["findings"])
    assert better.out.count("fixed  ") == len(gone)

    pruned = specfuzz("baseline", again, "--output", baseline, "--reason", "x", "--prune")
    assert pruned.code == 0
    assert pruned.out.count("fixed     ") == len(gone)
    with running(BROKEN) as url:
        worse = specfuzz("run", f"{url}/openapi.json", "--baseline", baseline)
    assert worse.code == 1


def test_an_acceptance_that_expired_fails_again(folder: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    specfuzz("baseline", folder / "report.json", "--output", baseline, "--reason", "r", "--expires", "2020-01-31")
    with running(BROKEN) as url:
        ran = specfuzz("run", f"{url}/openapi.json", "--baseline", baseline)
    assert ran.code == 1
    assert "no longer accepted" in ran.out


def test_a_baseline_without_reasons_is_refused_before_anything_is_sent(folder: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    written = specfuzz("baseline", folder / "report.json", "--output", baseline)
    assert "Now write a reason for each" in written.out
    ran = specfuzz("run", "http://127.0.0.1:1/openapi.json", "--baseline", baseline)
    assert ran.code == 2
    assert "has no reason" in ran.err
    assert "try:" in ran.err


def test_a_replay_says_what_is_still_broken(folder: Path) -> None:
    known = fingerprints(folder / "report.json")
    with running(BROKEN) as url:
        ran = specfuzz("replay", folder / "report.json", "--url", url, "--spec", f"{url}/openapi.json", "-q")
    assert ran.code == 1, ran.out + ran.err
    assert ran.out.count("still broken") == len(known)


def test_a_replay_against_the_repaired_twin_says_repaired(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "replayed.json"
    with running(frozenset()) as url:
        places = ("--url", url, "--spec", f"{url}/openapi.json", "--format", f"json:{report}")
        ran = specfuzz("replay", folder / "report.json", *places, "-q")
    known = fingerprints(folder / "report.json")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.count("repaired") == len(known)
    assert fingerprints(report) == []


def test_one_finding_is_replayed_by_the_beginning_of_its_fingerprint(folder: Path) -> None:
    known = fingerprints(folder / "report.json")
    with running(BROKEN) as url:
        places = ("--url", url, "--spec", f"{url}/openapi.json")
        ran = specfuzz("replay", folder / "report.json", known[-1][:8], *places, "-q")
    assert ran.code == 1
    assert [word for word in ran.out.split() if re.fullmatch(r"[0-9a-f]{16}", word)] == [known[-1]]


def test_a_target_that_is_gone_is_no_repair(folder: Path, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    with running(BROKEN) as url:
        import httpx

        document.write_text(httpx.get(f"{url}/openapi.json").text)
    ran = specfuzz("replay", folder / "report.json", "--url", "http://127.0.0.1:1", "--spec", document, "-q")
    assert ran.code == 3
    assert "repaired" not in ran.out
    assert "undecided" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "nothing.json"), "no such file"),
        (("report", "{folder}/r.sarif"), "cannot be used"),
        (("report", "{report}", "--format", "htlm"), "did you mean html?"),
        (("report", "{report}", "--format", "html:"), "names no file"),
        (("report", "{report}", "--format", "html", "--format", "json"), "only one report can go to the terminal"),
        (("report", "{report}", "--format", "html", "--format", "json", "--output", "x"), "--output is one file"),
        (("report", "{report}", "--format", "json:x", "--format", "html:x"), "two reports cannot go into one file"),
        (("report", "{report}", "--format", "json:no/such/folder/x"), "there is no directory"),
        (("replay", "{report}", "ffffffff"), "no finding has the fingerprint"),
        (("replay", "{report}", "--format", "json"), "goes into a file"),
        (("baseline", "{report}", "--expires", "soon"), "not a date"),
        (("run", "x.json", "--baseline", "nothing.toml"), "no such file: nothing.toml"),
        (("run", "x.json", "--fail-below", "E"), "--fail-below is 'E'"),
    ],
)
def test_wrong_usage_is_said_and_exits_with_2(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    filled = [text.format(folder=folder, report=folder / "report.json") for text in arguments]
    ran = specfuzz(*filled)
    assert ran.code == 2, ran.out
    assert says in ran.err
    assert "Traceback" not in ran.err
