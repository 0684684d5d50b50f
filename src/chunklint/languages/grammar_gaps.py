"""What the grammars of TypeScript and JavaScript do not read though the languages allow it, written so that they do.

Each change keeps the length of the source: no node moves, and texts of nodes are cut out of the source as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Tree

from chunklint.languages.base import error_nodes

# `load<typeof import("./hens")>()` and `hens: import("./hens").Hen[]`: the type of a module as an argument of a call,
# and a type out of a module in most places.
_MODULE_TYPE = re.compile(
    rb"""(?P<kept>\btypeof\s+)?(?<![\w$.])import\(\s*(?:'[^'\n]*'|"[^"\n]*")\s*\)(?(kept)|(?=\s*\.\s*[A-Z]))"""
)
# `export type * from "./hens"`
_TYPES_ONLY = re.compile(rb"(\bexport\s+)(type)(?=\s*\*)")
# `abstract?: string;` and `in: Shed;` in an interface or an object
_WORD_AS_KEY = re.compile(rb"(?m)^(\s*(?:readonly\s+)?)(abstract|in|instanceof|null|using)(?=\??:)")
# `in_use: boolean` on a line after one without a semicolon, which the grammar takes for the operator.
_LIKE_OPERATOR = re.compile(rb"(?m)^(\s*(?:readonly\s+)?)in(?=[_$\d])")
# `const using = 1`: a name like any other, unless a declaration begins with it.
_USING = re.compile(rb"(?<![\w$])using(?![\w$]|\s+[\w$]+\s*=)")
# styled.div<{ $wide: boolean }>`...`
_TYPED_TEMPLATE = re.compile(rb"(?<!=)>\s*`")
# `Save & send`, `?first=1&last=9`
_AMPERSAND = re.compile(rb"(?<!&)&(?![&=])")
_LONGEST_ARGUMENTS = 2_000
_ROUNDS = 3


def read_whole(parse: Callable[[bytes], Tree], source: bytes, tree: Tree) -> Tree:
    """The tree of a source that a grammar has not read whole, with the gaps of the grammar bridged where that helps."""
    best, fewest = tree, _errors(tree)
    text = source
    changed = _bridged(source)
    if changed != source:
        best, fewest, text = _better(parse, changed, best, fewest, text)
    for _ in range(_ROUNDS):
        if not fewest:
            return best
        changed = _without_ampersands(text, best)
        if changed == text:
            return best
        best, fewest, text = _better(parse, changed, best, fewest, text)
    return best


def _better(
    parse: Callable[[bytes], Tree], changed: bytes, best: Tree, fewest: int, text: bytes
) -> tuple[Tree, int, bytes]:
    """The tree of a changed source with its errors and that source, if it has fewer; otherwise what is there."""
    tree = parse(changed)
    errors = _errors(tree)
    return (tree, errors, changed) if errors < fewest else (best, fewest, text)


def _bridged(source: bytes) -> bytes:
    source = _MODULE_TYPE.sub(_named, source)
    source = _TYPES_ONLY.sub(lambda found: found[1] + b" " * len(found[2]), source)
    source = _WORD_AS_KEY.sub(lambda found: found[1] + b"_" * len(found[2]), source)
    source = _LIKE_OPERATOR.sub(rb"\1__", source)
    source = _USING.sub(lambda found: b"_" * len(found[0]), source)
    return _without_arguments(source)


def _named(found: re.Match[bytes]) -> bytes:
    kept = found["kept"] or b""
    return kept + b"_" * (len(found[0]) - len(kept))


def _without_arguments(source: bytes) -> bytes:
    """Blanks in the place of the type arguments of tagged templates."""
    changed = bytearray(source)
    for found in _TYPED_TEMPLATE.finditer(source):
        start = _opening(source, found.start())
        if start is not None:
            changed[start : found.start() + 1] = re.sub(rb"[^\r\n]", b" ", source[start : found.start() + 1])
    return bytes(changed)


def _opening(source: bytes, closing: int) -> int | None:
    """Where the type arguments begin that end at a `>`; None where no name or call stands before them."""
    depth = 0
    for at in range(closing, max(closing - _LONGEST_ARGUMENTS, 0), -1):
        character = source[at : at + 1]
        if character == b">" and source[at - 1 : at] != b"=":
            depth += 1
        elif character == b"<":
            depth -= 1
            if not depth:
                return at if re.search(rb"[\w$)\]]\s?$", source[max(at - 2, 0) : at]) else None
    return None


def _without_ampersands(source: bytes, tree: Tree) -> bytes:
    """Another character for each `&` that a grammar stumbles over in JSX, where it stands for itself."""
    changed = bytearray(source)
    for node in error_nodes(tree.root_node):
        for found in _AMPERSAND.finditer(source, node.start_byte, node.end_byte):
            changed[found.start() : found.end()] = b"+"
    return bytes(changed)


def _errors(tree: Tree) -> int:
    return sum(1 for _ in error_nodes(tree.root_node))
