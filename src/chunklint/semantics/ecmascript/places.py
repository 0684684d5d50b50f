"""Where components stand and hooks are called, what decides on the place, and findings that go by that."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants, is_within
from chunklint.model import Draft, Location, Place, Severity
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import rendering_method
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.entrances import (
    awaited,
    entering,
    handed_over,
    handing_over,
    made_for_page,
    taken_apart,
    wrapping,
)
from chunklint.semantics.ecmascript.entries import renders_into_page
from chunklint.semantics.ecmascript.feeds import WHOLE, calls_of_hooks, definition_around, origin_of_use
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    enclosing_function,
    function_name,
    is_function,
)
from chunklint.semantics.ecmascript.inner_places import drawing_method, is_drawn_in_any_case
from chunklint.semantics.ecmascript.lone_pages import only_leads_on, page_for_good
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.mounts import ENTRY
from chunklint.semantics.ecmascript.names import Binding, bindings, required_module, resolve, unwrap
from chunklint.semantics.ecmascript.never import never_shown
from chunklint.semantics.ecmascript.react import component_of, is_component_or_hook, jsx_elements
from chunklint.semantics.ecmascript.root_routes import RootRoute, given_lists, root_route_of, root_routes
from chunklint.semantics.ecmascript.stand_ins import provider_lists, stand_ins
from chunklint.semantics.ecmascript.standing import is_decided, is_shown_at_times, keeps, tags_around
from chunklint.semantics.ecmascript.to_text import is_for_text_alone, is_rendered_to_text
from chunklint.semantics.ecmascript.unused import LOADED, importable, is_type_only

_REGISTERS = frozenset({"registerRootComponent", "registerComponent"})
_ROUTED = ("Component", "default")
_EXPORTED = re.compile(r"export\s*\{([^}]*)\}")
_NAMES = re.compile(r"[\w$]+")
# What shows a page to whoever has signed in.
_GUARDS = re.compile(r"(?:Guard|Gate|Auth|Protected\w*|Private\w*|SignedIn)$")
_PLAIN = frozenset({"function", "class", "boundary"})
_DECLARED = ("class_declaration", "abstract_class_declaration", "variable_declarator")


@record
class Placed:
    """What a file mounts and calls, and where.

    Attributes:
        uses: Owner (`<entry>` for what is rendered into the page), module ("" for this file), name, whether nothing
            decides on the place, and whether something is seen to: a condition, a list, a key, a route, a tab.
        own: The components and hooks that the file defines itself.
        main: The definitions that the default export is made of.
        renamed: Other names that definitions are exported by, each with their own: `Component` of `App`.
        leads: Whether it only leads on to another page.
        shows: Whether it is an `_app` of Next that shows its page for good.
        imported: The definitions that do nothing unless another file imports one of some, each with those.
    """

    uses: tuple[tuple[str, str, str, bool, bool], ...]
    own: tuple[str, ...]
    main: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    leads: bool = False
    shows: bool = False
    imported: tuple[tuple[str, tuple[str, ...]], ...] = ()


@record
class Asked:
    """A method that keeps a handler: module, class or object and name, and what it is called on, as written.

    `own` tells whether the component itself holds that, in a state or a ref, so that both go at once.
    """

    module: str
    owner: str
    method: str
    receiver: str
    own: bool = False


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
    """A finding as a fact, for the join to say once it is known whether, and how long, the component is there."""
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
    own = [one.fact.name for one in definitions(file) if is_component_or_hook(one.fact.name)]
    names = tuple(own), tuple(sorted(_main(file))), tuple(_renamed(file))
    needed = ((name, importable(file, name)) for name in dict.fromkeys(own))
    # What a call makes may be known to what is called: `createFileRoute("/")({ component: Home })`.
    plain = {one.fact.name for one in definitions(file) if one.fact.kind in _PLAIN}
    imported = tuple((name, some) for name, some in needed if some is not None and plain.issuperset(some))
    return Placed(tuple(sorted(set(_uses(file)))), *names, only_leads_on(file), _shows_page(file), imported)


def _shows_page(file: SourceFile) -> bool:
    found = page_for_good(file)
    if found is None or is_shown_at_times(file, *found):
        return False
    names = (tag.child_by_field_name("name") for tag in tags_around(file, *found) if tag is not None)
    return not any(name is not None and _GUARDS.search(file.text(name)) for name in names)


def _renamed(file: SourceFile) -> Iterator[tuple[str, str]]:
    own_names = {one.fact.name for one in definitions(file) if is_component_or_hook(one.fact.name)}
    for one in definitions(file):
        # `const Framed = compose(withFrame)(App)`: what mounts the one mounts the other.
        value = unwrap(one.node)
        while value.type == "call_expression" and (given := arguments_of(value)):
            value = unwrap(given[0])
        inner = file.text(value) if value.type == "identifier" and value != unwrap(one.node) else ""
        if inner in own_names - {one.fact.name}:
            yield one.fact.name, inner
    for name, export in exports(file).items():
        own = definition_around(file, export.node) if export.node is not None and name != "default" else ""
        if own and own != name:
            yield name, own


def _uses(file: SourceFile) -> Iterator[tuple[str, str, str, bool, bool]]:
    renders = renders_into_page(file)
    given = (origin_of_use(file, name) for name in handed_over(file))
    seen = {*_registered(file), *(_made(file) if renders else ()), *(one for one in given if one is not None)}
    yield from ((ENTRY, *origin, True, False) for origin in seen)
    for element in jsx_elements(file):
        name = element.child_by_field_name("name")
        named = name is not None and name.type == "identifier"
        origin = (origin_of_use(file, name) or awaited(file, name)) if name is not None and named else None
        if origin is None:
            continue
        seen.add(origin)
        if never_shown(file, element) or is_rendered_to_text(file, element):
            continue
        owner, stays, goes = _mounted(file, element, renders)
        yield owner, *origin, stays, goes
    for route, origin in _named_in_routes(file):
        seen.add(origin)
        yield _held_by(file, route.holder), *origin, *_stay(file, route.holder)
    for call, name in given_lists(file):
        origin = origin_of_use(file, name)
        if origin is not None:
            seen.add(origin)
            yield _held_by(file, call), *origin, *_stay(file, call)
    for call, name in calls_of_hooks(file):
        origin, caller = origin_of_use(file, name), component_of(file, call) or _nameless(file, call)
        if origin is not None:
            seen.add(origin)
            stays = caller is not None and enclosing_function(file, call) == caller and not is_decided(file, call)
            yield definition_around(file, call), *origin, stays, not stays
    for owner, module, stood_for in stand_ins(file):
        seen.add((module, stood_for))
        yield owner, module, stood_for, True, False
    yield from ((owner, "", name, True, False) for owner, name in provider_lists(file))
    for found in bindings(file, file.root).values():
        used = (found.module, found.imported)
        named = found.kind == "import" and found.name[:1].isupper() and used not in seen
        if named and not (is_type_only(found) or _is_offered(file, found) or is_for_text_alone(file, found)):
            yield "", *used, False, True
    yield from _loaded(file)


def _made(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Module and name of what an entry renders without a tag."""
    origins = (origin_of_use(file, name) for name in made_for_page(file))
    yield from (origin for origin in origins if origin is not None)


