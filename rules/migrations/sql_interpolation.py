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
        "SQL that is executed is built with a value that a caller, the environment, the command line, a row or a "
        "request chooses"
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
        "names made of the time in the same function; handed to a helper of public name they are a note there",
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
        "names that the database's catalogue gives, outside of migrations; in scripts all identifiers but those of "
        "requests",
        "what psycopg's `sql.SQL().format()` is given and does not compose: it makes a literal of that",
        "the statement API (`op.create_index(f\"...\")`), PL/pgSQL's `format('%I')`, log and error messages",
        "`execute()` of objects that are neither typed nor named like a connection; where only the name speaks for "
        "one, texts that are no whole statement",
        "clauses and whole queries that a parameter or the command line gives: whoever passes one knows that it is SQL",
        "identifiers that a function is given as a plain parameter, outside of migrations and of ORDER BY: what uses a "
        "layer around the database names its tables and columns",
        "parameters that stand bare and not in a comparison, such as `md5({column})`: a text would need quotes there",
        "settings, files and names of objects that are told as values, outside of migrations: `PRAGMA`, `SET`, "
        "`read_parquet('...')`, `setval('...')`",
        "numbers by their annotation or default, but for those that count rows (LIMIT)",
        "values that a helper of a revision is given by that revision itself, as long as those are literals",
        "a text that is one hole and nothing else: whoever passes a whole statement on did not build it",
    ),
    limits=(
        "a value is followed within its module; what an imported helper returns or an imported settings object holds "
        "counts as unknown, and unknown values are silent",
        "attributes that a constructor fills from its parameters are taken for configuration",
        "where a function of the module executes what it gets, parameters of its callers count only between quotes",
        "parameters, rows and the environment are silent in tests; other sources are a note there",
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

# Statements that set something up, and functions that take the name of an object or a file as a text: what code tells a
# database about itself.
_SETS_UP = re.compile(r"\s*(?:PRAGMA|SET|RESET|USE|LOAD|INSTALL|LISTEN|NOTIFY)\b", re.IGNORECASE)
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
    if origin.kind <= Source.UNKNOWN:
        return None
    if is_test(file.path):
        quiet = origin.kind in (Source.PARAMETER, Source.ROW, Source.ENVIRONMENT)
        return None if quiet or origin.number else Severity.NOTE
    if origin.number:
        # A number smuggles nothing in once it is converted. One that is only declared is a promise, which matters where
        # it counts rows.
        return None if origin.converted or splice.role is not Role.NUMBER else Severity.NOTE
    if origin.kind is not Source.REQUEST and not _migrates(file):
        if splice.role is Role.IDENTIFIER and is_script(file):
            # Whoever runs it has the database.
            return None
        if splice.role is not Role.IDENTIFIER and _is_plumbing(splice, shape):
            return None
    match origin.kind:
        case Source.PARAMETER | Source.ARGV if splice.role is Role.CLAUSE:
            # Who passes a clause, or types one, knows that it is SQL.
            return None
        case Source.PARAMETER:
            return _severity_of_parameter(splice, shape, origin, file)
        case Source.REQUEST:
            return Severity.ERROR
        case Source.ROW:
            return _severity_of_row(splice, origin, file)
        case Source.ENVIRONMENT if splice.role is not Role.IDENTIFIER:
            return Severity.WARNING
    # Who may set a name in the environment, or run the command, mostly has the database anyway.
    return Severity.NOTE


def _severity_of_parameter(splice: Splice, shape: Shape, origin: Origin, file: PythonFile) -> Severity | None:
    """How bad a plain parameter is.

    A layer around the database is told the names of its objects by the code that uses it; a revision tells of itself
    what it does to them. Orders are what pages ask for. A private function and harmless callers are milder.
    """
    held = origin.private or (origin.callers is not None and origin.callers < Source.UNKNOWN)
    if splice.role is not Role.IDENTIFIER:
        if _is_expression(splice, shape) or (held and _migrates(file)):
            return None
        return Severity.NOTE if held else Severity.WARNING
    if origin.private or not (_sorts(splice, shape) or _migrates(file)):
        return None
    named = _NAMES_AN_OBJECT.search(file.text(splice.hole.node)) is not None
    return Severity.NOTE if held or splice.quoted or named else Severity.WARNING


def _is_plumbing(splice: Splice, shape: Shape) -> bool:
    """Whether a value is a setting, a file or the name of an object: most such statements take no parameters."""
    pieces = [part if isinstance(part, str) else "?" for part in shape.parts]
    place = next((at for at, part in enumerate(shape.parts) if part is splice.hole), 0)
    before = "".join(pieces[:place])
    return _SETS_UP.match("".join(pieces)) is not None or _NAMES_BY_TEXT.search(before) is not None


def _migrates(file: PythonFile) -> bool:
    """Whether a file is a revision or helps revisions, which run unseen and with all rights where they are deployed."""
    if "down_revision" in file.content and revision_of(file) is not None:
        return True
    return any(_MIGRATIONS.match(folder) for folder in PurePosixPath(file.path).parts[:-1])


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


def _severity_of_row(splice: Splice, origin: Origin, file: PythonFile) -> Severity | None:
    """A row's name between double quotes is quoted; a row's value without quotes can only be a number.

    What the catalogue tells is there already, so only a revision, which runs unseen, has something to fear from it.
    """
    if origin.catalogue and (splice.role is Role.CLAUSE or not _migrates(file)):
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
