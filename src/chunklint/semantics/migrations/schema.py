"""A database schema as far as migrations tell of it: what exists, what does not, and what nobody can know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from chunklint.model import Location
from chunklint.records import record


class Kind(StrEnum):
    """What sort of thing an object of the schema is, by the word that messages use for it."""

    TABLE = "table"
    COLUMN = "column"
    INDEX = "index"
    CONSTRAINT = "constraint"
    VIEW = "view"
    FUNCTION = "function"
    TRIGGER = "trigger"
    TYPE = "type"
    VALUE = "value"
    SEQUENCE = "sequence"
    OTHER = "object"


@record(order=True)
class Key:
    """The name of an object; `owner` is the table of a column, constraint or trigger, and the type of an enum value."""

    kind: Kind
    name: str
    owner: str = ""

    @property
    def home(self) -> Key | None:
        """The object without which this one cannot be."""
        if not self.owner:
            return None
        return Key(Kind.TYPE if self.kind is Kind.VALUE else Kind.TABLE, self.owner)


Traits = tuple[tuple[str, str], ...]


@record
class Made:
    """An object that exists.

    Attributes:
        traits: What is known of it, by name: "type", "nullable", "default", "body", ...
        table: The table that an index stands on, or that a table is a partition of.
        columns: The columns that an index or constraint stands on, of a CHECK in any order; None if not known. Of a
            table that was made only if it was not there: those that it was to have.
        uses: The tables and types without which it cannot be.
        guessed: Its name was left to SQLAlchemy or the database.
        whole: Of a table or type: all that belongs to it is known.
        place: Where it was made.
    """

    traits: Traits = ()
    table: str = ""
    columns: tuple[str, ...] | None = None
    uses: tuple[Key, ...] = ()
    guessed: bool = False
    whole: bool = False
    place: Location | None = None

    def trait(self, name: str) -> str | None:
        """What is known under a name, None when nothing is."""
        return dict(self.traits).get(name)


class Absence(Enum):
    """Why there is no object: because it does not exist, or because that cannot be told."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


State = Made | Absence


@dataclass(slots=True)
class Schema:
    """What is known of every object. A layer over another schema holds what changed since.

    Attributes:
        whole: Whether all objects come from the migrations that were replayed, but for tables.
        forgot: Whether nothing below this layer counts any more.
        reshaped: Whether any column may have been altered.
    """

    under: Schema | None = None
    whole: bool = False
    forgot: bool = False
    reshaped: bool = False
    changes: dict[Key, State] = field(default_factory=dict)
    _belonging: dict[Key, dict[Key, None]] = field(default_factory=dict)
    _users: dict[Key, dict[Key, None]] = field(default_factory=dict)

    def state(self, key: Key, table: str = "") -> State:
        """What is known of an object; `table` is where an index would have to stand."""
        found = self._recorded(key)
        if found is not None:
            return found
        home = key.home or (Key(Kind.TABLE, table) if table else None)
        around = self._recorded(home) if home is not None else None
        if around is Absence.ABSENT or (isinstance(around, Made) and around.whole):
            return Absence.ABSENT
        return Absence.UNKNOWN

    def has_heard_of(self, key: Key) -> bool:
        """Whether any step was about an object."""
        layer: Schema | None = self
        while layer is not None:
            if key in layer.changes:
                return True
            layer = layer.under
        return False

    def _recorded(self, key: Key) -> State | None:
        layer: Schema | None = self
        while layer is not None:
            if key in layer.changes:
                return layer.changes[key]
            if layer.forgot:
                return Absence.UNKNOWN
            layer = layer.under
        return None

    def put(self, key: Key, state: State) -> None:
        """Record what is known of an object from now on."""
        self.changes[key] = state
        home = key.home
        if home is not None:
            self._belonging.setdefault(home, {})[key] = None
        if not isinstance(state, Made):
            return
        if state.table:
            self._belonging.setdefault(Key(Kind.TABLE, state.table), {})[key] = None
        for used in state.uses:
            self._users.setdefault(used, {})[key] = None

    def forget(self, *, reshaped: bool = False) -> None:
        """From now on nothing is known of anything; `reshaped` if columns that exist may have been altered."""
        self.changes.clear()
        self.forgot, self.whole = True, False
        self.reshaped = self.reshaped or reshaped

    def renew(self, home: Key, *, whole: bool) -> None:
        """What belonged to a former table or type of that name is gone; of one that is not whole, it is unknown.

        Indexes that went along when the former table was renamed stand on that one still.
        """
        for key in self._linked("_belonging", home):
            state = self.state(key)
            if not isinstance(state, Made) or state.table in ("", home.name):
                self.put(key, Absence.ABSENT if whole else Absence.UNKNOWN)

    def belonging(self, home: Key) -> Iterator[tuple[Key, State]]:
        """What belongs to a table or type and is not known to be absent: columns, constraints, indexes, values."""
        for key in self._linked("_belonging", home):
            state = self.state(key)
            stands = not isinstance(state, Made) or not state.table or state.table == home.name
            if state is not Absence.ABSENT and stands:
                yield key, state

    def users(self, used: Key) -> Iterator[tuple[Key, Made]]:
        """What exists and cannot be without an object."""
        for key in self._linked("_users", used):
            state = self.state(key)
            if isinstance(state, Made) and used in state.uses:
                yield key, state

    def _linked(self, name: str, key: Key) -> tuple[Key, ...]:
        found: dict[Key, None] = {}
        layer: Schema | None = self
        while layer is not None:
            links: dict[Key, dict[Key, None]] = getattr(layer, name)
            found |= links.get(key, {})
            layer = layer.under
        return tuple(found)

    def above(self) -> Schema:
        """A new layer over this schema, in which changes leave this one as it is."""
        return Schema(self, whole=self.whole)

    def matching(self, kind: Kind, template: str) -> Iterator[Key]:
        """The objects of a kind whose names a name with holes may mean."""
        pattern = re.compile(".*".join(map(re.escape, re.split(r"\{[^{}]*\}", template))), re.DOTALL)
        layer: Schema | None = self
        while layer is not None:
            yield from [key for key in layer.changes if key.kind is kind and pattern.fullmatch(key.name)]
            layer = layer.under

    def absorb(self, layer: Schema) -> None:
        """Take over the changes of a layer that lies right over this schema.

        After a layer that forgot everything, what existed most likely still does, but nothing is known to be absent.
        """
        if layer.forgot:
            kept = {key: state for key, state in self.changes.items() if isinstance(state, Made)}
            self.changes = {key: _doubted(key, state, reshaped=layer.reshaped) for key, state in kept.items()}
        self.whole = layer.whole
        for key, state in layer.changes.items():
            self.put(key, state)


def _doubted(key: Key, state: Made, *, reshaped: bool) -> Made:
    """An object to which anything may have been added; of columns that may have been altered nothing is known."""
    traits = () if reshaped and key.kind is Kind.COLUMN else state.traits
    return replace(state, whole=False, traits=traits, columns=None if key.kind is Kind.TABLE else state.columns)
