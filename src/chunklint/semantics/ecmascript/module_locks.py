"""What an effect acquires once a page, or in the place of the last one, as variables of the module make sure of."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_scope import Chain
from chunklint.semantics.ecmascript.endings import left_early
from chunklint.semantics.ecmascript.functions import callee_of, enclosing_function
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, root_of, unwrap, wrapped
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import Acquisition, reached

_PAGE = frozenset({"window", "globalThis", "self"})
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
    """Whether a place is reached once a page: `if (listening) return; listening = true;`, or within such a question."""
    function = enclosing_function(file, place)
    if function is None:
        return False
    asked = [
        test for test in (*left_early(function), *_asked_around(place, function)) if test.end_byte <= place.start_byte
    ]
    locks = {chain for test in asked for chain in _of_module(file, test)}
    if not locks:
        return False
    for set_to in descendants(function, "assignment_expression", stop=FUNCTIONS):
        left, right = set_to.child_by_field_name("left"), set_to.child_by_field_name("right")
        chain = dotted(file, left) if left is not None else ()
        if chain in locks and right is not None and file.text(right) not in _NOTHING:
            return True
    return False


def _asked_around(place: Node, function: Node) -> Iterator[Node]:
    """The conditions of a function under which a place is reached."""
    for around in ancestors(place):
        if around == function:
            return
        condition = around.child_by_field_name("condition") if around.type == "if_statement" else None
        if condition is not None:
            yield condition


def _of_module(file: SourceFile, test: Node) -> Iterator[Chain]:
    """What a condition asks of the module or of the page: `listening`, `!window.__listening`, `started && ready`."""
    pending = [test]
    while pending:
        asked = unwrap(pending.pop())
        if asked.type in ("binary_expression", "unary_expression"):
            pending += asked.named_children
            continue
        chain, root = dotted(file, asked), root_of(asked)
        found = resolve(file, root) if root.type == "identifier" else None
        paged = found is None and len(chain) > 1 and chain[0] in _PAGE
        if chain and (paged or (found is not None and found.kind == "variable" and found.scope.type == "program")):
            yield chain


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
