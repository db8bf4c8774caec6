"""The HTML page in a real browser, from disk: nothing of a hostile target runs, and it is usable by keyboard and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, chromium
from results import BODIES, NASTY, every_rule, finding, hostile, large, result

from specfuzz.engine import known_rules
from specfuzz.findings import Result
from specfuzz.reports import render

MAX_FILTER_MS = 400
"""The fastest of seven; a person notices lag from a tenth of a second, the rest is for a busy machine."""

SHOWN = "[...document.querySelectorAll('.finding')].filter(item => !item.hidden).length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


def open_page(browser: Browser, made: Result, tmp_path: Path, **window: object) -> None:
    page = tmp_path / "report.html"
    page.write_text(render("html", made), encoding="utf-8")
    browser.show(**{"width": 1200, **window})  # type: ignore[arg-type]
    browser.open(page)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nothing_of_a_hostile_target_runs(browser: Browser, tmp_path: Path, text: str) -> None:
    open_page(browser, hostile(text, BODIES["html"]), tmp_path)
    browser.run("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    assert browser.run("document.title").startswith("specfuzz: grade C")
    assert browser.run("document.querySelectorAll('script, img').length") == 1
    assert browser.requests() == []
    assert browser.complaints() == []


def test_a_script_that_got_into_the_page_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The policy is a second fence: it holds even if something were not escaped."""
    page = tmp_path / "report.html"
    text = render("html", every_rule())
    page.write_text(
        text.replace(
            "</h1>", "</h1><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
        )
    )
    browser.open(page)
    assert browser.run("document.title").startswith("specfuzz")
    assert browser.complaints() != []


def test_search_and_filters_work_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    open_page(browser, every_rule(), tmp_path)
    everything = len(known_rules())
    assert browser.run(SHOWN) == everything
    browser.press("/", "/")
    browser.type("sf201")
    assert browser.run(SHOWN) == 1
    assert (
        browser.run("document.getElementById('count').textContent") == f"1 of {everything} findings, 0 of 2 operations"
    )
    browser.press("Escape")
    assert browser.run(SHOWN) == everything
    browser.press("j", "j")
    assert browser.run("document.activeElement.closest('.finding') === document.querySelectorAll('.finding')[0]")
    browser.press("Enter", "\r")
    assert browser.run("document.querySelectorAll('.finding')[0].open") is True
    browser.press("j", "j")
    browser.press("j", "j")
    browser.press("k", "k")
    assert browser.run("document.activeElement.closest('.finding') === document.querySelectorAll('.finding')[1]")


def test_a_severity_switched_off_hides_its_findings(browser: Browser, tmp_path: Path) -> None:
    made = result(finding(severity="high"), finding(severity="low", field="x"))
    open_page(browser, made, tmp_path)
    browser.run("document.querySelector('.chip[data-sev=high]').click()")
    assert browser.run(SHOWN) == 1
    assert browser.run("document.querySelector('.chip[data-sev=high]').getAttribute('aria-pressed')") == "false"
    browser.run("document.querySelector('.chip[data-sev=low]').click()")
    assert browser.run("document.getElementById('nothing').hidden") is False


def test_only_deviations_are_left_of_the_matrix(browser: Browser, tmp_path: Path) -> None:
    open_page(browser, every_rule(), tmp_path)
    browser.run("document.getElementById('deviating').click()")
    shown = "[...document.querySelectorAll('#matrix tbody tr')].filter(row => !row.hidden).map(row => row.dataset.q)"
    assert browser.run(shown) == ["get /notes/{id} anoperation notes"]


def test_the_curl_line_is_copied(browser: Browser, tmp_path: Path) -> None:
    open_page(browser, result(finding()), tmp_path)
    browser.run(
        "window.taken = ''; navigator.clipboard.writeText = text => { window.taken = text; return Promise.resolve(); };"
        "document.querySelector('.finding').open = true; document.querySelector('.copy').click()"
    )
    assert browser.run("window.taken") == "curl -i -X GET http://api.test/notes/7"


def test_a_link_to_a_finding_opens_it(browser: Browser, tmp_path: Path) -> None:
    open_page(browser, result(finding()), tmp_path)
    browser.run("location.hash = '#f-' + document.querySelector('.finding').id.slice(2)")
    browser.run("new Promise(done => setTimeout(done))")
    assert browser.run("document.querySelector('.finding').open") is True


def test_the_colours_follow_the_system_and_the_button(browser: Browser, tmp_path: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    open_page(browser, every_rule(), tmp_path)
    light = browser.run(colour)
    browser.show(width=1200, dark=True)
    dark = browser.run(colour)
    assert light != dark
    browser.run("document.getElementById('theme').click()")
    assert browser.run(colour) == light
    browser.run("document.getElementById('theme').click()")
    assert browser.run(colour) == dark


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_window_does_not_scroll_sideways(browser: Browser, tmp_path: Path, width: int) -> None:
    open_page(browser, every_rule(), tmp_path, width=width, phone=True)
    browser.run("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_a_large_report_opens_and_filters_without_lag(browser: Browser, tmp_path: Path) -> None:
    open_page(browser, large(), tmp_path)
    took = browser.run(
        "(() => { const field = document.getElementById('q'); const times = [];"
        "for (const text of ['t', 'th', 'things1', 'sf301', '', 'zzz', '']) { const started = performance.now();"
        "field.value = text; field.dispatchEvent(new Event('input')); document.body.offsetHeight;"
        "times.push(performance.now() - started); } return Math.min(...times); })()"
    )
    assert took < MAX_FILTER_MS
    assert browser.run(SHOWN) == 200
    assert browser.complaints() == []


def test_pictures_of_the_same_page_are_the_same(browser: Browser, tmp_path: Path) -> None:
    """What the README shows can be made again."""
    pictures = []
    for name in ("first.png", "second.png"):
        open_page(browser, every_rule(), tmp_path)
        browser.picture(tmp_path / name)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]
