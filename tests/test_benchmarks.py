"""The benchmarks as their users run them, on sizes that take no time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
