"""The import that a configured value needs, once a file."""

from __future__ import annotations

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
