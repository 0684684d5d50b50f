"""Components that stay as long as the page: mounted once by the entry, or by what stays itself, by whatever names.

`createRoot(page).render(<App />)` mounts `App` for good, as does an entry's `router.start(<App />)`, and `App` its
`<Shell />`, unless a condition, a key, a list or a route decides on that. Names are matched as they are written: what
has no use that is known does not stay.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.model import Draft, Location, Place, Severity
from chunklint.records import record
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.feeds import WHOLE, calls_of_hooks, definition_around, origin_of_use
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    enclosing_function,
    function_name,
    is_function,
)
from chunklint.semantics.ecmascript.modals import is_conditional
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.mounts import ENTRY
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.never import never_shown
from chunklint.semantics.ecmascript.react import component_of, is_component_or_hook, jsx_elements
from chunklint.semantics.ecmascript.unused import LOADED

_RENDERS = frozenset({"render", "hydrate", "hydrateRoot"})
_REGISTERS = frozenset({"registerRootComponent", "registerComponent"})
_RENDERERS = re.compile(r"""["'](?:react-dom|react-dom/client|preact|preact/compat)["']""")
# What shows its children at once and keeps them, by the names that such components are given.
_KEEPS = re.compile(
    r"^[a-z]|^With[A-Z]|Provider|(?:Adapter|Context|Boundary|Suspense|StrictMode|Router|Fragment|Theme|Layout|Container|Root|Shell)$"
)
# What shows its children at times: routes, tabs, what opens and closes.
_SHOWS_AT_TIMES = re.compile(
    r"(?:Route|Switch|Tab|TabPane|TabPanel|Step|Modal|Dialog|Drawer|Sheet|Popover|Popper|Tooltip|Dropdown|Menu|Item|Row|"
    r"Cell|List|Content|Portal|Collapse|Accordion\w*|Transition|Presence|Animate\w*|Fade|Slide|Show|If|When|Case)$"
)
_DECLARED = ("class_declaration", "abstract_class_declaration", "variable_declarator")
_LAYOUT = re.compile(r"^layout\.[jt]sx?$")


@record
class Placed:
    """What a file mounts and calls, and where.

    Attributes:
        uses: Owner (`<entry>` for what is rendered into the page), module ("" for this file), name, whether nothing
            decides on the place, and whether something is seen to: a condition, a list, a key, a route, a tab.
        own: The components and hooks that the file defines itself.
        main: The definitions that the default export is made of.
    """

    uses: tuple[tuple[str, str, str, bool, bool], ...]
    own: tuple[str, ...]
    main: tuple[str, ...]


@record
class Asked:
    """A method that keeps a handler: module, class or object and name, and what it is called on, as written."""

    module: str
    owner: str
    method: str
    receiver: str


@record
class Bound:
    """A finding about what outlives a component, for the join to say once it is known how long that stays.

    Attributes:
        owner: The definition around it.
        receiver: Module and name of the atom, context or hook that hands out what it listens to, where each run meets
            another of those; None otherwise.
        grows: Whether it grows while the component is there, which therefore must not stay.
        asks: The method that keeps the handler, where the type of the receiver is declared or it is imported.
        idle: The definitions of which another file must import one for it to run; None where it runs anyway.
    """

    owner: str
    place: Location
    message: str
    severity: Severity
    steps: tuple[tuple[Location, str], ...] = ()
    related: tuple[tuple[Location, str], ...] = ()
    receiver: tuple[str, str] | None = None
    grows: bool = False
    asks: Asked | None = None
    idle: tuple[str, ...] | None = None


def bound(
    file: SourceFile,
    owner: Node | None,
    draft: Draft,
    receiver: tuple[str, str] | None = None,
    grows: bool = False,
    asks: Asked | None = None,
) -> Bound:
    """A finding as a fact, for the join to say once it is known how long the component stays."""
    name = definition_around(file, owner) if owner is not None else ""
    steps = tuple((_place(file, place), text) for place, text in draft.steps)
    related = tuple((_place(file, place), text) for place, text in draft.related)
    place = _place(file, draft.place)
    return Bound(name, place, draft.message, draft.severity, steps, related, receiver, grows, asks)


def _place(file: SourceFile, place: Place) -> Location:
    return place if isinstance(place, Location) else file.location(place)


def placed(file: SourceFile) -> Iterator[Placed]:
    """What a file mounts, calls and imports; nothing for one that does none of that."""
    found = file.remember("placed", lambda: _placed(file))
    if found.uses or found.own:
        yield found


def _placed(file: SourceFile) -> Placed:
    own = (one.fact.name for one in definitions(file) if is_component_or_hook(one.fact.name))
    return Placed(tuple(sorted(set(_uses(file)))), tuple(own), tuple(sorted(_main(file))))


def _uses(file: SourceFile) -> Iterator[tuple[str, str, str, bool, bool]]:
    renders = _RENDERERS.search(file.content) is not None
    seen = set(_registered(file))
    yield from ((ENTRY, *origin, True, False) for origin in seen)
    for element in jsx_elements(file):
        name = element.child_by_field_name("name")
        origin = origin_of_use(file, name) if name is not None and name.type == "identifier" else None
        if origin is None:
            continue
        seen.add(origin)
        if never_shown(file, element):
            continue
        owner = component_of(file, element)
        if owner is None:
            around = (_entering(file, element) if renders else None) or _handing_over(file, element)
            stays = around is not None and all(_keeps(file, tag, tag == element) for tag in _tags(element, around))
            goes = not stays and (around is None or _is_shown_at_times(file, element, around))
            yield ENTRY if around is not None and not goes else "", *origin, stays, goes
        else:
            stays = _stays(file, element, owner)
            yield definition_around(file, element), *origin, stays, not stays and _goes(file, element, owner)
    for call, name in calls_of_hooks(file):
        origin, owner = origin_of_use(file, name), component_of(file, call)
        if origin is not None:
            seen.add(origin)
            stays = owner is not None and enclosing_function(file, call) == owner and not is_conditional(call)
            yield definition_around(file, call), *origin, stays, not stays
    for found in bindings(file, file.root).values():
        used = (found.module, found.imported)
        if found.kind == "import" and found.name[:1].isupper() and used not in seen:
            yield "", *used, False, True
    yield from (("", module, WHOLE, False, True) for module in LOADED.findall(file.content))


def _registered(file: SourceFile) -> Iterator[tuple[str, str]]:
    """What an entry of React Native registers as the application: `registerRootComponent(App)`."""
    if "register" not in file.content:
        return
    own = bindings(file, file.root)
    for call in descendants(file.root, "call_expression"):
        if called_name(file, call) not in _REGISTERS:
            continue
        names = [one for given in arguments_of(call) for one in (given, *descendants(given, "identifier"))]
        # `const Wrapped = Sentry.wrap(App)`: what is wrapped is registered with it.
        values = [found.value for one in names if (found := own.get(file.text(one))) is not None]
        names += [one for value in values if value is not None for one in descendants(value, "identifier")]
        origins = (origin_of_use(file, name) for name in names if name.type == "identifier")
        yield from (origin for origin in origins if origin is not None)


def _main(file: SourceFile) -> Iterator[str]:
    """The names in the default export: `App` of `export default withAuth(App)`."""
    export = exports(file).get("default")
    if export is None or export.node is None:
        return
    if is_function(export.node) or export.node.type in _DECLARED:
        yield definition_around(file, export.node)
    elif export.node.type == "identifier":
        yield file.text(export.node)
    else:
        yield from filter(None, [definition_around(file, export.node)])
        yield from {file.text(name) for name in descendants(export.node, "identifier")}


def _stays(file: SourceFile, element: Node, owner: Node) -> bool:
    """Whether an element is there whenever its component is."""
    if enclosing_function(file, element) != owner or is_conditional(element):
        return False
    return all(_keeps(file, tag, tag == element) for tag in _tags(element, owner))


def _goes(file: SourceFile, element: Node, owner: Node) -> bool:
    """Whether a condition, a list, a key, a route or a prop that carries it is seen to decide on an element."""
    if enclosing_function(file, element) != owner or is_conditional(element):
        return True
    return _is_shown_at_times(file, element, owner)


def _is_shown_at_times(file: SourceFile, element: Node, top: Node) -> bool:
    """Whether a prop that carries an element, a key, a route, a tab or a modal below some node decides on it."""
    for tag in _tags(element, top):
        name = tag.child_by_field_name("name") if tag is not None else None
        shown = name is not None and tag != element and _SHOWS_AT_TIMES.search(file.text(name)) is not None
        if tag is None or _has_key(file, tag) or shown:
            return True
    return False


def _tags(element: Node, owner: Node | None) -> Iterator[Node | None]:
    """An element's tag and those around it; None for a prop that carries it."""
    yield element
    for around in ancestors(element):
        if around == owner:
            return
        if around.type == "jsx_attribute":
            yield None
        elif around.type == "jsx_element" and around.named_children[0] != element:
            yield around.named_children[0]


def _keeps(file: SourceFile, tag: Node | None, own: bool) -> bool:
    if tag is None:
        return False
    name = tag.child_by_field_name("name")
    return not _has_key(file, tag) and (own or name is None or _KEEPS.search(file.text(name)) is not None)


def _has_key(file: SourceFile, tag: Node) -> bool:
    parts = (part for part in tag.named_children if part.type == "jsx_attribute")
    return any(file.text(part.named_children[0]) == "key" for part in parts)


def _entering(file: SourceFile, element: Node) -> Node | None:
    """The call that renders an element into the page as the module is loaded."""
    call = None
    for around in ancestors(element):
        if around.type == "call_expression" and called_name(file, around) in _RENDERS:
            call = around
            break
        if is_function(around):
            return None
    if call is None or not all(_runs_once(file, function) for function in ancestors(call) if is_function(function)):
        return None
    return call


def _handing_over(file: SourceFile, element: Node) -> Node | None:
    """The call by which an entry, a module that exports nothing, gives an element away as it loads: `mount(<App />)`.

    What comes after a name or a path, or in a list, is registered for later: `add("page", <Page />)`.
    """
    call = next((around for around in ancestors(element) if around.type == "call_expression"), None)
    statement = call.parent if call is not None else None
    if call is None or statement is None or statement.type != "expression_statement" or exports(file):
        return None
    first = next(iter(arguments_of(call)), None)
    if statement.parent != file.root or first is None or not is_within(element, first) or not _is_jsx(first):
        return None
    return call if enclosing_function(file, element) is None else None


def _is_jsx(node: Node) -> bool:
    return node.type in ("jsx_element", "jsx_self_closing_element")


def _runs_once(file: SourceFile, function: Node) -> bool:
    """Whether the module itself calls a function, or gives it, without a name, to what waits for the page."""
    name = function_name(file, function)
    if not name:
        return True
    calls = descendants(file.root, "call_expression")
    return any(called_name(file, call) == name and enclosing_function(file, call) is None for call in calls)


class Lifespans:
    """The uses of all files, joined: asks whether a component or hook stays as long as the page."""

    def __init__(self, facts: Mapping[str, tuple[object, ...]]) -> None:
        files = {path: one for path, own in facts.items() for one in own if isinstance(one, Placed)}
        self._main = {path: one.main for path, one in files.items()}
        self._own = {path: one.own for path, one in files.items()}
        self._layouts = [path for path in files if _LAYOUT.match(PurePosixPath(path).name)]
        self._uses: dict[str, list[tuple[str, str, str, bool, bool]]] = defaultdict(list)
        for path, one in files.items():
            for owner, module, name, stays, goes in one.uses:
                self._uses[name].append((path, module, owner, stays, goes))
        self._known: dict[tuple[str, str], bool] = {}
        self._targets: dict[tuple[str, str], str | None] = {}
        # What is loaded as the application runs, by the file where that is known, or by the last name of the specifier.
        self._loaded: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for user, module, *_ in self._uses.pop(WHOLE, ()):
            target = self._target(user, module)
            self._loaded[target or PurePosixPath(module.removesuffix("/index")).name.partition(".")[0]].append(
                (user, module)
            )

    def lasts(self, path: str, name: str) -> bool:
        """Whether a definition is mounted or called only by what stays, and nothing decides on any of the places."""
        key = (path, name)
        if key not in self._known:
            self._known[key] = False  # one that mounts itself
            self._known[key] = bool(name) and self._lasts(path, name)
        return self._known[key]

    def lasts_with(self, path: str, name: str, others: Collection[tuple[str, str]]) -> bool:
        """Whether a definition stays as long as the page, or is mounted or called for good by one of the others.

        What alone mounts one of the others for good, whatever decides on itself, stands for it.
        """
        known = set(others)
        pending = list(known)
        while pending:
            places = set(self._places(*pending.pop()))
            above = {(user, owner) for user, owner, stays in places if stays and owner != ENTRY}
            if len(places) == 1 and above - known:
                known |= above
                pending += above
        return self._lasts_with(path, name, known, {(path, name)})

    def _lasts_with(self, path: str, name: str, known: set[tuple[str, str]], seen: set[tuple[str, str]]) -> bool:
        if self.lasts(path, name):
            return True
        places = list(self._places(path, name)) if name else []
        for user, owner, stays in places:
            key = (user, owner)
            if not stays or (key not in known and (key in seen or not self._lasts_with(*key, known, seen | {key}))):
                return False
        return bool(places)

    def has_entry(self) -> bool:
        """Whether an application is among the files, so that what it mounts is known."""
        entered = any(owner == ENTRY for uses in self._uses.values() for _, _, owner, _, _ in uses)
        return entered or any(self._is_root(path) for path in self._main)

    def main(self, path: str) -> tuple[str, ...]:
        """The definitions that the default export of a file is made of."""
        return self._main.get(path, ())

    def _lasts(self, path: str, name: str) -> bool:
        if name in self._main.get(path, ()) and self._is_root(path):
            return True
        places = list(self._places(path, name))
        return bool(places) and all(
            stays and (owner == ENTRY or self.lasts(user, owner)) for user, owner, stays in places
        )

    def is_there_for_good(self, path: str, name: str) -> bool:
        """Whether a definition stays as long as the page, as far as anybody sees."""
        return self.lasts(path, name) or not self.comes_and_goes(path, name)

    def comes_and_goes(self, path: str, name: str) -> bool:
        """Whether a definition is not known to stand where nothing is seen to decide on it, up to the entry."""
        pending, seen = [(path, name)], set[tuple[str, str]]()
        while pending:
            key = pending.pop()
            if key in seen or (key[1] in self.main(key[0]) and self._is_root(key[0])):
                continue
            seen.add(key)
            places = list(self._placed(*key))
            if not places and key[1] in self.main(key[0]) and "layouts" in PurePosixPath(key[0]).parts:
                continue  # Routes that are written down as text, as umi's are, name their layout by its path.
            if not places or any(goes or not owner for _, owner, _, goes in places):
                return True
            pending += [(user, owner) for user, owner, _, _ in places if owner != ENTRY]
        return False

    def _places(self, path: str, name: str) -> Iterator[tuple[str, str, bool]]:
        """All that may use a definition: its file, the owner there, and whether nothing decides on the place."""
        yield from ((user, owner, stays) for user, owner, stays, _ in self._placed(path, name))

    def _placed(self, path: str, name: str) -> Iterator[tuple[str, str, bool, bool]]:
        """As `_places`, with whether something is seen to decide on the place."""
        for user, module, owner, stays, goes in self._uses.get(name, ()):
            target = self._target(user, module)
            told = target is not None and name in self._own.get(target, ())
            # What is imported and not mounted, such as a type, comes from where the specifier leads.
            elsewhere = not owner and module.startswith(".") and not _may_mean(user, module, path)
            if target == path or not (told or elsewhere):
                yield user, owner, stays, goes
        if name in self._main.get(path, ()):
            for user, module, owner, stays, goes in self._uses.get("default", ()):
                target = self._target(user, module)
                if target == path or (target is None and _may_mean(user, module, path)):
                    yield user, owner, stays, goes
        stem = PurePosixPath(path).with_suffix("")
        named = self._loaded.get(stem.parent.name if stem.name == "index" else stem.name, ())
        loaded = (
            *self._loaded.get(path, ()),
            *((user, module) for user, module in named if _may_mean(user, module, path)),
        )
        yield from ((user, "", False, True) for user, _ in loaded)

    def _target(self, user: str, module: str) -> str | None:
        """The file that a use names; None where only the settings of the project could tell."""
        asked = (user, module)
        if asked not in self._targets:
            self._targets[asked] = module_files(user, module, self._own) if module else user
        return self._targets[asked]

    def _is_root(self, path: str) -> bool:
        """Whether a framework mounts the default export of a file once, around all of its pages."""
        place = PurePosixPath(path)
        if place.stem == "_app":
            return "pages" in place.parts[:-1]
        if place.stem == "root":
            return place.parent.name in ("app", "src")
        if not _LAYOUT.match(place.name) or "app" not in place.parts:
            return False
        above = {str(folder) for folder in place.parent.parents}
        return not any(str(PurePosixPath(other).parent) in above for other in self._layouts)


def _may_mean(user: str, module: str, path: str) -> bool:
    """Whether the default export of a specifier may be that of a file: one in its folder, or by the last names."""
    if module.startswith("."):
        base = posixpath.normpath(posixpath.join(posixpath.dirname(user), module))
        return base == "." or path.startswith((f"{base}/", f"{base}."))
    stem = PurePosixPath(path).with_suffix("")
    last = PurePosixPath(module.removesuffix("/index")).name.partition(".")[0]
    return last in ("", "index", stem.name) or (stem.name == "index" and last == stem.parent.name)
