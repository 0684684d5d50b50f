"""The replay against the real thing: chains of our own, up, down and up again, revision by revision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from textwrap import dedent, indent

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from evaluation.replay.catalog import Snapshot, snapshot
from evaluation.replay.server import Server

from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.migrations.column_types import canonical
from chunklint.semantics.migrations.replay import Failure, downgraded, upgraded
from chunklint.semantics.migrations.reversals import breaks_upgrade, reversals
from chunklint.semantics.migrations.schema import Key, Kind, Made, Schema
from chunklint.semantics.migrations.scripts import script_of
from chunklint.semantics.migrations.step_definitions import default_text
from chunklint.semantics.migrations.steps import Script
from postgres import needs_postgres, server

__all__ = ["server"]

Facts = Mapping[Key, Mapping[str, str]]
"""What there is, and what is known of each: the traits of a column, the table of an index."""

_ENVIRONMENT = """
from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
"""
_HEAD = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
"""
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Chain:
    """A history: for each revision the body of its upgrade and of its downgrade."""

    name: str
    ways: tuple[tuple[str, str], ...]

    def sources(self) -> Iterator[str]:
        for number, (up, down) in enumerate(self.ways, 1):
            parent = repr(f"r{number - 1:02}") if number > 1 else None
            names = f"revision = 'r{number:02}'\ndown_revision = {parent}\n"
            bodies = [indent(dedent(body).strip("\n"), "    ") for body in (up, down)]
            yield f"{_HEAD}\n{names}\n\ndef upgrade():\n{bodies[0]}\n\n\ndef downgrade():\n{bodies[1]}\n"

    def scripts(self) -> list[Script]:
        found = []
        for number, source in enumerate(self.sources(), 1):
            file = PYTHON.parse(f"alembic/versions/r{number:02}.py", source)
            assert isinstance(file, PythonFile)
            script = script_of(file)
            assert script is not None
            found.append(script)
        return found


class Database:
    """An empty database that a chain is applied to with the real Alembic."""

    def __init__(self, connection: sa.Connection, folder: Path, describe: Callable[[sa.Connection], Snapshot]) -> None:
        self.connection = connection
        self._describe = describe
        self._config = Config()
        self._config.set_main_option("script_location", str(folder))
        self._config.attributes["connection"] = connection

    def to(self, revision: str) -> None:
        """Go up to a revision; `base` and the empty chain are the same."""
        if revision != "r00":
            command.upgrade(self._config, revision)

    def up(self) -> str:
        """Go one revision up; "" or the error."""
        return self._tried(lambda: command.upgrade(self._config, "+1"))

    def down(self) -> str:
        """Go one revision down; "" or the error."""
        return self._tried(lambda: command.downgrade(self._config, "-1"))

    def _tried(self, action: Callable[[], None]) -> str:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - Alembic's batches raise KeyError and what not
            self.connection.rollback()
            return repr(error)
        return ""

    def described(self) -> Snapshot:
        """All that the database says of itself."""
        found = self._describe(self.connection)
        self.connection.rollback()
        return found

    def facts(self) -> Facts:
        """What it says of itself, in the words of the replay."""
        told = (_fact(*one) for one in self.described().items())
        return {key: traits for found in told for key, traits in found.items()}


@contextmanager
def on_postgres(server: Server, folder: Path) -> Iterator[Database]:
    name = f"chain_{next(_NUMBERS)}"
    admin = sa.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    engine = sa.create_engine(server.url(name), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield Database(connection, folder, _postgres_says)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Database]:
    with sa.create_engine("sqlite://").connect() as connection:
        yield Database(connection, folder, _sqlite_says)


def _postgres_says(connection: sa.Connection) -> Snapshot:
    raw = connection.connection.dbapi_connection
    assert raw is not None
    return snapshot(raw)


