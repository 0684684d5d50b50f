"""What a function does to shared state, in the order in which it does it, whatever the language."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from tree_sitter import Node

from chunklint.records import record


class How(StrEnum):
    """How a place in the code looks at state, or changes it."""

    VALUE = "its value"
    SIZE = "how much it holds"
    MEMBER = "whether it has a key"
    LOOKUP = "what a key has, if anything"
    INDEX = "what a key must have"
    ASSIGN = "another value"
    AUGMENT = "a value made of the last"
    CLEAR = "emptied"
    SET = "a key set"
    ADD = "an item added"
    TAKE = "an item taken that must be there"
    DROP = "an item taken if it is there"
    INNER = "a change within what a key has"


class Exit(StrEnum):
    """Where control goes instead of to the next statement."""

    NEXT_ROUND = "continue"
    BEHIND_LOOP = "break"
    OUT = "return"


GROWS = frozenset({How.SET, How.ADD})
SHRINKS = frozenset({How.TAKE, How.DROP, How.CLEAR, How.ASSIGN})


@record
class Look:
    """A look at shared state. `key` is the source text of the key or item that is looked for, "" for the whole."""

    node: Node
    state: str
    key: str
    how: How


@record
class Value:
    """What an expression is made of: local names, and looks at shared state."""

    names: frozenset[str] = frozenset()
    looks: tuple[Look, ...] = ()

    def __add__(self, other: Value) -> Value:
        """Both together."""
        return Value(self.names | other.names, self.looks + other.looks)


@record
class Act:
    """A change of shared state: of the whole, or of what is under `key`, which is made of `keyed`.

    `value` is what is written; `settles` says that it is None, empty or another literal, `builds` that it is
    computed; `makes` is its text.
    """

    node: Node
    state: str
    key: str
    how: How
    value: Value = Value()
    keyed: Value = Value()
    settles: bool = False
    builds: bool = False
    makes: str = ""


@record
class Suspend:
    """A place where other tasks get to run."""

    node: Node


@record
class Bind:
    """Local names that get a value, or more of it (`adds`); `alias` when it is the very state, not a copy."""

    names: tuple[str, ...]
    value: Value
    alias: Look | None = None
    adds: bool = False


@record
class Test:
    """A condition that decides what comes next."""

    node: Node
    value: Value


@record
class Delegated:
    """A call of a function of the same file that changes these states itself."""

    states: frozenset[str]


@record
class Branch:
    """One block of several, as the tests just before decide."""

    blocks: tuple[Block, ...]
    tests: tuple[Node, ...]


@record
class Loop:
    """A loop over something (`over`, when it is shared state itself), or with a condition that `head` ends in."""

    iterable: Node
    head: Block
    body: Block
    over: Look | None = None
    alias: str = ""
    conditional: bool = False


@record
class Attempt:
    """A `try`: any of the handlers may follow any part of the body."""

    body: Block
    handlers: tuple[Block, ...]
    otherwise: Block
    final: Block


@record
class Leave:
    """Control does not come to what follows: it goes to the next round of the loop, behind it, or out."""

    to: Exit


Step: TypeAlias = Look | Act | Suspend | Bind | Test | Delegated | Branch | Loop | Attempt | Leave
Block: TypeAlias = tuple[Step, ...]


def every(block: Block) -> Iterator[Step]:
    """All steps of a flow, those of inner blocks included, in source order."""
    pending = list(reversed(block))
    while pending:
        step = pending.pop()
        yield step
        match step:
            case Branch(blocks):
                inner = blocks
            case Loop():
                inner = (step.head, step.body)
            case Attempt():
                inner = (step.body, *step.handlers, step.otherwise, step.final)
            case _:
                continue
        for part in reversed(inner):
            pending.extend(reversed(part))
