"""What is known of a string: text, holes, and the state of reading one out of the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.records import record

# What more alternatives, deeper nesting or more work would tell is not worth its time; the bounds also keep hostile
# input finite: nested brackets, and variables that double a string again and again.
MAX_SHAPES = 8
MAX_LOOPED = 32
_MAX_DEPTH = 30
_MAX_STEPS = 3_000
_MAX_PARTS = 400
_MAX_TEXT = 200_000


@record
class Hole:
    """A part of a string whose text is the value of an expression.

    `via` are the names behind which the expression stood, from the string inwards: a check of one of them is a check
    of the hole.
    """

    node: Node
    via: tuple[Node, ...] = ()


@record
class Shape:
    """One way that a string may look: known text and holes, in order.

    `node` is the expression that builds it, where the holes are: for a string built in a variable or a helper that is
    the building expression, not the use.
    """

    parts: tuple[str | Hole, ...]
    node: Node

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes in order."""
        return tuple(part for part in self.parts if isinstance(part, Hole))


Parts = tuple[str | Hole, ...]


def joined_text(parts: Iterable[str | Hole]) -> Parts:
    """The parts with neighbouring texts made one and empty ones left out."""
    joined: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(last := joined[-1], str):
            joined[-1] = last + part
        elif part != "":
            joined.append(part)
    return tuple(joined)


@record
class Reading:
    """A reading of a string out of the code, and where it stands.

    Attributes:
        read: Gives the shapes of one expression.
        given: What parameters hold, by the id of their identifier.
        active: The ids of the bindings and functions that are being followed.
        whole: Whether the value being read is the whole string, not a piece of a larger one.
        steps: What the reading may still cost; shared by all of it, and counting down.
    """

    file: PythonFile
    read: Callable[[Node, Reading], Iterable[Shape]]
    given: Mapping[int, tuple[Shape, ...]] = field(default_factory=dict)
    active: frozenset[int] = frozenset()
    depth: int = 0
    whole: bool = True
    steps: list[int] = field(default_factory=lambda: [_MAX_STEPS])

    def deeper(self) -> Reading:
        """The reading one expression further in."""
        return replace(self, depth=self.depth + 1)

    def within(self) -> Reading:
        """The reading of a piece of a larger string."""
        return replace(self, depth=self.depth + 1, whole=False)

    def shapes(self, node: Node) -> tuple[Shape, ...]:
        """The shapes of an expression, () when it is no known string or the reading has become too dear."""
        self.steps[0] -= 1
        if self.depth > _MAX_DEPTH or self.steps[0] < 0:
            return ()
        found = {(one.parts, one.node.id): one for one in self.read(node, self) if _is_bearable(one)}
        return tuple(found.values())[: MAX_LOOPED if self.whole else MAX_SHAPES]

    def piece(self, node: Node) -> tuple[Shape, ...]:
        """What an expression adds to a larger string: its shapes, or a hole."""
        return self.within().shapes(node) or (Shape((Hole(node),), node),)

    def first(self, node: Node) -> Parts:
        """The first shape of an argument: templates with alternatives in their arguments are too rare to combine."""
        return self.piece(node)[0].parts

    def any_of(self, nodes: Sequence[Node]) -> Iterable[Shape]:
        """One of several expressions; those that are no known string are holes beside the others, None is left out."""
        read = [(node, self.deeper().shapes(node)) for node in nodes if node.type not in ("none", "false")]
        if not any(shapes for _, shapes in read):
            return ()
        return [shape for node, shapes in read for shape in shapes or (Shape((Hole(node),), node),)]


def _is_bearable(shape: Shape) -> bool:
    return len(shape.parts) <= _MAX_PARTS and sum(len(p) for p in shape.parts if isinstance(p, str)) <= _MAX_TEXT
