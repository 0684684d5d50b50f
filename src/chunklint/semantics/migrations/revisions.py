"""One file of an Alembic history: what it says of its place among the others, as plain data for facts to carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.python.literals import element_at, elements_of
from chunklint.semantics.python.scopes import Binding, Kind, bindings_in, reaching
from chunklint.semantics.python.strings import string_shapes

# Alembic reads none of these files, and what tests build is no history.
_UNREAD = (".#", "__init__")
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "fixtures"})
# Beside the version folder of a project, a folder of this name holds what Alembic must no longer read.
_SHELVED = frozenset({"archive", "archived", "backup", "backups", "bak", "deprecated", "disabled", "legacy"}) | {
    "obsolete",
    "old",
    "squashed",
    "unused",
}
_CREATED = re.compile(r"^Create Date:[ \t]*(\d[^\n]*?)[ \t]*$", re.MULTILINE)
_HEADER = 4_000
_CONDITIONAL = frozenset({"if_statement", "try_statement", "for_statement", "while_statement", "match_statement"})


@record
class Reference:
    """The name by which a revision asks for another one: an id, or a branch label."""

    name: str
    place: Location


@record
class Revision:
    """A revision script.

    Attributes:
        id: "" when the code does not spell it out.
        place: Where `revision` is assigned.
        parents: What `down_revision` names; () for a base.
        parents_place: Where `down_revision` is assigned.
        certain: Whether `parents` and `depends_on` are all there is; false when some of it is computed.
        depends_on: What must have run before without being a parent.
        labels: The branch labels; one that is no plain string by its source text.
        replaces: The ids of the revisions that were squashed into this one.
        created: The date in the docstring as it is written there, "" without one.
        upgrades: Whether there is an `upgrade()`, or an `upgrade_ENGINE()`; `downgrades` likewise.
    """

    path: str
    id: str
    place: Location
    parents: tuple[Reference, ...]
    parents_place: Location
    certain: bool
    depends_on: tuple[Reference, ...] = ()
    labels: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    created: str = ""
    upgrades: bool = True
    downgrades: bool = True

    @property
    def folder(self) -> str:
        """The folder of the file, "" at the root."""
        return self.path.rpartition("/")[0]

    @property
    def file_name(self) -> str:
        """The name of the file without its folders."""
        return self.path.rpartition("/")[2]


@record
class _Setting:
    """What a module-level variable names, where, and whether that is all it may name."""

    references: tuple[Reference, ...]
    place: Location
    certain: bool


def revision_of(file: PythonFile) -> Revision | None:
    """The revision that a file is, or None: it must assign `revision` and `down_revision` at module level.

    Tests, shelved revisions and `__init__.py` are none. What is computed rather than spelled out is left open.
    """
    return file.remember("revision", partial(_read, file))


def _read(file: PythonFile) -> Revision | None:
    if "down_revision" not in file.content or not _is_loaded(file.path):
        return None
    own, down = _setting("revision", file), _setting("down_revision", file)
    upgrades, downgrades = (_defines(name, file) for name in ("upgrade", "downgrade"))
    if own is None or down is None or not (upgrades or downgrades or _is_named_like_code(file.path)):
        return None
    needs = _setting("depends_on", file)
    named = [one.name for one in own.references]
    created = _CREATED.search(file.content, 0, _HEADER)
    return Revision(
        path=file.path,
        id=named[0] if own.certain and len(named) == 1 else "",
        place=own.place,
        parents=down.references,
        parents_place=down.place,
        certain=down.certain and (needs is None or needs.certain),
        depends_on=needs.references if needs is not None else (),
        labels=tuple(_labels(file)),
        replaces=tuple(one.name for one in replaced.references) if (replaced := _setting("replaces", file)) else (),
        created=created[1] if created is not None else "",
        upgrades=upgrades,
        downgrades=downgrades,
    )


def _is_loaded(path: str) -> bool:
    place = PurePosixPath(path)
    folders = place.parts[:-1]
    tested = not _TEST_FOLDERS.isdisjoint(folders)
    shelved = bool(folders) and folders[-1].lower() in _SHELVED
    return place.suffix == ".py" and not place.name.startswith(_UNREAD) and not tested and not shelved


def _is_named_like_code(path: str) -> bool:
    """Whether a file without `upgrade()` may still be a revision, not a test that remembers the ids of one."""
    return not PurePosixPath(path).name.startswith("test_")


def _defines(name: str, file: PythonFile) -> bool:
    return any(bound == name or bound.startswith(f"{name}_") for bound in bindings_in(file.root, file))


def _setting(name: str, file: PythonFile) -> _Setting | None:
    """What the assignments of a variable name that may be the last to run; None when nothing is assigned."""
    bindings = [one for one in bindings_in(file.root, file).get(name, ()) if one.kind is Kind.ASSIGNMENT and one.value]
    if not bindings:
        return None
    last = max((at for at, one in enumerate(bindings) if _always_runs(one.node)), default=0)
    read = [_references(_value(one), file) for one in bindings[last:]]
    references = tuple(reference for found in read for reference in found or ())
    return _Setting(references, file.location(_statement(bindings[-1].node)), len(read) == 1 and read[0] is not None)


def _always_runs(node: Node) -> bool:
    return all(around.type not in _CONDITIONAL for around in ancestors(node))


def _statement(node: Node) -> Node:
    return next((around for around in ancestors(node) if around.type == "expression_statement"), node)


def _value(binding: Binding) -> Node | None:
    """The assigned expression, that of the last `=` where there are several."""
    value = binding.value
    while value is not None and value.type == "assignment":
        value = value.child_by_field_name("right")
    return element_at(value, binding.path) if value is not None else None


def _references(value: Node | None, file: PythonFile) -> tuple[Reference, ...] | None:
    """The names in a string or a collection of strings, () for None; None when the code does not spell them out."""
    if value is None or any(child.type == "list_splat" for child in value.named_children):
        return None
    if _is_none(value, file):
        return ()
    nodes = elements_of(value, file)
    found = [(node, _text(node, file)) for node in (nodes if nodes is not None else (value,))]
    if any(text is None for _, text in found):
        return None
    return tuple(Reference(text, file.location(node)) for node, text in found if text is not None)


def _is_none(value: Node, file: PythonFile) -> bool:
    if value.type == "identifier":
        bound = [one.value for one in reaching(value, file)]
        return len(bound) == 1 and bound[0] is not None and bound[0].type == "none"
    return value.type == "none"


def _text(node: Node, file: PythonFile) -> str | None:
    texts = {shape.parts for shape in string_shapes(node, file)}
    parts = texts.pop() if len(texts) == 1 else None
    if parts is None or not all(isinstance(part, str) for part in parts):
        return None
    return "".join(part for part in parts if isinstance(part, str))


def _labels(file: PythonFile) -> Iterator[str]:
    """The branch labels. That a branch is labelled matters more than how, so a computed label counts too."""
    for binding in bindings_in(file.root, file).get("branch_labels", ()):
        value = _value(binding)
        if value is None or _is_none(value, file):
            continue
        nodes = elements_of(value, file)
        for node in nodes if nodes is not None else (value,):
            text = _text(node, file)
            yield text if text is not None else file.text(node)
