"""Alembic's operations as steps on the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.step_columns import (
    Call,
    ColumnType,
    column,
    enum_step,
    last_name,
    resolved,
    server_default,
    shortened,
    table_constraint,
    type_of,
)
from chunklint.semantics.migrations.step_definitions import Reference, constraint_step, doubted
from chunklint.semantics.migrations.steps import Certainty, Step, Verb

# Whose functions do what is known of them, or nothing to the schema.
LIBRARIES = ("builtins.", "alembic.", "sqlalchemy.", "<module>", "logging.", "time.")
# What functions that change the schema are called, and what they can be given by its name alone.
_CHANGES = re.compile(r"(?:drop|create|add|remove|delete|alter|rename|replace|change|convert|rebuild)(?:_|$)")
_NAMED_ALONE = (Kind.TABLE, Kind.TYPE, Kind.VIEW, Kind.INDEX, Kind.FUNCTION, Kind.SEQUENCE)

# What leaves the schema as it is, or changes only what is no part of it.
_HARMLESS = frozenset(
    {"f", "get_bind", "get_context", "inline_literal", "bulk_insert", "execute", "batch_alter_table", "invoke"}
    | {"create_table_comment", "drop_table_comment", "run_async", "implementation_for"}
)


def operation(name: str, batch: str | None, call: Call) -> Iterator[Step]:
    """The steps of `op.NAME(...)`, or of `batch_op.NAME(...)` with the table of the batch, "" if it is unknown."""
    read = _READERS.get(name)
    if read is not None:
        yield from read(call, batch)
    elif name not in _HARMLESS:
        yield call.forget(batch)


def _table_of(call: Call, batch: str | None, position: int, keyword: str = "table_name") -> str | None:
    """The table of an operation: the batch's, or the one it names."""
    if batch is not None:
        return batch or None
    return call.qualified(call.name(keyword, position), "source_schema" if keyword == "source_table" else "schema")


def _create_table(call: Call, batch: str | None) -> Iterator[Step]:
    name = call.qualified(call.name("table_name", 0))
    if name is None:
        yield call.forget(call.template(call.given.get("table_name", 0)))
        return
    guarded = call.flag("if_not_exists") == "True"
    parts: list[Step] = []
    types: dict[str, Step] = {}
    whole, keyed = not call.given.splat and not call.given.double_splat, list[str]()
    for element in call.given.positional[1:]:
        found = column(element, name, call)
        if found is not None:
            parts.extend((found.step, *found.with_it))
            if found.primary:
                keyed.append(found.step.key.name if found.step.key is not None else "")
            if found.type.enum and found.type.created is not False:
                step = enum_step(found.type, call, guarded=guarded)
                # Where releases differ in whether they create the type, nothing is known of it.
                types[found.type.enum] = step if found.type.created else replace(step, certainty=Certainty.MAYBE)
            continue
        constraint = table_constraint(element, name, call)
        if constraint is not None:
            parts.append(constraint)
        elif last_name(resolved(element, call), call.file) == "Index":
            parts.append(_index_in_table(resolved(element, call), name, call))
        else:
            whole = False
    if keyed:
        parts.append(constraint_step(call.step(Verb.CREATE, None), None, name, "primary key", tuple(keyed)))
    parts = _numbered(parts)
    yield from types.values()
    key = Key(Kind.TABLE, name)
    made = Made(whole=whole, place=call.place)
    yield call.step(Verb.CREATE, key, made=made, parts=tuple(parts), guarded=guarded)


def _numbered(parts: list[Step]) -> list[Step]:
    """The parts of a table with nothing said of the default of a column that alone is the key: a sequence fills it."""
    keys = {
        part.made.columns[0]
        for part in parts
        if part.made is not None and part.made.trait("kind") == "primary key" and part.made.columns
    }
    return [_undefaulted(part) if part.key is not None and part.key.name in keys else part for part in parts]


