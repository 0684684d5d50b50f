"""What a project tells its formatter of TypeScript and JavaScript: prettier, biome, or a setting of all editors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chunklint.fixing.widths import settings_text, upwards
from chunklint.rewriting.ecmascript_text import Told

# What prettier and biome keep to where they are told nothing else.
_USUAL = 80

_PRETTIER = (
    *(f".prettierrc{end}" for end in ("", ".json", ".json5", ".yaml", ".yml", ".toml", ".js", ".cjs", ".mjs", ".ts")),
    *(f"prettier.config.{end}" for end in ("js", "cjs", "mjs", "ts")),
)
_BIOME = ("biome.json", "biome.jsonc")
_COMMENT = re.compile(r"^\s*(?://|#).*$", re.MULTILINE)
_WIDTH = re.compile(r"""["']?printWidth["']?\s*[:=]\s*(\d+)""")
_COMMAS = re.compile(r"""["']?trailingComma["']?\s*[:=]\s*["']?(all|es5|none)\b""")
_OF_EDITORS = re.compile(r"^\s*max_line_length\s*=\s*(\d+)\s*$", re.MULTILINE)


def told(root: Path, path: str) -> Told:
    """What the settings nearest to a file say; the file itself tells what they leave open."""
    folders = tuple(upwards((root / path).parent))
    for folder in folders:
        found = next(_in_folder(folder), None)
        if found is not None:
            return found
    # A project that has prettier and tells it nothing gets what it does by itself.
    uses = any(_has_prettier(_read(settings_text(folder / "package.json"))) for folder in folders)
    return Told(_of_editors(folders[0])) if uses else Told()


def _in_folder(folder: Path) -> Iterator[Told]:
    for name in _PRETTIER:
        text = settings_text(folder / name)
        if text:
            yield _of_prettier(text, folder)
    package = _read(settings_text(folder / "package.json")).get("prettier")
    if isinstance(package, Mapping):
        yield _of_mapping(package, folder)
    elif package:
        # It names a package that has the settings.
        yield Told()
    for name in _BIOME:
        text = settings_text(folder / name)
        if text:
            yield _of_biome(_read(_COMMENT.sub("", text)))


def _has_prettier(package: Mapping[str, Any]) -> bool:
    return any("prettier" in _section(package, key) for key in ("devDependencies", "dependencies"))


def _of_prettier(text: str, folder: Path) -> Told:
    found = _read(text)
    if found:
        return _of_mapping(found, folder)
    # YAML, TOML and programs all write a setting as a name and a value; what follows is about some files only.
    common = _COMMENT.sub("", text).partition("overrides")[0]
    width, commas = _WIDTH.search(common), _COMMAS.search(common)
    if width is None and re.search(r"\b(?:import|require|extends)\b|\.\.\.", common):
        return Told(commas=commas[1] if commas else "")
    return Told(int(width[1]) if width else _of_editors(folder), commas[1] if commas else "")


def _of_mapping(found: Mapping[str, Any], folder: Path) -> Told:
    commas = str(found.get("trailingComma", ""))
    return Told(_number(found.get("printWidth")) or _of_editors(folder), commas)


def _of_biome(found: Mapping[str, Any]) -> Told:
    common, own = _section(found, "formatter"), _section(_section(found, "javascript"), "formatter")
    if common.get("enabled") is False or own.get("enabled") is False:
        return Told()
    width = _number(own.get("lineWidth")) or _number(common.get("lineWidth")) or _USUAL
    return Told(width, str(own.get("trailingCommas") or own.get("trailingComma") or "all"))


def _of_editors(folder: Path) -> int:
    """What `.editorconfig` gives all files of a folder or those above it, which prettier takes up."""
    for one in upwards(folder):
        found = _OF_EDITORS.search(settings_text(one / ".editorconfig"))
        if found is not None:
            return int(found[1])
    return _USUAL


def _section(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = found.get(name)
    return section if isinstance(section, Mapping) else {}


def _read(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
