"""Fallbacks that fail where they stand: what a boundary shows is rendered outside of all that the boundary holds."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.semantics.ecmascript.definitions import ROUTER_PACKAGE
from chunklint.semantics.ecmascript.mounts import SLOT, Mount
from chunklint.semantics.ecmascript.render_tree import ROUTERS, Place, RenderTree, is_route

# They throw outside of a router.
_NEED_ROUTER = frozenset({"Link", "NavLink", "Navigate"})


def failing_part(tree: RenderTree, guard: Place) -> Mount | None:
    """The part of a boundary's fallback that throws in its turn, for want of the router that the boundary holds.

    Routers do not nest: where a boundary holds one, there is none above it.
    """
    if is_route(tree.mount(guard)) or not _holds_router(tree, guard):
        return None
    return next((tree.mount(place) for place in _shown_instead(tree, guard) if _needs_router(tree, place)), None)


def _holds_router(tree: RenderTree, guard: Place) -> bool:
    inside = tree.inside(guard)
    held = tree.reach(key for place in inside if (key := tree.target(place)) is not None)
    below = (place for key in held for place in tree.mounts_of.get(key, ()))
    return any(_is_of_router(tree.mount(place), ROUTERS) for place in (*inside, *below))


def _shown_instead(tree: RenderTree, guard: Place) -> Iterator[Place]:
    """What is mounted when a boundary has caught an error: what it is given for that, and what its own code shows."""
    yield from tree.instead_of(guard)
    mount = tree.mount(guard)
    found = tree.workspace.find(guard.path, mount.module, mount.imported)
    definition = tree.definition(found[0]) if found is not None else None
    if found is None or definition is None:
        return
    for place in tree.mounts_of.get(found[0], ()):
        holds = [tree.mount(one).tag for one in (place, *tree.inside(place))]
        if tree.is_fallback(place) or (definition.kind == "boundary" and SLOT not in holds):
            yield place


def _needs_router(tree: RenderTree, place: Place) -> bool:
    if _is_of_router(tree.mount(place), _NEED_ROUTER):
        return True
    key = tree.target(place)
    for one in tree.reach((key,)) if key is not None else ():
        definition = tree.definition(one)
        if definition is not None and definition.routed:
            return True
        shown = map(tree.mount, tree.mounts_of.get(one, ()))
        if any(_is_of_router(mount, _NEED_ROUTER) for mount in shown):
            return True
    return False


def _is_of_router(mount: Mount, names: frozenset[str]) -> bool:
    return mount.imported in names and ROUTER_PACKAGE.match(mount.module) is not None
