"""What rules import is complete, agrees with itself, and costs nothing before it is used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from chunklint import api
from chunklint.loader import BUILTIN, load, prepare

LANGUAGES = {"python", "ecmascript", "sql"}


def typed_names() -> dict[str, tuple[str, str]]:
    """What type checkers see: each name with its module and its name there."""
    tree = ast.parse(Path(str(api.__file__)).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {one.asname or one.name: (str(node.module), one.name) for node in imports for one in node.names}


def test_the_table_the_typed_imports_and_all_agree() -> None:
    assert typed_names() == api._PLACES
    assert set(api.__all__) == set(api._PLACES) | LANGUAGES


def test_every_name_is_where_the_table_says() -> None:
    assert [name for name in typed_names() if getattr(api, name, None) is None] == []


def test_an_unknown_name_is_an_import_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = api.nonsense


def promises(value: Any) -> Iterator[object]:
    if isinstance(value, api._Later):
        yield value
    elif isinstance(value, (dict, MappingProxyType)):
        for pair in value.items():
            yield from promises(pair)
    elif isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from promises(one)


def test_no_promise_is_left_when_a_rule_runs() -> None:
    for rule in load([BUILTIN]):
        for check in [*(one.check for one in rule.subscriptions), *rule.joins]:
            prepare(check)
            named = {name: value for name, value in check.__globals__.items() if name != "__builtins__"}
            assert list(promises(named)) == []


HEAVY = ("sqlglot", "libcst", "rich", "multiprocessing", "sqlite3", "asyncio", "tree_sitter_typescript", "markdown_it")


def modules_after(tmp_path: Path, *arguments: str) -> set[str]:
    (tmp_path / "clean.py").write_text("x = 1\n", encoding="utf-8")
    program = (
        "import json, sys\nfrom chunklint.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as ended:\n    code = ended.code\n"
        "sys.stderr.write(json.dumps([code, sorted(sys.modules)]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *arguments], cwd=tmp_path, capture_output=True, timeout=120)
    code, modules = json.loads(ran.stderr)
    assert code == 0
    return set(modules)


def test_the_version_is_told_by_very_few_modules(tmp_path: Path) -> None:
    ours = {name for name in modules_after(tmp_path, "--version") if name.startswith("chunklint")}
    assert len(ours) <= 8
    assert "chunklint.engine" not in ours


def test_a_clean_file_is_scanned_without_what_it_does_not_need(tmp_path: Path) -> None:
    modules = modules_after(tmp_path, "scan", "--isolated", "clean.py")
    assert not modules.intersection(HEAVY)
    semantics = {name for name in modules if name.startswith("chunklint.semantics.")}
    assert len(semantics) < 20
