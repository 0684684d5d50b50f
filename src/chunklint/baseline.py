"""Findings that a project has accepted for now: a file of fingerprints that moved lines and renamed files survive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from chunklint.model import Finding
from chunklint.records import record

_VERSION = 1


class BaselineError(Exception):
    """The file cannot be read as a baseline; the message says where and what to do."""


@record(order=True)
class Entry:
    """One accepted finding: where it was, its rule and its fingerprint."""

    path: str
    code: str
    key: str


@record
class Compared:
    """Findings against a baseline.

    Attributes:
        new: Those that the baseline does not have.
        known: Those that it has.
        fixed: Its entries that nothing in the scan matches any more.
        kept: Its entries that a finding matches, under the finding's path, and those that the scan cannot judge.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    fixed: tuple[Entry, ...]
    kept: tuple[Entry, ...]


def read(file: Path) -> tuple[Entry, ...]:
    """The entries of a baseline file. Raises BaselineError."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline {file}; write one with --baseline-mode write") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(f"the baseline {file} cannot be read: {error}") from error
    try:
        document = json.loads(text)
        version, entries = document["version"], document["findings"]
        found = tuple(Entry(_text(one["path"]), _text(one["code"]), _text(one["key"])) for one in entries)
    except json.JSONDecodeError as error:
        hint = "conflict markers of a merge" if "<<<<<<<" in text else error.msg
        raise BaselineError(f"{file}:{error.lineno}: not a baseline: {hint}; write it anew") from error
    except (KeyError, TypeError, RecursionError) as error:
        raise BaselineError(f"{file}: not a baseline of chunklint; write it anew with --baseline-mode write") from error
    if version != _VERSION:
        raise BaselineError(f"{file}: version {version!r} of the format; this chunklint reads version {_VERSION}")
    return found


def rendered(entries: Iterable[Entry]) -> str:
    """The file's text: one entry a line, in order, so that two branches merge without a conflict."""
    lines = [json.dumps({"path": one.path, "code": one.code, "key": one.key}) for one in sorted(entries)]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{{"version": {_VERSION}, "findings": [\n{body}\n]}}\n'


def entry_of(finding: Finding) -> Entry:
    """What a baseline holds of a finding."""
    return Entry(finding.location.path, finding.code, finding.key)


def compare(
    findings: Sequence[Finding],
    entries: Sequence[Entry],
    *,
    judged: Callable[[Entry], bool],
    gone: Callable[[str], bool],
) -> Compared:
    """Match findings and entries, each once: by path and fingerprint, then by fingerprint where the file is gone.

    Two equal findings need two entries, so a second instance is new. Only an entry whose path is `gone` may match in
    another file: that is a rename, while the same code in a further file is a further problem. `judged` tells whether
    the scan would have found an entry's finding; without that it is neither fixed nor known.
    """
    left = Counter(entries)
    unmatched: dict[int, Finding] = {}
    kept: list[Entry] = []
    for index, finding in enumerate(findings):
        entry = entry_of(finding)
        if left[entry]:
            left[entry] -= 1
            kept.append(entry)
        else:
            unmatched[index] = finding
    moved: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(left.elements()):
        if gone(entry.path):
            moved.setdefault((entry.code, entry.key), []).append(entry)
    new: set[int] = set()
    for index, finding in unmatched.items():
        candidates = moved.get((finding.code, finding.key))
        if candidates:
            left[candidates.pop(0)] -= 1
            kept.append(entry_of(finding))
        else:
            new.add(index)
    rest = sorted(left.elements())
    return Compared(
        new=tuple(finding for index, finding in enumerate(findings) if index in new),
        known=tuple(replace(one, baselined=True) for index, one in enumerate(findings) if index not in new),
        fixed=tuple(entry for entry in rest if judged(entry) or gone(entry.path)),
        kept=(*kept, *(entry for entry in rest if not judged(entry) and not gone(entry.path))),
    )


def judge_of(
    files: Collection[str], codes: Collection[str], joined: Collection[str], *, whole: bool
) -> Callable[[Entry], bool]:
    """Whether a scan of these files with these rules would have found an entry's finding.

    Rules that join files are sure of what they do not find only when the whole project was scanned.
    """
    scanned, selected, unsure = frozenset(files), frozenset(codes), frozenset(() if whole else joined)
    return lambda entry: entry.path in scanned and entry.code in selected and entry.code not in unsure


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
