"""Collections as the code spells them out: the elements of a list, the entries of a dictionary, a place in a tuple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import arguments, attributes_of_self, qualified_name
from chunklint.semantics.python.scopes import Binding, Kind, reaching, resolve

_SEQUENCES = frozenset({"list", "tuple", "set", "expression_list"})
_SAME_ELEMENTS = frozenset(
    f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")
)
_EMPTY = frozenset({"builtins.list", "builtins.dict", "builtins.set", "builtins.tuple"})
_MAX_DEPTH = 8


def element_at(value: Node, path: tuple[int, ...]) -> Node | None:
    """The expression at a position of nested tuples or lists, outermost first; None where none is spelled out."""
    for position in path:
        items = value.named_children if value.type in _SEQUENCES else []
        if position >= len(items) or any(item.type == "list_splat" for item in items):
            return None
        value = items[position]
    return value


def elements_of(node: Node | None, file: PythonFile, *, values: bool = False) -> tuple[Node, ...] | None:
    """The elements of a collection that the code spells out, on the spot or behind a name; None when it does not.

    A dictionary's elements are its keys, or its values on request; `.keys()` and `.values()` are understood. What
    statements put into a named collection is among its elements.
    """
    if node is not None and (view := _view(node, file)) is not None:
        node, values = view
    literals = _literals(node, file, 0)
    if node is None or literals is None:
        return None
    spelled = [element for literal in literals for element in _elements(literal, values=values)]
    if any(literal.type == "dictionary" for literal in literals):
        return (*spelled, *entered_into(node, file, values=values))
    return (*spelled, *mutations_of(node, file))


def _elements(literal: Node, *, values: bool) -> Iterator[Node]:
    for child in literal.named_children:
        if child.type == "pair":
            found = child.child_by_field_name("value" if values else "key")
            if found is not None:
                yield found
        elif child.type not in ("comment", "list_splat", "dictionary_splat"):
            yield child


def _view(node: Node, file: PythonFile) -> tuple[Node, bool] | None:
    """For `d.keys()` and `d.values()` the dictionary, and whether its values are meant."""
    function = node.child_by_field_name("function") if node.type == "call" else None
    owner = function.child_by_field_name("object") if function is not None else None
    if function is None or owner is None or arguments(node, file).positional:
        return None
    method = file.text(function).rsplit(".", 1)[-1]
    return (owner, method == "values") if method in ("keys", "values") else None


def entries_of(node: Node, file: PythonFile) -> tuple[tuple[str | None, Node], ...]:
    """The entries of a dictionary that the code spells out; the key is None where it is no plain string."""
    literals = _literals(node, file, 0) or ()
    children = [child for literal in literals if literal.type == "dictionary" for child in literal.named_children]
    pairs = [(child.child_by_field_name("key"), child.child_by_field_name("value")) for child in children]
    return tuple((_plain_key(key, file), value) for key, value in pairs if key is not None and value is not None)


def _plain_key(key: Node, file: PythonFile) -> str | None:
    if key.type != "string" or any(child.type == "interpolation" for child in key.named_children):
        return None
    return "".join(file.text(child) for child in key.named_children if child.type == "string_content")


def _literals(node: Node | None, file: PythonFile, depth: int) -> tuple[Node, ...] | None:
    """The literal collections that an expression may be: through names, `self`, and functions that keep the elements.

    None when it may be anything else.
    """
    if node is None or depth > _MAX_DEPTH:
        return None
    match node.type:
        case "parenthesized_expression" if node.named_children:
            return _literals(node.named_children[0], file, depth + 1)
        case "identifier":
            return _bound_literals(reaching(node, file), file, depth)
        case "attribute":
            return _bound_literals(attributes_of_self(node, file), file, depth)
        case "call":
            function, given = node.child_by_field_name("function"), arguments(node, file).positional
            name = qualified_name(function, file) if function is not None else None
            if name in _EMPTY and not arguments(node, file).keywords and not given:
                return ()
            return _literals(given[0], file, depth + 1) if name in _SAME_ELEMENTS and given else None
    return (node,) if node.type in _SEQUENCES or node.type == "dictionary" else None


def _bound_literals(bindings: tuple[Binding, ...], file: PythonFile, depth: int) -> tuple[Node, ...] | None:
    if any(one.kind not in (Kind.ASSIGNMENT, Kind.AUGMENTED) or one.path for one in bindings):
        return None
    plain = [_literals(one.value, file, depth + 1) for one in bindings if one.kind is Kind.ASSIGNMENT]
    if not plain or any(one is None for one in plain):
        return None
    return tuple(literal for found in plain if found is not None for literal in found)


def mutations_of(node: Node, file: PythonFile) -> tuple[Node, ...]:
    """What statements put into the list that a name holds: `append`, `insert`, `extend` and `+=`, in source order."""
    if node.type != "identifier":
        return ()
    bindings = resolve(node, file)
    added: list[Node] = []
    for method, receiver, given in _mutations(file).get(file.text(node), ()):
        if resolve(receiver, file) != bindings:
            continue
        items = given[-1:] if method in ("append", "insert", "add", "appendleft") else _spread(given)
        added.extend(items)
    added.extend(item for one in bindings if one.kind is Kind.AUGMENTED and one.value for item in _spread((one.value,)))
    return tuple(sorted(added, key=lambda item: item.start_byte))


def entered_into(node: Node, file: PythonFile, *, values: bool) -> tuple[Node, ...]:
    """The keys or values that statements such as `d[key] = value` put into the dictionary that a name holds."""
    if node.type != "identifier":
        return ()
    bindings = resolve(node, file)
    entered = (one for one in _entered(file).get(file.text(node), ()) if resolve(one[0], file) == bindings)
    return tuple(value if values else key for _, key, value in entered)


def _entered(file: PythonFile) -> Mapping[str, list[tuple[Node, Node, Node]]]:
    def collect() -> dict[str, list[tuple[Node, Node, Node]]]:
        query = "(assignment left: (subscript value: (identifier) @owner subscript: (_) @key) right: (_) @value)"
        found: dict[str, list[tuple[Node, Node, Node]]] = {}
        for _, captures in PYTHON.matches(file, (query,)):
            owner, key, value = (captures[name][0] for name in ("owner", "key", "value"))
            found.setdefault(file.text(owner), []).append((owner, key, value))
        return found

    return file.remember("entered", collect)


def _spread(given: tuple[Node, ...]) -> tuple[Node, ...]:
    """The items that `extend` adds: those of a literal, the body of a comprehension, else the iterable itself."""
    if not given:
        return ()
    iterable = given[0]
    if iterable.type in _SEQUENCES:
        return tuple(iterable.named_children)
    body = iterable.child_by_field_name("body") if iterable.type.endswith(("comprehension", "expression")) else None
    return (body,) if body is not None else (iterable,)


def _mutations(file: PythonFile) -> Mapping[str, list[tuple[str, Node, tuple[Node, ...]]]]:
    def collect() -> dict[str, list[tuple[str, Node, tuple[Node, ...]]]]:
        query = (
            "(call function: (attribute object: (identifier) @receiver attribute: (identifier) @method "
            '(#any-of? @method "append" "insert" "extend" "add" "appendleft" "update"))) @call'
        )
        found: dict[str, list[tuple[str, Node, tuple[Node, ...]]]] = {}
        for _, captures in PYTHON.matches(file, (query,)):
            receiver = captures["receiver"][0]
            entry = file.text(captures["method"][0]), receiver, arguments(captures["call"][0], file).positional
            found.setdefault(file.text(receiver), []).append(entry)
        return found

    return file.remember("mutations", collect)
