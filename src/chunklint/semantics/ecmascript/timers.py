"""Timers of effects: what their callbacks touch once the component has gone, and which of them nobody has to clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.changes import given
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.functions import (
    Running,
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
    is_function,
    running,
)
from chunklint.semantics.ecmascript.names import bindings, dotted, resolve, root_of, string_value, uses_of
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of, is_hook, state_of_setter
from chunklint.semantics.ecmascript.resources import A_MOMENT, Acquisition, delay_text, reached

_NAVIGATES = ("useNavigate", "useRouter", "useHistory", "useNavigation")
_MOVES = (("push",), ("replace",), ("back",), ("goBack",), ("reset",), ("navigate",))
# What shows for some seconds, and what it asks to be taken away with.
_NOTICES = re.compile(r"toast|alert|notif|notice|snack|flash", re.IGNORECASE)
_TAKES_AWAY = re.compile(r"^(?:on|handle)?(?:auto)?(?:remove|dismiss|close|hide)", re.IGNORECASE)
_SWITCHES = re.compile(r"^set(?:Is|Show|Open|Visible)|(?:Open|Show|Shown|Visible|Active)(?:Change)?$")
_SIGNS_IN = re.compile(r"sign-?in|log-?in", re.IGNORECASE)
_RESTS = frozenset({"false", "null", "undefined", '""', "''"})
_SHOWN = ("jsx_element", "jsx_self_closing_element", "jsx_fragment")
# How many functions of the file are followed from a timer's callback.
_FOLLOWED = 8
# Hooks that only keep what they are given, and hooks that only draw with it.
_KEEPS = frozenset({"useState", "useReducer", "useRef", "useDeferredValue"})
_DRAWS = re.compile(r"spring|animat|transition|motion", re.IGNORECASE)


def acts_outside(file: SourceFile, callback: Node, effect: Effect, waited: bool = False) -> str:
    """What a timer's callback does to more than its own component: a callback prop, or navigation; "" for nothing.

    What it calls only after a wait, or for a result, belongs to work that was asked for, wherever the user is by then.
    `waited` says that the effect sets the timer once it has an answer.
    """
    for run in _run_by(file, callback):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        if callee is None or run.waited or _is_used(run.node):
            continue
        if _takes_a_notice_away(file, run.node, callee, effect):
            continue
        if _is_outside(file, callee, effect) and not _stays_at_the_door(file, run.node, effect, waited):
            return file.text(callee)
    return ""


def _takes_a_notice_away(file: SourceFile, call: Node, callee: Node, effect: Effect) -> bool:
    """Whether a notice has itself taken away, as one that is gone has been already: `removeAlert(id)` of an `Alert`."""
    owner = function_name(file, effect.owner) if effect.owner is not None else ""
    name, values = file.text(callee).rpartition(".")[2], [file.text(one) for one in arguments_of(call)[:1]]
    own = _TAKES_AWAY.search(name) is not None or (_SWITCHES.search(name) is not None and values == ["false"])
    return own and _NOTICES.search(f"{file.path} {owner}") is not None


def leads_away(file: SourceFile, callback: Node) -> bool:
    """Whether a callback leads to another page, at once or after a wait."""
    calls = (run.node for run in _run_by(file, callback) if run.node.type == "call_expression")
    return any((callee := callee_of(call)) is not None and _navigates(file, callee) for call in calls)


def undoes(file: SourceFile, callback: Node, effect: Effect, timer: Acquisition) -> str:
    """The setter by which a timer takes back what has been set since, and that stays wrong; "" for none.

    A component that has gone notices nothing of its own state. While it is there, a timer that a re-run leaves behind
    harms where that run has set the opposite, or where more than the rendering goes by the state.
    """
    if effect.runs is Deps.EMPTY or lasts_up_to(file, timer.node, A_MOMENT):
        return ""
    for run in _run_by(file, callback):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        if callee is None or callee.type != "identifier" or state_of_setter(file, callee) is None:
            continue
        given = arguments_of(run.node)
        if given and dotted(file, given[0])[1:] == ("current",):
            continue  # what the last run has put there is true now
        at_rest = len(given) == 1 and file.text(given[0]) in _RESTS
        acted_on = not at_rest and not _is_set_here_only(file, callee) and _is_acted_on(file, callee)
        if acted_on or (not _heals(file, effect, callee) and _is_set_otherwise(file, effect, timer, run.node)):
            return file.text(callee)
    return ""


def _run_by(file: SourceFile, callback: Node) -> Iterator[Running]:
    """What a callback evaluates, also through functions of the file, and whether a wait lies before it."""
    pending, entered = [(callback, False)], {callback.id}
    while pending:
        function, waited = pending.pop()
        for run in running(file, function):
            late = waited or run.waited
            yield replace(run, waited=late)
            callee = callee_of(run.node) if run.node.type == "call_expression" else None
            called = function_of(file, callee) if callee is not None and callee.type == "identifier" else None
            if called is not None and called.id not in entered and len(entered) < _FOLLOWED:
                entered.add(called.id)
                pending.append((called, late))


def _is_used(call: Node) -> bool:
    """Whether something is done with what a call gives back."""
    part = call
    for around in ancestors(call):
        if around.type in ("variable_declarator", "assignment_expression", "arguments"):
            return around.type != "arguments" or not is_function(part)
        if around.type.endswith("statement") or is_function(around):
            return around.type == "if_statement"
        part = around
    return False


def _stays_at_the_door(file: SourceFile, call: Node, effect: Effect, waited: bool) -> bool:
    """Whether a timer leads on from a page on which there is nowhere else to go meanwhile.

    Such are pages around the sign-in, those that mount a component which shows nothing and only leads on, and those
    that carry one request out, for which somebody came by a letter or from another site, and then lead on.
    """
    callee, given = callee_of(call), arguments_of(call)
    around = effect.owner or file.root
    if callee is None or not _navigates(file, callee):
        return False
    if not is_hook(function_name(file, around)) and next(descendants(around, *_SHOWN), None) is None:
        return effect.runs is Deps.EMPTY
    target = string_value(file, given[0]) if given else None
    if not given or not (waited or (target is not None and _SIGNS_IN.search(target))):
        return False
    links = (
        file.text(part)
        for part in descendants(around, "jsx_attribute")
        if part.named_children and file.text(part.named_children[0]) in ("to", "href")
    )
    same = target if target is not None else file.text(given[0])
    own = {run.node.id for one in effects(file) for run, _ in reached(file, one.callback)}
    return all(same in link for link in links) and not any(
        one.id not in own and _leaves(file, one, same) for one in descendants(around, "call_expression")
    )


def _leaves(file: SourceFile, call: Node, target: str) -> bool:
    """Whether a call, of a handler, leads to another page than a target."""
    callee = callee_of(call)
    return callee is not None and _navigates(file, callee) and target not in file.text(call)


def _is_acted_on(file: SourceFile, setter: Node) -> bool:
    """Whether a hook is given the state that a setter sets: more depends on it then than what is drawn."""
    found = resolve(file, setter)
    siblings = bindings(file, found.scope).values() if found is not None else ()
    states = [one for one in siblings if found is not None and one.value == found.value and one.keys == ("0",)]
    return any(_is_given_to_hook(file, use) for state in states for use in uses_of(file, state.node))


def _is_given_to_hook(file: SourceFile, use: Node) -> bool:
    for around in ancestors(use):
        if is_function(around) or around.type in ("array", "jsx_expression") or around.type.endswith("statement"):
            return False
        if around.type == "arguments" and around.parent is not None and around.parent.type == "call_expression":
            name = called_name(file, around.parent)
            return is_hook(name) and name not in _KEEPS and not _DRAWS.search(name)
    return False


def _heals(file: SourceFile, effect: Effect, setter: Node) -> bool:
    """Whether an effect runs again for the state that a setter sets, so that its next run sets that right."""
    return (state_of_setter(file, setter),) in {dotted(file, dependency) for dependency in effect.deps}


def _is_set_otherwise(file: SourceFile, effect: Effect, timer: Acquisition, late: Node) -> bool:
    """Whether another branch of the effect sets at once to something else what the timer sets late."""
    setter, value = callee_of(late), [file.text(part) for part in arguments_of(late)]
    for run, path in reached(file, effect.callback):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        if callee is None or setter is None or run.waited or run.delayed or file.text(callee) != file.text(setter):
            continue
        beside = enclosing_function(file, run.node) == enclosing_function(file, timer.node)
        one, other = (run.node, timer.node) if beside else ((*path, run.node)[0], (*timer.path, timer.node)[0])
        if [file.text(part) for part in arguments_of(run.node)] != value and (_apart(one, other) or _apart(other, one)):
            return True
    return False


def _apart(one: Node, other: Node) -> bool:
    """Whether a function that comes by one node does not come by the other: it is in the other branch, or behind."""
    for test in ancestors(one):
        if is_function(test):
            return False
        if test.type != "if_statement":
            continue
        consequence, alternative = test.child_by_field_name("consequence"), test.child_by_field_name("alternative")
        if consequence is None or not begins_within(one, consequence):
            continue
        if alternative is not None and begins_within(other, alternative):
            return True
        last = consequence.named_children[-1] if consequence.type == "statement_block" else consequence
        if last.type == "return_statement" and other.start_byte > test.end_byte:
            return True
    return False


def comes_in_order(file: SourceFile, effect: Effect, timer: Acquisition) -> bool:
    """Whether every run of an effect sets the same timer, so that the last one has the last word."""
    own = enclosing_function(file, timer.node) == effect.callback and bool(delay_text(file, arguments_of(timer.node)))
    asked = any(condition.start_byte < timer.node.start_byte for condition in conditions(effect.callback))
    return own and not asked and effect.runs is Deps.SOME


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


def _is_outside(file: SourceFile, callee: Node, effect: Effect) -> bool:
    """A callback prop, or navigation."""
    root = root_of(callee)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None:
        return False
    if effect.owner is not None and given(file, root, found, effect.owner) is not None:
        return callee.type == "identifier" or file.text(root) == "props"
    return _navigates(file, callee)


def _navigates(file: SourceFile, callee: Node) -> bool:
    root = root_of(callee)
    found = resolve(file, root) if root.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    moves = callee.type == "identifier" or dotted(file, callee)[-1:] in _MOVES
    return hook is not None and hook[0] in _NAVIGATES and moves
