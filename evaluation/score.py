"""Scores a SARIF file of chunklint against a truth file of reviewed places: recall, decoys hit, precision.

    python evaluation/score.py RESULTS.sarif TRUTH.json [--repository OWNER/NAME] [--family F]
        [--list missed|decoys|unlabelled]

A row of the truth file is hit by a result of its ticket whose region overlaps its lines in its file; a row with line 0
speaks of the whole file. Precision counts labelled places only: true rows hit / (true rows hit + decoys hit).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FAMILIES = {
    "sql-interpolation": 1,
    "partition-key-skew": 2,
    "destructive-migration": 3,
    "shared-async-state": 4,
    "react-effect-cleanup": 5,
    "router-business-logic": 6,
    "react-error-boundary": 7,
    "io-timeout": 8,
    "migration-overlap": 9,
    "test-gaps": 10,
}
CONFIDENCES = ("high", "medium", "low")
VERDICTS = ("true", "decoy")


class InputError(Exception):
    """An input file that cannot be used; the message says which, where and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A reviewed place: what a careful reader flags ("true") or leaves alone ("decoy"). Line 0: the whole file."""

    family: str
    path: str
    line: int
    end_line: int
    verdict: str
    confidence: str
    why: str
    repository: str = ""

    def describe(self) -> str:
        """One line for the terminal."""
        return f"{self.path}:{self.line}: {self.family} [{self.confidence}] {_printable(self.why)}"


@dataclass(frozen=True, slots=True)
class Result:
    """A finding as the SARIF file tells it; the hundreds of its code are its ticket."""

    code: str
    path: str
    line: int
    end_line: int
    message: str

    @property
    def ticket(self) -> int:
        """The ticket's number: 8 for CL801, 10 for CL1003, 0 for a code of another kind."""
        digits = re.fullmatch(r"CL(\d+)\d\d", self.code)
        return int(digits[1]) if digits else 0

    def describe(self) -> str:
        """One line for the terminal."""
        return f"{self.path}:{self.line}: {self.code} {_printable(self.message)}"


@dataclass(frozen=True, slots=True)
class Score:
    """The rows split by verdict and by whether a result hit them, and the results that hit no row at all."""

    found: tuple[Row, ...]
    missed: tuple[Row, ...]
    decoys_hit: tuple[Row, ...]
    decoys_left: tuple[Row, ...]
    unlabelled: tuple[Result, ...]

    def part(self, wanted: Callable[[Row], bool]) -> Score:
        """The score over some of the rows. Results that hit no row belong to none of them."""
        return Score(
            found=tuple(filter(wanted, self.found)),
            missed=tuple(filter(wanted, self.missed)),
            decoys_hit=tuple(filter(wanted, self.decoys_hit)),
            decoys_left=tuple(filter(wanted, self.decoys_left)),
            unlabelled=(),
        )


def score(rows: Iterable[Row], results: Iterable[Result]) -> Score:
    """Match rows and results."""
    by_place: dict[tuple[int, str], list[Result]] = defaultdict(list)
    for result in results:
        by_place[result.ticket, result.path].append(result)
    groups: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    matched: set[Result] = set()
    for row in rows:
        hits = [result for result in by_place[FAMILIES[row.family], row.path] if overlaps(row, result)]
        groups[row.verdict, bool(hits)].append(row)
        matched.update(hits)
    return Score(
        found=tuple(groups["true", True]),
        missed=tuple(groups["true", False]),
        decoys_hit=tuple(groups["decoy", True]),
        decoys_left=tuple(groups["decoy", False]),
        unlabelled=tuple(result for place in by_place.values() for result in place if result not in matched),
    )


def overlaps(row: Row, result: Result) -> bool:
    """Whether the result's region shares a line with the row; a row without a line means its whole file."""
    return row.line < 1 or (result.line <= row.end_line and row.line <= result.end_line)


def read_results(path: Path) -> list[Result]:
    """The results of every run of a SARIF file, suppressed ones left out. Raises InputError."""
    document = _read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("runs"), list):
        raise InputError(f"{path} is no SARIF file: it has no `runs`; write one with `--output-format sarif`")
    try:
        return [_result(entry) for run in document["runs"] for entry in run["results"] if not entry.get("suppressions")]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} holds a result that is not as SARIF 2.1.0 asks: {error!r}") from error


def _result(entry: dict[str, Any]) -> Result:
    physical = entry["locations"][0]["physicalLocation"]
    region = physical.get("region", {})
    line = int(region.get("startLine", 1))
    path = unquote(physical["artifactLocation"]["uri"], errors="surrogateescape")
    return Result(entry["ruleId"], path, line, int(region.get("endLine", line)), entry["message"]["text"])


