"""Neighbours in one component of which one or more lack the error boundary that they should have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from chunklint.semantics.ecmascript.coverage import App
from chunklint.semantics.ecmascript.holes import Gap, GapKind
from chunklint.semantics.ecmascript.mounts import ENTRY, Mount
from chunklint.semantics.ecmascript.outlets import catcher
from chunklint.semantics.ecmascript.render_tree import Place, is_route
from chunklint.semantics.ecmascript.routes import Cover
from chunklint.semantics.ecmascript.workspaces import Key

# An app of so many components is no sketch: whoever put a boundary around most of it saw what stands beside.
_LARGE = 40
OVERLAY = re.compile(
    r"(?:\wModal|\wDialog|\wDrawer|Toast|Toaster|Popup|Lightbox|Overlay|Snackbar|CommandPalette|CommandMenu|Notification)s?"
    r"(?:Root|Host|Container|Manager|Stack|Center|List|Renderer|Wrapper)?$"
)
_TOAST = re.compile(r"(?:Toast|Toaster|Sonner|Snackbar|Notification)s?(?:Container|Host|Root|Provider|Renderer)?$")
_WAITING = re.compile(r"(?:Loading|Loader|Spinner|Progress|Skeleton|Indicator)(?:Bar|Screen|Overlay|Page)?$")
# What frames the pages: links and names, which fail only when all else does, and what only holds a state for them.
_CHROME = re.compile(
    r"(?:Nav|Sidebar|SideBar|Header|Topbar|TopBar|AppBar|Footer|Breadcrumb|Banner|Menubar|Toolbar)(?!Modal|Dialog)|"
    r"Provider$"
)
_SHELL = 4  # a shell holds this part of the app, at least
_PAGE = 6  # an overlay in which so many components show data is as large as a page
_BETTER = 10  # pages have boundaries of their own if this part of what is in them is covered by those, at least


def families(app: App, owner: Key, cover: Cover) -> Iterator[tuple[Gap, tuple[Place, ...]]]:
    """The neighbours in one component that lack a boundary, run by run."""
    groups: dict[tuple[int, int], list[Place]] = {}
    for place in app.tree.mounts_of.get(owner, ()):
        mount = app.tree.mount(place)
        groups.setdefault((mount.parent, mount.group), []).append(place)
    for places in groups.values():
        wrapped = [place for place in places if _is_wrapped(app, place)]
        if not wrapped and not app.on_trunk(owner, cover):
            continue
        reasons = [(place, _why(app, place, owner, cover, wrapped)) for place in places]
        spoken = [(place, why) for place, why in reasons if why is not None or _parts(app, place, cover)]
        for why, run in groupby(spoken, key=lambda one: one[1]):
            family = tuple(place for place, _ in run)
            if why is None or all(_TOAST.search(app.tree.mount(place).tag) for place in family):
                continue
            if why is GapKind.OUTSIDE and len(family) == 1 and not _reads(app, family[0]):
                continue
            if why is GapKind.OVERLAY and all(_is_single(app, place) for place in family):
                continue
            other = catcher(app.tree, wrapped[0]) if wrapped else None
            yield app.gap(why, owner, cover, family, other), family


def _why(app: App, place: Place, owner: Key, cover: Cover, wrapped: Sequence[Place]) -> GapKind | None:
    if app.tree.is_fallback(place) or app.cover(place, cover) is not cover:
        return None
    if all(map(app.brings_boundary, app.held(place))):
        return None
    mount, on_trunk = app.tree.mount(place), app.on_trunk(owner, cover)
    # Without data of any kind there is nothing that could be of another shape than the code thinks.
    can_fail = not app.tree.fed.isdisjoint(app.held(place)) and not _CHROME.search(app.name_of(place))
    shell = can_fail and cover is Cover.ROOT and on_trunk and owner in app.stems and _is_shell(app, owner, cover)
    if shell and _is_overlay(app, place) and any(_pages_by(app, place, cover)):
        return GapKind.OVERLAY if _stands_out(app, place, owner, cover) else None
    around = next(app.tree.enclosing(place), None)
    if not app.is_clean(place, cover) or (around is not None and app.is_clean(around[0], cover)):
        return None
    if app.tree.risky.isdisjoint(app.held(place)):
        return None
    if cover is Cover.NONE and on_trunk:
        waits = _WAITING.search(mount.tag) is not None
        instead = waits or not can_fail or _is_ornament(app, place) or _is_instead_of_pages(app, place, cover)
        return None if instead or _is_page_of_one(app, place) else GapKind.OUTSIDE
    if mount.group < 0 and not is_route(mount):
        return None  # at the top of what a function returns, as the cells of a table: nothing stands beside it
    beside = [other for one in wrapped if _are_together(mount, other := app.tree.mount(one))]
    # Beside routes stand routes: what their layout shows holds them.
    beside = [other for other in beside if is_route(other) or not is_route(mount)]
    alike = [other for other in beside if other.conditional == mount.conditional]
    return GapKind.SIBLING if len(alike) > (0 if mount.conditional or is_route(mount) else 1) else None


def _is_single(app: App, place: Place) -> bool:
    """Whether one component alone shows data in a mount, in an app of many."""
    return len(app.components) >= _LARGE and len(app.tree.reach(app.held(place)) & app.tree.feeding) <= 1


def _reads(app: App, place: Place) -> bool:
    """Whether rendering reads data anywhere in a mount, and not only a handler or an effect asks for some."""
    defined = map(app.tree.definition, app.tree.reach(app.held(place)))
    return any(one is not None and one.reads for one in defined)


def _is_ornament(app: App, place: Place) -> bool:
    """Whether all that can fail in a mount is one component, in an app of many: a signature, a list of links."""
    if len(app.components) < _LARGE or is_route(app.tree.mount(place)):
        return False
    own = app.tree.reach(app.held(place))
    return len(own & app.tree.risky) == 1 or len(own & app.tree.feeding) == 1


def _is_page_of_one(app: App, place: Place) -> bool:
    """Whether a mount is all that its owner returns there, and one component alone: a fallback would save nothing."""
    mount = app.tree.mount(place)
    alone = mount.group < 0 and mount.parent < 0 and mount.owner != ENTRY
    return alone and mount.optional and len(app.tree.reach(app.held(place))) == 1


def _is_shell(app: App, owner: Key, cover: Cover) -> bool:
    """Whether the route or layout that an owner is part of holds many of the pages, unlike a corner's layout."""
    route = _route_around(app, owner, cover)
    if route is not None:
        held = app.tree.reach(app.held(route))
        return app.leads_on(route, held) and _SHELL * len(held & app.mounted) >= len(app.mounted)
    pages = [one for one in app.roots if one.framework == "next-page"]
    folders = _folders_around(app, owner)
    return not folders or _SHELL * sum(page.file.startswith(folders) for page in pages) >= len(pages)


