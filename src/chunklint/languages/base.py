"""What every language offers: a parsed file that answers questions about text, places and enclosing definitions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol, TypeVar, cast

from tree_sitter import Language as Grammar
from tree_sitter import Node, Query, QueryCursor, Tree

from chunklint.model import Location, Place, Span

T = TypeVar("T")


class SourceFile:
    """One file as rules see it. Everything beyond the text is computed when first asked for.

    `refusal` says why the text was not parsed at all; "" when it was.
    """

    def __init__(self, path: str, text: str, tree: Tree | None) -> None:
        self.path = path
        self.content = text
        self.source = text.encode("utf-8", "surrogatepass")
        self.tree = tree
        self.refusal = ""
        self._answers: dict[Hashable, Any] = {}

    @property
    def root(self) -> Node:
        """The root of the syntax tree. Raises ValueError for a language that has none."""
        if self.tree is None:
            raise ValueError(f"{self.path} has no syntax tree")
        return self.tree.root_node

    def text(self, node: Node) -> str:
        """The node's source text."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer stored under the key, computed on first use. Semantics keep what they derive of a file here."""
        if key not in self._answers:
            self._answers[key] = compute()
        return cast("T", self._answers[key])

    @cached_property
    def lines(self) -> Sequence[bytes]:
        """The source's lines without their ends, as tree-sitter counts them: only LF ends a row."""
        return self.source.split(b"\n")

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def span(self, place: Place) -> Span:
        """The region of a node in 1-based lines and code point columns; a span is returned as it is."""
        match place:
            case Span():
                return place
            case Location():
                return place.span
        (start_row, start_byte), (end_row, end_byte) = place.start_point, place.end_point
        return Span(start_row + 1, self._column(start_row, start_byte), end_row + 1, self._column(end_row, end_byte))

    def span_of_bytes(self, start: int, end: int) -> Span:
        """The region between two byte offsets."""
        rows = [bisect_right(self._line_starts, offset) - 1 for offset in (start, end)]
        columns = [self._column(row, at - self._line_starts[row]) for row, at in zip(rows, (start, end), strict=True)]
        return Span(rows[0] + 1, columns[0], rows[1] + 1, columns[1])

    def _column(self, row: int, byte: int) -> int:
        if row >= len(self.lines):
            return 1
        # A byte order mark is no column to an editor, nor to GitHub.
        before = self.lines[row][:byte].decode("utf-8", "replace")
        return len(before.removeprefix("\ufeff") if row == 0 else before) + 1

    def location(self, place: Place) -> Location:
        """The place as plain data that outlives the parse."""
        if isinstance(place, Location):
            return place
        symbol = "" if isinstance(place, Span) else self.symbol(cast("Node", place))
        return Location(self.path, self.span(place), symbol)

    def symbol(self, node: Node) -> str:
        """The dotted name of the definitions around a node, outermost first; "" at module level."""
        names = [self.text(name) for around in ancestors(node) if (name := self.definition_name(around)) is not None]
        return ".".join(reversed(names))

    def definition_name(self, node: Node) -> Node | None:
        """The node of the name that a definition introduces; None when the node is no named definition."""
        return None

    @cached_property
    def broken(self) -> tuple[Span, ...]:
        """The regions that the parser could not read, in order."""
        if self.tree is None or not self.root.has_error:
            return ()
        return tuple(self.span(node) for node in _error_nodes(self.root))

    @cached_property
    def broken_bytes(self) -> int:
        """How many bytes lie in regions that the parser could not read."""
        if self.tree is None or not self.root.has_error:
            return 0
        return sum(node.end_byte - node.start_byte for node in _error_nodes(self.root))

    def comments(self) -> Iterator[tuple[str, Span]]:
        """Every comment with its delimiters, in order."""
        raise NotImplementedError


class Language(Protocol):
    """How a language turns text into a `SourceFile` and a query's text into matches."""

    name: str
    suffixes: frozenset[str]

    def parse(self, path: str, text: str) -> SourceFile:
        """Never raises for any text: what cannot be read is in `SourceFile.broken`."""
        ...

    def matches(self, file: SourceFile, queries: tuple[str, ...]) -> Iterator[tuple[int, dict[str, list[Node]]]]:
        """Run the queries as one; yields the index of the query that matched and its captures."""
        ...


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around a node, innermost first."""
    around, asked = node, 0
    while True:
        above = _parents.get(around.id)
        if above is None:
            above = around.parent
            if above is None:
                return
            _parents[around.id] = above
            asked += 1
            if asked == _SHALLOW:
                _know_parents_of(above)
        yield above
        around = above


# `Node.parent` descends from the root each time, so climbing by it takes quadratic time in deep nesting, and much time
# in any. The parents that were asked for are therefore kept, by the id of the child: an address in its tree's memory,
# which the nodes in here keep alive, so that no other tree can have it. A deep tree's are found all at once.
_SHALLOW = 64
_parents: dict[int, Node] = {}


def _know_parents_of(node: Node) -> None:
    root = node
    while (above := root.parent) is not None:
        root = above
    pending = [root]
    while pending:
        parent = pending.pop()
        for child in parent.children:
            _parents[child.id] = parent
            pending.append(child)


def is_within(node: Node, outer: Node) -> bool:
    """Whether a node lies in the bounds of another one, or is it."""
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def begins_within(node: Node, outer: Node) -> bool:
    """Whether a node begins in the bounds of another one: it lies in it, or around it from its first byte on."""
    return outer.start_byte <= node.start_byte < outer.end_byte


def enclosing(node: Node, *types: str) -> Node | None:
    """The innermost node around a node that is of one of the types."""
    return next((around for around in ancestors(node) if around.type in types), None)


def descendants(node: Node, *types: str, stop: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The nodes below a node of the given types (all when none is given), in source order.

    Nodes whose type is in `stop` are yielded when asked for, but not entered. The walk uses no recursion, so deep
    nesting cannot exhaust the stack.
    """
    grammar = _grammar_of(node) if types and node.descendant_count > _SMALL and not node.has_error else None
    if grammar is None:
        return _walk(node, types, stop)
    return _queried(node, grammar, types, stop)


