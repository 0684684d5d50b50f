"""State that several tasks may share in a Python file: attributes of a class, globals that functions change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants, enclosing
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.scopes import bindings_in, resolve

_NESTED_CLASS = frozenset({"class_definition"})
_NESTED = frozenset({"class_definition", "function_definition", "lambda"})


class Shape(StrEnum):
    """What kind of thing a state holds."""

    SINGLE = "one value"
    SEQUENCE = "a sequence"
    MAPPING = "a mapping"
    SET = "a set"


_MADE_BY = {
    "list": Shape.SEQUENCE,
    "deque": Shape.SEQUENCE,
    "dict": Shape.MAPPING,
    "defaultdict": Shape.MAPPING,
    "OrderedDict": Shape.MAPPING,
    "WeakValueDictionary": Shape.MAPPING,
    "WeakKeyDictionary": Shape.MAPPING,
    "Counter": Shape.MAPPING,
    "TTLCache": Shape.MAPPING,
    "LRUCache": Shape.MAPPING,
    "set": Shape.SET,
    "WeakSet": Shape.SET,
}
_ANNOTATED = {
    **_MADE_BY,
    "List": Shape.SEQUENCE,
    "Deque": Shape.SEQUENCE,
    "Dict": Shape.MAPPING,
    "DefaultDict": Shape.MAPPING,
    "MutableMapping": Shape.MAPPING,
    "Set": Shape.SET,
    "MutableSet": Shape.SET,
}
_LITERALS = {
    "list": Shape.SEQUENCE,
    "list_comprehension": Shape.SEQUENCE,
    "dictionary": Shape.MAPPING,
    "dictionary_comprehension": Shape.MAPPING,
    "set": Shape.SET,
    "set_comprehension": Shape.SET,
}

_SETS = re.compile(r"\.setter$")


@record
class States:
    """The states of one class (`owner`), or of the module (None).

    Attributes:
        shapes: Shape by the state's name as messages spell it: "self.clients", "CLIENTS".
        of_class: Those that all instances share, since the class body makes them.
        methods: The functions of the class or module by name.
        properties: Which of the methods are read like attributes.
    """

    owner: Node | None
    shapes: Mapping[str, Shape]
    of_class: frozenset[str]
    methods: Mapping[str, Node]
    properties: frozenset[str]

    def state_of(self, node: Node, file: PythonFile) -> str | None:
        """The name of the state that an expression is, or None."""
        if self.owner is None:
            is_global = node.type == "identifier" and file.text(node) in self.shapes and _is_global(node, file)
            return file.text(node) if is_global else None
        if node.type != "attribute" or receiver_of_self(node, file) is None:
            return None
        name = f"self.{attribute_name(node, file)}"
        return name if name in self.shapes else None

    def method_of(self, callee: Node, file: PythonFile) -> Node | None:
        """The function of the class or module that an expression names."""
        if self.owner is None:
            return self.methods.get(file.text(callee)) if callee.type == "identifier" else None
        if callee.type == "attribute" and receiver_of_self(callee, file) is not None:
            return self.methods.get(attribute_name(callee, file))
        return None


def receiver_of_self(attribute: Node, file: PythonFile) -> Node | None:
    """The `self` or `cls` of an attribute."""
    receiver = attribute.child_by_field_name("object")
    if receiver is None or receiver.type != "identifier" or file.text(receiver) not in ("self", "cls"):
        return None
    return receiver


def attribute_name(attribute: Node, file: PythonFile) -> str:
    """The last name of `a.b.c`."""
    name = attribute.child_by_field_name("attribute")
    return file.text(name) if name is not None else ""


def states_of_class(owner: Node, file: PythonFile) -> States:
    """The attributes that methods of a class assign to, and those that its body makes."""
    return file.remember(("states", owner.id), partial(_of_class, owner, file))


def states_of_module(file: PythonFile) -> States:
    """The module's containers, and the globals that functions assign to."""
    return file.remember("states", partial(_of_module, file))


def _of_class(owner: Node, file: PythonFile) -> States:
    shapes: dict[str, Shape] = {}
    for target, kind, value in _assigned(owner):
        if target.type == "attribute" and receiver_of_self(target, file) is not None:
            _note_shape(shapes, f"self.{attribute_name(target, file)}", kind, value, file)
    body = owner.child_by_field_name("body")
    of_class = set()
    for target, kind, value in _assigned_directly(body) if body is not None else ():
        if target.type == "identifier":
            name = f"self.{file.text(target)}"
            made_anew = name in shapes
            _note_shape(shapes, name, kind, value, file)
            if not made_anew and value is not None:
                of_class.add(name)
    methods, properties = _functions(body, file) if body is not None else ({}, frozenset())
    # What a setter does with a value is seen in the setter.
    own = {f"self.{name}" for name, one in methods.items() if any(_SETS.search(it) for it in decorators(one, file))}
    shapes = {state: shape for state, shape in shapes.items() if state not in own}
    return States(owner, shapes, frozenset(of_class), methods, properties)


