"""Methods of the project's own classes that keep a handler and return nothing: there is no unsubscribe to call."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.definitions import definitions, members
from chunklint.semantics.ecmascript.feeds import origin_of_use
from chunklint.semantics.ecmascript.functions import called_name, function_of, is_async, returned
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve, unwrap
from chunklint.semantics.ecmascript.resources import Acquisition

_SUBSCRIBES = frozenset({"subscribe"})


@record
class VoidMethod:
    """A method of a class that is asked to keep a handler and hands nothing back."""

    owner: str
    name: str


def void_methods(file: SourceFile) -> Iterator[VoidMethod]:
    """The methods that subscribe, of the classes of a file, whose value nobody can call."""
    if not any(word in file.content for word in _SUBSCRIBES):
        return
    for one in definitions(file):
        for name, member in members(file, one.node) if "class" in one.node.type else ():
            if name in _SUBSCRIBES and _is_void(file, member):
                yield VoidMethod(one.fact.name, name)


def _is_void(file: SourceFile, member: Node) -> bool:
    value = member.child_by_field_name("value")
    function = member if member.type == "method_definition" else function_of(file, value) if value is not None else None
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or body.type != "statement_block" or is_async(function):
        return False
    return not returned(function) and next(descendants(body, "yield_expression", stop=FUNCTIONS), None) is None


def asked_class(file: SourceFile, acquired: Acquisition) -> tuple[str, str, str] | None:
    """Module, class and method of a subscription on a value of a declared type; None where nothing declares it."""
    receiver = acquired.receiver
    if not acquired.returns or receiver is None or called_name(file, acquired.node) not in _SUBSCRIBES:
        return None
    found = resolve(file, unwrap(receiver)) if unwrap(receiver).type == "identifier" else None
    if found is None:
        return None
    name = _declared(found.node) or _made(found.value)
    origin = origin_of_use(file, name) if name is not None else None
    return (*origin, called_name(file, acquired.node)) if origin is not None else None


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
