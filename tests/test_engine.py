"""Dispatch, facts, broken files, order, and the same bytes for any number of workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chunklint.engine import Job, Outcome, RuleSet, scan
from chunklint.loader import RuleError, load

HEAD = (
    "from chunklint.api import Rule, python, ecmascript\n"
    "rule = Rule(code='ZZ100', name='a-rule', ticket='T', when='w', effect='e', instead='i', bad='', good='',\n"
    "            example='x.py', mentions={mentions})\n"
)


def outcome_of(
    tmp_path: Path, checks: str, files: dict[str, str], mentions: str = "()", *, whole: bool = True
) -> Outcome:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a_rule.py").write_text(HEAD.format(mentions=mentions) + checks, encoding="utf-8")
    contents = {path: text.encode() for path, text in files.items()}
    return scan(Job(tmp_path, RuleSet.of([folder], load([folder])), tuple(files), 100_000, contents, whole))


CALLS = "@rule.on(python, '(call function: (identifier) @name) @call')\ndef check(call, name, file):\n"
NAMED = CALLS + "    yield rule.at(call, f'`{file.text(name)}` is called.')\n"


def test_captures_arrive_under_their_names(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, NAMED, {"a.py": "foo(\n  bar())\n"})
    assert [finding.message for finding in outcome.findings] == ["`foo` is called.", "`bar` is called."]


def test_a_file_without_any_mentioned_word_is_not_judged(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, NAMED, {"a.py": "foo()\n", "b.py": "bar()\n"}, mentions="('foo',)")
    assert [finding.location.path for finding in outcome.findings] == ["a.py"]


def test_findings_carry_columns_in_code_points_and_the_enclosing_definition(tmp_path: Path) -> None:
    source = "class A:\n    def m(self):\n        x = 'é😀'; foo()\n"
    (finding,) = outcome_of(tmp_path, NAMED, {"a.py": source}).findings
    span = finding.location.span
    assert (span.start_line, span.start_column, span.end_column) == (3, 19, 24)
    assert finding.location.symbol == "A.m"


def test_a_byte_order_mark_is_no_column(tmp_path: Path) -> None:
    (finding,) = outcome_of(tmp_path, NAMED, {"a.py": "\ufefffoo()\n"}).findings
    assert finding.location.span.start_column == 1


def test_at_most_one_finding_a_rule_and_line_is_kept_and_it_is_the_most_severe(tmp_path: Path) -> None:
    checks = (
        "from chunklint.api import Severity\n" + CALLS + "    name = file.text(name)\n"
        "    yield rule.at(call, name, severity=Severity.ERROR if name == 'worse' else Severity.NOTE)\n"
    )
    outcome = outcome_of(tmp_path, checks, {"a.py": "bad(); worse(); bad()\n"})
    assert [finding.message for finding in outcome.findings] == ["worse"]


def test_a_broken_file_is_read_around_the_break(tmp_path: Path) -> None:
    source = "foo()\nfoo()\nx = = foo(1)\ndef f():\n    return foo()\n" + "y = 1\n" * 20
    outcome = outcome_of(tmp_path, NAMED, {"a.py": source})
    lines = [finding.location.span.start_line for finding in outcome.findings]
    assert {1, 2, 5} <= set(lines)
    (note,) = outcome.notifications
    assert (note.line, note.severity) == (3, "note")


def test_a_finding_that_touches_the_break_is_dropped(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, NAMED, {"a.py": "y = 1\n" * 20 + "foo(1 2 = 3)\n"})
    assert outcome.findings == ()
    assert len(outcome.notifications) == 1


def test_facts_of_all_files_are_joined(tmp_path: Path) -> None:
    checks = (
        "from chunklint.api import Location\n"
        "@rule.fact(python, '(function_definition name: (identifier) @name)')\n"
        "def defines(name, file):\n    yield ('def', file.text(name), file.location(name))\n"
        "@rule.fact(python, '(call function: (identifier) @name)')\n"
        "def calls(name, file):\n    yield ('call', file.text(name), file.location(name))\n"
        "@rule.across\n"
        "def nowhere_defined(facts):\n"
        "    known = {name for found in facts.values() for kind, name, _ in found if kind == 'def'}\n"
        "    for found in facts.values():\n"
        "        for kind, name, place in found:\n"
        "            if kind == 'call' and name not in known:\n"
        "                yield rule.at(place, f'`{name}` is defined nowhere.')\n"
    )
    outcome = outcome_of(tmp_path, checks, {"a.py": "def f(): pass\n", "b.py": "f()\ng()\n"})
    (finding,) = outcome.findings
    assert (finding.location.path, finding.location.span.start_line) == ("b.py", 2)
    assert finding.excerpt == ("g()",)


def test_facts_that_rules_share_are_made_once_and_joined_by_each(tmp_path: Path) -> None:
    shared = (
        "import builtins\n"
        "@rule.shares(python, 'lengths')\n"
        "def tells(file):\n"
        "    builtins.told = getattr(builtins, 'told', 0) + 1\n"
        "    yield ('length', len(file.content), builtins.told)\n"
        "@rule.fact(python)\n"
        "def own(file):\n    yield ('place', file.location(file.root))\n"
        "@rule.across\n"
        "def joined(facts):\n"
        "    for (_, place), (_, length, told) in facts.values():\n"
        "        yield rule.at(place, f'{length} {told}')\n"
    )
    folder = tmp_path / "rules"
    folder.mkdir()
    for code in ("ZZ100", "ZZ200"):
        head = HEAD.format(mentions="()").replace("ZZ100", code).replace("a-rule", f"a-rule-{code}")
        (folder / f"{code}.py").write_text(head + shared, encoding="utf-8")
    contents = {"a.py": b"x = 1\n", "b.py": b"value = 1\n"}
    outcome = scan(Job(tmp_path, RuleSet.of([folder], load([folder])), tuple(contents), 100_000, contents, True))
    said = sorted((one.location.path, one.code, one.message) for one in outcome.findings)
    assert said == [
        ("a.py", "ZZ100", "6 1"),
        ("a.py", "ZZ200", "6 1"),
        ("b.py", "ZZ100", "10 2"),
        ("b.py", "ZZ200", "10 2"),
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_a_join_learns_whether_the_scan_was_of_folders(tmp_path: Path, whole: bool) -> None:
    checks = (
        "@rule.fact(python)\ndef is_there(file):\n    yield file.location(file.root)\n"
        "@rule.across\ndef check(facts, whole):\n"
        "    for (place,) in facts.values():\n        yield rule.at(place, str(whole))\n"
    )
    outcome = outcome_of(tmp_path, checks, {"a.py": "foo()\n"}, whole=whole)
    assert [finding.message for finding in outcome.findings] == [str(whole)]


def test_facts_that_cannot_travel_cost_the_rule_that_file_with_or_without_workers(tmp_path: Path) -> None:
    checks = "@rule.fact(python)\ndef nodes(file):\n    yield file.root\n@rule.across\ndef join(facts): yield from ()\n"
    (note,) = outcome_of(tmp_path, checks, {"a.py": "f()\n"}).notifications
    assert (note.path, note.code, note.severity) == ("a.py", "ZZ100", "error")
    assert "pickle" in note.message


def test_facts_of_a_class_that_the_rule_file_defines_travel_from_workers(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a_rule.py").write_text(
        "from dataclasses import dataclass\nfrom chunklint.api import Location\n"
        + HEAD.format(mentions="()")
        + "@dataclass(frozen=True, slots=True)\nclass Fact:\n    place: Location\n"
        "@rule.fact(python, '(call) @call')\ndef calls(call, file):\n    yield Fact(file.location(call))\n"
        "@rule.across\ndef join(facts):\n"
        "    for found in facts.values():\n        for fact in found:\n"
        "            yield rule.at(fact.place, 'A `call`.')\n",
        encoding="utf-8",
    )
    for name in ("x.py", "y.py"):
        (tmp_path / name).write_text("f()\n", encoding="utf-8")
    (tmp_path / "chunklint.toml").write_text("rules-dirs = ['rules']\n", encoding="utf-8")
    arguments = ["--trust-rules", "--jobs", "2", "--select", "ZZ100", "--output-format", "concise", "x.py", "y.py"]
    command = [sys.executable, "-m", "chunklint", "scan", *arguments]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert [line.split(" ")[0] for line in ran.stdout.splitlines()] == ["x.py:1:1:", "y.py:1:1:"]


def test_queries_for_a_node_type_of_one_dialect_do_not_disturb_the_others(tmp_path: Path) -> None:
    checks = (
        "@rule.on(ecmascript, '(as_expression) @node', '(call_expression) @node')\n"
        "def check(node, file):\n    yield rule.at(node, node.type)\n"
    )
    outcome = outcome_of(tmp_path, checks, {"a.ts": "x as any;\nf();\n", "b.js": "f();\n"})
    assert [(f.location.path, f.message) for f in outcome.findings] == [
        ("a.ts", "as_expression"),
        ("a.ts", "call_expression"),
        ("b.js", "call_expression"),
    ]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("rule = 3\n", "defines no `rule`"),
        ("1 / 0\n", "ZeroDivisionError"),
        (HEAD.format(mentions="()"), "has no check"),
        (HEAD.format(mentions="()") + "@rule.each('cobol')\ndef check(file): yield\n", "unknown language 'cobol'"),
    ],
)
def test_a_rule_file_that_cannot_be_used_is_named_with_its_fault(tmp_path: Path, source: str, complaint: str) -> None:
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    with pytest.raises(RuleError, match=complaint) as caught:
        load([tmp_path])
    assert "mine.py" in str(caught.value)


def test_two_rules_cannot_share_a_code(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(HEAD.format(mentions="()") + NAMED, encoding="utf-8")
    with pytest.raises(RuleError, match="already the code or name"):
        load([tmp_path])


def test_one_worker_and_two_give_the_same_bytes(tmp_path: Path) -> None:
    for number in range(60):
        body = f"import requests\n\ndef f{number}(u):\n    return requests.get(u)\n" * (1 + number % 7)
        (tmp_path / f"module_{number:02}.py").write_text(body, encoding="utf-8")
    outputs = []
    for jobs in ("1", "2"):
        command = [
            sys.executable,
            "-m",
            "chunklint",
            "scan",
            "--isolated",
            "--no-cache",
            "--jobs",
            jobs,
            "--output-format",
            "sarif",
            ".",
        ]
        outputs.append(subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300).stdout)
    assert len(json.loads(outputs[0])["runs"][0]["results"]) > 60
    assert outputs[0] == outputs[1]
