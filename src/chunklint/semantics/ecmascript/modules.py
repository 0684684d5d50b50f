"""Modules in TypeScript and JavaScript: what a file exports, and which file a specifier means."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.records import record
from chunklint.semantics.ecmascript.names import bindings, declared

_SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs")


@record
class Export:
    """A name that a module offers: its own (`node` is the definition) or one passed on from `module`.

    `export * from "x"` has the name "*" and imports "*".
    """

    name: str
    node: Node | None
    module: str = ""
    imported: str = ""


def exports(file: SourceFile) -> dict[str, Export]:
    """What a module exports by name; "*" stands for the first `export * from`, `*2` and so on for the others."""
    return file.remember("exports", lambda: dict(_exports(file)))


def module_files(importer: str, specifier: str, known: Collection[str]) -> str | None:
    """The one of the known paths that a specifier means: relative, `@/` and `~/` aliases, index files, any suffix.

    Paths are relative to one root, with forward slashes. None for a package or a file that is not known.
    """
    for base in _bases(importer, specifier):
        stem = posixpath.splitext(base)[0] if base.endswith((".js", ".jsx", ".mjs", ".cjs")) else base
        for candidate in (base, *(stem + s for s in _SUFFIXES), *(f"{base}/index{s}" for s in _SUFFIXES)):
            if candidate in known:
                return candidate
    return None


def module_folders(importer: str, specifier: str) -> tuple[str, ...]:
    """The folders that a specifier may mean when it names a folder with an index file, likeliest first."""
    return tuple(base + "/" for base in _bases(importer, specifier))


def _bases(importer: str, specifier: str) -> Iterator[str]:
    folder = posixpath.dirname(importer)
    if specifier.startswith("."):
        yield posixpath.normpath(posixpath.join(folder, specifier))
        return
    alias, _, rest = specifier.partition("/")
    if alias not in ("@", "~", "src") or not rest:
        return
    while True:
        for inner in ("src", ""):
            yield posixpath.normpath(posixpath.join(folder, inner, rest))
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _exports(file: SourceFile) -> Iterator[tuple[str, Export]]:
    stars = 0
    for statement in file.root.named_children:
        if statement.type != "export_statement":
            continue
        source = statement.child_by_field_name("source")
        module = file.text(source)[1:-1] if source is not None else ""
        clause = next((child for child in statement.named_children if child.type == "export_clause"), None)
        if clause is not None:
            yield from _export_clause(file, clause, module)
        elif module:
            stars += 1
            yield f"*{stars if stars > 1 else ''}", Export("*", None, module, "*")
        else:
            yield from _export_declaration(file, statement)


def _export_clause(file: SourceFile, clause: Node, module: str) -> Iterator[tuple[str, Export]]:
    for specifier in clause.named_children:
        local, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
        if local is None:
            continue
        name = file.text(alias or local)
        if module:
            yield name, Export(name, None, module, file.text(local))
            continue
        found = bindings(file, file.root).get(file.text(local))
        if found is None or found.kind == "import":
            yield name, Export(name, None, found.module if found else "", found.imported if found else "")
        else:
            yield name, Export(name, found.value)


def _export_declaration(file: SourceFile, statement: Node) -> Iterator[tuple[str, Export]]:
    declaration, value = statement.child_by_field_name("declaration"), statement.child_by_field_name("value")
    if any(child.type == "default" for child in statement.children):
        node = declaration or value
        if node is not None and node.type == "identifier":
            found = bindings(file, file.root).get(file.text(node))
            if found is not None and found.kind == "import":
                yield "default", Export("default", None, found.module, found.imported)
                return
            node = found.value if found is not None else None
        yield "default", Export("default", node)
    elif declaration is not None:
        for found in declared(file, file.root, declaration):
            yield found.name, Export(found.name, found.value)
