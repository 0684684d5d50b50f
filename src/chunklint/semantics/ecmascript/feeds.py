"""Props and arguments that change in place: which mounts and calls feed a component or hook with what changes.

`<Panel id={selected} />` changes `id` of a `Panel` that stays; `<Row key={row.id} id={row.id} />` makes another `Row`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.records import record
from chunklint.semantics.ecmascript.changes import ITSELF
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.handed_on import ALL, arguments_given, around_in, props_given
from chunklint.semantics.ecmascript.loading_gates import is_told_inside, waited_for
from chunklint.semantics.ecmascript.member_ways import MARK
from chunklint.semantics.ecmascript.modals import is_conditional, is_set_inside
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.never import never_shown, never_taken
from chunklint.semantics.ecmascript.react import component_of, jsx_elements
from chunklint.semantics.ecmascript.route_tables import routes_in
from chunklint.semantics.ecmascript.unused import LOADED, files_written, folders_taken, offered_again, taken

WHOLE = "*"
"""The name of all that a module exports: whoever imports it while the app runs may mount any of it."""

_ASKING = re.compile(
    r"^(?:on(?:Search|Load|Fetch|Query|Request)|(?:load|fetch|search|query|find|list|request)(?![a-z]))"
)
_HOOK_CALLS = '(call_expression function: (identifier) @name arguments: (arguments) (#match? @name "^use[A-Z]")) @call'
_REACT = frozenset({"react", "react-dom", "react-native"})

# What libraries of forms hand to a field is its name, its value and the handlers for that.
_OF_FORM = re.compile(r"\.\.\.(?:field$|(?:\w+\.)?(?:register|getInputProps|getFieldProps)\()")


@record
class Feed:
    """A mount of a component or a call of a hook, with what is given to it that changes.

    Attributes:
        owner: The definition of this file that mounts or calls it.
        module: Of the component or hook, "" for this file.
        imported: Its name there.
        optional: Whether a condition decides on the place.
        given: Prop or argument (`0.id`, `0`, `ALL`; props are the first argument of a component), and the way of its
            value: `ITSELF`, the members that change (`#status`), or a prop or argument of the owner.
        handed: The props by which it is told how to ask (`onSearch`, `loadRows`), and `ALL` for those of an object.
        inside: Module and name of each component around it in which nothing sets what is given.
        waits: What cannot change while the hook says that it loads: argument, way, and the name it says so by.
        told: The props of its state that nothing changes but callbacks among the props.
    """

    owner: str
    module: str
    imported: str
    optional: bool
    given: tuple[tuple[str, str], ...]
    handed: tuple[str, ...]
    inside: tuple[tuple[str, str], ...] = ()
    waits: tuple[tuple[str, str, str], ...] = ()
    told: tuple[str, ...] = ()


@record
class Uses:
    """What a file mounts, calls or imports without a look at what it gives: module and name of each.

    `taken` is all that it imports and does anything with, with what another file must import for that (None for
    nothing), `offered` what it exports again, `folders` the beginnings of the paths that it takes all of, `written` the
    ends of those that it has as texts, `routes` the pattern of each route with a parameter, with module and name of
    what that shows.
    """

    names: tuple[tuple[str, str], ...]
    taken: tuple[tuple[str, str, tuple[str, ...] | None], ...] = ()
    routes: tuple[tuple[str, str, str], ...] = ()
    offered: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


@record
class Tried:
    """What a test or a story imports: it is written for somebody, though no file of the application mounts it yet."""

    names: tuple[tuple[str, str], ...]


def feeds(file: SourceFile) -> Iterator[Feed]:
    """What a file's components and hooks give to others, one for each place."""
    for place, origin in (*_mounted(file), *_called(file)):
        given, handed = set(_given(file, place)), tuple(_handed(file, place))
        if given or handed:
            owner = definition_around(file, place)
            inside = tuple(sorted(set(_holders(file, place)))) if given else ()
            waits, told = _waits(file, place, given), tuple(sorted(_told(file, place, given)))
            yield Feed(owner, *origin, is_conditional(place), tuple(sorted(given)), handed, inside, waits, told)


def uses(file: SourceFile) -> Iterator[Uses]:
    """All that a file mounts, calls, imports and offers again, in one; nothing for a file that does none of it."""
    used = {(module, WHOLE) for module in LOADED.findall(file.content)}
    used |= {origin for _, origin in (*_mounted(file), *_called(file))}
    # A component that is kept in a table is mounted from there under another name.
    imports = (found for found in bindings(file, file.root).values() if found.kind == "import")
    used |= {(found.module, found.imported) for found in imports if found.name[:1].isupper()} - never_taken(file)
    imported = {one for one in taken(file) if one[0] not in _REACT and one[:2] not in never_taken(file)}
    shown = ((pattern, origin_of_use(file, name)) for pattern, name in routes_in(file))
    routes = {(pattern, *target) for pattern, target in shown if target is not None}
    offered, folders = tuple(sorted(set(offered_again(file)))), tuple(sorted(set(folders_taken(file))))
    written = tuple(sorted(set(files_written(file))))
    if used or imported or routes or offered or folders or written:
        order = sorted(imported, key=lambda one: (*one[:2], one[2] is None, one[2] or ()))
        yield Uses(tuple(sorted(used)), tuple(order), tuple(sorted(routes)), offered, folders, written)