def _undefaulted(part: Step) -> Step:
    if part.made is None or part.key is None or part.key.kind is not Kind.COLUMN:
        return part
    traits = tuple(pair for pair in part.made.traits if pair[0] != "default")
    return replace(part, made=replace(part.made, traits=traits))


def _index_in_table(node: Node, table: str, call: Call) -> Step:
    inner = call.of(node)
    name = inner.name("name", 0)
    columns = [inner.text(one) for one in inner.given.positional[1:]]
    known = tuple(one for one in columns if one is not None) if None not in columns else None
    made = Made(
        (("unique", str(inner.flag("unique") == "True")),), table, known, guessed=name is None, place=call.place
    )
    return call.step(Verb.CREATE, Key(Kind.INDEX, name or f"ix_{table}"), made=made)


def _drop_table(call: Call, batch: str | None) -> Iterator[Step]:
    name = call.qualified(call.name("table_name", 0))
    if name is None:
        yield call.forget(call.template(call.given.get("table_name", 0)))
        return
    yield call.step(Verb.DROP, Key(Kind.TABLE, name), guarded=call.flag("if_exists") == "True")


def _rename_table(call: Call, batch: str | None) -> Iterator[Step]:
    old, new = (call.qualified(call.name(*one)) for one in (("old_table_name", 0), ("new_table_name", 1)))
    if old is None or new is None:
        yield call.forget(old)
        return
    yield call.step(Verb.RENAME, Key(Kind.TABLE, old), new_name=new)


def _add_column(call: Call, batch: str | None) -> Iterator[Step]:
    table = _table_of(call, batch, 0)
    node = call.given.get("column", 1 if batch is None else 0)
    found = column(node, table, call) if node is not None and table is not None else None
    if found is None:
        yield call.forget(table)
        return
    certainty = Certainty.GUARDED if call.flag("if_not_exists") == "True" else call.certainty
    yield replace(found.step, parts=found.with_it, certainty=certainty)


def _drop_column(call: Call, batch: str | None) -> Iterator[Step]:
    table = _table_of(call, batch, 0)
    name = call.name("column_name", 1 if batch is None else 0)
    if table is None or name is None:
        yield call.forget(table)
        return
    yield call.step(Verb.DROP, Key(Kind.COLUMN, name, table), guarded=call.flag("if_exists") == "True")


def _alter_column(call: Call, batch: str | None) -> Iterator[Step]:
    table = _table_of(call, batch, 0)
    name = call.name("column_name", 1 if batch is None else 0)
    if table is None or name is None:
        yield call.forget(table)
        return
    key = Key(Kind.COLUMN, name, table)
    traits, untold = dict[str, str](), list[str]()
    if "type_" in call.given.keywords:
        found = type_of(call.given.keywords["type_"], call)
        if found.spelled is None:
            untold.append("type")
        else:
            traits["type"] = found.spelled
    nullable = call.flag("nullable")
    if nullable in ("True", "False"):
        traits["nullable"] = nullable
    elif nullable is not None:
        untold.append("nullable")
    if call.flag("server_default") not in (None, "False"):
        default = server_default(call)
        if default is None:
            untold.append("default")
        else:
            traits["default"] = default
    known = _as_it_was(call)
    using = "postgresql_using" in call.given.keywords
    yield call.step(
        Verb.ALTER, key, traits=tuple(traits.items()), untold=tuple(untold), known=tuple(known.items()), using=using
    )
    if "new_column_name" in call.given.keywords:
        new = call.name("new_column_name")
        yield call.step(Verb.RENAME, key, new_name=new) if new is not None else call.forget(table)


def _as_it_was(call: Call) -> dict[str, str]:
    """What `existing_*` says; a flag that is not set says nothing, nor does a type where the type stays."""
    known: dict[str, str] = {}
    existing = call.given.keywords.get("existing_type") if "type_" in call.given.keywords else None
    spelled = type_of(existing, call).spelled if existing is not None else None
    if spelled is not None:
        known["type"] = spelled
    nullable = call.flag("existing_nullable")
    if nullable in ("True", "False"):
        known["nullable"] = nullable
    return known


