"""The storeys of the house, as a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_each_layer_imports_only_those_below_it() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_nothing_but_the_standard_library_is_imported_at_the_top_by_the_layers_that_every_start_pays_for() -> None:
    heavy = ("import sqlglot", "import libcst", "import rich", "from sqlglot", "from libcst", "from rich")
    eager = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in (ROOT / "src").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(heavy)
    ]
    assert eager == []


def test_no_two_modules_keep_different_answers_under_one_key() -> None:
    owners: dict[str, set[str]] = {}
    for module in sorted((ROOT / "src").rglob("*.py")):
        for key in re.findall(r'\.remember\(\s*\(?"([^"]+)"', module.read_text(encoding="utf-8")):
            owners.setdefault(key, set()).add(module.name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}
