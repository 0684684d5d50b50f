"""Modules that are loaded when they are needed: by a route that is visited, or by an `await` before a component."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import arguments_of, function_of, is_function, receiver_of, returned
from chunklint.semantics.ecmascript.names import resolve, unwrap

_HOPS = 4
_KEEPS = re.compile(r"\buse(?:Memo|State)$")
_CHOSEN = re.compile(r"\bComponent:\s*\w+\.(\w+)")


def lazy_module(file: SourceFile, value: Node) -> tuple[str, str] | None:
    """Module and name that a route's `lazy` loads its component from; None for what is no plain `import()`.

    React Router takes what a module exports as `Component`, unless a `then` says otherwise.
    """
    node = function_of(file, value)
    values = returned(node) if node is not None else ()
    if len(values) != 1:
        return None
    call, member = _awaited(values[0]), "Component"
    receiver = receiver_of(call) if call.type == "call_expression" else None
    if receiver is not None:
        chosen = _CHOSEN.search(file.text(call))
        if chosen is None:
            return None
        call, member = _awaited(receiver), chosen[1]
    module = _imported(file, call)
    return (module, member) if module else None


def loader_of(file: SourceFile, call: Node) -> Node | None:
    """The `import()` of a loader that is given by name, to be called ahead as well: `lazy(loadHome)`."""
    if "import(" not in file.content:
        return None
    given = next(iter(arguments_of(call)), None)
    for _ in range(_HOPS):
        loader = function_of(file, given) if given is not None else None
        values = returned(loader) if loader is not None else ()
        if len(values) != 1:
            return None
        asked = _awaited(values[0])
        if file.text(asked).startswith("import("):
            return asked
        # `() => loadHome()`
        given = asked.child_by_field_name("function") if asked.type == "call_expression" else None
    return None


def loaded(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of `const { default: Home } = await import("./home")`; None for any other name."""
    if "import(" not in file.content:
        return None
    found = resolve(file, name)
    if found is None or found.kind != "variable" or found.value is None or len(found.keys) != 1:
        return None
    module = _imported(file, _awaited(found.value))
    return (module, found.keys[0]) if module else None


def wrapped_in(file: SourceFile, name: Node) -> str:
    """What `const Framed = withFrame(Layout)` within a component is made of; "" for any other name."""
    found = resolve(file, name)
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    given = arguments_of(value)[:1] if value is not None and value.type == "call_expression" else []
    inner = file.text(given[0]) if given and given[0].type == "identifier" else ""
    return inner if inner[:1].isupper() else ""


def maker_of(file: SourceFile, value: Node) -> Node | None:
    """The name of the function that makes a value: `makeRouter` of `useMemo(() => makeRouter(base), [base])`."""
    node = unwrap(value)
    for _ in range(_HOPS):
        if node.type == "identifier":
            found = resolve(file, node)
            kept = found.value if found is not None and found.kind == "variable" else None
        elif is_function(node):
            kept = values[0] if len(values := returned(node)) == 1 else None
        else:
            callee = node.child_by_field_name("function") if node.type == "call_expression" else None
            if callee is None or callee.type not in ("identifier", "member_expression"):
                return None
            if not _KEEPS.search(file.text(callee)):
                return callee if callee.type == "identifier" else None
            kept = next(iter(arguments_of(node)), None)
        if kept is None:
            return None
        node = unwrap(kept)
    return None


def _awaited(node: Node) -> Node:
    inner = unwrap(node)
    return unwrap(inner.named_children[0]) if inner.type == "await_expression" else inner


def _imported(file: SourceFile, call: Node) -> str:
    callee = call.child_by_field_name("function") if call.type == "call_expression" else None
    given = [one for one in arguments_of(call) if one.type == "string"] if callee is not None else []
    return file.text(given[0])[1:-1] if callee is not None and callee.type == "import" and given else ""
