"""The HTML page: what it holds without a script, and in a real browser how it filters, looks and defends itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from chromium import chromium, needs_chromium
from chunklint.fingerprints import complete
from chunklint.model import (
    Finding,
    Fix,
    Hunk,
    Location,
    Notification,
    Report,
    Rule,
    Severity,
    Span,
    Step,
    Suggestion,
    Ticket,
)
from chunklint.reporters import Style, render

ATTACKS = (
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 2</script>",
    "<img src=x onerror='window.hacked = 3'>",
    '" autofocus onfocus="window.hacked = 4" x="',
    "</style></code></pre></title><svg onload=window.hacked=5>",
    "<!-- ",
    "]]>",
    "javascript:window.hacked=6",
    "&lt;b&gt;",
    "${window.hacked=7} {{hacked}}",
)
HOSTILE = " ".join(ATTACKS)


def rule(code: str, name: str) -> Rule:
    return Rule(
        code=code,
        name=name,
        ticket="TICKET-001",
        when="a smell",
        effect="something `breaks`",
        instead="do it well",
        bad="",
        good="",
        example="a.py",
        mentions=(),
    )


RULES = (
    rule("CL101", "sql-interpolation"),
    rule("CL501", "effect-without-cleanup"),
    rule("CL801", "missing-timeout"),
    rule("CL901", "multiple-migration-heads"),
)
TICKETS = {
    "CL101": Ticket("DB-1", "https://tickets.example/DB-1"),
    "CL501": Ticket("WEB-5"),
    "CL801": Ticket("OPS-8", "https://tickets.example/OPS-8"),
    "CL901": Ticket("DB-9"),
}
SOURCE = 'def upgrade():\n    op.execute(\n        f"DROP TABLE {name}"\n    )\n    other()\n'


def finding(code: str, path: str, line: int, severity: Severity, message: str, **fields: Any) -> Finding:
    place = Location(path, fields.pop("span", Span(line, 5, line, 12)), "upgrade")
    return Finding(code, place, message, severity, **fields)


def report(*findings: Finding, **fields: Any) -> Report:
    parts: dict[str, Any] = {
        "suppressed": (),
        "notifications": (),
        "rules": RULES,
        "tickets": TICKETS,
        "files": 12,
        "root": "/w/demo",
    }
    return Report(findings=findings, **(parts | fields))


STEPS = (
    Step(Location("app/settings.py", Span(3, 1, 3, 5)), "`name` is read from the environment"),
    Step(Location("app/db.py", Span(2, 5, 4, 6)), "and executed"),
)
FINDINGS = (
    *complete(
        [
            finding(
                "CL101", "app/db.py", 2, Severity.ERROR, "`name` is spliced.", span=Span(2, 5, 4, 6), steps=STEPS,
                related=STEPS[:1],
            )
        ],
        SOURCE,
    ),
    *complete([finding("CL801", "app/db.py", 5, Severity.NOTE, "`other` waits for ever.")], SOURCE),
    *complete([finding("CL801", "app/http.py", 5, Severity.WARNING, "`fetch` waits for ever.")], SOURCE),
    *complete([finding("CL501", "web/Timer.tsx", 5, Severity.WARNING, "`setInterval` is never cleared.")], SOURCE),
)  # fmt: skip
FIX = Suggestion(
    Fix("Pass `limit=5`", (), safe=False),
    (
        Hunk(4, ("    )", "    other()"), ("    )", "    other(limit=5)")),
        Hunk(20, ("", "last()"), ("", "<i>first()", "last()")),
    ),
)
FINDINGS = (FINDINGS[0], replace(FINDINGS[1], suggestion=FIX), *FINDINGS[2:])
KNOWN = replace(FINDINGS[1], location=replace(FINDINGS[1].location, path="app/old.py"), baselined=True)
SILENCED = replace(KNOWN, location=replace(KNOWN.location, path="app/quiet.py"), baselined=False, suppressed="fine")
NOTES = (Notification("b.py", "Not UTF-8.", Severity.ERROR, 3),)
FULL = report(*FINDINGS, suppressed=(KNOWN, SILENCED), notifications=NOTES)


def page(of: Report, **style: Any) -> str:
    return render("html", of, Style(**style))


class Reader(HTMLParser):
    """The page as a tree flattened: every tag with its attributes, and all the text outside style and script."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        self.text = "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def hostile() -> Report:
    step = Step(Location(HOSTILE, Span(1, 1, 1, 2), HOSTILE), HOSTILE)
    place = Location(HOSTILE, Span(1, 3, 1, 40), HOSTILE)
    (bad,) = complete([Finding("CL101", place, HOSTILE, Severity.ERROR, (step,), (step,))], HOSTILE + "\n")
    marked = replace(bad, message=f"`{HOSTILE}` and {HOSTILE}", location=replace(place, path="`" + HOSTILE))
    return report(
        bad,
        marked,
        suppressed=(replace(bad, suppressed=HOSTILE), replace(bad, baselined=True)),
        notifications=(Notification(HOSTILE, HOSTILE, Severity.ERROR),),
        rules=(replace(RULES[0], name=HOSTILE, effect=HOSTILE, instead=HOSTILE),),
        tickets={"CL101": Ticket(HOSTILE, "javascript:window.hacked=6")},
        root="/w/" + HOSTILE.replace("/", "|"),
    )


