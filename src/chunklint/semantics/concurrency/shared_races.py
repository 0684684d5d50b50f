"""Which races of a Python file matter: those on state that is shared, that others change, and that no lock spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants, enclosing
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.flow import GROWS, SHRINKS, Act, How, Look, every
from chunklint.semantics.concurrency.held import Held, locks_held_at
from chunklint.semantics.concurrency.lives import (
    BEGINNING,
    HOLDS,
    begins,
    is_daily_work,
    is_ending,
    is_exempt,
    parameter_names,
    stands_at_the_end,
)
from chunklint.semantics.concurrency.ownership import lock_made_beside, makes_its_object
from chunklint.semantics.concurrency.python_flow import flow_of
from chunklint.semantics.concurrency.races import Kind, Race, races_of
from chunklint.semantics.concurrency.sharing import Evidence, evidence_of
from chunklint.semantics.concurrency.state import (
    Shape,
    States,
    name_of,
    states_of_class,
    states_of_module,
)
from chunklint.semantics.concurrency.suspensions import is_async
from chunklint.semantics.python.names import calls_of

RESOURCE = re.compile(
    r"client|session|pool|connect|redis|engine|browser|driver|producer|consumer|create_task|task|channel|socket"
    r"|process|subprocess|sandbox|container|playwright|websocket|server|worker",
    re.IGNORECASE,
)
# What is worth a word when a cache makes it twice: it runs on, or keeps a place on a server.
_LIVE = re.compile(
    r"create_task|ensure_future|connect\(|launch\w*\(|spawn\w*\(|Pool\("
    r"|(tasks|connections|browsers|processes|pools)$"
)
# Counters of what happened: each addition is right by itself, whatever was looked at before.
_STATISTICS = re.compile(
    r"fail|error|retr(y|ies)|attempt|miss(es)?$|hits?$|stats?$|metric|total|seen|processed|sent$|received",
    re.IGNORECASE,
)
# What is put into such a set is true whoever finds it out.
_KNOWLEDGE = re.compile(r"cache|known|memo(?!ry)", re.IGNORECASE)
# What a server answers with, which may as well be asked for twice.
_PLAIN_ANSWER = re.compile(r"(token|header|headers|cookie|cookies|credentials)$", re.IGNORECASE)
# What such a function answers is there already, and the same for all who ask.
_HANDS_OUT = re.compile(r"(?:^|_)(?:a?get|fetch|find|look_?up|resolve|ensure|obtain)(?:_|$)")
# The time of the last run, which is right whoever notes it last.
_MOMENT = re.compile(r"^[\w.]*(time|monotonic|perf_counter|now|utcnow)\([^()]*\)$")
# Doing these twice does no harm.
_REPEATABLE = re.compile(r"exist_ok=True|if_not_exists=True|IF NOT EXISTS|\bensure_\w*\(", re.IGNORECASE)
# How far the callers of a plain function are followed to a coroutine.
_DEEPEST = 3
# More changes of one state than people write tell nothing new.
_MOST_WRITES = 100
_REMOVES = frozenset({"remove", "discard", "pop", "popleft", "popitem", "clear"})
_SURVIVES = re.compile(r"^except\s*:|\b(KeyError|LookupError|IndexError|ValueError|Exception|BaseException)\b")
# Reading from these lets other tasks have their turn; what else is awaited may be in memory.
_FAR_AWAY = re.compile(
    r"aiofiles|asyncio\.|anyio\.|to_thread|executor|https?\b|request|execute|quer(y|ies)|redis|session|websocket|socket"
    r"|\b\w*(read|recv|receive|send|fetch\w*|download|connect|post|scalar\w*|commit|sleep|acquire|wait|open|stat)\("
)
# They only ever put in what is there for as long as the process is.
_REGISTERS = re.compile(r"^_*(register|subscribe|add_\w*(listener|handler|callback|hook|observer)|on$|on_)")
# They take out of a list what was put in at the start; a loop over it then skips one.
_UNREGISTERS = re.compile(
    r"^_*(un|de)_?(register|subscribe)|^_*remove_\w*(listener|handler|callback|hook|observer|middleware|plugin)|^off$"
)


class Harm(StrEnum):
    """What a race does to the program."""

    LOST = "an update is lost"
    STALE = "a decision is stale"
    MISSING = "a key is missing"
    CLEARED = "items are dropped"
    ITERATED = "iteration breaks"
    TWICE = "made twice"
    DYING = "found while it ends"


@record
class SharedRace:
    """A race that matters, where it is and what speaks for other tasks being in the same place.

    `others` are functions that change the state too, those first that take something out (`removed`). `apart` says
    that look and act hold locks, but not one throughout. `mild`: only tasks that are sure to meet do harm, for a loop
    over a list just skips one, or nothing but the function itself is in its way.
    """

    harm: Harm
    race: Race
    function: str
    owner: str
    evidence: Evidence
    others: tuple[str, ...]
    removed: bool
    apart: bool
    mild: bool


@record
class Write:
    """A change of a state by one function of its class or module."""

    function: Node
    act: Act


def shared_races(file: PythonFile) -> Iterator[SharedRace]:
    """The races of a file."""
    owners = [None, *(node for node in descendants(file.root, "class_definition"))]
    for owner in owners:
        states = states_of_class(owner, file) if owner is not None else states_of_module(file)
        if not states.shapes:
            continue
        evidence = evidence_of(states, file)
        for name, function in states.methods.items():
            if is_async(function) and not is_exempt(name, function, file):
                yield from _of_function(function, name, states, evidence, file)


def _of_function(
    function: Node, name: str, states: States, evidence: Evidence, file: PythonFile
) -> Iterator[SharedRace]:
    block = flow_of(function, states, file)
    if not any(isinstance(step, Act) for step in every(block)) and "for " not in file.text(function):
        return
    for race in races_of(block, states.shapes, partial(_sections, file=file)):
        writes = writes_of(states, file).get(race.state, ())
        harm = _harm(race, function, writes, states, file)
        weak = evidence in (Evidence.LIKELY, Evidence.NONE) and states.shapes[race.state] is Shape.SINGLE
        if harm is None or weak or callers_hold_lock(function, file) or lock_made_beside(race.act.node, file):
            continue
        if stands_at_the_end(race.act.node, file) or (harm is Harm.ITERATED and begins(function, file)):
            continue
        others = [one for one in writes if one.function != function]
        if harm is Harm.ITERATED:
            others = list(_disturbing(race, writes, states.shapes[race.state], file))
        removers = {name_of(one.function, file) for one in others if one.act.how in SHRINKS or one.act.how is How.INNER}
        names = sorted({name_of(one.function, file) for one in others}, key=lambda one: (one not in removers, one))
        locked = [_sections(node, file) for node in (race.look.node, race.act.node)]
        apart = harm is not Harm.ITERATED and all(locked)
        owner = name_of(states.owner, file)
        mild = harm is Harm.ITERATED and (
            states.shapes[race.state] is Shape.SEQUENCE
            or names == [name]
            or not any(_may_come_between(one.function, file) for one in others)
        )
        if harm is Harm.MISSING:
            # Who is told a key is told the same one twice only where tasks are sure to meet.
            takers = [one for one in others if one.act.how in (How.TAKE, How.DROP, How.CLEAR)]
            alone = not takers and race.act.key in parameter_names(function, file)
            mild = alone or _is_last_act(race.act.node)
        yield SharedRace(harm, race, name, owner, evidence, tuple(names), bool(removers), apart, mild)


def writes_of(states: States, file: PythonFile) -> dict[str, tuple[Write, ...]]:
    """The changes of each state by the functions of its class or module, construction and shutdown left out."""
    key = ("writes", states.owner.id if states.owner is not None else 0)
    return file.remember(key, partial(_collect_writes, states, file))


def _collect_writes(states: States, file: PythonFile) -> dict[str, tuple[Write, ...]]:
    found: dict[str, list[Write]] = {}
    for name, function in states.methods.items():
        if name in BEGINNING or is_ending(name, function, file) or makes_its_object(function, file):
            continue
        for step in every(flow_of(function, states, file)):
            if isinstance(step, Act):
                found.setdefault(step.state, []).append(Write(function, step))
    return {state: tuple(writes[:_MOST_WRITES]) for state, writes in found.items()}


def _sections(node: Node, file: PythonFile) -> frozenset[int]:
    """The critical sections around a node."""
    return frozenset(held.by.id for held in locks_held_at(node, file) if _excludes(held))


def _excludes(held: Held) -> bool:
    return held.lock.exclusive


def callers_hold_lock(function: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether every call of a helper stands in a critical section, as far as its class or module calls it."""
    name = name_of(function, file)
    if name.startswith("__") or depth > 3:
        return False
    calls = calls_of(function, file)
    return bool(calls) and all(_is_in_section(call, file, depth) for call in calls)


