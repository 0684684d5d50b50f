"""TypeScript, TSX, JavaScript and JSX: one language to the rules, three grammars underneath."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser

from chunklint.languages import queries
from chunklint.languages.base import SourceFile
from chunklint.languages.grammar_gaps import read_whole
from chunklint.languages.outline import latest
from chunklint.model import Span

_FUNCTIONS = frozenset(
    {"function_declaration", "generator_function_declaration", "class_declaration", "method_definition"}
)


class EcmascriptFile(SourceFile):
    """A parsed TypeScript or JavaScript file."""

    def definition_name(self, node: Node) -> Node | None:
        """The name of a function, class or method, and of a function or class expression bound to a variable."""
        if node.type in _FUNCTIONS:
            return node.child_by_field_name("name")
        if node.type == "variable_declarator":
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None and name.type == "identifier" and _defines(value):
                return name
        return None

    def comments(self) -> Iterator[tuple[str, Span]]:
        """Every comment with its delimiters; those in JSX stand inside braces that are not part of the comment."""
        for _, captures in queries.run(_grammar_of(self), self.root, ("(comment) @comment",)):
            for node in captures["comment"]:
                yield self.text(node), self.span(node)


class _Ecmascript:
    name = "ecmascript"
    suffixes = frozenset({".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"})

    def parse(self, path: str, text: str) -> EcmascriptFile:
        file = EcmascriptFile(path, text, None)
        dialect = _dialect(path)
        tree = _parser(dialect).parse(file.source)
        if tree.root_node.has_error and dialect == "javascript":
            # The grammar of JavaScript does not know `<Skeleton.default />`, that of TSX does; what both read is alike.
            other = _parser("tsx").parse(file.source)
            tree = tree if other.root_node.has_error else other
        if tree.root_node.has_error:
            tree = read_whole(_parser("tsx" if dialect == "javascript" else dialect).parse, file.source, tree)
        file.tree = latest(tree)
        return file

    def matches(self, file: SourceFile, texts: tuple[str, ...]) -> Iterator[tuple[int, dict[str, list[Node]]]]:
        return queries.run(_grammar_of(file), file.root, texts)


def _defines(value: Node) -> bool:
    """A function or class, bare or as the first argument of a wrapper such as memo() or useCallback()."""
    if value.type == "call_expression":
        arguments = value.child_by_field_name("arguments")
        return arguments is not None and bool(arguments.named_children) and _is_function(arguments.named_children[0])
    return _is_function(value)


def _is_function(node: Node) -> bool:
    return node.type in ("arrow_function", "function_expression", "class")


def _dialect(path: str) -> str:
    match PurePosixPath(path).suffix.lower():
        case ".tsx":
            return "tsx"
        case ".ts" | ".mts" | ".cts":
            return "typescript"
    return "javascript"


def _grammar_of(file: SourceFile) -> Grammar:
    """The grammar that has read a file. JavaScript's is not the only one that reads JavaScript."""
    return file.tree.language if file.tree is not None else grammar(_dialect(file.path))


@cache
def grammar(dialect: str) -> Grammar:
    """The compiled grammar of a dialect (tsx, typescript, javascript), loaded once a process."""
    if dialect == "javascript":
        import tree_sitter_javascript

        return Grammar(tree_sitter_javascript.language())
    import tree_sitter_typescript

    if dialect == "tsx":
        return Grammar(tree_sitter_typescript.language_tsx())
    return Grammar(tree_sitter_typescript.language_typescript())


@cache
def _parser(dialect: str) -> Parser:
    return Parser(grammar(dialect))


ECMASCRIPT = _Ecmascript()