def _is_offered(file: SourceFile, found: Binding) -> bool:
    """Whether all that a file does with an import is to export it again under its name, by which others may use it."""
    names = (found.imported, *([posixpath.basename(found.module)] if found.imported == "default" else []))
    if found.name not in names or found.name not in file.remember("names in lists of exports", lambda: _listed(file)):
        return False
    named = descendants(file.root, "identifier", "type_identifier", "shorthand_property_identifier")
    uses = [one for one in named if file.text(one) == found.name and one != found.node]
    around = [one.parent for one in uses]
    return all(
        one is not None and one.type == "export_specifier" and one.child_by_field_name("alias") is None
        for one in around
    )


def _listed(file: SourceFile) -> frozenset[str]:
    return frozenset(name for names in _EXPORTED.findall(file.content) for name in _NAMES.findall(names))


def _mounted(file: SourceFile, element: Node, renders: bool) -> tuple[str, bool, bool]:
    """The owner of an element, whether nothing decides on its place, and whether something is seen to."""
    owner = component_of(file, element) or rendering_method(element) or _nameless(file, element)
    owner = owner or drawing_method(file, element)
    route = root_route_of(file, element)
    if route is not None:
        return _held_by(file, route.holder), *_in_root_route(file, element, route)
    if owner is not None:
        stays = _stays(file, element, owner)
        return definition_around(file, element), stays, not stays and _goes(file, element, owner)
    around = (entering(file, element) if renders else None) or handing_over(file, element) or wrapping(file, element)
    stays = around is not None and all(keeps(file, tag, tag == element) for tag in tags_around(file, element, around))
    goes = not stays and (around is None or is_shown_at_times(file, element, around))
    return ENTRY if around is not None and not goes else "", stays, goes


