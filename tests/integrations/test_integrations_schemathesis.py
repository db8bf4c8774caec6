"""The probes as Schemathesis checks: the real `st run` against the served demo and its repaired twin."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from specfuzz.demo import running

CHECKS = {"SF101": "cross_user_read", "SF201": "extra_field_accepted", "SF301": "tokenless_write"}
BIN = Path(sys.executable).parent
ROOM_S = 120
"""Seconds that one run may take before it counts as hung."""


def st_run(url: str, folder: Path, document: str | None = None) -> tuple[int, str, dict[str, str]]:
    """`st run` with our three checks alone: exit code, output, and the failure's text by operation."""
    (folder / "hooks.py").write_text("import specfuzz.integrations.schemathesis\n")
    (folder / "schemathesis.toml").write_text('hooks = "hooks"\n')
    report = folder / "junit.xml"
    command = [
        BIN / "st", "run", document or f"{url}/openapi.json", "--url", url, "--checks", ",".join(CHECKS.values()),
        "--max-examples", "1", "--phases", "fuzzing", "--mode", "positive", "--seed", "1", "--no-color", "--report", "junit",
        "--report-junit-path", report,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, timeout=ROOM_S
    )
    failed = {}
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            texts = [found.text or "" for found in case.iter("failure")]
            if texts:
                failed[str(case.get("name"))] = "\n".join(texts)
    return done.returncode, done.stdout + done.stderr, failed


def rules_by_operation(failed: dict[str, str]) -> dict[str, set[str]]:
    return {label: set(re.findall(r"\bSF\d{3}\b", text)) for label, text in failed.items()}


def found_by_specfuzz(url: str, folder: Path) -> dict[str, set[str]]:
    """What `specfuzz run` finds at least firmly, by operation."""
    report = folder / "report.json"
    command = [
        str(BIN / "specfuzz"),
        "run",
        f"{url}/openapi.json",
        "--format",
        "json",
        "--output",
        str(report),
        "--quiet",
    ]
    for rule in CHECKS:
        command += ["--rule", rule]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=ROOM_S, check=False)
    found: dict[str, set[str]] = {}
    for item in json.loads(report.read_text())["findings"]:
        if item["confidence"] != "tentative":
            label = f"{item['operation']['method']} {item['operation']['path']}"
            found.setdefault(label, set()).add(item["rule"])
    return found


@pytest.fixture(scope="module")
def insecure() -> Iterator[str]:
    with running() as url:
        yield url


def test_the_checks_fail_where_a_run_of_ours_finds_the_same(insecure: str, tmp_path: Path) -> None:
    expected = found_by_specfuzz(insecure, tmp_path)
    assert {"SF101"} == expected.get("GET /notes/{id}")
    code, output, failed = st_run(insecure, tmp_path)
    assert code == 1, output
    assert rules_by_operation(failed) == expected, output


def test_the_checks_pass_on_the_repaired_twin(tmp_path: Path) -> None:
    with running(()) as url:
        code, output, failed = st_run(url, tmp_path)
    assert (code, failed) == (0, {}), output
    assert "17 generated, 17 passed" in output, output


def test_checks_without_users_to_test_as_do_not_pass(insecure: str, tmp_path: Path) -> None:
    """A document without sign-up and no authentication document: nothing can be tested, and that is no success."""
    document = json.loads(httpx.get(f"{insecure}/openapi.json").text)
    del document["paths"]["/users"]["post"]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    code, output, _ = st_run(insecure, tmp_path, "openapi.json")
    assert code != 0, output
    assert "SPECFUZZ_AUTH" in output
