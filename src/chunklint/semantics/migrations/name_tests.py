"""Tests of a table's name: `name.endswith("_old")`, `name in STAGING`, `re.match(r".*_tmp$", name)`, and helpers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.frames import Frame, argument_of, names_in
from chunklint.semantics.python.literals import elements_of
from chunklint.semantics.python.names import arguments, local_function, qualified_name

_METHODS = frozenset({"startswith", "endswith"})
_MATCHES = frozenset({"re.match", "re.fullmatch", "re.search"})
# `.*_old$`, `^tmp_`, `^(?:staging)_.*$` are beyond: a pattern counts when it is one plain word with anchors.
_WORD_PATTERN = re.compile(r"(\^?)(\.\*)?(\w+)(\.\*)?(\$?)")


def is_name_test(node: Node, named: Node, frame: Frame, file: PythonFile) -> bool:
    """Whether an expression asks about the text that a parameter holds, and about nothing else."""
    if node.type == "comparison_operator":
        belongs = any(child.type == "in" for child in node.children)
        return belongs and _is_named(node.named_children[0], named, frame, file)
    callee = node.child_by_field_name("function")
    if callee is None:
        return False
    if callee.type == "attribute":
        receiver, method = callee.child_by_field_name("object"), callee.child_by_field_name("attribute")
        if receiver is not None and method is not None and file.text(method) in _METHODS:
            return _is_named(receiver, named, frame, file)
    given = arguments(node, file).positional
    if not any(_is_named(one, named, frame, file) for one in given):
        return False
    if qualified_name(callee, file) in _MATCHES:
        return True
    helper = local_function(callee, file)
    return helper is not None and len(given) == 1 and any(True for _ in _tests_in(helper, file))


def exempted_names(node: Node, file: PythonFile) -> Iterator[str]:
    """The names that the tests within an expression let through, as patterns with `*` for any text."""
    for part in (node, *descendants(node, "call", "comparison_operator")):
        yield from _patterns_of(part, file)
        callee = part.child_by_field_name("function") if part.type == "call" else None
        helper = local_function(callee, file) if callee is not None else None
        if helper is not None:
            for test in _tests_in(helper, file):
                yield from _patterns_of(test, file)


def _is_named(node: Node, named: Node, frame: Frame, file: PythonFile) -> bool:
    held = argument_of(node, frame, file)
    if held is not None and held[0] != node:
        return _is_named(held[0], named, held[1], file)
    return node.type == "identifier" and file.text(node) == file.text(named)


def _tests_in(function: Node, file: PythonFile) -> Iterator[Node]:
    for node in descendants(function, "call", "comparison_operator"):
        if node.type == "comparison_operator":
            if any(child.type == "in" for child in node.children):
                yield node
            continue
        callee = node.child_by_field_name("function")
        if callee is None:
            continue
        if file.text(callee).rsplit(".", 1)[-1] in _METHODS or qualified_name(callee, file) in _MATCHES:
            yield node


def _patterns_of(test: Node, file: PythonFile) -> Iterator[str]:
    """The patterns of one test: what it compares with is spelled out, on the spot or behind names."""
    if test.type == "comparison_operator":
        yield from (text for one in elements_of(test.named_children[-1], file) or () for text in _texts(one, file))
        return
    callee = test.child_by_field_name("function") if test.type == "call" else None
    given = arguments(test, file).positional if test.type == "call" else ()
    if callee is None or not given:
        return
    match file.text(callee).rsplit(".", 1)[-1]:
        case "endswith":
            yield from (f"*{text}" for one in _each(given[0], file) for text in _texts(one, file))
        case "startswith":
            yield from (f"{text}*" for one in _each(given[0], file) for text in _texts(one, file))
        case "match" | "fullmatch" | "search" as how:
            yield from (pattern for text in _texts(given[0], file) for pattern in _as_pattern(text, how))


def _each(node: Node, file: PythonFile) -> tuple[Node, ...]:
    return elements_of(node, file) or (node,)


def _texts(node: Node, file: PythonFile) -> tuple[str, ...]:
    found = names_in(node, Frame(file.root, None, None), file)
    return tuple(one for one in found if "{" not in one or "}" not in one)


def _as_pattern(text: str, how: str) -> Iterator[str]:
    found = _WORD_PATTERN.fullmatch(text)
    if found is None:
        return
    start, before, word, after, end = found.groups()
    opens = before is not None or (how == "search" and not start)
    closes = after is not None or (how != "fullmatch" and not end)
    yield f"{'*' if opens else ''}{word}{'*' if closes else ''}"
