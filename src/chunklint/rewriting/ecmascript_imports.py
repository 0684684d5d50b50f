"""Imports that a fix needs, once a file: of a configured value, of hooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tree_sitter import Node

from chunklint.languages import language_of
from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Refusal
from chunklint.rewriting.ecmascript_text import Edits, style_of
from chunklint.semantics.ecmascript.names import bindings


def imported(file: SourceFile, statement: str, edits: Edits) -> Refusal | None:
    """Add an import statement behind the others, unless the file has what it names; or say why it cannot be."""
    language = language_of("value.ts")
    parsed = language.parse("value.ts", statement) if language is not None else None
    wanted = bindings(parsed, parsed.root) if parsed is not None and not parsed.root.has_error else {}
    if not wanted or any(not one.module or one.module.startswith(".") for one in wanted.values()):
        return Refusal(f"the configured import `{statement}` is no import by a name that all files share")
    known = bindings(file, file.root)
    names = {file.text(one) for one in descendants(file.root, "identifier", "shorthand_property_identifier")}
    missing = False
    for name, one in wanted.items():
        there = known.get(name)
        if there is not None and (there.module, there.imported) == (one.module, one.imported):
            continue
        if name in names:
            return Refusal(f"the name `{name}` is taken in this file")
        missing = True
    if not missing:
        return None
    before = [one for one in file.root.named_children if one.type == "import_statement"]
    if not before:
        return Refusal(f"the file has no imports that `{statement}` could stand behind")
    edits.insert(before[-1].end_byte, f"\n{statement.rstrip().removesuffix(';')}{style_of(file).end}")
    return None


def hooks_of_react(file: SourceFile, edits: Edits, names: Iterable[str]) -> Mapping[str, str] | None:
    """How the file calls hooks of React, imported if they have to be; None where they cannot be."""
    known = bindings(file, file.root)
    told: dict[str, str] = {}
    missing = list[str]()
    for name in names:
        if name in known:
            if known[name].module != "react":
                return None
            told[name] = name
            continue
        whole = next(
            (one for one in known.values() if one.module == "react" and one.imported in ("default", "*")), None
        )
        told[name] = name if whole is None or _takes_hooks(file) else f"{whole.name}.{name}"
        if "." not in told[name]:
            missing.append(name)
    return told if not missing or _named_too(file, edits, missing) else None


def _takes_hooks(file: SourceFile) -> bool:
    """Whether the file names what it takes of React, beside React as a whole."""
    return _named_of_react(file) is not None


def _named_of_react(file: SourceFile) -> Node | None:
    """The braces with the values that the file imports from React."""
    for statement in file.root.named_children:
        source = statement.child_by_field_name("source") if statement.type == "import_statement" else None
        if source is None or file.text(source).strip("'\"") != "react":
            continue
        if not any(child.type == "type" for child in statement.children):
            found = next(iter(descendants(statement, "named_imports")), None)
            if found is not None:
                return found
    return None


def _named_too(file: SourceFile, edits: Edits, names: list[str]) -> bool:
    """Add names to those that the file imports from React, in their order where they have one."""
    braces = _named_of_react(file)
    if braces is None or any(one.type == "comment" for one in braces.named_children):
        return False
    there = [file.text(one) for one in braces.named_children]
    written = [one.removeprefix("type ") for one in there]
    if written == sorted(written, key=str.lower):
        listed = sorted((*there, *names), key=lambda one: one.removeprefix("type ").lower())
    else:
        listed = [*there, *names]
    style = style_of(file)
    start, end = file.source.rfind(b"\n", 0, braces.start_byte) + 1, file.source.find(b"\n", braces.end_byte)
    around = len(file.source[start : braces.start_byte]) + len(file.source[braces.end_byte : end].rstrip())
    line = f"{{{style.pad}{', '.join(listed)}{style.pad}}}"
    if braces.start_point[0] < braces.end_point[0] or around + len(line) > style.width:
        line = f"{{\n{style.indent}" + f",\n{style.indent}".join(listed) + f"{style.entry_comma}\n}}"
    edits.replace(braces.start_byte, braces.end_byte, line)
    return True
