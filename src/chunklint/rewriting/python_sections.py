"""The critical section that a race lacks: a lock made beside the state, and held from the check to the change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Finding, Fix, Refusal
from chunklint.records import record
from chunklint.rewriting.python_code import (
    READ_OTHERWISE,
    block_of,
    code_of,
    edits_between,
    edits_to,
    is_free,
    nodes_of,
    replaced,
    statement_at,
    taken,
    tree_of,
    width_of,
    with_statement,
)
from chunklint.rewriting.python_critical import disturber, joined, section_of, states_around, takes_again
from chunklint.rewriting.python_imports import with_library
from chunklint.rewriting.python_layout import refitted
from chunklint.rewriting.python_lookups import copied, forgiving
from chunklint.semantics.concurrency.held import locks_held_at
from chunklint.semantics.concurrency.lock_types import Form, LockKind
from chunklint.semantics.concurrency.locks import lock_of
from chunklint.semantics.concurrency.policy import Naked, naked_changes
from chunklint.semantics.concurrency.shared_races import Harm, SharedRace, shared_races, writes_of
from chunklint.semantics.concurrency.state import States, class_of, decorators, name_of
from chunklint.semantics.concurrency.suspensions import is_async
from chunklint.semantics.concurrency.suspicions import extent
from chunklint.semantics.python.names import calls_of, enclosing_function
from chunklint.semantics.python.scopes import Kind, attribute_bindings, bindings_in

if TYPE_CHECKING:
    import libcst as cst

_NOT_MADE_BY_INIT = re.compile(r"dataclass|define|attrs|\battr\.")
_IMPORTS = ("import_statement", "import_from_statement")
_OTHER_LOOPS = frozenset({"trio", "curio", "anyio", "twisted", "gevent"})


@record
class _Guard:
    """The lock of a state as the code spells it; `after` is the statement behind which it is to be made, if it is."""

    name: str
    after: Node | None


def guarded(file: PythonFile, finding: Finding, width: int = 0) -> Fix | Refusal:
    """Hold a lock from the check to the change; or need no lock: take out what is there, iterate over a copy."""
    races = file.remember("races to fix", lambda: list(shared_races(file)))
    span = finding.location.span
    race = next((one for one in races if extent(one.race, file)[0].span == span), None)
    if race is not None:
        if race.harm is Harm.ITERATED:
            return copied(race, file)
        return forgiving(race, file) or _held(race, races, file, width)
    naked = next((one for one in naked_changes(file) if file.span(one.act) == span), None)
    if naked is not None:
        return _also_held(naked, file, width)
    return Refusal("one lock around it is not enough: it must be held wherever the state is used")


def _held(race: SharedRace, races: list[SharedRace], file: PythonFile, width: int) -> Fix | Refusal:
    function = enclosing_function(race.race.act.node)
    owner = class_of(function) if function is not None and race.owner else None
    states = states_around(owner, file)
    group = joined(race, [one for one in races if one.owner == race.owner], file)
    if isinstance(group, Refusal):
        return group
    section = section_of(group, file)
    if isinstance(section, Refusal):
        return section
    guard = _guard_of(group[0], states, file)
    if isinstance(guard, Refusal):
        return guard
    same = [one for one in races if one.owner == race.owner and one.race.state in {it.race.state for it in group}]
    if other := disturber(group, section, guard.name, same, states, file):
        return Refusal(f"`{other}` changes `{race.race.state}` too, and would not hold the lock")
    if again := takes_again(section, guard.name, {one.function for one in same}, states, file):
        return Refusal(f"`{again}` is called in between, takes the lock too, and would wait for ever")
    first, last = (statement_at(file, file.span(one)) for one in (section.statements[0], section.statements[-1]))
    edits = _wrapped(file, first, last, guard, width, awaited=True)
    if isinstance(edits, Refusal):
        return edits
    told = f"Make `{guard.name}`, and hold it" if guard.after is not None else f"Hold `{guard.name}`"
    return Fix(f"{told} from the check to the change", edits, safe=False)


def _guard_of(race: SharedRace, states: States, file: PythonFile) -> _Guard | Refusal:
    """The lock that other changes of the state hold, or a new one."""
    state = race.race.state
    held = {
        one.lock.name
        for write in writes_of(states, file).get(state, ())
        for one in locks_held_at(write.act.node, file)
        if one.lock.kind is LockKind.ASYNCIO and one.lock.exclusive and one.lock.form is Form.MUTEX and one.lock.shared
    }
    if len(held) > 1:
        return Refusal(f"`{state}` is changed under several locks")
    if held:
        (name,) = held
        here = name.startswith("self.") if states.owner is not None else name in bindings_in(file.root, file)
        return _Guard(name, None) if here else Refusal(f"`{state}` is changed under `{name}`, which is not known here")
    if any(file.text(one).partition(".")[0] in _OTHER_LOOPS for one in _imported(file)):
        return Refusal("the file does not use asyncio alone, so it is not known which lock it takes")
    return _new_in_class(state, states.owner, file) if states.owner is not None else _new_in_module(state, file)


def _imported(file: PythonFile) -> list[Node]:
    lines = (one for one in file.root.named_children if one.type in _IMPORTS)
    return [name for line in lines for name in line.named_children[:1]]


def _new_in_class(state: str, owner: Node, file: PythonFile) -> _Guard | Refusal:
    word = state.removeprefix("self.")
    init = states_around(owner, file).methods.get("__init__")
    if any(_NOT_MADE_BY_INIT.search(one) for one in decorators(owner, file)) or init is None:
        return Refusal(f"`{name_of(owner, file)}` has no `__init__` of its own in which a lock could be made")
    bindings = [one for one in attribute_bindings(owner, word, file) if enclosing_function(one.node) == init]
    if not bindings or not state.startswith("self.") or word in _slots(owner, file):
        return Refusal(f"`{state}` is not made in `__init__`, where its lock would belong")
    if any(descendants(init, "return_statement")):
        return Refusal("`__init__` may return before it comes to the lock")
    name = f"_{word.strip('_')}_lock"
    made = attribute_bindings(owner, name, file)
    if made:
        value = made[0].value
        lock = lock_of(made[0].node, file)
        usable = value is not None and lock is not None and lock.kind is LockKind.ASYNCIO and lock.exclusive
        return _Guard(f"self.{name}", None) if usable else taken(name)
    body = init.child_by_field_name("body")
    after = next((one for one in ancestors(bindings[0].node) if one.parent == body), None)
    return _Guard(f"self.{name}", after) if after is not None and is_free(name, file) else taken(name)


def _slots(owner: Node, file: PythonFile) -> str:
    return next((file.text(one.node.parent or one.node) for one in attribute_bindings(owner, "__slots__", file)), "")


def _new_in_module(state: str, file: PythonFile) -> _Guard | Refusal:
    name = f"_{state.strip('_')}_LOCK" if state.isupper() else f"_{state.strip('_')}_lock"
    made = bindings_in(file.root, file).get(name, ())
    if made:
        lock = lock_of(made[0].node, file)
        return _Guard(name, None) if lock is not None and lock.kind is LockKind.ASYNCIO else taken(name)
    found = [one for one in bindings_in(file.root, file).get(state, ()) if one.kind is Kind.ASSIGNMENT]
    after = next((up for one in found for up in ancestors(one.node) if up.parent == file.root), None)
    if after is None or after.type != "expression_statement":
        return Refusal(f"`{state}` is not made at the top of the module, where its lock would belong")
    return _Guard(name, after) if is_free(name, file) else taken(name)


def _wrapped(
    file: PythonFile,
    first: cst.BaseStatement | None,
    last: cst.BaseStatement | None,
    guard: _Guard,
    width: int,
    *,
    awaited: bool,
) -> tuple[Edit, ...] | Refusal:
    """The edits that put statements of one block under a `with`, and make its lock where there is none yet."""
    import libcst as cst

    tree = tree_of(file)
    block = block_of(tree, first) if tree is not None and first is not None else None
    if tree is None or first is None or last is None or block is None or last not in block.body:
        return READ_OTHERWISE
    start, end = block.body.index(first), block.body.index(last)
    above: list[cst.EmptyLine] = list(getattr(first, "leading_lines", ()))
    blank = next((at for at, line in enumerate(above) if line.comment is not None), len(above))
    held = cst.With(
        items=[cst.WithItem(cst.parse_expression(guard.name))],
        body=cst.IndentedBlock([first.with_changes(leading_lines=above[blank:]), *block.body[start + 1 : end + 1]]),
        asynchronous=cst.Asynchronous() if awaited else None,
        leading_lines=above[:blank],
    )
    section = block.with_changes(body=[*block.body[:start], held, *block.body[end + 1 :]])
    code = refitted(tree, file.content, code_of(replaced(tree, block, section), file), width or width_of(file))
    edits = edits_between(file.content, code)
    made = _making(file, tree, guard) if guard.after is not None else ()
    return made if isinstance(made, Refusal) else tuple(sorted((*made, *edits)))


def _making(file: PythonFile, tree: cst.Module, guard: _Guard) -> tuple[Edit, ...] | Refusal:
    """The edits that make the lock behind its state, with the import that it takes."""
    import libcst as cst

    after = statement_at(file, file.span(guard.after)) if guard.after is not None else None
    line = cst.parse_statement(f"{guard.name} = asyncio.Lock()", config=tree.config_for_parsing)
    more = with_statement(tree, after, line, before=False) if after is not None else None
    if more is None:
        return READ_OTHERWISE
    edits = edits_to(more, file)
    imported = [one.node for one in bindings_in(file.root, file).get("asyncio", ()) if one.kind is Kind.IMPORT]
    if any(up.parent == file.root for node in imported for up in (node, *ancestors(node)) if up.type in _IMPORTS):
        return edits
    if "import asyncio" in file.content:
        return Refusal("`asyncio` is imported elsewhere than at the top of the module")
    if any(isinstance(node, cst.Name) and node.value == "asyncio" for node in nodes_of(tree)):
        return taken("asyncio")
    return (*edits_to(with_library(tree, "asyncio"), file), *edits)


def _is_held(node: Node, lock: str, file: PythonFile) -> bool:
    return any(one.lock.name == lock for one in locks_held_at(node, file))


def _assigned(function: Node) -> Iterator[Node]:
    targets = (one.child_by_field_name("left") for one in descendants(function, "assignment"))
    return (one for one in targets if one is not None)


def _also_held(naked: Naked, file: PythonFile, width: int) -> Fix | Refusal:
    """Hold the lock that other changes of the state hold."""
    function = enclosing_function(naked.act)
    if function is None or not (naked.threads or is_async(function)):
        return Refusal("only a coroutine can wait for this lock, and the function is none")
    held = [one.lock for call in calls_of(function, file) for one in locks_held_at(call, file)]
    if any(one.name == naked.lock and not one.reentrant for one in held):
        return Refusal("some of its callers hold the lock, and would wait for ever")
    around = [one for one in ancestors(naked.act) if one.parent is not None and one.parent.type == "block"]
    statement = next(iter(around), None)
    for one in around[1:]:
        condition = one.child_by_field_name("condition") if one.type == "if_statement" else None
        if condition is None or naked.state not in file.text(condition):
            break
        statement = one
    if statement is None or any(descendants(statement, "yield")):
        return Refusal("there is no statement that the lock could be held over")
    before = [one for one in descendants(function, "identifier", "attribute") if one.start_byte < statement.start_byte]
    if any(file.text(one) == naked.state and not _is_held(one, naked.lock, file) for one in before):
        return Refusal("the change goes by what was seen before without the lock")
    if any(file.text(one) == naked.lock for one in _assigned(function)):
        return Refusal("the function itself makes the lock")
    node = statement_at(file, file.span(statement))
    edits = _wrapped(file, node, node, _Guard(naked.lock, None), width, awaited=not naked.threads)
    return edits if isinstance(edits, Refusal) else Fix(f"Hold `{naked.lock}` for the change", edits, safe=False)
