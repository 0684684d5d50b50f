"""Fixes from the command line: a rule of the tests' own offers good and bad ones, and files are what is looked at."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunklint import files
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.fixing import mend
from chunklint.loader import load
from chunklint.project import Examined, Request, examined
from mends import contents_of, killed_at_random, write_all

# `fetch(...)` lacks a limit. What stands in the call says what becomes of the fix; `shared("x")` may be said once only.
RULE = """
from dataclasses import dataclass

from chunklint.api import Edit, Fix, Refusal, Rule, Span, python


@dataclass(frozen=True, slots=True)
class Options:
    limit: str = "LIMIT"


rule = Rule(
    code="MY101", name="no-fetch", ticket="TICKET-900", when="`fetch` is called without a limit",
    effect="it waits for ever", instead="pass `limit=`", bad="fetch()\\n", good="x = 1\\n", example="a.py",
    mentions=("fetch", "shared"), options=Options(),
)
CALL = '(call function: (identifier) @name (#eq? @name "fetch") arguments: (argument_list) @arguments) @call'
TEXTS = (
    ("twice", ", a=1, a=2, limit=1"), ("broken", "("), ("worse", ", fetch(), limit=1"), ("useless", ", 1"),
    ("elsewhere", ", shared('one'), limit=1"), ("far", ", shared('two'), limit=1"),
    ("greek", ", limit='\\u03b1'"), ("nothing", ""),
)


@rule.on(python, CALL)
def check(file, arguments, call):
    if "limit" not in file.text(arguments):
        yield rule.at(call, "`fetch` waits for ever.")


@rule.fact(python, '(call function: (identifier) @name (#eq? @name "shared")) @call')
def said(file, call):
    yield file.text(call), file.location(call)


@rule.across
def once(facts):
    for path in facts:
        for text, place in facts[path]:
            near = "two" in text and path != "b.py"
            if not near and any(text == other for one in facts if one != path for other, _ in facts[one]):
                yield rule.at(place, "`shared` is said twice.")


@rule.fix(python, does="passes `limit=LIMIT`", safety="safe: only the waiting ends")
def fix(file, finding, options):
    span = finding.location.span
    if "twice" in finding.message:
        return Fix("Say it once", (Edit(span, "None"),), True)
    name = options.limit
    line = file.content.removeprefix("\\ufeff").split("\\n")[span.end_line - 1]
    call = line[span.start_column - 1 : span.end_column - 1]
    if "special" in call:
        return Refusal("this one is special")
    if "asked" in call:
        with open("asked.log", "a") as stream:
            stream.write("once\\n")
    if "crash" in call:
        raise KeyError("crash")
    if "touch" in call:
        with open(file.path, "a") as stream:
            stream.write("# touched\\n")
    end = Span(span.end_line, span.end_column - 1, span.end_line, span.end_column - 1)
    usual = f"limit={name}" if call.endswith("()") else f", limit={name}"
    edits = [Edit(end, next((text for word, text in TEXTS if word in call), usual))]
    if "outside" in call:
        edits = [Edit(Span(99, 1, 99, 1), "")]
    if f"from limits import {name}" not in file.content and edits[0].text == usual:
        at = 2 if file.content.lstrip("\\ufeff").startswith("#") else 1
        edits.insert(0, Edit(Span(at, 1, at, 1), f"from limits import {name}\\n"))
    done = tuple(edits) if edits[-1].text or "outside" in call else ()
    return Fix(f"Pass `limit={name}`", done, "unsafe" not in call)
"""

IMPORT = "from limits import LIMIT\n"


def chunklint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    return subprocess.run(
        [sys.executable, "-m", "chunklint", "scan", "--trust-rules", "--select", "MY101", *arguments],
        cwd=cwd, capture_output=True, text=True, env=plain, timeout=120,
    )  # fmt: skip


def git(repository: Path, *arguments: str, stdin: str = "") -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True, input=stdin).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the rule, and nothing else that it reads."""
    folder = tmp_path / "project"
    rules = folder / "lint" / "rules"
    rules.mkdir(parents=True)
    (rules / "no_fetch.py").write_text(RULE, encoding="utf-8")
    (folder / "chunklint.toml").write_text("rules-dirs = ['lint/rules']\nexclude = ['lint']\n", encoding="utf-8")
    git(folder, "init", "-q", ".")
    return folder


