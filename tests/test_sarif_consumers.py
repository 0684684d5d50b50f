"""sarif-tools, which others read SARIF with, counts what we count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sarif.loader import load_sarif_files

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "resilience"
GRAVITY = ["note", "warning", "error"]


@dataclass(frozen=True)
class Scan:
    """A real scan: its SARIF file, the severity by path, line and code as our JSON tells it, and the rules' names."""

    file: Path
    severities: dict[tuple[str, int, str], str]
    names: dict[str, str]


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    folder = tmp_path_factory.mktemp("scan")
    reports = [f"--output-format={form}={folder / 'report'}.{form}" for form in ("sarif", "json")]
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--exit-zero", "-q", *reports, str(FIXTURES)]
    subprocess.run(command, check=True)
    findings = json.loads((folder / "report.json").read_text(encoding="utf-8"))["findings"]
    # A rule has one result a line at most; the worst of several findings there gives it its severity.
    severities: dict[tuple[str, int, str], str] = {}
    for finding in findings:
        place = (finding["path"], finding["line"], finding["code"])
        severities[place] = max(finding["severity"], severities.get(place, "note"), key=GRAVITY.index)
    return Scan(folder / "report.sarif", severities, {finding["code"]: finding["name"] for finding in findings})


def test_every_finding_is_read_with_its_rule_line_and_severity(scan: Scan) -> None:
    read = load_sarif_files(str(scan.file))
    records = [(one["Location"], int(one["Line"]), one["Code"], one["Severity"]) for one in read.get_records()]
    assert sorted(records) == sorted((*place, severity) for place, severity in scan.severities.items())
    assert read.get_result_count() == len(scan.severities) > 50
    assert read.get_distinct_tool_names() == ["chunklint"]


def test_rules_are_known_by_their_ids(scan: Scan) -> None:
    read = load_sarif_files(str(scan.file))
    names = {code: [rule["name"] for rule in read.get_rules_by_id(code)] for code in scan.names}
    assert names == {code: [name] for code, name in scan.names.items()}


def test_the_summary_has_our_figures(scan: Scan, tmp_path: Path) -> None:
    summary = tmp_path / "summary.txt"
    command = [sys.executable, "-m", "sarif", "summary", str(scan.file), "--output", str(summary)]
    subprocess.run(command, check=True, capture_output=True)
    rows = summary.read_text(encoding="utf-8").splitlines()
    counts = Counter(scan.severities.values())
    assert [row for row in rows if row.startswith(tuple(GRAVITY))] == [
        f"{severity}: {counts[severity]}" for severity in reversed(GRAVITY)
    ]
