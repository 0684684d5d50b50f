"""The error boundaries that hold the pages of an app, or all of it: what they show instead takes everything away.

A boundary around one part of a page is another matter. Whoever leaves the page, closes the dialog or opens another tab
mounts the part anew, and gets a fresh boundary with it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from chunklint.languages.base import SourceFile
from chunklint.records import record
from chunklint.semantics.ecmascript.mounts import ENTRY, SLOT, SPREAD, Front, Mount
from chunklint.semantics.ecmascript.render_tree import ROUTERS, Place, RenderTree, is_route
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.workspaces import Key

_DEPTH = 4
_MANY = 4
_OUTLETS = frozenset({"Outlet", "Routes", "Switch", *ROUTERS})
# What an application mounts around all of its pages, by the names that such components and files are given.
_AROUND_ALL = re.compile(r"(?:Layout|Shell|Root|Providers?)$|^(?:App|_app|layout|root)$")
_FRAME = re.compile(r"<(\w*(?:Layout|Shell))(?=[\s/>])")
_PART = re.compile(r"Form|Card|Modal|Dialog|Drawer|Chart|Section|Panel|Widget|Field|Tab|Grid|List|Table|Editor|Sidebar")
_APP = re.compile(r"^(?:\w*App|Root|Application)(?:Component|Container)?$")
_NO_PART = re.compile(r"(?:Provider|Theme|StrictMode|Suspense|Router|Fragment)$")


@record
class Frames:
    """The components that a file mounts and that are called as if they stood around all pages."""

    names: tuple[str, ...]


def frames(file: SourceFile) -> Frames:
    """What a file mounts under the name of a frame."""
    return Frames(tuple(sorted(set(_FRAME.findall(file.content)))))


def page_boundaries(
    fronts: Mapping[str, Front], resolution: Resolution, mounted_frames: Iterable[Frames]
) -> dict[Place | Key, Mount]:
    """The mounts around pages without a `key`, and what they mount, each with the mount that has the pages in it.

    A layout that many files mount is brought along by each page, and goes when another one is shown.
    """
    tree = RenderTree(fronts, resolution)
    counts = Counter(name for one in mounted_frames for name in one.names)
    of_pages = frozenset(name for name, count in counts.items() if count >= _MANY)
    mounted: dict[Key, list[Place]] = defaultdict(list)
    for path, front in fronts.items():
        for at in range(len(front.mounts)):
            key = tree.target(Place(path, at))
            if key is not None:
                mounted[key].append(Place(path, at))
    found: dict[Place | Key, Mount] = {}
    for path, front in fronts.items():
        for at, mount in enumerate(front.mounts):
            place = Place(path, at)
            held = _around_pages(tree, mounted, of_pages, place, _DEPTH) if "key" not in mount.props else None
            if held is None:
                continue
            found[place] = mount
            key = tree.target(place)
            if key is not None:
                found.setdefault(key, held)
    return found


def _around_pages(
    tree: RenderTree, mounted: Mapping[Key, list[Place]], of_pages: frozenset[str], place: Place, depth: int
) -> Mount | None:
    """The mount that has the pages in it: this one, or that of a component which is made around it."""
    mount = tree.mount(place)
    inside = [tree.mount(one) for one in tree.inside(place)]
    stem = PurePosixPath(place.path).stem
    if any(is_route(one) or RenderTree.shows(one, _OUTLETS) or (stem == "_app" and _is_page(one)) for one in inside):
        return mount
    if not inside:
        return None
    above = [tree.mount(around).tag for around, _ in tree.enclosing(place)]
    if (mount.owner == ENTRY or _APP.match(mount.owner)) and all(map(_NO_PART.search, above)) and not mount.optional:
        return mount
    if all(one.tag != SLOT for one in inside):
        return None
    is_frame = mount.owner not in of_pages and (_AROUND_ALL.search(mount.owner) or _AROUND_ALL.match(stem))
    if is_frame and not _PART.search(mount.owner):
        return mount
    # A component around the boundary holds what the boundary is given.
    wrapped = mounted.get((place.path, mount.owner), ()) if depth else ()
    keyless = (one for one in wrapped if "key" not in tree.mount(one).props)
    held = (_around_pages(tree, mounted, of_pages, one, depth - 1) for one in keyless)
    return next((one for one in held if one is not None), None)


_LAYOUT_FILE = re.compile(r"^layout\.[jt]sx?$")
_LEADS_ON = re.compile(
    r"<(?:a|nav|Link|NavLink|\w*(?:Nav|Navbar|Navigation|Sidebar|Header|Menu|Shell|TopBar|AppBar|Layout))(?=[\s/>])"
)


def layout_that_leads_on(file: SourceFile) -> str | None:
    """The folder whose pages this file frames with a menu, a header or links; None for any other file."""
    path = PurePosixPath(file.path)
    if _LAYOUT_FILE.match(path.name) is None or _LEADS_ON.search(file.content) is None:
        return None
    return path.parent.as_posix()


def _is_page(mount: Mount) -> bool:
    """Whether this is the page that Next's `_app` is given: `<Component {...pageProps} />`."""
    return mount.tag == "Component" and SPREAD in mount.props
