"""The tables, columns and enum values that statements on rows cannot do without, as steps that read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chunklint.records import record
from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.step_definitions import Source, plain_name, readable
from chunklint.semantics.migrations.steps import Certainty, Step, Verb
from chunklint.semantics.sql.tokens import Word

if TYPE_CHECKING:
    from sqlglot.expressions import Column, Expr

# Longer and deeper statements carry data, or are there to break a parser that descends recursively.
_MOST_WORDS = 2_000
_MOST_NESTED = 24
_NESTING = frozenset({"CASE", "NOT", "-", "+", "~"})
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "oid", "tableoid"})
# What looks like a column and is none.
_SPECIAL = frozenset({"user", "session_user", "current_user", "current_role", "current_catalog", "default", "value"})


def reads_of_rows(source: Source) -> Iterator[Step]:
    """What an INSERT, UPDATE, DELETE, SELECT or a WITH before one of them reads and writes, when it is sure to run."""
    yield from _reads(source, source.part)


def reads_of_query(source: Source, rest: Sequence[Word]) -> Iterator[Step]:
    """What the query reads that a view or table is made AS, from the words after its name on."""
    start = next((at for at, word in enumerate(rest) if word.key == "AS" and word.depth == 0), None)
    if start is not None and any(word.key in ("SELECT", "WITH") for word in rest[start + 1 : start + 2]):
        yield from _reads(source, rest[start + 1 :])


def reads_of_condition(source: Source, table: str, condition: Sequence[Word]) -> Iterator[Step]:
    """What the WHERE of an index needs of its table; `condition` begins after that word."""
    if condition and readable(table):
        first = condition[0]
        line, depth = first.line, first.depth
        head = [Word(key, key.lower(), None, line, depth) for key in ("SELECT", "NULL", "FROM")]
        names = [Word("", part, None, line, depth) for part in table.split(".")]
        dot = Word(".", ".", None, line, depth)
        named = names if len(names) == 1 else [names[0], dot, names[-1]]
        yield from _reads(source, [*head, *named, Word("WHERE", "where", None, line, depth), *condition])


def _reads(source: Source, part: Sequence[Word]) -> Iterator[Step]:
    if source.certainty is not Certainty.SURE:
        return
    statement = _parsed(part)
    if statement is not None:
        yield from dict.fromkeys(_steps(statement, source.step(Verb.READ, None)))


def _parsed(part: Sequence[Word]) -> Expr | None:
    """The syntax tree of a statement, None when sqlglot does not understand it."""
    nested = sum(word.key in _NESTING for word in part)
    if len(part) > _MOST_WORDS or nested > _MOST_NESTED or any(word.depth > _MOST_NESTED for word in part):
        return None
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        found = parse_one(" ".join(map(_spelled, part)), dialect="postgres")
    except (SqlglotError, RecursionError, ValueError):
        return None
    return found if isinstance(found, exp.Select | exp.Insert | exp.Update | exp.Delete | exp.SetOperation) else None


def _spelled(word: Word) -> str:
    """A word as text; a name with holes becomes a quoted one, which nothing is said of."""
    if word.literal is not None:
        return "'" + word.literal.replace("'", "''") + "'"
    if word.key and "{" not in word.name:
        return word.name
    return '"' + word.name.replace('"', "") + '"'


@record
class _Relation:
    """Something that rows come from: a table by its name, or, without one, anything else."""

    alias: str
    table: str = ""


def _steps(statement: Expr, bare: Step) -> Iterator[Step]:
    from sqlglot import exp

    defined = {cte.alias for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        relation = _relation(table, defined)
        if relation.table:
            yield replace(bare, key=Key(Kind.TABLE, relation.table))
    named = {alias.alias for alias in statement.find_all(exp.Alias)}
    for column in statement.find_all(exp.Column):
        yield from _column(column, defined, named, bare)
    for insert in statement.find_all(exp.Insert):
        yield from _inserted(insert, defined, bare)


def _relation(node: Expr, defined: set[str]) -> _Relation:
    from sqlglot import exp

    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        return _Relation(node.alias_or_name)
    name = f"{node.db}.{node.name}" if node.db else node.name
    known = readable(name) and not (node.name in defined and not node.db) and not node.alias_column_names
    return _Relation(node.alias_or_name, plain_name(name) if known else "")


def _visible(column: Expr, defined: set[str]) -> list[_Relation] | None:
    """The relations whose columns can be meant where a column is named, None where that is hard to tell."""
    from sqlglot import exp

    found: list[_Relation] = []
    below: Expr = column
    node = column.parent
    while node is not None:
        if isinstance(node, exp.SetOperation) and not isinstance(below, exp.Query):
            return None
        if isinstance(node, exp.CTE) and node.parent is not None and node.parent.parent is not None:
            if node.parent.parent.parent is not None:
                return None
            break
        if isinstance(node, exp.Select | exp.Update | exp.Delete):
            found.extend(_relation(one, defined) for one in _sources(node))
        if isinstance(node, exp.Insert) and below.arg_key != "expression":
            found.extend(_relation(one, defined) for one in _target(node))
        below, node = node, node.parent
    return found


def _sources(scope: Expr) -> Iterator[Expr]:
    """What stands in the FROM, JOIN and USING clauses of a statement, and the table that it changes."""
    from sqlglot import exp

    pending: list[Expr] = [
        one for one in scope.iter_expressions() if isinstance(one, exp.From | exp.Join | exp.Lateral)
    ]
    if isinstance(scope, exp.Update | exp.Delete):
        pending.extend(_listed(scope.this))
        pending.extend(_listed(scope.args.get("using")))
    while pending:
        one = pending.pop()
        if isinstance(one, exp.From | exp.Join):
            pending.extend(_listed(one.this))
            continue
        yield one
        for name in ("joins", "laterals"):
            pending.extend(_listed(one.args.get(name)))


def _listed(found: object) -> list[Expr]:
    from sqlglot import exp

    several = found if isinstance(found, list) else [found]
    return [one for one in several if isinstance(one, exp.Expression)]


def _target(insert: Expr) -> list[Expr]:
    from sqlglot import exp

    return _listed(insert.this.this if isinstance(insert.this, exp.Schema) else insert.this)


def _column(column: Column, defined: set[str], named: set[str], bare: Step) -> Iterator[Step]:
    from sqlglot import exp

    identifier = column.this
    if not isinstance(identifier, exp.Identifier) or identifier.quoted or column.args.get("db") is not None:
        return
    relations = _visible(column, defined)
    name = identifier.name.lower()
    if relations is None or name in _SYSTEM_COLUMNS or isinstance(column.parent, exp.Kwarg | exp.PropertyEQ):
        return
    if column.table:
        meant = [one for one in relations if one.alias == column.table][:1]
    elif name in _SPECIAL or name in named or any(one.alias == name for one in relations):
        return
    else:
        meant = relations
    tables = tuple(dict.fromkeys(one.table for one in meant))
    if not tables or "" in tables:
        return
    others = tuple(Key(Kind.TABLE, one) for one in tables[1:])
    step = replace(bare, key=Key(Kind.COLUMN, name, tables[0]), made=Made(uses=others) if others else None)
    yield step
    if len(meant) == 1:
        yield from (replace(step, compared=label) for label in _compared(column))


def _compared(column: Column) -> Iterator[str]:
    """The texts that a column is compared with, or set to."""
    from sqlglot import exp

    around = column.parent
    if isinstance(around, exp.EQ | exp.NEQ):
        other = around.expression if around.this is column else around.this
        yield from _labels((other,))
    elif isinstance(around, exp.In) and around.this is column:
        yield from _labels(around.expressions)


def _labels(values: Iterable[Expr]) -> Iterator[str]:
    from sqlglot import exp

    for value in values:
        if isinstance(value, exp.Literal) and value.is_string and "hole_" not in value.name and value.name:
            yield value.name


def _inserted(insert: Expr, defined: set[str], bare: Step) -> Iterator[Step]:
    """The columns that an INSERT lists, and the texts that it puts there."""
    from sqlglot import exp

    relation = next((_relation(one, defined) for one in _target(insert)), _Relation(""))
    if not relation.table or not isinstance(insert.this, exp.Schema):
        return
    names = [one for one in insert.this.expressions if isinstance(one, exp.Identifier)]
    rows = insert.expression.expressions if isinstance(insert.expression, exp.Values) else []
    for at, name in enumerate(names):
        if name.quoted:
            continue
        step = replace(bare, key=Key(Kind.COLUMN, name.name.lower(), relation.table))
        yield step
        values = [row.expressions[at] for row in rows if isinstance(row, exp.Tuple) and len(row.expressions) > at]
        yield from (replace(step, compared=label) for label in _labels(values))
