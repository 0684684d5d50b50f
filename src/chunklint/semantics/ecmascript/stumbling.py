"""Work that goes through an element of its component after a wait: once unmounted there is none, and it throws.

`video.current.srcObject = stream`, in the function itself or in what that waits for.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.cleanup_scope import continues, last_wait_before
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, dotted, resolve, unwrap
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.shown_elements import is_element_ref


def stumbles_first(file: SourceFile, effect: Effect, node: Node, path: tuple[Node, ...] = ()) -> bool:
    """Whether work goes through an element after a wait, unasked, and before it comes to a node.

    `path` are the calls that lead from the effect to the function around the node, outermost first.
    """
    around = enclosing_function(file, node)
    start = last_wait_before(around, node.start_byte) if around is not None else 0
    if around is None:
        return False
    if (start or continues(file, around)) and any(_through_elements(file, effect, around, start, node.start_byte)):
        return True
    return any(
        not _is_caught(member)
        for function in _waited_for(file, around, node, path)
        if (since := last_wait_before(function, function.end_byte))
        for member in _through_elements(file, effect, function, since, function.end_byte)
    )


def _through_elements(file: SourceFile, effect: Effect, around: Node, start: int, end: int) -> Iterator[Node]:
    for member in descendants(around, "member_expression", stop=FUNCTIONS):
        chain = dotted(file, member)
        goes_through = len(chain) == 3 and chain[1] == "current" and start < member.start_byte < end
        if not goes_through or member.child_by_field_name("optional_chain") is not None:
            continue
        if is_element_ref(file, chain[0], effect.owner):
            yield member


def _waited_for(file: SourceFile, around: Node, node: Node, path: tuple[Node, ...]) -> Iterator[Node]:
    """The functions of the file whose promises a function waits for before it comes to a node."""
    for wait in descendants(around, "await_expression", stop=FUNCTIONS):
        asked = unwrap(wait)
        if wait.end_byte > node.start_byte:
            continue
        found = resolve(file, asked) if asked.type == "identifier" else None
        made = _given(around, found, path) if found is not None and found.scope == around else None
        if found is not None and made is None:
            made = found.value
        if made is not None and made.type == "identifier":
            held = resolve(file, made)
            made = held.value if held is not None else None
        callee = callee_of(unwrap(made if made is not None else asked))
        function = function_of(file, callee) if callee is not None and not is_function(callee) else None
        if function is not None:
            yield function


def _given(around: Node, found: Binding, path: tuple[Node, ...]) -> Node | None:
    """What the last of the calls gives a function for one of its parameters."""
    parameters = around.child_by_field_name("parameters")
    if found.kind != "parameter" or parameters is None or not path:
        return None
    names = [one for one in parameters.named_children if one.type != "comment"]
    given = arguments_of(path[-1])
    at = next((at for at, one in enumerate(names) if one.start_byte <= found.node.start_byte < one.end_byte), None)
    return unwrap(given[at]) if at is not None and at < len(given) else None


def _is_caught(member: Node) -> bool:
    """Whether its own function catches what it throws."""
    for one in ancestors(member):
        if is_function(one):
            return False
        if one.type == "try_statement":
            return True
    return False
