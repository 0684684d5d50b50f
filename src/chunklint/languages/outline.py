"""A syntax tree laid out as a list, so that the nodes around and below a node are looked up and not searched for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from tree_sitter import Node, Tree

# A tree of which so few nodes are asked for is walked: that is as quick as looking them up.
_SMALL = 12


class _Outline:
    """All nodes of a tree in source order, each before what is below it.

    What is below a node therefore follows it without a gap, and the nodes of some types below it are a slice of all
    of these types. A node's id is an address in its tree's memory, which the nodes in here keep alive: no node of
    another tree has one of these ids.
    """

    def __init__(self, root: Node) -> None:
        self.nodes: list[Node] = []
        self.parents: list[int] = []
        self.positions: dict[int, int] = {}
        self._by_type: dict[str, list[int]] = {}
        self._by_types: dict[tuple[tuple[str, ...], frozenset[str]], list[int]] = {}
        self._fill(root)

    def _fill(self, root: Node) -> None:
        nodes, parents, positions, by_type = self.nodes, self.parents, self.positions, self._by_type
        cursor = root.walk()
        enter, go_on, leave = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
        parent, at = -1, 0
        while True:
            node = cursor.node
            assert node is not None  # noqa: S101 - a cursor stands on a node from its beginning to its end
            positions[node.id] = at
            nodes.append(node)
            parents.append(parent)
            kind = node.type
            if kind in by_type:
                by_type[kind].append(at)
            else:
                by_type[kind] = [at]
            if enter():
                parent = at
            else:
                while not go_on():
                    if not leave():
                        return
                    parent = parents[parent]
            at += 1

    def below(self, at: int, types: tuple[str, ...], stop: frozenset[str]) -> Iterator[Node]:
        """Those of the types below the node at a position; see `descendants`."""
        nodes = self.nodes
        end = at + nodes[at].descendant_count
        listed = self._of_types(types, stop)
        first, last = bisect_left(listed, at + 1), bisect_left(listed, end)
        if not stop:
            return map(nodes.__getitem__, listed[first:last])
        return self._entered(listed[first:last], types, stop)

    def _entered(self, listed: list[int], types: tuple[str, ...], stop: frozenset[str]) -> Iterator[Node]:
        left = 0
        for at in listed:
            if at < left:
                continue
            node = self.nodes[at]
            if node.type in stop:
                left = at + node.descendant_count
                if node.type not in types:
                    continue
            yield node

    def _of_types(self, types: tuple[str, ...], stop: frozenset[str]) -> list[int]:
        if not stop and len(types) == 1:
            return self._by_type.get(types[0], [])
        known = self._by_types.get((types, stop))
        if known is None:
            known = sorted(at for kind in {*types, *stop} for at in self._by_type.get(kind, ()))
            self._by_types[types, stop] = known
        return known


# The tree that was parsed last, whose nodes are nearly always those that are asked for, and its outline once one was.
_latest: list[Tree] = []
_outline: list[_Outline] = []


def latest(tree: Tree) -> Tree:
    """The tree itself, remembered as the one whose nodes will be asked for next."""
    _latest[:] = [tree]
    _outline.clear()
    return tree


def _outlined(node: Node) -> tuple[_Outline | None, int]:
    """The outline that a node is in and its position there; no outline for a node of a tree parsed earlier."""
    if not _outline and _latest:
        _outline.append(_Outline(_latest[0].root_node))
    at = _outline[0].positions.get(node.id, -1) if _outline else -1
    return (None, -1) if at < 0 else (_outline[0], at)


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around a node, innermost first."""
    outline, at = _outlined(node)
    if outline is None:
        above = node.parent
        while above is not None:
            yield above
            above = above.parent
        return
    nodes, parents = outline.nodes, outline.parents
    while (at := parents[at]) >= 0:
        yield nodes[at]


def descendants(node: Node, *types: str, stop: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The nodes below a node of the given types (all when none is given), in source order.

    Nodes whose type is in `stop` are yielded when asked for, but not entered. The walk uses no recursion, so deep
    nesting cannot exhaust the stack.
    """
    if not types or node.descendant_count <= _SMALL:
        return _walk(node, types, stop)
    outline, at = _outlined(node)
    return _walk(node, types, stop) if outline is None else outline.below(at, types, stop)


def _walk(node: Node, types: tuple[str, ...], stop: frozenset[str]) -> Iterator[Node]:
    pending = list(reversed(node.children))
    while pending:
        current = pending.pop()
        if not types or current.type in types:
            yield current
        if current.type not in stop:
            pending.extend(reversed(current.children))
