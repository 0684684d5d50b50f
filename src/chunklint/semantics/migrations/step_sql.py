"""SQL statements as steps on the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from chunklint.model import Location
from chunklint.semantics.migrations.schema import Key, Kind, Made, Traits
from chunklint.semantics.migrations.step_definitions import (
    CONSTRAINTS,
    Source,
    column_list,
    column_steps,
    constraint_of,
    default_text,
    elements,
    named_type,
    plain_name,
    readable,
    text_of,
    type_of,
)
from chunklint.semantics.migrations.step_reads import reads_of_condition, reads_of_query, reads_of_rows
from chunklint.semantics.migrations.steps import Certainty, Step, Verb
from chunklint.semantics.sql.statements import actions_of, name_at, names_at, skip, typed_at
from chunklint.semantics.sql.tokens import Word, may_be_sql, split, split_body, words

_KINDS = MappingProxyType(
    {
        "table": Kind.TABLE,
        "foreign table": Kind.TABLE,
        "view": Kind.VIEW,
        "materialized view": Kind.VIEW,
        "index": Kind.INDEX,
        "function": Kind.FUNCTION,
        "procedure": Kind.FUNCTION,
        "trigger": Kind.TRIGGER,
        "type": Kind.TYPE,
        "domain": Kind.TYPE,
        "sequence": Kind.SEQUENCE,
    }
)
# What no migration is asked to take back, or what is no part of the schema.
_HARMLESS = frozenset(
    {"", "INSERT", "UPDATE", "DELETE", "SELECT", "WITH", "SET", "COMMENT", "TRUNCATE", "GRANT", "REVOKE", "COMMIT"}
    | {"BEGIN", "ANALYZE", "VACUUM", "REFRESH", "REINDEX", "LOCK", "SHOW", "EXPLAIN", "NOTIFY", "CLUSTER", "RESET"}
    | {"PRAGMA", "START", "ROLLBACK", "SAVEPOINT", "RELEASE", "COPY", "PERFORM", "RAISE", "IF", "FOR", "END", "RETURN"}
    | {"DECLARE", "EXCEPTION", "ELSIF", "WHEN", "NULL", "ELSE", "LOOP", "CALL", "MERGE", "EXIT", "CONTINUE", "WHILE"}
)


def steps_of_sql(
    text: str, holes: tuple[str, ...], place: Callable[[int], Location], certainty: Certainty
) -> Iterator[Step]:
    """The steps of a text with one or more statements; `place` tells where a 0-based line of the text stands."""
    if not may_be_sql(text) and not text.strip().upper().startswith("EXECUTE"):
        return
    for part in split(words(text, holes)):
        yield from _steps(Source(part, place(part[0].line), certainty), holes)


def _steps(source: Source, holes: tuple[str, ...]) -> Iterator[Step]:
    part = source.part
    match part[0].key:
        case "CREATE":
            yield from _create(source)
        case "DROP":
            yield from _drop(source)
        case "ALTER":
            yield from _alter(source)
        case "DO":
            yield from _block(source, holes)
        case "INSERT" | "UPDATE" | "DELETE" if any(word.key == "PG_ENUM" for word in part):
            yield from _labels_by_hand(source)
        case "INSERT" | "UPDATE" | "DELETE" | "SELECT" | "WITH":
            yield from reads_of_rows(source)
        case verb if verb not in _HARMLESS and not part[0].name.startswith("{"):
            # Tokens that no statement starts with belong to a text that is no SQL.
            return
        case "" if part[0].name.startswith("{"):
            yield source.forget()


def _labels_by_hand(source: Source) -> Iterator[Step]:
    """A statement on PostgreSQL's own table of labels, which names the type somewhere, or nothing that can be read."""
    named = [word.literal for word in source.part if word.literal is not None and len(word.literal) > 1]
    yield from (source.forget(one, Kind.TYPE) for one in named) if named else [source.forget()]


def _block(source: Source, holes: tuple[str, ...]) -> Iterator[Step]:
    """The statements of a DO block, each of which a condition may guard."""
    for word in source.part:
        if word.literal is None:
            continue
        for inner in split_body(words(word.literal, holes, word.line)):
            start = next(
                (at for at, one in enumerate(inner) if one.key in ("CREATE", "DROP", "ALTER", "EXECUTE")), None
            )
            if start is None or (start and inner[0].key not in ("IF", "BEGIN", "EXCEPTION", "WHEN", "FOR", "")):
                continue
            if inner[start].key == "EXECUTE":
                yield source.forget()
                continue
            certainty = Certainty.MAYBE if source.certainty is Certainty.MAYBE else Certainty.GUARDED
            yield from _steps(replace(source, part=inner[start:], certainty=certainty), holes)


