"""What the scans of many repositories come to: by repository, by ticket, by rule. Plain data in, text out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from chunklint import __version__
from chunklint.loader import sort_key
from chunklint.model import Report, Severity
from chunklint.records import record
from chunklint.reporters.escaping import escape
from chunklint.reporters.markdown import text
from chunklint.reporters.summary import plural, ticket_for, unjudged


@record
class Count:
    """How many findings of one severity a rule has in one repository."""

    code: str
    rule: str
    ticket: str
    severity: str
    findings: int


@record
class Row:
    """One repository.

    Attributes:
        commit: What the revision named, "" when it could not be found out.
        failing: Whether there is a finding at or above the repository's own `fail-on`.
        unjudged: The files that could not be judged.
        error: Why the repository was not scanned, "" when it was.
    """

    name: str
    source: str
    revision: str
    commit: str = ""
    files: int = 0
    counts: tuple[Count, ...] = ()
    failing: bool = False
    unjudged: tuple[str, ...] = ()
    error: str = ""

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(one.findings for one in self.counts)


def counts_of(report: Report) -> tuple[Count, ...]:
    """The findings of a report, counted by rule and severity, in the order of the rules."""
    counted = Counter((one.code, ticket_for(one, report).id, str(one.severity)) for one in report.findings)
    names = {rule.code: rule.name for rule in report.rules}
    found = (
        Count(code, names.get(code, ""), ticket, severity, number)
        for (code, ticket, severity), number in counted.items()
    )
    return tuple(sorted(found, key=lambda one: (sort_key(one.code), one.ticket, one.severity)))


def unjudged_in(report: Report) -> tuple[str, ...]:
    """The paths that were not, or not wholly, judged."""
    return tuple(escape(path) for path in unjudged(report))


def row_of(data: Any) -> Row:
    """The row that `asdict` made plain. Raises KeyError, TypeError or ValueError for anything else."""
    row = Row(**{**data, "counts": tuple(Count(**one) for one in data["counts"]), "unjudged": tuple(data["unjudged"])})
    texts = (row.name, row.source, row.revision, row.commit, row.error, *row.unjudged)
    words = (word for one in row.counts for word in (one.code, one.rule, one.ticket, one.severity))
    if not all(isinstance(word, str) for word in (*texts, *words)) or not isinstance(row.failing, bool):
        raise TypeError("no row of a roll-up")
    if not all(isinstance(number, int) for number in (row.files, *(one.findings for one in row.counts))):
        raise TypeError("no row of a roll-up")
    return row


def as_json(rows: Sequence[Row]) -> str:
    """The roll-up for programs."""
    document = {
        "chunklint": __version__,
        "findings": sum(row.total for row in rows),
        "failed": [row.name for row in rows if row.error],
        "tickets": [_group_json("ticket", key, group) for key, group in _groups(rows, "ticket")],
        "rules": [_group_json("code", key, group) for key, group in _groups(rows, "code")],
        "repositories": [asdict(row) for row in rows],
    }
    return json.dumps(document, indent=2) + "\n"


def as_markdown(rows: Sequence[Row]) -> str:
    """The roll-up for people, and for `$GITHUB_STEP_SUMMARY`."""
    parts = [f"# chunklint: {_headline(rows)}"]
    for title, table in _tables(rows):
        head, *body = [[text(cell) for cell in line] for line in table]
        lines = [head, ["---"] * len(head), *body]
        parts.append(f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    if failed := [row for row in rows if row.error]:
        parts.append("## Not scanned\n\n" + "\n".join(f"- {text(row.name)}: {text(row.error)}" for row in failed))
    if partly := [row for row in rows if row.unjudged]:
        names = (f"- {text(row.name)}: {', '.join(text(path) for path in row.unjudged)}" for row in partly)
        parts.append("## Files that could not be judged\n\n" + "\n".join(names))
    return "\n\n".join(parts) + "\n"


def as_text(rows: Sequence[Row]) -> str:
    """The roll-up for a terminal."""
    return "\n\n".join([*("\n".join(_aligned(table)) for _, table in _tables(rows)), _headline(rows)]) + "\n"


def _headline(rows: Sequence[Row]) -> str:
    repositories = f"{len(rows)} {'repository' if len(rows) == 1 else 'repositories'}"
    failed = sum(1 for row in rows if row.error)
    found = plural(sum(row.total for row in rows), "finding")
    return f"{found} in {repositories}" + (f", {failed} of which could not be scanned." if failed else ".")


def _tables(rows: Sequence[Row]) -> Iterator[tuple[str, list[list[str]]]]:
    """Title and table, its head first, of what is not empty."""
    severities = [str(one) for one in reversed(Severity)]
    heads = [f"{one}s" for one in severities]
    lines = [
        [row.name, row.commit[:12] or row.revision, str(row.files), *_by_severity(row.counts, severities), _state(row)]
        for row in rows
    ]
    yield "Repositories", [["repository", "revision", "files", *heads, "state"], *lines]
    for title, key, first in (("Tickets", "ticket", ["ticket"]), ("Rules", "code", ["rule", "name", "ticket"])):
        table = []
        for name, group in _groups(rows, key):
            counts = [count for _, count in group]
            texts = [name] if key == "ticket" else [name, counts[0].rule, ", ".join(sorted({c.ticket for c in counts}))]
            table.append([*texts, *_by_severity(counts, severities), str(len({row.name for row, _ in group}))])
        if table:
            yield title, [[*first, *heads, "repositories"], *table]


def _state(row: Row) -> str:
    if row.error:
        return "not scanned"
    return "incomplete" if row.unjudged else ("findings" if row.failing else "ok")


def _by_severity(counts: Iterable[Count], severities: Sequence[str]) -> list[str]:
    found: Counter[str] = Counter()
    for one in counts:
        found[one.severity] += one.findings
    return [str(found[severity] or "·") for severity in severities]


def _groups(rows: Iterable[Row], key: str) -> list[tuple[str, list[tuple[Row, Count]]]]:
    """The counts of all repositories by ticket or code, in the order of tickets or rules."""
    grouped: dict[str, list[tuple[Row, Count]]] = {}
    for row in rows:
        for count in row.counts:
            grouped.setdefault(getattr(count, key), []).append((row, count))
    # A ticket is what a repository's settings call it; codes are ours and have numbers.
    return sorted(grouped.items(), key=lambda item: sort_key(item[0]) if key == "code" else (0, item[0]))


def _group_json(label: str, name: str, group: Sequence[tuple[Row, Count]]) -> dict[str, Any]:
    found: Counter[str] = Counter()
    for _, count in group:
        found[count.severity] += count.findings
    return {
        label: name,
        "findings": found.total(),
        "by_severity": {str(one): found[str(one)] for one in reversed(Severity) if found[str(one)]},
        "repositories": sorted({row.name for row, _ in group}),
    }


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of equal width."""
    shown = [[escape(cell) for cell in line] for line in table]
    widths = [max(len(line[at]) for line in shown) for at in range(len(shown[0]))]
    for line in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
