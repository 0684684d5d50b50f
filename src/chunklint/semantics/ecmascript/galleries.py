"""Sources that serve tests, a component gallery or examples: what they mount lives as long as one test."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.unused import ROUTED

_FOLDERS = frozenset({"__tests__", "__mocks__", "cypress", "e2e"})
# What shows how something is used; a folder `demo` may be a feature of the application.
_SHOWS = frozenset({"examples", "demos", "(demos)", "demo-app", "demo-apps"})
# In the sources of an application, a feature may be called so as well.
_PLAIN_FOLDERS = frozenset({"test", "tests"})
_MARKS = frozenset({"test", "spec", "stories", "story", "docs", "cy", "bench"})
_NAMED = re.compile(
    r"(?:^|[._-])(?:test|spec|setup|mock|fixture|helper|util)s?(?:[._-]|$)|[a-z](?:Mock|Fixture|Util|Helper)s?$"
    r"|^(?:test|[mM]ock|[fF]ake)[A-Z]"
)
_HELPERS = re.compile(r"^(?:tests?|testing)[-_.]?(?:utils?|helpers?|setup|library|wrapper)$", re.IGNORECASE)
_TESTS = re.compile(
    r"""["'](?:@testing-library/|vitest\b|@?jest\b|@jest/|enzyme\b|react-test-renderer|react-dom/test-utils|sinon\b|chai\b"""
    r"""|msw\b|mocha\b|@playwright/|@storybook/|@cypress/|cypress\b|node:test|bun:test|@vitest/)"""
    r"""|^\s*(?:describe|it|test|beforeEach|afterEach|beforeAll|afterAll)(?:\.\w+)*\(""",
    re.MULTILINE,
)

# What only tests need; an application has no use for a screen that is queried.
_QUERYING = ("@testing-library/", "react-test-renderer", "react-dom/test-utils")
_QUERIES = re.compile(r"""\bfrom\s*["'](?:@testing-library/|react-test-renderer|react-dom/test-utils)""")


def is_test_or_story(file: SourceFile) -> bool:
    """Whether a source serves tests or a component gallery: its components live as long as one test.

    A folder `tests` of a feature deep in the application's sources holds tests where they speak as tests do.
    """
    if any(word in file.content for word in _QUERYING) and _QUERIES.search(file.content) is not None:
        return True
    place = PurePosixPath(file.path)
    folders = place.parts[:-1]
    if _HELPERS.match(place.stem) and _TESTS.search(file.content) is not None:
        return True
    # What a tool keeps for itself: the preview of letters, a copy of the theme, stories.
    if any(folder.startswith(".") and folder.strip(".") for folder in folders):
        return True
    if any(mark in _MARKS for mark in place.name.split(".")[1:-1]) or not (_FOLDERS | _SHOWS).isdisjoint(folders):
        return True
    if _PLAIN_FOLDERS.isdisjoint(folders):
        return False
    return not _may_be_feature(place) or _TESTS.search(file.content) is not None


def _may_be_feature(place: PurePosixPath) -> bool:
    """Whether folders called tests lie deep in the sources, and nothing in the name of the file speaks of tests."""
    folders = place.parts[:-1]
    first = min(at for at, folder in enumerate(folders) if folder in _PLAIN_FOLDERS)
    if place.stem in ROUTED:
        return "app" in folders[:first] or "pages" in folders[:first]
    return "src" in folders[: max(first - 1, 0)] and _NAMED.search(place.stem) is None