# CREATE


def _create(source: Source) -> Iterator[Step]:
    part = source.part
    kind, start = typed_at(list(part), 1)
    modifiers = {word.key for word in part[1:start]}
    if kind not in _KINDS:
        return
    named = skip(list(part), start)
    guarded = any(word.key == "EXISTS" for word in part[start:named])
    name, at = name_at(list(part), named)
    if modifiers & {"TEMP", "TEMPORARY"}:
        # It goes with the session, and what drops it before says nothing of a table that lasts.
        yield source.forget(name, _KINDS[kind])
        return
    known = readable(name) and not (kind == "index" and part[named].key == "ON")
    if not known:
        yield source.forget(name, _KINDS[kind])
        return
    replaces = any("REPLACE" in word.key for word in part[1:start])
    plain = _object_name(name, kind)
    rest = list(part[at:])
    match kind:
        case "table" | "foreign table":
            yield _create_table(source, plain, rest, guarded=guarded)
        case "index":
            found = _create_index(source, plain, rest, unique="UNIQUE" in modifiers, guarded=guarded)
            concurrent = any(word.key == "CONCURRENTLY" for word in part[start:named])
            yield from (replace(step, concurrent=concurrent) for step in found)
        case "trigger":
            table = _table_after(part, at)
            if readable(table):
                made = Made((("body", text_of(rest)),), uses=_called_by(rest), place=source.place)
                key = Key(Kind.TRIGGER, plain, plain_name(table))
                yield source.step(Verb.CREATE, key, made=made, replaces=replaces, guarded=guarded)
        case "type" | "domain":
            yield _create_type(source, plain, rest)
        case _:
            traits = (("body", _body(rest)),) if kind in ("function", "view") else ()
            uses = tuple(Key(Kind.TABLE, one) for one in _read_tables(rest)) if "view" in kind else ()
            made = Made(traits, uses=uses, place=source.place)
            yield from reads_of_query(source, rest) if "view" in kind else ()
            yield source.step(Verb.CREATE, Key(_KINDS[kind], plain), made=made, replaces=replaces, guarded=guarded)


def _object_name(name: str | None, kind: str) -> str:
    """The name of an object; only tables and views are told apart by their schema."""
    plain = plain_name(name)
    return plain if kind.endswith(("table", "view")) else plain.rpartition(".")[2]


def _read_tables(rest: Sequence[Word]) -> Iterator[str]:
    for at, word in enumerate(rest[:-1]):
        if word.key in ("FROM", "JOIN"):
            for name, _ in names_at(list(rest), at + 1):
                if readable(name):
                    yield plain_name(name)


def _table_after(part: Sequence[Word], at: int) -> str | None:
    """The name after ON, of a trigger or an index."""
    on = next((i for i in range(at, len(part)) if part[i].key == "ON" and part[i].depth == part[0].depth), None)
    return name_at(list(part), skip(list(part), on + 1))[0] if on is not None else None


def _called_by(rest: list[Word]) -> tuple[Key, ...]:
    """The function that a trigger executes."""
    at = next((at for at, word in enumerate(rest) if word.key == "EXECUTE"), None)
    name, _ = name_at(rest, skip(rest, at + 1, frozenset({"FUNCTION", "PROCEDURE"}))) if at is not None else (None, 0)
    return (Key(Kind.FUNCTION, _object_name(name, "function")),) if readable(name) else ()


def _body(rest: Sequence[Word]) -> str:
    """The text of a definition, its code without regard to white space."""
    return " ".join(" ".join((word.literal if word.literal is not None else word.name).split()) for word in rest)


def _create_index(source: Source, name: str, rest: list[Word], *, unique: bool, guarded: bool) -> Iterator[Step]:
    table = _table_after(rest, 0)
    if not readable(table):
        yield source.forget()
        return
    condition = next((at for at, word in enumerate(rest) if word.key == "WHERE"), None)
    if condition is not None:
        yield from reads_of_condition(source, plain_name(table), rest[condition + 1 :])
    traits = (("partial", str(condition is not None)), ("unique", str(unique)))
    made = Made(traits, plain_name(table), column_list(rest), place=source.place)
    yield source.step(Verb.CREATE, Key(Kind.INDEX, name), made=made, guarded=guarded)