def _of_module(file: PythonFile) -> States:
    shapes: dict[str, Shape] = {}
    for target, kind, value in _assigned_directly(file.root):
        if target.type == "identifier":
            _note_shape(shapes, file.text(target), kind, value, file)
    declared = {
        file.text(name) for statement in descendants(file.root, "global_statement") for name in statement.named_children
    }
    kept = {name: shape for name, shape in shapes.items() if shape is not Shape.SINGLE or name in declared}
    functions, _ = _functions(file.root, file)
    return States(None, kept, frozenset(kept), functions, frozenset())


def _note_shape(shapes: dict[str, Shape], name: str, kind: Node | None, value: Node | None, file: PythonFile) -> None:
    found = shape_of(kind, value, file)
    if shapes.get(name, Shape.SINGLE) is Shape.SINGLE:
        shapes[name] = found


def shape_of(annotation: Node | None, value: Node | None, file: PythonFile) -> Shape:
    """What an annotation or a first value says that a name holds."""
    if annotation is not None:
        head = file.text(annotation).partition("[")[0].rpartition(".")[2].strip("'\" ")
        if head in _ANNOTATED:
            return _ANNOTATED[head]
    if value is None:
        return Shape.SINGLE
    if value.type in _LITERALS:
        return _LITERALS[value.type]
    function = value.child_by_field_name("function") if value.type == "call" else None
    if function is None:
        return Shape.SINGLE
    name = file.text(function).rpartition(".")[2]
    if name == "field":
        text = file.text(value)
        return next((one for word, one in _MADE_BY.items() if f"default_factory={word}" in text), Shape.SINGLE)
    return _MADE_BY.get(name.partition("[")[0], Shape.SINGLE)


def _assigned(scope: Node) -> Iterator[tuple[Node, Node | None, Node | None]]:
    """Targets of assignments below a node with their annotation and value; nested classes are left out."""
    for node in descendants(scope, "assignment", "augmented_assignment", stop=_NESTED_CLASS):
        yield from _targets(node)


def _assigned_directly(body: Node) -> Iterator[tuple[Node, Node | None, Node | None]]:
    for node in descendants(body, "assignment", stop=_NESTED):
        yield from _targets(node)


def _targets(assignment: Node) -> Iterator[tuple[Node, Node | None, Node | None]]:
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    kind = assignment.child_by_field_name("type")
    if left is None:
        return
    if left.type in ("pattern_list", "tuple_pattern"):
        yield from ((child, None, None) for child in left.named_children)
    else:
        yield left, kind, right


def _functions(body: Node, file: PythonFile) -> tuple[dict[str, Node], frozenset[str]]:
    functions: dict[str, Node] = {}
    properties: set[str] = set()
    for child in body.named_children:
        definition = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
        if definition is None or definition.type != "function_definition":
            continue
        name = definition.child_by_field_name("name")
        if name is None:
            continue
        functions[file.text(name)] = definition
        if any("property" in decorator for decorator in decorators(definition, file)):
            properties.add(file.text(name))
    return functions, frozenset(properties)


def decorators(definition: Node, file: PythonFile) -> tuple[str, ...]:
    """The decorators of a definition as the code spells them, without the `@`."""
    around = definition.parent
    if around is None or around.type != "decorated_definition":
        return ()
    return tuple(file.text(child)[1:].strip() for child in around.named_children if child.type == "decorator")


def _is_global(name: Node, file: PythonFile) -> bool:
    found = resolve(name, file)
    of_module = bindings_in(file.root, file).get(file.text(name), [])
    return bool(found) and bool(of_module) and found[0].node.id == of_module[0].node.id


def class_of(function: Node) -> Node | None:
    """The class that a function is a method of."""
    inner = function.parent
    while inner is not None and inner.type in ("decorated_definition", "block"):
        inner = inner.parent
    return inner if inner is not None and inner.type == "class_definition" else None


def name_of(definition: Node | None, file: PythonFile) -> str:
    """The name of a definition."""
    name = definition.child_by_field_name("name") if definition is not None else None
    return file.text(name) if name is not None else ""


def is_module_level(node: Node) -> bool:
    """Whether a node runs when its module is imported."""
    return enclosing(node, "function_definition", "lambda", "class_definition") is None