def _is_in_section(call: Node, file: PythonFile, depth: int) -> bool:
    if _sections(call, file):
        return True
    caller = next((one for one in ancestors(call) if one.type == "function_definition"), None)
    if caller is None:
        return False
    if name_of(caller, file) == "__init__" or HOLDS.search(name_of(caller, file)):
        return True
    return callers_hold_lock(caller, file, depth + 1)


def _harm(race: Race, function: Node, writes: Iterable[Write], states: States, file: PythonFile) -> Harm | None:
    others = [one for one in writes if one.function != function]
    shape = states.shapes[race.state]
    if "acquire" in file.text(race.wait):
        return None
    match race.kind:
        case Kind.ITERATED:
            return Harm.ITERATED if any(_disturbing(race, writes, shape, file)) else None
        case Kind.LOST:
            return Harm.LOST
        case Kind.CLEARED:
            return Harm.CLEARED if any(one.act.how in GROWS for one in others) else None
        case Kind.MISSING:
            return Harm.MISSING if _may_be_missing(race, function, writes, shape, file) else None
    if _notes_what_repeats(race, shape, file):
        return None
    far = _FAR_AWAY.search(file.text(race.wait)) is not None
    handed = _HANDS_OUT.search(_awaited(race.wait, file)) is not None
    others = [one for one in others if not _only_fills(one, states, file)]
    return _stale(race, others, shape, far=far, handed=handed)


