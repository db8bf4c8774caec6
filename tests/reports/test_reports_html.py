"""The HTML page, read by a parser: self-contained, nothing of the target in it but text, small at any size."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results import BODIES, NASTY, READ, every_rule, finding, hostile, large, result, row

from specfuzz.findings import Cell, OperationRef
from specfuzz.reports import render
from specfuzz.reports.html import MAX_BYTES
from specfuzz.reports.story import MAX_DIFF_LINES, tell

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class Page(HTMLParser):
    """A page's elements with their attributes, its text, and whether every element is closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.inline[self._open[-1]] if self._open and self._open[-1] in self.inline else self.texts).append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.elements if name in (attrs.get("class") or "").split()]


def check_harmless(text: str) -> Page:
    """What a target could have brought in is not there: elements, handlers, references, another script."""
    page = Page(text)
    text.encode("utf-8")
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert (
        set(page.tags) & {"img", "iframe", "object", "embed", "link", "base", "form", "svg", "audio", "video"} == set()
    )
    for _, attrs in page.elements:
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("src") is None
        assert re.fullmatch(r"#.*|https://cwe\.mitre\.org/data/definitions/\d+\.html", attrs.get("href") or "#")
    return page


def test_a_page_with_every_rule_is_whole() -> None:
    page = check_harmless(render("html", every_rule()))
    assert len(page.with_class("finding")) == len(every_rule().findings)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_hostile_texts_stay_texts(text: str) -> None:
    check_harmless(render("html", hostile(text)))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_hostile_bodies_stay_texts_and_the_page_small(body: bytes) -> None:
    page = render("html", hostile("x", body))
    check_harmless(page)
    assert len(page.encode()) < 200_000


@given(text=st.text(min_size=1, max_size=40))
@settings(max_examples=25)
def test_any_text_stays_text(text: str) -> None:
    check_harmless(render("html", hostile(text, text.encode("utf-8", "replace"))))


def test_markup_is_shown_as_it_was_sent() -> None:
    text = "".join(Page(render("html", hostile(NASTY["markup"]))).texts)
    assert "</script><img src=x onerror=document.title='owned'>" in text
    assert "{{7*7}}" in text


def test_only_the_pages_own_script_and_style_may_run_and_nothing_may_be_loaded() -> None:
    page = Page(render("html", every_rule()))
    policy = next(
        attrs["content"] for _, attrs in page.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    hashes = {
        kind: base64.b64encode(hashlib.sha256("".join(page.inline[kind]).encode()).digest()).decode()
        for kind in ("script", "style")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_of_five_hundred_operations_and_two_hundred_findings_stays_below_three_megabytes() -> None:
    page = render("html", large())
    assert len(page.encode()) <= MAX_BYTES < 3_000_000
    shown = Page(page)
    assert len(shown.with_class("finding")) == 200
    assert shown.tags.count("tr") > 500


def test_the_matrix_shows_what_is_expected_against_what_was_seen() -> None:
    cells = (
        Cell(part="owner", expected="allowed", seen="refused", statuses=(403,)),
        Cell(part="peer", expected="refused", seen="got-through", statuses=(200, 201)),
        Cell(part="anonymous", expected="refused", seen="refused", statuses=(401,)),
        Cell(part="admin", expected="allowed", seen="not-tried"),
    )
    page = Page(render("html", result(operations=(row(READ, cells=cells),))))
    tones = [
        attrs["class"] for tag, attrs in page.elements if tag == "td" and (attrs.get("class") or "").startswith("t-")
    ]
    assert tones == ["t-odd", "t-bad", "t-good", "t-none"]
    assert {"got through", "200 201", "alice", "bob"} <= set(page.texts)


def test_a_baseline_shows_what_is_accepted_expired_new_and_fixed() -> None:
    text = "".join(Page(render("html", every_rule())).texts)
    for phrase in (
        "it is public on purpose",
        "Was accepted until 2029-01-01",
        "is no longer there",
        " · new",
        " · accepted",
    ):
        assert phrase in text


def test_a_run_without_findings_says_so_and_one_that_could_not_test_does_not() -> None:
    assert "No promise was found broken" in render("html", result())
    assert "Nothing could be tested" in render("html", result(problems=("the target is gone",)))


# The story --------------------------------------------------------------------------------------------------------


def test_an_exchange_is_compared_with_the_last_one_like_it() -> None:
    control, attack, read_back = tell(finding(), 4000).steps
    assert control.comparison is None
    assert attack.comparison is not None
    assert attack.comparison.number == 1
    assert [(line.sign, line.text) for line in attack.comparison.request][:2] == [("-", "as alice"), ("+", "as bob")]
    assert attack.comparison.is_same_answer
    assert read_back.comparison is not None
    changed = [(line.sign, line.text.strip()) for line in read_back.comparison.response if line.sign in "+-"]
    assert changed == [("-", '"is_admin": false'), ("+", '"is_admin": true')]


def test_another_path_or_method_is_not_compared() -> None:
    from results import exchange

    exchanges = (
        ("control", "", exchange("alice")),
        ("attack", "", exchange("bob", path="/notes/8")),
        ("attack", "", exchange("bob", method="PATCH")),
        ("control", "", exchange("bob", path="/notes/8?full=true")),
    )
    steps = tell(finding(exchanges=exchanges), 4000).steps
    assert [step.comparison.number if step.comparison else None for step in steps] == [None, None, None, 2]


def test_a_long_difference_is_cut() -> None:
    from results import exchange

    long = b"\n".join(b"line %d" % number for number in range(300))
    exchanges = (("control", "", exchange(answer=b"short")), ("attack", "", exchange(answer=long)))
    comparison = tell(finding(exchanges=exchanges), 4000).steps[1].comparison
    assert comparison is not None
    assert len(comparison.response) == MAX_DIFF_LINES + 1
    assert comparison.response[-1].text == "and more"


def test_an_operation_of_the_document_is_found_by_its_tag_and_id() -> None:
    page = Page(render("html", result(operations=(row(OperationRef(method="PUT", path="/A/{x}"), tags=("Pets",)),))))
    assert [attrs["data-q"] for tag, attrs in page.elements if tag == "tr" and attrs.get("data-q")] == [
        "put /a/{x} anoperation pets"
    ]
