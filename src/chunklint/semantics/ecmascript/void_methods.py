"""Methods of the project's own objects that keep a handler: those that return nothing, and those that keep one only.

What returns nothing is ended by another method, or by none. What keeps one handler for each event puts the next one in
its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.declared_types import ENDINGS
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.feeds import origin_of_use
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    function_of,
    is_async,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, bindings, dotted, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.places import Asked
from chunklint.semantics.ecmascript.react import hook_of
from chunklint.semantics.ecmascript.resources import Acquisition

_SUBSCRIBES = frozenset({"subscribe"})
_LISTENS = frozenset({"on", "addListener", "addEventListener", "listen", *_SUBSCRIBES})
# What a component holds that nobody else has made for it.
_OWNED = frozenset({"useState", "useRef", "useMemo"})


@record
class VoidMethod:
    """A method that is asked to keep a handler and hands nothing back.

    Attributes:
        owner: The class, or the object or instance at the top of the module.
        name: Of the method.
        ending: The method beside it that takes a handler away; "" for none.
    """

    owner: str
    name: str
    ending: str


@record
class SlotMethod:
    """A method of a class, object or instance that puts a handler in the place of the one before."""

    owner: str
    name: str


def void_methods(file: SourceFile) -> Iterator[VoidMethod | SlotMethod]:
    """The methods of a file's classes and objects that keep a handler, whose value nobody can call or that keep one."""
    if not any(word in file.content for word in _LISTENS):
        return
    for owner, parts in _owners(file):
        ending = next((name for name in ENDINGS if name in parts), "")
        for name, member in parts.items():
            if name in _SUBSCRIBES and _is_void(file, member):
                yield VoidMethod(owner, name, ending)
            if name in _LISTENS and _is_slot(file, member):
                yield SlotMethod(owner, name)


def _owners(file: SourceFile) -> Iterator[tuple[str, dict[str, Node]]]:
    """The classes at the top of a file, the objects, and the instances of those classes, each with its members."""
    classes = {one.fact.name: dict(members(file, one.node)) for one in definitions(file) if "class" in one.node.type}
    yield from classes.items()
    for found in bindings(file, file.root).values():
        made = unwrap(found.value) if found.kind == "variable" and found.value is not None and not found.keys else None
        if made is None:
            continue
        if made.type == "object":
            yield found.name, dict(_parts(file, made))
        name = _made(made)
        if name is not None and file.text(name) in classes:
            yield found.name, classes[file.text(name)]


def _parts(file: SourceFile, made: Node) -> Iterator[tuple[str, Node]]:
    for part in made.named_children:
        name = part.child_by_field_name("name") or part.child_by_field_name("key")
        if name is not None:
            yield file.text(name), part


def _function(file: SourceFile, member: Node) -> Node | None:
    value = member.child_by_field_name("value")
    if member.type == "method_definition":
        return member
    return function_of(file, value) if value is not None else None


def _is_slot(file: SourceFile, member: Node) -> bool:
    """Whether all that a method does with one of its parameters is to keep it under a name, or under the event."""
    function = _function(file, member)
    kept = {name.id: name for name in _kept(file, function)} if function is not None else {}
    found = [one for name in kept.values() if (one := resolve(file, name)) is not None and one.scope == function]
    return any(all(use.id in kept or _is_asked(use) for use in uses_of(file, one.node)) for one in found)


def _kept(file: SourceFile, function: Node) -> Iterator[Node]:
    """The names that a function stores: `this.handlers[event] = handler`, `this.handlers.set(event, handler)`."""
    for stored in descendants(function, "assignment_expression", stop=FUNCTIONS):
        left, right = stored.child_by_field_name("left"), stored.child_by_field_name("right")
        fields = left is not None and left.type in ("member_expression", "subscript_expression")
        if right is not None and fields and right.type == "identifier":
            yield right
    for call in descendants(function, "call_expression", stop=FUNCTIONS):
        given = arguments_of(call)
        if called_name(file, call) == "set" and receiver_of(call) is not None and len(given) == 2:
            yield from (one for one in given[1:] if one.type == "identifier")


def _is_asked(use: Node) -> bool:
    """Whether a name is only asked for: `if (!handler) return`."""
    around = use.parent
    while around is not None and around.type in ("unary_expression", "parenthesized_expression", "binary_expression"):
        use, around = around, around.parent
    return around is not None and around.type == "if_statement" and around.child_by_field_name("condition") == use


def _is_void(file: SourceFile, member: Node) -> bool:
    function = _function(file, member)
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or body.type != "statement_block" or is_async(function):
        return False
    return not returned(function) and next(descendants(body, "yield_expression", stop=FUNCTIONS), None) is None


def asked_method(file: SourceFile, acquired: Acquisition) -> Asked | None:
    """The method that a listener is given to, of an import or a value of a declared type; None for any other."""
    receiver, method = acquired.receiver, called_name(file, acquired.node)
    if receiver is None or method not in _LISTENS or (method in _SUBSCRIBES and not acquired.returns):
        return None
    root, held = root_of(receiver), dotted(file, receiver)[1:]
    found = resolve(file, root) if root.type == "identifier" and held in ((), ("current",)) else None
    if found is None:
        return None
    hook = hook_of(file, found)
    shared = root if found.scope.type == "program" else None
    name = shared or _declared(found.node) or (_held(hook[1]) if hook is not None else _made(found.value))
    origin = origin_of_use(file, name) if name is not None else None
    if origin is None:
        return None
    own = hook is not None and hook[0] in _OWNED
    return Asked(*origin, method, file.text(receiver), own)


def _held(call: Node) -> Node | None:
    """The class in `useState<Uploader | undefined>()`."""
    types = call.child_by_field_name("type_arguments")
    pending = list(types.named_children) if types is not None else []
    found: list[Node] = []
    while pending:
        one = pending.pop()
        if one.type == "union_type":
            pending += one.named_children
        elif one.type not in ("predefined_type", "literal_type"):
            name = one.child_by_field_name("name") if one.type == "generic_type" else one
            found += [name] if name is not None else []
    return found[0] if len(found) == 1 and found[0].type == "type_identifier" else None


def _declared(name: Node) -> Node | None:
    """The class in `uploader: Uploader`."""
    typed = name.parent.child_by_field_name("type") if name.parent is not None else None
    inner = typed.named_children[0] if typed is not None and typed.named_children else None
    return inner if inner is not None and inner.type == "type_identifier" else None


def _made(value: Node | None) -> Node | None:
    """The class in `new Uploader()`."""
    made = unwrap(value) if value is not None else None
    name = made.child_by_field_name("constructor") if made is not None and made.type == "new_expression" else None
    return name if name is not None and name.type == "identifier" else None