def mended(project: Path, before: bytes, *arguments: str) -> tuple[bytes, subprocess.CompletedProcess[str]]:
    """What `--fix` makes of a file's content."""
    (project / "a.py").write_bytes(before)
    ran = chunklint("--fix", "--output-format", "concise", *arguments, cwd=project)
    return (project / "a.py").read_bytes(), ran


def test_fix_writes_the_safe_fixes_and_reports_what_is_left(project: Path) -> None:
    after, ran = mended(project, b'x = fetch(1)\ny = fetch("unsafe")\nz = fetch("special")\n')
    assert after == IMPORT.encode() + b'x = fetch(1, limit=LIMIT)\ny = fetch("unsafe")\nz = fetch("special")\n'
    assert ran.stdout.splitlines() == [
        "a.py:3:5: MY101 [warning] `fetch` waits for ever. (TICKET-900)",
        "a.py:4:5: MY101 [warning] `fetch` waits for ever. (TICKET-900)",
    ]
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "Fixed 1 of 3 findings in 1 file: MY101 1.",
        "1 more has a fix that is not safe; --unsafe-fixes makes it too.",
        "No fix for 1 finding of rules that have one; --verbose says why.",
    ]


def test_a_project_that_is_all_fixed_is_clean(project: Path) -> None:
    after, ran = mended(project, b'x = fetch("unsafe")\n', "--unsafe-fixes")
    assert after == IMPORT.encode() + b'x = fetch("unsafe", limit=LIMIT)\n'
    assert (ran.returncode, ran.stdout) == (0, "")


def test_fix_only_reports_nothing_and_succeeds(project: Path) -> None:
    (project / "a.py").write_text('x = fetch(1)\ny = fetch("special")\n')
    ran = chunklint("--fix-only", "-q", cwd=project)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert (project / "a.py").read_text() == IMPORT + 'x = fetch(1, limit=LIMIT)\ny = fetch("special")\n'


def test_diff_writes_nothing_and_git_makes_of_it_what_fix_does(project: Path) -> None:
    before = "x = fetch(1)\r\ny = 'é'\r\nz = fetch()"
    (project / "a.py").write_bytes(before.encode())
    (project / "b.py").write_text("fetch()\n")
    ran = chunklint("--diff", cwd=project)
    assert ran.returncode == 1
    assert (project / "a.py").read_bytes() == before.encode()
    assert ran.stderr.startswith("Would fix 3 of 3 findings in 2 files")
    patch = subprocess.run(
        [sys.executable, "-m", "chunklint", "scan", "--trust-rules", "--select", "MY101", "--diff", "-q"],
        cwd=project, capture_output=True,
    ).stdout  # fmt: skip
    subprocess.run(["git", "apply", "-"], cwd=project, input=patch, check=True)
    by_git = [(project / name).read_bytes() for name in ("a.py", "b.py")]
    (project / "a.py").write_bytes(before.encode())
    (project / "b.py").write_text("fetch()\n")
    chunklint("--fix", cwd=project)
    assert [(project / name).read_bytes() for name in ("a.py", "b.py")] == by_git
    clean = chunklint("--diff", cwd=project)
    assert (clean.returncode, clean.stdout) == (0, "")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("fetch('special')", "no fix, for this one is special."),
        ("fetch('crash')", "no fix, for making it failed (KeyError: 'crash'); please report it."),
        ("fetch('broken')", "no fix, for the file could not be parsed any more."),
        ("fetch('twice')", "no fix, for the file could not be parsed any more."),
        ("fetch('worse')", "no fix, for it would bring MY101: `fetch` waits for ever."),
        ("fetch('useless')", "no fix, for the finding would still be there."),
        ("fetch('elsewhere')", "no fix, for it would bring MY101: `shared` is said twice."),
        ("fetch('nothing')", "no fix, for there is nothing to change."),
        ("fetch('outside')", "the text has no place 99:1"),
    ],
)
def test_a_fix_that_does_not_do_what_it_is_for_is_refused_and_the_others_are_made(
    project: Path, call: str, reason: str
) -> None:
    (project / "b.py").write_text("shared('one')\n")
    after, ran = mended(project, f"x = fetch(1)\ny = {call}\nz = fetch(2)\n".encode(), "--verbose")
    assert after.decode() == IMPORT + f"x = fetch(1, limit=LIMIT)\ny = {call}\nz = fetch(2, limit=LIMIT)\n"
    (told,) = (line for line in ran.stderr.splitlines() if line.startswith("a.py:2:5:"))
    assert reason in told
    assert "Fixed 2 of 3 findings in 1 file" in ran.stderr


