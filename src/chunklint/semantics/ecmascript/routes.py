"""Where the rendered trees of a front end begin: calls that render into the page, and files that a router mounts."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.modules import module_files
from chunklint.semantics.ecmascript.mounts import ENTRY, SLOT, SPREAD, UNKNOWN
from chunklint.semantics.ecmascript.render_tree import Place, RenderTree, app_of
from chunklint.semantics.ecmascript.workspaces import Key


class Cover(IntEnum):
    """How far away the nearest error boundary is: there is none, it holds most of the app, or it is a closer one."""

    NONE = 0
    ROOT = 1
    LOCAL = 2


@record
class Root:
    """A definition that something outside the sources mounts, under what, and where to speak of it.

    `boundary` is the file that covers it, for frameworks whose boundaries are files, and `file` the one that a
    framework finds it in: it may be defined elsewhere.
    """

    key: Key
    cover: Cover
    place: Location
    name: str
    boundary: str = ""
    framework: str = ""
    file: str = ""


_ENTRY_FILES = re.compile(
    r"^(?:main|index|app|client|root|bootstrap|mount|renderer|entry.*|.*[-_.]?entry)$", re.IGNORECASE
)
_ASIDE = frozenset(
    (
        *("examples", "example", "playground", "demo", "demos", "sandbox"),
        *("showcase", "gallery", "storybook", "samples", "mocks"),
        *("template", "templates", "emails", "preview", "previews", "scripts", "dev"),
    )
)
_SHOWN_OFF = re.compile(
    r"(?:^|[-_/.])(?:playground|showcase|gallery|storybook|sandbox|test-?bed|demos?|examples?|templates?)(?:$|[-_/.])"
)
# What users of a library copy to begin with; the package of a whole repository may keep the name of what it began as.
_COPIED = re.compile(r"[-_.](?:recipes?|starters?|boilerplates?)$")
# What a visitor is shown of a product before using it, beside the product itself: an app, or a library.
_POSTER = re.compile(r"(?:^|[-_/.])(?:landing|landing-page|marketing|website|homepage|www)$")
_DOCUMENTS = re.compile(r"(?:^|[-_.])(?:docs?|demo)(?:$|[-_.])|^(?:documentation|handbook|api-reference)$")
_DOCUMENTING = re.compile(r"^(?:@[\w-]+/)?(?:docs\b|fumadocs|nextra|vocs)")
_APP_FILE = re.compile(r"^(page|layout|template|default)\.[jt]sx?$")
_FRAME_FILE = re.compile(r"^(layout|template)\.[jt]sx?$")
_ERROR_FILE = re.compile(r"^(error|global-error)\.[jt]sx?$")
_NOT_PAGES = re.compile(r"^_|^api$|^404$|^500$")
_HANDED_ON = frozenset({"Component", SPREAD})
_STEPS = 3
_NEARLY = 0.8
# The folder of an application that is there to try, measure or learn something, or is used no more. Within the
# sources of one, a feature may be called so.
_BESIDE = re.compile(
    r"(?:^|/)(?:(?:e2e|perf|bench|benchmarks?|fixtures?|harness|kitchen-?sink|style-?guides?|prototypes?|experiments?|"
    r"tutorials?|workshops?|starters?|boilerplates?|archived?|deprecated|sample|generators)(?:/|$)|"
    r"(?:dev|test|mock|sample|example|e2e)-?(?:app|host|site|server|shell|bed|harness)s?(?:/|$)|"
    r"examples?-|(?:smoke|integration|e2e|load|perf)-tests?(?:/|$)|create-[\w-]+/(?:.*/)?templates?(?:-|/|$))"
)


def roots_of(tree: RenderTree) -> dict[str, list[Root]]:
    """The roots of every application of the sources, by the folder of the application."""
    found: dict[str, list[Root]] = defaultdict(list)
    for root in (*_entries(tree), *_app_router(tree), *_pages_router(tree), *_framework_mode(tree)):
        if not is_aside(root.key[0]) and not _is_shown_off(tree, root):
            found[app_of(root.boundary or root.key[0])].append(root)
    apps = {app: roots for app, roots in found.items() if not _is_handbook(tree, roots)}
    products = {app: roots for app, roots in apps.items() if not _POSTER.search(app)}
    library = any(package.library for package in tree.workspace.resolution.packages)
    return products if products or library else apps


def _is_shown_off(tree: RenderTree, root: Root) -> bool:
    """Whether a root shows a package to its own developers: of a playground, or the page that a library is tried on."""
    package = tree.workspace.resolution.package_of(root.key[0])
    if package is None:
        return False
    copied = package.folder != "" and _COPIED.search(package.name) is not None
    return copied or _SHOWN_OFF.search(package.name) is not None or (package.library and not root.framework)


def is_aside(path: str) -> bool:
    """Whether a file belongs to what stands beside an app: examples, templates, demos, its documentation."""
    folders = path.split("/")[:-1]
    named = not _ASIDE.isdisjoint(folders) or any(map(_DOCUMENTS.search, folders))
    return named or _BESIDE.search(app_of(path)) is not None


def is_error_file(path: str) -> bool:
    """Whether a path is called as Next's error files are."""
    return _ERROR_FILE.match(posixpath.basename(path)) is not None


