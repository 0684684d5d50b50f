"""The programs that are timed: how each is installed, with which version, and what it is told to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

OURS = "chunklint"

_HERE = Path(__file__).parent
_PYPI = ("ruff==0.17.6", "semgrep==1.182.0", "bandit==1.9.4", "pylint==4.1.4", "ast-grep-cli==0.51.1")
_NPM = (
    "oxlint@1.94.0",
    "eslint@10.15.0",
    "@eslint-react/eslint-plugin@5.23.0",
    "@typescript-eslint/parser@8.73.0",
    "typescript@5.9.3",
)

# As many of our rules as semgrep and ast-grep are given, each about the same thing as one of theirs.
_FIVE = "CL101,CL301,CL501,CL801,CL1004"


@dataclass(frozen=True, slots=True)
class Contender:
    """A program with its arguments; it runs in the folder that it is to look through.

    Attributes:
        does: What it looks for, for the reader of the report.
        primed: Whether it is run once before it is timed, to fill its cache.
    """

    name: str
    does: str
    command: tuple[str, ...]
    primed: bool = False


def ours(cache: Path) -> Iterator[Contender]:
    """chunklint in its several ways; the caches lie in the folder."""
    scan = (sys.executable, "-P", "-m", "chunklint", "scan", "--isolated", "--exit-zero", "--quiet")
    cold = (*scan, "--no-cache", "--jobs")
    yield Contender(OURS, "all rules, cold, two workers", (*cold, "2", "."))
    yield Contender(f"{OURS}, one worker", "all rules, cold", (*cold, "1", "."))
    yield Contender(f"{OURS}, five rules", _FIVE, (*cold, "2", "--select", _FIVE, "."))
    warm = (*scan, "--cache-dir", str(cache), "--jobs", "2", ".")
    yield Contender(f"{OURS}, warm", "all rules, nothing changed", warm, primed=True)


def ruff(program: Path) -> Contender:
    """Two rules, without a cache."""
    arguments = ("check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--select", "S608,S113", ".")
    return Contender("ruff", "S608 and S113, --no-cache", (str(program), *arguments))


def ruff_here() -> Path | None:
    """The ruff of the environment that this runs in."""
    found = shutil.which("ruff", path=str(Path(sys.executable).parent))
    return Path(found) if found is not None else None


def install(folder: Path) -> tuple[list[Contender], list[str]]:
    """Install the pinned peers in a folder, if that was not done yet; those there are, and why others are not.

    Raises CalledProcessError when a package cannot be installed.
    """
    peers = list(_python_peers(_python_environment(folder)))
    programs = _node_programs(folder)
    if programs is None:
        return peers, ["oxlint and eslint: there is no npm on this machine"]
    return [*peers, *_node_peers(programs)], []


def _python_environment(folder: Path) -> Path:
    """The folder of the programs of an environment that has the peers of PyPI."""
    programs = folder / "python" / "bin"
    if _is_fresh(folder / "python", _PYPI):
        return programs
    subprocess.run((sys.executable, "-m", "venv", "--clear", folder / "python"), check=True)  # noqa: S603 - ours
    subprocess.run((programs / "python", "-m", "pip", "install", "--quiet", *_PYPI), check=True)  # noqa: S603 - ours
    _mark(folder / "python", _PYPI)
    return programs


def _node_programs(folder: Path) -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    home = folder / "node"
    if not _is_fresh(home, _NPM):
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        subprocess.run((npm, "install", "--no-audit", "--no-fund", "--silent", *_NPM), cwd=home, check=True)  # noqa: S603 - ours
        _mark(home, _NPM)
    # It imports its plugins from where it lies itself.
    shutil.copy(_HERE / "eslint.config.mjs", home)
    return home / "node_modules" / ".bin"


def _is_fresh(home: Path, packages: Sequence[str]) -> bool:
    mark = home / "installed.txt"
    return mark.is_file() and mark.read_text(encoding="utf-8") == "\n".join(packages)


def _mark(home: Path, packages: Sequence[str]) -> None:
    (home / "installed.txt").write_text("\n".join(packages), encoding="utf-8")


def _python_peers(programs: Path) -> Iterator[Contender]:
    yield ruff(programs / "ruff")
    quiet = ("--metrics", "off", "--disable-version-check", "--quiet", "--no-git-ignore")
    rules = str(_HERE / "semgrep.yaml")
    yield Contender("semgrep", "five rules", (str(programs / "semgrep"), "scan", *quiet, "--config", rules, "."))
    rules = str(_HERE / "ast-grep.yaml")
    yield Contender("ast-grep", "five rules", (str(programs / "ast-grep"), "scan", "--rule", rules, "."))
    yield Contender("bandit", "all its checks", (str(programs / "bandit"), "-r", "-q", "--exit-zero", "."))
    chosen = ("--rcfile", "/dev/null", "--disable=all", "--enable=missing-timeout", "--exit-zero")
    arguments = (*chosen, "-j", "2", "--recursive=y", ".")
    yield Contender("pylint", "missing-timeout, two workers", (str(programs / "pylint"), *arguments))


def _node_peers(programs: Path) -> Iterator[Contender]:
    yield Contender("oxlint", "its own choice of rules", (str(programs / "oxlint"), "--react-plugin", "."))
    config = str(programs.parents[1] / "eslint.config.mjs")
    arguments = ("--config", config, "--no-inline-config", "--no-error-on-unmatched-pattern", ".")
    yield Contender("eslint", "eslint-react, recommended", (str(programs / "eslint"), *arguments))
