"""What stands for components of other files: loaded ones, wrapped ones, one of several, and lists of providers.

What mounts `lazy(() => import("./App"))`, `connect(a)(App)` or `pages[name]` mounts the component itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import arguments_of, called_name
from chunklint.semantics.ecmascript.names import Binding, bindings, resolve, unwrap
from chunklint.semantics.ecmascript.react import component_of, is_component_or_hook

_PROVIDER = re.compile(r"Providers?$|Context$")
_COMPOSES = re.compile(r"compose|combine|provider|nest|wrap", re.IGNORECASE)
_CHOOSES = ("ternary_expression", "subscript_expression", "binary_expression")
_HOPS = 3


def stand_ins(file: SourceFile) -> Iterator[tuple[str, str, str]]:
    """The definitions that stand for what other files export: name here, module and name there."""
    for one in definitions(file):
        fact = one.fact
        if fact.module and fact.imported and (fact.exported or is_component_or_hook(fact.name)):
            yield fact.name, fact.module, fact.imported
        for found in _one_of(file, unwrap(one.node), _HOPS) if fact.kind == "value" else ():
            yield fact.name, found.module, found.imported
        for found in _in_list(file, unwrap(one.node)):
            yield fact.name, found.module, found.imported


def provider_lists(file: SourceFile) -> Iterator[tuple[str, str]]:
    """The components that mount the providers of a list, each with the name of that: `providers.reduceRight(...)`."""
    if "Provider" not in file.content or ".reduce" not in file.content:
        return
    for one in definitions(file):
        if next(_in_list(file, unwrap(one.node)), None) is None:
            continue
        for use in descendants(file.root, "identifier"):
            owner = component_of(file, use) if file.text(use) == one.fact.name else None
            if owner is not None:
                around = (other.fact.name for other in definitions(file) if _holds(other.node, use))
                yield from ((name, one.fact.name) for name in around)


def _holds(node: Node, inner: Node) -> bool:
    return node.start_byte <= inner.start_byte < node.end_byte


def _in_list(file: SourceFile, made: Node) -> Iterator[Binding]:
    """The providers of other files in a list, or in what composes them: `[AProvider, [BProvider, { base }]]`."""
    parts: list[Node] = []
    if made.type == "array":
        parts = made.named_children
    elif made.type == "call_expression" and _COMPOSES.search(called_name(file, made)):
        parts = [
            inner for one in arguments_of(made) for inner in (one.named_children if one.type == "array" else [one])
        ]
    for part in parts:
        name = next(iter(part.named_children), part) if part.type == "array" else part
        found = bindings(file, file.root).get(file.text(name)) if name.type == "identifier" else None
        if found is not None and found.kind == "import" and _PROVIDER.search(found.name):
            yield found


def _one_of(file: SourceFile, value: Node, hops: int) -> Iterator[Binding]:
    """The components of other files of which a value is one: `pages[name]`, `desk ? Desk : Phone`, `found ?? Home`."""
    if value.type == "identifier":
        found = resolve(file, value)
        if found is not None and found.kind == "import" and found.name[:1].isupper():
            yield found
        return
    if value.type not in _CHOOSES or hops == 0:
        return
    if value.type == "subscript_expression":
        holder = value.child_by_field_name("object")
        kept = resolve(file, holder) if holder is not None and holder.type == "identifier" else None
        table = unwrap(kept.value) if kept is not None and kept.value is not None and not kept.keys else holder
        parts = table.named_children if table is not None and table.type == "object" else []
        sides = [part.child_by_field_name("value") or part for part in parts]
    else:
        names = ("consequence", "alternative", "left", "right")
        sides = [side for name in names if (side := value.child_by_field_name(name)) is not None]
    for side in sides:
        if side.type == "shorthand_property_identifier":
            shown = bindings(file, file.root).get(file.text(side))
            yield from [shown] if shown is not None and shown.kind == "import" else []
        else:
            yield from _one_of(file, unwrap(side), hops - 1)