def test_a_report_of_what_has_not_changed_asks_no_fixer_again(project: Path) -> None:
    def asked() -> tuple[bytes, int]:
        ran = chunklint("--cache-dir", "../caches", "--exit-zero", "--output-format", "sarif=../report", cwd=project)
        assert ran.returncode == 0, ran.stderr
        return (project.parent / "report").read_bytes(), (project / "asked.log").read_text().count("once")

    (project / "a.py").write_text("x = fetch('asked')\n")
    first, times = asked()
    assert b"limit=LIMIT" in first
    assert times == 1
    assert asked() == (first, 1)
    (project / "ruff.toml").write_text("line-length = 200\n")
    assert asked() == (first, 2)
    (project / "a.py").write_text("y = fetch('asked')\n")
    assert asked()[1] == 3


def test_a_fixer_that_fails_is_asked_again(project: Path) -> None:
    (project / "a.py").write_text("x = fetch('asked', 'crash')\n")
    for times in (1, 2):
        chunklint("--cache-dir", "../caches", "--output-format", "sarif=../report", cwd=project)
        assert (project / "asked.log").read_text().count("once") == times


def test_a_fix_that_harms_another_file_alone_is_refused(project: Path) -> None:
    (project / "b.py").write_text("shared('two')\n")
    after, ran = mended(project, b"fetch('far')\n", "--verbose")
    assert after == b"fetch('far')\n"
    assert "a.py:1:1: MY101: no fix, for it would bring MY101 to b.py:1.\n" in ran.stderr
    assert "Fixed 0 of 1 finding." in ran.stderr


def test_a_finding_of_joined_files_is_fixed_and_seen_to_be_gone(project: Path) -> None:
    (project / "b.py").write_text("shared('two')\n")
    after, ran = mended(project, b"x = shared('two')\n", "-v")
    assert after == b"x = shared('two')\n"
    assert "b.py:1:1: MY101: fixed: Say it once." in ran.stderr
    assert (project / "b.py").read_text() == "None\n"
    assert ran.returncode == 0


def test_a_fix_knows_the_options_of_its_rule(project: Path) -> None:
    with (project / "chunklint.toml").open("a") as settings_file:
        settings_file.write("[rules.MY101]\nlimit = 'SHORT'\n")
    assert mended(project, b"fetch()\n")[0] == b"from limits import SHORT\nfetch(limit=SHORT)\n"


def test_findings_that_hide_each_other_on_a_line_are_all_fixed(project: Path) -> None:
    after, ran = mended(project, b"x = fetch(fetch(1)), fetch(fetch(2))\n", "-v")
    one, two = (f"fetch(fetch({number}, limit=LIMIT), limit=LIMIT)" for number in (1, 2))
    assert after.decode() == f"{IMPORT}x = {one}, {two}\n"
    assert "Fixed 4 of 4 findings in 1 file: MY101 4." in ran.stderr
    assert ran.stderr.count("a.py:1:5: MY101: fixed: Pass `limit=LIMIT`.") == 4