def _sqlite_says(connection: sa.Connection) -> Snapshot:
    """Tables, columns, indexes and views: SQLite knows no names of most constraints, and its types are mere words."""
    inspector = sa.inspect(connection)
    found = {f"view {name}": "" for name in inspector.get_view_names()}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        found[f"table {table}"] = ""
        columns, indexes = inspector.get_columns(table), inspector.get_indexes(table)
        found |= {f"column {table}.{one['name']}": "" if one["nullable"] else " not null" for one in columns}
        found |= {f"index {one['name']}": f" ON {table}" for one in indexes}
    return found


def _fact(line: str, definition: str) -> Mapping[Key, Mapping[str, str]]:
    kind, _, name = line.partition(" ")
    return _READ[kind](name.replace("public.", "").replace('"', ""), definition.replace("public.", ""))


def _owned(kind: Kind) -> Callable[[str, str], dict[Key, dict[str, str]]]:
    def read(name: str, definition: str) -> dict[Key, dict[str, str]]:
        owner, _, last = name.rpartition(".")
        return {Key(kind, last, owner): {}}

    return read


def _plain(kind: Kind) -> Callable[[str, str], dict[Key, dict[str, str]]]:
    return lambda name, _: {Key(kind, name.partition("(")[0]): {}}


def _column(name: str, definition: str) -> dict[Key, dict[str, str]]:
    owner, _, last = name.rpartition(".")
    nullable = str(" not null" not in definition)
    spelled = re.split(r" (?:not null|default|identity|generated)\b", definition)[0]
    if not spelled:
        return {Key(Kind.COLUMN, last, owner): {"nullable": nullable}}
    default = definition.partition(" default ")[2]
    size = re.search(r"\((.*)\)", spelled)
    plain = re.sub(r"\(.*?\)", "", spelled)
    traits = {
        "type": canonical(plain, size[1] if size is not None else "") or f"enum {plain}",
        "nullable": nullable,
        "default": default_text(default) if default else "",
    }
    return {Key(Kind.COLUMN, last, owner): traits}


def _index(name: str, definition: str) -> dict[Key, dict[str, str]]:
    on = re.search(r" ON (?:ONLY )?([\w.]+)", definition)
    assert on is not None
    return {Key(Kind.INDEX, name.rpartition(".")[2]): {"table": on[1]}}


def _enum(name: str, definition: str) -> dict[Key, dict[str, str]]:
    labels: list[str] = re.findall(r"'([^']*)'", definition)
    return {key: {} for key in (Key(Kind.TYPE, name), *(Key(Kind.VALUE, label, name) for label in labels))}


_READ: Mapping[str, Callable[[str, str], dict[Key, dict[str, str]]]] = {
    "table": _plain(Kind.TABLE),
    "column": _column,
    "constraint": _owned(Kind.CONSTRAINT),
    "index": _index,
    "view": _plain(Kind.VIEW),
    "sequence": _plain(Kind.SEQUENCE),
    "function": _plain(Kind.FUNCTION),
    "trigger": _owned(Kind.TRIGGER),
    "enum": _enum,
    "domain": _plain(Kind.TYPE),
    "schema": lambda name, definition: {},
}


def _schema_facts(schema: Schema, kinds: frozenset[Kind]) -> Facts:
    """What the replay says there is. Nothing may be unknown: the chains spell all out."""
    found: dict[Key, dict[str, str]] = {}
    layer: Schema | None = schema
    while layer is not None:
        for key in layer.changes:
            state = schema.state(key)
            if isinstance(state, Made) and key.kind in kinds:
                found[key] = {"table": state.table} if key.kind is Kind.INDEX else dict(state.traits)
        layer = layer.under
    return found


def assert_same(told: Facts, real: Facts, when: str) -> None:
    """Both know the same objects, and agree on all the traits that both know."""
    assert (when, sorted(told.keys() - real.keys()), sorted(real.keys() - told.keys())) == (when, [], [])
    for key, traits in real.items():
        both = traits.keys() & told[key].keys()
        assert (when, key, {name: told[key][name] for name in both}) == (
            when,
            key,
            {name: traits[name] for name in both},
        )


