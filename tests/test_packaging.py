"""What users install: the wheel holds every rule, the version is one, start-up imports stay light."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import chunklint
from chunklint.loader import BUILTIN, rule_files

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_every_rule_the_type_marker_and_the_parts_of_the_page(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"chunklint/rules/{path.relative_to(BUILTIN).as_posix()}" for path in rule_files(BUILTIN)}
    assert wanted <= names
    assert {"chunklint/py.typed", "chunklint/reporters/html/page.css", "chunklint/reporters/html/page.js"} <= names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/"))]


def test_an_installed_wheel_lists_all_rules_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, system_site_packages=False)
    python = environment / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # The dependencies come from the environment that runs the tests, so that this needs no network; the wheel's own
    # folder comes first, and an editable install works through a hook that a plain path entry does not run.
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    (Path(site) / "dependencies.pth").write_text(dependencies + "\n", encoding="utf-8")
    command = [str(python), "-m", "chunklint", "rule", "--output-format", "json"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert all(f'"{path.stem.replace("_", "-")}"' in listed for path in rule_files(BUILTIN))


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == chunklint.__version__


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys\n"
        "from chunklint.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return set(ran.stdout.splitlines())


def test_asking_for_the_version_imports_no_parser() -> None:
    assert not modules_after("--version") & {"tree_sitter", "sqlglot", "libcst", "rich", "pathspec"}


def test_scanning_a_clean_file_imports_nothing_heavy(tmp_path: Path) -> None:
    clean = tmp_path / "clean.py"
    clean.write_text("x = 1\n", encoding="utf-8")
    loaded = modules_after("scan", str(clean))
    assert not loaded & {"sqlglot", "libcst", "rich", "concurrent.futures.process", "tree_sitter_typescript"}
