"""CL101: a value that somebody else chooses, spliced into SQL that is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from chunklint.api import (
    Draft,
    Finding,
    Fix,
    Node,
    Origin,
    PythonFile,
    Refusal,
    Role,
    Rule,
    Severity,
    Shape,
    Sink,
    Source,
    Splice,
    asks_the_catalogue,
    begins_within,
    bound_values,
    is_script,
    is_sql_statement,
    is_test,
    origin_of_hole,
    python,
    record,
    revision_of,
    splices,
    sql_sink,
    string_shapes,
)

rule = Rule(
    code="CL101",
    name="sql-interpolation",
    ticket="TICKET-001",
    when=(
        "SQL that is executed is built with a value that a caller, a row or a request chooses, in a revision also the "
        "environment"
    ),
    effect="whoever chooses the value chooses the statement: a quote in it reads, changes or drops other data",
    instead="bind values, quote identifiers (`preparer.quote(name)`) or check them against a list, bound numbers",
    bad="""from sqlalchemy import text


async def rename(session, user_id, nickname):
    await session.execute(text(f"UPDATE users SET nickname = '{nickname}' WHERE id = :id"), {"id": user_id})
""",
    good="""from sqlalchemy import text


async def rename(session, user_id, nickname):
    statement = text("UPDATE users SET nickname = :nickname WHERE id = :id")
    await session.execute(statement, {"id": user_id, "nickname": nickname})
