"""States that an effect raises for as long as it waits: `setBusy(true)`, and `setBusy(false)` once there is an answer.

Where the answer is dropped, the next run raises them anew; one that asks nothing does not, and would leave them raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, function_name, is_function
from chunklint.semantics.ecmascript.names import FUNCTIONS
from chunklint.semantics.ecmascript.react import Effect, state_of_setter

_LITERALS = frozenset({"true", "false", "null", "undefined", "string", "number"})

# What lies between a statement and the function that surely runs it.
_ALWAYS = frozenset(
    {"expression_statement", "statement_block", "try_statement", "await_expression", "unary_expression"}
)


def left_raised(file: SourceFile, effect: Effect, setters: Iterable[Node]) -> tuple[str, ...]:
    """The calls that lower what a run of the effect may leave raised when the answer before it was dropped."""
    late = list(setters)
    lowered = {name: text for node in late if (name := _setter(file, node)) and (text := _literal(file, node))}
    raised: dict[str, list[Node]] = {}
    early: dict[str, list[Node]] = {}
    for node in descendants(effect.callback, "call_expression"):
        name, text = _setter(file, node), _literal(file, node)
        if node in late or name not in lowered or not text:
            continue
        early.setdefault(name, []).append(node)
        if text != lowered[name] and not _leaves_then(node):
            raised.setdefault(name, []).append(node)
    return tuple(
        f"{name}({lowered[name]})"
        for name, nodes in raised.items()
        if not any(_is_certain(file, effect, one, early[name]) for one in nodes)
    )


def _leaves_then(node: Node) -> bool:
    """Whether the function is left right behind a call, so that it raises nothing for a wait: it tells of a mistake."""
    statement = node.parent
    after = statement.next_named_sibling if statement is not None else None
    return after is not None and after.type in ("return_statement", "throw_statement")


def _setter(file: SourceFile, node: Node) -> str:
    callee = callee_of(node) if node.type == "call_expression" else None
    if callee is None or callee.type != "identifier" or state_of_setter(file, callee) is None:
        return ""
    return file.text(callee)


def _literal(file: SourceFile, call: Node) -> str:
    given = arguments_of(call)
    return file.text(given[0]) if len(given) == 1 and given[0].type in _LITERALS else ""


def _is_certain(file: SourceFile, effect: Effect, node: Node, others: list[Node]) -> bool:
    """Whether each run of an effect comes by a node, or leaves right after another one of those that count as well."""
    for around in ancestors(node):
        if is_function(around):
            body = around.child_by_field_name("body")
            leaves = descendants(body, "return_statement", stop=FUNCTIONS) if body is not None else ()
            before = (one for one in leaves if one.start_byte < node.start_byte)
            if any(not _follows(one, others) for one in before):
                return False
            return around == effect.callback or any(
                _is_certain(file, effect, call, others) for call in _calls(file, effect, function_name(file, around))
            )
        if around.type not in _ALWAYS:
            return False
    return False


def _follows(leave: Node, nodes: list[Node]) -> bool:
    """Whether one of the nodes is a statement before a `return` of the same block."""
    block = leave.parent
    places = (one.parent for one in nodes if one.start_byte < leave.start_byte)
    return block is not None and any(place is not None and place.parent == block for place in places)


def _calls(file: SourceFile, effect: Effect, name: str) -> Iterator[Node]:
    """The calls of a function by its name that the effect itself makes."""
    calls = descendants(
        effect.callback.child_by_field_name("body") or effect.callback, "call_expression", stop=FUNCTIONS
    )
    return (call for call in calls if name and called_name(file, call) == name)
