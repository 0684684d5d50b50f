"""Names across the files of a front end: which definition an import stands for, through barrels and aliases."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from chunklint.semantics.ecmascript.definitions import Definition
from chunklint.semantics.ecmascript.modules import module_files
from chunklint.semantics.ecmascript.mounts import UNKNOWN, Front
from chunklint.semantics.ecmascript.resolution import Resolution

Key = tuple[str, str]
"""A definition: the path of its file and its name there."""

_HOPS = 12
# Higher-order components of packages may put a boundary around what they are given. These only hand something in:
# what everyone knows them for is in the name, or in that of the package.
_WRAPPER = re.compile(r"with[A-Z]")
_HANDS_IN = re.compile(
    r"with(?:Router|Location|Navigat|Transl|I18n|Intl|Locale|Style|ClassName|Theme|Props|Ref|Default|Size|Auth|Session|"
    r"User|Permission|Login|Store|State|Redux|Context|Apollo|Query|Urql|TRPC|Cookie|Tooltip|Form|Profiler|Hot|Flag|"
    r"LD[A-Z]|Feature|Hook|Drag|Drop|Observ|Subscription|Data|Page|SSR|Suspense)"
)
_HAND_IN = re.compile(
    r"(?:react-router|react-i18next|next[-/]|react-intl|react-redux|redux|mobx|react-apollo|urql|recompose|formik|"
    r"react-cookie|react-dnd|styled-components|styletron|baseui|posthog|launchdarkly|aws-amplify|firebase|supertokens|"
    r"@(?:mui|material-ui|emotion|sentry|auth0|clerk|okta|azure|aws-amplify|apollo|trpc|visx|grafana|elastic|supabase|"
    r"udecode|next|chakra-ui|mantine|tanstack)/)"
)
_INDEXES = ("index", "src/index", "src/main", "main")


class Workspace:
    """The definitions of all files, by what other files call them.

    An import that is no relative path means what the settings of the project say of it. Where they say nothing of use,
    and it is no `@/` alias, it is matched by the end of the path (`ui/button` is `packages/ui/src/button.tsx`), as long
    as that leaves one file, or one that is nearest to the importer.
    """

    def __init__(
        self, fronts: Mapping[str, Front], resolution: Resolution, covers_argument: Callable[[Key], bool]
    ) -> None:
        self.fronts = fronts
        self._covers_argument = covers_argument
        self.resolution = resolution
        self.definitions: dict[Key, Definition] = {
            (path, one.name): one for path, front in fronts.items() for one in front.definitions
        }
        self._exports = {path: {entry[0]: entry[1:] for entry in front.exports} for path, front in fronts.items()}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in sorted(fronts):
            self._by_name[_stem(path).rpartition("/")[2]].append(path)
        self._files: dict[tuple[str, str], str | None] = {}
        self._known: dict[tuple[str, str, str], tuple[Key, bool] | None] = {}
        self._veiled: set[tuple[str, str, str]] = set()
        self.definitions |= {key: replace(one, kind="boundary") for key, one in self._catching_by_base()}

    def _catching_by_base(self) -> Iterator[tuple[Key, Definition]]:
        """The classes that inherit what catches from another class of the project."""
        for start, one in self.definitions.items():
            key, own = start, one
            for _ in range(_HOPS if one.kind == "class" and one.inherits[1] else 0):
                module, name = own.inherits
                above = self.exported(key[0], module, name) if module else (key[0], name)
                base = self.definitions.get(above) if above is not None else None
                if above is None or base is None or base.kind not in ("class", "boundary"):
                    break
                key, own = above, base
                if base.kind == "boundary":
                    yield start, one
                    break

    def find(self, path: str, module: str, name: str) -> tuple[Key, bool] | None:
        """The definition that a name of a module means to a file, and whether a higher-order component covers it.

        `module` is "" for the file itself. None for what is not in the scanned files.
        """
        asked = (path, module, name)
        if asked not in self._known:
            self._known[asked] = self._find(path, module, name)
        return self._known[asked]

    def is_veiled(self, path: str, module: str, name: str) -> bool:
        """Whether a higher-order component that is not read may put a boundary around what a name means."""
        self.find(path, module, name)
        return (path, module, name) in self._veiled

    def _find(self, path: str, module: str, name: str) -> tuple[Key, bool] | None:
        covered, asked = False, (path, module, name)
        for _ in range(_HOPS):
            if module == UNKNOWN:
                return None
            key = (path, name) if not module else self.exported(path, module, name)
            found = self.definitions.get(key) if key is not None else None
            if key is None or found is None:
                return None
            covered = covered or found.covered or self.is_wrapped(key[0], found)
            if any(self._is_unread(key[0], *wrapper) for wrapper in found.wrappers):
                self._veiled.add(asked)
            if not found.imported:
                return key, covered
            path, module, name = key[0], found.module, found.imported
            if (not module and (path, name) not in self.definitions) or (
                module and self.exported(path, module, name) is None
            ):
                return key, covered
        return None

    def is_wrapped(self, path: str, definition: Definition) -> bool:
        """Whether one of the project's higher-order components puts a boundary around a definition."""
        for module, name in definition.wrappers:
            key = self.exported(path, module, name) if module else (path, name)
            if key is not None and key in self.definitions and self._covers_argument(key):
                return True
        return False

    def _is_unread(self, path: str, module: str, name: str) -> bool:
        """Whether a wrapper comes from what is not in the scanned files, and is not known to bring no boundary."""
        if not module or not _WRAPPER.match(name) or _HANDS_IN.match(name) or _HAND_IN.match(module):
            return False
        return self.file(path, module) is None

    def exported(self, path: str, module: str, name: str) -> Key | None:
        """Follow barrels: a name is its own in a file, passed on from another, or behind one of its stars."""
        pending, seen = deque([(path, module, name)]), set[tuple[str, str]]()
        while pending:
            importer, specifier, wanted = pending.popleft()
            target = self.file(importer, specifier)
            if target is None or (target, wanted) in seen:
                continue
            seen.add((target, wanted))
            exports = self._exports[target]
            if wanted in exports:
                local, source, imported = exports[wanted]
                if local:
                    return target, local
                if source:
                    pending.appendleft((target, source, imported))
                continue
            pending.extend(
                (target, source, wanted) for own, (_, source, _) in exports.items() if own.startswith("*") and source
            )
        return None

    def file(self, importer: str, specifier: str) -> str | None:
        """The scanned file that a specifier means."""
        asked = (posixpath.dirname(importer), specifier)
        if asked not in self._files:
            found = self._told(importer, specifier) or module_files(importer, specifier, self.fronts)
            if found is None and not specifier.startswith("."):
                found = self._nearest(importer, list(self._by_suffix(specifier)))
            self._files[asked] = found
        return self._files[asked]

    def _told(self, importer: str, specifier: str) -> str | None:
        """The scanned file that the settings of the project name."""
        if specifier.startswith("."):
            return None
        candidates = self.resolution.candidates(importer, specifier)
        found = (module_files("", f"./{path}", self.fronts) for path in candidates if path)
        return next((path for path in found if path is not None), None)

    def _by_suffix(self, specifier: str) -> Iterator[str]:
        first, _, rest = specifier.lstrip("@~#/").partition("/")
        if not rest:
            return
        scoped = specifier.startswith("@") and not specifier.startswith("@/")
        wanted = [f"{rest}/{index}" if "/" not in rest else "" for index in _INDEXES] if scoped else []
        wanted += [f"{first}/{rest}", f"{first}/src/{rest}", f"{first}/{rest}/index"]
        if scoped and "/" in rest:
            package, _, inner = rest.partition("/")
            wanted += [rest, f"{package}/src/{inner}", f"{rest}/index", f"{package}/src/{inner}/index"]
            # One word alone, as in `@mui/material/Link`, would mean any file of that name.
            wanted += [inner] if "/" in inner else []
        for ending in filter(None, wanted):
            last = ending.rpartition("/")[2]
            hits = [path for path in self._by_name.get(last, ()) if f"/{_stem(path)}".endswith(f"/{ending}")]
            if hits:
                yield from hits
                return

    @staticmethod
    def _nearest(importer: str, found: list[str]) -> str | None:
        if len(found) <= 1:
            return found[0] if found else None
        shared = [(len(posixpath.commonprefix([importer, path]).rpartition("/")[0]), path) for path in found]
        best = max(length for length, _ in shared)
        nearest = [path for length, path in shared if length == best]
        return nearest[0] if len(nearest) == 1 else None


def _stem(path: str) -> str:
    return posixpath.splitext(path)[0]