def read_truth(path: Path) -> list[Row]:
    """The rows of a truth file. Raises InputError that lists every bad row."""
    document = _read_json(path)
    if not isinstance(document, list):
        raise InputError(f"{path} is no truth file: it must be a list of rows (see evaluation/README.md)")
    mistakes = [f"row {number}: {mistake}" for number, row in enumerate(document, start=1) for mistake in _check(row)]
    if mistakes:
        raise InputError("\n  ".join([f"{path} has rows that cannot be used:", *mistakes]))
    return [
        Row(
            row["family"],
            row["path"],
            row["line"],
            row["end_line"],
            row["verdict"],
            row["confidence"],
            row.get("why", ""),
            row.get("repository", ""),
        )
        for row in document
    ]


def _of_repository(path: Path, repository: str | None) -> list[Row]:
    """The rows about one repository. Raises InputError where the file is about others, or about several."""
    rows = read_truth(path)
    known = sorted({row.repository for row in rows})
    if repository is None and len(known) > 1:
        raise InputError(
            f"{path} is about {len(known)} repositories; choose one with `--repository`: {', '.join(known)}"
        )
    if repository is not None and repository not in known:
        raise InputError(f"{path} has no row about {repository}; it is about {', '.join(known)}")
    return [row for row in rows if repository in (None, row.repository)]


def _check(row: object) -> Iterator[str]:
    """What is wrong with a row, in words."""
    if not isinstance(row, dict):
        yield "is not an object"
        return
    choices = {"family": tuple(FAMILIES), "verdict": VERDICTS, "confidence": CONFIDENCES}
    for key, allowed in choices.items():
        if row.get(key) not in allowed:
            yield f"`{key}` is {row.get(key)!r}; choose one of {', '.join(allowed)}"
    if not isinstance(row.get("path"), str) or not row["path"] or row["path"].startswith("/"):
        yield f"`path` is {row.get('path')!r}; give the path relative to the repository's root"
    line, end_line = row.get("line"), row.get("end_line")
    if not isinstance(line, int) or not isinstance(end_line, int) or not 0 <= line <= end_line:
        yield f"`line` and `end_line` are {line!r} and {end_line!r}; give 1-based lines, or 0 and 0 for the whole file"
    for key in ("why", "repository"):
        if not isinstance(row.get(key, ""), str):
            yield f"`{key}` is not text"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error


def tables(scored: Score, families: Sequence[str]) -> str:
    """Two tables: by family with the unlabelled results, and by confidence."""
    head = f"{'':<24}{'true':>6}{'found':>7}{'recall':>8}{'decoys':>8}{'hit':>5}{'precision':>11}"
    return "\n".join(
        [
            f"{head}{'unlabelled':>12}",
            *(_family(scored, family) for family in families),
            f"{_numbers('all', scored)}{len(scored.unlabelled):>12}",
            "",
            head,
            *(_confidence(scored, confidence) for confidence in CONFIDENCES),
        ]
    )


def _family(scored: Score, family: str) -> str:
    unlabelled = sum(result.ticket == FAMILIES[family] for result in scored.unlabelled)
    return f"{_numbers(family, scored.part(lambda row: row.family == family))}{unlabelled:>12}"


def _confidence(scored: Score, confidence: str) -> str:
    return _numbers(f"{confidence} confidence", scored.part(lambda row: row.confidence == confidence))


def _numbers(label: str, part: Score) -> str:
    found, hit = len(part.found), len(part.decoys_hit)
    true, decoys = found + len(part.missed), hit + len(part.decoys_left)
    return (
        f"{label:<24}{true:>6}{found:>7}{_percent(found, true):>8}{decoys:>8}{hit:>5}{_percent(found, found + hit):>11}"
    )


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when the files could be scored, 2 when not."""
    parser = argparse.ArgumentParser(description="Score a SARIF file against a truth file.")
    parser.add_argument("results", type=Path, metavar="RESULTS.sarif")
    parser.add_argument("truth", type=Path, metavar="TRUTH.json")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only its rows, of a file about several")
    parser.add_argument("--family", choices=FAMILIES, action="append", help="only this family; repeatable")
    parser.add_argument("--list", choices=("missed", "decoys", "unlabelled"), help="list these below the tables")
    options = parser.parse_args(arguments)
    families = options.family or list(FAMILIES)
    tickets = {FAMILIES[family] for family in families}
    try:
        rows = [row for row in _of_repository(options.truth, options.repository) if row.family in families]
        results = [result for result in read_results(options.results) if result.ticket in tickets]
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    scored = score(rows, results)
    print(tables(scored, families))
    listed: dict[str, Sequence[Row | Result]] = {
        "missed": scored.missed,
        "decoys": scored.decoys_hit,
        "unlabelled": scored.unlabelled,
    }
    for item in listed.get(options.list, ()):
        print(item.describe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
