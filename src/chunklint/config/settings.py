"""The layers, checked and merged into one frozen `Settings`, and the questions that the rest of chunklint asks it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields, replace
from pathlib import Path, PurePath
from typing import Any

from chunklint.config.files import Config, Layer, Overrides
from chunklint.config.mistakes import Mistakes
from chunklint.config.selection import Choice, chosen, code_of, complaint, stands_for
from chunklint.config.values import Reader, has_control, is_glob
from chunklint.model import Rule, Severity
from chunklint.records import record
from chunklint.suggest import did_you_mean

# Other people's code, and code that programs wrote. gitignore patterns; `exclude` replaces them, `extend-exclude` adds.
# No `env` or `out`: those are names of honest source folders, and a virtual environment betrays itself by pyvenv.cfg.
DEFAULT_EXCLUDE = (
    *(".git", ".hg", ".svn", ".venv", "venv", "site-packages", "__pypackages__"),
    *("node_modules", "bower_components", "vendor", "third_party", ".yarn", ".pnpm-store"),
    *("dist", "build", ".next", ".nuxt", ".output", ".svelte-kit", "storybook-static", "coverage", "htmlcov"),
    *("__pycache__", ".tox", ".nox", ".eggs", "*.egg-info", ".cache", ".turbo", ".parcel-cache"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"),
    *("*.min.js", "*.min.mjs", "*.bundle.js", "*.chunk.js", "*-bundle.js", "*.d.ts", "*.d.mts", "*.d.cts"),
    *("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*.generated.ts", "*.generated.tsx", "*.gen.ts", ".pnp.cjs"),
)  # fmt: skip

_SEED_TICKETS = tuple(f"TICKET-{number:03}" for number in range(1, 11))


@record
class Settings:
    """How to scan, with every value checked.

    Attributes:
        file: The file the settings came from, None when there is none.
        folder: Absolute; what the patterns of `exclude` and `per_file_ignores` start from.
        codes: The rules that run, in the order of the rules.
        per_file_ignores: gitignore pattern and the codes that are ignored in the files it matches.
        severity: Severities that replace those of a rule's findings, by code.
        options: The options of every rule that has some, by code.
        max_file_size: In bytes; larger files are skipped with a note.
        ticket_url: An address with {ticket} in it, or "".
        ticket_ids: The user's ticket ids, by code or seed ticket.
        ticket_paths: gitignore pattern and the ticket ids, likewise, of the files it matches.
    """

    file: Path | None
    folder: Path
    codes: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    rule_folders: tuple[Path, ...] = ()
    fail_on: Severity = Severity.WARNING
    respect_gitignore: bool = True
    max_file_size: int = 1_000_000
    output_format: str = "text"
    ticket_url: str = ""
    ticket_ids: Mapping[str, str] = field(default_factory=dict)
    ticket_paths: tuple[tuple[str, Mapping[str, str]], ...] = ()


def load(config: Config, *, rules: Sequence[Rule], overrides: Overrides, formats: Sequence[str]) -> Settings:
    """Check and merge everything. Raises ConfigError with every mistake.

    `rules` are all rules that were loaded, `formats` the names that `output-format` may have.
    """
    mistakes = Mistakes()
    known = _Known(rules, formats, bool(config.rule_folders))
    settings = Settings(
        config.file,
        config.folder,
        options={rule.code: rule.options for rule in rules if rule.options is not None},
        rule_folders=config.rule_folders,
    )
    choices: list[Choice] = []
    for layer in (*config.layers, overrides.layer(config.start)):
        reader = Reader(layer, mistakes)
        choices.append(_choice(reader, known))
        settings = _merge(settings, reader, known)
    mistakes.stop_if_any()
    return replace(settings, codes=chosen(choices, rules))


def selected(settings: Settings, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that run, each with the user's options and severity in place of its own."""
    return tuple(
        replace(
            rule,
            options=settings.options.get(rule.code),
            severity=settings.severity.get(rule.code, rule.severity),
        )
        for rule in rules
        if rule.code in settings.codes
    )


def ignored(settings: Settings, root: Path, path: str, code: str) -> bool:
    """Whether `per-file-ignores` ignores a rule in a file, whose path is relative to the root of the scan."""
    globs = [glob for glob, codes in settings.per_file_ignores if code in codes]
    if not globs:
        return False
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(globs).match_file(local_path(settings, root, path))


def local_path(settings: Settings, root: Path, path: str) -> str:
    """The path as the patterns of the settings mean it."""
    return PurePath(os.path.relpath(root / path, os.path.realpath(settings.folder))).as_posix()


