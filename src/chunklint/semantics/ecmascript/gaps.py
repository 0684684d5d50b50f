"""What no error boundary covers, or only one that is too far away: the holes in the cover of all mounted trees."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from chunklint.semantics.ecmascript.bare import bare
from chunklint.semantics.ecmascript.coverage import App
from chunklint.semantics.ecmascript.fallbacks import failing_part
from chunklint.semantics.ecmascript.holes import Gap, GapKind
from chunklint.semantics.ecmascript.mounts import ENTRY, Front
from chunklint.semantics.ecmascript.neighbours import OVERLAY, families
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree, app_of, is_data_router
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.routes import Cover, Root, is_error_file, roots_of
from chunklint.semantics.ecmascript.workspaces import Key

_ISLAND = 50  # an entry of fewer components may be one of many in the pages of a server
_MANY = 3
_WITH_BOUNDARIES = 16  # the version of React that brought error boundaries
_NEARLY = 0.9
_SERVED = 8  # an app of so many entries is the pages of a server
_ASIDE = 12  # a front end of fewer components is a side show where there is a larger one
_LARGER = 4
_COPIED = 80  # a template of fewer components is what its users begin with, and a larger one an app of its own


def gaps(fronts: Mapping[str, Front], resolution: Resolution) -> Iterator[Gap]:
    """The holes of every application in the files, which must be all files of the project."""
    tree = RenderTree(fronts, resolution)
    apps = [_app(tree, roots) for _, roots in sorted(roots_of(tree).items())]
    found = [gap for gap in _folded(apps) if not _is_begun(gap, resolution) and _has_boundaries(gap, resolution)]
    largest = max((len(app.components) for app in apps), default=0)
    islands: dict[str, list[Gap]] = defaultdict(list)
    entries: dict[str, list[Gap]] = defaultdict(list)
    for gap in found:
        if gap.kind is GapKind.BARE and not gap.root.framework:
            islands[_folder(gap.root)].append(gap)
        elif gap.kind is GapKind.OUTSIDE and any(mount.owner == ENTRY for mount in gap.mounts):
            entries[_folder(gap.root)].append(gap)
        elif gap.kind is not GapKind.BARE or not _is_aside(gap, largest):
            yield gap
    for folder, alone in islands.items():
        # Each of a server's many islands is a tree of its own: what fails in one takes none of the others away.
        small = [gap for gap in alone if gap.share[1] < _ISLAND]
        entered = [sum(not one.framework for one in app.roots) for app in apps if _folder(app.roots[0]) == folder]
        if len(small) < _MANY:
            yield from (gap for gap in alone if gap not in small)
            yield from [gap for gap in small if not _is_aside(gap, largest) and max(entered, default=0) < _SERVED][:1]
    for gaps_of_entries in entries.values():
        # Every page of the server has an entry of its own: what they lack is said at the one that holds most.
        yield max(gaps_of_entries, key=lambda gap: len(tree.reach(_shown(tree, gap))))


def _app(tree: RenderTree, roots: Sequence[Root]) -> App:
    """An application; where the routes of a data router are covered well enough, with the boundaries above it."""
    app = App(tree, roots)
    covered = 2 * len(app.uncovered) <= len(app.components)
    return App(tree, roots, shadows=False) if app.shadowed and covered else app


def _folded(apps: Sequence[App]) -> Iterator[Gap]:
    """The holes of all applications; of those that show nearly the same and lack all boundaries, one has a hole."""
    lacking: list[tuple[App, Gap]] = []
    for app in apps:
        for gap in _of_app(app):
            if gap.kind is not GapKind.BARE:
                yield gap
            elif not (_is_unseen(app, apps) or _is_remote(gap.root, apps)):
                lacking.append((app, gap))
    # What holds most of it near itself comes first: a boundary there holds it for the others, too.
    lacking.sort(key=lambda one: (-_near(*one), -len(one[0].components), one[1].root.place.path))
    told: list[tuple[App, Gap, list[Root]]] = []
    for app, gap in lacking:
        twins = next((twins for other, _, twins in told if _is_twin(app, other)), None)
        if twins is None:
            told.append((app, gap, []))
        else:
            twins.append(gap.root)
    yield from (replace(gap, twins=tuple(twins)) for _, gap, twins in told)


def _is_remote(root: Root, apps: Sequence[App]) -> bool:
    """Whether an entry starts a part by itself that another application of the repository loads into its own pages.

    Module federation has entries that only load `bootstrap`; of several, the one nearest to the top is the host.
    """
    places = {(one.file or one.key[0]) for app in apps for one in app.roots}
    started = {place for place in places if posixpath.basename(place).startswith("bootstrap.")}
    own = root.file or root.key[0]
    return own in started and own.count("/") > min(place.count("/") for place in started)


def _near(app: App, gap: Gap) -> int:
    """How many components of an application lie in the folder of its root."""
    home = app_of(gap.root.file or gap.root.key[0])
    return sum(key[0].startswith(f"{home}/" if home else "") for key in app.components)


def _is_twin(one: App, other: App) -> bool:
    shared = len(one.components & other.components)
    return shared >= _NEARLY * max(len(one.components), len(other.components))


def _folder(root: Root) -> str:
    return root.place.path.partition("/")[0]


def _is_begun(gap: Gap, resolution: Resolution) -> bool:
    """Whether an app without a boundary is the beginning that others copy."""
    return resolution.copied and gap.kind is GapKind.BARE and gap.share[1] < _COPIED


def _has_boundaries(gap: Gap, resolution: Resolution) -> bool:
    """Whether the React of an app knows error boundaries, and takes what fails without one off the page."""
    return not 0 < resolution.react_of(gap.root.place.path) < _WITH_BOUNDARIES


def _is_aside(gap: Gap, largest: int) -> bool:
    """Whether an app without a boundary is a side show of a larger one."""
    count = gap.share[1]
    return (count < _ASIDE and _LARGER * count <= largest) or (count < _ISLAND and 2 * _LARGER * count <= largest)


def _shown(tree: RenderTree, gap: Gap) -> Iterator[Key]:
    found = (tree.workspace.find(one.place.path, one.module, one.imported) for one in gap.mounts)
    return (one[0] for one in found if one is not None)


def _is_unseen(app: App, apps: Sequence[App]) -> bool:
    """Whether most of the boundaries near an application are in components that no way is seen to lead to."""
    tree = app.tree
    package = tree.workspace.resolution.package_of(app.roots[0].key[0])
    folder = package.folder if package is not None else app.roots[0].key[0].partition("/")[0]
    inside = f"{folder}/" if folder else ""
    mounted = set().union(*(one.mounted for one in apps))
    reached = {False: 0, True: 0}
    for owner, places in tree.mounts_of.items():
        if owner[0].startswith(inside) and owner[1] != ENTRY:
            reached[owner in mounted] += sum(1 for place in places if tree.is_boundary(place))
    return reached[False] >= _MANY and reached[False] > reached[True]


def _of_app(app: App) -> Iterator[Gap]:
    """The holes of one application: one for all of it, or its families."""
    yield from _failing(app)
    if 2 * len(app.uncovered) > len(app.components):
        yield from bare(app)
        return
    pages = list(_pages(app))
    yield from pages
    taken: set[Place] = set()
    for key, cover in sorted(app.came):
        if cover is Cover.LOCAL or (cover is Cover.ROOT and (key, Cover.NONE) in app.came):
            continue
        for gap, places in families(app, key, cover):
            taken.update(places)
            shown = list(_shown(app.tree, gap))
            if shown and all(_routes_itself(app.tree, one) for one in shown):
                continue
            # Where whole pages lack their error file, their parts need no boundary of their own.
            if not (pages and gap.kind is GapKind.OUTSIDE and gap.root.framework == pages[0].root.framework):
                yield gap
    yield from _elsewhere(app, taken)


def _routes_itself(tree: RenderTree, key: Key) -> bool:
    """Whether a component shows a data router, which puts its own error page in the place of what fails in it."""
    return any(map(is_data_router, map(tree.mount, tree.mounts_of.get(key, ()))))


def _failing(app: App) -> Iterator[Gap]:
    # The least cover comes first: a component that is mounted in several places is said once.
    for key, cover in dict(sorted(app.came, reverse=True)).items():
        for place in app.tree.mounts_of.get(key, ()):
            failing = failing_part(app.tree, place) if app.tree.guards(place) else None
            if failing is not None:
                yield app.gap(GapKind.FAILING, key, cover, (place,), failing)


def _pages(app: App) -> Iterator[Gap]:
    """Pages that a framework mounts outside of every error file, while most others are inside of one."""
    found = [one for one in app.roots if one.cover is Cover.NONE and one.framework in ("next-page", "remix-page")]
    # Of a page that shows little but what brings a boundary of its own there is nothing left to catch.
    pages = [one for one in found if one.key in app.tree.fed and not app.is_stem(one.key, Cover.NONE)]
    if pages:
        names = tuple(dict.fromkeys(map(_name, pages)))
        alike = [one for one in app.roots if one.framework == pages[0].framework]
        covered = [one for one in alike if one.cover is not Cover.NONE]
        files = all(is_error_file(one.boundary) for one in covered)
        gap = Gap(GapKind.OUTSIDE, pages[0], (), names, None, None, (), app.share(), app.stand_in(pages[0]))
        yield replace(gap, files=files, most=(len(covered), len(alike)))


def _name(page: Root) -> str:
    """What a page is called: its component, or its folder where that has no name."""
    if page.name != "default":
        return page.name
    folders = posixpath.dirname(page.file or page.key[0]).split("/")
    return next((one for one in reversed(folders) if one[:1] != "("), page.name)


def _elsewhere(app: App, taken: Iterable[Place]) -> Iterator[Gap]:
    """Parts of overlays that have a closer boundary where they are mounted elsewhere."""
    known = set(taken)
    for key in sorted(app.components):
        local, far = app.came.get((key, Cover.LOCAL)), app.came.get((key, Cover.ROOT))
        if local is None or far is None or not _is_composite(app, key):
            continue
        owner, cover, place = far
        if local[0] == owner or key not in app.tree.fed or not _is_guarded_by_hand(app, key):
            continue  # the overlay as a whole is what stands closer elsewhere, not this part of it
        shown = OVERLAY.search(owner[1]) is not None and app.tree.mount(place).optional
        if shown and place not in known:
            yield app.gap(GapKind.ELSEWHERE, owner, cover, (place,), app.tree.mount(local[2]))


def _is_guarded_by_hand(app: App, key: Key) -> bool:
    """Whether somebody put the closer boundary around a component or what mounts it, and it is no error file."""
    at = (key, Cover.LOCAL)
    while (step := app.came.get(at)) is not None:
        at = step[0], step[1]
        if step[1] is not Cover.LOCAL:
            return True
    return False


def _is_composite(app: App, key: Key) -> bool:
    definition = app.tree.definition(key)
    inner = {target for _, target in app.tree.below.get(key, ()) if target != key}
    return definition is not None and definition.stateful and not inner.isdisjoint(app.tree.risky)
