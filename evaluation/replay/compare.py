"""Compares what PostgreSQL said of each revision of a history with what CL904 says of it.

    python -m evaluation.replay.compare ORACLE.json RESULTS.sarif [--causes CAUSES.tsv] [--list]

ORACLE.json comes from `evaluation.replay.oracle`, RESULTS.sarif from a scan of the same repository. CAUSES.tsv, with
columns `path` and `class`, adds how many revisions of each class of causes were found.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_RULE = "CL904"
# So CL904 begins what it says of a downgrade that fails after another one only; the oracle takes one at a time.
_OF_TWO = "The downgrade of the later revision "
# What no downgrade is expected to remove.
_EXPECTED_LEFT = ("+ extension ", "+ schema ")
_ROW_ERRORS = ("IntegrityError", "DataError")
_DATABASE_ERRORS = ("(psycopg", "CompileError", "TypeError", "AttributeError", "NameError", "KeyError", "ValueError")

Record = Mapping[str, Any]


class Class(StrEnum):
    """What a record says of a revision.

    The first two are compared. CL904 does not speak of the others: the rows that a migration writes, downgrades that
    raise on purpose, and revisions that the oracle could not run.
    """

    ROUND_TRIP = "round trips"
    DIFFERS = "does not round-trip"
    ROWS = "fails on rows"
    REFUSES = "refuses on purpose"
    NOT_RUN = "not run"


def class_of(record: Record) -> Class:
    """How a revision went up, down and up again."""
    down = record.get("down")
    if record["up"] != "ok" or down is None or str(down).startswith("AssertionError"):
        return Class.NOT_RUN
    if down != "ok":
        if not any(word in down for word in _DATABASE_ERRORS):
            return Class.REFUSES
        return Class.ROWS if any(word in down for word in _ROW_ERRORS) else Class.DIFFERS
    residue = [line for line in record.get("residue", ()) if not line.startswith(_EXPECTED_LEFT)]
    again = str(record.get("reup"))
    if residue:
        return Class.DIFFERS
    if again == "ok":
        return Class.ROUND_TRIP
    return Class.ROWS if any(word in again for word in _ROW_ERRORS) else Class.DIFFERS


def flagged(sarif: Mapping[str, Any]) -> dict[str, str]:
    """The first message of CL904 for each path of a scan, but for those on two revisions."""
    found: dict[str, str] = {}
    for run in sarif["runs"]:
        for result in run["results"]:
            if result["ruleId"] == _RULE and not result["message"]["text"].startswith(_OF_TWO):
                place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                found.setdefault(unquote(place), result["message"]["text"])
    return found


def table(records: Sequence[Record], messages: Mapping[str, str]) -> Iterator[str]:
    """The counts, one line each."""
    classes = {record["path"]: class_of(record) for record in records}
    counts = {one: [path for path, found in classes.items() if found is one] for one in Class}
    differs, trips = counts[Class.DIFFERS], counts[Class.ROUND_TRIP]
    found, false = (sum(path in messages for path in paths) for paths in (differs, trips))
    yield f"{Class.DIFFERS:20} {len(differs):4}, found {found:4}, recall {_share(found, len(differs))}"
    yield f"{Class.ROUND_TRIP:20} {len(trips):4}, flagged {false:2}, false alarms {_share(false, len(trips))}"
    for one in (Class.ROWS, Class.REFUSES, Class.NOT_RUN):
        yield f"{one:20} {len(counts[one]):4}, flagged {sum(path in messages for path in counts[one]):2}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def by_cause(causes: Iterable[Mapping[str, str]], messages: Mapping[str, str], paths: Set[str]) -> Iterator[str]:
    """How many of the revisions with each cause were flagged, the most frequent cause first."""
    listed = [row for row in causes if row["path"] in paths]
    totals = Counter(row["class"] for row in listed)
    found = Counter(row["class"] for row in listed if row["path"] in messages)
    yield from (f"    {cause:60} {found[cause]:3} of {total:3}" for cause, total in totals.most_common())


def disagreements(records: Sequence[Record], messages: Mapping[str, str]) -> Iterator[str]:
    """The revisions that were missed and those that were flagged wrongly, with what is known of each."""
    for record in records:
        path, found = record["path"], class_of(record)
        if found is Class.DIFFERS and path not in messages:
            residue = [line[:160] for line in record.get("residue", ())[:6]]
            yield f"missed  {path}\n        down {record['down']}\n        reup {record.get('reup')}\n        {residue}"
        if found is Class.ROUND_TRIP and path in messages:
            yield f"wrong   {path}\n        {messages[path]}"


def main() -> None:
    """Print the table, and on request every disagreement."""
    parser = argparse.ArgumentParser(description="Compare CL904 with what PostgreSQL says of a history.")
    parser.add_argument("oracle", type=Path, metavar="ORACLE.json")
    parser.add_argument("results", type=Path, metavar="RESULTS.sarif")
    parser.add_argument("--causes", type=Path, metavar="CAUSES.tsv", help="the cause of each revision, by path")
    parser.add_argument("--list", action="store_true", help="print every disagreement as well")
    arguments = parser.parse_args()
    records = json.loads(arguments.oracle.read_text())
    messages = flagged(json.loads(arguments.results.read_text()))
    lines = list(table(records, messages))
    if arguments.causes is not None:
        with arguments.causes.open(newline="") as file:
            paths = {record["path"] for record in records}
            lines.extend(by_cause(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), messages, paths))
    lines.extend(disagreements(records, messages) if arguments.list else ())
    print("\n".join(lines))


if __name__ == "__main__":
    main()
