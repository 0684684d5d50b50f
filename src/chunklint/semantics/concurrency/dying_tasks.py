"""Tasks that are cancelled and waited for while they still stand where others look for a running one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.held import locks_held_at
from chunklint.semantics.concurrency.lives import is_exempt
from chunklint.semantics.concurrency.shared_races import callers_hold_lock, shared_races
from chunklint.semantics.concurrency.sharing import Evidence, evidence_of
from chunklint.semantics.concurrency.state import Shape, States, name_of, states_of_class, states_of_module
from chunklint.semantics.concurrency.suspensions import is_async
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.scopes import FUNCTIONS, Kind, reaching

_STARTS = re.compile(r"\b(?:create_task|ensure_future)\(")
# What waits for what it is given.
_WAITS = frozenset({"wait_for", "gather", "shield", "wait"})


@record
class Dying:
    """A place that a task keeps while it ends.

    Attributes:
        finder: The function that takes the task for a running one; "" when the same function starts another one
            beside that of a second run.
        cancelled: Where the task is told to end.
        wait: Where others have their turn.
        act: What happens to the place afterwards.
    """

    owner: str
    evidence: Evidence
    state: str
    finder: str
    cancelled: Node
    wait: Node
    act: Node


def dying_tasks(file: PythonFile) -> Iterator[Dying]:
    """The tasks of a file that are in somebody's way while they end."""
    if ".cancel()" not in file.content or _STARTS.search(file.content) is None:
        return
    for owner in (None, *descendants(file.root, "class_definition")):
        states = states_of_class(owner, file) if owner is not None else states_of_module(file)
        for name, function in states.methods.items() if states.shapes else ():
            if is_async(function) and not is_exempt(name, function, file) and not callers_hold_lock(function, file):
                yield from _of_function(function, name, states, file)


def _of_function(function: Node, name: str, states: States, file: PythonFile) -> Iterator[Dying]:
    evidence, owner = evidence_of(states, file), name_of(states.owner, file)
    for wait in descendants(function, "await", stop=frozenset({"class_definition"})):
        place = _awaited(wait, states, file)
        cancelled = _cancelled(place, wait, function, states, file) if place is not None else None
        if place is None or cancelled is None:
            continue
        act = _next_change(place, wait, function, states, file)
        if act is None or _is_held_throughout(wait, act, file) or _is_known(place[0], function, file):
            continue
        if act.type == "assignment" and _STARTS.search(file.text(act)):
            yield Dying(owner, evidence, place[0], "", cancelled, wait, act)
            return
        # One task that is started and stopped as a whole has one who does both.
        finder = next(_finders(place[0], name, states, file), None) if place[1] else None
        if finder is not None:
            yield Dying(owner, evidence, place[0], finder, cancelled, wait, act)
            return


def _awaited(wait: Node, states: States, file: PythonFile) -> tuple[str, str] | None:
    """The state, and the key in it, that what is waited for stands under; directly, or in what waits for it."""
    value = wait.named_children[-1] if wait.named_children else None
    callee = value.child_by_field_name("function") if value is not None and value.type == "call" else None
    if value is not None and callee is not None and file.text(callee).rpartition(".")[2] in _WAITS:
        value = next(iter(arguments(value, file).positional), None)
    return _place(value, states, file) if value is not None else None


def _place(node: Node, states: States, file: PythonFile) -> tuple[str, str] | None:
    """Where an expression comes from: `self.task`, `self.tasks[key]`, `self.tasks.get(key)`, or a name for these."""
    if node.type == "identifier" and states.state_of(node, file) is None:
        found = reaching(node, file)
        value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT and not found[0].path else None
        return _place(value, states, file) if value is not None and value.type != "identifier" else None
    if node.type == "subscript":
        container, key = node.child_by_field_name("value"), node.child_by_field_name("subscript")
        state = states.state_of(container, file) if container is not None else None
        return (state, file.text(key)) if state is not None and key is not None else None
    if node.type == "call":
        callee, given = node.child_by_field_name("function"), arguments(node, file).positional
        container = callee.child_by_field_name("object") if callee is not None and callee.type == "attribute" else None
        state = states.state_of(container, file) if container is not None else None
        is_look = callee is not None and file.text(callee).endswith(".get") and given
        return (state, file.text(given[0])) if state is not None and is_look else None
    state = states.state_of(node, file)
    return (state, "") if state is not None and states.shapes[state] is Shape.SINGLE else None


