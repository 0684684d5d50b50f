"""Strings that calls build: `.format()`, `.join()`, templates, wrappers that keep the text, helpers of the module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

from tree_sitter import Node

from chunklint.semantics.python.helpers import escapes, returned_values
from chunklint.semantics.python.literals import elements_of, entries_of
from chunklint.semantics.python.names import arguments, local_function, qualified_name
from chunklint.semantics.python.parameters import passed
from chunklint.semantics.python.scopes import reaching
from chunklint.semantics.python.shapes import MAX_LOOPED, MAX_SHAPES, Hole, Parts, Reading, Shape
from chunklint.semantics.python.string_formats import Fillings, fill_braces, fill_dollars, interleave, replace_text

# Calls whose result reads like their first argument: SQL constructs are no strings, but carry one unchanged.
_WRAPPERS = frozenset(
    {
        "builtins.str",
        "builtins.bytes",
        "inspect.cleandoc",
        "psycopg.sql.SQL",
        "psycopg2.sql.SQL",
        "sqlalchemy.DDL",
        "sqlalchemy.schema.DDL",
        "sqlalchemy.sql.expression.text",
        "sqlalchemy.sql.text",
        "sqlalchemy.text",
        "sqlmodel.text",
        "textwrap.dedent",
        "textwrap.indent",
        "typing.cast",
    }
)
# How far a composed statement is followed.
_MAX_COMPOSED = 6
_DOUBLING = ((("'",), ("''",)), (('"',), ('""',)))
_KEEPING_METHODS = frozenset(
    {
        *("strip", "lstrip", "rstrip", "lower", "upper", "casefold", "capitalize", "title", "expandtabs"),
        *("encode", "decode", "removeprefix", "removesuffix", "bindparams", "columns", "execution_options"),
    }
)


def read_call(node: Node, at: Reading) -> Iterable[Shape]:
    """The shapes of a call's result."""
    function = node.child_by_field_name("function")
    if function is None:
        return ()
    if qualified_name(function, at.file) in _WRAPPERS:
        given = arguments(node, at.file)
        position = 1 if qualified_name(function, at.file) == "typing.cast" else 0
        content = given.get("text", position) or given.get("statement")
        return at.deeper().shapes(content) if content is not None else ()
    if (definition := local_function(function, at.file)) is not None:
        return _returned(node, definition, at)
    return _method(node, function, at) if function.type == "attribute" else ()


def _method(node: Node, function: Node, at: Reading) -> Iterable[Shape]:
    receiver, name = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or name is None:
        return ()
    given = arguments(node, at.file)
    match at.file.text(name):
        case "format":
            rest = (*given.splat, *given.double_splat, node)[0]
            fill = _filling if _is_composed(receiver, at) else _plain_filling
            fillings = Fillings(
                [fill(one, at) for one in given.positional] if not given.splat else [],
                {key: fill(value, at) for key, value in given.keywords.items()},
                (Hole(rest),),
            )
            filled = [fill_braces(one.parts, fillings) for one in at.within().shapes(receiver)]
            return [Shape(parts, node) for parts in filled if parts is not None]
        case "join" if len(given.positional) == 1:
            return _join_call(node, receiver, given.positional[0], at)
        case "substitute" | "safe_substitute":
            return _template(node, receiver, at)
        case "replace" if len(given.positional) >= 2:
            return _replace_call(receiver, given.positional, node, at)
        case "get" if given.positional:
            return looked_up(receiver, given.positional[0], at)
        case method if method in _KEEPING_METHODS:
            return at.deeper().shapes(receiver)
    return ()


def _plain_filling(value: Node, at: Reading) -> Parts:
    return at.first(value)


def _filling(value: Node, at: Reading) -> Parts:
    """What a value adds to a composed statement of psycopg, which makes a literal of all that is not composed."""
    return at.first(value) if _is_composed(value, at) else ("NULL",)


def _is_composed(node: Node, at: Reading, depth: int = 0) -> bool:
    """Whether a value is of psycopg's `sql` module: `SQL(...)`, what its methods give, or a name for one."""
    if depth > _MAX_COMPOSED:
        return False
    match node.type:
        case "call" if (function := node.child_by_field_name("function")) is not None:
            if (qualified_name(function, at.file) or "").startswith(("psycopg.sql.", "psycopg2.sql.")):
                return True
            receiver = function.child_by_field_name("object")
            return receiver is not None and _is_composed(receiver, at, depth + 1)
        case "identifier":
            values = [one.value for one in reaching(node, at.file)]
            return any(one is not None and _is_composed(one, at, depth + 1) for one in values)
        case "binary_operator" | "parenthesized_expression" | "conditional_expression":
            return any(_is_composed(one, at, depth + 1) for one in node.named_children)
    return False


