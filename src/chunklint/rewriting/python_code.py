"""Python source as libcst reads it: the node at a finding's place, and a changed tree as edits of the text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chunklint.editing import Grid, Splice
from chunklint.model import Edit, Refusal, Span

if TYPE_CHECKING:
    import libcst as cst

    from chunklint.languages.python import PythonFile

# What has no place in the tree that libcst made of the same text.
READ_OTHERWISE = Refusal("libcst reads the file in another way")

# What formatters break lines at by default, and what they are commonly told at most.
_SHORTEST, _LONGEST = 88, 120

Wanted = TypeVar("Wanted", bound="cst.CSTNode")


def tree_of(file: PythonFile) -> cst.Module | None:
    """The file as libcst reads it; None where it cannot, as it may be of another version of Python."""
    return file.remember("libcst tree", lambda: _parsed(file.content))


def _parsed(text: str) -> cst.Module | None:
    import libcst as cst

    try:
        return cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None


def node_at(file: PythonFile, span: Span, kind: type[Wanted]) -> Wanted | None:
    """The node of a kind that fills the span, parentheses around it aside."""
    places = file.remember("libcst places", lambda: _places(file))
    return next((node for node in places.get(_corners(span), ()) if isinstance(node, kind)), None)


def statement_at(file: PythonFile, span: Span) -> cst.BaseStatement | None:
    """The statement that begins where the span does."""
    starts = file.remember("libcst statements", lambda: _statements(file))
    return starts.get((span.start_line, span.start_column))


def _statements(file: PythonFile) -> dict[tuple[int, int], cst.BaseStatement]:
    import libcst as cst

    places = file.remember("libcst places", lambda: _places(file))
    found = ((corners[:2], node) for corners, nodes in places.items() for node in nodes)
    return {start: node for start, node in found if isinstance(node, cst.BaseStatement)}


def _corners(span: Span) -> tuple[int, int, int, int]:
    return span.start_line, span.start_column, span.end_line, span.end_column


def _places(file: PythonFile) -> dict[tuple[int, int, int, int], tuple[cst.CSTNode, ...]]:
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    tree = tree_of(file)
    if tree is None:
        return {}
    # The tree is ours alone and has no node twice, so there is nothing to copy.
    positions = MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    found: dict[tuple[int, int, int, int], tuple[cst.CSTNode, ...]] = {}
    for node, place in positions.items():
        if not isinstance(node, (cst.BaseExpression, cst.BaseStatement, cst.BaseSmallStatement)):
            continue
        start, end = place.start, place.end
        key = (start.line, start.column + 1, end.line, end.column + 1)
        found[key] = (*found.get(key, ()), node)
    return found


def replaced(tree: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    """The tree with a node, or the whole of it, in place of another. Raises ValueError when it has no such node.

    Only what is around the node is made anew; libcst's own `deep_replace` visits the whole tree.
    """
    import libcst as cst

    above = _above(tree) if old is not tree else {}
    while old is not tree:
        if id(old) not in above:
            raise ValueError("the node is not in the tree")
        around, name = above[id(old)]
        value = getattr(around, name)
        swapped = new if value is old else [new if one is old else one for one in value]
        old, new = around, around.with_changes(**{name: swapped})
    if not isinstance(new, cst.Module):
        raise TypeError("a module can only be replaced by a module")
    return new


@lru_cache(maxsize=1)
def _above(tree: cst.Module) -> dict[int, tuple[cst.CSTNode, str]]:
    """For every node below a tree, by its id, the node around it and the field of that one that it is or stands in."""
    return {id(part): (node, name) for node in nodes_of(tree) for name, part in _parts(node)}


def _parts(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    """The nodes right below a node, each with the field that it is or stands in; `children` takes twice as long."""
    import libcst as cst

    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield name, value
        elif isinstance(value, (list, tuple)):
            yield from ((name, part) for part in value if isinstance(part, cst.CSTNode))


def edits_to(changed: cst.Module, file: PythonFile) -> tuple[Edit, ...]:
    """What turns a file into a changed tree of it."""
    return edits_between(file.content, code_of(changed, file))


def code_of(changed: cst.Module, file: PythonFile) -> str:
    """The text of a changed tree of a file; the statements that it shares with the file's are not written again."""
    tree = tree_of(file)
    if tree is None or not changed.has_trailing_newline:
        return changed.code
    known = _codes(tree)
    parts = (*changed.header, *changed.body, *changed.footer)
    return "".join(known[id(part)] if id(part) in known else changed.code_for_node(part) for part in parts)