def test_what_is_suppressed_or_in_the_baseline_is_left_alone(project: Path) -> None:
    known = "x = fetch(1)\n"
    (project / "a.py").write_text(known)
    chunklint("--baseline", "known.json", "--baseline-mode", "write", cwd=project)
    silenced = "y = fetch(2)  # chunklint: ignore[MY101] it answers at once\n"
    after, _ = mended(project, (known + silenced + "z = fetch(3)\n").encode(), "--baseline", "known.json")
    assert after.decode() == IMPORT + known + silenced + "z = fetch(3, limit=LIMIT)\n"


def test_only_what_a_change_brings_is_fixed_against_a_revision(project: Path) -> None:
    (project / "a.py").write_text("x = fetch(1)\n\n\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    after, _ = mended(project, b"x = fetch(1)\n\n\ny = fetch(2)\n", "--diff-base", "HEAD")
    assert after.decode() == IMPORT + "x = fetch(1)\n\n\ny = fetch(2, limit=LIMIT)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x = 1\r\nfetch()\r\n", b"from limits import LIMIT\r\nx = 1\r\nfetch(limit=LIMIT)\r\n"),
        (b"\xef\xbb\xbffetch()\n", b"\xef\xbb\xbffrom limits import LIMIT\nfetch(limit=LIMIT)\n"),
        (
            "# coding: latin-1\nx = 'é', fetch()\n".encode("latin-1"),
            f"# coding: latin-1\n{IMPORT}x = 'é', fetch(limit=LIMIT)\n".encode("latin-1"),
        ),
        (b"fetch()", IMPORT.encode() + b"fetch(limit=LIMIT)"),
        (b"x = '\x0c'\x0c\nfetch()\n", IMPORT.encode() + b"x = '\x0c'\x0c\nfetch(limit=LIMIT)\n"),
        ("x = '𐐀', fetch()\n".encode(), f"{IMPORT}x = '𐐀', fetch(limit=LIMIT)\n".encode()),
    ],
    ids=["CRLF", "BOM", "latin-1", "no final newline", "form feed", "beyond the BMP"],
)
def test_bytes_that_no_edit_is_about_stay_as_they_are(project: Path, before: bytes, after: bytes) -> None:
    assert mended(project, before)[0] == after


def test_what_the_files_encoding_cannot_say_is_not_written(project: Path) -> None:
    before = b"# coding: latin-1\nx = fetch('greek')\n"
    after, ran = mended(project, before, "-v")
    assert after == before
    assert "no fix, for it cannot be written in latin-1." in ran.stderr


def test_a_file_that_is_not_in_its_encoding_is_not_written(project: Path) -> None:
    before = b"x = '\xff', fetch()\n"
    after, ran = mended(project, before, "-v")
    assert after == before
    assert "cannot be written back as it was" in ran.stderr


def test_a_mended_file_keeps_its_mode(project: Path) -> None:
    (project / "a.py").write_text("fetch()\n")
    (project / "a.py").chmod(0o751)
    chunklint("--fix", cwd=project)
    assert stat.S_IMODE((project / "a.py").stat().st_mode) == 0o751
    assert (project / "a.py").read_text() == IMPORT + "fetch(limit=LIMIT)\n"


def test_a_file_that_changes_while_it_is_mended_is_not_written(project: Path) -> None:
    after, ran = mended(project, b"fetch('touch')\n", "-v")
    assert after.startswith(b"fetch('touch')\n# touched\n")
    assert "no fix, for the file cannot be written: it has changed since it was read." in ran.stderr
    assert "Fixed 0 of 1 finding." in ran.stderr


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_bytes(b"old")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").symlink_to("../outside/a.py")
    (root / "folder").symlink_to("../outside", target_is_directory=True)
    for path in ("a.py", "folder/a.py"):
        with pytest.raises(OSError, match="symbolic links"):
            files.rewrite(root, path, b"old", b"new")
    assert (tmp_path / "outside" / "a.py").read_bytes() == b"old"
    (tmp_path / "way").symlink_to("outside", target_is_directory=True)
    files.rewrite(tmp_path / "way", "a.py", b"old", b"new")
    assert (tmp_path / "outside" / "a.py").read_bytes() == b"new"