def show(settings: Settings) -> str:
    """The settings as TOML that chunklint.toml could hold, for --show-settings."""
    ignores = {glob: sorted(codes) for glob, codes in settings.per_file_ignores}
    options = {
        f"rules.{_key(code)}": {one.name.replace("_", "-"): getattr(value, one.name) for one in fields(value)}
        for code, value in settings.options.items()
    }
    top = {
        "select": settings.codes,
        "exclude": settings.exclude,
        "rules-dirs": [str(folder) for folder in settings.rule_folders],
        "fail-on": settings.fail_on,
        "respect-gitignore": settings.respect_gitignore,
        "max-file-size": settings.max_file_size,
        "output-format": settings.output_format,
    }
    tables: dict[str, Mapping[str, Any]] = {
        "severity": settings.severity,
        "per-file-ignores": ignores,
        **options,
        "tickets": {"url": settings.ticket_url} if settings.ticket_url else {},
        "tickets.map": settings.ticket_ids,
        **{f"tickets.per-path.{_key(glob)}": ids for glob, ids in settings.ticket_paths},
    }
    lines = [f"# {settings.file or 'no configuration file; these are the defaults and the command line'}"]
    lines += _pairs(top)
    for name, table in tables.items():
        if table:
            lines += ["", f"[{name}]", *_pairs(table)]
    return "\n".join(lines) + "\n"


@record
class _Known:
    """What the words in the settings may refer to."""

    rules: Sequence[Rule]
    formats: Sequence[str]
    other_folders: bool

    def hint(self) -> str:
        return "; rules of `rules-dirs` are known only with --trust-rules" if self.other_folders else ""

    def tickets(self) -> set[str]:
        return {*_SEED_TICKETS, *(rule.ticket for rule in self.rules)}


def _choice(reader: Reader, known: _Known) -> Choice:
    select, extend, ignore = (_selectors(reader, known, key) for key in ("select", "extend-select", "ignore"))
    return Choice(select, extend or (), ignore or ())


def _selectors(reader: Reader, known: _Known, key: str) -> list[str] | None:
    found = reader.strings(key)
    _check_selectors(reader, known, key, found or [])
    return found


def _check_selectors(reader: Reader, known: _Known, key: str, selectors: Sequence[str]) -> None:
    for selector in selectors:
        problem = complaint(selector, known.rules)
        if problem is not None:
            reader.refuse(key, problem + known.hint())


def _merge(settings: Settings, reader: Reader, known: _Known) -> Settings:
    for key in reader.layer.table:
        if key in _CHOICES:
            continue
        merge = _MERGES.get(key)
        if merge is None:
            reader.refuse(key, f"unknown setting{did_you_mean(key, (*_MERGES, *_CHOICES))}")
        else:
            settings = merge(settings, reader, known)
    return settings


def _exclude(settings: Settings, reader: Reader, known: _Known) -> Settings:
    globs = reader.globs("exclude")
    return settings if globs is None else replace(settings, exclude=_from_folder(settings, reader.layer, globs))


def _extend_exclude(settings: Settings, reader: Reader, known: _Known) -> Settings:
    globs = _from_folder(settings, reader.layer, reader.globs("extend-exclude") or [])
    return replace(settings, exclude=(*settings.exclude, *globs))


def _from_folder(settings: Settings, layer: Layer, globs: Sequence[str]) -> tuple[str, ...]:
    """Patterns written for the layer's folder as patterns for the settings' folder, which is the same or above."""
    if layer.folder == settings.folder:
        return tuple(globs)
    inner = layer.folder.relative_to(settings.folder).as_posix()
    return tuple(_moved(glob, inner) for glob in globs)


def _moved(glob: str, inner: str) -> str:
    mark, body = ("!", glob[1:]) if glob.startswith("!") else ("", glob)
    floats = "/" not in body.removesuffix("/") or body.startswith("**/")
    return glob if floats else f"{mark}/{inner}/{body.removeprefix('/')}"


def _per_file_ignores(settings: Settings, reader: Reader, known: _Known) -> Settings:
    merged = dict(settings.per_file_ignores)
    for glob, value in reader.table("per-file-ignores").items():
        key = f"per-file-ignores.{_key(glob)}"
        _check_glob(reader, key, glob)
        selectors = reader.strings_of(key, value) or []
        _check_selectors(reader, known, key, selectors)
        (moved,) = _from_folder(settings, reader.layer, [glob])
        merged[moved] = stands_for(selectors, known.rules)
    return replace(settings, per_file_ignores=tuple(merged.items()))


def _check_glob(reader: Reader, key: str, glob: str) -> None:
    if not is_glob(glob):
        reader.refuse(key, "the glob is no gitignore pattern that could match anything")


def _severity(settings: Settings, reader: Reader, known: _Known) -> Settings:
    merged = dict(settings.severity)
    for word, value in reader.table("severity").items():
        code = _code(reader, known, f"severity.{_key(word)}", word)
        level = reader.severity(f"severity.{_key(word)}", value)
        if code is not None and level is not None:
            merged[code] = level
    return replace(settings, severity=merged)


def _rules(settings: Settings, reader: Reader, known: _Known) -> Settings:
    merged = dict(settings.options)
    for word, value in reader.table("rules").items():
        key = f"rules.{_key(word)}"
        code = _code(reader, known, key, word)
        if not isinstance(value, dict):
            reader.refuse(key, "expected a table of the rule's options")
        elif code is not None:
            rule = next(rule for rule in known.rules if rule.code == code)
            options = reader.options(key, rule, value, merged.get(code))
            if options is not None:
                merged[code] = options
    return replace(settings, options=merged)


