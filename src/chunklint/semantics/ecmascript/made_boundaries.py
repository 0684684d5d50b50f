"""Error boundaries that no class in the file is: made by a call, a side of a choice, or a package's that is renamed."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.classes import CATCHES
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, is_function, returned
from chunklint.semantics.ecmascript.names import resolve, unwrap
from chunklint.semantics.ecmascript.package_boundaries import is_named_boundary

_MAKES_CLASS = frozenset({"createReactClass", "createClass"})
_KEEPS = frozenset({"useMemo", "useRef", "useState"})
_CHOICES = {"ternary_expression": ("consequence", "alternative"), "binary_expression": ("left", "right")}
_HOPS = 4


def is_made_boundary(file: SourceFile, value: Node, hops: int = _HOPS) -> bool:
    """Whether a value is an error boundary, or in some cases one: `plugin ? plugin.createErrorBoundary(React) : Pass`.

    A name that only stands for another one, `const Net = Catch`, is followed elsewhere.
    """
    node = unwrap(value)
    if node.type in _CHOICES:
        sides = (node.child_by_field_name(side) for side in _CHOICES[node.type])
        return hops > 0 and any(_is_boundary(file, side, hops - 1) for side in sides if side is not None)
    return node.type != "identifier" and _is_boundary(file, node, hops)


def keeps_boundary(file: SourceFile, name: Node) -> bool:
    """Whether a name means a variable of a component that keeps a boundary."""
    found = resolve(file, name)
    value = found.value if found is not None and found.kind == "variable" and not found.keys else None
    return value is not None and is_made_boundary(file, value)


def _is_boundary(file: SourceFile, value: Node, hops: int) -> bool:
    node = unwrap(value)
    if node.type in _CHOICES:
        return is_made_boundary(file, node, hops)
    if node.type in ("identifier", "member_expression"):
        return is_named_boundary(file.text(node).rpartition(".")[2])
    if node.type != "call_expression":
        return False
    name, given = called_name(file, node), arguments_of(node)
    if name.startswith("create") and is_named_boundary(name):
        return True
    if name in _MAKES_CLASS and given and given[0].type == "object":
        return any(_key(file, part) in CATCHES for part in given[0].named_children)
    if name in _KEEPS and given and is_function(given[0]) and hops:
        return any(is_made_boundary(file, one, hops - 1) for one in returned(given[0]))
    return False


def _key(file: SourceFile, part: Node) -> str:
    name = part.child_by_field_name("key") or part.child_by_field_name("name")
    return file.text(name) if name is not None else ""
