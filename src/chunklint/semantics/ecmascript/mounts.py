"""What a file contributes to the rendered tree, as plain data: the files of a project can be joined (`render_tree`)."""

from __future__ import annotations

from chunklint.languages.base import SourceFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.definitions import Definition, definitions
from chunklint.semantics.ecmascript.modules import exports

ENTRY = "<entry>"
ROUTE = "<route>"
ROUTES = "<routes>"
LAZY = "<lazy>"
MADE = "<made>"
SLOT = "{children}"
SPREAD = "..."
UNKNOWN = "?"


@record
class Mount:
    """A component where it is rendered.

    Attributes:
        tag: As written: `Route`, `Sentry.ErrorBoundary`; `{children}` where a component renders what it is given,
            `{pages}` where it renders what it imports, `<route>` for a route object, `<routes>` for routes that are
            kept in a variable, `<lazy>` for the module that a route loads, and `<made>` for what a call makes for one.
        module: The specifier of the tag's import; "" for a definition of this file, "?" for what is neither.
        imported: The name in that module, or in this file.
        owner: The definition of this file that renders it; `<entry>` for what is given to React's root.
        parent: The index of the component mount around it in this file, -1 when there is none.
        prop: The prop of the parent that carries it: `children`, `element`, `fallback`.
        group: Where the nearest element of any kind around it starts; -1 at the top of what is returned.
        conditional: Whether `&&`, a ternary or an `if` decides on it, within that element.
        optional: Whether one does anywhere in the owner.
        top: Where the outermost element around it starts.
        branches: The ternaries around it, each as where it starts and which of its sides this is.
        props: The names of its props; `...` for those of an object.
        callbacks: How many functions stand between it and the owner's own: what a list, a parser or a prop calls.
        taker: Module and name of the function that is given it, to show it in its own way: `safe(<Page />)`.
    """

    tag: str
    module: str
    imported: str
    owner: str
    parent: int
    prop: str
    group: int
    conditional: bool
    optional: bool
    props: tuple[str, ...]
    place: Location
    top: int
    branches: tuple[tuple[int, int], ...]
    callbacks: int = 0
    taker: tuple[str, str] = ("", "")


@record
class Front:
    """All that one file contributes.

    Attributes:
        exports: Exported name, then the definition of this file, then module and name of what is only passed on.
        starts: Whether it renders into an element of the page as soon as it is loaded.
        unshown: The lists of routes of which the file shows the titles and not the elements, or these by itself.
        exposed: The paths that it offers to other applications, as settings of module federation do.
    """

    definitions: tuple[Definition, ...]
    mounts: tuple[Mount, ...]
    exports: tuple[tuple[str, str, str, str], ...]
    starts: bool = False
    unshown: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()


def offered_by(file: SourceFile) -> tuple[tuple[str, str, str, str], ...]:
    """What the file exports, as in `Front.exports`."""
    found = definitions(file)
    names = {one.node.id: one.fact.name for one in found}
    offered = tuple(
        (name, names.get(one.node.id, "") if one.node is not None else "", one.module, one.imported)
        for name, one in exports(file).items()
    )
    known = {name for name, local, module, _ in offered if local or module}
    offered += tuple((one.fact.exported, one.fact.name, "", "") for one in found if one.fact.exported not in known)
    return tuple(entry for entry in offered if entry[0])
