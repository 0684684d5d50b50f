"""SQLAlchemy's columns, types and constraints, as a migration spells them out, as steps on the schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import md5
from typing import Any

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.column_types import UNKNOWN_SIZE, canonical
from chunklint.semantics.migrations.frames import Frame, argument_of, names_in
from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.step_definitions import (
    EMPTY_TEXT,
    Reference,
    constraint_step,
    default_text,
    doubted,
    plain_name,
    readable,
)
from chunklint.semantics.migrations.steps import Certainty, Step, Verb
from chunklint.semantics.python.literals import elements_of
from chunklint.semantics.python.names import Arguments, arguments, qualified_name
from chunklint.semantics.python.scopes import Kind as BindingKind
from chunklint.semantics.python.scopes import reaching

_CONSTRAINTS = {
    "PrimaryKeyConstraint": "primary key",
    "UniqueConstraint": "unique",
    "ForeignKeyConstraint": "foreign key",
    "CheckConstraint": "check",
    "ExcludeConstraint": "exclude",
}
_MAX_DEPTH = 6
_MAX_IDENTIFIER = 63
# Expressions that may be None as well as a text.
_TYPE_PACKAGES = frozenset({"sqlalchemy", "sqlmodel", "alembic", "builtins"})
_CHOICES = frozenset({"conditional_expression", "boolean_operator"})


@record
class Call:
    """A call of a migration: its arguments, in which run of which function, where, and whether it is sure to run."""

    given: Arguments
    frame: Frame
    place: Location
    certainty: Certainty
    file: PythonFile

    def of(self, node: Node) -> Call:
        """A call among the arguments."""
        return replace(self, given=arguments(node, self.file))

    def step(self, verb: Verb, key: Key | None, *, guarded: bool = False, **more: Any) -> Step:
        """A step of this call."""
        certainty = Certainty.GUARDED if guarded and self.certainty is Certainty.SURE else self.certainty
        return replace(Step(verb, key, self.place, certainty), **more)

    def forget(self, table: str | None = None) -> Step:
        """The step of a call that cannot be read; with a name, only that table is in doubt."""
        return self.step(Verb.FORGET, doubted(table))

    def text(self, node: Node | None) -> str | None:
        """The one text that an expression is; None when it is absent, several, or not known in full."""
        if _is_constant(node) or (node is not None and node.type in _CHOICES):
            return None
        found = names_in(node, self.frame, self.file)
        return found[0] if len(found) == 1 and readable(found[0]) else None

    def template(self, node: Node | None) -> str | None:
        """The text of an expression with its holes; None when there are several."""
        found = names_in(node, self.frame, self.file)
        return found[0] if len(found) == 1 else None

    def on_delete(self) -> str | None:
        """What a foreign key says of rows whose row goes, "" for a refusal, None if it cannot be read."""
        node = self.given.keywords.get("ondelete")
        if node is None or node.type == "none":
            return ""
        text = self.text(node)
        # RESTRICT refuses what NO ACTION refuses, only sooner.
        return text.lower().replace("no action", "").replace("restrict", "") if text is not None else None

    def name(self, keyword: str, position: int | None = None) -> str | None:
        """The text of an argument."""
        return self.text(self.given.get(keyword, position))

    def texts(self, node: Node | None, depth: int = 0) -> tuple[str, ...] | None:
        """The texts in a list, or in several joined by `+` or `*`; None when one of them is no plain text."""
        if node is not None and node.type == "identifier" and (held := argument_of(node, self.frame, self.file)):
            return replace(self, frame=held[1]).texts(held[0], depth + 1)
        if node is not None:
            node = resolved(node, self)
        if node is not None and node.type == "binary_operator" and depth < _MAX_DEPTH:
            sides = [self.texts(side, depth + 1) for side in node.named_children]
            return tuple(one for side in sides for one in side or ()) if None not in sides else None
        if node is not None and any(child.type == "list_splat" for child in node.named_children):
            return self._spread(node, depth)
        elements = elements_of(node, self.file)
        if elements is None:
            return None
        found = [self.text(one) for one in elements]
        return tuple(one for one in found if one is not None) if None not in found else None

    def _spread(self, literal: Node, depth: int) -> tuple[str, ...] | None:
        """The texts of a list that others are spread into."""
        if literal.type not in ("list", "tuple") or depth >= _MAX_DEPTH:
            return None
        found: list[str] = []
        for child in literal.named_children:
            inner = child.named_children[0] if child.type == "list_splat" else None
            text = self.text(child) if inner is None else None
            texts = self.texts(inner, depth + 1) if inner is not None else (text,) if text is not None else None
            if child.type != "comment" and texts is None:
                return None
            found.extend(texts or ())
        return tuple(found)

    def qualified(self, name: str | None, keyword: str = "schema") -> str | None:
        """A table's name with the schema that the call gives; None when one of the two is not known."""
        if name is None or keyword not in self.given.keywords or self.flag(keyword) == "None":
            return name
        schema = self.name(keyword)
        return plain_name(f"{schema}.{name}") if schema is not None else None

    def flag(self, keyword: str) -> str | None:
        """`True`, `False` or `None` as they stand in a keyword, "?" for any other expression; None without one."""
        node = self.given.keywords.get(keyword)
        if node is None:
            return None
        return self.file.text(node) if _is_constant(node) else "?"