def _nameless(file: SourceFile, node: Node) -> Node | None:
    """The function around a node that is the default export and has no name, as pages may be."""
    function = enclosing_function(file, node)
    if function is None or function.parent is None or function.parent.type != "export_statement":
        return None
    return function if not function_name(file, function) else None


def _named_in_routes(file: SourceFile) -> Iterator[tuple[RootRoute, tuple[str, str]]]:
    """What root routes show without a tag, `Component: App`, by module and name."""
    for route in root_routes(file):
        shown = route.shown
        inner = shown.named_children[:1] if shown.type == "jsx_expression" else [shown]  # `component={App}`
        name = unwrap(next(iter(inner), shown))
        origin = origin_of_use(file, name) if name.type == "identifier" else None
        if origin is not None:
            yield route, origin


def _loaded(file: SourceFile) -> Iterator[tuple[str, str, str, bool, bool]]:
    """What a file loads as the application runs, but for the components that it shows for themselves."""
    loaded = [one for one in LOADED.findall(file.content) if one not in taken_apart(file)]
    for _, module, _ in stand_ins(file):
        if module in loaded:
            loaded.remove(module)
    for route in root_routes(file):
        # `lazy: () => import("./App")`: the module's `Component` is what the route shows.
        for module in LOADED.findall(file.text(route.shown)):
            loaded = [one for one in loaded if one != module]
            yield from ((_held_by(file, route.holder), module, name, *_stay(file, route.holder)) for name in _ROUTED)
    yield from (("", module, WHOLE, False, True) for module in loaded)


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
        origins = (_required(file, name) or origin_of_use(file, name) for name in names if name.type == "identifier")
        yield from (origin for origin in origins if origin is not None)


def _required(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of what `require` loads under a name: `const App = require("./App").default`."""
    found = resolve(file, name)
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    part = value.child_by_field_name("property") if value is not None and value.type == "member_expression" else None
    loaded = value.child_by_field_name("object") if value is not None and part is not None else value
    module = required_module(file, loaded) if loaded is not None else ""
    if found is None or not module:
        return None
    return module, file.text(part) if part is not None else (found.keys or ("default",))[0]


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
    if enclosing_function(file, element) != owner or is_decided(file, element):
        return False
    return all(keeps(file, tag, tag == element) for tag in tags_around(file, element, owner))


def _held_by(file: SourceFile, holder: Node) -> str:
    """The owner of a root route: the entry, which is given the router, or the component that holds the routes.

    A list of routes that a module exports stands for itself: what makes a router of it mounts it.
    """
    entered = holder.type != "array" and component_of(file, holder) is None
    return ENTRY if entered else definition_around(file, holder)


def _stay(file: SourceFile, holder: Node) -> tuple[bool, bool]:
    """Whether the routes that a root route belongs to are there whenever their owner is, or are seen to go."""
    owner = component_of(file, holder)
    if owner is None:
        return True, False
    stays = _stays(file, holder, owner)
    return stays, not stays and _goes(file, holder, owner)


def _in_root_route(file: SourceFile, element: Node, route: RootRoute) -> tuple[bool, bool]:
    """As `_stay`, of an element in what a root route shows."""
    stay, go = _stay(file, route.holder)
    tags = list(tags_around(file, element, route.shown.parent))
    function = enclosing_function(file, element)
    inside = function is None or not is_within(function, route.shown) or function == unwrap(route.shown)
    go = go or not inside or is_decided(file, element) or is_shown_at_times(file, element, route.shown.parent)
    return stay and not go and all(keeps(file, tag, tag == element) for tag in tags), go


def _goes(file: SourceFile, element: Node, owner: Node) -> bool:
    """Whether a condition, a list, a key, a route or a prop that carries it is seen to decide on an element."""
    if enclosing_function(file, element) != owner:
        return not is_drawn_in_any_case(file, element, owner)
    return is_decided(file, element) or is_shown_at_times(file, element, owner)
