"""Python, read by tree-sitter: every grammar from 2.7 to 3.14 whatever interpreter runs us, broken files included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import tree_sitter_python
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser

from chunklint.languages import queries
from chunklint.languages.base import SourceFile
from chunklint.languages.outline import latest
from chunklint.model import Span

# CPython's own limit. The grammar's scanner was seen to crash the process on several hundred levels.
_MAX_INDENTATION = 100


class PythonFile(SourceFile):
    """A parsed Python file."""

    def definition_name(self, node: Node) -> Node | None:
        """The name of a function or class definition."""
        if node.type in ("function_definition", "class_definition"):
            return node.child_by_field_name("name")
        return None

    def comments(self) -> Iterator[tuple[str, Span]]:
        """Every comment, with its `#`."""
        for _, captures in queries.run(grammar(), self.root, ("(comment) @comment",)):
            for node in captures["comment"]:
                yield self.text(node), self.span(node)


class _Python:
    name = "python"
    suffixes = frozenset({".py", ".pyi"})

    def parse(self, path: str, text: str) -> PythonFile:
        file = PythonFile(path, text, None)
        if _most_indented(file.lines) > _MAX_INDENTATION:
            file.refusal = f"it has more than {_MAX_INDENTATION} levels of indentation, which Python does not allow"
        file.tree = latest(_parser().parse(b"" if file.refusal else file.source))
        return file

    def matches(self, file: SourceFile, texts: tuple[str, ...]) -> Iterator[tuple[int, dict[str, list[Node]]]]:
        return queries.run(grammar(), file.root, texts)


def _most_indented(lines: Sequence[bytes]) -> int:
    """How many levels of indentation are open at once at most."""
    levels, most = [0], 0
    for line in lines:
        stripped = line.lstrip(b" \t")
        if not stripped:
            continue
        indentation = len(line) - len(stripped)
        while indentation < levels[-1]:
            levels.pop()
        if indentation > levels[-1]:
            levels.append(indentation)
            most = max(most, len(levels) - 1)
    return most


@cache
def grammar() -> Grammar:
    """The compiled grammar, loaded once a process."""
    return Grammar(tree_sitter_python.language())


@cache
def _parser() -> Parser:
    return Parser(grammar())


PYTHON = _Python()