def compare(
    chain: Chain, folder: Path, connect: Callable[[Path], AbstractContextManager[Database]], kinds: frozenset[Kind]
) -> None:
    """Compare the replay with the database after each upgrade, after its downgrade, and after the second upgrade."""
    (folder / "versions").mkdir()
    (folder / "env.py").write_text(_ENVIRONMENT)
    for number, source in enumerate(chain.sources(), 1):
        (folder / "versions" / f"r{number:02}.py").write_text(source)
    scripts = chain.scripts()
    judged = {one.script.revision.id: one for one in reversals(scripts, whole=True)}
    schema = Schema(whole=True)
    for number, script in enumerate(scripts, 1):
        after = upgraded(schema, script.upgrade)
        back, _ = downgraded(after, script.downgrade)
        reversal = judged[script.revision.id]
        with connect(folder) as database:
            database.to(f"r{number - 1:02}")
            before = database.described()
            assert not database.up(), script.revision.id
            real = database.described()
            assert_same(_schema_facts(after, kinds), database.facts(), f"{script.revision.id} up")
            failure = database.down()
            alone = [one for one in reversal.problems if one.failure is not Failure.LOST]
            assert (script.revision.id, bool(failure)) == (script.revision.id, bool(alone)), failure
            if not failure:
                assert_same(_schema_facts(back, kinds), database.facts(), f"{script.revision.id} down")
                changed = before != database.described()
                assert (script.revision.id, changed) == (script.revision.id, bool(reversal.residue))
                again = database.up()
                assert bool(again) == any(breaks_upgrade(one, reversal.script) for one in reversal.residue), (
                    script.revision.id,
                    again,
                )
                assert again or database.described() == real, script.revision.id
        for lost in (one for one in reversal.problems if one.failure is Failure.LOST):
            with connect(folder) as database:
                database.to(lost.revision)
                later = scripts[number : int(lost.revision[1:])]
                downs = [database.down() for _ in (*later, script)]
                expected = [bool(judged[one.revision.id].problems) for one in reversed(later)]
                assert any(expected) or list(map(bool, downs)) == [*expected, True], (script.revision.id, downs)
        schema.absorb(after)


