"""The feeds of all files, joined: what changes in place, and what nothing that runs leads to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from chunklint.semantics.ecmascript.changes import ITSELF
from chunklint.semantics.ecmascript.feeds import WHOLE, Feed, Tried, Uses
from chunklint.semantics.ecmascript.foreign import Foreign
from chunklint.semantics.ecmascript.handed_on import ALL
from chunklint.semantics.ecmascript.member_ways import MARK, traced
from chunklint.semantics.ecmascript.modals import Modals
from chunklint.semantics.ecmascript.mounts import ENTRY, Front
from chunklint.semantics.ecmascript.places import Placed
from chunklint.semantics.ecmascript.react import is_hook
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.route_tables import word_before
from chunklint.semantics.ecmascript.specifiers import may_mean, means_another
from chunklint.semantics.ecmascript.unused import lies_anywhere, may_be_taken
from chunklint.semantics.ecmascript.workspaces import Key, Workspace


class Feeding:
    """The feeds of all files, joined: asks whether a prop changes in place, through any number of mounts."""

    def __init__(self, facts: Mapping[str, tuple[object, ...]], resolution: Resolution) -> None:
        fronts = {path: joined for path, own in facts.items() if (joined := _joined(own)) is not None}
        fed = {path: tuple(one for one in own if isinstance(one, Feed)) for path, own in facts.items()}
        used = {path: one for path, own in facts.items() for one in own if isinstance(one, Uses)}
        tried = {path: one.names for path, own in facts.items() for one in own if isinstance(one, Tried)}
        shown = {path: one for path, own in facts.items() for one in own if isinstance(one, Modals)}
        self._modal: dict[Key, Collection[str]] = {
            (path, name): ways for path, one in shown.items() for name, ways in one.names
        }
        self._holders = {(path, name) for path, one in shown.items() for name in one.holders}
        self._workspace = Workspace(fronts, resolution, lambda key: False)
        self._by_name: dict[str, list[tuple[str, Feed]]] = defaultdict(list)
        for path, feed in ((path, feed) for path, own in fed.items() for feed in own):
            self._by_name[feed.imported].append((path, feed))
        self._used = _by_name({path: one.names for path, one in used.items()})
        foreign = Foreign(resolution)
        self._taken: dict[str, list[tuple[str, str, tuple[str, ...] | None]]] = defaultdict(list)
        for path, one in used.items():
            for module, name, through in one.taken:
                if not foreign.is_foreign(path, module):
                    self._taken[name].append((path, module, through))
        self._alive: dict[Key, bool] = {}
        self._lying = _lying(facts, resolution)
        self._offered = _by_name({path: one.offered for path, one in used.items()})
        packages = ((resolution.package_of(path), one.folders) for path, one in used.items() if one.folders)
        self._folders = {
            (folder, package.folder if package is not None else "") for package, own in packages for folder in own
        }
        self._tried = _by_name(tried)
        self._routes = [(path, *route) for path, one in used.items() for route in one.routes]
        self._patterns: dict[Key, list[str]] | None = None
        self._renamed: dict[str, set[str]] = defaultdict(set)
        for front in fronts.values():
            for exported, local, _, imported in front.exports:
                self._renamed[local or imported].add(exported)
            for definition in front.definitions:
                self._renamed[definition.imported].add(definition.name)
        self._sources: dict[Key, tuple[tuple[Key, Feed], ...]] = {}

    def _feeding(self, key: Key) -> tuple[tuple[Key, Feed], ...]:
        """The feeds of a definition, with their owners. Only what may mean its name is looked up."""
        if key not in self._sources:
            self._sources[key] = tuple(
                ((path, one.owner), one)
                for name in sorted(self._names(key[1]))
                for path, one in self._by_name.get(name, ())
                if self._meant(path, one.module, name, key) == key
            )
        return self._sources[key]

    def _names(self, name: str) -> set[str]:
        """What any file may call a definition of that name."""
        names, pending = {name}, [name]
        while pending:
            further = self._renamed.get(pending.pop(), set()) - names
            names |= further
            pending.extend(further)
        return names

    def file(self, path: str, module: str, name: str) -> str | None:
        """The file that defines what another one imports; None where none of the scanned files does."""
        found = self._workspace.find(path, module, name)
        return found[0][0] if found is not None else self._workspace.file(path, module)

    def is_modal(self, key: Key) -> bool:
        """Whether a component renders a modal and nothing else."""
        return key in self._modal

    def is_handed(self, key: Key, prop: str) -> bool:
        """Whether some mount gives a component a prop."""
        return any(prop in feed.handed or ALL in feed.handed for _, feed in self._feeding(key))

    def is_used(self, key: Key) -> bool:
        """Whether any file mounts a component, calls a hook, or imports the module of either as the app runs."""
        return self._is_among(self._used, key)

    def is_idle(self, key: Key) -> bool:
        """Whether nothing that runs leads to what needs an import, in the files that are known or those of users."""
        key = self._within(key)
        if key not in self._alive:
            pending, seen, alive = [key], {key}, False
            while pending and not alive:
                one = pending.pop()
                users = self._users(one)
                alive = users is None or any(self._alive.get(user, False) for user in users)
                pending += [user for user in users or () if user not in seen]
                seen.update(users or ())
            # Whatever was asked on the way to nowhere is as idle.
            self._alive.update({key: True} if alive else dict.fromkeys(seen, False))
        return not self._alive[key]

    def _users(self, key: Key) -> Collection[Key] | None:
        """What must be imported for another file to use a definition; None where something uses it anyway."""
        package = self._workspace.resolution.package_of(key[0])
        if (package is not None and package.library) or key in self._lying:
            return None
        named = (*sorted(self._names(key[1])), WHOLE)
        # What only another file offers again is used by nobody, unless there are users that no file shows.
        places = [self._tried, self._offered] if package is not None and package.published else [self._tried]
        for uses in places:
            if any(self._could_mean(*one, name, key) for name in named for one in uses.get(name, ())):
                return None
        if any(may_be_taken(key[0], *folder) for folder in self._folders):
            return None
        found = set[Key]()
        for name in named:
            for path, module, through in self._taken.get(name, ()):
                if not self._could_mean(path, module, name, key):
                    continue
                if through is None:
                    return None
                found.update(self._within((path, one)) for one in through)
        return found

    def _within(self, key: Key) -> Key:
        """The definition that a name stands for: `default` of `export default withUser(withRouter(Shelf))`."""
        found = self._workspace.find(key[0], "", key[1])
        return found[0] if found is not None else key

    def has_all_users(self, path: str) -> bool:
        """Whether nobody else uses a file: a framework starts its application, or no registry takes its package."""
        package = self._workspace.resolution.package_of(path)
        return package is not None and (package.started or package.closed)

    def is_tried(self, key: Key) -> bool:
        """Whether a test or a story imports a component or hook."""
        return self._is_among(self._tried, key)

    def _is_among(self, uses: Mapping[str, list[tuple[str, str]]], key: Key) -> bool:
        names = (*sorted(self._names(key[1])), WHOLE)
        return any(self._may_use(path, module, name, key) for name in names for path, module in uses.get(name, ()))

    def _could_mean(self, path: str, module: str, name: str, key: Key) -> bool:
        """Whether a use means a definition, or comes from where no scanned file is, and looks like it by its names."""
        if name == WHOLE:
            target = self._workspace.file(path, module)
            if target is not None:
                return target == key[0] or any(self._leads(target, one, key) for one in self._names(key[1]))
        elif (found := self._workspace.find(path, module, name)) is not None:
            return found[0] == key
        elif name == key[1] != "default" and module:
            # It comes from where no file offers it, as far as can be read.
            return not means_another(path, module, key[0])
        if not module or module.startswith(".") or self._workspace.file(path, module) is not None:
            return False
        return name in (WHOLE, "default") and may_mean(path, module, key[0])

    def _leads(self, barrel: str, name: str, key: Key) -> bool:
        """Whether a file passes a definition on under a name."""
        found = self._workspace.find(barrel, f"./{PurePosixPath(barrel).name}", name)
        return found is not None and found[0] == key

    def _may_use(self, path: str, module: str, name: str, key: Key) -> bool:
        """Whether a use means a definition, or its name in a package of which no scanned file is known to be a part."""
        found = self._meant(path, module, name, key)
        if found is not None:
            return found == key if name != WHOLE else found[0] == key[0]
        packed = name not in (WHOLE, "default") and bool(module) and not module.startswith(".")
        return packed and self._workspace.file(path, module) is None

    def _meant(self, path: str, module: str, name: str, key: Key) -> Key | None:
        """What a use means, as far as it may be the key that is asked for."""
        if name == WHOLE:
            target = self._workspace.file(path, module)
            return (target, "") if target is not None else None
        if name == "default" and not may_mean(path, module, key[0]):
            return None
        found = self._workspace.find(path, module, name)
        return found[0] if found is not None else None

    def _is_holder(self, path: str, module: str, name: str) -> bool:
        """Whether what a file mounts under a name shows its children in a modal and nowhere else."""
        found = self._workspace.find(path, module, name) if self._holders else None
        return found is not None and found[0] in self._holders

    def _leads_to_itself(self, key: Key, way: str) -> bool:
        """Whether what stands before a parameter in a component's link stands there in its own routes, if they tell."""
        if self._patterns is None:
            self._patterns = defaultdict(list)
            for path, pattern, module, name in self._routes:
                found = self._workspace.find(path, module, name)
                self._patterns[found[0] if found is not None else ("", "")].append(pattern)
        word, _, parameter = way[1:].partition(":")
        known = {word_before(pattern, parameter) for pattern in self._patterns.get(key, ())} - {None}
        return not known or not word or word in known

    def changes(self, key: Key, way: str, busy: Collection[str] = (), quiet: bool = False) -> bool:
        """Whether some mount or call changes what a definition is given, while that stays mounted.

        `busy` are the names under which a hook says that it loads: what its callers shut meanwhile does not count.
        `quiet` says that the component itself calls nothing that it is given while it asks.
        """
        way, _, members = way.partition(MARK)
        pending, seen = [(key, way, quiet)], set[tuple[Key, str, bool]]()
        while pending:
            current = pending.pop()
            holder, asked, waits = current
            if asked == ITSELF or (asked.startswith("/") and self._leads_to_itself(holder, asked)):
                return True
            if current in seen or asked in self._modal.get(holder, ()):
                continue
            seen.add(current)
            first = (holder, asked) == (key, way)
            for owner, feed in self._feeding(holder):
                if feed.optional and holder in self._modal:
                    continue  # It stands open, and hides where it was opened from.
                if any(self._is_holder(owner[0], *one) for one in feed.inside):
                    continue
                shut = {(at, source) for at, source, name in feed.waits if first and name in busy}
                for prop, source in feed.given:
                    if ((prop, source) in shut or (waits and prop in feed.told)) and _is_its_own(source):
                        continue
                    ways = traced(asked, members if first else "", prop, source, ALL)
                    pending.extend((owner, one, (prop, source) in shut) for one in ways)
        return False


