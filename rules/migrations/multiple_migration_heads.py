"""CL901: a migration history that ends in several places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Draft,
    History,
    PythonFile,
    Revision,
    Rule,
    Severity,
    competing_heads,
    cycles,
    histories,
    in_series,
    python,
)
from chunklint.api import revision_of as read_revision

rule = Rule(
    code="CL901",
    name="multiple-migration-heads",
    ticket="TICKET-009",
    when="two revisions of one Alembic history are followed by no other, and no branch labels keep them apart",
    effect="`alembic upgrade head` refuses to run, mostly first where two branches were merged and then deployed",
    instead="let the younger one revise the other, or join them with `alembic merge heads`",
    bad='''"""Add birds.

Create Date: 2024-03-01 10:00:00
"""

revision = "b1c0ffee0001"
down_revision = None

# file: alembic/versions/b1c0ffee0002_rings.py
"""Add rings.

Create Date: 2024-03-02 10:00:00
"""

revision = "b1c0ffee0002"
down_revision = "b1c0ffee0001"

# file: alembic/versions/b1c0ffee0003_nests.py
"""Add nests.

Create Date: 2024-03-03 10:00:00
"""

revision = "b1c0ffee0003"
down_revision = "b1c0ffee0001"
''',
    good='''"""Add birds.

Create Date: 2024-03-01 10:00:00
"""

revision = "b1c0ffee0001"
down_revision = None

# file: alembic/versions/b1c0ffee0002_rings.py
"""Add rings.

Create Date: 2024-03-02 10:00:00
"""

revision = "b1c0ffee0002"
down_revision = "b1c0ffee0001"

# file: alembic/versions/b1c0ffee0003_nests.py
"""Add nests.

Create Date: 2024-03-03 10:00:00
"""

revision = "b1c0ffee0003"
down_revision = "b1c0ffee0002"
''',
    example="alembic/versions/b1c0ffee0001_birds.py",
    mentions=("down_revision",),
    severity=Severity.ERROR,
    precision="very-high",
    silent_on=(
        "scans of single files, as pre-commit runs them: the revision that joins the heads may not be among them",
        "branches that bear different labels, or of which only one bears a label",
        "a head that a revision of the other branch names in `depends_on`",
        "heads in different folders: several version folders are branches that somebody set up",
        "histories that cannot be loaded, which CL902 reports first; those whose first revision is not among the "
        "files, or in which an id or a `down_revision` is computed",
        "folders in which no revision follows another: they hold examples, not a history",
        "folders of tests and fixtures, and version folders named `archive`, `old`, `backup` and the like",
    ),
    limits=(
        "the configuration of Alembic is not read: a folder counts as a history even if no `version_locations` names "
        "it, and unlabelled heads of one history in two folders are missed",
        "two labelled branches that fork a second time are reported only if the new heads bear the same labels",
    ),
)

_MOST_NAMED = 5


@rule.fact(python)
def revision_of(file: PythonFile) -> Iterator[Revision]:
    if (revision := read_revision(file)) is not None:
        yield revision


@rule.across
def end_beside_each_other(facts: Mapping[str, Sequence[Revision]], whole: bool) -> Iterator[Draft]:
    if not whole:
        return
    for history in histories(revision for found in facts.values() for revision in found):
        if not _is_complete(history):
            continue
        for heads in competing_heads(history):
            youngest = heads[-1]
            related = [(other.place, f"the head `{other.id}`") for other in heads[:-1]]
            yield rule.at(youngest.parents_place, " ".join(_sentences(heads, history)), related=related)


def _is_complete(history: History) -> bool:
    """Whether a history that can be loaded lies before us: its beginning, every parent, and at least one step."""
    steps = any(history.parents[one.path] for one in history.revisions)
    whole = history.is_readable and bool(history.bases) and not history.missing
    return steps and whole and not cycles(history)


def _sentences(heads: Sequence[Revision], history: History) -> Iterator[str]:
    named = [f"`{head.id}` ({head.file_name})" for head in heads[-_MOST_NAMED:]]
    if len(heads) > _MOST_NAMED:
        named.insert(0, f"{len(heads) - _MOST_NAMED} older ones")
    yield f"`alembic upgrade head` fails, because this history has {len(heads)} heads: {in_series(named)}."
    parents = {tuple(parent.id for parent in history.parents[head.path]) for head in heads}
    if len(parents) == 1 and (common := parents.pop()):
        yield f"{'Both' if len(heads) == 2 else 'All'} revise {' and '.join(f'`{name}`' for name in common)}."
    elif not heads[-1].parents:
        yield f"`{heads[-1].id}` revises no other revision."
