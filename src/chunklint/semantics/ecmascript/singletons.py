"""Objects and modules that live as long as the page, whose functions put a new resource into the place of the last."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import conditions
from chunklint.semantics.ecmascript.constructors import ENDINGS, is_ending
from chunklint.semantics.ecmascript.functions import called_name
from chunklint.semantics.ecmascript.names import bindings, dotted, resolve, root_of, wrapped
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import Acquisition, acquisitions

# The call is looked for by its dot, and its receiver backwards from there: few names of a file are followed by an end.
_METHOD = re.compile(r"\.\s*(?:" + "|".join(ENDINGS) + r")[\w$]*\s*\(", re.IGNORECASE)
_RECEIVER = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)\s*\??$")
_NEAR = 80  # characters
_OPENS = (b"setInterval", b"Socket", b"EventSource", b"Channel", b"Worker")


@record
class Ended:
    """That a file calls a method or function of a module whose name says that it ends something."""

    module: str


def replaced(file: SourceFile, function: Node) -> Acquisition | None:
    """What each call of a function puts in the place of the last one's, without a look at that: `this.socket = ...`.

    Only where a field of the object, or a variable of the module, is all that keeps it.
    """
    if not any(word in file.source for word in _OPENS):
        return None
    for found in acquisitions(file, function):
        kept = wrapped(found.node).parent
        left = kept.child_by_field_name("left") if kept is not None else None
        if found.kind not in (Kind.CONNECTION, Kind.INTERVAL) or found.path or kept is None or left is None:
            continue
        if kept.type == "assignment_expression" and _lasts(file, left) and not _asks_first(file, function, kept, left):
            return found
    return None


def _lasts(file: SourceFile, left: Node) -> bool:
    root = root_of(left)
    if root.type == "this":
        return True
    found = resolve(file, root) if root.type == "identifier" else None
    return found is not None and found.kind == "variable" and found.scope.type == "program"


def _asks_first(file: SourceFile, function: Node, kept: Node, left: Node) -> bool:
    """Whether the function tests anything, ends anything or mentions what it fills before it does so."""
    if any(asked.start_byte < kept.start_byte for asked in conditions(function)):
        return True
    for node in descendants(function, "call_expression", "member_expression", "identifier"):
        if node.start_byte >= kept.start_byte:
            continue
        if node.type == "call_expression" and is_ending(called_name(file, node)):
            return True
        if node.type != "call_expression" and dotted(file, node) == dotted(file, left):
            return True
    return False


def ended(file: SourceFile) -> Iterator[Ended]:
    """The modules of which a file calls something that ends things: `line.close()`, `closeFeed()`."""
    imports = {found.name: found for found in bindings(file, file.root).values() if found.kind == "import"}
    modules = {found.module for found in imports.values() if is_ending(found.imported)}
    for call in _METHOD.finditer(file.content):
        receiver = _RECEIVER.search(file.content[max(0, call.start() - _NEAR) : call.start()])
        if receiver is not None and receiver[1] in imports:
            modules.add(imports[receiver[1]].module)
    yield from (Ended(module) for module in sorted(modules) if module.startswith((".", "@/", "~/", "src/")))