def test_the_page_holds_every_finding_without_a_script() -> None:
    read = Reader(page(FULL))
    assert read.open == []
    assert [tag["data-path"] for tag in read.all("details") if tag.get("class") == "finding"] == [
        "app/db.py", "web/Timer.tsx", "app/db.py", "app/http.py",
    ]  # fmt: skip
    assert [tag["data-key"] for tag in read.all("section") if "data-key" in tag] == ["DB-1", "WEB-5", "OPS-8"]
    for words in [
        "4 findings in 3 of 12 files. Incomplete: 1 file could not be judged.",
        "b.py:3",
        "Not UTF-8.",
        "name is spliced.",
        "app/settings.py:3:1",
        "name is read from the environment",
        "Do it well.",
    ]:
        assert words in read.text
    assert [tag for tag in read.all("form") if "hidden" not in tag] == []


def test_the_span_of_a_finding_is_marked_line_by_line() -> None:
    shown = page(report(FINDINGS[0]))
    assert '<span class="row" data-line="2"><mark>op.execute(</mark></span>' in shown
    assert '<span class="row" data-line="3">    <mark>f&quot;DROP TABLE {name}&quot;</mark></span>' in shown
    assert '<span class="row" data-line="4"><mark>)</mark></span>' in shown


@pytest.mark.parametrize(
    ("source", "span", "rows"),
    [
        ("a = HERE()\n", Span(1, 5, 1, 9), ["a = <mark>HERE</mark>()"]),
        ("\t\tHERE()\n", Span(1, 3, 1, 9), ["<mark>HERE()</mark>"]),
        ("x" * 5000 + "HERE" + "y" * 5000, Span(1, 5001, 1, 5005), ["x<mark>HERE</mark>y"]),
        ("a\n\nb\n", Span(1, 1, 3, 2), ["<mark>a</mark>", 'data-line="2"></span>', "<mark>b</mark>"]),
        ("a\n" * 30, Span(1, 1, 30, 2), ['data-line="8"><mark>a</mark>', 'data-line="">…</span>']),
        ("", Span(7, 1, 7, 1), []),
    ],
)
def test_marks_fit_any_line(source: str, span: Span, rows: list[str]) -> None:
    (done,) = complete([finding("CL101", "a.py", 1, Severity.ERROR, "Bad.", span=span)], source)
    shown = page(report(done))
    assert [row for row in rows if row not in shown] == []


def test_the_fix_of_a_finding_is_shown_line_by_line() -> None:
    read = Reader(page(FULL))
    assert "Pass limit=5. It may change what the code does." in read.text
    rows = [tag for tag in read.all("span") if "data-mark" in tag]
    assert [(row["class"], row["data-line"], row["data-mark"]) for row in rows] == [
        ("row", "4", ""),
        ("row removed", "5", "-"),
        ("row added", "", "+"),
        ("row", "20", ""),
        ("row added", "", "+"),
        ("row", "21", ""),
    ]
    assert "    )\n    other()\n    other(limit=5)\n…\n\n<i>first()\nlast()" in read.text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page(FULL) == page(FULL)


def test_silenced_findings_are_listed_only_on_request_and_counted_always() -> None:
    assert "app/quiet.py" not in page(FULL)
    shown = Reader(page(FULL, show_suppressed=True))
    statuses = {tag["data-path"]: tag["data-status"] for tag in shown.all("details") if "data-status" in tag}
    assert statuses["app/quiet.py"] == "suppressed"
    assert statuses["app/old.py"] == "baseline"
    assert "suppressed: fine" in shown.text
    assert "1 in the baseline1 suppressed" in Reader(page(FULL)).text


