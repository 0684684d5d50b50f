"""What ends a listener through its options: `once`, or a signal and the controller behind it."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import callee_of
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.origins import is_global, origin_of

_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_NOTHING = frozenset({"false", "undefined", "null"})


def ends_by_options(file: SourceFile, options: Node) -> tuple[Node, ...] | None:
    """The calls of `abort` that end a listener; () for one that ends in another way, None for one that never does.

    What cannot be told counts as ending.
    """
    node = origin_of(file, options) or options
    if node.type != "object":
        return () if _speaks_of_an_end(file, node) else None
    found: tuple[Node, ...] | None = None
    for part in node.named_children:
        match part.type:
            case "spread_element":
                spread = part.named_children[0] if part.named_children else part
                if _speaks_of_an_end(file, spread) or _speaks_of_an_end(file, origin_of(file, spread) or spread):
                    return ()
            case "shorthand_property_identifier" if file.text(part) == "once":
                return ()
            case "shorthand_property_identifier" if file.text(part) == "signal":
                found = _aborts(file, part)
            case "pair":
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                name = file.text(key).strip("'\"") if key is not None else ""
                if value is None or name not in ("once", "signal") or file.text(unwrap(value)) in _NOTHING:
                    continue
                if name == "once":
                    return ()
                found = _aborts(file, unwrap(value))
    return found


def _speaks_of_an_end(file: SourceFile, node: Node) -> bool:
    text = file.text(node)
    return "once" in text or "signal" in text


def _aborts(file: SourceFile, signal: Node) -> tuple[Node, ...] | None:
    """The uses of `abort` of the controller behind a signal; () when it is not known, None when there is none."""
    controller = _controller(file, signal)
    if controller is None:
        return ()
    if controller.keys:
        return None  # Only the signal was taken out of `new AbortController()`: nobody has the controller.
    found: list[Node] = []
    for use in uses_of(file, controller.node):
        around = use.parent
        member = around.child_by_field_name("property") if around is not None else None
        if around is None or around.type != "member_expression" or member is None:
            return ()
        match file.text(member):
            case "abort" if around.parent is not None and callee_of(around.parent) == around:
                found.append(around.parent)
            case "signal":
                continue
            case _:
                return ()
    return tuple(found) or None


def _controller(file: SourceFile, signal: Node) -> Binding | None:
    """The local name of the `new AbortController()` whose signal it is; with keys when only the signal has a name."""
    named = resolve(file, signal) if signal.type in _NAMES else None
    if named is not None:
        if named.kind != "variable" or named.value is None or named.scope.type == "program":
            return None
        value = unwrap(named.value)
        if named.keys == ("signal",):
            return named if _is_new_controller(file, value) else _made_here(file, value)
        signal = value if not named.keys else signal
    owner = signal.child_by_field_name("object") if signal.type == "member_expression" else None
    name = signal.child_by_field_name("property")
    if owner is None or name is None or file.text(name) != "signal":
        return None
    return _made_here(file, unwrap(owner))


def _made_here(file: SourceFile, name: Node) -> Binding | None:
    """The local variable that a name stands for, when it holds a new controller."""
    found = resolve(file, name) if name.type == "identifier" else None
    if found is None or found.value is None or found.keys or found.scope.type == "program":
        return None
    return found if _is_new_controller(file, unwrap(found.value)) else None


def _is_new_controller(file: SourceFile, node: Node) -> bool:
    callee = callee_of(node) if node.type == "new_expression" else None
    return callee is not None and file.text(callee) == "AbortController" and is_global(file, callee)