def _notes_what_repeats(race: Race, shape: Shape, file: PythonFile) -> bool:
    """Whether a set only notes for which keys something is done, or what is known, that may as well be done twice."""
    if shape is not Shape.SET or not isinstance(race.act, Act) or race.act.how is not How.ADD:
        return False
    if race.look.how is How.MEMBER and race.look.key == race.act.key:
        return True
    return _REPEATABLE.search(file.text(race.wait)) is not None or _KNOWLEDGE.search(race.state) is not None


def _only_fills(write: Write, states: States, file: PythonFile) -> bool:
    """Whether a write is that of a cache too: it looks whether there is something before it puts something in."""
    before = (step for step in every(flow_of(write.function, states, file)) if isinstance(step, Look))
    looks = (one for one in before if one.state == write.act.state and one.node.start_byte < write.act.node.start_byte)
    return any(one.how in (How.MEMBER, How.LOOKUP, How.VALUE) for one in looks)


def _stale(race: Race, others: list[Write], shape: Shape, *, far: bool, handed: bool) -> Harm | None:
    """What comes of a stale decision.

    A cache that is filled from near by (not `far`) is never late; what is `handed` out is not made.
    """
    act = race.act
    if not isinstance(act, Act):
        return None
    kinds = (How.ASSIGN, How.AUGMENT) if shape is Shape.SINGLE else (How.SET, How.ADD)
    stored = [one for one in others if one.act.how in kinds and not one.act.settles]
    if (act.how is How.AUGMENT and _STATISTICS.search(act.state)) or _MOMENT.search(act.makes):
        return None
    if act.how in (How.ADD, How.AUGMENT) or race.look.how is How.SIZE:
        return Harm.STALE
    if act.how is How.SET or (shape is Shape.SINGLE and act.how is How.ASSIGN):
        if _failed(race):
            return None
        if act.settles:
            if handed:
                return None
            return Harm.TWICE if act.makes == "True" and not others else None
        if stored and (shape is not Shape.SINGLE or not RESOURCE.search(act.makes)):
            return Harm.STALE if far else None
        words = RESOURCE if shape is Shape.SINGLE else _LIVE
        if _PLAIN_ANSWER.search(act.state) or handed:
            return None
        return Harm.TWICE if words.search(act.makes) or words.search(act.state) else None
    return Harm.STALE if act.how in (How.TAKE, How.INNER) else None


def _awaited(wait: Node, file: PythonFile) -> str:
    """The last name of the function that an `await` calls."""
    return file.text(wait).partition("(")[0].rpartition(".")[2].rpartition(" ")[2]


