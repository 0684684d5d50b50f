"""What unmounting runs: cleanups, and what they reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    assigned_later,
    called_name,
    callee_of,
    function_of,
    functions_in_ref,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, string_value, unwrap
from chunklint.semantics.ecmascript.react import Effect, cleanups

# What an object is told to call once it is stopped: `new Pacer({ onStop: () => ... })`.
_LAST_WORDS = re.compile(r"^on_?(?:Stop|End|Close|Destroy|Dispose|Disconnect|Finish|Leave|Exit|Abort|Cancel|Unmount)")


def cleanup_code(file: SourceFile, effect: Effect) -> Iterator[Node]:
    """What unmounting runs: the cleanup and the local functions that it calls, two calls deep."""
    pending = [(cleanup, 0) for cleanup in cleanups(file, effect)]
    seen: set[int] = set()
    while pending:
        part, depth = pending.pop()
        if part.id in seen:
            continue
        seen.add(part.id)
        yield part
        if depth == 2 or not is_function(part):
            continue
        for call in descendants(part, "call_expression"):
            callee = callee_of(call)
            called = function_of(file, callee) if callee is not None else None
            others = assigned_later(file, callee) if callee is not None else ()
            pending.extend((other, depth + 1) for right in others if (other := function_of(file, right)) is not None)
            if called is not None:
                pending.append((called, depth + 1))
            elif callee is not None:
                kept = functions_in_ref(file, callee, effect.owner or effect.callback)
                pending.extend((function, depth + 1) for function in kept)
                told = _last_words(file, call, effect.owner or effect.callback)
                methods = _methods(file, callee)
                heard = _heard_abort(file) if called_name(file, call) == "abort" else ()
                pending.extend((function, depth + 1) for function in (*told, *methods, *heard))


def _heard_abort(file: SourceFile) -> tuple[Node, ...]:
    """What runs when a signal is aborted: `signal.addEventListener("abort", () => ...)`, `signal.onabort = ...`."""

    def find() -> Iterator[Node]:
        for call in descendants(file.root, "call_expression") if b"abort" in file.source else ():
            given = arguments_of(call) if called_name(file, call) == "addEventListener" else []
            if len(given) > 1 and string_value(file, given[0]) == "abort":
                yield given[1]
        for node in descendants(file.root, "assignment_expression") if b"onabort" in file.source else ():
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and dotted(file, left)[-1:] == ("onabort",):
                yield right

    def functions() -> tuple[Node, ...]:
        return tuple(function for one in find() if (function := function_of(file, one)) is not None)

    return file.remember("what an abort runs", functions)


def _methods(file: SourceFile, callee: Node) -> Iterator[Node]:
    """A method of what the component makes of an object: `store.stop` of `Stores.local(() => ({ ... }))`.

    Also one that a local function hands out: `watch(...)` that ends with `return { stop };`.
    """
    owner, name = callee.child_by_field_name("object"), callee.child_by_field_name("property")
    root = unwrap(owner) if owner is not None else None
    found = resolve(file, root) if root is not None and root.type == "identifier" else None
    if found is None or found.value is None or found.keys or name is None or found.scope.type == "program":
        return
    for around in (found.value, *_handed_out(file, found.value)):
        for member in descendants(around, "method_definition", "pair"):
            key = member.child_by_field_name("name") or member.child_by_field_name("key")
            function = member.child_by_field_name("value") or member
            if key is not None and file.text(key) == file.text(name) and (is_function(function) or function == member):
                yield function
        for short in descendants(around, "shorthand_property_identifier", stop=FUNCTIONS):
            meant = function_of(file, short) if file.text(short) == file.text(name) else None
            if meant is not None:
                yield meant


def _handed_out(file: SourceFile, value: Node) -> Iterator[Node]:
    """The objects that a local function returns, where a value is a call of it."""
    made = unwrap(value)
    callee = callee_of(made) if made.type == "call_expression" else None
    maker = function_of(file, callee) if callee is not None and not is_function(callee) else None
    yield from (one for one in returned(maker) if one.type == "object") if maker is not None else ()


def _last_words(file: SourceFile, call: Node, around: Node) -> Iterator[Node]:
    """The functions that the code around has an object call at its end, where a call is a method of that object."""
    receiver = receiver_of(call)
    chain = dotted(file, receiver) if receiver is not None else ()
    for kept in descendants(around, "assignment_expression", "variable_declarator") if chain else ():
        left = kept.child_by_field_name("left") or kept.child_by_field_name("name")
        right = kept.child_by_field_name("right") or kept.child_by_field_name("value")
        made = unwrap(right) if right is not None else None
        if left is None or made is None or made.type != "new_expression" or dotted(file, left) != chain:
            continue
        for pair in (pair for given in arguments_of(made) if given.type == "object" for pair in given.named_children):
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            function = function_of(file, value) if value is not None else None
            if key is not None and function is not None and _LAST_WORDS.match(file.text(key)):
                yield function
