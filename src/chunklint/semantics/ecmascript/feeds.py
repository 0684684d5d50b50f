"""Props and arguments that change in place: which mounts and calls feed a component or hook with what changes.

`<Panel id={selected} />` changes `id` of a `Panel` that stays; `<Row key={row.id} id={row.id} />` makes another `Row`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.records import record
from chunklint.semantics.ecmascript.changes import ITSELF
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.handed_on import ALL, arguments_given, around_in, props_given
from chunklint.semantics.ecmascript.member_ways import MARK, traced
from chunklint.semantics.ecmascript.modals import Modals, is_conditional, is_set_inside
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.never import never_shown, never_taken
from chunklint.semantics.ecmascript.react import component_of, jsx_elements
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.route_tables import routes_in, word_before
from chunklint.semantics.ecmascript.unused import LOADED, folders_taken, may_be_taken, offered_again, taken
from chunklint.semantics.ecmascript.workspaces import Key, Workspace

WHOLE = "*"
"""The name of all that a module exports: whoever imports it while the app runs may mount any of it."""

_ASKING = re.compile(
    r"^(?:on(?:Search|Load|Fetch|Query|Request)|(?:load|fetch|search|query|find|list|request)(?![a-z]))"
)
_HOOK_CALLS = '(call_expression function: (identifier) @name arguments: (arguments) (#match? @name "^use[A-Z]")) @call'
_REACT = frozenset({"react", "react-dom", "react-native"})


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
    """

    owner: str
    module: str
    imported: str
    optional: bool
    given: tuple[tuple[str, str], ...]
    handed: tuple[str, ...]
    inside: tuple[tuple[str, str], ...] = ()


@record
class Uses:
    """What a file mounts, calls or imports without a look at what it gives: module and name of each.

    `taken` is all that it imports and does anything with, with what another file must import for that (None for
    nothing), `offered` what it exports again, `folders` the beginnings of the paths that it takes all of, `routes` the
    pattern of each route with a parameter, with module and name of what that shows.
    """

    names: tuple[tuple[str, str], ...]
    taken: tuple[tuple[str, str, tuple[str, ...] | None], ...] = ()
    routes: tuple[tuple[str, str, str], ...] = ()
    offered: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()


@record
class Tried:
    """What a test or a story imports: it is written for somebody, though no file of the application mounts it yet."""

    names: tuple[tuple[str, str], ...]


def feeds(file: SourceFile) -> Iterator[Feed | Uses]:
    """What a file's components and hooks give to others, one for each place, and all that it uses at all."""
    used = {(module, WHOLE) for module in LOADED.findall(file.content)}
    for place, origin, given in (*_mounted(file), *_called(file)):
        used.add(origin)
        handed = tuple(_handed(file, place))
        if given or handed:
            owner = definition_around(file, place)
            inside = tuple(sorted(set(_holders(file, place)))) if given else ()
            yield Feed(owner, *origin, is_conditional(place), tuple(sorted(given)), handed, inside)
    # A component that is kept in a table is mounted from there under another name.
    imports = (found for found in bindings(file, file.root).values() if found.kind == "import")
    used |= {(found.module, found.imported) for found in imports if found.name[:1].isupper()} - never_taken(file)
    imported = {one for one in taken(file) if one[0] not in _REACT and one[:2] not in never_taken(file)}
    shown = ((pattern, origin_of_use(file, name)) for pattern, name in routes_in(file))
    routes = {(pattern, *target) for pattern, target in shown if target is not None}
    offered, folders = tuple(sorted(set(offered_again(file)))), tuple(sorted(set(folders_taken(file))))
    if used or imported or routes or offered or folders:
        order = sorted(imported, key=lambda one: (*one[:2], one[2] is None, one[2] or ()))
        yield Uses(tuple(sorted(used)), tuple(order), tuple(sorted(routes)), offered, folders)


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
        elif part.type == "jsx_expression" and any(one.type == "spread_element" for one in part.named_children):
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


