"""What migrations do to a schema, step by step, as plain data that facts carry from a file to the join."""

from __future__ import annotations

from enum import Enum, StrEnum

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.revisions import Revision
from chunklint.semantics.migrations.schema import Key, Made, Traits


class Verb(StrEnum):
    """What a step does."""

    CREATE = "create"
    DROP = "drop"
    RENAME = "rename"
    ALTER = "alter"
    READ = "read"
    FORGET = "forget"
    BREAK = "break"


class Certainty(Enum):
    """Whether a step runs: always, where it has something to do, or nobody knows."""

    SURE = "sure"
    GUARDED = "guarded"
    MAYBE = "maybe"


@record
class Step:
    """One change of a schema.

    Attributes:
        key: The object that changes; None for a FORGET of everything.
        made: What CREATE makes. A DROP says with it what it takes the object for, an ALTER which type it names, a READ
            of a column which other tables it may belong to instead.
        new_name: What RENAME calls it.
        traits: What ALTER sets; "" as a value of "default" removes it. `untold` are the traits it sets unreadably,
            and of a FORGET of everything those of columns that it may have set.
        known: What an ALTER says of the object as it was before.
        parts: What comes with a created object: columns, constraints, indexes, values.
        replaces: An existing object is replaced.
        cascade: Dependent objects go as well.
        using: An ALTER of a type says how to convert the values.
        compared: The text that READ compares the column with, or puts there.
        reason: Why a BREAK always fails, a clause about the call.
        concurrent: An index is made or dropped CONCURRENTLY, which PostgreSQL refuses in a transaction.
        optional: A condition that does not ask for the object itself decides whether it is made.
        detached: It runs outside the migration's transaction, in an `autocommit_block()`.
    """

    verb: Verb
    key: Key | None
    place: Location
    certainty: Certainty = Certainty.SURE
    made: Made | None = None
    new_name: str = ""
    traits: Traits = ()
    untold: tuple[str, ...] = ()
    known: Traits = ()
    parts: tuple[Step, ...] = ()
    replaces: bool = False
    cascade: bool = False
    using: bool = False
    compared: str = ""
    reason: str = ""
    concurrent: bool = False
    optional: bool = False
    detached: bool = False


class Body(StrEnum):
    """What a downgrade without a single step looks like."""

    STEPS = "steps"
    BARE = "bare"
    REASONED = "reasoned"
    REFUSES = "refuses"
    MISSING = "missing"


@record
class Script:
    """A revision script as the replay needs it.

    Attributes:
        body: What the downgrade looks like.
        place: Where the downgrade is defined; the upgrade where there is none.
        postgres: Whether it shows that the database is PostgreSQL.
        sqlite: Whether it shows that the database may be SQLite.
        keeps_values: Whether the downgrade says that an enum keeps its new values.
        admits: Whether the downgrade says that something does not come back, or cannot.
    """

    revision: Revision
    upgrade: tuple[Step, ...]
    downgrade: tuple[Step, ...]
    body: Body
    place: Location
    postgres: bool
    sqlite: bool = False
    keeps_values: bool = False
    admits: bool = False