""",
    example="app/services/users.py",
    mentions=("exec", "scalar", "stream", "fetch", "iterate", "sqlalchemy", "sqlmodel"),
    security="8.1",
    silent_on=(
        "text the author wrote: literals, loops over literals, `range()` indices, module constants, lookups in literal "
        "dictionaries, ternaries of literals, enumerations, `__tablename__`",
        'placeholders that are built (`", ".join("?" * n)`, `:p0`) and bound values that are f-strings',
        "moments, and names made of the time in the same function; a revision's helper that is given one is a note",
        "parameters of functions called `_`, which only what registers them calls",
        "numbers after `int()`, however large: one that sizes the schema is CL102's business",
        "values after `uuid.UUID()`, an enumeration's constructor, `slugify()`, `re.sub()` of all but a set "
        "of characters, `quoted_name()`, `preparer.quote()`, `Identifier` and `Literal` of psycopg, texts whose quotes "
        'are doubled (`.replace("\'", "\'\'")`)',
        "values that a check on every path to the SQL confines: membership in a list, a full match, an upper bound, "
        "`isidentifier()`, a helper that raises; the check of one hole does not clear another",
        "identifiers from the database between quotes, numbers that the database counted or that `or 0` stands beside, "
        "labels of enum types, settings that `SHOW` gives, keys (`row.id`, `SELECT user_id FROM`) and moments of rows, "
        "what `quote_ident()` of the server gives, rows' values that stand bare in a comparison",
        "what the environment or the command line gives, but for texts between quotes in revisions: whoever chooses "
        "that has the database",
        "names and clauses that rows give, outside of migrations: they are kept to be used as such; in migrations "
        "names of indexes, constraints and columns, which earlier revisions have given",
        "in scripts all but values between quotes",
        "settings, files and names of objects: `PRAGMA`, `SET`, `ATTACH`, `COPY`, `read_parquet('...')`, "
        "`setval('...')`, questions to `information_schema` and its like",
        "what all callers in the module keep harmless, and parameters of private functions, outside of revisions",
        "what psycopg's `sql.SQL().format()` is given and does not compose: it makes a literal of that",
        "the statement API (`op.create_index(f\"...\")`), PL/pgSQL's `format('%I')`, log and error messages",
        "`execute()` of objects that are neither typed nor named like a connection; where only the name speaks for "
        "one, texts that are no whole statement",
        "clauses and whole queries that a parameter or the command line gives: whoever passes one knows that it is SQL",
        "identifiers that a function is given as a plain parameter, outside of revisions and of ORDER BY: what uses a "
        "layer around the database names its tables and columns",
        "parameters that stand bare, such as `id = {key}`, unless they are declared to be texts and compared: a text "
        "would need quotes there",
        "rows' values that are spelled in another case or cast (`kind::text`): words of a list",
        "numbers by their annotation or default, but for those that count rows (LIMIT) in plain functions",
        "values that a helper of a revision is given by that revision itself, as long as those are literals",
        "a text that is one hole and nothing else: whoever passes a whole statement on did not build it",
    ),
    limits=(
        "a value is followed within its module; what an imported helper returns or an imported settings object holds "
        "counts as unknown, and unknown values are silent",
        "attributes that a constructor fills from its parameters are taken for configuration",
        "where a function of the module executes what it gets, parameters of its callers count only between quotes",
        "tests are not looked at",
        "a loop that checks all values before another loop uses them is not seen as a check",
    ),
)


# Whoever passes such a parameter knows that it is a name within SQL.
_NAMES_AN_OBJECT = re.compile(
    r"(?:table|tbl|schema|column|col|field|database|db|index|view|relation|keyspace|partition|sequence|constraint"
    r"|trigger|function|role|extension)s?(?:_?names?)?$",
    re.IGNORECASE,
)


# The folders of migrations and of what helps them.
_MIGRATIONS = re.compile(r"(?:alembic|migrations?)(?:$|_)|db_migrations?$", re.IGNORECASE)

_ORDERS = re.compile(r"\b(?:ORDER|GROUP)\s+BY\s+(?:\w+,\s*)*$", re.IGNORECASE)
_COMPARES = re.compile(r"(?:[=<>~]|\b(?:LIKE|ILIKE|BETWEEN|AND|OR|INTERVAL)|\b(?:IN|ANY|ALL)\s*\()\s*$", re.IGNORECASE)

# Statements that set something up, and what is told of files: they take no parameters.
_SETS_UP = re.compile(
    r"\s*(?:PRAGMA|SET|RESET|USE|ATTACH|DETACH|COPY|LOAD|INSTALL|SHOW|LISTEN|NOTIFY|EXPLAIN)\b", re.IGNORECASE
)
# What the catalogue tells of a table are the names that earlier revisions have given.
_PART_OF_A_TABLE = re.compile(
    r"\b(?:INDEX|CONSTRAINT|COLUMN|KEY|TRIGGER|SEQUENCE|TYPE|RULE|POLICY)\s+(?:IF\s+EXISTS\s+)?$", re.IGNORECASE
)
# What is spelled in another case is one of a list of words, such as a state or a kind.
_CHANGES_CASE = re.compile(r"\.(?:lower|upper|capitalize|title|casefold)\(\)$")
# Functions that take the name of an object or of a file as a text.
_NAMES_BY_TEXT = re.compile(
    r"\b(?:(?:set|next|curr)val|to_reg\w+|pg_\w+|has_\w+_privilege|\w*hypertable|read_\w+|\w+_scan|load_extension|glob)"
    r"\s*\(\s*\[?[\"']?[^\"',()]*$",
    re.IGNORECASE,
)

# The keys of rows and the moments of their changes, which the application makes itself.
_IS_A_KEY = re.compile(
    r"(?:^|[._\"'])(?:id|pk|uuid|\w+_at)(?:[\"']?\])?$|(?<!external)(?<!client)_id(?:[\"']?\])?$|\.(?:date|isoformat)\(\)$"
)


@record
class Danger:
    """A hole of a statement that somebody else can fill, and how bad that is."""

    splice: Splice
    origin: Origin
    severity: Severity


@rule.on(
    python,
    "(call function: (attribute attribute: (identifier) @method (#match? @method "
    '"^(execute|executemany|executescript|exec_driver_sql|exec|scalar|scalars|stream|stream_scalars|iterate|text|DDL|'
    'fetch|fetchrow|fetchval|fetch_all|fetch_one|fetch_val)$"))) @call',
    "(call function: (identifier) @function) @call",
    '(call function: (attribute object: ((identifier) @self (#eq? @self "self"))) @function) @call',
)
def splices_foreign_values(call: Node, file: PythonFile) -> Iterator[Draft]:
    sink = sql_sink(call, file)
    if sink is None:
        return
    for shape in string_shapes(sink.text, file):
        dangers = sorted(_dangers(shape, sink, file), key=lambda one: -one.severity.rank)
        if dangers:
            worst = dangers[0]
            message = " ".join((_what(worst, shape, file), _advice(worst), *_others(dangers, file)))
            steps = (*worst.origin.steps, (shape.node, "the SQL is put together"), (call, "and executed"))
            yield rule.at(shape.node, message, severity=worst.severity, steps=steps)


def _dangers(shape: Shape, sink: Sink, file: PythonFile) -> Iterator[Danger]:
    if not shape.holes or not _is_sql(shape, sink):
        return
    for splice in splices(shape):
        origin = origin_of_hole(splice.hole, file)
        severity = _severity(splice, shape, origin, file)
        if severity is not None and not (sink.forwarded and _is_layered(splice, origin, sink)):
            yield Danger(splice, origin, severity)


def _is_layered(splice: Splice, origin: Origin, sink: Sink) -> bool:
    """Whether a module that wraps its database passes a name on, which its callers choose by the design of the layer.

    What its functions put between quotes themselves is another matter.
    """
    if origin.kind is not Source.PARAMETER:
        return False
    return splice.role is not Role.VALUE or not splice.quoted or not begins_within(splice.hole.node, sink.text)


def _is_sql(shape: Shape, sink: Sink) -> bool:
    """Some text around the hole, and a statement wherever only the receiver's name speaks for a database."""
    known = any(isinstance(part, str) and part.strip() for part in shape.parts)
    return known and (sink.certain or is_sql_statement(shape))


