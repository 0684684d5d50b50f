"""The definitions of columns and constraints in SQL, as steps on the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.column_types import canonical
from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.steps import Certainty, Step, Verb
from chunklint.semantics.sql.statements import name_at, skip
from chunklint.semantics.sql.tokens import Word

CONSTRAINTS = MappingProxyType(
    {"PRIMARY": "primary key", "FOREIGN": "foreign key", "UNIQUE": "unique"}
    | {"PRIMARY KEY": "primary key", "FOREIGN KEY": "foreign key", "CHECK": "check", "EXCLUDE": "exclude"}
)
_COLUMN_WORDS = frozenset(
    {"NOT", "NULL", "DEFAULT", "PRIMARY", "PRIMARY KEY", "REFERENCES", "UNIQUE", "CHECK", "CONSTRAINT", "GENERATED"}
    | {"COLLATE", "USING"}
)
# How the empty text looks as a default, for "" is none.
EMPTY_TEXT = "''"


@record
class Source:
    """One statement: its words, where it stands, and whether it is sure to run."""

    part: Sequence[Word]
    place: Location
    certainty: Certainty

    def step(self, verb: Verb, key: Key | None, *, guarded: bool = False, **more: Any) -> Step:
        """A step of this statement."""
        certainty = Certainty.GUARDED if guarded and self.certainty is Certainty.SURE else self.certainty
        return replace(Step(verb, key, self.place, certainty), **more)

    def forget(self, name: str | None = None, kind: Kind = Kind.TABLE) -> Step:
        """The step of a statement that cannot be read; with a name, only that object is in doubt."""
        return self.step(Verb.FORGET, doubted(name, kind))


def doubted(name: str | None, kind: Kind = Kind.TABLE) -> Key | None:
    """The object of a name that may have holes; None when nothing of it is known, so that it may be anything."""
    if name is not None and "%(" in name:
        return None
    plain = plain_name(name)
    return Key(kind, plain) if re.search(r"\w{2}", re.sub(r"\{[^{}]*\}", "", plain)) else None


def readable(name: str | None) -> bool:
    """Whether a name is known in full: no hole is in it, nor a placeholder of `sa.DDL(text, context=...)`."""
    return name is not None and "{" not in name and "%(" not in name


def plain_name(name: str | None) -> str:
    """A name with its schema, unless that is PostgreSQL's default one or not known."""
    held = re.sub(r"\{[^{}]*\}", lambda hole: hole[0].replace(".", "·"), name or "")
    schema, _, last = held.rpartition(".")
    return last if schema in ("", "public") or "{" in schema else f"{schema}.{last}"


def text_of(found: Iterable[Word]) -> str:
    """The words with single blanks, literals in quotes."""
    return " ".join(f"'{word.literal}'" if word.literal is not None else word.name for word in found)


def column_list(rest: Sequence[Word]) -> tuple[str, ...] | None:
    """The names in the first brackets, None when there is anything but names."""
    opening = next((at for at, word in enumerate(rest) if word.key == "("), None)
    if opening is None:
        return None
    depth = rest[opening].depth + 1
    names: list[str] = []
    fresh = True
    for word in rest[opening + 1 :]:
        if word.depth < depth:
            return tuple(names)
        if word.key == ",":
            fresh = True
        elif word.depth > depth or word.key == "(" or not word.is_name:
            return None
        elif fresh:
            names.append(word.name)
            fresh = False
    return None


def elements(rest: list[Word]) -> list[list[Word]] | None:
    """The comma-separated elements of the first brackets; None without brackets."""
    if not rest or rest[0].key != "(":
        return None
    depth = rest[0].depth + 1
    found: list[list[Word]] = [[]]
    for word in rest[1:]:
        if word.depth < depth:
            break
        if word.key == "," and word.depth == depth:
            found.append([])
        else:
            found[-1].append(word)
    return [element for element in found if element]


def column_steps(source: Source, table: str, element: list[Word]) -> Iterator[Step]:
    """A column and the constraints that its definition brings along."""
    name, rest = element[0].name, element[1:]
    end = next((at for at, word in enumerate(rest) if word.key in _COLUMN_WORDS), len(rest))
    keys = [word.key for word in rest[end:]]
    primary = "PRIMARY" in keys or "PRIMARY KEY" in keys
    traits = [("nullable", str(not primary and not _follows(keys, "NOT", "NULL")))]
    spelled = type_of(rest[:end])
    serial = any("SERIAL" in word.key for word in rest[:end])
    uses = () if serial else named_type(rest[:end])
    if spelled is not None:
        traits.append(("type", spelled))
    if not serial and "GENERATED" not in keys:
        traits.append(("default", _default(rest[end:])))
    made = Made(tuple(sorted(traits)), uses=uses, place=source.place)
    yield source.step(Verb.CREATE, Key(Kind.COLUMN, name, table), made=made)
    for found, kind in (("PRIMARY", "primary key"), ("UNIQUE", "unique"), ("REFERENCES", "foreign key")):
        at = next((i for i, key in enumerate(keys) if key.split(" ")[0] == found), None)
        if at is not None:
            bare = source.step(Verb.CREATE, None)
            yield constraint_step(bare, None, table, kind, (name,), _reference(rest[end + at :]))


