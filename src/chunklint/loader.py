"""A folder of rule files becomes rules; ours load exactly as a user's do."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from chunklint import api
from chunklint.languages import BY_NAME
from chunklint.model import Rule

_PACKAGE = Path(__file__).resolve().parent

# In a wheel the rules lie inside the package, in a checkout at the top of the repository.
BUILTIN = next((p for p in (_PACKAGE / "rules", _PACKAGE.parents[1] / "rules") if p.is_dir()), _PACKAGE / "rules")


class RuleError(Exception):
    """A rule file that cannot be used; the message names the file and says what to do."""


def load(folders: Sequence[Path]) -> tuple[Rule, ...]:
    """The rules of the folders, sorted by code. Raises RuleError, also when two files share a code or a name."""
    found = [(path, _load_file(folder, path)) for folder in folders for path in rule_files(folder)]
    taken: dict[str, Path] = {}
    for path, rule in found:
        for key in (rule.code, rule.name):
            if key in taken:
                raise RuleError(
                    f"{path}: {key!r} is already the code or name of the rule in {taken[key]}; choose another"
                )
            taken[key] = path
    return tuple(sorted((rule for _, rule in found), key=lambda rule: sort_key(rule.code)))


@cache
def prepare(check: Callable[..., Any]) -> None:
    """Import what a check will use: loading its rule only promised it."""
    api.settle(check.__globals__)


def sort_key(code: str) -> tuple[int, str]:
    """Codes in the order of their numbers: CL801 before CL1001."""
    digits = "".join(filter(str.isdigit, code))
    return int(digits) if digits else 0, code


def rule_files(folder: Path) -> list[Path]:
    """The rule files below a folder, sorted. Raises RuleError when it is no folder."""
    if not folder.is_dir():
        raise RuleError(f"{folder} is not a folder of rules; name a folder that holds one Python file a rule")
    return sorted(folder.rglob("*.py"))


@cache
def _load_file(folder: Path, path: Path) -> Rule:
    # Without a dot: pickle would import the packages that a dotted name has, and there are none.
    name = "_".join(("chunklint_rules", _mangle(folder), *path.relative_to(folder).with_suffix("").parts))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RuleError(f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being executed
    try:
        # Ours are tested to make do with promises while they are loaded.
        with api.deferred() if folder == BUILTIN else nullcontext():
            spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RuleError(f"{path} fails when it is loaded: {type(error).__name__}: {error}") from error
    rule = getattr(module, "rule", None)
    if not isinstance(rule, Rule):
        raise RuleError(f"{path} defines no `rule`; write `rule = Rule(code=..., ...)` as its head")
    _check(path, rule)
    return rule


def _mangle(folder: Path) -> str:
    return "builtin" if folder == BUILTIN else "".join(c if c.isalnum() else "_" for c in str(folder))


def _check(path: Path, rule: Rule) -> None:
    if not rule.subscriptions:
        raise RuleError(f"{path}: rule {rule.code} has no check; decorate a function with `@rule.on(language, query)`")
    for subscription in rule.subscriptions:
        if subscription.language not in BY_NAME:
            raise RuleError(
                f"{path}: unknown language {subscription.language!r}; choose one of {', '.join(sorted(BY_NAME))}"
            )
