"""The scorer as its users run it: a SARIF file and a truth file in, tables out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chunklint.model import Finding, Location, Report, Severity, Span
from chunklint.reporters import Style, render

SCORE = Path(__file__).parents[1] / "evaluation" / "score.py"


def row(line: int, end_line: int, verdict: str = "true", **fields: Any) -> dict[str, Any]:
    place = {"family": "io-timeout", "path": "app/my file.py", "line": line, "end_line": end_line, "verdict": verdict}
    return place | {"confidence": "high", "severity": "warning", "why": "Waits for ever."} | fields


def found(code: str, line: int, end_line: int, path: str = "app/my file.py") -> Finding:
    return Finding(code, Location(path, Span(line, 1, end_line, 5)), f"{code} here.", Severity.WARNING)


def sarif(*findings: Finding, suppressed: tuple[Finding, ...] = ()) -> str:
    report = Report(findings, suppressed, (), (), {}, files=1, root="/r")
    return render("sarif", report, Style(show_suppressed=True))


def run(folder: Path, results: str, truth: object, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "results.sarif").write_text(results)
    (folder / "truth.json").write_text(truth if isinstance(truth, str) else json.dumps(truth))
    command = [sys.executable, str(SCORE), "results.sarif", "truth.json", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def numbers(table: str, label: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(label))
    return line.removeprefix(label).split()


def test_recall_decoys_and_precision_are_counted_by_family_and_confidence(tmp_path: Path) -> None:
    truth = [
        row(10, 12),
        row(20, 20),
        row(30, 30, confidence="low"),
        row(40, 44, "decoy"),
        row(50, 50, "decoy"),
        row(60, 60, family="test-gaps"),
    ]
    done = run(
        tmp_path,
        sarif(found("CL801", 12, 14), found("CL802", 28, 31), found("CL801", 42, 42), found("CL801", 99, 99)),
        truth,
    )
    assert done.returncode == 0
    assert numbers(done.stdout, "io-timeout") == ["3", "2", "67%", "2", "1", "67%", "1"]
    assert numbers(done.stdout, "test-gaps") == ["1", "0", "0%", "0", "0", "-", "0"]
    assert numbers(done.stdout, "all") == ["4", "2", "50%", "2", "1", "67%", "1"]
    assert numbers(done.stdout, "high confidence") == ["3", "1", "33%", "2", "1", "50%"]
    assert numbers(done.stdout, "low confidence") == ["1", "1", "100%", "0", "0", "100%"]


def test_a_file_about_several_repositories_is_scored_for_one(tmp_path: Path) -> None:
    truth = [row(10, 12, repository="a/one"), row(10, 12, "decoy", repository="b/two"), row(20, 20, repository="b/two")]
    results = sarif(found("CL801", 12, 14))
    done = run(tmp_path, results, truth, "--repository", "b/two")
    assert numbers(done.stdout, "io-timeout") == ["1", "0", "0%", "1", "1", "0%", "0"]
    several, unknown = run(tmp_path, results, truth), run(tmp_path, results, truth, "--repository", "c/three")
    assert (several.returncode, unknown.returncode) == (2, 2)
    assert "choose one with `--repository`: a/one, b/two" in several.stderr
    assert "has no row about c/three; it is about a/one, b/two" in unknown.stderr


def test_what_has_been_read_can_be_scored_for_each_repository(tmp_path: Path) -> None:
    reviewed = (SCORE.parent / "reviewed" / "react.json").read_text(encoding="utf-8")
    rows = json.loads(reviewed)
    assert all(re.fullmatch(r"[0-9a-f]{40}", one["commit"]) for one in rows)
    chosen = rows[0]
    code = "CL701" if chosen["family"] == "react-error-boundary" else "CL501"
    results = sarif(found(code, chosen["line"], chosen["line"], chosen["path"]))
    done = run(tmp_path, results, reviewed, "--repository", chosen["repository"])
    assert done.returncode == 0, done.stderr
    hits = [int(count) for count in (numbers(done.stdout, "all")[1], numbers(done.stdout, "all")[4])]
    assert sum(hits) == 1


def test_only_results_of_the_rows_ticket_and_file_count(tmp_path: Path) -> None:
    results = sarif(found("CL101", 10, 10), found("CL1001", 10, 10), found("CL801", 10, 10, "app/other.py"))
    done = run(tmp_path, results, [row(10, 10)])
    assert numbers(done.stdout, "io-timeout")[:2] == ["1", "0"]
    assert numbers(done.stdout, "test-gaps")[-1] == "1"


def test_a_row_without_a_line_speaks_of_its_whole_file(tmp_path: Path) -> None:
    done = run(tmp_path, sarif(found("CL801", 77, 80)), [row(0, 0), row(0, 0, path="absent.py")])
    assert numbers(done.stdout, "io-timeout")[:2] == ["2", "1"]


def test_suppressed_results_do_not_count(tmp_path: Path) -> None:
    silenced = Finding("CL801", Location("app/my file.py", Span(3, 1, 3, 2)), "Bad.", Severity.ERROR, suppressed="old")
    done = run(tmp_path, sarif(suppressed=(silenced,)), [row(3, 3)])
    assert numbers(done.stdout, "io-timeout")[:2] == ["1", "0"]


def test_one_family_alone_and_its_misses_can_be_listed(tmp_path: Path) -> None:
    truth = [row(10, 10), row(20, 20, "decoy"), row(5, 5, family="test-gaps")]
    results = sarif(found("CL801", 20, 20), found("CL801", 90, 90), found("CL1001", 90, 90))
    missed = run(tmp_path, results, truth, "--family", "io-timeout", "--list", "missed").stdout
    assert "test-gaps" not in missed
    assert missed.splitlines()[-1] == "app/my file.py:10: io-timeout [high] Waits for ever."
    decoys = run(tmp_path, results, truth, "--list", "decoys").stdout
    assert decoys.splitlines()[-1].startswith("app/my file.py:20: ")
    unlabelled = run(tmp_path, results, truth, "--family", "io-timeout", "--list", "unlabelled").stdout
    assert unlabelled.splitlines()[-1] == "app/my file.py:90: CL801 CL801 here."
    assert "CL1001" not in unlabelled


@pytest.mark.parametrize(
    ("results", "truth", "told"),
    [
        ("{", [], "results.sarif is not JSON"),
        ("[]", [], "results.sarif is no SARIF file"),
        ('{"runs": [{}]}', [], "results.sarif holds a result that is not as SARIF"),
        ('{"runs": [{"results": [{"ruleId": "CL801", "locations": []}]}]}', [], "results.sarif holds a result"),
        ('{"runs": []}', {}, "truth.json is no truth file"),
        ('{"runs": []}', "no", "truth.json is not JSON"),
        (
            '{"runs": []}',
            [row(1, 1), row(1, 1, family="timeouts")],
            "row 2: `family` is 'timeouts'; choose one of sql-",
        ),
        ('{"runs": []}', [row(1, 1, verdict="maybe")], "row 1: `verdict` is 'maybe'"),
        ('{"runs": []}', [row(9, 3)], "row 1: `line` and `end_line` are 9 and 3"),
        ('{"runs": []}', [row(1, 1, path="/abs.py")], "row 1: `path` is '/abs.py'"),
        ('{"runs": []}', ["x"], "row 1: is not an object"),
        ('{"runs": []}', [row(1, 1, family=["x"])], "row 1: `family` is ['x']"),
    ],
)
def test_bad_input_is_an_error_in_words(tmp_path: Path, results: str, truth: object, told: str) -> None:
    done = run(tmp_path, results, truth)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    command = [sys.executable, str(SCORE), "none.sarif", "none.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: none.json cannot be read: No such file or directory\n"
