"""Effects that ask until they have an answer: once the state that it fills is there, nothing is asked any more."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_scope import conditions
from chunklint.semantics.ecmascript.earlier_values import is_of_render_before
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    running,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve, unwrap
from chunklint.semantics.ecmascript.react import Effect, hook_of, state_of_setter
from chunklint.semantics.ecmascript.swaps import NOTHING, asked_before

# What counts what there is, or says that there is something: `Object.keys(rows).length`, `rows.size`, `Boolean(row)`.
_COUNTS = frozenset({"length", "size"})
_KEEPS = frozenset({"Boolean", "Number", "keys", "values", "entries"})
_EMPTY = frozenset({"isEmpty", "isNil"})
_COMPARED = {"===": True, "==": True, "!==": False, "!=": False, ">": False}
_HOPS = 2


def is_filled_once(
    file: SourceFile, effect: Effect, setter: Node, path: tuple[Node, ...], request: Node, state: str | None
) -> bool:
    """Whether the effect asks only while a state is empty that it fills, by asking or by the answer, or once was."""
    place = path[0] if path else request
    filled = {state, *_filled_beside(file, setter, request)}
    filled |= {name for call in path for name in _filled_by(file, call)}
    for asked in conditions(effect.callback):
        around = asked.parent
        test = around.parent if around is not None and around.type == "parenthesized_expression" else around
        returns = (
            test is not None
            and test.type == "if_statement"
            and next(descendants(test, "return_statement", stop=FUNCTIONS), None) is not None
            and not begins_within(place, test)
        )
        if place.start_byte > asked.end_byte and any(
            (file.text(name) in filled or is_of_render_before(file, name)) and empty == (not returns)
            for name, empty in _questions(file, asked)
        ):
            return True
    return False


def _filled_beside(file: SourceFile, setter: Node, request: Node) -> Iterator[str]:
    """The states that the function which takes an answer sets to something, whatever the answer is."""
    function = enclosing_function(file, setter)
    body = function.child_by_field_name("body") if function is not None else None
    for call in descendants(body, "call_expression", stop=FUNCTIONS) if body is not None else ():
        state = _filled(file, call) if call.start_byte > request.end_byte else None
        if state and function is not None and next(asked_before(call, function), None) is None:
            yield state


def _filled_by(file: SourceFile, call: Node) -> Iterator[str]:
    """The states that a function of the component sets to something before it waits."""
    callee = callee_of(call)
    function = function_of(file, callee) if callee is not None else None
    for run in running(file, function) if function is not None else ():
        if not run.waited and (state := _filled(file, run.node)):
            yield state


def _filled(file: SourceFile, call: Node) -> str | None:
    """The state that a call sets to something; None for any other call."""
    name, given = callee_of(call), arguments_of(call) if call.type == "call_expression" else []
    if name is None or name.type != "identifier" or not given or file.text(given[0]) in NOTHING:
        return None
    return state_of_setter(file, name)


def _questions(file: SourceFile, asked: Node) -> Iterator[tuple[Node, bool]]:
    """The names of a condition of which it asks if they are empty (`!rows`) or not, also by the name of a question."""
    pending = [(asked, False, 0)]
    while pending:
        value, turned, hops = pending.pop()
        for name in [value] if value.type == "identifier" else descendants(value, "identifier", stop=FUNCTIONS):
            empty = _asks_emptiness(file, name)
            if empty is None:
                continue
            yield name, empty != turned
            found = resolve(file, name) if hops < _HOPS else None
            if found is None or found.kind != "variable" or found.value is None or found.keys:
                continue
            if found.scope.type != "program" and hook_of(file, found) is None:
                pending.append((unwrap(found.value), empty != turned, hops + 1))


def _asks_emptiness(file: SourceFile, name: Node) -> bool | None:
    """Whether a condition asks if a state is empty (`!rows`), or if it is not; None where it asks anything else."""
    node, empty = name, False
    while (around := node.parent) is not None:
        if around.type == "unary_expression" and around.children[0].type == "!":
            empty = not empty
        elif around.type == "member_expression" and _member(file, around) in _COUNTS:
            pass
        elif around.type == "arguments" and around.parent is not None and _tells(file, around.parent, node):
            around = around.parent
            empty = empty != (called_name(file, around) in _EMPTY)
        elif around.type != "parenthesized_expression":
            break
        node = around
    if around is None:
        return None
    if around.type == "variable_declarator":
        return empty
    if around.type != "binary_expression" or around.children[1].type in ("&&", "||"):
        return empty if around.type in ("binary_expression", "if_statement") else None
    left, operator, right = around.children[0], around.children[1].type, around.children[2]
    if left != node or file.text(right) not in ("null", "undefined", "0"):
        return None
    compared = _COMPARED.get(operator)
    return None if compared is None else compared != empty


def _member(file: SourceFile, access: Node) -> str:
    part = access.child_by_field_name("property")
    return file.text(part) if part is not None else ""


def _tells(file: SourceFile, call: Node, value: Node) -> bool:
    """Whether a call says something of a value alone: `Boolean(row)`, `isEmpty(rows)`, `Object.keys(rows)`."""
    return arguments_of(call) == [value] and called_name(file, call) in _KEEPS | _EMPTY
