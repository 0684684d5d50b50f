"""Annotated fixtures: sources that say on the line what must be found there. Every other line must be silent.

`# expect: CL801`, `# expect: CL801 "part of the message", CL101` mark their own line; `# expect-next: CL801` marks the
next one, for lines that cannot hold a comment. Any comment syntax will do, `--` inside an SQL string too.

A rule `rules/TOPIC/NAME.py` has its fixtures in `fixtures/TOPIC/NAME/`. Each file or folder directly in there is a
case and is scanned on its own, so that a case may be a small project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chunklint.engine import Job, RuleSet, scan
from chunklint.languages import language_of
from chunklint.loader import rule_files
from chunklint.model import Finding, Notification
from chunklint.records import record

_MARK = re.compile(r"(?:#|//|/\*|--)\s*expect(?P<next>-next)?:\s*(?P<items>[^\n]*)")
_FILE = re.compile(r"^# file: (?P<path>\S+)\n", re.MULTILINE)
_ITEM = re.compile(r'(?P<code>[A-Z]+\d+)(?:\s+"(?P<part>[^"]*)")?')

# Fixtures are small; the limit only keeps an accident from hanging the harness.
_MAX_BYTES = 1_000_000


@record(order=True)
class Expectation:
    """A finding that a fixture asks for; `part` must occur in its message."""

    path: str
    line: int
    code: str
    part: str


@record
class Case:
    """One fixture: the folder that is its root, and the files in it by path relative to that root."""

    name: str
    rule: str
    root: Path
    files: tuple[str, ...]


def cases(fixtures: Path, rules: Path) -> Iterator[Case]:
    """The fixtures of every rule file below a folder of rules, in order."""
    for rule_file in rule_files(rules):
        rule = rule_file.relative_to(rules).with_suffix("")
        home = fixtures / rule
        entries = sorted(home.iterdir()) if home.is_dir() else []
        for entry in entries:
            root = entry if entry.is_dir() else home
            found = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
            files = tuple(path.relative_to(root).as_posix() for path in found if _is_source(path))
            if files:
                yield Case(f"{rule.as_posix()}/{entry.name}", rule.as_posix(), root, files)


def _is_source(path: Path) -> bool:
    return path.is_file() and ".fixed." not in path.name and language_of(path.name) is not None


def expectations(root: Path, path: str) -> tuple[Expectation, ...]:
    """What a fixture file asks for."""
    lines = (root / path).read_text(encoding="utf-8", errors="replace").split("\n")
    return tuple(
        Expectation(path, number + (1 if mark["next"] else 0), item["code"], item["part"] or "")
        for number, line in enumerate(lines, 1)
        for mark in _MARK.finditer(line)
        for item in _ITEM.finditer(mark["items"])
    )


def example_files(source: str, path: str) -> dict[str, str]:
    """The files of a rule's example, by path: `# file: PATH` on a line of its own begins another one."""
    first, *rest = _FILE.split(source)
    return {path: first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def differences(case: Case, rules: RuleSet) -> list[str]:
    """Scan a case with all rules; one sentence for everything that is not as the annotations say."""
    outcome = scan(Job(case.root, rules, case.files, _MAX_BYTES))
    wanted = [expectation for path in case.files for expectation in expectations(case.root, path)]
    found = list(outcome.findings)
    missing = [expectation for expectation in wanted if not _take(found, expectation)]
    return [
        *(f"{one.path}:{one.line}: expected {one.code} {one.part!r}, found nothing like it" for one in missing),
        *(_unexpected(finding) for finding in found),
        *(_noted(note) for note in outcome.notifications),
    ]


def _take(found: list[Finding], wanted: Expectation) -> bool:
    for finding in found:
        place = finding.location
        same = (place.path, place.span.start_line, finding.code) == (wanted.path, wanted.line, wanted.code)
        if same and wanted.part in finding.message:
            found.remove(finding)
            return True
    return False


def _unexpected(finding: Finding) -> str:
    place = finding.location
    return f"{place.path}:{place.span.start_line}: unexpected {finding.code} {finding.message!r}"


def _noted(note: Notification) -> str:
    return f"{note.path}:{note.line}: notification {note.message!r}"


def run(folder: Path, rule_folders: Sequence[Path], rules: RuleSet) -> Iterator[tuple[Case, list[str]]]:
    """Every case below `folder`/fixtures for the rules in `folder`/rules, with its differences."""
    for rule_folder in rule_folders:
        for case in cases(folder / "fixtures", rule_folder):
            yield case, differences(case, rules)
