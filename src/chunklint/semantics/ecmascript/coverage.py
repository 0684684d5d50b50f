"""What no error boundary covers, or only one that is too far away: the holes in the cover of a mounted tree."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby

from chunklint.semantics.ecmascript.fallbacks import failing_part
from chunklint.semantics.ecmascript.holes import Gap, GapKind
from chunklint.semantics.ecmascript.mounts import ENTRY, ROUTES, SLOT, UNKNOWN, Front, Mount
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree, is_route
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.routes import Cover, Root, roots_of
from chunklint.semantics.ecmascript.workspaces import Key

# An app of so many components is no sketch: whoever put a boundary around most of it saw what stands beside.
_LARGE = 40
_OVERLAY = re.compile(
    r"(?:\wModal|\wDialog|\wDrawer|Toast|Toaster|Popup|Lightbox|Overlay|Snackbar|CommandPalette|CommandMenu|Notification)s?"
    r"(?:Root|Host|Container|Manager|Stack|Center|List|Renderer|Wrapper)?$"
)
_TOAST = re.compile(r"(?:Toast|Toaster|Sonner|Snackbar|Notification)s?(?:Container|Host|Root|Provider|Renderer)?$")
_WAITING = re.compile(r"(?:Loading|Loader|Spinner|Progress|Skeleton|Indicator)(?:Bar|Screen|Overlay|Page)?$")
_FEW = 3
_ISLAND = 50
_SHELL = 4  # a shell holds this part of the app, at least


def gaps(fronts: Mapping[str, Front], resolution: Resolution) -> Iterator[Gap]:
    """The holes of every application in the files, which must be all files of the project."""
    tree = RenderTree(fronts, resolution)
    islands: set[str] = set()
    for _, roots in sorted(roots_of(tree).items()):
        for gap in _App(tree, roots).gaps():
            # The islands of a server's pages are many small apps; what they lack is said at the first.
            folder = gap.root.place.path.partition("/")[0]
            of_entry = gap.kind is GapKind.OUTSIDE and any(mount.owner == ENTRY for mount in gap.mounts)
            if of_entry or (gap.kind is GapKind.BARE and gap.share[1] < _ISLAND):
                if folder in islands:
                    continue
                islands.add(folder)
            yield gap


class _App:
    """One application: what is mounted, and how each definition and mount in it is covered."""

    def __init__(self, tree: RenderTree, roots: Sequence[Root]) -> None:
        self.tree = tree
        self.roots = roots
        self.mounted = tree.reach(root.key for root in roots)
        self.targets: dict[Place, list[Key]] = {}
        for key in self.mounted:
            for place, target in tree.below.get(key, ()):
                self.targets.setdefault(place, []).append(target)
        self.covers: dict[Place, Cover] = {}
        self.came: dict[tuple[Key, Cover], tuple[Key, Cover, Place] | None] = {}
        self._walk()
        self.trunks: dict[tuple[Key, Cover], bool] = {}
        defined = [(key, tree.definition(key)) for key in self.mounted]
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
                if self.tree.is_fallback(place):
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
        if found is not None and found[1]:
            return Cover.LOCAL
        definition = self.tree.definition(found[0]) if found is not None else None
        if definition is not None and definition.kind == "boundary":
            outer = max(outer, self.reach_of(place))  # what it mounts by itself it catches, too
        if mount.imported == "RouterProvider" and "tanstack" in mount.module:
            outer = max(outer, Cover.ROOT)  # this router catches by itself, around each of its routes
        return max(outer, *(self.reach_of(guard) for guard in self.tree.guards_above(place)), Cover.NONE)

    def reach_of(self, guard: Place) -> Cover:
        """ROOT for a boundary that holds at least half of the app, otherwise LOCAL."""
        if guard not in self.covers:
            held = self.tree.reach(self._held(guard))
            self.covers[guard] = Cover.ROOT if 2 * len(held & self.mounted) >= len(self.mounted) else Cover.LOCAL
        return self.covers[guard]

    def gaps(self) -> Iterator[Gap]:
        """The holes of the application: one for all of it, or its families."""
        yield from self._failing()
        if 2 * len(self.uncovered) > len(self.components):
            yield from self._bare()
            return
        yield from self._pages()
        taken: set[Place] = set()
        for key, cover in sorted(self.came):
            if cover is Cover.LOCAL or (cover is Cover.ROOT and (key, Cover.NONE) in self.came):
                continue
            for gap, places in self._families(key, cover):
                taken.update(places)
                yield gap
        yield from self._elsewhere(taken)

    def _failing(self) -> Iterator[Gap]:
        # The least cover comes first: a component that is mounted in several places is said once.
        for key, cover in dict(sorted(self.came, reverse=True)).items():
            for place in self.tree.mounts_of.get(key, ()):
                failing = failing_part(self.tree, place) if self.tree.guards(place) else None
                if failing is not None:
                    yield self._gap(GapKind.FAILING, key, cover, (place,), failing)

    def _on_trunk(self, key: Key, cover: Cover) -> bool:
        """Whether the way from the entry to a definition leads only through what holds pages or boundaries."""
        chain: list[tuple[Key, Cover]] = []
        state: tuple[Key, Cover] | None = (key, cover)
        while state is not None and state not in self.trunks:
            chain.append(state)
            step = self.came.get(state)
            state = (step[0], step[1]) if step is not None else None
        known = self.trunks[state] if state is not None else True
        for one in reversed(chain):
            known = known and (self.came.get(one) is None or self._is_stem(one[0], one[1]))
            self.trunks[one] = known
        return known

    def _is_stem(self, key: Key, cover: Cover) -> bool:
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

    def _bare(self) -> Iterator[Gap]:
        """No boundary holds the greater part: that is said once, at the entry."""
        bare = [root for root in self.roots if root.cover is Cover.NONE]
        kinds = ("next-page", "remix-page")
        shells = [one for one in bare if one.framework not in kinds]
        # A starter's layout that nobody removed may lie nearer to the top than the shell of the real app.
        held = [self._held_by_shell(one) for one in shells]
        largest = max(held, default=0)
        shells = [one for one, count in zip(shells, held, strict=True) if 2 * count > largest]
        root = min(shells or bare, key=lambda one: (_where(one).count("/"), _where(one), one.key), default=None)
        if (
            root is None
            or self._is_opaque()
            or self.tree.guards_made(root.key[0])
            or len(self.components) < _FEW
            or self.tree.risky.isdisjoint(self.components)
        ):
            return
        further = [
            place
            for key in sorted(self.mounted)
            for place in self.tree.mounts_of.get(key, ())
            if self.tree.guards(place) and any(self.targets.get(inner) for inner in self.tree.inside(place))
        ]
        widest = max(further, key=lambda one: len(self.tree.reach(self._held(one))), default=None)
        other = self.tree.mount(widest) if widest is not None else None
        yield Gap(GapKind.BARE, root, (), (), None, other, (), self._share())

    def _held_by_shell(self, root: Root) -> int:
        """How many definitions a shell holds: what it mounts, and the pages that a framework mounts in it."""
        folder = posixpath.dirname(_where(root)) + "/"
        pages = [one.key for one in self.roots if one.framework != root.framework and _where(one).startswith(folder)]
        return len(self.tree.reach((root.key, *pages)))

    def _is_opaque(self) -> bool:
        """Whether a boundary holds what cannot be seen, such as the pages that a registry renders.

        One that is a part of a page holds no pages.
        """
        return self._routes_are_unseen() or any(
            self.tree.guards(place) and not any(map(self._is_seen, self.tree.inside(place)))
            for key in self.uncovered - self._on_pages()
            for place in self.tree.mounts_of.get(key, ())
            if not is_route(self.tree.mount(place)) and not self._holds_slot(place)
        )

    def _is_seen(self, place: Place) -> bool:
        """Whether it is known what a mount shows, or that it is a package's."""
        mount = self.tree.mount(place)
        return mount.module != UNKNOWN and (mount.tag[:1] != "{" or place in self.targets)

    def _routes_are_unseen(self) -> bool:
        """Whether a route with a boundary has children that a call makes: `children: names.map(toRoute)`."""
        places = (place for key in self.mounted for place in self.tree.mounts_of.get(key, ()))
        routes = (place for place in places if self.tree.has_error_element(self.tree.mount(place)))
        return any(
            is_route(self.tree.mount(place))
            and "children" in self.tree.mount(place).props
            and not any(self.tree.mount(inner).prop == "children" for inner in self.tree.inside(place))
            for place in routes
        )

    def _on_pages(self) -> set[Key]:
        """What the routes show that hold no other routes, and the pages of a framework."""
        routes = [
            self._held(place)
            for key in self.mounted
            for place in self.tree.mounts_of.get(key, ())
            if is_route(self.tree.mount(place)) and not self._leads_on(place, self.tree.reach(self._held(place)))
        ]
        pages = (root.key for root in self.roots if root.framework == "next-page")
        return self.tree.reach((*pages, *(key for held in routes for key in held)))

    def _holds_slot(self, place: Place) -> bool:
        return any(self.tree.mount(inner).tag == SLOT for inner in self.tree.inside(place))

    def _pages(self) -> Iterator[Gap]:
        """Pages that a framework mounts outside of every error file, while most others are inside of one."""
        found = [one for one in self.roots if one.cover is Cover.NONE and one.framework in ("next-page", "remix-page")]
        # Of a page that shows little but what brings a boundary of its own there is nothing left to catch.
        pages = [one for one in found if not self._is_stem(one.key, Cover.NONE)]
        if pages:
            yield Gap(GapKind.OUTSIDE, pages[0], (), (), None, None, (), self._share())

    def _share(self) -> tuple[int, int]:
        return len(self.components) - len(self.uncovered), len(self.components)

    def _families(self, owner: Key, cover: Cover) -> Iterator[tuple[Gap, tuple[Place, ...]]]:
        """The neighbours in one component that lack a boundary, run by run."""
        groups: dict[tuple[int, int], list[Place]] = {}
        for place in self.tree.mounts_of.get(owner, ()):
            mount = self.tree.mount(place)
            groups.setdefault((mount.parent, mount.group), []).append(place)
        for places in groups.values():
            wrapped = [place for place in places if self._is_wrapped(place)]
            if not wrapped and not self._on_trunk(owner, cover):
                continue
            reasons = [(place, self._why(place, owner, cover, wrapped)) for place in places]
            spoken = [(place, why) for place, why in reasons if why is not None or self._parts(place, cover)]
            for why, run in groupby(spoken, key=lambda one: one[1]):
                family = tuple(place for place, _ in run)
                if why is None or all(_TOAST.search(self.tree.mount(place).tag) for place in family):
                    continue
                other = self.tree.mount(wrapped[0]) if wrapped else None
                yield self._gap(why, owner, cover, family, other), family

    def _why(self, place: Place, owner: Key, cover: Cover, wrapped: Sequence[Place]) -> GapKind | None:
        if self.tree.is_fallback(place) or self.cover(place, cover) is not cover:
            return None
        mount, on_trunk = self.tree.mount(place), self._on_trunk(owner, cover)
        shell = owner in self.stems and self._is_shell(owner, cover)
        if (
            cover is Cover.ROOT
            and on_trunk
            and shell
            and self._is_overlay(place)
            and self._is_beside_pages(place, cover)
        ):
            return GapKind.OVERLAY
        around = next(self.tree.enclosing(place), None)
        if not self._is_clean(place, cover) or (around is not None and self._is_clean(around[0], cover)):
            return None
        if self.tree.risky.isdisjoint(self._held(place)):
            return None
        if cover is Cover.NONE and on_trunk:
            waits = _WAITING.search(mount.tag) is not None
            instead = waits or self._is_ornament(place) or self._is_instead_of_pages(place, cover)
            return None if instead else GapKind.OUTSIDE
        if mount.group < 0 and not is_route(mount):
            return None  # at the top of what a function returns, as the cells of a table: nothing stands beside it
        alike = [one for one in wrapped if self.tree.mount(one).conditional == mount.conditional]
        return GapKind.SIBLING if len(alike) > (0 if mount.conditional or is_route(mount) else 1) else None

    def _is_ornament(self, place: Place) -> bool:
        """Whether all that can fail in a mount is one component, in an app of many: a signature, a window's buttons."""
        own = self.tree.reach(self._held(place)) & self.tree.risky
        return len(own) == 1 and len(self.components) >= _LARGE and not is_route(self.tree.mount(place))

    def _held(self, place: Place) -> set[Key]:
        return {key for one in (place, *self.tree.inside(place)) for key in self.targets.get(one, ())}

    def _is_clean(self, place: Place, cover: Cover) -> bool:
        """Whether a mount is a part of its own: no page is shown in it, and most of it is covered no better."""
        within = (place, *self.tree.inside(place))
        if any(self.tree.mount(one).tag in (SLOT, "Component") or self.tree.guards(one) for one in within):
            return False
        if any(self.tree.shows(self.tree.mount(one)) for one in within):
            return False
        return not any(self._is_stem(key, cover) for key in self._held(place))

    def _is_shell(self, owner: Key, cover: Cover) -> bool:
        """Whether the route or layout that an owner is part of holds many of the pages, unlike a corner's layout."""
        step = self.came.get((owner, cover))
        while step is not None:
            around = self.tree.enclosing(step[2])
            route = next((outer for outer, _ in around if is_route(self.tree.mount(outer))), None)
            if route is not None:
                held = self.tree.reach(self._held(route))
                return self._leads_on(route, held) and _SHELL * len(held & self.mounted) >= len(self.mounted)
            step = self.came.get((step[0], step[1]))
        layouts = [one for one in self._layouts if owner in self._layouts[one]]
        folders = tuple({posixpath.dirname(one.file) + "/" for one in layouts})
        pages = [one for one in self.roots if one.framework == "next-page"]
        return not folders or _SHELL * sum(page.file.startswith(folders) for page in pages) >= len(pages)

    @cached_property
    def _layouts(self) -> dict[Root, set[Key]]:
        """The layouts of Next's folders, with what they mount."""
        return {one: self.tree.reach((one.key,)) for one in self.roots if one.framework == "next-layout"}

    def _leads_on(self, route: Place, held: Iterable[Key]) -> bool:
        """Whether there are routes in a route, or in what it shows: a page has none, however much it shows."""
        inner = (*self.tree.inside(route), *(place for key in held for place in self.tree.mounts_of.get(key, ())))
        return any(is_route(mount) or mount.tag == ROUTES for mount in map(self.tree.mount, inner))

    def _is_overlay(self, place: Place) -> bool:
        """Whether a mount is a modal, drawer or toast with a state of its own and no boundary right inside it."""
        key = self.tree.target(place)
        if key is None or key not in self.tree.risky or not _OVERLAY.search(self.tree.mount(place).tag):
            return False
        own = self.tree.mounts_of.get(key, ())
        return not self.tree.inside(place) and not any(self.tree.guards(inner) for inner in own)

    def _is_beside_pages(self, place: Place, cover: Cover) -> bool:
        """Whether an overlay is shown together with the pages, or what leads to them: neither alone nor instead."""
        own, around = self.tree.mount(place), {place, *(one for one, _ in self.tree.enclosing(place))}
        others = (one for one in self.tree.mounts_of.get((place.path, own.owner), ()) if one not in around)
        beside = (one for one in others if _are_together(own, self.tree.mount(one)))
        return any(not self._is_clean(one, cover) for one in beside)

    def _is_instead_of_pages(self, place: Place, cover: Cover) -> bool:
        """Whether this is shown when the pages are not: on a ternary's other side, or by an entry that found no app."""
        own, around = self.tree.mount(place), {place, *(one for one, _ in self.tree.enclosing(place))}
        others = [one for one in self.tree.mounts_of.get((place.path, own.owner), ()) if one not in around]
        apart = [one for one in others if not _are_together(own, self.tree.mount(one))]
        if own.owner != ENTRY:
            apart = [one for one in apart if self.tree.mount(one).top == own.top]
        return any(not self._is_clean(one, cover) for one in apart)

    def _parts(self, place: Place, cover: Cover) -> bool:
        """Whether a mount stands between two others so that they are no run: pages, or what has its own boundary."""
        return not self._is_clean(place, cover)

    def _is_wrapped(self, place: Place) -> bool:
        mount = self.tree.mount(place)
        if is_route(mount):
            inside = self.tree.inside(place)
            # What a layout catches is no more than the pages in it: no other route has to have a boundary for that.
            if any(is_route(self.tree.mount(one)) for one in inside):
                return False
            inner = [one for one in inside if self.tree.mount(one).parent == place.at]
            # Nor has it to for a page that brings a boundary of its own.
            guards = [one for one in inner if self.tree.guards(one) and self.tree.inside(one)]
            guards += [place] if self.tree.has_error_element(mount) else []
        else:
            guards = [place] if self.tree.guards(place) else []
        return any(self.reach_of(one) is Cover.LOCAL and self._held(one) for one in guards)

    def _elsewhere(self, taken: Iterable[Place]) -> Iterator[Gap]:
        """Parts of overlays that have a closer boundary where they are mounted elsewhere."""
        known = set(taken)
        for key in sorted(self.components):
            local, far = self.came.get((key, Cover.LOCAL)), self.came.get((key, Cover.ROOT))
            if local is None or far is None or not self._is_composite(key):
                continue
            owner, cover, place = far
            if local[0] == owner:
                continue  # the overlay as a whole is what stands closer elsewhere, not this part of it
            shown = _OVERLAY.search(owner[1]) is not None and self.tree.mount(place).optional
            if shown and place not in known:
                yield self._gap(GapKind.ELSEWHERE, owner, cover, (place,), self.tree.mount(local[2]))

    def _is_composite(self, key: Key) -> bool:
        definition = self.tree.definition(key)
        inner = {target for _, target in self.tree.below.get(key, ()) if target != key}
        return definition is not None and definition.stateful and not inner.isdisjoint(self.tree.risky)

    def _gap(self, kind: GapKind, owner: Key, cover: Cover, places: Sequence[Place], other: Mount | None) -> Gap:
        way: list[Mount] = []
        boundary: Mount | None = None
        step = self.came.get((owner, cover))
        at: tuple[Key, Cover] = (owner, cover)
        for guard in self.tree.guards_above(places[0]):
            boundary = boundary or self.tree.mount(guard)
        while step is not None:
            way.append(self.tree.mount(step[2]))
            boundary = boundary or next(map(self.tree.mount, self.tree.guards_above(step[2])), None)
            at = step[0], step[1]
            step = self.came.get(at)
        root = next((one for one in self.roots if one.key == at[0]), self.roots[0])
        mounts, names = tuple(map(self.tree.mount, places)), tuple(dict.fromkeys(map(self._name, places)))
        return Gap(kind, root, mounts, names, boundary, other, tuple(reversed(way)), self._share())

    def _name(self, place: Place) -> str:
        if not is_route(self.tree.mount(place)):
            return self.tree.mount(place).tag
        shown = [inner for inner in self.tree.inside(place) if self.targets.get(inner)]
        return self.tree.mount(shown[-1] if shown else place).tag


def _where(root: Root) -> str:
    """The file in which a framework or a browser finds a root."""
    return root.file or root.key[0]


def _are_together(one: Mount, other: Mount) -> bool:
    """Whether two mounts of a component are in one element, and not on two sides of a ternary."""
    sides = dict(one.branches)
    return one.top == other.top and all(sides.get(start, side) == side for start, side in other.branches)
