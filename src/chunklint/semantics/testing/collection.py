"""Which files pytest collects: the settings of the project, and the test files that they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.python.roles import is_test
from chunklint.semantics.testing.pytests import tests_of

MANIFEST = "pyproject.toml"
# In the order in which pytest looks for its settings in a folder.
SETTINGS = ("pytest.ini", ".pytest.ini", MANIFEST, "tox.ini", "setup.cfg")
_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_DEFAULT_FILES = ("test_*.py", "*_test.py")

# Suites that are started by their path, and folders whose tests belong to something else.
_STARTED_BY_PATH = re.compile(
    r"(?:^|[/_-])(?:integration|e2e|end_to_end|api_tests|load|perf|performance|functional|acceptance|manual|smoke|system|live|"
    r"examples?|scripts?|docs?|tools?|templates?|vendor|third_party|benchmarks?|evals?|regression)(?:$|[/_.-]|_tests?)"
)
_LIKE_TESTS = re.compile(r"test|bench|perf")
_SHARED = re.compile(r"base|mixin|common|helper|util|factor|fixture|data|conftest|suite|plugin")

# More files than these outside the test paths are there on purpose, and some other command runs them.
_MOST_LEFT_OUT = 12


@record
class PytestSettings:
    """What a project tells pytest about where tests are.

    Attributes:
        path: The file with the settings.
        testpaths: Folders or patterns relative to the settings' folder; () for all.
        python_files: The patterns of test files' names; () when a project leaves them to the settings above it.
    """

    path: str
    testpaths: tuple[str, ...]
    python_files: tuple[str, ...]


@record
class Collectable:
    """A file with tests: its first line, and whether only its name could keep it from being collected."""

    place: Location
    tests: int


def settings_in(path: str, text: str) -> PytestSettings | None:
    """The settings of pytest in a file of one of the names in `SETTINGS`; None when it has none or cannot be read."""
    name = PurePosixPath(path).name
    section = _of_pyproject(text) if name == MANIFEST else _of_ini(text, _SECTIONS.get(name, ""))
    if section is None and not name.endswith("pytest.ini"):
        return None
    found = section or {}
    return PytestSettings(path, _words(found.get("testpaths")), _words(found.get("python_files")) or _DEFAULT_FILES)


def _of_pyproject(text: str) -> Mapping[str, Any] | None:
    import tomllib

    try:
        found = tomllib.loads(text).get("tool", {}).get("pytest", {}).get("ini_options")
    except (tomllib.TOMLDecodeError, RecursionError, AttributeError):
        return None
    return found if isinstance(found, dict) else None


def _of_ini(text: str, section: str) -> Mapping[str, Any] | None:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return dict(parser[section]) if parser.has_section(section) else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def collectables(file: PythonFile) -> Iterator[Collectable]:
    """A file of which one would think that its tests are collected."""
    place = PurePosixPath(file.path)
    if _LIKE_TESTS.search(place.stem) is None or not is_test(file.path) or _SHARED.search(place.stem):
        return
    tests = tests_of(file)
    if not tests or not file.root.named_children:
        return
    yield Collectable(file.location(file.root.named_children[0]), len(tests))


@record
class LeftOut:
    """A test file that pytest does not collect, the settings that leave it out, and whether by its name."""

    place: Location
    settings: PytestSettings
    by_name: bool


def left_out(facts: Mapping[str, Sequence[object]], settings: Iterable[PytestSettings]) -> Iterator[LeftOut]:
    """The test files that the nearest settings of pytest leave out."""
    by_folder = {PurePosixPath(one.path).parent: one for one in settings}
    outside: dict[tuple[str, bool], list[LeftOut]] = {}
    for path, found in facts.items():
        place = next((one.place for one in found if isinstance(one, Collectable)), None)
        above = [by_folder[one] for one in PurePosixPath(path).parents if one in by_folder]
        nearest = next((one for one in above if one.python_files), None)
        if place is None or nearest is None:
            continue
        by_name = not _fits(path, nearest)
        together = outside.setdefault((nearest.path, by_name), [])
        if by_name:
            together.append(LeftOut(place, nearest, by_name=True))
        elif (
            above[0] == nearest
            and nearest.testpaths
            and not _is_below(path, nearest)
            and not _STARTED_BY_PATH.search(path)
        ):
            together.append(LeftOut(place, nearest, by_name=False))
    for together in outside.values():
        if len(together) <= _MOST_LEFT_OUT:
            yield from together


def _fits(path: str, settings: PytestSettings) -> bool:
    """Whether pytest takes a file for one of tests: a pattern with a slash is held against its whole path."""
    name = PurePosixPath(path).name
    return any(
        fnmatch(f"/root/{path}", f"*/{pattern}") if "/" in pattern else fnmatch(name, pattern)
        for pattern in settings.python_files
    )


def _is_below(path: str, settings: PytestSettings) -> bool:
    home = PurePosixPath(settings.path).parent
    inner = PurePosixPath(path).relative_to(home)
    folders = [inner, *inner.parents]
    for wanted in settings.testpaths:
        pattern = PurePosixPath(wanted).as_posix()
        if any(fnmatch(folder.as_posix(), pattern) for folder in folders):
            return True
    return False