OPERATIONS = Chain(
    "operations",
    (
        (
            """
            op.create_table(
                "birds",
                sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("ring", sa.String(12), nullable=False, server_default="none"),
                sa.Column("note", sa.Text(), server_default=""),
                sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
                sa.UniqueConstraint("ring", name="uq_birds_ring"),
            )
            op.create_index("ix_birds_seen", "birds", ["seen"])
            """,
            """
            op.drop_index("ix_birds_seen", table_name="birds")
            op.drop_table("birds")
            """,
        ),
        (
            """
            op.create_table(
                "eggs",
                sa.Column("id", sa.BigInteger(), nullable=False),
                sa.Column("bird_id", sa.Integer(), sa.ForeignKey("birds.id", ondelete="CASCADE"), index=True),
                sa.Column("weight", sa.Numeric(6, 2), unique=True),
                sa.PrimaryKeyConstraint("id"),
            )
            """,
            'op.drop_table("eggs")',
        ),
        (
            """
            op.alter_column("birds", "ring", type_=sa.String(40), nullable=True, server_default=None)
            op.alter_column("eggs", "weight", new_column_name="grams")
            """,
            """
            op.alter_column("eggs", "grams", new_column_name="weight")
            op.alter_column("birds", "ring", type_=sa.String(8), nullable=False, server_default="none")
            """,
        ),
        ('op.rename_table("eggs", "clutches")', 'op.rename_table("clutches", "eggs")'),
        (
            """
            op.drop_constraint("uq_birds_ring", "birds", type_="unique")
            op.drop_column("birds", "seen")
            """,
            """
            op.add_column(
                "birds",
                sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
            )
            op.create_unique_constraint("uq_birds_ring", "birds", ["ring"])
            """,
        ),
        ('op.drop_table("clutches")', "pass"),
    ),
)
BATCHES = Chain(
    "batches",
    (
        (
            """
            op.create_table(
                "nests",
                sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("tree", sa.String(40), nullable=False),
                sa.Column("height", sa.Integer()),
            )
            """,
            'op.drop_table("nests")',
        ),
        (
            """
            with op.batch_alter_table("nests") as batch:
                batch.add_column(sa.Column("side", sa.String(10), nullable=True))
                batch.alter_column("height", existing_type=sa.Integer(), nullable=False)
                batch.create_index("ix_nests_tree", ["tree"])
            """,
            """
            with op.batch_alter_table("nests") as batch:
                batch.drop_index("ix_nests_tree")
                batch.alter_column("height", existing_type=sa.Integer(), nullable=True)
                batch.drop_column("side")
            """,
        ),
        (
            """
            with op.batch_alter_table("nests") as batch:
                batch.drop_column("side")
                batch.alter_column("height", new_column_name="metres", existing_type=sa.Integer())
            """,
            """
            with op.batch_alter_table("nests") as batch:
                batch.alter_column("metres", new_column_name="height", existing_type=sa.Integer())
            """,
        ),
        (
            """
            for name in ("moss", "lichen"):
                op.add_column("nests", sa.Column(name, sa.Boolean()))
            """,
            """
            with op.batch_alter_table("nests") as batch:
                for name in ["lichen", "moss"]:
                    batch.drop_column(name)
            """,
        ),
        ('op.execute("CREATE VIEW high AS SELECT id FROM nests")', 'op.execute("DROP VIEW high")'),
    ),
)
SQL = Chain(
    "sql",
    (
        (
            '''
            op.execute("""
                CREATE TABLE songs (
                    id BIGSERIAL PRIMARY KEY,
                    title VARCHAR(80) NOT NULL DEFAULT '',
                    length DOUBLE PRECISION,
                    singer INTEGER,
                    heard TIMESTAMP WITH TIME ZONE DEFAULT now(),
                    CONSTRAINT ck_length CHECK (length > 0),
                    UNIQUE (title, singer)
                );
                CREATE INDEX CONCURRENTLY_heard ON songs (heard);
            """)
            ''',
            'op.execute("DROP TABLE songs")',
        ),
        (
            '''
            op.get_bind().execute(sa.text("""
                ALTER TABLE songs ADD COLUMN pitch SMALLINT NOT NULL DEFAULT 4, DROP COLUMN length,
                    ALTER COLUMN title TYPE TEXT, ALTER title DROP DEFAULT
            """))
            ''',
            '''
            op.execute("""
                ALTER TABLE songs ALTER COLUMN title SET DEFAULT '', ALTER COLUMN title TYPE VARCHAR(80);
                ALTER TABLE songs ADD COLUMN length DOUBLE PRECISION;
                ALTER TABLE songs DROP COLUMN pitch;
            """)
            ''',
        ),
        (
            """
            op.execute("ALTER TABLE songs RENAME COLUMN heard TO seen")
            op.execute("ALTER TABLE songs RENAME TO calls")
            op.execute("ALTER INDEX concurrently_heard RENAME TO ix_calls")
            op.execute("CREATE SEQUENCE call_numbers")
            """,
            """
            op.execute("DROP SEQUENCE call_numbers")
            op.execute("ALTER INDEX ix_calls RENAME TO concurrently_heard")
            op.execute("ALTER TABLE calls RENAME TO songs")
            op.execute("ALTER TABLE songs RENAME COLUMN seen TO heard")
            """,
        ),
        (
            'op.execute("CREATE TABLE songs (id int); CREATE INDEX ix_songs ON songs (id); DROP INDEX ix_calls")',
            'op.execute("DROP TABLE songs"); op.execute("CREATE INDEX ix_calls ON calls (seen)")',
        ),
        ('op.execute("DROP TABLE IF EXISTS calls CASCADE")', 'op.execute("CREATE TABLE calls (id int)")'),
    ),
)
BLOCKS = Chain(
    "blocks",
    (
        (
            '''
            op.execute("""
                DO $$
                BEGIN
                    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'plumage') THEN
                        CREATE TYPE plumage AS ENUM ('summer', 'winter');
                    END IF;
                END $$
            """)
            op.execute("CREATE TABLE birds (id int PRIMARY KEY, coat plumage NOT NULL DEFAULT 'summer')")
            ''',
            'op.execute("DROP TABLE birds"); op.execute("DROP TYPE plumage")',
        ),
        (
            '''
            op.execute("""
                DO $$ BEGIN
                    ALTER TABLE birds ADD COLUMN moulted date;
                EXCEPTION WHEN duplicate_column THEN NULL;
                END $$
            """)
            ''',
            'op.execute("ALTER TABLE birds DROP COLUMN IF EXISTS moulted")',
        ),
    ),
)
ENUMS = Chain(
    "enums",
    (
        (
            """
            op.create_table(
                "eggs",
                sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("colour", sa.Enum("white", "blue", name="egg_colour"), nullable=False),
                sa.Column("state", sa.Enum("laid", "hatched", native_enum=False)),
            )
            """,
            'op.drop_table("eggs")',
        ),
        ("op.execute(\"ALTER TYPE egg_colour ADD VALUE 'speckled'\")", "pass"),
        (
            """
            size = postgresql.ENUM("small", "large", name="egg_size")
            size.create(op.get_bind())
            op.add_column("eggs", sa.Column("size", size, server_default="small"))
            """,
            """
            op.drop_column("eggs", "size")
            op.execute("DROP TYPE egg_size")
            """,
        ),
        (
            """
            op.execute("ALTER TYPE egg_size RENAME VALUE 'large' TO 'big'")
            op.execute("ALTER TYPE egg_size RENAME TO egg_sizes")
            """,
            """
            op.execute("ALTER TYPE egg_sizes RENAME TO egg_size")
            op.execute("ALTER TYPE egg_size RENAME VALUE 'big' TO 'large'")
            """,
        ),
        (
            """
            op.execute("ALTER TYPE egg_sizes RENAME TO egg_sizes_old")
            op.execute("CREATE TYPE egg_sizes AS ENUM ('small', 'big', 'huge')")
            op.execute("ALTER TABLE eggs ALTER COLUMN size DROP DEFAULT")
            op.execute("ALTER TABLE eggs ALTER COLUMN size TYPE egg_sizes USING size::text::egg_sizes")
            op.execute("ALTER TABLE eggs ALTER COLUMN size SET DEFAULT 'small'")
            op.execute("DROP TYPE egg_sizes_old")
            """,
            'op.execute("DROP TYPE egg_sizes")',
        ),
    ),
)
PARTITIONS = Chain(
    "partitions",
    (
        (
            '''
            op.execute("""
                CREATE TABLE sightings (day date NOT NULL, bird integer NOT NULL, place text)
                PARTITION BY HASH (bird)
            """)
            for number in ("0", "1", "2"):
                op.execute(
                    f"CREATE TABLE sightings_{number} PARTITION OF sightings "
                    f"FOR VALUES WITH (MODULUS 3, REMAINDER {number})"
                )
            op.create_index("ix_sightings_day", "sightings", ["day"])
            ''',
            'op.execute("DROP TABLE sightings")',
        ),
        (
            'op.execute("ALTER TABLE sightings DETACH PARTITION sightings_2"); op.execute("DROP TABLE sightings_2")',
            '''
            op.execute("""
                CREATE TABLE sightings_2 PARTITION OF sightings FOR VALUES WITH (MODULUS 3, REMAINDER 2)
            """)
            ''',
        ),
    ),
)
VIEWS = Chain(
    "views",
    (
        (
            """
            op.execute("CREATE TABLE birds (id int PRIMARY KEY, ring text, seen timestamp)")
            op.execute("CREATE VIEW ringed AS SELECT id, ring FROM birds WHERE ring IS NOT NULL")
            op.execute("CREATE MATERIALIZED VIEW tally AS SELECT count(*) AS n FROM birds")
            """,
            """
            op.execute("DROP MATERIALIZED VIEW tally")
            op.execute("DROP VIEW ringed")
            op.execute("DROP TABLE birds")
            """,
        ),
        ('op.execute("CREATE TABLE nests (id int)")', 'op.execute("DROP TABLE birds"); op.execute("DROP TABLE nests")'),
        ('op.execute("DROP VIEW ringed")', 'op.execute("CREATE VIEW ringed AS SELECT id, ring FROM birds")'),
        ('op.execute("DROP TABLE birds CASCADE")', 'op.execute("CREATE TABLE birds (id int)")'),
    ),
)
TRIGGERS = Chain(
    "triggers",
    (
        (
            '''
            op.create_table("birds", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("seen", sa.DateTime()))
            op.execute("""
                CREATE FUNCTION stamp() RETURNS trigger AS $$
                BEGIN NEW.seen := now(); RETURN NEW; END $$ LANGUAGE plpgsql
            """)
            op.execute("CREATE TRIGGER stamped BEFORE UPDATE ON birds FOR EACH ROW EXECUTE FUNCTION stamp()")
            ''',
            'op.execute("DROP FUNCTION stamp() CASCADE"); op.drop_table("birds")',
        ),
        (
            'op.execute("CREATE TRIGGER more AFTER DELETE ON birds FOR EACH ROW EXECUTE FUNCTION stamp()")',
            'op.execute("DROP FUNCTION stamp()")',
        ),
        (
            '''
            op.execute("""
                CREATE OR REPLACE FUNCTION stamp() RETURNS trigger AS $$
                BEGIN NEW.seen := clock_timestamp(); RETURN NEW; END $$ LANGUAGE plpgsql
            """)
            ''',
            "pass",
        ),
        ('op.execute("DROP FUNCTION stamp CASCADE")', "pass"),
    ),
)
KEYS = Chain(
    "keys",
    (
        (
            """
            op.create_table("trees", sa.Column("kind", sa.Text()), sa.Column("number", sa.Integer()))
            op.create_primary_key(None, "trees", ["kind", "number"])
            op.create_table("nests", sa.Column("kind", sa.Text()), sa.Column("number", sa.Integer()))
            op.create_foreign_key(None, "nests", "trees", ["kind", "number"], ["kind", "number"], ondelete="CASCADE")
            op.create_check_constraint("ck_number", "nests", "number > 0")
            """,
            'op.drop_table("trees"); op.drop_table("nests")',
        ),
        (
            'op.drop_constraint("nests_kind_number_fkey", "nests", type_="foreignkey")',
            """
            op.create_foreign_key(
                "nests_kind_number_fkey", "nests", "trees", ["kind", "number"], ["kind", "number"], ondelete="CASCADE"
            )
            """,
        ),
        (
            'op.drop_constraint("trees_pkey", "trees", type_="primary")',
            'op.create_primary_key(None, "trees", ["kind"])',
        ),
        ('op.create_unique_constraint(None, "trees", ["number"])', 'op.drop_constraint(None, "trees", type_="unique")'),
    ),
)
STATEMENTS = Chain(
    "statements",
    (
        (
            """
            op.execute("CREATE TYPE state AS ENUM ('OPEN', 'PAID')")
            op.execute("CREATE TABLE birds (id integer PRIMARY KEY, ring text, mood state)")
            op.execute("CREATE TABLE eggs (id integer PRIMARY KEY, bird integer)")
            """,
            'op.execute("DROP TABLE eggs"); op.execute("DROP TABLE birds"); op.execute("DROP TYPE state")',
        ),
        (
            'op.execute("CREATE INDEX ix_ring ON birds (ring)")',
            'op.execute("DROP INDEX ix_ring")',
        ),
        (
            'op.execute("ALTER TABLE birds RENAME COLUMN ring TO tag")',
            """
            op.execute("ALTER TABLE birds RENAME COLUMN tag TO ring")
            op.execute("UPDATE birds SET ring = 'x' WHERE id IN (SELECT bird FROM eggs WHERE ring = '')")
            """,
        ),
        ('op.execute("SELECT 1")', 'op.execute("UPDATE birds SET ring = tag")'),
        ('op.execute("SELECT 1")', 'op.execute("DELETE FROM eggs WHERE id IN (SELECT egg FROM birds)")'),
        ('op.execute("SELECT 1")', 'op.execute("DELETE FROM eggs WHERE bird IN (SELECT bird FROM birds)")'),
        ('op.execute("SELECT 1")', 'op.execute("INSERT INTO eggs (id, bird, size) VALUES (1, 1, 1)")'),
        ('op.execute("SELECT 1")', "op.execute(\"UPDATE birds SET mood = 'PAID' WHERE mood IN ('OPEN', 'open')\")"),
        ('op.execute("SELECT 1")', "op.execute(\"UPDATE birds SET mood = 'PAID' WHERE mood::text = 'open'\")"),
        (
            """
            op.execute("ALTER TYPE state RENAME VALUE 'OPEN' TO 'open'")
            op.execute("CREATE INDEX ix_open ON birds (id) WHERE mood = 'open'")
            """,
            """
            op.execute("ALTER TYPE state RENAME VALUE 'open' TO 'OPEN'")
            op.execute("DROP INDEX ix_open")
            op.execute("CREATE INDEX IF NOT EXISTS ix_open ON birds (id) WHERE mood = 'open'")
            """,
        ),
        ('op.execute("ALTER TABLE eggs RENAME TO clutches")', 'op.execute("DELETE FROM eggs")'),
        ('op.execute("DROP INDEX ix_ring")', 'op.execute("ANALYZE birds")'),
    ),
)
LATER = Chain(
    "later",
    (
        ('op.execute("CREATE TABLE birds (id integer, ring text)")', 'op.execute("DROP TABLE birds")'),
        ('op.create_index("ix_ring", "birds", ["ring"])', 'op.drop_index("ix_ring")'),
        ('op.create_index("ix_id", "birds", ["id"])', 'op.drop_index("ix_id")'),
        ('op.execute("SELECT 1")', 'op.execute("SELECT 1")'),
        (
            'op.drop_index("ix_id"); op.create_index("ix_id", "birds", ["id", "ring"])',
            'op.drop_index("ix_id"); op.create_index("ix_id", "birds", ["id"])',
        ),
        ('op.drop_index("ix_ring")', 'op.execute("ANALYZE birds")'),
    ),
)
EVERYTHING = frozenset(Kind)
ON_SQLITE = frozenset({Kind.TABLE, Kind.COLUMN, Kind.INDEX, Kind.VIEW})


@needs_postgres
@pytest.mark.parametrize(
    "chain",
    [OPERATIONS, BATCHES, SQL, BLOCKS, ENUMS, PARTITIONS, VIEWS, TRIGGERS, KEYS, STATEMENTS, LATER],
    ids=lambda chain: chain.name,
)
def test_postgresql_says_what_the_replay_says(chain: Chain, server: Server, tmp_path: Path) -> None:
    compare(chain, tmp_path, lambda folder: on_postgres(server, folder), EVERYTHING)


@pytest.mark.parametrize("chain", [BATCHES], ids=lambda chain: chain.name)
def test_sqlite_says_what_the_replay_says(chain: Chain, tmp_path: Path) -> None:
    compare(chain, tmp_path, on_sqlite, ON_SQLITE)
