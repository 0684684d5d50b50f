"""Requests of hooks that keep the latest answer: whoever waits for an earlier one waits for ever."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import callee_of
from chunklint.semantics.ecmascript.names import resolve
from chunklint.semantics.ecmascript.react import hook_of

# Hook and members (https://ahooks.js.org/hooks/use-request/basic): an overtaken call is never answered. Projects wrap
# the hook under the same name.
_MEMBERS = {"useRequest": frozenset({"run", "runAsync", "refreshAsync"})}


def keeps_latest(file: SourceFile, request: Node) -> bool:
    """Whether a request is a function of such a hook: `const { runAsync: search } = useRequest(find)`."""
    callee = callee_of(request)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    members = _MEMBERS.get(hook[0], frozenset()) if hook is not None else frozenset()
    return found is not None and not members.isdisjoint(found.keys)
