"""The rendered tree of a front end: which component mounts which, and what catches errors between them.

The tree is kept as a graph of definitions, since one component may be mounted in hundreds of places. What is asked of
it (what is below, what is risky, what holds a boundary) is answered by walks that see each definition once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from chunklint.semantics.ecmascript.definitions import Definition
from chunklint.semantics.ecmascript.given_away import NESTED
from chunklint.semantics.ecmascript.mounts import ENTRY, LAZY, ROUTE, ROUTES, SLOT, SPREAD, UNKNOWN, Front, Mount
from chunklint.semantics.ecmascript.package_boundaries import is_named_boundary, package_catches
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.workspaces import Key, Workspace

# A route catches when it is given what to show instead.
_ROUTE_TAGS = frozenset({"Route", "PrivateRoute", "SentryRoute", ROUTE})
_ROUTE_ERRORS = frozenset({"errorElement", "ErrorBoundary", "errorComponent", "hasErrorBoundary"})
_INSTEAD = re.compile(r"fallback|error", re.IGNORECASE)  # props that carry what is shown in the stead of the children
ROUTERS = frozenset({"RouterProvider", "BrowserRouter", "HashRouter", "MemoryRouter", "Router", "HistoryRouter"})
_FRAMEWORKS = frozenset({"HydratedRouter", "RemixBrowser"})
_SHOWS_ROUTES = frozenset({"RouterProvider", "Routes", "Switch"})
_OUTLETS = frozenset({"Outlet", "Routes", "Switch", *ROUTERS, *_FRAMEWORKS})
_ROUTER_MODULES = re.compile(r"rout|remix")
_DEPTH = 10


class Place(NamedTuple):
    """A mount: the path of its file and its index there."""

    path: str
    at: int


class RenderTree:
    """The mounts of all files, joined."""

    def __init__(self, fronts: Mapping[str, Front], resolution: Resolution) -> None:
        self.workspace = Workspace(fronts, resolution, self.covers_argument)
        self.fronts = fronts
        self.mounts_of: dict[Key, list[Place]] = defaultdict(list)
        for path, front in fronts.items():
            for index, mount in enumerate(front.mounts):
                self.mounts_of[path, mount.owner].append(Place(path, index))
        self._guards: dict[Place, bool] = {}
        self._covering: dict[Key, bool] = {}
        self._inside: dict[Place, list[Place]] = {}

    def mount(self, place: Place) -> Mount:
        """The mount at a place."""
        return self.fronts[place.path].mounts[place.at]

    def definition(self, key: Key) -> Definition | None:
        """The definition of a key; None for the pseudo-owner of what an entry renders."""
        return self.workspace.definitions.get(key)

    def target(self, place: Place) -> Key | None:
        """The definition that a mount renders; None for a package's component and what is not known."""
        mount = self.mount(place)
        found = self.workspace.find(place.path, mount.module, mount.imported)
        if found is None or (mount.tag == ROUTES and found[0] not in self._route_values):
            return None
        return found[0]

    @cached_property
    def _route_values(self) -> set[Key]:
        """What holds routes, itself or by the name of what does: any other name among routes means none."""
        lists: dict[Key, set[Key]] = defaultdict(set)
        found: set[Key] = set()
        for path, front in self.fronts.items():
            for mount in front.mounts:
                if is_route(mount):
                    found.add((path, mount.owner))
                elif mount.tag == ROUTES and (meant := self.workspace.find(path, mount.module, mount.imported)):
                    lists[meant[0]].add((path, mount.owner))
        pending = list(found)
        while pending:
            further = lists.get(pending.pop(), set()) - found
            found |= further
            pending.extend(further)
        return found

    def enclosing(self, place: Place) -> Iterator[tuple[Place, str]]:
        """The mounts around a mount in its own file, innermost first, each with the prop that leads down."""
        while True:
            mount = self.mount(place)
            if mount.parent < 0:
                return
            place = Place(place.path, mount.parent)
            yield place, mount.prop

    def inside(self, place: Place) -> list[Place]:
        """The mounts in a mount, at any depth of its own file, without those that are shown in its stead."""
        if place not in self._inside:
            below: dict[int, list[int]] = self._below(place.path)
            found: list[Place] = []
            pending = [place.at]
            while pending:
                for index in below.get(pending.pop(), ()):
                    if not _INSTEAD.search(self.fronts[place.path].mounts[index].prop):
                        found.append(Place(place.path, index))
                        pending.append(index)
            self._inside[place] = found
        return self._inside[place]

    def instead_of(self, place: Place) -> Iterator[Place]:
        """The mounts that a mount is given in a prop, to show them in the stead of its children."""
        for index in self._below(place.path).get(place.at, ()):
            if _INSTEAD.search(self.fronts[place.path].mounts[index].prop):
                yield Place(place.path, index)
                yield from self.inside(Place(place.path, index))

    def _below(self, path: str) -> dict[int, list[int]]:
        if path not in self._children:
            below: dict[int, list[int]] = defaultdict(list)
            for index, mount in enumerate(self.fronts[path].mounts):
                below[mount.parent].append(index)
            self._children[path] = below
        return self._children[path]

    @cached_property
    def _children(self) -> dict[str, dict[int, list[int]]]:
        return {}

    def guards(self, place: Place, depth: int = _DEPTH) -> bool:
        """Whether a mount catches the errors of what is mounted inside it."""
        if place not in self._guards:
            self._guards[place] = False  # a component that mounts itself
            self._guards[place] = self._catches(place, depth)
        return self._guards[place]

    def _catches(self, place: Place, depth: int) -> bool:
        mount = self.mount(place)
        if is_route(mount):
            if self._catches_own(place, mount):
                return True
            return depth > 0 and self._route_element_catches(place, depth)
        if NESTED in mount.props:
            return True
        found = self.workspace.find(place.path, mount.module, mount.imported)
        if found is None:
            name = mount.imported if mount.imported not in ("default", "*") else mount.tag
            return package_catches(mount.module, name)
        key, covered = found
        definition = self.workspace.definitions[key]
        if covered or definition.kind == "boundary":
            return True
        if definition.kind == "value" and is_named_boundary(mount.tag):
            return True  # made by a call that is not read
        if definition.kind == "value" and package_catches(definition.module, definition.imported):
            return True  # a package's that is loaded when it is needed
        return depth > 0 and self.covers_slot(key, frozenset({SLOT}), depth - 1)

    def is_boundary(self, place: Place) -> bool:
        """Whether a mount is a boundary by itself: a class that catches, or a package's of that name."""
        mount = self.mount(place)
        found = self.workspace.find(place.path, mount.module, mount.imported)
        if found is None:
            return is_named_boundary(mount.tag)
        return self.workspace.definitions[found[0]].kind == "boundary"

    def _loads_boundary(self, route: Place) -> bool:
        """Whether the module that a route loads exports its `ErrorBoundary`."""
        loaded = (
            one for one in self._below(route.path).get(route.at, ()) if self.fronts[route.path].mounts[one].tag == LAZY
        )
        modules = (self.fronts[route.path].mounts[one].module for one in loaded)
        return any(self.workspace.find(route.path, module, "ErrorBoundary") is not None for module in modules)

    @staticmethod
    def has_error_element(route: Mount) -> bool:
        """Whether a route itself says what is shown when it fails: `errorElement`, `ErrorBoundary`."""
        return not _ROUTE_ERRORS.isdisjoint(route.props)

    def _route_element_catches(self, route: Place, depth: int) -> bool:
        """Whether nested routes are caught by what the route itself shows: its element or a boundary at its outlet."""
        for place in self.inside(route):
            leads = [(around, prop) for around, prop in self._way(place, route)]
            if not leads or leads[-1][1] != "element":
                continue
            if self.shows(self.mount(place)) and any(self.guards(around, depth - 1) for around, _ in leads[:-1]):
                return True  # the outlet in the element: `<Store><Catch><Outlet /></Catch></Store>`
            outer = len(leads) == 1
            key = self.target(place)
            if outer and self.mount(place).module != UNKNOWN and self.guards(place, depth - 1) and self.inside(place):
                return True
            if outer and self.is_covered(place):
                return True  # `component={Caught(Layout)}`: the routes in this one are what that is given
            if key is not None and self.covers_slot(key, _OUTLETS, depth - 1):
                return True
        return False

    def is_taken_in(self, place: Place) -> bool:
        """Whether a function that a mount, or what is around it in its file, is given to puts a boundary around it."""
        for one in (place, *(around for around, _ in self.enclosing(place))):
            module, name = self.mount(one).taker
            found = self.workspace.find(one.path, module, name) if name else None
            if name == NESTED or (found is not None and self.covers_slot(found[0], frozenset({SLOT}))):
                return True
        return False

    def is_covered(self, place: Place) -> bool:
        """Whether a higher-order component puts a boundary around what a mount shows."""
        mount = self.mount(place)
        found = self.workspace.find(place.path, mount.module, mount.imported)
        return found is not None and found[1]

    def _way(self, place: Place, top: Place) -> Iterator[tuple[Place, str]]:
        for around, prop in self.enclosing(place):
            yield around, prop
            if around == top:
                return

    def covers_argument(self, key: Key) -> bool:
        """Whether a higher-order component shows what it is given inside of a boundary."""
        if key not in self._covering:
            self._covering[key] = False  # one that wraps itself
            if self._makes_boundary(key):
                self._covering[key] = True
                return True
            shown = [
                place
                for place in self.mounts_of.get(key, ())
                if self.mount(place).module == UNKNOWN and self.mount(place).tag != SLOT
            ]
            outer = [place for place in shown if not self.is_fallback(place)]
            self._covering[key] = bool(outer) and all(map(self.guarded, outer))
        return self._covering[key]

    def _makes_boundary(self, key: Key) -> bool:
        """Whether a higher-order component makes a class that catches, itself or by the one that it is made by."""
        made = self.workspace.definitions[key]
        return made.catches or (made.kind == "value" and self.workspace.is_wrapped(key[0], made))

    def covers_slot(self, key: Key, slots: frozenset[str], depth: int = _DEPTH) -> bool:
        """Whether a component puts a boundary around every place where it renders what it is given.

        A bare place that a condition decides on is no matter beside one with a boundary: what comes where is unknown.
        """
        covered = False
        for place in self.mounts_of.get(key, ()):
            mount = self.mount(place)
            if self.shows(mount, slots):
                guarded = self.guarded(place, depth)
                if not guarded and not mount.optional:
                    return False
                covered = covered or guarded
            elif SPREAD in mount.props and SLOT in slots and not self.inside(place) and self.guards(place, depth - 1):
                covered = True  # what it is given goes on into the boundary: `<Catch {...props} />`
            elif slots is _OUTLETS and depth > 0 and not covered:
                below = self.target(place)
                if below is None or below == key:
                    continue
                held = self.guarded(place, depth) and self._shows_outlet(below)
                covered = held or self.covers_slot(below, slots, depth - 3)
        return covered

    def _shows_outlet(self, key: Key, hops: int = 3) -> bool:
        """Whether a component shows the routes in its own route, itself or by what it mounts."""
        places = self.mounts_of.get(key, ())
        if any(self.shows(self.mount(place)) for place in places):
            return True
        below = {target for place in places if (target := self.target(place)) is not None} - {key} if hops else ()
        return any(self._shows_outlet(one, hops - 1) for one in below)

    @staticmethod
    def shows(mount: Mount, slots: frozenset[str] = _OUTLETS) -> bool:
        """Whether a mount is a place where other files' components appear: an outlet, a router, `{children}`."""
        return (mount.tag == SLOT and SLOT in slots) or (
            mount.imported in slots and _ROUTER_MODULES.search(mount.module) is not None
        )

    def guarded(self, place: Place, depth: int = _DEPTH) -> bool:
        """Whether a boundary of its own file stands above a mount."""
        return next(self.guards_above(place, depth), None) is not None

    def guards_above(self, place: Place, depth: int = _DEPTH) -> Iterator[Place]:
        """The boundaries of its own file above a mount, innermost first.

        What a route shows holds the boundary of the pages in it, and is outside of that boundary itself.
        """
        for around, prop in self.enclosing(place):
            if _INSTEAD.search(prop) or not self.guards(around, depth):
                continue
            route = self.mount(around)
            if prop != "element" or not is_route(route) or self._catches_own(around, route):
                yield around

    def _catches_own(self, place: Place, route: Mount) -> bool:
        """Whether a route catches the errors of what it shows, and not only those of the routes in it."""
        return self.has_error_element(route) or self._loads_boundary(place)

    def is_fallback(self, place: Place) -> bool:
        """Whether a mount is shown only in the stead of something else."""
        return any(_INSTEAD.search(prop) for _, prop in self.enclosing(place))

    @cached_property
    def route_owners(self) -> tuple[Key, ...]:
        """The values that hold routes: arrays of route objects, file routes, `<Route>` elements in a variable.

        A lone route object is nothing until it is put among others.
        """
        owners: dict[Key, None] = {}
        for path, front in self.fronts.items():
            for index, mount in enumerate(front.mounts):
                lists = mount.tag == ROUTES and self.target(Place(path, index)) is not None
                if mount.parent >= 0 or mount.owner == ENTRY or not (is_route(mount) or lists):
                    continue
                definition = self.definition((path, mount.owner))
                if definition is None or definition.kind == "value":
                    owners[path, mount.owner] = None
        hidden = {(path, name) for path, front in self.fronts.items() for name in front.unshown}
        return tuple(owner for owner in owners if owner not in self._spread and owner not in hidden)

    @cached_property
    def _spread(self) -> set[Key]:
        """The values whose routes appear among others or in `useRoutes`: where they do says what is above them."""
        return {
            key
            for path, front in self.fronts.items()
            for index, mount in enumerate(front.mounts)
            if mount.tag == ROUTES and (key := self.target(Place(path, index))) is not None
        }

    @cached_property
    def below(self) -> dict[Key, tuple[tuple[Place, Key], ...]]:
        """What each definition mounts, directly."""
        return {key: tuple(self._mounted_by(places)) for key, places in self.mounts_of.items()}

    def _mounted_by(self, places: Iterable[Place]) -> Iterator[tuple[Place, Key]]:
        for place in places:
            mount = self.mount(place)
            key = self.target(place)
            if key is not None:
                yield place, key
            elif mount.imported in _SHOWS_ROUTES and _ROUTER_MODULES.search(mount.module):
                yield from ((place, owner) for owner in self.route_owners if self._shows_routes(place, owner[0]))

    def guards_made(self, path: str) -> bool:
        """Whether a function of the application that a file belongs to makes routes that catch their errors."""
        return any(
            is_route(mount) and self.has_error_element(mount) and mount.owner[:1].islower()
            for other, front in self.fronts.items()
            if app_of(other) == app_of(path)
            for mount in front.mounts
            if (made := self.definition((other, mount.owner))) is not None and made.kind == "function"
        )

    def _shows_routes(self, place: Place, path: str) -> bool:
        """Whether a router at a place shows the routes that a file holds: `<Routes>` those of its own file."""
        if self.mount(place).imported == "RouterProvider":
            return app_of(path) == app_of(place.path)
        return path == place.path

    def reach(self, starts: Iterable[Key]) -> set[Key]:
        """The definitions mounted by the given ones, at any depth, themselves included."""
        seen = set(starts)
        pending = list(seen)
        while pending:
            for _, key in self.below.get(pending.pop(), ()):
                if key not in seen:
                    seen.add(key)
                    pending.append(key)
        return seen

    def above(self, starts: Iterable[Key]) -> set[Key]:
        """The definitions that mount one of the given ones, at any depth, themselves included."""
        seen = set(starts)
        pending = list(seen)
        while pending:
            for key in self._parents.get(pending.pop(), ()):
                if key not in seen:
                    seen.add(key)
                    pending.append(key)
        return seen

    @cached_property
    def _parents(self) -> dict[Key, set[Key]]:
        parents: dict[Key, set[Key]] = defaultdict(set)
        for owner, mounted in self.below.items():
            for _, key in mounted:
                parents[key].add(owner)
        return parents

    @cached_property
    def risky(self) -> set[Key]:
        """The components that hold state or data, or mount one that does."""
        return self.above(key for key, one in self.workspace.definitions.items() if one.stateful)

    @cached_property
    def fed(self) -> set[Key]:
        """The components that show data, which may be of another shape than they think, or mount one that does.

        What frames others, such as a dialog with its row of buttons, shows what they say.
        """
        return self.above(self.feeding)

    @cached_property
    def feeding(self) -> set[Key]:
        """The components that show data themselves."""
        found = (key for key, one in self.workspace.definitions.items() if one.fed)
        return {key for key in found if not any(self.mount(one).tag == SLOT for one in self.mounts_of.get(key, ()))}

    @cached_property
    def holds_routes(self) -> set[Key]:
        """The components that hold the place where pages are shown."""
        return self.above(
            key
            for key, places in self.mounts_of.items()
            if any(self.shows(mount, _OUTLETS) or is_route(mount) for mount in map(self.mount, places))
        )


def is_data_router(mount: Mount) -> bool:
    """Whether a mount shows a router that puts an error page of its own in the place of what fails in it."""
    return mount.imported == "RouterProvider" and "rout" in mount.module


def is_route(mount: Mount) -> bool:
    """Whether a mount is a route: `<Route>` of a router's package or a wrapper of it, or a route object."""
    if mount.tag == ROUTE:
        return True
    return mount.imported in _ROUTE_TAGS and (mount.module[:1] in (".", "") or "rout" in mount.module)


def app_of(path: str) -> str:
    """The folder of the application that a file belongs to: what holds its `src`, `app` or `pages` folder."""
    parts = path.split("/")[:-1]
    for index, part in enumerate(parts):
        if part in ("src", "app", "client", "pages"):
            return "/".join(parts[:index])
    return "/".join(parts)
