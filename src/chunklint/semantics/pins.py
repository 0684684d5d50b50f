"""The versions of libraries that a project asks for, as its manifests and lock files say. Nothing is installed or run.

A lock file names the version that is used; a manifest names a range, whose lowest version is the one that a claim about
defaults must hold for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from chunklint.records import record

# The names of manifests and locks; `requirements/*.txt` and `requirements*.txt` come on top.
MANIFESTS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pyproject.toml", "Pipfile", "setup.cfg")


# What is longer was not written to be read.
_MAX_SPEC = 100

_REQUIREMENT = re.compile(r"^\s*(?P<name>[A-Za-z0-9][\w.-]{0,99})\s*(?:\[[^\]]*\])?\s*\(?(?P<spec>[^;#()]*)")
_LOCKED = re.compile(
    r'^\[\[package\]\]\r?\nname = "(?P<name>[^"\n]{1,100})"\r?\nversion = "(?P<version>[^"\n]{1,100})"', re.MULTILINE
)
_CLAUSE = re.compile(r"(?P<operator>===|==|~=|>=|<=|!=|\^|~|>|<|)\s*v?(?P<version>\d+(?:\.\d+)*)(?P<any>\.\*)?")
_SETUP_SECTION = re.compile(r"^install_requires\s*=(?P<first>.*)\n(?P<rest>(?:[ \t].*(?:\n|\Z)|\n)*)", re.MULTILINE)
_LOWER_BOUNDS = ("", "==", "===", "~=", ">=", "^", "~", ">")


@record
class Pin:
    """What one manifest asks of one package.

    Attributes:
        package: The normalised name.
        spec: The version of a lock file, or the range as the manifest spells it; "" for any version.
        manifest: The path of the manifest.
        locked: Whether the manifest is a lock file.
    """

    package: str
    spec: str
    manifest: str
    locked: bool = False

    @property
    def lowest(self) -> tuple[int, ...]:
        """The lowest version that is allowed, () when there is no lower bound."""
        if self.locked:
            return version(self.spec)
        bounds = [version(c["version"]) for c in _CLAUSE.finditer(self.spec) if c["operator"] in _LOWER_BOUNDS]
        return max(bounds, default=())

    @property
    def is_exact(self) -> bool:
        """Whether one version alone is allowed."""
        return self.locked or (self.spec.startswith("==") and "*" not in self.spec and "," not in self.spec)

    def allows_before(self, bound: str) -> bool:
        """Whether a version before the bound is allowed."""
        return self.lowest < version(bound)

    def describe(self) -> str:
        """The pin as a clause: "poetry.lock pins redis 5.0.1", "pyproject.toml allows redis ^5.0"."""
        if self.is_exact:
            return f"{self.manifest} pins {self.package} {self.spec.lstrip('=').strip()}"
        return f"{self.manifest} allows {self.package} {self.spec or 'of any version'}"


@record
class Pins:
    """The pins of a project, by the folder of their manifest relative to the root ("" for the root)."""

    by_folder: Mapping[str, tuple[Pin, ...]]

    def of(self, path: str, package: str) -> Pin | None:
        """The pin that holds for a file: the nearest lock's above it, else the nearest manifest's."""
        around = [str(folder) if str(folder) != "." else "" for folder in PurePosixPath(path).parents]
        name = normalised(package)
        found = [pin for folder in around for pin in self.by_folder.get(folder, ()) if pin.package == name]
        return next((pin for pin in found if pin.locked), found[0] if found else None)


def is_manifest(name: str) -> bool:
    """Whether a file name is that of a manifest or a lock file."""
    return name in MANIFESTS or (name.startswith("requirements") and name.endswith(".txt"))


def pins_in(path: str, text: str) -> Iterator[Pin]:
    """The pins of a manifest. A file that cannot be read as what its name says has none."""
    name = PurePosixPath(path).name
    match name:
        case "poetry.lock" | "uv.lock" | "pdm.lock":
            yield from (Pin(normalised(one["name"]), one["version"], path, True) for one in _LOCKED.finditer(text))
        case "Pipfile.lock":
            yield from _pipenv_lock(path, text)
        case "pyproject.toml":
            yield from _pyproject(path, _toml(text))
        case "Pipfile":
            tables = _toml(text)
            yield from _poetry_table(path, {**_table(tables, "dev-packages"), **_table(tables, "packages")})
        case "setup.cfg":
            for section in _SETUP_SECTION.finditer(text):
                yield from _requirements(path, (section["first"], *section["rest"].splitlines()))
        case _:
            yield from _requirements(path, text.splitlines())


def normalised(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version(text: str) -> tuple[int, ...]:
    """The release part of a version: "5.0.1rc2" gives (5, 0, 1); () for what is no version."""
    found = re.match(r"\s*v?(\d{1,9}(?:\.\d{1,9})*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _spec(text: str) -> str:
    """A range in one line of a length that a message can carry."""
    return " ".join(text[:_MAX_SPEC].split())


def _requirements(path: str, lines: Iterable[str]) -> Iterator[Pin]:
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found is None or line.lstrip().startswith(("-", "#")) or "://" in line:
            continue
        yield Pin(normalised(found["name"]), _spec(found["spec"].strip().rstrip("\\")), path)


def _pyproject(path: str, tables: Mapping[str, Any]) -> Iterator[Pin]:
    project = _table(tables, "project")
    groups = (_table(project, "optional-dependencies"), _table(tables, "dependency-groups"))
    listed = [project.get("dependencies"), *(group for table in groups for group in table.values())]
    for requirements in listed:
        if isinstance(requirements, list):
            yield from _requirements(path, (one for one in requirements if isinstance(one, str)))
    poetry = _table(_table(tables, "tool"), "poetry")
    yield from _poetry_table(path, _table(poetry, "dependencies"))
    for group in _table(poetry, "group").values():
        yield from _poetry_table(path, _table(group, "dependencies"))


def _poetry_table(path: str, dependencies: Mapping[str, Any]) -> Iterator[Pin]:
    for name, wanted in dependencies.items():
        spec = wanted.get("version", "") if isinstance(wanted, dict) else wanted
        if isinstance(spec, str):
            yield Pin(normalised(name), "" if spec.strip() == "*" else _spec(spec), path)


def _pipenv_lock(path: str, text: str) -> Iterator[Pin]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for name, entry in _table(document, "default").items():
        spec = entry.get("version") if isinstance(entry, dict) else None
        if isinstance(spec, str):
            yield Pin(normalised(name), _spec(spec).lstrip("="), path, True)


def _toml(text: str) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