def _severity(splice: Splice, shape: Shape, origin: Origin, file: PythonFile) -> Severity | None:
    """How bad it is that this source fills the hole; None when nothing is wrong."""
    if origin.kind <= Source.UNKNOWN or is_test(file.path):
        return None
    if origin.kind is Source.REQUEST:
        return _severity_of_request(splice, origin)
    migrates = _migrates(file)
    if not (splice.role is Role.VALUE and splice.quoted) and is_script(file) and not migrates:
        # Whoever runs it has the database.
        return None
    if origin.number:
        # A number smuggles nothing in once it is converted. One that is only declared is a promise, which matters where
        # it counts rows for whoever calls a function that belongs to no object.
        promised = splice.role is Role.NUMBER and not origin.converted and not origin.of_object
        return Severity.NOTE if promised else None
    match origin.kind:
        case Source.PARAMETER:
            return _severity_of_parameter(splice, shape, origin, file)
        case Source.ROW:
            return _severity_of_row(splice, shape, origin, file)
    # Who sets a variable of the environment, or runs the command, has the database anyway. But where a revision runs
    # unseen, a quote in a text that is right elsewhere, such as a password, stops the deployment.
    return Severity.NOTE if migrates and splice.role is Role.VALUE and splice.quoted else None


def _severity_of_request(splice: Splice, origin: Origin) -> Severity | None:
    if origin.number:
        return None if origin.converted or splice.role is not Role.NUMBER else Severity.NOTE
    return Severity.ERROR


def _severity_of_parameter(splice: Splice, shape: Shape, origin: Origin, file: PythonFile) -> Severity | None:
    """How bad a plain parameter is.

    A layer around the database is told the names of its objects by the code that uses it; a revision tells of itself
    what it does to them. Orders are what pages ask for. What only its present callers keep harmless is said of
    revisions alone, which are copied for the next one.
    """
    if splice.role is Role.CLAUSE:
        # Who passes a clause knows that it is SQL.
        return None
    held = origin.private or (origin.callers is not None and origin.callers < Source.UNKNOWN)
    if splice.role is not Role.IDENTIFIER:
        # What stands bare is a number or an expression, as a text would need quotes, unless a text is asked for.
        bare = not splice.quoted and not origin.text
        harmless = held or bare or _is_expression(splice, shape) or _is_plumbing(splice, shape)
        return None if harmless else Severity.WARNING
    if origin.private or not (_is_revision(file) or (_sorts(splice, shape) and not held)):
        return None
    named = _NAMES_AN_OBJECT.search(file.text(splice.hole.node)) is not None
    return Severity.NOTE if held or splice.quoted or named else Severity.WARNING


def _is_plumbing(splice: Splice, shape: Shape) -> bool:
    """Whether a value is one that code tells a database about itself: a setting, a file, the name of an object.

    Statements that set something up take no parameters, and questions to the catalogue are asked by what knows tables.
    """
    pieces = [part if isinstance(part, str) else "?" for part in shape.parts]
    place = next((at for at, part in enumerate(shape.parts) if part is splice.hole), 0)
    text, before = "".join(pieces), "".join(pieces[:place])
    return _SETS_UP.match(text) is not None or asks_the_catalogue(text) or _NAMES_BY_TEXT.search(before) is not None


def _is_revision(file: PythonFile) -> bool:
    return "down_revision" in file.content and revision_of(file) is not None


def _migrates(file: PythonFile) -> bool:
    """Whether a file is a revision or helps revisions, which run unseen and with all rights where they are deployed."""
    return _is_revision(file) or any(_MIGRATIONS.match(folder) for folder in PurePosixPath(file.path).parts[:-1])


def _before(splice: Splice, shape: Shape) -> str:
    """The text in front of a hole, "" where another hole is."""
    place = next((at for at, part in enumerate(shape.parts) if part is splice.hole), 0)
    text = shape.parts[place - 1] if place else ""
    return text if isinstance(text, str) else ""


def _sorts(splice: Splice, shape: Shape) -> bool:
    return _ORDERS.search(_before(splice, shape)) is not None