def _is_handbook(tree: RenderTree, roots: Sequence[Root]) -> bool:
    """Whether the outermost layout is that of a documentation: its frame comes from a package made for that."""
    layouts = [root.key for root in roots if root.framework in ("next-layout", "next-pages")]
    outermost = min(layouts, key=lambda key: (key[0].count("/"), key), default=None)
    shown = tree.mounts_of.get(outermost, ()) if outermost is not None else ()
    return any(_DOCUMENTING.match(tree.mount(place).module) for place in shown)


def _entries(tree: RenderTree) -> Iterator[Root]:
    exposed = _exposed(tree)
    held = tree.reach(key for key in tree.workspace.definitions if key[0] in exposed)
    first = [place for path in sorted(tree.fronts) for place in _greatest(tree, path)]
    # What the bundler exposes another application mounts: an entry that shows just that is for development.
    first = [place for place in first if not _shows_exposed(tree, place, exposed, held)]
    shown = {place.path: _outside_of_props(tree, place) for place in first}
    # A dialog that a helper renders beside the app is part of no page, and its own business.
    named = [path for path in shown if _ENTRY_FILES.match(posixpath.basename(path).split(".")[0])]
    apps = {app_of(path) for path in named}
    for path, place in shown.items():
        if path in named or (tree.fronts[path].starts and app_of(path) not in apps):
            yield Root((path, ENTRY), Cover.NONE, tree.mount(place).place, tree.mount(place).tag.strip("{}"))


def _shows_exposed(tree: RenderTree, place: Place, exposed: set[str], held: set[Key]) -> bool:
    """Whether an entry shows what the bundler exposes, or one by a plain name nearly nothing but that.

    An entry with a name of its own (`AppCockpit`) is another way to ship the same.
    """
    key = tree.target(place)
    if key is None or key[0] in exposed:
        return key is not None
    own = tree.reach((key,)) if held and _ENTRY_FILES.match(_stem_of(place.path)) else set()
    return bool(own) and len(own & held) >= _NEARLY * len(own)


def _stem_of(path: str) -> str:
    return posixpath.basename(path).split(".")[0]


def _exposed(tree: RenderTree) -> set[str]:
    """The files that the settings of module federation offer to other applications."""
    named = (module_files("", f"./{path}", tree.fronts) for front in tree.fronts.values() for path in front.exposed)
    return {path for path in named if path is not None}


def _greatest(tree: RenderTree, path: str) -> Iterator[Place]:
    """The first mount of an entry that holds half of what it shows: no button that stands before the app."""
    below = tree.below.get((path, ENTRY), ())
    whole = len(tree.reach(target for _, target in below))
    for place, _ in below:
        within = {place, *tree.inside(place)}
        if 2 * len(tree.reach(target for inner, target in below if inner in within)) >= whole:
            yield place
            return
    yield from (place for place, _ in below[:1])


def _outside_of_props(tree: RenderTree, place: Place) -> Place:
    """The outermost mount that takes this one in a prop, as a router does its routes; the place itself for none."""
    return next((around for around, prop in reversed(list(tree.enclosing(place))) if prop == "router"), place)


def _default(tree: RenderTree, path: str) -> Key | None:
    found = tree.workspace.find(path, "./" + posixpath.basename(path), "default")
    return found[0] if found is not None else None