def _is_constant(node: Node | None) -> bool:
    return node is not None and node.type in ("true", "false", "none")


def last_name(call: Node, file: PythonFile) -> str:
    """The last part of the name of what is called."""
    function = call.child_by_field_name("function") if call.type == "call" else call
    return file.text(function).rsplit(".", 1)[-1] if function is not None else ""


def resolved(node: Node, call: Call, depth: int = 0) -> Node:
    """The call or expression behind a name, as far as there is only one."""
    if node.type != "identifier" or depth > _MAX_DEPTH:
        return node
    held = argument_of(node, call.frame, call.file)
    if held is not None:
        return resolved(held[0], replace(call, frame=held[1]), depth + 1)
    found = [one for one in reaching(node, call.file) if one.kind is BindingKind.ASSIGNMENT and not one.path]
    return resolved(found[0].value, call, depth + 1) if len(found) == 1 and found[0].value is not None else node


@record
class ColumnType:
    """A column's type: one spelling (None if unknown), and of an enum that is a type of its own its name and labels."""

    spelled: str | None
    enum: str = ""
    labels: tuple[str, ...] | None = ()
    created: bool | None = False


def type_of(node: Node | None, call: Call) -> ColumnType:
    """The type that an expression of SQLAlchemy's types stands for."""
    if node is None:
        return ColumnType(None)
    node = resolved(node, call)
    name = last_name(node, call.file)
    if _is_of_the_application(node, call):
        return ColumnType(None)
    if node.type != "call":
        return ColumnType(canonical(name))
    inner = call.of(node)
    if name in ("Enum", "ENUM"):
        return _enum(name, inner)
    if name in ("DateTime", "TIMESTAMP"):
        flag = inner.flag("timezone")
        return ColumnType({None: "timestamp", "False": "timestamp", "True": "timestamptz"}.get(flag))
    size_node = inner.given.get("length", 0) if name not in ("UUID", "JSON", "JSONB", "Float", "FLOAT") else None
    if name in ("Numeric", "NUMERIC", "DECIMAL", "Decimal"):
        parts = [inner.given.get("precision", 0), inner.given.get("scale", 1)]
        return ColumnType(canonical("numeric", ",".join(call.file.text(one) for one in parts if one is not None)))
    if size_node is not None and size_node.type not in ("integer", "none"):
        return ColumnType(None)
    size = call.file.text(size_node) if size_node is not None and size_node.type == "integer" else ""
    return ColumnType(canonical(name, size))


