"""Blocks that statements are added to, also where a lone statement or expression stands for a block."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.rewriting.ecmascript_text import Edits, call, indent_of, rows_in_strings, style_of
from chunklint.semantics.ecmascript.react import Effect

_ONE_BY_ONE = frozenset({"if_statement", "else_clause", "try_statement"})
_FEW = 3


@record
class Block:
    """Statements that run one after the other.

    Attributes:
        node: The braces, or the one statement or expression that stands where they could.
        base: The indentation of the line that the block begins on.
        indent: The indentation of its statements, also if they have yet to get lines of their own.
    """

    node: Node
    base: str
    indent: str

    @property
    def statements(self) -> list[Node]:
        """What stands in it, with comments."""
        return self.node.named_children if self.node.type == "statement_block" else [self.node]


@record
class Site:
    """Where a release is written: the effect, the block whose end returns the cleanup, and the edits so far.

    `hoists` says whether a handle may be declared in front of the branch that makes it.
    """

    file: SourceFile
    effect: Effect
    block: Block
    edits: Edits
    hoists: bool = True


@record
class Release:
    """A statement of a cleanup.

    Attributes:
        callee: What is called; with `given` None, the whole statement.
        given: The texts of the arguments.
        returns: Whether the call may have a value, which a cleanup should not.
        handle: The variable that it reads; "" when it reads none that the effect sets.
        guarded: Whether the handle has to be asked for first.
        resets: What the handle is set to, since the effect asks it before it acquires again; "" when it does not.
    """

    callee: str
    given: tuple[str, ...] | None = ()
    returns: bool = False
    handle: str = ""
    guarded: bool = False
    resets: str = ""

    def lines(self, file: SourceFile, indent: str) -> list[str]:
        """The statement at an indentation, a string for each line that gets it, and what ends it."""
        style = style_of(file)
        if self.given is None:
            return [f"{self.callee}{style.end}"]
        reset = [f"{self.handle} = {self.resets}{style.end}"] if self.resets else []
        if not self.guarded:
            return [f"{call(style, indent, self.callee, self.given)}{style.end}", *reset]
        line = f"if ({self.handle}) {self.callee}({', '.join(self.given)}){style.end}"
        if not reset and len(indent) + len(line) <= style.width:
            return [line]
        inner = f"{call(style, indent + style.indent, self.callee, self.given)}{style.end}"
        return [f"if ({self.handle}) {{", *(f"{style.indent}{one}" for one in (inner, *reset)), "}"]


def block_of(file: SourceFile, node: Node) -> Block:
    """The block that a node is."""
    style = style_of(file)
    owner = node.parent if node.type != "statement_block" and node.parent is not None else node
    base = indent_of(file, owner.start_byte)
    block = Block(node, base, base + style.indent)
    first = next(iter(block.statements), None)
    alone = first is not None and node.type == "statement_block" and first.start_point[0] > node.start_point[0]
    return Block(node, base, indent_of(file, first.start_byte)) if alone and first is not None else block


def indent_in(file: SourceFile, statement: Node, block: Block) -> str:
    """The indentation that a statement has once its block has lines of its own."""
    own = block.node
    if statement == own or (statement.parent == own and own.start_point[0] == own.end_point[0]):
        return block.indent
    return indent_of(file, statement.start_byte)


def close(file: SourceFile, edits: Edits, block: Block, code: str) -> None:
    """Append a statement to a block; braces and lines of their own come with it where they are missing.

    Comments at the end of the block stay there: they speak of what follows it, such as an effect's dependencies.
    """
    inner = f"\n{block.indent}"
    statements = [one for one in block.statements if one.type != "comment"]
    if block.node.type != "statement_block":
        _brace(file, edits, block, f"{inner}{code}")
        return
    last = end_of_line(statements[-1])
    if block.node.start_point[0] != block.node.end_point[0]:
        spaced = f"\n{inner}" if _is_apart(file, len(statements) + code.count("\n")) else inner
        edits.insert(last, f"{spaced}{code}")
        return
    before = block.node.start_byte + 1
    for statement in statements:
        edits.replace(before, statement.start_byte, inner)
        before = statement.end_byte
    edits.insert(last, f"{inner}{code}")
    edits.replace(last, block.node.end_byte - 1, f"\n{block.base}")


def end_of_line(statement: Node) -> int:
    """The end of a statement, or of the comment that follows it on its line."""
    after = statement.next_sibling
    if after is not None and after.type == "comment" and after.start_point[0] == statement.end_point[0]:
        return after.end_byte
    return statement.end_byte


def _is_apart(file: SourceFile, lines: int) -> bool:
    """Whether an empty line goes before a cleanup: as in the file's other effects, or where there is much of it."""
    apart = [
        node.prev_named_sibling.end_point[0] + 1 < node.start_point[0]
        for node in returned_functions(file)
        if node.prev_named_sibling is not None
    ]
    return sum(apart) * 2 > len(apart) if apart else lines >= _FEW


