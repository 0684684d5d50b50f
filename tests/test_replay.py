"""The symbolic replay: what it knows of a schema after a chain of revisions, and what it says of the way back."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from evaluation.replay.compare import Class, by_cause, class_of, flagged, table

from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.migrations.replay import Failure, Problem, downgraded, upgraded
from chunklint.semantics.migrations.reversal_messages import problem_message
from chunklint.semantics.migrations.reversals import Reversal, Trace, breaks_upgrade, reversals
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema
from chunklint.semantics.migrations.scripts import script_of
from chunklint.semantics.migrations.steps import Body, Script, Step, Verb

BIRDS = """op.create_table(
        "birds",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ring", sa.String(12), nullable=False, server_default="none"),
    )"""


def script(up: str, down: str, number: int = 1) -> Script:
    """The script of a revision; `postgresql` in it makes the history one of PostgreSQL."""
    parent = f'"r{number - 1}"' if number > 1 else "None"
    source = (
        "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n"
        f'revision = "r{number}"\ndown_revision = {parent}\n'
        f"def upgrade():\n    {up}\ndef downgrade():\n    {down}\n"
    )
    file = PYTHON.parse(f"alembic/versions/r{number:04}.py", source)
    assert isinstance(file, PythonFile)
    found = script_of(file)
    assert found is not None
    return found


def chain(*ways: tuple[str, str]) -> list[Script]:
    return [script(up, down, number) for number, (up, down) in enumerate(ways, 1)]


def replay(*ways: tuple[str, str], whole: bool = True) -> list[Reversal]:
    return list(reversals(chain(*ways), whole=whole))


def traces(reversal: Reversal) -> list[tuple[Trace, str, str]]:
    return [(one.trace, one.key.kind.value, one.key.name) for one in reversal.residue]


def schema_after(scripts: Sequence[Script]) -> Schema:
    schema = Schema(whole=True)
    for one in scripts:
        schema.absorb(upgraded(schema, one.upgrade))
    return schema


def test_a_created_table_is_known_with_its_columns_and_nothing_else() -> None:
    schema = schema_after([script(BIRDS, "pass")])
    ring = schema.state(Key(Kind.COLUMN, "ring", "birds"))
    assert isinstance(ring, Made)
    assert dict(ring.traits) == {"default": "none", "nullable": "False", "type": "varchar(12)"}
    assert schema.state(Key(Kind.COLUMN, "song", "birds")) is Absence.ABSENT
    assert schema.state(Key(Kind.COLUMN, "ring", "nests")) is Absence.UNKNOWN


def test_dropping_a_column_takes_its_indexes_and_constraints_along() -> None:
    indexed = 'op.create_index("ix_ring", "birds", ["ring"]); op.create_unique_constraint("uq_ring", "birds", ["ring"])'
    schema = schema_after(chain((BIRDS, "pass"), (indexed, "pass"), ('op.drop_column("birds", "ring")', "pass")))
    assert schema.state(Key(Kind.INDEX, "ix_ring")) is Absence.ABSENT
    assert schema.state(Key(Kind.CONSTRAINT, "uq_ring", "birds")) is Absence.ABSENT


def test_a_renamed_table_keeps_what_belongs_to_it() -> None:
    schema = schema_after(chain((BIRDS, "pass"), ('op.rename_table("birds", "fowl")', "pass")))
    assert isinstance(schema.state(Key(Kind.COLUMN, "ring", "fowl")), Made)
    assert schema.state(Key(Kind.TABLE, "birds")) is Absence.ABSENT


def test_batches_and_sql_say_the_same_as_operations() -> None:
    batch = 'with op.batch_alter_table("birds") as batch_op: batch_op.add_column(sa.Column("age", sa.Integer()))'
    sql = 'op.execute("ALTER TABLE birds ADD COLUMN age INTEGER")'
    plain = 'op.add_column("birds", sa.Column("age", sa.Integer()))'
    found = [schema_after(chain((BIRDS, "pass"), (way, "pass"))) for way in (batch, sql, plain)]
    states = [schema.state(Key(Kind.COLUMN, "age", "birds")) for schema in found]
    assert len({state.traits for state in states if isinstance(state, Made)}) == 1


def test_an_exact_inverse_leaves_nothing() -> None:
    (found,) = replay((BIRDS, 'op.drop_table("birds")'))
    assert (found.problems, found.residue) == ((), ())


def test_the_way_back_is_judged_against_the_schema_that_earlier_revisions_made() -> None:
    widen = 'op.alter_column("birds", "ring", type_=sa.String(80))'
    back = 'op.alter_column("birds", "ring", type_=sa.String(10))'
    found = replay((BIRDS, 'op.drop_table("birds")'), (widen, back))[1].residue[0]
    assert (found.trace, found.trait, found.before, found.after) == (
        Trace.CHANGED,
        "type",
        "varchar(12)",
        "varchar(10)",
    )


def test_what_an_unknown_column_was_like_before_is_not_guessed() -> None:
    (found,) = replay(
        ('op.alter_column("nests", "tree", nullable=False)', 'op.alter_column("nests", "tree", nullable=True)')
    )
    assert not found.residue


def test_an_implicit_enum_type_stays_and_stops_the_next_upgrade() -> None:
    made = 'op.create_table("eggs", sa.Column("colour", sa.Enum("white", "blue", name="egg_colour")))'
    (found,) = replay((made, 'op.drop_table("eggs")'))
    assert traces(found) == [(Trace.LEFT, "type", "egg_colour")]
    assert breaks_upgrade(found.residue[0], found.script)


def test_two_tables_with_one_enum_type_make_it_once() -> None:
    column = 'sa.Column("colour", sa.Enum("white", "blue", name="egg_colour"))'
    made = f'op.create_table("eggs", {column}); op.create_table("chicks", {column})'
    (found,) = replay((made, 'op.drop_table("eggs"); op.drop_table("chicks")'))
    assert traces(found) == [(Trace.LEFT, "type", "egg_colour")]


def test_a_table_that_another_one_refers_to_cannot_be_dropped_first() -> None:
    eggs = 'op.create_table("eggs", sa.Column("bird_id", sa.Integer(), sa.ForeignKey("birds.id")))'
    (found,) = replay((f"{BIRDS}; {eggs}", 'op.drop_table("birds"); op.drop_table("eggs")'))
    assert [one.failure for one in found.problems] == [Failure.NEEDED]


def test_a_nameless_constraint_is_never_found_again() -> None:
    (found,) = replay(('op.create_unique_constraint(None, "birds", ["ring"])', 'op.drop_constraint(None, "birds")'))
    assert [one.failure for one in found.problems] == [Failure.BROKEN]


def test_a_primary_key_leaves_its_columns_not_null() -> None:
    table = 'op.create_table("rates", sa.Column("day", sa.Date(), nullable=True))'
    key = 'op.create_primary_key("rates_pkey", "rates", ["day"])'
    found = replay((table, 'op.drop_table("rates")'), (key, 'op.drop_constraint("rates_pkey", "rates")'))[1]
    assert traces(found) == [(Trace.CHANGED, "column", "day")]


def test_what_a_condition_may_have_done_is_unknown() -> None:
    (found,) = replay(('if sa.__version__ > "2": op.create_table("nests", sa.Column("id", sa.Integer()))', "pass"))
    assert not found.residue


def test_an_unreadable_statement_silences_the_revision_but_not_the_next_one() -> None:
    unread = ("import nests; op.execute(nests.statement()); op.create_index('ix_a', 'birds', ['ring'])", "pass")
    index = ('op.create_index("ix_ring", "birds", ["ring"])', "pass")
    first, second, third = replay((BIRDS, 'op.drop_table("birds")'), unread, index)
    assert not first.residue
    assert third.residue
    assert all(name != "birds" for _, _, name in traces(second))


def test_a_name_with_a_hole_puts_only_what_it_may_mean_in_doubt() -> None:
    scripts = chain((BIRDS, "pass"), ('for n in range(3): op.execute(f"DROP TABLE birds_p{n}")', "pass"))
    assert isinstance(schema_after(scripts).state(Key(Kind.TABLE, "birds")), Made)


def test_a_function_that_keeps_its_new_body_is_reported() -> None:
    old, new = (
        f'op.execute("CREATE OR REPLACE FUNCTION one() RETURNS int AS $$ SELECT {n} $$ LANGUAGE sql")' for n in (1, 2)
    )
    first, second, third = replay((old, 'op.execute("DROP FUNCTION one()")'), (new, "op.get_bind()"), (new, new))
    assert not first.residue
    assert traces(second) == [(Trace.CHANGED, "function", "one")]
    assert not third.residue


def test_the_body_of_a_downgrade_is_told_apart() -> None:
    column = 'op.add_column("birds", sa.Column("age", sa.Integer()))'
    assert script(column, "pass").body is Body.BARE
    assert script(column, "# The old release reads it as well.\n    pass").body is Body.REASONED
    assert script(column, 'raise RuntimeError("no way back")').body is Body.REFUSES
    assert script(column, 'op.drop_column("birds", "age")').body is Body.STEPS


def test_scripts_survive_the_way_to_another_process() -> None:
    one = script(BIRDS, 'op.drop_table("birds")')
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes


def test_a_downgrade_leaves_the_schema_under_it_as_it_was() -> None:
    base = schema_after([script(BIRDS, "pass")])
    before = dict(base.changes)
    downgraded(base, script("pass", 'op.drop_table("birds")').downgrade)
    assert base.changes == before


def test_a_chain_of_hundreds_of_revisions_is_followed_to_its_end() -> None:
    more = [
        (f'op.add_column("birds", sa.Column("c{n}", sa.Text()))', f'op.drop_column("birds", "c{n}")')
        for n in range(400)
    ]
    found = replay((BIRDS, 'op.drop_table("birds")'), *more, ('op.drop_column("birds", "c7")', "pass"))
    assert [traces(one) for one in found if one.residue] == [[(Trace.LOST, "column", "c7")]]


def test_an_upgrade_that_reads_a_missing_column_makes_our_knowledge_doubtful_not_the_upgrade() -> None:
    read = 'op.execute("UPDATE birds SET ring = song")'
    assert replay((BIRDS, 'op.drop_table("birds")'), (read, read))[1].problems == ()
    (problem,) = replay((BIRDS, 'op.drop_table("birds")'), ("pass", read))[1].problems
    assert (problem.failure, problem.key) == (Failure.MISSING, Key(Kind.COLUMN, "song", "birds"))


def test_a_statement_that_sqlglot_does_not_understand_says_nothing() -> None:
    texts = ("UPDATE birds SET", "SELECT " + "NOT " * 2_000 + "song FROM birds", "DELETE FROM birds WHERE %(song)s")
    for text in texts:
        assert replay((BIRDS, 'op.drop_table("birds")'), ("pass", f'op.execute("{text}")'))[1].problems == ()


def test_what_a_later_downgrade_loses_is_missing_in_an_earlier_one() -> None:
    index = ('op.create_index("ix_ring", "birds", ["ring"])', 'op.drop_index("ix_ring", table_name="birds")')
    again = (index[1], 'op.execute("ANALYZE birds")')
    found = replay((BIRDS, 'op.drop_table("birds")'), index, ("pass", "pass"), again)
    (problem,) = found[1].problems
    assert (problem.failure, problem.key, problem.revision) == (Failure.LOST, Key(Kind.INDEX, "ix_ring"), "r4")
    assert [(position, traces(one)) for position, one in enumerate(found) if one.residue] == [
        (3, [(Trace.LOST, "index", "ix_ring")])
    ]
    refuses = ('op.execute("ANALYZE birds")', 'raise NotImplementedError("no way back")')
    assert not any(one.problems for one in replay((BIRDS, 'op.drop_table("birds")'), index, refuses, again))


def record(path: str, **result: object) -> dict[str, object]:
    return {"path": path, "up": "ok", "down": "ok", "reup": "ok", "residue": [], **result}


def test_the_comparison_counts_what_was_found_and_what_was_flagged_wrongly() -> None:
    records = [
        record("a.py"),
        record("b.py", residue=["+ index i"]),
        record("c.py", reup="ProgrammingError: (psycopg2.errors.DuplicateObject)"),
        record("d.py", down="RuntimeError: no way back"),
        record("e.py", up="unreachable", down=None),
        record("f.py", residue=["+ extension e: "]),
        record("g.py", reup="IntegrityError: (psycopg2.errors.UniqueViolation)"),
    ]
    assert [class_of(one) for one in records] == [
        Class.ROUND_TRIP,
        Class.DIFFERS,
        Class.DIFFERS,
        Class.REFUSES,
        Class.NOT_RUN,
        Class.ROUND_TRIP,
        Class.ROWS,
    ]

    def result(path: str, message: str = "...") -> dict[str, object]:
        place = {"physicalLocation": {"artifactLocation": {"uri": path}}}
        return {"ruleId": "CL904", "message": {"text": message}, "locations": [place]}

    script = chain(("pass", "pass"))[0]
    step = Step(Verb.DROP, Key(Kind.INDEX, "i"), script.place)
    of_two, _ = problem_message(Problem(Failure.LOST, step, step.key, place=script.place, revision="r9"))
    messages = flagged({"runs": [{"results": [result("a.py"), result("b.py"), result("f.py", of_two)]}]})
    lines = list(table(records, messages))
    assert lines[0].split() == ["does", "not", "round-trip", "2,", "found", "1,", "recall", "50.0", "%"]
    assert lines[1].endswith("flagged  1, false alarms 50.0 %")
    causes = [{"path": "b.py", "class": "index left behind"}, {"path": "z.py", "class": "elsewhere"}]
    assert [line.split() for line in by_cause(causes, messages, {"b.py"})] == [
        ["index", "left", "behind", "1", "of", "1"]
    ]