def _create_type(source: Source, name: str, rest: list[Word]) -> Step:
    labels = [word.literal for word in rest if word.literal is not None]
    is_enum = any(word.key == "ENUM" for word in rest) and not any("{" in label for label in labels)
    parts = tuple(source.step(Verb.CREATE, Key(Kind.VALUE, label, name), made=Made()) for label in labels if is_enum)
    # Labels that are put together when the migration runs are not known.
    spelled = bool(labels) and not any("hole_" in (word.literal or word.key).lower() for word in rest)
    made = Made(whole=is_enum and spelled, place=source.place)
    return source.step(Verb.CREATE, Key(Kind.TYPE, name), made=made, parts=parts if made.whole else ())


def _create_table(source: Source, name: str, rest: list[Word], *, guarded: bool) -> Step:
    partition = any(word.key == "OF" for word in rest[:3])
    listed = None if partition else elements(rest)
    key = Key(Kind.TABLE, name)
    if listed is None:
        parent = name_at(rest, 2)[0] if partition else None
        table = plain_name(parent) if readable(parent) else ""
        return source.step(Verb.CREATE, key, made=Made(table=table, place=source.place), guarded=guarded)
    whole = True
    parts: list[Step] = []
    for element in listed:
        if element[0].key == "LIKE" or not (element[0].is_name or element[0].key in CONSTRAINTS):
            whole = False
        elif element[0].key in CONSTRAINTS or element[0].key == "CONSTRAINT":
            parts.append(constraint_of(source, name, element))
        else:
            parts.extend(column_steps(source, name, element))
    made = Made(whole=whole, place=source.place)
    return source.step(Verb.CREATE, key, made=made, parts=tuple(parts), guarded=guarded)


# DROP


def _drop(source: Source) -> Iterator[Step]:
    part = list(source.part)
    kind, start = typed_at(part, 1)
    if kind not in _KINDS:
        return
    named = skip(part, start)
    guarded = any(word.key == "EXISTS" for word in part[start:named])
    cascade, concurrent = (any(word.key == wanted for word in part) for wanted in ("CASCADE", "CONCURRENTLY"))
    for name, at in names_at(part, named):
        if not readable(name):
            yield source.forget(name, _KINDS[kind])
            continue
        owner = ""
        if kind == "trigger":
            table = _table_after(part, at)
            if not readable(table):
                continue
            owner = plain_name(table)
        key = Key(_KINDS[kind], _object_name(name, kind), owner)
        yield source.step(Verb.DROP, key, guarded=guarded, cascade=cascade, concurrent=concurrent)


# ALTER


def _alter(source: Source) -> Iterator[Step]:
    part = list(source.part)
    kind, start = typed_at(part, 1)
    named = skip(part, start)
    guarded = any(word.key == "EXISTS" for word in part[start:named])
    name, at = name_at(part, named)
    if kind not in _KINDS:
        return
    if not readable(name):
        touches = any(word.key in ("ADD", "DROP", "ALTER", "RENAME", "SET") for word in part[at:])
        altered = ("type",) if any(word.key == "ALTER" for word in part[at:]) else ()
        yield from (replace(source.forget(name, _KINDS[kind]), untold=altered),) if touches else ()
        return
    rest, plain = part[at:], _object_name(name, kind)
    if kind == "type":
        yield from _alter_type(source, plain, rest)
    elif kind == "table":
        for action in actions_of(rest):
            yield from _alter_table(source, plain, action, guarded=guarded)
    elif [word.key for word in rest[:2]] == ["RENAME", "TO"]:
        new, _ = name_at(rest, 2)
        key = Key(_KINDS[kind], plain)
        yield source.step(Verb.RENAME, key, new_name=plain_name(new)) if readable(new) else source.forget()


def _alter_type(source: Source, name: str, rest: list[Word]) -> Iterator[Step]:
    keys = [word.key for word in rest]
    literals = [word.literal for word in rest if word.literal is not None]
    unread = not literals or any("hole_" in one for one in literals)
    if keys[:2] == ["RENAME", "TO"]:
        new, _ = name_at(rest, 2)
        yield source.step(Verb.RENAME, Key(Kind.TYPE, name), new_name=plain_name(new))
    elif keys[:1] == ["ADD"] and not unread:
        guarded = "EXISTS" in keys
        made = Made(place=source.place)
        yield source.step(Verb.CREATE, Key(Kind.VALUE, literals[0], name), made=made, guarded=guarded)
    elif keys[:1] == ["RENAME"] and len(literals) > 1 and not unread:
        yield source.step(Verb.RENAME, Key(Kind.VALUE, literals[0], name), new_name=literals[1])
    elif keys[:1] in (["ADD"], ["RENAME"]):
        yield source.step(Verb.FORGET, Key(Kind.TYPE, name))