def _follows(keys: list[str], first: str, second: str) -> bool:
    return any(one == first and other == second for one, other in pairwise(keys)) or (f"{first} {second}" in keys)


def _default(rest: list[Word]) -> str:
    at = next((i for i, word in enumerate(rest) if word.key == "DEFAULT"), None)
    if at is None:
        return ""
    text = rest[at + 1 :]
    end = next((i for i, word in enumerate(text) if word.key in _COLUMN_WORDS and word.key != "NULL"), len(text))
    return default_text(text_of(text[:end]))


def default_text(text: str) -> str:
    """A default under one spelling: without casts, quotes, blanks and case; "" for none."""
    bare = text.split("::", maxsplit=1)[0].strip()
    if bare == EMPTY_TEXT:
        return EMPTY_TEXT
    plain = bare.strip("'\"")
    folded = "".join(plain.split()).lower()
    return "now()" if folded in ("current_timestamp", "current_timestamp()") else "" if folded == "null" else folded


def type_of(found: Sequence[Word]) -> str | None:
    """The canonical type that words spell, None when they are not understood."""
    named = [word for word in found if word.depth == found[0].depth and word.key not in ("(", ")")]
    if not named or any(word.key in ("[", "]", "ARRAY", ".") for word in found):
        return None
    size = "".join(word.name for word in found if word.depth > found[0].depth)
    return canonical(" ".join(word.name for word in named), size)


def named_type(found: Sequence[Word]) -> tuple[Key, ...]:
    """The type that words name, where it may be one that migrations make; () for types of the database's own."""
    name, end = name_at(list(found), 0) if found and type_of(found) is None else (None, 0)
    return (Key(Kind.TYPE, plain_name(name).rpartition(".")[2]),) if readable(name) and end == len(found) else ()


@record
class Reference:
    """What a foreign key refers to, and what it says of rows whose row goes ("" for a refusal, None if unreadable)."""

    tables: tuple[str, ...] = ()
    on_delete: str | None = ""


def _reference(rest: Sequence[Word]) -> Reference | None:
    """The reference that begins with the word REFERENCES, None without one."""
    at = next((i for i, word in enumerate(rest) if word.key == "REFERENCES"), None)
    if at is None:
        return None
    name, _ = name_at(list(rest), at + 1)
    words_after = " ".join(word.key for word in rest[at:])
    found = re.search(r"ON DELETE (SET NULL|SET DEFAULT|CASCADE)", words_after)
    tables = (plain_name(name),) if readable(name) else ()
    return Reference(tables, found[1].lower() if found is not None else "")


def constraint_of(source: Source, table: str, element: list[Word]) -> Step:
    """The step of a table constraint, from CONSTRAINT or its kind on."""
    name = None
    if element[0].key == "CONSTRAINT":
        name, at = name_at(element, skip(element, 1))
        element = element[at:]
    kind = CONSTRAINTS.get(element[0].key, "check") if element else "check"
    columns = checked_columns(element) if kind == "check" else column_list(element)
    bare = source.step(Verb.CREATE, None)
    return constraint_step(bare, name if readable(name) else None, table, kind, columns, _reference(element))


def checked_columns(condition: Sequence[Word]) -> tuple[str, ...] | None:
    """The names in the condition of a CHECK that are no functions', each once; None for one with holes."""
    following = [*condition[1:], None]
    names = [
        word.name
        for word, after in zip(condition, following, strict=True)
        if word.is_name and (after is None or after.key != "(")
    ]
    return tuple(dict.fromkeys(names)) if all(map(readable, names)) else None


def constraint_step(
    bare: Step,
    name: str | None,
    table: str,
    kind: str,
    columns: tuple[str, ...] | None,
    reference: Reference | None = None,
) -> Step:
    """The step that makes a constraint; without a name it gets the one that PostgreSQL would most likely choose."""
    uses = tuple(Key(Kind.TABLE, one) for one in reference.tables) if reference is not None else ()
    traits = [("kind", kind)]
    if reference is not None and reference.on_delete is not None:
        traits.append(("ON DELETE rule", reference.on_delete))
    # Naming conventions usually put the table before the names of CHECK constraints.
    guessed = name is None or kind == "check"
    made = Made(tuple(traits), columns=columns, uses=uses, guessed=guessed, place=bare.place)
    return replace(bare, key=Key(Kind.CONSTRAINT, name or _guessed_name(table, kind, columns), table), made=made)


# PostgreSQL's longest name.
_MAX_IDENTIFIER = 63


def _guessed_name(table: str, kind: str, columns: tuple[str, ...] | None) -> str:
    suffix = {"primary key": "pkey", "foreign key": "fkey", "unique": "key", "check": "check"}.get(kind, "excl")
    first, second = table.rpartition(".")[2], "" if kind == "primary key" else "_".join(columns or ())
    # PostgreSQL takes letters from the longer of the two until the name fits.
    while len(first) + len(second) + len(suffix) + 2 > _MAX_IDENTIFIER and max(first, second, key=len):
        first, second = (first[:-1], second) if len(first) > len(second) else (first, second[:-1])
    return "_".join(filter(None, (first, second, suffix)))
