"""What well-known calls and attributes bring into a program, and which of them tame a value."""

from __future__ import annotations

from enum import IntEnum


class Source(IntEnum):
    """Where a value comes from, from the harmless to the most dangerous. UNKNOWN says nothing either way."""

    LITERAL = 0
    CONSTANT = 1
    INDEX = 2
    TIMESTAMP = 3
    CONFINED = 4
    UNKNOWN = 5
    PARAMETER = 6
    ENVIRONMENT = 7
    ROW = 8
    ARGV = 9
    REQUEST = 10


# What a qualified name is, or what reading, calling or indexing it gives.
SOURCES = {
    "os.environ": Source.ENVIRONMENT,
    "os.environb": Source.ENVIRONMENT,
    "os.getenv": Source.ENVIRONMENT,
    "sys.argv": Source.ARGV,
    "builtins.input": Source.ARGV,
    "alembic.context.get_x_argument": Source.ARGV,
    "click.prompt": Source.ARGV,
    "getpass.getpass": Source.ARGV,
    "flask.request": Source.REQUEST,
    "django.http.HttpRequest": Source.REQUEST,
    "fastapi.Request": Source.REQUEST,
    "starlette.requests.Request": Source.REQUEST,
    "fastapi.WebSocket": Source.REQUEST,
    "sanic.Request": Source.REQUEST,
    "aiohttp.web.Request": Source.REQUEST,
    "datetime.datetime": Source.TIMESTAMP,
    "datetime.date": Source.TIMESTAMP,
    "datetime.timedelta": Source.TIMESTAMP,
    "time": Source.TIMESTAMP,
    "uuid": Source.CONFINED,
    "secrets": Source.CONFINED,
    "hashlib": Source.CONFINED,
    "sqlalchemy.engine.reflection.Inspector": Source.ROW,
}

# Methods of a parsed command line; `parse_known_args` gives a pair of which the first matters.
ARGV_METHODS = frozenset({"parse_args", "parse_known_args"})

# What turns a value into a number: no text can be smuggled in, but the number may still be any.
NUMBERS = frozenset(f"builtins.{name}" for name in ("int", "float", "abs", "round", "divmod", "sum", "pow")) | {
    "decimal.Decimal",
    "math.ceil",
    "math.floor",
}
# What gives a small or meaningless value of its own, whatever it is given.
HARMLESS = frozenset(
    f"builtins.{name}" for name in ("len", "bool", "hash", "id", "ord", "hex", "isinstance", "type")
) | {
    "psycopg.sql.Identifier",
    "psycopg.sql.Literal",
    "psycopg.sql.Placeholder",
    "psycopg2.sql.Identifier",
    "psycopg2.sql.Literal",
    "psycopg2.sql.Placeholder",
    "psycopg2.extensions.quote_ident",
    "slugify.slugify",
    "sqlalchemy.quoted_name",
    "sqlalchemy.sql.quoted_name",
    "sqlalchemy.sql.elements.quoted_name",
    "uuid.UUID",
    "uuid.uuid4",
}
# Methods that quote an identifier, of SQLAlchemy's preparer and of drivers.
QUOTING_METHODS = frozenset(
    {"quote", "quote_identifier", "quote_ident", "quote_name", "format_table", "format_column", "quote_schema"}
)
QUOTING_OWNERS = ("preparer", "dialect", "compiler", "ops")
CLOCK_METHODS = frozenset({"strftime", "isoformat", "timestamp"})
DIGESTS = frozenset({"hexdigest", "hex"})

# What reads rows whoever the receiver is, and what reads them when the receiver is the result of a query.
FETCHES = frozenset({"fetchall", "fetchone", "fetchmany", "fetchrow", "fetchval", "scalar_one", "scalar_one_or_none"})
INSPECTIONS = frozenset(
    {
        *("get_table_names", "get_view_names", "get_columns", "get_indexes", "get_foreign_keys", "get_schema_names"),
        *("get_unique_constraints", "get_check_constraints", "get_pk_constraint", "get_enums", "get_sequence_names"),
    }
)

# Functions whose result is made of their arguments, all of them.
PASSING = frozenset(
    f"builtins.{name}"
    for name in (
        *("str", "repr", "ascii", "format", "bytes", "list", "tuple", "set", "frozenset", "dict", "sorted", "reversed"),
        *("iter", "next", "min", "max", "filter", "zip", "enumerate", "getattr", "vars"),
    )
) | {"json.dumps", "json.loads", "copy.copy", "copy.deepcopy", "typing.cast", "shlex.quote", "itertools.chain"}

# Annotations that leave no room for text of the caller's.
NUMBER_TYPES = frozenset({"builtins.int", "builtins.float", "decimal.Decimal"})
CONFINED_TYPES = frozenset(
    {"builtins.bool", "uuid.UUID", "datetime.datetime", "datetime.date", "datetime.timedelta", "typing.Literal"}
)
TEXT_TYPES = frozenset({"builtins.str", "builtins.bytes", "builtins.object", "typing.Any"})

ENUMS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag"})
