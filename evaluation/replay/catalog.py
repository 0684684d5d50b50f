"""A PostgreSQL database described so that two descriptions can be compared: what the system catalogues say.

A description maps a name such as "column public.users.email" to what it is: "text not null default ''::text".
Left out: what an extension brought, Alembic's own table, privileges, comments, rows, the order of columns, and what a
partition inherits from its parent. A sequence or an index that belongs to a column or a constraint is told there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any, Protocol

Snapshot = Mapping[str, str]

_SHOWN = 240
"""Characters of a definition that a line of `difference` shows."""


class Cursor(Protocol):
    """The part of a DB-API cursor that is needed here."""

    def execute(self, operation: str, /) -> Any:
        """Runs one statement."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """The rows of the last statement."""
        ...


class Connection(Protocol):
    """The part of a DB-API connection that is needed here: psycopg's and psycopg2's fit."""

    def cursor(self) -> Any:
        """A new cursor."""
        ...

    def rollback(self) -> Any:
        """Ends the transaction."""
        ...


# Each query gives rows of (name, definition); $names are the phrases below it. With an empty search_path PostgreSQL
# qualifies every name it prints, whatever a migration did to the role's or the database's settings.
_QUERIES: Mapping[str, str] = {
    "extension": "select extname, '' from pg_extension e where extname <> 'plpgsql'",
    "schema": """
        select n.nspname, '' from pg_namespace n where $everywhere and $own_namespace""",
    "table": """
        select format('%I.%I', n.nspname, c.relname), concat_ws(' ',
            case c.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' end,
            case c.relkind when 'f' then 'foreign' end,
            'partition by ' || pg_get_partkeydef(c.oid),
            (select 'partition of ' || i.inhparent::regclass from pg_inherits i where i.inhrelid = c.oid limit 1),
            pg_get_expr(c.relpartbound, c.oid),
            case when c.relrowsecurity then 'row security' end)
        from pg_class c $named
        where c.relkind in ('r', 'p', 'f') and $relation""",
    "column": """
        select format('%I.%I.%I', n.nspname, c.relname, a.attname), concat_ws(' ',
            format_type(a.atttypid, a.atttypmod),
            case when a.attnotnull then 'not null' end,
            case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
            case when a.attgenerated <> '' then 'generated' when v.adbin is not null then 'default' end,
            pg_get_expr(v.adbin, v.adrelid))
        from pg_attribute a join pg_class c on c.oid = a.attrelid $named
        left join pg_attrdef v on v.adrelid = a.attrelid and v.adnum = a.attnum
        where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
            and (a.attislocal or a.attinhcount = 0) and $relation""",
    "constraint": """
        select format('%I.%I.%I', n.nspname, c.relname, k.conname), pg_get_constraintdef(k.oid)
        from pg_constraint k join pg_class c on c.oid = k.conrelid $named
        where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0 and (k.conislocal or k.coninhcount = 0)
            and $relation""",
    "index": """
        select format('%I.%I', n.nspname, c.relname), concat_ws(' ',
            pg_get_indexdef(c.oid), case when not i.indisvalid then 'invalid' end)
        from pg_index i join pg_class c on c.oid = i.indexrelid $named join pg_class t on t.oid = i.indrelid
        where not c.relispartition and t.relkind in ('r', 'p', 'm')
            and not exists (select from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
            and $relation""",
    "view": """
        select format('%I.%I', n.nspname, c.relname), concat_ws(' ',
            case c.relkind when 'm' then 'materialized' end, pg_get_viewdef(c.oid))
        from pg_class c $named where c.relkind in ('v', 'm') and $relation""",
    "sequence": """
        select format('%I.%I', n.nspname, c.relname),
            format('%s start %s increment %s', format_type(s.seqtypid, null), s.seqstart, s.seqincrement)
        from pg_sequence s join pg_class c on c.oid = s.seqrelid $named
        where not exists (select from pg_depend o where o.classid = 'pg_class'::regclass and o.objid = c.oid
            and o.deptype in ('a', 'i')) and $relation""",
    "function": """
        select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), concat_ws(' ',
            case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' end,
            pg_get_function_result(p.oid),
            case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where $everywhere and $own_proc""",
    "trigger": """
        select format('%I.%I.%I', n.nspname, c.relname, t.tgname), concat_ws(' ',
            pg_get_triggerdef(t.oid), case when t.tgenabled = 'D' then 'disabled' end)
        from pg_trigger t join pg_class c on c.oid = t.tgrelid $named
        where not t.tgisinternal and t.tgparentid = 0 and $relation""",
    "policy": """
        select format('%I.%I.%I', n.nspname, c.relname, p.polname), concat_ws(' ',
            p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        from pg_policy p join pg_class c on c.oid = p.polrelid $named where $relation""",
    "enum": """
        select format('%I.%I', n.nspname, t.typname),
            string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
        from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_enum e on e.enumtypid = t.oid
        where $everywhere and $own_type group by 1""",
    "domain": """
        select format('%I.%I', n.nspname, t.typname), concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
            (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname)
             from pg_constraint k where k.contypid = t.oid))
        from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where t.typtype = 'd' and $everywhere and $own_type""",
}

_OWN = "not exists (select from pg_depend d where d.classid = '{}'::regclass and d.objid = {}.oid and d.deptype = 'e')"
_PHRASES = {
    "everywhere": r"n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'",
    "named": "join pg_namespace n on n.oid = c.relnamespace",
    "own_namespace": _OWN.format("pg_namespace", "n"),
    "own_proc": _OWN.format("pg_proc", "p"),
    "own_type": _OWN.format("pg_type", "t"),
}
_PHRASES["relation"] = f"{_PHRASES['everywhere']} and {_OWN.format('pg_class', 'c')} and c.relname <> 'alembic_version'"


def snapshot(connection: Connection) -> Snapshot:
    """Describes the database of an open connection that has no transaction under way; changes nothing."""
    cursor = connection.cursor()
    cursor.execute("select set_config('search_path', '', true)")
    found: dict[str, str] = {}
    for kind, query in _QUERIES.items():
        cursor.execute(Template(query).substitute(_PHRASES))
        for name, definition in cursor.fetchall():
            found[f"{kind} {name}"] = _hashed(definition) if kind == "function" else _one_line(definition)
    connection.rollback()
    return dict(sorted(found.items()))


def difference(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """What one has to say to tell `after` from `before`: "+ name: definition", "- name: ...", "~ name: old -> new"."""
    changes = (_change(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys()))
    return tuple(change for change in changes if change)


def _change(name: str, old: str | None, new: str | None) -> str | None:
    if old == new:
        return None
    if old is None:
        return f"+ {name}: {_shown(new or '')}"
    if new is None:
        return f"- {name}: {_shown(old)}"
    return f"~ {name}: {_shown(old)} -> {_shown(new)}"


def _shown(definition: str) -> str:
    return definition if len(definition) <= _SHOWN else f"{definition[:_SHOWN]}... {_digest(definition)}"


def _one_line(definition: str) -> str:
    return " ".join(definition.split())


def _hashed(definition: str) -> str:
    header, _, _ = definition.partition("CREATE ")
    return f"{_one_line(header)} body {_digest(definition)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
