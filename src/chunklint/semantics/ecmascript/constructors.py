"""Objects that an effect makes of classes of the application, and whether anything ends them."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of
from chunklint.semantics.ecmascript.lifetimes import given_back_on_unmount, handle_of
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap, wrapped
from chunklint.semantics.ecmascript.react import Effect

ENDINGS = (
    "close",
    "stop",
    "disconnect",
    "terminate",
    "destroy",
    "dispose",
    "abort",
    "unsub",
    "end",
    "off",
    "remove",
    "release",
    "cancel",
    "clear",
    "teardown",
    "shutdown",
    "kill",
    "leave",
    "quit",
    "free",
)
"""How the names of methods begin that end things, in small letters."""
_TAKES = frozenset(
    {
        "arguments",
        "arrow_function",
        "jsx_expression",
        "object",
        "pair",
        "return_statement",
        "spread_element",
        "variable_declarator",
    }
)


def constructed(file: SourceFile, effect: Effect, node: Node) -> tuple[str, str] | None:
    """Module ("" for this file) and name of the class that an effect makes one of, when nothing could end it."""
    callee = callee_of(node)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    if found is None or found.kind not in ("import", "class") or _may_end(file, effect, node):
        return None
    return (found.module, found.imported) if found.kind == "import" else ("", found.name)


def ending_method(file: SourceFile, method: Node) -> str:
    """The name of the first method of the same class that ends something, told by its name; "" without one."""
    body = method.parent
    found = members(file, body.parent) if body is not None and body.parent is not None else ()
    return next((name for name, _ in found if is_ending(name)), "")


def is_ending(name: str) -> bool:
    """Whether a method ends something, told by its name."""
    return name.lower().startswith(ENDINGS)


def asks_its_class(file: SourceFile, constructor: Node) -> bool:
    """Whether a constructor asks a static member of its class, which is how singletons are made."""
    body = constructor.parent
    name = body.parent.child_by_field_name("name") if body is not None and body.parent is not None else None
    if name is None:
        return False
    tests = descendants(constructor, "if_statement")
    asked = (condition for test in tests if (condition := test.child_by_field_name("condition")) is not None)
    return any(file.text(part) == file.text(name) for one in asked for part in descendants(one, "identifier"))


def _may_end(file: SourceFile, effect: Effect, node: Node) -> bool:
    """Whether the object is handed on, released, or given a signal that ends it."""
    if any("signal" in file.text(given).lower() for given in arguments_of(node)):
        return True
    handle = handle_of(file, node)
    if handle.escapes or handle.paged or handle.state or given_back_on_unmount(file, effect, handle.lasting):
        return True
    if _calls_an_end(file, node):
        return True
    owner = effect.owner or effect.callback
    return any(_is_handed_on(file, owner, name) for name in handle.names)


def _is_handed_on(file: SourceFile, owner: Node, name: tuple[str, ...]) -> bool:
    """Whether code takes what a name keeps as a value, or calls a method of it that ends things."""
    for use in descendants(owner, "identifier", "shorthand_property_identifier"):
        if file.text(use) != name[0]:
            continue
        whole = _chain_of(file, use, name)
        if use.type != "identifier" or _calls_an_end(file, whole):
            return True
        if _is_taken(file, whole):
            return True
    return False


def _is_taken(file: SourceFile, node: Node) -> bool:
    """Whether what stands around an expression keeps its value, or hands it to other code."""
    node = wrapped(node)
    around = node.parent
    match around.type if around is not None else "":
        case "assignment_expression" if around is not None:
            return around.child_by_field_name("right") == node
        case "ternary_expression" if around is not None:
            return around.child_by_field_name("condition") != node
        case "binary_expression" if around is not None:
            operator = around.child_by_field_name("operator")
            return operator is not None and file.text(operator) in ("??", "||")
        case "array" if around is not None:
            return around.parent is None or around.parent.type != "arguments"  # The last argument of a hook is.
        case kind if around is not None and kind in _TAKES:
            return around.child_by_field_name("name") != node
    return False


def _chain_of(file: SourceFile, use: Node, name: tuple[str, ...]) -> Node:
    """The member expression that says all of the name, beginning with a use of its root; the use when none does."""
    if len(name) == 1:
        return use
    for around in ancestors(use):
        if around.type != "member_expression" and unwrap(around) == around:
            return use
        if dotted(file, around) == name:
            return around
    return use


def _calls_an_end(file: SourceFile, node: Node) -> bool:
    """Whether a method of the object is used whose name says that it ends something."""
    node = wrapped(node)
    around = node.parent
    if around is None or around.type != "member_expression" or around.child_by_field_name("object") != node:
        return False
    member = around.child_by_field_name("property")
    return member is not None and is_ending(file.text(member))
