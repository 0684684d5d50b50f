"""What no error boundary covers, or only one that is too far away: the holes in the cover of all mounted trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from chunklint.semantics.ecmascript.bare import bare
from chunklint.semantics.ecmascript.coverage import App
from chunklint.semantics.ecmascript.fallbacks import failing_part
from chunklint.semantics.ecmascript.holes import Gap, GapKind
from chunklint.semantics.ecmascript.mounts import ENTRY, Front
from chunklint.semantics.ecmascript.neighbours import OVERLAY, families
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.routes import Cover, roots_of
from chunklint.semantics.ecmascript.workspaces import Key

_ISLAND = 50


def gaps(fronts: Mapping[str, Front], resolution: Resolution) -> Iterator[Gap]:
    """The holes of every application in the files, which must be all files of the project."""
    tree = RenderTree(fronts, resolution)
    islands: set[str] = set()
    for _, roots in sorted(roots_of(tree).items()):
        for gap in _of_app(App(tree, roots)):
            # The islands of a server's pages are many small apps; what they lack is said at the first.
            folder = gap.root.place.path.partition("/")[0]
            of_entry = gap.kind is GapKind.OUTSIDE and any(mount.owner == ENTRY for mount in gap.mounts)
            if of_entry or (gap.kind is GapKind.BARE and gap.share[1] < _ISLAND):
                if folder in islands:
                    continue
                islands.add(folder)
            yield gap


def _of_app(app: App) -> Iterator[Gap]:
    """The holes of one application: one for all of it, or its families."""
    yield from _failing(app)
    if 2 * len(app.uncovered) > len(app.components):
        yield from bare(app)
        return
    yield from _pages(app)
    taken: set[Place] = set()
    for key, cover in sorted(app.came):
        if cover is Cover.LOCAL or (cover is Cover.ROOT and (key, Cover.NONE) in app.came):
            continue
        for gap, places in families(app, key, cover):
            taken.update(places)
            yield gap
    yield from _elsewhere(app, taken)


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
    pages = [one for one in found if not app.is_stem(one.key, Cover.NONE)]
    if pages:
        yield Gap(GapKind.OUTSIDE, pages[0], (), (), None, None, (), app.share())


def _elsewhere(app: App, taken: Iterable[Place]) -> Iterator[Gap]:
    """Parts of overlays that have a closer boundary where they are mounted elsewhere."""
    known = set(taken)
    for key in sorted(app.components):
        local, far = app.came.get((key, Cover.LOCAL)), app.came.get((key, Cover.ROOT))
        if local is None or far is None or not _is_composite(app, key):
            continue
        owner, cover, place = far
        # Elsewhere the page around it may be what has the boundary, and not this part of it.
        if local[0] == owner or not app.tree.guarded(local[2]):
            continue
        shown = OVERLAY.search(owner[1]) is not None and app.tree.mount(place).optional
        if shown and place not in known:
            yield app.gap(GapKind.ELSEWHERE, owner, cover, (place,), app.tree.mount(local[2]))


def _is_composite(app: App, key: Key) -> bool:
    definition = app.tree.definition(key)
    inner = {target for _, target in app.tree.below.get(key, ()) if target != key}
    return definition is not None and definition.stateful and not inner.isdisjoint(app.tree.risky)
