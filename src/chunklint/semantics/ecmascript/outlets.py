"""The boundaries that routes bring in what they show: around a layout's outlet, or around all of a route's element."""

from __future__ import annotations

from chunklint.semantics.ecmascript.mounts import Mount
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree, is_route
from chunklint.semantics.ecmascript.workspaces import Key

_DEPTH = 4


def catcher(tree: RenderTree, guard: Place) -> Mount:
    """What is to be called the boundary: the route itself where it has an `errorElement`, or what it shows."""
    mount = tree.mount(guard)
    if not is_route(mount) or tree.has_error_element(mount):
        return mount
    around = next((one for one in tree.inside(guard) if tree.guards(one) and not is_route(tree.mount(one))), None)
    if around is not None and not _is_layout(tree, around):
        return tree.mount(around)
    inner = _in_layout(tree, guard)
    return tree.mount(inner) if inner is not None else mount


def leaves_frame(tree: RenderTree, route: Place) -> bool:
    """Whether a route catches errors within its layout, of which something else stays on the page."""
    mount = tree.mount(route)
    if not is_route(mount) or tree.has_error_element(mount):
        return False
    guard = _in_layout(tree, route)
    if guard is None:
        return False
    own = tree.mounts_of.get((guard.path, tree.mount(guard).owner), ())
    held = {guard, *tree.inside(guard), *(one for one, _ in tree.enclosing(guard))}
    return any(one not in held and not tree.is_fallback(one) and tree.target(one) is not None for one in own)


def _is_layout(tree: RenderTree, place: Place) -> bool:
    """Whether a mount catches by the boundary at its outlet alone."""
    return tree.target(place) is not None and not tree.inside(place)


def _in_layout(tree: RenderTree, route: Place) -> Place | None:
    """The boundary at the outlet of what a route shows."""
    for place in tree.inside(route):
        if _leads_to_element(tree, place, route):
            key = tree.target(place)
            found = _at_outlet(tree, key, _DEPTH) if key is not None else None
            if found is not None:
                return found
    return None


def _leads_to_element(tree: RenderTree, place: Place, route: Place) -> bool:
    prop = next((prop for around, prop in tree.enclosing(place) if around == route), "")
    return prop == "element"


def _at_outlet(tree: RenderTree, key: Key, depth: int) -> Place | None:
    places = tree.mounts_of.get(key, ())
    for place in places:
        if tree.shows(tree.mount(place)):
            found = next(tree.guards_above(place), None)
            if found is not None:
                return found
    for place in places if depth else ():
        below = tree.target(place)
        found = _at_outlet(tree, below, depth - 1) if below is not None and below != key else None
        if found is not None:
            return found
    return None
