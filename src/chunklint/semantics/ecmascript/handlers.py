"""Whether a removal can find the handler that was added."""

from __future__ import annotations

from itertools import islice

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, is_within
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind

_EACH = frozenset({"forEach", "map"})
_PATTERNS = frozenset({"array_pattern", "object_pattern"})
_SUBSCRIBING = frozenset(row.name for row in RESOURCES if row.kind is Kind.SUBSCRIPTION)


def is_for(file: SourceFile, call: Node, handler: Node | None) -> bool:
    """Whether a release may be meant for that handler, and does not end the one subscription it is called on."""
    receiver = receiver_of(call)
    found = resolve(file, receiver) if receiver is not None and receiver.type == "identifier" else None
    if found is not None and found.value is not None and called_name(file, unwrap(found.value)) in _SUBSCRIBING:
        return False
    return handler is None or is_same_handler(file, handler, arguments_of(call)[1:2])


def is_same_handler(file: SourceFile, added: Node, removed: list[Node]) -> bool:
    """Whether a removal can find the handler; a removal without one takes them all."""
    if not removed:
        return True
    one, other = unwrap(added), unwrap(removed[0])
    if is_function(one) and other.type == "identifier":
        found = resolve(file, other)
        return found is not None and found.value == one  # A named function that removes itself.
    if is_function(one) or is_function(other):
        return False
    if any(_makes_anew(file, made) and kept.type == "identifier" for made, kept in ((one, other), (other, one))):
        return False
    if one.type == other.type == "call_expression":
        return callee_of(one) is not None and not _makes_anew(file, one)
    if one.type == other.type == "identifier":
        own = _collection(file, one)
        return _root_binding(file, one) == _root_binding(file, other) or (
            own is not None and own == _collection(file, other)
        )
    if one.type == other.type == "member_expression":
        return dotted(file, one) == dotted(file, other) or () in (dotted(file, one), dotted(file, other))
    return True


def _makes_anew(file: SourceFile, call: Node) -> bool:
    """`bind`, `debounce` and `throttle` return another function each time, and so does a local `(n) => () => ...`."""
    if call.type != "call_expression":
        return False
    if called_name(file, call) in ("bind", "debounce", "throttle"):
        return True
    callee = callee_of(call)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    maker = found.value if found is not None and not found.keys else None
    made = returned(maker) if maker is not None and is_function(maker) else []
    return bool(made) and all(is_function(one) for one in made)


def _collection(file: SourceFile, name: Node) -> tuple[int, tuple[str, ...], str] | None:
    """Where a loop takes a name from: the root of `tasks` in `tasks.forEach((one) => ...)`, its chain, what of each.

    Two loops over one collection, in an effect and in its cleanup, meet the same handlers.
    """
    found = resolve(file, name)
    if found is None or found.kind not in ("loop", "parameter"):
        return None
    if found.kind == "loop":
        taken = found.scope.child_by_field_name("right")
    else:
        call = found.scope.parent.parent if found.scope.parent is not None else None
        each = call is not None and call.type == "call_expression" and called_name(file, call) in _EACH
        first = _first_parameter(found.scope)
        # The second parameter is the place in the collection.
        handed = each and first is not None and is_within(found.node, first)
        taken = receiver_of(call) if handed and call is not None else None
    chain = dotted(file, taken) if taken is not None else ()
    root = root_of(taken) if taken is not None and chain else None
    if root is None or root.type != "identifier":
        return None
    return _root_binding(file, root), chain[1:], found.name if _is_part(found.node) else ""


def _first_parameter(function: Node) -> Node | None:
    """The first parameter of a function; an arrow function may have one without parentheses."""
    several = function.child_by_field_name("parameters")
    single = several.named_children[:1] if several is not None else []
    return function.child_by_field_name("parameter") or next(iter(single), None)


def _is_part(name: Node) -> bool:
    """Whether a pattern takes a name out of a value: `([key, run])`, `({ run })`."""
    return any(around.type in _PATTERNS for around in islice(ancestors(name), 3))


def _root_binding(file: SourceFile, name: Node) -> int:
    for _ in range(3):
        found = resolve(file, name)
        if found is None:
            return hash(file.text(name))
        value = unwrap(found.value) if found.value is not None and not found.keys else None
        if value is None or value.type != "identifier":
            return found.node.id
        name = value
    return name.id
