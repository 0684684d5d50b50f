"""CL904: a migration whose downgrade does not take it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Body,
    Draft,
    Failure,
    Problem,
    PythonFile,
    Residue,
    Reversal,
    Rule,
    Script,
    Severity,
    Trace,
    breaks_upgrade,
    problem_message,
    python,
    reversals,
    script_of,
)

rule = Rule(
    code="CL904",
    name="irreversible-migration",
    ticket="TICKET-009",
    when="a downgrade fails, is empty without a reason, or leaves behind, loses or changes what the upgrade touched",
    effect="a rollback stops half-way, or the next upgrade fails on what is still there",
    instead="undo in `downgrade()` every step of `upgrade()`, in reverse order, or raise and say why it cannot be done",
    bad='''"""Add nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0001"
down_revision = None


def upgrade() -> None:
    op.create_table("nests", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("eggs", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("eggs")
''',
    good='''"""Add nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0001"
down_revision = None


def upgrade() -> None:
    op.create_table("nests", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("eggs", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("eggs")
    op.drop_table("nests")
''',
    example="alembic/versions/b1c0ffee0001_nests.py",
    mentions=("down_revision",),
    silent_on=(
        "an empty downgrade with a comment, docstring or log message that says why, also at the upgrade or at the top "
        "of the file, and one that raises",
        "what a downgrade does not bring back where it says so",
        "merge revisions, and upgrades that only change rows",
        "extensions, schemas, roles and grants that stay behind, and an enum's values where the downgrade says so or "
        "the upgrade adds them only if they are not there",
        "histories most of whose revisions do not even have a downgrade; foreign keys with `use_alter`",
        "objects that a condition other than a test of the dialect may or may not have touched, and all that a helper "
        "of another module may have done",
        "rows that are read or written under a condition, through an ORM, or in SQL that is not understood in full",
        "constraints that come back under another name where one of the two names was left to the database",
        "the default of a flag under another spelling (`0`, `false`), a UUID that comes back as a text of its length, "
        "a function with or without its schema, types of the application's own",
        "a required column that comes back nullable or with a default, since its rows have no value and it had none; "
        "one that comes back required, with a default",
        "a foreign key that comes back with RESTRICT where it refused before",
        "a column that is no longer required and stays so; a default that it did not have; a text that comes back "
        "longer",
        "what an upgrade brings although the history has it already, and a type that comes back with more labels",
        "what a downgrade loses, where the drop of an earlier one that fails by it is reported",
    ),
    limits=(
        "tables that the application's metadata creates are unknown, and so is what was in them",
        "what happens to rows is not followed, only which tables, columns and enum values their statements name",
        "of a downgrade that fails only after a later one, the first object that this one lost is named",
        "enum types count only where the history shows in its code that its database is PostgreSQL; where it shows "
        "SQLite alone, names of constraints and tables that foreign keys need do not count",
        "definitions of CHECK constraints and expressions of indexes are not compared",
    ),
)

_MOST_NAMED = 3
# So many empty downgrades are no oversight where they are most of the history.
_HABIT = 5


@rule.fact(python)
def script(file: PythonFile) -> Iterator[Script]:
    found = script_of(file)
    if found is not None:
        yield found


@rule.across
def cannot_be_taken_back(facts: Mapping[str, Sequence[Script]], whole: bool) -> Iterator[Draft]:
    found = [
        one
        for one in reversals((script for found in facts.values() for script in found), whole=whole)
        if one.script.body is not Body.REFUSES
    ]
    folders = Counter(_folder(one) for one in found if one.script.upgrade)
    empty: dict[str, list[Reversal]] = {}
    for one in found:
        if one.residue and not one.problems and one.script.body in (Body.BARE, Body.MISSING):
            empty.setdefault(_folder(one), []).append(one)
    # Where hardly any revision has a downgrade, the team has given them up: that is told once, of the newest.
    given_up = [of for folder, of in empty.items() if len(of) >= _HABIT and len(of) * 2 > folders[folder]]
    quiet = {id(one) for of in given_up for one in of[:-1]}
    # Where revisions do not even have the function, that is how the team works, and Alembic says so by itself.
    quiet |= {id(of[-1]) for of in given_up if of[-1].script.body is Body.MISSING}
    alike = {id(of[-1]): len(of) - 1 for of in given_up}
    for reversal in found:
        if reversal.problems:
            yield _fails(reversal.problems[0])
        elif reversal.residue and id(reversal) not in quiet:
            yield from _leaves_traces(reversal, alike.get(id(reversal), 0))


def _folder(reversal: Reversal) -> str:
    """The folder of a history's revisions, which some sort into further ones by release."""
    folder = reversal.script.revision.path.rpartition("/")[0]
    above, versions, _ = f"{folder}/".partition("/versions/")
    return above if versions else folder


def _fails(problem: Problem) -> Draft:
    message, said = problem_message(problem)
    severity = Severity.ERROR if problem.failure is Failure.BROKEN else Severity.WARNING
    related = [(problem.place, said)] if problem.place is not None else []
    return rule.at(problem.step.place, message, severity=severity, related=related)


def _leaves_traces(reversal: Reversal, alike: int) -> Iterator[Draft]:
    script = reversal.script
    # What an earlier downgrade fails by is told there.
    found = tuple(one for one in reversal.residue if one.key not in reversal.told)
    failing = [one for one in found if breaks_upgrade(one, script)]
    if script.body is Body.REASONED:
        found = tuple(one for one in failing if one.key.kind == "value")
    if script.keeps_values:
        found = tuple(one for one in found if one.key.kind != "value" or one.trace is not Trace.LEFT or one in failing)
    if script.admits and script.body is Body.STEPS:
        found = tuple(one for one in failing if one.trace is Trace.LEFT)
    stepped = {step.key for step in script.downgrade}
    # A primary key that comes and goes leaves its columns NOT NULL, as does a table that comes back stricter. What the
    # upgrade no longer requires may be missing when the downgrade comes, so it is left as it is.
    found = tuple(
        one
        for one in found
        if one.trait != "nullable" or one.key in stepped or (one.step is not None and one.after != "True")
    )
    if not found:
        return
    told = "; ".join(_traces(found))
    match script.body:
        case Body.BARE | Body.REASONED:
            first = f"The downgrade does nothing: {told}."
        case Body.MISSING:
            first = f"There is no downgrade: {told}."
        case _:
            first = f"The downgrade does not take the upgrade back: {told}."
    sentences = [first]
    if failing:
        one = failing[0].key
        problem = "is there already" if failing[0].trace is Trace.LEFT else "is gone"
        sentences.append(f"The next upgrade then fails, because `{one.name}` {problem}.")
    if alike:
        sentences.append(f"So it is with {alike} other revisions of this history.")
    related = [(one.step.place, f"The upgrade's {one.step.verb} of `{one.key.name}`.") for one in found if one.step]
    yield rule.at(script.place, " ".join(sentences), related=related[:_MOST_NAMED])


def _traces(found: Sequence[Residue]) -> Iterator[str]:
    for one in found[:_MOST_NAMED]:
        of = f" of `{one.key.owner}`" if one.key.owner else ""
        # An enum may have an empty label.
        name = one.key.name or "''"
        what = f"the {one.key.kind} `{name}`{of}"
        match one.trace:
            case Trace.LEFT:
                yield f"{what} stays"
            case Trace.LOST:
                yield f"{what} does not come back"
            case Trace.CHANGED:
                yield f"{what} {_change(one)}"
    if len(found) > _MOST_NAMED:
        yield f"{len(found) - _MOST_NAMED} more"


def _change(one: Residue) -> str:
    match one.trait:
        case "nullable":
            return f"ends up {'nullable' if one.after == 'True' else 'NOT NULL'}, which it was not before"
        case "body":
            return "keeps its new definition"
        case "default" if not one.after:
            return f"loses its server default `{one.before}`"
        case "default" if not one.before:
            return f"keeps the server default `{one.after}`"
        case "ON DELETE rule" if not one.after:
            return f"loses its ON DELETE rule `{one.before}`"
        case "ON DELETE rule" if not one.before:
            return f"keeps the ON DELETE rule `{one.after}`"
    return f"ends up with the {one.trait} `{one.after}` instead of `{one.before}`"