def _failed(race: Race) -> bool:
    """Whether the act only answers that what was awaited has failed, which every task may do that it failed for."""
    handlers = (one.parent for one in ancestors(race.act.node) if one.type == "except_clause")
    bodies = (one.child_by_field_name("body") for one in handlers if one is not None)
    return any(body is not None and begins_within(race.wait, body) for body in bodies)


def _disturbing(race: Race, writes: Iterable[Write], shape: Shape, file: PythonFile) -> Iterator[Write]:
    """The changes of what is iterated that may come while the loop waits: no lock around both holds them off."""
    held = [one.lock for one in locks_held_at(race.act.node, file) if one.lock.exclusive]
    home = enclosing(race.act.node, "function_definition")
    for write in writes:
        if not _disturbs(write.act, race, shape) or _fills_anew(write, writes):
            continue
        if shape is Shape.SEQUENCE and write.act.how is How.CLEAR and write.function == home:
            # Sent one by one and then cleared: the loop also reaches what comes in meanwhile.
            continue
        of_writer = [one.lock for one in locks_held_at(write.act.node, file)]
        if any(one.is_same(other) for one in held for other in of_writer):
            continue
        if write.act.how in GROWS and _REGISTERS.match(name_of(write.function, file)):
            continue
        if (shape is Shape.SEQUENCE or race.look.key) and _UNREGISTERS.match(name_of(write.function, file)):
            continue
        if write.act.how in GROWS and not _may_come_between(write.function, file):
            continue
        inside = begins_within(write.act.node, race.act.node)
        if not inside and not callers_hold_lock(write.function, file):
            yield write


def _fills_anew(write: Write, writes: Iterable[Write]) -> bool:
    """Whether a function has given the state another container before it changes that one."""
    return any(
        one.function == write.function
        and one.act.how is How.ASSIGN
        and one.act.node.start_byte < write.act.node.start_byte
        for one in writes
    )


def _may_come_between(function: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether a function is seen to run while tasks do: what builds an object up before it is used is not."""
    if is_async(function) or any(is_daily_work(call, file) for call in calls_of(function, file)):
        return True
    callers = (enclosing(call, "function_definition") for call in calls_of(function, file))
    return depth < _DEEPEST and any(one is not None and _may_come_between(one, file, depth + 1) for one in callers)


def _disturbs(act: Act, race: Race, shape: Shape) -> bool:
    if race.look.key:
        return act.how is How.INNER and act.makes in _REMOVES
    if shape is Shape.SEQUENCE:
        return act.how in SHRINKS and act.how is not How.ASSIGN
    return act.how in GROWS | SHRINKS and act.how is not How.ASSIGN


def _may_be_missing(race: Race, function: Node, writes: Iterable[Write], shape: Shape, file: PythonFile) -> bool:
    """Whether another run takes a key out meanwhile, and the error then does harm.

    What takes just any item, as workers do in their loop, is mostly the only one to do so. An index into a list is a
    place, not a key, and what is read for the text of an error comes too late for any other.
    """
    look = isinstance(race.act, Look)
    if look and (shape is Shape.SEQUENCE or _is_last_act(race.act.node)):
        return False
    removals = [one for one in writes if one.act.how in (How.TAKE, How.DROP, How.CLEAR)]
    if not race.act.key:
        removals = [one for one in removals if one.function != function]
    raises = enclosing(race.act.node, "raise_statement") is not None
    return bool(removals) and not raises and not _is_survived(race.act.node, file)


def _is_last_act(node: Node) -> bool:
    """Whether a function ends with a statement: an error that a missing key raises there leaves nothing undone."""
    inner = node
    for around in ancestors(node):
        if around.type == "function_definition":
            return True
        if around.type in ("for_statement", "while_statement", "with_statement"):
            return False
        if around.type == "block" and any(
            one.start_byte > inner.start_byte and one.type != "comment" for one in around.named_children
        ):
            return False
        inner = around
    return True


def _is_survived(node: Node, file: PythonFile) -> bool:
    """Whether the error of a missing key is caught."""
    inner = node
    for around in ancestors(node):
        if around.type == "function_definition":
            return False
        if around.type == "try_statement" and inner == around.child_by_field_name("body"):
            handlers = [one for one in around.named_children if one.type == "except_clause"]
            if any(_SURVIVES.search(file.text(one)) for one in handlers):
                return True
        if around.type == "with_statement" and "suppress(" in file.text(around.children[0]) + file.text(around)[:120]:
            return True
        inner = around
    return False
