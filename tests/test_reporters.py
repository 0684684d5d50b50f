"""What the reporters print: for people, for programs, and with hostile names in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import pytest

from chunklint.fingerprints import complete
from chunklint.model import Finding, Location, Notification, Refusal, Report, Rule, Severity, Span, Step, Ticket
from chunklint.reporters import REPORTERS, Style, render
from chunklint.reporters.escaping import escape, uri_path, web_address
from chunklint.reporters.rulepage import markdown
from chunklint.reporters.terminal import display_width, wants_color, wants_hyperlinks
from chunklint.reporters.text import notice


@dataclass(frozen=True)
class Limits:
    most: int = 3
    wrappers: tuple[str, ...] = ("retry", "a|b")


SQL = Rule(
    code="CL101",
    name="sql-interpolation",
    ticket="TICKET-001",
    when="a dynamic value is spliced into SQL",
    effect="whoever chooses the value chooses the statement",
    instead="`bind` it",
    bad='op.execute(f"{name}")\n',
    good='op.execute("x")\n',
    example="versions/a.py",
    mentions=("execute",),
    silent_on=("bound values",),
    limits=("values of other modules",),
    options=Limits(),
)
SQL.on("python", "(call) @call")(lambda call, file: ())
EFFECT = replace(
    SQL,
    code="CL501",
    name="effect-without-cleanup",
    ticket="TICKET-005",
    example="a.tsx",
    options=None,
    subscriptions=[],
)
EFFECT.on("ecmascript", "(call_expression) @call")(lambda call, file: ())

SOURCE = 'import os\n\nname = os.environ["T"]\n\top.execute(f"DROP {name}")\n'


def finding(code: str = "CL101", path: str = "app/a.py", line: int = 4, **fields: Any) -> Finding:
    place = Location(path, Span(line, 2, line, 28), "upgrade")
    return Finding(
        code, place, fields.pop("message", "`name` is spliced."), fields.pop("severity", Severity.ERROR), **fields
    )


def report(*findings: Finding, suppressed: tuple[Finding, ...] = (), notes: tuple[Notification, ...] = ()) -> Report:
    tickets = {"CL101": Ticket("DB-7", "https://tickets.example/DB-7"), "CL501": Ticket("TICKET-005")}
    return Report(findings, suppressed, notes, (SQL, EFFECT), tickets, files=12, root="/srv/re po")


def text(of: Report, **style: Any) -> str:
    return render("text", of, Style(**style))


def test_a_finding_in_text_says_where_what_why_what_to_do_and_whose_ticket() -> None:
    steps = (Step(Location("app/a.py", Span(3, 1, 3, 5)), "read from the environment"),)
    (done,) = complete([finding(steps=steps, related=steps)], SOURCE)
    assert text(report(done)) == (
        "app/a.py:4:2: error CL101 sql-interpolation\n"
        "  `name` is spliced.\n"
        "\n"
        '  4 |     op.execute(f"DROP {name}")\n'
        "    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "\n"
        "  why      Whoever chooses the value chooses the statement.\n"
        "  instead  `bind` it.\n"
        "  path     1. app/a.py:3:1  read from the environment\n"
        "  see      app/a.py:3:1  read from the environment\n"
        "  ticket   DB-7\n"
        "\n"
        "1 finding in 1 of 12 files: 1 error.\n"
        "\n"
        "  DB-7                           1\n"
        "    CL101 sql-interpolation      1  1 error\n"
        "\n"
        "Nothing found for TICKET-005.\n"
    )


def test_a_clean_scan_says_how_much_was_read() -> None:
    assert text(report()) == "All clean: 12 files, no findings.\n"


def test_a_scan_that_missed_a_file_is_not_called_clean() -> None:
    notes = (Notification("b.py", "Not UTF-8.", Severity.ERROR), Notification("c.py", "Too big.", Severity.WARNING))
    shown = text(report(notes=notes))
    assert "All clean" not in shown
    assert "1 file could not be judged" in shown


def test_the_summary_counts_by_ticket_and_by_rule() -> None:
    of = report(
        finding(), finding(path="app/b.py", severity=Severity.NOTE), finding("CL501", severity=Severity.WARNING)
    )
    summary = text(of, statistics=True)
    assert summary.startswith("3 findings in 2 of 12 files: 1 error, 1 warning, 1 note.\n")
    assert re.findall(r"^ +(\S+)(?: [\w-]+)? +(\d+)", summary, re.MULTILINE) == [
        ("DB-7", "2"),
        ("CL101", "2"),
        ("TICKET-005", "1"),
        ("CL501", "1"),
    ]
    assert "`name` is spliced" not in summary


def caret_column(shown: str) -> int:
    return next(row.index("^") for row in shown.splitlines() if set(row.strip()) == {"|", "^", " "})


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("    HERE()\n", 5),
        ("\t\tHERE()\n", 3),
        ("日本 = HERE()\n", 6),
        ("\x1b[0m = HERE()\n", 8),
        ("x" * 5000 + "HERE()" + "y" * 5000 + "\n", 5001),
        ("x" * 300 + "HERE()\n", 301),
    ],
)
def test_the_carets_stand_under_the_finding(source: str, column: int) -> None:
    place = Location("a.py", Span(1, column, 1, column + 4))
    (done,) = complete([Finding("CL101", place, "Bad.", Severity.ERROR)], source)
    shown = text(report(done), width=80)
    code = next(row for row in shown.splitlines() if "HERE" in row)
    assert display_width(code[: code.index("HERE")]) == caret_column(shown)
    assert "^" * 4 in shown
    assert "^" * 5 not in shown
    assert display_width(code) <= 80


def test_a_region_longer_than_its_excerpt_says_that_it_goes_on() -> None:
    place = Location("a.py", Span(1, 1, 30, 2))
    (done,) = complete([Finding("CL101", place, "Bad.", Severity.ERROR)], "line\n" * 40)
    rows = text(report(done)).splitlines()
    assert sum(row.endswith("| line") for row in rows) == 8
    assert "    | ..." in rows


HOSTILE = "evil\x1b[2J\x07\n\r\u202e\u2066\x9b\u2028\x7f"


@pytest.mark.parametrize("name", [name for name in REPORTERS if name not in {"json", "sarif"}])
@pytest.mark.parametrize("style", [Style(), Style(color=True, hyperlinks=True, show_suppressed=True)])
def test_nothing_in_a_name_acts_on_a_terminal_or_a_log(name: str, style: Style) -> None:
    step = Step(Location(HOSTILE, Span(1, 1, 1, 2), HOSTILE), HOSTILE)
    bad = finding(path=HOSTILE + ".py", message=HOSTILE, steps=(step,), related=(step,))
    (done,) = complete([replace(bad, location=replace(bad.location, span=Span(1, 1, 1, 9)))], HOSTILE + "\n")
    of = report(
        done,
        suppressed=(replace(done, suppressed=HOSTILE),),
        notes=(Notification(HOSTILE, HOSTILE, Severity.ERROR),),
    )
    of = replace(of, tickets={"CL101": Ticket(HOSTILE, "javascript:" + HOSTILE)})
    shown = render(name, of, style) + notice(of.notifications[0], style)
    ours = re.sub(r"\x1b\[[0-9;]+m|\x1b\]8;;[!-~]*\x1b\\", "", shown)
    assert [c for c in ours if not c.isprintable() and c != "\n"] == []
    rows = render("concise", of, style).splitlines()
    assert len(rows) == (2 if style.show_suppressed else 1)


def test_colours_and_links_appear_only_when_asked_for() -> None:
    (done,) = complete([finding()], SOURCE)
    assert "\x1b" not in text(report(done))
    colored = text(report(done), color=True)
    assert "\x1b[1;31merror\x1b[0m" in colored
    assert "\x1b]8" not in colored
    linked = text(report(done), color=True, hyperlinks=True)
    assert "\x1b]8;;file:///srv/re%20po/app/a.py\x1b\\" in linked
    assert "\x1b]8;;https://tickets.example/DB-7\x1b\\DB-7\x1b]8;;\x1b\\" in linked


def test_concise_is_one_line_a_finding() -> None:
    of = report(finding(), suppressed=(finding("CL501", line=9, suppressed="old page", severity=Severity.NOTE),))
    assert render("concise", of, Style()) == "app/a.py:4:2: CL101 [error] `name` is spliced. (DB-7)\n"
    assert render("concise", of, Style(show_suppressed=True)).splitlines()[1] == (
        "app/a.py:9:2: CL501 [note] `name` is spliced. (TICKET-005) (suppressed: old page)"
    )
    assert render("concise", of, Style(statistics=True)) == "1\tCL101\tsql-interpolation\n"
    assert render("concise", report(), Style()) == ""


def test_json_carries_every_part_of_a_finding() -> None:
    steps = (Step(Location("b.py", Span(1, 2, 3, 4), "f"), "comes from here"),)
    (done,) = complete([finding(steps=steps)], SOURCE)
    notes = (Notification("c.py", "Skipped.", Severity.NOTE),)
    document = json.loads(render("json", report(done, notes=notes), Style(version="9.9")))
    (shown,) = document["findings"]
    assert document["version"] == "9.9"
    assert document["files"] == 12
    assert document["summary"] == {
        "findings": 1,
        "suppressed": 0,
        "baselined": 0,
        "by_rule": {"CL101": 1},
        "by_ticket": {"DB-7": 1},
    }
    assert (shown["code"], shown["name"], shown["severity"]) == ("CL101", "sql-interpolation", "error")
    assert shown["ticket"] == {"id": "DB-7", "url": "https://tickets.example/DB-7"}
    assert (shown["path"], shown["line"], shown["column"], shown["end_column"]) == ("app/a.py", 4, 2, 28)
    assert shown["excerpt"] == ['\top.execute(f"DROP {name}")']
    assert (shown["key"], shown["suppressed"]) == (done.key, None)
    assert (shown["steps"][0]["path"], shown["steps"][0]["text"]) == ("b.py", "comes from here")
    assert document["notifications"][0]["message"] == "Skipped."


def test_json_survives_an_undecodable_file_name() -> None:
    shown = render("json", report(finding(path="\udce9.py")), Style())
    assert json.loads(shown)["findings"][0]["path"] == r"\udce9.py"


def test_annotations_use_the_runners_levels_and_escapes() -> None:
    hostile = finding(path="a,b:c%\n.py", message="100%\nsure", severity=Severity.NOTE)
    shown = render("github", report(finding(), hostile), Style()).splitlines()
    assert shown == [
        "::error file=app/a.py,line=4,endLine=4,col=2,endColumn=28,title=CL101 sql-interpolation (DB-7)"
        "::`name` is spliced.%0AInstead: `bind` it.",
        "::notice file=a%2Cb%3Ac%25%0A.py,line=4,endLine=4,col=2,endColumn=28,title=CL101 sql-interpolation (DB-7)"
        "::100%25\\nsure%0AInstead: `bind` it.",
    ]


def test_annotations_tell_of_files_that_were_not_judged() -> None:
    notes = (Notification("b.py", "Not UTF-8.", Severity.ERROR, 3), Notification("c.py", "Vendored.", Severity.NOTE))
    assert render("github", report(notes=notes), Style()) == "::error file=b.py,line=3,title=chunklint::Not UTF-8.\n"


def test_gitlab_tells_findings_apart_without_their_lines() -> None:
    here, moved = complete([finding()], SOURCE), complete([finding(line=5)], "\n" + SOURCE)
    elsewhere = complete([finding(path="app/b.py")], SOURCE)
    issues = json.loads(render("gitlab", report(*here, *moved, *elsewhere), Style()))
    prints = [issue["fingerprint"] for issue in issues]
    assert prints[0] == prints[1] != prints[2]
    assert issues[1]["location"] == {"path": "app/a.py", "lines": {"begin": 5, "end": 5}}
    assert (issues[0]["check_name"], issues[0]["severity"]) == ("CL101", "critical")
    assert issues[0]["description"] == "`name` is spliced. (DB-7)"
    assert render("gitlab", report(), Style()) == "[]\n"


def test_junit_fails_on_findings_and_passes_on_notes_and_silenced_ones() -> None:
    known = finding(path="app/b.py", baselined=True)
    hostile = finding(path='app/<&">.py', message='a < b & "c" ]]>')
    notes = (Notification("c.py", "Not UTF-8.", Severity.ERROR), Notification("d.py", "Vendored.", Severity.NOTE))
    of = report(hostile, finding(severity=Severity.NOTE), suppressed=(known,), notes=notes)
    root = ElementTree.fromstring(render("junit", of, Style(show_suppressed=True)).encode())
    assert root.attrib == {"name": "chunklint", "tests": "4", "failures": "1", "errors": "1"}
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.attrib == {"message": 'a < b & "c" ]]>', "type": "error CL101"}
    assert "Ticket: DB-7" in str(failure.text)
    assert [case.get("classname") for case in root.iter("testcase")] == [
        'app/<&">.py', "app/a.py", "app/b.py", "chunklint"
    ]  # fmt: skip
    assert [len(case.findall("failure")) for case in root.iter("testcase")] == [1, 0, 0, 0]
    clean = ElementTree.fromstring(render("junit", report(), Style()).encode())
    assert [case.get("name") for case in clean.iter("testcase")] == ["12 files, no findings"]


def test_markdown_shows_words_as_they_are_and_names_as_code() -> None:
    shown = render("markdown", report(finding(message="`a|b` has <b>*x*</b> [y](http://z) and `one")), Style())
    assert "## chunklint: 1 finding: 1 error" in shown
    assert "### [DB-7](<https://tickets.example/DB-7>)" in shown
    assert r"\`a\|b\` has &lt;b&gt;\*x\*&lt;/b&gt; \[y\](http://z) and \`one" in shown
    assert "`name` is spliced." in render("markdown", report(finding()), Style())


def test_markdown_counts_what_a_job_summary_cannot_hold() -> None:
    many = [finding(line=line, message="word " * 200) for line in range(1, 2001)]
    shown = render("markdown", report(*many), Style())
    assert len(shown.encode()) < 1_000_000
    listed = sum(1 for row in shown.splitlines() if row.startswith("- **"))
    assert f"{2000 - listed} further findings did not fit" in shown


def test_an_unknown_reporter_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        render("xml", report(), Style())


@pytest.mark.parametrize(
    ("flag", "environ", "isatty", "expected"),
    [
        (True, {"NO_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        (None, {"CLICOLOR_FORCE": "1"}, False, True),
        (None, {"CLICOLOR_FORCE": "0"}, False, False),
        (None, {"TERM": "dumb"}, True, False),
        (None, {"TERM": "xterm"}, True, True),
        (None, {}, False, False),
    ],
)
def test_colour_is_decided_by_flag_then_environment_then_terminal(
    flag: bool | None, environ: dict[str, str], isatty: bool, expected: bool
) -> None:
    assert wants_color(flag, environ, isatty) is expected


def test_links_need_colour_a_terminal_and_no_ci() -> None:
    assert wants_hyperlinks(True, {"TERM": "xterm"}, True)
    assert not wants_hyperlinks(False, {"TERM": "xterm"}, True)
    assert not wants_hyperlinks(True, {"TERM": "xterm"}, False)
    assert not wants_hyperlinks(True, {"TERM": "xterm", "CI": "true"}, True)


def test_escape_shows_what_does_not_print_and_leaves_the_rest() -> None:
    assert escape("größe 日本 😀 \\n") == "größe 日本 😀 \\n"
    assert escape("\x1b\u202e\t\n\udce9\U000e0041") == r"\x1b\u202e\t\n\udce9\U000e0041"


def test_uris_are_relative_and_links_are_web_addresses() -> None:
    assert uri_path("/a:b/ü.py") == "a%3Ab/%C3%BC.py"
    assert uri_path("\udce9.py") == "%E9.py"
    assert web_address("https://t.example/A 1\x1b") == "https://t.example/A%201%1B"
    assert [web_address(url) for url in ("", "javascript:x", "/relative", "http:///nowhere")] == [""] * 4


def test_a_rule_page_tells_everything_the_head_says() -> None:
    page = markdown(SQL, Ticket("DB-7", "https://tickets.example/DB-7"))
    assert page.startswith("# CL101 `sql-interpolation`\n")
    for part in (
        "[DB-7](<https://tickets.example/DB-7>)",
        "A dynamic value is spliced into SQL.",
        "Whoever chooses the value chooses the statement.",
        "`bind` it.",
        '```python\nop.execute(f"{name}")\n```',
        "## What it leaves alone\n\n- Bound values.",
        "## Limits\n\n- Values of other modules.",
        "| `most` | `3` |",
        '| `wrappers` | `["retry", "a\\|b"]` |',
        "`# chunklint: ignore[CL101] reason`",
    ):
        assert part in page
    assert page.endswith(".\n")


def test_a_rule_page_says_what_is_fixed_and_how_far_that_can_be_trusted() -> None:
    mended = replace(SQL, fixers=[])
    assert "## Fix" not in markdown(mended, Ticket("DB-7"))
    mended.fix("python", does="binds the value", safety="safe: the statement stays the same")(lambda: Refusal(""))
    one = "## Fix\n\nBinds the value. Safe: the statement stays the same.\n\n"
    assert one + "`chunklint scan --select CL101 --diff` shows what" in markdown(mended, Ticket("DB-7"))
    mended.fix("ecmascript", does="binds it", safety="unsafe, for nothing is")(lambda: Refusal(""))
    assert "\n\n**TypeScript and JavaScript.** Binds it. Unsafe, for nothing is.\n" in markdown(mended, Ticket("DB-7"))


def test_rdjson_has_no_columns_where_the_excerpt_does_not_show_them() -> None:
    source = "x" * 500 + " = fetch()\ny = fetch()\n"
    wide = Finding("CL101", Location("a.py", Span(1, 504, 1, 511)), "`a` waits.", Severity.ERROR)
    tall = Finding("CL501", Location("a.py", Span(2, 5, 2, 12)), "`b` waits.", Severity.NOTE)
    document = json.loads(render("rdjson", report(*complete([wide, tall], source)), Style()))
    assert [one["location"]["range"] for one in document["diagnostics"]] == [
        {"start": {"line": 1}, "end": {"line": 1}},
        {"start": {"line": 2, "column": 5}, "end": {"line": 2, "column": 12}},
    ]
    assert [one["severity"] for one in document["diagnostics"]] == ["ERROR", "INFO"]
    assert document["diagnostics"][0]["message"] == "`a` waits. (DB-7)"


def test_a_rule_page_leaves_out_what_the_head_does_not_say() -> None:
    page = markdown(replace(EFFECT, silent_on=(), limits=(), enabled=False), Ticket("TICKET-005"))
    assert "## Options" not in page
    assert "## Limits" not in page
    assert "Ticket: TICKET-005 ·" in page
    assert "`// chunklint: ignore[CL501] reason`" in page
    assert "--extend-select CL501" in page


def test_a_fence_is_longer_than_any_in_the_example() -> None:
    page = markdown(replace(SQL, bad="x = '''\n```\n'''\n"), Ticket("T"))
    assert "````python\nx = '''\n```\n'''\n````" in page
