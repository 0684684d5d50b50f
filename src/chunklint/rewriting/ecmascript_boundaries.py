"""Error boundaries that tell nobody: the error goes to the window, where services that hear of errors listen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants, enclosing
from chunklint.model import Finding, Fix, Refusal
from chunklint.rewriting.ecmascript_blocks import first_in
from chunklint.rewriting.ecmascript_handlers import is_typed
from chunklint.rewriting.ecmascript_text import Edits, indent_of, style_of
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.names import Binding, bindings

_ARGUMENTS = re.compile(r"\(\s*\)")


def told(file: SourceFile, finding: Finding) -> Fix | Refusal:
    """Report the error in `componentDidCatch`, which the class gets if it has none."""
    names = descendants(file.root, "type_identifier", "identifier")
    name = next((node for node in names if file.span(node) == finding.location.span), None)
    owner = enclosing(name, "class_declaration", "class") if name is not None else None
    body = owner.child_by_field_name("body") if owner is not None else None
    shown = _function_named(name) if name is not None else None
    if shown is not None:
        return _told_on_show(file, shown)
    if owner is None or body is None or name is None or owner.child_by_field_name("name") != name:
        return Refusal("where a project reports the errors of such a boundary is for its author to say")
    caught = next((member for part, member in members(file, owner) if part == "componentDidCatch"), None)
    if caught is not None:
        return _told_by(file, caught)
    before = next((member for part, member in members(file, owner) if part == "getDerivedStateFromError"), None)
    if before is None:
        return Refusal("the class catches no errors itself")
    edits, style = Edits(file), style_of(file)
    indent = indent_of(file, before.start_byte)
    marks = "override " if re.search(r"\boverride render\(", file.text(body)) else ""
    marks = "public " + marks if re.search(r"\bpublic (?:override )?render\(", file.text(body)) else marks
    head = f"{marks}componentDidCatch({_parameter(file)}) {{"
    line = f"{indent}{style.indent}reportError(error){style.end}"
    edits.insert(before.end_byte, f"\n\n{indent}{head}\n{line}\n{indent}}}")
    return edits.fix("Report the error in `componentDidCatch`", safe=False)


def _function_named(name: Node) -> Node | None:
    """The function that a name introduces."""
    around = name.parent
    if around is None or around.child_by_field_name("name") != name:
        return None
    return around if around.type == "function_declaration" else None


def _told_on_show(file: SourceFile, function: Node) -> Fix | Refusal:
    """Report the error in an effect, when the page that a framework shows instead takes it."""
    listed, body = function.child_by_field_name("parameters"), function.child_by_field_name("body")
    pattern = listed.named_children[0] if listed is not None and listed.named_children else None
    taken = pattern.child_by_field_name("pattern") or pattern if pattern is not None else None
    names = [file.text(one) for one in descendants(taken, "shorthand_property_identifier_pattern")] if taken else []
    first = first_in(body) if body is not None else None
    if first is None or "error" not in names:
        return Refusal("the page does not take the error")
    edits, style = Edits(file), style_of(file)
    hook = _effect_hook(file, edits)
    if hook is None:
        return Refusal("`useEffect` cannot be imported from where React is imported")
    indent = indent_of(file, first.start_byte)
    inner = indent + style.indent
    lines = f"{hook}(() => {{\n{inner}reportError(error){style.end}\n{indent}}}, [error]){style.end}"
    edits.insert(first.start_byte, f"{lines}\n\n{indent}")
    return edits.fix("Report the error in an effect", safe=False)


def _effect_hook(file: SourceFile, edits: Edits) -> str | None:
    """How the file calls `useEffect`, imported if it has to be."""
    known = bindings(file, file.root)
    told = _of_react(known, "useEffect")
    if told != "":
        return told
    statements = [one for one in file.root.named_children if one.type == "import_statement"]
    named = [one for one in statements if _imports_values(file, one)]
    specifiers = [part for one in named for part in descendants(one, "import_specifier")]
    if specifiers:
        edits.insert(specifiers[-1].end_byte, ", useEffect")
        return "useEffect"
    style = style_of(file)
    line = f"import {{ useEffect }} from {style.quote}react{style.quote}{style.end}"
    if statements:
        edits.insert(statements[0].start_byte, f"{line}\n")
        return "useEffect"
    directive = file.root.named_children[0]
    edits.insert(directive.end_byte, f"\n\n{line}")
    return "useEffect" if file.text(directive).strip("'\"; ") == "use client" else None


def _of_react(known: Mapping[str, Binding], name: str) -> str | None:
    """How the file calls what React exports; "" when it does not yet, None when the name stands for something else."""
    if name in known:
        return name if known[name].module == "react" else None
    whole = next((one for one in known.values() if one.module == "react" and one.imported in ("default", "*")), None)
    return f"{whole.name}.{name}" if whole is not None else ""


def _imports_values(file: SourceFile, statement: Node) -> bool:
    """Whether a statement imports from React, and not types alone."""
    source = statement.child_by_field_name("source")
    is_react = source is not None and file.text(source).strip("'\"") == "react"
    return is_react and not any(child.type == "type" for child in statement.children)


def _parameter(file: SourceFile) -> str:
    return "error: Error" if is_typed(file) else "error"


def _told_by(file: SourceFile, caught: Node) -> Fix | Refusal:
    """Report in the `componentDidCatch` that is there and ignores the error."""
    listed, body = caught.child_by_field_name("parameters"), caught.child_by_field_name("body")
    first = first_in(body) if body is not None else None
    if listed is None or body is None or first is None or _ARGUMENTS.fullmatch(file.text(listed)) is None:
        return Refusal("its `componentDidCatch` does something else with the error")
    edits, style = Edits(file), style_of(file)
    if body.start_point[0] == first.start_point[0]:
        return Refusal("its `componentDidCatch` is written on one line")
    edits.replace(listed.start_byte, listed.end_byte, f"({_parameter(file)})")
    line = f"reportError(error){style.end}"
    edits.insert(first.start_byte, f"{line}\n{indent_of(file, first.start_byte)}")
    return edits.fix("Report the error in `componentDidCatch`", safe=False)
