"""Timers of effects: what their callbacks touch once the component has gone, and which of them nobody has to clear."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.changes import given, setter_of
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callee_of,
    enclosing_function,
    function_of,
    running,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of, state_of_setter
from chunklint.semantics.ecmascript.resources import A_MOMENT, Acquisition, delay_text, reached

_ANIMATES = re.compile(r"animation|transition", re.IGNORECASE)
_RESTS = frozenset({"false", "null", "undefined", '""', "''"})
_NAVIGATES = ("useNavigate", "useRouter", "useHistory", "useNavigation")
_MOVES = (("push",), ("replace",), ("back",), ("goBack",), ("reset",), ("navigate",))


def touched_by(
    file: SourceFile, callback: Node, effect: Effect, in_order: bool, swift: bool
) -> tuple[str, bool] | None:
    """What a timer's callback calls that matters after unmount: (name, more than own state); None for nothing."""
    state = None
    pending, entered = [callback], {callback.id}
    while pending:
        for run in running(file, pending.pop()):
            callee = callee_of(run.node) if run.node.type == "call_expression" else None
            if callee is None:
                continue
            if _is_outside(file, callee, effect):
                return file.text(callee), True
            if callee.type != "identifier":
                continue
            alike = in_order or _is_constant(run.node)
            if state_of_setter(file, callee) is not None and not (
                (alike and _is_set_here_only(file, callee)) or _goes_out(file, callee, effect, swift)
            ):
                state = state or file.text(callee)
            called = function_of(file, callee)
            if called is not None and called.id not in entered and len(entered) < 8:
                entered.add(called.id)
                pending.append(called)
    return (state, False) if state is not None else None


def comes_in_order(file: SourceFile, effect: Effect, timer: Acquisition) -> bool:
    """Whether every run of an effect sets the same timer, so that the last one has the last word."""
    own = enclosing_function(file, timer.node) == effect.callback and bool(delay_text(file, arguments_of(timer.node)))
    asked = any(condition.start_byte < timer.node.start_byte for condition in conditions(effect.callback))
    return own and not asked and effect.runs is Deps.SOME


def runs_again_at_once(file: SourceFile, effect: Effect, timer: Acquisition) -> bool:
    """Whether the effect, where it sets the timer, also sets what it runs again for."""
    setters = set(_setters_of(file, effect))
    place = timer.path[0] if timer.path else timer.node
    for run, path in reached(file, effect.callback) if setters else ():
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
        if found is None or found.node.id not in setters or run.waited or run.delayed or path:
            continue
        block = next((around for around in ancestors(run.node) if around.type == "statement_block"), None)
        if block is not None and begins_within(place, block):
            return True
    return False


