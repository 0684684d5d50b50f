"""Changes of state outside the lock that guards it everywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.flow import GROWS, SHRINKS, Act, Block, How, Look, Loop, Suspend, every
from chunklint.semantics.concurrency.held import Held, locks_held_at
from chunklint.semantics.concurrency.lives import is_exempt
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock
from chunklint.semantics.concurrency.ownership import lock_made_beside
from chunklint.semantics.concurrency.python_flow import flow_of
from chunklint.semantics.concurrency.shared_races import Write, callers_hold_lock, writes_of
from chunklint.semantics.concurrency.state import Shape, States, name_of, states_of_class, states_of_module
from chunklint.semantics.concurrency.suspensions import is_async

# One guarded change may be chance; a lock that is taken this often for a state is meant for it.
_HABIT = 2


@record
class Naked:
    """A change of state without the lock that its other changes hold."""

    act: Node
    state: str
    lock: str
    guarded: tuple[str, ...]
    threads: bool


def naked_changes(file: PythonFile) -> Iterator[Naked]:
    """The changes that break a lock's policy: of threads always, of tasks where a critical section waits."""
    for owner in (None, *descendants(file.root, "class_definition")):
        states = states_of_class(owner, file) if owner is not None else states_of_module(file)
        for state, writes in writes_of(states, file).items():
            yield from _of_state(state, writes, states, file)


def _of_state(state: str, writes: Iterable[Write], states: States, file: PythonFile) -> Iterator[Naked]:
    guarded: list[tuple[Write, Held]] = []
    naked: list[Write] = []
    for write in writes:
        held = [one for one in locks_held_at(write.act.node, file) if _is_policy(one.lock)]
        if held:
            guarded.append((write, held[0]))
        elif not locks_held_at(write.act.node, file) and not _is_flag(write, states):
            naked.append(write)
    if not naked or len(guarded) < _HABIT or len(guarded) <= len(naked):
        return
    lock = guarded[0][1].lock
    if not all(held.lock.is_same(lock) for _, held in guarded):
        return
    threads = lock.kind is LockKind.THREADING
    if threads and not any(map(is_async, states.methods.values())):
        # Which threads there are, and when, is nowhere to be seen.
        return
    if threads:
        # No thread sees half of what is done in one go and asks for nothing that was there.
        naked = [write for write in naked if not _in_one_go(write.act, states)]
    if not threads:
        naked = _in_the_middle(naked, guarded, states, file)
    names = tuple(sorted({name_of(write.function, file) for write, _ in guarded}))
    for write in naked:
        name = name_of(write.function, file)
        if lock_made_beside(write.act.node, file, lock.name):
            continue
        if not is_exempt(name, write.function, file) and not callers_hold_lock(write.function, file):
            yield Naked(write.act.node, state, lock.name, names, threads)


def _in_the_middle(
    naked: list[Write], guarded: list[tuple[Write, Held]], states: States, file: PythonFile
) -> list[Write]:
    """The changes that do harm in the middle of a critical section that waits.

    What comes in is lost where the section replaces what it has looked at before the wait, and what was fetched for a
    key comes back after somebody has taken the key out. A single value is set by whoever knows it last.
    """
    if any(states.shapes[write.act.state] is Shape.SINGLE for write in naked):
        return []
    if len({write.function.id for write, _ in guarded}) < _HABIT:
        return []
    waits = [(write.act.how, _waits_inside(write, held, states, file)) for write, held in guarded]
    replaces = any(how in (How.ASSIGN, How.CLEAR) and one is Waits.AFTER_LOOK for how, one in waits)
    refills = any(how is How.SET and one is not Waits.NO for how, one in waits)
    return [one for one in naked if (one.act.how in SHRINKS and refills) or (one.act.how in GROWS and replaces)]


def _is_flag(write: Write, states: States) -> bool:
    """Whether a change only sets a flag, which is done in one go."""
    return states.shapes[write.act.state] is Shape.SINGLE and write.act.settles


def _in_one_go(act: Act, states: States) -> bool:
    single = states.shapes[act.state] is Shape.SINGLE
    return act.how in (How.SET, How.ADD) or (single and act.how is How.ASSIGN and not act.builds)


def _is_policy(lock: Lock) -> bool:
    """Whether a lock is one that a class or module keeps for its own state."""
    kept = lock.kind in (LockKind.ASYNCIO, LockKind.THREADING) and lock.shared and "[" not in lock.home
    return kept and lock.exclusive


class Waits(IntEnum):
    """Whether a critical section waits before a change, and whether it has looked at the state before that.

    Only then does a change without the lock come in the middle of something: what the section has seen is no more.
    """

    NO = 0
    ALONE = 1
    AFTER_LOOK = 2


def _waits_inside(write: Write, held: Held, states: States, file: PythonFile) -> Waits:
    section = next((one for one in ancestors(held.by) if one.type == "with_statement"), None)
    if section is None:
        return Waits.NO
    body = section.child_by_field_name("body")
    inside = [step for step in _steps(flow_of(write.function, states, file)) if _is_within(step.node, body)]
    looks = [step.node for step in inside if isinstance(step, Look) and step.state == write.act.state]
    waits = [step.node for step in inside if isinstance(step, Suspend)]
    act = write.act.node.start_byte
    if any(look.start_byte < wait.start_byte < act for look in looks for wait in waits):
        return Waits.AFTER_LOOK
    return Waits.ALONE if any(wait.start_byte < act for wait in waits) else Waits.NO


def _steps(block: Block) -> Iterator[Look | Suspend]:
    """The looks and waits of a flow; a loop over the state itself looks at it."""
    for step in every(block):
        if isinstance(step, Look | Suspend):
            yield step
        elif isinstance(step, Loop) and step.over is not None:
            yield step.over


def _is_within(node: Node, body: Node | None) -> bool:
    return body is not None and begins_within(node, body)