def tried(file: SourceFile) -> Tried | None:
    """The names that a test or story imports from other files; None for none."""
    imports = (found for found in bindings(file, file.root).values() if found.kind == "import")
    names = {(found.module, found.imported) for found in imports if found.module not in _REACT}
    return Tried(tuple(sorted(names))) if names else None


def asks_by(name: str) -> bool:
    """Whether a prop is named as one by which a component asks for something."""
    return _ASKING.search(name) is not None


def _handed(file: SourceFile, element: Node) -> Iterator[str]:
    """The props of an element by which it is told how to ask; `ALL` where a spread may have any."""
    for part in element.named_children:
        if part.type == "jsx_attribute" and asks_by(name := file.text(part.named_children[0])):
            yield name
        elif part.type == "jsx_expression" and any(
            one.type == "spread_element" and _OF_FORM.match(file.text(one)) is None for one in part.named_children
        ):
            yield ALL


def names_for(file: SourceFile, owners: Collection[str]) -> Front | None:
    """What other files call these definitions of a file and what it passes on; None for a file without any."""
    aliases = tuple(one.fact for one in definitions(file) if one.fact.name in owners or one.fact.imported)
    names = {one.node.id: one.fact.name for one in definitions(file)}
    kept = {one.name for one in aliases}
    offered = (
        (name, names.get(one.node.id, "") if one.node is not None else "", one.module, one.imported)
        for name, one in exports(file).items()
    )
    offers = tuple(entry for entry in offered if entry[1] in kept or entry[2])
    offers += tuple((one.exported, one.name, "", "") for one in aliases if one.exported)
    return Front(aliases, (), offers) if aliases or offers else None


def definition_around(file: SourceFile, node: Node) -> str:
    """The name of the definition at the top of the module that a node stands in; "" for none."""
    around = (one.fact.name for one in definitions(file) if begins_within(node, one.node))
    return next(around, "")


def _mounted(file: SourceFile) -> tuple[tuple[Node, tuple[str, str]], ...]:
    """The elements of components that may ever be shown, each with module and name of its component."""

    def find() -> Iterator[tuple[Node, tuple[str, str]]]:
        for element in jsx_elements(file):
            name = element.child_by_field_name("name")
            if name is None or name.type != "identifier" or (origin := origin_of_use(file, name)) is None:
                continue
            if not never_shown(file, element):
                yield element, origin

    return file.remember("components mounted", lambda: tuple(find()))


def calls_of_hooks(file: SourceFile) -> tuple[tuple[Node, Node], ...]:
    """The calls of hooks by a plain name, each with that name."""

    def find() -> tuple[tuple[Node, Node], ...]:
        found = ECMASCRIPT.matches(file, (_HOOK_CALLS,))
        return tuple((captures["call"][0], captures["name"][0]) for _, captures in found)

    return file.remember("hooks called by name", find)


def _called(file: SourceFile) -> Iterator[tuple[Node, tuple[str, str]]]:
    """The calls of hooks, each with module and name of its hook."""
    for call, name in calls_of_hooks(file):
        origin = origin_of_use(file, name)
        if origin is not None:
            yield call, origin


def _given(file: SourceFile, place: Node) -> Iterator[tuple[str, str]]:
    """What a mount or call gives that changes."""
    owner = component_of(file, place)
    if owner is not None:
        called = place.type == "call_expression"
        yield from arguments_given(file, place, owner) if called else props_given(file, place, owner)


def origin_of_use(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of a component or hook; None for what is no import and nothing at the top of this file."""
    found = bindings(file, file.root).get(file.text(name))
    if found is None or found.module in _REACT:
        return None
    return (found.module, found.imported) if found.kind == "import" else ("", found.name)


def _waits(file: SourceFile, call: Node, given: set[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    owner = component_of(file, call) if given and call.type == "call_expression" else None
    return tuple(sorted(set(waited_for(file, call, owner)))) if owner is not None else ()


def _told(file: SourceFile, element: Node, given: set[tuple[str, str]]) -> Iterator[str]:
    """The props of an element (`0.id`) whose state changes by nothing but callbacks among its props."""
    owner = component_of(file, element) if element.type.startswith("jsx_") else None
    changing = {prop for prop, way in given if way == ITSELF or way.startswith(MARK)}
    for part in element.named_children if owner is not None and changing else ():
        prop = f"0.{file.text(part.named_children[0])}" if len(part.named_children) == 2 else ""
        if prop in changing and owner is not None and is_told_inside(file, element, part.named_children[1], owner):
            yield prop


def _holders(file: SourceFile, element: Node) -> Iterator[tuple[str, str]]:
    """Module and name of each component of the application around an element, but where what it is given is set."""
    owner = component_of(file, element)
    around = around_in(element, owner)[1:] if owner is not None and element.type.startswith("jsx_") else []
    values = [one.named_children[1] for one in element.named_children if len(one.named_children) == 2]
    for tag in around:
        name, whole = tag.child_by_field_name("name"), tag.parent
        if name is None or name.type != "identifier" or whole is None:
            continue
        origin = origin_of_use(file, name)
        if origin is not None and not any(is_set_inside(file, value, whole) for value in values):
            yield origin