def _holds_itself(tree: RenderTree, path: str) -> bool:
    """Whether what a file exports by default catches all that it shows: `withErrorBoundary(Site)`, a class."""
    found = tree.workspace.find(path, "./" + posixpath.basename(path), "default")
    return found is not None and (found[1] or tree.workspace.definitions[found[0]].kind == "boundary")


def _slot(tree: RenderTree, key: Key, *tags: str) -> Place | None:
    mounts = ((place, tree.mount(place)) for place in tree.mounts_of.get(key, ()))
    # A package's component may be called so, too: `import { App as AppComponent } from "antd"`.
    return next((place for place, mount in mounts if mount.tag in tags and mount.module in ("", UNKNOWN)), None)


def _app_router(tree: RenderTree) -> Iterator[Root]:
    """Next's `app` folder: an error file covers the page beside it and all folders below, but not its own layout."""
    files = {path: posixpath.basename(path) for path in tree.fronts if "app" in path.split("/")[:-1]}
    errors = {path: name for path, name in files.items() if _ERROR_FILE.match(name)}
    layouts = {posixpath.dirname(path): path for path, name in files.items() if name.startswith("layout.")}
    frames: dict[str, list[str]] = defaultdict(list)
    for path in (path for path, name in files.items() if _FRAME_FILE.match(name)):
        frames[posixpath.dirname(path)].append(path)
    pages = [path for path, name in sorted(files.items()) if _APP_FILE.match(name)]
    homes = {home for path in pages if (home := _app_folder(path))} & {_app_folder(path) for path in layouts.values()}
    homes -= {posixpath.dirname(path) for path in _framework_roots(tree)}
    for path in pages:
        home, key = _app_folder(path), _default(tree, path)
        definition = tree.definition(key) if key is not None else None
        if home not in homes or key is None or definition is None or not _may_be_next(tree, path):
            continue
        folder = posixpath.dirname(path)
        own = [] if files[path].startswith("layout.") else [folder]
        cover, boundary = _cover_of_segment(tree, home, [*own, *_folders_above(folder, home)], errors, frames)
        slot = _slot(tree, key, SLOT) if files[path].startswith("layout.") else None
        place = tree.mount(slot).place if slot is not None else definition.place
        yield Root(key, cover, place, definition.name, boundary, "next-page" if own else "next-layout", path)


def _cover_of_segment(
    tree: RenderTree, home: str, folders: list[str], errors: Mapping[str, str], frames: Mapping[str, Sequence[str]]
) -> tuple[Cover, str]:
    for folder in folders:
        outer = all(part.startswith(("(", "[")) for part in folder[len(home) :].strip("/").split("/") if part)
        error = next((path for path, name in errors.items() if path == f"{folder}/{name}" and name[0] == "e"), None)
        if error is not None:
            return (Cover.ROOT if outer else Cover.LOCAL), error
        for frame in frames.get(folder, ()):
            key = _default(tree, frame)
            if key is not None and tree.covers_slot(key, frozenset({SLOT})):
                return (Cover.ROOT if outer else Cover.LOCAL), frame
    whole = next((path for path, name in errors.items() if name[0] == "g" and path == f"{home}/{name}"), None)
    return (Cover.ROOT, whole) if whole is not None else (Cover.NONE, "")


def _app_folder(path: str) -> str:
    parts = path.split("/")[:-1]
    return "/".join(parts[: parts.index("app") + 1]) if "app" in parts else ""


def _folders_above(folder: str, home: str) -> list[str]:
    found = []
    while len(folder) > len(home):
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found


def _may_be_next(tree: RenderTree, path: str) -> bool:
    return tree.workspace.resolution.may_be_next(path)