def _route_around(app: App, owner: Key, cover: Cover) -> Place | None:
    """The route that an owner is shown by, itself or as part of what shows it."""
    step = app.came.get((owner, cover))
    while step is not None:
        around = app.tree.enclosing(step[2])
        route = next((outer for outer, _ in around if is_route(app.tree.mount(outer))), None)
        if route is not None:
            return route
        step = app.came.get((step[0], step[1]))
    return None


def _folders_around(app: App, owner: Key) -> tuple[str, ...]:
    """The folders of Next whose layouts mount an owner."""
    layouts = [one for one in app.layouts if owner in app.layouts[one]]
    return tuple({posixpath.dirname(one.file) + "/" for one in layouts})


def _stands_out(app: App, place: Place, owner: Key, cover: Cover) -> bool:
    """Whether an overlay deserves a boundary more than the pages beside it.

    It does where those have boundaries of their own, in part at least, or where it is as large as a page itself.
    """
    if len(app.tree.reach(app.held(place)) & app.tree.feeding) >= _PAGE:
        return True
    above = set(app.tree.guards_above(place))
    if any(not above.issuperset(app.tree.guards_above(one)) for one in _pages_by(app, place, cover)):
        return True
    beside = _beside(app, owner, cover)
    better = [key for key in beside if (key, cover) not in app.came]
    return bool(better) and _BETTER * len(better) >= len(beside)


