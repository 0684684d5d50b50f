"""Workers that die, hang or are interrupted cost no more than the file at fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chunklint.engine import JOINED_FILES, Job, Outcome, RuleSet, Team, scan
from chunklint.loader import load

RULE = """
import os, signal, time
from chunklint.api import Rule, python
rule = Rule(code='ZZ100', name='a-rule', ticket='T', when='w', effect='e', instead='i', bad='', good='',
            example='x.py', mentions=())
@rule.on(python, '(call function: (identifier) @name) @call')
def check(call, name, file):
    called = file.text(name)
    if called == 'dies':
        os._exit(3)
    if called == 'killed':
        os.kill(os.getpid(), signal.SIGKILL)
    while called == 'spins':
        pass
    if called == 'sleeps':
        open('asleep', 'w').close()
        time.sleep(60)
    if called == 'stuck':
        sum(range(10**12))  # C code that never looks at signals
    yield rule.at(call, called)
"""


@pytest.fixture
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where the rule may leave its mark: in the test's own folder, not in the checkout."""
    monkeypatch.chdir(tmp_path)


def outcome_of(tmp_path: Path, files: dict[str, str], team: Team | None, seconds: float = 20.0) -> Outcome:
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "a_rule.py").write_text(RULE, encoding="utf-8")
    rules = RuleSet.of([folder], load([folder]))
    contents = {path: text.encode() for path, text in files.items()}
    return scan(Job(tmp_path, rules, tuple(files), 100_000, contents, seconds=seconds), team=lambda job: team)


FINE = {f"f{number:03}.py": "fine()\n" for number in range(100)}


def found(outcome: Outcome) -> set[str]:
    return {finding.location.path for finding in outcome.findings}


def test_a_scan_leaves_the_environment_of_its_process_alone(tmp_path: Path) -> None:
    before = dict(os.environ)
    outcome_of(tmp_path, FINE, Team(2))
    assert dict(os.environ) == before


def test_workers_and_none_give_the_same(tmp_path: Path) -> None:
    assert outcome_of(tmp_path, FINE, Team(2)) == outcome_of(tmp_path, FINE, None)


@pytest.mark.parametrize("end", ["dies", "killed"])
def test_a_worker_that_dies_costs_only_its_file_which_is_named(tmp_path: Path, end: str) -> None:
    outcome = outcome_of(tmp_path, {**FINE, "f050a.py": f"{end}()\n"}, Team(2))
    assert found(outcome) == set(FINE)
    (note,) = outcome.notifications
    assert (note.path, note.severity) == ("f050a.py", "error")
    assert "died" in note.message


def test_several_deaths_cost_no_more_than_their_files(tmp_path: Path) -> None:
    deadly = {"f000a.py": "dies()\n", "f070a.py": "killed()\n", "f099a.py": "dies()\n"}
    outcome = outcome_of(tmp_path, {**FINE, **deadly}, Team(2))
    assert found(outcome) == set(FINE)
    assert {note.path for note in outcome.notifications} == set(deadly)


@pytest.mark.parametrize("team", [None, Team(2)])
@pytest.mark.parametrize("kind", ["spins", "sleeps"])
@pytest.mark.usefixtures("_inside")
def test_a_file_that_takes_too_long_is_given_up_and_named(tmp_path: Path, kind: str, team: Team | None) -> None:
    outcome = outcome_of(tmp_path, {"a.py": "fine()\n", "b.py": f"{kind}()\n", "c.py": "fine()\n"}, team, seconds=0.5)
    assert found(outcome) == {"a.py", "c.py"}
    (note,) = outcome.notifications
    assert (note.path, note.severity) == ("b.py", "error")
    assert "given up after 0.5 seconds" in note.message


def test_a_worker_that_no_signal_reaches_is_ended(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, {"a.py": "fine()\n", "b.py": "stuck()\n"}, Team(1), seconds=0.5)
    assert found(outcome) == {"a.py"}
    (note,) = outcome.notifications
    assert note.path == "b.py"
    assert "died" in note.message


JOINED = """
import os
from chunklint.api import Rule, python
rule = Rule(code='{code}', name='rule-{code}', ticket='T', when='w', effect='e', instead='i', bad='', good='',
            example='x.py', mentions=())
@rule.fact(python, '(call) @call')
def calls(call, file):
    yield file.location(call)
@rule.across
def join(facts):
    {first}
    for found in facts.values():
        yield rule.at(found[0], f'one of {{len(facts)}}, judged by {{os.getpid()}}')
"""


def joined(tmp_path: Path, rules: dict[str, str], team: Team | None) -> Outcome:
    """What rules find that join the facts of so many files that it is worth while to do it elsewhere."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for code, first in rules.items():
        (folder / f"rule_{code}.py").write_text(JOINED.format(code=code, first=first), encoding="utf-8")
    contents = {f"f{number:04}.py": b"fine()\n" for number in range(JOINED_FILES)}
    chosen = RuleSet.of([folder], load([folder]))
    return scan(Job(tmp_path, chosen, tuple(contents), 100_000, contents), team=lambda job: team)


def test_what_rules_say_of_many_files_is_joined_by_workers(tmp_path: Path) -> None:
    outcome = joined(tmp_path, {"ZZ101": "pass", "ZZ102": "pass"}, Team(2))
    assert [finding.code for finding in outcome.findings] == ["ZZ101", "ZZ102"] * JOINED_FILES
    assert all(f"one of {JOINED_FILES}, " in finding.message for finding in outcome.findings)
    assert not any(finding.message.endswith(f" {os.getpid()}") for finding in outcome.findings)


def test_a_worker_that_dies_of_a_join_costs_only_that_rule_which_is_named(tmp_path: Path) -> None:
    outcome = joined(tmp_path, {"ZZ101": "os._exit(3)", "ZZ102": "pass"}, Team(2))
    assert [finding.code for finding in outcome.findings] == ["ZZ102"] * JOINED_FILES
    (note,) = outcome.notifications
    assert (note.code, note.severity) == ("ZZ101", "error")
    assert "died when it joined all files for rule ZZ101" in note.message


def children(process: int) -> set[int]:
    """The processes below one, by Linux's own account."""
    below: set[int] = set()
    pending = [process]
    while pending:
        parent = pending.pop()
        for listing in Path(f"/proc/{parent}/task").glob("*/children"):
            ids = {int(one) for one in listing.read_text().split()} - below
            below |= ids
            pending.extend(ids)
    return below


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the children of a process")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_everything_at_once_with_130(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a_rule.py").write_text(RULE, encoding="utf-8")
    (tmp_path / "chunklint.toml").write_text("rules-dirs = ['rules']\n", encoding="utf-8")
    for number in range(4):
        (tmp_path / f"f{number}.py").write_text("sleeps()\n", encoding="utf-8")
    arguments = ["--trust-rules", "--no-cache", "--jobs", jobs, "--select", "ZZ100", "."]
    command = [sys.executable, "-m", "chunklint", "scan", *arguments]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 30
    wanted = 0 if jobs == "1" else 2
    while time.monotonic() < deadline:
        if (tmp_path / "asleep").exists() and len(children(running.pid)) == wanted:
            break
        time.sleep(0.05)
    workers = children(running.pid)
    assert len(workers) == wanted
    os.killpg(running.pid, signal.SIGINT)
    _, stderr = running.communicate(timeout=15)
    assert running.returncode == 130
    assert stderr.strip() == "Interrupted."
    assert not [one for one in workers if Path(f"/proc/{one}").exists()]