def test_new_and_known_are_drawn_only_against_a_baseline() -> None:
    kinds = [tag["class"] for tag in Reader(page(FULL)).all("rect")]
    assert kinds.count("new") == 3
    assert kinds.count("known") == 1
    assert {tag["class"] for tag in Reader(page(report(*FINDINGS))).all("rect")} == {"error", "warning", "note"}


def test_a_clean_scan_and_an_empty_one_say_so() -> None:
    assert "No findings in 12 files." in Reader(page(report())).text
    assert "Nothing was scanned." in Reader(page(report(files=0, rules=()))).text
    assert "a part of the scan failed" in page(report(notifications=(replace(NOTES[0], path=""),)))


def test_nothing_hostile_becomes_markup() -> None:
    calm, attacked = Reader(page(report(*FINDINGS))), Reader(page(hostile(), show_suppressed=True))
    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in calm.tags}
    assert [name for _, attributes in attacked.tags for name in attributes if name.startswith("on")] == []
    assert [tag["href"] for tag in attacked.all("a") if not str(tag["href"]).startswith("#")] == []
    assert [one for one in ATTACKS if one not in attacked.text] == []


def test_links_lead_to_tickets_and_nowhere_else() -> None:
    targets = {str(tag["href"]) for tag in Reader(page(FULL)).all("a")}
    assert {target for target in targets if not target.startswith("#")} == {
        "https://tickets.example/DB-1",
        "https://tickets.example/OPS-8",
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


Shows = Callable[..., Chrome]


@pytest.fixture
def show(browser: Chrome, tmp_path: Path) -> Iterator[Shows]:
    """Open a report in the browser. Whatever the test does then, the console and the network must stay silent."""
    file = tmp_path / "report.html"

    def opened(of: Report, **style: Any) -> Chrome:
        file.write_text(page(of, **style), encoding="utf-8")
        browser.get(file.as_uri())
        return browser

    yield opened
    assert log(browser, "browser") == []
    events = [json.loads(message)["message"] for message in log(browser, "performance")]
    asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    # The browser's own pages ask for much when it starts; they are not what is tested.
    ours = {one["request"]["url"] for one in asked if one["documentURL"].startswith(file.as_uri())}
    assert ours == {file.as_uri()}


def log(browser: Chrome, kind: str) -> list[str]:
    """The messages since the log was last read."""
    return [str(entry["message"]) for entry in browser.get_log(kind)]  # type: ignore[no-untyped-call]


def run(browser: Chrome, script: str) -> Any:
    return browser.execute_script(script)


def listed(browser: Chrome) -> list[str]:
    """The paths of the findings that are shown, group by group."""
    paths = """return [...document.querySelectorAll('.finding')]
        .filter((one) => one.checkVisibility()).map((one) => one.dataset.path)"""
    shown: list[str] = run(browser, paths)
    return shown


def choose(browser: Chrome, field: str, value: str) -> None:
    Select(browser.find_element("id", field)).select_by_value(value)


def wait_for(browser: Chrome, outcome: str) -> None:
    WebDriverWait(browser, 30, poll_frequency=0.05).until(
        lambda driver: driver.find_element("id", "shown").text == outcome
    )


@needs_chromium
def test_each_filter_narrows_the_list_and_clearing_restores_it(show: Shows) -> None:
    browser = show(FULL, show_suppressed=True)
    wait_for(browser, "6 findings")
    for field, value, outcome, paths in [
        ("ticket", "DB-1", "1 of 6 findings", ["app/db.py"]),
        ("rule", "CL501", "1 of 6 findings", ["web/Timer.tsx"]),
        ("status", "suppressed", "1 of 6 findings", ["app/quiet.py"]),
    ]:
        choose(browser, field, value)
        wait_for(browser, outcome)
        assert listed(browser) == paths
        choose(browser, field, "")
        wait_for(browser, "6 findings")
    browser.find_element("css selector", "input[value=note]").click()
    browser.find_element("id", "path").send_keys("APP/")
    wait_for(browser, "2 of 6 findings")
    assert listed(browser) == ["app/db.py", "app/http.py"]
    assert [one.text for one in browser.find_elements("css selector", ".group .count") if one.text] == [
        "1 error", "1 warning",
    ]  # fmt: skip
    browser.find_element("css selector", ".outcome .clear").click()
    wait_for(browser, "6 findings")


@needs_chromium
def test_search_reads_messages_code_and_paths_and_wants_every_word(show: Shows) -> None:
    browser = show(FULL)
    search = browser.find_element("id", "search")
    for words, outcome in [
        ("SPLICED", "1 of 4 findings"),
        ("drop table", "1 of 4 findings"),
        ("timer.tsx cleared", "1 of 4 findings"),
        ("environment", "1 of 4 findings"),
        ("waits spliced", "0 of 4 findings"),
    ]:
        search.clear()
        search.send_keys(words)
        wait_for(browser, outcome)
    assert browser.find_element("id", "nothing").is_displayed()
    browser.find_element("css selector", "#nothing .clear").click()
    wait_for(browser, "4 findings")


@needs_chromium
def test_findings_can_be_grouped_by_ticket_rule_and_file(show: Shows) -> None:
    browser = show(FULL)

    def headings() -> list[str]:
        return [heading.text for heading in browser.find_elements("css selector", "#findings h2")]

    assert headings() == ["DB-1", "WEB-5", "OPS-8"]
    choose(browser, "group", "rule")
    assert headings() == ["CL101 sql-interpolation", "CL501 effect-without-cleanup", "CL801 missing-timeout"]
    choose(browser, "group", "path")
    assert headings() == ["app/db.py", "app/http.py", "web/Timer.tsx"]
    assert listed(browser) == ["app/db.py", "app/db.py", "app/http.py", "web/Timer.tsx"]
    choose(browser, "group", "ticket")
    assert headings() == ["DB-1", "WEB-5", "OPS-8"]
    assert browser.find_element("css selector", "#findings h2 a").get_attribute("href") == TICKETS["CL101"].url


@needs_chromium
def test_a_ticket_of_the_table_picks_its_findings(show: Shows) -> None:
    browser = show(FULL)
    choose(browser, "group", "path")
    browser.find_element("css selector", "[data-pick='OPS-8']").click()
    wait_for(browser, "2 of 4 findings")
    assert listed(browser) == ["app/db.py", "app/http.py"]


@needs_chromium
def test_all_findings_open_and_close_at_once(show: Shows) -> None:
    browser = show(FULL)
    opener = browser.find_element("id", "open")
    assert opener.text == "Close all"
    opener.click()
    assert run(browser, "return document.querySelectorAll('.finding[open]').length") == 0
    assert opener.text == "Open all"
    opener.click()
    assert run(browser, "return document.querySelectorAll('.finding[open]').length") == 4


@needs_chromium
def test_without_scripts_the_page_is_whole_and_shows_no_dead_controls(show: Shows, browser: Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(FULL)
        assert len(browser.find_elements("css selector", ".finding")) == 4
        assert browser.find_element("css selector", ".finding .message").is_displayed()
        controls = browser.find_elements("css selector", "select, input, button")
        assert len(controls) > 5
        assert [one.tag_name for one in controls if one.is_displayed()] == []
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@needs_chromium
def test_nothing_hostile_runs(show: Shows) -> None:
    browser = show(hostile(), show_suppressed=True)
    for grouping in ("rule", "path", "ticket"):
        choose(browser, "group", grouping)
    browser.find_element("id", "search").send_keys("onerror")
    wait_for(browser, "4 findings")
    assert run(browser, "return window.hacked === undefined && document.scripts.length === 1")
    assert HOSTILE in browser.find_element("css selector", ".finding dd").get_property("textContent")  # type: ignore[operator]


@needs_chromium
def test_the_policy_stops_a_script_that_is_not_ours(browser: Chrome, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    foreign = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'></body>"
    file.write_text(page(FULL).replace("</body>", foreign), encoding="utf-8")
    browser.get(file.as_uri())
    assert run(browser, "return window.hacked === undefined")
    assert any("Content Security Policy" in message for message in log(browser, "browser"))


@needs_chromium
def test_the_page_is_worked_by_keys_alone(show: Shows) -> None:
    browser = show(FULL)

    def press(*keys: str) -> None:
        browser.switch_to.active_element.send_keys(*keys)

    def focus_is_seen() -> bool:
        seen = """const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2"""
        return bool(run(browser, seen))

    browser.find_element("tag name", "body").send_keys("/")
    assert browser.switch_to.active_element.get_attribute("id") == "search"
    assert focus_is_seen()
    press("a/b")
    assert browser.switch_to.active_element.get_attribute("value") == "a/b"
    press(Keys.ESCAPE)
    wait_for(browser, "4 findings")
    reached, unseen = [], []
    for _ in range(40):
        press(Keys.TAB)
        name = run(browser, "const at = document.activeElement; return at.id || at.value || at.className || at.tagName")
        if not focus_is_seen():
            unseen.append(name)
        reached.append(name)
        if name == "SUMMARY":
            break
    expected = ["error", "warning", "note", "ticket", "rule", "path", "group", "open", "clear"]
    assert [name for name in reached if name in expected] == expected
    assert unseen == []
    assert reached[-1] == "SUMMARY"
    press(Keys.ENTER)
    assert not run(browser, "return document.activeElement.parentElement.open")
    press(Keys.SPACE)
    assert run(browser, "return document.activeElement.parentElement.open")


CONTRASTS = """
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const light = (color) => parts(color).slice(0, 3).map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
};
const backdrop = (node) => {
    for (let at = node; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if ((parts(color)[3] ?? 1) === 1) return color;
    }
    return 'rgb(255, 255, 255)';
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    found.push([node.tagName + '.' + node.className, ratio(getComputedStyle(node).color, backdrop(node)), 4.5]);
}
for (const node of document.querySelectorAll('input, select'))
    found.push([node.tagName + '#' + node.id, ratio(getComputedStyle(node).color, backdrop(node)), 4.5]);
for (const node of document.querySelectorAll('input[type=search]'))
    found.push(['placeholder', ratio(getComputedStyle(node, '::placeholder').color, backdrop(node)), 4.5]);
for (const node of document.querySelectorAll('.row'))
    found.push(['line number', ratio(getComputedStyle(node, '::before').color, backdrop(node)), 4.5]);
for (const node of document.querySelectorAll('rect'))
    found.push([`bar ${node.className.baseVal}`, ratio(getComputedStyle(node).fill, backdrop(node.closest('td'))), 3]);
for (const node of document.querySelectorAll('select, button, input[type=search]'))
    found.push([`border of ${node.id}`, ratio(getComputedStyle(node).borderTopColor, backdrop(node.parentElement)), 3]);
return {
    page: getComputedStyle(document.body).backgroundColor,
    seen: found.length,
    low: found.filter(([, value, least]) => value < least),
};
"""


@needs_chromium
def test_every_text_bar_and_border_has_the_contrast_of_wcag_aa(show: Shows, browser: Chrome) -> None:
    pages = {}
    try:
        for scheme, other in (("light", "dark"), ("dark", "light")):
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            show(FULL, show_suppressed=True)
            choose(browser, "group", "rule")
            seen = run(browser, CONTRASTS)
            assert seen["seen"] > 100
            assert seen["low"] == []
            pages[scheme] = seen["page"]
            choose(browser, "theme", other)
            assert run(browser, CONTRASTS)["page"] != pages[scheme]
            choose(browser, "theme", "")
            assert run(browser, CONTRASTS)["page"] == pages[scheme]
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert pages["light"] != pages["dark"]


# What an ancestor clips would be lost without a scroll bar to tell of it.
BEYOND = """return [...document.querySelectorAll('main *')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.tagName + '.' + one.className)"""


@needs_chromium
def test_a_narrow_window_needs_no_scrolling_sideways(show: Shows, browser: Chrome) -> None:
    metrics = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for of in (FULL, hostile()):
            show(of, show_suppressed=True)
            assert run(browser, "return document.documentElement.scrollWidth") <= 360
            assert run(browser, BEYOND) == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@needs_chromium
def test_thousands_of_findings_can_be_searched_and_regrouped(show: Shows) -> None:
    many = [replace(FINDINGS[index % 4], message=f"Finding number-{index}.") for index in range(5000)]
    browser = show(report(*many))
    wait_for(browser, "5,000 findings")
    browser.find_element("id", "search").send_keys("number-4321.")
    wait_for(browser, "1 of 5,000 findings")
    browser.find_element("css selector", ".outcome .clear").click()
    choose(browser, "group", "rule")
    wait_for(browser, "5,000 findings")
    browser.find_element("id", "open").click()
    assert run(browser, "return document.querySelectorAll('.finding[open]').length") == 5000
