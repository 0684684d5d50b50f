"""What ends with its holder, and removals that are kept for another time."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_scope import chains_in
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Effect, effects, state_of_setter
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import Acquisition

_ENDS = frozenset({"destroy", "dispose", "terminate"})
_FINDS = frozenset({"querySelector", "querySelectorAll", "closest"})
_KEEPS = frozenset({"set", "push", "add", "addTeardown", "onCleanup"})


def is_ended(file: SourceFile, receiver: Node, effect: Effect) -> bool:
    """Whether what is listened to is destroyed somewhere, or is a part of the page that dies with what is destroyed.

    `chart.destroy()` takes the elements along that the chart has drawn, and their listeners.
    """
    chain = dotted(file, receiver)
    ends = [
        call for call in _endings(file) if (owner := receiver_of(call)) is not None and dotted(file, owner) == chain
    ]
    if chain and ends:
        return True
    name = unwrap(receiver)
    found = resolve(file, name) if name.type == "identifier" else None
    value = unwrap(found.value) if found is not None and found.value is not None else None
    if value is None or value.type != "call_expression" or called_name(file, value) not in _FINDS:
        return False
    owner = effect.owner or file.root
    around = [one for other in effects(file) if begins_within(other.call, owner) for one in returned(other.callback)]
    cleanups = [function for value in around if (function := function_of(file, value)) is not None]
    return any(begins_within(call, cleanup) for call in _endings(file) for cleanup in cleanups)


def _endings(file: SourceFile) -> list[Node]:
    def collect() -> list[Node]:
        if not any(word in file.content for word in _ENDS):
            return []
        return [call for call in descendants(file.root, "call_expression") if called_name(file, call) in _ENDS]

    return file.remember("endings", collect)


def is_stored(file: SourceFile, call: Node) -> bool:
    """Whether a call stands in a function that is put away for later: `cleanups.set(canvas, stop)`."""
    function = enclosing_function(file, call)
    parent = function.parent if function is not None else None
    if function is None or parent is None:
        return False
    name = parent.child_by_field_name("name") if parent.type == "variable_declarator" else None
    name = name or (function.child_by_field_name("name") if function_name(file, function) else None)
    places = [function] if name is None else list(uses_of(file, name))
    return any(_is_put_away(file, place) for place in places)


def _is_put_away(file: SourceFile, place: Node) -> bool:
    around = place.parent
    if around is None or around.type != "arguments" or around.parent is None:
        return False
    callee = callee_of(around.parent)
    return callee is not None and callee.type == "member_expression" and called_name(file, around.parent) in _KEEPS


def ends_at_once(file: SourceFile, acquired: Node, release: Node) -> bool:
    """Whether a later statement of the same block gives back what is acquired, with no wait between."""
    block = next((around for around in ancestors(acquired) if around.type == "statement_block"), None)
    given_back = next((around for around in ancestors(release) if around.type == "statement_block"), None)
    if block is None or given_back != block or release.start_byte < acquired.end_byte:
        return False
    if any(begins_within(acquired, one) and begins_within(release, one) for one in block.named_children):
        return False  # `if (on) start(); else stop();` comes by one of the two.
    if enclosing_function(file, acquired) != enclosing_function(file, release):
        return False
    waits = descendants(block, "await_expression", stop=FUNCTIONS)
    return not any(acquired.end_byte <= wait.start_byte < release.start_byte for wait in waits)


def ends_in_finally(file: SourceFile, acquired: Node, release: Node) -> bool:
    """Whether the function that acquires gives it back in a `finally`, whatever becomes of what it waits for."""
    own = enclosing_function(file, acquired)
    clause = next((around for around in ancestors(release) if around.type == "finally_clause"), None)
    return clause is not None and own is not None and enclosing_function(file, release) == own


def is_past_once(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether a state that the effect sets as it acquires lets no later run come so far.

    `if (done) return; setDone(true); window.addEventListener(...)`.
    """
    place = acquired.path[0] if acquired.path else acquired.node
    leaves = [test for test in left_early(effect.callback) if test.start_byte < place.start_byte]
    asked = {chain for test in leaves for chain in chains_in(file, test)}
    body = effect.callback.child_by_field_name("body")
    for call in descendants(body, "call_expression", stop=FUNCTIONS) if asked and body is not None else ():
        callee, given = callee_of(call), arguments_of(call)
        state = state_of_setter(file, callee) if callee is not None and callee.type == "identifier" else None
        if state and (state,) in asked and len(given) == 1 and given[0].type == "true":
            return True
    return False


def is_turned_away(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether a ref turns later runs away before they acquire, in any of the functions that lead there.

    `if (busy.current) return; busy.current = true; window.addEventListener(...)`.
    """
    for place in (*acquired.path, acquired.node):
        function = enclosing_function(file, place)
        while function is not None and function != effect.owner:
            tests = [test for test in left_early(function) if test.start_byte < place.start_byte]
            asked = {chain for test in tests for chain in chains_in(file, test) if chain[-1:] == ("current",)}
            body = function.child_by_field_name("body")
            for mark in (
                descendants(body, "assignment_expression", stop=FUNCTIONS) if asked and body is not None else ()
            ):
                left, right = mark.child_by_field_name("left"), mark.child_by_field_name("right")
                shuts = right is not None and right.type == "true" and mark.start_byte < place.start_byte
                if shuts and left is not None and dotted(file, left) in asked:
                    return True
            function = enclosing_function(file, function)
    return False


def left_early(function: Node) -> Iterator[Node]:
    """The conditions under which a function returns at once."""
    body = function.child_by_field_name("body")
    for statement in body.named_children if body is not None else ():
        condition, then = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
        if statement.type != "if_statement" or condition is None or then is None:
            continue
        if then.type == "return_statement" or any(descendants(then, "return_statement", stop=FUNCTIONS)):
            yield condition


def called_without_event(file: SourceFile, acquired: Acquisition) -> Node | None:
    """A removal that is given the listener alone: `window.removeEventListener(close)` throws."""
    handlers = [file.text(given) for given in arguments_of(acquired.node)[1:2]]
    for call in descendants(file.root, "call_expression") if acquired.kind is Kind.LISTENER else ():
        given = [file.text(one) for one in arguments_of(call)]
        if called_name(file, call) == "removeEventListener" and given == handlers:
            return call
    return None