def _create_index(call: Call, batch: str | None) -> Iterator[Step]:
    table = _table_of(call, batch, 1)
    name = call.name("index_name", 0)
    if table is None or name is None:
        yield _unnamed_index(call, table)
        return
    columns = call.texts(call.given.get("columns", 2 if batch is None else 1))
    where = next((value for word, value in call.given.keywords.items() if word.endswith("_where")), None)
    unique = call.flag("unique")
    traits = [("partial", str(where is not None))] if not call.given.double_splat else []
    traits += [("unique", str(unique == "True"))] if unique != "?" else []
    made = Made(tuple(traits), table, columns, place=call.place)
    guarded, concurrent = call.flag("if_not_exists") == "True", call.flag("postgresql_concurrently") == "True"
    key = Key(Kind.INDEX, shortened(name))
    yield call.step(Verb.CREATE, key, made=made, guarded=guarded, concurrent=concurrent)


def _drop_index(call: Call, batch: str | None) -> Iterator[Step]:
    name = call.name("index_name", 0)
    table = _table_of(call, batch, 1)
    if name is None:
        yield _unnamed_index(call, table)
        return
    made = Made(table=table or "")
    guarded, concurrent = call.flag("if_exists") == "True", call.flag("postgresql_concurrently") == "True"
    key = Key(Kind.INDEX, shortened(name))
    yield call.step(Verb.DROP, key, made=made, guarded=guarded, concurrent=concurrent)


def _unnamed_index(call: Call, table: str | None) -> Step:
    """The step of an index whose name, or table, is not known in full."""
    template = call.template(call.given.get("index_name", 0))
    return call.step(Verb.FORGET, doubted(template, Kind.INDEX)) if template else call.forget(table)


def _constraint_reader(kind: str) -> Callable[[Call, str | None], Iterator[Step]]:
    def read(call: Call, batch: str | None) -> Iterator[Step]:
        keyword = "source_table" if kind == "foreign key" else "table_name"
        table = _table_of(call, batch, 1, keyword)
        node = call.given.get("constraint_name", 0)
        name = call.text(node)
        if table is None or (name is None and (node is None or node.type != "none")):
            yield call.forget(table)
            return
        shift = 0 if batch is None else 1
        bare = call.step(Verb.CREATE, None)
        if kind != "foreign key":
            columns = call.texts(call.given.get("columns", 2 - shift)) if kind != "check" else None
            yield constraint_step(bare, name, table, kind, columns)
            return
        target = call.qualified(call.name("referent_table", 2 - shift), "referent_schema")
        columns = call.texts(call.given.get("local_cols", 3 - shift))
        reference = Reference((target,) if target is not None else (), call.on_delete())
        yield constraint_step(bare, name, table, kind, columns, reference)

    return read


_DROPPED_KINDS = MappingProxyType(
    {"foreignkey": "foreign key", "unique": "unique", "primary": "primary key", "check": "check"}
)


def _drop_constraint(call: Call, batch: str | None) -> Iterator[Step]:
    node = call.given.get("constraint_name", 0)
    table = _table_of(call, batch, 1)
    if node is not None and node.type == "none":
        reason = "has no name to drop the constraint by"
        yield call.step(Verb.BREAK, None, reason=reason)
        yield call.forget(table)
        return
    if batch is None and call.given.get("table_name", 1) is None and not (call.given.splat or call.given.double_splat):
        yield call.step(Verb.BREAK, None, reason="lacks the `table_name` that Alembic demands")
        return
    name = call.text(node)
    if name is None or table is None:
        yield call.forget(table)
        return
    kind = _DROPPED_KINDS.get(call.name("type_", 2 if batch is None else 1) or "")
    made = Made((("kind", kind),) if kind is not None else ())
    guarded = call.flag("if_exists") == "True"
    yield call.step(Verb.DROP, Key(Kind.CONSTRAINT, name, table), made=made, guarded=guarded)