def _index_taken(action: list[Word], keys: list[str]) -> str | None:
    """The index that `ADD CONSTRAINT c UNIQUE USING INDEX i` turns into a constraint."""
    at = next((at for at in range(len(keys) - 2) if keys[at : at + 2] == ["USING", "INDEX"]), None)
    name = name_at(action, at + 2)[0] if at is not None else None
    return plain_name(name) if readable(name) else None


def _alter_table(source: Source, table: str, action: list[Word], *, guarded: bool) -> Iterator[Step]:
    keys = [word.key for word in action]
    guarded = guarded or "EXISTS" in keys[:4]
    match keys[0]:
        case "ADD" if keys[1:2] == ["CONSTRAINT"] or (len(keys) > 1 and keys[1] in CONSTRAINTS):
            if (index := _index_taken(action, keys)) is not None:
                # The index becomes the constraint's, and goes with it.
                yield source.step(Verb.DROP, Key(Kind.INDEX, index), made=Made(table=table))
            yield constraint_of(source, table, action[1:])
        case "ADD":
            element = action[skip(action, 1, frozenset({"COLUMN", "IF", "NOT", "EXISTS"})) :]
            if element and readable(element[0].name) and element[0].is_name:
                found = list(column_steps(source, table, element))
                yield replace(found[0], parts=tuple(found[1:]), certainty=_guarded(found[0].certainty, guarded=guarded))
        case "DROP" if keys[1:2] == ["CONSTRAINT"]:
            name, _ = name_at(action, skip(action, 2))
            key = Key(Kind.CONSTRAINT, plain_name(name), table)
            step = source.step(Verb.DROP, key, guarded=guarded, cascade="CASCADE" in keys)
            yield step if readable(name) else source.forget(table)
        case "DROP":
            name, _ = name_at(action, skip(action, 1, frozenset({"COLUMN", "IF", "EXISTS"})))
            key = Key(Kind.COLUMN, plain_name(name), table)
            step = source.step(Verb.DROP, key, guarded=guarded, cascade="CASCADE" in keys)
            yield step if readable(name) else source.forget(table)
        case "RENAME":
            yield from _rename(source, table, action)
        case "ALTER":
            yield from _alter_column(source, table, action)
        case "ATTACH" | "DETACH" if keys[1:2] == ["PARTITION"]:
            # From now on it is a table of its own, or no longer one.
            yield source.forget(name_at(action, 2)[0])
        case "ATTACH" | "DETACH" | "INHERIT" | "SET" | "NO":
            yield source.forget(table) if "SCHEMA" in keys else source.step(Verb.ALTER, Key(Kind.TABLE, table))


def _guarded(certainty: Certainty, *, guarded: bool) -> Certainty:
    return Certainty.GUARDED if guarded and certainty is Certainty.SURE else certainty


def _rename(source: Source, table: str, action: list[Word]) -> Iterator[Step]:
    keys = [word.key for word in action]
    if keys[1:2] == ["TO"]:
        new, _ = name_at(action, 2)
        yield source.step(Verb.RENAME, Key(Kind.TABLE, table), new_name=plain_name(new))
        return
    kind = Kind.CONSTRAINT if keys[1:2] == ["CONSTRAINT"] else Kind.COLUMN
    old, at = name_at(action, skip(action, 1, frozenset({"COLUMN", "CONSTRAINT"})))
    new, _ = name_at(action, skip(action, at, frozenset({"TO"})))
    if readable(old) and readable(new):
        yield source.step(Verb.RENAME, Key(kind, plain_name(old), table), new_name=plain_name(new))
    else:
        yield source.forget(table)


def _alter_column(source: Source, table: str, action: list[Word]) -> Iterator[Step]:
    name, at = name_at(action, skip(action, 1, frozenset({"COLUMN"})))
    if not readable(name):
        yield source.forget(table)
        return
    rest = action[at:]
    keys = [word.key for word in rest]
    traits: Traits = ()
    untold: tuple[str, ...] = ()
    made = None
    text = " ".join(keys)
    if text.endswith("NOT NULL"):
        traits = (("nullable", str(keys[0] == "DROP")),)
    elif "DEFAULT" in keys[:2]:
        traits = (("default", "" if keys[0] == "DROP" else default_text(text_of(rest[2:]))),)
    elif "TYPE" in keys[:3]:
        start = keys.index("TYPE") + 1
        end = keys.index("USING") if "USING" in keys else len(rest)
        spelled = type_of(rest[start:end]) if end > start else None
        made = Made(uses=named_type(rest[start:end]))
        traits, untold = ((("type", spelled),), ()) if spelled is not None else ((), ("type",))
    else:
        untold = ("default",)
    key = Key(Kind.COLUMN, plain_name(name), table)
    yield source.step(Verb.ALTER, key, made=made, traits=traits, untold=untold, using="USING" in keys)
