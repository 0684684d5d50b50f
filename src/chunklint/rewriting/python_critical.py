"""Where a critical section would have to begin and end, and why there can be none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Refusal
from chunklint.records import record
from chunklint.semantics.concurrency.flow import GROWS, SHRINKS, Act, How
from chunklint.semantics.concurrency.held import locks_held_at, with_items
from chunklint.semantics.concurrency.locks import Lock, lock_of
from chunklint.semantics.concurrency.races import Kind
from chunklint.semantics.concurrency.shared_races import Harm, SharedRace, Write, writes_of
from chunklint.semantics.concurrency.slow_calls import is_awaited, slow_calls
from chunklint.semantics.concurrency.state import States, name_of, states_of_class, states_of_module
from chunklint.semantics.python.names import enclosing_function
from chunklint.semantics.wording import shortened

# Nobody reviews what is indented over more lines than this.
_MOST_LINES = 40
# What waits for other tasks, which may need the lock themselves.
_FOR_OTHERS = re.compile(
    r"(?:^|\.)(?:gather|wait|wait_for|wait_closed|join|acquire|as_completed|shield|put)\(|(?:queue|inbox)\w*\.get\("
)
_REMOVES = frozenset({"remove", "discard", "pop", "popleft", "popitem", "clear"})
_NESTED = frozenset({"function_definition", "lambda", "class_definition"})
_SELF = re.compile(r"self\.(\w+)")


@record
class Section:
    """Whole statements of one block of a function: those that a lock would be held over."""

    function: Node
    statements: tuple[Node, ...]

    def has(self, node: Node) -> bool:
        """Whether a node stands in it."""
        return self.statements[0].start_byte <= node.start_byte and node.end_byte <= self.statements[-1].end_byte

    def within(self, *kinds: str) -> Iterator[Node]:
        """The nodes of some kinds in it; functions that are only defined there are left out."""
        for one in self.statements:
            if one.type in kinds:
                yield one
            yield from descendants(one, *kinds, stop=_NESTED)


def states_around(owner: Node | None, file: PythonFile) -> States:
    """The states of a class, or of the module."""
    return states_of_class(owner, file) if owner is not None else states_of_module(file)


def section_of(races: Sequence[SharedRace], file: PythonFile) -> Section | Refusal:
    """What a lock must be held over so that none of the races of one function can happen."""
    nodes = [node for one in races for node in _involved(one)]
    function = enclosing_function(nodes[0])
    block = next((one for one in ancestors(nodes[0]) if one.type == "block" and _has_all(one, nodes)), None)
    if function is None or block is None or any(enclosing_function(one) != function for one in nodes):
        return Refusal("the check and the change stand in different functions")
    inside = [one for one in block.named_children if one.type != "comment"]
    at = [next(number for number, one in enumerate(inside) if begins_within(node, one)) for node in nodes]
    if any(_comes_round(one, inside) for one in races):
        return Refusal("the change comes before the check, in the next round of a loop")
    states = {one.race.state for one in races}
    start = next(one for one in range(min(at) + 1) if one == min(at) or _decides(inside[one], states, file))
    section = Section(function, tuple(inside[start : max(at) + 1]))
    reason = _why_not(section, races, file)
    return Refusal(reason) if reason else section


def _involved(one: SharedRace) -> tuple[Node, ...]:
    return one.race.look.node, one.race.act.node, *one.race.more


def _decides(statement: Node, states: set[str], file: PythonFile) -> bool:
    """Whether a statement looks at one of the states to decide something: another check that the change relies on."""
    condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
    assigned = statement.named_children[0] if statement.type == "expression_statement" else None
    value = assigned.child_by_field_name("right") if assigned is not None and assigned.type == "assignment" else None
    looked = condition or value
    names = descendants(looked, "identifier", "attribute") if looked is not None else ()
    return any(file.text(one) in states for one in names)


def _comes_round(one: SharedRace, statements: Sequence[Node]) -> bool:
    """Whether the check stands in a later statement than the change that relies on it."""
    look, act = (
        next(at for at, statement in enumerate(statements) if begins_within(node, statement))
        for node in (one.race.look.node, one.race.act.node)
    )
    return look > act


def _has_all(block: Node, nodes: Iterable[Node]) -> bool:
    return all(begins_within(node, block) for node in nodes)


def joined(wanted: SharedRace, races: Iterable[SharedRace], file: PythonFile) -> list[SharedRace] | Refusal:
    """The race, and those of its function whose sections would cut into its own: one lock is held over all of them."""
    group = [wanted]
    rest = [one for one in races if one.race is not wanted.race and one.harm is not Harm.ITERATED]
    rest = [one for one in rest if _function_of(one) == _function_of(wanted)]
    grows = True
    while grows:
        whole = section_of(group, file)
        if isinstance(whole, Refusal):
            return whole
        near = [one for one in rest if one not in group and any(whole.has(node) for node in _involved(one))]
        group, grows = [*group, *near], bool(near)
    return sorted(group, key=lambda one: one.race.look.node.start_byte)


def _function_of(one: SharedRace) -> Node | None:
    return enclosing_function(one.race.act.node)


def _why_not(section: Section, races: Sequence[SharedRace], file: PythonFile) -> str:
    """Why a lock is not to be held over the statements; "" when it may be."""
    statements = section.statements
    held = [one.lock for one in locks_held_at(statements[0], file) if one.lock.exclusive]
    held += [lock for one in section.within("with_statement") for lock in _entered(one, file)]
    if held:
        return f"a part of it holds `{held[0].name}` already"
    if statements[-1].end_point[0] - statements[0].start_point[0] >= _MOST_LINES:
        return f"the lock would be held over more than {_MOST_LINES} lines"
    if any(section.within("yield")):
        return "the lock would be held while whoever iterates does something else"
    if len(statements) == 1 and statements[0].type in ("for_statement", "while_statement"):
        return "the lock would be held over a whole loop that waits"
    parameters = _parameters(section.function, file)
    for wait in (one for one in section.within("await") if one.named_children):
        awaited = wait.named_children[0]
        callee = awaited.child_by_field_name("function") if awaited.type == "call" else None
        if callee is None or _FOR_OTHERS.search(f"{file.text(callee)}("):
            return f"`{shortened(file.text(wait), 60)}` waits for other tasks, which may need the lock themselves"
        if callee.type == "identifier" and file.text(callee) in parameters:
            return f"`{file.text(callee)}` is handed in, and may come back here while the lock is held"
    slow = next((call for one in statements for call in slow_calls(one, file)), None)
    if slow is not None and any(one.harm is not Harm.TWICE for one in races):
        return f"`{shortened(file.text(slow), 60)}` takes long, and everybody would wait for it"
    return ""


def _entered(statement: Node, file: PythonFile) -> Iterator[Lock]:
    for item in with_items(statement):
        lock = lock_of(item, file)
        if lock is not None:
            yield lock


def _parameters(function: Node, file: PythonFile) -> frozenset[str]:
    listed = function.child_by_field_name("parameters")
    return frozenset(file.text(one) for one in descendants(listed, "identifier")) if listed is not None else frozenset()


def disturber(
    wanted: Sequence[SharedRace],
    section: Section,
    lock: str,
    races: Sequence[SharedRace],
    states: States,
    file: PythonFile,
) -> str:
    """The function that changes one of the states in a way that the lock would not keep out; "" when there is none.

    Of `races`, those of all functions on these states, it is taken that they get the lock too.
    """
    tearing = [one for one in races if one.harm is not Harm.ITERATED]
    for one in wanted:
        for write in writes_of(states, file).get(one.race.state, ()):
            if section.has(write.act.node) or _is_harmless(write, one, file) or _holds(write, lock, file):
                continue
            theirs = [other for other in tearing if write.act.node in _involved(other)]
            if not theirs or isinstance(section_of(theirs[:1], file), Refusal):
                return name_of(write.function, file)
    return ""


def _holds(write: Write, lock: str, file: PythonFile) -> bool:
    return any(held.lock.name == lock and held.lock.exclusive for held in locks_held_at(write.act.node, file))


def _is_harmless(write: Write, one: SharedRace, file: PythonFile) -> bool:
    """Whether another change cannot make the decision wrong: one that makes room, where it is about a limit."""
    if one.harm is Harm.TWICE:
        return True
    if one.harm is not Harm.STALE or not isinstance(one.race.act, Act) or one.race.kind is not Kind.CHECKED:
        return False
    act = one.race.act
    if one.race.look.how is How.SIZE and act.how in GROWS | {How.INNER}:
        removes = write.act.how is How.INNER and write.act.makes in _REMOVES
        return removes or write.act.how in SHRINKS or _replaces(write.act, file)
    return act.how is write.act.how is How.AUGMENT and {_sign(act, file), _sign(write.act, file)} == {"+=", "-="}


def _replaces(act: Act, file: PythonFile) -> bool:
    """Whether a change only replaces what is under a key that it was given by iterating over the same state."""
    for loop in (one for one in ancestors(act.node) if one.type == "for_statement"):
        target, iterable = loop.child_by_field_name("left"), loop.child_by_field_name("right")
        if target is None or iterable is None or act.state not in file.text(iterable):
            continue
        if act.key in {file.text(one) for one in (target, *descendants(target, "identifier"))}:
            return True
    return False


def _sign(act: Act, file: PythonFile) -> str:
    sign = act.node.child_by_field_name("operator")
    return file.text(sign) if sign is not None else ""


def takes_again(section: Section, lock: str, racing: Iterable[str], states: States, file: PythonFile) -> str:
    """The function called from the section that takes the lock, or is to take it: that would wait for itself."""
    takes = re.compile(rf"with {re.escape(lock)}\b")
    taking = {name for name, node in states.methods.items() if takes.search(file.text(node))} | set(racing)
    pending = [call for one in section.statements for call in (one, *descendants(one, "call", stop=_NESTED))]
    seen: set[str] = set()
    while pending:
        name = _called(pending.pop(), states, file)
        if name in taking:
            return name
        if name and name not in seen:
            seen.add(name)
            body = states.methods[name].child_by_field_name("body")
            pending += descendants(body, "call", stop=_NESTED) if body is not None else ()
    return ""


def _called(call: Node, states: States, file: PythonFile) -> str:
    """The function of the same class or module whose end the call waits for, "" for all others."""
    callee = call.child_by_field_name("function") if call.type == "call" and is_awaited(call) else None
    if callee is None:
        return ""
    spelled = file.text(callee)
    found = _SELF.fullmatch(spelled) if states.owner is not None else None
    name = found[1] if found is not None else spelled if states.owner is None else ""
    return name if name in states.methods else ""
