"""What only a build for development shows: one arm of a condition on the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.names import resolve, unwrap

_WORDS = ("NODE_ENV", "env.DEV", "env.PROD", "__DEV__")
_ASKED = re.compile(
    r"(?:process\.env|import\.meta\.env)\.(?:NODE_ENV|MODE)\s*(?P<sign>[!=]==?)\s*[\"'](?P<mode>development|production)[\"']"
)
_FLAGS = {"__DEV__": False, "import.meta.env.DEV": False, "import.meta.env.PROD": True}


def development_arms(file: SourceFile) -> tuple[tuple[int, int], ...]:
    """The byte ranges of what a file shows in a build for development alone."""
    if not any(word in file.content for word in _WORDS):
        return ()
    return file.remember("arms of development", lambda: tuple(_arms(file)))


def _arms(file: SourceFile) -> Iterator[tuple[int, int]]:
    for one in descendants(file.root, "ternary_expression", "binary_expression"):
        asked, *arms = one.named_children
        runs = _in_production(file, asked)
        if runs is None:
            continue
        if one.type == "binary_expression":
            left_out = arms[-1] if (one.children[1].type, runs) in (("&&", False), ("||", True)) else None
        else:
            left_out = one.child_by_field_name("alternative" if runs else "consequence")
        if left_out is not None:
            yield left_out.start_byte, left_out.end_byte


def _in_production(file: SourceFile, condition: Node, hops: int = 1) -> bool | None:
    """What a condition on the environment is in a build for production; None for any other condition."""
    node = unwrap(condition)
    if node.type == "unary_expression" and node.children[0].type == "!":
        inner = _in_production(file, node.children[1], hops)
        return None if inner is None else not inner
    text = file.text(node)
    if text in _FLAGS:
        return _FLAGS[text]
    asked = _ASKED.fullmatch(text)
    if asked is not None:
        return (asked["mode"] == "production") == (asked["sign"][0] == "=")
    found = resolve(file, node) if node.type == "identifier" and hops else None
    if found is None or found.kind != "variable" or found.value is None or found.keys:
        return None
    return _in_production(file, found.value, hops - 1)