def _is_expression(splice: Splice, shape: Shape) -> bool:
    """Whether a value stands bare elsewhere than in a comparison: a text would need quotes there, so it is none."""
    return not splice.quoted and _COMPARES.search(_before(splice, shape)) is None


def _severity_of_row(splice: Splice, shape: Shape, origin: Origin, file: PythonFile) -> Severity | None:
    """A row's name between double quotes is quoted; a row's value without quotes can only be a number.

    Names and clauses are kept in rows to be used as such; only a revision, which runs unseen, has something to fear.
    """
    if splice.role is Role.CLAUSE or (splice.role is not Role.VALUE and not _migrates(file)):
        return None
    if splice.role is Role.VALUE and _is_plumbing(splice, shape):
        return None
    if splice.role is Role.IDENTIFIER and _PART_OF_A_TABLE.search(_before(splice, shape)) is not None:
        return None
    if _CHANGES_CASE.search(file.text(splice.hole.node)) is not None:
        return None
    if splice.quoted and splice.role is Role.IDENTIFIER:
        return None
    if splice.role is Role.VALUE and splice.quoted and _IS_A_KEY.search(file.text(splice.hole.node)) is not None:
        return None
    if splice.role is Role.VALUE and not splice.quoted:
        return None
    return Severity.NOTE if splice.role is Role.IDENTIFIER else Severity.WARNING


def _what(danger: Danger, shape: Shape, file: PythonFile) -> str:
    name, role = _name(danger.splice, file), danger.splice.role
    through, quoted = _through(danger, shape, file), " between quotes" if danger.splice.quoted else ""
    article = "an" if role is Role.IDENTIFIER else "a"
    return f"`{name}`{through} is spliced into this SQL as {article} {role}{quoted}, and {_source(danger.origin)}."


def _name(splice: Splice, file: PythonFile) -> str:
    text = " ".join(file.text(splice.hole.node).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _through(danger: Danger, shape: Shape, file: PythonFile) -> str:
    """The variable of the statement itself that holds the value, where that is another name."""
    inside = (name for name in danger.splice.hole.via if begins_within(name, shape.node))
    name = next(inside, None)
    if name is None or file.text(name) == file.text(danger.splice.hole.node):
        return ""
    return f" (in `{file.text(name)}`)"


def _source(origin: Origin) -> str:
    match origin.kind:
        case Source.PARAMETER:
            return _parameter_source(origin)
        case Source.ENVIRONMENT:
            return "it comes from the environment"
        case Source.ROW:
            return "it comes from a row of the database, which others may have written"
        case Source.ARGV:
            return "it comes from the command line"
    return "it comes from a request"


def _parameter_source(origin: Origin) -> str:
    if origin.number:
        return "it is a parameter whose declaration alone says that it is a number"
    if origin.callers is not None and origin.callers < Source.UNKNOWN:
        return "it is a parameter that only its present callers keep harmless"
    return "it is a parameter, so any caller chooses it"


def _advice(danger: Danger) -> str:
    match danger.splice.role:
        case Role.VALUE:
            return "Bind it as a parameter."
        case Role.NUMBER:
            return "Bind it, or convert it with `int()` and check its range."
        case Role.IDENTIFIER:
            return "Quote it as an identifier, or check it against a list of known names."
    return "Build the clause from literal pieces and bind the values in it."


def _others(dangers: list[Danger], file: PythonFile) -> Iterator[str]:
    names = dict.fromkeys(_name(one.splice, file) for one in dangers)
    others = [f"`{name}`" for name in names][1:]
    if others:
        yield f"The same goes for {', '.join(others)}."


@rule.fix(
    python,
    does="binds every value of the statement as a parameter of the call at hand: `:name` with `bindparams()` or the "
    "mapping of `execute()` for SQLAlchemy and Alembic, `?`, `%s` or `$1` for the drivers whose type is known; what "
    'stands beside a value in its quotes goes along, as in `f"%{name}%"`, and a list that is joined '
    "behind `IN` becomes a parameter that SQLAlchemy expands. Where only identifiers are spliced it quotes "
    "them by `identifier_preparer.quote()` of the dialect at hand or by psycopg's `sql.Identifier`; none for parts of "
    "names, other lists, clauses, literals of intervals, and texts that several calls share",
    safety="unsafe: a quoted identifier is one name, and on some databases no longer folded to lower case; a parameter "
    "has the type of its value, and a column of another type, such as an enumeration or a date, may then need a cast; "
    "a number that was compared as text is one again",
)
def binds_or_quotes(file: PythonFile, finding: Finding) -> Fix | Refusal:
    return bound_values(file, finding)