def _is_of_the_application(node: Node, call: Call) -> bool:
    """Whether a type is imported from elsewhere than SQLAlchemy: `db.Json()` may well be kept as a text."""
    named = node.child_by_field_name("function") if node.type == "call" else node
    qualified = qualified_name(named, call.file) if named is not None else None
    return qualified is not None and "." in qualified and qualified.partition(".")[0] not in _TYPE_PACKAGES


def _enum(name: str, call: Call) -> ColumnType:
    own = call.name("name") if "name" in call.given.keywords else _class_behind(call)
    texts = [call.text(one) for one in call.given.positional]
    if call.flag("native_enum") == "False":
        return _enum_as_text(texts, call)
    if own is None or call.given.double_splat or call.flag("native_enum") == "?":
        return ColumnType(None)
    spread = [call.texts(one) for one in call.given.splat]
    known = [*texts, *(one for found in spread for one in found or (None,))]
    labels = tuple(one for one in known if one is not None) if known and None not in known else None
    flag = call.flag("create_type")
    created: bool | None = flag in (None, "True")
    if flag == "False" and name == "Enum":
        # SQLAlchemy's own Enum takes no such argument; its releases differ in what they make of it.
        created = None
    return ColumnType(f"enum {own}", own, labels, created)


def _class_behind(call: Call) -> str | None:
    """The name that an enum type has from its Python class; None when the labels are given in another way."""
    if len(call.given.positional) != 1 or call.given.splat:
        return None
    given = call.given.positional[0]
    name = qualified_name(given, call.file) if given.type in ("identifier", "attribute") else None
    last = (name or "").rpartition(".")[2]
    return last.lower() if last[:1].isupper() and not last.isupper() else None


def _enum_as_text(labels: list[str | None], call: Call) -> ColumnType:
    """An enum that is no type of its own: a text as long as its longest label."""
    given = call.given.keywords.get("length")
    if given is not None:
        return ColumnType(canonical("varchar", call.file.text(given)) if given.type == "integer" else None)
    known = [one for one in labels if one is not None]
    if call.given.splat or not known or len(known) < len(labels):
        return ColumnType(canonical("varchar", UNKNOWN_SIZE) if labels or call.given.splat else None)
    return ColumnType(canonical("varchar", str(max(map(len, known)))))


def enum_step(found: ColumnType, call: Call, *, guarded: bool) -> Step:
    """The step that creates an enum type."""
    values = tuple(call.step(Verb.CREATE, Key(Kind.VALUE, one, found.enum), made=Made()) for one in found.labels or ())
    made = Made(whole=found.labels is not None, place=call.place)
    return call.step(Verb.CREATE, Key(Kind.TYPE, found.enum), made=made, parts=values, guarded=guarded)


@record
class ReadColumn:
    """A `sa.Column(...)`: the column itself, what comes with it, its type, and whether it is (part of) the key."""

    step: Step
    with_it: tuple[Step, ...]
    type: ColumnType
    primary: bool


def column(node: Node, table: str, call: Call) -> ReadColumn | None:
    """What `sa.Column(...)` stands for; None for anything else, and for a name that is not spelled out."""
    node = resolved(node, call)
    if node.type != "call" or last_name(node, call.file) != "Column":
        return None
    inner = call.of(node)
    name = inner.name("name", 0)
    if name is None:
        return None
    others = [one for one in inner.given.positional[1:] if one.type == "call"]
    extras = {last_name(one, call.file): one for one in others}
    type_node = inner.given.get("type_", 1)
    if type_node is not None and last_name(type_node, call.file) in ("ForeignKey", "Computed", "Identity", "Sequence"):
        type_node = None
    found = type_of(type_node, call)
    primary = inner.flag("primary_key") == "True"
    traits = dict(_column_traits(inner, primary=primary, generated=bool({"Computed", "Identity"} & set(extras))))
    if found.spelled is not None:
        traits["type"] = found.spelled
    uses = (Key(Kind.TYPE, found.enum),) if found.enum else ()
    made = Made(tuple(sorted(traits.items())), uses=uses, place=call.place)
    step = call.step(Verb.CREATE, Key(Kind.COLUMN, name, table), made=made)
    return ReadColumn(step, tuple(_with_column(name, table, inner, extras.get("ForeignKey"))), found, primary)


