"""One application of a front end: what is mounted in it, and how far away the nearest error boundary is each time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import cached_property

from chunklint.semantics.ecmascript.definitions import ROUTER_PACKAGE
from chunklint.semantics.ecmascript.holes import Gap, GapKind, StandIn
from chunklint.semantics.ecmascript.mounts import ROUTES, SLOT, Mount
from chunklint.semantics.ecmascript.outlets import catcher, leaves_frame
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree, is_route
from chunklint.semantics.ecmascript.routes import Cover, Root
from chunklint.semantics.ecmascript.workspaces import Key

_HOPS = 3


class App:
    """One application: what is mounted, and how each definition and mount in it is covered.

    `shadowed` has the data routers of React Router that stand in a boundary of most of the app. Those put an error page
    of their own around the outermost route, so that the boundary above never hears of what the routes show.
    """

    def __init__(self, tree: RenderTree, roots: Sequence[Root], shadows: bool = True) -> None:
        self.tree = tree
        self.shadows = shadows
        self.roots = roots
        self.mounted = tree.reach(root.key for root in roots)
        self.targets: dict[Place, list[Key]] = {}
        for key in self.mounted:
            for place, target in tree.below.get(key, ()):
                self.targets.setdefault(place, []).append(target)
        self.covers: dict[Place, Cover] = {}
        self.shadowed: set[Place] = set()
        self.came: dict[tuple[Key, Cover], tuple[Key, Cover, Place] | None] = {}
        self._walk()
        self.trunks: dict[tuple[Key, Cover], bool] = {}
        shown = {key for key, _ in self.came}  # without what is shown instead of something else
        routes = {key for place, keys in self.targets.items() if tree.mount(place).tag == ROUTES for key in keys}
        defined = [(key, tree.definition(key)) for key in (self.mounted & shown) - routes]
        self.components = {key for key, one in defined if one is not None and one.kind in ("function", "class")}
        self.uncovered = {key for key in self.components if (key, Cover.NONE) in self.came}

    def _walk(self) -> None:
        pending: deque[tuple[Key, Cover]] = deque()
        for root in self.roots:
            if (root.key, root.cover) not in self.came:
                self.came[root.key, root.cover] = None
                pending.append((root.key, root.cover))
        while pending:
            key, cover = pending.popleft()
            for place, target in self.tree.below.get(key, ()):
                mount = self.tree.mount(place)
                veiled = self.tree.workspace.is_veiled(place.path, mount.module, mount.imported)
                if veiled or self.tree.is_fallback(place):
                    continue
                state = target, self.cover(place, cover)
                if state not in self.came:
                    self.came[state] = (key, cover, place)
                    pending.append(state)

    def cover(self, place: Place, outer: Cover) -> Cover:
        """How a mount is covered in an owner that is itself covered by `outer`."""
        if outer is Cover.LOCAL:
            return outer
        mount = self.tree.mount(place)
        found = self.tree.workspace.find(place.path, mount.module, mount.imported)
        if (found is not None and found[1]) or self.tree.is_taken_in(place):
            return Cover.LOCAL
        definition = self.tree.definition(found[0]) if found is not None else None
        if definition is not None and definition.kind == "boundary":
            outer = max(outer, self.reach_of(place))  # what it mounts by itself it catches, too
        if mount.imported == "RouterProvider" and "tanstack" in mount.module:
            outer = max(outer, Cover.ROOT)  # this router catches by itself, around each of its routes
        guards = list(self.tree.guards_above(place))
        router = self._router_around(place) if self.shadows else None
        if router is None:
            return max(outer, *map(self.reach_of, guards), Cover.NONE)
        above = list(self.tree.guards_above(router))
        far = max(outer, *map(self.reach_of, above), Cover.NONE)
        if far is Cover.ROOT:
            self.shadowed.add(router)
            far = Cover.NONE
        return max(far, *(self.reach_of(guard) for guard in guards if guard not in above), Cover.NONE)

    def _router_around(self, place: Place) -> Place | None:
        """The data router of React Router that shows a mount among its routes, or is this mount and shows its own."""
        around = ((one, self.tree.mount(one)) for one in (place, *(outer for outer, _ in self.tree.enclosing(place))))
        routers = (one for one, mount in around if mount.imported == "RouterProvider" and _is_react_router(mount))
        return next(routers, None)

    def reach_of(self, guard: Place) -> Cover:
        """ROOT for a boundary that holds at least half of the app, otherwise LOCAL, as where the frame of it stays."""
        if guard not in self.covers:
            held = self.tree.reach(self.held(guard))
            whole = 2 * len(held & self.mounted) >= len(self.mounted) and not leaves_frame(self.tree, guard)
            self.covers[guard] = Cover.ROOT if whole else Cover.LOCAL
        return self.covers[guard]

    def on_trunk(self, key: Key, cover: Cover) -> bool:
        """Whether the way from the entry to a definition leads only through what holds pages or boundaries."""
        chain: list[tuple[Key, Cover]] = []
        state: tuple[Key, Cover] | None = (key, cover)
        while state is not None and state not in self.trunks:
            chain.append(state)
            step = self.came.get(state)
            state = (step[0], step[1]) if step is not None else None
        known = self.trunks[state] if state is not None else True
        for one in reversed(chain):
            known = known and (self.came.get(one) is None or self.is_stem(one[0], one[1]))
            self.trunks[one] = known
        return known

    def is_stem(self, key: Key, cover: Cover) -> bool:
        """Whether a component shows the pages, or most of what it mounts is covered better than itself."""
        if key in self.stems:
            return True
        held = self.tree.reach((key,)) - {key}
        better = [one for one in held if (one, cover) not in self.came]
        return 2 * len(better) > len(held)

    @cached_property
    def stems(self) -> set[Key]:
        """The components that show the pages of a router or a framework."""
        layouts = {root.key for root in self.roots if root.framework in ("next-layout", "next-pages", "remix")}
        wrappers = {
            key
            for layout in layouts
            for place in self.tree.mounts_of.get(layout, ())
            if self.tree.mount(place).tag in (SLOT, "Component")
            for around, _ in self.tree.enclosing(place)
            for key in self.targets.get(around, ())
        }
        return (self.tree.holds_routes & self.mounted) | layouts | wrappers

    @cached_property
    def layouts(self) -> dict[Root, set[Key]]:
        """The layouts of Next's folders, with what they mount."""
        return {one: self.tree.reach((one.key,)) for one in self.roots if one.framework == "next-layout"}

    @cached_property
    def failing(self) -> set[Key]:
        """The components that have state, data, effects or a store of their own, and so something that can fail."""
        defined = ((key, self.tree.definition(key)) for key in self.components)
        return {key for key, one in defined if key in self.tree.feeding or (one is not None and one.stateful)}

    def share(self) -> tuple[int, int]:
        """How many of the components are covered, and how many there are."""
        return len(self.components) - len(self.uncovered), len(self.components)

    def stand_in(self, root: Root) -> StandIn:
        """What is on the page when an error has reached a root."""
        if root.framework:
            return StandIn.NEXT if root.framework.startswith("next") else StandIn.REMIX
        package = self.tree.workspace.resolution.package_of(root.key[0])
        if package is not None and package.preact:
            return StandIn.PREACT
        shown = (self.tree.mount(place) for key in self.mounted for place in self.tree.mounts_of.get(key, ()))
        routed = any(mount.imported == "RouterProvider" and ROUTER_PACKAGE.match(mount.module) for mount in shown)
        return StandIn.ROUTER if routed else StandIn.NOTHING

    def held(self, place: Place) -> set[Key]:
        """The definitions that a mount shows, itself and by what it is given."""
        return {key for one in (place, *self.tree.inside(place)) for key in self.targets.get(one, ())}

    def brings_boundary(self, key: Key, depth: int = _HOPS) -> bool:
        """Whether all data that a component shows stands in a boundary of its own: above it little is left to fail."""
        places = self.tree.mounts_of.get(key, ())
        return self._are_caught([place for place in places if self.tree.mount(place).parent < 0], depth)

    def _are_caught(self, places: Sequence[Place], depth: int) -> bool:
        """Whether there is a boundary in each of some neighbours, around all of it, that show data, and in one."""
        caught = [place for place in places if self._is_caught(place, depth)]
        return bool(caught) and all(place in caught or self.tree.fed.isdisjoint(self.held(place)) for place in places)

    def _is_caught(self, place: Place, depth: int) -> bool:
        if self.tree.guards(place):
            return True
        own = self.targets.get(place, ())
        if depth > 0 and any(self.brings_boundary(key, depth - 1) for key in own):
            return True
        # What has no data itself only frames what it is given: `<Selection><Page>…</Page></Selection>`.
        inner = [one for one in self.tree.inside(place) if self.tree.mount(one).parent == place.at]
        return self.tree.fed.isdisjoint(own) and self._are_caught(inner, depth)

    def is_clean(self, place: Place, cover: Cover) -> bool:
        """Whether a mount is a part of its own: no page is shown in it, and most of it is covered no better."""
        within = (place, *self.tree.inside(place))
        if any(self.tree.mount(one).tag in (SLOT, "Component") or self.tree.guards(one) for one in within):
            return False
        if any(self.tree.shows(self.tree.mount(one)) for one in within):
            return False
        return not any(self.is_stem(key, cover) for key in self.held(place))

    def leads_on(self, route: Place, held: Iterable[Key]) -> bool:
        """Whether there are routes in a route, or in what it shows: a page has none, however much it shows."""
        inner = (*self.tree.inside(route), *(place for key in held for place in self.tree.mounts_of.get(key, ())))
        return any(is_route(mount) or mount.tag == ROUTES for mount in map(self.tree.mount, inner))

    def holds_slot(self, place: Place) -> bool:
        """Whether a mount holds the place where its own component shows what it is given."""
        return any(self.tree.mount(inner).tag == SLOT for inner in self.tree.inside(place))

    def on_pages(self) -> set[Key]:
        """What the routes show that hold no other routes, and the pages of a framework."""
        routes = [
            self.held(place)
            for key in self.mounted
            for place in self.tree.mounts_of.get(key, ())
            if is_route(self.tree.mount(place)) and not self.leads_on(place, self.tree.reach(self.held(place)))
        ]
        pages = (root.key for root in self.roots if root.framework == "next-page")
        return self.tree.reach((*pages, *(key for held in routes for key in held)))

    def gap(self, kind: GapKind, owner: Key, cover: Cover, places: Sequence[Place], other: Mount | None) -> Gap:
        """A hole at some neighbours of one owner, with the way that leads there and the nearest boundary above."""
        way: list[Mount] = []
        boundary: Mount | None = None
        step = self.came.get((owner, cover))
        at: tuple[Key, Cover] = (owner, cover)
        for guard in self.tree.guards_above(places[0]):
            boundary = boundary or catcher(self.tree, guard)
        while step is not None:
            way.append(self.tree.mount(step[2]))
            boundary = boundary or next((catcher(self.tree, one) for one in self.tree.guards_above(step[2])), None)
            at = step[0], step[1]
            step = self.came.get(at)
        root = next((one for one in self.roots if one.key == at[0]), self.roots[0])
        mounts, names = tuple(map(self.tree.mount, places)), tuple(dict.fromkeys(map(self.name_of, places)))
        return Gap(kind, root, mounts, names, boundary, other, tuple(reversed(way)), self.share(), self.stand_in(root))

    def name_of(self, place: Place) -> str:
        """What a mount is called; a route, what it shows."""
        if not is_route(self.tree.mount(place)):
            return self.tree.mount(place).tag
        shown = [inner for inner in self.tree.inside(place) if self.targets.get(inner)]
        return self.tree.mount(shown[-1] if shown else place).tag


def _is_react_router(mount: Mount) -> bool:
    return ROUTER_PACKAGE.match(mount.module) is not None
