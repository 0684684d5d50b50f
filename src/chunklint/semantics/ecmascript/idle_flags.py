"""Flags that a cleanup sets and nothing asks afterwards: `isMounted` that cancels nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants, is_within
from chunklint.semantics.ecmascript.cleanup_scope import own_chains
from chunklint.semantics.ecmascript.functions import enclosing_function, is_async, is_function
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve, uses_of
from chunklint.semantics.ecmascript.react import Effect, cleanups

_TARGETS = frozenset({"assignment_expression", "augmented_assignment_expression"})


def idle_flags(file: SourceFile, effect: Effect) -> Iterator[tuple[Node, str, bool]]:
    """The flags of an effect that its cleanup sets too late for everybody: (the declaration, the name, if it is asked).

    Each is asked only while the effect itself runs, when no cleanup can have run, or not at all.
    """
    body = effect.callback.child_by_field_name("body")
    ends = [part for part in cleanups(file, effect) if is_function(part)]
    if body is None or not ends or is_async(effect.callback) or any(not is_within(end, body) for end in ends):
        return
    for declarator in descendants(body, "variable_declarator", stop=FUNCTIONS):
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        flag = name is not None and name.type == "identifier" and value is not None and value.type in ("true", "false")
        if not flag or name is None or (file.text(name),) not in own_chains(file, effect):
            continue
        uses = [use for use in _uses(file, body, name) if not any(is_within(use, end) for end in ends)]
        read = [use for use in uses if not _is_target(use)]
        if _is_set(file, ends, name) and all(enclosing_function(file, use) == effect.callback for use in read):
            yield declarator, file.text(name), bool(read)


def _uses(file: SourceFile, body: Node, name: Node) -> Iterator[Node]:
    found = resolve(file, name)
    for use in uses_of(file, name):
        if is_within(use, body) and resolve(file, use) == found:
            yield use


def _is_set(file: SourceFile, ends: list[Node], name: Node) -> bool:
    """Whether a cleanup assigns the flag and does nothing else by it, such as deciding what to release."""
    uses = [use for end in ends for use in _uses(file, end, name)]
    return bool(uses) and all(_is_target(use) for use in uses)


def _is_target(use: Node) -> bool:
    around = use.parent
    return around is not None and around.type in _TARGETS and around.child_by_field_name("left") == use
