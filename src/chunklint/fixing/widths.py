"""How long a project wants its lines of Python: what its formatter or its linter is told."""

from __future__ import annotations

import configparser
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Of black and of ruff.
_USUAL = 88

_LARGEST = 1_000_000
_EXTENSIONS = 3
_SETTINGS = ("ruff.toml", ".ruff.toml", "pyproject.toml", ".flake8", "setup.cfg", "tox.ini", ".pre-commit-config.yaml")
# A hook of theirs, and the length that its arguments may give.
_HOOK = re.compile(r"^[ \t]*-[ \t]*id:[ \t]*[\"']?(?:black|ruff-format)\b", re.MULTILINE)
_ARGUMENT = re.compile(r"(?:--line-length|-l)(?:=|[\"']?[ \t]*,?[ \t]*[\"']?)(\d+)")


def told_width(root: Path, path: str) -> int:
    """The columns that the settings nearest to a file give its lines; 0 when none says."""
    for folder in upwards((root / path).parent):
        for name in _SETTINGS:
            width = _width(folder / name)
            if width:
                return width
    return 0


def upwards(folder: Path) -> Iterator[Path]:
    """The folder and those above it, up to the top of its repository."""
    for one in (folder, *folder.parents):
        yield one
        if (one / ".git").exists():
            return


def settings_text(file: Path) -> str:
    """The text of a file with settings; "" where there is none that could be read at once."""
    try:
        # Reading a pipe that has this name would wait for ever.
        if not stat.S_ISREG(file.stat().st_mode) or file.stat().st_size > _LARGEST:
            return ""
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _width(file: Path) -> int:
    text = settings_text(file)
    if not text:
        return 0
    if file.suffix == ".yaml":
        return _of_hooks(text)
    return _of_toml(text, file) if file.suffix == ".toml" else _of_ini(text)


def _of_hooks(text: str) -> int:
    hook = _HOOK.search(text)
    told = _ARGUMENT.search(text.partition(hook[0])[2].partition("- id:")[0]) if hook is not None else None
    return int(told[1]) if told is not None else _USUAL if hook is not None else 0


def _of_toml(text: str, file: Path, depth: int = _EXTENSIONS) -> int:
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return 0
    tools = document.get("tool") if file.name == "pyproject.toml" else {"ruff": document}
    found = [tools[one] for one in ("ruff", "black") if one in tools] if isinstance(tools, dict) else []
    sections = [one for one in found if isinstance(one, Mapping)]
    told = (_number(one.get("line-length")) or _of_extended(one, file, depth) for one in sections)
    return next(filter(None, told), _USUAL if sections else 0)


def _of_extended(section: Mapping[str, Any], file: Path, depth: int) -> int:
    """What the settings say that a section of ruff extends; 0 when it extends none."""
    named = section.get("extend")
    if not isinstance(named, str) or not depth:
        return 0
    other = file.parent / named
    return _of_toml(settings_text(other), other, depth - 1)


def _of_ini(text: str) -> int:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return 0
    for section in ("flake8", "pycodestyle"):
        if parser.has_option(section, "max-line-length"):
            return _number(parser.get(section, "max-line-length").strip())
    return 0


def _number(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