@lru_cache(maxsize=1)
def _codes(tree: cst.Module) -> dict[int, str]:
    return {id(part): tree.code_for_node(part) for part in tree.body}


@cache
def _field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    # Every node class is a dataclass; the base class alone is none to a type checker.
    return tuple(one.name for one in fields(cast("Any", kind)))


def blocks_of(tree: cst.Module) -> Iterator[cst.IndentedBlock | cst.Module]:
    """The blocks of a tree, the module among them."""
    import libcst as cst

    return (node for node in nodes_of(tree) if isinstance(node, cst.IndentedBlock | cst.Module))


def block_of(tree: cst.Module, statement: cst.BaseStatement) -> cst.IndentedBlock | cst.Module | None:
    """The block that a statement stands in."""
    return next((one for one in blocks_of(tree) if statement in one.body), None)


def with_statement(
    tree: cst.Module, beside: cst.BaseStatement, added: cst.BaseStatement, *, before: bool
) -> cst.Module | None:
    """The tree with one more statement before or behind another one; None where that stands in no block of its own."""
    block = block_of(tree, beside)
    if block is None:
        return None
    at = block.body.index(beside) + (0 if before else 1)
    return replaced(tree, block, block.with_changes(body=[*block.body[:at], added, *block.body[at:]]))


def nodes_of(tree: cst.Module) -> Iterator[cst.CSTNode]:
    """Every node of a tree, without recursion: deep nesting cannot exhaust the stack."""
    left: list[cst.CSTNode] = [tree]
    while left:
        node = left.pop()
        yield node
        left.extend(part for _, part in _parts(node))


def width_of(file: PythonFile) -> int:
    """How long the lines of a file may get: as long as they are, within what formatters are told."""
    return min(max(_SHORTEST, *map(len, file.content.splitlines())), _LONGEST)


def is_free(name: str, file: PythonFile) -> bool:
    """Whether a file does not have a name anywhere, not even in a text or a comment."""
    return re.search(rf"\b{name}\b", file.content) is None


def taken(name: str) -> Refusal:
    """Why what a fix wants to make cannot have its name."""
    return Refusal(f"the name `{name}` is taken")


def edits_between(old: str, new: str) -> tuple[Edit, ...]:
    """What turns one text into the other: an edit for each run of lines that differs, without what its ends share."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = list(accumulate(map(len, before), initial=0))
    runs = _runs(before, after)
    return Grid(old).edits(
        _trimmed(old, starts[first], starts[last], "".join(after[begin:end])) for first, last, begin, end in runs
    )


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The runs of lines that differ. What both texts begin and end with is not compared line against line."""
    head = _shared(before, after)
    tail = min(_shared(before[::-1], after[::-1]), len(before) - head, len(after) - head)
    one, other = before[head : len(before) - tail], after[head : len(after) - tail]
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            yield first + head, last + head, begin + head, end + head


def _trimmed(old: str, start: int, end: int, text: str) -> Splice:
    replaced = old[start:end]
    head = _shared(replaced, text)
    tail = min(_shared(replaced[::-1], text[::-1]), len(replaced) - head, len(text) - head)
    return Splice(start + head, end - tail, text[head : len(text) - tail])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two sequences begin with alike."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return count
        count += 1
    return count