def _tickets(settings: Settings, reader: Reader, known: _Known) -> Settings:
    table = reader.table("tickets")
    for key in table:
        if key not in _TICKET_KEYS:
            reader.refuse(f"tickets.{_key(key)}", f"unknown setting{did_you_mean(key, _TICKET_KEYS)}")
    if "url" in table:
        settings = replace(settings, ticket_url=reader.url("tickets.url", table["url"]))
    paths = table.get("per-path", {})
    if not isinstance(paths, dict):
        reader.refuse("tickets.per-path", "expected a table from patterns of paths to tables like tickets.map")
        paths = {}
    merged = dict(settings.ticket_paths)
    for glob, ids in paths.items():
        _check_glob(reader, f"tickets.per-path.{_key(glob)}", glob)
        (moved,) = _from_folder(settings, reader.layer, [glob])
        merged[moved] = _ticket_ids(reader, known, f"tickets.per-path.{_key(glob)}", ids)
    general = {**settings.ticket_ids, **_ticket_ids(reader, known, "tickets.map", table.get("map", {}))}
    return replace(settings, ticket_ids=general, ticket_paths=tuple(merged.items()))


_TICKET_KEYS = ("url", "map", "per-path")


def _ticket_ids(reader: Reader, known: _Known, key: str, table: object) -> dict[str, str]:
    """The user's ids by seed ticket or code; what is none is a mistake and left out."""
    if not isinstance(table, dict):
        reader.refuse(key, "expected a table from seed tickets or codes to your ticket ids")
        return {}
    ids: dict[str, str] = {}
    for word, value in table.items():
        at = f"{key}.{_key(word)}"
        name = word if word in known.tickets() else _code(reader, known, at, word, known.tickets())
        if not isinstance(value, str) or not value or has_control(value):
            reader.refuse(at, f"expected a ticket id, not {value!r}")
        elif name is not None:
            ids[name] = value
    return ids


def _code(reader: Reader, known: _Known, key: str, word: str, others: set[str] | None = None) -> str | None:
    """The code of a rule named by code or name; None, and a mistake, when there is none."""
    code = code_of(word, known.rules)
    if code is None:
        words = {*(others or ()), *(word for rule in known.rules for word in (rule.code, rule.name))}
        kind = "rule or ticket" if others else "rule"
        reader.refuse(key, f"unknown {kind} `{word}`{did_you_mean(word, words)}{known.hint()}")
    return code


def _fail_on(settings: Settings, reader: Reader, known: _Known) -> Settings:
    level = reader.severity("fail-on", reader.layer.table["fail-on"])
    return settings if level is None else replace(settings, fail_on=level)


def _respect_gitignore(settings: Settings, reader: Reader, known: _Known) -> Settings:
    value = reader.scalar("respect-gitignore", bool)
    return settings if value is None else replace(settings, respect_gitignore=value)


def _max_file_size(settings: Settings, reader: Reader, known: _Known) -> Settings:
    value = reader.scalar("max-file-size", int)
    if value is None:
        return settings
    if value <= 0:
        reader.refuse("max-file-size", f"expected a number of bytes above 0, not {value}")
    return replace(settings, max_file_size=value)


def _output_format(settings: Settings, reader: Reader, known: _Known) -> Settings:
    """A format's name alone: a repository's settings must not be able to name a file to write."""
    value = reader.scalar("output-format", str)
    if value is None:
        return settings
    if value not in known.formats:
        hint = did_you_mean(value, known.formats) or f"; choose one of {', '.join(known.formats)}"
        reader.refuse("output-format", f"unknown format `{value}`{hint}")
    return replace(settings, output_format=value)


def _rules_dirs(settings: Settings, reader: Reader, known: _Known) -> Settings:
    for folder in reader.strings("rules-dirs") or ():
        if not (reader.layer.folder / folder).is_dir():
            reader.refuse("rules-dirs", f"there is no folder `{folder}` in {reader.layer.folder}")
    return settings


_CHOICES = ("select", "extend-select", "ignore")

_MERGES: Mapping[str, Callable[[Settings, Reader, _Known], Settings]] = {
    "exclude": _exclude,
    "extend-exclude": _extend_exclude,
    "per-file-ignores": _per_file_ignores,
    "severity": _severity,
    "rules": _rules,
    "rules-dirs": _rules_dirs,
    "tickets": _tickets,
    "fail-on": _fail_on,
    "respect-gitignore": _respect_gitignore,
    "max-file-size": _max_file_size,
    "output-format": _output_format,
}


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_toml(value)}" for key, value in table.items() if value is not None]


def _key(word: str) -> str:
    """A TOML key, quoted where it must be."""
    bare = bool(word) and word.isascii() and word.replace("-", "").replace("_", "").isalnum()
    return word if bare else _toml(word)


def _toml(value: Any) -> str:
    """A TOML value; JSON writes strings, numbers, booleans and lists in the same way."""
    plain = list(value) if isinstance(value, (tuple, frozenset)) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
