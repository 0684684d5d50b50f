"""Timers that set themselves again: one variable for the handle of every round, and a cleanup that clears it."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_answers import asked_first, remembers
from chunklint.rewriting.ecmascript_blocks import block_of, close, with_comments
from chunklint.rewriting.ecmascript_handlers import is_typed
from chunklint.rewriting.ecmascript_names import is_seen_from, starts_empty
from chunklint.rewriting.ecmascript_text import Edits, free_name, indent_of, style_of
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.leaks import Leak
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted
from chunklint.semantics.ecmascript.react import Effect

_BARE = frozenset({"expression_statement", "arrow_function"})
_CLEARS = {"setTimeout": ("clearTimeout", "timeout"), "requestAnimationFrame": ("cancelAnimationFrame", "frame")}


def cleared(file: SourceFile, effect: Effect, leak: Leak) -> Fix | Refusal:
    """Keep the handle of each round in a variable, and clear it in the cleanup."""
    node, body = leak.acquired.node, effect.callback.child_by_field_name("body")
    callee, turn = callee_of(node), _turn(file, node)
    if callee is None or body is None or body.type != "statement_block" or turn is None:
        return Refusal("the loop has no function of its own")
    if not begins_within(turn, body):
        return Refusal(f"`{function_name(file, turn) or 'the loop'}` is defined outside of the effect, for others, too")
    if any(node.start_byte > turn.start_byte for node in descendants(body, "return_statement", stop=FUNCTIONS)):
        return Refusal("a `return` after it leaves the effect without a cleanup")
    rounds = [call for call in descendants(body, "call_expression") if _schedules(file, call, turn)]
    kind = called_name(file, node)
    clear, wanted = _CLEARS[kind]
    owner = file.text(callee).removesuffix(kind)
    kept = _kept(file, body, rounds)
    if isinstance(kept, Refusal):
        return kept
    if kept and remembers(file, effect) == kept:
        return Refusal(f"`{kept}` tells the effect whether the timer runs, and would have to be emptied, too")
    handle = kept or free_name(file, effect.callback, wanted, f"{wanted}Id")
    edits = Edits(file)
    if not kept:
        statements = [one for one in body.named_children if one.type != "comment"]
        first = with_comments(next(one for one in statements if _mentions(file, one, turn)))
        edits.insert(
            first.start_byte, f"{_declaration(file, handle, kind, owner)}\n{indent_of(file, first.start_byte)}"
        )
        for call in rounds:
            edits.insert(call.start_byte, f"{handle} = ")
    guard = f"if ({handle}) " if is_typed(file) and starts_empty(file, effect, handle) else ""
    release = f"{guard}{owner}{clear}({handle})"
    if any(_runs_late(file, call, turn) for call in rounds):
        return asked_first(file, effect, edits, also=(node,), releases=(release,))
    block, style = block_of(file, body), style_of(file)
    code = f"{{\n{block.indent}{style.indent}{release}{style.end}\n{block.indent}}}" if guard else release
    close(file, edits, block, f"return () => {code}{style.end}")
    return edits.fix(f"Return a cleanup with `{owner}{clear}` for every round", safe=True)


def _kept(file: SourceFile, body: Node, rounds: list[Node]) -> str | Refusal:
    """The variable that holds the handle of every round already; "" when no round is kept."""
    if all(call.parent is not None and call.parent.type in _BARE for call in rounds):
        return ""
    kept: set[str] = set()
    for call in rounds:
        left = call.parent.child_by_field_name("left") if call.parent is not None else None
        if left is None or not (left.type == "identifier" or dotted(file, left)[1:] == ("current",)):
            return Refusal("not every round of the timer is kept in a variable that the cleanup could clear")
        if not is_seen_from(file, left, body, reassigned=True):
            return Refusal(f"`{file.text(left)}` is not known where the cleanup would be")
        kept.add(file.text(left))
    return kept.pop() if len(kept) == 1 else Refusal("the rounds of the timer are kept in several variables")


def _turn(file: SourceFile, node: Node) -> Node | None:
    """The function that the timer calls round after round."""
    given = arguments_of(node)
    callback = given[0] if given else None
    if callback is None:
        return None
    return enclosing_function(file, node) if is_function(callback) else function_of(file, callback)


def _schedules(file: SourceFile, call: Node, turn: Node) -> bool:
    """Whether a call sets a timer for the function, by its name or through a function around a call of it."""
    given = arguments_of(call)
    if called_name(file, call) not in _CLEARS or not given:
        return False
    if not is_function(given[0]):
        return function_of(file, given[0]) == turn
    inner = given[0].child_by_field_name("body")
    calls = [] if inner is None else [inner, *descendants(inner, "call_expression")]
    return any(
        one.type == "call_expression" and (callee := callee_of(one)) is not None and function_of(file, callee) == turn
        for one in calls
    )


def _mentions(file: SourceFile, statement: Node, turn: Node) -> bool:
    name = function_name(file, turn)
    holds = begins_within(turn, statement)
    return holds or any(file.text(one) == name for one in descendants(statement, "identifier"))


def _runs_late(file: SourceFile, call: Node, turn: Node) -> bool:
    """Whether the next round is set after a wait, when the cleanup may have run already."""
    around = enclosing_function(file, call)
    if around is not None and around != turn and begins_within(around, turn):
        return True
    body = turn.child_by_field_name("body")
    waits = descendants(body, "await_expression", stop=FUNCTIONS) if body is not None else ()
    return around == turn and any(wait.start_byte < call.start_byte for wait in waits)


def _declaration(file: SourceFile, handle: str, kind: str, owner: str) -> str:
    end = style_of(file).end
    if kind == "requestAnimationFrame" or owner:
        return f"let {handle} = 0{end}"
    return f"let {handle}{': ReturnType<typeof setTimeout>' if is_typed(file) else ''}{end}"
