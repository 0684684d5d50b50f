"""Applications of which no error boundary holds the greater part."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from chunklint.semantics.ecmascript.coverage import App
from chunklint.semantics.ecmascript.holes import Gap, GapKind
from chunklint.semantics.ecmascript.mounts import MADE, ROUTE, UNKNOWN
from chunklint.semantics.ecmascript.render_tree import Place, is_data_router, is_route
from chunklint.semantics.ecmascript.routes import Cover, Root
from chunklint.semantics.ecmascript.workspaces import Key

_FEW = 3
_SMALL = 12
_SHOWING = 2
_OWN = 12  # an app of fewer components of its own, with a library's for nearly all others, is there to show that
_NEARLY = 0.8


def bare(app: App) -> Iterator[Gap]:
    """No boundary holds the greater part: that is said once, at the entry."""
    # A root above nothing but boundaries leaves nothing out: what fails beside them belongs to another one.
    failing = app.failing & app.uncovered
    bare_roots = (root for root in app.roots if root.cover is Cover.NONE)
    uncovered = [one for one in bare_roots if one.framework or not failing.isdisjoint(app.tree.reach((one.key,)))]
    # An error file beside a layout holds the pages in it, whatever the other router of Next leaves out.
    uncovered = [one for one in uncovered if not _holds_covered_pages(app, one)]
    kinds = ("next-page", "remix-page")
    shells = [one for one in uncovered if one.framework not in kinds]
    # A starter's layout that nobody removed may lie nearer to the top than the shell of the real app.
    held = [len(_held_by_shell(app, one)) for one in shells]
    largest = max(held, default=0)
    shells = [one for one, count in zip(shells, held, strict=True) if 2 * count > largest]
    root = min(shells or uncovered, key=lambda one: (_where(one).count("/"), _where(one), one.key), default=None)
    if (
        root is None
        or _is_opaque(app)
        or _shows_a_library(app, root)
        or app.tree.guards_made(root.key[0])
        or len(app.components) < _FEW
        or (not root.framework and len(app.tree.reach((root.key,)) & app.components) < _FEW)
        or not _shows_data(app)
    ):
        return
    further = [
        place
        for key in sorted(app.mounted)
        for place in app.tree.mounts_of.get(key, ())
        if app.tree.guards(place) and any(app.targets.get(inner) for inner in app.tree.inside(place))
    ]
    widest = max(further, key=lambda one: len(app.tree.reach(app.held(one))), default=None)
    other = app.tree.mount(widest) if widest is not None else None
    if app.shadowed:
        yield from _shadowed(app, root)
    else:
        yield Gap(GapKind.BARE, root, (), (), None, other, (), _share(app, root), app.stand_in(root))


def _shadowed(app: App, root: Root) -> Iterator[Gap]:
    """The data router whose own error page comes before the boundary around it."""
    router = min(app.shadowed)
    owner = router.path, app.tree.mount(router).owner
    cover = max((cover for key, cover in app.came if key == owner), default=Cover.NONE)
    gap = app.gap(GapKind.BARE, owner, cover, (router,), None)
    if gap.boundary is not None:
        yield replace(gap, root=root)


def _holds_covered_pages(app: App, root: Root) -> bool:
    """Whether a root is a layout of Next's `app` folder, and each page in that has something that covers it."""
    if root.framework != "next-layout":
        return False
    pages = [one for one in _inside(app, root) if one.framework == "next-page"]
    return bool(pages) and all(one.cover is not Cover.NONE for one in pages)


def _share(app: App, root: Root) -> tuple[int, int]:
    """How many of the components are covered, and how many there are: of a root's own beside Next's other router."""
    if root.framework != "next-pages" or all(one.framework != "next-layout" for one in app.roots):
        return app.share()
    own = _held_by_shell(app, root) & app.components
    return len(own - app.uncovered), len(own)


def _held_by_shell(app: App, root: Root) -> set[Key]:
    """The definitions that a shell holds: what it mounts, and the pages that a framework mounts in it."""
    pages = [one.key for one in _inside(app, root) if one.framework != root.framework]
    return app.tree.reach((root.key, *pages))


