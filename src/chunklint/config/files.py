"""The sources of settings: the nearest file, `--config` and the other flags, each as one layer of raw values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from chunklint.config.mistakes import Mistakes
from chunklint.records import record
from chunklint.suggest import did_you_mean

_FILES = ("chunklint.toml", "pyproject.toml")

# Flags whose values are lists of codes may hold several, separated by commas.
_CODE_LISTS = frozenset({"select", "ignore", "extend-select"})


@record
class Layer:
    """Raw settings of one source.

    Attributes:
        prefix: Turns a key into what the user wrote; `flags` has the keys whose flag is called otherwise.
        folder: What paths and globs start from.
    """

    table: Mapping[str, Any]
    prefix: str
    folder: Path
    flags: Mapping[str, str] = field(default_factory=dict)

    def where(self, key: str) -> str:
        """How a message names a key of this layer."""
        return self.prefix + self.flags.get(key, key)


@record
class Config:
    """What was found, not yet checked.

    Attributes:
        file: The file that was read, None when there is none.
        folder: What the globs of the settings start from: the file's folder, or the folder the search began in.
        layers: From the weakest to the strongest.
    """

    file: Path | None
    folder: Path
    start: Path
    layers: tuple[Layer, ...]

    @property
    def rule_folders(self) -> tuple[Path, ...]:
        """The folders of further rules, absolute. They are the repository's: load them only when told to trust it."""
        return tuple(
            Path(os.path.normpath(layer.folder / folder))
            for layer in self.layers
            for folder in _strings(layer.table.get("rules-dirs"))
        )


@record
class Overrides:
    """What the command line's own flags say; None where a flag was not given. Items may hold commas between codes.

    `extend_exclude` is `--exclude`, which adds to the configured patterns.
    """

    select: Sequence[str] | None = None
    ignore: Sequence[str] | None = None
    extend_select: Sequence[str] | None = None
    extend_exclude: Sequence[str] | None = None
    fail_on: str | None = None

    def layer(self, folder: Path) -> Layer:
        """The flags as the strongest layer, whose messages name the flags."""
        given = {flag.name.replace("_", "-"): getattr(self, flag.name) for flag in fields(self)}
        table = {key: _flag_value(key, value) for key, value in given.items() if value is not None}
        return Layer(table, "--", folder, {"extend-exclude": "exclude"})


def read(start: Path, *, isolated: bool = False, config: Sequence[str] = ()) -> Config:
    """Find the nearest file from a folder upwards, to the top of the git repository, and parse it and `--config`.

    Each of `config` is an existing file, which is read instead of the nearest, or KEY=VALUE in TOML. With `isolated`
    no file is read. Raises ConfigError for what is no TOML or cannot be read.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would follow links, and names would surprise
    mistakes = Mistakes()
    named = [text for text in config if _names_file(start, text)]
    if isolated and named:
        mistakes.add("--config", f"{named[0]} cannot be used together with --isolated")
    if len(named) > 1:
        mistakes.add("--config", f"only one file can be used, not {', '.join(named)}")
    file, layer = None, None
    if named:
        file = start / named[0]
        layer = _file_layer(file, start, start, mistakes)
        if layer is None and not mistakes.found:
            mistakes.add(named[0], "it has no table [tool.chunklint]")
    elif not isolated:
        file, layer = _nearest(start, mistakes)
    pairs = [_pair_layer(text, start, mistakes) for text in config if text not in named]
    mistakes.stop_if_any()
    folder = layer.folder if layer is not None else start
    return Config(file, folder, start, tuple(one for one in (layer, *pairs) if one is not None))


def _flag_value(key: str, value: Any) -> Any:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    if key in _CODE_LISTS:
        return [part.strip() for item in value for part in item.split(",") if part.strip()]
    return list(value)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names_file(start: Path, text: str) -> bool:
    """Whether a value of --config is a file: it exists, or could never be KEY=VALUE."""
    return "\0" not in text and ("=" not in text or _is_file(start / text))


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - unlike Path.is_file it never raises


def _nearest(start: Path, mistakes: Mistakes) -> tuple[Path | None, Layer | None]:
    for folder in (start, *start.parents):
        for name in _FILES:
            file = folder / name
            if not _is_file(file):
                continue
            layer = _file_layer(file, folder, start, mistakes)
            if layer is not None:
                return file, layer
        if os.path.exists(folder / ".git"):  # noqa: PTH110 - unlike Path.exists it never raises
            break
    return None, None


def _file_layer(file: Path, folder: Path, start: Path, mistakes: Mistakes) -> Layer | None:
    """The file's settings; None when it has none, or cannot be read, which is noted."""
    import tomllib

    name = _shown(file, start)
    try:
        table = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        mistakes.add("--config", f"{name} is neither a file nor KEY=VALUE{_likely(file)}")
        return None
    except OSError as error:
        mistakes.add(name, f"it cannot be read ({error.strerror})")
        return None
    except UnicodeDecodeError as error:
        mistakes.add(name, f"it is not valid UTF-8 (byte {error.start})")
        return None
    except tomllib.TOMLDecodeError as error:
        mistakes.add(name, f"it is not valid TOML: {error}")
        return None
    except RecursionError:
        mistakes.add(name, "its values are nested too deeply")
        return None
    if file.name != "pyproject.toml":
        return Layer(table, f"{name}: ", folder)
    tool = table.get("tool")
    own = tool.get("chunklint") if isinstance(tool, dict) else None
    if own is None:
        return None
    if not isinstance(own, dict):
        mistakes.add(name, f"tool.chunklint must be a table, not {own!r}")
        return None
    return Layer(own, f"{name}: tool.chunklint.", folder)


def _likely(missing: Path) -> str:
    try:
        return did_you_mean(missing.name, [entry.name for entry in missing.parent.iterdir()])
    except OSError:
        return ""


def _pair_layer(text: str, start: Path, mistakes: Mistakes) -> Layer | None:
    import tomllib

    try:
        return Layer(tomllib.loads(text), "--config ", start)
    except tomllib.TOMLDecodeError as error:
        hint = "the value is TOML, so strings need quotes, as in --config 'fail-on=\"note\"'"
        mistakes.add("--config", f"{text!r} is neither a file nor KEY=VALUE: {error}; {hint}")
    except RecursionError:
        mistakes.add("--config", "its value is nested too deeply")
    return None


def _shown(file: Path, start: Path) -> str:
    return str(file.relative_to(start)) if file.is_relative_to(start) else str(file)
