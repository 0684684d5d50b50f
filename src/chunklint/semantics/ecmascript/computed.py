"""Answers that come from no other machine: what is computed, drawn or read here keeps the order it was asked in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    awaited,
    called_name,
    callee_of,
    function_of,
    receiver_of,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.own_machine import PACKAGES
from chunklint.semantics.ecmascript.react import Effect

# What is called by such a name works on what it is given, unless something about it speaks of asking a server.
_COMPUTES = re.compile(
    r"^(?:parse|render|highlight|tokeni[sz]e|compile|(?:de)?seriali[sz]e|decode|encode|(?:de)?compress|unzip|hash|digest|"
    r"md2|markdown|aggregate|calculate|compute|convert|extract|format|merge|normali[sz]e|prettify|transform)"
    r"(?![a-z])|[a-zA-Z](?:To|2)(?:[A-Z]\w+|html)$|(?:Markdown|ArrayBuffer)$"
)
# What may as well ask a server, unless its own code shows that it does not.
_MAY_COMPUTE = re.compile(r"^(?:evaluate|preview|run|simulate|validate|verify)(?![a-z])")
_ASKS = re.compile(
    r"api|service|client|request|http|axios|fetch|action|query|rpc|server|resource|\bky\b|socket|invoke|ipc",
    re.IGNORECASE,
)
_HOPS = 3
_STORES = frozenset({"storage", "localStorage", "sessionStorage", "AsyncStorage", "localforage"})
_LOCAL = ('"blob:', "'blob:", '"data:', "'data:")


def computes(file: SourceFile, effect: Effect, request: Node) -> bool:
    """Whether what an effect waits for is computed, loaded with the application's code, or kept on this machine."""
    callee = callee_of(request)
    if callee is None or callee.type == "import":
        return callee is not None
    receiver, given = receiver_of(request), arguments_of(request)
    if receiver is not None and dotted(file, receiver)[-1:] and dotted(file, receiver)[-1] in _STORES:
        return True
    if _is_kept_here(file, callee):
        return True
    if any(mark in (text := file.text(effect.callback)) for mark in _LOCAL) and "fetch(" in text:
        return True
    if called_name(file, request) in ("all", "allSettled"):
        inner = list(_waited_for(request))
        return bool(inner) and all(computes(file, effect, call) for call in inner)
    function = function_of(file, callee) if callee.type == "identifier" else None
    if function is not None and _only_imports(function):
        return True
    name = called_name(file, request)
    computing = _COMPUTES.search(name) or (function is not None and _MAY_COMPUTE.search(name))
    if not computing or any(_ASKS.search(file.text(one)) for one in given):
        return False
    if function is not None:
        called = (one for call in descendants(function, "call_expression") if (one := callee_of(call)) is not None)
        return not any(_ASKS.search(file.text(one)) for one in called)
    found = resolve(file, root) if (root := root_of(callee)).type == "identifier" else None
    return found is not None and found.kind == "import" and not _ASKS.search(found.module)


def _is_kept_here(file: SourceFile, callee: Node) -> bool:
    """Whether what is called is a package's that works on this machine alone, or what such a package has opened."""
    for _ in range(_HOPS):
        root = root_of(_innermost(callee))
        found = resolve(file, root) if root.type == "identifier" else None
        if found is None:
            return False
        if found.kind == "import":
            return PACKAGES.match(found.module) is not None
        value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
        opened = value.child_by_field_name("constructor") if value is not None else None
        opened = callee_of(value) if value is not None and value.type == "call_expression" else opened
        if opened is None or found.scope.type != "program":
            return False
        callee = opened
    return False


def _innermost(callee: Node) -> Node:
    """Where a chain of calls begins: `shelf.table` of `shelf.table("books").get`."""
    while (receiver := callee.child_by_field_name("object")) is not None:
        inner = unwrap(receiver)
        callee = (callee_of(inner) or inner) if inner.type == "call_expression" else inner
    return callee


def _waited_for(request: Node) -> Iterator[Node]:
    """The calls that are waited for inside of what `Promise.all` is given."""
    for wait in descendants(request, "await_expression"):
        inner = awaited(wait)
        if inner.type == "call_expression" and not _is_all(inner):
            yield inner


def _is_all(call: Node) -> bool:
    callee = callee_of(call)
    return callee is not None and callee.text in (b"Promise.all", b"Promise.allSettled")


def _only_imports(function: Node) -> bool:
    """Whether all that a function calls is `import()`: it loads a part of the application."""
    calls = list(descendants(function, "call_expression"))
    return bool(calls) and all((callee := callee_of(call)) is not None and callee.type == "import" for call in calls)
