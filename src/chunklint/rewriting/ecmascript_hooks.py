"""Hooks in the place of others: the call, its dependencies and the import change together."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_text import Edits, indent_of
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, is_async, is_function
from chunklint.semantics.ecmascript.names import resolve

_IMPORT_AND_CALL = 2


def made_effect(file: SourceFile, call: Node) -> Fix | Refusal:
    """Let `useEffect` call a function that was given to a hook which drops the cleanup that it returns."""
    callee, given = callee_of(call), arguments_of(call)
    if callee is None or not given or not is_function(given[0]) or is_async(given[0]):
        return Refusal("its function stands elsewhere")
    edits = Edits(file)
    if callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        if name is None:
            return Refusal("the hook has no name")
        edits.replace(name.start_byte, name.end_byte, "useEffect")
    else:
        refusal = _import(file, edits, callee)
        if refusal is not None:
            return refusal
        edits.replace(callee.start_byte, callee.end_byte, "useEffect")
    if len(given) == 1:
        edits.insert(given[0].end_byte, ", []")
    return edits.fix(f"Call `useEffect` instead of `{file.text(callee)}`", safe=False)


def _import(file: SourceFile, edits: Edits, callee: Node) -> Refusal | None:
    """Import `useEffect` where the hook is imported, in its stead when nothing else uses that one."""
    found = resolve(file, callee)
    specifier = found.node.parent if found is not None and found.kind == "import" else None
    if found is None or specifier is None or specifier.type != "import_specifier" or specifier.parent is None:
        return Refusal("the hook is not imported by its name")
    name = file.text(callee)
    uses = sum(file.text(node) == name for node in descendants(file.root, "identifier"))
    names = [file.text(part) for part in specifier.parent.named_children]
    if "useEffect" in names:
        return None
    if uses > _IMPORT_AND_CALL:
        apart = specifier.start_point[0] > specifier.parent.start_point[0]
        gap = f"\n{indent_of(file, specifier.start_byte)}" if apart else " "
        edits.insert(specifier.start_byte, f"useEffect,{gap}")
        return None
    edits.replace(specifier.start_byte, specifier.end_byte, "useEffect")
    return None
