"""Raw TOML values become typed ones. What has the wrong shape is noted, and stands for nothing."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chunklint.config.files import Layer
from chunklint.config.mistakes import Mistakes
from chunklint.model import Rule, Severity
from chunklint.records import record
from chunklint.suggest import did_you_mean

_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    tuple: "a list",
    frozenset: "a list",
    dict: "a table",
}


@record
class Reader:
    """Reads the values of one layer and notes what is wrong with them."""

    layer: Layer
    mistakes: Mistakes

    def refuse(self, key: str, what: str) -> None:
        """Note a mistake at a key."""
        self.mistakes.add(self.layer.where(key), what)

    def scalar(self, key: str, kind: type[Any]) -> Any:
        """The value of a key when it has the type, else None."""
        value = self.layer.table.get(key)
        if value is None or type(value) is kind:
            return value
        self.refuse(key, _expected(_NAMES[kind], value))
        return None

    def strings(self, key: str) -> list[str] | None:
        """A list of strings, None when the key is absent or wrong."""
        value = self.layer.table.get(key)
        return None if value is None else self.strings_of(key, value)

    def strings_of(self, key: str, value: object) -> list[str] | None:
        """The value as a list of strings."""
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.refuse(key, _expected("a list of strings", value))
        return None

    def table(self, key: str) -> Mapping[str, Any]:
        """A table, empty when the key is absent or wrong."""
        value = self.layer.table.get(key, {})
        if isinstance(value, dict):
            return value
        self.refuse(key, _expected("a table", value))
        return {}

    def globs(self, key: str) -> list[str] | None:
        """A list of gitignore patterns; a bad one is noted."""
        found = self.strings(key)
        for glob in found or ():
            if not is_glob(glob.removeprefix("!")):
                self.refuse(key, f"`{glob}` is no gitignore pattern that could match anything")
        return found

    def severity(self, key: str, value: object) -> Severity | None:
        """error, warning or note."""
        levels = [str(level) for level in Severity]
        if isinstance(value, str) and value in levels:
            return Severity(value)
        hint = did_you_mean(value, levels) if isinstance(value, str) else ""
        self.refuse(key, f"{value!r} is no severity, which is error, warning or note{hint}")
        return None

    def url(self, key: str, value: object) -> str:
        """A web address with {ticket} in it; "" when it is none."""
        if not isinstance(value, str):
            self.refuse(key, _expected("a string", value))
        elif "{ticket}" not in value:
            self.refuse(key, f"{value!r} has no {{ticket}}, the place of the ticket's id")
        elif not _is_web_address(value):
            self.refuse(key, f"{value!r} is no http or https address")
        else:
            return value
        return ""

    def options(self, key: str, rule: Rule, raw: Mapping[str, Any], so_far: Any) -> Any:
        """A rule's options with the raw values put in; kebab-case or snake_case keys."""
        if so_far is None:
            self.refuse(key, f"{rule.code} has no options")
            return None
        known = [field.name for field in dataclasses.fields(so_far)]
        kebab = [name.replace("_", "-") for name in known]
        changes: dict[str, Any] = {}
        for option, value in raw.items():
            name = option.replace("-", "_")
            if name not in known:
                self.refuse(f"{key}.{option}", f"{rule.code} has no such option{did_you_mean(option, kebab)}")
                continue
            fits, converted, wanted = _like(getattr(rule.options, name), value)
            if fits:
                changes[name] = converted
            else:
                self.refuse(f"{key}.{option}", _expected(wanted, value))
        try:
            return dataclasses.replace(so_far, **changes)
        except ValueError as error:  # the options' own check
            self.refuse(key, str(error))
            return so_far


def is_glob(text: str) -> bool:
    """Whether a gitignore pattern, without its "!", can match something."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return GitIgnoreSpecPattern(text).include is True
    except (ValueError, re.error):
        return False


def has_control(text: str) -> bool:
    """Whether a text holds characters that could drive a terminal or break a line."""
    return not text.isprintable()


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not has_control(text)


def _expected(wanted: str, value: object) -> str:
    return f"expected {wanted}, not {_NAMES.get(type(value), 'a ' + type(value).__name__)} ({value!r})"


def _like(default: object, value: Any) -> tuple[bool, Any, str]:
    """Whether a TOML value can stand for a default, as what, and what would have been right."""
    match default:
        case None:
            return isinstance(value, (bool, int, float, str)), value, "a string, number or boolean"
        case tuple() | frozenset():
            item = next(iter(default), "")
            wanted = f"a list of {_NAMES[type(item)].split()[-1]}s"
            fits = isinstance(value, list) and all(type(one) is type(item) for one in value)
            return fits, type(default)(value) if fits else None, wanted
        case float():
            fits = type(value) in (int, float)
            return fits, float(value) if fits else None, _NAMES[float]
    return type(value) is type(default), value, _NAMES.get(type(default), type(default).__name__)