def _cancelled(place: tuple[str, str], wait: Node, function: Node, states: States, file: PythonFile) -> Node | None:
    """The call before the wait that cancels what stands at the place."""
    for call in descendants(function, "call", stop=FUNCTIONS):
        callee = call.child_by_field_name("function")
        task = callee.child_by_field_name("object") if callee is not None and callee.type == "attribute" else None
        if call.start_byte > wait.start_byte:
            return None
        if task is not None and file.text(call).endswith(".cancel()") and _place(task, states, file) == place:
            return call
    return None


def _next_change(place: tuple[str, str], wait: Node, function: Node, states: States, file: PythonFile) -> Node | None:
    """What is done to the place once the wait is over, unless it is looked at by its value before."""
    for node in descendants(function, "delete_statement", "call", "assignment", "if_statement", stop=FUNCTIONS):
        if node.start_byte < wait.end_byte or not _comes_after(node, wait):
            continue
        if node.type == "if_statement":
            condition = node.child_by_field_name("condition")
            told = file.text(condition) if condition is not None else ""
            if re.search(rf"{re.escape(place[0])}\b", told) and re.search(r"\bis\b|==|!=|done\(\)", told):
                return None
        elif _changes(node, place, states, file):
            return node
    return None


def _comes_after(node: Node, wait: Node) -> bool:
    """Whether a node stands in a block that goes on after the wait."""
    blocks = [one for one in ancestors(wait) if one.type in ("block", "function_definition")]
    return any(begins_within(node, one) for one in blocks) and not any(
        one.type == "else_clause" and not begins_within(wait, one) for one in _up_to(node, wait)
    )


def _up_to(node: Node, wait: Node) -> Iterator[Node]:
    for around in ancestors(node):
        if begins_within(wait, around):
            return
        yield around


def _changes(node: Node, place: tuple[str, str], states: States, file: PythonFile) -> bool:
    if node.type == "delete_statement":
        return any(_place(one, states, file) == place for one in node.named_children)
    if node.type == "assignment":
        left = node.child_by_field_name("left")
        return left is not None and left.type != "identifier" and _place(left, states, file) == place
    callee, given = node.child_by_field_name("function"), arguments(node, file).positional
    container = callee.child_by_field_name("object") if callee is not None and callee.type == "attribute" else None
    if callee is None or container is None or not file.text(callee).endswith(".pop") or not given:
        return False
    return states.state_of(container, file) == place[0] and file.text(given[0]) == place[1]


def _is_held_throughout(wait: Node, act: Node, file: PythonFile) -> bool:
    held = [frozenset(one.by.id for one in locks_held_at(node, file) if one.lock.exclusive) for node in (wait, act)]
    return not held[0].isdisjoint(held[1])


def _is_known(state: str, function: Node, file: PythonFile) -> bool:
    """Whether a race of the same function on the same state is reported already."""
    races = file.remember("races beside tasks", lambda: tuple(shared_races(file)))
    return any(one.race.state == state and begins_within(one.race.act.node, function) for one in races)


def _finders(state: str, name: str, states: States, file: PythonFile) -> Iterator[str]:
    """The functions that start a task in the same container only where there is none."""
    text = re.escape(state)
    looked = re.compile(rf"\bin {text}\b|\b{text}\.get\(|\b{text} is (?:not )?None|\bnot {text}\b")
    for other, function in states.methods.items():
        if other == name or is_exempt(other, function, file):
            continue
        made = [
            one.start_byte
            for one in descendants(function, "assignment")
            if _STARTS.search(file.text(one)) or _is_kept_task(one, file)
            if (left := one.child_by_field_name("left")) is not None and file.text(left).startswith(state)
        ]
        asked = (one.child_by_field_name("condition") for one in descendants(function, "if_statement"))
        if made and any(
            one is not None and looked.search(file.text(one)) and one.start_byte < max(made) for one in asked
        ):
            yield other


def _is_kept_task(assignment: Node, file: PythonFile) -> bool:
    """`self.tasks[key] = task`, where `task` was started just before."""
    value = assignment.child_by_field_name("right")
    found = reaching(value, file) if value is not None and value.type == "identifier" else ()
    return any(one.value is not None and _STARTS.search(file.text(one.value)) for one in found)
