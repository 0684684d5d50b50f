"""The shape of a string: what of it is known text and what is a hole that some expression fills."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, product

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.literals import element_at, elements_of
from chunklint.semantics.python.names import attributes_of_self
from chunklint.semantics.python.scopes import Binding, Kind, attribute_bindings, exclusive, reaching, resolve
from chunklint.semantics.python.shapes import MAX_SHAPES, Hole, Parts, Reading, Shape, joined_text
from chunklint.semantics.python.string_calls import looked_up, named_entries, read_call
from chunklint.semantics.python.string_formats import Fillings, fill_percent

__all__ = ["Hole", "Shape", "string_shapes"]


def string_shapes(node: Node, file: PythonFile) -> tuple[Shape, ...]:
    """The ways an expression may look as a string, at most a few; () when it is not known to be a string.

    Known: literals and implicit concatenation, f-strings, `+`, `%`, `.format()`, `.join()`, `string.Template`,
    `textwrap.dedent` and other calls that keep the text (SQLAlchemy's `text()` too), variables (every binding that may
    reach), strings built by `+=` over several statements, and helpers of the same module that return one. A variable
    of a loop over literals is its elements when it is the whole string, and a hole within a larger one.
    """
    return file.remember(("shapes", node.id), partial(Reading(file, _read).shapes, node))


def _read(node: Node, at: Reading) -> Iterable[Shape]:
    match node.type:
        case "string":
            return _string(node, at)
        case "concatenated_string":
            literals = [child for child in node.named_children if child.type == "string"]
            return _joined([at.within().shapes(child) for child in literals], node)
        case "binary_operator":
            return _operator(node, at)
        case "parenthesized_expression" | "await" | "named_expression" if node.named_children:
            return at.deeper().shapes(node.named_children[-1])
        case "conditional_expression" if len(node.named_children) == 3:
            first, _, last = node.named_children
            return at.any_of((first, last))
        case "boolean_operator":
            return at.any_of(node.named_children)
        case "identifier":
            return _name(node, at)
        case "attribute":
            return _attribute(node, at)
        case "subscript":
            return _lookup(node, at)
        case "call":
            return read_call(node, at)
    return ()


def _joined(pieces: Sequence[tuple[Shape, ...]], node: Node) -> Iterator[Shape]:
    """Every combination of the alternatives of each piece, up to the bound."""
    for chosen in islice(product(*pieces), MAX_SHAPES):
        yield Shape(joined_text(part for shape in chosen for part in shape.parts), node)


def _string(node: Node, at: Reading) -> Iterable[Shape]:
    prefix = at.file.text(node.children[0]).rstrip("'\"").lower() if node.children else ""
    pieces: list[tuple[Shape, ...]] = []
    for child in node.named_children:
        if child.type == "string_content":
            text = _content(child, prefix, at.file)
            pieces.append((Shape((text,), node),))
        elif child.type == "interpolation":
            pieces.append(_interpolation(child, at))
    return _joined(pieces, node)


def _interpolation(node: Node, at: Reading) -> tuple[Shape, ...]:
    expression = node.child_by_field_name("expression") or (node.named_children[0] if node.named_children else None)
    if expression is None:
        return ()
    converted = any(child.type == "type_conversion" and at.file.text(child) != "!s" for child in node.named_children)
    if converted or any(child.type == "format_specifier" for child in node.named_children):
        return (Shape((Hole(expression),), expression),)
    return at.piece(expression)


def _content(node: Node, prefix: str, file: PythonFile) -> str:
    """The text that a part of a literal stands for."""
    formatted, raw = ("f" in prefix or "t" in prefix), "r" in prefix
    text: list[str] = []
    end = node.start_byte
    for child in node.children:
        text.append(file.source[end : child.start_byte].decode("utf-8", "replace"))
        end = child.end_byte
        written = file.text(child)
        if child.type == "escape_interpolation" and formatted:
            text.append(written[0])
        elif child.type == "escape_sequence" and not raw:
            text.append(_unescaped(written))
        else:
            text.append(written)
    text.append(file.source[end : node.end_byte].decode("utf-8", "replace"))
    return "".join(text)


def _unescaped(escape: str) -> str:
    if escape in ("\\\n", "\\\r\n"):
        return ""
    try:
        return str(ast.literal_eval(f'"{escape}"' if escape != '\\"' else "'\\\"'"))
    except (SyntaxError, ValueError):
        return escape


def _operator(node: Node, at: Reading) -> Iterable[Shape]:
    operator, left, right = (node.child_by_field_name(name) for name in ("operator", "left", "right"))
    if operator is None or left is None or right is None:
        return ()
    match at.file.text(operator):
        case "+":
            operands = _summands(node, at.file)
            if not any(at.within().shapes(operand) for operand in operands):
                return ()
            return _joined([at.piece(operand) for operand in operands], node)
        case "*":
            return at.within().shapes(left) or at.within().shapes(right)
        case "%":
            fillings = _percent_fillings(right, at)
            return [Shape(fill_percent(one.parts, fillings), node) for one in at.within().shapes(left)]
    return ()


def _summands(node: Node, file: PythonFile) -> list[Node]:
    """The operands of `a + b + c`, in order, without recursion."""
    operands: list[Node] = []
    current: Node | None = node
    while current is not None and current.type == "binary_operator":
        operator, right = current.child_by_field_name("operator"), current.child_by_field_name("right")
        if operator is None or right is None or file.text(operator) != "+":
            break
        operands.append(right)
        current = current.child_by_field_name("left")
    if current is not None:
        operands.append(current)
    return operands[::-1]


def _percent_fillings(right: Node, at: Reading) -> Fillings:
    if right.type == "parenthesized_expression" and right.named_children:
        right = right.named_children[0]
    unknown: Parts = (Hole(right),)
    if right.type == "tuple":
        return Fillings([at.first(child) for child in right.named_children], {}, unknown)
    if right.type == "dictionary":
        return Fillings([], named_entries(right, at), unknown)
    return Fillings([at.first(right)], {}, unknown)


def _name(node: Node, at: Reading) -> Iterable[Shape]:
    """What the bindings of a name make of it, in source order; `+=` adds to what came before."""
    ways: list[tuple[Shape, Node]] = []
    known = False
    for binding in reaching(node, at.file):
        if binding.node.id in at.active:
            continue
        shapes = _bound(binding, at)
        known = known or bool(shapes)
        if binding.kind is Kind.AUGMENTED:
            ways = _augmented(ways, binding, shapes, node)
        elif shapes:
            ways.extend((shape, binding.node) for shape in shapes)
        elif binding.value is None or binding.value.type != "none":
            hole = binding.value if binding.value is not None and not binding.path else node
            ways.append((Shape((Hole(hole if binding.kind is Kind.ASSIGNMENT else node),), node), binding.node))
    return [_behind(node, shape) for shape, _ in ways] if known else ()


def _behind(name: Node, shape: Shape) -> Shape:
    if not shape.holes:
        return shape
    parts = (part if isinstance(part, str) else replace(part, via=(name, *part.via)) for part in shape.parts)
    return replace(shape, parts=tuple(parts))


def _bound(binding: Binding, at: Reading) -> tuple[Shape, ...]:
    """The shapes that a binding gives, () when it gives no known string."""
    if binding.node.id in at.given:
        return at.given[binding.node.id]
    if binding.value is None:
        return ()
    inside = replace(at.deeper(), active=at.active | {binding.node.id})
    match binding.kind:
        case Kind.ASSIGNMENT | Kind.AUGMENTED:
            value = element_at(binding.value, binding.path)
            return inside.shapes(value) if value is not None else ()
        case Kind.LOOP if at.whole:
            items = (element_at(item, binding.path) for item in elements_of(binding.value, at.file) or ())
            return tuple(shape for item in items if item is not None for shape in inside.shapes(item))
    return ()


def _augmented(
    ways: list[tuple[Shape, Node]], binding: Binding, added: tuple[Shape, ...], use: Node
) -> list[tuple[Shape, Node]]:
    """The ways after `name += added`: all of them when control must pass it, else with and without."""
    pieces = added or (Shape((Hole(binding.value or binding.node),), binding.node),)
    result: list[tuple[Shape, Node]] = []
    for shape, last in ways:
        if exclusive(last, binding.node):
            result.append((shape, last))
            continue
        if not (_passed(binding.node, use) or _passed(binding.node, last)):
            result.append((shape, last))
        result.extend(
            (Shape(joined_text((*shape.parts, *one.parts)), _telling(shape, one)), binding.node) for one in pieces
        )
    return result[: MAX_SHAPES * 2]


def _telling(shape: Shape, added: Shape) -> Node:
    """Where a string that grows is built: where its first hole comes in."""
    return added.node if added.holes and not shape.holes else shape.node


def _passed(statement: Node, other: Node) -> bool:
    """Whether the block that holds the statement also holds the other place."""
    block = next((around for around in ancestors(statement) if around.type in ("block", "module")), None)
    return block is not None and any(around == block for around in ancestors(other))


def _attribute(node: Node, at: Reading) -> Iterable[Shape]:
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
    if owner is None or name is None:
        return ()
    if at.file.text(name) == "value" and owner.type == "attribute":
        return at.deeper().shapes(owner)
    found = attributes_of_self(node, at.file)
    if not found and owner.type == "identifier":
        classes = [one.value for one in resolve(owner, at.file) if one.kind is Kind.CLASS and one.value is not None]
        found = attribute_bindings(classes[0], at.file.text(name), at.file) if len(classes) == 1 else ()
    read = [_bound(one, at) for one in found if one.node.id not in at.active and one.kind is Kind.ASSIGNMENT]
    return [shape for shapes in read for shape in shapes] if read and all(read) else ()


def _lookup(node: Node, at: Reading) -> Iterable[Shape]:
    """`TABLE[key]` in a dictionary or list of known strings."""
    container, key = node.child_by_field_name("value"), node.child_by_field_name("subscript")
    return looked_up(container, key, at) if container is not None and key is not None else ()
