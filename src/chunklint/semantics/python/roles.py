"""What a file is for, by its path and its text: tests hang at nobody's cost, scripts at one person's."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors

_TEST_FOLDERS = frozenset(
    {"test", "tests", "testing", "e2e", "e2e_tests", "integration_tests"}
    | {"__tests__", "__mocks__", "mocks", "cypress", "playwright"}
)
_TEST_NAME = re.compile(r"(^test_.*|.*_test|^tests?|^conftest|.*[._-](test|tests|spec|stories|mock|cy))$")

_SCRIPT_FOLDERS = frozenset(
    {"script", "scripts", "bin", "tool", "tools", "util", "utils", "hack", "ci", "dev", "devtools", "docs", "doc"}
    | {"example", "examples", "sample", "samples", "demo", "demos", "benchmark", "benchmarks", ".github"}
)
# Folders that hold scripts at the top of a repository and parts of the product further down.
_ONLY_AT_THE_TOP = frozenset({"util", "utils", "dev", "doc", "docs", "tool", "tools", "ci", "demo"})
_SCRIPT_NAME = re.compile(r"^(setup|noxfile|fabfile|manage)$|(^|_)examples?(_|$)")
_COMMAND_LINE = re.compile(r"^\s*(?:import|from)\s+(?:argparse|click|typer|fire|docopt|optparse)\b", re.MULTILINE)
_SERVER = re.compile(
    r"^(?:import|from)\s+(?:fastapi|starlette|flask|django|celery|sanic|quart|litestar|arq|dramatiq)\b", re.MULTILINE
)
_MAIN_GUARD = re.compile(r"^if __name__ == ['\"]__main__['\"]", re.MULTILINE)


@lru_cache(maxsize=8)
def is_test(path: str) -> bool:
    """Whether a path is that of a test, of what tests share, or of a story or mock."""
    parts = PurePosixPath(path)
    return not _TEST_FOLDERS.isdisjoint(parts.parts[:-1]) or _TEST_NAME.match(parts.stem) is not None


def is_script(file: SourceFile) -> bool:
    """Whether a file is run by hand: a command line, an example, a tool beside the product."""
    return file.remember("is a script", lambda: _is_script(file.path, file.content))


def _is_script(path: str, text: str) -> bool:
    parts = PurePosixPath(path)
    folders = parts.parts[:-1]
    below = _SCRIPT_FOLDERS - _ONLY_AT_THE_TOP
    if not below.isdisjoint(folders) or not _SCRIPT_FOLDERS.isdisjoint(folders[:1]) or _SCRIPT_NAME.search(parts.stem):
        return True
    if _SERVER.search(text):
        return False
    if _COMMAND_LINE.search(text):
        return True
    # Modules of a product often begin with a shebang that nobody uses.
    return (text.startswith("#!") or not folders) and _MAIN_GUARD.search(text) is not None


def under_main_guard(node: Node, file: SourceFile) -> bool:
    """Whether a node runs only when its module is started as a program."""
    guards = (around for around in ancestors(node) if around.type == "if_statement")
    conditions = (guard.child_by_field_name("condition") for guard in guards)
    return any(_MAIN_GUARD.match(f"if {file.text(one)}") is not None for one in conditions if one is not None)
