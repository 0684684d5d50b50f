"""How long the rules on migration histories take, and how that grows with the length of the history.

    python -m evaluation.benchmarks.replay [--sizes 50 100 ...] [--codes CL901 ...] [--runs N] [--scan FOLDER]

Writes chains of made-up revisions, a mixture of Alembic's operations and SQL with nothing wrong in it, scans each in
one process, and prints the processor time of the best of several runs less that of a very short chain, with the ratio
to the chain before. The exponent at the end is the slope of the line through the logarithms: 1.0 is linear growth, and
2.0 means that twice the history takes four times as long. `--scan` times each rule on a history of your own instead.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from string import Template

_SIZES = (50, 100, 200, 500, 1000)
_CODES = ("CL901", "CL902", "CL903", "CL904", "CL905")
_SEED = 903
# Enough revisions to have everything loaded that a longer history needs.
_SHORT = 20

_REVISION = Template('''"""Step $number."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "$revision"
down_revision = $parent


def has_column(table: str, column: str) -> bool:
    return column in {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}


def upgrade() -> None:
$upgrade


def downgrade() -> None:
$downgrade
''')

Change = tuple[Sequence[str], Sequence[str]]


@dataclass(slots=True)
class Application:
    """The schema of a made-up application, and the changes that its next revision may make."""

    chance: random.Random
    columns: dict[str, list[str]] = field(default_factory=dict)
    defaults: dict[tuple[str, str], str | None] = field(default_factory=dict)
    count: int = 0

    def change(self) -> Change:
        """The statements of the next revision, up and down."""
        self.count += 1
        if len(self.columns) < 3:
            return self.add_table()
        makers: Sequence[Callable[[], Change]] = (
            self.add_table,
            self.add_column,
            self.add_column_in_batch,
            self.add_column_if_missing,
            self.add_index,
            self.add_index_in_sql,
            self.add_reference,
            self.change_column,
            self.rename_column,
            self.add_view,
            self.add_trigger,
            self.add_enum,
            self.fill,
        )
        weights = (10, 20, 6, 4, 10, 6, 6, 10, 6, 3, 3, 3, 8)
        return self.chance.choices(makers, weights)[0]()

    def some_table(self) -> str:
        """A table that exists."""
        return self.chance.choice(list(self.columns))

    def new_column(self, table: str) -> str:
        """A column that the table does not have yet; now it does."""
        name = f"field_{self.count}"
        self.columns[table].append(name)
        return name

    def add_table(self) -> Change:
        """A table with a key, a few columns, a constraint and an index."""
        table = f"table_{self.count}"
        self.columns[table] = [f"base_{at}" for at in range(6)]
        lines = [f'    sa.Column("{name}", sa.String(80), nullable=True),' for name in self.columns[table]]
        up = ["op.create_table(", f'    "{table}",', '    sa.Column("id", sa.BigInteger(), primary_key=True),', *lines]
        up += [f'    sa.UniqueConstraint("base_0", name="uq_{table}_base_0"),', ")"]
        up += [f'op.create_index("ix_{table}_base_1", "{table}", ["base_1", "base_2"])']
        return up, [f'op.drop_index("ix_{table}_base_1", table_name="{table}")', f'op.drop_table("{table}")']

    def add_column(self) -> Change:
        """A column."""
        table = self.some_table()
        name = self.new_column(table)
        self.defaults[table, name] = '"0"'
        up = f'op.add_column("{table}", sa.Column("{name}", sa.Integer(), nullable=False, server_default="0"))'
        return [up], [f'op.drop_column("{table}", "{name}")']

    def add_column_in_batch(self) -> Change:
        """A column and an index, in a batch."""
        table = self.some_table()
        name = self.new_column(table)
        opened = f'with op.batch_alter_table("{table}") as batch_op:'
        up = [opened, f'    batch_op.add_column(sa.Column("{name}", sa.Text(), nullable=True))']
        up += [f'    batch_op.create_index("ix_{table}_{name}", ["{name}"])']
        down = [opened, f'    batch_op.drop_index("ix_{table}_{name}")', f'    batch_op.drop_column("{name}")']
        return up, down

    def add_column_if_missing(self) -> Change:
        """A column behind a look at the database."""
        table = self.some_table()
        name = self.new_column(table)
        up = [f'if not has_column("{table}", "{name}"):']
        up += [f'    op.add_column("{table}", sa.Column("{name}", sa.JSON(), nullable=True))']
        return up, [f'if has_column("{table}", "{name}"):', f'    op.drop_column("{table}", "{name}")']

    def add_index(self) -> Change:
        """An index."""
        table = self.some_table()
        name = f"ix_{table}_{self.count}"
        up = f'op.create_index("{name}", "{table}", ["{self.chance.choice(self.columns[table])}", "id"])'
        return [up], [f'op.drop_index("{name}", table_name="{table}")']

    def add_index_in_sql(self) -> Change:
        """An index, in SQL."""
        table = self.some_table()
        name = f"idx_{table}_{self.count}"
        column = self.chance.choice(self.columns[table])
        up = [
            'op.execute("""',
            f"    CREATE INDEX {name} ON {table} ({column})",
            f"    WHERE {column} IS NOT NULL",
            '""")',
        ]
        return up, [f'op.execute("DROP INDEX {name}")']

    def add_reference(self) -> Change:
        """A column that refers to another table."""
        table, other = self.some_table(), self.some_table()
        name = self.new_column(table)
        up = [f'op.add_column("{table}", sa.Column("{name}", sa.BigInteger(), nullable=True))']
        up += [f'op.create_foreign_key("fk_{table}_{name}", "{table}", "{other}", ["{name}"], ["id"])']
        down = [f'op.drop_constraint("fk_{table}_{name}", "{table}", type_="foreignkey")']
        return up, [*down, f'op.drop_column("{table}", "{name}")']

    def change_column(self) -> Change:
        """Another default for a column."""
        table = self.some_table()
        column = self.chance.choice(self.columns[table])
        before = self.defaults.get((table, column))
        self.defaults[table, column] = f'"{self.count}"'
        return (
            [f'op.alter_column("{table}", "{column}", server_default="{self.count}")'],
            [f'op.alter_column("{table}", "{column}", server_default={before})'],
        )

    def rename_column(self) -> Change:
        """Another name for a column."""
        table = self.some_table()
        column = self.chance.choice(self.columns[table])
        self.columns[table].remove(column)
        self.columns[table].append(f"old_{column}")
        self.defaults[table, f"old_{column}"] = self.defaults.get((table, column))
        return (
            [f'op.alter_column("{table}", "{column}", new_column_name="old_{column}")'],
            [f'op.alter_column("{table}", "old_{column}", new_column_name="{column}")'],
        )

    def add_view(self) -> Change:
        """A view of two tables."""
        one, other = self.some_table(), self.some_table()
        up = [
            'op.execute("""',
            f"    CREATE VIEW view_{self.count} AS",
            "    SELECT one.id, count(*) AS total",
            f"    FROM {one} one",
        ]
        up += [f"    JOIN {other} other ON other.id = one.id", "    GROUP BY one.id", '""")']
        return up, [f'op.execute("DROP VIEW view_{self.count}")']

    def add_trigger(self) -> Change:
        """A function and a trigger that calls it."""
        table, name = self.some_table(), f"touch_{self.count}"
        up = [
            'op.execute("""',
            f"    CREATE FUNCTION {name}() RETURNS trigger AS $$",
            "    BEGIN",
            "        RETURN NEW;",
        ]
        up += ["    END;", "    $$ LANGUAGE plpgsql;", f"    CREATE TRIGGER tr_{name} BEFORE UPDATE ON {table}"]
        up += [f"    FOR EACH ROW EXECUTE FUNCTION {name}();", '""")']
        return up, [f'op.execute("DROP TRIGGER tr_{name} ON {table}")', f'op.execute("DROP FUNCTION {name}()")']

    def add_enum(self) -> Change:
        """An enum type and a column of it."""
        table = self.some_table()
        name = self.new_column(table)
        up = [f'kind = postgresql.ENUM("small", "large", name="kind_{self.count}", create_type=False)']
        up += ["kind.create(op.get_bind(), checkfirst=True)"]
        up += [f'op.add_column("{table}", sa.Column("{name}", kind, nullable=True))']
        return up, [f'op.drop_column("{table}", "{name}")', f'op.execute("DROP TYPE kind_{self.count}")']

    def fill(self) -> Change:
        """New values for some rows."""
        table = self.some_table()
        column = self.chance.choice(self.columns[table])
        up = [
            'op.execute("""',
            f"    UPDATE {table}",
            f"    SET {column} = NULL",
            f"    WHERE {column} = '{self.count}'",
            '""")',
        ]
        return up, ["pass"]


def write_chain(folder: Path, length: int) -> None:
    """Write a history of so many revisions, the same one every time."""
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    application = Application(random.Random(_SEED))  # noqa: S311 - the same history on every machine
    parent = None
    for number in range(length):
        up, down = application.change()
        revision = f"c{number:011x}"
        text = _REVISION.substitute(
            number=number,
            revision=revision,
            parent=f'"{parent}"' if parent is not None else "None",
            upgrade="\n".join(f"    {line}" for line in up),
            downgrade="\n".join(f"    {line}" for line in down),
        )
        (versions / f"{revision}_step.py").write_text(text, encoding="utf-8")
        parent = revision


def seconds_to_scan(folder: Path, codes: Sequence[str], runs: int) -> float:
    """The processor time of the quickest of several scans, in seconds."""
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--exit-zero", "--quiet", "--jobs", "1"]
    command += ["--select", ",".join(codes), str(folder)]
    times: list[float] = []
    for _ in range(runs):
        start = _spent()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own arguments
        times.append(_spent() - start)
    return min(times)


def _spent() -> float:
    """What the programs that this one ran have used of the processor, which others on the machine hardly change."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the line of least squares through the logarithms of points."""
    across, up = ([math.log(value) for value in values] for values in zip(*points, strict=True))
    return linear_regression(across, up).slope


def growth(sizes: Sequence[int], codes: Sequence[str], runs: int) -> Iterator[str]:
    """The lines of the report on chains of several lengths."""
    points: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="chunklint-replay-") as name:
        short = Path(name) / "short"
        write_chain(short, _SHORT)
        start = seconds_to_scan(short, codes, runs)
        yield f"{_SHORT} revisions take {start:.2f} s, most of it to start; they are left out below"
        yield f"{'revisions':>9}  {'seconds':>8}  {'ms each':>8}  {'ratio':>6}"
        for size in sizes:
            folder = Path(name) / str(size)
            write_chain(folder, size)
            taken = max(seconds_to_scan(folder, codes, runs) - start, 0.001)
            ratio = f"{taken / points[-1][1]:>6.2f}" if points else ""
            points.append((size - _SHORT, taken))
            yield f"{size:>9}  {taken:>8.2f}  {1000 * taken / (size - _SHORT):>8.2f}  {ratio}".rstrip()
    if len(points) > 1:
        slopes = [exponent(pair) for pair in pairwise(points)]
        yield f"grows with the length to the power of {exponent(points):.2f} (at the end {slopes[-1]:.2f})"


def by_rule(folder: Path, codes: Sequence[str], runs: int) -> Iterator[str]:
    """The lines of the report on each rule alone on a given folder; reading the files is part of each of them."""
    for group in (*([one] for one in codes), codes):
        yield f"{seconds_to_scan(folder, group, runs):>8.2f} s  {' '.join(group)}"


def _size(text: str) -> int:
    if int(text) <= _SHORT:
        raise argparse.ArgumentTypeError(f"{text} is too short: more than {_SHORT} revisions are needed")
    return int(text)


def main() -> None:
    """Read the command line, and print the report line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=_size, default=list(_SIZES), metavar="N")
    parser.add_argument("--codes", nargs="+", default=list(_CODES), metavar="CODE")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--scan", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    report = (
        growth(sorted(arguments.sizes), arguments.codes, arguments.runs)
        if arguments.scan is None
        else by_rule(arguments.scan, arguments.codes, arguments.runs)
    )
    for line in report:
        print(line, flush=True)


if __name__ == "__main__":
    main()
