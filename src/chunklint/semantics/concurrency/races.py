"""Races over a wait: what was known of shared state, what made it stale, the change that relies on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tree_sitter import Node

from chunklint.records import record
from chunklint.semantics.concurrency.flow import (
    Act,
    Attempt,
    Bind,
    Block,
    Branch,
    Delegated,
    Exit,
    How,
    Leave,
    Look,
    Loop,
    Suspend,
    Test,
    Value,
    every,
)
from chunklint.semantics.concurrency.state import Shape


class Kind(StrEnum):
    """What is wrong."""

    LOST = "writes back what it read before the wait"
    CHECKED = "acts on what it checked before the wait"
    MISSING = "needs a key that it saw before the wait"
    CLEARED = "empties what it read before the wait"
    ITERATED = "iterates over it across a wait"


@dataclass(slots=True)
class Race:
    """A look, a wait, and the acts that rely on the look although other tasks had their turn in between."""

    kind: Kind
    state: str
    look: Look
    wait: Node
    act: Act | Look
    more: list[Node] = field(default_factory=list)


@record
class _Fact:
    """What a look told; `wait` once other tasks had a turn since, `test` when a condition was decided by it."""

    look: Look
    wait: Node | None = None
    test: Node | None = None

    @property
    def at(self) -> int:
        return self.look.node.id


@record
class _Known:
    """What holds at one point: all looks so far, what conditions rest on, what local names are made of.

    `collected` tells what was put into local collections. Unlike what a name is bound to, it stays there. `iterated`
    tells what loops run over; the function's own changes disturb them as much as those of others.
    """

    looks: Mapping[int, _Fact]
    guards: tuple[_Fact, ...] = ()
    names: Mapping[str, tuple[_Fact, ...]] = field(default_factory=dict)
    collected: Mapping[str, tuple[_Fact, ...]] = field(default_factory=dict)
    aliases: Mapping[str, Look] = field(default_factory=dict)
    iterated: Mapping[int, _Fact] = field(default_factory=dict)

    def waited(self, node: Node) -> _Known:
        def stale(fact: _Fact) -> _Fact:
            return fact if fact.wait is not None else replace(fact, wait=node)

        return replace(
            self,
            looks={at: stale(fact) for at, fact in self.looks.items()},
            guards=tuple(map(stale, self.guards)),
            names={name: tuple(map(stale, facts)) for name, facts in self.names.items()},
            collected={name: tuple(map(stale, facts)) for name, facts in self.collected.items()},
            iterated={at: stale(fact) for at, fact in self.iterated.items()},
        )

    def without(self, states: frozenset[str]) -> _Known:
        """What is left when the function itself has changed the states."""
        involved = {fact.test.id for fact in self.guards if fact.test is not None and fact.look.state in states}
        return replace(
            self,
            looks={at: fact for at, fact in self.looks.items() if fact.look.state not in states},
            guards=tuple(
                one
                for one in self.guards
                if one.look.state not in states and not (one.test is not None and one.test.id in involved)
            ),
            names=_about_others(self.names, states),
            collected=_about_others(self.collected, states),
        )


def _about_others(names: Mapping[str, tuple[_Fact, ...]], states: frozenset[str]) -> dict[str, tuple[_Fact, ...]]:
    return {name: tuple(fact for fact in facts if fact.look.state not in states) for name, facts in names.items()}


# A second round of each of many nested loops would take a time exponential in their number.
_MOST_LOOPS = 3
# Longer functions are generated ones; what is known grows with every step.
_MOST_STEPS = 2000


def races_of(block: Block, shapes: Mapping[str, Shape], sections: Callable[[Node], frozenset[int]]) -> list[Race]:
    """The races of one function. `sections` gives the critical sections around a node."""
    if sum(1 for _ in every(block)) > _MOST_STEPS:
        return []
    walk = _Walk(shapes, sections)
    walk.run(block, _Known({}))
    return walk.races


class _Walk:
    def __init__(self, shapes: Mapping[str, Shape], sections: Callable[[Node], frozenset[int]]) -> None:
        self.races: list[Race] = []
        self._shapes, self._sections = shapes, sections
        self._exits: list[dict[Exit, list[_Known]]] = []
        self._open: dict[str, Race] = {}
        self._deciding: list[frozenset[int]] = []
        self._claimed = False

    def run(self, block: Block, known: _Known) -> _Known | None:
        """What is known behind a block; None when control never comes there."""
        for step in block:
            match step:
                case Look():
                    self._needed(step, known)
                    known = replace(known, looks={**known.looks, step.node.id: _Fact(step)})
                case Suspend(node):
                    self._open.clear()
                    known = known.waited(node)
                case Bind():
                    known = _bound(step, known)
                case Test(node, value):
                    known = _tested(node, value, known)
                case Delegated(states):
                    known = known.without(states)
                case Act():
                    self._changed(step, known)
                    known = _acted(step, known)
                case Leave(to):
                    if to is not Exit.OUT and self._exits:
                        self._exits[-1].setdefault(to, []).append(known)
                    return None
                case _:
                    behind = self._compound(step, known)
                    if behind is None:
                        return None
                    known = behind
        return known

    def _compound(self, step: Branch | Loop | Attempt, known: _Known) -> _Known | None:
        match step:
            case Branch():
                return self._branch(step, known)
            case Loop():
                return self._loop(step, known)
            case Attempt():
                return self._attempt(step, known)

    def _branch(self, step: Branch, known: _Known) -> _Known | None:
        self._deciding.append(frozenset(test.id for test in step.tests))
        ends = [end for block in step.blocks if (end := self.run(block, known)) is not None]
        self._deciding.pop()
        if len(ends) < 2:
            return ends[0] if ends else None
        tests = {test.id for test in step.tests}
        joined = _joined(ends)
        return replace(
            joined, guards=tuple(one for one in joined.guards if one.test is None or one.test.id not in tests)
        )

    def _loop(self, step: Loop, known: _Known) -> _Known | None:
        over = step.over or known.aliases.get(step.alias)
        if over is not None:
            known = replace(
                known,
                looks={**known.looks, over.node.id: _Fact(over)},
                iterated={**known.iterated, over.node.id: _Fact(over)},
            )
        behind: list[_Known] = []
        start: _Known | None = known
        # A second round sees what the waits of the first made stale.
        for _ in range(2 if len(self._exits) < _MOST_LOOPS else 1):
            if start is None:
                break
            entered = self.run(step.head, start)
            if entered is None:
                return None
            behind.append(entered if step.conditional else start)
            self._exits.append({})
            ended = self.run(step.body, entered)
            exits = self._exits.pop()
            behind.extend(exits.get(Exit.BEHIND_LOOP, ()))
            rounds = [*([ended] if ended is not None else []), *exits.get(Exit.NEXT_ROUND, ())]
            start = _joined(rounds) if rounds else None
            if over is not None:
                self._iterated(replace(over, node=step.iterable), over, rounds)
        if start is not None:
            after = self.run(step.head, start) if step.conditional else start
            behind.extend([after] if after is not None else [])
        return _joined(behind) if behind else None

    def _iterated(self, act: Look, over: Look, rounds: list[_Known]) -> None:
        for known in rounds:
            fact = known.iterated.get(over.node.id)
            if fact is not None and fact.wait is not None:
                self._report(Kind.ITERATED, fact, act)
                return

    def _attempt(self, step: Attempt, known: _Known) -> _Known | None:
        ends = [self.run(step.body, known)]
        if ends[0] is not None:
            ends[0] = self.run(step.otherwise, ends[0])
        thrown = _thrown(step.body, known)
        ends.extend(self.run(handler, thrown) for handler in step.handlers)
        through = [end for end in ends if end is not None]
        behind = self.run(step.final, _joined(through) if through else thrown)
        return behind if through else None

    def _needed(self, look: Look, known: _Known) -> None:
        """An index that must be there, although it was looked for before a wait."""
        if look.how is How.INDEX:
            fact = _stale_key(look.state, look.key, known)
            if fact is not None:
                self._report(Kind.MISSING, fact, look)

    def _claims(self, act: Act, known: _Known) -> bool:
        """Whether an act, done in one go with the check before it, keeps all other runs of the function out.

        `if self.busy: return` and `self.busy = True`, or the same with a key and a set.
        """
        sets = (act.how is How.ASSIGN and act.makes in ("True", "true")) or act.how in (How.ADD, How.SET)
        deciding = frozenset[int]().union(*self._deciding)
        fresh = (one for one in known.guards if one.look.state == act.state and one.wait is None)
        return sets and any(
            one.look.key == act.key and (not act.key or (one.test is not None and one.test.id not in deciding))
            for one in fresh
        )

    def _changed(self, act: Act, known: _Known) -> None:
        self._claimed = self._claimed or self._claims(act, known)
        opened = self._open.get(act.state)
        if opened is not None:
            opened.more.append(act.node)
            return
        for kind, fact in self._reliances(act, known):
            if self._report(kind, fact, act):
                return

    def _reliances(self, act: Act, known: _Known) -> list[tuple[Kind, _Fact]]:
        """What an act relies on that a wait has made stale, the worst first."""
        found: list[tuple[Kind, _Fact]] = []
        shape = self._shapes.get(act.state, Shape.SINGLE)
        if act.how in (How.ASSIGN, How.AUGMENT, How.SET) and (shape is not Shape.SINGLE or act.builds):
            found.extend((Kind.LOST, fact) for fact in _made_of(act.value, known) if _is_written_back(act, fact))
        if act.how is How.TAKE and (stale := _stale_key(act.state, act.key, known)) is not None:
            found.append((Kind.MISSING, stale))
        found.extend((Kind.CHECKED, fact) for fact in known.guards if _relies(act, fact, shape))
        empties = act.how is How.CLEAR or (act.how is How.ASSIGN and act.settles)
        if empties and shape is not Shape.SINGLE:
            found.extend((Kind.CLEARED, fact) for fact in known.looks.values() if _was_read(act, fact, known))
        return [(kind, fact) for kind, fact in found if fact.wait is not None]

    def _report(self, kind: Kind, fact: _Fact, act: Act | Look) -> bool:
        if fact.wait is None or (self._claimed and kind is not Kind.ITERATED):
            return False
        if not self._sections(fact.look.node).isdisjoint(self._sections(act.node)) and kind is not Kind.ITERATED:
            return False
        same = next((one for one in self.races if one.state == act.state and one.wait == fact.wait), None)
        if same is None:
            same = Race(kind, act.state, fact.look, fact.wait, act)
            self.races.append(same)
        elif act.node not in (same.act.node, *same.more):
            same.more.append(act.node)
        if isinstance(act, Act):
            self._open[act.state] = same
        return True


def _acted(act: Act, known: _Known) -> _Known:
    """What is known after a change; a loop goes on over the old value of what gets another one."""
    after = known.without(frozenset({act.state}))
    if act.how is not How.ASSIGN:
        return after
    return replace(after, iterated={at: one for at, one in after.iterated.items() if one.look.state != act.state})


def _bound(step: Bind, known: _Known) -> _Known:
    facts = _made_of(step.value, known)
    if step.adds:
        more = {name: (*known.collected.get(name, ()), *facts) for name in step.names}
        return replace(known, collected={**known.collected, **more})
    kept = {name: look for name, look in known.aliases.items() if name not in step.names}
    aliases = kept if step.alias is None else {**kept, step.names[0]: step.alias}
    # A name that is bound anew is another key.
    guards = tuple(one for one in known.guards if one.look.key not in step.names)
    collected = {name: of_name for name, of_name in known.collected.items() if name not in step.names}
    names = {**known.names, **dict.fromkeys(step.names, facts)}
    return replace(known, names=names, collected=collected, aliases=aliases, guards=guards)


def _made_of(value: Value, known: _Known) -> tuple[_Fact, ...]:
    found = {look.node.id: _as_used(known.looks.get(look.node.id), look) for look in value.looks}
    for name in sorted(value.names):
        for fact in (*known.names.get(name, ()), *known.collected.get(name, ())):
            found.setdefault(fact.at, fact)
    return tuple(found.values())


def _as_used(fact: _Fact | None, look: Look) -> _Fact:
    """A look as the expression around it uses it: `len(self.x)` looks only at the size."""
    return _Fact(look) if fact is None else replace(fact, look=look)


def _tested(node: Node, value: Value, known: _Known) -> _Known:
    facts = [replace(fact, test=node) for fact in _made_of(value, known)]
    fresh = [fact.look for fact in facts if fact.wait is None]
    stale = [one for one in (*known.guards, *facts) if one.wait is not None or one.test != node]
    kept = [one for one in stale if not any(_settles(look, one.look) for look in fresh)]
    return replace(known, guards=(*kept, *(fact for fact in facts if fact.wait is None)))


def _settles(look: Look, before: Look) -> bool:
    """Whether a new look tells again what an earlier one told."""
    return look.state == before.state and (look.key in (before.key, "()") or before.key == "()")


def _joined(ends: list[_Known]) -> _Known:
    """What holds whichever way control came: facts that all ways share, stale if any way waited."""
    first, *others = ends
    for other in others:
        looks = {at: _staler(fact, other.looks[at]) for at, fact in first.looks.items() if at in other.looks}
        guards = tuple(
            _staler(one, match)
            for one in first.guards
            if (match := next((fact for fact in other.guards if fact.at == one.at), None)) is not None
        )
        names = {
            name: tuple(
                _staler(one, match)
                for one in facts
                if (match := next((fact for fact in other.names.get(name, ()) if fact.at == one.at), None)) is not None
            )
            for name, facts in first.names.items()
        }
        aliases = {name: look for name, look in first.aliases.items() if name in other.aliases}
        collected = {
            name: tuple({one.at: one for one in (*other.collected.get(name, ()), *facts)}.values())
            for name, facts in {**other.collected, **first.collected}.items()
        }
        iterated = {at: _staler(first.iterated.get(at, fact), fact) for at, fact in other.iterated.items()} | {
            at: fact for at, fact in first.iterated.items() if at not in other.iterated
        }
        first = _Known(looks, guards, names, collected, aliases, iterated)
    return first


def _staler(one: _Fact, other: _Fact) -> _Fact:
    return one if one.wait is not None else other


def _thrown(body: Block, known: _Known) -> _Known:
    """What a handler may rely on: nothing that the body changed, and all of it stale if the body waits."""
    changed, wait = set[str](), None
    for step in every(body):
        match step:
            case Act():
                changed.add(step.state)
            case Delegated(states):
                changed |= states
            case Suspend(node):
                wait = node
    known = known.without(frozenset(changed))
    return known.waited(wait) if wait is not None else known


def _stale_key(state: str, key: str, known: _Known) -> _Fact | None:
    """The stale fact on which the presence of a key rests; None when a fresh one tells of it."""
    about = [one for one in known.guards if one.look.state == state and one.look.key == key]
    if any(one.wait is None for one in about):
        return None
    about.extend(one for one in known.names.get(key, ()) if one.look.state == state and one.look.how is How.VALUE)
    return next((one for one in about if one.wait is not None), None)


def _is_written_back(act: Act, fact: _Fact) -> bool:
    if fact.look.state != act.state or fact.look.how in (How.SIZE, How.MEMBER) or fact.look.key == "()":
        return False
    return fact.look.key in ("", act.key)


def _relies(act: Act, fact: _Fact, shape: Shape) -> bool:
    """Whether an act is one that the condition, decided by the fact, was meant to allow."""
    look = fact.look
    if look.state != act.state:
        return False
    if shape is Shape.SINGLE:
        return act.how in (How.ASSIGN, How.AUGMENT)
    if look.key == "()":
        return act.how is How.ADD
    if look.key:
        return look.key == act.key and act.how in (How.ADD, How.SET, How.TAKE, How.INNER)
    if look.how is How.SIZE:
        return act.how in (How.ADD, How.SET) or (act.how is How.TAKE and not act.key)
    if act.how is How.ASSIGN:
        return not act.settles
    return act.how is How.TAKE and not act.key


def _was_read(act: Act, fact: _Fact, known: _Known) -> bool:
    """Whether the whole was read before the wait and nobody has looked at it since."""
    if fact.look.state != act.state or fact.look.key or fact.look.how is not How.VALUE:
        return False
    return all(one.wait is not None for one in known.looks.values() if one.look.state == act.state)