def _walk(node: Node, types: tuple[str, ...], stop: frozenset[str]) -> Iterator[Node]:
    pending = list(reversed(node.children))
    while pending:
        current = pending.pop()
        if not types or current.type in types:
            yield current
        if current.type not in stop:
            pending.extend(reversed(current.children))


def _queried(node: Node, grammar: Grammar, types: tuple[str, ...], stop: frozenset[str]) -> Iterator[Node]:
    """The same nodes, found by a query: it visits nodes in C, five times as fast, and makes objects of matches only."""
    query = _query_for(grammar, frozenset(types) | stop)
    if query is None:
        return
    left = -1
    for current in _found(node, query):
        if current.start_byte < left or current.id == node.id:
            continue
        if stop and current.type in stop:
            left = current.end_byte
            if current.type not in types:
                continue
        yield current


def _found(node: Node, query: Query) -> Iterator[Node]:
    """What a query finds at or below a node of the tree that was parsed last, in source order.

    Once the tree has been passed through as far as its length comes to, all that it has is listed, and looked up.
    """
    (tree,) = _latest
    listing = _listings.setdefault(query, _Listing())
    listing.passed += node.end_byte - node.start_byte
    if listing.nodes is None:
        if listing.passed < tree.root_node.end_byte:
            return _captured(node, query)
        listing.nodes = list(_captured(tree.root_node, query))
        listing.starts = [one.start_byte for one in listing.nodes]
    return listing.below(node)


def _captured(node: Node, query: Query) -> Iterator[Node]:
    return (captures["node"][0] for _, captures in QueryCursor(query).matches(node))


class _Listing:
    """The nodes of a tree that a query finds, once there is reason to list them; `passed` bytes were looked through."""

    def __init__(self) -> None:
        self.passed = 0
        self.nodes: list[Node] | None = None
        self.starts: list[int] = []

    def below(self, node: Node) -> Iterator[Node]:
        """Those that lie in a node, which may be the node itself."""
        start, end = node.start_byte, node.end_byte
        nodes = self.nodes or []
        for at in range(bisect_left(self.starts, start), bisect_right(self.starts, end)):
            one = nodes[at]
            # Nodes nest: one that begins in another ends in it, unless it begins where that begins or ends.
            if start < self.starts[at] < end or (one.end_byte <= end and _is_at_or_below(one, node)):
                yield one


def _is_at_or_below(one: Node, node: Node) -> bool:
    return one.id == node.id or any(around.id == node.id for around in ancestors(one))


# Below this many nodes a walk is as quick as a query.
_SMALL = 12

# The tree that was parsed last. A node does not tell its grammar, but nearly always it is of this tree.
_latest: list[Tree] = []
_listings: dict[Query, _Listing] = {}


def latest(tree: Tree) -> Tree:
    """The tree itself, remembered as the one whose nodes will be asked for next."""
    _latest[:] = [tree]
    _listings.clear()
    _parents.clear()
    return tree


def _grammar_of(node: Node) -> Grammar | None:
    """The grammar of a node of the tree that was parsed last; None for any other node.

    A node's id is an address in its tree's memory, so one that is found in the tree by its place is of the tree.
    """
    if not _latest:
        return None
    (tree,) = _latest
    found = tree.root_node.descendant_for_byte_range(node.start_byte, node.end_byte)
    while found is not None and found.id != node.id:
        found = found.parent
        if found is not None and (found.start_byte, found.end_byte) != (node.start_byte, node.end_byte):
            return None
    return tree.language if found is not None else None


@lru_cache(maxsize=512)
def _query_for(grammar: Grammar, types: frozenset[str]) -> Query | None:
    """A query for the nodes of the types, named or not; None when the grammar has none of them."""
    patterns = [
        f"({kind})" if named else _quoted(kind)
        for kind in sorted(types)
        for named in (True, False)
        if (number := grammar.id_for_node_kind(kind, named)) and grammar.node_kind_is_visible(number)
    ]
    return Query(grammar, f"[{' '.join(patterns)}] @node") if patterns else None


def _quoted(kind: str) -> str:
    escaped = kind.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _error_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            pending.extend(reversed(node.children))