def _column_traits(call: Call, *, primary: bool, generated: bool) -> Iterator[tuple[str, str]]:
    nullable = call.flag("nullable")
    if primary or nullable == "False":
        yield "nullable", "False"
    elif nullable in (None, "True"):
        yield "nullable", "True"
    if not primary and not generated:
        default = server_default(call)
        if default is not None:
            yield "default", default


def server_default(call: Call) -> str | None:
    """The `server_default` under one spelling, "" when there is none, None when it cannot be read."""
    node = call.given.keywords.get("server_default")
    if node is None or node.type in ("none", "false"):
        return ""
    node, quoted = resolved(node, call), True
    if node.type == "call":
        name, inner = last_name(node, call.file), arguments(node, call.file)
        if name == "text" and inner.positional:
            node, quoted = inner.positional[0], False
        elif name in ("true", "false", "null") and not inner.positional:
            return "" if name == "null" else name
        elif not inner.positional:
            return default_text(f"{name}()")
        else:
            return None
    text = call.text(node)
    if text is None or "nextval" in text:
        # A default from a sequence is how numbered columns look when they are spelled out.
        return None
    return default_text(text) if text or not quoted else EMPTY_TEXT


def _with_column(name: str, table: str, call: Call, reference: Node | None) -> Iterator[Step]:
    bare = call.step(Verb.CREATE, None)
    if reference is not None:
        inner = call.of(reference)
        target = inner.name("column", 0)
        tables = (plain_name(target.rpartition(".")[0]),) if target and "." in target else ()
        named = Reference(tables, inner.on_delete())
        yield _unless_later(constraint_step(bare, inner.name("name"), table, "foreign key", (name,), named), inner)
    unique, indexed = call.flag("unique"), call.flag("index")
    if indexed == "True":
        made = Made((("unique", str(unique == "True")),), table, (name,), guessed=True, place=call.place)
        yield replace(bare, key=Key(Kind.INDEX, shortened(f"ix_{table.replace('.', '_')}_{name}")), made=made)
    elif unique == "True":
        yield constraint_step(bare, None, table, "unique", (name,))


def _unless_later(step: Step, call: Call) -> Step:
    """The step of a foreign key; with `use_alter` SQLAlchemy leaves it for an ALTER, which Alembic never sends."""
    later = call.flag("use_alter") not in (None, "False")
    return replace(step, verb=Verb.FORGET, made=None) if later else step


def shortened(name: str) -> str:
    """A name of SQLAlchemy's own making as it shortens it for PostgreSQL."""
    if len(name) <= _MAX_IDENTIFIER:
        return name
    return f"{name[: _MAX_IDENTIFIER - 8]}_{md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]}"


def table_constraint(node: Node, table: str, call: Call) -> Step | None:
    """What `sa.UniqueConstraint(...)` and its like stand for among the arguments of a table."""
    node = resolved(node, call)
    kind = _CONSTRAINTS.get(last_name(node, call.file)) if node.type == "call" else None
    if kind is None:
        return None
    inner = call.of(node)
    bare = call.step(Verb.CREATE, None)
    named = inner.given.keywords.get("name")
    name = inner.name("name")
    if kind == "foreign key":
        columns = inner.texts(inner.given.get("columns", 0))
        targets = inner.texts(inner.given.get("refcolumns", 1)) or ()
        tables = dict.fromkeys(plain_name(one.rpartition(".")[0]) for one in targets if "." in one)
        reference = Reference(tuple(tables), inner.on_delete())
        return _unless_later(constraint_step(bare, name, table, kind, columns, reference), inner)
    found = [inner.text(one) for one in inner.given.positional] if kind in ("primary key", "unique") else [None]
    columns = tuple(one for one in found if one is not None) if None not in found and not inner.given.splat else None
    step = constraint_step(bare, name, table, kind, columns)
    return None if named is not None and name is None and named.type != "none" else step