def _inside(app: App, root: Root) -> Iterator[Root]:
    """The roots in the folder of another one, and below."""
    folder = posixpath.dirname(_where(root)) + "/"
    return (one for one in app.roots if _where(one).startswith(folder))


def _shows_a_library(app: App, root: Root) -> bool:
    """Whether nearly all that an application shows is of a library that its repository publishes."""
    resolution = app.tree.workspace.resolution
    own = resolution.package_of(root.key[0])
    packages = [resolution.package_of(key[0]) for key in app.components]
    of_library = sum(one is not None and one.library and one != own for one in packages)
    return sum(one == own for one in packages) < _OWN and of_library >= _NEARLY * len(packages)


def _shows_data(app: App) -> bool:
    """Whether there is data for something to fail on; one place of it in a larger app is next to nothing."""
    showing = len(app.tree.feeding & app.components)
    return showing >= (_SHOWING if len(app.components) >= _SMALL else 1)


def _is_opaque(app: App) -> bool:
    """Whether a boundary holds what cannot be seen, such as the pages that a registry renders.

    One that is a part of a page holds no pages, and what a higher-order component is given is all that its own holds.
    """
    return (
        _routes_are_unseen(app)
        or _pages_are_unseen(app)
        or _elements_are_made(app)
        or any(
            app.tree.guards(place) and not any(map(partial(_is_seen, app), app.tree.inside(place)))
            for key in app.uncovered - app.on_pages()
            for place in app.tree.mounts_of.get(key, ())
            if not is_route(app.tree.mount(place)) and not app.holds_slot(place) and not app.tree.is_covered(place)
        )
    )


def _is_unread_router(app: App, place: Place) -> bool:
    return is_data_router(app.tree.mount(place)) and place not in app.targets


def _pages_are_unseen(app: App) -> bool:
    """Whether a boundary holds what is taken from a registry: `<one.component />`, `component={one.component}`."""
    guards = (place for key in app.mounted for place in app.tree.mounts_of.get(key, ()) if app.tree.guards(place))
    for place in guards:
        inside = [app.tree.mount(inner) for inner in app.tree.inside(place)]
        routes = sum(map(is_route, inside)) if not is_route(app.tree.mount(place)) else 1
        taken = (one for one in inside if one.module == UNKNOWN and "." in one.tag and not one.tag.endswith("Provider"))
        if routes and 2 * sum(1 for _ in taken) >= routes:
            return True
    return False


def _elements_are_made(app: App) -> bool:
    """Whether calls make what half of the routes show: `element: load("./barn")` may put a boundary around it."""
    places = [place for key in app.mounted for place in app.tree.mounts_of.get(key, ())]
    routes = [place for place in places if app.tree.mount(place).tag == ROUTE]
    made = [place for place in places if app.tree.mount(place).tag == MADE]
    return bool(made) and 2 * len(made) >= len(routes)


def _is_seen(app: App, place: Place) -> bool:
    """Whether it is known what a mount shows, or that it is a package's."""
    mount = app.tree.mount(place)
    return mount.module != UNKNOWN and (mount.tag[:1] != "{" or place in app.targets)


def _routes_are_unseen(app: App) -> bool:
    """Whether a router is given its routes from nowhere, or a call makes the children of a route with a boundary."""
    places = [place for key in app.mounted for place in app.tree.mounts_of.get(key, ())]
    seen = any(is_route(app.tree.mount(place)) for place in places)
    if not seen and any(_is_unread_router(app, place) for place in places):
        return True
    routes = (place for place in places if app.tree.has_error_element(app.tree.mount(place)))
    return any(
        is_route(app.tree.mount(place))
        and "children" in app.tree.mount(place).props
        and not any(app.tree.mount(inner).prop == "children" for inner in app.tree.inside(place))
        for place in routes
    )


def _where(root: Root) -> str:
    """The file in which a framework or a browser finds a root."""
    return root.file or root.key[0]
