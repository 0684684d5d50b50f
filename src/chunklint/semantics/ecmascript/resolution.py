"""What a project tells its bundler of names: `paths` and `baseUrl` of tsconfig or jsconfig, and names of packages."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from chunklint.records import record

# Strings are kept as they are. Comments go first, then commas before a closing bracket: one pattern for both would try
# every way to split a row of comments.
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])', re.DOTALL)
_SETTINGS = re.compile(r"[jt]sconfig(\.[\w.-]+)?\.json")
_SOURCES = re.compile(r"\.(?:d\.ts|[cm]?[jt]sx?)$")

MANIFEST = "package.json"
_NEEDS = ("dependencies", "devDependencies", "peerDependencies")
# They have folders called `app` or `pages` too, and other rules for what is in them.
_FRAMEWORKS = frozenset(
    {"expo", "expo-router", "react-native", "@react-router/dev", "@remix-run/dev", "@tanstack/react-start", "gatsby"}
)
# What builds an app that mounts its pages itself, whatever their folders are called.
_BUNDLERS = frozenset(
    {"@vitejs/plugin-react", "@vitejs/plugin-react-swc", "react-scripts", "@rsbuild/plugin-react", "@craco/craco"}
)
ENTRY_SETTINGS = ("tsconfig.json", "jsconfig.json")
BUNDLER_SETTINGS = tuple(
    f"{tool}.config.{suffix}"
    for tool in ("vite", "webpack", "rsbuild", "craco")
    for suffix in ("ts", "js", "mts", "mjs")
)
# Such settings are programs. What they call modules is nearly always a literal name, and a path below their own folder.
_ALIASES = re.compile(r"\balias\b\s*[:=]\s*[{[]")
_ALIAS = re.compile(
    r"""(?:\bfind:\s*)?(?:(?<![\w./'"`])(?P<bare>[\w$]+)|["'](?P<quoted>[^"'\s]+)["'])\s*(?::|,\s*replacement:)\s*"""
    r"""(?:(?:path\.)?(?:resolve|join)\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,|"""
    r"""(?:fileURLToPath\(\s*)?new URL\()\s*["'](?P<path>[^"']+)["']"""
)


# Frameworks that start an application themselves, so that none of its files does.
_STARTS = frozenset({"umi", "@umijs/max", "next", "gatsby", "@remix-run/react", "ice"})

# Versions that lead into the repository itself.
_HERE = re.compile(r"(?:workspace|file|link|portal):|\.")

_COMPILER = "babel-plugin-react-compiler"
# A range that leads to one version: `^17.0.2`, `~17.0`, `17.x`.
_MAJOR = re.compile(r"[~^=v\s]*(\d+)(?:\.[\dxX*]+)*(?:-[\w.]+)?\s*$")


@record
class Aliases:
    """What one file of settings says of names.

    Attributes:
        folder: Of the settings that a project starts from; they are for the files below it.
        base: The folder that names without a match are looked up in; None without a `baseUrl`.
        paths: Patterns with at most one `*`, and the paths that they stand for; all relative to the root.
    """

    folder: str
    base: str | None = None
    paths: tuple[tuple[str, tuple[str, ...]], ...] = ()


@record
class Package:
    """A package of the repository's own: its name, its folder and the sources that its manifest names.

    `library` is for what is built and published to be imported by others, with types, `elsewhere` for what runs in
    another framework than Next, in which files are called alike, `published` for what others may import, `started` for
    an application of a framework that starts it without an entry, and `preact` for what Preact renders, not React.
    `react` is the one major version of React that it asks for, 0 where it names none or several. `closed` is for what
    no registry takes, so that all that uses it lies in the repository. `needs` are the packages that it takes from a
    registry. `paths` are patterns of what it exports beside its root, each with a path in its folder. `bundled` is for
    an app that a bundler builds from an entry of its own, in which no name of a file has Next's meaning.
    """

    name: str
    folder: str
    sources: tuple[str, ...] = ()
    library: bool = False
    elsewhere: bool = False
    published: bool = False
    started: bool = False
    compiled: bool = False
    preact: bool = False
    react: int = 0
    closed: bool = False
    needs: tuple[str, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    bundled: bool = False


@record
class Resolution:
    """The settings of a repository, sorted: those nearest to a file come last.

    `copied` is for one that is there to be copied, as its README says.
    """

    aliases: tuple[Aliases, ...] = ()
    packages: tuple[Package, ...] = ()
    copied: bool = False

    def package_of(self, path: str) -> Package | None:
        """The innermost package that a file belongs to."""
        around = [one for one in self.packages if not one.folder or path.startswith(f"{one.folder}/")]
        return max(around, key=lambda one: len(one.folder), default=None)

    def is_compiled(self, path: str) -> bool:
        """Whether the React Compiler builds a file, as its package or the root of the workspace says."""
        package = self.package_of(path)
        return (package is not None and package.compiled) or any(
            not one.folder and one.compiled for one in self.packages
        )

    def is_rendered_by_preact(self, path: str) -> bool:
        """Whether Preact renders what a file defines, as its package says."""
        package = self.package_of(path)
        return package is not None and package.preact

    def react_of(self, path: str) -> int:
        """The major version of React of a file's package, or of the root of the workspace; 0 where neither says one."""
        package = self.package_of(path)
        asked = package.react if package is not None else 0
        return asked or next((one.react for one in self.packages if not one.folder), 0)

    def may_be_next(self, path: str) -> bool:
        """Whether names of Next's files (`error.tsx`, `_app.tsx`) may have Next's meaning for a file."""
        package = self.package_of(path)
        return package is None or not (package.elsewhere or package.bundled)

    def candidates(self, importer: str, specifier: str) -> Iterator[str]:
        """The paths, relative to the root and with or without a suffix, that a specifier may mean, likeliest first."""
        for one in reversed(self.aliases):
            if not one.folder or importer.startswith(f"{one.folder}/"):
                yield from _aliased(one, specifier)
        for package in self.packages:
            if specifier == package.name:
                yield from (posixpath.normpath(posixpath.join(package.folder, path)) for path in package.sources)
                yield from (
                    posixpath.join(package.folder, path) for path in ("src/index", "src/main", "index", "lib/index")
                )
            elif specifier.startswith(f"{package.name}/"):
                inner = specifier.removeprefix(f"{package.name}/")
                told = (_filled(pattern, inner, path) for pattern, path in package.paths if _matches(pattern, inner))
                yield from (_clean(posixpath.join(package.folder, path)) for path in told)
                yield from (posixpath.join(package.folder, part, inner) for part in ("", "src", "lib"))


def is_module_setting(name: str) -> bool:
    """Whether a file of this name may say what modules are called."""
    return name == MANIFEST or _SETTINGS.fullmatch(name) is not None


def settings_in(text: str) -> dict[str, Any]:
    """A file of settings: JSON with comments and commas too many. {} for what is no object."""
    try:
        found = json.loads(_without(_LAST_COMMA, _without(_COMMENT, text.removeprefix("\ufeff"))))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _without(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: match[1] or "", text)


def neighbours(path: str, settings: dict[str, Any]) -> Iterator[str]:
    """The settings that others are made of: what they extend, then the parts of a project, relative to the root."""
    extended = settings.get("extends")
    for one in extended if isinstance(extended, list) else [extended]:
        if isinstance(one, str) and one.startswith("."):
            yield _joined(path, one if one.endswith(".json") else f"{one}.json")
    references = settings.get("references")
    for part in references if isinstance(references, list) else []:
        target = part.get("path") if isinstance(part, dict) else None
        # A part in a folder of its own is for that folder alone, where its settings are found anyway.
        if isinstance(target, str) and target.endswith(".json"):
            yield _joined(path, target)


def aliases_in(folder: str, path: str, settings: dict[str, Any]) -> Aliases | None:
    """What one file says of names, for the files below a folder; None when it says nothing."""
    options = settings.get("compilerOptions")
    if not isinstance(options, dict):
        return None
    told = options.get("baseUrl")
    base = _joined(path, told) if isinstance(told, str) else None
    patterns = options.get("paths")
    start = posixpath.dirname(path) if base is None else base
    paths = tuple(
        (pattern, tuple(_clean(posixpath.join(start, one)) for one in targets if isinstance(one, str)))
        for pattern, targets in (patterns.items() if isinstance(patterns, dict) else ())
        if isinstance(targets, list) and pattern.count("*") <= 1
    )
    return Aliases(folder, base, paths) if paths or base is not None else None


def bundler_aliases_in(folder: str, text: str) -> Aliases | None:
    """What the settings of a bundler say of names, for the files below their folder; None when that is not plain."""
    start = _ALIASES.search(text)
    told = _ALIAS.finditer(text, start.end()) if start is not None else iter(())
    named = [(one["bare"] or one["quoted"].rstrip("/*$"), _clean(posixpath.join(folder, one["path"]))) for one in told]
    paths = [((name, (path,)), (f"{name}/*", (f"{path}/*",))) for name, path in named if name and "*" not in name]
    return Aliases(folder, None, tuple(entry for pair in paths for entry in pair)) if paths else None


def package_in(folder: str, text: str) -> Package | None:
    """The package that a manifest describes; None when it has no name."""
    manifest = settings_in(text)
    name = manifest.get("name")
    if not isinstance(name, str) or not name:
        return None
    entry = manifest.get("exports")
    root = entry.get(".", entry) if isinstance(entry, dict) else entry
    told = [manifest.get(key) for key in ("source", "module", "main", "types")]
    told += list(root.values()) if isinstance(root, dict) else [root]
    sources = (one for one in told if isinstance(one, str) and _SOURCES.search(one))
    built = isinstance(manifest.get("main") or manifest.get("module"), str) and isinstance(manifest.get("types"), str)
    published = manifest.get("private") is not True and any(key in manifest for key in ("main", "module", "exports"))
    library = built and published
    needed = {one for key in _NEEDS if isinstance(found := manifest.get(key), dict) for one in found}
    elsewhere = "next" not in needed and not needed.isdisjoint(_FRAMEWORKS)
    bundled = "next" not in needed and not needed.isdisjoint(_BUNDLERS)
    started = not published and not needed.isdisjoint(_STARTS)
    compiled, preact = _COMPILER in needed, "preact" in needed and "react-dom" not in needed
    found, react = tuple(dict.fromkeys(sources)), _major_of(manifest, "react")
    closed, needs = manifest.get("private") is True, tuple(sorted(_taken_from_registry(manifest)))
    kinds = library, elsewhere, published, started, compiled, preact
    return Package(name, folder, found, *kinds, react, closed, needs, tuple(_paths_in(entry)), bundled)


def _paths_in(exported: object) -> Iterator[tuple[str, str]]:
    """What a manifest exports by other names than its own: `"./nets": "./src/nets/Net.tsx"`, also on conditions."""
    for pattern, told in exported.items() if isinstance(exported, dict) else ():
        if pattern.startswith("./") and pattern.count("*") <= 1:
            targets = told.values() if isinstance(told, dict) else [told]
            yield from ((pattern[2:], one[2:]) for one in targets if isinstance(one, str) and one.startswith("./"))


def _taken_from_registry(manifest: dict[str, Any]) -> Iterator[str]:
    """The names of what a manifest needs, without what lies in the repository: `workspace:*`, `file:../parts`."""
    for found in (manifest.get(key) for key in _NEEDS):
        versions = found.items() if isinstance(found, dict) else ()
        yield from (name for name, version in versions if isinstance(version, str) and not _HERE.match(version))


def _major_of(manifest: dict[str, Any], name: str) -> int:
    """The one major version that a manifest asks for; 0 where it asks for none or for several."""
    asked = [found.get(name) for key in _NEEDS if isinstance(found := manifest.get(key), dict)]
    majors = {int(one[1]) if (one := _MAJOR.match(text)) else 0 for text in asked if isinstance(text, str)}
    return majors.pop() if len(majors) == 1 else 0


def _aliased(aliases: Aliases, specifier: str) -> Iterator[str]:
    """As TypeScript does it: the exact pattern, then the one with the longest beginning, then the base."""
    matching = [(pattern, targets) for pattern, targets in aliases.paths if _matches(pattern, specifier)]
    for pattern, targets in sorted(matching, key=_weight):
        yield from (_clean(_filled(pattern, specifier, target)) for target in targets)
    if aliases.base is not None:
        yield _clean(posixpath.join(aliases.base, specifier))


def _filled(pattern: str, specifier: str, target: str) -> str:
    """The path that a pattern which matches stands for, with what its `*` is there."""
    head, star, tail = pattern.partition("*")
    middle = specifier[len(head) : len(specifier) - len(tail)] if star else ""
    return target.replace("*", middle)


def _weight(entry: tuple[str, Sequence[str]]) -> tuple[bool, int]:
    return "*" in entry[0], -len(entry[0].partition("*")[0])


def _matches(pattern: str, specifier: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == specifier
    return len(specifier) >= len(head) + len(tail) and specifier.startswith(head) and specifier.endswith(tail)


def _joined(path: str, told: str) -> str:
    return _clean(posixpath.join(posixpath.dirname(path), told))


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return "" if cleaned == "." else cleaned