def _pages_router(tree: RenderTree) -> Iterator[Root]:
    """Next's `pages` folder: `_app` shows every page where it renders `<Component />`."""
    for path in sorted(tree.fronts):
        named = re.search(r"(?:^|/)pages/_app(\.\w+)?\.[jt]sx?$", path)
        if named is None or not _may_be_next(tree, path):
            continue
        suffix = f"{named[1] or ''}."  # with `pageExtensions` pages are called `orders.page.tsx`
        key = _default(tree, path)
        definition = tree.definition(key) if key is not None else None
        if key is None or definition is None:
            continue
        steps = _to_the_page(tree, key)
        seen = [tree.mount(step).place for step in steps if step.path == key[0]]
        place = seen[-1] if seen else definition.place
        instead = path if _holds_itself(tree, path) else _error_page(tree, posixpath.dirname(path))
        yield Root(key, Cover.ROOT if instead else Cover.NONE, place, definition.name, instead, "next-pages")
        covered = bool(instead) or not steps or any(map(tree.guarded, steps))
        folder = posixpath.dirname(path) + "/"
        for page in sorted(tree.fronts):
            is_page = page.startswith(folder) and suffix in page
            inside = page[len(folder) :].split(".")[0].split("/") if is_page else ["_"]
            shown = None if any(_NOT_PAGES.search(part) for part in inside) else _default(tree, page)
            if shown is not None and (known := tree.definition(shown)) is not None:
                yield Root(shown, Cover.ROOT if covered else Cover.NONE, known.place, known.name, path, "next-page")


def _to_the_page(tree: RenderTree, key: Key, depth: int = _STEPS) -> list[Place]:
    """The mounts that lead from `_app` to the place of the page, which it may hand on to another component.

    So do `<Frame {...props} />` and `<Frame Component={Component} />`. Empty where that place is not seen.
    """
    for place in tree.mounts_of.get(key, ()) if depth else ():
        target = tree.target(place)
        if target is None or target == key or _HANDED_ON.isdisjoint(tree.mount(place).props):
            continue
        further = _to_the_page(tree, target, depth - 1)
        if further:
            return [place, *further]
    slot = _slot(tree, key, "Component", "props.Component", "AppComponent")
    return [slot] if slot is not None else []


def _error_page(tree: RenderTree, folder: str) -> str:
    """The project's own `_error`, which Next shows in the stead of a page that fails; "" for none, and for Next's."""
    paths = (f"{folder}/_error{suffix}" for suffix in (".tsx", ".jsx", ".ts", ".js"))
    path = next((path for path in paths if path in tree.fronts), "")
    stock = any(mount.module == "next/error" for mount in tree.fronts[path].mounts) if path else True
    return "" if stock else path


def _framework_roots(tree: RenderTree) -> list[str]:
    """The `root` files that show an outlet; elsewhere than in `app` it takes a document's scripts to tell them."""
    found = (path for path in sorted(tree.fronts) if re.search(r"(?:^|/)(?:app|src)/root\.[jt]sx?$", path))
    shown = (path for path in found if _slot_named(tree, path, "Outlet") is not None)
    return [path for path in shown if "app" in path.split("/") or _slot_named(tree, path, "Scripts") is not None]


def _framework_mode(tree: RenderTree) -> Iterator[Root]:
    """Remix and React Router's framework mode: `root` and route files, each with its own exported `ErrorBoundary`."""
    for path in _framework_roots(tree):
        key = _default(tree, path)
        definition = tree.definition(key) if key is not None else None
        if key is None or definition is None:
            continue
        folder = posixpath.dirname(path) + "/"
        # Files lie in `routes`, or where `routes.ts` says: then they are called as Next's are.
        pages = [
            page
            for page in sorted(tree.fronts)
            if page.startswith(folder + "routes/")
            or (page.startswith(folder) and _APP_FILE.match(posixpath.basename(page)))
        ]
        own = [page for page in pages if _exports_boundary(tree, page)]
        whole = [path] if _exports_boundary(tree, path) else []
        yield Root(key, Cover.ROOT if whole else Cover.NONE, definition.place, definition.name, path, "remix")
        # Which pages stand in a layout is not always in their names: its boundary may be above any of them.
        whole = whole or [page for page in own if _slot_named(tree, page, "Outlet") is not None]
        for page in pages:
            shown = _default(tree, page)
            if shown is not None and (known := tree.definition(shown)) is not None:
                cover = Cover.ROOT if whole else Cover.NONE
                cover = Cover.LOCAL if page in own and page not in whole else cover
                yield Root(shown, cover, known.place, known.name, whole[0] if whole else path, "remix-page")


def _slot_named(tree: RenderTree, path: str, name: str) -> Place | None:
    mounts = tree.fronts[path].mounts
    return next((Place(path, index) for index, mount in enumerate(mounts) if mount.imported == name), None)


def _exports_boundary(tree: RenderTree, path: str) -> bool:
    return any(entry[0] == "ErrorBoundary" for entry in tree.fronts[path].exports)
