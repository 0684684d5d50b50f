"""What an effect acquires once a page, or in the place of the last one, as variables of the module make sure of."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.endings import left_early
from chunklint.semantics.ecmascript.functions import callee_of, enclosing_function
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, resolve, root_of, unwrap, wrapped
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import Acquisition, reached

_NOTHING = frozenset({"false", "null", "undefined"})


def is_held_by_module(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether there is never more than one of what an effect listens to, however many components come and go.

    An interval or a connection works on alone as well, for a component that is gone.
    """
    if acquired.kind not in (Kind.LISTENER, Kind.SUBSCRIPTION):
        return False
    places = (*acquired.path, acquired.node)
    return any(_is_locked(file, place) for place in places) or _ends_last(file, effect, acquired)


def _is_locked(file: SourceFile, place: Node) -> bool:
    """Whether a place is reached once a page: `if (listening) return; listening = true;`."""
    function = enclosing_function(file, place)
    if function is None:
        return False
    asked = [test for test in left_early(function) if test.end_byte <= place.start_byte]
    locks = {found.node.id for test in asked for found in _of_module(file, test)}
    if not locks:
        return False
    for set_to in descendants(function, "assignment_expression", stop=FUNCTIONS):
        left, right = set_to.child_by_field_name("left"), set_to.child_by_field_name("right")
        found = resolve(file, left) if left is not None and left.type == "identifier" else None
        if found is not None and found.node.id in locks and right is not None and file.text(right) not in _NOTHING:
            return True
    return False


def _of_module(file: SourceFile, test: Node) -> Iterator[Binding]:
    """The variables of the module that a condition asks for being filled: `listening`, `started && ready`."""
    asked = unwrap(test)
    parts = [asked] if asked.type == "identifier" else asked.children
    if asked.type not in ("identifier", "binary_expression"):
        return
    for part in parts:
        name = unwrap(part) if part.is_named else part
        found = resolve(file, name) if name.type == "identifier" else None
        if found is not None and found.kind == "variable" and found.scope.type == "program":
            yield found


def _ends_last(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether a variable of the module keeps what ends it, and each run calls that first: `stop?.(); stop = on()`."""
    kept = wrapped(acquired.node).parent
    left = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment_expression" else None
    found = resolve(file, root_of(left)) if left is not None and root_of(left).type == "identifier" else None
    if found is None or found.kind != "variable" or found.scope.type != "program":
        return False
    function, first = enclosing_function(file, acquired.node), (*acquired.path, acquired.node)[0]
    for run, _ in reached(file, effect.callback):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        name = root_of(callee) if callee is not None else None
        if name is None or name.type != "identifier" or run.delayed or resolve(file, name) != found:
            continue
        inside = function is not None and begins_within(run.node, function)
        if run.node.start_byte < (acquired.node if inside else first).start_byte:
            return True
    return False
