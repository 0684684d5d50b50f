"""`.sql` files: text that the SQL semantics tokenise; there is no syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.model import Span


class SqlFile(SourceFile):
    """A SQL script."""

    def comments(self) -> Iterator[tuple[str, Span]]:
        """Every `--` comment to the end of its line and every block comment, outside string literals."""
        for start, end in _comment_bytes(self.source):
            yield self.source[start:end].decode("utf-8", "replace"), self.span_of_bytes(start, end)


class _Sql:
    name = "sql"
    suffixes = frozenset({".sql"})

    def parse(self, path: str, text: str) -> SqlFile:
        return SqlFile(path, text, None)

    def matches(self, file: SourceFile, texts: tuple[str, ...]) -> Iterator[tuple[int, dict[str, list[Node]]]]:
        raise ValueError("SQL files have no syntax tree to query; subscribe with `each`")


def _comment_bytes(source: bytes) -> Iterator[tuple[int, int]]:
    """The byte ranges of comments. Quotes hide comment marks; block comments nest, as in PostgreSQL."""
    at, size = 0, len(source)
    while at < size:
        pair = source[at : at + 2]
        if pair == b"--":
            end = source.find(b"\n", at)
            end = size if end < 0 else end
            yield at, end
        elif pair == b"/*":
            end = _block_end(source, at)
            yield at, end
        elif pair[:1] in (b"'", b'"'):
            end = source.find(pair[:1], at + 1)
            end = size if end < 0 else end + 1
        else:
            end = at + 1
        at = end


def _block_end(source: bytes, start: int) -> int:
    depth, at = 1, start + 2
    while depth:
        opened, closed = source.find(b"/*", at), source.find(b"*/", at)
        if closed < 0:
            return len(source)
        if 0 <= opened < closed:
            depth, at = depth + 1, opened + 2
        else:
            depth, at = depth - 1, closed + 2
    return at


SQL = _Sql()