def _lying(facts: Mapping[str, tuple[object, ...]], resolution: Resolution) -> set[Key]:
    """The default exports that lie in no folder which tells that something imports them.

    A package that renders itself also imports what it mounts, unless its settings name the file. Frameworks look for
    files, and what takes a hook must call it.
    """
    placed = {path: one for path, own in facts.items() for one in own if isinstance(one, Placed)}
    entries = (path for path, one in placed.items() if any(owner == ENTRY for owner, *_ in one.uses))
    packages = [one for one in map(resolution.package_of, entries) if one is not None]
    sure = {one.folder for one in packages if not (one.started or one.elsewhere or one.published)}
    written = {end for own in facts.values() for one in own if isinstance(one, Uses) for end in one.written}
    return {
        (path, name)
        for path, one in placed.items()
        if lies_anywhere(path)
        and (
            (package := resolution.package_of(path)) is None
            or package.folder not in sure
            or any(end in written for end in _ends(path))
        )
        for name in (*one.main, "default")
        if not is_hook(name)
    }


def _ends(path: str) -> Iterator[str]:
    """All that a text may write for a file: the ends of its path, also without `index`."""
    parts = PurePosixPath(path).with_suffix("").parts
    for own in (parts, parts[:-1]) if parts[-1] == "index" else (parts,):
        yield from ("/".join(own[at:]) for at in range(len(own)))


def _joined(own: Iterable[object]) -> Front | None:
    """All names of a file: those that lead to others, and those that a rule asks of."""
    found = [one for one in own if isinstance(one, Front)]
    if len(found) < 2:
        return found[0] if found else None
    definitions = dict.fromkeys(definition for one in found for definition in one.definitions)
    return Front(tuple(definitions), (), tuple(dict.fromkeys(entry for one in found for entry in one.exports)))


def _is_its_own(source: str) -> bool:
    """Whether a way is that of state: of all, or of some members of it."""
    return source == ITSELF or source.startswith(MARK)


def _by_name(uses: Mapping[str, Iterable[tuple[str, str]]]) -> Mapping[str, list[tuple[str, str]]]:
    """Who uses a name: the path of each file, and the module that it means."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, (module, name) in ((path, one) for path, own in uses.items() for one in own):
        found[name].append((path, module))
    return found