class Feeding:
    """The feeds of all files, joined: asks whether a prop changes in place, through any number of mounts."""

    def __init__(
        self,
        fronts: Mapping[str, Front],
        fed: Mapping[str, Iterable[Feed]],
        used: Mapping[str, Uses],
        tried: Mapping[str, Iterable[tuple[str, str]]],
        shown: Mapping[str, Modals],
        resolution: Resolution,
    ) -> None:
        self._modal: dict[Key, Collection[str]] = {
            (path, name): ways for path, one in shown.items() for name, ways in one.names
        }
        self._holders = {(path, name) for path, one in shown.items() for name in one.holders}
        self._workspace = Workspace(fronts, resolution, lambda key: False)
        self._by_name: dict[str, list[tuple[str, Feed]]] = defaultdict(list)
        for path, feed in ((path, feed) for path, own in fed.items() for feed in own):
            self._by_name[feed.imported].append((path, feed))
        self._used = _by_name({path: one.names for path, one in used.items()})
        self._taken: dict[str, list[tuple[str, str, tuple[str, ...] | None]]] = defaultdict(list)
        for path, one in used.items():
            for module, name, through in one.taken:
                self._taken[name].append((path, module, through))
        self._alive: dict[Key, bool] = {}
        self._offered = _by_name({path: one.offered for path, one in used.items()})
        self._folders = {folder for one in used.values() for folder in one.folders}
        self._tried = _by_name(tried)
        self._routes = [(path, *route) for path, one in used.items() for route in one.routes]
        self._patterns: dict[Key, list[str]] | None = None
        self._renamed: dict[str, set[str]] = defaultdict(set)
        for front in fronts.values():
            for exported, local, _, imported in front.exports:
                self._renamed[local or imported].add(exported)
            for definition in front.definitions:
                self._renamed[definition.imported].add(definition.name)
        self._sources: dict[Key, tuple[tuple[Key, Feed], ...]] = {}

    def _feeding(self, key: Key) -> tuple[tuple[Key, Feed], ...]:
        """The feeds of a definition, with their owners. Only what may mean its name is looked up."""
        if key not in self._sources:
            self._sources[key] = tuple(
                ((path, one.owner), one)
                for name in sorted(self._names(key[1]))
                for path, one in self._by_name.get(name, ())
                if self._meant(path, one.module, name, key) == key
            )
        return self._sources[key]

    def _names(self, name: str) -> set[str]:
        """What any file may call a definition of that name."""
        names, pending = {name}, [name]
        while pending:
            further = self._renamed.get(pending.pop(), set()) - names
            names |= further
            pending.extend(further)
        return names

    def file(self, path: str, module: str, name: str) -> str | None:
        """The file that defines what another one imports; None where none of the scanned files does."""
        found = self._workspace.find(path, module, name)
        return found[0][0] if found is not None else self._workspace.file(path, module)

    def is_modal(self, key: Key) -> bool:
        """Whether a component renders a modal and nothing else."""
        return key in self._modal

    def is_handed(self, key: Key, prop: str) -> bool:
        """Whether some mount gives a component a prop."""
        return any(prop in feed.handed or ALL in feed.handed for _, feed in self._feeding(key))

    def is_used(self, key: Key) -> bool:
        """Whether any file mounts a component, calls a hook, or imports the module of either as the app runs."""
        return self._is_among(self._used, key)

    def is_idle(self, key: Key) -> bool:
        """Whether nothing that runs leads to what needs an import, in the files that are known or those of users."""
        if key not in self._alive:
            pending, seen, alive = [key], {key}, False
            while pending and not alive:
                one = pending.pop()
                users = self._users(one)
                alive = users is None or any(self._alive.get(user, False) for user in users)
                pending += [user for user in users or () if user not in seen]
                seen.update(users or ())
            # Whatever was asked on the way to nowhere is as idle.
            self._alive.update({key: True} if alive else dict.fromkeys(seen, False))
        return not self._alive[key]

    def _users(self, key: Key) -> Collection[Key] | None:
        """What must be imported for another file to use a definition; None where something uses it anyway."""
        package = self._workspace.resolution.package_of(key[0])
        if package is not None and package.library:
            return None
        named = (*sorted(self._names(key[1])), WHOLE)
        # What only another file offers again is used by nobody, unless there are users that no file shows.
        places = [self._tried, self._offered] if package is not None and package.published else [self._tried]
        for uses in places:
            if any(self._could_mean(*one, name, key) for name in named for one in uses.get(name, ())):
                return None
        if any(may_be_taken(key[0], folder) for folder in self._folders):
            return None
        found = set[Key]()
        for name in named:
            for path, module, through in self._taken.get(name, ()):
                if not self._could_mean(path, module, name, key):
                    continue
                if through is None:
                    return None
                found.update((path, one) for one in through)
        return found

    def is_started(self, path: str) -> bool:
        """Whether a framework starts the application that a file belongs to, without any entry of its own."""
        package = self._workspace.resolution.package_of(path)
        return package is not None and package.started

    def is_tried(self, key: Key) -> bool:
        """Whether a test or a story imports a component or hook."""
        return self._is_among(self._tried, key)

    def _is_among(self, uses: Mapping[str, list[tuple[str, str]]], key: Key) -> bool:
        names = (*sorted(self._names(key[1])), WHOLE)
        return any(self._may_use(path, module, name, key) for name in names for path, module in uses.get(name, ()))

    def _could_mean(self, path: str, module: str, name: str, key: Key) -> bool:
        """Whether a use means a definition, or comes from where no scanned file is, and looks like it by its names."""
        if name == WHOLE:
            target = self._workspace.file(path, module)
            if target is not None:
                return target == key[0] or any(self._leads(target, one, key) for one in self._names(key[1]))
        elif (found := self._workspace.find(path, module, name)) is not None:
            return found[0] == key
        elif name == key[1] != "default" and module:
            return True  # It comes from where no file offers it as far as can be read.
        if not module or module.startswith(".") or self._workspace.file(path, module) is not None:
            return False
        return name in (WHOLE, "default") and _may_name(module, key[0])

    def _leads(self, barrel: str, name: str, key: Key) -> bool:
        """Whether a file passes a definition on under a name."""
        found = self._workspace.find(barrel, f"./{PurePosixPath(barrel).name}", name)
        return found is not None and found[0] == key

    def _may_use(self, path: str, module: str, name: str, key: Key) -> bool:
        """Whether a use means a definition, or its name in a package of which no scanned file is known to be a part."""
        found = self._meant(path, module, name, key)
        if found is not None:
            return found == key if name != WHOLE else found[0] == key[0]
        packed = name not in (WHOLE, "default") and bool(module) and not module.startswith(".")
        return packed and self._workspace.file(path, module) is None

    def _meant(self, path: str, module: str, name: str, key: Key) -> Key | None:
        """What a use means, as far as it may be the key that is asked for."""
        if name == WHOLE:
            target = self._workspace.file(path, module)
            return (target, "") if target is not None else None
        if name == "default" and not _may_name(module, key[0]):
            return None
        found = self._workspace.find(path, module, name)
        return found[0] if found is not None else None

    def _is_holder(self, path: str, module: str, name: str) -> bool:
        """Whether what a file mounts under a name shows its children in a modal and nowhere else."""
        found = self._workspace.find(path, module, name) if self._holders else None
        return found is not None and found[0] in self._holders

    def _leads_to_itself(self, key: Key, way: str) -> bool:
        """Whether what stands before a parameter in a component's link stands there in its own routes, if they tell."""
        if self._patterns is None:
            self._patterns = defaultdict(list)
            for path, pattern, module, name in self._routes:
                found = self._workspace.find(path, module, name)
                self._patterns[found[0] if found is not None else ("", "")].append(pattern)
        word, _, parameter = way[1:].partition(":")
        known = {word_before(pattern, parameter) for pattern in self._patterns.get(key, ())} - {None}
        return not known or not word or word in known

    def changes(self, key: Key, way: str) -> bool:
        """Whether some mount or call changes what a definition is given, while that stays mounted."""
        way, _, members = way.partition(MARK)
        pending, seen = [(key, way)], set[tuple[Key, str]]()
        while pending:
            asked = pending.pop()
            if asked[1] == ITSELF or (asked[1].startswith("/") and self._leads_to_itself(*asked)):
                return True
            if asked in seen or asked[1] in self._modal.get(asked[0], ()):
                continue
            seen.add(asked)
            for owner, feed in self._feeding(asked[0]):
                if feed.optional and asked[0] in self._modal:
                    continue  # It stands open, and hides where it was opened from.
                if any(self._is_holder(owner[0], *one) for one in feed.inside):
                    continue
                named = members if asked == (key, way) else ""
                ways = (one for prop, source in feed.given for one in traced(asked[1], named, prop, source, ALL))
                pending.extend((owner, one) for one in ways)
        return False


