"""Flags that a cleanup sets and nothing asks afterwards: `isMounted` that cancels nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.semantics.ecmascript.cleanup_scope import aborts, own_chains
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    arguments_of,
    called_name,
    callee_of,
    chain_start,
    enclosing_function,
    function_of,
    is_async,
    is_function,
)
from chunklint.semantics.ecmascript.names import CONSTANTS, FUNCTIONS, resolve, unwrap, uses_of, wrapped
from chunklint.semantics.ecmascript.react import Deps, Effect, cleanups, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.stale_answers import changing_names
from chunklint.semantics.ecmascript.timers import leads_away

# What is done when the call returns: setters of stores, ways to other pages, and what a parent is told.
_AT_ONCE = re.compile(r"^(?:on|set|reset|clear|toggle|open|close|show|hide)[A-Z]|^(?:navigate|push|replace|t|toast)$")
_TARGETS = frozenset({"assignment_expression", "augmented_assignment_expression"})


def idle_flags(file: SourceFile, effect: Effect) -> Iterator[tuple[Node, str, bool]]:
    """The flags of an effect that its cleanup sets too late for everybody: (the declaration, the name, if it is asked).

    Each is asked only while the effect itself runs, when no cleanup can have run, or not at all, though work of the
    effect comes late and does harm then.
    """
    for declarator, name, read in _flags(file, effect):
        idle = all(enclosing_function(file, use) == effect.callback for use in read)
        if idle and _comes_amiss(file, effect):
            yield declarator, file.text(name), bool(read)


def unset_flags(file: SourceFile, effect: Effect) -> Iterator[tuple[Node, str]]:
    """The flags that only the cleanup of a run sets which leaves before all that asks them: declaration and name."""
    body = effect.callback.child_by_field_name("body")
    ways = [_way_out(end, body) for end in cleanups(file, effect)] if body is not None else []
    if not ways or not all(ways):
        return
    last = max(way.end_byte for way in ways if way is not None)
    for declarator, name, read in _flags(file, effect):
        late = read and all(use.start_byte > last and enclosing_function(file, use) != effect.callback for use in read)
        if late and _comes_amiss(file, effect):
            yield declarator, file.text(name)


def _way_out(end: Node, body: Node) -> Node | None:
    """The condition of an effect's body in which a cleanup is returned last, if it stands in one."""
    leaves = next((one for one in ancestors(end) if one.type == "return_statement"), None)
    block = leaves.parent if leaves is not None else None
    branch = block.parent if block is not None and block.type == "statement_block" else block
    known = branch is not None and branch.type == "if_statement" and branch.parent == body
    return branch if known and branch is not None and branch.child_by_field_name("alternative") is None else None


def _flags(file: SourceFile, effect: Effect) -> Iterator[tuple[Node, Node, list[Node]]]:
    """The flags of an effect that its cleanups set and do nothing else by: declaration, name, and where it is asked."""
    body = effect.callback.child_by_field_name("body")
    ends = [part for part in cleanups(file, effect) if is_function(part)]
    if body is None or not ends or is_async(effect.callback) or any(not is_within(end, body) for end in ends):
        return
    if aborts(file, effect):
        return
    for declarator in descendants(body, "variable_declarator", stop=FUNCTIONS):
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        flag = name is not None and name.type == "identifier" and value is not None and value.type in ("true", "false")
        if not flag or name is None or (file.text(name),) not in own_chains(file, effect):
            continue
        uses = [use for use in _uses(file, body, name) if not any(is_within(use, end) for end in ends)]
        if _is_set(file, ends, name):
            yield declarator, name, [use for use in uses if not _is_target(use)]


def _uses(file: SourceFile, body: Node, name: Node) -> Iterator[Node]:
    found = resolve(file, name)
    for use in uses_of(file, name):
        if is_within(use, body) and resolve(file, use) == found:
            yield use


def _is_set(file: SourceFile, ends: list[Node], name: Node) -> bool:
    """Whether a cleanup assigns the flag and does nothing else by it, such as deciding what to release."""
    uses = [use for end in ends for use in _uses(file, end, name)]
    return bool(uses) and all(_is_target(use) for use in uses)


def _is_target(use: Node) -> bool:
    around = use.parent
    return around is not None and around.type in _TARGETS and around.child_by_field_name("left") == use


def _comes_amiss(file: SourceFile, effect: Effect) -> bool:
    """Whether late work of an effect does what should no longer be done once its cleanup has run.

    Where the effect runs once, its own state is dead by then, and only another page is seen. Where it runs again, what
    is appended to the rows of the run before is still wanted; and another value of a context or a store may well have
    led to another page.
    """
    runs = [run for run, _ in reached(file, effect.callback) if run.node.type == "call_expression"]
    if effect.runs is Deps.EMPTY:
        return any(run.waited or run.delayed for run in runs) and leads_away(file, effect.callback)
    emptied = {
        file.text(callee)
        for run in runs
        if not (run.waited or run.delayed)
        and (callee := _setter(file, run.node)) is not None
        and not any(is_function(one) for one in arguments_of(run.node))
    }
    changing = bool(changing_names(file, effect))
    runs = [run for run in runs if changing or _setter(file, run.node) is None]
    return any(
        _overwrites(file, run.node, emptied) if run.waited or run.delayed else _is_unseen_work(file, run.node)
        for run in runs
    ) or any(_hands_on(file, run.node, changing) for run in runs)


def _setter(file: SourceFile, call: Node) -> Node | None:
    callee = callee_of(call)
    own = callee is not None and callee.type == "identifier" and state_of_setter(file, callee) is not None
    return callee if own else None


def _overwrites(file: SourceFile, call: Node, emptied: set[str]) -> bool:
    """Whether a late call sets state to what is no constant, or calls what this file does not show."""
    setter, callee = _setter(file, call), callee_of(call)
    if setter is None:
        return callee is not None and callee.type == "identifier" and _is_foreign(file, callee)
    given = arguments_of(call)
    if any(is_function(one) for one in given):
        return file.text(setter) in emptied
    return any(unwrap(one).type not in CONSTANTS for one in given)


def _is_unseen_work(file: SourceFile, call: Node) -> bool:
    """Whether an effect starts what this file does not show, for no result: `load(id);`."""
    statement, start = wrapped(call).parent, call
    if called_name(file, call) in CONTINUES:
        start = chain_start(file, call) or call
        shown = any(called_name(file, one) == "then" for one in (call, *descendants(call, "call_expression")))
        if shown:
            return False
    if statement is not None and statement.type == "unary_expression":
        statement = statement.parent
    callee = callee_of(start)
    alone = statement is not None and statement.type in ("expression_statement", "arrow_function")
    if not alone or callee is None or callee.type != "identifier" or not _is_foreign(file, callee):
        return False
    name = file.text(callee)
    if name == "dispatch":
        return any(unwrap(one).type == "call_expression" for one in arguments_of(start))
    return _AT_ONCE.match(name) is None


def _hands_on(file: SourceFile, call: Node, changing: bool) -> bool:
    """`load(id).then(setRows)`: whether an answer goes to a setter, or to what this file does not show.

    A setter counts only where something is `changing` that the effect runs again for.
    """
    return called_name(file, call) == "then" and any(
        one.type == "identifier" and ((changing and state_of_setter(file, one) is not None) or _is_foreign(file, one))
        for one in arguments_of(call)[:1]
    )


def _is_foreign(file: SourceFile, callee: Node) -> bool:
    return (
        resolve(file, callee) is not None
        and function_of(file, callee) is None
        and state_of_setter(file, callee) is None
    )
