"""CL902: a migration history that does not hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Draft,
    History,
    PythonFile,
    Revision,
    Rule,
    Severity,
    cycles,
    duplicates,
    histories,
    in_series,
    python,
)
from chunklint.api import revision_of as read_revision

rule = Rule(
    code="CL902",
    name="broken-migration-chain",
    ticket="TICKET-009",
    when="a revision follows one that does not exist, shares its id with another one, follows itself in a circle, or "
    "has an id that Alembic or its table cannot hold",
    effect="no Alembic command can load the history, or a migration is left out without a word",
    instead="name the id of the revision that really comes before; give every file an id of its own",
    bad='''"""Add birds."""

revision = "b1c0ffee0001"
down_revision = None

# file: alembic/versions/b1c0ffee0002_rings.py
"""Add rings."""

revision = "b1c0ffee0002"
down_revision = "b1c0ffee0000"
''',
    good='''"""Add birds."""

revision = "b1c0ffee0001"
down_revision = None

# file: alembic/versions/b1c0ffee0002_rings.py
"""Add rings."""

revision = "b1c0ffee0002"
down_revision = "b1c0ffee0001"
''',
    example="alembic/versions/b1c0ffee0001_birds.py",
    mentions=("down_revision", "version_num"),
    severity=Severity.ERROR,
    precision="very-high",
    silent_on=(
        "missing parents in scans of single files, as pre-commit runs them, and wherever the first revision of the "
        "history is not among the files or an id is computed",
        "ids in `down_revision` that are a branch label, or that `replaces` of a squashed revision lists",
        "the same id in two version folders: two services, a copy, a template",
        "references into another version folder of the scan",
        "`depends_on` that leads nowhere in a history with branch labels: the other branch may be installed",
        "long ids that later revisions follow, or of which there are several, and all of them where any file mentions "
        "`version_num`: there the column was widened",
        "folders of tests and fixtures, and version folders named `archive`, `old`, `backup` and the like",
    ),
    limits=(
        "a history that lost its first revision looks like a part of one",
        "an id that only a service's neighbour has counts as found",
        "of cycles that hang together one is reported",
        "a revision that the settings exclude, or that is too large to be read, counts as missing",
    ),
)

# The width of `alembic_version.version_num`; SQLite alone does not mind.
_ID_WIDTH = 32
# Alembic reads these as parts of `branch@head`, `from:to`, `head-1` and `base+2`.
_SIGNS = "@:-+"
# The fact that a file deals with the column of the ids, most likely because it is too narrow for them.
_ID_COLUMN = "version_num"
_MOST_NAMED = 6


@rule.fact(python)
def revision_of(file: PythonFile) -> Iterator[Revision | str]:
    if (revision := read_revision(file)) is not None:
        yield revision
    if _ID_COLUMN in file.content:
        yield _ID_COLUMN


@rule.across
def does_not_hang_together(facts: Mapping[str, Sequence[Revision | str]], whole: bool) -> Iterator[Draft]:
    found = [fact for one in facts.values() for fact in one]
    widened = _ID_COLUMN in found
    for history in histories(fact for fact in found if isinstance(fact, Revision)):
        yield from _shared_ids(history)
        yield from _circles(history)
        yield from _unusable_ids(history)
        if whole and history.is_readable and history.bases:
            yield from _missing_parents(history)
            yield from _missing_dependencies(history)
            yield from () if widened else _overlong_ids(history)


def _shared_ids(history: History) -> Iterator[Draft]:
    for first, *others in duplicates(history):
        for other in others:
            message = (
                f"The revision id `{other.id}` is also that of {first.file_name}, so Alembic keeps only one of the two "
                "files and never runs the other."
            )
            yield rule.at(other.place, message, related=[(first.place, f"`{first.id}` for the first time")])


def _circles(history: History) -> Iterator[Draft]:
    for cycle in cycles(history):
        message, severity = _circle(cycle, history)
        related = [(one.parents_place, f"`{one.id}` follows") for one in cycle[1:]]
        yield rule.at(cycle[0].parents_place, message, severity=severity, related=related)


def _circle(cycle: Sequence[Revision], history: History) -> tuple[str, Severity]:
    """What is wrong; Alembic may take a circle through `depends_on` and then run one before what it depends on."""
    ids = [one.id for one in cycle]
    follow = all(after in history.parents[one.path] for one, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    if not follow:
        waiting = "depends on itself" if len(ids) == 1 else "follow or depend on each other in a circle"
        return f"{_listed(ids)} {waiting}, so no order suits all of this history.", Severity.WARNING
    waiting = "follows itself" if len(ids) == 1 else "follow each other in a circle"
    return f"{_listed(ids)} {waiting}, so Alembic cannot load this history.", Severity.ERROR


def _listed(ids: Sequence[str]) -> str:
    names = [f"`{name}`" for name in ids]
    if len(names) > _MOST_NAMED:
        names[_MOST_NAMED - 1 :] = [f"{len(names) - _MOST_NAMED + 1} more"]
    return in_series(names)


def _unusable_ids(history: History) -> Iterator[Draft]:
    for one in history.revisions:
        sign = next((sign for sign in one.id if sign in _SIGNS), None)
        if sign is not None:
            message = (
                f"Alembic refuses the revision id `{one.id}`, because `{sign}` in it has a meaning on the command line."
            )
            yield rule.at(one.place, message)


def _missing_parents(history: History) -> Iterator[Draft]:
    for _, reference in history.missing:
        message = (
            f"`down_revision` names `{reference.name}`, but no revision has that id, so Alembic cannot load this "
            "history."
        )
        yield rule.at(reference.place, " ".join((message, *_meant(reference.name, history))))


def _meant(name: str, history: History) -> Iterator[str]:
    """The id that was cut short, where there is no doubt: the command line takes a beginning, a file does not."""
    longer = [one.id for one in history.revisions if name and one.id.startswith(name)]
    if len(longer) == 1:
        yield f"Only the whole id counts here: `{longer[0]}`."


def _missing_dependencies(history: History) -> Iterator[Draft]:
    if any(one.labels for one in history.revisions):
        return
    for _, reference in history.dangling:
        message = (
            f"`depends_on` names `{reference.name}`, which is neither a revision nor a branch label, so Alembic cannot "
            "load this history."
        )
        yield rule.at(reference.place, message, severity=Severity.WARNING)


def _overlong_ids(history: History) -> Iterator[Draft]:
    """An id that is the only one of its length and the last: the first upgrade to it is yet to come."""
    overlong = [one for one in history.revisions if len(one.id) > _ID_WIDTH]
    if len(overlong) == 1 and overlong[0] in history.heads:
        one = overlong[0]
        message = (
            f"The revision id `{one.id}` has {len(one.id)} characters, but `alembic_version.version_num` holds "
            f"{_ID_WIDTH}: on PostgreSQL and MySQL the upgrade fails when it stores the id."
        )
        yield rule.at(one.place, message, severity=Severity.WARNING)