def _by_name(uses: Mapping[str, Iterable[tuple[str, str]]]) -> Mapping[str, list[tuple[str, str]]]:
    """Who uses a name: the path of each file, and the module that it means."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, (module, name) in ((path, one) for path, own in uses.items() for one in own):
        found[name].append((path, module))
    return found


def _may_name(module: str, path: str) -> bool:
    """Whether the default export of a specifier may be that of a file, by the last names of both."""
    stem = PurePosixPath(path).with_suffix("")
    last = PurePosixPath(module).name.partition(".")[0]
    return not module or last in (stem.name.partition(".")[0], stem.parent.name) or last in ("", "index")


Given = tuple[Node, tuple[str, str], set[tuple[str, str]]]
"""A mount or call, module and name of what is mounted or called, and what it is given that changes."""


def _mounted(file: SourceFile) -> Iterator[Given]:
    for element in jsx_elements(file):
        name = element.child_by_field_name("name")
        if name is None or name.type != "identifier" or (origin := origin_of_use(file, name)) is None:
            continue
        if never_shown(file, element):
            continue
        owner = component_of(file, element)
        yield element, origin, set(props_given(file, element, owner)) if owner is not None else set()


def calls_of_hooks(file: SourceFile) -> tuple[tuple[Node, Node], ...]:
    """The calls of hooks by a plain name, each with that name."""

    def find() -> tuple[tuple[Node, Node], ...]:
        found = ECMASCRIPT.matches(file, (_HOOK_CALLS,))
        return tuple((captures["call"][0], captures["name"][0]) for _, captures in found)

    return file.remember("hooks called by name", find)


def _called(file: SourceFile) -> Iterator[Given]:
    for call, name in calls_of_hooks(file):
        origin = origin_of_use(file, name)
        if origin is None:
            continue
        owner = component_of(file, call)
        yield call, origin, set(arguments_given(file, call, owner)) if owner is not None else set()


def origin_of_use(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of a component or hook; None for what is no import and nothing at the top of this file."""
    found = bindings(file, file.root).get(file.text(name))
    if found is None or found.module in _REACT:
        return None
    return (found.module, found.imported) if found.kind == "import" else ("", found.name)


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