def test_killed_at_any_moment_every_file_is_the_old_or_the_new_one(project: Path) -> None:
    count = 60
    old = {f"m{number:02}.py": f"x = fetch({number})\n".encode() * (number + 1) for number in range(count)}

    write_all(project, old)
    command = [sys.executable, "-m", "chunklint", "scan", "--trust-rules", "--select", "MY101", "--fix-only", "-q"]
    started = time.monotonic()
    subprocess.run(command, cwd=project, check=True)
    whole = time.monotonic() - started
    new = contents_of(project, old)
    assert all(new[name] != old[name] for name in old)
    dice = random.Random(8)  # noqa: S311 - moments, not secrets
    killed_at_random(command, project, old, new, whole=whole, dice=dice, times=12, pause=0.02)
    assert chunklint("--fix", "-q", cwd=project).returncode == 0
    assert contents_of(project, old) == new


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--unsafe-fixes"], "--unsafe-fixes adds to"),
        (["--fix", "--staged"], "leave --staged"),
        (["--diff", "--stdin-filename", "a.py"], "--stdin-filename"),
        (["--fix", "--baseline", "b.json", "--baseline-mode", "write"], "--baseline-mode"),
        (["--fix", "--add-ignores", "reason"], "one after the other"),
        (["--diff", "--show-fixes"], "--show-fixes"),
        (["--diff", "--output-format", "json"], "makes no report"),
        (["--fix-only", "--statistics"], "makes no report"),
        (["--ticket", "TICKET-901"], "did you mean"),
        (["--ticket", "OPS"], "there are TICKET-900"),
    ],
)
def test_what_does_not_go_together_is_refused(project: Path, arguments: list[str], message: str) -> None:
    (project / "a.py").write_text("fetch()\n")
    ran = chunklint(*arguments, cwd=project)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (project / "a.py").read_text() == "fetch()\n"


def test_a_ticket_chooses_rules_by_the_users_own_id(project: Path) -> None:
    with (project / "chunklint.toml").open("a") as settings_file:
        settings_file.write("[tickets.map]\nTICKET-900 = 'OPS-4'\n")
    source = "import requests\n\nrequests.get('https://example.org')\nfetch()\n"
    (project / "a.py").write_text(source)

    def codes(*arguments: str) -> list[str]:
        command = [sys.executable, "-m", "chunklint", "scan", "--trust-rules", "--output-format", "json", *arguments]
        ran = subprocess.run(command, cwd=project, capture_output=True, text=True)
        return [finding["code"] for finding in json.loads(ran.stdout)["findings"]]

    assert codes() == ["CL801", "MY101"]
    assert codes("--ticket", "ops-4") == ["MY101"]
    assert codes("--ticket", "TICKET-008") == ["CL801"]
    assert codes("--ticket", "TICKET-008", "--ticket", "OPS-4") == ["CL801", "MY101"]


def test_the_text_report_says_that_there_may_be_fixes_and_shows_them_on_request(project: Path) -> None:
    (project / "a.py").write_text('import sys\n\n\n\nx = fetch("unsafe")\ny = fetch("special")\n')
    hint = "Fixes may exist for 2 findings: --diff shows them, --fix makes those that are safe."
    assert hint in chunklint(cwd=project).stdout
    shown = chunklint("--show-fixes", cwd=project).stdout
    assert hint not in shown
    for part in (
        "  fix      Pass `limit=LIMIT` (not safe; --unsafe-fixes)\n",
        "    | + from limits import LIMIT\n  1 |   import sys\n",
        '  5 | - x = fetch("unsafe")\n    | + x = fetch("unsafe", limit=LIMIT)\n  6 |   y = fetch("special")\n',
    ):
        assert part in shown
    assert shown.count("  fix  ") == 1