def _replace_call(receiver: Node, given: Sequence[Node], node: Node, at: Reading) -> Iterable[Shape]:
    read, old = at.within().shapes(receiver), at.first(given[0])
    if len(old) != 1 or not isinstance(old[0], str):
        return read
    new = at.first(given[1])
    if (old, new) in _DOUBLING and any(isinstance(part, Hole) for one in read for part in one.parts):
        # What is doubled is another value than the one that went in.
        return ()
    with_holes = any(isinstance(part, Hole) for part in new)
    return [Shape(replace_text(one.parts, old[0], new), node if with_holes else one.node) for one in read]


def _template(node: Node, receiver: Node, at: Reading) -> Iterable[Shape]:
    """`Template(text).substitute(...)`, the template given on the spot or in a variable."""
    template: Node | None = receiver
    if receiver.type == "identifier":
        values = [one.value for one in reaching(receiver, at.file)]
        template = values[0] if len(values) == 1 else None
    function = template.child_by_field_name("function") if template is not None and template.type == "call" else None
    if template is None or function is None or qualified_name(function, at.file) != "string.Template":
        return ()
    source, given = arguments(template, at.file).positional, arguments(node, at.file)
    named = {key: at.first(value) for key, value in given.keywords.items()}
    for mapping in given.positional:
        named.update(named_entries(mapping, at))
    fillings = Fillings([], named, (Hole((*given.double_splat, *given.positional, node)[0]),))
    read = at.within().shapes(source[0]) if source else ()
    return [Shape(fill_dollars(one.parts, fillings), node) for one in read]


def _join_call(node: Node, receiver: Node, items: Node, at: Reading) -> Iterable[Shape]:
    separators = at.within().shapes(receiver)
    if not separators:
        return ()
    if items.type in ("list_comprehension", "generator_expression", "set_comprehension"):
        body = items.child_by_field_name("body")
        pieces = [at.piece(body)] if body is not None else []
    elif as_text := at.within().shapes(items):
        pieces = [as_text]
    elif (spelled := elements_of(items, at.file)) is not None:
        pieces = [at.piece(item) for item in spelled]
    else:
        pieces = [(Shape((Hole(items),), items),)]
    chosen = islice(product(*pieces), MAX_SHAPES)
    return [Shape(interleave(separators[0].parts, [one.parts for one in listed]), node) for listed in chosen]


def _returned(call: Node, definition: Node, at: Reading) -> Iterable[Shape]:
    """What a helper of this module returns, its parameters filled with the arguments of the call.

    What a helper that escapes returns is a hole, or the escaping would be lost.
    """
    if definition.id in at.active or escapes(definition, at.file):
        return ()
    given = {**at.given, **dict(_passed_arguments(call, definition, at))}
    inside = replace(at.deeper(), given=given, active=at.active | {definition.id})
    return inside.any_of(returned_values(definition))


def _passed_arguments(call: Node, definition: Node, at: Reading) -> Iterator[tuple[int, tuple[Shape, ...]]]:
    for parameter, argument in passed(call, definition, at.file):
        yield parameter.id, at.piece(argument)


def looked_up(container: Node, key: Node, at: Reading) -> Iterable[Shape]:
    """What a lookup in a dictionary or list of known strings gives: one of them, or any where the key is unknown."""
    values = elements_of(container, at.file, values=True)
    if not values:
        return ()
    wanted = at.within().shapes(key)
    if len(wanted) == 1 and not wanted[0].holes:
        named = [value for name, value in entries_of(container, at.file) if (name,) == wanted[0].parts]
        values = tuple(named) or values
    read = [at.deeper().shapes(value) for value in values[:MAX_LOOPED]]
    return [shape for shapes in read for shape in shapes] if all(read) else ()


def named_entries(dictionary: Node, at: Reading) -> dict[str, Parts]:
    """The entries of a dictionary that is spelled out, as fillings of a template."""
    return {key: at.first(value) for key, value in entries_of(dictionary, at.file) if key is not None}
