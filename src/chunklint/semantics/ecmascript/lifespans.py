"""Components that stay as long as the page: mounted once by the entry, or by what stays itself, by whatever names.

`createRoot(page).render(<App />)` mounts `App` for good, as does an entry's `router.start(<App />)`, and `App` its
`<Shell />`, unless a condition, a key, a list or a route decides on that. Names are matched as they are written: what
has no use that is known does not stay.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from chunklint.semantics.ecmascript.feeds import WHOLE
from chunklint.semantics.ecmascript.foreign import Foreign
from chunklint.semantics.ecmascript.lone_pages import lone_pages
from chunklint.semantics.ecmascript.modules import module_files
from chunklint.semantics.ecmascript.mounts import ENTRY
from chunklint.semantics.ecmascript.places import Placed
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.specifiers import may_mean

# Next's layouts, and those of Expo's router.
_LAYOUT = re.compile(r"^_?layout\.[jt]sx?$")
_PAGE = re.compile(r"^page\.[jt]sx?$")
# By these one comes in once, as by the routes of a router.
_SIGNING_IN = re.compile(
    r"^\(?(?:log-?(?:in|out)|sign-?(?:in|up|out)|register|auth|oauth2?|sso|callback|verify.*|.*password.*|invite.*)\)?$"
)
# How many times more pages a layout must hold than lie beside it.
_MOST = 2
# The pages of an extension for browsers, each a document of its own, and what Expo starts.
_PAGES = frozenset({"App", "popup", "options", "sidepanel", "newtab", "devtools"})


class Lifespans:
    """The uses of all files, joined: asks whether a component or hook stays as long as the page."""

    def __init__(self, facts: Mapping[str, tuple[object, ...]], resolution: Resolution) -> None:
        self._resolution = resolution
        files = {path: one for path, own in facts.items() for one in own if isinstance(one, Placed)}
        self._main = {path: one.main for path, one in files.items()}
        self._renamed: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path, name, own in ((path, *names) for path, one in files.items() for names in one.renamed):
            self._renamed[path, own].append(name)
        self._own = {path: one.own for path, one in files.items()}
        self._imported = {path: dict(one.imported) for path, one in files.items()}
        self._defining: dict[str, list[str]] = defaultdict(list)
        for path, name in ((path, name) for path, own in self._own.items() for name in own):
            self._defining[name].append(path)
        self._layouts = [path for path in files if _LAYOUT.match(PurePosixPath(path).name)]
        self._pages = [
            place for path in files if _PAGE.match((place := PurePosixPath(path)).name) and not files[path].leads
        ]
        leading = [path for path, one in files.items() if one.leads]
        self._lone = lone_pages(files, leading, [path for path, one in files.items() if one.shows])
        self._uses: dict[str, list[tuple[str, str, str, bool, bool]]] = defaultdict(list)
        # What an entry renders may be a package's alone, around the routes.
        self._entered = any(owner == ENTRY for one in files.values() for owner, *_ in one.uses)
        foreign = Foreign(resolution)
        for path, one in files.items():
            for owner, module, name, stays, goes in one.uses:
                if not foreign.is_foreign(path, module):
                    self._uses[name].append((path, module, owner, stays, goes))
        self._known: dict[tuple[str, str], bool] = {}
        self._unused: dict[tuple[str, str], bool] = {}
        self._targets: dict[tuple[str, str], str | None] = {}
        # What is loaded as the application runs, by the file where that is known, or by the last name of the specifier.
        self._loaded: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for user, module, *_ in self._uses.pop(WHOLE, ()):
            target = self._target(user, module)
            self._loaded[target or PurePosixPath(module.removesuffix("/index")).name.partition(".")[0]].append(
                (user, module)
            )

    def lasts(self, path: str, name: str) -> bool:
        """Whether a definition is mounted or called only by what stays, and nothing decides on any of the places."""
        key = (path, name)
        if key not in self._known:
            self._known[key] = False  # one that mounts itself
            self._known[key] = bool(name) and self._lasts(path, name)
        return self._known[key]

    def lasts_with(self, path: str, name: str, others: Collection[tuple[str, str]]) -> bool:
        """Whether a definition stays as long as the page, or is mounted or called for good by one of the others.

        What alone mounts one of the others for good, whatever decides on itself, stands for it.
        """
        known = set(others)
        pending = list(known)
        while pending:
            places = set(self._places(*pending.pop()))
            above = {(user, owner) for user, owner, stays in places if stays and owner != ENTRY}
            if len(places) == 1 and above - known:
                known |= above
                pending += above
        return self._lasts_with(path, name, known, {(path, name)})

    def _lasts_with(self, path: str, name: str, known: set[tuple[str, str]], seen: set[tuple[str, str]]) -> bool:
        if self.lasts(path, name):
            return True
        places = list(self._places(path, name)) if name else []
        for user, owner, stays in places:
            key = (user, owner)
            if not stays or (key not in known and (key in seen or not self._lasts_with(*key, known, seen | {key}))):
                return False
        return bool(places)

    def has_entry(self) -> bool:
        """Whether an application is among the files, so that what it mounts is known."""
        return self._entered or any(self._is_root(path) for path in self._main)

    def main(self, path: str) -> tuple[str, ...]:
        """The definitions that the default export of a file is made of."""
        return self._main.get(path, ())

    def _lasts(self, path: str, name: str) -> bool:
        if self._is_given_root(path, name):
            return True
        places = list(self._places(path, name))
        return bool(places) and all(
            stays and (owner == ENTRY or self.lasts(user, owner)) for user, owner, stays in places
        )

    def is_there_for_good(self, path: str, name: str) -> bool:
        """Whether a definition stays as long as the page, as far as anybody sees."""
        return self.lasts(path, name) or not self.comes_and_goes(path, name)

    def comes_and_goes(self, path: str, name: str) -> bool:
        """Whether a definition is not known to stand where nothing is seen to decide on it, up to the entry.

        What nobody mounts mounts nothing, beside what does.
        """
        pending, seen, entered = [(path, name)], set[tuple[str, str]](), False
        while pending:
            key = pending.pop()
            if key in seen:
                continue
            seen.add(key)
            if self._is_given_root(*key):
                entered = True
                continue
            known = list(self._placed(*key))
            places = [one for one in known if not self._is_mounted_by_nobody(*one[:2])]
            if known and not places:
                continue
            # Routes that are written down as text, as umi's are, name their layout by its path, extensions their pages.
            if not places and self._is_named_by_its_path(*key):
                entered = True
                continue
            if not places or any(goes or not owner for _, owner, _, goes in places):
                return True
            entered = entered or any(owner == ENTRY for _, owner, _, _ in places)
            pending += [(user, owner) for user, owner, _, _ in places if owner != ENTRY]
        return not entered

    def _is_mounted_by_nobody(self, path: str, owner: str) -> bool:
        """Whether a component or hook does something only if another file imports it, and no file does."""
        needed = self._imported.get(path, {}).get(owner)
        if needed is None or owner == ENTRY or self._is_named_by_its_path(path, owner):
            return False
        key = (path, owner)
        if key not in self._unused:
            self._unused[key] = all(user == path for name in needed for user, _, _, _ in self._placed(path, name))
        return self._unused[key]

    def _is_named_by_its_path(self, path: str, name: str) -> bool:
        """Whether a default export is mounted by where it lies, without an import: a layout, a page of an extension."""
        place = PurePosixPath(path)
        page = place.parent.name if place.stem == "index" else place.stem
        return name in self.main(path) and ("layouts" in place.parts or page in _PAGES)

    def _places(self, path: str, name: str) -> Iterator[tuple[str, str, bool]]:
        """All that may use a definition: its file, the owner there, and whether nothing decides on the place."""
        yield from ((user, owner, stays) for user, owner, stays, _ in self._placed(path, name))

    def _placed(self, path: str, name: str) -> Iterator[tuple[str, str, bool, bool]]:
        """As `_places`, with whether something is seen to decide on the place."""
        # A default export without a name is found by its file below.
        for user, module, owner, stays, goes in self._uses.get(name, ()) if name != "default" else ():
            target = self._target(user, module)
            told = target is not None and name in self._own.get(target, ())
            # What is imported and not mounted, such as a type, comes from where the specifier leads.
            elsewhere = not owner and module.startswith(".") and not may_mean(user, module, path)
            elsewhere = elsewhere or (target is None and self._has_another(user, module, name, path))
            if target == path or not (told or elsewhere):
                yield user, owner, stays, goes
        for other in self._renamed.get((path, name), ()):
            for user, module, owner, stays, goes in self._uses.get(other, ()):
                if self._target(user, module) == path:
                    yield user, owner, stays, goes
        if name in self._main.get(path, ()):
            for user, module, owner, stays, goes in self._uses.get("default", ()):
                target = self._target(user, module)
                if target == path or (target is None and may_mean(user, module, path)):
                    yield user, owner, stays, goes
        stem = PurePosixPath(path).with_suffix("")
        named = self._loaded.get(stem.parent.name if stem.name == "index" else stem.name, ())
        loaded = (
            *self._loaded.get(path, ()),
            *((user, module) for user, module in named if may_mean(user, module, path)),
        )
        yield from ((user, "", False, True) for user, _ in loaded)

    def _has_another(self, user: str, module: str, name: str, path: str) -> bool:
        """Whether the alias in a specifier leads to another file that defines a name, and not to this one."""
        others = [other for other in self._defining.get(name, ()) if other != path]
        return bool(others) and (_has_nearer(user, module, path, others) or self._is_told(user, module, path, others))

    def _is_told(self, user: str, module: str, path: str, others: list[str]) -> bool:
        """Whether the settings of the project lead to the folder or file of another one, of which this is no part."""
        told = {place.removesuffix("/index") for place in self._resolution.candidates(user, module)} - {"", "."}
        return any(_lies_in(other, told) for other in others) and not _lies_in(path, told)

    def _target(self, user: str, module: str) -> str | None:
        """The file that a use names; None where only the settings of the project could tell."""
        asked = (user, module)
        if asked not in self._targets:
            self._targets[asked] = module_files(user, module, self._own) if module else user
        return self._targets[asked]

    def _is_given_root(self, path: str, name: str) -> bool:
        """Whether a framework mounts a definition once: the default export of a root, or the `Layout` of Remix's."""
        return self._is_root(path) and (name in self.main(path) or name == "Layout")

    def _is_root(self, path: str) -> bool:
        """Whether a framework mounts the default export of a file once, around all of its pages or as the only one."""
        place = PurePosixPath(path)
        if path in self._lone:
            return True
        if place.name.partition(".")[0] == "_app":  # Projects may choose endings of their own: `_app.page.tsx`.
            return "pages" in place.parts[:-1]
        if place.stem == "root":
            return place.parent.name in ("app", "src")
        if "Root" in (place.stem, place.parent.name):  # Docusaurus: `src/theme/Root.tsx`, `src/theme/Root/index.tsx`.
            return place.parts[-4:-1] == ("src", "theme", "Root") or place.parts[-3:-1] == ("src", "theme")
        if not _LAYOUT.match(place.name) or "app" not in place.parts:
            return False
        if place.name.startswith("_") and place.parent.name != "app":
            return False
        above = {str(folder) for folder in place.parent.parents}
        outer = [other for other in self._layouts if str(PurePosixPath(other).parent) in above]
        return not outer or (place.name.startswith("layout") and self._holds_most(place))

    def _holds_most(self, layout: PurePosixPath) -> bool:
        """Whether a layout of Next's `app` below another one holds nearly all pages, but those of the sign-in.

        That of a part of the address (`[team]`) is mounted anew for each.
        """
        parts = layout.parts[:-1]
        app = PurePosixPath(*parts[: parts.index("app") + 1])
        if any(part.startswith("[") for part in parts):
            return False
        pages = [one for one in self._pages if app in one.parents]
        inside = sum(layout.parent in one.parents for one in pages)
        beside = (one for one in pages if layout.parent not in one.parents)
        others = sum(not any(_SIGNING_IN.match(part) for part in one.relative_to(app).parts) for one in beside)
        return inside > _MOST * others


def _shared(one: str, other: str) -> str:
    return posixpath.commonpath((posixpath.dirname(one), posixpath.dirname(other)))


def _has_nearer(user: str, module: str, path: str, others: list[str]) -> bool:
    """Whether an alias of a package leads to its own file of that name: `@client/parts/frame` beside `client/`."""
    words = module.partition("/")[2]
    return bool(words) and any(
        len(_shared(user, other)) > len(_shared(user, path))
        and str(PurePosixPath(other).with_suffix("")).endswith((f"/{words}", f"/{words}/index"))
        for other in others
    )


def _lies_in(path: str, places: Collection[str]) -> bool:
    """Whether a file is one of some places, which are files or folders, or lies in one of them."""
    return any(path.startswith((f"{place}/", f"{place}.")) or path == place for place in places)