def test_json_and_sarif_carry_the_edits(project: Path) -> None:
    (project / "a.py").write_bytes(b"x = 1\r\ny = fetch()\r\n")
    document = json.loads(chunklint("--output-format", "json", cwd=project).stdout)
    assert document["findings"][0]["fix"] == {
        "title": "Pass `limit=LIMIT`",
        "safe": True,
        "edits": [
            {"line": 1, "column": 1, "end_line": 1, "end_column": 1, "text": "from limits import LIMIT\r\n"},
            {"line": 2, "column": 11, "end_line": 2, "end_column": 11, "text": "limit=LIMIT"},
        ],
    }
    (result,) = json.loads(chunklint("--output-format", "sarif", cwd=project).stdout)["runs"][0]["results"]
    (fix,) = result["fixes"]
    assert fix["description"]["text"] == "Pass `limit=LIMIT`"
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert [one["insertedContent"]["text"] for one in change["replacements"]] == [
        "from limits import LIMIT\r\n",
        "limit=LIMIT",
    ]


def test_an_editor_gets_the_edits_of_what_it_sends(project: Path) -> None:
    command = ["scan", "--trust-rules", "--select", "MY101", "--stdin-filename", "a.py", "--output-format", "json"]
    ran = subprocess.run(
        [sys.executable, "-m", "chunklint", *command],
        cwd=project, input="x = fetch()\n", capture_output=True, text=True,
    )  # fmt: skip
    (finding,) = json.loads(ran.stdout)["findings"]
    assert [edit["text"] for edit in finding["fix"]["edits"]] == [IMPORT, "limit=LIMIT"]


def test_rdjson_suggests_whole_lines_and_counts_bytes(project: Path) -> None:
    far = "\n" * 20 + "z = fetch(3)\n"
    (project / "a.py").write_text(f"é = fetch(1)\ny = fetch(2)\n{far}")
    ran = chunklint("--output-format", "rdjson", cwd=project)
    first, second, third = json.loads(ran.stdout)["diagnostics"]
    assert first["location"]["range"] == {"start": {"line": 1, "column": 6}, "end": {"line": 1, "column": 14}}
    assert first["suggestions"] == [
        {
            "range": {"start": {"line": 1}, "end": {"line": 1}},
            "text": "from limits import LIMIT\né = fetch(1, limit=LIMIT)",
        }
    ]
    assert first["severity"] == "WARNING"
    assert second["suggestions"][0]["range"] == {"start": {"line": 1}, "end": {"line": 2}}
    # The import and the call are too far from each other to be one suggestion.
    assert "suggestions" not in third


def scanned(root: Path, texts: Mapping[str, str]) -> Examined:
    rules = root / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "no_fetch.py").write_text(RULE, encoding="utf-8")
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    request = Request(Discovered(root, tuple(sorted(texts)), ()))
    return examined(request, Settings(None, root), load([rules]), [rules], jobs=1)


CALLS = st.sampled_from(["fetch()", "fetch(1)", "fetch(fetch(2))", "fetch('unsafe')", "fetch('special')", "0"])
LINES = st.lists(st.lists(CALLS, min_size=1, max_size=3).map(lambda calls: f"x = {', '.join(calls)}"), max_size=5)


@given(st.lists(LINES, min_size=1, max_size=2), st.data())
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_fixes_in_any_order_end_in_the_same_files(
    tmp_path: Path, sources: list[list[str]], data: st.DataObject
) -> None:
    texts = {f"m{number}.py": "\n".join(lines) + "\n" for number, lines in enumerate(sources)}
    start = scanned(tmp_path, texts)
    at_once = mend(start, start.report().findings, unsafe=True)
    expected = {**texts, **{change.path: change.after.decode() for change in at_once.changes}}
    now: dict[str, Any] = dict(texts)
    for _ in range(40):
        examined_now = scanned(tmp_path, now)
        left = examined_now.report().findings
        chosen = data.draw(st.sets(st.sampled_from(left), min_size=1, max_size=3)) if left else left
        part = mend(examined_now, chosen, unsafe=True)
        now |= {change.path: change.after.decode() for change in part.changes}
        if not mend(scanned(tmp_path, now), scanned(tmp_path, now).report().findings, unsafe=True).changes:
            break
    assert now == expected
