"""The benchmarks as their users run them, on sizes that take no time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from evaluation.benchmarks.peers import trees
from evaluation.benchmarks.peers.measure import Limits, race, ratios
from evaluation.benchmarks.peers.report import Results, Tree, as_markdown
from evaluation.benchmarks.peers.tools import Contender
from evaluation.benchmarks.replay import exponent, write_chain

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evaluation.benchmarks.replay", "--runs", "1", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_history_that_is_timed_gives_no_findings_so_that_nothing_but_the_replay_is_timed(tmp_path: Path) -> None:
    write_chain(tmp_path, 80)
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--select", "CL9", "--fail-on", "note"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "80 files, no findings" in done.stdout
    assert done.returncode == 0


def test_the_exponent_is_the_power_that_the_times_grow_with() -> None:
    assert round(exponent([(50, 1.0), (100, 4.0), (200, 16.0)]), 6) == 2.0


def test_each_size_has_a_line_and_the_exponent_comes_last() -> None:
    done = run("--sizes", "40", "30", "--codes", "CL901")
    assert done.returncode == 0
    first, heading, *sizes, last = done.stdout.splitlines()
    assert first.startswith("20 revisions take ")
    assert heading.split() == ["revisions", "seconds", "ms", "each", "ratio"]
    assert [line.split()[0] for line in sizes] == ["30", "40"]
    assert last.startswith("grows with the length to the power of ")


def test_a_chain_too_short_to_say_anything_is_refused() -> None:
    done = run("--sizes", "20")
    assert done.returncode == 2
    assert "more than 20 revisions are needed" in done.stderr


def test_a_quick_race_beside_ruff_writes_every_run_a_table_and_a_chart(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evaluation.benchmarks.peers", "--quick", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "peers.json").read_text(encoding="utf-8"))
    (tree,) = written["trees"]
    assert tree["files"] == 100
    times = {one["name"]: one["runs"] for one in tree["programs"]}
    assert {"chunklint", "chunklint, warm", "ruff"} <= times.keys()
    assert all(run["seconds"] > 0 and run["trouble"] == "" for runs in times.values() for run in runs)
    assert "| ours, cold, to ruff | at most 5 |" in (tmp_path / "peers.md").read_text(encoding="utf-8")
    ElementTree.parse(tmp_path / "peers.svg")


def test_a_made_up_tree_is_the_same_bytes_every_time_and_has_nothing_to_find(tmp_path: Path) -> None:
    for name in ("one", "two"):
        trees.write(tmp_path / name, 30)
    one, two = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert len(one) == 30
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--no-cache", "--fail-on", "note", "one"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "30 files, no findings" in done.stdout


def sleeper(name: str, seconds: float) -> Contender:
    return Contender(name, "sleeps", (sys.executable, "-c", f"import time; time.sleep({seconds})"))


def test_a_program_that_takes_too_long_is_killed_and_left_out_of_later_rounds(tmp_path: Path) -> None:
    quick, slow = race([sleeper("quick", 0), sleeper("slow", 60)], tmp_path, Limits(rounds=2, budget=9, seconds=1))
    assert list(quick.runs) == [0, 1]
    assert [run.trouble for run in slow.runs.values()] == ["more than 1 s"]
    assert ratios(slow, quick) == []


def test_a_program_that_fails_is_shown_with_its_exit_code_and_counts_for_no_bar(tmp_path: Path) -> None:
    broken = Contender("semgrep", "fails", (sys.executable, "-c", "import os; os._exit(7)"))
    series = race([sleeper("chunklint", 0), broken], tmp_path, Limits(rounds=2, budget=9, seconds=20))
    one_file = race([sleeper("import click", 0), sleeper("chunklint", 0)], tmp_path, Limits(1, 9, 20))
    report = as_markdown(Results({}, {}, [], [Tree("here", 1, 1, series)], one_file, []))
    assert "exit code 7" in report
    assert "semgrep to ours" not in report


def test_ratios_are_taken_within_rounds(tmp_path: Path) -> None:
    one, two = race([sleeper("one", 0.05), sleeper("two", 0.5)], tmp_path, Limits(rounds=2, budget=9, seconds=20))
    expected = sorted(two.runs[turn].seconds / one.runs[turn].seconds for turn in (0, 1))
    assert ratios(two, one) == expected
