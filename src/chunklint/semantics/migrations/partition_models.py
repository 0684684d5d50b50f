"""Partition keys in Python: `postgresql_partition_by`, `Computed` columns, and keys that are reckoned and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants, enclosing
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.semantics.python.literals import entries_of
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.scopes import Kind, bindings_in, reaching
from chunklint.semantics.python.strings import string_shapes
from chunklint.semantics.sql.partitions import Act, PartitionStep, generated_key, partition_clause

_OPTION = "postgresql_partition_by"
_COLUMNS = frozenset({"Column", "mapped_column"})
# Calls whose result is decided by their arguments and their receiver.
_PURE = frozenset({"abs", "bytes", "divmod", "hash", "int", "len", "ord", "str", "sum", "pow", "from_bytes"})
_PURE_METHODS = frozenset({"digest", "encode", "hex", "hexdigest", "lower", "strip", "upper", "intdigest"})
_PURE_MODULES = frozenset({"hashlib", "zlib", "binascii", "mmh3", "xxhash", "farmhash", "cityhash", "murmurhash"})
_MAX_HOPS = 3

Placed = tuple[PartitionStep, Location]


def python_steps(node: Node, file: PythonFile) -> Iterator[Placed]:
    """The steps that a call, a class or an assignment stands for, each with its place."""
    match node.type:
        case "call":
            yield from _of_call(node, file)
        case "class_definition":
            yield from _of_class(node, file)
        case "assignment":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and left.type == "attribute":
                column = left.child_by_field_name("attribute")
                yield from _written(file.text(column) if column is not None else "", right, file)


def _of_call(call: Node, file: PythonFile) -> Iterator[Placed]:
    function = call.child_by_field_name("function")
    name = file.text(function).rsplit(".", 1)[-1] if function is not None else ""
    given = arguments(call, file)
    if name == "Computed" and given.positional:
        yield from _computed(call, given.positional[0], file)
        return
    if _OPTION in given.keywords:
        yield from _partitioned(
            given.keywords[_OPTION],
            _text(given.positional[0], file) if given.positional else None,
            _alone(given.positional[1:], file),
            file,
        )
    if name == "values" or name[:1].isupper():
        for column, value in given.keywords.items():
            yield from _written(column, value, file)


def _of_class(owner: Node, file: PythonFile) -> Iterator[Placed]:
    bound = bindings_in(owner, file)
    for binding in bound.get("__table_args__", ()):
        if binding.value is None:
            continue
        listed = (
            binding.value.named_children
            if binding.value.type in ("tuple", "parenthesized_expression")
            else [binding.value]
        )
        tables = (_text(one.value, file) for one in bound.get("__tablename__", ()) if one.value is not None)
        table = next(tables, None)
        columns = [one.value for found in bound.values() for one in found if one.value is not None]
        alone = _alone(
            [*listed, *columns],
            file,
            {one.value.id: one.name for found in bound.values() for one in found if one.value is not None},
        )
        for options in listed:
            for key, value in entries_of(options, file) if options.type in ("dictionary", "identifier", "call") else ():
                if key == _OPTION:
                    yield from _partitioned(value, table, alone, file)


def _partitioned(value: Node, table: str | None, alone: frozenset[str], file: PythonFile) -> Iterator[Placed]:
    text = _text(value, file)
    step = partition_clause(text) if text is not None else None
    if step is not None:
        yield replace(step, table=table, alone=alone), file.location(value)


def _alone(
    nodes: list[Node] | tuple[Node, ...], file: PythonFile, named: dict[int, str] | None = None
) -> frozenset[str]:
    """The columns that are the only one of a primary key or a unique constraint."""
    primary: list[str] = []
    unique: list[str] = []
    for node in nodes:
        function = node.child_by_field_name("function") if node.type == "call" else None
        kind = file.text(function).rsplit(".", 1)[-1] if function is not None else ""
        given = arguments(node, file)
        texts = [text for one in given.positional if (text := _text(one, file)) is not None]
        if kind in _COLUMNS:
            name = texts[0] if texts else (named or {}).get(node.id, "")
            flags = {word: file.text(value) == "True" for word, value in given.keywords.items()}
            primary += [name] if flags.get("primary_key") else []
            unique += [name] if flags.get("unique") else []
        elif kind in ("PrimaryKeyConstraint", "UniqueConstraint") and len(texts) == 1:
            unique += texts
    return frozenset(unique + (primary if len(primary) == 1 else []))


def _computed(call: Node, expression: Node, file: PythonFile) -> Iterator[Placed]:
    """The column that `Column("name", Computed("..."))` fills, and its table."""
    outer = enclosing(call, "call")
    function = outer.child_by_field_name("function") if outer is not None else None
    text = _text(expression, file)
    if outer is None or function is None or text is None or file.text(function).rsplit(".", 1)[-1] not in _COLUMNS:
        return
    given = arguments(outer, file).positional
    column = _text(given[0], file) if given else None
    assigned = enclosing(outer, "assignment")
    target = assigned.child_by_field_name("left") if assigned is not None else None
    if column is None and target is not None:
        column = file.text(target)
    row = file.span(call).start_line - 1
    step = PartitionStep(
        Act.GENERATE, row, row, _table_around(outer, file), key=generated_key(text), column=column or "", computed=True
    )
    yield step, file.location(call)


def _table_around(column: Node, file: PythonFile) -> str | None:
    """The table of a column: the first argument of the call around it, or the name of the class around it."""
    for around in ancestors(column):
        if around.type == "call":
            given = arguments(around, file).positional
            return _text(given[0], file) if given else None
        if around.type == "class_definition":
            names = (one.value for one in bindings_in(around, file).get("__tablename__", ()))
            return next((_text(one, file) for one in names if one is not None), None)
    return None


def _text(node: Node, file: PythonFile) -> str | None:
    parts = {shape.parts for shape in string_shapes(node, file)}
    known = parts.pop() if len(parts) == 1 else ()
    return "".join(str(part) for part in known) if known and all(isinstance(part, str) for part in known) else None


def _written(column: str, value: Node, file: PythonFile) -> Iterator[Placed]:
    """A column that Python fills with a value it reckons: `row.partition_key = hash(row.tenant_id) % 16`."""
    key = _decisive(value, file)
    if key:
        row = file.span(value).start_line - 1
        yield PartitionStep(Act.WRITE, row, row, None, key=key, column=column, computed=True), file.location(value)


def _decisive(value: Node, file: PythonFile) -> tuple[str, ...] | None:
    """The names of which alone a remainder is computed; None when it is none, or when something else decides too."""
    found: dict[str, None] = {}
    reckons = False
    pending = [(value, 0)]
    while pending:
        node, hops = pending.pop()
        match node.type:
            case "binary_operator":
                left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
                remainder = any(child.type == "%" for child in node.children)
                reckons = reckons or remainder
                pending.extend((one, hops) for one in ((left,) if remainder else (left, right)) if one is not None)
            case "call":
                if not _is_pure(node, file):
                    return None
                pending.extend((one, hops) for one in _inputs(node, file))
            case "identifier" if (behind := _behind(node, file)) is not None and hops < _MAX_HOPS:
                pending.append((behind, hops + 1))
            case "identifier" | "attribute":
                found[file.text(node).rsplit(".", 1)[-1]] = None
            case "subscript" if (item := node.child_by_field_name("subscript")) is not None and item.type == "string":
                found[_text(item, file) or ""] = None
            case "parenthesized_expression" | "unary_operator":
                pending.append((node.named_children[0], hops))
            case "string":
                held = [one.named_children[0] for one in descendants(node, "interpolation") if one.named_children]
                pending.extend((one, hops) for one in held)
            case "integer" | "float":
                continue
            case _:
                return None
    return tuple(found) if reckons else None


def _is_pure(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    if function is None:
        return False
    name = file.text(function).rsplit(".", 1)[-1]
    module = (qualified_name(function, file) or "").partition(".")[0]
    return name in _PURE_METHODS or module in _PURE_MODULES or (name in _PURE and module in ("builtins", ""))


def _inputs(call: Node, file: PythonFile) -> Iterator[Node]:
    """What decides the result of a pure call: its first argument, else the object whose method it is."""
    function = call.child_by_field_name("function")
    given = arguments(call, file).positional
    method = function is not None and file.text(function).rsplit(".", 1)[-1] in _PURE_METHODS
    receiver = function.child_by_field_name("object") if function is not None and method else None
    if receiver is not None:
        yield receiver
    elif given:
        yield given[0]


def _behind(identifier: Node, file: PythonFile) -> Node | None:
    """What a local variable holds, when one assignment says it."""
    found = reaching(identifier, file)
    if len(found) != 1 or found[0].kind is not Kind.ASSIGNMENT or found[0].path or found[0].value is None:
        return None
    return found[0].value