def _sync_enum(call: Call, batch: str | None) -> Iterator[Step]:
    """alembic-postgresql-enum: the type has these values from now on, and no others."""
    name, values = call.name("enum_name", 1), call.texts(call.given.get("new_values", 2))
    if len(call.given.positional) > 3 and (newer := call.texts(call.given.positional[3])):
        # alembic-autogenerate-enums gives the old values first.
        values = newer
    if name is None or values is None:
        yield call.step(Verb.FORGET, Key(Kind.TYPE, name)) if name is not None else call.forget()
        return
    yield replace(enum_step(ColumnType("", name, values), call, guarded=False), replaces=True)


def _entity(call: Call, batch: str | None) -> Iterator[Step]:
    """alembic_utils: a function, view, trigger or the like, never a table."""
    for kind in (Kind.FUNCTION, Kind.VIEW, Kind.TRIGGER):
        yield call.step(Verb.FORGET, Key(kind, "{entity}"))


_READERS: Mapping[str, Callable[[Call, str | None], Iterator[Step]]] = MappingProxyType(
    {
        "create_table": _create_table,
        "drop_table": _drop_table,
        "rename_table": _rename_table,
        "add_column": _add_column,
        "drop_column": _drop_column,
        "alter_column": _alter_column,
        "create_index": _create_index,
        "drop_index": _drop_index,
        "create_foreign_key": _constraint_reader("foreign key"),
        "create_unique_constraint": _constraint_reader("unique"),
        "create_primary_key": _constraint_reader("primary key"),
        "create_check_constraint": _constraint_reader("check"),
        "create_exclude_constraint": _constraint_reader("exclude"),
        "drop_constraint": _drop_constraint,
        "sync_enum_values": _sync_enum,
        "create_entity": _entity,
        "replace_entity": _entity,
        "drop_entity": _entity,
    }
)


def type_operation(name: str, receiver: Node, call: Call) -> Step | None:
    """The step of `enum.create(bind)` and `enum.drop(bind)`; None when the receiver is no enum type."""
    node = resolved(receiver, call)
    if node.type != "call" or last_name(node, call.file) not in ("Enum", "ENUM"):
        return None
    found = type_of(node, call)
    if not found.enum:
        return call.forget()
    checked = call.flag("checkfirst")
    positional = call.given.positional[1:2]
    guarded = checked == "True" or any(call.file.text(one) == "True" for one in positional)
    if checked is None and not positional:
        # PostgreSQL's own ENUM looks first unless told not to, the generic one only when told to.
        guarded = last_name(node, call.file) == "ENUM"
    if name == "create":
        return enum_step(found, call, guarded=guarded)
    return call.step(Verb.DROP, Key(Kind.TYPE, found.enum), guarded=guarded)


def may_touch(function: str, call: Call) -> Iterator[Step]:
    """What a function of another module may do to objects that it is given by name: `drop_enum("colour")`."""
    if function.startswith(LIBRARIES) or _CHANGES.match(function.rpartition(".")[2]) is None:
        return
    texts = (call.text(given) for given in call.given.positional if given.type == "string")
    yield from (call.step(Verb.FORGET, Key(kind, text)) for text in texts if text is not None for kind in _NAMED_ALONE)


def mentions_connection(call: Node, call_data: Call) -> bool:
    """Whether a call hands the connection or Alembic's operations on."""
    listed = call.child_by_field_name("arguments")
    words = {call_data.file.text(one) for one in descendants(listed, "identifier")} if listed is not None else set()
    return not words.isdisjoint({"op", "bind", "conn", "connection", "session", "get_bind", "operations"})
