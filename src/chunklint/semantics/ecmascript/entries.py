"""What is rendered into the page: when that happens, and whether it is there to stay."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.functions import function_name, function_of, is_function
from chunklint.semantics.ecmascript.modules import exports

_RENDERERS = re.compile(r"""["'](?:react-dom|react-dom/client|preact|preact/compat)["']""")
_KEEPERS = frozenset({"pair", "class_body", "object", "assignment_expression"})


def renders_into_page(file: SourceFile) -> bool:
    """Whether a file imports what renders into the page."""
    return file.remember("renders into page", lambda: _RENDERERS.search(file.content) is not None)


def runs_with_module(call: Node) -> bool:
    """Whether what a call stands in runs by itself as the module loads or the page is ready, and is no handler."""
    around = (one for one in ancestors(call) if is_function(one))
    return all(one.parent is None or one.parent.type not in _KEEPERS for one in around)


def is_called_at_once(file: SourceFile, name: str) -> bool:
    """Whether the module itself calls a function of its own, as `main();` does; true for no function."""
    called = re.compile(rf"(?:void |await )?{re.escape(name)}\(")
    statements = (one for one in file.root.named_children if one.type == "expression_statement")
    return not name or any(called.match(file.text(one)) for one in statements)


def comes_and_goes(file: SourceFile, call: Node) -> bool:
    """Whether a function of the file's own renders into an element that it is given, and the file takes it away again.

    So are tooltips and pictures of drags. What a file exports to mount and unmount is an app in another one's page.
    """
    if "unmount" not in file.content:
        return False
    functions = [one for one in ancestors(call) if is_function(one)]
    if not functions or not function_name(file, functions[-1]):
        return False
    parameters = functions[-1].child_by_field_name("parameters")
    given = parameters is not None and parameters.named_child_count > 0
    offered = (function_of(file, one.node) for one in exports(file).values() if one.node is not None)
    return given and functions[-1] not in offered


def is_in_effect(node: Node) -> bool:
    """Whether a node stands in an effect, which puts routes into a state: where that is shown is not said there."""
    function = next((one for one in ancestors(node) if is_function(one)), None)
    call = function.parent.parent if function is not None and function.parent is not None else None
    callee = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    return callee is not None and (callee.text or b"").endswith(b"Effect")