def is_set_once(file: SourceFile, effect: Effect, timer: Node) -> bool:
    """Whether a ref lets the effect set the timer once: a cleanup of a later run would end it for good.

    `if (done.current) return; done.current = true; setTimeout(...)`.
    """
    asked = {chain for condition in conditions(effect.callback) for chain in chains_in(file, condition)}
    for node in descendants(effect.callback, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        chain = dotted(file, left) if left is not None else ()
        marks = right is not None and right.type == "true" and node.start_byte < timer.start_byte
        if marks and chain[-1:] == ("current",) and chain in asked:
            return True
    return False


def only_settles(file: SourceFile, effect: Effect, timer: Acquisition, callback: Node, setter: str) -> bool:
    """Whether a swift timer sets a state once and waits for nothing, and the effect itself sets that to nothing else.

    Nobody sees whether something that no other run takes back comes half a second after the unmount.
    """
    delays = arguments_of(timer.node)[1:2]
    swift = lasts_up_to(file, timer.node, A_MOMENT) or any(_ANIMATES.search(file.text(delay)) for delay in delays)
    if not swift or next(descendants(callback, "await_expression"), None) is not None:
        return False
    calls = [run for run, _ in reached(file, effect.callback) if run.node.type == "call_expression"]
    named = [run for run in calls if (callee := callee_of(run.node)) is not None and file.text(callee) == setter]
    return all(run.delayed and not run.waited for run in named)


def is_a_mark(file: SourceFile, timer: Acquisition, callback: Node, setter: str) -> bool:
    """Whether a timer only takes back what has been set just before it: a mark that two runs put out a little early.

    `setCopied(true); setTimeout(() => setCopied(false), 2000)`.
    """
    calls = list(descendants(callback, "call_expression"))
    given = arguments_of(calls[0]) if len(calls) == 1 else []
    if len(given) != 1 or file.text(given[0]) not in _RESTS or file.text(callee_of(calls[0]) or callback) != setter:
        return False
    block = next((around for around in ancestors(timer.node) if around.type == "statement_block"), None)
    for statement in block.named_children if block is not None else ():
        call = statement.named_children[0] if statement.type == "expression_statement" else statement
        before = call.type == "call_expression" and call.end_byte <= timer.node.start_byte
        if before and file.text(callee_of(call) or call) == setter:
            return True
    return False


def ends_with_the_answer(file: SourceFile, timer: Node, release: Node) -> bool:
    """Whether what goes on after the timer was set gives it back, in a callback or after a wait of the same call."""
    around = enclosing_function(file, timer)
    later = around is not None and begins_within(release, around) and release.start_byte > timer.end_byte
    return later and around is not None and not any(begins_within(release, one.callback) for one in effects(file))


def lasts_up_to(file: SourceFile, timer: Node, longest: int) -> bool:
    """Whether a timer is set for no more than so many milliseconds."""
    delay = delay_text(file, arguments_of(timer))
    return bool(delay) and delay is not None and float(delay) <= longest


def _is_set_here_only(file: SourceFile, setter: Node) -> bool:
    """Whether nothing else sets the state, so that the timers of earlier runs come before the last one's."""
    return all(use.parent is not None and use.parent.type == "array" for use in uses_of(file, setter))


def _is_constant(call: Node) -> bool:
    """Whether a setter is given a literal: whichever timer comes last, it sets the same."""
    given = arguments_of(call)
    return len(given) == 1 and given[0].type in ("true", "false", "null", "string", "number")


def _goes_out(file: SourceFile, setter: Node, effect: Effect, swift: bool) -> bool:
    """Whether an effect of one switch puts it out later, and all others only put it on: its runs cannot overlap.

    A swift one may be put out by others, too: nobody sees whether it goes out a moment early.
    """
    state = state_of_setter(file, setter)
    asked = {chain for condition in conditions(effect.callback) for chain in chains_in(file, condition)}
    always = effect.runs is Deps.NONE and (state,) in asked
    if not always and [file.text(dep) for dep in effect.deps] != [state]:
        return False
    others = [use.parent for use in uses_of(file, setter) if use.parent is not None and use.parent.type != "array"]
    puts = {given[0].type for call in others if len(given := arguments_of(call)) == 1}
    return puts in ({"true"}, {"true", "false"} if swift else {"true"}) and all(
        callee_of(call) is not None for call in others
    )


def _is_outside(file: SourceFile, callee: Node, effect: Effect) -> bool:
    """A callback prop, or navigation."""
    root = root_of(callee)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None:
        return False
    if effect.owner is not None and given(file, root, found, effect.owner) is not None:
        return callee.type == "identifier" or file.text(root) == "props"
    hook = hook_of(file, found)
    moves = callee.type == "identifier" or dotted(file, callee)[-1:] in _MOVES
    return hook is not None and hook[0] in _NAVIGATES and moves


def _setters_of(file: SourceFile, effect: Effect) -> Iterator[int]:
    """The setters of the state that an effect depends on, also on a part that has been taken out of it."""
    for dependency in effect.deps:
        root = root_of(dependency)
        found = resolve(file, root) if root.type == "identifier" else None
        whole = unwrap(found.value) if found is not None and found.keys and found.value is not None else None
        if whole is not None and whole.type == "identifier":
            found = resolve(file, whole)
        setter = setter_of(file, found) if found is not None else None
        if setter is not None:
            yield setter.node.id
