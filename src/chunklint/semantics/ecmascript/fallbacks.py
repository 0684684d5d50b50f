"""Fallbacks that fail where they stand: what a boundary shows is rendered outside of all that the boundary holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chunklint.semantics.ecmascript.definitions import ROUTER_PACKAGE
from chunklint.semantics.ecmascript.mounts import SLOT, Mount
from chunklint.semantics.ecmascript.render_tree import ROUTERS, Place, RenderTree, is_route

# They throw outside of a router.
_NEED_ROUTER = frozenset({"Link", "NavLink", "Navigate"})
_SHOWN_PROPS = frozenset({"children", "component", "as"})
# Their children come when something is opened, or holds.
_HIDING = re.compile(r"Modal|Dialog|Drawer|Popover|Popper|Menu|Dropdown|Tooltip|Collapse|Accordion|Tab|Show|When|^If$")


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
    mount = tree.mount(guard)
    # A fallback may be a function of its own: `fallbackRender={() => <Crash />}`.
    given = (one for one in tree.instead_of(guard) if tree.mount(one).callbacks <= mount.callbacks + 1)
    yield from (one for one in given if mount.optional or not tree.mount(one).optional)
    found = tree.workspace.find(guard.path, mount.module, mount.imported)
    definition = tree.definition(found[0]) if found is not None else None
    if found is None or definition is None:
        return
    for place in tree.mounts_of.get(found[0], ()):
        own = tree.mount(place)
        holds = [tree.mount(one).tag for one in (place, *tree.inside(place))]
        is_of_class = definition.kind == "boundary" and SLOT not in holds
        # A class asks whether it has failed, once: what another condition within an element decides on may not come.
        asks = is_of_class and (own.group < 0 or not own.conditional)
        if asks or (tree.is_fallback(place) and not own.optional and own.callbacks <= 1):
            yield place


def _needs_router(tree: RenderTree, place: Place) -> bool:
    """Whether a mount uses the router whatever it is given, itself or by what it always shows."""
    if _is_of_router(tree.mount(place), _NEED_ROUTER):
        return True
    key = tree.target(place)
    pending = [key] if key is not None else []
    seen = set(pending)
    while pending:
        key = pending.pop()
        definition = tree.definition(key)
        if definition is not None and definition.routed:
            return True
        for inner in tree.mounts_of.get(key, ()):
            if not _is_always_shown(tree, inner):
                continue
            if _is_of_router(tree.mount(inner), _NEED_ROUTER):
                return True
            below = tree.target(inner)
            if below is not None and below not in seen:
                seen.add(below)
                pending.append(below)
    return False


def _is_always_shown(tree: RenderTree, place: Place) -> bool:
    """Whether no condition, list, parser or overlay decides on whether a component shows a mount."""
    mount = tree.mount(place)
    if mount.optional or mount.callbacks:
        return False
    ways = [(mount.prop, ""), *((tree.mount(one).prop, tree.mount(one).tag) for one, _ in tree.enclosing(place))]
    return all(prop in _SHOWN_PROPS and not _HIDING.search(tag) for prop, tag in ways)


def _is_of_router(mount: Mount, names: frozenset[str]) -> bool:
    return mount.imported in names and ROUTER_PACKAGE.match(mount.module) is not None
