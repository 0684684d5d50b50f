"""Definitions that only other files could use: hooks, and components that are exported by their names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.names import Binding, bindings
from chunklint.semantics.ecmascript.react import is_component_or_hook, is_hook

# Files that routers of frameworks mount, anew for each address.
ROUTED = frozenset(
    {"page", "layout", "template", "default", "loading", "not-found", "_app", "_layout", "route", "+Page"}
)
# What routers take from a module by its name.
_ROUTE_PARTS = frozenset({"Component", "ErrorBoundary", "HydrateFallback", "CatchBoundary", "Layout"})
# What makes the `Route` of a file that a generated tree of routes takes in, which repositories often leave out.
_OF_TREE = re.compile(r"\bcreate(?:Lazy)?(?:File|Root)Route")
# Folders of parts that pages are made of, and those that routers or people look for pages in.
_APART = frozenset(
    {"components", "component", "hooks", "widgets", "common", "ui", "shared", "graphs", "charts", "modals", "dialogs"}
)
_PLACES = frozenset({"pages", "page", "app", "routes", "views", "view", "screens", "layouts", "plugins", "islands"})
# No folder that tells anything, and one in which frameworks look for pages and others keep all that they have.
_EITHER = frozenset({"", "app"})
_REQUIRED = re.compile(r"""\brequire\(\s*["']([^"']+)["']\s*\)""")
_SPACES = re.compile(r"""\bexport\s*\*\s*as\s+\w+\s+from\s*["']([^"']+)["']""")
# What takes all files of a folder: `import.meta.glob("./parts/*.tsx")`, `import(`./parts/${name}`)`.
_FOLDERS = re.compile(
    r"""(?:\bimport\.meta\.glob\w*(?:<[^>]*>)?|\brequire\.context)\(\s*\[?\s*["'`]([^"'`*{$]*)|"""
    r"""\bimport\(\s*(?:/\*[^*]*\*/\s*)*(?:`([^`$]*)\$|["']([^"']*)["']\s*\+)"""
)
# Files that settings name: `component: "./shelf/Shelf"`. What is imported is followed by its name.
_WRITTEN = re.compile(r"""["'`](?=[.@~s])((?:(?:\.{1,2}|@|~)/)+|src/)((?:[\w@.-]+/)*[\w@.-]*\w)["'`]""")
_IMPORTS = ("from ", "import ", "import(", "require(")
_EVERY = "*"
LOADED = re.compile(r"""\bimport\(\s*(?:/\*[^*]*\*/\s*)?["'`]([^"'`$]+)["'`]""")


def _may_be_used(name: str, imported: str) -> bool:
    # A default export may be a table of components, under a name of any kind.
    return imported in (_EVERY, "default") or is_component_or_hook(name) or is_component_or_hook(imported)


def importable(file: SourceFile, name: str) -> tuple[str, ...] | None:
    """The definitions of a file of which another one must import one for the named one to do anything.

    That is the definition itself, where it is exported, and what uses it. Without any of those nothing ever runs it.
    None where the file or a framework does. A default export may be mounted by the place of its file, where that is a
    folder of pages; a hook never is. In a folder that tells neither, the join knows (`lies_anywhere`).
    """
    return file.remember(("importable", name), lambda: _importable(file, name))


def _importable(file: SourceFile, name: str) -> tuple[str, ...] | None:
    pending, found, seen = [name], set[str](), set[str]()
    while pending:
        one = pending.pop()
        if one in seen:
            continue
        seen.add(one)
        if one == "default":
            offered, uses = True, list[Node]()
        else:
            defined = _defined(file).get(one)
            if defined is None:
                return None
            offered = any(_is_handed_out(file, made.node, defined, one) for made in exports(file).values())
            uses = [use for use in _named(file).get(one, ()) if _is_use(file, use, defined)]
        if offered and not _needs_import(file, one):
            return None
        found.update((one,) if offered else ())
        users = [_around(file, use) for use in uses]
        if not all(users):
            return None
        pending.extend(user for around in users for user in around)
    return tuple(sorted(found))


def _defined(file: SourceFile) -> Mapping[str, Node]:
    """The definitions of a file by their names; of several the first."""

    def find() -> dict[str, Node]:
        return {one.fact.name: one.node for one in reversed(definitions(file))}

    return file.remember("defined by name", find)


def _around(file: SourceFile, node: Node) -> list[str]:
    """The definitions that a node stands in."""
    return [one.fact.name for one in definitions(file) if begins_within(node, one.node)]


def _needs_import(file: SourceFile, name: str) -> bool:
    """Whether nothing takes an exported definition but what imports it by its name."""
    stem = PurePosixPath(file.path).stem
    if name == "default":
        return not _is_page(file.path) and stem not in ROUTED
    if not is_component_or_hook(name) or name in _ROUTE_PARTS or stem in ROUTED:
        return False
    defined = _defined(file).get(name)
    if name == "Route" and defined is not None and _OF_TREE.search(file.text(defined)):
        return False
    main = exports(file).get("default")
    if defined is None or main is None or not _stands_for(file, main.node, defined, name):
        return True
    return is_hook(name) or not _is_page(file.path)


def _is_handed_out(file: SourceFile, value: Node | None, defined: Node, name: str) -> bool:
    """Whether an export is a definition itself, its name, or what a call makes of that name: `memo(Shelf)`."""
    if value is None:
        return False
    given = arguments_of(value) if value.type == "call_expression" else []
    return begins_within(value, defined) or any(file.text(one) == name for one in (value, *given))


def _is_page(path: str) -> bool:
    """Whether a file lies where routers look for pages, and not among the parts of an application."""
    return _folder_of(path) in _PLACES - _EITHER


def lies_anywhere(path: str) -> bool:
    """Whether a file lies neither among the parts of an application nor where routers look for pages."""
    return _folder_of(path) in _EITHER


def _folder_of(path: str) -> str:
    """The innermost folder around a file that tells what is in it; "" for none."""
    return next((one for one in reversed(PurePosixPath(path).parts[:-1]) if one in _APART | _PLACES), "")


def _stands_for(file: SourceFile, value: Node | None, defined: Node, name: str) -> bool:
    if value is None:
        return False
    return begins_within(value, defined) or any(file.text(one) == name for one in (value, *_identifiers(value)))


def _identifiers(node: Node) -> Iterator[Node]:
    return descendants(node, "identifier", "shorthand_property_identifier")


def _named(file: SourceFile) -> Mapping[str, list[Node]]:
    """All identifiers of a file by their names."""

    def find() -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for one in _identifiers(file.root):
            found[file.text(one)].append(one)
        return found

    return file.remember("identifiers by name", find)


def _is_use(file: SourceFile, name: Node, defined: Node) -> bool:
    """Whether a name is more than the definition itself, its export, or the name that is put on it."""
    around = name.parent
    if around is None or begins_within(name, defined) or around.type in ("export_specifier", "export_statement"):
        return False
    if around.type in ("variable_declarator", "function_declaration") and around.child_by_field_name("name") == name:
        return False
    part = around.child_by_field_name("property") if around.type == "member_expression" else None
    return part is None or file.text(part) != "displayName"


def taken(file: SourceFile) -> Iterator[tuple[str, str, tuple[str, ...] | None]]:
    """Module and name of what a file does anything with, whatever that is, and what another file must import for it.

    Only what may be a component or hook, by the name that it has here or there, and whole modules. None where the file
    itself does it, or a framework.
    """
    for found in bindings(file, file.root).values():
        if found.kind != "import" or not found.module or not _may_be_used(found.name, found.imported):
            continue
        uses = [use for use in _named(file).get(found.name, ()) if not (_introduces(use) or _offers_again(use))]
        if uses and not is_type_only(found):
            yield found.module, found.imported, _through(file, uses)
    for loaded in LOADED.finditer(file.content):
        start = len(file.content[: loaded.start()].encode())
        around = file.root.descendant_for_byte_range(start, start)
        yield loaded.group(1), _EVERY, _through(file, [around]) if around is not None else None
    for word, whole in (("require(", _REQUIRED), ("*", _SPACES)):
        if word in file.content:
            yield from ((module, _EVERY, None) for module in whole.findall(file.content))


def is_type_only(found: Binding) -> bool:
    """Whether an import names a type alone, by which nothing is mounted: `import type { Bell } from "./Bell"`."""
    parts = (one for one in ancestors(found.node) if one.type in ("import_specifier", "import_statement"))
    return any(child.type == "type" for part in parts for child in part.children)


def _offers_again(name: Node) -> bool:
    """Whether a file does nothing with a name there but to export it again: `export { Bell }`."""
    return name.parent is not None and name.parent.type == "export_specifier"


def _introduces(name: Node) -> bool:
    around = name.parent
    return around is not None and around.type in ("import_specifier", "import_clause", "namespace_import")


def _through(file: SourceFile, uses: Iterable[Node]) -> tuple[str, ...] | None:
    """What another file must import for one of the uses to run; None where one runs anyway."""
    needed = set[str]()
    for use in uses:
        around = [importable(file, owner) for owner in _around(file, use)]
        if not around or any(one is None for one in around):
            return None
        needed.update(name for one in around if one is not None for name in one)
    return tuple(sorted(needed))


def offered_again(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Module and name of what a file exports of others, which may be components or hooks, and whole modules.

    Within an application that is no use by itself.
    """
    for name, one in exports(file).items():
        if one.module and _may_be_used(name, one.imported):
            yield one.module, one.imported


def folders_taken(file: SourceFile) -> Iterator[str]:
    """The beginnings of paths, as written, of which a file takes all that there is."""
    if "import(" in file.content or "import.meta.glob" in file.content or "require.context" in file.content:
        yield from ("".join(found) for found in _FOLDERS.findall(file.content))


def files_written(file: SourceFile) -> Iterator[str]:
    """The ends of paths, without a suffix, that a file has as texts and does not import."""
    for found in _WRITTEN.finditer(file.content):
        if not file.content.endswith(_IMPORTS, 0, found.start()):
            start = "src/" if found[1] == "src/" else ""
            yield str(PurePosixPath(start + found[2]).with_suffix(""))


def may_be_taken(path: str, beginning: str, package: str) -> bool:
    """Whether a file may be among those whose paths begin like that, as a file of a package writes them.

    Without any beginning (`import(`${name}/index`)`) it is among the files of that package, given by its folder.
    """
    inner = "/".join(part for part in beginning.split("/") if part not in ("", ".", "..", "@", "~"))
    if not inner:
        return not package or path.startswith(f"{package}/")
    return f"/{inner}" in f"/{path}"