def returned_functions(file: SourceFile) -> tuple[Node, ...]:
    """The `return () => ...` of a file."""

    def find() -> tuple[Node, ...]:
        leaves = descendants(file.root, "return_statement")
        return tuple(one for one in leaves if one.named_children and one.named_children[0].type == "arrow_function")

    return file.remember("returned functions", find)


def is_concise(file: SourceFile) -> bool:
    """Whether cleanups of a single call have no braces, as most of such in the file."""
    votes = [vote for node in returned_functions(file) if (vote := _votes(node.named_children[0])) is not None]
    return sum(votes) * 2 >= len(votes)


def _votes(function: Node) -> bool | None:
    """Whether a function of a single call has no braces; None for any other function."""
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return (body is not None and body.type == "call_expression") or None
    held = body.named_children
    return False if len(held) == 1 and held[0].type == "expression_statement" else None


def first_in(block: Node) -> Node | None:
    """The first statement of a block, or the comment above it; None when there is none."""
    first = next((one for one in block.named_children if one.type != "comment"), None)
    return with_comments(first) if first is not None else None


def with_comments(statement: Node) -> Node:
    """The first of the comments that stand right above a statement, or the statement itself."""
    first = statement
    while (above := first.prev_named_sibling) is not None and above.type == "comment":
        on_own_line = above.prev_sibling is None or above.prev_sibling.end_point[0] < above.start_point[0]
        if above.end_point[0] + 1 != first.start_point[0] or not on_own_line:
            break
        first = above
    return first


def _brace(file: SourceFile, edits: Edits, block: Block, code: str) -> None:
    node = block.node
    before = node.prev_sibling
    start = before.end_byte if before is not None else node.start_byte
    edits.replace(start, node.start_byte, f" {{\n{block.indent}")
    _deepen(file, edits, block)
    end = "" if node.type.endswith(("_statement", "_declaration")) else style_of(file).end
    edits.insert(node.end_byte, f"{end}{code}\n{block.base}}}")


def _deepen(file: SourceFile, edits: Edits, block: Block) -> None:
    """Indent the further lines of what gets braces, unless it already stood deeper, on a line of its own."""
    if indent_of(file, block.node.start_byte) == block.base:
        deepen(file, edits, block.node, block.indent.removeprefix(block.base))


def deepen(file: SourceFile, edits: Edits, node: Node, unit: str) -> None:
    """Indent all lines of a node but the first, except where white space counts."""
    kept, at = rows_in_strings(node), node.start_byte
    for row in range(node.start_point[0] + 1, node.end_point[0] + 1):
        at = file.source.index(b"\n", at) + 1
        if row not in kept and file.lines[row].strip():
            edits.insert(at, unit)


def is_last(statement: Node, body: Node) -> bool:
    """Whether a statement is the last that runs in a function's body: the end of a branch at its end counts."""
    current = statement
    while current != body:
        around = current.parent
        if around is None:
            return False
        if around.type == "statement_block":
            code = [child for child in around.named_children if child.type != "comment"]
            if code[-1] != current:
                return False
        elif around.type not in _ONE_BY_ONE or (around.type == "try_statement" and not _is_plain_try(around, current)):
            return False
        current = around
    return True


def _is_plain_try(statement: Node, block: Node) -> bool:
    return statement.child_by_field_name("body") == block and statement.child_by_field_name("finalizer") is None


def statement_of(node: Node, function: Node) -> Node | None:
    """The innermost statement around a node, or the expression that is a function's body."""
    current, body = node, function.child_by_field_name("body")
    while current != function:
        above = current.parent
        if above is None:
            return None
        if current == body or above.type == "statement_block":
            return current
        if current.type.endswith(("_statement", "_declaration")):
            return current
        current = above
    return None
