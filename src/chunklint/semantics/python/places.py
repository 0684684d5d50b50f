"""What the path of a file says of it."""

from __future__ import annotations

from pathlib import PurePosixPath

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "e2e", "e2e_tests", "integration_tests"})


def is_test_file(path: str) -> bool:
    """Whether a Python file is a test or serves tests, by the names that pytest and unittest go by."""
    place = PurePosixPath(path)
    named = place.stem.startswith("test_") or place.stem.endswith("_test") or place.stem in ("conftest", "tests")
    return named or any(part in _TEST_FOLDERS for part in place.parts[:-1])
