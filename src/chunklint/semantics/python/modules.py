"""Modules in Python: what a file imports, and which file of the project an import means."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.records import record

# Top folders of this name are the project's own far more often than CPython's tests.
_STANDARD = sys.stdlib_module_names - {"test"}


@record
class Import:
    """One name that an import statement brings in, as plain data that a fact may carry.

    Attributes:
        module: The dotted module as written, without the dots of a relative import: "" in `from . import x`.
        level: How many dots it is relative by; 0 for an absolute import.
        name: What `from` takes out of the module, "*" for all of it; "" for `import module`.
        alias: The name that it is bound to: `a` for `import a.b`, "" for a star.
        line: The 1-based line of the statement.
        typing_only: Whether it stands below `if TYPE_CHECKING:`, and so does not happen at run time.
    """

    module: str
    level: int
    name: str
    alias: str
    line: int
    typing_only: bool = False


def imports(file: SourceFile) -> tuple[Import, ...]:
    """Every import of a file, in order, those inside functions included."""
    return file.remember("imports", lambda: tuple(_imports(file)))


class Modules:
    """Which of a project's files an import means. Paths are relative to one root, with forward slashes."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(path for path in paths if path.endswith((".py", ".pyi")))
        self._by_name: dict[str, list[tuple[str, ...]]] = {}
        self._known: dict[tuple[str, str, int], str | None] = {}
        for path in sorted(self._paths):
            parts = _module_parts(path)
            if parts:
                self._by_name.setdefault(parts[-1], []).append(parts)

    def resolve(self, importer: str, imported: Import) -> str | None:
        """The path of the file that is imported: the submodule when `name` is one, else the module itself.

        None for what is not in the project. Of several files that an absolute import may mean, the one nearest to the
        importer is taken, since a project's roots are not known.
        """
        if imported.name and imported.name != "*":
            below = ".".join(part for part in (imported.module, imported.name) if part)
            submodule = self._module(importer, below, imported.level)
            if submodule is not None:
                return submodule
        return self._module(importer, imported.module, imported.level)

    def module(self, importer: str, dotted: str) -> str | None:
        """The path of the file that an absolute dotted name means as seen from the importer, if it is a module."""
        return self._module(importer, dotted, 0)

    def _module(self, importer: str, dotted: str, level: int) -> str | None:
        # The files of a folder import much the same.
        question = (importer.rpartition("/")[0], dotted, level)
        if question not in self._known:
            self._known[question] = self._find(*question)
        return self._known[question]

    def _find(self, folder: str, dotted: str, level: int) -> str | None:
        wanted = tuple(part for part in dotted.split(".") if part)
        here = tuple(folder.split("/")) if folder else ()
        if level:
            above = len(here) + 1 - level
            return self._file((*here[:above], *wanted)) if above >= 0 else None
        if not wanted or wanted[0] in _STANDARD:
            return None
        fitting = [parts for parts in self._by_name.get(wanted[-1], ()) if parts[-len(wanted) :] == wanted]
        rooted = [parts for parts in fitting if self._is_root(parts[: -len(wanted)], here)]
        # A lone name below a package is that package's private matter; `a.b.c` is hardly there by chance.
        candidates = rooted or (fitting if len(wanted) > 1 else [])
        if not candidates:
            return None
        return self._file(max(candidates, key=lambda parts: (_shared(parts, here), -len(parts))))

    def _is_root(self, folder: tuple[str, ...], here: tuple[str, ...]) -> bool:
        """Whether imports may start at a folder: it is no package, or the importer lies in it."""
        return folder == here or self._file(folder, package=True) is None

    def _file(self, parts: tuple[str, ...], package: bool = False) -> str | None:
        stem = "/".join(parts)
        names = () if package else (f"{stem}.py", f"{stem}.pyi")
        inits = (f"{stem}/__init__.py".lstrip("/"), f"{stem}/__init__.pyi".lstrip("/"))
        return next((path for path in (*names, *inits) if path in self._paths), None)


def _module_parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.rpartition(".")[0].split("/"))
    return parts[:-1] if parts[-1] == "__init__" else parts


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many folders two paths have in common from the top."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _imports(file: SourceFile) -> Iterator[Import]:
    for statement in descendants(file.root, "import_statement", "import_from_statement"):
        origin = statement.child_by_field_name("module_name")
        written = "".join(file.text(origin).split()) if origin is not None else ""
        module = written.lstrip(".")
        level = len(written) - len(module)
        line, typing_only = statement.start_point[0] + 1, _is_typing_only(statement, file)
        if any(child.type == "wildcard_import" for child in statement.children):
            yield Import(module, level, "*", "", line, typing_only)
        for clause in statement.children_by_field_name("name"):
            named, alias = clause.child_by_field_name("name"), clause.child_by_field_name("alias")
            name = file.text(named or clause)
            bound = file.text(alias) if alias is not None else name.partition(".")[0]
            if origin is None:
                yield Import(name, 0, "", bound, line, typing_only)
            else:
                yield Import(module, level, name, bound, line, typing_only)


def _is_typing_only(statement: Node, file: SourceFile) -> bool:
    inner = statement
    for around in ancestors(statement):
        if around.type == "if_statement" and around.child_by_field_name("consequence") == inner:
            condition = around.child_by_field_name("condition")
            if condition is not None and file.text(condition).rpartition(".")[2] == "TYPE_CHECKING":
                return True
        inner = around
    return False