def _beside(app: App, owner: Key, cover: Cover) -> set[Key]:
    """The components of the pages that a shell shows; those of the whole app where that is not seen."""
    route, folders = _route_around(app, owner, cover), _folders_around(app, owner)
    shown: list[Key] = []
    if route is not None:
        held = app.tree.reach(app.held(route))
        inner = (*app.tree.inside(route), *(one for key in held for one in app.tree.mounts_of.get(key, ())))
        routes = (one for one in inner if is_route(app.tree.mount(one)))
        pages = (app.held(one) for one in routes if not app.leads_on(one, app.tree.reach(app.held(one))))
        shown = [key for keys in pages for key in keys]
    elif folders:
        shown = [one.key for one in app.roots if one.framework == "next-page" and one.file.startswith(folders)]
    return app.tree.reach(shown) & app.components or app.components


def _is_overlay(app: App, place: Place) -> bool:
    """Whether a mount is a modal, drawer or toast with a state of its own and no boundary right inside it."""
    key = app.tree.target(place)
    if key is None or key not in app.tree.risky or not OVERLAY.search(app.tree.mount(place).tag):
        return False
    own = app.tree.mounts_of.get(key, ())
    return not app.tree.inside(place) and not any(app.tree.guards(inner) for inner in own)


def _pages_by(app: App, place: Place, cover: Cover) -> Iterator[Place]:
    """The mounts of the pages, or of what leads to them, that are shown together with an overlay."""
    own, around = app.tree.mount(place), {place, *(one for one, _ in app.tree.enclosing(place))}
    others = (one for one in app.tree.mounts_of.get((place.path, own.owner), ()) if one not in around)
    beside = (one for one in others if _are_together(own, app.tree.mount(one)))
    return (one for one in beside if not app.is_clean(one, cover))


def _is_instead_of_pages(app: App, place: Place, cover: Cover) -> bool:
    """Whether this is shown when the pages are not: on a ternary's other side, or by an entry that found no app."""
    own, around = app.tree.mount(place), {place, *(one for one, _ in app.tree.enclosing(place))}
    others = [one for one in app.tree.mounts_of.get((place.path, own.owner), ()) if one not in around]
    apart = [one for one in others if not _are_together(own, app.tree.mount(one))]
    if own.owner != ENTRY:
        apart = [one for one in apart if app.tree.mount(one).top == own.top]
    return any(not app.is_clean(one, cover) for one in apart)


def _parts(app: App, place: Place, cover: Cover) -> bool:
    """Whether a mount stands between two others so that they are no run: pages, or what has its own boundary."""
    return not app.is_clean(place, cover)


def _is_wrapped(app: App, place: Place) -> bool:
    mount = app.tree.mount(place)
    if is_route(mount):
        inside = app.tree.inside(place)
        # What a layout catches is no more than the pages in it: no other route has to have a boundary for that.
        if any(is_route(app.tree.mount(one)) for one in inside):
            return False
        inner = [one for one in inside if app.tree.mount(one).parent == place.at]
        # Nor has it to for a page that brings a boundary of its own.
        guards = [one for one in inner if app.tree.guards(one) and app.tree.inside(one)]
        guards += [place] if app.tree.has_error_element(mount) else []
    else:
        guards = [place] if app.tree.guards(place) else []
    return any(app.reach_of(one) is Cover.LOCAL and app.held(one) for one in guards)


def _are_together(one: Mount, other: Mount) -> bool:
    """Whether two mounts of a component are in one element, and not on two sides of a ternary."""
    sides = dict(one.branches)
    return one.top == other.top and all(sides.get(start, side) == side for start, side in other.branches)
