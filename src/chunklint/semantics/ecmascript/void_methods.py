"""Methods of the project's own objects that keep a handler and return nothing: another method ends that, or none."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.feeds import origin_of_use
from chunklint.semantics.ecmascript.functions import called_name, function_of, is_async, returned
from chunklint.semantics.ecmascript.names import FUNCTIONS, bindings, resolve, unwrap
from chunklint.semantics.ecmascript.places import Asked
from chunklint.semantics.ecmascript.resources import Acquisition

_SUBSCRIBES = frozenset({"subscribe"})
_ENDINGS = ("unsubscribe", "off", "removeListener", "removeSubscriber", "removeHandler", "remove")


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


def void_methods(file: SourceFile) -> Iterator[VoidMethod]:
    """The methods that subscribe, of the classes and objects of a file, whose value nobody can call."""
    if not any(word in file.content for word in _SUBSCRIBES):
        return
    for owner, parts in _owners(file):
        ending = next((name for name in _ENDINGS if name in parts), "")
        for name, member in parts.items():
            if name in _SUBSCRIBES and _is_void(file, member):
                yield VoidMethod(owner, name, ending)


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


def _is_void(file: SourceFile, member: Node) -> bool:
    value = member.child_by_field_name("value")
    function = member if member.type == "method_definition" else function_of(file, value) if value is not None else None
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or body.type != "statement_block" or is_async(function):
        return False
    return not returned(function) and next(descendants(body, "yield_expression", stop=FUNCTIONS), None) is None


def asked_method(file: SourceFile, acquired: Acquisition) -> Asked | None:
    """The method that a subscription calls, of an import or a value of a declared type; None for any other."""
    receiver = acquired.receiver
    if not acquired.returns or receiver is None or called_name(file, acquired.node) not in _SUBSCRIBES:
        return None
    found = resolve(file, unwrap(receiver)) if unwrap(receiver).type == "identifier" else None
    if found is None:
        return None
    shared = unwrap(receiver) if found.scope.type == "program" else None
    name = shared or _declared(found.node) or _made(found.value)
    origin = origin_of_use(file, name) if name is not None else None
    return Asked(*origin, called_name(file, acquired.node), file.text(receiver)) if origin is not None else None


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
