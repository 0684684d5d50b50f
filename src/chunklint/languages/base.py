"""What every language offers: a parsed file that answers questions about text, places and enclosing definitions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from tree_sitter import Node, Tree

from chunklint.languages.outline import ancestors, descendants
from chunklint.model import Location, Place, Span

__all__ = [
    "Language",
    "SourceFile",
    "ancestors",
    "begins_within",
    "descendants",
    "enclosing",
    "is_within",
]

T = TypeVar("T")


class SourceFile:
    """One file as rules see it. Everything beyond the text is computed when first asked for.

    `refusal` says why the text was not parsed at all; "" when it was.
    """

    def __init__(self, path: str, text: str, tree: Tree | None) -> None:
        self.path = path
        self.content = text
        self.source = text.encode("utf-8", "surrogatepass")
        # Where every character is a byte, a node's text is cut out of the text as it is.
        self._plain = text if text.isascii() else None
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
        if self._plain is not None:
            return self._plain[node.start_byte : node.end_byte]
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer stored under the key, computed on first use. Semantics keep what they derive of a file here."""
        try:
            known: T = self._answers[key]
        except KeyError:
            known = self._answers[key] = compute()
        return known

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
        return tuple(self.span(node) for node in error_nodes(self.root))

    @cached_property
    def broken_bytes(self) -> int:
        """How many bytes lie in regions that the parser could not read."""
        if self.tree is None or not self.root.has_error:
            return 0
        return sum(node.end_byte - node.start_byte for node in error_nodes(self.root))

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


def is_within(node: Node, outer: Node) -> bool:
    """Whether a node lies in the bounds of another one, or is it."""
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def begins_within(node: Node, outer: Node) -> bool:
    """Whether a node begins in the bounds of another one: it lies in it, or around it from its first byte on."""
    return outer.start_byte <= node.start_byte < outer.end_byte


def enclosing(node: Node, *types: str) -> Node | None:
    """The innermost node around a node that is of one of the types."""
    return next((around for around in ancestors(node) if around.type in types), None)


def error_nodes(root: Node) -> Iterator[Node]:
    """The places that a grammar could not read, in source order."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            pending.extend(reversed(node.children))
